// Parts of a graph as text, and a text back into a graph. No DOM in here.

import { connect, whyNotConnect } from "./connections.js";
import {
  NODE_FIELDS, PORT, Refused, checkRoom, cleanText, freeEdgeId, freeId, isFreeName, isTrigger, nodeOf, rounded,
} from "./graph.js";
import { isObject } from "./paths.js";
import { renameReferences } from "./references.js";
import { edgeKey, faultsOf, orderOf } from "./shape.js";

const FARTHEST = 1_000_000;
const NOTHING = "The clipboard holds no nodes. Copy some first.";

/** Nodes and the edges between them, as text for the clipboard. */
export function copyOf(graph, ids) {
  const chosen = new Set(ids);
  const part = {
    nodes: graph.nodes.filter((node) => chosen.has(node.id)),
    edges: graph.edges.filter((edge) => chosen.has(edge.source) && chosen.has(edge.target)),
  };
  return JSON.stringify(part, null, 2);
}

/** What a text from the clipboard holds: a graph, or a document with one. */
export function readCopy(text) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Refused(NOTHING);
  }
  const part = read?.graph ?? read;
  if (!Array.isArray(part?.nodes)) throw new Refused(NOTHING);
  const nodes = part.nodes.filter((node) => typeof node?.type === "string" && node.type.trim());
  const edges = (Array.isArray(part.edges) ? part.edges : []).filter(isEdge);
  return { nodes: nodes.map(cleanNode), edges };
}

const isEdge = (edge) =>
  typeof edge?.source === "string" &&
  typeof edge?.target === "string" &&
  (edge.port === undefined || PORT.test(edge.port));

function cleanNode(raw) {
  const own = Object.fromEntries(
    Object.entries(NODE_FIELDS).map(([field, empty]) => [field, raw[field] ?? empty]),
  );
  return {
    id: typeof raw.id === "string" ? raw.id : "",
    type: cleanText(raw.type, 40).trim(),
    ...own,
    name: cleanText(own.name, 200).trim(),
    notes: cleanText(own.notes, 10_000),
    config: isObject(own.config) ? own.config : {},
    retry: cleanRetry(own.retry),
    continue_on_error: own.continue_on_error === true,
    on_interrupt: ["retry", "fail"].includes(own.on_interrupt) ? own.on_interrupt : null,
    position: rounded({ x: within(raw.position?.x), y: within(raw.position?.y) }),
  };
}

function cleanRetry(retry) {
  if (!isObject(retry)) return null;
  const seconds = (value, otherwise) => (value >= 0 && value <= 3600 ? Number(value) : otherwise);
  return {
    max_attempts: Math.round(Math.min(Math.max(Number(retry.max_attempts) || 1, 1), 10)),
    wait_seconds: seconds(retry.wait_seconds, 1),
    backoff: retry.backoff === "exponential" ? "exponential" : "fixed",
    max_wait_seconds: seconds(retry.max_wait_seconds, 300),
  };
}

const within = (value) => Math.min(Math.max(Number(value) || 0, -FARTHEST), FARTHEST);

/** The nodes of a copy that a graph takes: it has one trigger. */
export function takenOf(graph, types, part) {
  let triggers = graph.nodes.some((node) => isTrigger(node, types)) ? 1 : 0;
  return part.nodes.filter((node) => !isTrigger(node, types) || ++triggers === 1);
}

/** Where the upper left corner of nodes is. */
export function cornerOf(nodes) {
  const [x, y] = ["x", "y"].map((axis) => Math.min(...nodes.map((node) => node.position[axis])));
  return { x, y };
}

/** The first corner, from `corner` on to the right and down, where no copy hides a card. */
export function freeCorner(graph, nodes, corner, step) {
  const start = cornerOf(nodes);
  const hides = (by) => (copy) => graph.nodes.some(({ position }) =>
    Math.abs(copy.position.x - start.x + by.x - position.x) < step &&
    Math.abs(copy.position.y - start.y + by.y - position.y) < step,
  );
  let free = corner;
  while (nodes.some(hides(free))) free = { x: free.x + step, y: free.y + step };
  return free;
}

/** Insert a copy with new ids; templates inside follow. `corner`: where its upper left corner comes.
 * Gives {graph, ids, left}: what was left out, as a sentence. */
export function paste(graph, types, part, corner) {
  const kept = takenOf(graph, types, part);
  if (!kept.length) return { graph, ids: [], left: part.nodes.length ? TRIGGER_LEFT : NOTHING };
  checkRoom(graph, kept.length);
  const start = cornerOf(kept);
  const names = new Map();
  let next = graph;
  for (const node of kept) {
    const isFree = isFreeName(node.id) && !nodeOf(next, node.id);
    const id = isFree ? node.id : freeId(next, node.id || node.type);
    names.set(node.id, id);
    const position = { x: node.position.x - start.x + corner.x, y: node.position.y - start.y + corner.y };
    next = { ...next, nodes: [...next.nodes, { ...node, id, position: rounded(position) }] };
  }
  const ids = next.nodes.slice(graph.nodes.length).map((node) => node.id);
  const fresh = new Set(ids);
  const nodes = next.nodes.map((node) =>
    fresh.has(node.id) ? { ...node, config: renameReferences(node.config, names) } : node,
  );
  next = withEdges({ ...next, nodes }, types, part.edges, names);
  return { graph: next, ids, left: part.nodes.length > kept.length ? TRIGGER_LEFT : "" };
}

const TRIGGER_LEFT = "The trigger was left out: there is one already.";

/** All edges of a sound copy at once; of another, those that are allowed. */
function withEdges(graph, types, edges, names) {
  const wanted = edges
    .map(({ source, port = "default", target }) => ({ source: names.get(source), port, target: names.get(target) }))
    .filter((edge) => edge.source && edge.target);
  return allAtOnce(graph, types, wanted) ?? oneByOne(graph, types, wanted);
}

function allAtOnce(graph, types, edges) {
  if (!edges.length) return graph;
  const first = freeEdgeId(graph);
  const start = Number(first.slice(1));
  const drawn = edges.map((edge, place) => ({ id: `e${start + place}`, ...edge }));
  const taken = new Set(graph.edges.map((edge) => edge.id));
  if (drawn.some((edge) => taken.has(edge.id))) return null;
  const bare = { ...graph, edges: [] };
  const isEachAllowed = edges.every((edge) => !whyNotConnect(bare, types, edge, { alone: true }));
  const isEachOnce = new Set(edges.map(edgeKey)).size === edges.length;
  const next = { ...graph, edges: [...graph.edges, ...drawn] };
  if (!isEachAllowed || !isEachOnce || orderOf(next).length < orderOf(graph).length) return null;
  const [old, now] = [faultsOf(graph), faultsOf(next)];
  return now.crossed > old.crossed || now.deep > old.deep ? null : next;
}

function oneByOne(graph, types, edges) {
  let next = graph;
  for (const edge of edges) {
    if (!whyNotConnect(next, types, edge)) next = connect(next, types, edge);
  }
  return next;
}
