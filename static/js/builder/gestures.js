// Pointers on the stage: who takes a press gets its moves; two fingers pinch; the wheel pans and zooms.
//
// A gesture is {move(event), end(event), cancel()}, each optional; `follows: true` lets the view follow
// a pointer at its edge.

const LINE = 16;
const LONG_PRESS = 500;
const STILL = 8;
const PULL = 14;

export class Gestures {
  #touches = new Map();
  #active = null;
  #pinch = null;
  #last = null;
  #press = 0;
  #isPressed = false;
  /** Whether the bar of space is held: a drag pans. */
  isPanReady = false;

  /** `begin(event)` gives the gesture of a press, or null. */
  constructor(view, begin, { longPress }) {
    Object.assign(this, { view, begin, longPress });
    const { stage } = view;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#stop(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** Whether a pointer presses or drags something. */
  get isBusy() {
    return this.#active !== null || this.#isPressed;
  }

  cancel() {
    const active = this.#active;
    this.#active = null;
    clearTimeout(this.#press);
    active?.cancel?.();
    delete this.view.stage.dataset.busy;
    return active !== null;
  }

  /** Let a press that began elsewhere (in the palette) go on as a gesture here. */
  take(gesture, event) {
    this.cancel();
    this.#start(gesture, event);
  }

  #down(event) {
    if (event.target.closest(".over-stage")) return;
    if (event.pointerType === "touch") {
      this.#touches.set(event.pointerId, event);
      if (this.#touches.size === 2) {
        this.cancel();
        this.#pinch = this.#fingers();
        return;
      }
      if (this.#touches.size > 2) return;
    }
    if (this.#active) return;
    this.view.measure();
    const isPan = event.button === 1 || (event.button === 0 && this.isPanReady);
    this.#isPressed = true;
    const gesture = isPan ? this.panning(event) : this.begin(event);
    this.#isPressed = false;
    if (gesture) this.#start(gesture, event);
    if (gesture && event.pointerType === "touch") {
      this.#press = setTimeout(() => this.longPress(event), LONG_PRESS);
    }
  }

  #start(gesture, event) {
    this.#active = gesture;
    this.#last = event;
    this.from = event;
    this.view.stage.setPointerCapture(event.pointerId);
    this.view.stage.dataset.busy = "";
    if (gesture.follows) this.#follow(gesture);
  }

  /** While a pointer rests at the edge, the view goes on under it. */
  #follow(gesture) {
    if (this.#active !== gesture) return;
    const pull = this.isFar ? this.view.pull(this.#last) : { x: 0, y: 0 };
    if (pull.x || pull.y) {
      this.view.panBy(-pull.x * PULL, -pull.y * PULL);
      gesture.move?.(this.#last);
    }
    requestAnimationFrame(() => this.#follow(gesture));
  }

  get isFar() {
    const [a, b] = [this.from, this.#last];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) > STILL;
  }

  #move(event) {
    if (this.#touches.has(event.pointerId)) this.#touches.set(event.pointerId, event);
    if (this.#pinch) {
      this.#spread();
      return;
    }
    if (!this.#active || event.pointerId !== this.#last.pointerId) return;
    this.#last = event;
    if (this.isFar) clearTimeout(this.#press);
    this.#active.move?.(event);
  }

  #up(event) {
    const wasPinch = this.#pinch;
    this.#touches.delete(event.pointerId);
    if (this.#touches.size < 2) this.#pinch = null;
    if (wasPinch || !this.#active || event.pointerId !== this.#last.pointerId) return;
    clearTimeout(this.#press);
    const active = this.#active;
    this.#active = null;
    delete this.view.stage.dataset.busy;
    active.move?.(event);
    active.end?.(event);
  }

  #stop(event) {
    this.#touches.delete(event.pointerId);
    if (this.#touches.size < 2) this.#pinch = null;
    if (event.pointerId === this.#last?.pointerId) this.cancel();
  }

  #fingers() {
    const [a, b] = [...this.#touches.values()];
    return {
      clientX: (a.clientX + b.clientX) / 2,
      clientY: (a.clientY + b.clientY) / 2,
      apart: Math.max(Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), 1),
    };
  }

  #spread() {
    if (this.#touches.size < 2) return;
    const [before, now] = [this.#pinch, this.#fingers()];
    this.#pinch = now;
    this.view.panBy(now.clientX - before.clientX, now.clientY - before.clientY);
    this.view.zoomTo((this.view.k * now.apart) / before.apart, now);
  }

  panning(event) {
    event.preventDefault();
    let [x, y] = [event.clientX, event.clientY];
    this.view.stage.dataset.panning = "";
    const done = () => delete this.view.stage.dataset.panning;
    return {
      move: (now) => {
        this.view.panBy(now.clientX - x, now.clientY - y);
        [x, y] = [now.clientX, now.clientY];
      },
      end: done,
      cancel: done,
    };
  }

  #wheel(event) {
    if (event.target.closest(".over-stage")) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? this.view.height : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      this.view.zoomTo(this.view.k * Math.exp(-Math.max(-60, Math.min(60, dy)) / 100), event);
    } else if (event.shiftKey && !dx) this.view.panBy(-dy, 0);
    else this.view.panBy(-dx, -dy);
  }
}
