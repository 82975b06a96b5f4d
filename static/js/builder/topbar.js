// The bar above the canvas: state of saving, problems, publish, copy.

import { copyText } from "../copy.js";
import { notice } from "./notice.js";
import { showProblems } from "./problems.js";

const byId = (id) => document.getElementById(id);

export function showTopbar(editor, saver, page) {
  editor.addEventListener("findings", () => showProblems(editor));
  byId("copy-json").addEventListener("click", (event) =>
    copyText(event.currentTarget, JSON.stringify(editor.graph, null, 2)),
  );
  if (!page.may_save) return;
  showState(saver);
  byId("publish-button").addEventListener("click", async () => {
    if (!(await saver.flush())) {
      notice(`First the draft has to be saved. ${saver.reason}`, { kind: "bad" });
      return;
    }
    window.htmx.ajax("GET", `${page.address}publish/`, { target: "#publish-dialog" });
  });
  document.body.addEventListener("workflow-changed", () => byId("publish-dialog").close());
}

const TEXTS = { saved: "Saved", saving: "Saving…" };

function showState(saver) {
  const button = byId("save-state");
  const show = () => {
    const text = TEXTS[saver.state] ?? saver.reason;
    button.dataset.save = saver.state;
    button.title = saver.state === "saved" ? "Everything is saved" : text;
    byId("save-text").textContent = text;
  };
  let told = "";
  saver.addEventListener("state", () => {
    show();
    // Said once for each reason; the bar shows it all the time.
    if (saver.state === "saved") told = "";
    if (["waiting", "failed"].includes(saver.state) && told !== saver.reason) {
      told = saver.reason;
      notice(`${saver.reason}. Your changes are kept in this browser.`, { kind: "bad" });
    }
  });
  show();
}
