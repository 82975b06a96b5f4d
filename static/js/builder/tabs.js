// Tabs with arrow keys. The place says which one is shown, in data-tab.

const STEP = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
  /** `onShow(name)`: each time a tab is chosen; its id is `tab-<name>`. */
  constructor(place, onShow) {
    Object.assign(this, { place, onShow });
    place.dataset.tab = "settings";
    place.addEventListener("click", ({ target }) => {
      const tab = target.closest("[role=tab]");
      if (tab) this.#choose(tab);
    });
    place.addEventListener("keydown", (event) => {
      const step = event.target.matches("[role=tab]") && STEP[event.key];
      if (!step) return;
      event.preventDefault();
      const tabs = this.#all().filter((tab) => tab.offsetParent);
      this.#choose(tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length]);
    });
  }

  get shown() {
    return this.place.dataset.tab;
  }

  #all() {
    return [...this.place.querySelectorAll("[role=tab]")];
  }

  #choose(tab) {
    this.show(tab.id.replace("tab-", ""));
    tab.focus();
  }

  show(name) {
    for (const tab of this.#all()) {
      const isChosen = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    this.place.dataset.tab = name;
    this.onShow(name);
  }
}
