// What if: minutes and people under changed facilities, in whole numbers. The twin of
// socaccess/study/scenario_answer.py: the same sums of the same numbers give the same answers.

/** The minutes of one traveller as packed by _pack_minutes() of whatif.py: a byte each. */
class Minutes {
  constructor(bytes, from, people) {
    Object.assign(this, { bytes, from, people, done: new Uint8Array(from.length) });
  }

  /** Minutes from everybody to one place: steps along the people, and the row to start from, undone once. */
  row(row) {
    const { bytes, from, people, done } = this;
    const mine = bytes.subarray(row * people, (row + 1) * people);
    if (done[row]) return mine;
    done[row] = 1;
    let sum = 0;
    if (from[row] < 0) for (let i = 0; i < people; i++) mine[i] = sum += mine[i];
    else {
      const before = this.row(from[row]);
      for (let i = 0; i < people; i++) {
        sum += mine[i];
        mine[i] = sum + before[i];
      }
    }
    return mine;
  }
}

async function unpackMinutes(whatif) {
  whatif.home = undelta(whatif.home);
  for (const [traveller, { steps, from }] of Object.entries(whatif.minutes)) {
    whatif.minutes[traveller] = new Minutes(await gunzip(steps), from, whatif.home.length);
  }
}

/** A share in whole per cent, halves up; 0 and 100 only where exact, -1 of nothing. */
function percentOf(part, whole) {
  if (whole <= 0) return -1;
  const percent = Math.floor(Math.floor((part / whole) * 10000 + 0.5) / 100 + 0.5);
  return part > 0 && part < whole ? Math.min(99, Math.max(1, percent)) : percent;
}

class WhatIf {
  constructor(data) {
    Object.assign(this, { data, tables: data.whatif });
    const { home } = this.tables;
    this.people = home.length;
    this.municipality = Int32Array.from(home, (settlement) => data.settlements.municipality[settlement]);
    this.known = new Map();
  }

  remember(key, make) {
    if (!this.known.has(key)) this.known.set(key, make());
    return this.known.get(key);
  }

  minutesOf(service) {
    return this.tables.minutes[this.data.services[service].traveller] ?? this.tables.minutes.client;
  }

  /** Minutes of everyone to the nearest of some rows. */
  nearest(service, rows, table = this.minutesOf(service)) {
    const { people, tables: { far } } = this;
    const nearest = new Uint8Array(people).fill(far);
    for (const row of rows) {
      const minutes = table.row(row);
      for (let i = 0; i < people; i++) if (minutes[i] < nearest[i]) nearest[i] = minutes[i];
    }
    return nearest;
  }

  /** Minutes of everyone to the nearest facility in one of the scenarios of the study. */
  minutes(service, scenario) {
    return this.remember(`minutes ${service} ${scenario}`, () => this.nearest(service, this.tables.supply[service][scenario][0]));
  }

  /** Facilities of a service: those that operate (scenario 0), or with those planned. */
  facilities(service, scenario) {
    const [rows, places] = this.tables.supply[service][scenario];
    return new Map(places.map((facility, i) => [facility, rows[i]]).filter(([facility]) => facility >= 0));
  }

  get planned() {
    return Math.max(0, this.data.scenarios.indexOf("planned"));
  }

  /** The rows that serve after changes: {kind, service, place}; those of now first. */
  rowsAfter(service, changes) {
    const serving = new Map(this.facilities(service, 0));
    // Facilities that no place on the map stands for serve on.
    const [rows, places] = this.tables.supply[service][0];
    const others = rows.filter((_, i) => places[i] < 0);
    const added = [];
    for (const { kind, service: about, place } of changes) {
      if (about !== service) continue;
      if (kind === "close") serving.delete(place);
      else if (kind === "open" && this.facilities(service, this.planned).has(place)) {
        serving.set(place, this.facilities(service, this.planned).get(place));
      } else if (kind === "add" && this.tables.row[place] >= 0) added.push(this.tables.row[place]);
    }
    return [...serving.values(), ...others, ...added];
  }

