// Rows with check boxes: choose all of the page, see how many are chosen.
const table = document.querySelector("[data-choose]");
const all = table?.querySelector("[data-choose-all]");
const boxes = table ? [...table.querySelectorAll("tbody input[type=checkbox]")] : [];
const bar = document.querySelector("[data-chosen]");

const update = () => {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  const one = chosen === 1 ? "workflow" : "workflows";
  bar.querySelector("[data-count]").textContent = chosen
    ? `${chosen} ${one} chosen`
    : "None chosen";
  bar.querySelector("[data-needs-choice]").disabled = !chosen;
};

if (table && bar) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    update();
  });
  // With shift, all from the last one on.
  let last = null;
  table.addEventListener("click", (event) => {
    const place = boxes.indexOf(event.target);
    if (place < 0) return;
    if (event.shiftKey && last !== null) {
      const [from, to] = [Math.min(last, place), Math.max(last, place)];
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = place;
    update();
  });
  table.addEventListener("change", update);
  addEventListener("pageshow", update);
  update();
}
