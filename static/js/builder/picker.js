// The data that a node's templates can use: a tree to insert from, and the names for completion.

import { Completion, insertText, wordAt } from "./template-field.js";
import { dataTree } from "./data-tree.js";
import { nodeOf } from "./graph.js";
import { expression } from "./paths.js";
import { debounced, post } from "./asking.js";

const REMEMBERED = "altoflow.picker";
const DEEPEST = 4;
const MOST_PATHS = 600;
const MOST_FOUND = 60;
const ORIGINS = {
  pinned: "pinned", run: "last run", sample: "sample", example: "example", derived: "",
};
const GROUPS = [
  ["loop", "In this loop"], ["nodes", "Nodes before"], ["surroundings", "About this run"], ["secrets", "Secrets"],
];

export class Picker {
  #known = null;
  #graph = null;
  #id = null;

  /** `place`: the drawer; `target()`: the text field to insert into, or null. */
  constructor(place, { editor, target }) {
    Object.assign(this, { place, editor, target });
    this.body = place.querySelector("[data-picker-body]");
    this.search = place.querySelector("[data-picker-search]");
    this.reload = debounced((signal) => this.#load(signal), 250);
    place.querySelector("summary").addEventListener("click", () => {
      sessionStorage.setItem(REMEMBERED, place.open ? "closed" : "open");
    });
    place.addEventListener("toggle", () => this.refresh());
    this.search.addEventListener("input", () => this.#show());
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") this.body.querySelector("[role=treeitem]")?.focus();
      if (event.key === "ArrowDown") event.preventDefault();
    });
    place.open = sessionStorage.getItem(REMEMBERED) === "open";
  }

  /** Opens for a field that is being filled in, where there is room; somebody's own choice stays. */
  offer(field) {
    const hasRoom = matchMedia("(min-height: 46rem) and (min-width: 60rem)").matches;
    if (!hasRoom || this.place.open || sessionStorage.getItem(REMEMBERED)) return;
    this.place.open = true;
    field.scrollIntoView({ block: "nearest" });
  }

  show(id) {
    [this.#id, this.#known, this.#graph] = [id, null, null];
    this.search.value = "";
    if (!sessionStorage.getItem(REMEMBERED)) this.place.open = false;
    this.#show();
    if (this.place.open) this.reload.now();
  }

  /** Ask again where something may have changed. */
  refresh() {
    if (this.place.open && this.#id && this.#graph !== this.editor.graph) this.reload();
  }

  forget() {
    this.#graph = null;
    this.refresh();
  }

  async #load(signal) {
    const { graph } = this.editor;
    const id = this.#id;
    if (!nodeOf(graph, id)) return;
    const answer = await post("variables/", { graph, node: id }, { signal });
    if (id !== this.#id) return;
    [this.#known, this.#graph] = [answer, graph];
    this.#show();
  }

  /** For completion: names with the paths inside of them, or filters. */
  async offers(kind) {
    if (!this.#known || this.#graph !== this.editor.graph) await this.#load().catch(() => {});
    if (!this.#known) return [];
    if (kind === "filter") {
      return this.#known.filters.map(({ name, summary }) => ({ value: name, note: summary }));
    }
    const roots = this.#known.sources.map((source) => ({
      value: source.root, note: source.warning ? "may be missing" : source.label,
    }));
    return [...roots, ...this.#paths().map(({ path, outline }) => ({ value: path, note: short(outline) }))];
  }

  #paths() {
    const found = [];
    const walk = (root, parts, outline) => {
      for (const [key, inner] of outline?.children ?? []) {
        const path = expression(root, [...parts, key]);
        if (path) found.push({ path, outline: inner, root, parts: [...parts, key] });
        if (found.length >= MOST_PATHS) return;
        if (parts.length < DEEPEST) walk(root, [...parts, key], inner);
      }
    };
    for (const source of this.#known.sources) walk(source.root, [], source.outline);
    return found;
  }

  #show() {
    const words = this.search.value.trim().toLowerCase();
    if (!this.#known) return this.#say("Loading…");
    if (words) return this.#showFound(words);
    const groups = GROUPS.flatMap(([group, title]) => {
      const entries = this.#known.sources.filter((source) => source.group === group).map(entryOf);
      if (!entries.length) return [];
      const heading = Object.assign(document.createElement("h3"), { className: "data-group", textContent: title });
      return [heading, this.#tree(entries, title)];
    });
    this.body.replaceChildren(...groups);
  }

  #showFound(words) {
    const fits = (text) => text.toLowerCase().includes(words);
    const roots = this.#known.sources.filter((each) => fits(each.root) || fits(each.label)).map(entryOf);
    const paths = this.#paths()
      .filter(({ path, outline }) => fits(path) || fits(outline.text ?? ""))
      .map(({ path, ...entry }) => ({ ...entry, key: path, path }));
    const found = [...roots, ...paths].slice(0, MOST_FOUND);
    if (!found.length) return this.#say("Nothing of this name comes before this node.");
    this.body.replaceChildren(this.#tree(found, "Found"));
  }

  #tree(entries, label) {
    return dataTree(entries, { label, onChoose: this.editor.readOnly ? undefined : (path) => this.insert(path) });
  }

  #say(text) {
    this.body.replaceChildren(Object.assign(document.createElement("p"), { className: "pf-help", textContent: text }));
  }

  /** Write a path where the caret was; within an output or tag without its brackets. */
  insert(path) {
    const area = this.target();
    if (!area) return;
    const isInside = wordAt(area.value, area.selectionStart)?.kind === "name";
    const isJson = area.closest("[data-language]").dataset.language === "json";
    const text = isInside ? path : `{{ ${path} }}`;
    insertText(area, isJson && !isInside && !isInString(area) ? JSON.stringify(text) : text);
  }
}

/** Whether the caret stands between quotes. An empty field takes a bare template. */
function isInString(area) {
  const before = area.value.slice(0, area.selectionStart).replace(/\\./g, "");
  return !area.value.trim() || (before.match(/"/g) ?? []).length % 2 === 1;
}

function entryOf({ root, label, origin, warning, outline }) {
  return { root, key: root, label, note: origin ? ORIGINS[origin] : outline ? "" : "", warning, outline, parts: [] };
}

function short(outline) {
  if (outline.children) return outline.kind === "list" ? `list of ${outline.count}` : "object";
  return outline.text.length > 40 ? `${outline.text.slice(0, 39)}…` : outline.text;
}

/** Completion in all template fields of a form. */
export function completeIn(root, picker, announce) {
  const completion = new Completion(document.getElementById("suggestions"), announce, (kind) => picker.offers(kind));
  root.addEventListener("keydown", (event) => {
    if (!event.target.matches(".code-input")) return;
    if (completion.pressed(event)) return;
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      completion.suggest(event.target, true);
    } else if (event.key === "Enter" && event.target.hasAttribute("data-one-line")) event.preventDefault();
  });
  root.addEventListener("input", (event) => {
    if (event.target.matches(".code-input")) completion.suggest(event.target);
  });
  root.addEventListener("focusout", () => completion.close());
}
