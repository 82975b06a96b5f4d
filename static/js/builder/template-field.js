// Fields with templates: a layer of colours behind the text, how the text will be read, and a list
// of names and filters while one is being written.

import { otherValue } from "./fields.js";
import { counted } from "./words.js";

const PARTS = /\{\{[\s\S]*?(?:\}\}|$)|\{%[\s\S]*?(?:%\}|$)/g;
const INSIDE = /("[^"]*"?|'[^']*'?)|(\|\s*\w+)|([\w.\-[\]]+)|\s+|[\s\S]/g;
const JSON_PART = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;
const MOST_SHOWN = 8;
const WORDS = { number: "number", boolean: "yes or no", object: "object" };

// ---------------------------------------------------------------- colours

/** Show the text of a field in colours, and how it will be read. */
export function paint(field) {
  const box = field.querySelector(":scope > .code-box, :scope > fieldset > .code-box");
  if (!box) return;
  const area = box.querySelector("textarea");
  const layer = box.querySelector("pre");
  const parts = box.dataset.language === "json" ? colourJson(area.value) : colourText(area.value);
  layer.replaceChildren(...parts, "\n");
  showReading(field, area.value);
}

function colourText(text) {
  const made = [];
  let done = 0;
  for (const match of text.matchAll(PARTS)) {
    made.push(text.slice(done, match.index), markup(match[0]));
    done = match.index + match[0].length;
  }
  return [...made, text.slice(done)];
}

function markup(text) {
  const whole = span(text.startsWith("{%") ? "t-tag" : "t-output", "");
  for (const [part, quoted, filter] of text.matchAll(INSIDE)) {
    whole.append(quoted ? span("t-text", part) : filter ? span("t-filter", part) : part);
  }
  return whole;
}

function colourJson(text) {
  const made = [];
  let done = 0;
  for (const match of text.matchAll(JSON_PART)) {
    const [whole, quoted, colon, number] = match;
    made.push(text.slice(done, match.index));
    if (quoted) {
      const shown = span(colon ? "j-key" : "j-text", "");
      shown.append(...colourText(quoted));
      made.push(shown, colon ?? "");
    } else made.push(span(number ? "j-number" : "j-word", whole));
    done = match.index + whole.length;
  }
  return [...made, text.slice(done)];
}

function span(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}

// ---------------------------------------------------------------- how it is read

function showReading(field, text) {
  const row = field.querySelector(":scope > [data-reading]");
  if (!row) return;
  const button = row.querySelector("[data-act=as]");
  const [told, offer] = field.dataset.kind === "template" ? reading(field, text) : ["", ""];
  row.hidden = !told;
  row.querySelector("[data-read-as]").textContent = told;
  if (!button) return;
  button.hidden = !offer;
  button.textContent = offer;
}

function reading(field, text) {
  if (!text) {
    if (field.hasAttribute("data-blank")) return ["An empty text.", "Leave it out"];
    const isOpen = !field.hasAttribute("data-required") && field.dataset.default === "null";
    return isOpen && field.contains(document.activeElement) ? ["Left out.", "Use an empty text"] : ["", ""];
  }
  const other = otherValue(text);
  if (other === undefined) return ["", ""];
  const word = Array.isArray(other) ? "list" : WORDS[typeof other];
  return field.hasAttribute("data-value") ? [`Read as ${word}.`, "Read as text"] : ["Read as text.", `Read as ${word}`];
}

// ---------------------------------------------------------------- names while one is written

