// The model: a graph is plain JSON as the API has it, and never changed in place. An operation takes
// a graph and gives the next one; what can not be done is a Refused with a sentence for the person.
// No DOM in here.

import { renameReferences } from "./references.js";
import { settled } from "./shape.js";

export { descendants, edgeKey, reaches, scopesOf } from "./shape.js";

const MOST_NODES = 500;
export const CARD = { width: 216, height: 56, row: 22, foot: 8 };
const RESERVED = new Set(["trigger", "vault", "run", "workflow", "item", "index", "loop"]);

const ID = /^[a-z][a-z0-9_]{0,63}$/;
export const PORT = /^[a-z0-9_]{1,64}$/;
export const NODE_FIELDS = {
  name: "", config: {}, continue_on_error: false, retry: null, on_interrupt: null, notes: "",
};

/** Something that is not allowed; the message says why. */
export class Refused extends Error {}

export const emptyGraph = () => ({ nodes: [], edges: [] });
export const nodeOf = (graph, id) => graph.nodes.find((node) => node.id === id);

export function isTrigger(node, types) {
  return types.get(node.type)?.category === "trigger";
}

/** All ports of a node as it is configured, `error` included: the same rule as on the server. */
export function portsOf(node, types) {
  const type = types.get(node.type);
  if (!type) return null;
  const cases = node.config?.[type.port_list];
  const named = (Array.isArray(cases) ? cases : []).map((each) => each?.port);
  const ports = [...named.filter((port) => typeof port === "string" && PORT.test(port)), ...type.ports];
  if (node.continue_on_error && type.can_fail) ports.push("error");
  return [...new Set(ports)];
}

/** A name for one more port in a node's own list of them. */
export function freePort(node, types) {
  const taken = new Set(portsOf(node, types));
  let number = 1;
  while (taken.has(`case_${number}`)) number += 1;
  return `case_${number}`;
}

/** Up to two ports are beside the card's head, more have a row each: `builder/layout.py` has the same
 * rules. */
export const hasRows = (ports) => (ports?.length ?? 0) > 2;

export function heightOf(ports) {
  return CARD.height + (hasRows(ports) ? ports.length * CARD.row + CARD.foot : 0);
}

/** How far down a card a port is. */
export function portHeight(ports, place) {
  if (hasRows(ports)) return CARD.height + (place + 0.5) * CARD.row;
  return Math.round((CARD.height * (place + 1)) / (ports.length + 1));
}

// ---------------------------------------------------------------- nodes

/** Gives [graph, id]. */
export function addNode(graph, types, { type, position, name = "", config = {} }) {
  const known = types.get(type);
  if (!known) throw new Refused(`There is no node type ${type}.`);
  checkRoom(graph, 1);
  if (known.category === "trigger" && graph.nodes.some((node) => isTrigger(node, types))) {
    throw new Refused("There is a trigger already. A workflow has exactly one: remove it first.");
  }
  const id = freeId(graph, type);
  const node = { id, type, ...NODE_FIELDS, name, config, position: rounded(position) };
  return [{ ...graph, nodes: [...graph.nodes, node] }, id];
}

export function removeNodes(graph, types, ids) {
  const gone = new Set(ids);
  const nodes = graph.nodes.filter((node) => !gone.has(node.id));
  if (nodes.length === graph.nodes.length) return graph;
  const edges = graph.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target));
  return sound(graph, types, { nodes, edges });
}

/** Change fields of a node. Edges follow a port that gets another name; those of a port that is
 * gone are taken away. */
export function setNode(graph, types, id, changes) {
  const old = nodeOf(graph, id);
  if (!old) throw new Refused("This node is no longer there.");
  const node = { ...old, ...changes, id, position: old.position };
  node.name = cleanText(node.name, 200);
  node.notes = cleanText(node.notes, 10_000);
  if (JSON.stringify(node) === JSON.stringify(old)) return graph;
  const nodes = graph.nodes.map((each) => (each === old ? node : each));
  const edges = followPorts(graph.edges, old, node, types);
  return edges === graph.edges ? { ...graph, nodes } : sound(graph, types, { nodes, edges });
}

function followPorts(edges, old, node, types) {
  const [before, after] = [portsOf(old, types), portsOf(node, types)];
  if (!before || !after) return edges;
  const gone = before.filter((port) => !after.includes(port));
  if (!gone.length) return edges;
  const fresh = after.filter((port) => !before.includes(port));
  const renamed = gone.length === 1 && fresh.length === 1 ? fresh[0] : null;
  return edges.flatMap((edge) => {
    if (edge.source !== node.id || !gone.includes(edge.port)) return [edge];
    return renamed ? [{ ...edge, port: renamed }] : [];
  });
}

