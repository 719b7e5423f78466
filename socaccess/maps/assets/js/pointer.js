// Pointer and finger: what lies under them is explained, and a click selects it.

class Pointer {
  constructor({ data, say, state, screen, model, cards, view, layers, marks, panel, selection, bottom }, onChange) {
    Object.assign(this, { data, say, model, cards, layers, marks, panel, view });
    this.tooltip = $("tooltip");
    const { map } = view;
    map.on("mousemove", (event) => {
      const found = this.pick(event.latlng);
      map.getContainer().classList.toggle("pointing", Boolean(found));
      if (found) this.explain(found, event.containerPoint);
      else this.hide();
    });
    map.on("zoomstart movestart", () => this.hide());
    // A finger that lifts counts as leaving the map; what it touched stays explained.
    map.on("mouseout", () => screen.isTouch || this.hide());
    map.on("click", (event) => {
      const touch = event.originalEvent?.pointerType === "touch";
      const found = this.pick(event.latlng, touch ? 20 : 11);
      this.hide();
      // On the page of changes a click changes something.
      if (state.tab === "whatif") {
        onChange(found, event.latlng);
        return;
      }
      if (!found) {
        selection.clear();
        return;
      }
      selection.select(found.kind, found.id, { zoom: false });
      bottom.openAt(event.latlng);
      if (screen.isTouch && !screen.isPhone) this.explain(found, event.containerPoint);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.tooltip.hidden) this.hide();
    });
  }

  /** What lies under a point: a place, else a settlement, else a municipality. */
  pick(latlng, reachPixels = 11) {
    const mark = this.marks.pick(latlng, reachPixels);
    if (mark) return mark;
    const municipality = this.layers.municipalityAt([latlng.lat, latlng.lng]);
    return municipality < 0 ? null : { kind: "municipality", id: municipality };
  }

  textOf({ kind, id }) {
    const { data, say, model, cards } = this;
    if (kind === "settlement") return [data.settlements.name[id], cards.settlementLines(id)];
    if (kind === "place") return [cards.placeTitle(id), cards.placeLines(id)];
    const share = model.shownShares()[id];
    return [data.municipalities.name[id],
      [share < 0 ? say("no_facility") : say("share_here", { share: say.percent(share), limit: this.panel.limitText() })]];
  }

  explain(found, point) {
    const { tooltip } = this;
    const [title, lines] = this.textOf(found);
    tooltip.replaceChildren(el("strong", {}, title), ...lines.map((line) => el("span", {}, line)));
    tooltip.hidden = false;
    const size = this.view.map.getSize();
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const left = point.x + 16 + width > size.x ? point.x - width - 14 : point.x + 16;
    const top = Math.min(Math.max(6, point.y - height / 2), Math.max(6, size.y - height - 6));
    tooltip.style.transform = `translate(${Math.max(6, left)}px, ${top}px)`;
  }

  hide() {
    this.tooltip.hidden = true;
  }
}
