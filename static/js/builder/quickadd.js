// Asking for a node type, a port or a target, and doing what was chosen.

import { allowedTargets } from "./connections.js";
import { isTrigger } from "./graph.js";
import { edgeKey } from "./shape.js";

export const GROUPS = { trigger: "Triggers", action: "Actions", condition: "Conditions", flow: "Flow" };

export class QuickAdd {
  constructor({ editor, view, cards, edges, adding, connecting, chooser }) {
    Object.assign(this, { editor, view, cards, edges, adding, connecting, chooser });
  }

  /** Choose a type and add it; `at`, `from` and `key` as in `Adding.add`, by default what comes next. */
  async add({ at = null, from: given = null, key = null, clientX, clientY } = {}) {
    const { editor } = this;
    if (editor.readOnly) return;
    const isLed = given || key;
    const from = isLed || at ? given : this.adding.nextPlace();
    const hasTrigger = editor.graph.nodes.some((node) => isTrigger(node, editor.types));
    const options = [...editor.types.values()]
      .filter((type) => type.category !== "trigger" || (!isLed && !hasTrigger))
      .map(asOption);
    const title = key ? "Insert a node" : from ? `Add after ${this.cards.nameOf(from.source)}` : "Add a node";
    const point = clientX === undefined ? this.#pointFor(from?.source) : { clientX, clientY };
    const type = await this.chooser.ask({ title, placeholder: "Search node types", options, at: point });
    this.connecting.cancel();
    if (type) this.adding.add(type, { at, from, key });
  }

  /** Add after a node, from its first port that leads nowhere. */
  addAfter(id) {
    const from = this.adding.nextFrom(id);
    this.add(from ? { from } : {});
  }

  /** Connect a node by choosing its port and the target. */
  async connectFrom(id) {
    const { editor, cards } = this;
    if (editor.readOnly) return;
    const ports = cards.portsOf(id);
    if (!ports.length) {
      editor.tell("refused", { message: "Nothing can follow this node: it ends the run." });
      return;
    }
    const title = `Connect ${cards.nameOf(id)}`;
    const port = ports.length === 1 ? ports[0] : await this.chooser.ask({
      title: `${title}: from which port?`, placeholder: "Search ports", at: this.#pointFor(id),
      options: ports.map((each) => ({ value: each, label: cards.labelOf(id, each), words: each })),
    });
    if (!port) return;
    const targets = allowedTargets(editor.graph, editor.types, { source: id, port });
    if (!targets.size) {
      editor.tell("refused", { message: "There is no node that this one may lead to. Press a to add one." });
      return;
    }
    const target = await this.chooser.ask({
      title: `${title}: to which node?`, placeholder: "Search nodes", at: this.#pointFor(id),
      options: editor.graph.nodes.filter((node) => targets.has(node.id)).map((node) => this.#nodeOption(node)),
    });
    if (target) this.connecting.make({ source: id, port, target });
  }

  /** Choose an edge of a node to take away. */
  async disconnect(id) {
    if (this.editor.readOnly) return null;
    const { edges } = this.editor.graph;
    const own = edges.filter((edge) => edge.source === id || edge.target === id);
    if (!own.length) {
      this.editor.tell("refused", { message: "No edge leads to this node or from it." });
      return null;
    }
    const name = (each) => this.cards.nameOf(each);
    return this.chooser.ask({
      title: "Remove which edge?", placeholder: "Search edges", at: this.#pointFor(id),
      options: own.map((edge) => ({
        value: edgeKey(edge),
        label: `${name(edge.source)} → ${name(edge.target)}`, hint: this.cards.labelOf(edge.source, edge.port),
      })),
    });
  }

  /** Go to a node by its name. */
  async find() {
    return this.chooser.ask({
      title: "Go to a node", placeholder: "Search names and ids", at: this.#pointFor(null),
      options: this.editor.graph.nodes.map((node) => this.#nodeOption(node)),
    });
  }

  #nodeOption(node) {
    const type = this.editor.types.get(node.type);
    return {
      value: node.id, label: this.cards.nameOf(node.id), hint: node.id, words: `${node.id} ${type?.label ?? ""}`,
      icon: type?.icon ?? "box", category: type?.category,
    };
  }

  #pointFor(id) {
    const box = id && this.cards.boxes.get(id);
    if (box) return this.view.toWindow({ x: box.x + box.width + 12, y: box.y });
    const { clientX, clientY } = this.view.toWindow(this.view.center);
    return { clientX: clientX - 160, clientY: clientY - 200 };
  }
}

function asOption(type) {
  return {
    value: type.type, label: type.label, hint: firstSentence(type.help), icon: type.icon,
    category: type.category, group: GROUPS[type.category], words: `${type.keywords.join(" ")} ${type.type}`,
  };
}

function firstSentence(text) {
  return text.split(/(?<=\.)\s/)[0];
}
