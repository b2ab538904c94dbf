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

  /* A title without its article behind a comma, small letters and no accents: "The Matrix (1999)" finds "Matrix, The (1999)". */
  function plain(title) {
    return title.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/^(.*), (the|a|an|la|le|les|il|das|der|die|el)\b/, "$2 $1").replace(/[^a-z0-9]+/g, " ").trim();
  }

  /* A search of titles: what begins with the words comes first, and among those what has the larger `worth`. */
  function finder(titles, worth) {
    const known = titles.map(plain);
    return (words, count) => {
      const asked = plain(words);
      if (!asked) return [];
      const begins = (title) => title.startsWith(asked) || title.startsWith(`the ${asked}`);
      const rank = (item) => (begins(known[item]) ? 0 : known[item].includes(` ${asked}`) ? 1 : 2);
      const found = known.flatMap((title, item) => (title.includes(asked) ? [item] : []));
      return found.sort((a, b) => rank(a) - rank(b) || worth[b] - worth[a]).slice(0, count);
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
