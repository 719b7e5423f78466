// The address of the page: what is selected and what is changed, to be opened again from a link.

class Address {
  constructor({ data, say, state, model, tabs, panel, selection, scenario }, { choose, message }) {
    Object.assign(this, { data, say, state, model, tabs, panel, selection, scenario, choose, message });
  }

  /** What the address says now, or nothing. */
  text() {
    const { data, state, model, scenario } = this;
    const words = new URLSearchParams();
    const { municipality } = state.selected;
    if (state.tab === "whatif" && scenario) {
      words.set("service", data.services[model.choice.service].id);
      if (model.choice.limit) words.set("limit", data.limits[model.choice.limit]);
      if (scenario.changes.length) words.set("changes", scenario.toText());
    } else if (municipality !== null) words.set("municipality", data.municipalities.id[municipality]);
    return words.toString();
  }

  link() {
    return `${location.href.split("#")[0]}#${this.text()}`;
  }

  write() {
    // Not before what the address asks for was shown.
    if (!this.isRead) return;
    const text = this.text();
    try {
      history.replaceState(null, "", text ? `#${text}` : location.pathname);
    } catch {
      // A page inside another has no address of its own.
    }
  }

  /** Show what the address asks for; what it does not know is said in a sentence. */
  follow() {
    // Not written before all of it is shown: whoever loads the page again meanwhile would lose the rest.
    this.isRead = false;
    const words = new URLSearchParams(location.hash.slice(1));
    const asks = ["municipality", "service", "changes"].some((name) => words.has(name));
    if (words.has("municipality")) this.followMunicipality(words.get("municipality"));
    else if (asks) this.followChanges(words);
    this.isRead = true;
    if (asks) this.write();
  }

  followMunicipality(wanted) {
    const { id, name } = this.data.municipalities;
    const at = id.indexOf(wanted) < 0 ? name.indexOf(wanted) : id.indexOf(wanted);
    if (at >= 0) this.selection.select("municipality", at);
    else {
      this.tabs.show("place");
      this.panel.showDetail(wanted, el("p", {}, this.say("unknown_municipality", { name: wanted })));
    }
  }

  followChanges(words) {
    const { data, scenario } = this;
    if (!scenario) {
      this.message(this.say("whatif_missing"));
      return;
    }
    const known = scenario.fromText(words.get("changes") ?? "");
    const asked = data.services.findIndex(({ id }, at) => id === words.get("service") && at < data.cover.length);
    const limit = words.has("limit") ? data.limits.findIndex((one) => String(one) === words.get("limit")) : 0;
    const service = asked >= 0 ? asked : scenario.changes[0]?.service ?? data.start;
    this.tabs.show("whatif");
    this.choose({ service, limit: Math.max(0, limit) });
    if (!known || (words.has("service") && asked < 0) || limit < 0) this.message(this.say("link_unknown"));
  }
}
