// The two questions about changes that are not on the server: somebody else saved meanwhile, and a tab
// went away before it had saved.

import { forget, sameGraph } from "./keep.js";
import { notice } from "./notice.js";
import { Unreachable } from "./request.js";

const byId = (id) => document.getElementById(id);

export function askAboutConflicts(saver, editor) {
  const dialog = byId("conflict-dialog");
  const show = () => {
    byId("conflict-who").textContent = `${saved(saver.theirs)}.`;
    refusal("conflict-refusal", "");
    if (!dialog.open) dialog.showModal();
  };
  saver.addEventListener("conflict", show);
  byId("save-state").addEventListener("click", () => (saver.state === "stale" ? show() : saver.flush()));
  byId("conflict-later").addEventListener("click", () => dialog.close());
  byId("conflict-load").addEventListener("click", () =>
    attempt("conflict-refusal", async () => {
      await saver.loadTheirs();
      dialog.close();
      notice("This is their version. Undo brings yours back.");
    }),
  );
  byId("conflict-copy").addEventListener("click", () =>
    attempt("conflict-refusal", () => goToCopy(saver, editor.graph)),
  );
}

/** Offer what closed tabs left behind, one after the other. `page`: what the server has. */
export async function offerToRestore(saver, editor, page) {
  const [entry, ...others] = await saver.keep.orphans();
  if (!entry) return;
  const goOn = () => {
    forget(entry.key);
    byId("restore-dialog").close();
    if (others.length) offerToRestore(saver, editor, page);
  };
  if (sameGraph(entry.graph, page.graph)) return void goOn();
  const isBase = entry.revision === page.revision || entry.sent.some((sent) => sameGraph(sent, page.graph));
  const when = new Date(entry.at).toLocaleString();
  byId("restore-when").textContent =
    `A tab was closed before its changes reached the server. They were kept in this browser on ${when}.`;
  byId("restore-stale").hidden = isBase;
  byId("restore-stale").lastElementChild.textContent =
    `${saved(page)} since then. To restore replaces that in the draft; undo brings it back.`;
  refusal("restore-refusal", "");
  byId("restore-discard").onclick = goOn;
  byId("restore-use").onclick = () => {
    goOn();
    editor.change("Restore what was not saved", () => entry.graph);
  };
  byId("restore-copy").onclick = () =>
    attempt("restore-refusal", () => goToCopy(saver, entry.graph, () => forget(entry.key)));
  byId("restore-dialog").showModal();
}

async function goToCopy(saver, graph, before = () => saver.letGo()) {
  const answer = await saver.copy(graph);
  if (!answer.ok) return refusal("conflict-refusal", answer.data.message, "restore-refusal");
  before();
  location.assign(answer.data.address);
}

const saved = ({ saved_by: who, saved_at: at }) =>
  `${who || "Somebody"} saved another version on ${new Date(at).toLocaleString()}`;

async function attempt(place, task) {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    refusal(place, "The server can not be reached. Try again.");
  }
}

function refusal(place, message, ...others) {
  for (const id of [place, ...others]) {
    byId(id).hidden = !message;
    byId(id).lastElementChild.textContent = message;
  }
}
