// The model: a graph is plain JSON as the API has it, and never changed in place. An operation takes
// a graph and gives the next one; what can not be done is a Refused with a sentence for the person.
// No DOM in here.

import { renameReferences } from "./references.js";

export const MOST_NODES = 500;
export const DEEPEST = 5;
export const CARD = { width: 216, height: 56 };
export const RESERVED = new Set(["trigger", "vault", "run", "workflow", "item", "index", "loop"]);

const ID = /^[a-z][a-z0-9_]{0,63}$/;
const PORT = /^[a-z0-9_]{1,64}$/;
const NODE_FIELDS = {
  name: "", config: {}, continue_on_error: false, retry: null, on_interrupt: null, notes: "",
};

/** Something that is not allowed; the message says why. */
export class Refused extends Error {}

export const emptyGraph = () => ({ nodes: [], edges: [] });
export const edgeKey = (edge) => `${edge.source} ${edge.port} ${edge.target}`;
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

export function removeNodes(graph, ids) {
  const gone = new Set(ids);
  return withParts(
    graph,
    graph.nodes.filter((node) => !gone.has(node.id)),
    graph.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target)),
  );
}

/** Change fields of a node. Edges follow a port that gets another name; those of a port that is
 * gone are taken away. */
export function setNode(graph, types, id, changes) {
  const old = nodeOf(graph, id);
  if (!old) throw new Refused("This node is no longer there.");
  const node = { ...old, ...changes, id, position: old.position };
  if (JSON.stringify(node) === JSON.stringify(old)) return graph;
  const nodes = graph.nodes.map((each) => (each === old ? node : each));
  return { nodes, edges: followPorts(graph.edges, old, node, types) };
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

const ALIGNMENTS = {
  left: (all) => ["x", Math.min(...all.map((p) => p.x))],
  right: (all) => ["x", Math.max(...all.map((p) => p.x))],
  center: (all) => ["x", mean(all.map((p) => p.x))],
  top: (all) => ["y", Math.min(...all.map((p) => p.y))],
  bottom: (all) => ["y", Math.max(...all.map((p) => p.y))],
  middle: (all) => ["y", mean(all.map((p) => p.y))],
};

export function alignNodes(graph, ids, how) {
  const chosen = graph.nodes.filter((node) => ids.includes(node.id));
  if (chosen.length < 2) throw new Refused("Select two nodes or more to align them.");
  const [axis, value] = ALIGNMENTS[how](chosen.map((node) => node.position));
  return placeNodes(
    graph, new Map(chosen.map((node) => [node.id, { ...node.position, [axis]: value }])),
  );
}

// ---------------------------------------------------------------- edges

/** Why an edge can not be drawn, as a sentence; empty where it can. */
export function whyNotConnect(graph, types, { source, port, target }) {
  const from = nodeOf(graph, source);
  const to = nodeOf(graph, target);
  if (!from || !to) return "This node is no longer there.";
  if (source === target) return "A node can not lead to itself.";
  if (isTrigger(to, types)) return "A trigger starts the workflow, so nothing leads to it.";
  const ports = portsOf(from, types);
  if (ports && !ports.includes(port)) return `${source} has no port ${port}.`;
  const edge = { source, port, target };
  if (graph.edges.some((each) => edgeKey(each) === edgeKey(edge))) return "This edge is there already.";
  if (reaches(graph, target, source)) return "That would be a circle: this node comes before.";
  const scopes = scopesOf({ ...graph, edges: [...graph.edges, edge] });
  for (const found of scopes.values()) {
    if (found.length > 1) return "An edge can not lead into or out of an iterator's body.";
    if (found[0]?.length > DEEPEST) return `Iterators can be nested ${DEEPEST} deep, not deeper.`;
  }
  return "";
}

export function connect(graph, types, edge) {
  const why = whyNotConnect(graph, types, edge);
  if (why) throw new Refused(why);
  const { source, port, target } = edge;
  return { ...graph, edges: [...graph.edges, { id: freeEdgeId(graph), source, port, target }] };
}

/** `keys`: of edgeKey. */
export function removeEdges(graph, keys) {
  const gone = new Set(keys);
  return withParts(graph, graph.nodes, graph.edges.filter((edge) => !gone.has(edgeKey(edge))));
}

/** Let an edge begin or end elsewhere. */
export function reconnect(graph, types, key, ends) {
  const old = graph.edges.find((edge) => edgeKey(edge) === key);
  if (!old) throw new Refused("This edge is no longer there.");
  const next = { ...old, ...ends };
  if (edgeKey(next) === key) return graph;
  return connect(removeEdges(graph, [key]), types, next);
}

/** Put a node into an edge: it goes on at the node's first port. */
export function splice(graph, types, key, id) {
  const edge = graph.edges.find((each) => edgeKey(each) === key);
  const node = nodeOf(graph, id);
  const ports = node && portsOf(node, types);
  if (!edge || !ports) throw new Refused("This edge is no longer there.");
  const going = ports.includes("default") ? "default" : ports[0];
  const cut = removeEdges(graph, [key]);
  const entered = connect(cut, types, { ...edge, target: id });
  return going ? connect(entered, types, { source: id, port: going, target: edge.target }) : entered;
}

/** Whether a way leads from one node to another. */
export function reaches(graph, from, to) {
  return from === to || descendants(graph, from).has(to);
}

export function descendants(graph, start) {
  const following = groupedBy(graph.edges, "source");
  const found = new Set();
  const todo = [start];
  while (todo.length) {
    for (const edge of following.get(todo.pop()) ?? []) {
      if (!found.has(edge.target)) {
        found.add(edge.target);
        todo.push(edge.target);
      }
    }
  }
  return found;
}

/** The iterators around each node, outermost first: Map of id to a list of such lists. A sound graph
 * has exactly one list for each node. */
export function scopesOf(graph) {
  const following = groupedBy(graph.edges, "source");
  const missing = new Map(graph.nodes.map((node) => [node.id, 0]));
  for (const edge of graph.edges) missing.set(edge.target, (missing.get(edge.target) ?? 0) + 1);
  const order = graph.nodes.map((node) => node.id).filter((id) => !missing.get(id));
  const scopes = new Map(order.map((id) => [id, new Map([["", []]])]));
  for (const id of order) {
    for (const edge of following.get(id) ?? []) {
      const inner = scopes.get(edge.target) ?? new Map();
      for (const scope of scopes.get(id).values()) {
        const here = edge.port === "item" ? [...scope, id] : scope;
        if (inner.size < 2) inner.set(here.join(" "), here);
      }
      scopes.set(edge.target, inner);
      missing.set(edge.target, missing.get(edge.target) - 1);
      if (!missing.get(edge.target)) order.push(edge.target);
    }
  }
  return new Map([...scopes].map(([id, found]) => [id, [...found.values()]]));
}

// ---------------------------------------------------------------- copies

/** Nodes and the edges between them, as text for the clipboard. */
export function copyOf(graph, ids) {
  const chosen = new Set(ids);
  const inside = (edge) => chosen.has(edge.source) && chosen.has(edge.target);
  const part = {
    nodes: graph.nodes.filter((node) => chosen.has(node.id)),
    edges: graph.edges.filter(inside),
  };
  return JSON.stringify(part, null, 2);
}

/** What a text from the clipboard holds: a graph, or a document with one. */
export function readCopy(text) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Refused("The clipboard holds no nodes. Copy some first.");
  }
  const part = read?.graph ?? read;
  if (!Array.isArray(part?.nodes)) throw new Refused("The clipboard holds no nodes. Copy some first.");
  const nodes = part.nodes.filter((node) => typeof node?.type === "string").map(cleanNode);
  const edges = (Array.isArray(part.edges) ? part.edges : []).filter(
    (edge) => typeof edge?.source === "string" && typeof edge?.target === "string",
  );
  return { nodes, edges };
}

