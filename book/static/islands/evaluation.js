/* How good an agent is in the planning world by now: sessions without noise, of users that are the same each time. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const FIRST = 16; // seed of the first user and that user's luck; greed with full knowledge earns a typical session there

  /* `choose(places, users)` gives the items for the users at these places; `told(place, item, liked)` hears the answers. Yields
     after each step of all sessions; returns mean likes, mean likes discounted by gamma, and the steps of the first user. */
  function* sessions(rules, count, gamma, choose, told) {
    const users = drr.planningUsers(rules, count), first = [];
    const lucks = Array.from({ length: count }, (_, place) => drr.random(FIRST + place)); // whoever recommends meets the same
    let here = lucks.map((_, place) => place), [likes, discounted] = [0, 0];
    lucks.forEach((luck, place) => users.arrive(place, luck));
    for (let step = 0; step < rules.maxSteps && here.length; step += 1) {
      const items = choose(here, users);
      here = here.filter((place, row) => {
        const found = users.step(place, items[row], lucks[place].uniform(), lucks[place].uniform());
        likes += found.liked;
        discounted += found.liked * Math.pow(gamma, step);
        if (told) told(place, items[row], found.liked);
        if (place === 0) first.push({ item: items[row], ...found });
        return !found.left;
      });
      yield;
    }
    return { likes: likes / count, discounted: discounted / count, session: first };
  }

  /* Of `count` users with an agent that sees them as `drr.wholeAgent` does; `expected`: what its critic says at the start. */
  function* evaluate(rules, agent, { gamma, count }) {
    const memory = drr.wholeAgent.memory(agent.items, rules, count), states = new Float64Array(count * agent.stateSize);
    let expected = null;
    function choose(places, users) {
      places.forEach((place, row) => memory.see(place, users, states, row));
      const actions = agent.act(states, places.length), items = places.map((_, row) => agent.nearest(actions, row));
      if (expected === null) {
        const q = agent.values(states, count);
        expected = items.reduce((sum, item, row) => sum + q[row * agent.items.nItems + item] / count, 0);
      }
      return items;
    }
    const told = (place, item, liked) => memory.remember(place, item, +liked);
    const found = yield* sessions(rules, count, gamma, choose, told);
    return { ...found, expected };
  }

  /* Greed that knows everything: for each user the item that is most likely to be liked now. */
  function greed(rules) {
    return (places, users) => places.map((place) => {
      let [best, found] = [-1, 0];
      for (let item = 0; item < rules.depths.length; item += 1) {
        const chance = users.chance(place, item);
        if (chance > best) [best, found] = [chance, item];
      }
      return found;
    });
  }

  /* The result of a generator, at once. */
  function finish(running) {
    for (;;) { const { value, done } = running.next(); if (done) return value; }
  }

  drr.evaluation = { sessions, evaluate, greed, finish };
})();
