// What is chosen, and what follows from it: pure functions of the data and the choice.

const NO_SUPPLY = -2;

/** The model behind the page: data, current choice, and what each settlement's status is. */
class Model {
  constructor(data, choice) {
    Object.assign(this, { data, choice });
    this.services = data.services.map((service, id) => ({ ...service, id_: id }));
    this.offered = data.cover.map((_, id) => id);
    this.withSites = new Set(data.places.sites.service);
    this.count = data.settlements.name.length;
    this.choose({});
  }

  choose(change) {
    Object.assign(this.choice, change);
    /** Status of every settlement under the choice. */
    this.statuses = this.findStatuses();
  }

  get isIndex() {
    return this.choice.service < 0;
  }

  /** The services the current choice is about. */
  get chosenServices() {
    return this.isIndex ? this.data.shares.indexOf : [this.choice.service];
  }

  isChosen(service) {
    return this.chosenServices.includes(service);
  }

  isScenario(name) {
    return this.data.scenarios[this.choice.scenario] === name;
  }

  /** Whether a facility is one people move out of, not one that serves them. */
  isInstitution(facility) {
    const { shown, supply } = this.services[this.data.places.facilities.service[facility]];
    return !shown && supply === false;
  }

  limitOf(service) {
    const { limit } = this.choice;
    return limit === 0 ? this.services[service].limit : this.data.limits[limit];
  }

  minutesOf(service) {
    const cover = this.data.cover[service];
    return (this.choice.scope ? cover.ownMin : cover.min)[this.choice.scenario];
  }

  destinationOf(service, settlement) {
    const cover = this.data.cover[service];
    return (this.choice.scope ? cover.ownTo : cover.to)[this.choice.scenario][settlement];
  }

  /** Per cent of a settlement's people within the limit, where that is some of them. */
  partOf(service, settlement) {
    const { scope, scenario, limit } = this.choice;
    return this.data.shares.partly[service][scope][scenario][limit].get(settlement);
  }

  /** Status of one settlement for one service. The limit itself counts as within. */
  statusFor(service, settlement) {
    if (!this.hasShares(service)) return STATUS.no_data;
    if (this.partOf(service, settlement) !== undefined) return STATUS.partly;
    const minutes = this.minutesOf(service)[settlement];
    // Where nobody offers the service there is a gap, not a missing road.
    if (minutes < 0) return minutes === NO_SUPPLY ? STATUS.gap : STATUS.unreachable;
    return minutes <= Math.round(this.limitOf(service) * 10) ? STATUS.covered : STATUS.gap;
  }

  /** Status of every settlement; for the index by how many promised services are within limit. */
  findStatuses() {
    const status = new Uint8Array(this.count);
    if (!this.isIndex) {
      for (let i = 0; i < this.count; i++) status[i] = this.statusFor(this.choice.service, i);
      return status;
    }
    const services = this.chosenServices.length;
    for (let i = 0; i < this.count; i++) {
      const covered = this.coveredServices(i).length;
      status[i] = covered === services ? STATUS.covered
        : covered === 0 ? STATUS.unreachable
          : covered * 2 >= services ? STATUS.partly : STATUS.gap;
    }
    return status;
  }

  /** The chosen services that at least half of a settlement's people have within the limit. */
  coveredServices(settlement) {
    return this.chosenServices.filter((service) => this.statusFor(service, settlement) === STATUS.covered
      || this.partOf(service, settlement) >= 50);
  }

  /** Whole per cent for every municipality and, last, the region; -1 where there is none. */
  shares(service = this.choice.service, scenario = this.choice.scenario) {
    const { scope, limit } = this.choice;
    return this.data.shares.share[service + 1][scope][scenario][limit];
  }

  /** A share of nothing known is no share: the service has no facility in the data. */
  hasShares(service = this.choice.service, scenario = this.choice.scenario) {
    return service < 0 || this.services[service].known
      || (this.data.scenarios[scenario] === "suggested" && this.withSites.has(service));
  }

  /** The shares to draw, of every municipality and last the region: none where nothing is known. */
  shownShares() {
    return this.hasShares() ? this.shares() : [...this.data.municipalities.name, null].map(() => -1);
  }

  /** Low and high of a share at each service's own limit, if all times were longer or shorter. */
  rangeOf(at, service = this.choice.service, scenario = this.choice.scenario) {
    const { limit, scope } = this.choice;
    if (service < 0 || limit || scope) return null;
    const low = this.data.shares.low[service][scenario][at];
    const high = this.data.shares.high[service][scenario][at];
    return low < 0 || low === high ? null : [low, high];
  }

  /** The name of a service, marked where no source names the service itself. */
  marked({ guessed }, name) {
    return guessed ? `${name}\u00a0¹` : name;
  }

  /** The services offered, by target group: promised groups first, in the order of the data. */
  byGroup() {
    const groups = new Map();
    for (const service of this.offered) {
      const { group } = this.services[service];
      groups.set(group, [...(groups.get(group) ?? []), service]);
    }
    return [...groups].map(([group, services]) => ({ group, services }));
  }

  need(service) {
    return this.data.persons.need[this.data.persons.service[service]];
  }

  /** What shares of municipalities are of: persons, inhabitants, or persons where they may be shown. */
  shareBasis(service) {
    return ["population", "persons", "mixed"][service < 0 ? 2 : this.data.shares.byPersons[service]];
  }

  /** Mean minutes of the inhabitants of each municipality who have a route. */
  meanMinutes() {
    const groups = this.data.municipalities.name.length;
    const sum = new Float64Array(groups);
    const weight = new Float64Array(groups);
    if (this.isIndex) return sum.fill(NaN);
    const { municipality, population } = this.data.settlements;
    const minutes = this.minutesOf(this.choice.service);
    for (let i = 0; i < this.count; i++) {
      if (minutes[i] < 0 || municipality[i] < 0) continue;
      sum[municipality[i]] += (minutes[i] / 10) * population[i];
      weight[municipality[i]] += population[i];
    }
    return sum.map((value, i) => (weight[i] ? value / weight[i] : NaN));
  }

  /** Inhabitants by travel time, or by how many of the promised services are within limit. */
  distribution() {
    const { population } = this.data.settlements;
    if (this.isIndex) {
      const total = this.chosenServices.length;
      const people = [0, 0, 0, 0];
      for (let i = 0; i < this.count; i++) {
        const covered = this.coveredServices(i).length;
        const band = covered === total ? 0 : covered === 0 ? 3 : covered * 2 >= total ? 1 : 2;
        people[band] += population[i];
      }
      return { kind: "services", people };
    }
    const { service, scope, scenario } = this.choice;
    const people = this.data.shares.bands[service][scope][scenario];
    return { kind: "minutes", people };
  }

  /** Rows of the table: worst first, municipalities without a share last. */
  ranking() {
    const { name, population } = this.data.municipalities;
    const shares = this.shownShares();
    const mean = this.meanMinutes();
    return name
      .map((_, id) => ({ id, share: shares[id], mean: mean[id] }))
      .sort((a, b) => (a.share < 0) - (b.share < 0) || a.share - b.share
        || population[b.id] - population[a.id] || a.id - b.id);
  }

  classOf(share) {
    const classes = this.data.palette.classes;
    const found = classes.findIndex((c) => share >= c.low && share <= c.high);
    return found < 0 ? classes.length - 1 : found;
  }
}
