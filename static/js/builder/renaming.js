// A node gets another id.

import { Refused, renameNode } from "./graph.js";
import { wouldHide } from "./references.js";

/** Gives whether it was done. */
export function rename(editor, id, next) {
  return editor.change(`Rename ${id}`, (graph) => {
    if (!graph.nodes.some(({ config }) => wouldHide(config, id, next))) return renameNode(graph, id, next);
    throw new Refused(`A template that reads ${id} makes a name ${next} itself. Take another id.`);
  });
}

/** The one node that has another id than before, in the same place of the list. */
export function renameIn(before, after) {
  if (before.nodes.length !== after.nodes.length) return null;
  const changed = before.nodes.flatMap((node, place) => (node.id === after.nodes[place].id ? [] : [[node.id, after.nodes[place].id]]));
  return changed.length === 1 ? { from: changed[0][0], to: changed[0][1] } : null;
}