/** Give a node another id; edges and templates follow. */
export function renameNode(graph, id, next) {
  if (id === next) return graph;
  if (!ID.test(next)) {
    throw new Refused("An id has lower-case letters, digits and _, starts with a letter, at most 64.");
  }
  if (RESERVED.has(next)) throw new Refused(`${next} is a reserved name. Take another.`);
  if (nodeOf(graph, next)) throw new Refused(`There is a node ${next} already. Take another id.`);
  const names = new Map([[id, next]]);
  const end = (name) => (name === id ? next : name);
  return {
    nodes: graph.nodes.map((node) => {
      const config = renameReferences(node.config, names);
      if (node.id === id) return { ...node, id: next, config };
      return config === node.config ? node : { ...node, config };
    }),
    edges: graph.edges.map((edge) =>
      edge.source === id || edge.target === id
        ? { ...edge, source: end(edge.source), target: end(edge.target) }
        : edge,
    ),
  };
}

/** `positions`: Map of id to {x, y}. */
export function placeNodes(graph, positions) {
  let moved = false;
  const nodes = graph.nodes.map((node) => {
    const wanted = positions.get(node.id);
    if (!wanted) return node;
    const position = rounded(wanted);
    if (position.x === node.position.x && position.y === node.position.y) return node;
    moved = true;
    return { ...node, position };
  });
  return moved ? { ...graph, nodes } : graph;
}

/** Of boxes: the line on which they meet, and where each begins to lie on it. */
const ALIGNMENTS = {
  left: [(all) => Math.min(...all.map((box) => box.x)), (box, x) => ({ x })],
  right: [(all) => Math.max(...all.map((box) => box.x)), (box, x) => ({ x })],
  center: [(all) => mean(all.map((box) => box.x)), (box, x) => ({ x })],
  top: [(all) => Math.min(...all.map((box) => box.y)), (box, y) => ({ y })],
  bottom: [(all) => Math.max(...all.map((box) => box.y + box.high)), (box, y) => ({ y: y - box.high })],
  middle: [(all) => mean(all.map((box) => box.y + box.high / 2)), (box, y) => ({ y: y - box.high / 2 })],
};

export function alignNodes(graph, types, ids, how) {
  const chosen = graph.nodes.filter((node) => ids.includes(node.id));
  if (chosen.length < 2) throw new Refused("Select two nodes or more to align them.");
  const boxes = chosen.map((node) => ({ ...node.position, high: heightOf(portsOf(node, types)) }));
  const [lineOf, placeOn] = ALIGNMENTS[how];
  const line = lineOf(boxes);
  const places = chosen.map((node, place) => [node.id, { ...node.position, ...placeOn(boxes[place], line) }]);
  return placeNodes(graph, new Map(places));
}

// ---------------------------------------------------------------- names

export const isFreeName = (id) => ID.test(id) && !RESERVED.has(id);

/** An id that no node has: `wanted`, or with a number. */
export function freeId(graph, wanted) {
  const base = (wanted.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "") || "node")
    .replace(/_\d+$/, "")
    .slice(0, 56);
  const taken = new Set(graph.nodes.map((node) => node.id));
  if (!taken.has(base) && isFreeName(base)) return base;
  let number = 2;
  while (taken.has(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}

export function freeEdgeId(graph) {
  const taken = new Set(graph.edges.map((edge) => edge.id));
  let number = graph.edges.length + 1;
  while (taken.has(`e${number}`)) number += 1;
  return `e${number}`;
}

// ---------------------------------------------------------------- small things

export function checkRoom(graph, more) {
  if (graph.nodes.length + more > MOST_NODES) {
    throw new Refused(`A workflow has at most ${MOST_NODES} nodes. Move a part into another one.`);
  }
}

/** Whoever takes something away can leave an edge that leads into a body: it goes too. */
export function sound(before, types, after) {
  const starts = after.nodes.filter((node) => isTrigger(node, types)).map((node) => node.id);
  return settled(before, after, starts);
}

/** A text that every database takes. */
export function cleanText(value, most) {
  return String(value ?? "").replaceAll("\0", "").toWellFormed().slice(0, most).toWellFormed();
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const rounded = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });
