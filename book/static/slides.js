// Arrow keys, space and page keys go from slide to slide; without this script the page just scrolls.
const slides = [...document.querySelectorAll("section")];
const forward = ["ArrowRight", "ArrowDown", "PageDown", " "], back = ["ArrowLeft", "ArrowUp", "PageUp"];
document.addEventListener("keydown", (event) => {
  const step = forward.includes(event.key) ? 1 : back.includes(event.key) ? -1 : 0;
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const here = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > 2);
  slides[Math.min(Math.max(here + step, 0), slides.length - 1)].scrollIntoView();
});
