// The page of one municipality: each of its services now, with what is planned and with what
// is suggested; where the nearest is, and its places against those who need them.

class MunicipalityPage {
  constructor({ data, say, model, cards, panel }) {
    Object.assign(this, { data, say, model, cards, panel });
  }

  /** What is known of one service in a municipality. */
  rowOf(id, service) {
    const { data, model } = this;
    const shares = data.scenarios.map((_, scenario) =>
      (model.hasShares(service, scenario) ? data.shares.share[service + 1][0][scenario][0][id] : -1));
    const range = data.shares.low[service][0][id] < 0 ? null
      : [data.shares.low[service][0][id], data.shares.high[service][0][id]];
    const median = data.municipalities.medians[service][id];
    return { service, shares, range, nearest: this.nearestTo(id, service), minutes: median < 0 ? null : median / 10, limit: model.services[service].limit,
      places: this.placesIn(id, service), need: model.need(service).municipality[id] };
  }

  /** The facility nearest to most inhabitants now. */
  nearestTo(id, service) {
    const { settlements, cover } = this.data;
    const people = new Map();
    for (let i = 0; i < this.model.count; i++) {
      if (settlements.municipality[i] !== id) continue;
      const to = cover[service].to[0][i];
      people.set(to, (people.get(to) ?? 0) + settlements.population[i]);
    }
    const [nearest] = [...people].sort((a, b) => b[1] - a[1])[0] ?? [-1];
    return nearest;
  }

  /** Places of the operating facilities inside: a number, "?" where one is not known, or null. */
  placesIn(id, service) {
    const { facilities } = this.data.places;
    const inside = facilities.service.map((_, i) => i)
      .filter((i) => facilities.service[i] === service && facilities.home[i] === id && facilities.status[i] === 0);
    if (!inside.length) return null;
    const known = inside.map((i) => facilities.places[i]).filter((n) => n !== null);
    return { n: known.reduce((sum, n) => sum + n, 0), isWhole: known.length === inside.length };
  }

  placesText(row) {
    const { say, data } = this;
    const need = persons(say, row.need, data.belowPersons);
    const places = row.places === null ? say("none_here")
      : !row.places.n ? "?" : say(row.places.isWhole ? "exactly" : "at_least", { places: say.number(row.places.n) });
    return say("places_of_need", { places, need });
  }

  nearestName(row) {
    const { facilities } = this.data.places;
    if (row.nearest < 0) return this.say("nothing_in_reach");
    return facilities.settlement[row.nearest] || this.cards.destinationName(row.nearest);
  }

  groups(id) {
    return this.model.byGroup().map(({ group, services }) => (
      { title: this.panel.groupText(group, services[0], id), rows: services.map((service) => this.rowOf(id, service)) }));
  }

  /** The finding for one municipality, in a sentence: services that fewer than half of those who need them have within the limit. */
  title(id) {
    const { say, data, model } = this;
    const rows = model.byGroup().flatMap(({ services }) => services)
      .filter((service) => !model.services[service].guessed)
      .filter((service) => model.services[service].promised || !model.services.some((other) => other.promised))
      .map((service) => this.rowOf(id, service))
      .filter((row) => row.shares[0] >= 0 && row.need !== 0);
    const where = data.municipalities.where[id];
    const missing = rows.filter((row) => row.shares[0] < 50);
    if (!rows.length) return say("no_facility");
    if (!missing.length) return say("sheet_some", { where, n: rows.length });
    const names = missing.map((row) => this.name(row.service)).join(", ");
    return say("sheet_missing", { where, n: missing.length, total: rows.length, names });
  }

  name(service) {
    const { short, group } = this.model.services[service];
    return `${short[0].toLowerCase()}${short.slice(1)} (${this.say.code("group_short", group)})`;
  }

  /** What the mark of a service means, where one stands. */
  notes() {
    return this.model.byGroup().some(({ services }) => services.some((at) => this.model.services[at].guessed)) ? [this.say("guessed_note")] : [];
  }

