/* A map of the films in two dimensions: search, neighbours, and the trail of what was answered on the page. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, heading, button, status, row, keepFocus } = drr.controls;
  const SPACE = "http://www.w3.org/2000/svg", WIDTH = 520, HEIGHT = 400, EDGE = 14, NEAR = 6, FOUND = 5, REACH = 25, LONGEST = 100;

  function draw(tag, attributes, text) {
    const element = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* The `count` items whose vectors point most nearly where that of `item` does, with their cosines. */
  function neighbours({ vectors, k }, item, count) {
    const { rowOf, dot, product } = drr.linear, own = rowOf(vectors, item, k), sizes = new Float64Array(vectors.length / k);
    const size = (vector) => Math.sqrt(dot(vector, vector)) || 1e-12;
    for (let n = 0; n < sizes.length; n += 1) sizes[n] = size(rowOf(vectors, n, k));
    const cosines = product(vectors, own).map((value, n) => value / (sizes[n] * sizes[item]));
    const order = [...cosines.keys()].filter((other) => other !== item).sort((a, b) => cosines[b] - cosines[a]);
    return order.slice(0, count).map((other) => ({ item: other, cosine: cosines[other] }));
  }

  drr.island("film-map", (stage) => {
    const data = drr.data.films, session = drr.filmSession, titles = data.items.titles;
    const agent = drr.filmAgent(data, data.agents[0].name), places = drr.linear.decoded(data.arrays[data.places]);
    const find = session.finder(titles, agent.look([], []).scores);
    const at = (item) => [
      EDGE + (WIDTH - 2 * EDGE) * (places[2 * item] + 1) / 2, EDGE + (HEIGHT - 2 * EDGE) * (1 - places[2 * item + 1]) / 2,
    ].map((number) => +number.toFixed(1));
    let chosen = null;

    const search = make("input", {
      type: "search", id: "film-map-search", placeholder: "such as Alien", autocomplete: "off", maxlength: LONGEST,
    });
    const matches = make("ul", { class: "island-films", "aria-label": "Films found" });
    const near = make("ul", { class: "island-films", "aria-label": "Films most alike" });
    const nearName = heading(stage, "Most alike by all numbers of the vectors");
    nearName.hidden = true;
    const hits = status(), said = status();
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "island-plot island-map" });
    const above = draw("g", {}), dots = titles.map((_, item) => `M${at(item).join(" ")}h0`).join("");
    svg.append(draw("path", { class: "island-all", d: dots }), above);

    search.addEventListener("input", showMatches);
    search.addEventListener("keydown", (event) => {
      const [best] = event.key === "Enter" ? find(search.value, 1) : [];
      if (best !== undefined) choose(best);
    });
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect(), scale = WIDTH / box.width;
      const nearest = closest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
      if (nearest !== null) choose(nearest);
    });

    function closest(x, y) {
      const distance = (item) => Math.hypot(at(item)[0] - x, at(item)[1] - y);
      const [best] = titles.map((_, item) => [item, distance(item)]).reduce((a, b) => (b[1] < a[1] ? b : a), [null, REACH]) || [];
      return best;
    }

    function showMatches() {
      const found = find(search.value, FOUND);
      const first = found.length ? `Enter shows ${titles[found[0]]}.` : "No film of the data has such a title.";
      hits.textContent = search.value.trim() ? first : "";
      matches.replaceChildren(...found.map((item) => make("li", {},
        make("span", {}, titles[item]), button("Show", () => choose(item), { "aria-label": `Show ${titles[item]}` }))));
    }

    function choose(item) {
      chosen = item;
      search.value = "";
      keepFocus([matches, near], search, () => {
        showMatches();
        showNear(item);
      });
      show();
    }

    function showNear(item) {
      const alike = neighbours(agent, item, NEAR), genres = data.items.genres[item].map((genre) => data.items.genreNames[genre]);
      nearName.hidden = false;
      near.replaceChildren(...alike.map(({ item: other, cosine }) => make("li", {},
        make("span", {}, `${titles[other]} `, make("small", {}, `cosine ${cosine.toFixed(2)}`)),
        button("Go there", () => choose(other), { "aria-label": `Go there: ${titles[other]}` }))));
      said.textContent = `${titles[item]}${genres.length ? `: ${genres.join(", ")}` : ""}. Most alike: ${titles[alike[0].item]}.`;
    }

    function numbered(item, number) {
      const [x, y] = at(item), left = x > WIDTH * 0.6, anchor = left ? "end" : "start";
      return draw("text", { x: x + (left ? -9 : 9), y: y + 5, "text-anchor": anchor, class: "island-count" }, number);
    }

    /* A title over its film, or below it at the upper edge, and within the picture however long it is. */
    function showName(item) {
      const [x, y] = at(item), where = { y: y < 40 ? y + 28 : y - 14, "text-anchor": "middle", class: "island-name" };
      const name = draw("text", where, titles[item]);
      above.append(name);
      const room = WIDTH - 2 * EDGE, half = Math.min(name.getComputedTextLength(), room) / 2;
      if (half === room / 2) name.setAttribute("textLength", room);
      name.setAttribute("lengthAdjust", "spacingAndGlyphs");
      name.setAttribute("x", Math.min(Math.max(x, EDGE + half), WIDTH - EDGE - half));
    }

    function show() {
      const { answers, recommended } = session, circle = (item, r, name) => {
        const [cx, cy] = at(item);
        return draw("circle", { cx, cy, r, class: name });
      };
      const trail = answers.map(({ item }, n) => (n ? "L" : "M") + at(item).join(" ")).join("");
      above.replaceChildren(
        ...recommended.map((item) => circle(item, 5, "island-ring")),
        draw("path", { class: "island-trail", d: trail }),
        ...answers.map(({ item, liked }) => circle(item, 5, liked ? "island-liked" : "island-missed")),
        ...answers.map(({ item }, n) => numbered(item, n + 1)),
        ...(chosen === null ? [] : [
          ...neighbours(agent, chosen, NEAR).map(({ item }) => circle(item, 5, "island-near")),
          circle(chosen, 8, "island-chosen"),
        ]));
      if (chosen !== null) showName(chosen);
      const counts = `${answers.length} answered, ${recommended.length} recommended`;
      svg.setAttribute("aria-label", `A map of ${titles.length} films; ${counts}.`);
    }

    session.watch(show);
    stage.append(
      make("label", { for: search.id }, "Find a film, or press on one in the map."), row(search), hits, matches, svg,
      make("p", { class: "island-note" }, `Each dot is a film. Two dimensions show ${Math.round(100 * data.spread)} % of how the `
        + "directions of their vectors differ, so films that lie together need not be alike. The line is the trail of your "
        + "answers, in their order: filled if you liked the film, open if not. Rings are what the agent recommends now. "
        + "A larger circle is around the film that you look for; green dots are those most like it."),
      said, nearName, near);
    show();
  });
})();
