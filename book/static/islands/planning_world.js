/* The planning world (drr_tutorial/worlds/planning.py): users side by side, what they like, and what is shown does to them. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  /* Places for `count` users; `rules` are `drr.data.planning`. Arrays are flat, (count, topics). */
  drr.planningUsers = function (rules, count) {
    const K = rules.corners.length, topics = rules.topics.flat(), depths = rules.depths;
    const [taste, boredom, interest] = [0, 1, 2].map(() => new Float64Array(count * K));

    /* Somebody new, with the taste given or drawn. */
    function arrive(place, random, given) {
      const drawn = given || drawTaste(random);
      for (let k = 0; k < K; k += 1) {
        taste[place * K + k] = drawn[k];
        boredom[place * K + k] = interest[place * K + k] = 0;
      }
    }

    function drawTaste(random) {
      const weights = rules.corners.map(() => random.gamma(rules.tasteShape));
      const along = (k) => weights.reduce((sum, one, topic) => sum + one * rules.corners[topic][k], 0);
      const drawn = Array.from({ length: K }, (_, k) => along(k));
      const size = Math.hypot(...drawn);
      return drawn.map((one) => one / size);
    }

    /* P(like). */
    function chance(place, item) {
      let wish = -rules.depthCost * depths[item] - rules.threshold;
      for (let k = 0, at = place * K, v = item * K; k < K; k += 1, at += 1, v += 1) {
        wish += (taste[at] + interest[at] - rules.boredomWeight * boredom[at]) * topics[v];
      }
      return 1 / (1 + Math.exp(-rules.sharpness * wish));
    }

    /* What an item does to a user. */
    function see(place, item, liked) {
      const grows = liked ? rules.growth * Math.max(depths[item], 0) : 0;
      let square = 0;
      for (let k = 0, at = place * K, v = item * K; k < K; k += 1, at += 1, v += 1) {
        boredom[at] = rules.boredomStays * boredom[at] + topics[v];
        interest[at] = rules.interestStays * interest[at] + grows * topics[v];
        square += interest[at] * interest[at];
      }
      const shrink = rules.mostInterest / Math.max(Math.sqrt(square), rules.mostInterest);
      for (let at = place * K; at < (place + 1) * K; at += 1) interest[at] *= shrink;
    }

    /* Show an item, with luck for the like and for leaving, each from 0 to 1. */
    function step(place, item, forLike, forLeaving) {
      const liked = forLike < chance(place, item);
      see(place, item, liked);
      return { liked, left: forLeaving < (liked ? rules.leavesAfterLike : rules.leavesAfterDislike) };
    }

    return { count, taste, boredom, interest, arrive, chance, see, step };
  };
})();
