// Another type for a node whose type is not installed here, as after an import.

import { Refused, isTrigger, nodeOf, portsOf } from "./graph.js";

/** The node gets another type; its edges stay, and start at the first port where theirs is gone. */
export function replaceType(graph, types, id, type) {
  const old = nodeOf(graph, id);
  const known = types.get(type);
  if (!old || !known) throw new Refused("This node is no longer there.");
  const others = graph.nodes.filter((node) => node !== old);
  if (known.category === "trigger" && others.some((node) => isTrigger(node, types))) {
    throw new Refused("There is a trigger already. A workflow has exactly one.");
  }
  const node = { ...old, type, config: {}, continue_on_error: false, on_interrupt: null };
  const ports = portsOf(node, types);
  const kept = graph.edges.filter((edge) => edge.source !== id || ports.length);
  return {
    nodes: graph.nodes.map((each) => (each === old ? node : each)),
    edges: kept.map((edge) =>
      edge.source === id && !ports.includes(edge.port) ? { ...edge, port: ports[0] } : edge,
    ),
  };
}
