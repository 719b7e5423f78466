// The changes a reader tries: kept in order, undone, in the link, and as a small file that
// `socaccess run --scenario` repeats.

const SCENARIO_FORMAT = "socaccess-scenario/1";
const MOST_CHANGES = 200;

class Scenario {
  constructor({ data }) {
    Object.assign(this, { data, changes: [], past: [] });
  }

  of(service) {
    return this.changes.filter((change) => change.service === service);
  }

  set(changes) {
    this.past.push(this.changes);
    this.changes = changes;
  }

  /** Change the last state in place: while a pin is dragged there is one step to undo. */
  amend(changes) {
    this.changes = changes;
  }

  undo() {
    if (this.past.length) this.changes = this.past.pop();
  }

  add(service, place) {
    if (this.changes.length < MOST_CHANGES) this.set([...this.changes, { kind: "add", service, place }]);
  }

  move(change, place) {
    this.set(this.changes.map((one) => (one === change ? { ...one, place } : one)));
  }

  remove(change) {
    this.set(this.changes.filter((one) => one !== change));
  }

  find(facility) {
    return this.changes.find(({ kind, place }) => kind !== "add" && place === facility);
  }

  /** Close what operates, open what is planned; or take that back. */
  toggle(facility) {
    const { service, status } = this.data.places.facilities;
    const change = this.find(facility);
    if (change) this.remove(change);
    else this.set([...this.changes, { kind: status[facility] === 0 ? "close" : "open", service: service[facility], place: facility }]);
  }

  idOf({ kind, place }) {
    const { settlement, facility } = this.data.whatif;
    return kind === "add" ? settlement[place] : facility[place];
  }

  /** The changes as text for the link: kind:service:id, joined by commas. */
  toText() {
    const { services } = this.data;
    return this.changes.map((change) =>
      [change.kind, services[change.service].id, this.idOf(change)].map(encodeURIComponent).join(":")).join(",");
  }

  /** Take the changes of a link; return whether all of its names are known. */
  fromText(text) {
    const parts = text.split(",").filter(Boolean).slice(0, MOST_CHANGES);
    const read = parts.map((part) => this.read(...part.split(":").map((word) => {
      try {
        return decodeURIComponent(word);
      } catch {
        return word;
      }
    })));
    this.changes = read.filter(Boolean);
    this.past = [];
    return read.every(Boolean);
  }

  read(kind, serviceId, id) {
    const { services, whatif, cover, places } = this.data;
    const service = services.findIndex((one, at) => one.id === serviceId && at < cover.length);
    const place = (kind === "add" ? whatif.settlement : whatif.facility).indexOf(id);
    if (!["add", "open", "close"].includes(kind) || service < 0 || place < 0) return null;
    if (kind !== "add" && places.facilities.service[place] !== service) return null;
    return { kind, service, place };
  }

  toFile(limit) {
    const { whatif: { study, view, data }, services } = this.data;
    const changes = this.changes.map((change) => (change.kind === "add"
      ? { change: "add", service: services[change.service].id, settlement_id: this.idOf(change) }
      : { change: change.kind, facility_id: this.idOf(change) }));
    return `${JSON.stringify({ format: SCENARIO_FORMAT, study, view, limit_min: limit || null, data, changes }, null, 1)}\n`;
  }

  /** Take a saved file; return the name of the text that says what is wrong with it, or null. */
  fromFile(text) {
    let content;
    try {
      content = JSON.parse(text);
    } catch {
      return "scenario_not_read";
    }
    const { study, view } = this.data.whatif;
    if (content?.format !== SCENARIO_FORMAT || !Array.isArray(content.changes)) return "scenario_not_read";
    if (content.study !== study || content.view !== view) return "scenario_of_another";
    const { facilities } = this.data.places;
    const read = content.changes.slice(0, MOST_CHANGES).map((one) => {
      const facility = this.data.whatif.facility.indexOf(one?.facility_id);
      return one?.change === "add" ? this.read("add", one.service, one.settlement_id)
        : this.read(one?.change, this.data.services[facilities.service[facility]]?.id, one?.facility_id);
    });
    this.set(read.filter(Boolean));
    return read.every(Boolean) ? null : "link_unknown";
  }
}
