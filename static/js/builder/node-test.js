// Trying one node, pinning its output, and what it did in its last run.

import { dataTree } from "./data-tree.js";
import { parseJson, Unreadable } from "./fields.js";
import { nodeOf } from "./graph.js";
import { notice } from "./notice.js";
import { NoAnswer, get, post } from "./asking.js";
import { paint } from "./template-field.js";

const LONGEST_TRIAL = 310_000; // the server ends a step after five minutes
const STATUS = { completed: "Completed", failed: "Failed", waiting: "Waits" };

/** The tabs Test and Last run. `onPinned()`: the data that is known has changed. */
export class NodeTest {
  #id = null;
  #result = null;
  #prefilled = null;

  constructor(test, data, { editor, onPinned }) {
    Object.assign(this, { test, data, editor, onPinned });
    this.context = test.querySelector("#test-context");
    this.result = test.querySelector("[data-test-result]");
    for (const area of test.querySelectorAll("textarea")) {
      area.addEventListener("input", () => paint(area.closest(".pf")));
    }
    test.querySelector("[data-test]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run(event.submitter);
    });
    test.addEventListener("click", (event) => this.#clicked(event));
    data.addEventListener("click", (event) => this.#clicked(event));
    data.addEventListener("change", (event) => {
      if (event.target.matches("[data-step-at]")) this.showData(event.target.value);
    });
  }

  show(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.#prefilled = null;
    this.result.hidden = true;
    this.data.replaceChildren();
    this.test.querySelector("#own-sample").value = "";
    const type = this.editor.types.get(this.#node?.type);
    this.test.querySelector("[data-test-effect]").hidden = type?.effect !== "outside";
  }

  get #node() {
    return nodeOf(this.editor.graph, this.#id);
  }

  // -------------------------------------------------------------- test

  /** Offer the data that is known, unless somebody has changed what was offered. */
  async prefill(isAsked = false) {
    if (!isAsked && this.#prefilled !== null && this.context.value !== this.#prefilled) return;
    const id = this.#id;
    if (!this.#node) return;
    try {
      const { graph } = this.editor;
      const { context, missing } = await post("variables/", { graph, node: id, trial: true });
      if (id !== this.#id) return;
      this.#prefilled = JSON.stringify(context, null, 2);
      write(this.context, this.#prefilled);
      const note = this.test.querySelector("[data-test-note]");
      note.textContent = missing.length
        ? `Nothing is known yet about ${missing.join(", ")}: fill it in, or run the workflow first.`
        : "What its templates see. Change it as you like; it is not kept.";
    } catch (error) {
      this.#fail(error);
    }
  }

  async #run(button) {
    const problem = this.test.querySelector("[data-test-problem]");
    problem.hidden = true;
    let context;
    try {
      context = this.context.value.trim() ? parseJson(this.context.value) : {};
    } catch (error) {
      return complain(problem, error);
    }
    button.disabled = true;
    try {
      const sent = { graph: this.editor.graph, node: this.#id, context };
      this.#show(await post("try/", sent, { signal: AbortSignal.timeout(LONGEST_TRIAL) }));
    } catch (error) {
      complain(problem, error);
    }
    button.disabled = false;
  }

  #show(result) {
    this.#result = result;
    this.result.hidden = false;
    const chip = this.result.querySelector("[data-result-status]");
    chip.textContent = STATUS[result.status];
    chip.dataset.state = result.status;
    const facts = [result.port && `port ${result.port}`, `${result.duration_ms} ms`].filter(Boolean);
    this.result.querySelector("[data-result-facts]").textContent = facts.join(" · ");
    const error = this.result.querySelector("[data-result-error]");
    error.hidden = !result.error;
    error.querySelector(".run-error").textContent = result.error?.message ?? "";
    error.querySelector("code").textContent = result.error?.code ?? "";
    const warnings = this.result.querySelector("[data-result-warnings]");
    warnings.hidden = !result.warnings.length;
    warnings.querySelector("ul").replaceChildren(...result.warnings.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    this.result.querySelector("[data-result-output]").hidden = Boolean(result.error);
    const entry = { root: this.#id, key: this.#id, parts: [], outline: result.outline };
    this.result.querySelector("[data-output-tree]").replaceChildren(dataTree([entry], { label: "Output of the test", isOpen: true }));
    this.result.querySelector("[data-act=pin-result]").hidden = result.status !== "completed";
    this.result.scrollIntoView({ block: "nearest" });
  }

  // -------------------------------------------------------------- samples and the last run

  #clicked(event) {
    const button = event.target.closest("button[data-act]");
    const { act } = button?.dataset ?? {};
    if (act === "refill") this.prefill(true);
    if (act === "pin-result") this.#pin(() => this.#result.output);
    if (act === "pin-last") this.#pin(async () => read(await get(button.dataset.output)));
    if (act === "pin-own") this.#pin(() => parseJson(this.test.querySelector("#own-sample").value));
    if (act === "unpin") this.#send({}, "The sample was taken away.");
    if (act === "step") this.showData(button.dataset.at);
  }

  async #pin(output) {
    const problem = this.test.querySelector("[data-own-problem]");
    problem.hidden = true;
    try {
      await this.#send({ output: await output() }, "Pinned. The builder uses it as the output of this node.");
    } catch (error) {
      if (!(error instanceof Unreadable)) return this.#fail(error);
      complain(problem, error);
    }
  }

  async #send(body, done) {
    try {
      await post(`nodes/${this.#id}/sample/`, body);
      notice(done, { kind: "good" });
      this.onPinned();
      if (!this.data.hidden) this.showData();
    } catch (error) {
      this.#fail(error);
    }
  }

  async showData(at = "") {
    const id = this.#id;
    const run = this.editor.run?.id ?? "";
    try {
      const html = await get(`nodes/${id}/data/?run=${run}&at=${at}`);
      if (id !== this.#id) return;
      this.data.innerHTML = html;
      window.htmx?.process(this.data);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    if (!(error instanceof NoAnswer)) throw error;
    notice(error.message, { kind: "bad" });
  }
}

/** An output as it is downloaded: a text alone comes without quotes. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function write(area, text) {
  area.value = text;
  paint(area.closest(".pf"));
}

function complain(place, error) {
  if (!(error instanceof Unreadable || error instanceof NoAnswer)) throw error;
  place.hidden = false;
  place.querySelector("span").textContent = error.message;
}
