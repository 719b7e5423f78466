// Names on the map. They are placed in order of importance; one that finds no free
// room among its few possible positions is left out at this zoom.

const LABEL_OFFSETS = {
  area: [[0, 0], [0, -14], [0, 14], [-26, 0], [26, 0], [0, -30], [0, 30], [-26, 18], [26, 18], [-26, -18], [26, -18]],
  point: [[1, 0], [-1, 0], [0, -1], [0, 1]],
};

class Labels {
  constructor(map) {
    this.map = map;
    this.pane = map.createPane("labels");
    Object.assign(this.pane.style, { zIndex: 460, pointerEvents: "none" });
    this.pane.classList.add("labels");
    this.pane.setAttribute("aria-hidden", "true");
    this.pool = [];
    this.context = document.createElement("canvas").getContext("2d");
    this.widths = new Map();
    Object.assign(this, { visible: true, items: [], obstacles: [] });
    map.on("zoomstart", () => this.pane.classList.add("moving"));
    map.on("zoomend moveend resize", () => this.place());
  }

  /**
   * items: [{lat, lng, text, note, kind: "area"|"town"|"village", from}], best first;
   * obstacles: [[lat, lng, column]] of pins, to keep clear of where possible, and of badges, to keep clear of.
   */
  setItems({ items, obstacles }) {
    Object.assign(this, { items, obstacles });
    this.place();
  }

  setVisible(visible) {
    this.visible = visible;
    this.place();
  }

  width(text, font) {
    const key = font + text;
    if (!this.widths.has(key)) {
      this.context.font = font;
      this.widths.set(key, this.context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  place() {
    this.pane.classList.remove("moving");
    const size = this.map.getSize();
    const taken = [];
    const pins = [];
    for (const [lat, lng, column] of this.obstacles) {
      const { x, y } = this.map.latLngToContainerPoint([lat, lng]);
      if (x < 0 || y < 0 || x > size.x || y > size.y) continue;
      if (column === undefined) pins.push({ left: x - 8, right: x + 8, top: y - 24, bottom: y + 2 });
      else taken.push({ left: x - 11 + 23 * column, right: x + 11 + 23 * column, top: y - 11, bottom: y + 11 });
    }
    let used = 0;
    if (this.visible) {
      for (const item of this.items) {
        if (used > 160) break;
        if (this.map.getZoom() < item.from) continue;
        const at = this.map.latLngToContainerPoint([item.lat, item.lng]);
        if (at.x < 0 || at.y < 0 || at.x > size.x || at.y > size.y) continue;
        const box = this.findRoom(item, at, size, taken, pins);
        if (!box) continue;
        taken.push(box);
        this.write(used++, item, box);
      }
    }
    for (let i = used; i < this.pool.length; i++) this.pool[i].hidden = true;
  }

  findRoom(item, at, size, taken, pins) {
    let second = null;
    const area = item.kind === "area";
    const font = area ? "600 12.5px system-ui, sans-serif" : "11.5px system-ui, sans-serif";
    const width = Math.max(this.width(item.text, font), item.note ? this.width(item.note, font) : 0) + 6;
    const height = (item.note ? 30 : 15);
    for (const [dx, dy] of area ? LABEL_OFFSETS.area : LABEL_OFFSETS.point) {
      const left = area ? at.x - width / 2 + dx : at.x - width / 2 + dx * (width / 2 + 8);
      const top = area ? at.y - height / 2 + dy : at.y - height / 2 + dy * (height / 2 + 7);
      const box = { left, top, right: left + width, bottom: top + height };
      if (left < 2 || top < 2 || box.right > size.x - 2 || box.bottom > size.y - 2) continue;
      const clear = (other) => box.right < other.left || box.left > other.right
        || box.bottom < other.top || box.top > other.bottom;
      if (!taken.every(clear)) continue;
      if (pins.every(clear)) return box;
      second ??= box;
    }
    return second;
  }

  write(number, item, box) {
    let label = this.pool[number];
    if (!label) {
      label = document.createElement("div");
      label.append(document.createElement("span"), document.createElement("b"));
      this.pool.push(label);
      this.pane.append(label);
    }
    const [name, note] = label.children;
    name.textContent = item.text;
    note.textContent = item.note ?? "";
    label.className = `label ${item.kind}`;
    label.hidden = false;
    label.style.width = `${Math.ceil(box.right - box.left)}px`;
    L.DomUtil.setPosition(label, this.map.containerPointToLayerPoint([box.left, box.top]).round());
  }
}

/** The names there are, the most important first, and the pins they should keep clear of. */
function labelItems({ data, say, state, model, view, marks, changes }) {
  const { municipalities, settlements, places } = data;
  const shares = state.tab === "whatif" ? changes.shares : model.shownShares();
  const base = view.map.getMinZoom() + 1;
  const byWeight = (a, b) => b.weight - a.weight;
  const areas = municipalities.name.map((name, i) => ({
    // Shortened so that more names find room.
    text: name.replace(/ novads$/, " nov."), note: shares[i] < 0 ? "" : say.percent(shares[i]), kind: "area",
    lat: municipalities.label[i][0], lng: municipalities.label[i][1], from: 0, weight: municipalities.population[i],
  }));
  const named = new Set(municipalities.name);
  const points = [];
  for (let i = 0; i < settlements.located; i++) {
    // A city that is its own municipality carries its name already.
    if (named.has(settlements.name[i])) continue;
    const town = ["city", "town"].includes(settlements.kinds[settlements.kind[i]]);
    points.push({ text: settlements.name[i], kind: town ? "town" : "village", lat: settlements.y[i], lng: settlements.x[i],
      from: base + (town ? 0.75 : 2), weight: settlements.population[i] + (town ? 1e7 : 0) });
  }
  return {
    items: [...areas.sort(byWeight), ...points.sort(byWeight)],
    obstacles: [
      ...marks.places.flatMap((mark, place) => (mark && mark.kind !== "site" ? [[places.y[place], places.x[place]]] : [])),
      ...marks.badges().map(({ place, mark: { column } }) => [places.y[place], places.x[place], column]),
    ],
  };
}
