// Saves the draft: every change, one request at a time, always the newest graph, against the revision
// that it is based on. "saved" is only said after the server has committed it.
//
// Events: "state" (see `state` and `reason`), "saved" {differs}, "renamed" {name}, "conflict".

import { Keep, sameGraph } from "./keep.js";
import { Unreachable, send } from "./request.js";

const DEBOUNCE = 500;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

export class Saver extends EventTarget {
  /** saved, saving, waiting (tried again by itself), failed, stale (somebody has to decide). */
  state = "saved";
  reason = "";
  /** The draft that somebody else saved meanwhile: {graph, name, revision, saved_at, saved_by, ...}. */
  theirs = null;
  #editor;
  #address;
  #revision;
  #saved;
  #sent = [];
  #timer;
  #retry = FIRST_RETRY;
  #queue = Promise.resolve();
  #busy = 0;

  constructor(editor, page) {
    super();
    this.#editor = editor;
    this.#address = page.address;
    this.#revision = page.revision;
    this.#saved = editor.graph;
    this.keep = new Keep(page);
    editor.addEventListener("change", () => this.#changed());
    editor.addEventListener("save", () => this.flush());
    addEventListener("online", () => this.#hurry());
    addEventListener("discard-unsaved", () => this.letGo());
    addEventListener("pagehide", () => this.#away());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#away() : this.#hurry()));
    addEventListener("beforeunload", (event) => {
      if (!this.isDirty) return;
      event.preventDefault();
      this.#away();
    });
  }

  get isDirty() {
    return this.#editor.graph !== this.#saved;
  }

  get revision() {
    return this.#revision;
  }

  /** Save now. Gives whether everything is saved. */
  async flush() {
    for (let tries = 0; this.isDirty && tries < 3; tries += 1) {
      if (!(await this.#exclusive(() => this.#save()))) return false;
    }
    return !this.isDirty;
  }

  /** Change name, description or settings. They count up the same revision, so they wait for their
   * turn. Gives {ok, data}. */
  details(change) {
    return this.#exclusive(async () => {
      try {
        const body = { ...change, revision: this.#revision };
        const answer = await send("POST", `${this.#address}details/`, body);
        if (answer.status === 409) return await this.#staleDetails(answer);
        if (answer.ok) this.#rebase(answer.data.revision);
        return answer;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        return { ok: false, data: { message: "The server can not be reached. Try again.", details: {} } };
      }
    });
  }

  // -------------------------------------------------------------- what to do about theirs

  /** Go on with what somebody else saved; mine is one undo away. */
  async loadTheirs() {
    const data = await this.#read();
    this.#revision = data.revision;
    this.#saved = data.graph;
    this.#sent = [];
    this.theirs = null;
    this.state = "saved";
    this.#editor.change("Load their changes", () => data.graph);
    this.#editor.setFindings(data);
    this.#tell("renamed", { name: data.name });
    this.#tell("saved", data);
  }

  /** A new workflow from mine. Gives {ok, data: {address}}. */
  async copy(graph) {
    return send("POST", `${this.#address}draft/copy/`, { graph });
  }

  /** What is here is kept elsewhere: the page may be left. */
  letGo() {
    clearTimeout(this.#timer);
    this.#saved = this.#editor.graph;
    this.#settle();
  }

  // -------------------------------------------------------------- saving

  #changed() {
    if (!this.isDirty && !this.#busy) return this.#settle();
    this.#remember();
    if (this.state === "stale" || this.state === "waiting") return;
    this.#show("saving");
    this.#schedule(DEBOUNCE);
  }

  #schedule(after) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#exclusive(() => this.#save()), after);
  }

  #exclusive(task) {
    this.#busy += 1;
    const done = this.#queue.then(task).finally(() => {
      this.#busy -= 1;
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  async #save({ keepalive = false } = {}) {
    clearTimeout(this.#timer);
    if (!this.isDirty) return this.#settle();
    const graph = this.#editor.graph;
    const body = { graph, revision: this.#revision };
    if (this.#sent.at(-1) !== graph) this.#sent.push(graph);
    this.#remember();
    this.#show("saving");
    try {
      const answer = await send("PUT", `${this.#address}draft/`, body, { keepalive });
      if (answer.ok) return this.#accept(graph, answer.data);
      if (answer.status === 409) return await this.#stale();
      if (answer.status >= 500 || answer.status === 429) return this.#wait("The server is busy, will save");
      if (answer.status === 401) return this.#wait(`Not saved: ${answer.data.message}`);
      this.#show("failed", `Not saved: ${answer.data.message}`);
      return false;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return this.#wait("Offline, will save");
    }
  }

  #accept(graph, data) {
    this.#revision = data.revision;
    this.#saved = graph;
    this.#sent = [];
    this.#retry = FIRST_RETRY;
    this.#editor.setFindings(data);
    this.#tell("saved", data);
    if (!this.isDirty) return this.#settle();
    this.#remember();
    this.#schedule(DEBOUNCE);
    return true;
  }

  #settle() {
    this.keep.drop();
    this.#show("saved");
    return true;
  }

  #wait(reason) {
    this.#show("waiting", reason);
    this.#schedule(this.#retry);
    this.#retry = Math.min(this.#retry * 2, LAST_RETRY);
    return false;
  }

  #hurry() {
    if (this.state === "waiting") this.#schedule(0);
  }

  /** The page may be going away. */
  #away() {
    if (this.isDirty && this.state !== "stale" && !this.#busy) {
      this.#exclusive(() => this.#save({ keepalive: true }));
    }
  }

  /** Somebody else was first, unless it was a save of ours whose answer got lost, or only the name or
   * the settings were changed. */
  async #stale() {
    const theirs = await this.#read();
    const base = [this.#saved, ...this.#sent].find((graph) => sameGraph(graph, theirs.graph));
    if (!base) {
      this.theirs = theirs;
      this.#show("stale", "Not saved: somebody else changed this workflow");
      this.#tell("conflict");
      return false;
    }
    this.#saved = base;
    this.#sent = [];
    this.#rebase(theirs.revision);
    this.#tell("renamed", { name: theirs.name });
    return this.#save();
  }

  async #staleDetails(answer) {
    const theirs = await this.#read();
    if (!sameGraph(this.#saved, theirs.graph)) {
      this.theirs = theirs;
      this.#show("stale", "Not saved: somebody else changed this workflow");
      this.#tell("conflict");
      return answer;
    }
    this.#rebase(theirs.revision);
    this.#tell("renamed", { name: theirs.name });
    const message = "Somebody else changed the name or the settings meanwhile. Look at them, then repeat yours.";
    return { ok: false, data: { message, details: {} } };
  }

  /** What is stored now. */
  async #read() {
    const { ok, status, data } = await send("GET", `${this.#address}draft/`);
    if (!ok) throw new Unreachable(`HTTP ${status}`);
    return data;
  }

  #rebase(revision) {
    this.#revision = revision;
    if (this.isDirty) this.#remember();
  }

  #remember() {
    this.keep.put({ graph: this.#editor.graph, revision: this.#revision, sent: this.#sent });
  }

  #show(state, reason = "") {
    this.state = state;
    this.reason = reason;
    this.#tell("state");
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
