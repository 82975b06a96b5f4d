// The form of one node: shows its settings, turns what is typed into changes of the graph, and puts
// what is wrong beside the field it is about. A change touches its own place only, so what the form
// does not know stays as it is.

import { freePort, nodeOf, setNode } from "./graph.js";
import { Unreadable, defaultOf } from "./fields.js";
import {
  blankItem, blankRule, fieldsIn, fill, fillFields, itemsOf, partsOf, read, readFields, retitle,
} from "./items.js";
import { getAt, pathText, same, setAt } from "./paths.js";
import { tell } from "./field-problems.js";
import { applies, readQuietly, withSiblings } from "./siblings.js";
import { counted } from "./words.js";

const EMPTY = { name: "", notes: "", retry: null, on_interrupt: null, continue_on_error: false };

export class NodeForm {
  #dropped = new Map();
  #writing = false;

  /** `onChange()`: after each change that was made here; `onPaint(field)`: its text has changed. */
  constructor(root, { editor, id, onChange, onPaint, onRename }) {
    Object.assign(this, { root, editor, id, onChange, onPaint, onRename });
    this.config = root.querySelector("[data-config]");
    root.addEventListener("input", (event) => this.#typed(event));
    root.addEventListener("change", (event) => this.#typed(event));
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("submit", (event) => event.preventDefault());
    root.addEventListener("focusout", (event) => {
      const fresh = event.target.closest("[data-fresh]");
      if (fresh && !fresh.contains(event.relatedTarget)) delete fresh.dataset.fresh;
    });
    this.fill();
  }

  get node() {
    return nodeOf(this.editor.graph, this.id);
  }

  get isWriting() {
    return this.#writing;
  }

  // -------------------------------------------------------------- showing

  fill() {
    const { node } = this;
    if (!node) return;
    for (const field of this.#ownFields()) {
      const name = field.dataset.field;
      fill(field, [name], same(node[name], EMPTY[name]) && name !== "on_interrupt" ? undefined : node[name]);
    }
    fillFields(this.config, ["config"], node.config);
    this.#settle();
    this.#showUnknown(node.config);
    for (const field of this.root.querySelectorAll("[data-field]")) this.onPaint(field);
    if (this.editor.readOnly) lock(this.root);
  }

  /** Show what has changed elsewhere (undo, a rename); fields that say the same are left alone. */
  update() {
    const before = document.activeElement;
    const { node } = this;
    const isSame = (field, value) => {
      try {
        return same(read(field), value ?? undefined);
      } catch {
        return true;
      }
    };
    for (const field of this.#ownFields()) {
      const name = field.dataset.field;
      if (!isSame(field, node[name])) fill(field, [name], same(node[name], EMPTY[name]) ? undefined : node[name]);
      this.onPaint(field);
    }
    for (const field of fieldsIn(this.config)) {
      const name = field.dataset.field;
      if (isSame(field, node.config[name])) continue;
      fill(field, ["config", name], node.config[name]);
      [field, ...field.querySelectorAll("[data-field]")].forEach((each) => this.onPaint(each));
    }
    this.#settle();
    this.#showUnknown(node.config);
    if (before?.isConnected && before !== document.activeElement) before.focus();
  }

  /** The whole config as it stands in the form. */
  readConfig() {
    return readFields(this.config, {});
  }

  #ownFields() {
    return [...this.root.querySelectorAll("[data-field]")].filter(
      (field) => !this.config.contains(field) && !field.parentElement.closest("[data-field]"),
    );
  }

  /** Fields that do not apply are left out, unless they hold something. */
  #settle() {
    for (const field of this.root.querySelectorAll("[data-only-for]")) {
      field.hidden = !applies(field) && readQuietly(field) === undefined;
    }
    for (const list of this.root.querySelectorAll("[data-kind=list]")) retitle(list);
    for (const more of this.root.querySelectorAll("[data-more=failure]")) {
      const { node } = this;
      const notes = [node.continue_on_error && "goes on", node.retry && counted(node.retry.max_attempts, "attempt")];
      more.querySelector("[data-note]").textContent = notes.filter(Boolean).join(", ");
    }
  }

