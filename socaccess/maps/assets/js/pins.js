// New facilities as pins to drag. A pin stands at a settlement: that is how exact an answer is.

const PIN = "M14 0a14 14 0 0 1 14 14c0 9-9 13-14 22C9 27 0 23 0 14A14 14 0 0 1 14 0Z";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
// How far from a settlement a pin may be dropped, metres.
const PIN_REACH = 25000;

class Pins {
  constructor({ data, say, state, model, view, marks, scenario }, { onMove, onMessage }) {
    Object.assign(this, { data, say, state, model, view, marks, scenario, onMove, onMessage });
    this.group = L.layerGroup().addTo(view.map);
  }

  /** The settlement a facility would stand in, nearest to a point; null where no road leads. */
  nearest({ lat: y, lng: x }) {
    const { row } = this.data.whatif;
    return this.marks.settlementIndex.nearest(x, y, PIN_REACH, (i) => row[i] >= 0);
  }

  pointOf(settlement) {
    const { x, y } = this.data.settlements;
    return [y[settlement], x[settlement]];
  }

  draw() {
    this.group.clearLayers();
    if (this.state.tab !== "whatif") return;
    this.markers = new Map();
    this.scenario.of(this.model.choice.service).filter(({ kind }) => kind === "add").forEach((change) => this.addPin(change));
  }

  addPin(change) {
    const { say, data } = this;
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "-2 -2 32 40");
    const path = (d, name) => {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
      shape.setAttribute("d", d);
      shape.setAttribute("class", name);
      picture.append(shape);
    };
    path(PIN, "body");
    path("M14 7v14M7 14h14", "sign");
    const icon = L.divIcon({ className: "pin", html: picture, iconSize: [32, 40], iconAnchor: [16, 38] });
    const marker = L.marker(this.pointOf(change.place), { icon, draggable: true, keyboard: true, autoPan: false });
    this.group.addLayer(marker);
    const element = marker.getElement();
    const name = () => element.setAttribute("aria-label", say("pin_label", { name: data.settlements.name[current.place] }));
    let current = change;
    let before = null;
    const move = (place) => {
      const next = { ...current, place };
      this.scenario.amend(this.scenario.changes.map((one) => (one === current ? next : one)));
      current = next;
      name();
      this.onMove();
    };
    name();
    marker.on("dragstart", () => {
      before = this.scenario.changes;
    });
    marker.on("drag", () => {
      const place = this.nearest(marker.getLatLng());
      if (place !== null && place !== current.place) move(place);
    });
    marker.on("dragend", () => {
      if (this.nearest(marker.getLatLng()) === null) this.onMessage("pin_out_of_reach");
      marker.setLatLng(this.pointOf(current.place));
      if (before !== this.scenario.changes) {
        this.scenario.past.push(before);
        this.onMove(true);
      }
    });
    element.addEventListener("keydown", (event) => {
      const place = STEPS[event.key] ? this.next(current.place, STEPS[event.key]) : null;
      if (event.key === "Delete" || event.key === "Backspace") {
        this.scenario.remove(current);
        this.onMove(true);
      } else if (place !== null) {
        this.scenario.past.push(this.scenario.changes);
        move(place);
        marker.setLatLng(this.pointOf(place));
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** The nearest settlement in a direction, or null. */
  next(from, [dx, dy]) {
    const { settlements: { x, y, located }, whatif: { row } } = this.data;
    let best = null;
    let bestWay = Infinity;
    for (let i = 0; i < located; i++) {
      const along = (x[i] - x[from]) * dx + (y[i] - y[from]) * dy;
      const across = Math.abs((x[i] - x[from]) * dy) + Math.abs((y[i] - y[from]) * dx);
      if (row[i] < 0 || along <= 0 || across > along) continue;
      if (along + across < bestWay) [best, bestWay] = [i, along + across];
    }
    return best;
  }
}
