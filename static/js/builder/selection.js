// What a press on a card, an edge or the empty board does: select, move, rubber band.

import { mainPort, splice, whyNotConnect } from "./connections.js";
import { placeNodes } from "./graph.js";
import { part } from "./cards.js";
import { snap } from "./snapping.js";
import { around, overlap } from "./view.js";

const STILL = 4;

export class Selection {
  constructor({ editor, view, cards, edges, bodies, over }) {
    Object.assign(this, { editor, view, cards, edges, bodies });
    this.lasso = view.stage.querySelector(".lasso");
    this.lines = [part("div", "snap-line"), part("div", "snap-line")];
    over.append(...this.lines);
  }

  /** A finger selects when it has tapped or begins to drag, for it may rest to select more. */
  pressCard(event, id) {
    const isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
    const isTouch = event.pointerType === "touch";
    const wasSelected = this.editor.nodes.has(id);
    const wasSingle = this.editor.single === id;
    if (isAdding) this.toggle(id);
    else if (!wasSelected && !isTouch) this.editor.select({ nodes: [id] });
    this.cards.makeCurrent(id);
    this.cards.element(id).focus({ preventScroll: true });
    let drag = null;
    return {
      follows: true,
      move: (now) => {
        if (this.editor.readOnly || !isFar(event, now)) return;
        if (!drag && !this.editor.nodes.has(id)) this.editor.select({ nodes: [id] });
        drag ??= this.#dragging(event);
        drag.move(now);
      },
      cancel: () => drag?.cancel(),
      end: () => {
        if (drag) drag.drop();
        else if (isTouch && wasSingle) this.editor.open(id);
        else if (!isAdding && !wasSingle) this.editor.select({ nodes: [id] });
      },
    };
  }

  toggle(id) {
    const nodes = new Set(this.editor.nodes);
    if (!nodes.delete(id)) nodes.add(id);
    this.editor.select({ nodes, edges: this.editor.edges });
  }

  pressEdge(event, key) {
    const edges = event.shiftKey ? [...this.editor.edges, key] : [key];
    this.editor.select({ nodes: event.shiftKey ? this.editor.nodes : [], edges });
    return {};
  }

  // -------------------------------------------------------------- moving

  #dragging(event) {
    const start = this.view.toBoard(event);
    const ids = [...this.editor.nodes];
    const from = new Map(ids.map((id) => [id, { ...this.cards.boxes.get(id) }]));
    const whole = around(from.values());
    let others = null;
    this.view.stage.dataset.dragging = "";
    const drag = {
      move: (now) => {
        const point = this.view.toBoard(now);
        const by = { x: point.x - start.x, y: point.y - start.y };
        others ??= this.#othersInSight(from);
        const wanted = { ...whole, x: whole.x + by.x, y: whole.y + by.y };
        const free = { x: 0, y: 0, lines: [] };
        const shift = now.altKey ? free : snap(wanted, others, this.view.k);
        for (const [id, box] of from) {
          this.cards.moveTo(id, Math.round(box.x + by.x + shift.x), Math.round(box.y + by.y + shift.y));
        }
        this.edges.drawAt(ids);
        this.bodies.draw();
        this.#showLines(shift.lines);
        this.edges.markDrop(this.#edgeFor(ids, point));
      },
      cancel: () => {
        this.#finish();
        this.cards.restore(ids);
        this.edges.drawAt(ids);
        this.bodies.draw();
      },
      drop: () => {
        const key = this.edges.dropped;
        this.#finish();
        const places = new Map(ids.map((id) => [id, this.cards.boxes.get(id)]));
        const label = ids.length > 1 ? `Move ${ids.length} nodes` : `Move ${this.cards.nameOf(ids[0])}`;
        const isDone = this.editor.change(label, (graph) => {
          const moved = placeNodes(graph, places);
          return key ? splice(moved, this.editor.types, key, ids[0]) : moved;
        });
        if (!isDone) drag.cancel();
      },
    };
    return drag;
  }

  #finish() {
    delete this.view.stage.dataset.dragging;
    this.edges.markDrop(null);
    this.#showLines([]);
  }

  #othersInSight(moved) {
    const { seen } = this.view;
    return [...this.cards.boxes].filter(([id, box]) => !moved.has(id) && overlap(box, seen)).map(([, box]) => box);
  }

  /** The edge into which a single node without edges would be put. */
  #edgeFor(ids, point) {
    if (ids.length !== 1) return null;
    const { graph, types } = this.editor;
    const [id] = ids;
    if (graph.edges.some((edge) => edge.source === id || edge.target === id)) return null;
    const key = this.edges.at(point);
    const edge = key && this.edges.edgeOf(key);
    if (!edge || !mainPort(graph.nodes.find((node) => node.id === id), types)) return null;
    return whyNotConnect(graph, types, { ...edge, target: id }) ? null : key;
  }

  #showLines(lines) {
    this.lines.forEach((line, place) => {
      const box = lines[place];
      line.hidden = !box;
      if (!box) return;
      line.style.transform = `translate(${box.x}px, ${box.y}px)`;
      line.style.inlineSize = `${Math.max(box.width, 1 / this.view.k)}px`;
      line.style.blockSize = `${Math.max(box.height, 1 / this.view.k)}px`;
    });
  }

  // -------------------------------------------------------------- rubber band

  pressBoard(event) {
    const start = this.view.toBoard(event);
    const kept = event.shiftKey ? [...this.editor.nodes] : [];
    let found = null;
    const hide = () => {
      this.lasso.hidden = true;
    };
    return {
      follows: true,
      move: (now) => {
        const point = this.view.toBoard(now);
        const area = {
          x: Math.min(start.x, point.x), y: Math.min(start.y, point.y),
          width: Math.abs(start.x - point.x), height: Math.abs(start.y - point.y),
        };
        this.#showLasso(area);
        found = [...this.cards.boxes].filter(([, box]) => overlap(box, area)).map(([id]) => id);
      },
      cancel: hide,
      end: () => {
        hide();
        this.editor.select({ nodes: new Set([...kept, ...(found ?? [])]) });
        if (found?.length) this.cards.makeCurrent(found[0]);
      },
    };
  }

  #showLasso(area) {
    const { x, y } = this.view.toStage(area);
    this.lasso.hidden = false;
    this.lasso.style.transform = `translate(${x}px, ${y}px)`;
    this.lasso.style.inlineSize = `${area.width * this.view.k}px`;
    this.lasso.style.blockSize = `${area.height * this.view.k}px`;
  }
}

const isFar = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) >= STILL;
