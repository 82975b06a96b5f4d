// What an iterator repeats lies on a soft ground of its own.

import { part } from "./cards.js";
import { nodeOf } from "./graph.js";
import { scopesOf } from "./shape.js";
import { around } from "./view.js";

const MARGIN = 22;
const TITLE = 20;

export class Bodies {
  #members = new Map();
  #drawn = new Map();

  constructor(editor, cards, place) {
    Object.assign(this, { editor, cards, place });
    this.#sync();
    editor.addEventListener("change", () => this.#sync());
  }

  /** Innermost first, for an outer ground goes around the inner ones. */
  #sync() {
    const depth = new Map();
    this.#members = new Map();
    const scopes = scopesOf(this.editor.graph);
    for (const [id, [scope]] of scopes) {
      scope.forEach((iterator, place) => {
        depth.set(iterator, place);
        if (!this.#members.has(iterator)) this.#members.set(iterator, []);
        if (place === scope.length - 1) this.#members.get(iterator).push(id);
      });
    }
    this.#members = new Map([...this.#members].sort(([a], [b]) => depth.get(b) - depth.get(a)));
    for (const [iterator, { ground }] of this.#drawn) {
      if (this.#members.has(iterator)) continue;
      ground.remove();
      this.#drawn.delete(iterator);
    }
    this.inner = new Map([...this.#members.keys()].map((id) => [id, scopes.get(id)?.[0]?.at(-1)]));
    this.draw();
  }

  draw() {
    if (!this.#members.size) return;
    const areas = new Map();
    for (const [iterator, ids] of this.#members) {
      const nested = [...areas].filter(([id]) => this.inner.get(id) === iterator).map(([, area]) => area);
      const area = around([...ids.map((id) => this.cards.boxes.get(id)).filter(Boolean), ...nested], MARGIN);
      if (!area) continue;
      area.y -= TITLE - 6;
      area.height += TITLE - 6;
      areas.set(iterator, area);
      this.#show(iterator, area);
    }
  }

  #show(iterator, area) {
    if (!this.#drawn.has(iterator)) {
      const ground = part("div", "body-ground");
      const title = part("span", "body-title");
      ground.append(title);
      this.place.prepend(ground);
      this.#drawn.set(iterator, { ground, title });
    }
    const { ground, title } = this.#drawn.get(iterator);
    const own = nodeOf(this.editor.graph, iterator)?.name;
    const text = own ? `${own}: for each item` : "For each item";
    if (title.textContent !== text) title.textContent = text;
    ground.style.transform = `translate(${area.x}px, ${area.y}px)`;
    ground.style.inlineSize = `${area.width}px`;
    ground.style.blockSize = `${area.height}px`;
  }
}
