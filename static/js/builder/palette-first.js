// Runs before the first paint, so that a palette that was folded away never flashes.
(() => {
  try {
    if (localStorage.getItem("altoflow.palette") === "folded") document.documentElement.dataset.palette = "folded";
  } catch {
    // Without storage the palette is open.
  }
})();
