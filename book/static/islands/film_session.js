/* What a reader has answered about films, for all islands of a page: answers in their order, and who wants to know of changes. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const listeners = [], watchers = [];
  let recommended = []; // the list that stands on the page, items by place
  let answers = []; // {item, liked}, the latest last

  function tell() {
    listeners.forEach((listener) => listener(answers));
  }

  /* A title as it is searched: its article from behind the comma at the front, small letters, no accents, and nothing where people
     leave signs out: "Matrix, The (1999)" is "the matrix 1999", "L.A." is "la", "Schindler's" is "schindlers". */
  function plain(title) {
    return title.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/^(.*), (the|a|an|la|le|les|il|das|der|die|el)\b/, "$2 $1").replace(/['’`´.*]/g, "").replace(/&/g, " and ")
      .replace(/[^a-z0-9]+/g, " ").trim();
  }

  /* How well a title fits what is asked, both `plain`: 0 begins with it, 1 has it from a word on, 2 has it, 3 has all its words
     in some order; above that it does not fit. */
  function misfit(title, asked, words) {
    if (title.startsWith(asked) || title.startsWith(`the ${asked}`)) return 0;
    if (title.includes(` ${asked}`)) return 1;
    if (title.includes(asked)) return 2;
    return words.every((word) => ` ${title}`.includes(` ${word}`)) ? 3 : 4;
  }

  /* A search of titles: the `count` best of those that are not `left` out. What fits better comes first, and among those what has
     the larger `worth`. */
  function finder(titles, worth) {
    const known = titles.map(plain);
    return (text, count, left = new Set()) => {
      const asked = plain(text), words = asked.split(" ");
      if (!asked) return [];
      const fits = known.map((title) => misfit(title, asked, words));
      const found = [...known.keys()].filter((item) => fits[item] < 4 && !left.has(item));
      return found.sort((a, b) => fits[a] - fits[b] || worth[b] - worth[a]).slice(0, count);
    };
  }

  drr.filmSession = {
    finder,
    get answers() { return answers; },
    get liked() { return answers.filter(({ liked }) => liked).map(({ item }) => item); },
    get disliked() { return answers.filter(({ liked }) => !liked).map(({ item }) => item); },
    answer(item, liked) { answers = [...answers.filter((one) => one.item !== item), { item, liked }]; tell(); },
    forget(item) { answers = answers.filter((one) => one.item !== item); tell(); },
    clear() { answers = []; tell(); },
    get recommended() { return recommended; },
    /* Another list stands on the page. */
    recommend(items) { recommended = items; watchers.forEach((watcher) => watcher()); },
    /* `listen` is told of answers, `watch` of lists. */
    listen(listener) { listeners.push(listener); },
    watch(watcher) { watchers.push(watcher); },
  };
})();
