// Zones: where people live, coloured by their way. Every point where people live has the
// ground nearest to it; all ground of one class is one shape, so that no seam shows.

/** The ground nearest to each point, at most `reach` metres away: flat lists of x, y. */
function nearestGround(x, y, reach) {
  const side = Math.max(500, Math.sqrt(((Math.max(...x) - Math.min(...x)) * (Math.max(...y) - Math.min(...y))) / Math.max(1, x.length)));
  const index = new PointIndex(side);
  for (let i = 0; i < x.length; i++) index.add(x[i], y[i], i);
  return Array.from(x, (px, i) => {
    const py = y[i];
    let shape = [px - reach, py - reach, px + reach, py - reach, px + reach, py + reach, px - reach, py + reach];
    const column = Math.floor(px / side);
    const row = Math.floor(py / side);
    for (let ring = 0; ; ring++) {
      let far = 0;
      for (let k = 0; k < shape.length; k += 2) far = Math.max(far, Math.hypot(shape[k] - px, shape[k + 1] - py));
      // What is twice as far as the farthest corner cuts nothing any more.
      if ((ring - 1) * side > 2 * far) return shape;
      for (let c = column - ring; c <= column + ring; c++) {
        const step = Math.abs(c - column) === ring ? 1 : Math.max(1, 2 * ring);
        for (let r = row - ring; r <= row + ring; r += step) {
          const cell = index.cells.get(index.key(c, r)) ?? [];
          for (let k = 0; k < cell.length; k += 3) {
            if (cell[k] !== px || cell[k + 1] !== py) shape = cutHalf(shape, px, py, cell[k], cell[k + 1]);
          }
        }
      }
    }
  });
}

/** What of a shape is nearer to one point than to another. */
function cutHalf(shape, px, py, qx, qy) {
  const nx = qx - px;
  const ny = qy - py;
  const middle = nx * (px + qx) / 2 + ny * (py + qy) / 2;
  const side = (k) => nx * shape[k] + ny * shape[k + 1] - middle;
  const kept = [];
  for (let k = 0; k < shape.length; k += 2) {
    const next = (k + 2) % shape.length;
    const here = side(k);
    const there = side(next);
    if (here <= 0) kept.push(shape[k], shape[k + 1]);
    if ((here < 0 && there > 0) || (here > 0 && there < 0)) {
      const t = here / (here - there);
      kept.push(shape[k] + t * (shape[next] - shape[k]), shape[k + 1] + t * (shape[next + 1] - shape[k + 1]));
    }
  }
  return kept;
}

/** A small picture that is repeated: a pattern of the page's names. */
function patternTile(name, colour, ratio) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(8 * ratio);
  const ctx = tile.getContext("2d");
  ctx.scale(tile.width / 8, tile.width / 8);
  ctx.strokeStyle = ctx.fillStyle = colour;
  if (name === "dots") {
    for (const at of [2, 6]) {
      ctx.beginPath();
      ctx.arc(at, at, 1, 0, 2 * Math.PI);
      ctx.fill();
    }
  } else {
    ctx.lineWidth = 0.9;
    ctx.stroke(new Path2D(PATTERN_PATHS[name]));
  }
  return tile;
}

const ZoneLayer = SymbolLayer.extend({
  options: { padding: 0.15, pane: "zones" },

  /** x, y of the points where people live; outlines to stay inside of. */
  setGround(x, y, outlines) {
    Object.assign(this, { _x: x, _y: y, _outlines: outlines });
  },

  /** classes: of every point; colours: {fill, pattern, ink} of every class. */
  setClasses(classes, colours) {
    Object.assign(this, { _classes: classes, _colours: colours });
    if (this._map) this._update();
  },

  _draw(size, ratio) {
    if (!this._classes) return;
    const { _context: ctx, _map: map } = this;
    const scale = (map.options.crs.scale(map.getZoom()) / METRES_PER_PIXEL) * ratio;
    const corner = map.getPixelOrigin().add(this._bounds.min).multiplyBy(ratio);
    const { cells, inside } = this._paths(scale, corner);
    ctx.save();
    ctx.clip(inside, "evenodd");
    this._colours.forEach(({ fill, pattern, ink }, number) => {
      const shape = new Path2D();
      for (let i = 0; i < cells.length; i++) if (this._classes[i] === number) shape.addPath(cells[i]);
      ctx.fillStyle = ctx.strokeStyle = fill;
      ctx.lineWidth = 0.8 * ratio;
      ctx.fill(shape);
      ctx.stroke(shape);
      if (pattern) {
        ctx.fillStyle = ctx.createPattern(patternTile(pattern, ink, ratio), "repeat");
        ctx.fill(shape);
      }
    });
    ctx.restore();
  },

  /** Paths on the screen, made once a view: making them takes longer than filling them. */
  _paths(scale, corner) {
    const key = `${scale} ${corner.x} ${corner.y}`;
    if (this._key !== key) {
      this._cells ??= nearestGround(this._x, this._y, 15000);
      const line = (path, points) => {
        for (let k = 0; k < points.length; k += 2) {
          const px = points[k] * scale - corner.x;
          const py = -points[k + 1] * scale - corner.y;
          if (k) path.lineTo(px, py);
          else path.moveTo(px, py);
        }
        path.closePath();
      };
      const inside = new Path2D();
      for (const ring of this._outlines.flat(2)) line(inside, ring.flatMap(([lat, lng]) => [lng, lat]));
      const cells = this._cells.map((points) => {
        const path = new Path2D();
        line(path, points);
        return path;
      });
      Object.assign(this, { _key: key, _kept: { cells, inside } });
    }
    return this._kept;
  },
});

