/* What an agent learned, in the browser: state representation, warm start and actor (chapters 3 and 4), from a user's vector and
   the vectors of what was liked last. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { dot, largest, times, concat, product } = drr.linear;

  function sum(vectors, k) {
    const found = new Float64Array(k);
    for (const vector of vectors) for (let i = 0; i < k; i += 1) found[i] += vector[i];
    return found;
  }
  const multiplied = (a, b) => a.map((value, i) => value * b[i]);

  /* Linear layers with ReLU between them; weights are by name, "0.weight", "0.bias", "2.weight" and so on. */
  function layers(weights, prefix = "") {
    const numbers = Object.keys(weights).filter((name) => name.startsWith(prefix) && name.endsWith(".weight"))
      .map((name) => Number(name.slice(prefix.length, -".weight".length))).sort((a, b) => a - b);
    const steps = numbers.map((n) => [weights[`${prefix}${n}.weight`], weights[`${prefix}${n}.bias`]]);
    return (input) => steps.reduce((x, [weight, bias], place) =>
      product(weight, x).map((value, i) => {
        const output = value + bias[i];
        return place < steps.length - 1 ? Math.max(0, output) : output;
      }), input);
  }

  /* DRR-p, DRR-u, DRR-ave and DRR-att: (user, memory) -> state. A memory has null where nothing is. */
  const STATES = {
    "drr-p": (weights, k) => (user, memory) => pairwise(memory, weights.weights, k, (vector) => vector),
    "drr-u": (weights, k) => (user, memory) => pairwise(memory, weights.weights, k, (vector) => multiplied(user, vector)),
    "drr-ave": (weights, k) => (user, memory) =>
      withUser(user, sum(filled(memory, k).map((vector, n) => times(vector, weights.weights[n])), k)),
    "drr-att": (weights, k) => {
      const logit = layers(weights, "attention.");
      return (user, memory) => withUser(user, attended(user, memory, k, logit));
    },
  };

  const filled = (memory, k) => memory.map((vector) => vector || new Float64Array(k));
  const withUser = (user, average) => concat(user, multiplied(user, average), average);

  function pairwise(memory, weights, k, single) {
    const weighted = filled(memory, k).map((vector, n) => times(vector, weights[n])), size = weighted.length;
    const state = new Float64Array(k * (size + size * (size - 1) / 2));
    weighted.forEach((vector, n) => state.set(single(vector), n * k));
    let place = size;
    for (let a = 0; a < size; a += 1) {
      for (let b = a + 1; b < size; b += 1, place += 1) state.set(multiplied(weighted[a], weighted[b]), place * k);
    }
    return state;
  }

  function attended(user, memory, k, logit) {
    const there = memory.filter(Boolean);
    const logits = there.map((vector) => logit(concat(user, vector))[0]);
    const most = Math.max(...logits), shares = logits.map((value) => Math.exp(value - most));
    const whole = shares.reduce((all, one) => all + one, 0);
    return sum(there.map((vector, n) => times(vector, shares[n] / whole)), k);
  }

  /* What an untrained actor returns: the user's vector, and what the memory says, in a size that leaves tanh a slope. */
  function warmStart({ weight, decay, limit, fold, spread }, array, k) {
    function standard(vector) {
      return times(vector, 1 / Math.sqrt(Math.max(dot(product(array(spread), vector), vector), 1e-12)));
    }
    return (user, memory) => {
      let start = user;
      if (weight > 0) {
        const fresh = filled(memory, k).map((vector, n) => times(vector, decay ** (memory.length - 1 - n)));
        const read = standard(product(array(fold), sum(fresh, k))); // fold is symmetric
        start = standard(user).map((value, i) => value + weight * read[i]);
      }
      return times(start, limit / largest(start));
    };
  }

  function actor({ end, residual, gates, shared, weights }) {
    const output = shared ? () => weights["0.output"] : layers(weights);
    return (state, prior) => {
      let found = output(state);
      if (residual) {
        const start = prior.map(Math.atanh);
        found = start.map((value, i) => (gates ? value * (1 + found[i]) : value + found[i]));
      }
      if (end === "unit") return times(found, 1 / Math.max(Math.sqrt(dot(found, found)), 1e-12));
      return end === "bounded" ? found.map(Math.tanh) : found;
    };
  }

  /* (user (k,), memory) -> state, prior and action of the agent `about`. */
  drr.filmNetworks = function (about, array, k) {
    const read = (weights) => Object.fromEntries(Object.entries(weights).map(([name, key]) => [name, array(key)]));
    const represent = STATES[about.state.name](read(about.state.weights), k);
    const start = warmStart(about.warm, array, k), act = actor({ ...about.actor, weights: read(about.actor.weights) });
    return (user, memory) => {
      const state = represent(user, memory), prior = about.starts ? start(user, memory) : new Float64Array(0);
      return { state, prior, action: act(state, prior) };
    };
  };
})();
