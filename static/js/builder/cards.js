// The nodes as cards. Each is a copy of the page's template of its type.

import { CARD, hasRows, heightOf, isTrigger, portHeight, portsOf } from "./graph.js";
import { groupedBy } from "./shape.js";
import { counted } from "./words.js";

const STATE_ICONS = {
  queued: "circle-dashed", running: "loader", waiting: "clock", completed: "circle-check",
  failed: "circle-x", cancelled: "ban", ignored: "circle-slash",
};

export class Cards {
  /** Where each card is now, also while it is dragged: Map of id to {x, y, width, height}. */
  boxes = new Map();
  #cards = new Map();
  #current = null;

  constructor(editor, place) {
    this.editor = editor;
    this.place = place;
    this.templates = new Map(
      [...document.querySelectorAll("template[data-type]")].map((each) => [each.dataset.type, each]),
    );
    this.#sync(editor.graph);
    this.#label(editor.graph);
    this.#mark();
    editor.addEventListener("change", ({ detail }) => {
      this.#sync(detail.after);
      this.#label(detail.after);
      this.#mark();
    });
    editor.addEventListener("select", () => this.#mark());
    editor.addEventListener("findings", () => this.#showFindings());
    editor.addEventListener("run", () => this.#showRun());
  }

  element(id) {
    return this.#cards.get(id)?.element;
  }

  /** What people call a node. */
  nameOf(id) {
    const node = this.#cards.get(id)?.node;
    if (!node) return id;
    return node.name || this.editor.types.get(node.type)?.label || node.type;
  }

  portsOf(id) {
    return this.#cards.get(id)?.ports ?? [];
  }

  /** What is written at a port; nothing at the only one. */
  labelOf(id, port) {
    const card = this.#cards.get(id);
    return card ? this.#portLabel(card.node, port, card.ports.length) : port;
  }

  outlet(id, port) {
    const box = this.boxes.get(id);
    const ports = this.portsOf(id);
    const place = ports.indexOf(port);
    return { x: box.x + box.width, y: box.y + (place < 0 ? CARD.height / 2 : portHeight(ports, place)) };
  }

  inlet(id) {
    const box = this.boxes.get(id);
    return { x: box.x, y: box.y + CARD.height / 2 };
  }

  /** The id of the card at a point of the board; the last drawn lies on top. */
  at(point, margin = 0) {
    let found = null;
    for (const [id, box] of this.boxes) {
      const isHit =
        point.x > box.x - margin && point.x < box.x + box.width + margin &&
        point.y > box.y - margin && point.y < box.y + box.height + margin;
      if (isHit) found = id;
    }
    return found;
  }

  /** Show a card elsewhere; the model does not know yet. */
  moveTo(id, x, y) {
    const box = this.boxes.get(id);
    box.x = x;
    box.y = y;
    this.#cards.get(id).element.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** Back to where the model has them. */
  restore(ids) {
    for (const id of ids) {
      const position = this.#cards.get(id)?.node.position;
      if (position) this.moveTo(id, position.x, position.y);
    }
  }

  /** The card that Tab leads to. */
  get current() {
    return this.#cards.has(this.#current) ? this.#current : null;
  }

  makeCurrent(id) {
    const old = this.element(this.#current);
    if (old) old.tabIndex = -1;
    this.#current = id;
    const card = this.element(id);
    if (card) card.tabIndex = 0;
  }

  // ------------------------------------------------------------ from the model

  #sync(graph) {
    const here = new Set();
    const fresh = document.createDocumentFragment();
    for (const node of graph.nodes) {
      here.add(node.id);
      const card = this.#cards.get(node.id);
      if (card?.node === node) continue;
      if (card && card.node.type === node.type) this.#fill(card, node);
      else {
        card?.element.remove();
        fresh.append(this.#make(node));
      }
    }
    for (const [id, { element }] of this.#cards) {
      if (here.has(id)) continue;
      element.remove();
      this.#cards.delete(id);
      this.boxes.delete(id);
    }
    this.place.append(fresh);
    if (this.current === null) this.makeCurrent(graph.nodes[0]?.id ?? null);
  }

  #make(node) {
    const template = this.templates.get(node.type) ?? this.templates.get("");
    const element = template.content.firstElementChild.cloneNode(true);
    element.dataset.node = node.id;
    element.tabIndex = -1;
    element.setAttribute("role", "group");
    const card = {
      element,
      node: null,
      name: element.querySelector(".node-name"),
      id: element.querySelector(".node-id"),
      state: element.querySelector(".node-state"),
    };
    if (!isTrigger(node, this.editor.types)) element.append(part("span", "inlet"));
    this.#cards.set(node.id, card);
    this.#fill(card, node);
    return element;
  }

  #fill(card, node) {
    card.node = node;
    card.name.textContent = node.name || this.editor.types.get(node.type)?.label || node.type;
    card.name.title = card.name.textContent;
    card.id.textContent = node.id;
    const ports = portsOf(node, this.editor.types) ?? usedPorts(this.editor.graph, node.id);
    const height = heightOf(ports);
    const labels = ports.map((port) => this.#portLabel(node, port, ports.length));
    if (card.key !== JSON.stringify([ports, labels])) {
      card.key = JSON.stringify([ports, labels]);
      card.ports = ports;
      this.#drawPorts(card, labels);
      card.element.classList.toggle("has-rows", hasRows(ports));
    }
    this.boxes.set(node.id, { x: node.position.x, y: node.position.y, width: CARD.width, height });
    card.element.style.transform = `translate(${node.position.x}px, ${node.position.y}px)`;
    if (height !== CARD.height || card.element.style.blockSize) card.element.style.blockSize = `${height}px`;
  }

  #portLabel(node, port, count) {
    if (count === 1 && port === "default") return "";
    const cases = node.config?.[this.editor.types.get(node.type)?.port_list];
    const found = Array.isArray(cases) && cases.find((each) => each?.port === port);
    return String((found && found.label) || port);
  }

  #drawPorts(card, labels) {
    for (const old of card.element.querySelectorAll(".port")) old.remove();
    card.ports.forEach((port, place) => {
      const button = part(this.editor.readOnly ? "span" : "button", "port");
      button.dataset.port = port;
      button.style.insetBlockStart = `${portHeight(card.ports, place)}px`;
      if (!this.editor.readOnly) {
        button.type = "button";
        button.tabIndex = -1;
        button.setAttribute("aria-label", `Connect from ${labels[place] || "here"}`);
      }
      if (labels[place]) button.append(part("span", "port-label", labels[place]));
      card.element.append(button);
    });
  }

  /** What screen readers say: type, name, where it leads. */
  #label(graph) {
    const following = groupedBy(graph.edges, "source");
    for (const [id, card] of this.#cards) {
      const { node } = card;
      const type = this.editor.types.get(node.type)?.label ?? `Unknown type ${node.type}`;
      const ways = (following.get(id) ?? []).map((edge) => {
        const port = this.#portLabel(node, edge.port, card.ports.length);
        return port ? `${this.nameOf(edge.target)} (${port})` : this.nameOf(edge.target);
      });
      const end = ways.length ? `leads to ${ways.join(", ")}` : "leads nowhere";
      const problem = card.problem ? `, ${card.problem}` : "";
      const state = card.element.dataset.state ? `, ${card.element.dataset.state}` : "";
      const text = `${type}, ${node.name || id}, ${end}${state}${problem}`;
      if (text === card.text) continue;
      card.text = text;
      card.element.setAttribute("aria-label", text);
    }
  }

  #mark() {
    for (const [id, { element }] of this.#cards) {
      const isSelected = this.editor.nodes.has(id);
      if (isSelected === (element.ariaCurrent === "true")) continue;
      element.ariaCurrent = isSelected ? "true" : null;
    }
    if (this.editor.single) this.makeCurrent(this.editor.single);
  }

