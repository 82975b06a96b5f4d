// What the builder keeps in this browser belongs to one person. Whoever logs out leaves nothing of it
// behind for the next one: what the server has goes at once, what it has not after a question.
import { forget, forgetPayloads, sameGraph, unsavedOf } from "./builder/keep.js";
import { send } from "./builder/request.js";
import { ask } from "./dialogs.js";

const PATIENCE = 3_000;

// Captured, so that the button stays usable when the answer is no.
document.addEventListener("submit", logOut, { capture: true });

async function logOut(event) {
  const form = event.target;
  const { logsOut: user, workflows } = form.dataset;
  if (!user) return;
  forgetPayloads(user);
  const entries = unsavedOf(user);
  if (!entries.length) return;
  event.preventDefault();
  const saved = await Promise.all(entries.map((entry) => isSaved(entry, workflows)));
  const lost = new Set(entries.filter((_, index) => !saved[index]).map((entry) => entry.workflow));
  const leave = () => {
    dispatchEvent(new Event("discard-unsaved"));
    for (const { key } of entries) forget(key);
    form.submit();
  };
  if (!lost.size) return leave();
  const what = lost.size === 1 ? "a workflow" : `${lost.size} workflows`;
  ask(
    `Your changes to ${what} did not reach the server and are only in this browser. Open ${
      lost.size === 1 ? "it" : "them"
    } to save them, or log out without them.`,
    "Discard and log out",
    leave,
  );
}

async function isSaved({ workflow, graph }, workflows) {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const { ok, data } = await send("GET", `${workflows}${workflow}/draft/`, undefined, { signal });
    return ok && sameGraph(graph, data.graph);
  } catch {
    return false; // Not reached: nobody knows.
  }
}
