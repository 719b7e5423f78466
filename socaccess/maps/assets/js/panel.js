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

/** A list to choose one of: [value, text] each. */
function fillSelect(id, options, onChange) {
  const select = $(id);
  select.append(...options.map(([value, text]) => el("option", { value }, text)));
  select.addEventListener("change", () => onChange(Number(select.value)));
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
    const { model, say, actions: { choose } } = this;
    const { data } = model;
    const select = $("service");
    const option = (id) =>
      el("option", { value: id }, model.services[id].known
        ? model.services[id].name
        : say("service_without_supply", { name: model.services[id].name }));
    for (const [key, promised] of [["promised_services", true], ["other_services", false]]) {
      const options = model.offered.filter((id) => model.services[id].promised === promised);
      if (options.length) select.append(el("optgroup", { label: say(key) }, ...options.map(option)));
    }
    if (data.shares.indexOf.length) {
      select.append(el("option", { value: -1 }, say("all_promised", { n: data.shares.indexOf.length })));
    }
    select.addEventListener("change", () => choose({ service: Number(select.value) }));
    fillSelect("limit", data.limits.map((limit, i) => [i, i ? say("limit_title", { n: limit }) : ""]),
      (limit) => choose({ limit }));
    fillSelect("scope", data.scopes.map((name, i) => [i, say.code("scope", name)]), (scope) => choose({ scope }));
    segments("scenario", data.scenarios.map((name, i) => [i, say.code("scenario_short", name), say.code("scenario", name)]),
      model.choice.scenario, (scenario) => choose({ scenario }));
    for (const button of document.querySelectorAll("#gaps button")) {
      button.addEventListener("click", () => this.actions.showGap(Number(button.dataset.service)));
    }
    for (const button of document.querySelectorAll("#build button")) {
      button.addEventListener("click", () => this.actions.showProposal(Number(button.dataset.service), Number(button.dataset.site)));
    }
  }

  /** A box for every layer there is something of. */
  buildLayers(showLayer) {
    const { model, say, state: { shown } } = this;
    const { whatif, water, roads, places } = model.data;
    const count = {
      zones: whatif ? 1 : 0, water: water.length, links: roads.modelled.length, roads: roads.main.length,
      sites: places.sites.name.length, institutions: places.facilities.name.filter((_, id) => model.isInstitution(id)).length,
      closed: places.facilities.status.filter((status) => status >= 2).length,
    };
    for (const name of Object.keys(shown).filter((layer) => count[layer] ?? 1)) {
      const input = el("input", { type: "checkbox", id: `layer-${name}` });
      input.checked = shown[name];
      input.addEventListener("change", () => {
        // Two shadings, one over the other, cannot be read: one takes the place of the other.
        const other = { zones: "shading", shading: "zones" }[name];
        if (input.checked && other && $(`layer-${other}`)) {
          $(`layer-${other}`).checked = false;
          showLayer(other, false);
        }
        showLayer(name, input.checked);
      });
      $("layer-list").append(el("label", { for: input.id }, input, el("span", {}, say.code("layer", name))));
    }
  }

  /** Rewrite all that depends on the choice. */
  update() {
    const { choice } = this.model;
    this.updateResult();
    this.updateTable();
    this.updateOverview();
    this.markFinding();
    $("now-showing").textContent = this.sentence();
    $("limit").options[0].textContent = this.model.isIndex ? this.say("limit_standard")
      : this.say("limit_own", { n: this.model.services[choice.service].limit });
    for (const name of ["service", "limit", "scope"]) $(name).value = String(choice[name]);
    $(`scenario-${choice.scenario}`).checked = true;
  }

  /** Mark the gap or the proposals that the map shows now. */
  markFinding() {
    const { model } = this;
    const scenario = { gaps: "now", build: "suggested" };
    for (const [list, name] of Object.entries(scenario)) {
      for (const button of document.querySelectorAll(`#${list} button`)) {
        button.setAttribute("aria-pressed", String(model.isScenario(name) && Number(button.dataset.service) === model.choice.service));
      }
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
    const { scenario, scope } = model.choice;
    return [this.serviceName(), this.limitText(), say.code("scenario", model.data.scenarios[scenario]), say.code("scope", model.data.scopes[scope])].join(" · ");
  }

  /** A share, with what it would be if all times were longer or shorter. */
  shareText(share, range) {
    const { say } = this;
    if (share < 0 || !range || range[0] === range[1]) return say.percent(share);
    return say("share_range", { share: say.percent(share), low: say.number(range[0]), high: say.percent(range[1]) });
  }

  updateResult() {
    const { model, say } = this;
    const text = $("result-text");
    const note = $("service-note");
    const lines = [];
    const index = model.data.shares.indexOf.length;
    $("result-title").textContent = this.serviceName();
    if (model.isIndex) {
      const missing = model.services.filter((service) => service.promised && !service.known);
      if (missing.length) lines.push(say("index_without", { names: missing.map((service) => service.name).join("; ") }));
    } else {
      const service = model.services[model.choice.service];
      lines.push(say("target_group", { name: say.code("group", service.group) }));
      if (service.traveller === "provider") lines.push(say("provider_travels"));
      if (!service.known) lines.push(say("no_facility"));
    }
    note.textContent = lines.join(" ");
    note.hidden = !lines.length;
    if (!model.hasShares()) {
      text.textContent = say("no_facility");
      $("distribution").replaceChildren();
      return;
    }
    const selected = this.state.selected.municipality;
    const at = selected ?? model.data.municipalities.name.length;
    const range = model.rangeOf(at);
    const sites = model.isIndex || !model.isScenario("suggested") ? 0
      : model.data.places.sites.service.filter((service) => service === model.choice.service).length;
    const where = selected === null ? "" : `${model.data.municipalities.where[selected]} `;
    const span = range ? say("range", { low: say.number(range[0]), high: say.percent(range[1]) }) : "";
    text.replaceChildren(
      el("strong", {}, say.percent(model.shares()[at])),
      el("span", { class: "range" }, span && `(${span})`),
      el("span", {}, where, model.isIndex ? say("result_index", { n: index })
        : say(sites ? "result_sites" : "result_within", { n: sites, limit: this.limitText() })));
    this.updateDistribution();
  }

  /** The large figure of the strip, where changes make it. */
  showShare(percent, text) {
    $("result-text").replaceChildren(el("strong", {}, this.say.percent(percent)), el("span", {}, text));
  }

  updateDistribution() {
    const { model, say } = this;
    const { kind, people } = model.distribution();
    const total = people.reduce((sum, n) => sum + n, 0);
    const limits = model.data.limits.slice(1);
    const names = kind === "services"
      ? [say("services_all"), say("services_half"), say("services_few"), say("services_none")]
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
    $("table-service").textContent = this.sentence();
    $("mean-heading").hidden = model.isIndex;
    $("persons-heading").hidden = !anyPersons;
    $("table-note").textContent = model.isIndex ? say("note_index") : say.code("note", model.shareBasis(model.choice.service));
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

  /** Every service of the region one by one, in the order of its groups. */
  updateOverview() {
    const { model, say } = this;
    const { scenarios, municipalities } = model.data;
    const region = municipalities.name.length;
    const row = (service) => {
      const button = el("button", { type: "button", onclick: () => this.actions.choose({ service }) },
        service < 0 ? say("all_promised", { n: model.data.shares.indexOf.length }) : model.marked(model.services[service], model.services[service].short));
      const known = scenarios.map((_, scenario) => model.hasShares(service, scenario));
      const cells = known.some(Boolean)
        ? scenarios.map((_, scenario) => el("td", { class: "number" }, known[scenario]
          ? this.shareText(model.shares(service, scenario)[region], scenario === 0 ? model.rangeOf(region, service, scenario) : null) : "–"))
        : [el("td", { colspan: scenarios.length, class: "number note" }, say("no_facility_short"))];
      return el("tr", { class: service === model.choice.service ? "selected" : null }, el("th", { scope: "row" }, button), ...cells);
    };
    $("service-rows").replaceChildren(...model.byGroup().flatMap(({ group, services }) => [
      el("tr", { class: "group" }, el("th", { colspan: scenarios.length + 1, scope: "colgroup" }, this.groupText(group, services[0]))),
      ...services.map(row)]), ...(model.data.shares.indexOf.length ? [row(-1)] : []));
  }

  /** A target group, with how many persons of it need the service. */
  groupText(group, service, municipality = null) {
    const { model, say } = this;
    const need = model.need(service);
    const count = municipality === null ? need.region : need.municipality[municipality];
    const name = say.code("group", group);
    return count === -1 ? name : say("group_need", { name, persons: persons(say, count, model.data.belowPersons) });
  }

  showDetail(title, ...children) {
    $("detail-title").textContent = title;
    $("detail-body").replaceChildren(...children.filter(Boolean));
    $("detail").hidden = false;
    $("municipalities").hidden = true;
  }

  hideDetail() {
    $("detail").hidden = true;
    $("municipalities").hidden = false;
  }
}
