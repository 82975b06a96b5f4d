// What follows from the edges of a graph: what comes after what, and the iterators around a node.
// The same rules as on the server. No DOM in here.

export const DEEPEST = 5;

export const edgeKey = (edge) => `${edge.source} ${edge.port} ${edge.target}`;

/** Whether a way leads from one node to another. */
export function reaches(graph, from, to) {
  return from === to || descendants(graph, from).has(to);
}

/** All nodes that can be reached from `start`, without it. */
export const descendants = (graph, start) => closure(graph, [start], "source", "target");

/** All nodes from which `start` can be reached, without it. */
export const ancestors = (graph, start) => closure(graph, [start], "target", "source");

function closure(graph, starts, here, there) {
  const following = groupedBy(graph.edges, here);
  const found = new Set();
  const todo = [...starts];
  while (todo.length) {
    for (const edge of following.get(todo.pop()) ?? []) {
      if (!found.has(edge[there])) {
        found.add(edge[there]);
        todo.push(edge[there]);
      }
    }
  }
  return found;
}

/** All ids, each after all that lead to it. What stands on a circle is left out. */
export function orderOf(graph) {
  const missing = new Map(graph.nodes.map((node) => [node.id, 0]));
  const edges = knownEdges(graph, missing);
  for (const edge of edges) missing.set(edge.target, missing.get(edge.target) + 1);
  const following = groupedBy(edges, "source");
  const order = graph.nodes.map((node) => node.id).filter((id) => !missing.get(id));
  for (const id of order) {
    for (const edge of following.get(id) ?? []) {
      missing.set(edge.target, missing.get(edge.target) - 1);
      if (!missing.get(edge.target)) order.push(edge.target);
    }
  }
  return order;
}

/** The iterators around each node, outermost first: Map of id to a list of such lists. A sound graph
 * has exactly one list for each node. */
export function scopesOf(graph) {
  const order = orderOf(graph);
  const following = groupedBy(knownEdges(graph, new Set(order)), "source");
  const scopes = new Map();
  for (const id of order) {
    if (!scopes.has(id)) scopes.set(id, new Map([["", []]]));
    for (const edge of following.get(id) ?? []) {
      const inner = scopes.get(edge.target) ?? new Map();
      for (const scope of scopes.get(id).values()) {
        const here = throughPort(scope, edge);
        if (inner.size < 2) inner.set(here.join(" "), here);
      }
      scopes.set(edge.target, inner);
    }
  }
  return new Map([...scopes].map(([id, found]) => [id, [...found.values()]]));
}

/** How many nodes stand in two scopes, and how many too deep. */
export function faultsOf(graph) {
  const faults = { crossed: 0, deep: 0 };
  for (const found of scopesOf(graph).values()) {
    if (found.length > 1) faults.crossed += 1;
    else if (found[0].length > DEEPEST) faults.deep += 1;
  }
  return faults;
}

/** `after` without the edges that `before` did not have to forbid: those that now lead into or out
 * of an iterator's body. What hangs on one of `starts` keeps its edges. */
export function settled(before, after, starts) {
  const [old, now] = [faultsOf(before), faultsOf(after)];
  if (now.crossed <= old.crossed && now.deep <= old.deep) return after;
  const incoming = groupedBy(after.edges, "target");
  const reached = new Set([...starts, ...closure(after, starts, "source", "target")]);
  const scopes = new Map();
  const gone = new Set();
  for (const id of orderOf(after)) {
    const entering = (incoming.get(id) ?? []).filter((edge) => scopes.has(edge.source));
    const scopeBy = new Map(entering.map((edge) => [edge, throughPort(scopes.get(edge.source), edge)]));
    const fitting = entering.filter((edge) => scopeBy.get(edge).length <= DEEPEST);
    const main = fitting.find((edge) => reached.has(edge.source)) ?? fitting[0];
    const scope = main ? scopeBy.get(main) : [];
    scopes.set(id, scope);
    for (const edge of entering) {
      const isFitting = main && isSameList(scopeBy.get(edge), scope);
      if (!isFitting) gone.add(edge);
    }
  }
  return { ...after, edges: after.edges.filter((edge) => !gone.has(edge)) };
}

export const throughPort = (scope, edge) => (edge.port === "item" ? [...scope, edge.source] : scope);

export const isSameList = (a, b) => a.length === b.length && a.every((item, place) => item === b[place]);

export function groupedBy(edges, end) {
  const groups = new Map();
  for (const edge of edges) {
    const group = groups.get(edge[end]);
    if (group) group.push(edge);
    else groups.set(edge[end], [edge]);
  }
  return groups;
}

function knownEdges(graph, ids) {
  return graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target));
}
