// Buttons with `commandfor` open and close dialogs by themselves in newer browsers; here for others.
const open = (dialog) => {
  if (dialog && !dialog.open) dialog.showModal();
};

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
};

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  const button = event.target.closest("button[commandfor]");
  if (button && !("command" in HTMLButtonElement.prototype)) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "close") dialog.close();
    else open(dialog);
  }
  if (event.target.matches("dialog[open]")) event.target.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A question in the page's own dialog; `run` when the answer is yes.
let onYes = null;

export const ask = (question, answer, run) => {
  onYes = run;
  const dialog = document.getElementById("confirm");
  dialog.querySelector("[data-question]").textContent = question;
  dialog.querySelector("[data-yes]").textContent = answer;
  open(dialog);
};

document.querySelector("#confirm [data-yes]")?.addEventListener("click", () => {
  document.getElementById("confirm").close();
  onYes();
});

// A form with data-confirm asks first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const { submitter } = event;
  ask(question, submitter?.textContent.trim() || "Go on", () => {
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
});

// The same for what htmx sends: hx-confirm is the question, data-answer the button.
document.addEventListener("htmx:confirm", (event) => {
  const { question, elt, issueRequest } = event.detail;
  if (!question) return;
  event.preventDefault();
  ask(question, elt.dataset.answer ?? "Go on", () => issueRequest(true));
});

// What htmx puts into a dialog opens it; when it is about to close, the focus goes back by itself.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.detail.target.closest?.("dialog[data-opens]");
  if (dialog) open(dialog);
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "get") return;
  const button = event.submitter;
  if (button && !event.target.hasAttribute("hx-post")) {
    setTimeout(() => {
      button.disabled = true;
    });
  }
});

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form button:disabled:not([data-off])")) {
    button.disabled = false;
  }
});

// A chosen file goes into the text area that it is for.
document.addEventListener("change", async (event) => {
  const input = event.target;
  if (!input.matches?.("input[type=file][data-into]") || !input.files.length) return;
  const area = document.querySelector(input.dataset.into);
  area.value = await input.files[0].text();
  input.value = "";
  area.focus();
});

// To choose in a list that belongs to an option is to take the option; htmx asks afterwards.
document.addEventListener(
  "change",
  (event) => {
    const option = event.target.matches?.("select") && event.target.closest(".choice");
    if (option) option.querySelector("input[type=radio]").checked = true;
  },
  { capture: true },
);
