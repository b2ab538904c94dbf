/* The agent of "The whole agent": its state, actor and critic, both losses with their gradients, and the update. Bugs of the
   clinic are here as switches, for a reader to see what they do. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { product, network, adam } = drr.networks;

  /* What an agent knows of the items: e (n, k), and F with the products of its entries with the last one (n, 2 k - 1). */
  function itemsOf({ topics, depths }) {
    const e = topics.flatMap((topic, item) => [...topic, depths[item] / 2]), k = topics[0].length + 1, f = 2 * k - 1;
    const F = topics.flatMap((topic, item) => [...topic, depths[item] / 2, ...topic.map((one) => one * depths[item])]);
    const nItems = topics.length;
    const spread = Array.from({ length: f }, (_, place) => {
      const column = Array.from({ length: nItems }, (_, item) => F[item * f + place]);
      const mean = column.reduce((sum, one) => sum + one) / nItems;
      return Math.sqrt(column.reduce((sum, one) => sum + (one - mean) ** 2, 0) / nItems);
    });
    return { nItems, k, f, e: Float64Array.from(e), F: Float64Array.from(F), spread };
  }

  /* Traces of what was shown and liked, for `count` users: (count, 2, fading rates, f). */
  function memory(items, { fades, traceSize, userSize }, count) {
    const { f, F, spread } = items, size = 2 * fades.length * f;
    const traces = new Float64Array(count * size);
    const scale = fades.map((fade) => spread.map((one) => traceSize * (1 - fade) / one));
    const forget = (place) => traces.fill(0, place * size, (place + 1) * size);
    function remember(place, item, liked) {
      let at = place * size;
      for (const answer of [1, liked]) {
        for (const fade of fades) for (let k = 0; k < f; k += 1, at += 1) traces[at] = fade * traces[at] + answer * F[item * f + k];
      }
    }
    /* The state of the user with this taste at `place`, written into row `row`. */
    function see(place, users, states, row) {
      const K = users.taste.length / users.count, width = K + size;
      for (let k = 0; k < K; k += 1) states[row * width + k] = userSize * users.taste[place * K + k];
      for (let kind = 0, at = row * width + K, from = place * size; kind < 2; kind += 1) {
        for (const sizes of scale) for (let k = 0; k < f; k += 1, at += 1, from += 1) states[at] = sizes[k] * traces[from];
      }
    }
    return { traces, forget, remember, see };
  }

  /* Actor, critic and their slow copies. `hidden` is the width of their layers, `most` the largest batch. */
  function agent(items, { stateSize, hidden, most, softness, follow }, random) {
    const { nItems, k, f, e, F } = items;
    const actors = [random, null].map((drawn) => network([stateSize, hidden, hidden, k], most, drawn));
    const critics = [random, null].map((drawn) => network([stateSize, hidden, hidden, 1 + f], most, drawn));
    const [[actor, slowActor], [critic, slowCritic]] = [actors, critics];
    const moves = [adam(actor), adam(critic)];
    const room = (width) => new Float64Array(most * width);
    const kept = [0, 1].map(() => ({ a: room(k), length: room(1), p: room(nItems), q: room(nItems), g: room(f), mean: room(1) }));
    const by = { actor: room(k), critic: room(1 + f), p: room(nItems), error: room(1) };
    catchUp(1);

    /* The slow copies move this share of the way. */
    function catchUp(share) {
      for (const [{ weights: now }, { weights: slow }] of [actors, critics]) {
        for (let place = 0; place < now.length; place += 1) slow[place] += share * (now[place] - slow[place]);
      }
    }

    /* pi(s), of length 1, (n, k). */
    function act(net, states, n, { a, length } = kept[0]) {
      const z = net.forward(states, n);
      for (let row = 0; row < n; row += 1) {
        let square = 0;
        for (let d = row * k; d < (row + 1) * k; d += 1) square += z[d] * z[d];
        length[row] = Math.max(Math.sqrt(square), 1e-12);
        for (let d = row * k; d < (row + 1) * k; d += 1) a[d] = z[d] / length[row];
      }
      return a;
    }

    /* Which items a vector selects, softly: p (n, items). */
    function select(a, n, p) {
      product(a, e, p, n, nItems, k);
      for (let row = 0; row < n; row += 1) {
        const start = row * nItems, end = start + nItems;
        let top = -Infinity, sum = 0;
        for (let i = start; i < end; i += 1) if (p[i] > top) top = p[i];
        for (let i = start; i < end; i += 1) sum += (p[i] = Math.exp((p[i] - top) / softness));
        for (let i = start; i < end; i += 1) p[i] /= sum;
      }
      return p;
    }

    /* Q(s, i) = V(s) + g(s) . F_i of all items, q (n, items). */
    function values(net, states, n, { q, g } = kept[0]) {
      const out = net.forward(states, n);
      for (let row = 0; row < n; row += 1) for (let d = 0; d < f; d += 1) g[row * f + d] = out[row * (f + 1) + 1 + d];
      product(g, F, q, n, nItems, f);
      for (let row = 0; row < n; row += 1) for (let i = row * nItems; i < (row + 1) * nItems; i += 1) q[i] += out[row * (f + 1)];
      return q;
    }

    /* Q of what the actor selects, (n,). */
    function worth(actorNet, criticNet, states, n, room) {
      select(act(actorNet, states, n, room), n, room.p);
      values(criticNet, states, n, room);
      for (let row = 0; row < n; row += 1) {
        let sum = 0;
        for (let i = row * nItems; i < (row + 1) * nItems; i += 1) sum += room.p[i] * room.q[i];
        room.mean[row] = sum;
      }
      return room.mean;
    }

    /* The gradient of sum over rows of weight(row) * worth(row), by the actor. */
    function raise(weight, n, { a, length, p, q, mean }) {
      for (let row = 0; row < n; row += 1) {
        const w = weight(row) / softness, to = row * k;
        by.actor.fill(0, to, to + k);
        for (let i = 0, at = row * nItems; i < nItems; i += 1, at += 1) {
          if (p[at] < 1e-9) continue; // its share is nothing; most are
          const push = w * p[at] * (q[at] - mean[row]);
          for (let d = 0; d < k; d += 1) by.actor[to + d] += push * e[i * k + d];
        }
        let along = 0; // a = z / |z|
        for (let d = to; d < to + k; d += 1) along += a[d] * by.actor[d];
        for (let d = to; d < to + k; d += 1) by.actor[d] = (by.actor[d] - along * a[d]) / length[row];
      }
      actor.backward(by.actor, n);
    }

    /* The same by the critic, whose values stand in `worth` linearly. */
    function believe(weight, n, { p }) {
      by.critic.fill(0, 0, n * (f + 1));
      for (let row = 0; row < n; row += 1) {
        const w = weight(row), to = row * (f + 1);
        by.critic[to] = w;
        for (let i = 0, at = row * nItems; i < nItems; i += 1, at += 1) {
          if (p[at] >= 1e-9) for (let d = 0; d < f; d += 1) by.critic[to + 1 + d] += w * p[at] * F[i * f + d];
        }
      }
      critic.backward(by.critic, n);
    }

    /* Both losses of a batch {s, item, reward, discount, then}, their gradients added. `bugs` of the clinic that are on. */
    function losses({ n, s, item, reward, discount, then }, bugs = {}) {
      const ahead = bugs.moving ? worth(actor, critic, then, n, kept[1]) : worth(slowActor, slowCritic, then, n, kept[1]);
      const y = Array.from({ length: n }, (_, row) => reward[row] + discount[row] * ahead[row]);
      if (bugs.moving) { // y moves towards Q as well
        const { mean } = worth(actor, critic, s, n, kept[0]) && kept[0];
        const error = (row) => y[row] - kept[0].q[row * nItems + item[row]];
        const weights = y.map((_, row) => 2 * error(row) * discount[row] / n);
        worth(actor, critic, then, n, kept[1]);
        raise((row) => weights[row], n, kept[1]);
        believe((row) => weights[row], n, kept[1]);
        void mean;
      }
      const now = worth(actor, critic, s, n, kept[0]);
      let [criticLoss, actorLoss] = [0, 0];
      for (let row = 0; row < n; row += 1) {
        by.error[row] = y[row] - kept[0].q[row * nItems + item[row]];
        criticLoss += by.error[row] ** 2 / n;
        actorLoss -= now[row] / n;
      }
      raise(() => -1 / n, n, kept[0]);
      if (bugs.pleased) believe(() => -1 / n, n, kept[0]); // -Q moves the critic, too
      for (let row = 0; row < n; row += 1) {
        const d = -2 * by.error[row] / n, to = row * (f + 1);
        by.critic[to] = d;
        for (let place = 0; place < f; place += 1) by.critic[to + 1 + place] = d * F[item[row] * f + place];
      }
      critic.backward(by.critic, n);
      return { criticLoss, actorLoss };
    }

    function update(batch, rate, bugs) {
      const found = losses(batch, bugs);
      moves.forEach((move) => move(rate));
      catchUp(follow);
      return found;
    }

    return { actors, critics, act: (states, n) => act(actor, states, n), values: (states, n) => values(critic, states, n),
      select: (a, n) => select(a, n, kept[0].p), losses, update };
  }

  drr.wholeAgent = { itemsOf, memory, agent };
})();
