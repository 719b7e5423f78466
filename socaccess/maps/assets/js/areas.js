// Service areas: roads cut where the time is up and drawn as wide as an area reaches to
// either side of them. Round ends and joints make of many stretches one area.

/**
 * Return the stretches of road within `limit` tenths of a minute, as lines of [y, x],
 * without those that lie within `inner` from end to end: a nearer band covers them.
 */
function reachedRoads(areas, service, scenario, limit, inner) {
  const tenths = areas.tenths[service][scenario];
  const provider = areas.provider[service];
  const stretches = [];
  for (let edge = 0; edge < areas.from.length; edge++) {
    // Who travels to a facility leaves a stretch by its near end; a provider enters by it.
    const viaStart = provider ? areas.forward[edge] : areas.backward[edge];
    const viaEnd = provider ? areas.backward[edge] : areas.forward[edge];
    const share = (until) => [
      shareReached(tenths[areas.from[edge]], viaStart, until), shareReached(tenths[areas.to[edge]], viaEnd, until)];
    const [fromStart, fromEnd] = share(limit);
    const [innerStart, innerEnd] = share(inner);
    if (innerStart + innerEnd >= 1) continue;
    if (fromStart + fromEnd >= 1) {
      stretches.push(areas.lines[edge]);
    } else {
      if (fromStart > 0) stretches.push(cutLine(areas.lines[edge], fromStart));
      if (fromEnd > 0) stretches.push(cutLine([...areas.lines[edge]].reverse(), fromEnd));
    }
  }
  return stretches;
}

/** The share of a stretch that can be driven in the time left; hundredths < 0: closed. */
function shareReached(tenths, hundredths, limit) {
  if (tenths > limit || hundredths < 0) return 0;
  return hundredths === 0 ? 1 : Math.min(1, (limit - tenths) * 10 / hundredths);
}

/** The first part of a line, as a share of its length. */
function cutLine(line, share) {
  const step = (i) => Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]);
  let left = 0;
  for (let i = 1; i < line.length; i++) left += step(i);
  left *= share;
  const part = [line[0]];
  for (let i = 1; i < line.length; i++) {
    const length = step(i);
    if (length >= left) {
      const t = length ? left / length : 0;
      part.push([0, 1].map((k) => line[i - 1][k] + t * (line[i][k] - line[i - 1][k])));
      break;
    }
    part.push(line[i]);
    left -= length;
  }
  return part;
}

// From the nearest band to the furthest; the furthest is drawn first. Plain, then patterns
// that grow lighter: the order can be told without colour.
const AREA_PATTERNS = ["", "lines", "dots", "columns"];

/** The bands of one service on the map, each an edge, a colour and a pattern over it. */
class ServiceAreas {
  constructor(map, areas, pane) {
    Object.assign(this, { map, areas });
    this.renderer = L.svg({ padding: 0.3, pane });
    const options = { renderer: this.renderer, pane, interactive: false, smoothFactor: 1.5, lineCap: "round", lineJoin: "round" };
    this.bands = areas.limits.map(() => ["edge", "fill", "pattern"].map(() => L.polyline([], options)));
    this.group = L.layerGroup([...this.bands].reverse().flat());
    map.on("zoomend", () => this.widen());
  }

  /** Show the areas of a service, or of none (-1). */
  show(service, scenario, colours) {
    const usable = service >= 0 && this.areas.tenths[service];
    this.bands.forEach(([edge, fill, pattern], band) => {
      const until = (number) => (number < 0 ? -1 : this.areas.limits[number] * 10);
      const roads = usable ? reachedRoads(this.areas, service, scenario, until(band), until(band - 1)) : [];
      for (const line of [edge, fill]) line.setLatLngs(roads);
      pattern.setLatLngs(AREA_PATTERNS[band] ? roads : []);
      edge.setStyle({ color: colours.edge, opacity: 1 });
      fill.setStyle({ color: colours.bands[Math.min(band, colours.bands.length - 1)], opacity: 1 });
      const name = AREA_PATTERNS[band];
      pattern.setStyle({ color: name ? `url(#area-${name})` : "none", opacity: 1 });
    });
    this.widen();
  }

  /** Make the strokes as wide as the area is on the ground, and never too thin to be seen. */
  widen() {
    const { map, areas } = this;
    const width = Math.max(7, (2 * areas.buffer * map.options.crs.scale(map.getZoom())) / METRES_PER_PIXEL);
    for (const [edge, fill, pattern] of this.bands) {
      edge.setStyle({ weight: width + 1.4 });
      fill.setStyle({ weight: width });
      pattern.setStyle({ weight: width });
    }
  }
}
