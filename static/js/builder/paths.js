// Places in a node: lists of keys and indexes, written as the server writes them.

const SIMPLE = /^[^.[\]]+$/;

/** ["config", "headers", 0, "value"] as `config.headers[0].value`. */
export function pathText(parts) {
  return parts.reduce((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${part}` : part;
  }, "");
}

export function getAt(value, parts) {
  return parts.reduce((inner, part) => (inner === null || inner === undefined ? undefined : inner[part]), value);
}

/** The value with another one at a place; `undefined` takes it out of its object. */
export function setAt(value, parts, next) {
  if (!parts.length) return next;
  const [part, ...rest] = parts;
  const inner = setAt(value?.[part], rest, next);
  if (typeof part === "number") {
    const items = Array.isArray(value) ? [...value] : [];
    items[part] = inner === undefined ? null : inner;
    return items;
  }
  const { [part]: _old, ...others } = isObject(value) ? value : {};
  if (inner === undefined) return others;
  return isObject(value) && part in value ? { ...value, [part]: inner } : { ...others, [part]: inner };
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Whether a field's name can stand in a template as `.name`. */
const isPlainName = (name) => SIMPLE.test(name) && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name);

/** How a template reads what is at `parts` of `root`; empty for a key that Liquid can not write. */
export function expression(root, parts) {
  let text = root;
  for (const part of parts) {
    if (typeof part === "number") text += `[${part}]`;
    else if (isPlainName(part)) text += `.${part}`;
    else {
      const quote = part.includes('"') ? "'" : '"';
      if (part.includes(quote) || /\\|%\}|\}\}/.test(part)) return "";
      text += `[${quote}${part}${quote}]`;
    }
  }
  return text;
}
