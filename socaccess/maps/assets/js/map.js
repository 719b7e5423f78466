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
  page.layers = new Layers(page);
  page.marks = new Marks(page);
  page.labels = new Labels(page.view.map);
  page.tabs = new Tabs(page);
  page.panel = new Panel(page, { choose, showGap, showProposal, selectMunicipality: (id) => page.selection.select("municipality", id) });
  page.legend = new Legend(page);
  page.sheet = new MunicipalityPage(page);
  page.selection = new Selection(page, choose);
  page.pointer = new Pointer(page);
  const { screen, model, view, layers, marks, labels, tabs, panel, legend, selection, pointer } = page;

  function choose(change) {
    model.choose(change);
    refresh();
  }

  function refresh() {
    layers.draw();
    marks.draw();
    labels.setItems(labelItems(page));
    panel.update();
    legend.update();
    selection.draw();
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
    layers.apply();
    labels.setVisible(state.shown.labels);
    layers.drawBands();
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
    marks.layer.setResolution(printing ? 3 : undefined);
    $("legend").open = printing || !screen.isPhone;
    for (const caveats of document.querySelectorAll(".caveats")) caveats.open = printing;
    pointer.hide();
    refresh();
  }

  startPrinting({
    map: view.map,
    fit: (bounds, options) => view.fit(bounds, options),
    /** The whole region where it was in view, else what the reader was looking at. */
    boundsToPrint: () => (view.map.getBounds().contains(view.region) ? view.region : view.map.getBounds()),
    beforePrint: () => setPrinting(true),
    afterPrint: () => setPrinting(false),
  });
  screen.darkQuery.addEventListener("change", refresh);
  new ResizeObserver(() => view.map.invalidateSize({ animate: false })).observe(view.map.getContainer());
  if (screen.isPhone) $("legend").open = false;
  layers.apply();
  tabs.show(state.tab);
  // The strip above the map takes room, so its text comes before the first fit.
  panel.update();
  view.showRegion();
  refresh();
  selection.follow();
  window.addEventListener("hashchange", () => selection.follow());
  Object.assign(window.socaccess, {
    map: view.map, model, data, state: state.choice, selected: state.selected, layers: state.shown,
    pick: (lat, lng) => pointer.pick({ lat, lng }),
    reached: (service, scenario, minutes) => reachedRoads(data.areas, service, scenario, minutes * 10, -1),
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
    const message = $("status-message");
    const known = document.body.dataset;
    message.className = "failure";
    message.textContent = error.message === "needs_newer_browser" ? known.needsNewerBrowser : `${known.failed} ${error.message}`;
    window.socaccess.error = error.message;
  });
