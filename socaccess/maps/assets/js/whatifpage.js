// The page "what if": changes, what they mean, and the facilities one can close or open.

/** A number of people as the answer gives it, with a sign where it is a change. */
function peopleText(say, shown, sign = "") {
  if (shown === null) return say("untold");
  if (shown.below) return say("below", { n: shown.below });
  if (shown.above) return say("above", { n: shown.above });
  return `${shown ? sign : ""}${say.number(shown)}`;
}

class WhatIfPage {
  constructor({ data, say, model, whatif, scenario, panel }, { redraw, choose, link, message, addAt }) {
    Object.assign(this, { data, say, model, whatif, scenario, panel, redraw, choose, link, message, addAt });
    /** Whether the next click on the map places a facility. */
    this.isPlacing = false;
    this.build();
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches("input, select, textarea");
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !isTyping && !$("page-whatif").hidden) {
        event.preventDefault();
        this.undo();
      }
    });
  }

  build() {
    const { say } = this;
    // Rows are written only while they are seen.
    $("whatif-settlements").addEventListener("toggle", () => this.last && this.updateSettlements(this.last));
    const button = (id, text, onclick) => el("button", { type: "button", id, onclick }, text);
    const load = el("input", { type: "file", id: "scenario-load", accept: ".json,application/json", hidden: true });
    load.addEventListener("change", () => this.load(load));
    $("whatif-actions").append(
      button("whatif-best", say("whatif_best"), () => this.addBest()),
      button("whatif-place", say("whatif_place"), () => this.place()),
      button("whatif-undo", say("whatif_undo"), () => this.undo()),
      button("whatif-link", say("whatif_link"), () => this.copyLink()),
      button("whatif-save", say("whatif_save"), () => this.save()),
      button("whatif-load", say("whatif_load"), () => load.click()), load);
  }

  get service() {
    return this.model.choice.service;
  }

  get changedLimit() {
    return Math.floor(this.data.limits[this.model.choice.limit] ?? 0);
  }

  addBest() {
    const { data, say, whatif, scenario, service } = this;
    const best = whatif.best(service, scenario.changes, this.changedLimit);
    if (!best || whatif.shown(service, best.gain, best.gain)?.below) {
      this.message(say("whatif_no_better", { n: data.belowPersons }));
      return;
    }
    scenario.add(service, best.settlement);
    const equals = best.equals.slice(0, 3).map((i) => data.settlements.name[i]).join(", ");
    this.message(say(equals ? "whatif_best_equals" : "whatif_best_is", { name: data.settlements.name[best.settlement], equals }));
    this.redraw();
  }

  place(isPlacing = !this.isPlacing) {
    this.isPlacing = isPlacing;
    $("whatif-place").setAttribute("aria-pressed", String(isPlacing));
    if (isPlacing) this.message(this.say("whatif_click_map"));
  }

  undo() {
    this.scenario.undo();
    this.redraw();
  }

  copyLink() {
    copyText(this.link(), null, () => this.message(this.say("copied")));
  }

  save() {
    const blob = new Blob([this.scenario.toFile(this.changedLimit)], { type: "application/json" });
    const link = el("a", { href: URL.createObjectURL(blob), download: `${this.data.whatif.study}-scenario.json` });
    link.click();
    URL.revokeObjectURL(link.href);
    this.message(this.say("scenario_saved", { study: this.data.whatif.study }));
  }

  async load(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    const wrong = file.size > 1e6 ? "scenario_not_read" : this.scenario.fromFile(await file.text());
    if (wrong) this.message(this.say(wrong));
    const [first] = this.scenario.changes;
    if (first && !this.scenario.of(this.service).length) this.choose({ service: first.service });
    else this.redraw();
  }

  /** Everything on the page but the figures: rewritten when a change comes or goes. */
  update() {
    const { say, model, scenario, service } = this;
    const mine = scenario.of(service);
    $("whatif-title").textContent = model.services[service].name;
    $("whatif-hint").textContent = say(mine.length ? "whatif_hint_changed" : "whatif_hint");
    $("whatif-undo").disabled = !scenario.past.length;
    for (const id of ["whatif-link", "whatif-save"]) $(id).disabled = !scenario.changes.length;
    $("whatif-changes").replaceChildren(...mine.map((change) => this.changeRow(change)));
    const others = scenario.changes.length - mine.length;
    $("whatif-others").textContent = others ? say("whatif_others", { n: others }) : "";
    this.updateFacilities();
    this.updateFigures();
  }

  changeRow(change) {
    const { data, say, scenario } = this;
    const remove = el("button", { type: "button", "aria-label": say("whatif_remove"), onclick: () => { scenario.remove(change); this.redraw(); } }, "×");
    if (change.kind !== "add") {
      const name = data.places.facilities.name[change.place];
      return el("li", {}, el("span", { class: "badge" }, change.kind === "close" ? "×" : "?"),
        el("span", {}, el("strong", {}, say.code("change", change.kind)), ` ${name}`), remove);
    }
    const { row } = data.whatif;
    this.order ??= data.settlements.name.map((_, i) => i).filter((i) => row[i] >= 0)
      .sort((a, b) => data.settlements.name[a].localeCompare(data.settlements.name[b], data.lang));
    const select = el("select", { "aria-label": say("whatif_where") },
      ...this.order.map((i) => el("option", { value: i, selected: i === change.place }, data.settlements.name[i])));
    select.addEventListener("change", () => { scenario.move(change, Number(select.value)); this.redraw(); });
    return el("li", {}, el("span", { class: "badge" }, "+"), select, remove);
  }

  /** The facilities of the service, each with a button: also for those who use no pointer. */
  updateFacilities() {
    const { data, say, whatif, scenario, service } = this;
    const { facilities } = data.places;
    const open = new Set(whatif.facilities(service, 0).keys());
    const listed = [...whatif.facilities(service, whatif.planned).keys()].filter((id) => id < facilities.name.length)
      .sort((a, b) => facilities.inRegion[b] - facilities.inRegion[a] || open.has(b) - open.has(a) || a - b);
    $("whatif-facilities").replaceChildren(...listed.map((id) => {
      const changed = Boolean(scenario.find(id));
      const kind = open.has(id) ? "close" : "open";
      const action = changed ? say.code("undo_change", kind) : say.code("do_change", kind);
      return el("li", {}, el("span", {}, facilities.name[id], el("small", {}, ` ${[facilities.settlement[id], facilities.municipality[id]].filter(Boolean).join(", ")}`)),
        el("button", { type: "button", "aria-pressed": String(changed), "data-facility": id,
          "aria-label": `${action}: ${facilities.name[id]}`, onclick: () => { scenario.toggle(id); this.redraw(id); } }, action));
    }));
    $("whatif-facilities-count").textContent = say.number(listed.length);
  }

  /** The figures, rewritten with every step of a pin. */
  updateFigures() {
    const { data, say, whatif, scenario, service } = this;
    const added = scenario.of(service).filter(({ kind }) => kind === "add");
    [...$("whatif-changes").querySelectorAll("select")].forEach((select, i) => { select.value = String(added[i].place); });
    $("whatif-undo").disabled = !scenario.past.length;
    const answer = whatif.answer(service, scenario.changes, this.changedLimit);
    answer.withoutCar = whatif.withoutCar(service, scenario.changes, answer.limit);
    this.last = answer;
    const card = (name, text, [n, low, high], sign) => el("div", { class: name },
      el("strong", {}, peopleText(say, n, sign)), el("span", {}, text),
      el("small", {}, n === 0 || low === high || typeof low !== "number" || typeof high !== "number" ? ""
        : say("whatif_range", { low: say.number(low), high: say.number(high), share: say.percent(Math.round(data.whatif.uncertainty * 100)) })));
    const width = (percent) => `width:${Math.max(0, percent)}%`;
    const bar = el("div", { class: `beforeafter${answer.percentAfter < answer.percentBefore ? " less" : ""}`, role: "img",
      "aria-label": say("whatif_within", { before: say.percent(answer.percentBefore), after: say.percent(answer.percentAfter) }) });
    for (const part of ["most", "least"]) {
      const fill = el("i", { class: part });
      fill.style.cssText = width(Math[part === "most" ? "max" : "min"](answer.percentBefore, answer.percentAfter));
      bar.append(fill);
    }
    const changed = answer.municipalities.filter((row) => row.gained !== 0 || row.lost !== 0)
      .sort((a, b) => this.size(b) - this.size(a) || a.id - b.id);
    // In a table a mark is short; in a sentence it is words.
    const change = (shown, sign) => (shown === 0 ? "" : shown?.below ? `<${shown.below}` : shown?.above ? `>${shown.above}` : peopleText(say, shown, sign));
    $("whatif-figures").replaceChildren(
      el("div", { class: "bigs" }, card("gained", say("whatif_gained"), answer.gained, "+"), card("lost", say("whatif_lost"), answer.lost, "−")), bar,
      el("p", {}, el("strong", {}, `${say.percent(answer.percentBefore)} → ${say.percent(answer.percentAfter)}`), ` ${say("whatif_of", {
        before: peopleText(say, answer.withinBefore), after: peopleText(say, answer.withinAfter), all: peopleText(say, answer.people) })}`),
      ...(whatif.hasNeed(service) ? [] : [el("p", { class: "note" }, say("whatif_inhabitants"))]),
      ...(answer.withoutCar ? [this.withoutCarLine(answer)] : []),
      ...(this.model.services[service].known ? [] : [el("p", { class: "note" }, say("no_facility"))]),
      ...(changed.length ? [el("table", {},
        el("thead", {}, el("tr", {}, ...["municipality", "whatif_now", "whatif_after", "whatif_gain", "whatif_loss"].map((key) => el("th", { scope: "col" }, say(key))))),
        el("tbody", {}, ...changed.map((row) => el("tr", {}, el("th", { scope: "row" }, data.municipalities.name[row.id]),
          el("td", { class: "number" }, say.percent(row.before)), el("td", { class: "number" }, el("strong", {}, say.percent(row.after))),
          el("td", { class: "number" }, change(row.gained, "+")), el("td", { class: "number" }, change(row.lost, "−"))))))] : []));
    this.updateSettlements(answer);
    this.panel.showShare(answer.percentAfter, say("whatif_result", { limit: answer.limit }));
  }

  /** Who gets there without a car, and home the same day. */
  withoutCarLine({ limit, withoutCar: { percentBefore, percentAfter, sameDayBefore, sameDayAfter, gained, lost } }) {
    const { say } = this;
    const change = (from, to) => `${say.percent(from)} → ${say.percent(to)}`;
    return el("p", { id: "whatif-without-car" }, say("whatif_without_car", { limit, within: change(percentBefore, percentAfter),
      day: change(sameDayBefore, sameDayAfter), gained: peopleText(say, gained, "+"), lost: peopleText(say, lost, "−") }));
  }

  /** Shares of municipalities after the changes, for the names on the map. */
  get shares() {
    return this.last.municipalities.map(({ after }) => after);
  }

  size({ gained, lost }) {
    const number = (shown) => (typeof shown === "number" ? shown : 1);
    return number(gained) + number(lost);
  }

  /** The settlements whose minutes change, by car or without one, most people first. */
  updateSettlements({ before, after, withoutCar }) {
    const { data, say, whatif } = this;
    const block = $("whatif-settlements");
    if (!block.open) return;
    const { longest, slow } = data.whatif;
    const ways = [[before, after, longest], ...(withoutCar ? [[withoutCar.before, withoutCar.after, slow - 1]] : [])]
      .map(([was, then, most]) => ({ was: whatif.settlementMinutes(was), then: whatif.settlementMinutes(then), most }));
    const heads = ["whatif_now", "whatif_after"].map((key) => say(key));
    const others = withoutCar ? heads.map((head) => say("whatif_column_without_car", { head })) : [];
    $("whatif-settlement-heads").replaceChildren(...[say("settlement"), ...heads, ...others].map((head) => el("th", { scope: "col" }, head)));
    const text = (minutes, most) => (minutes < 0 ? say("whatif_far", { n: most }) : say.number(minutes));
    const { name, population } = data.settlements;
    const changed = name.map((_, i) => i).filter((i) => ways.some(({ was, then }) => was[i] !== then[i]))
      .sort((a, b) => population[b] - population[a] || a - b);
    $("whatif-settlement-rows").replaceChildren(...changed.map((i) => el("tr", {},
      el("th", { scope: "row" }, name[i]), ...ways.flatMap(({ was, then, most }) => [
        el("td", { class: "number" }, text(was[i], most)), el("td", { class: "number" }, el("strong", {}, text(then[i], most)))]))));
  }
}
