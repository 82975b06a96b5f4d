// New nodes: where they come, what leads to them.

import { connect, looseEnd, mainPort, splice, whyNotConnect } from "./connections.js";
import { notice } from "./notice.js";
import { CARD, addNode, heightOf, nodeOf, placeNodes, portsOf } from "./graph.js";
import { descendants } from "./shape.js";
import { overlap } from "./view.js";
import { GRID } from "./snapping.js";

const GAP = 72;
const ROOM = 24;

export class Adding {
  constructor({ editor, view, cards, edges, say }) {
    Object.assign(this, { editor, view, cards, edges, say });
  }

  /** Add a node of a type: into the edge `key`, or with an edge from `from` ({source, port}), else
   * alone. `at`: the middle of the card. Gives the id, or null. */
  add(type, { at = null, from: wanted = null, key = null } = {}) {
    const { editor } = this;
    const { types } = editor;
    const known = types.get(type);
    const from = known?.category === "trigger" ? null : wanted;
    let id = null;
    const isDone = editor.change(`Add ${known?.label ?? type}`, (graph) => {
      const ports = portsOf({ type, config: {} }, types);
      const size = { width: CARD.width, height: heightOf(ports) };
      const corner = at && { x: at.x - size.width / 2, y: at.y - size.height / 2 };
      const position = corner ? onGrid(corner) : this.#placeFor(size, { from, key });
      let [next, fresh] = addNode(graph, types, { type, position });
      id = fresh;
      if (key) return this.#withRoom(splice(next, types, key, id), key, id);
      const edge = from && { ...from, target: id };
      if (edge && !whyNotConnect(next, types, edge)) next = connect(next, types, edge);
      return next;
    });
    if (!isDone) return null;
    editor.select({ nodes: [id] });
    this.view.reveal(this.cards.boxes.get(id));
    this.cards.element(id).focus({ preventScroll: true });
    this.say(`${known.label} was added.`);
    if (!at) this.#tellAlone(id, known);
    return id;
  }

  /** Who did not say where it comes may take it for connected. */
  #tellAlone(id, { label, category }) {
    const { nodes, edges } = this.editor.graph;
    if (category === "trigger" || nodes.length === 1 || edges.some((edge) => edge.target === id)) return;
    notice(`${label} is not connected yet: draw an edge to it.`);
  }

  /** From where a node is led to that was added without a place: after the selected one, else after
   * the only loose end. */
  nextPlace() {
    const { graph, types, single } = this.editor;
    return this.nextFrom(single ?? looseEnd(graph, types));
  }

  /** The port of a node from which the next one follows: the first that leads nowhere yet. */
  nextFrom(id) {
    if (!id) return null;
    const { graph, types } = this.editor;
    const node = nodeOf(graph, id);
    const used = new Set(graph.edges.filter((edge) => edge.source === id).map((edge) => edge.port));
    const port = this.cards.portsOf(id).find((each) => !used.has(each)) ?? mainPort(node, types);
    return port ? { source: id, port } : null;
  }

  #placeFor(size, { from, key }) {
    const wanted = key ? this.#inEdge(key, size) : from ? this.#after(from, size) : this.#inSight(size);
    return onGrid(wanted);
  }

  #after({ source }, size) {
    const box = this.cards.boxes.get(source);
    const x = box.x + box.width + GAP;
    const others = this.editor.graph.edges.filter((edge) => edge.source === source);
    const bottoms = others
      .map((edge) => this.cards.boxes.get(edge.target))
      .filter((each) => each && Math.abs(each.x - x) < size.width)
      .map((each) => each.y + each.height + ROOM);
    const y = bottoms.length ? Math.max(...bottoms) : box.y + (box.height - size.height) / 2;
    return this.#freed({ x, y, ...size });
  }

  #inEdge(key, size) {
    const edge = this.edges.edgeOf(key);
    const [a, b] = [this.cards.boxes.get(edge.source), this.cards.boxes.get(edge.target)];
    const gap = b.x - a.x - a.width;
    const x = gap > size.width + 2 * ROOM ? a.x + a.width + (gap - size.width) / 2 : a.x + a.width + GAP;
    return { x, y: b.y + (b.height - size.height) / 2 };
  }

  #inSight(size) {
    const { center, seen } = this.view;
    if (!this.cards.boxes.size) return { x: seen.x + GAP, y: center.y - size.height / 2 };
    return this.#freed({ x: center.x - size.width / 2, y: center.y - size.height / 2, ...size });
  }

  /** Downwards until it overlaps no card. */
  #freed(box) {
    const boxes = [...this.cards.boxes.values()];
    let { y } = box;
    for (let hit = true; hit; ) {
      hit = boxes.find((each) => overlap({ ...box, y }, each, ROOM - 1));
      if (hit) y = hit.y + hit.height + ROOM;
    }
    return { x: box.x, y };
  }

  /** What follows in an edge moves to the right as far as the new node needs. */
  #withRoom(graph, key, id) {
    const target = this.edges.edgeOf(key).target;
    const node = nodeOf(graph, id);
    const next = nodeOf(graph, target);
    const missing = node.position.x + CARD.width + GAP / 2 - next.position.x;
    const isBeside = Math.abs(node.position.y - next.position.y) < CARD.height + ROOM;
    if (missing <= 0 || !isBeside) return graph;
    const by = Math.ceil((missing + GAP / 2) / GRID) * GRID;
    const following = [target, ...descendants(graph, target)].map((each) => nodeOf(graph, each));
    const places = following
      .filter((each) => each.position.x >= next.position.x)
      .map((each) => [each.id, { ...each.position, x: each.position.x + by }]);
    return placeNodes(graph, new Map(places));
  }
}

const onGrid = ({ x, y }) => ({ x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID });
