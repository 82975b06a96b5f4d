// What is being edited: the graph, its history and the selection. Everything that changes the graph
// goes through `change`; whoever shows something listens.
//
// Events: "change" {before, after, label, origin: edit | undo | redo}, "select", "refused" {message},
// "open" {id} (show a node's settings and go there), "findings" (what the server says about the
// draft), "run" (the run that is watched has gone on).

import { Refused, edgeKey } from "./graph.js";

const MERGE_WITHIN = 1000;

export class Editor extends EventTarget {
  #past = [];
  #future = [];
  #graph;

  constructor({ graph, types, readOnly = false }) {
    super();
    this.#graph = graph;
    this.types = types;
    this.readOnly = readOnly;
    this.nodes = new Set();
    this.edges = new Set();
    /** {errors, warnings} of {node, field, code, message}. */
    this.findings = { errors: [], warnings: [] };
    /** {id, status, nodes: {id: {status, count, step}}, taken: ["source port"]} or null. */
    this.run = null;
  }

  setFindings(findings) {
    this.findings = findings;
    this.tell("findings");
  }

  setRun(run) {
    this.run = run;
    this.tell("run");
  }

  get graph() {
    return this.#graph;
  }

  /** Do `operation(graph) -> graph` and remember it under `label`. Changes with the same `merge` that
   * follow each other quickly are undone together. Gives whether anything changed. */
  change(label, operation, { merge = "" } = {}) {
    if (this.readOnly) return this.#refuse("You may look at this workflow, not change it.");
    let after;
    try {
      after = operation(this.#graph);
    } catch (error) {
      if (error instanceof Refused) return this.#refuse(error.message);
      throw error;
    }
    if (after === this.#graph) return false;
    const last = this.#past.at(-1);
    const now = performance.now();
    if (merge && last?.merge === merge && now - last.at < MERGE_WITHIN) last.at = now;
    else this.#past.push({ label, merge, at: now, graph: this.#graph });
    this.#future = [];
    this.#show(after, label, "edit");
    return true;
  }

  get undoLabel() {
    return this.#past.at(-1)?.label ?? "";
  }

  get redoLabel() {
    return this.#future.at(-1)?.label ?? "";
  }

  undo() {
    this.#travel(this.#past, this.#future, "undo");
  }

  redo() {
    this.#travel(this.#future, this.#past, "redo");
  }

  #travel(from, to, origin) {
    const entry = from.pop();
    if (!entry) return;
    to.push({ ...entry, merge: "", graph: this.#graph });
    this.#show(entry.graph, entry.label, origin);
  }

  #show(after, label, origin) {
    const before = this.#graph;
    this.#graph = after;
    this.#keepSelection();
    this.tell("change", { before, after, label, origin });
  }

  // -------------------------------------------------------------- selection

  /** `edges`: of edgeKey. */
  select({ nodes = [], edges = [] }) {
    const isSame = equal(this.nodes, nodes) && equal(this.edges, edges);
    this.nodes = new Set(nodes);
    this.edges = new Set(edges);
    if (!isSame) this.tell("select");
  }

  selectAll() {
    this.select({ nodes: this.#graph.nodes.map((node) => node.id) });
  }

  /** The id of the one selected node, else null. */
  get single() {
    return this.nodes.size === 1 && !this.edges.size ? [...this.nodes][0] : null;
  }

  open(id) {
    this.select({ nodes: [id] });
    this.tell("open", { id });
  }

  #keepSelection() {
    const ids = new Set(this.#graph.nodes.map((node) => node.id));
    const keys = new Set(this.#graph.edges.map(edgeKey));
    this.select({
      nodes: [...this.nodes].filter((id) => ids.has(id)),
      edges: [...this.edges].filter((key) => keys.has(key)),
    });
  }

  #refuse(message) {
    this.tell("refused", { message });
    return false;
  }

  /** Let those who listen know. */
  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function equal(set, values) {
  return set.size === [...values].length && [...values].every((value) => set.has(value));
}
