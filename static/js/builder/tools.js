// Buttons over the canvas. Each has data-do, the name of an action; those about a selection float
// above it.

import { around } from "./view.js";

const HIGH = 52;

export class Tools {
  constructor(section, { editor, view, cards, edges, actions, focus }) {
    Object.assign(this, { editor, view, cards, edges });
    this.floating = section.querySelector("#selection-tools");
    this.scale = section.querySelector("[data-scale]");
    this.undo = section.querySelector('[data-do="undo"]');
    this.redo = section.querySelector('[data-do="redo"]');
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!button) return;
      if (event.detail && this.floating?.contains(button)) focus();
      actions[button.dataset.do]?.(event, button.dataset.with);
    });
    for (const type of ["change", "select"]) editor.addEventListener(type, () => this.#plan());
    view.addEventListener("view", () => this.#plan());
    this.#show();
  }

  #plan() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      this.#show();
    });
  }

  #show() {
    const scale = `${Math.round(this.view.k * 100)} %`;
    if (this.scale.textContent !== scale) this.scale.textContent = scale;
    if (this.undo) {
      enable(this.undo, this.editor.undoLabel, "Undo");
      enable(this.redo, this.editor.redoLabel, "Redo");
    }
    if (this.floating) this.#float();
  }

  #float() {
    const { nodes, edges } = this.editor;
    const kind = nodes.size > 1 || (nodes.size && edges.size) ? "many" : nodes.size ? "one" : edges.size === 1 ? "edge" : "";
    this.floating.hidden = !kind;
    if (!kind) return;
    for (const part of this.floating.querySelectorAll("[data-for]")) {
      part.hidden = !part.dataset.for.split(" ").includes(kind);
    }
    const area = kind === "edge" ? this.#pointOf([...edges][0]) : around([...nodes].map((id) => this.cards.boxes.get(id)));
    const top = this.view.toStage({ x: area.x + area.width / 2, y: area.y });
    this.wide ??= new Map();
    if (!this.wide.has(kind)) this.wide.set(kind, this.floating.offsetWidth);
    const wide = this.wide.get(kind);
    const bottom = this.view.toStage({ x: 0, y: area.y + area.height }).y;
    const y = top.y - HIGH > 4 ? top.y - HIGH : Math.min(bottom + 12, this.view.height - HIGH);
    const x = Math.max(8, Math.min(top.x - wide / 2, this.view.width - wide - 8));
    this.floating.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  #pointOf(key) {
    return { ...this.edges.middleOf(key), width: 0, height: 0 };
  }
}

function enable(button, label, verb) {
  button.ariaDisabled = label ? null : "true";
  const text = label ? `${verb}: ${label}` : `Nothing to ${verb.toLowerCase()}`;
  if (button.title === text) return;
  button.title = text;
  button.setAttribute("aria-label", text);
}
