// What buttons and keys ask for, by name.

import { removeEdges } from "./connections.js";
import { alignNodes, placeNodes, removeNodes } from "./graph.js";
import { neighbour } from "./walk.js";
import { NoAnswer, post } from "./asking.js";
import { around } from "./view.js";

const STEP = 1.25;

export function actionsOf(parts) {
  const { editor, view, cards, gestures, connecting, quickAdd, clipboard, outline, palette, say, focus, firstLook, layoutUrl } = parts;
  const whole = () => around(cards.boxes.values());
  const single = () => editor.single ?? cards.current;

  function travel(way, told) {
    const label = way === "undo" ? editor.undoLabel : editor.redoLabel;
    if (!label || gestures.isBusy) return;
    editor[way]();
    say(`${told}: ${label}`);
    if (document.activeElement === document.body) focus();
  }

  function remove() {
    const [nodes, edges] = [[...editor.nodes], [...editor.edges]];
    if (!nodes.length && !edges.length) return;
    const label = removalLabel(nodes, edges);
    const next = nodes.length ? nextAfter(nodes) : null;
    const isDone = editor.change(label, (graph) =>
      removeNodes(removeEdges(graph, editor.types, edges), editor.types, nodes),
    );
    if (!isDone) return;
    if (next) cards.makeCurrent(next);
    focus();
    say(`${label.replace("Delete", "Deleted")}.`);
  }

  function removalLabel(nodes, edges) {
    if (nodes.length > 1) return `Delete ${nodes.length} nodes`;
    if (nodes.length) return `Delete ${cards.nameOf(nodes[0])}`;
    return edges.length > 1 ? `Delete ${edges.length} edges` : "Delete the edge";
  }

  /** The node that is nearest to those that go. */
  function nextAfter(gone) {
    const boxes = new Map([...cards.boxes].filter(([id]) => id === gone[0] || !gone.includes(id)));
    for (const way of ["left", "right", "up", "down"]) {
      const found = neighbour(editor.graph, boxes, gone[0], way);
      if (found) return found;
    }
    return null;
  }

  async function tidy() {
    if (editor.readOnly || !editor.graph.nodes.length) return;
    const asked = editor.graph;
    try {
      const { positions } = await post(layoutUrl, { graph: asked });
      if (editor.graph !== asked) return;
      editor.change("Tidy up", (graph) => placeNodes(graph, new Map(Object.entries(positions))));
      firstLook();
      say("The nodes were laid out.");
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      editor.tell("refused", { message: error.message });
    }
  }

  async function disconnect(id) {
    const key = await quickAdd.disconnect(id);
    if (key) editor.change("Delete the edge", (graph) => removeEdges(graph, editor.types, [key]));
    focus();
  }

  return {
    undo: () => travel("undo", "Undone"),
    redo: () => travel("redo", "Redone"),
    remove,
    tidy,
    disconnect,
    fit: () => view.fit(whole()),
    full: () => view.zoomTo(1),
    closer: () => view.zoomTo(view.k * STEP),
    farther: () => view.zoomTo(view.k / STEP),
    all: () => editor.selectAll(),
    duplicate: () => clipboard.duplicate(),
    copy: () => clipboard.copyNow(),
    paste: () => clipboard.pasteNow(),
    keys: () => document.getElementById("keys").showModal(),
    outline: () => {
      const isOpen = outline.toggle();
      for (const button of document.querySelectorAll('[data-do="outline"][aria-expanded]')) button.ariaExpanded = String(isOpen);
    },
    open: () => single() && editor.open(single()),
    connect: () => single() && quickAdd.connectFrom(single()),
    after: () => quickAdd.addAfter(single()),
    insert: () => quickAdd.add({ key: [...editor.edges][0] }),
    align: (event, how) => editor.change(`Align ${how}`, (graph) => alignNodes(graph, editor.types, [...editor.nodes], how)),
    palette: () => palette?.open(),
    "fold-palette": () => palette?.fold(),
    quick: () => quickAdd.add(),
    add: (event, type) => parts.adding.add(type),
    find: async () => {
      const id = await quickAdd.find();
      if (id) parts.goTo(id);
    },
    escape: () => {
      if (gestures.cancel() || connecting.cancel()) return;
      editor.select({});
    },
  };
}
