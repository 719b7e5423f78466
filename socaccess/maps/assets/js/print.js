// Printing. The map is resized and refitted before the browser lays the page out,
// otherwise its right edge is cut.

function startPrinting({ map, fit, boundsToPrint, isSheet, beforePrint, afterPrint }) {
  const paper = $("paper");
  let view = null;

  /** Tell the browser the paper that was chosen, through the style sheet's own @page rule. */
  function setPaper() {
    document.body.dataset.paper = paper.value;
    const [size, orientation] = paper.value.split("-");
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (rule instanceof CSSPageRule) rule.style.setProperty("size", `${size.toUpperCase()} ${orientation}`);
      }
    }
  }

  function prepare() {
    if (view) return;
    view = { centre: map.getCenter(), zoom: map.getZoom(), bounds: boundsToPrint() };
    document.body.classList.add("printing");
    // One page of the panel beside the map, or the map and then all pages.
    document.body.classList.toggle("sheet", isSheet());
    map.invalidateSize({ animate: false, pan: false });
    fit(view.bounds, { animate: false, padding: [8, 8] });
    beforePrint();
  }

  function restore() {
    if (!view) return;
    document.body.classList.remove("printing", "sheet");
    map.invalidateSize({ animate: false, pan: false });
    map.setView(view.centre, view.zoom, { animate: false });
    view = null;
    afterPrint();
  }

  paper.addEventListener("change", setPaper);
  window.addEventListener("beforeprint", prepare);
  window.addEventListener("afterprint", restore);
  $("print").addEventListener("click", () => {
    setPaper();
    window.print();
  });
  setPaper();
}
