// Names in templates, read as the server reads them (workflows/templating): the first part of a path
// in an output or a tag; not a text in quotes, a filter, an argument's name, or a name that the
// template made itself. No DOM in here.

const OPENING = /\{[{%]/g;
const COMMENT = /\{%-?\s*(end)?comment\b[^%]*%\}/g;
const ENDS = { raw: /\{%-?\s*endraw\s*-?%\}/g, doc: /\{%-?\s*enddoc\s*-?%\}/g };
const TAG = /^(#|[\p{L}\p{N}_]+)/u;
const TOKEN =
  /(?<blank>\s+)|(?<index>\[\s*-?\d+\s*\])|(?<key>\[\s*(?:"[^"]*"|'[^']*')\s*\])|(?<text>"[^"]*"|'[^']*')|(?<range>\.\.)|(?<member>\.\s*[\p{L}\p{N}_][\p{L}\p{N}_-]*\??)|(?<number>-?\d+(?:\.\d+|\b))|(?<word>[\p{L}\p{N}_][\p{L}\p{N}_-]*\??)|(?<sign>[\s\S])/gu;
const LITERALS = new Set(["true", "false", "nil", "null", "empty", "blank"]);
const LOGIC = new Set(["and", "or", "contains"]);
const CONDITIONS = new Set(["if", "elsif", "unless", "when"]);
const LOOPS = { for: "forloop", tablerow: "tablerowloop" };
const ARGUMENTS = new Set(["limit", "offset", "cols"]);
const BLOCKS = new Set(["if", "unless", "case", "for", "tablerow", "capture", "ifchanged"]);

/** The value with every template following `names` (Map of old to new); the same value where nothing
 * changes. Keys stay as they are. */
export function renameReferences(value, names) {
  if (typeof value === "string") return renameInText(value, names);
  if (Array.isArray(value)) {
    const items = value.map((item) => renameReferences(item, names));
    return items.some((item, place) => item !== value[place]) ? items : value;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, renameReferences(item, names)]);
    return entries.some(([key, item]) => item !== value[key]) ? Object.fromEntries(entries) : value;
  }
  return value;
}

/** Whether a template that reads `old` makes a name `next` itself, which would hide the new one. */
export function wouldHide(value, old, next) {
  if (typeof value === "string") {
    const { found, made } = read(value);
    return made.has(next) && found.some(({ name }) => name === old);
  }
  return typeof value === "object" && value !== null && Object.values(value).some((each) => wouldHide(each, old, next));
}

function renameInText(text, names) {
  let made = "";
  let done = 0;
  for (const { name, start } of referencesIn(text)) {
    if (!names.has(name)) continue;
    made += text.slice(done, start) + names.get(name);
    done = start + name.length;
  }
  return done ? made + text.slice(done) : text;
}

/** {name, start} of each name that a template reads from outside, in their order. */
export function referencesIn(text) {
  return read(text).found.sort((a, b) => a.start - b.start);
}

function read(text) {
  const reader = new Reader(text);
  if (text.includes("{{") || text.includes("{%")) reader.readAll();
  return reader;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.found = [];
    this.made = new Set();
    this.defined = new Set();
    this.blocks = [];
  }

  readAll() {
    let place = 0;
    for (;;) {
      OPENING.lastIndex = place;
      const opening = OPENING.exec(this.text);
      if (!opening) return;
      const isTag = opening[0] === "{%";
      const end = this.text.indexOf(isTag ? "%}" : "}}", opening.index + 2);
      if (end < 0) return;
      place = end + 2;
      const begin = opening.index + (this.text[opening.index + 2] === "-" ? 3 : 2);
      const inside = this.text.slice(begin, end > begin && this.text[end - 1] === "-" ? end - 1 : end);
      if (isTag) place = this.#tag(inside, begin, place);
      else this.#expression(inside, begin, "");
    }
  }

  /** Gives where to go on. */
  #tag(inside, begin, after) {
    const lead = inside.length - inside.trimStart().length;
    const name = TAG.exec(inside.trimStart())?.[0];
    if (name === "comment") return this.#afterComment(after);
    if (name && Object.hasOwn(ENDS, name)) {
      ENDS[name].lastIndex = after;
      return ENDS[name].exec(this.text) ? ENDS[name].lastIndex : this.text.length;
    }
    if (name === "liquid") this.#lines(inside.slice(lead + name.length), begin + lead + name.length);
    else if (name && name !== "#") this.#statement(name, inside.slice(lead + name.length), begin + lead + name.length);
    return after;
  }

  #afterComment(after) {
    COMMENT.lastIndex = after;
    for (let depth = 1; depth; ) {
      const next = COMMENT.exec(this.text);
      if (!next) return this.text.length;
      depth += next[1] ? -1 : 1;
    }
    return COMMENT.lastIndex;
  }

  #lines(text, begin) {
    let depth = 0;
    for (const line of text.split(/(?<=\n)/)) {
      const lead = line.length - line.trimStart().length;
      const name = TAG.exec(line.trimStart())?.[0];
      if (name === "comment" || name === "endcomment") depth += name === "comment" ? 1 : -1;
      else if (name && name !== "#" && !depth) {
        this.#statement(name, line.slice(lead + name.length), begin + lead + name.length);
      }
      begin += line.length;
    }
  }

  #statement(name, expression, begin) {
    if (name.startsWith("end")) {
      const block = this.blocks.pop();
      if (block?.captured) this.#define(block.captured);
    } else if (name === "else") {
      const block = this.blocks.at(-1);
      if (block) block.locals = [];
    } else if (Object.hasOwn(LOOPS, name)) {
      const [variable] = this.#words(expression);
      this.#expression(expression, begin, name, variable);
      this.blocks.push({ locals: [variable, LOOPS[name]] });
      this.made.add(variable).add(LOOPS[name]);
    } else if (name === "capture") {
      this.blocks.push({ locals: [], captured: this.#words(expression)[0] });
    } else if (name === "increment" || name === "decrement") {
      this.#define(this.#words(expression)[0]);
    } else if (name === "assign") {
      const [variable] = this.#words(expression);
      this.#expression(expression, begin, name, variable);
      this.#define(variable);
    } else {
      this.#expression(expression, begin, name);
      if (BLOCKS.has(name)) this.blocks.push({ locals: [] });
    }
  }

  #define(name) {
    this.defined.add(name);
    this.made.add(name);
  }

  #words(expression) {
    return [...expression.matchAll(TOKEN)].flatMap(({ groups }) => groups.word ?? []);
  }

  /** `target`: the name that the tag sets; its first word. */
  #expression(text, begin, tag, target = null) {
    let before = null;
    let filtered = false;
    for (const match of text.matchAll(TOKEN)) {
      const { blank, word, key, sign } = match.groups;
      if (blank) continue;
      const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
      filtered ||= sign === "|";
      const rest = text.slice(match.index + match[0].length);
      let isPath = ["index", "member"].includes(kind) || sign === "]";
      if (key && !before?.isPath) this.#note(key.slice(1, -1).trim().slice(1, -1), begin + match.index + key.search(/["']/) + 1);
      if (key) isPath = true;
      if (word && target !== null && !before) target = null;
      else if (word && !this.#isKeyword(word, tag, before, rest) && !this.#isArgument(tag, before, rest, filtered)) {
        this.#note(word, begin + match.index);
        isPath = true;
      }
      before = { text: match[0], isPath };
    }
  }

  #isKeyword(word, tag, before, rest) {
    if (/^(\.(?!\.)|\[)/.test(rest)) return before?.text === "|";
    if (LITERALS.has(word) || before?.text === "|") return true;
    if (CONDITIONS.has(tag) && LOGIC.has(word) && before) return true;
    if (!Object.hasOwn(LOOPS, tag) || !before) return false;
    if (ARGUMENTS.has(word)) return rest.trimStart().startsWith(":");
    if (word === "continue") return before.text === ":";
    return (word === "in" || word === "reversed") && before.text !== "in";
  }

  #isArgument(tag, before, rest, filtered) {
    const isNamed = rest.trimStart().startsWith(":");
    return filtered && isNamed && (before?.text === ":" || before?.text === ",");
  }

  #note(name, start) {
    const isLocal = this.blocks.some(({ locals }) => locals.includes(name));
    if (!isLocal && !this.defined.has(name)) this.found.push({ name, start });
  }
}
