// From the packed text in the page to typed arrays. The other half of encode.py.

/** Return the bytes of a packed text, or throw an Error whose message is the name of a text. */
async function gunzip(base64) {
  if (typeof DecompressionStream === "undefined") throw new Error("needs_newer_browser");
  const stream = new Blob([bytesOf(base64.trim())]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Return the payload. */
async function unpack(base64) {
  return JSON.parse(new TextDecoder().decode(await gunzip(base64)));
}

/** Running sums: the inverse of delta(). */
function undelta(steps) {
  const values = new Int32Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) values[i] = sum += steps[i];
  return values;
}

/** The first scenario stands for itself, each later one adds to the one before. */
function undeltaScenarios(scenarios) {
  const decoded = [undelta(scenarios[0])];
  for (const steps of scenarios.slice(1)) {
    const values = decoded[decoded.length - 1].slice();
    for (let i = 0; i < values.length; i++) values[i] += steps[i];
    decoded.push(values);
  }
  return decoded;
}

/** Decode the columns of a service when one is asked for: most are not, on most days. */
function decodeWhenAsked(cover) {
  for (const [name, scenarios] of Object.entries(cover)) {
    Object.defineProperty(cover, name, { configurable: true, enumerable: true, get() {
      const value = undeltaScenarios(scenarios);
      Object.defineProperty(cover, name, { value, enumerable: true });
      return value;
    } });
  }
}

/** x and y in turn, as steps, to pairs of metres. */
function decodeLine(steps, unit) {
  const line = new Array(steps.length / 2);
  let x = 0;
  let y = 0;
  for (let i = 0; i < line.length; i++) {
    x += steps[2 * i];
    y += steps[2 * i + 1];
    line[i] = [y * unit, x * unit];
  }
  return line;
}

/** Return the payload with its columns decoded; coordinates become metres. */
function decode(payload) {
  const { unit } = payload;
  const metres = (steps) => {
    const values = Float64Array.from(undelta(steps));
    for (let i = 0; i < values.length; i++) values[i] *= unit;
    return values;
  };
  const { settlements, places, municipalities, roads, whatif } = payload;
  settlements.x = metres(settlements.x);
  settlements.y = metres(settlements.y);
  settlements.municipality = undelta(settlements.municipality);
  settlements.located = settlements.x.length;
  places.x = metres(places.x);
  places.y = metres(places.y);
  const outlines = (shapes) => shapes.map((polygons) =>
    polygons.map((rings) => rings.map((ring) => decodeLine(ring, unit))));
  municipalities.outline = outlines(municipalities.outline);
  payload.land = outlines(payload.land);
  payload.water = outlines(payload.water);
  municipalities.label = municipalities.label.map(([x, y]) => [y * unit, x * unit]);
  roads.main = roads.main.map((line) => decodeLine(line, unit));
  roads.modelled = roads.modelled.map((line) => decodeLine(line, unit));
  if (whatif) [whatif.x, whatif.y] = [metres(whatif.x), metres(whatif.y)];
  payload.bounds = payload.bounds.map((value) => value * unit);
  payload.cover.forEach(decodeWhenAsked);
  payload.shares.partly = payload.shares.partly.map((scopes) => scopes.map((scenarios) => scenarios.map((limits) =>
    limits.map(([steps, percent]) => new Map([...undelta(steps)].map((settlement, i) => [settlement, percent[i]]))))));
  return payload;
}

/** Lower case without diacritics, so that "keipene" finds "Ķeipene". */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** Texts, plural forms and numbers of one language. */
function speaker(texts, lang) {
  const plural = new Intl.PluralRules(lang);
  // {n:persona|personas}: a word by the number beside it; of a range the last decides.
  const choose = (value, [one, other]) => {
    const digits = String(value).match(/\d+(?:[\s,]\d{3})*(?:[.,]\d+)?/g)?.at(-1).replace(lang === "lv" ? /\s/g : /[\s,]/g, "");
    return digits !== undefined && plural.select(Number(digits.replace(",", "."))) === "one" ? one : other;
  };
  const fill = (text, values) =>
    text.replace(/\{(\w+)(?::([^{}]*))?\}/g, (whole, name, forms) => (
      !(name in values) ? whole : forms ? choose(values[name], forms.split("|")) : String(values[name])));
  const formats = new Map();
  const number = (value, decimals = 0) => {
    const useGrouping = lang !== "lv" || Math.abs(value) >= 9999.5;
    // Nothing to group and nothing after the comma: most numbers, and a hundred times as fast.
    if (!decimals && Number.isInteger(value) && value >= 0 && value < 1000) return String(value);
    const key = `${decimals} ${useGrouping}`;
    if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping }));
    return formats.get(key).format(value);
  };
  const say = (key, values = {}) => {
    const text = texts[key];
    if (text === undefined) return key;
    if (typeof text === "string") return fill(text, values);
    const form = text[plural.select(values.n)] ?? text.other;
    return fill(form, { ...values, n: number(values.n) });
  };
  say.number = number;
  say.percent = (value) => (value < 0 ? "–" : `${number(value)}${lang === "lv" ? "\u00a0" : ""}%`);
  /** The text of a code, or the code itself where the catalogue has none. */
  say.code = (family, code) => texts[`${family}.${code}`] ?? code;
  return say;
}
