// Fields that hold fields: objects, lists, maps, rules. Their items are cloned from templates, and
// kept when the values change, so that the caret stays where it is.

import { FITS, KINDS, defaultOf } from "./fields.js";
import { isObject, pathText } from "./paths.js";

const PARTS = new WeakMap();
let count = 0;

export const partsOf = (element) => PARTS.get(element);
export const fieldsIn = (container) => [...container.children].filter((child) => child.matches("[data-field]"));

/** The part of a field that is its own, not of a field within. */
const own = (field, selector) =>
  [...field.querySelectorAll(selector)].find((found) => found.parentElement.closest("[data-field], [data-items] > li") === field);
export const itemsOf = (holder) => own(holder, "[data-items]");
export const problemsOf = (holder) => own(holder, "[data-problems]");
const insides = (holder) => own(holder, "[data-fields]");
const template = (holder, selector) => own(holder, `template${selector}`).content;

/** Say where an element's value is in the node, and let its labels know it. */
function bind(element, parts) {
  PARTS.set(element, parts);
  element.dataset.path = pathText(parts);
  if (element.dataset.bound) return;
  element.dataset.bound = "yes";
  const id = `field-${(count += 1)}`;
  const target = own(element, "[data-label-target]");
  const label = own(element, "[data-label-for]");
  const notes = ["[data-help]", "[data-problems]"].flatMap((selector) => own(element, selector) ?? []);
  notes.forEach((note, place) => (note.id = `${id}-note-${place}`));
  if (target) target.id = id;
  if (target && label) label.htmlFor = id;
  target?.setAttribute("aria-describedby", notes.map((note) => note.id).join(" "));
  if (element.hasAttribute("data-required")) target?.setAttribute("aria-required", "true");
}

// ---------------------------------------------------------------- filling

/** Show `value` (undefined: left out) in a field that stands at `parts`. */
export function fill(field, parts, value) {
  bind(field, parts);
  const { kind } = field.dataset;
  const given = value === null ? undefined : value;
  const fits = given === undefined || (kind in KINDS ? KINDS[kind].fits(given) : FITS[kind](given));
  const isShown = fits && !(kind === "rules" && given && !areRules(field, given, 1));
  showRaw(field, isShown ? undefined : value);
  if (!isShown) return;
  if (kind in KINDS) KINDS[kind].fill(field, kind === "choice" ? value : given);
  else if (kind === "object") fillObject(field, parts, given);
  else if (kind === "rules") fillRules(field, field, parts, given ?? []);
  else fillItems(field, parts, given ?? defaultOf(field) ?? (kind === "list" ? [] : {}));
}

export function fillFields(container, parts, value) {
  for (const field of fieldsIn(container)) fill(field, [...parts, field.dataset.field], value?.[field.dataset.field]);
}

function fillObject(field, parts, value) {
  const inside = insides(field);
  if (field.dataset.optional) {
    own(field, "[data-toggle]").checked = value !== undefined;
    inside.hidden = value === undefined;
  }
  fillFields(inside, parts, value);
}

function fillItems(field, parts, value) {
  const entries = Array.isArray(value) ? value.map((item, place) => [place, item]) : Object.entries(value);
  const items = sized(itemsOf(field), entries.length, () => template(field, "[data-item]"));
  entries.forEach(([key, item], place) => {
    const row = items[place];
    const here = [...parts, key];
    bind(row, here);
    const name = own(row, "[data-key]");
    if (name) name.value = key;
    const inside = insides(row);
    const single = inside.querySelector(":scope > [data-field='']");
    if (single) fill(single, here, item);
    else fillFields(inside, here, isObject(item) ? item : {});
  });
  retitle(field);
}

function sized(list, wanted, blank) {
  while (list.children.length > wanted) list.lastElementChild.remove();
  while (list.children.length < wanted) list.append(document.importNode(blank(), true));
  return [...list.children];
}

/** `holder`: the field, or a group in it. */
function fillRules(field, holder, parts, rules) {
  const list = itemsOf(holder);
  while (list.children.length > rules.length) list.lastElementChild.remove();
  rules.forEach((rule, place) => {
    const wanted = "rules" in rule ? "group" : "rule";
    let row = list.children[place];
    if (row?.dataset.form !== wanted) {
      const fresh = document.importNode(template(field, `[data-${wanted}]`), true).firstElementChild;
      fresh.dataset.form = wanted;
      if (row) row.replaceWith(fresh);
      else list.append(fresh);
      row = fresh;
    }
    const here = [...parts, place];
    bind(row, here);
    if (wanted === "group") {
      own(row, "[data-combinator]").value = JSON.stringify(rule.combinator ?? "and");
      fillRules(field, row, [...here, "rules"], rule.rules);
    } else fillRule(field, row, here, rule);
  });
}