  #showUnknown(config) {
    const known = new Set(fieldsIn(this.config).map((field) => field.dataset.field));
    const place = this.root.querySelector("[data-unknown]");
    place.replaceChildren(
      ...Object.keys(config).filter((name) => !known.has(name)).map((name) => {
        const row = document.importNode(document.getElementById("unknown-setting").content, true).firstElementChild;
        row.querySelector("[data-name]").textContent = name;
        row.querySelector("[data-value]").textContent = JSON.stringify(config[name]);
        row.querySelector("button").dataset.drop = name;
        return row;
      }),
    );
  }

  // -------------------------------------------------------------- changing

  #typed(event) {
    const field = event.target.closest("[data-field]");
    if (!field || event.target.closest("[data-field], [data-rule-kind], [data-combinator], [data-key]") !== field) {
      return event.type === "change" && this.#restructured(event.target);
    }
    const isLate = field.hasAttribute("data-late");
    if (event.type !== (isLate ? "change" : "input")) return;
    if (event.target.matches("[data-toggle]")) {
      return this.set(partsOf(field), event.target.checked ? JSON.parse(field.dataset.optional) : undefined, field, true);
    }
    delete field.dataset.absent;
    if (event.target.value !== "") delete field.dataset.blank;
    this.commit(field);
  }

  /** Take over what stands in a field. */
  commit(field) {
    const parts = partsOf(field);
    this.onPaint(field);
    let value;
    try {
      value = read(field);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return tell(field, [{ message: error.message, level: "error", isOwn: true }]);
    }
    const refused = whyNot(field, value);
    tell(field, refused ? [{ message: refused, level: "error", isOwn: true }] : []);
    if (refused) return;
    if (parts[0] === "id") return this.onRename(value ?? "");
    if (value === undefined && getAt(this.node, parts) === null) return;
    if (value === undefined && parts.length > 1 && typeof parts.at(-1) === "number") value = "";
    this.set(parts, value, field);
  }

  set(parts, value, field, isStructure = false) {
    const label = field.closest("[data-label]")?.dataset.label ?? "settings";
    const write = (graph) => {
      const old = nodeOf(graph, this.id);
      const next = withSiblings(setAt(old, parts, value), old, { parts, field, dropped: this.#dropped });
      const [key] = parts;
      return setNode(graph, this.editor.types, this.id, { [key]: next[key] ?? EMPTY[key] });
    };
    const merge = isStructure ? "" : `${this.id} ${pathText(parts)}`;
    this.#write(`Change ${label.toLowerCase()}`, write, merge);
    this.update();
  }

  #write(label, operation, merge = "") {
    this.#writing = true;
    this.editor.change(label, operation, { merge });
    this.#writing = false;
    this.onChange();
  }

  // -------------------------------------------------------------- items

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { act } = button.dataset;
    if (button.dataset.drop) return this.set(["config", button.dataset.drop], undefined, this.root, true);
    if (act === "as") return this.#readAsOther(button.closest("[data-field]"));
    if (act === "add" || act === "add-rule" || act === "add-group") return this.#add(button, act);
    if (act === "up" || act === "down" || act === "remove") this.#move(button.closest("li"), act);
  }

  #readAsOther(field) {
    const text = field.querySelector("[data-control]").value;
    field.toggleAttribute(text ? "data-value" : "data-blank");
    this.commit(field);
    field.querySelector("[data-control]").focus();
  }

  #add(button, act) {
    const field = button.closest("[data-field]");
    const group = button.closest("li[data-form=group]");
    const isInGroup = group && field.contains(group);
    const parts = isInGroup ? [...partsOf(group), "rules"] : partsOf(field);
    const items = getAt(this.node, parts) ?? (isInGroup ? [] : defaultOf(field)) ?? (field.dataset.kind === "map" ? {} : []);
    const rule = () => blankRule(field, "string");
    const fresh = act === "add-group" ? { combinator: "or", rules: [rule()] } : act === "add-rule" ? rule() : this.#blankItem(field, parts);
    const next = Array.isArray(items) ? [...items, fresh] : { ...items, [freeKey(items)]: fresh };
    this.set(parts, next, field, true);
    const row = itemsOf(isInGroup ? group : field).lastElementChild;
    row.dataset.fresh = "yes";
    const first = row.querySelector("[data-key], [data-control], select");
    first?.focus();
    if (first?.value) first.select?.();
  }

  /** One of the node's own ports has a name at once, so that edges can start there. */
  #blankItem(field, parts) {
    const portList = this.editor.types.get(this.node.type)?.port_list;
    const isPort = portList && pathText(parts) === pathText(["config", portList]);
    return isPort ? { ...blankItem(field), port: freePort(this.node, this.editor.types) } : blankItem(field);
  }

  #move(row, act) {
    const list = row.parentElement;
    const field = row.closest("[data-field]");
    const place = [...list.children].indexOf(row);
    const to = act === "up" ? place - 1 : place + 1;
    if (act !== "remove" && !list.children[to]) return;
    const parts = partsOf(row).slice(0, -1);
    const items = getAt(this.node, parts) ?? defaultOf(field);
    const entries = Array.isArray(items) ? [...items] : Object.entries(items);
    const [moved] = entries.splice(place, 1);
    if (act !== "remove") entries.splice(to, 0, moved);
    const next = Array.isArray(items) ? entries : Object.fromEntries(entries);
    const isGone = !entries.length && !field.hasAttribute("data-required") && parts.length === partsOf(field).length;
    this.set(parts, isGone ? undefined : next, field, true);
    const near = act === "remove" ? list.children[Math.min(place, list.children.length - 1)] : list.children[to];
    (near?.querySelector(`[data-act=${act}]`) ?? field.querySelector("[data-act^=add]"))?.focus();
  }

  /** The kind of a rule, what joins a group, the name of an entry. */
  #restructured(target) {
    const row = target.closest("li");
    const field = target.closest("[data-field]");
    const parts = row && partsOf(row);
    if (target.matches("[data-combinator]")) this.set([...parts, "combinator"], JSON.parse(target.value), field, true);
    if (target.matches("[data-rule-kind]")) {
      this.set(parts, blankRule(field, target.value, getAt(this.node, parts)), field, true);
      row.querySelector("[data-rule-kind]")?.focus();
    }
    if (target.matches("[data-key]")) this.#renameKey(field, parts, target);
  }

  #renameKey(field, parts, input) {
    const old = parts.at(-1);
    const map = getAt(this.node, parts.slice(0, -1)) ?? {};
    if (input.value === old) return;
    if (!input.value || input.value in map) {
      input.value = old;
      return tell(field, [{ message: "Each entry needs a name of its own.", level: "error", isOwn: true }]);
    }
    const entries = Object.entries(map).map(([key, value]) => [key === old ? input.value : key, value]);
    this.set(parts.slice(0, -1), Object.fromEntries(entries), field, true);
  }
}

function lock(root) {
  for (const input of root.querySelectorAll("input, textarea, select, button")) {
    if (input.matches("textarea, input:not([type=checkbox])")) input.readOnly = true;
    else input.disabled = true;
  }
}

/** What edges hang on, and what is part of the graph itself, must never be unusable; a sentence then. */
function whyNot(field, value) {
  const { pattern, label, least, greatest } = field.dataset;
  if (greatest && !(value === undefined && !field.hasAttribute("data-required"))) {
    const isFine = typeof value === "number" && value >= Number(least) && value <= Number(greatest);
    const isWhole = least !== "1" || Number.isInteger(value);
    return isFine && isWhole ? "" : `Give a number from ${Number(least)} to ${Number(greatest)}.`;
  }
  if (!field.hasAttribute("data-late") || field.dataset.field === "id") return "";
  if (!value) return `${label} is needed.`;
  return pattern && !new RegExp(pattern).test(value) ? "Use lower-case letters, digits and _, at most 64." : "";
}

function freeKey(map) {
  let number = Object.keys(map).length + 1;
  while (`name_${number}` in map) number += 1;
  return `name_${number}`;
}
