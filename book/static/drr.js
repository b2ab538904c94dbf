/* A box that scrolls can be reached by the keyboard, then moved by its arrows. */
addEventListener("load", () => {
  const boxes = ".bd-article :is(pre, table, figure, .output, .highlight), div.math, .math mjx-container, .bd-sidebar";
  const mark = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    const { overflowX, overflowY } = getComputedStyle(box);
    if (scrolls && [overflowX, overflowY].some((kind) => ["auto", "scroll"].includes(kind))) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watcher = new ResizeObserver((changed) => changed.forEach(({ target }) => mark(target)));
  const watch = () => document.querySelectorAll(boxes).forEach((box) => watcher.observe(box));
  watch();
  window.MathJax?.startup?.promise.then(watch);
});
