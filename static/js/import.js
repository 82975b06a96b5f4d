// Files dropped anywhere on the page go into the form that is marked for it; it is sent at once,
// or waits for its button where there is more to fill in.
const form = document.querySelector("[data-drop]");
const veil = document.querySelector("[data-drop-veil]");
const input = form?.querySelector("input[type=file]");
let depth = 0;

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

const show = (shown) => {
  veil.hidden = !shown;
  if (!shown) depth = 0;
};

const take = (files) => {
  input.files = files;
  if (form.hasAttribute("data-drop-waits") && form.elements.text.value.trim()) {
    input.focus();
    return;
  }
  form.requestSubmit();
};

if (form && veil) {
  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  });
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    show(false);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
  addEventListener("pagehide", () => show(false));
}

// What became of an import is read first.
document.getElementById("outcome")?.focus({ preventScroll: true });
