// The side panel while no node is selected, and what the top bar says about publishing. The server
// draws both anew when something about the workflow has changed.

import { isTrigger } from "./graph.js";
import { showProblems } from "./problems.js";

export class Side {
  #editor;
  #page;
  #own = document.getElementById("workflow-side");
  #drawnFor;
  #round = 0;

  constructor(editor, saver, page) {
    this.#editor = editor;
    this.#page = page;
    this.#drawnFor = this.#trigger();
    editor.addEventListener("select", () => this.#place());
    document.addEventListener("click", ({ target }) => {
      if (target.closest("#side-button")) this.#open();
      if (target.closest("[data-close-side]")) delete document.getElementById("side").dataset.open;
    });
    saver.addEventListener("saved", (event) => {
      const { differs } = document.getElementById("topbar-state").dataset;
      const isSame = (differs === "yes") === event.detail.differs;
      if (!isSame || this.#trigger() !== this.#drawnFor) this.refresh();
    });
  }

  async refresh() {
    this.#round += 1;
    const round = this.#round;
    this.#drawnFor = this.#trigger();
    const answer = await fetch(`${this.#page.address}side/`, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return;
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (round !== this.#round) return;
    this.#swap(document.getElementById("topbar-state"), drawn.getElementById("topbar-state"));
    this.#own = this.#swap(this.#own, drawn.getElementById("workflow-side"));
    this.#place();
    showProblems(this.#editor);
  }

  /** On a small screen the panel is a sheet that is opened. */
  #open() {
    this.#editor.select({});
    queueMicrotask(() => {
      document.getElementById("side").dataset.open = "yes";
      this.#own.querySelector("[data-close-side]").focus();
    });
  }

  #swap(old, fresh) {
    const node = document.importNode(fresh, true);
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(node);
    window.htmx.process(node);
    if (hadFocus) node.querySelector("button:not(:disabled), a")?.focus();
    return node;
  }

  /** Others show a selected node in the same place. */
  #place() {
    this.#own.hidden = this.#editor.single !== null;
    if (this.#own.hidden || this.#own.isConnected) return;
    const place = document.getElementById("side-body") ?? document.getElementById("side");
    place.replaceChildren(this.#own);
  }

  /** What the panel shows of the draft. */
  #trigger() {
    const trigger = this.#editor.graph.nodes.find((node) => isTrigger(node, this.#editor.types));
    return JSON.stringify([trigger?.type, trigger?.config]);
  }
}
