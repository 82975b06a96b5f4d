// Edges: which may be drawn, and drawing them. Operations as in graph.js; no DOM in here.

import { Refused, freeEdgeId, isTrigger, nodeOf, portsOf, sound } from "./graph.js";
import {
  DEEPEST, ancestors, edgeKey, faultsOf, isSameList, reaches, scopesOf, throughPort,
} from "./shape.js";

/** Why an edge can not be drawn, as a sentence; empty where it can. `without`: the key of an edge
 * that goes away for it. `alone`: look at its two ends only. */
export function whyNotConnect(graph, types, edge, { without = "", alone = false } = {}) {
  const { source, port, target } = edge;
  const from = nodeOf(graph, source);
  const to = nodeOf(graph, target);
  if (!from || !to) return "This node is no longer there.";
  if (source === target) return "A node can not lead to itself.";
  if (isTrigger(to, types)) return "A trigger starts the workflow, so nothing leads to it.";
  const ports = portsOf(from, types);
  if (ports && !ports.includes(port)) return `${source} has no port ${port}.`;
  if (alone) return "";
  const edges = graph.edges.filter((each) => edgeKey(each) !== without);
  if (edges.some((each) => edgeKey(each) === edgeKey(edge))) return "This edge is there already.";
  if (reaches({ ...graph, edges }, target, source)) return "That would be a circle: this node comes before.";
  return whyNotSound(graph, { ...graph, edges: [...edges, edge] });
}

function whyNotSound(before, after) {
  const [old, now] = [faultsOf(before), faultsOf(after)];
  if (now.crossed > old.crossed) return "An edge can not lead into or out of an iterator's body.";
  return now.deep > old.deep ? `Iterators can be nested ${DEEPEST} deep, not deeper.` : "";
}

/** The ids of all nodes that an edge from `port` of `source` may lead to. */
export function allowedTargets(graph, types, { source, port }, { without = "" } = {}) {
  const from = nodeOf(graph, source);
  const ports = from && portsOf(from, types);
  if (!from || (ports && !ports.includes(port))) return new Set();
  const cut = { ...graph, edges: graph.edges.filter((edge) => edgeKey(edge) !== without) };
  const faults = faultsOf(cut);
  const scopes = scopesOf(cut);
  const scope = throughPort(scopes.get(source)?.[0] ?? [], { source, port });
  const isQuick = !faults.crossed && !faults.deep && scopes.has(source);
  const refused = ancestors(cut, source);
  for (const edge of cut.edges) if (edge.source === source && edge.port === port) refused.add(edge.target);
  const entered = new Set(cut.edges.map((edge) => edge.target));
  const isAllowed = (node) => {
    if (node.id === source || refused.has(node.id) || isTrigger(node, types)) return false;
    if (isQuick && scope.length <= DEEPEST && entered.has(node.id)) {
      return isSameList(scopes.get(node.id)?.[0] ?? [], scope);
    }
    if (isQuick && !scope.length) return true;
    return !whyNotConnect(graph, types, { source, port, target: node.id }, { without });
  };
  return new Set(graph.nodes.filter(isAllowed).map((node) => node.id));
}

export function connect(graph, types, edge) {
  const why = whyNotConnect(graph, types, edge);
  if (why) throw new Refused(why);
  return withEdge(graph, edge);
}

function withEdge(graph, { source, port, target }) {
  return { ...graph, edges: [...graph.edges, { id: freeEdgeId(graph), source, port, target }] };
}

/** `keys`: of edgeKey. */
export function removeEdges(graph, types, keys) {
  const gone = new Set(keys);
  const edges = graph.edges.filter((edge) => !gone.has(edgeKey(edge)));
  return edges.length === graph.edges.length ? graph : sound(graph, types, { ...graph, edges });
}

/** Let an edge begin or end elsewhere. */
export function reconnect(graph, types, key, ends) {
  const old = graph.edges.find((edge) => edgeKey(edge) === key);
  if (!old) throw new Refused("This edge is no longer there.");
  const next = { ...old, ...ends };
  if (edgeKey(next) === key) return graph;
  const why = whyNotConnect(graph, types, next, { without: key });
  if (why) throw new Refused(why);
  return { ...graph, edges: graph.edges.map((edge) => (edge === old ? next : edge)) };
}

/** Put a node into an edge: it goes on at the node's port `default`, else at its first. */
export function splice(graph, types, key, id) {
  const edge = graph.edges.find((each) => edgeKey(each) === key);
  const node = nodeOf(graph, id);
  if (!edge || !node) throw new Refused("This edge is no longer there.");
  const port = mainPort(node, types);
  if (!port) throw new Refused("Nothing can follow this node, so it can not stand in an edge.");
  const cut = { ...graph, edges: graph.edges.filter((each) => each !== edge) };
  let next = cut;
  for (const half of [{ ...edge, target: id }, { source: id, port, target: edge.target }]) {
    const why = whyNotJoin(next, types, half);
    if (why) throw new Refused(why);
    next = withEdge(next, half);
  }
  const why = whyNotSound(graph, next);
  if (why) throw new Refused(why);
  return next;
}

function whyNotJoin(graph, types, edge) {
  const why = whyNotConnect(graph, types, edge, { alone: true });
  if (why) return why;
  if (graph.edges.some((each) => edgeKey(each) === edgeKey(edge))) return "This edge is there already.";
  return reaches(graph, edge.target, edge.source) ? "That would be a circle: this node comes before." : "";
}

/** The only node after which one more can come; null where there is none or a choice. */
export function looseEnd(graph, types) {
  const used = new Set(graph.edges.map(({ source, port }) => `${source} ${port}`));
  const isOpen = (node) => (portsOf(node, types) ?? ["default"]).some(
    (port) => port !== "error" && !used.has(`${node.id} ${port}`),
  );
  const open = graph.nodes.filter(isOpen);
  return open.length === 1 ? open[0].id : null;
}

/** Where a node goes on as a rule; null where it ends the run. */
export function mainPort(node, types) {
  const ports = portsOf(node, types) ?? ["default"];
  return ports.includes("default") ? "default" : (ports[0] ?? null);
}
