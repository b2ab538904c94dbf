/* Training in the page: users side by side, a replay buffer, one update a step, and how good the agent is by now. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { itemsOf, memory, agent: makeAgent } = drr.wholeAgent;
  const BUFFER = 40000, MOST_AHEAD = 10; // transitions; rewards summed
  const EVALUATED = 200; // users; the same ones, with the same luck, each time

  /* A ring of transitions with states of this size. */
  function replay(stateSize) {
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
        const place = random.integer(Math.min(count, BUFFER)), from = place * stateSize;
        batch.s.set(s.subarray(from, from + stateSize), row * stateSize);
        batch.then.set(then.subarray(from, from + stateSize), row * stateSize);
        [batch.item[row], batch.reward[row], batch.discount[row]] = [item[place], reward[place], discount[place]];
      }
      return batch;
    }
    return { store, draw, get count() { return count; } };
  }

  /* Rewards of steps in a row as one, and the discount of what follows. `bugs`: `endless`: what follows an end counts; `paid`: the
     reward stands where the end should, so that a like cuts what follows. */
  function addUp(steps, left, gamma, bugs) {
    let [sum, discount] = [0, 1];
    for (const { liked } of steps) {
      sum += discount * liked;
      discount *= gamma * (bugs.paid && liked ? 0 : 1);
    }
    return [sum, left && !bugs.endless && !bugs.paid ? 0 : discount];
  }

  /* A training with `settings`: {users, batch, steps, hidden, softness, follow, gamma, ahead, noise, rate, bugs, seed}. */
  drr.training = function (rules, settings) {
    const random = drr.random(settings.seed), items = itemsOf(rules), m = settings.users;
    const stateSize = rules.corners.length + 2 * rules.fades.length * items.f;
    const agent = makeAgent(items, { ...settings, stateSize, most: Math.max(m, settings.batch, EVALUATED) }, random);
    const people = drr.planningUsers(rules, m), traces = memory(items, rules, m), buffer = replay(stateSize);
    const states = new Float64Array(m * stateSize), last = new Float64Array(stateSize);
    const row = (place) => states.subarray(place * stateSize, (place + 1) * stateSize);
    const waiting = Array.from({ length: m }, () => []), shownTo = new Int32Array(m); // steps that wait for what follows them
    const batch = {
      n: settings.batch, item: new Int16Array(settings.batch),
      ...Object.fromEntries(["s", "then"].map((name) => [name, new Float64Array(settings.batch * stateSize)])),
      ...Object.fromEntries(["reward", "discount"].map((name) => [name, new Float64Array(settings.batch)])),
    };
    let done = 0;
    for (let place = 0; place < m; place += 1) welcome(place);

    function welcome(place) {
      people.arrive(place, random);
      traces.forget(place);
      shownTo[place] = 0;
    }

    /* The item nearest to a vector (k,) of `actions`. */
    function nearest(actions, place) {
      const { e, k, nItems } = items;
      let [best, found] = [-Infinity, 0];
      for (let item = 0; item < nItems; item += 1) {
        let along = 0;
        for (let d = 0; d < k; d += 1) along += actions[place * k + d] * e[item * k + d];
        if (along > best) [best, found] = [along, item];
      }
      return found;
    }

    /* The oldest step that waits is stored, with those after it, and the state that follows them. */
    function storeFirst(queue, left, next) {
      const [sum, discount] = addUp(queue, left, settings.gamma, settings.bugs);
      buffer.store(queue[0].state, queue[0].item, sum, discount, next);
      queue.shift();
    }

    function play(noise) {
      for (let place = 0; place < m; place += 1) traces.see(place, people, states, place);
      const actions = agent.act(states, m), k = items.k;
      for (let place = 0; place < m; place += 1) {
        const queue = waiting[place];
        if (queue.length === settings.ahead) storeFirst(queue, false, row(place));
        for (let d = place * k; d < (place + 1) * k; d += 1) {
          actions[d] = Math.min(Math.max(actions[d] + noise * random.normal(), -1), 1);
        }
        const item = nearest(actions, place);
        const { liked, left } = people.step(place, item, random.uniform(), random.uniform());
        traces.remember(place, item, +liked);
        queue.push({ state: Float32Array.from(row(place)), item, liked: +liked });
        shownTo[place] += 1;
        const cut = shownTo[place] >= rules.maxSteps;
        if (left || cut) end(place, left || (cut && settings.bugs.cut));
      }
    }

    function end(place, left) {
      traces.see(place, people, last, 0);
      while (waiting[place].length) storeFirst(waiting[place], left, last);
      welcome(place);
    }

    /* One step of all users, and one update. */
    function step() {
      const share = done / settings.steps;
      play(settings.noise * (1 - share));
      done += 1;
      if (buffer.count < settings.batch) return null;
      return agent.update(buffer.draw(batch, random), settings.rate * (1 - 0.9 * share), settings.bugs);
    }

    /* Sessions without noise of `count` users that are the same each time: mean likes, and the first user's steps. */
    function evaluate(count = EVALUATED) {
      const luck = drr.random(rules.evaluationSeed), users = drr.planningUsers(rules, count), seen = memory(items, rules, count);
      const from = new Float64Array(count * stateSize), here = Array.from({ length: count }, (_, place) => place), first = [];
      here.forEach((place) => users.arrive(place, luck));
      let likes = 0;
      for (let shown = 0; shown < rules.maxSteps && here.length; shown += 1) {
        here.forEach((place, at) => seen.see(place, users, from, at));
        const actions = agent.act(from, here.length);
        const chances = Float64Array.from({ length: 2 * count }, luck.uniform);
        const left = here.map((place, at) => {
          const item = nearest(actions, at), found = users.step(place, item, chances[2 * place], chances[2 * place + 1]);
          seen.remember(place, item, +found.liked);
          likes += found.liked;
          if (place === 0) first.push({ item, ...found });
          return found.left;
        });
        here.splice(0, here.length, ...here.filter((_, at) => !left[at]));
      }
      return { likes: likes / count, session: first };
    }

    return { agent, step, evaluate, get done() { return done; } };
  };
  drr.training.addUp = addUp;
  drr.training.MOST_AHEAD = MOST_AHEAD;
})();
