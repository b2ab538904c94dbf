/* A small chart of lines as SVG: axes, series, and levels as dashed lines. Colours come from the style sheet, so that they
   follow light and dark; each series also has its own dash, for whoever cannot tell colours apart. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const SPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 520, LEFT = 50, RIGHT = 28, TOP = 12, BOTTOM = 42;
  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 4", "1 2"];

  function draw(tag, attributes, text) {
    const element = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* Round numbers from `low` to `high`, about `count` of them. */
  function ticks([low, high], count) {
    const rough = (high - low) / count || 1, power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((size) => size >= rough * 0.999);
    const found = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n += 1) found.push(+(n * step).toPrecision(12));
    return found;
  }

  const extent = (numbers) => [Math.min(...numbers), Math.max(...numbers)];
  const short = (number) => number.toLocaleString("en", { maximumFractionDigits: 3 });

  /* A chart; `update({series, levels, alt})` draws it anew.
     - x, y: {label, range}; without a range, the points say it
     - series: {name, points: [[x, y], ...]}; the n-th has colour n
     - levels: {name, y}: dashed lines across
     - alt: what it shows, in a sentence */
  drr.plot = function ({ x, y, height = 260 }) {
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "island-plot" });
    const legend = document.createElement("ul");
    legend.className = "island-legend";
    const root = document.createElement("div");
    root.append(svg, legend);

    function scales(series, levels) {
      const points = series.flatMap((one) => one.points);
      const across = x.range || extent([0, ...points.map(([place]) => place)]);
      const up = y.range || extent([0, ...points.map(([, size]) => size), ...levels.map((level) => level.y)]);
      const along = (place) => LEFT + (WIDTH - LEFT - RIGHT) * (place - across[0]) / (across[1] - across[0] || 1);
      const rise = (size) => height - BOTTOM - (height - TOP - BOTTOM) * (size - up[0]) / (up[1] - up[0] || 1);
      return { across, up, along, rise };
    }

    function axes({ across, up, along, rise }) {
      for (const tick of ticks(up, 5)) {
        svg.append(draw("line", { class: "island-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: rise(tick), y2: rise(tick) }));
        svg.append(draw("text", { x: LEFT - 6, y: rise(tick) + 4, "text-anchor": "end" }, short(tick)));
      }
      for (const tick of ticks(across, 6)) {
        svg.append(draw("text", { x: along(tick), y: height - BOTTOM + 18, "text-anchor": "middle" }, short(tick)));
      }
      svg.append(draw("line", { class: "island-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: rise(up[0]), y2: rise(up[0]) }));
      svg.append(draw("text", { x: (LEFT + WIDTH) / 2, y: height - 6, "text-anchor": "middle" }, x.label));
      const middle = (height - BOTTOM + TOP) / 2;
      svg.append(draw("text", { transform: `translate(18 ${middle}) rotate(-90)`, "text-anchor": "middle" }, y.label));
    }

    function entry(name, colour, dash) {
      const item = document.createElement("li"), sample = draw("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" });
      sample.append(draw("line", { x1: 0, x2: 30, y1: 4, y2: 4, style: `stroke:var(${colour})`, "stroke-dasharray": dash }));
      item.append(sample, name);
      legend.append(item);
    }

    function update({ series, levels = [], alt }) {
      svg.replaceChildren();
      legend.replaceChildren();
      svg.setAttribute("aria-label", alt);
      const scale = scales(series, levels);
      axes(scale);
      levels.forEach(({ name, y: size }, n) => {
        const [colour, dash] = ["--island-level", DASHES[1 + (n % 5)]];
        const at = { x1: LEFT, x2: WIDTH - RIGHT, y1: scale.rise(size), y2: scale.rise(size) };
        svg.append(draw("line", { class: "island-level", ...at, "stroke-dasharray": dash }));
        entry(`${name}: ${short(+size.toFixed(1))}`, colour, dash);
      });
      series.forEach(({ name, points }, n) => {
        const at = ([place, size]) => `${scale.along(place).toFixed(1)} ${scale.rise(size).toFixed(1)}`;
        const path = points.map((point, k) => (k ? "L" : "M") + at(point));
        const style = `stroke:var(--island-${1 + (n % 6)})`;
        svg.append(draw("path", { class: "island-line", d: path.join(""), style, "stroke-dasharray": DASHES[n % 6] }));
        entry(name, `--island-${1 + (n % 6)}`, DASHES[n % 6]);
      });
    }
    return { root, update };
  };
  drr.plot.draw = draw;
})();
