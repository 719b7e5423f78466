// On phones the panel is a sheet above the map: low, half or high. It is drawn by its handle, opens
// to what was tapped, and gives way when the map is.

const SHEET = ["low", "half", "high"];

class Sheet {
  constructor({ screen, view }) {
    Object.assign(this, { screen, view, at: "half" });
    const handle = $("handle");
    let from = null;
    handle.addEventListener("pointerdown", (event) => {
      from = { y: event.clientY, moved: false };
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!from) return;
      from.moved ||= Math.abs(event.clientY - from.y) > 6;
      if (from.moved) document.body.style.setProperty("--sheet", `${Math.max(90, window.innerHeight - event.clientY + 11)}px`);
    });
    const drop = (event) => {
      if (from?.moved) this.show(this.nearest((window.innerHeight - event.clientY) / window.innerHeight));
      from &&= { moved: from.moved };
    };
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
    // A tap, or the keyboard: the next height; after the highest the lowest.
    handle.addEventListener("click", () => {
      if (!from?.moved) this.show(SHEET[(SHEET.indexOf(this.at) + 1) % SHEET.length]);
      from = null;
    });
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.show(SHEET[Math.min(SHEET.length - 1, Math.max(0, SHEET.indexOf(this.at) + step))]);
    });
  }

  nearest(share) {
    return share < 0.45 ? "low" : share < 0.82 ? "half" : "high";
  }

  show(at) {
    this.at = at;
    document.body.style.removeProperty("--sheet");
    document.body.dataset.sheet = at;
    $("handle").setAttribute("aria-expanded", String(at !== "low"));
    this.view.map.invalidateSize({ animate: false, pan: false });
  }

  /** Something was tapped: its page opens, and the tapped place stays in sight above it. */
  openAt(latlng) {
    if (!this.screen.isPhone) return;
    if (this.at !== "half") this.show("half");
    $("panel").scrollTop = 0;
    if (latlng) this.view.map.panInside(latlng, { padding: [60, 70], animate: false });
  }
}
