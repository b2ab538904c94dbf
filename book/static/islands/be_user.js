/* Be the user: answer about films, and see state, action and list of a trained agent move; "why this film" by leaving likes
   out. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, heading, choice, button, once, status, row, keepFocus } = drr.controls;
  const FIRST = "drr-ave", LENGTH = 10, FOUND = 6, ABOUT = 8, REASONS = 3, LONGEST = 100;
  const NOTHING = "Nothing is known of you yet, so this is for the average user.";
  const NAMES = {
    "drr-p": "DRR-p: likes and their products", "drr-u": "DRR-u: you times your likes, and products",
    "drr-ave": "DRR-ave: you and the average of your likes", "drr-att": "DRR-att: you, and likes by attention",
    default: "the package's default, with gates for everybody",
  };

  drr.island("be-user", (stage) => {
    const data = drr.data.films, session = drr.filmSession, titles = data.items.titles, agents = {};
    const first = data.agents.some(({ name }) => name === FIRST) ? FIRST : data.agents[0].name;
    let name = first, shown = null, before = null, said = NOTHING;

    const agent = () => (agents[name] = agents[name] || drr.filmAgent(data, name));
    const seen = () => new Set(session.answers.map(({ item }) => item));
    const find = session.finder(titles, agent().look([], []).scores);

    const who = choice({
      label: "The agent's state", value: first, choices: data.agents.map((one) => [one.name, NAMES[one.name] || one.name]),
      onchange: (value) => { name = value; shown = null; said = `Now by ${NAMES[name] || name}.`; look(); },
    });
    const search = make("input", {
      type: "search", id: "be-user-search", placeholder: "such as Star Wars", autocomplete: "off", maxlength: LONGEST,
    });
    const matches = make("ul", { class: "island-films", "aria-label": "Films found" });
    const mine = make("ol", { class: "island-films island-mine", "aria-label": "Your answers" });
    const count = heading(stage), list = make("ol", { class: "island-films", "aria-label": "Recommended films" });
    const hits = status(), news = status();
    const state = drr.strip(), action = drr.strip(), stateName = heading(stage), actionName = heading(stage);
    const note = make("p", { class: "island-note" });
    const clear = button("Begin anew", () => { said = NOTHING; moving(news, () => session.clear()); });
    news.tabIndex = -1; // where the focus goes if its button goes

    search.addEventListener("input", showMatches);
    search.addEventListener("keydown", (event) => {
      const [first] = event.key === "Enter" ? find(search.value, 1, seen()) : [];
      if (first !== undefined) give(first, true);
    });

    const moving = (otherwise, change) => keepFocus([matches, list, mine], otherwise, change);

    /* The two answers to a film. The further presses of a double click answer nothing: another film has moved under it. */
    function answers(item) {
      const give_ = (liked) => once(() => give(item, liked));
      return [
        button("Like", give_(true), { "aria-label": `I like ${titles[item]}` }),
        button("Not for me", give_(false), { "aria-label": `${titles[item]} is not for me` }),
      ];
    }

    function give(item, liked) {
      said = `${liked ? "You like" : "Not for you:"} ${titles[item]}.`;
      moving(search, () => {
        search.value = "";
        session.answer(item, liked);
      });
    }

    function showMatches() {
      const found = find(search.value, Infinity, seen()), shown = found.slice(0, FOUND);
      matches.replaceChildren(...shown.map((item) => make("li", {}, make("span", {}, titles[item]), ...answers(item))));
      hits.textContent = search.value.trim() ? hitsIn(found) : "";
    }

    function hitsIn(found) {
      if (!found.length && find(search.value, 1).length) return "You have answered every film with such a title.";
      if (!found.length) return "No film of the data has such a title.";
      const count = found.length === 1 ? "One film" : `${found.length} films`;
      const more = found.length > FOUND ? `, the best ${FOUND} of them below` : "";
      return `${count}${more}. Enter likes ${titles[found[0]]}.`;
    }

    function takeBack(item) {
      said = `Without ${titles[item]}.`;
      moving(news, () => session.forget(item));
    }

    function showMine() {
      const { answers: given } = session, latest = new Set(session.liked.slice(-agent().about.memory));
      count.textContent = `Your answers: ${given.length}${given.length < ABOUT ? `; about ${ABOUT} say something of you` : ""}`;
      mine.replaceChildren(...given.map(({ item, liked }) => make("li", { class: liked ? "liked" : "missed" },
        make("span", {}, `${liked ? "♥" : "✕"} ${titles[item]}${latest.has(item) ? " (in the memory)" : ""}`),
        button("Take back", () => takeBack(item), { "aria-label": `Take back ${titles[item]}` }))));
      clear.disabled = !given.length;
    }

    /* The best films that were not answered, by scores. */
    function best(scores) {
      const known = seen();
      return [...scores.keys()].filter((item) => !known.has(item)).sort((a, b) => scores[b] - scores[a]).slice(0, LENGTH);
    }

    /* How far a vector moved, in hundredths of its length. */
    function moved(now, old) {
      if (!old || old.length !== now.length) return null;
      const size = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      return Math.round(100 * size(now.map((value, n) => value - old[n])) / Math.max(size(old), 1e-12));
    }

    function look() {
      const found = agent().look(session.liked, session.disliked), items = best(found.scores);
      before = shown;
      shown = { ...found, items };
      showMine();
      showMatches();
      showList();
      showVectors();
      showNews();
      session.recommend(items);
    }

    function showList() {
      list.replaceChildren(...shown.items.map((item, place) => {
        const was = before ? before.items.indexOf(item) : place;
        const step = was < 0 ? "new" : was > place ? `▲${was - place}` : was < place ? `▼${place - was}` : "";
        const why = make("p", { class: "island-why", hidden: true });
        const named = { "aria-expanded": "false", "aria-label": `Why ${titles[item]}?` };
        const ask = button("Why?", () => explain(item, why, ask), named);
        return make("li", {}, make("span", {}, titles[item], make("small", {}, ` ${step}`)), ...answers(item), ask, why);
      }));
    }

    /* What each like adds: the score with all answers, less that without this one. */
    function explain(item, why, ask) {
      why.hidden = !why.hidden;
      ask.setAttribute("aria-expanded", String(!why.hidden));
      const found = drr.filmReasons(agent(), session.liked, session.disliked, item).slice(0, REASONS);
      const words = found.map(({ item: liked, weight }) => `${titles[liked]} (+${weight.toFixed(2)})`);
      const average = session.answers.length ? "" : NOTHING;
      why.textContent = words.length
        ? `Because you like ${words.join(", ")}. Without that like, its score is so much lower.`
        : average || "No single like of yours raises it.";
    }

    /* By how much state and action moved, where they are those of the same agent. */
    const moves = () => ["state", "action"].map((name) => moved(shown[name], before && before[name]));

    function showVectors() {
      const [of, to] = moves();
      const words = (share) => (share === null ? "" : `, moved by ${share} % of its length`);
      stateName.textContent = `State: ${shown.state.length} numbers${words(of)}`;
      actionName.textContent = `Action: ${shown.action.length} numbers${words(to)}`;
      state.update(shown.state, before && before.state, `The state as bars${words(of)}.`);
      action.update(shown.action, before && before.action, `The action as bars${words(to)}.`);
      note.textContent = agent().about.actor.shared
        ? "This actor does not look at the state: it starts at your vector and weighs its patterns as it does for everybody. So "
          + "your answers move the action through your vector alone."
        : "This actor looks at the state: how it weighs the patterns of your vector depends on that vector, and on what you "
          + "liked last.";
      note.textContent += " Each bar is a number, as high as its square root; grey is what it was before your answer.";
    }

    function showNews() {
      const fresh = before ? shown.items.filter((item) => !before.items.includes(item)).length : 0;
      const [of, to] = moves(), changed = before
        ? ` The state moved by ${of} % of its length, the action by ${to} %; ${fresh} of ${shown.items.length} films are new.` : "";
      const first = shown.items.length ? `First: ${titles[shown.items[0]]}.` : "You have answered all films.";
      news.textContent = `${said}${changed} ${first}`.trim();
    }

    /* While nobody waits, the other agents are read, in steps: a switch to one of them is answered at once. */
    function readAhead(steps) {
      if (!steps.length) return;
      const soon = window.requestIdleCallback || ((step) => setTimeout(step, 200)); // Safari has none
      soon(() => { steps[0](); readAhead(steps.slice(1)); });
    }

    session.listen(look);
    stage.append(
      row(who), make("label", { for: search.id }, "Find a film you know. Enter likes the first one found."), row(search),
      hits, matches, news, heading(stage, "The agent recommends"), list, stateName, state.root, actionName, action.root, note,
      count, mine, row(clear)); // what grows comes last, so that buttons stay where they are
    look();
    readAhead(data.agents.flatMap((one) => [
      () => drr.filmAgent(data, one.name), () => drr.filmAgent(data, one.name).look([0], []),
      () => drr.filmAgent(data, one.name).look([0], [1]), // each kind of answer has sums of its own
    ]));
  });
})();
