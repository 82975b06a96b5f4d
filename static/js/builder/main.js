// Puts the builder together: one editor, and the parts that show it.

import { createCanvas } from "./canvas.js";
import { Editor } from "./editor.js";
import { startWork } from "./work.js";
import { createPanel } from "./panel.js";

const state = JSON.parse(document.getElementById("builder-state").textContent);
export const editor = new Editor({
  graph: state.graph,
  types: new Map(state.types.map((type) => [type.type, type])),
  readOnly: !state.can_edit,
});
export const canvas = createCanvas(editor, state);
startWork(editor, state);
export const panel = createPanel(editor, state);
document.documentElement.dataset.builder = "ready";
