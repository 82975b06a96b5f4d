// Walking over a graph by arrow keys. No DOM in here.

/** The node to the "right" (what follows), "left" (what comes before), "up" or "down" (its siblings,
 * else by place) of a node; null where there is none. `trail`: where the person came from. */
export function neighbour(graph, boxes, id, direction, trail = []) {
  const isKnown = (other) => boxes.has(other);
  if (direction === "right") {
    const next = graph.edges.filter((edge) => edge.source === id).map((edge) => edge.target).filter(isKnown);
    return uppermost(next, boxes);
  }
  if (direction === "left") {
    const before = graph.edges.filter((edge) => edge.target === id).map((edge) => edge.source).filter(isKnown);
    return trail.findLast((each) => before.includes(each)) ?? uppermost(before, boxes);
  }
  return sibling(graph, boxes, id, direction) ?? nearest(boxes, id, direction);
}

const uppermost = (ids, boxes) => ids.toSorted((a, b) => boxes.get(a).y - boxes.get(b).y)[0] ?? null;

function sibling(graph, boxes, id, direction) {
  const sources = new Set(graph.edges.filter((edge) => edge.target === id).map((edge) => edge.source));
  const family = graph.edges.filter((edge) => sources.has(edge.source)).map((edge) => edge.target);
  const others = [...new Set(family)].filter((each) => each !== id && boxes.has(each));
  return closest(others, boxes, id, direction);
}

/** In sight above or below: not farther aside than up or down. */
function nearest(boxes, id, direction) {
  const own = boxes.get(id);
  const others = [...boxes.keys()].filter((each) => {
    const box = boxes.get(each);
    return each !== id && Math.abs(box.x - own.x) <= Math.max(own.width, Math.abs(box.y - own.y));
  });
  return closest(others, boxes, id, direction);
}

function closest(ids, boxes, id, direction) {
  const own = boxes.get(id);
  const sign = direction === "down" ? 1 : -1;
  const distance = (each) => {
    const box = boxes.get(each);
    return (box.y - own.y) * sign + Math.abs(box.x - own.x) / 4;
  };
  const ahead = ids.filter((each) => (boxes.get(each).y - own.y) * sign > 0);
  return ahead.toSorted((a, b) => distance(a) - distance(b))[0] ?? null;
}
