/* The tiny world (drr_tutorial/worlds/tiny.py): its tables under switches, value iteration, what a policy earns, sessions. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const N_ITEMS = 4, HELD = 12;
  const STILL = 1e-8; // no value moves by more: solved

  /* The world with the given numbers (`drr.data.tiny`); `on` switches boredom, growth and leaving.
     State (b1, b2, x1, x2) has the number that it has in Python; tables are flat, state * 4 + item. */
  drr.tinyWorld = function (rules, on = { boredom: true, growth: true, leaving: true }) {
    const B = rules.boredomLevels, X = rules.interestLevels, nStates = B * B * X * X;
    const like = new Float64Array(nStates * N_ITEMS);
    const [up, down] = [0, 1].map(() => new Float64Array(nStates * N_ITEMS)); // P(liked and stays), P(not liked and stays)
    const after = [new Int16Array(nStates * N_ITEMS), new Int16Array(nStates * N_ITEMS)]; // a dislike, a like
    const [disliked, liked] = after;
    const stays = [rules.leavesAfterDislike, rules.leavesAfterLike].map((chance) => (on.leaving ? 1 - chance : 1));

    const levels = (state) => ({
      boredom: [Math.floor(state / (B * X * X)), Math.floor(state / (X * X)) % B],
      interest: [Math.floor(state / X) % X, state % X],
    });
    const number = ({ boredom: [b1, b2], interest: [x1, x2] }) => ((b1 * B + b2) * X + x1) * X + x2;

    function chance({ boredom, interest }, item) {
      const topic = rules.topic[item];
      const bored = on.boredom ? rules.boredomWeight * boredom[topic] : 0;
      const interested = on.growth ? rules.levelWorth * interest[topic] : 0;
      const wish = rules.taste[topic] + interested - bored - rules.depthCost * rules.depth[item] - rules.threshold;
      return 1 / (1 + Math.exp(-rules.sharpness * wish));
    }

    function follow({ boredom, interest }, item, answer) {
      const shown = rules.topic[item], grows = answer && rules.depth[item] > 0;
      return {
        boredom: boredom.map((level, topic) => Math.min(Math.max(level + (topic === shown ? 2 : -1), 0), B - 1)),
        interest: interest.map((level, topic) => Math.min(level + (topic === shown && grows ? 1 : 0), X - 1)),
      };
    }

    for (let state = 0; state < nStates; state += 1) {
      for (let item = 0; item < N_ITEMS; item += 1) {
        const now = levels(state), place = state * N_ITEMS + item;
        const p = like[place] = chance(now, item);
        up[place] = p * stays[1];
        down[place] = (1 - p) * stays[0];
        [0, 1].forEach((answer) => { after[answer][place] = number(follow(now, item, answer)); });
      }
    }

    /* Q of one state and item, if `values` are those of the states. */
    function worth(values, gamma, place) {
      return like[place] + gamma * (up[place] * values[liked[place]] + down[place] * values[disliked[place]]);
    }

    /* Value iteration, each new value used at once. With gamma 1 somebody must leave at last. Between two looks for the best items
       the policy is held for `HELD` sweeps: they cost a quarter, and with values that start too low nothing else changes (modified
       policy iteration, Puterman and Shin 1978). */
    function solve(gamma) {
      if (!(gamma >= 0 && gamma <= 1 && (on.leaving || gamma < 1))) throw new Error(`no solution for gamma ${gamma}`);
      const values = new Float64Array(nStates), policy = new Uint8Array(nStates), held = gamma ? HELD : 0;
      for (let sweeps = 1; ; sweeps += 1 + held) {
        let moved = 0;
        for (let state = nStates - 1; state >= 0; state -= 1) {
          let best = -1;
          for (let item = 0, place = state * N_ITEMS; item < N_ITEMS; item += 1, place += 1) {
            const found = worth(values, gamma, place);
            if (found > best) { best = found; policy[state] = item; }
          }
          moved = Math.max(moved, best - values[state]);
          values[state] = best;
        }
        if (moved <= STILL) return { values, policy, sweeps };
        for (let n = 0; n < held; n += 1) {
          for (let state = nStates - 1; state >= 0; state -= 1) {
            values[state] = worth(values, gamma, state * N_ITEMS + policy[state]);
          }
        }
      }
    }

    /* Mean likes, not discounted, of a session that plays the policy from the start, of at most `most` items. */
    function likesOf(policy, most = Infinity) {
      let old = new Float64Array(nStates), fresh = new Float64Array(nStates);
      for (let sweep = 0; sweep < most; sweep += 1) {
        let moved = 0;
        for (let state = 0; state < nStates; state += 1) {
          fresh[state] = worth(old, 1, state * N_ITEMS + policy[state]);
          moved = Math.max(moved, fresh[state] - old[state]);
        }
        [old, fresh] = [fresh, old];
        if (moved <= STILL) break;
      }
      return old[0];
    }

    /* One step with luck [for the like, for leaving], each from 0 to 1. */
    function step(state, item, [forLike, forLeaving]) {
      const place = state * N_ITEMS + item, answer = +(forLike < like[place]);
      const [next, left] = [after[answer][place], forLeaving < 1 - stays[answer]];
      return { state, item, liked: answer === 1, chance: like[place], next, left };
    }

    /* The steps of a session that plays the policy until the user leaves or luck (n, 2) ends. */
    function session(policy, luck) {
      const steps = [];
      for (let state = 0; steps.length < luck.length && !steps.at(-1)?.left; state = steps.at(-1).next) {
        steps.push(step(state, policy[state], luck[steps.length]));
      }
      return steps;
    }

    return { nStates, like, after, levels, number, solve, likesOf, step, session };
  };
})();
