/* Randomness from a seed, so that what a reader sees can be seen again: sfc32 (Chris Doty-Humphrey's small fast counter),
   normal numbers by the polar method, Gamma ones by that of Marsaglia and Tsang (2000). */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  drr.random = function (seed) {
    let a = 0x9e3779b9, b = 0x243f6a88, c = seed | 0, count = 1, waiting = null;

    /* From 0, included, to 1, excluded. */
    function uniform() {
      const sum = (a + b + count) | 0;
      count = (count + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + sum | 0;
      return (sum >>> 0) / 4294967296;
    }
    for (let warm = 0; warm < 15; warm += 1) uniform();

    /* Mean 0, deviation 1. */
    function normal() {
      if (waiting !== null) { const kept = waiting; waiting = null; return kept; }
      for (;;) {
        const x = 2 * uniform() - 1, y = 2 * uniform() - 1, size = x * x + y * y;
        if (size === 0 || size >= 1) continue;
        const factor = Math.sqrt(-2 * Math.log(size) / size);
        waiting = y * factor;
        return x * factor;
      }
    }

    /* Mean `shape`, which is above 0, scale 1. */
    function gamma(shape) {
      if (shape < 1) return gamma(shape + 1) * Math.pow(1 - uniform(), 1 / shape);
      const d = shape - 1 / 3, factor = 1 / Math.sqrt(9 * d);
      for (;;) {
        const x = normal(), v = Math.pow(1 + factor * x, 3);
        if (v > 0 && Math.log(1 - uniform()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
      }
    }

    return { uniform, normal, gamma, integer: (n) => Math.floor(n * uniform()) };
  };
})();
