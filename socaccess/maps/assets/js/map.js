// The page as a whole: its parts, and what happens when the reader chooses something.

async function start() {
  const data = decode(await unpack($("data").textContent));
  $("data").remove();
  const page = { data, say: speaker(data.texts, data.lang), state: createState(data) };
  const { say, state } = page;
  page.screen = new Screen(data.palette, state);
  page.model = new Model(data, state.choice);
  page.cards = new Cards(page.model, say);
  page.view = new View(page);
  if (data.whatif) {
    await unpackMinutes(data.whatif);
    page.whatif = new WhatIf(data);
    page.scenario = new Scenario(page);
    page.zones = new Zones(page);
  }
  page.layers = new Layers(page);
  page.marks = new Marks(page);
  page.labels = new Labels(page.view.map);
  page.tabs = new Tabs(page);
  page.bottom = new Sheet(page);
  page.panel = new Panel(page, { choose, showGap, showProposal, selectMunicipality: (id) => page.selection.select("municipality", id) });
  page.legend = new Legend(page);
  page.sheet = new MunicipalityPage(page);
  page.selection = new Selection(page, choose);
  page.pointer = new Pointer(page, changeAt);
  page.address = new Address(page, { choose, message });
  if (data.whatif) {
    page.pins = new Pins(page, { onMove: (whole) => (whole ? redraw() : redrawFigures()), onMessage: (key) => message(say(key)) });
    page.changes = new WhatIfPage(page, { redraw, choose, message, link: () => page.address.link() });
  }
  const { screen, model, view, layers, marks, labels, tabs, panel, legend, selection, pointer, address, changes, pins, zones } = page;
  selection.onSelect = () => address.write();
  tabs.onChange = () => choose(state.tab === "whatif" ? whatifChoice() : {});

  /** Changes are of one service, against the facilities of anyone that operate now. */
  function whatifChoice() {
    return { service: model.choice.service < 0 ? data.start : model.choice.service, scenario: 0, scope: 0 };
  }

  function choose(change) {
    model.choose(change);
    // Another scenario or all services at once: a question of the other pages.
    if (state.tab === "whatif" && (model.choice.service < 0 || model.choice.scenario || model.choice.scope)) {
      if (model.choice.service < 0) model.choose({ service: data.start });
      else tabs.show("overview");
    }
    refresh();
  }

  /** All that changes with a pin while it is dragged. */
  function redrawFigures() {
    zones.draw();
    changes.updateFigures();
    legend.update();
    labels.setItems(labelItems(page));
  }

  function redraw(focused) {
    refresh();
    if (focused !== undefined) document.querySelector(`[data-facility="${focused}"]`)?.focus();
  }

  /** A click on the map while changes are tried: close a facility, or place a new one. */
  function changeAt(found, latlng) {
    if (changes.isPlacing) {
      const settlement = pins.nearest(latlng);
      changes.place(false);
      if (settlement === null) message(say("pin_out_of_reach"));
      else page.scenario.add(model.choice.service, settlement);
    } else if (found?.kind === "place") {
      const usable = page.whatif.facilities(model.choice.service, page.whatif.planned);
      const [facility] = (page.cards.facilitiesAt.get(found.id) ?? []).filter((id) => usable.has(id));
      if (facility === undefined) return;
      page.scenario.toggle(facility);
    } else return;
    redraw();
  }

  function message(text) {
    $("message").textContent = text;
    clearTimeout(message.timer);
    message.timer = setTimeout(() => { $("message").textContent = ""; }, 6000);
  }

  function refresh() {
    layers.draw();
    marks.draw();
    panel.update();
    if (state.tab === "whatif") changes.update();
    labels.setItems(labelItems(page));
    legend.update();
    selection.draw();
    pins?.draw();
    address.write();
  }

  /** A gap of the finding: its service as it is now, in the whole region. */
  function showGap(service) {
    Object.assign(state.selected, NOTHING_SELECTED);
    panel.hideDetail();
    choose({ service, scenario: 0, limit: 0, scope: 0 });
    view.showRegion();
  }

  /** What to build: its service with the suggestions, and the place itself. */
  function showProposal(service, site) {
    const { places } = data;
    const place = places.sites.place[site];
    Object.assign(state.selected, NOTHING_SELECTED);
    panel.hideDetail();
    choose({ service, scenario: data.scenarios.indexOf("suggested"), limit: 0, scope: 0 });
    view.showPart([[places.y[place], places.x[place]]], 40, 2);
  }

  function showLayer(name, shown) {
    state.shown[name] = shown;
    layers.draw();
    labels.setVisible(state.shown.labels);
    marks.draw();
    legend.update();
  }

  view.addControls(() => {
    selection.clear();
    view.showRegion();
  });
  panel.buildLayers(showLayer);
  startSearch({
    data,
    say,
    onPick({ kind, id }) {
      pointer.hide();
      if (kind === "facility") showPlaceOf(data.places.facilities, id);
      else if (kind === "site") showPlaceOf(data.places.sites, id);
      else selection.select(kind, id, { focus: true });
    },
  });

  /** What is found by name is shown even when another service is chosen. */
  function showPlaceOf(list, id) {
    if (model.services[list.service[id]].shown && !model.isChosen(list.service[id])) choose({ service: list.service[id] });
    selection.select("place", list.place[id], { focus: true });
  }

  function setPrinting(printing) {
    state.printing = printing;
    tabs.show(state.tab);
    marks.layer.renew();
    zones?.layer.renew();
    $("legend").open = printing || !screen.isPhone;
    for (const caveats of document.querySelectorAll(".caveats")) caveats.open = printing;
    pointer.hide();
    refresh();
  }

  startPrinting({
    map: view.map,
    fit: (bounds, options) => view.fit(bounds, options),
    /** The whole region where it was in view, else what the reader was looking at. */
    boundsToPrint: () => (state.tab === "place" && state.selected.municipality !== null ? layers.borders[state.selected.municipality].getBounds()
      : view.map.getBounds().contains(view.region) ? view.region : view.map.getBounds()),
    isSheet: () => state.tab === "whatif" || (state.tab === "place" && state.selected.municipality !== null),
    beforePrint: () => setPrinting(true),
    afterPrint: () => setPrinting(false),
  });
  screen.darkQuery.addEventListener("change", refresh);
  new ResizeObserver(() => view.map.invalidateSize({ animate: false })).observe(view.map.getContainer());
  if (screen.isPhone) $("legend").open = false;
  tabs.show(state.tab);
  // The strip above the map takes room, so its text comes before the first fit.
  panel.update();
  view.open();
  refresh();
  address.follow();
  window.addEventListener("hashchange", () => address.follow());
  Object.assign(window.socaccess, {
    map: view.map, say, model, data, state: state.choice, selected: state.selected, layers: state.shown,
    pick: (lat, lng) => pointer.pick({ lat, lng }),
    whatif: page.whatif, scenario: page.scenario, changes, zones, redraw, redrawFigures, legend, address, label: () => labels.setItems(labelItems(page)),
  });
}

window.socaccess = { ready: false, error: null, state: {}, selected: {} };
start().then(
  () => {
    $("status-message").hidden = true;
    window.socaccess.ready_ms = performance.now();
    window.socaccess.ready = true;
  },
  (error) => {
    document.documentElement.classList.remove("starting");
    const message = $("status-message");
    const known = document.body.dataset;
    message.className = "failure";
    message.textContent = error.message === "needs_newer_browser" ? known.needsNewerBrowser : `${known.failed} ${error.message}`;
    window.socaccess.error = error.message;
  });
