/* Seeds and intervals: the seeds of a method as dots, the interval over them as they are left out or added, and the interval that
   the book's table has. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, slider, toggle, choice, button, status, row } = drr.controls;
  const SPACE = "http://www.w3.org/2000/svg", WIDTH = 520, LEFT = 118, RIGHT = 26, ROWS = [22, 56, 90], FLOOR = 112, HEIGHT = 150;

  function draw(tag, attributes, text) {
    const element = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* A picture of seeds and two intervals over the range of numbers (low, high); `update` draws them. */
  function strip() {
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "island-plot" });

    /* An interval that goes beyond the picture has no end there. */
    function interval(along, [least, most], height, { mean, low, high }, colour) {
      const style = `stroke:var(${colour})`, across = { x1: along(Math.max(low, least)), x2: along(Math.min(high, most)) };
      svg.append(draw("line", { class: "island-line", ...across, y1: height, y2: height, style }));
      for (const end of [low, mean, high].filter((value) => value >= least && value <= most)) {
        const half = end === mean ? 9 : 5;
        const at = { x1: along(end), x2: along(end), y1: height - half, y2: height + half };
        svg.append(draw("line", { class: "island-line", ...at, style }));
      }
    }

    function axis(along, [low, high], shown) {
      svg.append(draw("line", { class: "island-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: FLOOR, y2: FLOOR }));
      for (let part = 0; part <= 4; part += 1) {
        const value = low + (high - low) * part / 4;
        svg.append(draw("line", { class: "island-axis", x1: along(value), x2: along(value), y1: FLOOR, y2: FLOOR + 5 }));
        svg.append(draw("text", { x: along(value), y: FLOOR + 21, "text-anchor": "middle" }, shown(value)));
      }
    }

    function update({ range, seeds, now, table, shown, alt }) {
      const along = (value) => LEFT + (WIDTH - LEFT - RIGHT) * (value - range[0]) / (range[1] - range[0]);
      svg.replaceChildren();
      ["seeds", "yours", "the book's"].forEach((name, place) =>
        svg.append(draw("text", { x: LEFT - 14, y: ROWS[place] + 5, "text-anchor": "end" }, name)));
      axis(along, range, shown);
      seeds.forEach(({ value, counts, added }) => svg.append(draw("circle", {
        cx: along(value), cy: ROWS[0], r: 6, class: counts ? (added ? "island-added" : "island-liked") : "island-missed",
      })));
      if (now) interval(along, range, ROWS[1], now, "--island-1");
      if (table) interval(along, range, ROWS[2], table, "--island-3");
      svg.setAttribute("aria-label", alt);
    }
    return { root: svg, update };
  }

  drr.island("seeds-explorer", (stage) => {
    const results = drr.data.seeds, names = Object.keys(results), picture = strip(), said = status();
    const switches = make("div", { class: "island-row", role: "group", "aria-label": "Which seeds count" });
    let result = names[0], method, seeds;

    const shown = (value) => value.toFixed(results[result].digits);
    const table = () => results[result].methods[method].table;

    const of = choice({
      label: "Result", choices: names.map((name) => [name, name]), value: result,
      onchange: (name) => { result = name; start(); },
    });
    const who = make("div");
    const more = slider({ label: "One more seed, with", min: 0, max: 1, step: 0.01, value: 0, shown: (value) => shown(value) });
    const add = button("Add it", () => { seeds.push({ value: more.value, counts: true, added: true }); list(); show(); });
    const reset = button("As it was", () => open(method));

    /* Another result: its methods, and the first of them. */
    function start() {
      const methods = Object.keys(results[result].methods);
      who.replaceChildren(choice({
        label: "Method", choices: methods.map((name) => [name, name]), value: methods[0], onchange: open,
      }).root);
      open(methods[0]);
    }

    function open(name) {
      method = name;
      seeds = results[result].methods[method].seeds.map((value) => ({ value, counts: true, added: false }));
      const [low, high] = range();
      more.range(low, high, (high - low) / 100, table().mean);
      list();
      show();
    }

    /* A switch for each seed. */
    function list() {
      switches.replaceChildren(...seeds.map((seed, place) => toggle({
        label: `${seed.added ? "added" : `seed ${place}`}: ${shown(seed.value)}`, value: seed.counts,
        onchange: (on) => { seed.counts = on; show(); },
      }).root));
    }

    /* From below the lowest to above the highest of what may be drawn. */
    function range() {
      const all = results[result].methods[method].seeds, whole = drr.intervalOverSeeds(all), { low, high } = table();
      const numbers = [...all, whole.low, whole.high, low, high], least = Math.min(...numbers), most = Math.max(...numbers);
      const room = Math.max(most - least, 1e-9);
      return [least - room, most + room];
    }

    function show() {
      const counted = seeds.filter(({ counts }) => counts).map(({ value }) => value);
      const now = counted.length > 1 ? drr.intervalOverSeeds(counted) : null, over = results[result].over;
      const words = now
        ? `${counted.length} seeds: ${shown(now.mean)}. The 95 % interval for the mean of many seeds goes from `
          + `${shown(now.low)} to ${shown(now.high)}.`
        : `${counted.length ? "One seed says nothing about others" : "All seeds are left out"}: an interval needs two.`;
      const known = table();
      const ours = `The book has ${shown(known.mean)}, from ${shown(known.low)} to ${shown(known.high)} over ${over}.`;
      picture.update({ range: range(), seeds, now, table: known, shown, alt: `${words} ${ours}` });
      said.textContent = `${words} ${ours}`;
    }

    stage.append(
      row(of, who), picture.root, switches, row(more, add, reset), said,
      make("p", { class: "island-note" }, "A dot is a seed: open if you left it out, orange if you added it. "
        + "Below are the interval over the seeds that count, and the book's."));
    start();
  });
})();
