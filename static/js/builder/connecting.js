// Drawing an edge: drag from a port, or click the port and then the target. What is allowed lights
// up; what is not says why.

import { allowedTargets, connect, reconnect, whyNotConnect } from "./connections.js";
import { edgeKey } from "./shape.js";

const STILL = 6;
const NEAR = 10;

export class Connecting {
  /** The edge under way: {source, port} or for an end of a drawn edge {key, end, ...}; else null. */
  pending = null;

  /** `onEmpty(start, event)`: the edge was dropped on the empty board. */
  constructor({ editor, view, cards, edges, hint, onEmpty }) {
    Object.assign(this, { editor, view, cards, edges, hint, onEmpty });
    this.view.stage.addEventListener("pointermove", (event) => {
      if (this.pending && !this.isAsking && !event.buttons) this.follow(event);
    });
    editor.addEventListener("change", () => this.cancel());
  }

  /** A press on a port. */
  pressPort(event, source, port) {
    const isSame = this.pending?.source === source && this.pending?.port === port;
    if (isSame) {
      this.cancel();
      return {};
    }
    this.begin({ source, port });
    return this.#dragging(event);
  }

  /** A press on an end of an edge. */
  pressEnd(event, key, end) {
    const edge = this.edges.edgeOf(key);
    this.begin({ ...edge, key, end });
    return this.#dragging(event);
  }

  begin(pending) {
    this.cancel();
    this.pending = pending;
    this.asked = null;
    const { editor, view } = this;
    view.stage.dataset.connecting = pending.end ?? "target";
    this.allowed = pending.end === "source"
      ? null
      : allowedTargets(editor.graph, editor.types, pending, { without: pending.key });
    for (const id of this.cards.boxes.keys()) {
      if (this.allowed?.has(id)) this.cards.element(id).dataset.target = "yes";
    }
    this.cards.element(pending.source).dataset.from = "";
  }

  cancel() {
    if (!this.pending) return false;
    delete this.view.stage.dataset.connecting;
    for (const id of this.cards.boxes.keys()) {
      const element = this.cards.element(id);
      delete element.dataset.target;
      delete element.dataset.over;
      delete element.dataset.from;
    }
    this.pending = null;
    this.isAsking = false;
    this.over = null;
    this.edges.drawPending(null);
    this.hint.hidden = true;
    return true;
  }

  #dragging(event) {
    let isMoved = false;
    return {
      follows: true,
      move: (now) => {
        isMoved ||= Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > STILL;
        if (isMoved) this.follow(now);
      },
      cancel: () => this.cancel(),
      end: (now) => {
        if (isMoved) this.drop(now);
        else if (this.pending?.key) this.cancel();
        else if (event.pointerType === "touch") this.#say("Tap the node to connect to.", now);
      },
    };
  }

  /** The edge follows the pointer; what it is over says whether it may end there. */
  follow(event) {
    const { pending } = this;
    const point = this.view.toBoard(event);
    const over = this.cards.at(point, NEAR);
    const place = over === null ? point : null;
    if (pending.end === "source") {
      const from = place ?? this.cards.outlet(over, this.#portNear(over, point));
      this.edges.drawPending([from, this.cards.inlet(pending.target)]);
    } else {
      this.edges.drawPending([this.cards.outlet(pending.source, pending.port), place ?? this.cards.inlet(over)]);
    }
    this.#showOver(over, point, event);
  }

  #showOver(over, point, event) {
    if (this.over && this.over !== over) delete this.cards.element(this.over)?.dataset.over;
    this.over = over;
    const isOwn = over !== null && over === this.pending[this.pending.end === "source" ? "target" : "source"];
    const why = over === null || isOwn ? "" : this.#whyNotOnce(this.#edgeTo(over, point));
    if (over !== null && !isOwn) this.cards.element(over).dataset.over = why ? "no" : "yes";
    if (why) this.#say(why, event);
    else this.hint.hidden = true;
  }

  #say(text, event) {
    this.hint.textContent = text;
    this.hint.hidden = false;
    const { x, y } = this.view.toStage(this.view.toBoard(event));
    const left = Math.max(8, Math.min(x + 16, this.view.width - 248));
    this.hint.style.transform = `translate(${left}px, ${y + 18}px)`;
  }

  #edgeTo(id, point) {
    const { source, port, target, end } = this.pending;
    if (end === "source") return { source: id, port: this.#portNear(id, point), target };
    return { source, port, target: id };
  }

  #portNear(id, point) {
    const distance = (port) => Math.abs(this.cards.outlet(id, port).y - point.y);
    return this.cards.portsOf(id).toSorted((a, b) => distance(a) - distance(b))[0] ?? "default";
  }

  /** The pointer moves more often than the answer changes. */
  #whyNotOnce(edge) {
    const key = edgeKey(edge);
    if (this.asked?.key !== key) this.asked = { key, why: this.#whyNot(edge) };
    return this.asked.why;
  }

  #whyNot(edge) {
    if (this.allowed?.has(edge.target)) return "";
    const { editor } = this;
    return edgeKey(edge) === this.pending.key ? "" : whyNotConnect(editor.graph, editor.types, edge, { without: this.pending.key });
  }

  /** The edge ends at the pointer, as far as it may. */
  drop(event) {
    const point = this.view.toBoard(event);
    const over = this.cards.at(point, NEAR);
    const { pending } = this;
    if (over !== null) this.#finish(this.#edgeTo(over, point), over);
    else if (pending.key) this.cancel();
    else {
      this.isAsking = true;
      this.onEmpty({ source: pending.source, port: pending.port }, event);
    }
  }

  /** The second click of click-click. */
  pressCard(event, id) {
    const point = this.view.toBoard(event);
    this.#finish(this.#edgeTo(id, point), id);
    return {};
  }

  #finish(edge, over) {
    const { pending } = this;
    const isOwn = pending.end !== "source" && over === pending.source;
    this.cancel();
    if (isOwn) return;
    this.make(edge, pending);
  }

  /** Draw the edge, or lead the one with `key` there. */
  make(edge, { key = "" } = {}) {
    const { editor, cards } = this;
    const label = `Connect ${cards.nameOf(edge.source)} to ${cards.nameOf(edge.target)}`;
    return editor.change(label, (graph) =>
      key ? reconnect(graph, editor.types, key, edge) : connect(graph, editor.types, edge),
    );
  }
}
