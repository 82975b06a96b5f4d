// Asking the server about the workflow that is being edited.

import { Unreachable, send } from "./request.js";

const base = () => document.querySelector("[data-panel]").dataset.panel.replace(/check\/$/, "");
const addressOf = (part) => (part.startsWith("/") ? part : base() + part);

/** The server refused, or can not be reached (`status` 0). */
export class NoAnswer extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export async function post(part, body, { signal } = {}) {
  const answer = await reached(send("POST", addressOf(part), body, { signal }));
  if (!answer.ok) throw new NoAnswer(answer.data.message, answer.status);
  return answer.data;
}

/** Text: a page's part, or data as it is downloaded. */
export async function get(part) {
  const asked = fetch(addressOf(part)).catch((error) => {
    throw new Unreachable(error.message);
  });
  const answer = await reached(asked);
  if (!answer.ok || answer.redirected) throw new NoAnswer(`The server refused this (${answer.status}).`, answer.status);
  return answer.text();
}

async function reached(asked) {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
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
