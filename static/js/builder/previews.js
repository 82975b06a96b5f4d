// Below the template that is being written: what it gives with the data that is known.

import { debounced, post } from "./asking.js";
import { nodeOf } from "./graph.js";
import { read } from "./items.js";

const AFTER = 250;
const ORIGINS = { pinned: "a pinned sample", run: "the last run", sample: "the sample", example: "examples" };

export class Previews {
  #field = null;

  constructor(editor, nodeId) {
    Object.assign(this, { editor, nodeId });
    this.ask = debounced((signal) => this.#ask(signal), AFTER);
  }

  watch(root) {
    this.#field = null;
    root.addEventListener("focusin", ({ target }) => {
      const field = target.matches(".code-input") ? target.closest("[data-field]") : null;
      if (field === this.#field || !field) return;
      if (this.#field) hide(this.#field);
      this.#field = field;
      this.refresh();
    });
  }

  refresh() {
    if (this.#field?.isConnected) this.ask();
  }

  async #ask(signal) {
    const field = this.#field;
    if (!field?.isConnected || !nodeOf(this.editor.graph, this.nodeId())) return;
    const value = valueOf(field);
    if (!JSON.stringify(value)?.match(/\{\{|\{%/)) return hide(field);
    const html = field.querySelector("[data-language]").dataset.language === "html";
    const made = await post("preview/", { graph: this.editor.graph, node: this.nodeId(), value, html }, { signal });
    if (field === this.#field) show(field, made);
  }
}

function valueOf(field) {
  try {
    return read(field);
  } catch {
    return undefined;
  }
}

const placeOf = (field) => field.querySelector(":scope > [data-preview]");

function hide(field) {
  const place = placeOf(field);
  if (place) place.hidden = true;
}

function show(field, { error, text, kind, missing = [], warnings = [], origins = [] }) {
  const place = placeOf(field);
  if (!place) return;
  place.hidden = false;
  if (error) return hide(field);
  const value = line("preview-value", kind === "text" ? text || "an empty text" : text);
  value.dataset.kind = kind;
  const known = origins.map((origin) => ORIGINS[origin]).filter(Boolean);
  const about = line("preview-kind", `${kind}${known.length ? `, from ${known.join(" and ")}` : ""}`);
  const notes = warnings.map((each) => line("preview-note", each));
  if (missing.length) notes.push(line("preview-note", `Nothing is known yet about ${missing.join(", ")}.`));
  place.replaceChildren(about, value, ...notes);
  if (value.scrollHeight > value.clientHeight) value.tabIndex = 0;
}

function line(name, text) {
  return Object.assign(document.createElement("div"), { className: name, textContent: text });
}
