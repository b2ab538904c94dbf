/* A box that scrolls can be reached by the keyboard, then moved by its arrows. */
addEventListener("DOMContentLoaded", () => {
  const boxes = ".bd-article :is(pre, table, figure, div.math, .output, .highlight), .bd-sidebar, .bd-sidebar-secondary";
  const mark = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    const shown = getComputedStyle(box);
    const moves = [shown.overflowX, shown.overflowY].some((kind) => kind === "auto" || kind === "scroll");
    if (scrolls && moves) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((changed) => changed.forEach(({ target }) => mark(target)));
  document.querySelectorAll(boxes).forEach((box) => watch.observe(box));
});
