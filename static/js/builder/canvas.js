// The canvas: puts its parts together and says which of them a press belongs to.

import { actionsOf } from "./actions.js";
import { Adding } from "./adding.js";
import { Bodies } from "./bodies.js";
import { Cards } from "./cards.js";
import { Chooser } from "./chooser.js";
import { Clipboard } from "./clipboard.js";
import { Connecting } from "./connecting.js";
import { Edges } from "./edges.js";
import { Gestures } from "./gestures.js";
import { isTrigger } from "./graph.js";
import { Keyboard } from "./keyboard.js";
import { Minimap } from "./minimap.js";
import { notice } from "./notice.js";
import { Outline } from "./outline.js";
import { Palette } from "./palette.js";
import { QuickAdd } from "./quickadd.js";
import { Selection } from "./selection.js";
import { Tools } from "./tools.js";
import { View, around } from "./view.js";
import { counted } from "./words.js";

/** Gives {reveal(id), card(id), focus()}. */
export function createCanvas(editor) {
  const section = document.getElementById("canvas");
  const stage = section.querySelector(".stage");
  const inside = (selector) => stage.querySelector(selector);
  const view = new View(stage, inside("#board"), inside(".grid"));
  const cards = new Cards(editor, inside(".cards"));
  const bodies = new Bodies(editor, cards, inside(".bodies"));
  const edges = new Edges(editor, cards, inside(".wires"), inside(".wires-over"));
  const parts = { editor, view, cards, bodies, edges, say, focus, goTo, firstLook, over: inside(".over-cards") };

  parts.layoutUrl = section.dataset.layoutUrl;
  parts.selection = new Selection(parts);
  parts.adding = new Adding(parts);
  parts.connecting = new Connecting({
    ...parts, hint: inside(".hint"),
    onEmpty: (from, event) => addAt(event, { from }),
  });
  parts.gestures = new Gestures(view, begin, { longPress });
  parts.chooser = new Chooser(document.getElementById("chooser"));
  parts.quickAdd = new QuickAdd(parts);
  parts.clipboard = new Clipboard(parts);
  parts.outline = new Outline(document.getElementById("outline"), parts);
  const palette = document.getElementById("palette");
  if (palette) parts.palette = new Palette(palette, parts);
  parts.actions = actionsOf(parts);
  new Keyboard(parts);
  new Minimap(inside(".minimap svg"), parts);
  new Tools(section, parts);

  stage.addEventListener("dblclick", doubleClick);
  stage.addEventListener("contextmenu", rightClick);
  stage.addEventListener("pointerover", hover);
  editor.addEventListener("refused", ({ detail }) => notice(detail.message, { kind: "bad" }));
  editor.addEventListener("change", describe);
  editor.addEventListener("open", ({ detail }) => reveal(detail.id));
  describe();
  firstLook();
  view.measure();
  performance.mark("canvas-drawn");

  // ---------------------------------------------------------------- presses

  function begin(event) {
    if (event.button > 0) return null;
    const { connecting, selection } = parts;
    const { target } = event;
    const id = target.closest("[data-node]")?.dataset.node;
    const port = target.closest(".port")?.dataset.port;
    if (port && id && !editor.readOnly && !connecting.pending) return connecting.pressPort(event, id, port);
    if (connecting.pending) return id ? pressTarget(event, id) : { end: (now) => connecting.drop(now) };
    const end = target.closest(".wire-end");
    if (end) return connecting.pressEnd(event, edges.handled, end.dataset.end);
    if (id) return selection.pressCard(event, id);
    const key = target.closest("[data-edge]")?.dataset.edge;
    if (!key) stage.focus({ preventScroll: true });
    if (key) return selection.pressEdge(event, key);
    return event.pointerType === "touch" ? tapOrPan(event) : selection.pressBoard(event);
  }

  function pressTarget(event, id) {
    event.preventDefault();
    return parts.connecting.pressCard(event, id);
  }

  function tapOrPan(event) {
    const pan = parts.gestures.panning(event);
    return {
      ...pan,
      end: () => {
        pan.end();
        if (!parts.gestures.isFar) editor.select({});
      },
    };
  }

  /** A finger that rests selects one more, or asks what to add. */
  function longPress(event) {
    const id = cards.at(view.toBoard(event));
    parts.gestures.cancel();
    if (id) parts.selection.toggle(id);
    else addAt(event);
  }

  function doubleClick(event) {
    if (event.target.closest(".over-stage")) return;
    const point = view.toBoard(event);
    const id = cards.at(point);
    if (id) editor.open(id);
    else addAt(event, { key: edges.at(point, 8) });
  }

  function rightClick(event) {
    if (event.target.closest(".over-stage")) return;
    event.preventDefault();
    if (event.pointerType === "touch") return;
    const id = cards.at(view.toBoard(event));
    if (!id) addAt(event);
    else if (!editor.nodes.has(id)) editor.select({ nodes: [id] });
  }

  /** Ask what to add; its inlet, or without an edge its middle, comes where the pointer is. */
  function addAt(event, { from = null, key = null } = {}) {
    const { x, y } = view.toBoard(event);
    const at = key ? null : { x: from ? x + 108 : x, y };
    parts.quickAdd.add({ at, from, key, clientX: event.clientX, clientY: event.clientY });
  }

  function hover({ target }) {
    if (parts.gestures.isBusy || parts.connecting.pending || target.closest(".wire-end")) return;
    const key = target.closest("[data-edge]")?.dataset.edge;
    edges.handle(key ?? (editor.edges.size === 1 ? [...editor.edges][0] : null));
  }

  // ---------------------------------------------------------------- for the others

  function describe() {
    const count = editor.graph.nodes.length;
    inside("#board").setAttribute("aria-label", `Workflow with ${counted(count, "node")}`);
    stage.querySelector(".canvas-empty").hidden = count > 0;
  }

  function firstLook() {
    const { nodes } = editor.graph;
    const start = nodes.find((node) => isTrigger(node, editor.types)) ?? nodes[0];
    view.open(around(cards.boxes.values()), cards.boxes.get(start?.id));
  }

  function reveal(id) {
    const box = cards.boxes.get(id);
    if (box) view.reveal(box);
  }

  function goTo(id) {
    editor.select({ nodes: [id] });
    reveal(id);
    cards.makeCurrent(id);
    cards.element(id)?.focus({ preventScroll: true });
  }

  function focus() {
    const card = cards.element(editor.single ?? cards.current);
    (card ?? stage).focus({ preventScroll: true });
  }

  function say(text) {
    document.getElementById("announcements").textContent = text;
  }

  return { reveal, focus, card: (id) => cards.element(id) };
}
