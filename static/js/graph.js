// The style sheet fits the graph into its frame; the buttons choose another size.
for (const frame of document.querySelectorAll("[data-graph]")) {
  const node = frame.querySelector('[data-state="failed"], [data-state="running"]')?.closest("foreignObject");
  if (!node) continue;
  const box = node.getBoundingClientRect();
  const around = frame.getBoundingClientRect();
  if (box.right > around.right) frame.scrollLeft += box.right - around.right + 48;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom-to]");
  if (!button) return;
  document.getElementById(button.getAttribute("aria-controls")).dataset.zoom = button.dataset.zoomTo;
});
