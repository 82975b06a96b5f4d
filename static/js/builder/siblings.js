// Fields that mean something only beside some values of another one (`x-only-for` of the schema).

import { defaultOf } from "./fields.js";
import { fieldsIn, read } from "./items.js";
import { getAt, pathText, setAt } from "./paths.js";

/** null for what can not be read now. */
export function readQuietly(field) {
  try {
    return read(field);
  } catch {
    return null;
  }
}

export function applies(field) {
  return Object.entries(JSON.parse(field.dataset.onlyFor)).every(([name, values]) => {
    const other = fieldsIn(field.parentElement).find((each) => each.dataset.field === name);
    const value = other && (readQuietly(other) ?? defaultOf(other));
    return value === undefined || values.includes(value);
  });
}

/** `node` with a new value at `parts`: settings that mean nothing beside it are taken out, and kept
 * in `dropped` (Map), from where they come back. */
export function withSiblings(node, old, { parts, field, dropped }) {
  if (parts.length < 2 || !field.matches("[data-field]")) return node;
  const value = getAt(node, parts) ?? defaultOf(field);
  let next = node;
  for (const other of fieldsIn(field.parentElement)) {
    const values = JSON.parse(other.dataset.onlyFor ?? "{}")[field.dataset.field];
    if (!values) continue;
    const place = [...parts.slice(0, -1), other.dataset.field];
    const key = pathText(place);
    const held = getAt(old, place);
    if (value === undefined || values.includes(value)) {
      if (held === undefined && dropped.has(key)) next = setAt(next, place, dropped.get(key));
    } else if (held !== undefined) {
      dropped.set(key, held);
      next = setAt(next, place, undefined);
    }
  }
  return next;
}
