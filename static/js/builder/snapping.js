// Where dragged cards come to rest: in line with others, else on the grid. No DOM in here.

import { around } from "./view.js";

export const GRID = 10;
const NEAR = 6;

const linesOf = (start, length) => [start, start + length / 2, start + length];

/** `box`: of all that moves, where the pointer wants it; `others`: what it may line up with. Gives
 * {x, y, lines}: how far to shift it, and the lines to show as boxes without width or height. */
export function snap(box, others, scale) {
  const reach = NEAR / scale;
  const along = {
    x: nearest(linesOf(box.x, box.width), others.map((each) => [linesOf(each.x, each.width), each]), reach),
    y: nearest(linesOf(box.y, box.height), others.map((each) => [linesOf(each.y, each.height), each]), reach),
  };
  const shift = {
    x: along.x ? along.x.by : Math.round(box.x / GRID) * GRID - box.x,
    y: along.y ? along.y.by : Math.round(box.y / GRID) * GRID - box.y,
  };
  const moved = { ...box, x: box.x + shift.x, y: box.y + shift.y };
  const lines = [];
  if (along.x) {
    const { y, height } = around([moved, along.x.other], 12);
    lines.push({ x: along.x.at, y, width: 0, height });
  }
  if (along.y) {
    const { x, width } = around([moved, along.y.other], 12);
    lines.push({ x, y: along.y.at, width, height: 0 });
  }
  return { ...shift, lines };
}

function nearest(own, others, reach) {
  let best = null;
  for (const [lines, other] of others) {
    for (let place = 0; place < 3; place += 1) {
      const by = lines[place] - own[place];
      if (Math.abs(by) <= reach && (!best || Math.abs(by) < Math.abs(best.by))) {
        best = { by, at: lines[place], other };
      }
    }
  }
  return best;
}