  #showFindings() {
    const { errors, warnings } = this.editor.findings;
    for (const [id, card] of this.#cards) {
      const own = errors.filter((each) => each.node === id);
      const weak = warnings.filter((each) => each.node === id);
      const worst = own.length ? "error" : weak.length ? "warning" : "";
      card.problem = [[own, "problem"], [weak, "warning"]]
        .filter(([found]) => found.length).map(([found, noun]) => counted(found.length, noun)).join(", ");
      if (worst) card.element.dataset.problem = worst;
      else delete card.element.dataset.problem;
      card.element.title = [...own, ...weak].map((each) => each.message).join("\n");
    }
    this.#label(this.editor.graph);
  }

  #showRun() {
    const nodes = this.editor.run?.nodes ?? {};
    for (const [id, card] of this.#cards) {
      const state = nodes[id];
      const key = state ? `${state.status} ${state.count}` : "";
      if (key === (card.shown ?? "")) continue;
      card.shown = key;
      card.state?.replaceChildren();
      if (!state) {
        delete card.element.dataset.state;
        continue;
      }
      card.element.dataset.state = state.status;
      if (state.count > 1) card.state?.append(part("span", "node-count", `×${state.count}`));
      card.state?.append(iconOf(STATE_ICONS[state.status] ?? "box", 17));
    }
    this.#label(this.editor.graph);
  }
}

/** Of a type that is not installed: the ports that edges leave from. */
function usedPorts(graph, id) {
  const outgoing = graph.edges.filter((edge) => edge.source === id);
  const used = [...new Set(outgoing.map((edge) => edge.port))];
  return used.length ? used : ["default"];
}

export function part(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** An icon of the page's sprite. */
export function iconOf(name, size = 16) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("class", "icon");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
