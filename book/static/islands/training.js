/* Training in the page: users side by side, their steps summed into transitions, one update a step. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { itemsOf, memory, agent: makeAgent } = drr.wholeAgent;
  const EVALUATED = 200, EVALUATIONS = 20; // users, times

  /* Rewards of steps in a row as one, and the discount of what follows. `bugs`: `endless`: what follows an end counts; `paid`:
     the reward stands where the end should, so that a like cuts what follows. */
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
    const people = drr.planningUsers(rules, m), traces = memory(items, rules, m), buffer = drr.replay(stateSize);
    const states = new Float64Array(m * stateSize), last = new Float64Array(stateSize);
    const row = (place) => states.subarray(place * stateSize, (place + 1) * stateSize);
    const waiting = Array.from({ length: m }, () => []), shownTo = new Int32Array(m); // steps that wait for what follows them
    const kept = Array.from({ length: m * settings.ahead }, () => new Float32Array(stateSize)); // their states, again and again
    const batch = drr.replay.batch(settings.batch, stateSize);
    let done = 0;
    for (let place = 0; place < m; place += 1) welcome(place);

    function welcome(place) {
      people.arrive(place, random);
      traces.forget(place);
      shownTo[place] = 0;
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
        const item = agent.nearest(actions, place);
        const { liked, left } = people.step(place, item, random.uniform(), random.uniform());
        traces.remember(place, item, +liked);
        const state = kept[place * settings.ahead + (shownTo[place] % settings.ahead)];
        state.set(row(place));
        queue.push({ state, item, liked: +liked });
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

    /* The whole training. Yields nothing after each step; at first, and after each twentieth, what an evaluation found. */
    function* run() {
      for (;;) {
        if (done % Math.round(settings.steps / EVALUATIONS) === 0) {
          yield { step: done, ...(yield* drr.evaluation.evaluate(rules, agent, { gamma: settings.gamma, count: EVALUATED })) };
        }
        if (done === settings.steps) return;
        step();
        yield;
      }
    }

    return { agent, run };
  };
  drr.training.addUp = addUp;
})();
