// What is not saved yet, kept in this browser: one entry for each open page of a workflow. An entry
// whose page is gone was lost with its tab, and is offered when the same person opens the workflow
// again. Keys begin with the id of the person: a browser may be shared (see logout.js).

const UNSAVED = "altoflow.unsaved";
const PAYLOAD = "altoflow.payload";
const OLDEST = 30 * 24 * 3600 * 1000;

/** Whether two graphs are the same; ids of edges and the order of fields say nothing. */
export function sameGraph(one, other) {
  return one === other || canonical(one) === canonical(other);
}

function canonical({ nodes, edges }) {
  const ends = edges.map(({ source, port, target }) => `${source} ${port} ${target}`).sort();
  const byId = [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
  return JSON.stringify([byId, ends], (_, value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

export class Keep {
  #prefix;
  #key;

  constructor({ user, workflow }) {
    this.#prefix = `${UNSAVED}.${user}.${workflow}.`;
    this.#key = `${this.#prefix}${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    // Held as long as the page lives, so that other tabs know that the entry has an owner.
    navigator.locks?.request(this.#key, () => new Promise(() => {}));
  }

  /** `sent`: graphs that may have reached the server without its answer reaching us. */
  put({ graph, revision, sent }) {
    const entry = { graph, revision, sent, at: Date.now() };
    try {
      localStorage.setItem(this.#key, JSON.stringify(entry));
    } catch {
      // No room or no storage: then only leaving the page warns.
    }
  }

  drop() {
    forget(this.#key);
  }

  /** Entries of pages that are gone, newest first: {key, graph, revision, sent, at}. */
  async orphans() {
    const held = new Set((await navigator.locks?.query())?.held.map((lock) => lock.name));
    const keys = stored().filter((key) => key.startsWith(this.#prefix) && !held.has(key));
    return keys.filter((key) => key !== this.#key).flatMap(read).sort((a, b) => b.at - a.at);
  }
}

/** All that is kept for a person, of pages that are still open too: {key, workflow, graph, ...}. */
export function unsavedOf(user) {
  const keys = stored().filter((key) => key.startsWith(`${UNSAVED}.${user}.`));
  return keys.flatMap(read).map((entry) => ({ workflow: entry.key.split(".")[3], ...entry }));
}

/** Where the payload that somebody last tried a workflow with is kept. */
export const payloadKey = ({ user, workflow }) => `${PAYLOAD}.${user}.${workflow}`;

export function forgetPayloads(user) {
  for (const key of stored()) if (key.startsWith(`${PAYLOAD}.${user}.`)) forget(key);
}

export function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Without storage there is nothing to forget.
  }
}

function stored() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function read(key) {
  try {
    const entry = JSON.parse(localStorage.getItem(key));
    if (Date.now() - entry.at < OLDEST && Array.isArray(entry.graph.nodes)) return [{ key, ...entry }];
  } catch {
    // Unreadable, so of no use.
  }
  forget(key);
  return [];
}
