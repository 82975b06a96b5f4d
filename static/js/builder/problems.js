// What the server found wrong, as lists of buttons that lead to the node.

import { nodeOf } from "./graph.js";

const MOST_SHOWN = 50;

export function showProblems(editor) {
  const { errors, warnings } = editor.findings;
  const all = [...errors.map((each) => [each, "bad"]), ...warnings.map((each) => [each, "wait"])];
  const shown = all.slice(0, MOST_SHOWN);
  const more = all.length - shown.length;
  for (const list of document.querySelectorAll("[data-all-problems]")) {
    list.replaceChildren(...shown.map(([problem, kind]) => problemRow(editor, problem, kind)));
    if (more) list.append(problemRow(editor, { message: `and ${more} more` }, "wait"));
  }
  for (const part of document.querySelectorAll("[data-problems-part]")) part.hidden = !all.length;
  const menu = document.getElementById("problems");
  menu.hidden = !all.length;
  if (!all.length) menu.open = false;
  menu.querySelector("summary").dataset.kind = errors.length ? "bad" : "wait";
  const [number, word] = errors.length ? [errors.length, "problem"] : [warnings.length, "warning"];
  document.getElementById("problems-count").textContent = number;
  document.getElementById("problems-word").textContent = `${word}${number === 1 ? "" : "s"}`;
}

/** A problem that names no node can not be opened. */
export function problemRow(editor, { node, field, message }, kind = "bad") {
  const row = document.getElementById("problem-row").content.firstElementChild.cloneNode(true);
  const button = row.querySelector("button");
  button.dataset.kind = kind;
  const text = row.querySelector(".problem-text");
  const known = node && nodeOf(editor.graph, node);
  if (known) {
    button.dataset.openNode = node;
    const called = known.name || editor.types.get(known.type)?.label || node;
    text.append(Object.assign(document.createElement("strong"), { textContent: called }), " ");
    const setting = /^config\.(.+)/.exec(field ?? "")?.[1];
    if (setting) text.append(Object.assign(document.createElement("code"), { textContent: setting }), " ");
  } else {
    button.disabled = true;
  }
  text.append(message);
  return row;
}
