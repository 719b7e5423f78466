// What is said of one settlement, one place, one municipality: lines of plain text.

class Cards {
  constructor(model, say) {
    Object.assign(this, { model, say });
    const { places } = model.data;
    this.facilitiesAt = group(places.facilities.place);
    this.sitesAt = group(places.sites.place);

    function group(place) {
      const at = new Map();
      place.forEach((where, i) => at.set(where, [...(at.get(where) ?? []), i]));
      return at;
    }
  }

  /** The name of what a travel time leads to. */
  destinationName(index) {
    const { facilities, sites } = this.model.data.places;
    if (index < 0) return null;
    if (index < facilities.name.length) return facilities.name[index];
    return this.say("suggested_at", { name: sites.name[index - facilities.name.length] });
  }

  placeOfDestination(index) {
    const { facilities, sites } = this.model.data.places;
    if (index < 0) return -1;
    return index < facilities.name.length ? facilities.place[index]
      : sites.place[index - facilities.name.length];
  }

  minutesText(service, settlement) {
    const { model, say } = this;
    const status = model.statusFor(service, settlement);
    if (status === STATUS.no_data) return say("no_facility");
    const tenths = model.minutesOf(service)[settlement];
    if (tenths === NO_SUPPLY) return say(model.choice.scope ? "no_facility_own" : "no_facility");
    if (tenths < 0) return say("no_route_long");
    const part = model.partOf(service, settlement);
    const values = { n: say.number(tenths / 10, 1), limit: say.number(model.limitOf(service)) };
    if (part !== undefined) return say("minutes_of_some", { ...values, part: say.percent(part) });
    return say("minutes_of_limit", values);
  }

  settlementLines(id) {
    const { model, say } = this;
    const { settlements, municipalities } = model.data;
    const lines = [[municipalities.name[settlements.municipality[id]] ?? "",
      say.code("settlement_kind", settlements.kinds[settlements.kind[id]])].filter(Boolean).join(" · "),
    say("inhabitants", { n: settlements.population[id] })];
    if (model.isIndex) {
      const covered = model.coveredServices(id).length;
      lines.push(say("services_within", { covered, n: model.chosenServices.length }));
      return lines;
    }
    const service = model.choice.service;
    lines.push(`${say.code("status", STATUS_NAMES[model.statusFor(service, id)])}: ${this.minutesText(service, id)}`);
    const nearest = this.destinationName(model.destinationOf(service, id));
    if (nearest) lines.push(say("nearest", { name: nearest }));
    const { withoutCar } = model.data;
    const journey = withoutCar?.texts[withoutCar.at[service]?.[id] ?? -1];
    if (journey) lines.push(journey);
    const need = model.need(service).settlement[id];
    if (need !== -1) lines.push(say("persons_here", { persons: persons(say, need, model.data.belowPersons) }));
    const modelled = model.data.cover[service].modelled[model.choice.scenario][id];
    if (!model.choice.scope && modelled >= 0) lines.push(say("modelled", { share: say.percent(modelled) }));
    return lines;
  }

  /** A municipality: its settlements, the worst served first, and the places in it. */
  municipalityParts(id, title, places, onPick) {
    const { model, say } = this;
    const { settlements } = model.data;
    const value = (i) => (model.isIndex ? model.coveredServices(i).length : -model.minutesOf(model.choice.service)[i]);
    const unreached = (i) => model.statuses[i] === STATUS.unreachable;
    const inside = settlements.name.map((_, i) => i)
      .filter((i) => settlements.municipality[i] === id)
      .sort((a, b) => unreached(b) - unreached(a) || value(a) - value(b) || settlements.population[b] - settlements.population[a]);
    const link = (text, kind, at) => el("button", { type: "button", onclick: () => onPick(kind, at) }, text);
    const rows = inside.slice(0, 400).map((i) => {
      const status = say.code(model.isIndex ? "status_index" : "status", STATUS_NAMES[model.statuses[i]]);
      const minutes = model.isIndex
        ? say("services_within", { covered: value(i), n: model.chosenServices.length })
        : this.minutesText(model.choice.service, i);
      return el("tr", {}, el("th", { scope: "row" }, link(settlements.name[i], "settlement", i)),
        el("td", {}, `${status}: ${minutes}`, i >= settlements.located ? el("small", {}, " ", say("not_on_map")) : null));
    });
    const heading = say("settlements_here", { n: inside.length });
    return [
      el("h2", {}, title),
      el("h3", {}, heading),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": heading }, el("table", {}, el("tbody", {}, ...rows))),
      places.length ? el("h3", {}, say("facilities_here")) : null,
      places.length
        ? el("ul", { class: "plain" }, ...places.map((place) => el("li", {}, link(this.placeTitle(place), "place", place)))) : null,
    ];
  }