function fillRule(field, row, here, rule) {
  const inside = insides(row);
  own(row, "[data-rule-kind]").value = rule.kind;
  if (inside.dataset.kindOf !== rule.kind) {
    inside.replaceChildren(document.importNode(template(field, `[data-kind-form="${rule.kind}"]`), true));
    inside.dataset.kindOf = rule.kind;
  }
  fillFields(inside, here, rule);
}

function areRules(field, rules, depth) {
  const kinds = [...field.querySelectorAll("template[data-kind-form]")].map((each) => each.dataset.kindForm);
  return (
    Array.isArray(rules) &&
    depth <= Number(field.dataset.deepest) &&
    rules.every((rule) => isObject(rule) && ("rules" in rule ? areRules(field, rule.rules, depth + 1) : kinds.includes(rule.kind)))
  );
}

/** Values of another form than the field's are shown as JSON; nothing is lost. */
function showRaw(field, value) {
  const shown = field.querySelector(":scope > [data-field='(raw)']");
  if (value === undefined) {
    shown?.remove();
    field.classList.remove("is-raw");
    return;
  }
  const raw = shown ?? document.importNode(document.getElementById("raw-field").content, true).firstElementChild;
  field.classList.add("is-raw");
  if (!shown) field.insertBefore(raw, field.lastElementChild);
  fill(raw, partsOf(field), value);
}

// ---------------------------------------------------------------- reading

/** Raises Unreadable for JSON with an error in it. */
export function read(field) {
  if (field.classList.contains("is-raw")) return read(field.querySelector(":scope > [data-field='(raw)']"));
  const { kind } = field.dataset;
  if (kind in KINDS) return KINDS[kind].read(field);
  if (kind === "object") {
    if (field.dataset.optional && !own(field, "[data-toggle]").checked) return undefined;
    return readFields(insides(field));
  }
  if (kind === "rules") return noneIfEmpty(readRules(field));
  const rows = [...itemsOf(field).children];
  if (kind === "list") return noneIfEmpty(rows.map(readItem));
  return noneIfEmpty(rows.map((row) => [own(row, "[data-key]").value, readItem(row)]), Object.fromEntries);
}

const noneIfEmpty = (items, made = (all) => all) => (items.length ? made(items) : undefined);

/** An object of what is not left out; undefined where all of it is. */
export function readFields(container, empty = undefined) {
  const entries = fieldsIn(container).map((field) => [field.dataset.field, read(field)]);
  const given = entries.filter(([, value]) => value !== undefined);
  return given.length ? Object.fromEntries(given) : empty;
}

function readItem(row) {
  const inside = insides(row);
  const single = inside.querySelector(":scope > [data-field='']");
  return single ? read(single) : readFields(inside, {});
}

function readRules(holder) {
  return [...itemsOf(holder).children].map((row) =>
    row.dataset.form === "group"
      ? { combinator: JSON.parse(own(row, "[data-combinator]").value), rules: readRules(row) }
      : { kind: own(row, "[data-rule-kind]").value, ...readFields(insides(row), {}) },
  );
}

// ---------------------------------------------------------------- what a fresh item holds

export function blankItem(field) {
  if (field.dataset.kind === "rules") return blankRule(field, "string");
  const inside = template(field, "[data-item]").querySelector("[data-fields]");
  const single = inside.querySelector(":scope > [data-field='']");
  return single ? blankValue(single) : blankFields(fieldsIn(inside));
}

export function blankRule(field, kind, old = {}) {
  const made = { kind, ...blankFields(fieldsIn(template(field, `[data-kind-form="${kind}"]`))) };
  const kept = ["left", "right"].filter((name) => name in made && old[name] !== undefined);
  return { ...made, ...Object.fromEntries(kept.map((name) => [name, old[name]])) };
}

function blankFields(fields) {
  const needed = fields.filter((field) => field.hasAttribute("data-required"));
  return Object.fromEntries(needed.map((field) => [field.dataset.field, blankValue(field)]));
}

function blankValue(field) {
  if (field.dataset.kind !== "choice") return "";
  return JSON.parse([...field.querySelectorAll("option")].find((option) => option.value)?.value ?? '""');
}

// ---------------------------------------------------------------- small things

/** A card of a list is called after the first text in it. */
export function retitle(field) {
  [...(itemsOf(field)?.children ?? [])].forEach((row, place) => {
    const title = own(row, "[data-title]");
    if (!title) return;
    const named = fieldsIn(insides(row)).map(shortText).filter(Boolean);
    title.textContent = [`${place + 1}.`, ...named.slice(0, 2)].join(" ");
  });
}

function shortText(field) {
  if (field.dataset.kind === "choice") return field.querySelector("select").selectedOptions[0]?.textContent ?? "";
  return field.dataset.kind === "text" ? field.querySelector("[data-control]").value : "";
}
