// One button goes round: as the system has it, light, dark.
const ORDER = ["system", "light", "dark"];
const root = document.documentElement;

const current = () => root.dataset.theme ?? "system";

const label = (button) => {
  const text = `Theme: ${current()}`;
  button.setAttribute("aria-label", `${text}. Change it.`);
  button.title = text;
  for (const icon of button.querySelectorAll("[data-theme-icon]")) {
    icon.toggleAttribute("hidden", icon.dataset.themeIcon !== current());
  }
};

const remember = (theme) => {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // It then lasts until the page is left.
  }
};

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  label(button);
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(current()) + 1) % ORDER.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    remember(next);
    label(button);
  });
}
