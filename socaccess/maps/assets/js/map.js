// The map itself: layers, pointer and keyboard, and the glue between map and panel.

// Radius of a settlement by its population, against one of mean size.
const RELATIVE_SIZES = [0.75, 1, 1.25, 1.5, 1.75];

async function start() {
  const data = decode(await unpack($("data").textContent));
  $("data").remove();
  const say = speaker(data.texts, data.lang);
  const model = new Model(data);
  const cards = new Cards(model, say);
  const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");
  const stillQuery = window.matchMedia("(prefers-reduced-motion: reduce)");
  const phoneQuery = window.matchMedia("(max-width: 760px)");
  const touchQuery = window.matchMedia("(hover: none)");
  let printing = false;
  const isDark = () => darkQuery.matches && !printing;
  const ink = () => (isDark() ? data.palette.dark : data.palette.light);
  const selected = { municipality: null, settlement: null, place: null };

  // ---- the frame ----------------------------------------------------------------

  const [west, south, east, north] = data.bounds;
  const region = L.latLngBounds([[south, west], [north, east]]);
  const crs = L.extend({}, L.CRS.Simple, {
    transformation: new L.Transformation(1 / METRES_PER_PIXEL, 0, -1 / METRES_PER_PIXEL, 0),
  });
  const map = L.map("map", {
    crs,
    zoomControl: false,
    attributionControl: false,
    zoomSnap: 0.25,
    zoomDelta: 0.75,
    wheelPxPerZoomLevel: 120,
    maxZoom: 11,
    zoomAnimation: !stillQuery.matches,
    fadeAnimation: false,
    inertia: !stillQuery.matches,
    maxBounds: region.pad(0.8),
  });
  /** Room for the legend where the map is wide enough to stand beside it. */
  const room = (margin) => {
    const beside = map.getSize().x > 900 && $("legend").open && !printing;
    const above = printing ? 0 : $("now-showing").offsetHeight + (phoneQuery.matches ? 8 : 0);
    return { paddingTopLeft: [margin, Math.max(margin, above)], paddingBottomRight: [beside ? 290 : margin, margin] };
  };
  /** Show just these bounds; steps of zoom are for the wheel, not for fitting. */
  const fit = (bounds, options) => {
    const snap = map.options.zoomSnap;
    map.options.zoomSnap = 0;
    map.fitBounds(bounds, options);
    map.options.zoomSnap = snap;
  };
  const fitAll = () => fit(region, { ...room(14), animate: false });
  fitAll();
  map.setMinZoom(map.getZoom() - 1);
  L.control.zoom({ zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out"), position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
  const home = L.control({ position: "topright" });
  home.onAdd = () => {
    const box = el("div", { class: "leaflet-bar home" },
      el("button", { type: "button", title: say("whole_region"), "aria-label": say("whole_region") }, "⤢"));
    box.firstChild.addEventListener("click", () => {
      clearSelection();
      fitAll();
    });
    L.DomEvent.disableClickPropagation(box);
    return box;
  };
  home.addTo(map);

  for (const [name, z] of [["water", 402], ["areas", 405], ["roads", 410], ["borders", 420], ["lines", 430], ["symbols", 450], ["labels", 460]]) {
    if (name !== "labels") map.createPane(name);
    if (name !== "labels") Object.assign(map.getPane(name).style, { zIndex: z, pointerEvents: "none" });
  }

  // ---- layers -------------------------------------------------------------------

  const fillRenderer = L.svg({ padding: 0.3 });
  const lineRenderer = L.svg({ padding: 0.3, pane: "lines" });
  const borderRenderer = L.svg({ padding: 0.3, pane: "borders" });
  // Not on canvas: printed to PDF, Leaflet's clearing of a canvas wipes out all that lies below.
  const roadRenderer = L.svg({ padding: 0.2, pane: "roads" });
  const fillOf = (outline) =>
    L.polygon(outline, { renderer: fillRenderer, stroke: false, fillOpacity: 1, interactive: false, smoothFactor: 0.5 });
  const areas = data.municipalities.outline.map(fillOf);
  // Patterns lie over plain colour: some PDF viewers leave them out, and the colour must stay.
  const hatches = data.municipalities.outline.map(fillOf);
  const borders = data.municipalities.outline.map((outline) =>
    L.polygon(outline, { renderer: borderRenderer, pane: "borders", weight: 1, fill: false, interactive: false, smoothFactor: 0.5 }));
  const layers = {
    shading: L.layerGroup([...areas, ...hatches]),
    borders: L.layerGroup(borders),
    roads: L.polyline(data.roads.main, { renderer: roadRenderer, pane: "roads", weight: 1.6, interactive: false, smoothFactor: 0.8 }),
    links: L.polyline(data.roads.modelled, { renderer: roadRenderer, pane: "roads", weight: 0.8, dashArray: "2 4", interactive: false, smoothFactor: 1 }),
  };
  const waterRenderer = L.svg({ padding: 0.3, pane: "water" });
  layers.water = L.layerGroup(data.water.map((outline) =>
    L.polygon(outline, { renderer: waterRenderer, pane: "water", weight: 0.7, fillOpacity: 1, interactive: false, smoothFactor: 0.8 })));
  const areaBands = data.areas ? new ServiceAreas(map, data.areas, "areas") : null;
  if (areaBands) layers.areas = areaBands.group;
  const symbols = new SymbolLayer();
  const highlight = L.layerGroup();
  const labels = new Labels(map);
  map.getPane("labels").style.zIndex = 460;
  map.getPane("labels").style.pointerEvents = "none";

  const shownLayers = {
    shading: true, areas: false, water: data.water.length > 0, roads: data.roads.main.length > 0, settlements: true, facilities: true,
    sites: data.places.sites.name.length > 0, institutions: false, closed: false, labels: true, links: false,
  };
  layers.borders.addTo(map);
  symbols.addTo(map);
  highlight.addTo(map);

  /** Patterns by name: lines, dots and the like over the plain colour below. */
  function addPatterns(svg, patterns) {
    svg.querySelector("defs")?.remove();
    const ns = "http://www.w3.org/2000/svg";
    const make = (tag, attributes, parent) => {
      const node = document.createElementNS(ns, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      parent.append(node);
      return node;
    };
    const defs = make("defs", {}, svg);
    const paths = {
      cross: "M0,0L8,8M8,0L0,8", lines: "M-2,2L2,-2M0,8L8,0M6,10L10,6", columns: "M4,0V8",
    };
    for (const { id, name, colour } of patterns) {
      const pattern = make("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, defs);
      if (paths[name]) {
        make("path", { d: paths[name], stroke: colour, "stroke-width": 1, "stroke-opacity": 0.4, fill: "none" }, pattern);
      } else if (name === "dots") {
        make("circle", { cx: 4, cy: 4, r: 0.9, fill: colour, "fill-opacity": 0.55 }, pattern);
      }
    }
  }

  // ---- marks --------------------------------------------------------------------

  const { settlements, places } = data;
  const cell = Math.max(2000, (east - west) / 60);
  const settlementIndex = new PointIndex(cell);
  for (let i = 0; i < settlements.located; i++) settlementIndex.add(settlements.x[i], settlements.y[i], i);
  const placeIndex = new PointIndex(cell);
  for (let i = 0; i < places.x.length; i++) placeIndex.add(places.x[i], places.y[i], i);
  const mean = settlements.population.reduce((sum, n) => sum + n, 0) / Math.max(1, model.count);
  const relative = Uint8Array.from(settlements.population, (n) => {
    const wanted = Math.sqrt(n / (mean || 1));
    const found = RELATIVE_SIZES.findIndex((size) => wanted <= size + 0.125);
    return found < 0 ? RELATIVE_SIZES.length - 1 : found;
  });

  /** Radius of a settlement of mean size: smaller where they stand close together. */
  function settlementRadius() {
    const spacing = Math.sqrt(((east - west) * (north - south)) / Math.max(1, settlements.located));
    const pixels = (spacing / METRES_PER_PIXEL) * crs.scale(map.getZoom());
    return Math.min(6, Math.max(1.2, Math.round(pixels * 0.13 * 4) / 4));
  }

  const isScenario = (name) => data.scenarios[model.choice.scenario] === name;

  /** What a place is drawn as under the current choice, or null when it is not shown. */
  function placeMark(place) {
    const sites = cards.sitesAt.get(place);
    if (places.isSite[place]) {
      const chosen = sites.filter((id) => model.chosenServices.includes(places.sites.service[id]));
      return chosen.length && shownLayers.sites && isScenario("suggested")
        ? { kind: "site", count: chosen.length, alpha: 1 } : null;
    }
    const at = cards.facilitiesAt.get(place);
    const chosen = at.filter((id) => model.chosenServices.includes(places.facilities.service[id]));
    const status = (id) => places.facilities.status[id];
    const open = chosen.filter((id) => status(id) < 2);
    if (open.length && shownLayers.facilities) {
      const operating = open.some((id) => status(id) === 0);
      const counted = operating || isScenario("planned");
      const near = open.some((id) => places.facilities.inRegion[id]);
      return { kind: "facility", status: operating ? 0 : 1, count: open.length, alpha: counted && near ? 1 : 0.6 };
    }
    if (chosen.length && shownLayers.closed) return { kind: "facility", status: 2, count: 1, alpha: 1 };
    const institution = at.some((id) => !model.services[places.facilities.service[id]].shown
      && model.services[places.facilities.service[id]].supply === false && status(id) === 0);
    return institution && shownLayers.institutions ? { kind: "facility", status: 3, count: 1, alpha: 1 } : null;
  }

  let statuses = model.statuses();
  let visiblePlaces = [];

  function drawMarks() {
    const colours = ink();
    const batches = [];
    if (shownLayers.settlements) {
      const radius = settlementRadius();
      for (const status of DRAWING_ORDER) {
        for (const size of RELATIVE_SIZES) {
          const r = radius * size;
          batches.push({ x: [], y: [], size: Math.ceil(r * 1.4) + 2,
            paint: (ctx) => draw.settlement(ctx, status, r, colours, data.palette.status) });
        }
      }
      for (let i = 0; i < settlements.located; i++) {
        const batch = batches[DRAWING_ORDER.indexOf(statuses[i]) * RELATIVE_SIZES.length + relative[i]];
        batch.x.push(settlements.x[i]);
        batch.y.push(settlements.y[i]);
      }
    }
    visiblePlaces = places.isSite.map((_, place) => placeMark(place));
    const drawn = visiblePlaces
      .map((mark, place) => ({ mark, place }))
      .filter(({ mark }) => mark)
      .sort((a, b) => (a.mark.kind === "site") - (b.mark.kind === "site") || places.y[b.place] - places.y[a.place]);
    for (const { mark, place } of drawn) {
      const { kind, status, count, alpha } = mark;
      batches.push({ x: [places.x[place]], y: [places.y[place]], size: 28, alpha,
        paint: (ctx) => (kind === "site" ? draw.site(ctx, colours) : draw.facility(ctx, status, count, colours)) });
    }
    symbols.setBatches(batches);
  }

  function drawAreas() {
    const shares = model.hasShares() ? model.shares() : data.municipalities.name.map(() => -1);
    addPatterns(fillRenderer._container, data.palette.classes.map((c, i) => (
      { id: `class-${i}`, name: c.pattern, colour: c.pattern === "columns" ? ink().muted : ink().pattern })));
    areas.forEach((area, i) => {
      const number = model.classOf(shares[i]);
      const shareClass = data.palette.classes[number];
      area.setStyle({ fillColor: isDark() ? shareClass.dark : shareClass.light });
      hatches[i].setStyle({ fillColor: shareClass.pattern ? `url(#class-${number})` : "none" });
    });
    borders.forEach((border) => border.setStyle({ color: ink().border, weight: 1, opacity: 0.9 }));
    layers.water.eachLayer((lake) => lake.setStyle({ color: ink()["water-edge"], fillColor: ink().water }));
    layers.roads.setStyle({ color: ink().road, opacity: 0.75 });
    layers.links.setStyle({ color: ink().road, opacity: 0.6 });
  }

  const areaColours = () => ({ edge: ink()["area-edge"], bands: data.palette.bands.map((c) => (isDark() ? c.dark : c.light)) });

  /** Areas are calculated only while they are shown. */
  function drawServiceAreas() {
    if (!areaBands || !shownLayers.areas) return;
    areaBands.show(model.choice.service, model.choice.scenario, areaColours());
    const names = AREA_PATTERNS.filter(Boolean);
    addPatterns(areaBands.renderer._container, names.map((name) => ({ id: `area-${name}`, name, colour: ink()["area-edge"] })));
  }

  function drawLabels() {
    const shares = model.hasShares() ? model.shares() : data.municipalities.name.map(() => -1);
    const base = map.getMinZoom() + 1;
    const { name, population, label } = data.municipalities;
    const items = name
      .map((text, i) => ({ text: shortName(text), note: shares[i] < 0 ? "" : say.percent(shares[i]), kind: "area",
        lat: label[i][0], lng: label[i][1], from: 0, weight: population[i] }))
      .sort((a, b) => b.weight - a.weight);
    const towns = [];
    const named = new Set(name);
    for (let i = 0; i < settlements.located; i++) {
      // A city that is its own municipality carries its name already.
      if (named.has(settlements.name[i])) continue;
      const kind = settlements.kinds[settlements.kind[i]];
      const town = kind === "city" || kind === "town";
      towns.push({ text: settlements.name[i], kind: town ? "town" : "village", lat: settlements.y[i], lng: settlements.x[i],
        from: town ? base + 0.75 : base + 2, weight: settlements.population[i] + (town ? 1e7 : 0) });
    }
    towns.sort((a, b) => b.weight - a.weight);
    labels.setObstacles(visiblePlaces.flatMap((mark, place) => (mark ? [[places.y[place], places.x[place]]] : [])));
    labels.setItems([...items, ...towns]);
  }

  /** "Ludzas novads" stands as "Ludzas nov." so that more names find room. */
  function shortName(text) {
    return text.replace(/ novads$/, " nov.");
  }

  function applyLayers() {
    for (const name of ["shading", "water", "areas", "roads", "links"]) {
      if (shownLayers[name]) layers[name]?.addTo(map);
      else layers[name]?.remove();
    }
    labels.setVisible(shownLayers.labels);
    drawServiceAreas();
    drawMarks();
  }

  // ---- legend -------------------------------------------------------------------

  function updateLegend() {
    const colours = ink();
    const shares = model.hasShares() ? model.shares().slice(0, -1) : data.municipalities.name.map(() => -1);
    const perClass = data.palette.classes.map(() => 0);
    shares.forEach((share) => perClass[model.classOf(share)]++);
    const perStatus = STATUS_NAMES.map(() => 0);
    statuses.forEach((status) => perStatus[status]++);
    const line = (picture, text, n) => el("li", {}, picture, el("span", {}, text), el("span", { class: "count" }, say.number(n)));
    const classes = data.palette.classes
      .map((c, i) => {
        const swatch = el("i", { class: `swatch ${c.pattern}` });
        swatch.style.setProperty("--fill", isDark() ? c.dark : c.light);
        const text = c.low < 0 ? say("class_missing") : c.low === c.high ? say.percent(c.low)
          : say("class_range", { low: say.number(c.low), high: say.percent(c.high) });
        return { i, n: perClass[i], low: c.low, item: line(swatch, text, perClass[i]) };
      })
      .filter(({ n, low }) => low >= 0 || n > 0)
      .map(({ item }) => item);
    const settlement = [STATUS.covered, STATUS.partial, STATUS.gap, STATUS.unreachable, STATUS.none]
      .filter((status) => (status === STATUS.partial ? model.isIndex : status !== STATUS.none || perStatus[status]))
      .map((status) => line(
        icon(18, (ctx) => draw.settlement(ctx, status, 5.2, colours, data.palette.status)),
        say(model.isIndex ? `status_index.${STATUS_NAMES[status]}` : `status.${STATUS_NAMES[status]}`), perStatus[status]));
    const counts = { operating: 0, planned: 0, closed: 0, site: 0 };
    places.facilities.service.forEach((service, id) => {
      if (!model.chosenServices.includes(service)) return;
      counts[["operating", "planned", "closed"][places.facilities.status[id]]]++;
    });
    places.sites.service.forEach((service) => { counts.site += model.chosenServices.includes(service); });
    const facility = (status) => icon(30, (ctx) => draw.facility(ctx, status, 1, colours), 12);
    const points = [
      line(facility(0), say("facility_status.operating"), counts.operating),
      line(facility(1), say("facility_status.planned"), counts.planned),
    ];
    if (shownLayers.closed) points.push(line(facility(2), say("facility_status.closed"), counts.closed));
    if (shownLayers.institutions) {
      const n = visiblePlaces.filter((mark) => mark?.status === 3).length;
      points.push(line(icon(30, (ctx) => draw.facility(ctx, 3, 1, colours)), say("institutions"), n));
    }
    if (counts.site && shownLayers.sites && isScenario("suggested")) {
      points.push(line(icon(30, (ctx) => draw.site(ctx, colours)), say("suggested_site"), counts.site));
    }
    const block = (title, unit, items, note) => el("section", {},
      el("h2", {}, title, " ", el("small", {}, unit)), note ? el("p", {}, note) : null, el("ul", {}, ...items));
    $("legend-body").replaceChildren(...[
      shownLayers.areas ? areaLegend(line, block) : null,
      !shownLayers.shading ? null : block(say(model.isIndex ? "legend_index" : model.byPersons(model.choice.service) ? "legend_share_persons" : "legend_share_population"),
        say("legend_municipalities"), classes),
      block(say("legend_settlements"), "", settlement),
      block(say("legend_facilities"), "", points)].filter(Boolean));
  }

  /** The bands of the service areas, with how many settlements lie in each. */
  function areaLegend(line, block) {
    const { service, scenario } = model.choice;
    const title = say("legend_areas");
    if (model.isIndex) return block(title, "", [], say("areas_choose"));
    if (!data.areas.tenths[service]) return block(title, "", [], say("no_facility"));
    const { limits } = data.areas;
    const minutes = data.cover[service].min[scenario];
    const within = limits.map((limit) => minutes.reduce((n, tenths) => n + (tenths >= 0 && tenths <= limit * 10), 0));
    const { bands, edge } = areaColours();
    const items = limits.map((limit, i) => {
      const swatch = el("i", { class: `swatch ${AREA_PATTERNS[i] ?? ""}` });
      swatch.style.setProperty("--fill", bands[Math.min(i, bands.length - 1)]);
      swatch.style.setProperty("--stroke", edge);
      const text = say("minutes_band", { from: i ? limits[i - 1] : 0, to: limit });
      return line(swatch, text, within[i] - (i ? within[i - 1] : 0));
    });
    return block(title, say("areas_unit"), items, say("areas_note"));
  }

  // ---- choosing -----------------------------------------------------------------

  const panel = new Panel(model, say, {
    choose,
    isDark,
    selectMunicipality,
    selectedMunicipality: () => selected.municipality,
  });

  function choose(change) {
    Object.assign(model.choice, change);
    refresh();
  }

  function refresh() {
    statuses = model.statuses();
    drawAreas();
    drawServiceAreas();
    drawMarks();
    drawLabels();
    panel.update();
    updateLegend();
    redrawSelection();
    Object.assign(window.socaccess.state, model.choice);
  }

  function clearSelection() {
    Object.assign(selected, { municipality: null, settlement: null, place: null });
    Object.assign(window.socaccess.selected, selected);
    highlight.clearLayers();
    panel.hideDetail();
    panel.markSelected();
  }

  function select(kind, id, { zoom = true, focus = false } = {}) {
    Object.assign(selected, { municipality: null, settlement: null, place: null }, { [kind]: id });
    Object.assign(window.socaccess.selected, selected);
    hideTooltip();
    if (zoom) zoomTo(kind, id);
    redrawSelection();
    panel.markSelected();
    if (focus) $("detail").focus({ preventScroll: true });
    if (!phoneQuery.matches || focus) $("detail").scrollIntoView({ block: "start", behavior: stillQuery.matches ? "auto" : "smooth" });
  }

  function selectMunicipality(id) {
    select("municipality", id);
  }

  function zoomTo(kind, id) {
    const animate = !stillQuery.matches;
    const maxZoom = map.getMinZoom() + 3;
    const around = (points) => fit(L.latLngBounds(points), { ...room(40), animate, maxZoom });
    if (kind === "municipality") {
      fit(borders[id].getBounds(), { ...room(24), animate, maxZoom: map.getMinZoom() + 3.5 });
    } else if (kind === "settlement" && id < settlements.located) {
      // With where the nearest service is, so that the way there can be seen.
      const place = model.isIndex ? -1 : cards.placeOfDestination(model.destinationOf(model.choice.service, id));
      const there = place < 0 ? [] : [[places.y[place], places.x[place]]];
      around([[settlements.y[id], settlements.x[id]], ...there]);
    } else if (kind === "place") {
      around([[places.y[id], places.x[id]]]);
    }
  }

  function ring(lat, lng, radius = 13) {
    highlight.addLayer(L.circleMarker([lat, lng], { renderer: lineRenderer, pane: "lines", radius, color: ink().halo, weight: 6, fill: false, interactive: false }));
    highlight.addLayer(L.circleMarker([lat, lng], { renderer: lineRenderer, pane: "lines", radius, color: ink().accent, weight: 3, fill: false, interactive: false }));
  }

  function connect(settlement, place) {
    if (place < 0 || settlement >= settlements.located) return;
    highlight.addLayer(L.polyline(
      [[settlements.y[settlement], settlements.x[settlement]], [places.y[place], places.x[place]]],
      { renderer: lineRenderer, pane: "lines", color: ink().accent, weight: 1.8, dashArray: "5 4", interactive: false }));
  }

  function redrawSelection() {
    highlight.clearLayers();
    if (selected.municipality !== null) showMunicipality(selected.municipality);
    else if (selected.settlement !== null) showSettlement(selected.settlement);
    else if (selected.place !== null) showPlace(selected.place);
  }

  function showMunicipality(id) {
    highlight.addLayer(L.polygon(data.municipalities.outline[id], { renderer: lineRenderer, pane: "lines", color: ink().accent, weight: 3.5, fill: false, interactive: false }));
    const share = model.hasShares() ? model.shares()[id] : -1;
    const inside = [];
    for (let i = 0; i < model.count; i++) if (settlements.municipality[i] === id) inside.push(i);
    const value = (i) => (model.isIndex ? model.coveredServices(i).length : -model.minutesOf(model.choice.service)[i]);
    const unreached = (i) => statuses[i] === STATUS.unreachable;
    inside.sort((a, b) => unreached(b) - unreached(a) || value(a) - value(b) || settlements.population[b] - settlements.population[a]);
    const rows = inside.slice(0, 400).map((i) => {
      const button = el("button", { type: "button" }, settlements.name[i]);
      button.addEventListener("click", () => select("settlement", i, { focus: true }));
      const status = say.code(model.isIndex ? "status_index" : "status", STATUS_NAMES[statuses[i]]);
      const minutes = model.isIndex
        ? say("services_within", { covered: value(i), n: model.chosenServices.length })
        : cards.minutesText(model.choice.service, i);
      return el("tr", {}, el("th", { scope: "row" }, button), el("td", {}, `${status}: ${minutes}`,
        i >= settlements.located ? el("small", {}, " ", say("not_on_map")) : null));
    });
    const facilityRows = facilitiesIn(id);
    panel.showDetail(data.municipalities.name[id],
      el("p", {}, [
        share < 0 ? null : say("share_here", { share: say.percent(share), limit: panel.limitText() }),
        say("inhabitants", { n: data.municipalities.population[id] }),
        say("atvk", { code: data.municipalities.id[id] }),
        data.municipalities.approximate[id] ? say("approximate_border") : null,
      ].filter(Boolean).join(" · ")),
      el("h3", {}, say("settlements_here", { n: inside.length })),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": say("settlements_here", { n: inside.length }) },
        el("table", {}, el("tbody", {}, ...rows))),
      facilityRows.length ? el("h3", {}, say("facilities_here")) : null,
      facilityRows.length ? el("ul", { class: "plain" }, ...facilityRows) : null);
  }

  function facilitiesIn(municipality) {
    const rows = [];
    visiblePlaces.forEach((mark, place) => {
      if (!mark || municipalityAt([places.y[place], places.x[place]]) !== municipality) return;
      const button = el("button", { type: "button" }, cards.placeTitle(place));
      button.addEventListener("click", () => select("place", place, { focus: true }));
      rows.push(el("li", {}, button));
    });
    return rows;
  }

  function showSettlement(id) {
    if (id < settlements.located) ring(settlements.y[id], settlements.x[id]);
    const targets = new Set(model.chosenServices.map((service) => cards.placeOfDestination(model.destinationOf(service, id))));
    targets.forEach((place) => connect(id, place));
    panel.showDetail(settlements.name[id],
      ...cards.settlementLines(id).map((line) => el("p", {}, line)),
      id < settlements.located ? null : el("p", { class: "note" }, say("not_on_map")),
      cards.settlementTable(id));
  }

  function showPlace(id) {
    ring(places.y[id], places.x[id], 16);
    let served = 0;
    let people = 0;
    if (!model.isIndex) {
      for (let i = 0; i < settlements.located; i++) {
        if (cards.placeOfDestination(model.destinationOf(model.choice.service, i)) !== id) continue;
        served++;
        people += settlements.population[i];
        if (served <= 300) connect(i, id);
      }
    }
    panel.showDetail(cards.placeTitle(id),
      served ? el("p", {}, say("nearest_for", { n: served, people: say.number(people) })) : null,
      cards.placeCard(id));
  }

  // ---- pointer ------------------------------------------------------------------

  const tooltip = $("tooltip");

  function municipalityAt([lat, lng]) {
    for (let i = 0; i < borders.length; i++) {
      if (!borders[i].getBounds().contains([lat, lng])) continue;
      for (const polygon of data.municipalities.outline[i]) {
        const [outer, ...holes] = polygon;
        if (inRing(outer, lat, lng) && !holes.some((hole) => inRing(hole, lat, lng))) return i;
      }
    }
    return -1;
  }

  function inRing(line, lat, lng) {
    let inside = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const [yi, xi] = line[i];
      const [yj, xj] = line[j];
      if (yi > lat !== yj > lat && lng < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  }

  /** What lies under a point: a place, else a settlement, else a municipality. */
  function pick(latlng, reachPixels = 11) {
    const metres = METRES_PER_PIXEL / crs.scale(map.getZoom());
    const { lat: y, lng: x } = latlng;
    // A pin stands above its point.
    const place = placeIndex.nearest(x, y - 14 * metres, (reachPixels + 2) * metres,
      (id) => visiblePlaces[id]?.kind === "facility" && visiblePlaces[id].status !== 3)
      ?? placeIndex.nearest(x, y, (reachPixels + 1) * metres,
        (id) => visiblePlaces[id]?.kind === "site" || visiblePlaces[id]?.status === 3);
    if (place !== null) return { kind: "place", id: place };
    if (shownLayers.settlements) {
      const settlement = settlementIndex.nearest(x, y, Math.max(reachPixels * 0.7, settlementRadius() * 1.5) * metres);
      if (settlement !== null) return { kind: "settlement", id: settlement };
    }
    const municipality = municipalityAt([y, x]);
    return municipality < 0 ? null : { kind: "municipality", id: municipality };
  }

  function tooltipText({ kind, id }) {
    if (kind === "settlement") return [settlements.name[id], cards.settlementLines(id)];
    if (kind === "place") return [cards.placeTitle(id), cards.placeLines(id)];
    const share = model.hasShares() ? model.shares()[id] : -1;
    return [data.municipalities.name[id],
      [share < 0 ? say("no_facility") : say("share_here", { share: say.percent(share), limit: panel.limitText() })]];
  }

  function showTooltip(found, point) {
    const [title, lines] = tooltipText(found);
    tooltip.replaceChildren(el("strong", {}, title), ...lines.map((line) => el("span", {}, line)));
    tooltip.hidden = false;
    const size = map.getSize();
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const left = point.x + 16 + width > size.x ? point.x - width - 14 : point.x + 16;
    const top = Math.min(Math.max(6, point.y - height / 2), Math.max(6, size.y - height - 6));
    tooltip.style.transform = `translate(${Math.max(6, left)}px, ${top}px)`;
  }

  function hideTooltip() {
    tooltip.hidden = true;
  }

  map.on("mousemove", (event) => {
    const found = pick(event.latlng);
    map.getContainer().classList.toggle("pointing", Boolean(found));
    if (found) showTooltip(found, event.containerPoint);
    else hideTooltip();
  });
  map.on("zoomstart movestart", hideTooltip);
  // A finger that lifts counts as leaving the map; what it touched stays explained.
  map.on("mouseout", () => touchQuery.matches || hideTooltip());
  map.on("click", (event) => {
    const touch = event.originalEvent?.pointerType === "touch";
    const found = pick(event.latlng, touch ? 20 : 11);
    if (!found) {
      clearSelection();
      return;
    }
    select(found.kind, found.id, { zoom: false });
    if (touchQuery.matches) showTooltip(found, event.containerPoint);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !tooltip.hidden) hideTooltip();
  });

  // ---- panel parts --------------------------------------------------------------

  const available = {
    areas: data.areas !== null, water: data.water.length, links: data.roads.modelled.length, roads: data.roads.main.length, sites: places.sites.name.length,
    institutions: places.facilities.service.some((service) => model.services[service].supply === false),
    closed: places.facilities.status.some((status) => status === 2),
  };
  for (const name of Object.keys(shownLayers)) {
    if (name in available && !available[name]) continue;
    const input = el("input", { type: "checkbox", id: `layer-${name}` });
    input.checked = shownLayers[name];
    input.addEventListener("change", () => {
      shownLayers[name] = input.checked;
      // Two shadings, one over the other, cannot be read: areas take the place of the other.
      if (name === "areas") {
        $("layer-shading").checked = shownLayers.shading = !input.checked;
      }
      applyLayers();
      updateLegend();
    });
    $("layer-list").append(el("label", { for: `layer-${name}` }, input, el("span", {}, say(`layer.${name}`))));
  }
  $("detail-close").addEventListener("click", () => {
    const from = selected.municipality;
    clearSelection();
    (document.querySelector(`[data-municipality="${from}"]`) ?? $("search")).focus();
  });
  startSearch({
    data,
    say,
    onPick({ kind, id }) {
      if (kind === "facility") showFacility(places.facilities.service[id], places.facilities.place[id]);
      else if (kind === "site") showFacility(places.sites.service[id], places.sites.place[id]);
      else select(kind, id, { focus: true });
    },
  });

  /** A facility found by name is shown even when another service is chosen. */
  function showFacility(service, place) {
    if (model.services[service].shown && !model.chosenServices.includes(service)) choose({ service });
    select("place", place, { focus: true });
  }

  startPrinting({
    map,
    fit,
    /** The whole region where it was in view, else what the reader was looking at. */
    boundsToPrint: () => (map.getBounds().contains(region) ? region : map.getBounds()),
    beforePrint() {
      printing = true;
      symbols._ratio = 3;
      $("legend").open = true;
      hideTooltip();
      refresh();
    },
    afterPrint() {
      printing = false;
      symbols._ratio = undefined;
      $("legend").open = !phoneQuery.matches;
      refresh();
    },
  });
  darkQuery.addEventListener("change", refresh);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  if (phoneQuery.matches) $("legend").open = false;

  for (const name of ["shading", "water", "roads", "links"]) if (shownLayers[name]) layers[name].addTo(map);
  // The bar above the map takes room, so its text comes before the first fit.
  $("now-showing").textContent = panel.sentence();
  fitAll();
  refresh();
  map.on("zoomend", drawMarks);
  Object.assign(window.socaccess, {
    map, model, data, pick: (lat, lng) => pick({ lat, lng }), layers: shownLayers,
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
