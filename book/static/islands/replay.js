/* The replay buffer: a ring of transitions, from which batches are drawn. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const BUFFER = 40000; // transitions

  /* A ring with states of this size. */
  drr.replay = function (stateSize) {
    const [s, then] = [0, 1].map(() => new Float32Array(BUFFER * stateSize));
    const item = new Int16Array(BUFFER), [reward, discount] = [0, 1].map(() => new Float32Array(BUFFER));
    let count = 0;
    function store(state, shown, sum, follows, next) {
      const place = count % BUFFER;
      s.set(state, place * stateSize);
      then.set(next, place * stateSize);
      [item[place], reward[place], discount[place]] = [shown, sum, follows];
      count += 1;
    }

    /* Fills a batch with transitions drawn at random. */
    function draw(batch, random) {
      for (let row = 0; row < batch.n; row += 1) {
        const place = random.integer(Math.min(count, BUFFER)), from = place * stateSize, to = row * stateSize;
        for (let k = 0; k < stateSize; k += 1) { batch.s[to + k] = s[from + k]; batch.then[to + k] = then[from + k]; }
        [batch.item[row], batch.reward[row], batch.discount[row]] = [item[place], reward[place], discount[place]];
      }
      return batch;
    }
    return { store, draw, get count() { return count; } };
  };

  /* Room for n transitions, as `draw` fills it and the agent's losses read it. */
  drr.replay.batch = function (n, stateSize) {
    const [s, then] = [0, 1].map(() => new Float64Array(n * stateSize));
    return { n, s, then, item: new Int16Array(n), reward: new Float64Array(n), discount: new Float64Array(n) };
  };
})();