  parts(id, choose) {
    const { say, data, model, panel } = this;
    const { scenarios } = data;
    const head = [say("service"), ...scenarios.map((name) => say.code("scenario_short", name)),
      say("nearest_heading"), say("minutes_heading"), say("places_heading")];
    const number = (text, strong) => el("td", { class: "number" }, strong ? el("strong", {}, text) : text);
    const rowElement = (row) => {
      const service = model.services[row.service];
      const button = el("button", { type: "button", onclick: () => choose(row.service) }, model.marked(service, service.short));
      const known = row.shares.some((share) => share >= 0);
      const cells = row.shares.map((share) => number(say.percent(share)));
      if (row.range && row.range[0] < row.range[1]) {
        const [low, high] = row.range;
        cells[0].append(el("span", { class: "range" }, `(${say("range", { low: say.number(low), high: say.percent(high) })})`));
      }
      if (!known) cells.push(el("td", { colspan: 2, class: "note" }, say("no_facility_short")));
      else {
        const late = row.minutes === null || row.minutes > row.limit;
        cells.push(el("td", {}, this.nearestName(row)),
          number(`${row.minutes === null ? "–" : say.number(Math.ceil(row.minutes))} / ${say.number(row.limit)}`, late));
      }
      return el("tr", { class: row.service === model.choice.service ? "selected" : null },
        el("th", { scope: "row" }, button), ...cells, number(this.placesText(row)));
    };
    return [
      el("p", { class: "sentence" }, this.title(id)),
      el("p", { class: "note" }, [
        say("inhabitants", { n: data.municipalities.population[id] }), say("atvk", { code: data.municipalities.id[id] }),
        data.municipalities.approximate[id] ? say("approximate_border") : null].filter(Boolean).join(" · ")),
      el("p", { class: "buttons" },
        el("button", { type: "button", id: "copy", onclick: () => this.copy(id) }, say("copy")),
        el("button", { type: "button", onclick: () => window.print() }, say("print_page")),
        el("span", { id: "copied", role: "status" })),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": say("by_service") }, el("table", { id: "sheet" },
        el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, ...this.groups(id).flatMap(({ title, rows }) => [
          el("tr", { class: "group" }, el("th", { colspan: head.length, scope: "colgroup" }, title)), ...rows.map(rowElement)])))),
      ...this.notes().map((note) => el("p", { class: "note" }, note)),
    ];
  }

  /** The table as rows of plain text, the heading first. */
  table(id) {
    const { say, data, model, panel } = this;
    const head = [say("service"), say("group_label"), say("limit_column"), ...data.scenarios.map((name) => say.code("scenario", name)),
      say("nearest_heading"), say("minutes_heading"), say("places_heading")];
    const rows = this.groups(id).flatMap(({ rows: found }) => found.map((row) => [
      model.marked(model.services[row.service], model.services[row.service].name), say.code("group", model.services[row.service].group), say.number(row.limit),
      ...row.shares.map((share, i) => (share < 0 ? "–" : panel.shareText(share, i ? null : row.range))),
      row.shares.some((share) => share >= 0) ? this.nearestName(row) : say("no_facility_short"),
      row.minutes === null ? "–" : say.number(Math.ceil(row.minutes)), this.placesText(row)]));
    return [head, ...rows];
  }

  /** Copy the page as text and, where the browser can, as a table a document takes over. */
  async copy(id) {
    const { data, say } = this;
    const rows = this.table(id);
    const intro = [data.municipalities.name[id], this.title(id), document.querySelector(".kicker").textContent];
    const text = [...intro, ...rows.map((row) => row.join("\t")), ...this.notes()].join("\n");
    const html = el("div", {}, ...intro.map((line) => el("p", {}, line)),
      el("table", {}, ...rows.map((row, i) => el("tr", {}, ...row.map((cell) => el(i ? "td" : "th", {}, cell))))), ...this.notes().map((note) => el("p", {}, note)));
    await copyText(text, html.outerHTML, () => { $("copied").textContent = say("copied"); });
  }
}

/** Copy a text and, where there is one and the browser can, a table that a document takes over. */
async function copyText(text, html, done) {
  try {
    const blob = (type, content) => new Blob([content], { type });
    await navigator.clipboard.write([new ClipboardItem({
      "text/plain": blob("text/plain", text), ...(html ? { "text/html": blob("text/html", html) } : {}) })]);
    done();
  } catch {
    // Older browsers, and frames that may not write: select a text and copy that.
    const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    if (document.execCommand("copy")) done();
    area.remove();
  }
}
