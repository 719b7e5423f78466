// The frame of the map: where it looks, its panes and its controls.

const PANES = [["land", 300], ["zones", 401], ["water", 402], ["roads", 410], ["borders", 420], ["lines", 430], ["symbols", 450]];

class View {
  constructor({ data, say, state, screen }) {
    Object.assign(this, { say, state, screen });
    const [west, south, east, north] = data.bounds;
    this.region = L.latLngBounds([[south, west], [north, east]]);
    this.crs = L.extend({}, L.CRS.Simple, {
      transformation: new L.Transformation(1 / METRES_PER_PIXEL, 0, -1 / METRES_PER_PIXEL, 0),
    });
    this.map = L.map("map", {
      crs: this.crs,
      zoomControl: false,
      attributionControl: false,
      zoomSnap: 0.25,
      zoomDelta: 0.75,
      wheelPxPerZoomLevel: 120,
      maxZoom: 11,
      zoomAnimation: !screen.isStill,
      fadeAnimation: false,
      inertia: !screen.isStill,
      maxBounds: this.region.pad(0.8),
    });
    for (const [name, z] of PANES) {
      Object.assign(this.map.createPane(name).style, { zIndex: z, pointerEvents: "none" });
    }
  }

  /** Look at the region for the first time. */
  open() {
    this.showRegion();
    this.map.setMinZoom(this.map.getZoom() - 1);
  }

  addControls(onHome) {
    const { map, say } = this;
    L.control.zoom({ zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out"), position: "topright" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    const home = L.control({ position: "topright" });
    home.onAdd = () => {
      const button = el("button", { type: "button", title: say("whole_region"), "aria-label": say("whole_region"), onclick: onHome }, "⤢");
      const box = el("div", { class: "leaflet-bar home" }, button);
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    home.addTo(map);
  }

  /** Room for the legend where the map is wide enough to stand beside it. */
  room(margin) {
    const { printing } = this.state;
    // On phones the sheet lies over the last of the map.
    const below = this.screen.isPhone && !printing ? margin + 22 : margin;
    const beside = this.map.getSize().x > 900 && $("legend").open && !printing;
    const above = printing ? 0 : $("strip").offsetHeight + 16;
    return { paddingTopLeft: [margin, Math.max(margin, above)], paddingBottomRight: [beside ? 290 : margin, below] };
  }

  /** Show just these bounds; steps of zoom are for the wheel, not for fitting. */
  fit(bounds, options) {
    const { map } = this;
    const snap = map.options.zoomSnap;
    map.options.zoomSnap = 0;
    map.fitBounds(bounds, options);
    map.options.zoomSnap = snap;
  }

  showRegion() {
    this.fit(this.region, { ...this.room(14), animate: false });
  }

  /** Show these bounds or points, not closer than `closer` steps from the whole. */
  showPart(bounds, margin, closer) {
    const { map, screen } = this;
    this.fit(L.latLngBounds(bounds), { ...this.room(margin), animate: !screen.isStill, maxZoom: map.getMinZoom() + closer });
  }

  /** Metres on the ground of one pixel. */
  get metres() {
    return METRES_PER_PIXEL / this.crs.scale(this.map.getZoom());
  }
}