  settlementTable(id) {
    const { model, say } = this;
    const services = model.isIndex ? model.chosenServices : model.offered;
    const rows = services.map((service) => {
      const status = model.statusFor(service, id);
      return el("tr", { class: service === model.choice.service ? "selected" : null },
        el("th", { scope: "row" }, model.services[service].name),
        el("td", {}, say.code("status", STATUS_NAMES[status])),
        el("td", {}, status === STATUS.no_data ? "–" : this.minutesText(service, id),
          el("br"), el("small", {}, this.destinationName(model.destinationOf(service, id)) ?? "")));
    });
    return el("table", { class: "stacked" }, el("tbody", {}, ...rows));
  }

  placeTitle(place) {
    const { facilities, sites } = this.model.data.places;
    const [first] = this.facilitiesAt.get(place) ?? [];
    if (first !== undefined) return facilities.name[first];
    return this.say("suggested_at", { name: sites.name[this.sitesAt.get(place)[0]] });
  }

  placeLines(place) {
    const { say } = this;
    const { facilities, sites } = this.model.data.places;
    const at = this.ordered(place);
    const lines = at.slice(0, 4).map((id) => `${this.serviceName(facilities.service[id])}: ${this.statusText(id)}`);
    if (at.length > 4) lines.push(say("and_more", { n: at.length - 4 }));
    for (const id of this.sitesAt.get(place) ?? []) {
      lines.push(`${this.serviceName(sites.service[id])}: ${this.gainText(id)}`);
    }
    return lines;
  }

  ordered(place) {
    const { facilities } = this.model.data.places;
    const chosen = new Set(this.model.chosenServices);
    return [...(this.facilitiesAt.get(place) ?? [])].sort((a, b) =>
      chosen.has(facilities.service[b]) - chosen.has(facilities.service[a]) || a - b);
  }

  serviceName(service) {
    return this.model.services[service].name;
  }

  statusText(id) {
    const { say } = this;
    const { facilities } = this.model.data.places;
    const status = say.code("facility_status", FACILITY_STATUSES[facilities.status[id]]);
    const year = facilities.year[id];
    return year ? `${status} (${year})` : status;
  }

  gainText(id) {
    const { say, model } = this;
    const { sites } = model.data.places;
    if (sites.persons[id] === -1) return say("gain_population", { n: Math.max(0, sites.population[id]) });
    return say("gain_persons", { persons: persons(say, sites.persons[id], model.data.belowPersons) });
  }

  placeCard(place) {
    const { say } = this;
    const { facilities, sites } = this.model.data.places;
    const card = el("div", { class: "cards" });
    for (const id of this.ordered(place)) {
      const facts = [
        [say("status_label"), this.statusText(id)],
        [say("group_label"), say.code("group", facilities.group[id])],
        [say("places_label"), this.placesText(id)],
        [say("address_label"), [facilities.address[id], facilities.municipality[id]].filter(Boolean).join(", ")],
        [say("precision_label"), say.code("precision", facilities.precision[id])],
        [say("source_label"), facilities.source[id]],
      ].filter(([, value]) => value);
      card.append(el("article", {},
        el("h3", {}, this.serviceName(facilities.service[id])),
        el("p", { class: "name" }, facilities.name[id]),
        el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))));
    }
    for (const id of this.sitesAt.get(place) ?? []) {
      card.append(el("article", {},
        el("h3", {}, this.serviceName(sites.service[id])),
        el("p", {}, say("site_rank", { rank: sites.rank[id] })),
        el("p", {}, this.gainText(id)),
        el("p", { class: "note" }, say("site_note"))));
    }
    return card;
  }

  placesText(id) {
    const { say } = this;
    const { facilities } = this.model.data.places;
    const number = facilities.places[id];
    if (number === null) return say("places_unknown");
    const basis = facilities.basis[id];
    return say.number(number) + (basis ? ` (${say.code("basis", basis)})` : "");
  }
}
