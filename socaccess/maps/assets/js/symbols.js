// Points on a canvas: settlements by status, facilities as pins, suggested sites as badges.
// Each status has a shape of its own, so that colour is never the only difference.

const STATUS = { covered: 0, gap: 1, unreachable: 2, no_data: 3, partly: 4 };
const STATUS_NAMES = ["covered", "gap", "unreachable", "no_data", "partly"];
const FACILITY_STATUSES = ["operating", "planned", "closed", "not_registered"];
// Gaps are drawn last, so that they are never hidden under what is covered.
const DRAWING_ORDER = [STATUS.no_data, STATUS.covered, STATUS.partly, STATUS.gap, STATUS.unreachable];

function writeSign(ctx, text, y, size = 10) {
  ctx.font = `bold ${size}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, 0, y + 0.5);
}

const draw = {
  /** A settlement of radius r around 0, 0. */
  settlement(ctx, status, r, ink, fills) {
    // The smallest have no outline: it would be all there is to see.
    ctx.lineWidth = r < 3 ? 0.6 : 1;
    ctx.strokeStyle = r < 2 ? "transparent" : ink["symbol-edge"];
    ctx.fillStyle = status === STATUS.partly ? fills.covered : fills[STATUS_NAMES[status]];
    ctx.beginPath();
    if (status === STATUS.covered || status === STATUS.partly) {
      ctx.arc(0, 0, r, 0, 2 * Math.PI);
    } else if (status === STATUS.gap) {
      const d = r * 1.35;
      ctx.moveTo(0, -d);
      ctx.lineTo(d, 0);
      ctx.lineTo(0, d);
      ctx.lineTo(-d, 0);
      ctx.closePath();
    } else {
      ctx.rect(-r * 0.95, -r * 0.95, r * 1.9, r * 1.9);
    }
    ctx.fill();
    if (status === STATUS.partly) {
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(0, 0, r, -Math.PI / 2, Math.PI / 2);
      ctx.closePath();
      ctx.fillStyle = fills.gap;
      ctx.fill();
    }
    if (r >= 2 && (status === STATUS.gap || status === STATUS.unreachable)) ctx.strokeStyle = "#ffffff";
    ctx.stroke();
    if (status === STATUS.unreachable && r >= 2.5) {
      const d = r * 0.5;
      ctx.lineWidth = Math.max(1, r * 0.3);
      ctx.beginPath();
      ctx.moveTo(-d, -d);
      ctx.lineTo(d, d);
      ctx.moveTo(d, -d);
      ctx.lineTo(-d, d);
      ctx.stroke();
    }
  },

  /** A pin whose tip is at 0, 0; the status is a position in FACILITY_STATUSES. */
  facility(ctx, status, count, ink) {
    const radius = 7.5;
    const cy = -17;
    ctx.lineJoin = "round";
    ctx.beginPath();
    ctx.arc(0, cy, radius, Math.PI * 0.86, Math.PI * 0.14);
    ctx.lineTo(0, 0);
    ctx.closePath();
    ctx.lineWidth = 4;
    ctx.strokeStyle = ink.halo;
    ctx.stroke();
    ctx.fillStyle = status === 0 ? ink.facility : ink.halo;
    ctx.fill();
    ctx.lineWidth = 1.8;
    ctx.strokeStyle = status >= 2 ? ink.muted : ink.facility;
    ctx.setLineDash(status === 1 ? [3, 2] : []);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = status === 0 ? ink.halo : status >= 2 ? ink.muted : ink.facility;
    const sign = { 2: "×", 3: "–" }[status] ?? (count > 9 ? "9+" : count > 1 ? String(count) : status === 1 ? "?" : "");
    if (sign) writeSign(ctx, sign, cy);
    else {
      ctx.beginPath();
      ctx.arc(0, cy, 2.4, 0, 2 * Math.PI);
      ctx.fill();
    }
  },

  /** A pin as those of new facilities, for the legend. */
  added(ctx, ink) {
    ctx.save();
    ctx.translate(-9, -24);
    ctx.scale(0.64, 0.64);
    ctx.fillStyle = ink.build;
    ctx.fill(new Path2D(PIN));
    ctx.strokeStyle = ink["build-ink"];
    ctx.lineWidth = 3;
    ctx.stroke(new Path2D("M14 7v14M7 14h14"));
    ctx.restore();
  },

  /** A square around 0, 0: an institution people move out of. */
  institution(ctx, ink) {
    ctx.beginPath();
    ctx.rect(-6.5, -6.5, 13, 13);
    ctx.lineWidth = 4;
    ctx.strokeStyle = ink.halo;
    ctx.stroke();
    ctx.fillStyle = ink.halo;
    ctx.fill();
    ctx.lineWidth = 1.8;
    ctx.strokeStyle = ctx.fillStyle = ink.facility;
    ctx.stroke();
    writeSign(ctx, "•", 0);
  },

  /** A badge around 0, 0: what could be built, with its number in the list; that of another service is empty. */
  site(ctx, number, ink, isOther = false) {
    ctx.beginPath();
    ctx.roundRect(-10, -10, 20, 20, 5);
    ctx.lineWidth = 4;
    ctx.strokeStyle = ink.halo;
    ctx.stroke();
    ctx.fillStyle = isOther ? ink.halo : ink.build;
    ctx.fill();
    if (isOther) {
      ctx.lineWidth = 2;
      ctx.strokeStyle = ink.build;
      ctx.stroke();
    }
    ctx.fillStyle = isOther ? ink.build : ink["build-ink"];
    writeSign(ctx, number ? String(number) : "+", 0, 12);
  },
};

/**
 * A Leaflet renderer that draws batches of equal marks: [{x: [], y: [], paint, size, alpha}],
 * x and y in metres. A mark is painted once and then copied to every point of its batch.
 */
const SymbolLayer = L.Renderer.extend({
  options: { padding: 0.15, pane: "symbols" },

  setBatches(batches) {
    this._batches = batches;
    if (this._map) this._update();
  },

  /** Draw on a new canvas: in a PDF one drawn twice wipes out all that lies below it. */
  renew() {
    const { _container: old } = this;
    this._initContainer();
    this._container.className = old.className;
    old.replaceWith(this._container);
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._context = this._container.getContext("2d");
    this._container.setAttribute("aria-hidden", "true");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
    delete this._context;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = Math.max(1, window.devicePixelRatio || 1);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = Math.round(size.x * ratio);
    this._container.height = Math.round(size.y * ratio);
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._draw(size, ratio);
    this._updateTransform(this._center, this._zoom);
  },

  _draw(size, ratio) {
    const { _context: ctx, _map: map } = this;
    const scale = map.options.crs.scale(map.getZoom()) / METRES_PER_PIXEL;
    const corner = map.getPixelOrigin().add(this._bounds.min);
    for (const batch of this._batches ?? []) {
      const sprite = this._paint(batch, ratio);
      ctx.globalAlpha = batch.alpha ?? 1;
      for (let i = 0; i < batch.x.length; i++) {
        const px = batch.x[i] * scale - corner.x;
        const py = -batch.y[i] * scale - corner.y;
        if (px < -30 || py < -30 || px > size.x + 30 || py > size.y + 30) continue;
        ctx.drawImage(sprite, Math.round((px - batch.size) * ratio), Math.round((py - batch.size) * ratio));
      }
    }
    ctx.globalAlpha = 1;
  },

  _paint(batch, ratio) {
    const sprite = document.createElement("canvas");
    sprite.width = sprite.height = Math.ceil(2 * batch.size * ratio);
    const ctx = sprite.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.translate(batch.size, batch.size);
    batch.paint(ctx);
    return sprite;
  },
});

/** Return a small picture of a mark, for the legend. */
function icon(size, paint, shiftY = 0) {
  const canvas = document.createElement("canvas");
  const ratio = 3;
  canvas.width = canvas.height = size * ratio;
  canvas.style.width = canvas.style.height = `${size}px`;
  canvas.setAttribute("aria-hidden", "true");
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.translate(size / 2, size / 2 + shiftY);
  paint(ctx);
  return canvas;
}

/** Find the mark nearest to a point without looking at all of them. */
class PointIndex {
  constructor(cell) {
    this.cell = cell;
    this.cells = new Map();
  }

  add(x, y, item) {
    const key = this.key(Math.floor(x / this.cell), Math.floor(y / this.cell));
    const list = this.cells.get(key);
    if (list) list.push(x, y, item);
    else this.cells.set(key, [x, y, item]);
  }

  /** One number for a cell; there are never a million rows of them. */
  key(column, row) {
    return column * 1e6 + row;
  }

  /** Return the item within `reach` metres nearest to x, y that `accept` takes, or null. */
  nearest(x, y, reach, accept = () => true) {
    let best = null;
    let bestDistance = reach;
    const from = (value) => Math.floor((value - reach) / this.cell);
    const to = (value) => Math.floor((value + reach) / this.cell);
    if ((to(x) - from(x)) * (to(y) - from(y)) > this.cells.size + 64) {
      for (const list of this.cells.values()) scan(list);
    } else {
      for (let i = from(x); i <= to(x); i++) {
        for (let j = from(y); j <= to(y); j++) scan(this.cells.get(this.key(i, j)) ?? []);
      }
    }
    return best;

    function scan(list) {
      for (let k = 0; k < list.length; k += 3) {
        const distance = Math.hypot(list[k] - x, list[k + 1] - y);
        if (distance <= bestDistance && accept(list[k + 2])) {
          best = list[k + 2];
          bestDistance = distance;
        }
      }
    }
  }
}
