/* Islands: the parts of a page that answer. An island's script registers what fills it; here each is filled when the reader
   comes near, and what stands in its place without scripts is folded away. An island that fails leaves that in sight. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const NEAR = "400px"; // below the window
  const fillers = {};
  drr.data = drr.data || {}; // by name; each file of data adds its own

  /* `fill(stage, root)` builds the island inside `stage`. */
  drr.island = (name, fill) => { fillers[name] = fill; };

  function start(root) {
    const stage = document.createElement("div");
    stage.className = "island-stage";
    const fallback = root.querySelector(".island-fallback");
    root.prepend(stage);
    try {
      fillers[root.dataset.island](stage, root);
    } catch (error) {
      stage.remove();
      root.dataset.state = "failed";
      console.error(`island ${root.dataset.island}:`, error);
      return;
    }
    root.dataset.state = "live";
    const folded = document.getElementById(root.dataset.folds); // a figure elsewhere on the page that the island replaces
    if (folded) fallback.append(folded.closest(".cell") || folded);
    root.append(folder(root, fallback));
  }

  /* The button that shows the fallback beside the live island. */
  function folder(root, fallback) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "island-fold";
    const name = () => { button.textContent = `${fallback.hidden ? "Show" : "Hide"} the table or picture in its place`; };
    fallback.hidden = true;
    fallback.id = fallback.id || `${root.dataset.island}-fallback`;
    button.setAttribute("aria-controls", fallback.id);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      fallback.hidden = !fallback.hidden;
      button.setAttribute("aria-expanded", String(!fallback.hidden));
      name();
    });
    name();
    return button;
  }

  function startAll() {
    const roots = [...document.querySelectorAll(".island")].filter(({ dataset }) => fillers[dataset.island]);
    if (!("IntersectionObserver" in window)) return roots.forEach(start);
    const watcher = new IntersectionObserver((seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        start(target);
      }
    }, { rootMargin: `0px 0px ${NEAR} 0px` });
    roots.forEach((root) => watcher.observe(root));
  }
  document.addEventListener("DOMContentLoaded", startAll); // after all scripts with `defer`
})();
