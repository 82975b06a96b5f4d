// What is wrong, beside the field that it is about.

import { problemsOf } from "./items.js";

/** `found`: of {field, message, level: error | warning | hint}. Gives those that are about no field
 * of the form. */
export function showProblems(root, found) {
  const places = [...root.querySelectorAll("[data-path]")].filter((each) => each.dataset.field !== "(raw)");
  const byPlace = new Map();
  for (const problem of found) {
    const place = nearest(places, problem.field) ?? root;
    const rest = place === root ? "" : problem.field.slice(place.dataset.path.length).replace(/^\./, "");
    byPlace.set(place, [...(byPlace.get(place) ?? []), rest ? { ...problem, where: rest } : problem]);
  }
  for (const place of places) tell(place, byPlace.get(place) ?? [], true);
  return byPlace.get(root) ?? [];
}

/** `isFromServer`: what the form itself has found stays. Items that are just being filled in are not
 * complained about. */
export function tell(place, problems, isFromServer = false) {
  const box = problemsOf(place);
  if (!box || (isFromServer && box.querySelector("[data-own]"))) return;
  const isFresh = isFromServer && place.closest("[data-fresh]");
  const shown = isFresh ? problems.filter((each) => each.level !== "error") : problems;
  box.replaceChildren(...shown.map(line));
  const isBad = shown.some((each) => each.level === "error");
  for (const input of place.querySelectorAll("[data-control]")) {
    if (input.closest("[data-field]") !== place && place.matches("[data-field]:not(.is-raw)")) continue;
    if (isBad) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

function nearest(places, path) {
  const fits = (each) =>
    path === each.dataset.path || [".", "["].some((sign) => path.startsWith(each.dataset.path + sign));
  return places.filter(fits).sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
}

function line({ message, field = "", level, where, isOwn }) {
  const told = `${field.replace(/^config\./, "")}: `;
  const text = message.startsWith(told) ? message.slice(told.length) : message;
  const template = document.getElementById(`problem-${level}`);
  const made = document.importNode(template.content, true).firstElementChild;
  if (isOwn) made.dataset.own = "";
  made.querySelector("[data-text]").textContent = where ? `${where}: ${text}` : text;
  return made;
}
