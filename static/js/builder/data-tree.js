// Outlines of JSON values (builder/outline.py) as trees that are opened when they are needed. Arrow
// keys walk, Enter and a click choose, a row can be dragged into a text.

import { expression } from "./paths.js";

/** `entries`: of {root, label, note, warning, outline, hint}. `onChoose(expression)` is left out
 * where nothing can be chosen. */
export function dataTree(entries, { label, onChoose, isOpen = false }) {
  const tree = element("ul", "data-tree");
  tree.setAttribute("role", "tree");
  tree.setAttribute("aria-label", label);
  tree.append(...entries.map((entry) => row({ parts: [], key: entry.root, ...entry }, onChoose)));
  const [first] = tree.children;
  if (first) first.tabIndex = 0;
  if (isOpen && first?.hasAttribute("aria-expanded")) toggle(first, true);
  tree.addEventListener("keydown", (event) => walk(tree, event));
  tree.addEventListener("click", (event) => clicked(event, onChoose));
  tree.addEventListener("focusin", (event) => {
    for (const other of tree.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    event.target.closest("[role=treeitem]").tabIndex = 0;
  });
  tree.addEventListener("dragstart", (event) => {
    const chosen = event.target.closest("[role=treeitem]").dataset.expression;
    if (chosen) event.dataTransfer.setData("text/plain", `{{ ${chosen} }}`);
  });
  return tree;
}

const ENTRIES = new WeakMap();

function row(entry, onChoose) {
  const item = element("li");
  ENTRIES.set(item, entry);
  item.setAttribute("role", "treeitem");
  item.tabIndex = -1;
  const path = entry.path ?? expression(entry.root, entry.parts);
  if (path && onChoose) {
    item.dataset.expression = path;
    item.draggable = true;
  }
  const line = element("div", "data-row");
  line.append(element("span", "data-arrow"), element("span", "data-key", String(entry.key)));
  const { outline } = entry;
  if (entry.label) line.append(element("span", "data-label", entry.label));
  if (outline && (!entry.label || !outline.children)) line.append(valueOf(outline));
  if (entry.note) line.append(element("span", "data-note", entry.note));
  item.append(line);
  if (entry.warning) {
    const mark = element("span", "data-warning", "may be missing");
    mark.title = entry.warning;
    line.append(mark);
  }
  if (outline?.children?.length) item.setAttribute("aria-expanded", "false");
  return item;
}

function valueOf(outline) {
  if (outline.children) {
    return element("span", "data-size", outline.kind === "list" ? `[${outline.count}]` : `{${outline.count}}`);
  }
  const value = element("span", "data-value", outline.text + (outline.cut ? "…" : ""));
  value.dataset.kind = outline.kind;
  return value;
}

function toggle(item, isOpen) {
  item.setAttribute("aria-expanded", String(isOpen));
  const entry = ENTRIES.get(item);
  const group = item.querySelector(":scope > ul");
  if (group) group.hidden = !isOpen;
  else if (isOpen) item.append(childrenOf(entry, "expression" in item.dataset));
}

function childrenOf({ root, parts, outline }, isChosen) {
  const group = element("ul");
  group.setAttribute("role", "group");
  for (const [key, inner] of outline.children) {
    group.append(row({ root, key, parts: [...parts, key], outline: inner }, isChosen));
  }
  const rest = outline.count - outline.children.length;
  if (rest > 0) {
    const more = element("li", "data-more", `and ${rest} more`);
    more.setAttribute("role", "none");
    group.append(more);
  }
  return group;
}

function clicked(event, onChoose) {
  const item = event.target.closest("[role=treeitem]");
  if (!item) return;
  const isArrow = event.target.closest(".data-arrow");
  const isExpandable = item.hasAttribute("aria-expanded");
  if (isExpandable && (isArrow || !onChoose)) toggle(item, item.getAttribute("aria-expanded") !== "true");
  else if (item.dataset.expression) onChoose?.(item.dataset.expression);
}

function walk(tree, event) {
  const item = event.target.closest("[role=treeitem]");
  const items = [...tree.querySelectorAll("[role=treeitem]")].filter((each) => each.offsetParent);
  const place = items.indexOf(item);
  const state = item.getAttribute("aria-expanded");
  let next = null;
  if (event.key === "ArrowDown") next = items[place + 1];
  else if (event.key === "ArrowUp") next = items[place - 1];
  else if (event.key === "Home") [next] = items;
  else if (event.key === "End") next = items.at(-1);
  else if (event.key === "ArrowRight" && state === "false") toggle(item, true);
  else if (event.key === "ArrowRight" && state === "true") next = item.querySelector("[role=treeitem]");
  else if (event.key === "ArrowLeft" && state === "true") toggle(item, false);
  else if (event.key === "ArrowLeft") next = item.parentElement.closest("[role=treeitem]");
  else if (event.key === "Enter" || event.key === " ") item.querySelector(".data-key").click();
  else return;
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

function element(tag, name = "", text = "") {
  return Object.assign(document.createElement(tag), { className: name, textContent: text });
}
