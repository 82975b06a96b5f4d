// data-copy="text", data-copy-from="#element", data-copy-url="/address of the text"
const announce = (text) => {
  const place = document.getElementById("announcements");
  if (place) place.textContent = text;
};

const textOf = async (button) => {
  if (button.dataset.copy !== undefined) return button.dataset.copy;
  if (button.dataset.copyFrom) {
    const source = document.querySelector(button.dataset.copyFrom);
    return source.value ?? source.textContent.trim();
  }
  const answer = await fetch(button.dataset.copyUrl);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.text();
};

// The clipboard API is missing on plain HTTP from another machine.
const copyBySelection = (text) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser refused.");
};

const write = async (text) => {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
};

// `text` is a string, or a function that gives one later.
export const copyText = async (button, text) => {
  try {
    await write(typeof text === "function" ? await text() : text);
    button.dataset.copied = "yes";
    announce("Copied.");
    setTimeout(() => delete button.dataset.copied, 1200);
  } catch (error) {
    announce(`Not copied: ${error.message}`);
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from], [data-copy-url]");
  if (!button) return;
  event.preventDefault();
  copyText(button, () => textOf(button));
});
