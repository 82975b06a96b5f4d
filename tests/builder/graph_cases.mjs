// What the builder finds in a graph, case by case. Reads {types} as the file of its first argument; ends
// with an error that names the case.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { looseEnd } from "../../static/js/builder/connections.js";
import { freeCorner } from "../../static/js/builder/copies.js";
import { freePort } from "../../static/js/builder/graph.js";

const { types: listed } = JSON.parse(readFileSync(process.argv[2]));
const types = new Map(listed.map((type) => [type.type, type]));

/** Nodes as "id:type", edges as "source:port > target". */
function graphOf(nodes, edges = []) {
  return {
    nodes: nodes.map((text) => {
      const [id, type = "text_transform"] = text.split(":");
      return { id, type, config: {}, position: { x: 0, y: 0 } };
    }),
    edges: edges.map((text) => {
      const [start, target] = text.split(" > ");
      const [source, port = "default"] = start.split(":");
      return { source, port, target };
    }),
  };
}

const LOOSE_ENDS = {
  "nothing is there": [graphOf([]), null],
  "a trigger alone": [graphOf(["start:manual_trigger"]), "start"],
  "the last of a row": [graphOf(["start:manual_trigger", "a"], ["start > a"]), "a"],
  "a condition that leads nowhere": [graphOf(["start:manual_trigger", "if:boolean_condition"], ["start > if"]), "if"],
  "a condition with one way free": [
    graphOf(["start:manual_trigger", "if:boolean_condition", "end:terminate"], ["start > if", "if:true > end"]), "if",
  ],
  "two branches": [graphOf(["start:manual_trigger", "a", "b"], ["start > a", "start > b"]), null],
  "a node that nothing leads to": [graphOf(["start:manual_trigger", "a"]), null],
  "a type that is not installed": [graphOf(["start:manual_trigger", "a:gone"], ["start > a"]), "a"],
  "all is led on": [graphOf(["start:manual_trigger", "end:terminate"], ["start > end"]), null],
};
for (const [name, [graph, found]] of Object.entries(LOOSE_ENDS)) {
  assert.equal(looseEnd(graph, types), found, `loose end: ${name}`);
}

const switchWith = (ports) => ({ type: "switch", config: { cases: ports.map((port) => ({ port })) } });
const PORTS = {
  "the first": [switchWith([]), "case_1"],
  "beside another name": [switchWith(["big"]), "case_1"],
  "the next": [switchWith(["case_1", "case_2"]), "case_3"],
  "one that was taken away": [switchWith(["case_2"]), "case_1"],
  "no list yet": [{ type: "switch", config: {} }, "case_1"],
};
for (const [name, [node, found]] of Object.entries(PORTS)) assert.equal(freePort(node, types), found, `port: ${name}`);

const at = (...places) => places.map(([x, y]) => ({ position: { x, y } }));
const CORNERS = {
  "there is room": [at([0, 0]), at([500, 0]), [300, 0], [300, 0]],
  "onto itself": [at([0, 0], [288, 0]), at([0, 0], [288, 0]), [0, 0], [30, 30]],
  "nearly onto itself": [at([0, 0]), at([0, 0]), [10, -10], [40, 20]],
  "onto itself and an earlier copy": [at([0, 0], [30, 30]), at([0, 0]), [0, 0], [60, 60]],
  "the second of them would hide one": [at([300, 100]), at([0, 0], [288, 0]), [12, 100], [42, 130]],
};
for (const [name, [there, copies, [x, y], free]] of Object.entries(CORNERS)) {
  const found = freeCorner({ nodes: there }, copies, { x, y }, 30);
  assert.deepEqual([found.x, found.y], free, `corner: ${name}`);
}
