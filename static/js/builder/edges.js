// The edges as paths: a thin one to see and a wide one to hit.

import { edgeKey } from "./shape.js";
import { curveThrough, wayBetween } from "./routes.js";

const SVG = "http://www.w3.org/2000/svg";
const CLEAR_OF_PORT = 18;

export class Edges {
  #drawn = new Map();
  #byNode = new Map();
  #handled = null;

  /** `place`: the <svg> under the cards; `over`: the one above them. */
  constructor(editor, cards, place, over) {
    Object.assign(this, { editor, cards, place });
    this.pending = shape("path", "wire-pending");
    this.handles = ["source", "target"].map((end) => {
      const handle = shape("circle", "wire-end");
      handle.setAttribute("r", 6);
      handle.dataset.end = end;
      return handle;
    });
    over.append(this.pending, ...this.handles);
    this.#sync();
    editor.addEventListener("change", () => this.#sync());
    editor.addEventListener("select", () => this.#mark());
    editor.addEventListener("run", () => this.#showRun());
  }

  #sync() {
    const { nodes, edges } = this.editor.graph;
    const ids = new Set(nodes.map((node) => node.id));
    const here = new Set();
    const fresh = document.createDocumentFragment();
    this.#byNode = new Map(nodes.map((node) => [node.id, []]));
    for (const edge of edges) {
      if (!ids.has(edge.source) || !ids.has(edge.target)) continue;
      const key = edgeKey(edge);
      if (here.has(key)) continue;
      here.add(key);
      if (!this.#drawn.has(key)) fresh.append(this.#make(edge, key));
      const wire = this.#drawn.get(key);
      this.#byNode.get(edge.source).push(wire);
      this.#byNode.get(edge.target).push(wire);
    }
    for (const [key, { group }] of this.#drawn) {
      if (here.has(key)) continue;
      group.remove();
      this.#drawn.delete(key);
    }
    this.place.append(fresh);
    this.drawAll();
    this.#mark();
    this.#showRun();
  }

  #make(edge, key) {
    const group = shape("g", "wire");
    group.dataset.edge = key;
    group.dataset.port = edge.port;
    const [hit, line] = [shape("path", "wire-hit"), shape("path", "wire-line")];
    group.append(hit, line);
    this.#drawn.set(key, { key, edge, group, hit, line, path: "" });
    return group;
  }

  drawAll() {
    this.#draw(this.#drawn.values());
  }

  /** Draw what hangs on these nodes. */
  drawAt(ids) {
    const wires = new Set();
    for (const id of ids) for (const wire of this.#byNode.get(id) ?? []) wires.add(wire);
    this.#draw(wires);
  }

  #draw(wires) {
    const boxes = [...this.cards.boxes.values()];
    for (const wire of wires) {
      const { source, port, target } = wire.edge;
      const own = [this.cards.boxes.get(source), this.cards.boxes.get(target)];
      const way = wayBetween(this.cards.outlet(source, port), this.cards.inlet(target), boxes, own);
      const path = curveThrough(way);
      if (path === wire.path) continue;
      wire.ends = [way[0], way.at(-1)];
      wire.high = Math.min(...way.map((point) => point.y));
      wire.low = Math.max(...way.map((point) => point.y));
      wire.path = path;
      wire.line.setAttribute("d", path);
      wire.hit.setAttribute("d", path);
    }
    this.#placeHandles();
  }

  /** The key of the edge at a point of the board. */
  at({ x, y }, reach = 14) {
    let [found, nearest] = [null, reach];
    for (const { key, line, ends: [a, b], high, low } of this.#drawn.values()) {
      if (y < high - reach || y > low + reach) continue;
      if (x < Math.min(a.x, b.x) - reach || x > Math.max(a.x, b.x) + reach) continue;
      const distance = distanceTo(line, x, y);
      if (distance < nearest) [found, nearest] = [key, distance];
    }
    return found;
  }

  /** The middle of an edge on the board. */
  middleOf(key) {
    const line = this.#drawn.get(key)?.line;
    const { x, y } = line ? line.getPointAtLength(line.getTotalLength() / 2) : { x: 0, y: 0 };
    return { x, y };
  }

  edgeOf(key) {
    return this.#drawn.get(key)?.edge;
  }

  /** Show where a node would be put in. */
  markDrop(key) {
    if (this.dropped === key) return;
    for (const each of [this.dropped, key]) {
      this.#drawn.get(each)?.group.toggleAttribute("data-drop", each === key);
    }
    this.dropped = key;
  }

  /** Show the ends of an edge, to be dragged elsewhere. */
  handle(key) {
    if (this.editor.readOnly) return;
    this.#handled = key;
    this.#placeHandles();
  }

  get handled() {
    return this.#handled;
  }

  #placeHandles() {
    const line = this.#drawn.get(this.#handled)?.line;
    const length = line?.getTotalLength() ?? 0;
    this.handles.forEach((handle, place) => {
      handle.classList.toggle("is-shown", length > 3 * CLEAR_OF_PORT);
      if (!length) return;
      const { x, y } = line.getPointAtLength(place ? length - CLEAR_OF_PORT : CLEAR_OF_PORT);
      handle.setAttribute("cx", x);
      handle.setAttribute("cy", y);
    });
  }

  /** The line that hangs on the pointer; null takes it away. */
  drawPending(points) {
    this.pending.setAttribute("d", points ? curveThrough(points) : "");
  }

  #mark() {
    for (const [key, { group }] of this.#drawn) {
      group.classList.toggle("is-selected", this.editor.edges.has(key));
    }
    this.handle(this.editor.edges.size === 1 ? [...this.editor.edges][0] : null);
  }

  #showRun() {
    const run = this.editor.run;
    const taken = new Set(run?.taken);
    for (const { edge, group } of this.#drawn.values()) {
      // Into the body of an iterator lead only its items; its own step goes on elsewhere.
      const went = edge.port === "item" || taken.has(`${edge.source} ${edge.port}`);
      group.classList.toggle("is-taken", went && edge.target in (run?.nodes ?? {}));
    }
  }
}

function shape(tag, className) {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute("class", className);
  return element;
}

function distanceTo(line, x, y) {
  const length = line.getTotalLength();
  const steps = Math.min(40, Math.ceil(length / 12));
  let nearest = Infinity;
  for (let place = 1; place < steps; place += 1) {
    const point = line.getPointAtLength((length * place) / steps);
    nearest = Math.min(nearest, Math.hypot(point.x - x, point.y - y));
  }
  return nearest;
}
