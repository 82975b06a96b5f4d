// The whole graph in the corner, and the part of it that is seen. A press goes there. `data-beyond`:
// there is more than is seen.

import { around } from "./view.js";

const MARGIN = 80;
const KINDS = ["trigger", "action", "condition", "flow", "unknown"];

export class Minimap {
  #planned = false;

  constructor(svg, { editor, view, cards }) {
    Object.assign(this, { svg, editor, view, cards });
    this.paths = new Map(KINDS.map((kind) => [kind, svg.querySelector(`[data-category="${kind}"]`)]));
    this.frame = svg.querySelector(".minimap-view");
    editor.addEventListener("change", () => this.draw());
    view.addEventListener("view", () => this.#plan());
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      this.#goTo(event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) this.#goTo(event);
    });
    this.draw();
  }

  /** The cards; the frame follows by itself. */
  draw() {
    const paths = Object.fromEntries(KINDS.map((kind) => [kind, ""]));
    for (const node of this.editor.graph.nodes) {
      const { x, y, width, height } = this.cards.boxes.get(node.id);
      paths[this.editor.types.get(node.type)?.category ?? "unknown"] += `M${x} ${y}h${width}v${height}h${-width}z`;
    }
    for (const [kind, path] of this.paths) path.setAttribute("d", paths[kind]);
    this.cardsOnly = around(this.cards.boxes.values());
    this.whole = around(this.cards.boxes.values(), MARGIN);
    this.svg.toggleAttribute("data-empty", !this.whole);
    this.#plan();
  }

  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#frame();
    });
  }

  #frame() {
    if (!this.whole) return;
    const { seen } = this.view;
    const area = around([this.whole, seen]);
    const box = `${area.x} ${area.y} ${area.width} ${area.height}`;
    if (box !== this.box) this.svg.setAttribute("viewBox", box);
    this.box = box;
    this.svg.toggleAttribute("data-beyond", !isWithin(this.cardsOnly, seen));
    for (const side of ["x", "y", "width", "height"]) this.frame.setAttribute(side, seen[side]);
  }

  #goTo(event) {
    const matrix = this.svg.getScreenCTM();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    this.view.centerOn(point);
  }
}

const isWithin = (box, frame) =>
  box.x >= frame.x && box.x + box.width <= frame.x + frame.width &&
  box.y >= frame.y && box.y + box.height <= frame.y + frame.height;
