// Polling rests while nobody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.hasAttribute("data-polls")) event.preventDefault();
});

// An address that points at a folded step opens it.
const openTarget = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id ? document.getElementById(id) : null;
  const fold =
    target?.closest("details.step, .fold > details") ??
    target?.querySelector("details.step") ??
    target?.closest(".fold")?.querySelector(":scope > details");
  if (!fold) return;
  fold.open = true;
  fold.scrollIntoView({ block: "start" });
};

addEventListener("hashchange", openTarget);
openTarget();

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  const opens = button.dataset.fold === "open";
  for (const step of document.querySelectorAll("details.step")) step.open = opens;
});

// Filters take effect when they are chosen; the button is for those without script.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-autosubmit] select, [data-autosubmit] input[type=date]")) {
    event.target.form.requestSubmit();
  }
});
