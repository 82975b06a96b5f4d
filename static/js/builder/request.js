// Calls of the builder to its server. Every answer is JSON; an error has a message for the person.

const LONGEST_WAIT = 20_000;
const KEPT_ALIVE = 60_000; // browsers take at most 64 KiB from a page that is going away

/** No answer came: offline, or the server is gone. What was sent may have arrived. */
export class Unreachable extends Error {}

/** Read each time: a log-in in another tab changes it. */
export const csrfToken = () => document.cookie.match(/(?:^|;\s*)csrftoken=([^;]*)/)?.[1] ?? "";

/** Gives {ok, status, data}. Raises Unreachable, and AbortError when `signal` gives up on it. */
export async function send(method, address, body, { keepalive = false, signal = AbortSignal.timeout(LONGEST_WAIT) } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  try {
    const answer = await fetch(address, {
      method,
      body: text,
      keepalive: keepalive && text.length < KEPT_ALIVE,
      redirect: "manual",
      headers: {
        Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken(),
      },
      signal,
    });
    if (answer.type === "opaqueredirect") return refused(401, "You are logged out. Log in in another tab.");
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (!isJson) return refused(answer.status, `The server refused it (${answer.status}).`);
    return { ok: answer.ok, status: answer.status, data: await answer.json() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
}

const refused = (status, message) => ({ ok: false, status, data: { message, details: {} } });
