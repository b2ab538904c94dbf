/* A trained agent in the browser: vectors and weights that a command wrote (`recommenders/web.py`), and from somebody's answers
   the way to a list: fold-in, state, action, scores. It follows `DRRRecommender.recommend_for`; a test compares 200 lists. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  const { decoded, dot, largest, times, rowOf, product, solve, addOuter, identity } = drr.linear;

  /* One factorization: what folds somebody in (`Embeddings.fold_in`, `fold_in_answers`). */
  function part(about, array) {
    const items = array(about.items), average = array(about.average), k = average.length, n = items.length / k;
    const ials = about.method === "ials", of = (item) => rowOf(items, item, k);
    let gram = null, taste = null;

    function penalty(count) {
      const missing = ials ? n / about.alpha : 0;
      return about.regularization * ((count + missing) / (about.typicalCount + missing)) ** about.countPower;
    }

    /* The ridge regression of a row whose entries are [item, value]. */
    function solved(entries) {
      const a = identity(k, penalty(entries.length)), b = new Float64Array(k);
      if (ials && !gram) {
        gram = new Float64Array(k * k);
        for (let item = 0; item < n; item += 1) addOuter(gram, of(item), 1);
      }
      if (ials) a.forEach((value, place) => { a[place] = value + gram[place]; });
      for (const [item, value] of entries) {
        addOuter(a, of(item), ials ? about.alpha - 1 : 1);
        const y = of(item), goal = (ials ? about.alpha : 1) * value;
        for (let i = 0; i < k; i += 1) b[i] += goal * y[i];
      }
      return solve(a, b);
    }

    /* The mean of a normal distribution of tastes, given likes and dislikes. */
    function byTaste(entries) {
      taste = taste || { centre: array(about.taste.centre), root: array(about.taste.root), noise: array(about.taste.noise) };
      const a = identity(k, 1), b = new Float64Array(k);
      for (const [item, value] of entries) {
        const y = of(item), loading = new Float64Array(k), surprise = (value > 0 ? 1 : 0) - dot(y, taste.centre);
        for (let i = 0; i < k; i += 1) for (let j = 0; j < k; j += 1) loading[j] += y[i] * taste.root[i * k + j];
        addOuter(a, loading, 1 / taste.noise[item]);
        loading.forEach((entry, i) => { b[i] += surprise * entry / taste.noise[item]; });
      }
      return product(taste.root, solve(a, b)).map((value, i) => value + taste.centre[i]);
    }

    /* The user's vector (k,) by what is liked and disliked, items. */
    function folded(liked, disliked) {
      const ones = (list, value) => list.map((item) => [item, value]);
      if (!liked.length && !disliked.length) return average;
      if (!disliked.length) return solved(ones(liked, 1));
      const both = [...ones(liked, 1), ...ones(disliked, -1)];
      if (about.taste) return byTaste(both);
      return solved(ials ? ones([...liked, ...disliked], 1) : both);
    }
    return { items, k, n, folded, userFactor: about.userFactor, itemFactor: about.itemFactor };
  }

  /* All parts' vectors side by side, (n, sum of their k), in the size that networks like. */
  function joined(parts, itemSize) {
    const n = parts[0].n, k = parts.reduce((sum, one) => sum + one.k, 0), found = new Float64Array(n * k);
    let start = 0;
    for (const one of parts) {
      for (let item = 0; item < n; item += 1) {
        const from = rowOf(one.items, item, one.k);
        for (let i = 0; i < one.k; i += 1) found[item * k + start + i] = from[i] * one.itemFactor / itemSize;
      }
      start += one.k;
    }
    return found;
  }

  const built = new WeakMap(); // data -> agents by name

  /* An agent of `data`, as that command wrote it: `look(liked, disliked)`, items by place and the latest like last, gives
     user, state, prior and action as vectors, and the scores of all items; `score(liked, disliked, item)` one of these. */
  drr.filmAgent = function (data, name) {
    const known = built.get(data) || built.set(data, {}).get(data);
    return (known[name] = known[name] || build(data, name));
  };

  function build(data, name) {
    const about = data.agents.find((one) => one.name === name), decodedOnes = {};
    const array = (key) => (decodedOnes[key] = decodedOnes[key] || decoded(data.arrays[key]));
    const parts = about.parts.map((one) => part(one, array)), vectors = joined(parts, about.itemSize);
    const k = vectors.length / parts[0].n;
    const networks = drr.filmNetworks(about, array, k);

    function act(liked, disliked) {
      const folded = parts.flatMap((one) => [...times(one.folded(liked, disliked), one.userFactor)]);
      const user = Float64Array.from(times(folded, 1 / largest(folded)));
      const seen = liked.slice(-about.memory);
      const memory = [...Array(about.memory - seen.length).fill(null), ...seen.map((item) => rowOf(vectors, item, k))];
      return { user, ...networks(user, memory) };
    }

    function look(liked, disliked) {
      const found = act(liked, disliked);
      return { ...found, scores: product(vectors, found.action) };
    }

    const score = (liked, disliked, item) => dot(rowOf(vectors, item, k), act(liked, disliked).action);
    return { look, score, k, vectors, about };
  }

  /* What each like adds to the score of an item, as `reasons` has it: with all answers, less without this one; the largest first,
     those above zero. */
  drr.filmReasons = function (agent, liked, disliked, item) {
    const whole = agent.score(liked, disliked, item), least = 1e-6 * Math.abs(whole);
    const without = (one) => agent.score(liked.filter((other) => other !== one), disliked, item);
    const found = liked.map((one) => ({ item: one, weight: whole - without(one) }));
    return found.filter(({ weight }) => weight > least).sort((a, b) => b.weight - a.weight);
  };
})();
