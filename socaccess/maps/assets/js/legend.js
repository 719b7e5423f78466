// The legend: every sign on the map, what it means, and how many there are.

class Legend {
  constructor({ data, say, state, screen, model, layers, marks }) {
    Object.assign(this, { data, say, state, screen, model, layers, marks });
  }

  update() {
    const { say, model, state: { shown } } = this;
    $("legend-body").replaceChildren(...[
      shown.areas ? this.areas() : null,
      shown.shading ? this.block(model.isIndex ? say("legend_index") : say.code("legend_share", model.shareBasis(model.choice.service)), say("legend_municipalities"), this.classes()) : null,
      this.block(say("legend_settlements"), "", this.settlements()),
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
        icon(18, (ctx) => draw.settlement(ctx, status, 5.2, ink, data.palette.status)),
        say.code(model.isIndex ? "status_index" : "status", STATUS_NAMES[status]), counts[status]));
  }

  points() {
    const { say, model, marks, state: { shown }, screen: { ink }, data: { places } } = this;
    const counts = FACILITY_STATUSES.map(() => 0);
    places.facilities.service.forEach((service, id) => {
      if (model.isChosen(service)) counts[places.facilities.status[id]]++;
    });
    const sites = places.sites.service.filter((service) => model.isChosen(service)).length;
    const facility = (status) => this.line(icon(30, (ctx) => draw.facility(ctx, status, 1, ink), 12),
      say.code("facility_status", FACILITY_STATUSES[status]), counts[status]);
    const points = [facility(0), facility(1)];
    if (shown.closed) points.push(...[2, 3].filter((status) => counts[status]).map(facility));
    if (shown.institutions) {
      const n = marks.places.filter((mark) => mark?.kind === "institution").length;
      points.push(this.line(icon(30, (ctx) => draw.institution(ctx, ink)), say("institutions"), n));
    }
    if (sites && shown.sites && model.isScenario("suggested")) {
      points.push(this.line(icon(30, (ctx) => draw.site(ctx, 1, ink)), say("suggested_site"), sites));
    }
    return points;
  }

  /** The bands of the service areas, with how many settlements lie in each. */
  areas() {
    const { data, say, model, layers } = this;
    const { service, scenario } = model.choice;
    const title = say("legend_areas");
    if (model.isIndex) return this.block(title, "", [], say("areas_choose"));
    if (!data.areas.tenths[service]) return this.block(title, "", [], say("no_facility"));
    const { limits } = data.areas;
    const minutes = data.cover[service].min[scenario];
    const within = limits.map((limit) => minutes.reduce((n, tenths) => n + (tenths >= 0 && tenths <= limit * 10), 0));
    const { bands, edge } = layers.bandColours;
    const items = limits.map((limit, i) => this.line(
      this.swatch(AREA_PATTERNS[i] ?? "", { fill: bands[Math.min(i, bands.length - 1)], stroke: edge }),
      say("minutes_band", { from: i ? limits[i - 1] : 0, to: limit }),
      within[i] - (i ? within[i - 1] : 0)));
    return this.block(title, say("areas_unit"), items, say("areas_note"));
  }
}
