// Where one looks: the board is moved and scaled, and so is the grid of dots behind it.
// Event "view": it has been drawn anew.

const LEAST = 0.05;
const MOST = 2;
const DOTS = 20;
const MARGIN = 32;
const FAR = 0.75; // below, cards show their name alone, larger
const FARTHER = 0.55; // and here larger still
const READABLE = 0.38; // names can still be read
const EASY = 0.5;

export class View extends EventTarget {
  x = 0;
  y = 0;
  k = 1;
  #planned = false;
  #drawn = 1;
  #far = "";
  #rest = 0;
  #rect;

  constructor(stage, board, grid) {
    super();
    Object.assign(this, { stage, board, grid, tools: stage.querySelector(".canvas-tools") });
    this.#rect = stage.getBoundingClientRect();
    new ResizeObserver(() => this.measure()).observe(stage);
    addEventListener("resize", () => this.measure());
    addEventListener("scroll", () => this.measure(), { passive: true });
  }

  measure() {
    this.#rect = this.stage.getBoundingClientRect();
    this.#draw();
  }

  get width() {
    return this.#rect.width;
  }

  get height() {
    return this.#rect.height;
  }

  /** A point of the window as a point of the board. */
  toBoard({ clientX, clientY }) {
    return {
      x: (clientX - this.#rect.left - this.x) / this.k,
      y: (clientY - this.#rect.top - this.y) / this.k,
    };
  }

  /** A point of the board as a point of the stage. */
  toStage({ x, y }) {
    return { x: x * this.k + this.x, y: y * this.k + this.y };
  }

  toWindow(point) {
    const { x, y } = this.toStage(point);
    return { clientX: x + this.#rect.left, clientY: y + this.#rect.top };
  }

  isInside({ clientX, clientY }) {
    const { left, top, right, bottom } = this.#rect;
    return clientX > left && clientX < right && clientY > top && clientY < bottom;
  }

  /** How far beyond the edge of the stage a point is, from -1 to 1, near the edge already. */
  pull({ clientX, clientY }) {
    const near = 36;
    const over = (value, low, high) =>
      Math.max(-1, Math.min(0, (value - low - near) / near)) + Math.min(1, Math.max(0, (value - high + near) / near));
    const { left, top, right, bottom } = this.#rect;
    return { x: over(clientX, left, right), y: over(clientY, top, bottom) };
  }

  /** The part of the board that is seen. */
  get seen() {
    return { x: -this.x / this.k, y: -this.y / this.k, width: this.width / this.k, height: this.height / this.k };
  }

  get center() {
    const { x, y, width, height } = this.seen;
    return { x: x + width / 2, y: y + height / 2 };
  }

  panBy(dx, dy) {
    this.#set(this.x + dx, this.y + dy, this.k);
  }

  /** A point of the board comes into the middle. */
  centerOn({ x, y }) {
    this.#set(this.width / 2 - x * this.k, this.height / 2 - y * this.k, this.k);
  }

  /** Scale, and keep what is under a point of the window there. */
  zoomTo(k, at = null) {
    const next = Math.min(Math.max(k, LEAST), MOST);
    const from = at ?? { clientX: this.#rect.left + this.width / 2, clientY: this.#rect.top + this.height / 2 };
    const [px, py] = [from.clientX - this.#rect.left, from.clientY - this.#rect.top];
    const factor = next / this.k;
    this.#set(px - (px - this.x) * factor, py - (py - this.y) * factor, next);
  }

  /** All of a box, as large as it can be but not larger than 1. */
  fit(box) {
    if (box && this.width) this.#show(box, box, this.#scaleFor(box));
  }

  /** The first look: all of a box, but where its names could not be read then, what is around
   * `start`, a box in it. */
  open(box, start) {
    if (!box || !this.width) return;
    const k = this.#scaleFor(box);
    this.#show(box, start, k < READABLE ? EASY : k);
  }

  #scaleFor(box) {
    return Math.min((this.width - 2 * this.#margin) / box.width, (this.#high - 2 * this.#margin) / box.height, 1);
  }

  /** What fits comes into the middle; else `start` comes to the left and into the middle of the height. */
  #show(box, start, k) {
    const place = (from, length, whole, wanted) => {
      const [first, last] = [this.#margin - from * k, whole - this.#margin - (from + length) * k];
      return first <= last ? (first + last) / 2 : Math.max(last, Math.min(first, wanted));
    };
    const x = place(box.x, box.width, this.width, this.#margin - start.x * k);
    const y = place(box.y, box.height, this.#high, (this.#high - start.height * k) / 2 - start.y * k);
    this.#set(x, y, k);
  }

  get #margin() {
    return Math.min(MARGIN, this.width / 10);
  }

  /** The height above the tools, which lie over the stage. */
  get #high() {
    return this.tools ? this.tools.getBoundingClientRect().top - this.#rect.top : this.height;
  }

  /** Move as little as needed for a box to be seen whole. */
  reveal(box) {
    const a = this.toStage(box);
    const [width, height] = [box.width * this.k, box.height * this.k];
    const shift = (start, length, whole) => {
      const margin = Math.min(MARGIN, (whole - length) / 2);
      if (start < margin) return margin - start;
      return start + length > whole - margin ? whole - margin - start - length : 0;
    };
    this.panBy(shift(a.x, width, this.width), shift(a.y, height, this.height));
  }

  #set(x, y, k) {
    if (x === this.x && y === this.y && k === this.k) return;
    Object.assign(this, { x, y, k });
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#planned = false;
    const { x, y, k } = this;
    this.#hurry();
    this.board.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    let step = DOTS * k;
    while (step < 14) step *= 2;
    if (k !== this.#drawn) this.grid.style.backgroundSize = `${step}px ${step}px`;
    this.#drawn = k;
    this.#tellFar(k < FARTHER ? "more" : k < FAR ? "yes" : "");
    this.grid.style.transform = `translate(${x % step}px, ${y % step}px)`;
    this.dispatchEvent(new Event("view"));
  }

  #tellFar(far) {
    if (far === this.#far) return;
    this.#far = far;
    if (far) this.board.dataset.far = far;
    else delete this.board.dataset.far;
  }

  /** A layer of its own only while it moves: at rest, text is drawn sharp. */
  #hurry() {
    if (!this.#rest) this.board.style.willChange = "transform";
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = 0;
      this.board.style.willChange = "";
    }, 200);
  }
}

/** The smallest box around boxes; null around none. */
export function around(boxes, margin = 0) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  if (left === Infinity) return null;
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}

export const overlap = (a, b, gap = 0) =>
  a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;
