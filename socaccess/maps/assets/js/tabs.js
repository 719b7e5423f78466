// The pages of the panel, one shown at a time. Without scripts all of them stand below one another.

class Tabs {
  constructor({ state, view }) {
    Object.assign(this, { state, view });
    this.tabs = [...$("tabs").querySelectorAll("[role=tab]")];
    $("tabs").hidden = false;
    document.documentElement.classList.remove("starting");
    for (const tab of this.tabs) tab.addEventListener("click", () => this.show(this.nameOf(tab)));
    $("tabs").addEventListener("keydown", (event) => {
      const at = this.tabs.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowLeft: this.tabs.length - 1 }[event.key];
      if (at < 0 || !step) return;
      event.preventDefault();
      const next = this.tabs[(at + step) % this.tabs.length];
      this.show(this.nameOf(next));
      next.focus();
    });
  }

  nameOf(tab) {
    return tab.id.replace("tab-", "");
  }

  show(name) {
    const isNew = this.state.tab !== name;
    this.state.tab = name;
    for (const tab of this.tabs) {
      const shown = this.nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(shown));
      tab.tabIndex = shown ? 0 : -1;
      const isPrinted = this.state.printing && !document.body.classList.contains("sheet") && this.nameOf(tab) !== "whatif";
      $(`page-${this.nameOf(tab)}`).hidden = !shown && !isPrinted;
    }
    this.widen();
    if (isNew && !this.state.printing) $("panel").scrollTop = 0;
    document.body.classList.toggle("whatif", name === "whatif");
    if (isNew) this.onChange?.();
  }

  /** Tables of many columns take more room than the other pages. */
  widen() {
    const wide = this.state.tab === "access" || (this.state.tab === "place" && this.state.selected.municipality !== null);
    if (document.body.classList.contains("wide") === wide) return;
    document.body.classList.toggle("wide", wide);
    this.view.map.invalidateSize({ animate: false, pan: false });
  }
}
