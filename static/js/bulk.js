// The runs that are chosen in a list. They stay chosen when their rows are renewed.
const chosen = new Set();

const formOf = () => document.querySelector("form[data-bulk]");
const boxes = (form) => [...form.querySelectorAll('input[name="run"]')];

const counted = (number) => (number === 1 ? "1 run" : `${number} runs`);

const show = (form) => {
  const all = boxes(form);
  for (const box of all) {
    box.checked = chosen.has(box.value);
    box.closest("tr").toggleAttribute("data-chosen", box.checked);
  }
  const number = all.filter((box) => box.checked).length;
  const whole = form.querySelector("[data-bulk-all]");
  whole.checked = number > 0 && number === all.length;
  whole.indeterminate = number > 0 && number < all.length;
  const words = number ? `${number} of ${all.length} selected` : "Select all on this page";
  form.querySelector("[data-bulk-count]").textContent = words;
  form.toggleAttribute("data-has-chosen", number > 0);
  for (const button of form.querySelectorAll("[data-question]")) {
    button.dataset.confirm = button.dataset.question.replace("{runs}", counted(number));
  }
};

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-bulk]");
  if (!form) return;
  const isAll = event.target.matches("[data-bulk-all]");
  for (const box of isAll ? boxes(form) : [event.target]) {
    if (isAll ? event.target.checked : box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  }
  show(form);
});

document.addEventListener("htmx:afterSwap", () => {
  const form = formOf();
  if (form) show(form);
});

const form = formOf();
if (form) {
  for (const box of boxes(form)) if (box.checked) chosen.add(box.value);
  show(form);
}
