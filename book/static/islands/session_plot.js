/* A session in the planning world as a picture: a mark a step, its row the topic, larger is deeper, filled was liked. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { draw } = drr.plot;
  const WIDTH = 520, LEFT = 30, ROW = 16, TOP = 8;

  /* `update(steps, alt)`: steps of {item, liked, left}; rules are `drr.data.planning`. */
  drr.sessionPlot = function (rules) {
    const topics = rules.corners.length, height = TOP + ROW * topics + 6;
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "island-plot" });
    const across = (step) => LEFT + 8 + (WIDTH - LEFT - 16) * step / rules.maxSteps;
    const down = (topic) => TOP + ROW * (topic + 0.5);

    function update(steps, alt) {
      svg.replaceChildren();
      svg.setAttribute("aria-label", alt);
      for (let topic = 0; topic < topics; topic += 1) {
        svg.append(draw("line", { class: "island-grid", x1: LEFT, x2: WIDTH - 4, y1: down(topic), y2: down(topic) }));
        svg.append(draw("text", { x: LEFT - 8, y: down(topic) + 5, "text-anchor": "end" }, topic + 1));
      }
      steps.forEach(({ item, liked, left }, step) => {
        const [x, y] = [across(step), down(item % topics)];
        const radius = 2.6 + 1.8 * (1 + rules.depths[item]);
        svg.append(draw("circle", { class: liked ? "island-liked" : "island-missed", cx: x, cy: y, r: radius.toFixed(2) }));
        if (left) svg.append(draw("text", { x: x + 8, y: y + 5 }, "×"));
      });
    }
    update([], "No session has been played yet.");
    return { root: svg, update };
  };
})();
