/* What a reader acts on: sliders, switches, choices and buttons. All are the browser's own, so that keys and readers of
   screens know them. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  let count = 0; // for names that a label can point at

  /* `make("p", {class: "x", onclick: f}, "text", node)`: an element; what is undefined, null or false is left out. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== undefined && child !== null));
    return element;
  }

  /* A number from `min` to `max`; `shown(value)` is how the reader sees it. `onchange(value)` is told each move. */
  function slider({ label, min, max, step, value, shown = String, onchange }) {
    const id = `island-${(count += 1)}`;
    const output = make("output", { for: id }, shown(value));
    const input = make("input", { type: "range", id, min, max, step, "aria-valuetext": shown(value) });
    input.value = value; // after its limits
    const tell = () => {
      output.textContent = shown(input.valueAsNumber);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => { tell(); if (onchange) onchange(input.valueAsNumber); });
    return {
      root: make("div", { class: "island-slider" }, make("label", { for: id }, label), input, output),
      get value() { return input.valueAsNumber; },
      set value(number) { input.value = number; tell(); },
      set max(number) { input.max = number; tell(); },
      range(low, high, size, number) { Object.assign(input, { min: low, max: high, step: size }); input.value = number; tell(); },
      set disabled(off) { input.disabled = off; },
    };
  }

  /* On or off. */
  function toggle({ label, value = false, onchange }) {
    const input = make("input", { type: "checkbox" });
    input.checked = value;
    input.addEventListener("change", () => onchange && onchange(input.checked));
    return {
      root: make("label", { class: "island-toggle" }, input, make("span", {}, label)),
      get value() { return input.checked; },
      set value(on) { input.checked = on; },
      set disabled(off) { input.disabled = off; },
    };
  }

  /* One of several: `choices` are [value, words]. */
  function choice({ label, choices, value, onchange }) {
    const id = `island-${(count += 1)}`;
    const options = choices.map(([key, words]) => make("option", { value: key, selected: key === value }, words));
    const select = make("select", { id }, ...options);
    select.addEventListener("change", () => onchange && onchange(select.value));
    return {
      root: make("div", { class: "island-choice" }, make("label", { for: id }, label), select),
      get value() { return select.value; },
      set value(key) { select.value = key; },
      set disabled(off) { select.disabled = off; },
    };
  }

  /* A heading one level below the one that the stage stands under. */
  function heading(stage, words = "") {
    const above = [...document.querySelectorAll("h1, h2, h3, h4, h5")]
      .filter((one) => one.compareDocumentPosition(stage) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
    return make(`h${above ? Number(above.tagName[1]) + 1 : 2}`, {}, words);
  }

  function button(label, onclick, attributes) {
    return make("button", { type: "button", class: "island-button", onclick, ...attributes }, label);
  }

  /* "1 like", "2 likes". */
  function counted(number, word) {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  }

  /* For a button that means something else once it is pressed: the further presses of a double or triple click do nothing. */
  function once(press) {
    return ({ detail }) => { if (detail < 2) press(); }; // 0 by a key
  }

  /* Words that a reader of screens is told when they change. */
  function status(words = "") {
    return make("p", { class: "island-status", role: "status", "aria-live": "polite" }, words);
  }

  /* Parts side by side where there is room. */
  function row(...parts) {
    return make("div", { class: "island-row" }, ...parts.map((part) => part.root || part));
  }

  /* `change()` makes the entries of some `lists` anew. Whoever was on a button there is then on the button in its place, or on
     `otherwise`: without this the keyboard's focus would fall back to the top of the page. */
  function keepFocus(lists, otherwise, change) {
    const here = document.activeElement, list = lists.find((one) => one.contains(here));
    const entries = () => [...list.children], buttons = (entry) => (entry ? [...entry.querySelectorAll("button")] : []);
    const place = list ? entries().findIndex((entry) => entry.contains(here)) : 0;
    const which = list ? buttons(entries()[place]).indexOf(here) : 0;
    change();
    if (here.isConnected && !here.disabled) return;
    const next = list && buttons(entries()[Math.min(place, list.childElementCount - 1)])[which];
    (next || otherwise).focus({ preventScroll: true });
  }

  drr.controls = { make, slider, toggle, choice, heading, button, counted, once, status, row, keepFocus };
})();
