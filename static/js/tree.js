// JSON trees: arrow keys go from row to row; the row under the pointer or the focus has two buttons.
import { copyText } from "./copy.js";

const template = document.getElementById("tree-tools");
const tools = template?.content.firstElementChild.cloneNode(true);

const rowOf = (element) => element.closest?.(".tree li[data-path]");

const valueOf = async (row) => {
  const value = row.querySelector(":scope > .line > .value");
  if (value && !("cut" in row.dataset)) return value.textContent;
  const raw = row.closest(".tree").dataset.raw;
  const answer = await fetch(`${raw}?path=${encodeURIComponent(row.dataset.path)}`);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.text();
};

const offer = (event) => {
  const row = rowOf(event.target);
  if (!row || !tools || tools.parentElement === row) return;
  tools.querySelector('[data-tool="path"]').hidden = !row.dataset.expression;
  row.append(tools);
};

document.addEventListener("pointerover", offer);
document.addEventListener("focusin", offer);

tools?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tool]");
  const row = rowOf(tools);
  if (!button || !row) return;
  copyText(button, button.dataset.tool === "path" ? row.dataset.expression : () => valueOf(row));
});

const lines = (tree) =>
  [...tree.querySelectorAll("summary, .line, .more button")].filter((line) => line.offsetParent);

const STEP = { ArrowDown: 1, ArrowUp: -1 };

const leave = (tree, line, key) => {
  const details = line.closest("details");
  const isOpen = line.matches("summary") && details.open;
  if (key === "ArrowRight" && line.matches("summary")) details.open = true;
  if (key === "ArrowLeft" && isOpen) details.open = false;
  else if (key === "ArrowLeft") {
    const outer = (line.matches("summary") ? details.parentElement : line).closest("details");
    if (tree.contains(outer)) outer.querySelector("summary").focus();
  }
};

document.addEventListener("keydown", (event) => {
  const tree = event.target.closest?.(".tree");
  if (!tree || event.target.closest(".tools")) return;
  const all = lines(tree);
  const place = all.indexOf(event.target);
  if (event.key in STEP) {
    event.preventDefault();
    all[Math.min(Math.max(place + STEP[event.key], 0), all.length - 1)]?.focus();
  } else if (place >= 0 && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    leave(tree, event.target, event.key);
  }
});
