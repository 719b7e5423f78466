// What is selected: one municipality, settlement or place, marked on the map and told of
// beside it.

class Selection {
  constructor({ data, say, state, screen, model, cards, view, layers, marks, panel, tabs, sheet }, choose) {
    Object.assign(this, { data, say, state, screen, model, cards, view, layers, marks, panel, tabs, sheet, choose });
    this.highlight = L.layerGroup().addTo(view.map);
    this.options = { renderer: L.svg({ padding: 0.3, pane: "lines" }), pane: "lines", fill: false, interactive: false };
    $("detail-close").addEventListener("click", () => {
      const from = state.selected.municipality;
      this.clear();
      (document.querySelector(`[data-municipality="${from}"]`) ?? $("search")).focus();
    });
  }

  clear() {
    Object.assign(this.state.selected, NOTHING_SELECTED);
    this.highlight.clearLayers();
    this.panel.hideDetail();
    this.panel.markSelected();
    this.panel.updateResult();
    this.tabs.widen();
    this.onSelect?.();
  }

  select(kind, id, { zoom = true, focus = false } = {}) {
    Object.assign(this.state.selected, NOTHING_SELECTED, { [kind]: id });
    this.tabs.show("place");
    if (zoom) this.zoomTo(kind, id);
    this.draw();
    this.panel.markSelected();
    this.panel.updateResult();
    this.onSelect?.();
    if (focus) $("detail").focus({ preventScroll: true });
    $("panel").scrollTop = 0;
  }

  zoomTo(kind, id) {
    const { data: { settlements, places }, view, cards, model } = this;
    if (kind === "municipality") {
      view.showPart(this.layers.borders[id].getBounds(), 24, 3.5);
    } else if (kind === "settlement" && id < settlements.located) {
      // With where the nearest service is, so that the way there can be seen.
      const place = model.isIndex ? -1 : cards.placeOfDestination(model.destinationOf(model.choice.service, id));
      const there = place < 0 ? [] : [[places.y[place], places.x[place]]];
      view.showPart([[settlements.y[id], settlements.x[id]], ...there], 40, 3);
    } else if (kind === "place") {
      view.showPart([[places.y[id], places.x[id]]], 40, 3);
    }
  }

  draw() {
    this.highlight.clearLayers();
    const { municipality, settlement, place } = this.state.selected;
    if (municipality !== null) this.showMunicipality(municipality);
    else if (settlement !== null) this.showSettlement(settlement);
    else if (place !== null) this.showPlace(place);
  }

  ring(lat, lng, radius = 13) {
    const { ink } = this.screen;
    for (const [color, weight] of [[ink.halo, 6], [ink.accent, 3]]) {
      this.highlight.addLayer(L.circleMarker([lat, lng], { ...this.options, radius, color, weight }));
    }
  }

  connect(settlement, place) {
    const { data: { settlements, places }, screen: { ink } } = this;
    if (place < 0 || settlement >= settlements.located) return;
    this.highlight.addLayer(L.polyline(
      [[settlements.y[settlement], settlements.x[settlement]], [places.y[place], places.x[place]]],
      { ...this.options, color: ink.accent, weight: 1.8, dashArray: "5 4" }));
  }

  showMunicipality(id) {
    const { data: { municipalities }, panel, cards, sheet } = this;
    this.highlight.addLayer(L.polygon(municipalities.outline[id], { ...this.options, color: this.screen.ink.accent, weight: 3.5 }));
    panel.showDetail(municipalities.name[id],
      ...sheet.parts(id, (service) => this.choose({ service })),
      ...cards.municipalityParts(id, panel.sentence(), this.facilitiesIn(id), (kind, at) => this.select(kind, at, { focus: true })));
  }

  /** The places shown on the map that stand inside a municipality. */
  facilitiesIn(municipality) {
    const { places } = this.data;
    return this.marks.places.flatMap((mark, place) =>
      (mark && this.layers.municipalityAt([places.y[place], places.x[place]]) === municipality ? [place] : []));
  }

  showSettlement(id) {
    const { data: { settlements }, say, model, cards } = this;
    if (id < settlements.located) this.ring(settlements.y[id], settlements.x[id]);
    const targets = new Set(model.chosenServices.map((service) => cards.placeOfDestination(model.destinationOf(service, id))));
    targets.forEach((place) => this.connect(id, place));
    this.panel.showDetail(settlements.name[id],
      ...cards.settlementLines(id).map((line) => el("p", {}, line)),
      id < settlements.located ? null : el("p", { class: "note" }, say("not_on_map")),
      cards.settlementTable(id));
  }

  showPlace(id) {
    const { data: { settlements, places }, say, model, cards } = this;
    this.ring(places.y[id], places.x[id], 16);
    let served = 0;
    let people = 0;
    for (let i = 0; !model.isIndex && i < settlements.located; i++) {
      if (cards.placeOfDestination(model.destinationOf(model.choice.service, i)) !== id) continue;
      served++;
      people += settlements.population[i];
      if (served <= 300) this.connect(i, id);
    }
    this.panel.showDetail(cards.placeTitle(id),
      served ? el("p", {}, say("nearest_for", { n: served, people: say.number(people) })) : null,
      cards.placeCard(id));
  }
}