function cleanNode(raw) {
  const own = Object.fromEntries(
    Object.entries(NODE_FIELDS).map(([field, empty]) => [field, raw[field] ?? empty]),
  );
  return {
    id: String(raw.id ?? ""),
    type: raw.type.slice(0, 40),
    ...own,
    name: String(own.name).slice(0, 200),
    notes: String(own.notes).slice(0, 10_000),
    config: isObject(own.config) ? own.config : {},
    retry: isObject(own.retry) ? own.retry : null,
    continue_on_error: own.continue_on_error === true,
    on_interrupt: ["retry", "fail"].includes(own.on_interrupt) ? own.on_interrupt : null,
    position: { x: Number(raw.position?.x) || 0, y: Number(raw.position?.y) || 0 },
  };
}

/** Insert a copy with new ids; templates inside follow. `corner`: where its upper left corner comes.
 * Gives {graph, ids, left}: what was left out, as a sentence. */
export function paste(graph, types, part, corner) {
  const hasTrigger = graph.nodes.some((node) => isTrigger(node, types));
  let triggers = hasTrigger ? 1 : 0;
  const kept = part.nodes.filter((node) => !isTrigger(node, types) || ++triggers === 1);
  checkRoom(graph, kept.length);
  const [left, top] = ["x", "y"].map((axis) => Math.min(...kept.map((node) => node.position[axis])));
  const names = new Map();
  let next = graph;
  for (const node of kept) {
    const id = nodeOf(next, node.id) || !isFreeName(node.id) ? freeId(next, node.id || node.type) : node.id;
    names.set(node.id, id);
    const position = { x: node.position.x - left + corner.x, y: node.position.y - top + corner.y };
    next = { ...next, nodes: [...next.nodes, { ...node, id, position: rounded(position) }] };
  }
  const ids = new Set(names.values());
  const nodes = next.nodes.map((node) =>
    ids.has(node.id) ? { ...node, config: renameReferences(node.config, names) } : node,
  );
  next = withEdges({ ...next, nodes }, types, part.edges, names);
  const missing = part.nodes.length - kept.length;
  return { graph: next, ids: [...ids], left: missing ? "The trigger was left out: there is one already." : "" };
}

function withEdges(graph, types, edges, names) {
  let next = graph;
  for (const { source, port = "default", target } of edges) {
    const edge = { source: names.get(source), port: String(port), target: names.get(target) };
    if (edge.source && edge.target && !whyNotConnect(next, types, edge)) next = connect(next, types, edge);
  }
  return next;
}

// ---------------------------------------------------------------- names

const isFreeName = (id) => ID.test(id) && !RESERVED.has(id);

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

function freeEdgeId(graph) {
  const taken = new Set(graph.edges.map((edge) => edge.id));
  let number = graph.edges.length + 1;
  while (taken.has(`e${number}`)) number += 1;
  return `e${number}`;
}

// ---------------------------------------------------------------- small things

function checkRoom(graph, more) {
  if (graph.nodes.length + more > MOST_NODES) {
    throw new Refused(`A workflow has at most ${MOST_NODES} nodes. Move a part into another one.`);
  }
}

/** The same graph where nothing is gone. */
function withParts(graph, nodes, edges) {
  const isSame = nodes.length === graph.nodes.length && edges.length === graph.edges.length;
  return isSame ? graph : { nodes, edges };
}

function groupedBy(edges, end) {
  const groups = new Map();
  for (const edge of edges) {
    const group = groups.get(edge[end]);
    if (group) group.push(edge);
    else groups.set(edge[end], [edge]);
  }
  return groups;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rounded = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });
