/* One session of the planning world as SVG: a dot a step in the row of its topic, filled where it was liked, the larger the
   deeper; below it the interest that has grown. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { counted } = drr.controls;
  const SPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 520, LEFT = 80, RIGHT = 8, TOP = 8, ROW = 17, GAP = 14, RISE = 40, FOOT = 38;

  function draw(tag, attributes, text) {
    const element = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* Topics by how often any of the sessions shows them: topic -> row. */
  function rowsOf(sessions) {
    const counts = {};
    sessions.forEach(({ topic }) => topic.forEach((each) => { counts[each] = (counts[each] || 0) + 1; }));
    const order = Object.keys(counts).sort((a, b) => counts[b] - counts[a] || a - b);
    return Object.fromEntries(order.map((topic, row) => [topic, row]));
  }

  /* A picture for sessions of up to `steps` steps; `update(session, count)` shows the first `count` steps of one. */
  drr.episodePicture = function ({ sessions, steps, mostInterest }) {
    const rows = rowsOf(sessions), nRows = Object.keys(rows).length;
    const floor = TOP + nRows * ROW + GAP + RISE, height = floor + FOOT;
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "island-plot island-episode" });
    const along = (step) => LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / steps;
    const down = (topic) => TOP + (rows[topic] + 0.5) * ROW;

    function frame() {
      for (const topic of Object.keys(rows)) {
        svg.append(draw("line", { class: "island-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: down(topic), y2: down(topic) }));
        svg.append(draw("text", { x: LEFT - 8, y: down(topic) + 5, "text-anchor": "end" }, `topic ${rows[topic] + 1}`));
      }
      svg.append(draw("text", { x: LEFT - 8, y: floor - RISE / 2 + 5, "text-anchor": "end" }, "interest"));
      svg.append(draw("line", { class: "island-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: floor, y2: floor }));
      for (let step = 10; step <= steps; step += 10) {
        svg.append(draw("text", { x: along(step - 1), y: floor + 16, "text-anchor": "middle" }, step));
      }
      svg.append(draw("text", { x: (LEFT + WIDTH) / 2, y: height - 6, "text-anchor": "middle" }, "step"));
    }

    function dot(session, step) {
      const place = { cx: along(step), cy: down(session.topic[step]), r: 3 + 3 * Math.max(0, session.depth[step] + 0.4) };
      return draw("circle", { class: session.liked[step] ? "island-liked" : "island-missed", ...place });
    }

    function update(session, count) {
      svg.replaceChildren();
      frame();
      const shown = Array.from({ length: count }, (_, step) => step);
      const path = shown.map((step) => `${step ? "L" : "M"}${along(step)} ${floor - RISE * session.interest[step] / mostInterest}`);
      svg.append(draw("path", { class: "island-line", d: path.join(""), style: "stroke:var(--island-3)" }));
      svg.append(...shown.map((step) => dot(session, step)));
      const last = count - 1;
      if (count) svg.append(draw("circle", { class: "island-now", cx: along(last), cy: down(session.topic[last]), r: 9 }));
      if (count === session.topic.length && count < steps) {
        svg.append(draw("text", { x: along(count) + 4, y: down(session.topic[last]) + 5 }, "leaves"));
      }
      const likes = shown.filter((step) => session.liked[step]).length;
      svg.setAttribute("aria-label", `${counted(count, "step")} of a session, ${likes} liked; filled dots were liked.`);
    }
    return { root: svg, update, row: (topic) => rows[topic] + 1 };
  };
})();
