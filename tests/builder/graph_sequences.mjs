// Random sequences of what people do to a graph. Reads {types, sequences, length, seed, graphs} as the
// file of its first argument, writes the graphs that come out as JSON lines to the second. Ends with an
// error where undo and redo do not give the very same graphs.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

import { copyOf, paste, readCopy } from "../../static/js/builder/copies.js";
import { Editor } from "../../static/js/builder/editor.js";
import * as edges from "../../static/js/builder/connections.js";
import * as model from "../../static/js/builder/graph.js";

const [input, output] = process.argv.slice(2);
const { types: listed, sequences, length, seed } = JSON.parse(readFileSync(input));
const types = new Map(listed.map((type) => [type.type, type]));
const kinds = [...types.keys(), ...Array(8).fill("iterator"), "switch", "switch", "string_condition"];

let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (most) => Math.floor(random() * most);
const pick = (items) => items[below(items.length)];
const some = (items) => items.filter(() => random() < 0.4);
const spot = () => ({ x: below(4000) - 2000 + random(), y: below(4000) - 2000 });

const anyNode = (graph) => pick(graph.nodes)?.id ?? "none";
const anyEdge = (graph) => (graph.edges.length ? model.edgeKey(pick(graph.edges)) : "a default b");
const anyPort = (graph, id) => {
  const node = model.nodeOf(graph, id);
  const ports = node && model.portsOf(node, types);
  return random() < 0.9 && ports?.length ? pick(ports) : pick(["default", "error", "item", "nowhere"]);
};
const cases = () =>
  Array.from({ length: below(4) }, () => ({ port: pick(["a", "b", "item", "Bad port", "true"]), operator: "equals" }));

const STRANGE = [
  "nonsense", "[]", '{"nodes": 3}', '{"nodes": []}', '{"nodes": [null, 1, {"type": " "}]}',
  '{"nodes": [{"type": "of_a_plugin", "id": "run", "name": "\\u0000\\ud800", "position": {"x": 1e999, "y": "a"}, "retry": {"max_attempts": 99, "wait_seconds": -1}, "on_interrupt": 7, "config": []}]}',
  '{"nodes": [{"type": "delay", "id": "a"}, {"type": "delay", "id": "a"}, {"type": "gone", "id": 5}], "edges": [{"source": "a", "target": "a"}, {"source": "a", "port": "not a port", "target": "b"}, {"source": 1}]}',
  '{"graph": {"nodes": [{"type": "manual_trigger", "id": "t"}, {"type": "iterator", "id": "i"}, {"type": "delay", "id": "d"}], "edges": [{"source": "t", "target": "i"}, {"source": "i", "port": "item", "target": "d"}, {"source": "i", "target": "d"}, {"source": "d", "target": "t"}]}}',
];

const OPERATIONS = {
  add: (graph) => model.addNode(graph, types, { type: pick(kinds), position: spot() })[0],
  remove: (graph) => model.removeNodes(graph, types, random() < 0.05 ? some(graph.nodes.map((n) => n.id)) : [anyNode(graph)]),
  cut: (graph) => edges.removeEdges(graph, types, random() < 0.05 ? graph.edges.map(model.edgeKey) : [anyEdge(graph)]),
  connect: (graph) => {
    const source = anyNode(graph);
    return edges.connect(graph, types, { source, port: anyPort(graph, source), target: anyNode(graph) });
  },
  connectAllowed: (graph) => {
    const source = anyNode(graph);
    const start = { source, port: anyPort(graph, source) };
    if (!model.nodeOf(graph, source)) return graph;
    const allowed = edges.allowedTargets(graph, types, start);
    for (const { id } of graph.nodes) {
      assert.equal(allowed.has(id), !edges.whyNotConnect(graph, types, { ...start, target: id }), "What lights up is what is allowed.");
    }
    return allowed.size ? edges.connect(graph, types, { ...start, target: pick([...allowed]) }) : graph;
  },
  reconnect: (graph) => {
    const source = anyNode(graph);
    const ends = random() < 0.5 ? { target: anyNode(graph) } : { source, port: anyPort(graph, source) };
    return edges.reconnect(graph, types, anyEdge(graph), ends);
  },
  splice: (graph) => {
    const key = anyEdge(graph);
    const [next, id] = model.addNode(graph, types, { type: pick(kinds), position: spot() });
    return edges.splice(next, types, key, random() < 0.8 ? id : anyNode(graph));
  },
  configure: (graph) => {
    const id = anyNode(graph);
    const changes = pick([
      { config: { cases: cases(), value: `{{ ${anyNode(graph)}.a }}` } },
      { continue_on_error: random() < 0.7 },
      { name: "\0 a name \ud800", notes: "x".repeat(below(20)) },
    ]);
    const node = model.nodeOf(graph, id);
    if (changes.continue_on_error && !types.get(node?.type)?.can_fail) return graph;
    return model.setNode(graph, types, id, changes);
  },
  rename: (graph) => model.renameNode(graph, anyNode(graph), pick(["a", "b", "other", "run", "Not", "item", "x_2"])),
  place: (graph) => model.placeNodes(graph, new Map(some(graph.nodes).map((node) => [node.id, spot()]))),
  align: (graph) => model.alignNodes(graph, types, some(graph.nodes).map((n) => n.id), pick(["left", "center", "bottom"])),
  paste: (graph) => {
    const text = random() < 0.6 ? copyOf(graph, some(graph.nodes).map((node) => node.id)) : pick(STRANGE);
    return paste(graph, types, readCopy(text), spot()).graph;
  },
};

function play() {
  const editor = new Editor({ graph: model.emptyGraph(), types });
  let [past, future] = [[JSON.stringify(editor.graph)], []];
  for (let step = 0; step < length; step += 1) {
    const dice = random();
    if (dice < 0.08 && past.length > 1) {
      future.push(past.pop());
      editor.undo();
    } else if (dice < 0.13 && future.length) {
      past.push(future.pop());
      editor.redo();
    } else {
      const name = random() < 0.5 ? pick(["add", "connect", "connectAllowed", "paste"]) : pick(Object.keys(OPERATIONS));
      if (editor.change(name, OPERATIONS[name])) {
        past.push(JSON.stringify(editor.graph));
        future = [];
      }
    }
    assert.equal(JSON.stringify(editor.graph), past.at(-1));
  }
  const graph = editor.graph;
  for (const text of past.toReversed()) {
    assert.equal(JSON.stringify(editor.graph), text, "undone");
    editor.undo();
  }
  assert.equal(JSON.stringify(editor.graph), JSON.stringify(model.emptyGraph()));
  for (const text of past) {
    assert.equal(JSON.stringify(editor.graph), text, "done again");
    editor.redo();
  }
  return graph;
}

const lines = [];
for (let number = 0; number < sequences; number += 1) lines.push(JSON.stringify(play()));
writeFileSync(output, lines.join("\n"));
