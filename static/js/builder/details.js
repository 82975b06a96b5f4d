// Name, description and settings, and a whole draft from outside. The first three count up the
// revision, so they go through the saver.

import { notice } from "./notice.js";
import { Unreachable, send } from "./request.js";

const byId = (id) => document.getElementById(id);

export class Details {
  #saver;

  constructor(saver, page) {
    this.#saver = saver;
    this.name = page.name;
    saver.addEventListener("renamed", (event) => this.#showName(event.detail.name));
    this.#listenToName();
    const open = () => window.htmx.ajax("GET", `${page.address}details/`, { target: "#details-dialog" });
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-details], #details-button")) open();
    });
    byId("details-dialog").addEventListener("submit", (event) => this.#submit(event));
    byId("details-dialog").addEventListener("change", ({ target }) => {
      if (target.name === "notify") target.form.address.hidden = target.value !== "address";
    });
  }

  #listenToName() {
    const input = byId("workflow-name");
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") input.value = this.name;
      if (event.key === "Enter" || event.key === "Escape") input.blur();
    });
    input.addEventListener("change", async () => {
      const name = input.value.trim();
      if (!name || name === this.name) return void (input.value = this.name);
      const answer = await this.#saver.details({ name });
      if (answer.ok) return this.#showName(answer.data.name);
      this.#showName(this.name);
      notice(answer.data.message, { kind: "bad" });
    });
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const answer = await this.#saver.details(read(form));
    const place = form.querySelector("[data-refusal]");
    place.hidden = answer.ok;
    if (!answer.ok) {
      place.lastElementChild.textContent = answer.data.message;
      return;
    }
    this.#showName(answer.data.name);
    byId("details-dialog").close();
    document.body.dispatchEvent(new CustomEvent("workflow-changed"));
  }

  #showName(name) {
    this.name = name;
    byId("workflow-name").value = name;
    byId("workflow-title").textContent = name;
    document.title = `${name} · Altoflow`;
  }
}

function read(form) {
  const parallel = form.max_parallel_runs.value.trim();
  const notify = { nobody: false, admins: true, address: form.address.value.trim() };
  return {
    name: form.elements.name.value,
    description: form.description.value,
    settings: {
      strict_variables: form.strict_variables.checked,
      max_parallel_runs: parallel ? Number(parallel) : null,
      notify_on_failure: notify[form.notify.value],
    },
  };
}

/** A graph from a text or file in place of the draft: one change, so it can be undone. */
export function listenToImport(editor, page) {
  const form = byId("import-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await send("POST", `${page.address}draft/read/`, { text: form.elements.text.value });
      if (!answer.ok) return refuse(answer.data.message);
      await replace(editor, page, answer.data);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      refuse("The server can not be reached. Try again.");
    }
  });
}

async function replace(editor, page, { graph, notes }) {
  if (!page.is_readable) {
    const answer = await send("PUT", `${page.address}draft/`, { graph, revision: page.revision });
    return answer.ok ? location.reload() : refuse(answer.data.message);
  }
  refuse("");
  byId("import-dialog").close();
  byId("import-form").reset();
  editor.change("Import", () => graph);
  if (notes) notice("Some of it was changed to be read here. The notes of the nodes say what.");
}

function refuse(message) {
  byId("import-refusal").hidden = !message;
  byId("import-refusal").lastElementChild.textContent = message;
}
