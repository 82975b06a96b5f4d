// All that the canvas does by keys. The dialog `#keys` lists them.

import { placeNodes } from "./graph.js";
import { GRID } from "./snapping.js";
import { neighbour } from "./walk.js";

const ARROWS = { ArrowRight: "right", ArrowLeft: "left", ArrowUp: "up", ArrowDown: "down" };
const BY = { right: [1, 0], left: [-1, 0], up: [0, -1], down: [0, 1] };
const TRAIL = 50;

export class Keyboard {
  #trail = [];
  #panned = false;

  /** `actions`: what the tools do too, by name. */
  constructor({ editor, view, cards, gestures, selection, quickAdd, actions }) {
    Object.assign(this, { editor, view, cards, gestures, selection, quickAdd, actions });
    document.addEventListener("keydown", (event) => this.#isHere(event) && this.#onStage(event));
    document.addEventListener("keyup", (event) => this.#release(event));
    view.stage.addEventListener("blur", () => this.#endPan(), { capture: true });
    view.stage.addEventListener("pointermove", () => {
      if (gestures.isBusy) this.#panned = true;
    });
    view.stage.addEventListener("focusin", (event) => this.#arrive(event));
    document.addEventListener("keydown", (event) => this.#everywhere(event));
  }

  /** The card that keys are about. */
  get #id() {
    const card = document.activeElement?.closest("[data-node]");
    return card?.dataset.node ?? this.editor.single ?? this.cards.current;
  }

  /** In the canvas, or nowhere. */
  #isHere({ target }) {
    return target === document.body || this.view.stage.parentElement.contains(target);
  }

  /** Who comes by Tab selects; a press has selected already. */
  #arrive(event) {
    const id = event.target.dataset?.node;
    if (!id || this.gestures.isBusy) return;
    this.cards.makeCurrent(id);
    if (!event.target.matches(":focus-visible")) return;
    if (!this.editor.nodes.has(id)) this.editor.select({ nodes: [id] });
    this.view.reveal(this.cards.boxes.get(id));
  }

  // -------------------------------------------------------------- wherever the focus is

  #everywhere(event) {
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isCommand && key === "z") this.#do(event, event.shiftKey ? "redo" : "undo");
    else if (isCommand && key === "y") this.#do(event, "redo");
    else if (isCommand && key === "s") {
      event.preventDefault();
      this.editor.tell("save");
    } else if (!isCommand && !event.altKey && key === "?") this.#do(event, "keys");
  }

  #do(event, name) {
    event.preventDefault();
    this.actions[name](event);
  }

  // -------------------------------------------------------------- on the canvas

  #onStage(event) {
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand) this.#command(event);
    else if (event.target.closest(".over-stage, .outline")) this.#onTools(event);
    else if (ARROWS[event.key]) this.#arrow(event, ARROWS[event.key]);
    else if (event.key === " ") this.#holdPan(event);
    else if (!event.altKey) this.#letter(event);
  }

  /** Keys that no button of the tools has itself. */
  #onTools(event) {
    if (!event.altKey && !["Enter", "Home"].includes(event.key)) this.#letter(event);
  }

  #command(event) {
    const name = { a: "all", d: "duplicate" }[event.key.toLowerCase()];
    if (name) this.#do(event, name);
  }

  #letter(event) {
    const id = this.#id;
    const doIt = {
      Enter: () => id && this.editor.open(id),
      Delete: () => this.actions.remove(),
      Backspace: () => this.actions.remove(),
      Escape: () => this.actions.escape(),
      a: () => this.quickAdd.addAfter(id),
      "/": () => this.quickAdd.add(),
      c: () => id && this.quickAdd.connectFrom(id),
      x: () => id && this.actions.disconnect(id),
      f: () => this.actions.find(),
      o: () => this.actions.outline(),
      t: () => this.actions.tidy(),
      1: () => this.actions.fit(),
      0: () => this.actions.full(),
      "+": () => this.actions.closer(),
      "=": () => this.actions.closer(),
      "-": () => this.actions.farther(),
      Home: () => this.#go(this.editor.graph.nodes[0]?.id),
    }[event.key];
    if (!doIt || (event.target.closest("button") && event.key === "Enter")) return;
    event.preventDefault();
    doIt();
  }

  #arrow(event, direction) {
    event.preventDefault();
    if (event.altKey) {
      this.#nudge(direction, event.shiftKey ? 5 * GRID : GRID);
      return;
    }
    const from = this.#id;
    if (!from) return;
    const isOnCard = document.activeElement?.closest("[data-node]");
    const next = isOnCard
      ? neighbour(this.editor.graph, this.cards.boxes, from, direction, this.#trail)
      : from;
    if (!next) return;
    if (direction === "right") this.#trail = [...this.#trail, from].slice(-TRAIL);
    this.#go(next, { adds: event.shiftKey });
  }

  #go(id, { adds = false } = {}) {
    if (!id) return;
    this.editor.select({ nodes: adds ? [...this.editor.nodes, id] : [id] });
    this.cards.makeCurrent(id);
    this.cards.element(id).focus({ preventScroll: true });
    this.view.reveal(this.cards.boxes.get(id));
  }

  #nudge(direction, step) {
    const ids = this.editor.nodes.size ? [...this.editor.nodes] : [this.#id].filter(Boolean);
    const [dx, dy] = BY[direction];
    const places = new Map(ids.map((id) => {
      const { x, y } = this.cards.boxes.get(id);
      return [id, { x: x + dx * step, y: y + dy * step }];
    }));
    const label = ids.length > 1 ? `Move ${ids.length} nodes` : `Move ${this.cards.nameOf(ids[0])}`;
    this.editor.change(label, (graph) => placeNodes(graph, places), { merge: `nudge ${ids}` });
    if (ids[0]) this.view.reveal(this.cards.boxes.get(ids[0]));
  }

  // -------------------------------------------------------------- space: hold to pan, tap to select

  #holdPan(event) {
    if (event.target.closest("button")) return;
    event.preventDefault();
    if (event.repeat) return;
    this.gestures.isPanReady = true;
    this.#panned = false;
    this.view.stage.dataset.panReady = "";
  }

  #release(event) {
    if (event.key !== " " || !this.gestures.isPanReady) return;
    this.#endPan();
    const id = event.target.dataset?.node;
    if (id && !this.#panned) this.selection.toggle(id);
  }

  #endPan() {
    this.gestures.isPanReady = false;
    delete this.view.stage.dataset.panReady;
  }
}

export function isWriting(element) {
  return Boolean(element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}
