// What lies under the marks: municipalities by their share, water, roads.

const PATTERN_PATHS = {
  cross: "M0,0L8,8M8,0L0,8", lines: "M-2,2L2,-2M0,8L8,0M6,10L10,6", columns: "M4,0V8",
};

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
  for (const { id, name, colour } of patterns) {
    const pattern = make("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, defs);
    if (PATTERN_PATHS[name]) {
      make("path", { d: PATTERN_PATHS[name], stroke: colour, "stroke-width": 1, "stroke-opacity": 0.4, fill: "none" }, pattern);
    } else if (name === "dots") {
      make("circle", { cx: 4, cy: 4, r: 0.9, fill: colour, "fill-opacity": 0.55 }, pattern);
    }
  }
}

class Layers {
  constructor({ data, state, screen, model, view, zones }) {
    Object.assign(this, { data, state, screen, model, zones });
    this.map = view.map;
    // Not on canvas: printed to PDF, Leaflet's clearing of a canvas wipes out all that lies below.
    const renderer = (pane, padding = 0.3) => L.svg({ padding, ...(pane ? { pane } : {}) });
    this.fillRenderer = renderer(null);
    const borderRenderer = renderer("borders");
    const roadRenderer = renderer("roads", 0.2);
    const waterRenderer = renderer("water");
    const fillOf = (outline) =>
      L.polygon(outline, { renderer: this.fillRenderer, stroke: false, fillOpacity: 1, interactive: false, smoothFactor: 0.5 });
    const { outline } = data.municipalities;
    this.areas = outline.map(fillOf);
    // Patterns lie over plain colour: some PDF viewers leave them out, and the colour must stay.
    this.hatches = outline.map(fillOf);
    this.borders = outline.map((rings) =>
      L.polygon(rings, { renderer: borderRenderer, pane: "borders", weight: 1, fill: false, interactive: false, smoothFactor: 0.5 }));
    const road = (lines, options) => L.polyline(lines, { renderer: roadRenderer, pane: "roads", interactive: false, ...options });
    this.groups = {
      shading: L.layerGroup([...this.areas, ...this.hatches]),
      water: L.layerGroup(data.water.map((rings) =>
        L.polygon(rings, { renderer: waterRenderer, pane: "water", weight: 0.7, fillOpacity: 1, interactive: false, smoothFactor: 0.8 }))),
      roads: road(data.roads.main, { weight: 1, smoothFactor: 0.8 }),
      links: road(data.roads.modelled, { weight: 0.8, dashArray: "2 4", smoothFactor: 1 }),
    };
    L.layerGroup(this.borders).addTo(this.map);
    this.land = L.polygon(data.land, { renderer: renderer("land"), pane: "land", weight: 0.8, fillOpacity: 1, interactive: false, smoothFactor: 0.5 }).addTo(this.map);
  }

  /** Put on the map what is shown, and take off the rest. */
  apply() {
    for (const [name, group] of Object.entries(this.groups)) {
      if (name === "shading" ? this.isShaded : this.state.shown[name]) group.addTo(this.map);
      else group.remove();
    }
  }

  /** Municipalities are coloured where that is chosen, or zones are but there can be none. */
  get isShaded() {
    const { zones, state: { shown } } = this;
    return zones?.isUsed ? false : shown.shading || shown.zones;
  }

  draw() {
    const { data, screen, model } = this;
    this.zones?.draw();
    this.apply();
    const { ink } = screen;
    const shares = model.shownShares();
    if (this.isShaded) addPatterns(this.fillRenderer._container, data.palette.classes.map((c, i) => (
      { id: `class-${i}`, name: c.pattern, colour: c.pattern === "columns" ? ink.muted : ink.pattern })));
    this.areas.forEach((area, i) => {
      const number = model.classOf(shares[i]);
      const shareClass = data.palette.classes[number];
      area.setStyle({ fillColor: screen.fill(shareClass) });
      this.hatches[i].setStyle({ fillColor: shareClass.pattern ? `url(#class-${number})` : "none" });
    });
    this.land.setStyle({ color: ink.muted, opacity: 0.55, fillColor: ink.land });
    this.borders.forEach((border) => border.setStyle({ color: ink.border, weight: 1, opacity: 0.9 }));
    this.groups.water.eachLayer((lake) => lake.setStyle({ color: ink["water-edge"], fillColor: this.zones?.isDifference ? ink.ground : ink.water }));
    this.groups.roads.setStyle({ color: ink.road, opacity: 0.8 });
    this.groups.links.setStyle({ color: ink.road, opacity: 0.6 });
  }

  /** The municipality a point lies in, or -1. */
  municipalityAt([lat, lng]) {
    const inRing = (line) => {
      let inside = false;
      for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
        const [yi, xi] = line[i];
        const [yj, xj] = line[j];
        if (yi > lat !== yj > lat && lng < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
      }
      return inside;
    };
    return this.data.municipalities.outline.findIndex((polygons, i) =>
      this.borders[i].getBounds().contains([lat, lng])
      && polygons.some(([outer, ...holes]) => inRing(outer) && !holes.some(inRing)));
  }
}