  after(service, changes) {
    return this.nearest(service, this.rowsAfter(service, changes));
  }

  hasNeed(service) {
    return this.data.services[service].group in this.tables.need;
  }

  /** People at each point: persons in need, or inhabitants, in whole units. */
  weights(service, persons = this.hasNeed(service)) {
    const { group } = this.data.services[service];
    return this.remember(`weights ${persons ? group : ""}`, () => {
      const base = persons ? this.tables.need[group] : this.data.settlements.population;
      return Float64Array.from(this.tables.home, (settlement, i) => base[settlement] * this.tables.share[i]);
    });
  }

  unit(service) {
    return this.tables.shareUnits * (this.hasNeed(service) ? this.tables.personUnits : 1);
  }

  /** A number of people as it may be shown: a count, {below}, {above}, or null. */
  shown(service, part, whole) {
    const unit = this.unit(service);
    const below = this.hasNeed(service) ? this.data.belowPersons : 0;
    if (this.tables.hidden.includes(this.data.services[service].group)) return null;
    const round = (n) => Math.floor((n + unit / 2) / unit);
    const count = round(part);
    if (part === 0 || !below) return count;
    if (count < below) return { below };
    const rest = round(whole) - count;
    return rest > 0 && rest < below ? { above: round(whole) - below } : count;
  }

  /** The limit in whole minutes; `changed` is what the reader chose, or 0. */
  limitOf(service, changed) {
    return changed || Math.floor(this.data.services[service].limit);
  }

  /** What the changes mean for one service. */
  answer(service, changes, changedLimit = 0) {
    const limit = this.limitOf(service, changedLimit);
    const before = this.minutes(service, 0);
    const after = this.after(service, changes);
    const weight = this.weights(service);
    const { uncertainty } = this.tables;
    const limits = [limit, Math.floor(limit / (1 + uncertainty)), Math.floor(limit / (1 - uncertainty))];
    const gained = [0, 0, 0];
    const lost = [0, 0, 0];
    const count = this.data.municipalities.name.length;
    const regions = Array.from({ length: count }, () => ({ whole: 0, gained: 0, lost: 0 }));
    let total = 0;
    let was = 0;
    let then = 0;
    for (let i = 0; i < this.people; i++) {
      const people = weight[i];
      if (!people) continue;
      const region = regions[this.municipality[i]];
      total += people;
      if (region) region.whole += people;
      for (let end = 0; end < 3; end++) {
        const near = before[i] <= limits[end];
        const nearAfter = after[i] <= limits[end];
        if (end === 0 && near) was += people;
        if (end === 0 && nearAfter) then += people;
        if (near === nearAfter) continue;
        (nearAfter ? gained : lost)[end] += people;
        if (end === 0 && region) region[nearAfter ? "gained" : "lost"] += people;
      }
    }
    const show = (part, whole = total) => this.shown(service, part, whole);
    const bounds = (counts) => [show(counts[0]), show(Math.min(...counts)), show(Math.max(...counts))];
    return {
      limit, before, after, people: show(total), withinBefore: show(was), withinAfter: show(then),
      percentBefore: percentOf(was, total), percentAfter: percentOf(then, total),
      gained: bounds(gained), lost: bounds(lost), hasGain: gained[0] > 0, hasLoss: lost[0] > 0,
      municipalities: this.municipalities(service, before, after, limit).map((row, id) => (
        { ...row, gained: show(regions[id].gained, regions[id].whole), lost: show(regions[id].lost, regions[id].whole) })),
    };
  }

  /** Who gets there without a car, within the limit and at all, home the same day; null where nobody asked. */
  withoutCar(service, changes, limit) {
    const table = this.tables.minutes.without_car;
    if (!table || this.data.services[service].traveller === "provider") return null;
    const before = this.remember(`without car ${service}`, () => this.nearest(service, this.tables.supply[service][0][0], table));
    const after = this.nearest(service, this.rowsAfter(service, changes), table);
    const weight = this.weights(service);
    const { slow } = this.tables;
    let [total, was, then, dayWas, dayThen, gained, lost] = new Float64Array(7);
    for (let i = 0; i < this.people; i++) {
      const people = weight[i];
      total += people;
      if (before[i] <= limit) was += people;
      if (after[i] <= limit) then += people;
      if (before[i] <= slow) dayWas += people;
      if (after[i] <= slow) dayThen += people;
      if (before[i] > slow && after[i] <= slow) gained += people;
      if (before[i] <= slow && after[i] > slow) lost += people;
    }
    return {
      before, after, percentBefore: percentOf(was, total), percentAfter: percentOf(then, total),
      sameDayBefore: percentOf(dayWas, total), sameDayAfter: percentOf(dayThen, total),
      gained: this.shown(service, gained, total), lost: this.shown(service, lost, total),
    };
  }

  /** Shares of municipalities: of persons where no count is hidden, else of inhabitants. */
  municipalities(service, before, after, limit) {
    const { id } = this.data.municipalities;
    const { group } = this.data.services[service];
    const persons = this.weights(service);
    const everyone = this.weights(service, false);
    // Of each municipality: all, within before, within after; first of persons, then of everyone.
    const sums = new Float64Array(6 * id.length);
    for (let i = 0; i < this.people; i++) {
      const at = 6 * this.municipality[i];
      if (at < 0) continue;
      sums[at] += persons[i];
      sums[at + 3] += everyone[i];
      if (before[i] <= limit) {
        sums[at + 1] += persons[i];
        sums[at + 4] += everyone[i];
      }
      if (after[i] <= limit) {
        sums[at + 2] += persons[i];
        sums[at + 5] += everyone[i];
      }
    }
    return id.map((name, at) => {
      const byPersons = this.hasNeed(service) && this.tables.open[group][name] && sums[6 * at] > 0;
      const [whole, was, then] = sums.subarray(6 * at + (byPersons ? 0 : 3));
      return { id: at, before: percentOf(was, whole), after: percentOf(then, whole) };
    });
  }

  /** Minutes that half of each settlement's people need at most, -1 where it is too far. */
  settlementMinutes(minutes) {
    const { home, share, slow } = this.tables;
    const points = this.remember("points", () => {
      const at = this.data.settlements.name.map(() => []);
      home.forEach((settlement, i) => at[settlement].push(i));
      return at;
    });
    return points.map((mine) => {
      const sorted = [...mine].sort((a, b) => minutes[a] - minutes[b] || a - b);
      const total = mine.reduce((sum, i) => sum + share[i], 0);
      let sum = 0;
      for (const i of sorted) {
        sum += share[i];
        if (2 * sum >= total) return minutes[i] >= slow ? -1 : minutes[i];
      }
      return -1;
    });
  }

  /** The settlement where one more facility brings most people within the limit, and what it brings. */
  best(service, changes, changedLimit = 0) {
    const limit = this.limitOf(service, changedLimit);
    const after = this.after(service, changes);
    const weight = this.weights(service);
    const table = this.minutesOf(service);
    const outside = [];
    for (let i = 0; i < this.people; i++) if (after[i] > limit && weight[i]) outside.push(i);
    const gains = this.tables.row.map((row) => {
      let gain = 0;
      if (row < 0) return gain;
      const minutes = table.row(row);
      for (const i of outside) if (minutes[i] <= limit) gain += weight[i];
      return gain;
    });
    const most = Math.max(0, ...gains);
    if (!most) return null;
    const { kind, kinds, population } = this.data.settlements;
    const rank = (i) => ["city", "town"].indexOf(kinds[kind[i]]);
    // Within a tenth of the best a city goes before a town, a town before a parish.
    const equal = gains.map((_, i) => i).filter((i) => gains[i] >= 0.9 * most)
      .sort((a, b) => (rank(a) < 0) - (rank(b) < 0) || rank(a) - rank(b) || population[b] - population[a] || a - b);
    return { settlement: equal[0], gain: gains[equal[0]], equals: equal.slice(1) };
  }
}
