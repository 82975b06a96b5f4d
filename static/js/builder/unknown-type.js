// A node whose type is not installed here: what it was set to, and another type for it.

import { dataTree } from "./data-tree.js";
import { replaceType } from "./replace.js";

const CATEGORIES = { trigger: "Triggers", action: "Actions", condition: "Conditions", flow: "Flow" };

export function showUnknownType(place, editor, node) {
  const root = document.importNode(document.getElementById("unknown-type").content, true).firstElementChild;
  const notes = root.querySelector("[data-notes]");
  notes.textContent = node.notes;
  notes.hidden = !node.notes;
  const select = root.querySelector("[data-replace]");
  for (const [category, label] of Object.entries(CATEGORIES)) {
    const group = Object.assign(document.createElement("optgroup"), { label });
    for (const type of editor.types.values()) {
      if (type.category === category) group.append(new Option(type.label, type.type));
    }
    select.append(group);
  }
  select.disabled = editor.readOnly;
  select.addEventListener("change", () => {
    if (!select.value) return;
    editor.change("Replace a node", (graph) => replaceType(graph, editor.types, node.id, select.value));
    select.value = "";
  });
  const entries = Object.entries(node.config).map(([key, value]) => ({ root: key, key, parts: [], outline: outlineOf(value) }));
  const shown = entries.length ? dataTree(entries, { label: "Original settings" }) : "It has none.";
  root.querySelector("[data-original]").append(shown);
  place.replaceChildren(root);
}

/** As builder/outline.py makes it, in full. */
function outlineOf(value) {
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value !== "object" || value === null) {
    const kind = { number: "number", boolean: "yes or no" }[typeof value] ?? "nothing";
    return { kind, text: JSON.stringify(value) };
  }
  const isList = Array.isArray(value);
  const children = Object.entries(value).map(([key, inner]) => [isList ? Number(key) : key, outlineOf(inner)]);
  return { kind: isList ? "list" : "object", count: children.length, children };
}
