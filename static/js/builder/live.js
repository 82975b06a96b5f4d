// Runs the draft and watches what happens: the nodes show it on the canvas, a strip tells it in words.

import { lasting } from "../times.js";
import { nodeOf } from "./graph.js";
import { payloadKey } from "./keep.js";
import { problemRow } from "./problems.js";
import { Unreachable, csrfToken, send } from "./request.js";

const EVERY = 400;
const SLOWEST = 5_000;
const WORDS = {
  queued: "Waiting for a worker", running: "Running", waiting: "Waiting", completed: "Completed",
  failed: "Failed", cancelled: "Cancelled",
};
const byId = (id) => document.getElementById(id);

export class Live {
  #editor;
  #saver;
  #page;
  #onNews;
  #sample;
  #timer;
  #run = null;
  #pause = EVERY;

  constructor(editor, saver, page, onNews) {
    this.#editor = editor;
    this.#saver = saver;
    this.#page = page;
    this.#onNews = onNews;
    this.#sample = page.sample;
    saver.addEventListener("saved", ({ detail }) => {
      this.#sample = detail.sample;
    });
    byId("run-clear").addEventListener("click", () => this.clear());
    byId("run-open").addEventListener("click", () => editor.open(this.#run.failed_at));
    byId("run-cancel")?.addEventListener("click", () => this.#cancel());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#run && !this.#run.is_finished) this.#follow();
    });
    if (page.may_save) this.#listenToDialog();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#run = null;
    byId("run-strip").hidden = true;
    this.#editor.setRun(null);
  }

  /** Any run of this workflow, also one that has ended. */
  async show(id) {
    clearTimeout(this.#timer);
    const answer = await send("GET", `${this.#page.address}runs/${id}/track/`);
    if (answer.ok) this.#watch(answer.data);
  }

  // -------------------------------------------------------------- starting

  #listenToDialog() {
    const form = byId("run-form");
    byId("run-button").addEventListener("click", () => {
      refuse(this.#editor, null);
      const { published } = byId("topbar-state").dataset;
      form.what.item(1).disabled = !published;
      byId("run-published").textContent = published ? `Published ${published}` : "Nothing is published";
      form.payload.value = remembered(this.#page) ?? pretty(this.#sample);
      byId("run-dialog").showModal();
    });
    byId("payload-sample").addEventListener("click", () => {
      form.payload.value = pretty(this.#sample);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start(form.payload.value, form.what.value);
    });
  }

  async #start(payload, what) {
    try {
      if (what === "draft" && !(await this.#saver.flush())) {
        return refuse(this.#editor, { message: `First the draft has to be saved. ${this.#saver.reason}` });
      }
      const body = { payload, what, revision: this.#saver.revision };
      const answer = await send("POST", `${this.#page.address}run/`, body);
      if (!answer.ok) return refuse(this.#editor, answer.data);
      remember(this.#page, payload);
      byId("run-dialog").close();
      this.#watch(answer.data);
      this.#onNews();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      refuse(this.#editor, { message: "The server can not be reached. Try again." });
    }
  }

  // -------------------------------------------------------------- watching

  #watch(run) {
    clearTimeout(this.#timer);
    const isNews = this.#run?.id === run.id && !this.#run.is_finished && run.is_finished;
    this.#run = run;
    this.#draw();
    this.#editor.setRun({ id: run.id, status: run.status, nodes: run.nodes, taken: run.taken });
    if (isNews) this.#end();
    else if (!run.is_finished) this.#timer = setTimeout(() => this.#follow(), this.#pause);
  }

  async #follow() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    const { id } = this.#run;
    let answer = null;
    try {
      answer = await send("GET", `${this.#page.address}runs/${id}/track/`);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
    if (this.#run?.id !== id) return;
    this.#pause = answer?.ok ? EVERY : Math.min(this.#pause * 2, SLOWEST);
    this.#watch(answer?.ok ? answer.data : this.#run);
  }

  #end() {
    byId("announcements").textContent = `The run is ${this.#run.status}. ${this.#run.error?.message ?? ""}`;
    this.#onNews();
  }

  #draw() {
    const run = this.#run;
    const strip = byId("run-strip");
    strip.dataset.state = run.status;
    for (const icon of strip.querySelectorAll(".run-strip-icon")) {
      icon.hidden = icon.dataset.status !== run.status;
    }
    const node = run.status === "failed" && nodeOf(this.#editor.graph, run.failed_at);
    const what = run.version === "draft" ? "" : ` (${run.version})`;
    byId("run-status").textContent =
      `${WORDS[run.status]}${node ? ` at “${node.name || node.id}”` : ""}${what}`;
    byId("run-error").textContent = run.status === "failed" ? run.error.message : "";
    byId("run-error").title = byId("run-error").textContent;
    byId("run-open").hidden = !node;
    byId("run-link").href = run.address;
    if (byId("run-cancel")) byId("run-cancel").hidden = run.is_finished;
    drawTime(byId("run-time"), run);
    strip.hidden = false;
  }

  async #cancel() {
    const headers = { "X-CSRFToken": csrfToken() };
    await fetch(this.#run.cancel, { method: "POST", headers, redirect: "manual" }).catch(() => null);
    this.#follow();
  }
}

const pretty = (value) => JSON.stringify(value, null, 2);

function drawTime(place, { started_at: since, duration_ms: took }) {
  if (took === null && since) place.dataset.since = since;
  else delete place.dataset.since;
  if (took !== null) place.textContent = took < 1000 ? `${Math.round(took)} ms` : lasting(took / 1000);
  else if (!since) place.textContent = "";
}

/** `error`: as the server sends it; null takes the last one away. */
function refuse(editor, error) {
  const isGraph = ["invalid_graph", "circular_workflow"].includes(error?.code);
  const errors = isGraph ? error.details.errors : [];
  byId("run-refusal").hidden = !error;
  byId("run-refusal").querySelector("p").textContent = errors.length
    ? "The draft can not run like this:"
    : (error?.message ?? "");
  byId("run-problems").replaceChildren(...errors.map((each) => problemRow(editor, each)));
}

function remembered(page) {
  try {
    return localStorage.getItem(payloadKey(page));
  } catch {
    return null;
  }
}

function remember(page, payload) {
  try {
    localStorage.setItem(payloadKey(page), payload);
  } catch {
    // Then the sample is offered again.
  }
}