/** Which class every point is in, and what the classes are. */
class Zones {
  constructor({ data, say, state, screen, model, view, whatif, scenario }) {
    Object.assign(this, { data, say, state, screen, model, whatif, scenario });
    const { x, y } = data.whatif;
    this.layer = new ZoneLayer();
    this.layer.setGround(x, y, data.municipalities.outline);
    this.layer.addTo(view.map);
  }

  /** Whether the ground can be coloured for what is chosen. */
  get isUsed() {
    const { model, state } = this;
    return state.shown.zones && !model.isIndex && model.choice.scope === 0 && (state.tab === "whatif" || model.hasShares());
  }

  get isDifference() {
    return this.state.tab === "whatif" && this.scenario.of(this.model.choice.service).length > 0;
  }

  get limit() {
    const { model } = this;
    return this.whatif.limitOf(model.choice.service, Math.floor(model.data.limits[model.choice.limit] ?? 0));
  }

  /** The ends of the classes of minutes, as `list_zone_ends` of Python tells them. */
  get ends() {
    const outer = Math.max(this.data.whatif.outer[this.model.choice.service] ?? 0, this.limit + 15);
    return [Math.floor(this.limit / 2 + 0.5), this.limit, outer];
  }

  classes() {
    const { model: { choice: { service, scenario } }, whatif, limit, ends } = this;
    const now = whatif.minutes(service, this.state.tab === "whatif" ? 0 : scenario);
    if (!this.isDifference) return Uint8Array.from(now, (minutes) => ends.reduce((n, end) => n + (minutes > end), 0));
    const after = whatif.after(service, this.scenario.changes);
    return Uint8Array.from(after, (minutes, i) => {
      if (minutes <= limit && now[i] > limit) return 0;
      if (minutes > limit && now[i] <= limit) return 4;
      return minutes < now[i] ? 1 : minutes > now[i] ? 3 : 2;
    });
  }

  colours() {
    const { data: { palette }, screen } = this;
    const light = screen.isDark ? "#10161ba0" : "#ffffffa0";
    return this.isDifference
      ? palette.differences.map((one) => ({ fill: screen.fill(one), pattern: one.pattern, ink: light }))
      : palette.zones.map((one) => ({ fill: screen.fill(one), pattern: one.pattern, ink: `${screen.ink.pattern}66` }));
  }

  names() {
    const { say, ends: [half, limit, outer] } = this;
    return this.isDifference
      ? ["newly", "nearer", "same", "farther", "no_longer"].map((name) => say.code("difference", name))
      : [say("zone_until", { n: half }), say("minutes_band", { from: half, to: limit }),
        say("minutes_band", { from: limit, to: outer }), say("minutes_over", { n: outer })];
  }

  /** How many people live in each class, as may be shown. */
  counts(classes) {
    const { service } = this.model.choice;
    const weight = this.whatif.weights(service);
    const sums = this.names().map(() => 0);
    let total = 0;
    classes.forEach((number, i) => {
      sums[number] += weight[i];
      total += weight[i];
    });
    return sums.map((sum) => this.whatif.shown(service, sum, total));
  }

  draw() {
    const used = this.isUsed;
    this.kept = used ? this.classes() : null;
    this.layer.setClasses(this.kept, used ? this.colours() : []);
  }
}
