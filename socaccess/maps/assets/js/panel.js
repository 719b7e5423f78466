// Everything beside the map. Names are data: they only ever become text, never markup.

/** Build an element: el("td", {class: "x"}, "text", child). */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const $ = (id) => document.getElementById(id);

/** Persons as they may be shown: a count, or what stands in place of one. */
function persons(say, value, below) {
  if (value >= 0) return say.number(value);
  return { "-2": say("below", { n: below }), "-3": say("withheld", { n: below }), "-4": say("untold") }[value] ?? "–";
}

/** A bar whose length is a share, with the share written beside it. */
function bar(say, share, colour, pattern) {
  const fill = el("span", { class: `fill ${pattern}` });
  fill.style.width = `${Math.max(0, share)}%`;
  fill.style.setProperty("--fill", colour);
  return el("span", { class: "bar" },
    el("span", { class: "value" }, say.percent(share)),
    el("span", { class: "track", "aria-hidden": "true" }, fill));
}

function segments(id, options, current, onChange) {
  const box = $(id).querySelector(".segments");
  options.forEach(([value, text, hint]) => {
    const input = el("input", { type: "radio", name: id, value, id: `${id}-${value}` });
    input.checked = value === current;
    input.addEventListener("change", () => onChange(value));
    box.append(el("label", { for: `${id}-${value}`, title: hint ?? null }, input, el("span", {}, text)));
  });
}

class Panel {
  constructor({ model, say, state, screen }, actions) {
    Object.assign(this, { model, say, state, screen, actions });
    this.buildChoices();
  }

  buildChoices() {
    const { model, say } = this;
    const { data } = model;
    const select = $("service");
    const option = (id) =>
      el("option", { value: id }, model.services[id].known
        ? model.services[id].name
        : say("service_without_supply", { name: model.services[id].name }));
    if (data.shares.indexOf.length) {
      select.append(el("option", { value: -1 }, say("all_promised", { n: data.shares.indexOf.length })));
    }
    for (const [key, promised] of [["promised_services", true], ["other_services", false]]) {
      const options = model.offered.filter((id) => model.services[id].promised === promised);
      if (options.length) select.append(el("optgroup", { label: say(key) }, ...options.map(option)));
    }
    select.value = String(model.choice.service);
    select.addEventListener("change", () => this.actions.choose({ service: Number(select.value) }));
    segments("limit", data.limits.map((limit, i) =>
      [i, i ? String(limit) : say("limit_standard"), i ? say("limit_title", { n: limit }) : say("limit_standard_title")]),
    0, (limit) => this.actions.choose({ limit }));
    segments("scenario", data.scenarios.map((name, i) =>
      [i, say.code("scenario_short", name), say.code("scenario", name)]),
    0, (scenario) => this.actions.choose({ scenario }));
    segments("scope", [[0, say("scope.any"), null], [1, say("scope.own"), say("scope.own_title")]],
      0, (scope) => this.actions.choose({ scope }));
  }

  /** A box for every layer there is something of. */
  buildLayers(showLayer) {
    const { model, say, state: { shown } } = this;
    const { areas, water, roads, places } = model.data;
    const count = {
      areas: areas ? 1 : 0, water: water.length, links: roads.modelled.length, roads: roads.main.length,
      sites: places.sites.name.length, institutions: places.facilities.name.filter((_, id) => model.isInstitution(id)).length,
      closed: places.facilities.status.filter((status) => status === 2).length,
    };
    for (const name of Object.keys(shown).filter((layer) => count[layer] ?? 1)) {
      const input = el("input", { type: "checkbox", id: `layer-${name}` });
      input.checked = shown[name];
      input.addEventListener("change", () => {
        // Two shadings, one over the other, cannot be read: areas take the place of the other.
        if (name === "areas") {
          $("layer-shading").checked = !input.checked;
          showLayer("shading", !input.checked);
        }
        showLayer(name, input.checked);
      });
      $("layer-list").append(el("label", { for: input.id }, input, el("span", {}, say.code("layer", name))));
    }
  }

  /** Rewrite all that depends on the choice. */
  update() {
    this.updateResult();
    this.updateTable();
    this.updateOverview();
    $("now-showing").textContent = this.sentence();
    $("service").value = String(this.model.choice.service);
    for (const name of ["limit", "scenario", "scope"]) {
      $(`${name}-${this.model.choice[name]}`).checked = true;
    }
  }

  serviceName() {
    const { model, say } = this;
    return model.isIndex ? say("all_promised", { n: model.data.shares.indexOf.length })
      : model.services[model.choice.service].name;
  }

  limitText() {
    const { model, say } = this;
    if (model.choice.limit) return say("within_min", { n: model.data.limits[model.choice.limit] });
    return model.isIndex ? say("within_standard")
      : say("within_min", { n: model.services[model.choice.service].limit });
  }

  sentence() {
    const { model, say } = this;
    const scope = say(model.choice.scope ? "scope.own" : "scope.any");
    return `${this.serviceName()} · ${this.limitText()} · ${say.code("scenario", model.data.scenarios[model.choice.scenario])} · ${scope}`;
  }

