// The legend: every sign on the map, what it means, and how many there are.

class Legend {
  constructor({ data, say, state, screen, model, layers, marks, zones, whatif, scenario }) {
    Object.assign(this, { data, say, state, screen, model, layers, marks, zones, whatif, scenario, pictures: new Map() });
  }

  /** A picture of a mark, painted once a theme. */
  icon(name, size, paint, shiftY = 0) {
    const key = `${name} ${this.screen.isDark}`;
    if (!this.pictures.has(key)) this.pictures.set(key, icon(size, paint, shiftY));
    return this.pictures.get(key);
  }

  update() {
    const { say, model, layers, zones, state: { shown } } = this;
    $("legend-body").replaceChildren(...[
      zones?.isUsed ? this.ground() : null,
      layers.isShaded ? this.block(model.isIndex ? say("legend_index") : say.code("legend_share", model.shareBasis(model.choice.service)), say("legend_municipalities"), this.classes()) : null,
      shown.settlements ? this.block(say("legend_settlements"), "", this.settlements()) : null,
      this.block(say("legend_facilities"), "", this.points()),
    ].filter(Boolean));
  }

  block(title, unit, items, note) {
    return el("section", {},
      el("h2", {}, title, " ", el("small", {}, unit)), note ? el("p", {}, note) : null, el("ul", {}, ...items));
  }

  line(picture, text, n) {
    return el("li", {}, picture, el("span", {}, text), el("span", { class: "count" }, this.say.number(n)));
  }

  swatch(pattern, colours) {
    const swatch = el("i", { class: `swatch ${pattern}` });
    for (const [name, colour] of Object.entries(colours)) swatch.style.setProperty(`--${name}`, colour);
    return swatch;
  }

  classes() {
    const { data, say, model, screen } = this;
    const counts = data.palette.classes.map(() => 0);
    model.shownShares().slice(0, data.municipalities.name.length).forEach((share) => counts[model.classOf(share)]++);
    return data.palette.classes.flatMap((c, i) => {
      if (c.low < 0 && !counts[i]) return [];
      const text = c.low < 0 ? say("class_missing") : c.low === c.high ? say.percent(c.low)
        : say("class_range", { low: say.number(c.low), high: say.percent(c.high) });
      return [this.line(this.swatch(c.pattern, { fill: screen.fill(c) }), text, counts[i])];
    });
  }

  settlements() {
    const { data, say, model, screen: { ink } } = this;
    const counts = STATUS_NAMES.map(() => 0);
    model.statuses.forEach((status) => counts[status]++);
    return [STATUS.covered, STATUS.partly, STATUS.gap, STATUS.unreachable, STATUS.no_data]
      .filter((status) => ([STATUS.covered, STATUS.gap].includes(status) || counts[status]))
      .map((status) => this.line(
        this.icon(`settlement ${status}`, 18, (ctx) => draw.settlement(ctx, status, 5.2, ink, data.palette.status)),
        say.code(model.isIndex ? "status_index" : "status", STATUS_NAMES[status]), counts[status]));
  }

  points() {
    const { say, model, marks, state: { shown }, screen: { ink }, data: { places } } = this;
    const { facilities } = places;
    const [counts, outside] = [FACILITY_STATUSES.map(() => 0), FACILITY_STATUSES.map(() => 0)];
    facilities.service.forEach((service, id) => {
      if (model.isChosen(service)) (facilities.inRegion[id] ? counts : outside)[facilities.status[id]]++;
    });
    const name = (status) => {
      const text = say.code("facility_status", FACILITY_STATUSES[status]);
      return outside[status] ? say("legend_outside", { text, n: outside[status] }) : text;
    };
    const sites = places.sites.service.filter((service) => model.isChosen(service)).length;
    const facility = (status) => this.line(this.icon(`facility ${status}`, 30, (ctx) => draw.facility(ctx, status, 1, ink), 12),
      name(status), counts[status]);
    const points = counts[1] || outside[1] || !this.zones ? [facility(0), facility(1)] : [facility(0)];
    if (this.state.tab === "whatif") {
      const of = (kind) => this.scenario.of(model.choice.service).filter((change) => change.kind === kind).length;
      if (of("close")) points.push(this.line(this.icon("closing", 30, (ctx) => draw.facility(ctx, 2, 1, ink), 12), say("legend_closed"), of("close")));
      if (of("add")) points.push(this.line(this.icon("added", 30, (ctx) => draw.added(ctx, ink), 12), say("legend_added"), of("add")));
    }
    if (shown.closed) points.push(...[2, 3].filter((status) => counts[status] || outside[status]).map(facility));
    if (shown.institutions) {
      const n = marks.places.filter((mark) => mark?.kind === "institution").length;
      points.push(this.line(this.icon("institution", 30, (ctx) => draw.institution(ctx, ink)), say("institutions"), n));
    }
    const badges = marks.badges().length;
    if (badges) points.push(this.line(this.icon("site", 30, (ctx) => draw.site(ctx, 1, ink)), say("suggested_site"), badges));
    if (sites && shown.sites && model.isScenario("suggested")) {
      points.push(this.line(this.icon("site", 30, (ctx) => draw.site(ctx, 1, ink)), say("suggested_site"), sites));
    }
    return points;
  }

  /** The zones, with how many people live in each. */
  ground() {
    const { say, zones, whatif, model } = this;
    const counts = zones.counts(zones.kept);
    const colours = zones.colours();
    const unit = say(whatif.hasNeed(model.choice.service) ? "zone_persons" : "zone_inhabitants");
    return this.block(say(zones.isDifference ? "legend_difference" : "legend_zones"), unit, zones.names().map((name, i) =>
      el("li", {}, this.swatch(colours[i].pattern, { fill: colours[i].fill, stroke: colours[i].ink }), el("span", {}, name),
        el("span", { class: "count" }, peopleText(say, counts[i])))));
  }
}
