// Copy, cut, paste and duplicate: nodes travel as JSON text, to other workflows and tabs too.

import { copyOf, cornerOf, freeCorner, paste, readCopy, takenOf } from "./copies.js";
import { CARD, Refused, removeNodes } from "./graph.js";
import { around } from "./view.js";
import { GRID } from "./snapping.js";
import { notice } from "./notice.js";
import { counted } from "./words.js";

const APART = 3 * GRID;

export class Clipboard {
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
    this.#add("Paste", part, (nodes) => this.#corner(nodes));
  }

  /** So that the middle of the nodes is where the pointer is, else in the middle of what is seen. */
  #corner(nodes) {
    const { width, height } = around(nodes.map((node) => ({ ...node.position, ...CARD })));
    const { x, y } = this.#pointer ? this.view.toBoard(this.#pointer) : this.view.center;
    return onGrid({ x: x - width / 2, y: y - height / 2 });
  }

  duplicate() {
    const ids = [...this.editor.nodes];
    if (!ids.length) return;
    const part = readCopy(copyOf(this.editor.graph, ids));
    this.#add("Duplicate", part, cornerOf);
  }

  /** `cornerFor(nodes)`: where they are wanted; where cards are hidden then, they come beside it. */
  #add(verb, part, cornerFor) {
    const { types } = this.editor;
    let result = null;
    const isDone = this.editor.change(verb, (graph) => {
      const nodes = takenOf(graph, types, part);
      const corner = nodes.length ? freeCorner(graph, nodes, cornerFor(nodes), APART) : null;
      result = paste(graph, types, part, corner);
      if (!result.ids.length) throw new Refused(result.left);
      return result.graph;
    });
    if (!isDone) return;
    this.editor.select({ nodes: result.ids });
    this.cards.makeCurrent(result.ids[0]);
    this.view.reveal(around(result.ids.map((id) => this.cards.boxes.get(id))));
    this.focus();
    if (result.left) notice(result.left);
    this.say(`${counted(result.ids.length, "node")} added.`);
  }
}

/** Texts in fields and in the side panel are copied by the browser. */
function isElsewhere(event) {
  const element = event.target instanceof Element ? event.target : document.activeElement;
  return Boolean(element?.closest("input, textarea, select, [contenteditable], #side, dialog"));
}

const onGrid = ({ x, y }) => ({ x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID });
