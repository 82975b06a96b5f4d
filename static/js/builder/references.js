// Names in templates. What is renamed here is what the server calls a variable: the first part of a
// path in an output or a tag, not a text in quotes, a filter, or a name that the template made.

const PART = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const TOKEN = /"[^"]*"|'[^']*'|[A-Za-z_][\w-]*|\.\s*[A-Za-z_][\w-]*|\s+|[\s\S]/g;
const NAME = /^[A-Za-z_]/;

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

function renameInText(text, names) {
  if (!text.includes("{{") && !text.includes("{%")) return text;
  return text.replace(PART, (part) => renameInPart(part, names));
}

function renameInPart(part, names) {
  let before = "";
  return part.replace(TOKEN, (token) => {
    const isVariable = NAME.test(token) && before !== "|" && before !== ".";
    if (token.trim()) before = token.trim();
    return isVariable && names.has(token) ? names.get(token) : token;
  });
}
