// The side panel: the settings of the one node that is selected, its test and its last data.

import { copyOf, paste, readCopy } from "./copies.js";
import { nodeOf, removeNodes } from "./graph.js";
import { NodeForm } from "./form.js";
import { NodeTest } from "./node-test.js";
import { Picker, completeIn } from "./picker.js";
import { Previews } from "./previews.js";
import { rename, renameIn } from "./renaming.js";
import { showProblems } from "./field-problems.js";
import { debounced, get, NoAnswer, post } from "./asking.js";
import { paint } from "./template-field.js";
import { Tabs } from "./tabs.js";
import { showUnknownType } from "./unknown-type.js";

const CHECK_AFTER = 300;
const PHONE = "(max-width: 60rem)";

export function createPanel(editor, state) {
  return new Panel(editor, state);
}

class Panel {
  #id = null;
  #type = null;
  #renamed = false;

  constructor(editor) {
    this.editor = editor;
    this.side = document.getElementById("side");
    this.place = document.getElementById("side-node");
    this.form = null;
    this.forms = new Map();
    this.lastArea = null;
    this.holder = this.place.querySelector("[data-side-form]");
    this.picker = new Picker(this.place.querySelector("[data-picker]"), { editor, target: () => this.#target() });
    this.previews = new Previews(editor, () => this.#id);
    this.test = new NodeTest(document.getElementById("side-test"), document.getElementById("side-data"), {
      editor, onPinned: () => this.#dataChanged(),
    });
    this.tabs = new Tabs(this.place, (name) => {
      if (name === "test") this.test.prefill();
      if (name === "data") this.test.showData();
    });
    this.check = debounced((signal) => this.#check(signal), CHECK_AFTER);
    this.news = document.getElementById("side-news");
    this.place.toggleAttribute("data-read-only", editor.readOnly);
    this.#listen();
    this.#render();
  }

  #listen() {
    const { editor, place } = this;
    completeIn(place, this.picker, (text) => (this.news.textContent = text));
    editor.addEventListener("select", () => queueMicrotask(() => this.#render()));
    editor.addEventListener("change", (event) => this.#changed(event.detail));
    editor.addEventListener("open", ({ detail }) => this.#open(detail.id));
    editor.addEventListener("findings", () => this.#showFindings());
    editor.addEventListener("run", () => this.#runWentOn());
    place.addEventListener("click", (event) => this.#clicked(event));
    place.addEventListener("keydown", (event) => this.#pressed(event));
    place.addEventListener("focusin", ({ target }) => {
      if (target.matches("#side-settings .code-input")) this.#aim(target);
    });
    document.getElementById("time-zones").append(
      ...["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => Object.assign(document.createElement("option"), { value: zone })),
    );
  }

  // -------------------------------------------------------------- which node

  async #render() {
    const { single } = this.editor;
    const node = single && nodeOf(this.editor.graph, single);
    const isOpen = Boolean(node);
    this.place.hidden = !isOpen;
    document.getElementById("side-body").hidden = isOpen;
    if (!isOpen) {
      this.#id = null;
      this.#type = null;
      this.form = null;
      delete this.side.dataset.open;
      return this.check.stop();
    }
    if (node.id === this.#id && node.type === this.#type) return;
    [this.#id, this.#type] = [node.id, node.type];
    this.form = null;
    this.lastArea = null;
    this.place.querySelector("[data-picker-target]").textContent = "";
    this.#head(node);
    this.test.show(node.id);
    this.picker.show(node.id);
    const isKnown = this.editor.types.has(node.type);
    this.tabs.show(isKnown && this.tabs.shown === "data" ? "data" : "settings");
    this.building = this.#build(node);
    await this.building;
  }

  async #build(node) {
    const type = this.editor.types.get(node.type);
    const icon = this.place.querySelector("[data-side-icon]");
    icon.replaceChildren();
    for (const name of ["tab-test", "tab-data"]) document.getElementById(name).hidden = !type;
    this.place.querySelector("[data-picker]").hidden = !type;
    if (!type) return showUnknownType(this.holder, this.editor, node);
    if (!this.forms.has(node.type)) this.holder.replaceChildren();
    try {
      const root = await this.#formOf(node.type);
      if (this.#id !== node.id || this.#type !== node.type) return;
      icon.append(document.importNode(root.querySelector("[data-icon]").content, true));
      this.holder.replaceChildren(root);
      this.form = new NodeForm(root, {
        editor: this.editor,
        id: node.id,
        onChange: () => this.#written(),
        onPaint: paint,
        onRename: (next) => this.#rename(next),
      });
      this.previews.watch(root);
      this.#showFindings();
      this.place.dispatchEvent(new CustomEvent("panel:ready", { detail: { id: node.id } }));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.holder.replaceChildren(Object.assign(document.createElement("p"), { className: "pf-help", textContent: error.message }));
    }
  }

  /** One form for all nodes of a type, fetched once. */
  async #formOf(type) {
    if (!this.forms.has(type)) this.forms.set(type, await get(`forms/${type}/`));
    const template = document.createElement("template");
    template.innerHTML = this.forms.get(type);
    return document.importNode(template.content, true).firstElementChild;
  }

  #head(node) {
    const type = this.editor.types.get(node.type);
    const find = (name) => this.place.querySelector(`[data-side-${name}]`);
    find("title").textContent = node.name || type?.label || node.type;
    find("type").textContent = type?.label ?? `Unknown type ${node.type}`;
    find("id").textContent = node.id;
    this.place.dataset.category = type?.category ?? "unknown";
  }

  async #open(id) {
    this.side.dataset.open = "yes";
    this.tabs.show("settings");
    await this.#render();
    await this.building;
    const first = this.holder.querySelector("[data-config] [data-control]:not([disabled])") ?? this.holder.querySelector("[data-control], select");
    (first ?? this.place.querySelector("[data-side-act=close]")).focus();
  }

  #close() {
    delete this.side.dataset.open;
    if (!matchMedia(PHONE).matches) this.editor.select({});
    document.getElementById("canvas").focus();
  }

  // -------------------------------------------------------------- changes

  #written() {
    const node = nodeOf(this.editor.graph, this.#id);
    if (node) this.#head(node);
    this.check();
    this.previews.refresh();
  }

  #changed({ before, after }) {
    const renamed = renameIn(before, after);
    if (renamed) this.#followRename(renamed);
    const node = this.#id && nodeOf(after, this.#id);
    if (!node || this.form?.isWriting) return;
    if (node.type !== this.#type) return queueMicrotask(() => this.#render());
    this.#head(node);
    this.picker.refresh();
    if (!this.form) return;
    if (node !== nodeOf(before, this.#id) || renamed) this.form.update();
    this.check();
  }

  #followRename({ from, to }) {
    if (!this.editor.readOnly) post(`nodes/${from}/sample/`, { to }).catch(() => {});
    if (from !== this.#id) return;
    this.#id = to;
    if (this.form) this.form.id = to;
    this.test.show(to);
    this.editor.select({ nodes: [to] });
  }

  #rename(next) {
    const isDone = rename(this.editor, this.#id, next);
    if (!isDone) this.form.fill();
    this.picker.forget();
  }

  #clicked(event) {
    const act = event.target.closest("[data-side-act]")?.dataset.sideAct;
    if (act === "close") this.#close();
    if (act === "duplicate") this.#duplicate();
    if (act === "delete") {
      this.editor.change("Delete a node", (graph) => removeNodes(graph, this.editor.types, [this.#id]));
      document.getElementById("canvas").focus();
    }
  }

  #duplicate() {
    const { graph, types } = this.editor;
    const { position } = nodeOf(graph, this.#id);
    let made = [];
    this.editor.change("Duplicate", (before) => {
      const copy = paste(before, types, readCopy(copyOf(before, [this.#id])), { x: position.x + 32, y: position.y + 32 });
      made = copy.ids;
      return copy.graph;
    });
    if (made.length) this.editor.select({ nodes: made });
  }

  #pressed(event) {
    if (event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      this.editor.tell("save");
    } else if (event.key === "Escape") {
      event.stopPropagation();
      return this.#close();
    }
  }

  // -------------------------------------------------------------- what is wrong, what is known

  async #check(signal) {
    const id = this.#id;
    const { graph } = this.editor;
    if (!this.form || !nodeOf(graph, id)) return;
    // While a name is being chosen, the template is not finished.
    if (!document.getElementById("suggestions").hidden) return this.check();
    const found = await post("check/", { graph, node: id }, { signal });
    if (id !== this.#id || !this.form) return;
    const levels = [["errors", "error"], ["warnings", "warning"], ["hints", "hint"]];
    this.#tell(levels.flatMap(([name, level]) => found[name].map((each) => ({ ...each, level }))));
  }

  #showFindings() {
    if (!this.form) return;
    const { errors, warnings } = this.editor.findings;
    const own = (all, level) => all.filter(({ node, field }) => node === this.#id && ["edges", "type"].includes(field)).map((each) => ({ ...each, level }));
    this.general = [...own(errors, "error"), ...own(warnings, "warning")];
    this.check.now();
  }

  #tell(found) {
    const others = showProblems(this.form.root, found);
    const general = [...others, ...(this.general ?? [])];
    const place = this.place.querySelector("[data-general]");
    place.replaceChildren(
      ...general.map(({ message, level }) => {
        const line = document.importNode(document.getElementById(`problem-${level}`).content, true).firstElementChild;
        line.querySelector("[data-text]").textContent = message;
        return line;
      }),
    );
    this.place.dispatchEvent(new CustomEvent("panel:checked", { detail: { id: this.#id, found } }));
  }

  /** Of a run that is watched, what concerns this node. */
  #runWentOn() {
    const { run } = this.editor;
    const own = run?.nodes?.[this.#id];
    const stage = [run?.id, own?.status, own?.count, run && !["queued", "running", "waiting"].includes(run.status)].join();
    if (stage === this.stage) return;
    this.stage = stage;
    this.#dataChanged();
  }

  #dataChanged() {
    this.picker.forget();
    this.check();
    if (this.tabs.shown === "data" && this.#id) this.test.showData();
  }

  // -------------------------------------------------------------- inserting

  #aim(area) {
    this.lastArea = area;
    const field = area.closest("[data-label]");
    this.place.querySelector("[data-picker-target]").textContent = `into ${field.dataset.label}`;
    if (!this.editor.readOnly && area.hasAttribute("aria-autocomplete")) this.picker.offer(field);
  }

  #target() {
    if (this.lastArea?.isConnected && this.lastArea.offsetParent) return this.lastArea;
    return this.holder.querySelector("[data-config] .code-input");
  }
}
