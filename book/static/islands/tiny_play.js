/* Plan against the machine: the reader recommends to a user of the tiny world. */
(function () {
  "use strict";
  drr.island("tiny-play", (stage) => {
    stage.append(drr.controls.make("p", {}, `Items: ${drr.data.tiny.items.join(", ")}.`));
  });
})();
