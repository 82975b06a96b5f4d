// Asking the server about the workflow that is being edited.

const base = () => document.querySelector("[data-panel]").dataset.panel.replace(/check\/$/, "");
const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";

/** The server refused, or can not be reached (`status` 0). */
export class NoAnswer extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export async function post(part, body, { signal } = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const answer = await reach(part, { method: "POST", headers, body: JSON.stringify(body), signal });
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const read = isJson ? await answer.json() : {};
  if (!answer.ok || !isJson) {
    throw new NoAnswer(read.error?.message ?? `The server refused this (${answer.status}).`, answer.status);
  }
  return read;
}

export async function get(part, { signal } = {}) {
  const answer = await reach(part, { signal });
  if (!answer.ok || answer.redirected) throw new NoAnswer(`The server refused this (${answer.status}).`, answer.status);
  return answer.text();
}

async function reach(part, options) {
  try {
    return await fetch(part.startsWith("/") ? part : base() + part, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer("The server can not be reached. What you do here is kept in this tab.");
  }
}

/** Runs the last of many calls, a while after it, and drops what is still under way. */
export function debounced(work, wait) {
  let timer = 0;
  let control = new AbortController();
  const after = (milliseconds) => {
    clearTimeout(timer);
    control.abort();
    control = new AbortController();
    const { signal } = control;
    timer = setTimeout(() => work(signal).catch(ignoreAborted), milliseconds);
  };
  const soon = () => after(wait);
  soon.now = () => after(0);
  soon.stop = () => {
    clearTimeout(timer);
    control.abort();
  };
  return soon;
}

function ignoreAborted(error) {
  if (error.name !== "AbortError" && !(error instanceof NoAnswer)) throw error;
}
