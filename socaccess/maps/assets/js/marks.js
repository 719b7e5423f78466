// The marks on the map: settlements by status, facilities and suggested sites, and which
// of them lies under the pointer.

// Radius of a settlement by its population, against one of mean size.
const RELATIVE_SIZES = [0.75, 1, 1.25, 1.5, 1.75];

class Marks {
  constructor({ data, state, screen, model, cards, view, scenario }) {
    Object.assign(this, { data, state, screen, model, cards, view, scenario });
    const { settlements, places, bounds: [west, south, east, north] } = data;
    this.layer = new SymbolLayer();
    this.layer.addTo(view.map);
    const cell = Math.max(2000, (east - west) / 60);
    this.settlementIndex = new PointIndex(cell);
    for (let i = 0; i < settlements.located; i++) this.settlementIndex.add(settlements.x[i], settlements.y[i], i);
    this.placeIndex = new PointIndex(cell);
    for (let i = 0; i < places.x.length; i++) this.placeIndex.add(places.x[i], places.y[i], i);
    this.spacing = Math.sqrt(((east - west) * (north - south)) / Math.max(1, settlements.located));
    const mean = settlements.population.reduce((sum, n) => sum + n, 0) / Math.max(1, model.count);
    this.relative = Uint8Array.from(settlements.population, (n) => {
      const wanted = Math.sqrt(n / (mean || 1));
      const found = RELATIVE_SIZES.findIndex((size) => wanted <= size + 0.125);
      return found < 0 ? RELATIVE_SIZES.length - 1 : found;
    });
    /** What each place is drawn as, or null. */
    this.places = [];
    view.map.on("zoomend", () => this.draw());
  }

  /** Radius of a settlement of mean size: smaller where they stand close together. */
  get radius() {
    return Math.min(6, Math.max(1.2, Math.round((this.spacing / this.view.metres) * 0.13 * 4) / 4));
  }

  /** What a place is drawn as under the current choice, or null when it is not shown. */
  markOf(place) {
    const { cards, model, state: { shown } } = this;
    const { places } = this.data;
    if (places.isSite[place]) {
      const chosen = cards.sitesAt.get(place).filter((id) => model.isChosen(places.sites.service[id]));
      return chosen.length && shown.sites && model.isScenario("suggested")
        ? { kind: "site", number: 1 + this.data.proposals.findIndex((id) => chosen.includes(id)), alpha: 1 } : null;
    }
    const at = cards.facilitiesAt.get(place);
    const chosen = at.filter((id) => model.isChosen(places.facilities.service[id]));
    const status = (id) => {
      const changed = this.state.tab === "whatif" && this.scenario.find(id);
      return changed ? { close: 2, open: 0 }[changed.kind] : places.facilities.status[id];
    };
    if (this.state.tab === "whatif") {
      const closed = chosen.filter((id) => this.scenario.find(id)?.kind === "close");
      if (closed.length && closed.length === chosen.filter((id) => status(id) !== 1).length) return { kind: "facility", status: 2, count: 1, alpha: 1 };
    }
    const open = chosen.filter((id) => status(id) < 2);
    if (open.length && shown.facilities) {
      const operating = open.some((id) => status(id) === 0);
      const counted = operating || model.isScenario("planned");
      const near = open.some((id) => places.facilities.inRegion[id]);
      return { kind: "facility", status: operating ? 0 : 1, count: open.length, alpha: counted && near ? 1 : 0.6 };
    }
    if (chosen.length && shown.closed) return { kind: "facility", status: status(chosen[0]), count: 1, alpha: 1 };
    const institution = at.some((id) => model.isInstitution(id) && status(id) === 0);
    return institution && shown.institutions ? { kind: "institution", alpha: 1 } : null;
  }

  /** On the first page: what to build, whatever is chosen, as in the list; side by side where places meet. */
  badges() {
    const { data: { places: { sites }, proposals }, model, state } = this;
    if (state.tab !== "overview" || !state.shown.sites || model.isScenario("suggested")) return [];
    const count = new Map();
    return proposals.slice(0, $("build")?.children.length ?? 0).map((id, i) => {
      const place = sites.place[id];
      const column = count.get(place) ?? 0;
      count.set(place, column + 1);
      return { place, mark: { kind: "site", number: i + 1, isOther: !model.isChosen(sites.service[id]), column, alpha: 1 } };
    });
  }

  draw() {
    const { data: { places }, screen: { ink } } = this;
    const batches = this.state.shown.settlements ? this.settlementBatches() : [];
    this.places = places.isSite.map((_, place) => this.markOf(place));
    const badges = this.badges();
    const drawn = this.places
      .map((mark, place) => ({ mark, place }))
      .filter(({ mark }) => mark)
      .sort((a, b) => (a.mark.kind === "site") - (b.mark.kind === "site") || places.y[b.place] - places.y[a.place]);
    const paint = {
      site: (ctx, { number, isOther, column = 0 }) => {
        ctx.translate(23 * column, 0);
        draw.site(ctx, number, ink, isOther);
      },
      institution: (ctx) => draw.institution(ctx, ink),
      facility: (ctx, { status, count }) => draw.facility(ctx, status, count, ink),
    };
    for (const { mark, place } of [...drawn, ...badges]) {
      batches.push({ x: [places.x[place]], y: [places.y[place]], size: 28 + 23 * (mark.column ?? 0), alpha: mark.alpha,
        paint: (ctx) => paint[mark.kind](ctx, mark) });
    }
    for (const { mark, place } of badges) this.places[place] ??= mark;
    this.layer.setBatches(batches);
  }

  /** One batch of points for each shape and size. */
  settlementBatches() {
    const { model, radius, screen: { ink }, data: { settlements, palette } } = this;
    const batches = DRAWING_ORDER.flatMap((status) => RELATIVE_SIZES.map((size) => {
      const r = radius * size;
      return { x: [], y: [], size: Math.ceil(r * 1.4) + 2, paint: (ctx) => draw.settlement(ctx, status, r, ink, palette.status) };
    }));
    for (let i = 0; i < settlements.located; i++) {
      const batch = batches[DRAWING_ORDER.indexOf(model.statuses[i]) * RELATIVE_SIZES.length + this.relative[i]];
      batch.x.push(settlements.x[i]);
      batch.y.push(settlements.y[i]);
    }
    return batches;
  }

  /** The place or settlement under a point, or null. */
  pick({ lat: y, lng: x }, reachPixels) {
    const { metres } = this.view;
    const isPin = (id) => this.places[id]?.kind === "facility";
    // A pin stands above its point.
    const place = this.placeIndex.nearest(x, y - 14 * metres, (reachPixels + 2) * metres, isPin)
      ?? this.placeIndex.nearest(x, y, (reachPixels + 1) * metres, (id) => this.places[id] && !isPin(id));
    if (place !== null) return { kind: "place", id: place };
    if (!this.state.shown.settlements) return null;
    const settlement = this.settlementIndex.nearest(x, y, Math.max(reachPixels * 0.7, this.radius * 1.5) * metres);
    return settlement === null ? null : { kind: "settlement", id: settlement };
  }
}
