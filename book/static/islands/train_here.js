/* Train it here: a stub. */
(function () {
  "use strict";
  drr.island("train-here", (stage) => { stage.append(drr.controls.make("p", {}, "soon")); });
})();
