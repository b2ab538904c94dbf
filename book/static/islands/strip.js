/* A vector as a row of bars, what is above zero upwards; behind it, what it was before. A bar is as high as the square root of its
   number: one entry of a user's vector is often so large that the others could not be seen beside it. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const SPACE = "http://www.w3.org/2000/svg", WIDTH = 520, HEIGHT = 56;

  function path(name) {
    const element = document.createElementNS(SPACE, "path");
    element.setAttribute("class", name);
    return element;
  }

  /* `update(now, before, alt)`: vectors of one length, in one scale. */
  drr.strip = function () {
    const svg = document.createElementNS(SPACE, "svg");
    const [old, fresh, zero] = ["was", "is", "zero"].map((name) => path(`island-${name}`));
    const looks = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", class: "island-strip" };
    for (const [name, value] of Object.entries(looks)) svg.setAttribute(name, value);
    zero.setAttribute("d", `M0 ${HEIGHT / 2}H${WIDTH}`);
    svg.append(old, zero, fresh);

    function bars(vector, most, share) {
      const width = WIDTH / vector.length, half = HEIGHT / 2;
      return Array.from(vector, (value, n) => {
        const height = half * Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value) / most));
        return `M${(n * width).toFixed(2)} ${half}v${(-height).toFixed(2)}h${(width * share).toFixed(2)}V${half}z`;
      }).join("");
    }

    function update(now, before, alt) {
      const all = before && before.length === now.length ? [...now, ...before] : [...now];
      const most = all.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12);
      old.setAttribute("d", all.length > now.length ? bars(before, most, 0.95) : "");
      fresh.setAttribute("d", bars(now, most, 0.6));
      svg.setAttribute("aria-label", alt);
    }
    return { root: svg, update };
  };
})();
