// From the packed text in the page to typed arrays. The other half of encode.py.

/** Return the bytes of a packed text, or throw an Error whose message is the name of a text. */
async function gunzip(base64) {
  if (typeof DecompressionStream === "undefined") throw new Error("needs_newer_browser");
  const letters = atob(base64.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
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
  const decoded = [];
  scenarios.forEach((steps, number) => {
    if (number === 0) {
      decoded.push(undelta(steps));
    } else {
      const before = decoded[number - 1];
      decoded.push(Int32Array.from(steps, (step, i) => before[i] + step));
    }
  });
  return decoded;
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
  const metres = (steps) => Float64Array.from(undelta(steps), (value) => value * unit);
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
  payload.water = outlines(payload.water);
  municipalities.label = municipalities.label.map(([x, y]) => [y * unit, x * unit]);
  roads.main = roads.main.map((line) => decodeLine(line, unit));
  roads.modelled = roads.modelled.map((line) => decodeLine(line, unit));
  if (whatif) [whatif.x, whatif.y] = [metres(whatif.x), metres(whatif.y)];
  payload.bounds = payload.bounds.map((value) => value * unit);
  for (const cover of payload.cover) {
    for (const name of Object.keys(cover)) cover[name] = undeltaScenarios(cover[name]);
  }
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
  const fill = (text, values) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  const number = (value, decimals = 0) =>
    new Intl.NumberFormat(lang, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: lang !== "lv" || Math.abs(value) >= 9999.5,
    }).format(value);
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
