/* Plan against the machine: recommend to a user of the tiny world, guess who does best, see greed and the planner with the same
   user. The switches and the discount are the reader's; the optimal policy is solved here. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, slider, toggle, button, counted, status, row } = drr.controls;
  const SWITCHES = { boredom: "boredom", growth: "interest grows", leaving: "users leave" };

  const FIRST = 55; // of users 1 to 100 the one whose likes are nearest to the averages, as in the chapter

  /* A user's luck, (n, 2): whoever recommends to this user meets the same. */
  function luckOf(user, count) {
    const random = drr.random(user);
    return Array.from({ length: count }, () => [random.uniform(), random.uniform()]);
  }

  const likes = (steps) => steps.filter(({ liked }) => liked).length;

  drr.island("tiny-play", (stage) => {
    const rules = drr.data.tiny, on = { boredom: true, growth: true, leaving: true };
    let user = FIRST, gamma = 1, chosen = gamma, world, luck, greedy, planner, steps, over, guessed = null;

    const name = (item) => `topic ${rules.items[item]}`;
    const short = rules.items.map((words) => words.replace(/(\d) (\w).*/, "$1$2")); // "1 deep" is 1d
    const goal = make("p");
    const items = rules.items.map((words, item) =>
      button(`${item + 1}: topic ${words}`, () => recommend(item), { "aria-keyshortcuts": item + 1 }));
    const said = status();
    const moods = make("div", { class: "island-moods" });
    const mine = make("ol", { class: "island-steps", "aria-label": "Your steps" });
    const stop = button("Stop here", finish), again = button("The same user again", () => start(user));
    const next = button("Next user", () => start(user + 1));
    const guess = make("div", { class: "island-guess" });
    const rows = make("div", { class: "island-rows" });
    const [verdict, solved] = [status(), status()];
    const discount = slider({
      label: "the planner's gamma", min: 0, max: 1, step: 0.01, value: gamma,
      shown: (value) => value.toFixed(2), onchange: (value) => { gamma = chosen = value; plan(); },
    });
    const switches = Object.entries(SWITCHES).map(([key, label]) =>
      toggle({ label, value: true, onchange: (value) => { on[key] = value; build(); } }));

    /* The likes of a policy, in words. */
    const earns = (policy) => world.likesOf(policy, on.leaving ? Infinity : rules.mostItems).toFixed(2);

    function build() {
      world = drr.tinyWorld(rules, on);
      const most = on.leaving ? 1 : 1 - 1 / rules.mostItems; // without an end, values need a discount: as far as a session lasts
      discount.max = most;
      discount.value = gamma = Math.min(chosen, most); // what the reader chose comes back when users leave again
      const { policy } = world.solve(0);
      greedy = { policy, earns: earns(policy) };
      start(user);
      plan();
    }

    function plan() {
      const found = world.solve(gamma);
      planner = found.policy;
      const differ = planner.reduce((sum, item, state) => sum + (item !== greedy.policy[state]), 0);
      solved.textContent = `Solved in ${found.sweeps} sweeps. The planner shows another item than greed in ${differ} of `
        + `${world.nStates} states. Likes a session, on average over all users: greed ${greedy.earns}, `
        + `the planner ${earns(planner)}.`;
      if (guessed) judge("With this planner, most likes");
    }

    function start(number) {
      user = number;
      luck = luckOf(user, on.leaving ? rules.longest : rules.mostItems);
      steps = [];
      over = false;
      guessed = null;
      goal.textContent = `User ${user}. Which item do you recommend? Press a button, and from then on the keys 1 to 4. Get as many `
        + `likes as you can before ${on.leaving ? "the user leaves" : `all ${rules.mostItems} steps are over`}.`;
      said.textContent = "Nothing has been shown yet.";
      mine.replaceChildren();
      guess.replaceChildren();
      rows.replaceChildren();
      show(0);
    }

    function recommend(item) {
      if (over) return;
      const state = steps.length ? steps.at(-1).next : 0;
      const made = world.step(state, item, luck[steps.length]);
      steps.push(made);
      mine.append(mark(made));
      const ended = made.left ? " The user leaves." : steps.length === luck.length ? " The session ends." : "";
      said.textContent = `Step ${steps.length}, ${name(item)}: ${made.liked ? "liked" : "not liked"} `
        + `(the chance was ${Math.round(100 * made.chance)} %).${moved(made)}${ended} Likes: ${likes(steps)}.`;
      show(made.next);
      if (ended) finish();
    }

    /* What a step has done to the user's mood, in words. */
    function moved({ state, next }) {
      const [before, now] = [world.levels(state), world.levels(next)];
      const parts = ["boredom", "interest"].flatMap((mood) => [0, 1].map((topic) => {
        const [from, to] = [before[mood][topic], now[mood][topic]];
        return from === to ? "" : ` ${mood} with topic ${topic + 1}: ${from} → ${to}`;
      })).filter(Boolean);
      return parts.length ? ` Then${parts.join(";")}.` : "";
    }

    /* Both moods with both topics, as a table. */
    function show(state) {
      const now = world.levels(state);
      const most = { boredom: rules.boredomLevels - 1, interest: rules.interestLevels - 1 };
      const cell = (mood, topic) => {
        const level = now[mood][topic], boxes = "■".repeat(level) + "□".repeat(most[mood] - level);
        return make("td", {}, make("span", { class: `island-${mood}`, "aria-hidden": "true" }, boxes), ` ${level}`);
      };
      const head = make("tr", {}, make("td"), ...["boredom", "interest"].map((mood) => make("th", { scope: "col" }, mood)));
      const body = [0, 1].map((topic) => make("tr", {}, make("th", { scope: "row" }, `topic ${topic + 1}`),
        cell("boredom", topic), cell("interest", topic)));
      moods.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
      items.forEach((each) => { each.disabled = over; });
      stop.disabled = over || !steps.length;
    }

    /* A step as a small mark: the item, filled where it was liked. */
    function mark({ item, liked, left }, place) {
      const words = `${name(item)}, ${liked ? "liked" : "not liked"}${left ? ", the user leaves" : ""}`;
      const number = place === undefined ? steps.length : place + 1;
      const shown = make("span", { "aria-hidden": "true" }, `${short[item]}${left ? "×" : ""}`);
      const said = make("span", { class: "island-said" }, `${number}: ${words}`);
      return make("li", { class: liked ? "liked" : "missed", title: `step ${number}: ${words}` }, shown, said);
    }

    function finish() {
      over = true;
      show(steps.at(-1).next);
      const ask = (who, words) => button(words, () => reveal(who), { class: "island-button island-primary" });
      guess.replaceChildren(
        make("p", { tabindex: -1 }, "Guess first: who gets most likes from this user, with the same luck?"),
        row(ask("you", "You"), ask("greed", "Greed"), ask("the planner", "The planner")));
      guess.firstChild.focus(); // not a button: whoever presses a key again and again has not guessed
    }

    function reveal(who) {
      const best = compare();
      guessed = `You guessed ${who}: ${best.includes(who) ? "right" : "no"}.`;
      guess.replaceChildren(verdict);
      judge("Most likes");
      again.focus();
    }

    /* Who has most likes, after what was guessed: another planner may change it. */
    function judge(most) {
      verdict.textContent = `${guessed} ${most}: ${compare().join(", ").replace(/, ([^,]*)$/, " and $1")}.`;
    }

    /* The three sessions below each other; who has most likes. */
    function compare() {
      const played = { you: steps, greed: world.session(greedy.policy, luck), "the planner": world.session(planner, luck) };
      const parts = Object.entries(played).flatMap(([who, made]) => {
        const whose = `${who[0].toUpperCase()}${who.slice(1)}`;
        const title = `${whose}: ${counted(likes(made), "like")} in ${counted(made.length, "step")}, ${ending(made)}`;
        return [make("p", {}, make("strong", {}, title)),
          make("ol", { class: "island-steps", "aria-label": `Steps of ${who}` }, ...made.map(mark))];
      });
      const key = "1d: topic 1, deep. Filled: liked; dashed: not liked; ×: the user leaves.";
      rows.replaceChildren(...parts, make("p", { class: "island-note" }, key));
      const most = Math.max(...Object.values(played).map(likes));
      return Object.keys(played).filter((who) => likes(played[who]) === most);
    }

    function ending(made) {
      if (made !== steps && made.length > steps.length) return `${likes(made.slice(0, steps.length))} of them in as many as yours`;
      return made.at(-1).left ? "then the user left" : made.length < luck.length ? "then you stopped" : "to the end";
    }

    stage.addEventListener("keydown", (event) => {
      const item = Number(event.key) - 1;
      if (!items[item] || event.ctrlKey || event.altKey || event.metaKey) return;
      if (document.activeElement.type === "range") return;
      event.preventDefault();
      recommend(item);
    });
    const settings = make("fieldset", {}, make("legend", {}, "The world and the planner"), row(...switches), row(discount), solved);
    stage.append(goal, row(...items), said, moods, mine, row(stop, again, next), guess, rows, settings);
    build();
  });
})();