  updateResult() {
    const { model, say } = this;
    const shares = model.shares();
    const share = shares[shares.length - 1];
    const note = $("service-note");
    note.hidden = true;
    const text = $("result-text");
    if (!model.hasShares()) {
      text.textContent = say("no_facility");
      $("distribution").replaceChildren();
      return;
    }
    const key = model.isIndex ? "result_index"
      : model.data.shares.regionByPersons[model.choice.service] ? "result_persons" : "result_population";
    text.replaceChildren(el("strong", {}, say.percent(share)), " ",
      say(key, { limit: this.limitText(), n: model.data.shares.indexOf.length }));
    if (model.isIndex) {
      const missing = model.services.filter((service) => service.promised && !service.known);
      if (missing.length) {
        note.textContent = say("index_without", { names: missing.map((service) => service.name).join("; ") });
        note.hidden = false;
      }
    } else {
      const service = model.services[model.choice.service];
      const lines = [say("target_group", { name: say.code("group", service.group) })];
      if (service.traveller === "provider") lines.push(say("provider_travels"));
      if (!service.known) lines.push(say("no_facility"));
      note.textContent = lines.join(" ");
      note.hidden = false;
    }
    this.updateDistribution();
  }

  updateDistribution() {
    const { model, say } = this;
    const { kind, people } = model.distribution();
    const total = people.reduce((sum, n) => sum + n, 0);
    const limits = model.data.limits.slice(1);
    const names = kind === "services"
      ? ["services_all", "services_half", "services_few", "services_none"].map((key) => say(key))
      : [...limits.map((limit, i) => say("minutes_band", { from: i ? limits[i - 1] : 0, to: limit })),
        say("minutes_over", { n: limits[limits.length - 1] }), say(model.choice.scope ? "no_way" : "no_route")];
    const rows = people.map((n, i) => {
      const share = total ? (100 * n) / total : 0;
      const rounded = n === 0 ? 0 : n === total ? 100 : Math.min(99, Math.max(1, Math.round(share)));
      const track = el("span", { class: "track", "aria-hidden": "true" }, el("span", { class: `fill step${i}` }));
      track.firstChild.style.width = `${share}%`;
      return el("tr", {}, el("th", { scope: "row" }, names[i]), el("td", {}, track),
        el("td", { class: "number" }, say.number(n)), el("td", { class: "number" }, say.percent(rounded)));
    });
    $("distribution").replaceChildren(el("table", {},
      el("caption", {}, say(kind === "services" ? "distribution_services" : "distribution_minutes")),
      el("tbody", {}, ...rows)));
  }

  updateTable() {
    const { model, say } = this;
    const { data } = model;
    const need = model.isIndex ? null : model.need(model.choice.service);
    const anyPersons = need !== null && need.municipality.some((n) => n !== -1);
    $("share-heading").textContent = say("share");
    $("mean-heading").hidden = model.isIndex;
    $("persons-heading").hidden = !anyPersons;
    $("table-note").textContent = model.isIndex ? say("note_index")
      : say(model.byPersons(model.choice.service) ? "note_persons" : "note_population");
    const rows = model.ranking().map(({ id, share, mean }) => {
      const c = data.palette.classes[model.classOf(share)];
      const row = el("tr", { onclick: () => this.actions.selectMunicipality(id) },
        el("th", { scope: "row" }, el("button", { type: "button", "data-municipality": id }, data.municipalities.name[id])),
        el("td", {}, bar(say, share, this.screen.fill(c), c.pattern)));
      if (!model.isIndex) row.append(el("td", { class: "number" }, Number.isNaN(mean) ? "–" : say.number(mean)));
      if (anyPersons) {
        row.append(el("td", { class: "number" }, persons(say, need.municipality[id], data.belowPersons)));
      }
      return row;
    });
    $("municipality-rows").replaceChildren(...rows);
    this.markSelected();
  }

  /** Mark the row of the selected municipality without losing the keyboard's place. */
  markSelected() {
    const chosen = String(this.state.selected.municipality);
    for (const button of $("municipality-rows").querySelectorAll("button")) {
      button.closest("tr").classList.toggle("selected", button.dataset.municipality === chosen);
    }
  }

  updateOverview() {
    const { model, say } = this;
    const scenarios = model.data.scenarios;
    const last = (service, scenario) => model.shares(service, scenario).at(-1);
    const row = (service) => {
      const name = service < 0 ? say("all_promised", { n: model.data.shares.indexOf.length })
        : model.services[service].name;
      const button = el("button", { type: "button" }, name);
      button.addEventListener("click", () => this.actions.choose({ service }));
      const cells = scenarios.map((_, scenario) => el("td", { class: "number" },
        model.hasShares(service, scenario) ? say.percent(last(service, scenario)) : say("no_facility_short")));
      return el("tr", { class: service === model.choice.service ? "selected" : null },
        el("th", { scope: "row" }, button), ...cells);
    };
    const services = model.data.shares.indexOf.length ? [-1, ...model.offered] : model.offered;
    $("service-rows").replaceChildren(...services.map(row));
  }

  showDetail(title, ...children) {
    $("detail-title").textContent = title;
    $("detail-body").replaceChildren(...children.filter(Boolean));
    $("detail").hidden = false;
  }

  hideDetail() {
    $("detail").hidden = true;
  }
}
