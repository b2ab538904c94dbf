/* Student's t: how far a mean of few seeds may be off (chapter 6). A test holds it to the package's `interval_over_seeds`. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  /* P(|T| < t) for a whole number of degrees of freedom; Abramowitz and Stegun (1964), 26.7.3 and 26.7.4. */
  function within(t, freedom) {
    const angle = Math.atan(t / Math.sqrt(freedom)), square = Math.cos(angle) ** 2, odd = freedom % 2;
    let term = odd ? Math.cos(angle) : 1, sum = freedom > 1 ? term : 0;
    for (let n = odd ? 3 : 2; n < freedom; n += 2) {
      term *= square * (n - 1) / n;
      sum += term;
    }
    return odd ? 2 / Math.PI * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  }

  /* The t within which the share `level` lies. */
  function quantile(level, freedom) {
    let low = 0, high = 1;
    while (within(high, freedom) < level) high *= 2;
    for (let round = 0; round < 80; round += 1) {
      const middle = (low + high) / 2;
      if (within(middle, freedom) < level) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /* What other seeds would give: mean of two values or more, with its 95 % interval. */
  drr.intervalOverSeeds = function (values) {
    if (values.length < 2) throw new Error(`an interval over seeds needs two values, got ${values.length}`); // none has a quantile
    const n = values.length, mean = values.reduce((sum, value) => sum + value, 0) / n;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
    const margin = quantile(0.95, n - 1) * Math.sqrt(variance / n);
    return { mean, low: mean - margin, high: mean + margin };
  };
})();
