// Short messages at the edge of the canvas. They go by themselves unless something is to be chosen.

const STAYS = 6000;

/** `kind`: info, good or bad. `actions`: [{label, run}]; each closes the message. */
export function notice(message, { kind = "info", actions = [] } = {}) {
  const place = document.getElementById("notices");
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.kind = kind;
  box.append(Object.assign(document.createElement("p"), { textContent: message }));
  const close = () => box.remove();
  for (const { label, run } of actions) {
    const button = Object.assign(document.createElement("button"), {
      type: "button", className: "button small", textContent: label,
    });
    button.addEventListener("click", () => {
      close();
      run();
    });
    box.append(button);
  }
  place.append(box);
  if (!actions.length) setTimeout(close, STAYS);
  return close;
}
