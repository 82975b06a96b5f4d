// [data-try="template"] fills #try-form with an example and the data that it is made for.
const form = document.getElementById("try-form");

const fill = (area, text) => {
  area.value = text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-try]");
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { template, data } = form.elements;
  if (data.value !== form.dataset.sample) data.value = form.dataset.sample;
  fill(template, link.dataset.try);
  form.closest("section").scrollIntoView({ block: "nearest" });
  template.focus({ preventScroll: true });
});
