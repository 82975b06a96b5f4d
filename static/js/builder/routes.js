// The way of an edge: a curve, or where cards stand in it, a way between them. No DOM in here.

const CLEAR = 14;
const TOUCH = 5;
const LEAD = 36;
const SAMPLES = 14;

/** The points that an edge passes from an outlet to an inlet, around `boxes` other than its `own`
 * two. Its curve never rises or falls beyond them. */
export function wayBetween(start, end, boxes, own) {
  return [start, ...passages(start, end, boxes, own), end];
}

/** A path as SVG has it, horizontal at every point. */
export function curveThrough(points) {
  let path = `M${points[0].x} ${points[0].y}`;
  for (let place = 1; place < points.length; place += 1) {
    const [a, b] = [points[place - 1], points[place]];
    if (a.y === b.y && b.x > a.x) path += `H${b.x}`;
    else {
      const reach = leadOf(a, b);
      path += `C${a.x + reach} ${a.y} ${b.x - reach} ${b.y} ${b.x} ${b.y}`;
    }
  }
  return path;
}

const leadOf = (a, b) => Math.max((b.x - a.x) / 2, LEAD);

/** The points between which the way is straight, so that no card is crossed. */
function passages(start, end, boxes, own) {
  if (end.x - start.x < 2 * LEAD) return [];
  const between = [];
  for (const box of boxes) {
    const isBetween = box.x < end.x - TOUCH && box.x + box.width > start.x + TOUCH;
    if (isBetween && !own.includes(box)) between.push(box);
  }
  if (!between.length || !isCrossed(start, end, between)) return [];
  const points = [];
  let from = start;
  for (const column of columnsOf(between)) {
    const left = Math.max(column.left, start.x + LEAD / 2);
    const right = Math.min(column.right, end.x - LEAD / 2);
    if (right <= left) continue;
    const share = ((left + right) / 2 - from.x) / (end.x - from.x);
    const y = freePlace(column.boxes, from.y + (end.y - from.y) * share);
    points.push({ x: left, y }, { x: right, y });
    from = { x: right, y };
  }
  return points;
}

function isCrossed(start, end, boxes) {
  const reach = leadOf(start, end);
  const xs = [start.x, start.x + reach, end.x - reach, end.x];
  const ys = [start.y, start.y, end.y, end.y];
  for (let place = 1; place < SAMPLES; place += 1) {
    const t = place / SAMPLES;
    const [x, y] = [bezier(xs, t), bezier(ys, t)];
    for (const box of boxes) {
      if (x > box.x - TOUCH && x < box.x + box.width + TOUCH && y > box.y - TOUCH && y < box.y + box.height + TOUCH) {
        return true;
      }
    }
  }
  return false;
}

function bezier([a, b, c, d], t) {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}

/** Boxes that share some x, from left to right. */
function columnsOf(boxes) {
  const columns = [];
  for (const box of boxes.toSorted((a, b) => a.x - b.x)) {
    const last = columns.at(-1);
    if (last && box.x < last.right) {
      last.right = Math.max(last.right, box.x + box.width);
      last.boxes.push(box);
    } else columns.push({ left: box.x, right: box.x + box.width, boxes: [box] });
  }
  return columns;
}

/** The height nearest to the wanted one at which no box is touched. */
function freePlace(boxes, wanted) {
  const walls = boxes
    .map((box) => [box.y - CLEAR, box.y + box.height + CLEAR])
    .sort((a, b) => a[0] - b[0]);
  let best = walls[0][0];
  let open = -Infinity;
  const consider = (low, high) => {
    const y = Math.min(Math.max(wanted, low), high);
    if (Math.abs(y - wanted) < Math.abs(best - wanted)) best = y;
  };
  for (const [low, high] of walls) {
    if (low > open) consider(open, low);
    open = Math.max(open, high);
  }
  consider(open, Infinity);
  return Math.round(best * 10) / 10;
}
