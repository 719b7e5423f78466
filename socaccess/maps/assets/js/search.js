// The search box: a combobox over municipalities, settlements and facilities.

function startSearch({ data, say, onPick }) {
  const input = document.getElementById("search");
  const list = document.getElementById("search-list");
  let entries = null;

  /** Every name that can be found; made when first needed, as there may be very many. */
  function listEntries() {
    const { municipalities, settlements, places, services } = data;
    const list = [];
    const add = (kind, id, name, place) =>
      list.push({ kind, id, name, place, folded: fold(name), also: fold(place) });
    municipalities.name.forEach((name, id) => add("municipality", id, name, ""));
    settlements.name.forEach((name, id) =>
      add("settlement", id, name, municipalities.name[settlements.municipality[id]] ?? ""));
    places.facilities.name.forEach((name, id) => add("facility", id, name, places.facilities.address[id]));
    places.sites.name.forEach((name, id) => add("site", id, name, services[places.sites.service[id]].name));
    return list;
  }

  let shown = [];
  let active = -1;

  function find(text) {
    const wanted = fold(text);
    if (!wanted) return [];
    entries ??= listEntries();
    const scored = [];
    for (const entry of entries) {
      const at = entry.folded.indexOf(wanted);
      if (entry.folded === wanted) scored.push([-1, entry]);
      else if (at === 0) scored.push([0, entry]);
      else if (at > 0 && /[\s"“„(-]/.test(entry.folded[at - 1])) scored.push([1, entry]);
      else if (at > 0) scored.push([2, entry]);
      else if (entry.also.includes(wanted)) scored.push([3, entry]);
    }
    return scored.sort((a, b) => a[0] - b[0]).slice(0, 12).map(([, entry]) => entry);
  }

  function render() {
    list.replaceChildren(...shown.map((entry, i) => {
      const option = document.createElement("li");
      option.id = `search-option-${i}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", String(i === active));
      const name = document.createElement("span");
      name.textContent = entry.name;
      const kind = document.createElement("small");
      kind.textContent = [say.code("kind", entry.kind), entry.place].filter(Boolean).join(" · ");
      option.append(name, kind);
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        pick(entry);
      });
      return option;
    }));
    if (input.value && !shown.length) {
      const none = document.createElement("li");
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.setAttribute("aria-selected", "false");
      none.textContent = say("search_none");
      list.append(none);
    }
    const open = list.childElementCount > 0;
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (active >= 0) input.setAttribute("aria-activedescendant", `search-option-${active}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    shown = [];
    active = -1;
    list.replaceChildren();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function pick(entry) {
    input.value = entry.name;
    close();
    onPick(entry);
  }

  input.addEventListener("input", () => {
    shown = find(input.value);
    active = shown.length ? 0 : -1;
    render();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!shown.length) shown = find(input.value);
      if (!shown.length) return;
      const step = event.key === "ArrowDown" ? 1 : -1;
      active = (active + step + shown.length) % shown.length;
      render();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shown[active]) pick(shown[active]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", close);
}
