// The same graph as nested text, beside the canvas: to read, and to go to a node.

import { groupedBy } from "./shape.js";
import { part } from "./cards.js";

export class Outline {
  constructor(box, { editor, cards, goTo }) {
    Object.assign(this, { box, editor, cards, goTo });
    this.list = box.querySelector("[data-list]");
    this.list.addEventListener("click", (event) => {
      const id = event.target.closest("[data-goes]")?.dataset.goes;
      if (id) this.goTo(id);
    });
    editor.addEventListener("change", () => this.#draw());
    editor.addEventListener("select", () => this.#mark());
  }

  toggle() {
    this.box.hidden = !this.box.hidden;
    this.#draw();
    return !this.box.hidden;
  }

  #draw() {
    if (this.box.hidden) return;
    const { nodes, edges } = this.editor.graph;
    const following = groupedBy(edges, "source");
    const entered = new Set(edges.map((edge) => edge.target));
    this.shown = new Set();
    const starts = nodes.filter((node) => !entered.has(node.id));
    const items = starts.flatMap((node) => this.#items(node.id, "", following));
    for (const node of nodes) if (!this.shown.has(node.id)) items.push(...this.#items(node.id, "", following));
    const list = part("ul", "outline-list");
    list.append(...items);
    const focused = document.activeElement?.dataset?.goes;
    this.list.replaceChildren(nodes.length ? list : part("p", "faint small", "There are no nodes yet."));
    if (focused) this.list.querySelector(`[data-goes="${focused}"]`)?.focus();
    this.#mark();
  }

  /** One way is told straight on; several are nested under their ports, with what follows each. */
  #items(id, port, following) {
    const item = part("li", "");
    item.append(this.#button(id, port));
    if (this.shown.has(id)) {
      item.firstChild.append(part("span", "outline-again", "see above"));
      return [item];
    }
    this.shown.add(id);
    const ways = (following.get(id) ?? [])
      .filter((edge) => this.cards.boxes.has(edge.target))
      .map((edge) => [edge.target, this.#portName(id, edge.port)]);
    if (!ways.length) return [item];
    if (!port && ways.length === 1 && !ways[0][1]) return [item, ...this.#items(ways[0][0], "", following)];
    const list = part("ul", "outline-list");
    list.append(...ways.flatMap(([target, name]) => this.#items(target, name, following)));
    item.append(list);
    return [item];
  }

  #portName(id, port) {
    return this.cards.labelOf(id, port);
  }

  #button(id, port) {
    const button = part("button", "outline-node");
    button.type = "button";
    button.dataset.goes = id;
    if (port) button.append(part("span", "outline-port", port));
    button.append(part("span", "outline-name", this.cards.nameOf(id)), part("span", "outline-id", id));
    return button;
  }

  #mark() {
    if (this.box.hidden) return;
    for (const button of this.list.querySelectorAll("[data-goes]")) {
      button.ariaCurrent = this.editor.nodes.has(button.dataset.goes) ? "true" : null;
    }
  }
}