/** Insert where the caret is, so that the browser's own undo takes it back. */
export function insertText(area, text, from = area.selectionStart) {
  area.focus();
  area.setSelectionRange(from, area.selectionEnd);
  if (document.execCommand("insertText", false, text)) return;
  area.setRangeText(text, from, area.selectionEnd, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** What is being written at the caret: {kind: name | filter, from, typed}, null outside of an output
 * or tag. */
export function wordAt(text, caret) {
  const before = text.slice(0, caret);
  const opening = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (opening < 0) return null;
  const inside = before.slice(opening + 2);
  if (inside.includes("}}") || inside.includes("%}")) return null;
  if ((inside.match(/"/g) ?? []).length % 2 && !/\["[^"]*$/.test(inside)) return null;
  const filter = /\|\s*(\w*)$/.exec(inside);
  if (filter) return { kind: "filter", from: caret - filter[1].length, typed: filter[1] };
  const name = /[\w.\-"[\] ]*$/.exec(inside)[0].replace(/^.*[\s](?=[^"]*$)/, "");
  return { kind: "name", from: caret - name.length, typed: name, isTag: text.startsWith("{%", opening) };
}

/** One list for all fields of a form. `offers(kind)` gives [{value, label, note}], or a promise of
 * it. */
export class Completion {
  #chosen = 0;
  #shown = [];
  #word = null;
  #area = null;
  /** Counts up: an answer that comes after the list was closed or asked for anew is too late. */
  #turn = 0;

  constructor(list, announce, offers) {
    Object.assign(this, { list, announce, offers });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#take([...list.children].indexOf(option));
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  async suggest(area, isAsked = false) {
    const word = wordAt(area.value, area.selectionStart);
    if (!word || area.selectionStart !== area.selectionEnd || (!isAsked && word.isTag && !word.typed)) return this.close();
    const turn = ++this.#turn;
    const all = await this.offers(word.kind);
    if (turn !== this.#turn) return;
    if (document.activeElement !== area || wordAt(area.value, area.selectionStart)?.from !== word.from) return;
    const wanted = wordAt(area.value, area.selectionStart).typed.toLowerCase();
    const starts = all.filter(({ value }) => value.toLowerCase().startsWith(wanted));
    const within = all.filter((each) => !starts.includes(each) && each.value.toLowerCase().includes(wanted));
    this.#shown = [...starts, ...within].filter(({ value }) => value !== wanted).slice(0, MOST_SHOWN);
    if (!this.#shown.length) return this.close();
    this.#open(area, word);
  }

  #open(area, word) {
    [this.#area, this.#word, this.#chosen] = [area, word, 0];
    this.list.replaceChildren(...this.#shown.map(optionOf));
    area.closest(".code-box").after(this.list);
    area.setAttribute("aria-controls", this.list.id);
    this.list.hidden = false;
    this.list.scrollIntoView({ block: "nearest" });
    this.#choose(0);
    this.announce(`${counted(this.#shown.length, "suggestion")}. Enter takes the first.`);
  }

  #choose(place) {
    this.#chosen = (place + this.#shown.length) % this.#shown.length;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.#chosen)));
    const option = this.list.children[this.#chosen];
    option.scrollIntoView({ block: "nearest" });
    this.#area.setAttribute("aria-activedescendant", option.id);
  }

  close() {
    this.#turn += 1;
    this.list.hidden = true;
    this.#area?.removeAttribute("aria-activedescendant");
    this.#area = null;
  }

  /** Gives whether the key was for the list. */
  pressed(event) {
    if (!this.isOpen) return false;
    const { key } = event;
    if (key === "ArrowDown") this.#choose(this.#chosen + 1);
    else if (key === "ArrowUp") this.#choose(this.#chosen - 1);
    else if (key === "Enter" || key === "Tab") this.#take(this.#chosen);
    else if (key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #take(place) {
    const area = this.#area;
    const { from, kind } = this.#word;
    const { value } = this.#shown[place];
    const after = area.value.slice(area.selectionStart);
    const isClosed = /^[^{]*?(\}\}|%\})/.test(after);
    const isOutput = area.value.lastIndexOf("{{", from) > area.value.lastIndexOf("{%", from);
    const isComplete = isClosed || !isOutput || kind === "filter";
    this.close();
    insertText(area, isComplete ? value : `${value} }}`, from);
    // One goes on inside: with a dot, or with a filter.
    if (!isComplete) area.setSelectionRange(from + value.length, from + value.length);
  }
}

function optionOf({ value, note }, place) {
  const option = document.createElement("li");
  option.id = `suggestion-${place}`;
  option.setAttribute("role", "option");
  option.append(span("s-value", value), span("s-note", note ?? ""));
  return option;
}
