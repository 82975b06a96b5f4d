// A list to choose from with a field to search in it: node types, ports, targets.

import { iconOf, part } from "./cards.js";

export class Chooser {
  #done = null;
  #found = [];
  #active = 0;

  constructor(box) {
    this.box = box;
    this.field = box.querySelector("input");
    this.list = box.querySelector("[role=listbox]");
    this.field.addEventListener("input", () => this.#filter());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("pointermove", (event) => this.#point(event.target.closest("[role=option]")));
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#close(this.#found[option.dataset.place].value);
    });
    document.addEventListener("pointerdown", (event) => {
      if (this.#done && !box.contains(event.target)) this.#close(null, { returns: false });
    }, { capture: true });
  }

  get isOpen() {
    return this.#done !== null;
  }

  /** Ask for one of `options`: [{value, label, hint, icon, group, category, words}]. Gives its value,
   * or null when the person goes away. `at`: a point of the window. */
  ask({ title, placeholder = "Search", options, at }) {
    this.#close(null, { returns: false });
    this.options = options;
    this.before = document.activeElement;
    this.box.setAttribute("aria-label", title);
    this.list.setAttribute("aria-label", title);
    this.box.querySelector("[data-title]").textContent = title;
    Object.assign(this.field, { value: "", placeholder });
    this.box.hidden = false;
    this.#filter();
    this.#place(at);
    this.field.focus({ preventScroll: true });
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  #place({ clientX, clientY }) {
    const { width, height } = this.box.getBoundingClientRect();
    const left = Math.max(8, Math.min(clientX, innerWidth - width - 8));
    const top = Math.max(8, Math.min(clientY, innerHeight - height - 8));
    this.box.style.insetInlineStart = `${left}px`;
    this.box.style.insetBlockStart = `${top}px`;
  }

  #close(value, { returns = true } = {}) {
    const done = this.#done;
    if (!done) return;
    this.#done = null;
    this.box.hidden = true;
    if (returns) this.before?.focus({ preventScroll: true });
    done(value);
  }

  #filter() {
    this.#found = ranked(this.options, this.field.value);
    this.list.replaceChildren(...this.#groups());
    this.list.hidden = !this.#found.length;
    this.box.querySelector("[data-none]").hidden = this.#found.length > 0;
    this.#point(this.list.querySelector("[role=option]"));
    this.list.scrollTop = 0;
  }

  #groups() {
    const isGrouped = !this.field.value.trim();
    const groups = new Map();
    this.#found.forEach((option, place) => {
      const name = isGrouped ? (option.group ?? "") : "";
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(optionOf(option, place));
    });
    return [...groups].flatMap(([name, options]) => {
      if (!name) return options;
      const group = part("div", "chooser-group");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", name);
      const head = part("div", "chooser-head", name);
      head.setAttribute("aria-hidden", "true");
      group.append(head, ...options);
      return [group];
    });
  }

  #point(option) {
    if (!option && this.#found.length) return;
    for (const old of this.list.querySelectorAll("[aria-selected=true]")) old.ariaSelected = "false";
    if (!option) {
      this.field.removeAttribute("aria-activedescendant");
      return;
    }
    option.ariaSelected = "true";
    this.#active = Number(option.dataset.place);
    this.field.setAttribute("aria-activedescendant", option.id);
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      event.preventDefault();
      const next = (this.#active + step + this.#found.length) % this.#found.length;
      const option = this.list.querySelector(`[data-place="${next}"]`);
      this.#point(option);
      option.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.#found.length) this.#close(this.#found[this.#active].value);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close(null);
    } else if (event.key === "Tab") {
      event.preventDefault();
    }
  }
}

function optionOf({ label, hint, icon, category }, place) {
  const option = part("div", "chooser-option");
  option.id = `chooser-option-${place}`;
  option.dataset.place = place;
  option.setAttribute("role", "option");
  option.ariaSelected = "false";
  if (icon) {
    const tile = part("span", "node-icon small");
    tile.dataset.category = category ?? "";
    tile.append(iconOf(icon, 15));
    option.append(tile);
  }
  const text = part("span", "chooser-text");
  text.append(part("span", "chooser-label", label));
  if (hint) text.append(part("span", "chooser-hint", hint));
  option.append(text);
  return option;
}

/** Those that match, the best first. */
export function ranked(options, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  const scored = options.map((option) => [scoreOf(option, words), option]);
  return scored.filter(([score]) => score > 0).sort(([a], [b]) => b - a).map(([, option]) => option);
}

function scoreOf({ label, hint = "", words = "" }, wanted) {
  const [name, more, rest] = [label, words, hint].map((text) => text.toLowerCase());
  let score = 0;
  for (const word of wanted) {
    const found =
      (name.startsWith(word) && 8) || (name.includes(` ${word}`) && 6) || (more.includes(word) && 4) ||
      (name.includes(word) && 3) || (rest.includes(word) && 1);
    if (!found) return 0;
    score += found;
  }
  return score;
}
