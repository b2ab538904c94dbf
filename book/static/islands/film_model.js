/* A trained agent in the browser: vectors and weights that a command wrote (`recommenders/web.py`), and from somebody's answers
   the way to a list: fold-in, state, action, scores. It follows `DRRRecommender.recommend_for`; a test compares 200 lists. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  const { decoded, dot, largest, times, concat, rowOf, product, solver, addOuter, identity } = drr.linear;

  /* One factorization: what folds somebody in (`Embeddings.fold_in`, `fold_in_answers`). */
  function part(about, array) {
    const items = array(about.items), average = array(about.average), k = average.length, n = items.length / k;
    const ials = about.method === "ials", of = (item) => rowOf(items, item, k);
    let gram = null, taste = null;

    function penalty(count) {
      const missing = ials ? n / about.alpha : 0;
      return about.regularization * ((count + missing) / (about.typicalCount + missing)) ** about.countPower;
    }

    /* The ridge regression of a row: each answer has its y, weight and goal, in (start + sum weight y y') x = sum goal y. */
    function ridge(liked, disliked) {
      if (ials && !gram) {
        gram = new Float64Array(k * k);
        for (let item = 0; item < n; item += 1) addOuter(gram, of(item), 1);
      }
      const term = (value) => (item) => ({ y: of(item), weight: ials ? about.alpha - 1 : 1, goal: ials ? about.alpha : value });
      function start(count) {
        const a = identity(k, penalty(count));
        return ials ? a.map((value, place) => value + gram[place]) : a;
      }
      return { terms: [...liked.map(term(1)), ...disliked.map(term(-1))], start, vector: (x) => x };
    }

    /* The mean of a normal distribution of tastes, given likes and dislikes, in the same form. */
    function byTaste(liked, disliked) {
      taste = taste || { centre: array(about.taste.centre), root: array(about.taste.root), noise: array(about.taste.noise) };
      const { centre, root, noise } = taste;
      function loading(item) {
        const row = of(item), found = new Float64Array(k);
        for (let i = 0; i < k; i += 1) for (let j = 0; j < k; j += 1) found[j] += row[i] * root[i * k + j];
        return found;
      }
      const term = (value) => (item) =>
        ({ y: loading(item), weight: 1 / noise[item], goal: (value - dot(of(item), centre)) / noise[item] });
      const vector = (x) => product(root, x).map((value, i) => value + centre[i]);
      return { terms: [...liked.map(term(1)), ...disliked.map(term(0))], start: () => identity(k, 1), vector };
    }

    const equations = (liked, disliked) => (disliked.length && about.taste ? byTaste : ridge)(liked, disliked);

    function summed({ terms, start }, count) {
      const a = start(count), b = new Float64Array(k);
      for (const { y, weight, goal } of terms) {
        addOuter(a, y, weight);
        for (let i = 0; i < k; i += 1) b[i] += goal * y[i];
      }
      return { solve: solver(a, k), b };
    }

    /* The user's vector (k,) by what is liked and disliked, items. */
    function folded(liked, disliked) {
      if (!liked.length && !disliked.length) return average;
      const asked = equations(liked, disliked), { solve, b } = summed(asked, asked.terms.length);
      return asked.vector(solve(b));
    }

    /* The same without the like at a place: a function of the place. The equations of all answers are solved once; taking an
       answer out of them changes them by weight y y', and their solution as Sherman and Morrison (1950) have it. */
    function foldedWithout(liked, disliked) {
      if (liked.length === 1 && !disliked.length) return () => average;
      const asked = equations(liked, disliked), { solve, b } = summed(asked, asked.terms.length - 1), all = solve(b);
      return (place) => {
        const { y, weight, goal } = asked.terms[place], z = solve(y), x = all.map((value, i) => value - goal * z[i]);
        const share = weight * dot(y, x) / (1 - weight * dot(y, z));
        return asked.vector(x.map((value, i) => value + share * z[i]));
      };
    }
    return { items, k, n, folded, foldedWithout, userFactor: about.userFactor, itemFactor: about.itemFactor };
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
     user, state, prior and action as vectors, and the scores of all items; `scores(liked, disliked, item)` one of these, and what
     it would be `without` each like. */
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

    /* The vectors of all parts as the networks' answer to somebody with these likes. */
    function act(folded, liked) {
      const joint = concat(...folded.map((vector, n) => times(vector, parts[n].userFactor)));
      const user = times(joint, 1 / largest(joint));
      const seen = liked.slice(-about.memory);
      const memory = [...Array(about.memory - seen.length).fill(null), ...seen.map((item) => rowOf(vectors, item, k))];
      return { user, ...networks(user, memory) };
    }

    function look(liked, disliked) {
      const found = act(parts.map((one) => one.folded(liked, disliked)), liked);
      return { ...found, scores: product(vectors, found.action) };
    }

    function scores(liked, disliked, item) {
      const score = (folded, left) => dot(rowOf(vectors, item, k), act(folded, left).action);
      const leave = parts.map((one) => one.foldedWithout(liked, disliked));
      const without = liked.map((_, place) =>
        score(leave.map((vector) => vector(place)), [...liked.slice(0, place), ...liked.slice(place + 1)]));
      return { whole: score(parts.map((one) => one.folded(liked, disliked)), liked), without };
    }

    return { look, scores, k, vectors, about };
  }

  /* What each like adds to the score of an item, as `reasons` has it: with all answers, less without this one; the largest first,
     those above zero. */
  drr.filmReasons = function (agent, liked, disliked, item) {
    const { whole, without } = agent.scores(liked, disliked, item), least = 1e-6 * Math.abs(whole);
    const found = liked.map((one, place) => ({ item: one, weight: whole - without[place] }));
    return found.filter(({ weight }) => weight > least).sort((a, b) => b.weight - a.weight);
  };
})();
