// The list of node types beside the canvas: search, click, drag to the canvas or onto an edge.

import { ranked } from "./chooser.js";

const STILL = 5;
const REST = 250;
const FOLDED = "altoflow.palette"; // read in palette-first.js too

export class Palette {
  constructor(box, { editor, view, cards, edges, adding }) {
    Object.assign(this, { box, editor, view, cards, edges, adding });
    this.items = [...box.querySelectorAll("[data-add]")];
    this.field = box.querySelector("input[type=search]");
    this.field.addEventListener("input", () => this.#filter());
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("click", (event) => this.#click(event));
    box.addEventListener("pointerdown", (event) => this.#press(event));
    const stay = (event) => this.held && event.preventDefault();
    box.addEventListener("touchmove", stay, { passive: false });
    box.addEventListener("contextmenu", stay);
    editor.addEventListener("change", () => this.#showTriggers());
    this.#rove(this.items[0]);
    this.#showTriggers();
    this.#tellFold();
  }

  get #isFolded() {
    return document.documentElement.dataset.palette === "folded";
  }

  /** Beside the canvas: to a narrow strip, and back. This browser remembers it. */
  fold() {
    if (this.#isFolded) delete document.documentElement.dataset.palette;
    else document.documentElement.dataset.palette = "folded";
    this.#tellFold();
    try {
      if (this.#isFolded) localStorage.setItem(FOLDED, "folded");
      else localStorage.removeItem(FOLDED);
    } catch {
      // Then it is open the next time.
    }
  }

  #tellFold() {
    const button = this.box.querySelector('[data-do="fold-palette"]');
    button.ariaExpanded = String(!this.#isFolded);
    button.title = this.#isFolded ? "Show the node types" : "Fold the node types away";
  }

  /** On a phone the palette is a sheet. */
  open() {
    this.box.dataset.open = "";
    this.field.focus();
  }

  close() {
    delete this.box.dataset.open;
  }

  #filter() {
    this.box.toggleAttribute("data-searching", Boolean(this.field.value.trim()));
    const options = this.items.map((item) => {
      const type = this.editor.types.get(item.dataset.add);
      return { item, label: type.label, words: `${type.keywords.join(" ")} ${type.type}`, hint: type.help };
    });
    const found = new Set(ranked(options, this.field.value).map((each) => each.item));
    for (const item of this.items) item.parentElement.hidden = !found.has(item);
    for (const group of this.box.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("li:not([hidden])");
    }
    this.box.querySelector("[data-none]").hidden = found.size > 0;
    this.best = ranked(options, this.field.value)[0]?.item;
    this.#rove(this.#shown[0]);
  }

  get #shown() {
    return this.items.filter((item) => item.checkVisibility());
  }

  #rove(item) {
    for (const each of this.items) each.tabIndex = each === item ? 0 : -1;
  }

  #key(event) {
    if (event.key === "Escape" && this.field.value) {
      this.field.value = "";
      this.#filter();
      return;
    }
    if (event.key === "Escape" && "open" in this.box.dataset) this.close();
    if (event.key === "Enter" && event.target === this.field) {
      event.preventDefault();
      if (this.best && this.field.value) this.#add(this.best.dataset.add);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const shown = this.#shown;
    const place = shown.indexOf(event.target) + step;
    if (place < 0) this.field.focus();
    else if (shown[place]) {
      this.#rove(shown[place]);
      shown[place].focus();
    }
  }

  #click(event) {
    if (event.target.closest("[data-close]")) this.close();
    const item = event.target.closest("[data-add]");
    if (item && !this.wasDragged) this.#add(item.dataset.add);
    this.wasDragged = false;
  }

  #add(type) {
    this.close();
    this.adding.add(type, { from: this.adding.nextPlace() });
  }

  /** Dragging begins when the pointer has moved. A finger scrolls the list, unless it has rested
   * before or goes sideways. */
  #press(event) {
    const item = event.target.closest("[data-add]");
    if (!item || event.button) return;
    const isTouch = event.pointerType === "touch";
    const drag = this.#dragging(item.dataset.add);
    const rest = isTouch && setTimeout(() => this.#hold(item), REST);
    const move = (now) => {
      const [dx, dy] = [now.clientX - event.clientX, now.clientY - event.clientY].map(Math.abs);
      if (!drag.isOn && Math.hypot(dx, dy) < STILL) return;
      if (drag.isOn || !isTouch || this.held || dx > dy) drag.move(now);
      else finish(now);
    };
    const finish = (now) => {
      clearTimeout(rest);
      this.#hold(null);
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", finish);
      removeEventListener("pointercancel", finish);
      removeEventListener("keydown", leave, { capture: true });
      if (drag.isOn) drag.end(now);
    };
    const leave = (key) => {
      if (key.key === "Escape") finish(key);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", finish);
    addEventListener("pointercancel", finish);
    addEventListener("keydown", leave, { capture: true });
    if (isTouch) return;
    event.preventDefault();
    item.focus();
  }

  /** The type on which a finger rests, ready to be dragged. */
  #hold(item) {
    if (this.held) delete this.held.dataset.held;
    this.held = item;
    if (item) item.dataset.held = "";
  }

  #dragging(type) {
    let ghost = null;
    return {
      get isOn() {
        return ghost !== null;
      },
      move: (now) => {
        ghost ??= this.#ghost(type);
        this.box.dataset.dragging = "";
        this.#follow(ghost, now, type);
      },
      end: (now) => {
        ghost.remove();
        delete this.box.dataset.dragging;
        this.wasDragged = true;
        setTimeout(() => {
          this.wasDragged = false;
        });
        const key = this.edges.dropped;
        this.edges.markDrop(null);
        if (now.type === "pointerup" && this.view.isInside(now)) this.#drop(type, now, key);
      },
    };
  }

  #ghost(type) {
    this.view.measure();
    const template = this.cards.templates.get(type);
    const ghost = template.content.firstElementChild.cloneNode(true);
    ghost.classList.add("ghost");
    ghost.setAttribute("aria-hidden", "true");
    document.body.append(ghost);
    return ghost;
  }

  #follow(ghost, event, type) {
    const { k } = this.view;
    ghost.style.transform = `translate(${event.clientX}px, ${event.clientY}px) scale(${k}) translate(-50%, -50%)`;
    const isTrigger = this.editor.types.get(type).category === "trigger";
    const key = this.view.isInside(event) && !isTrigger ? this.edges.at(this.view.toBoard(event)) : null;
    this.edges.markDrop(key);
  }

  #drop(type, event, key) {
    this.close();
    const point = this.view.toBoard(event);
    this.adding.add(type, key ? { key } : { at: point });
  }

  /** A workflow has one trigger: the others are then not on offer. */
  #showTriggers() {
    const { graph, types } = this.editor;
    const has = graph.nodes.some((node) => types.get(node.type)?.category === "trigger");
    const group = this.box.querySelector('[data-group="trigger"]');
    group.toggleAttribute("data-taken", has);
    if (!this.items.some((item) => item.tabIndex === 0 && !(has && group.contains(item)))) {
      this.#rove(this.items.find((item) => !has || !group.contains(item)));
    }
  }
}
