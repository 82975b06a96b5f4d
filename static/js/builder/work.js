// The work around the canvas: saving, the top bar, the side panel of the workflow, runs.

import { askAboutConflicts, offerToRestore } from "./conflict.js";
import { Details, listenToImport } from "./details.js";
import { Live } from "./live.js";
import { notice } from "./notice.js";
import { Saver } from "./save.js";
import { Side } from "./side.js";
import { showTopbar } from "./topbar.js";

/** What the page before had to say goes by like every other short message. */
function passOn(messages) {
  for (const message of messages?.querySelectorAll(".notice") ?? []) {
    const kind = ["good", "bad"].find((each) => message.classList.contains(each)) ?? "info";
    notice(message.textContent.trim(), { kind });
  }
  messages?.remove();
}

/** `page`: the JSON that came with the page. */
export function startWork(editor, page) {
  const saver = new Saver(editor, page);
  const side = new Side(editor, saver, page);
  const live = new Live(editor, saver, page, () => side.refresh());
  showTopbar(editor, saver, page);
  document.body.addEventListener("notice", (event) => notice(event.detail.message, event.detail));
  document.body.addEventListener("workflow-changed", () => side.refresh());
  document.addEventListener("htmx:sendError", () => notice("The server can not be reached.", { kind: "bad" }));
  document.addEventListener("click", (event) => {
    const shown = event.target.closest("[data-show-run]");
    if (shown) live.show(shown.dataset.showRun);
    const wanted = event.target.closest("[data-open-node]");
    if (!wanted) return;
    wanted.closest("dialog")?.close();
    wanted.closest("details.menu")?.removeAttribute("open");
    editor.open(wanted.dataset.openNode);
  });
  editor.setFindings(page);
  passOn(document.querySelector(".builder > [role=status].stack-s"));
  if (page.may_save) {
    new Details(saver, page);
    listenToImport(editor, page);
    askAboutConflicts(saver, editor);
  }
  if (page.can_edit) offerToRestore(saver, editor, page);
  for (const button of document.querySelectorAll("[data-when-ready]")) button.disabled = false;
}
