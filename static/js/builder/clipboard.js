// Copy, cut, paste and duplicate: nodes travel as JSON text, to other workflows and tabs too.

import { copyOf, paste, readCopy } from "./copies.js";
import { Refused, removeNodes } from "./graph.js";
import { around } from "./view.js";
import { GRID } from "./snapping.js";
import { notice } from "./notice.js";

const APART = 3 * GRID;

export class Clipboard {
  #times = { text: "", count: 0 };
  #pointer = null;

  constructor({ editor, view, cards, say, focus }) {
    Object.assign(this, { editor, view, cards, say, focus });
    view.stage.addEventListener("pointermove", (event) => {
      this.#pointer = event;
    });
    view.stage.addEventListener("pointerleave", () => {
      this.#pointer = null;
    });
    document.addEventListener("copy", (event) => this.#copy(event));
    document.addEventListener("cut", (event) => this.#copy(event, { cuts: true }));
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  #copy(event, { cuts = false } = {}) {
    if (isElsewhere(event) || !this.editor.nodes.size || String(getSelection())) return;
    event.preventDefault();
    const ids = [...this.editor.nodes];
    event.clipboardData.setData("text/plain", copyOf(this.editor.graph, ids));
    this.#times = { text: "", count: 0 };
    const what = ids.length > 1 ? `${ids.length} nodes` : this.cards.nameOf(ids[0]);
    if (!cuts) this.say(`${what} copied.`);
    else if (this.editor.change(`Cut ${what}`, (graph) => removeNodes(graph, this.editor.types, ids))) {
      this.say(`${what} cut.`);
      this.focus();
    }
  }

  #paste(event) {
    if (isElsewhere(event)) return;
    event.preventDefault();
    this.insert(event.clipboardData.getData("text/plain"));
  }

  /** For buttons: by way of the browser's own clipboard. */
  async copyNow() {
    if (!document.execCommand("copy")) notice("The browser did not let us copy. Press Ctrl-C.", { kind: "bad" });
  }

  async pasteNow() {
    try {
      this.insert(await navigator.clipboard.readText());
    } catch {
      notice("The browser did not let us read the clipboard. Press Ctrl-V.", { kind: "bad" });
    }
  }

  insert(text) {
    let part;
    try {
      part = readCopy(text);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.editor.tell("refused", { message: error.message });
      return;
    }
    if (this.#times.text !== text) this.#times = { text, count: 0 };
    this.#add("Paste", part, this.#corner(part));
  }

  /** Where the pointer is, else in the middle; further right and down each time. */
  #corner(part) {
    const area = around(part.nodes.map((node) => ({ ...node.position, width: 216, height: 56 })));
    const shift = APART * this.#times.count;
    this.#times.count += 1;
    const { x, y } = this.#pointer ? this.view.toBoard(this.#pointer) : this.view.center;
    return onGrid({ x: x - (area?.width ?? 0) / 2 + shift, y: y - (area?.height ?? 0) / 2 + shift });
  }

  duplicate() {
    const ids = [...this.editor.nodes];
    if (!ids.length) return;
    const part = readCopy(copyOf(this.editor.graph, ids));
    const corner = around(ids.map((id) => this.cards.boxes.get(id)));
    this.#add("Duplicate", part, { x: corner.x + APART, y: corner.y + APART });
  }

  #add(verb, part, corner) {
    let result = null;
    const isDone = this.editor.change(verb, (graph) => {
      result = paste(graph, this.editor.types, part, corner);
      if (!result.ids.length) throw new Refused(result.left);
      return result.graph;
    });
    if (!isDone) return;
    this.editor.select({ nodes: result.ids });
    this.cards.makeCurrent(result.ids[0]);
    this.view.reveal(around(result.ids.map((id) => this.cards.boxes.get(id))));
    this.focus();
    if (result.left) notice(result.left);
    this.say(`${result.ids.length} node${result.ids.length > 1 ? "s" : ""} added.`);
  }
}

/** Texts in fields and in the side panel are copied by the browser. */
function isElsewhere(event) {
  const element = event.target instanceof Element ? event.target : document.activeElement;
  return Boolean(element?.closest("input, textarea, select, [contenteditable], #side, dialog"));
}

const onGrid = ({ x, y }) => ({ x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID });
