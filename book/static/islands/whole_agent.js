/* The agent of "The whole agent": its state, actor and critic, both losses with their gradients, and the update. Bugs of the
   clinic are here as switches, for a reader to see what they do. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { product, network, adam } = drr.networks;
  const NOTHING = 1e-9; // a share of an item that moves nothing; most have no more

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
    const by = { actor: room(k), critic: room(1 + f) };
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

    /* Adds the gradient of the sum of weights times `worth`, by the actor. */
    function raise(weights, n, { a, length, p, q, mean }) {
      for (let row = 0; row < n; row += 1) {
        const to = row * k;
        by.actor.fill(0, to, to + k);
        for (let i = 0, at = row * nItems; i < nItems; i += 1, at += 1) {
          if (p[at] < NOTHING) continue;
          const push = weights[row] * p[at] * (q[at] - mean[row]) / softness;
          for (let d = 0; d < k; d += 1) by.actor[to + d] += push * e[i * k + d];
        }
        let along = 0; // a = z / |z|
        for (let d = to; d < to + k; d += 1) along += a[d] * by.actor[d];
        for (let d = to; d < to + k; d += 1) by.actor[d] = (by.actor[d] - along * a[d]) / length[row];
      }
      actor.backward(by.actor, n);
    }

    /* The same by the critic, whose values `worth` is linear in. */
    function believe(weights, n, { p }) {
      for (let row = 0; row < n; row += 1) {
        const to = row * (f + 1);
        by.critic.fill(0, to, to + f + 1);
        by.critic[to] = weights[row];
        for (let i = 0, at = row * nItems; i < nItems; i += 1, at += 1) {
          if (p[at] < NOTHING) continue;
          for (let d = 0; d < f; d += 1) by.critic[to + 1 + d] += weights[row] * p[at] * F[i * f + d];
        }
      }
      critic.backward(by.critic, n);
    }

    /* Moves Q of the items shown by these weights: adds their gradient. */
    function correct(weights, n, item) {
      for (let row = 0; row < n; row += 1) {
        by.critic[row * (f + 1)] = weights[row];
        for (let d = 0; d < f; d += 1) by.critic[row * (f + 1) + 1 + d] = weights[row] * F[item[row] * f + d];
      }
      critic.backward(by.critic, n);
    }

    /* Adds the gradients of both losses of a batch, and says the losses. A batch has n states `s` with `item`, `reward`, `discount`
       of what follows, and the states `then`. `bugs` of the clinic: `moving`: y is made by the networks that learn, and moves
       towards Q; `pleased`: the actor's loss moves the critic as well. */
    function losses({ n, s, item, reward, discount, then }, bugs = {}) {
      const ahead = bugs.moving ? worth(actor, critic, then, n, kept[1]) : worth(slowActor, slowCritic, then, n, kept[1]);
      const y = Array.from(reward.subarray(0, n), (one, row) => one + discount[row] * ahead[row]);
      const errors = (q) => y.map((goal, row) => goal - q[row * nItems + item[row]]);
      if (bugs.moving) {
        const pull = errors(values(critic, s, n, kept[0])).map((error, row) => 2 * error * discount[row] / n);
        worth(actor, critic, then, n, kept[1]); // again: gradients go through what a network saw last
        raise(pull, n, kept[1]);
        believe(pull, n, kept[1]);
      }
      const now = worth(actor, critic, s, n, kept[0]), error = errors(kept[0].q), uphill = y.fill(-1 / n);
      raise(uphill, n, kept[0]);
      if (bugs.pleased) believe(uphill, n, kept[0]);
      correct(error.map((one) => -2 * one / n), n, item);
      return {
        criticLoss: error.reduce((sum, one) => sum + one * one / n, 0),
        actorLoss: error.reduce((sum, _, row) => sum - now[row] / n, 0),
      };
    }

    function update(batch, rate, bugs) {
      const found = losses(batch, bugs);
      moves.forEach((move) => move(rate));
      catchUp(follow);
      return found;
    }

    /* The item nearest to the vector in row `row` of `actions`. */
    function nearest(actions, row) {
      let [best, found] = [-Infinity, 0];
      for (let item = 0; item < nItems; item += 1) {
        let along = 0;
        for (let d = 0; d < k; d += 1) along += actions[row * k + d] * e[item * k + d];
        if (along > best) [best, found] = [along, item];
      }
      return found;
    }

    return {
      items, stateSize, actors, critics, nearest, losses, update,
      act: (states, n) => act(actor, states, n), values: (states, n) => values(critic, states, n),
    };
  }

  drr.wholeAgent = { itemsOf, memory, agent };
})();
