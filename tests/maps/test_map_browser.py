"""The exported map in real Chromium, with the network off, used as a person would."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from socaccess.i18n import Texts, round_percent
from socaccess.maps import embed_map, save_map
from socaccess.maps.shares import as_percent
from socaccess.study import StudyResult
from socaccess.study.colours import LIGHT, STATUS
from socaccess.study.findings import rank_gaps
from socaccess.study.proposals import list_proposals
from socaccess.study.released import list_tables
from tests.pdfs import read_pages

from .accessibility import add_axe, find_violations
from .world import NASTY, release_world

pytestmark = pytest.mark.browser
TEXTS = Texts("lv")

OpenPage = Callable[..., Any]


def choose(page: Any, name: str, number: int) -> None:
    if name == "scenario":
        page.check(f"#{name}-{number}", force=True)
    else:
        page.select_option(f"#{name}", str(number))


def find(page: Any, text: str) -> None:
    """Search for a name."""
    page.click("#tab-place")
    page.fill("#search", text)


def plain(text: str) -> str:
    """Return text without its special spaces and ligatures."""
    return unicodedata.normalize("NFKC", text)


def state(page: Any) -> dict[str, Any]:
    return page.evaluate("window.socaccess.state")


def pixel_count(page: Any, colour: str) -> int:
    """Count pixels of the symbol canvas that have just this colour."""
    return page.evaluate(
        """(colour) => {
          const canvas = document.querySelector('.leaflet-symbols-pane canvas');
          const wanted = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let n = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (wanted.every((value, k) => data[i + k] === value) && data[i + 3] === 255) n++;
          }
          return n;
        }""",
        colour,
    )


def table(page: Any) -> list[list[str]]:
    return page.eval_on_selector_all(
        "#municipality-rows tr",
        "rows => rows.map(r => [...r.cells].map(c => c.textContent.trim()))",
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [("21", "21 pakalpojuma"), ("11", "11 pakalpojumiem"), ("22", "22 pakalpojumiem"),
     ("10\u00a0031", "10\u00a0031 pakalpojuma"), ("0,4", "0,4 pakalpojumiem")],
)  # fmt: skip
def test_words_follow_the_number_beside_them(open_page, page_path, number, words):
    asked = "(n) => window.socaccess.say('services_within', { covered: '3', n })"
    told = open_page(page_path).evaluate(asked, number)
    assert told == f"robežlaikā 3 no {words}"


def test_opens_from_disk_without_request_or_message(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    assert page.requested == [page_path.as_uri()]
    assert page.messages == []
    assert page.get_attribute("html", "lang") == "lv"
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


FETCH = "fetch('https://example.org/').then(() => 'through', () => 'refused')"
SCRIPT = """new Promise((done) => {
  const script = document.createElement('script');
  script.textContent = 'window.evil = 1';
  document.body.append(script);
  done(window.evil ? 'through' : 'refused');
})"""
PICTURE = """new Promise((done) => {
  const picture = new Image();
  picture.onload = () => done('through');
  picture.onerror = () => done('refused');
  picture.src = 'https://example.org/x.png';
})"""


@pytest.mark.parametrize("attempt", [FETCH, SCRIPT, PICTURE], ids=["fetch", "script", "picture"])
def test_what_is_not_in_the_page_is_refused(
    open_page: OpenPage, page_path: Path, attempt: str
) -> None:
    page = open_page(page_path)
    assert page.evaluate(attempt) == "refused"
    assert any("Content Security Policy" in message for message in page.messages)


def test_all_layers_are_drawn_and_can_be_switched(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    choose(page, "scenario", 2)
    page.select_option("#service", "0")
    assert (
        page.locator(".leaflet-overlay-pane g > path").count() == 10
    )  # colour and pattern of each
    assert page.locator(".leaflet-borders-pane path").count() == 5
    assert page.locator(".leaflet-roads-pane path").count() == 1
    for colour in (STATUS["covered"], STATUS["gap"], LIGHT["facility"], LIGHT["build"]):
        assert pixel_count(page, colour) > 10, colour
    page.click("#tab-data")
    page.uncheck("#layer-settlements")
    assert pixel_count(page, STATUS["gap"]) == 0
    page.uncheck("#layer-facilities")
    assert pixel_count(page, LIGHT["facility"]) == 0
    page.uncheck("#layer-sites")
    assert pixel_count(page, LIGHT["build"]) == 0
    page.uncheck("#layer-shading")
    assert page.locator(".leaflet-overlay-pane g > path").count() == 0
    page.uncheck("#layer-roads")
    page.check("#layer-links")
    assert page.locator(".leaflet-roads-pane path[stroke-dasharray]").count() == 1
    # Chromium remarks on this test's own reading of pixels.
    assert [message for message in page.messages if "readback" not in message] == []


def test_suggested_sites_stand_only_with_the_suggestions(
    open_page: OpenPage, page_path: Path
) -> None:
    page = open_page(page_path)
    # But on the first page, where what to build stands beside the map.
    assert pixel_count(page, LIGHT["build"]) > 10
    page.click("#tab-data")
    page.select_option("#service", "0")
    assert pixel_count(page, LIGHT["build"]) == 0
    choose(page, "scenario", 2)
    assert pixel_count(page, LIGHT["build"]) > 10


def test_switching_changes_what_is_said(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    page = open_page(page_path)
    assert page.inner_text("#gaps button:first-child .rank") == "1."
    assert page.get_attribute("#gaps button", "aria-pressed") == "true"
    first = int(page.get_attribute("#gaps button", "data-service"))
    assert state(page) == {"service": first, "limit": 0, "scenario": 0, "scope": 0}
    rows = {row["service"]: row for row in world.summary["services"]}
    page.select_option("#service", "0")
    service = rows["service_0"]
    for number, scenario in enumerate(("now", "planned", "suggested")):
        choose(page, "scenario", number)
        shown = plain(page.inner_text("#result-text strong"))
        assert shown == plain(TEXTS.share(service["covered_share"][scenario]))
    page.keyboard.press("Tab")
    choose(page, "scenario", 0)
    shares = []
    for number in range(1, 5):
        choose(page, "limit", number)
        shares.append(int(page.inner_text("#result-text strong").split()[0]))
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    choose(page, "limit", 0)
    anyone = int(page.inner_text("#result-text strong").split()[0])
    choose(page, "scope", 1)
    assert int(page.inner_text("#result-text strong").split()[0]) <= anyone
    assert TEXTS("map.scope.own") in page.evaluate(
        "document.querySelector('#now-showing').textContent"
    )


def test_statuses_in_the_legend_equal_the_table(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    page = open_page(page_path)
    table_of_world = world.settlement_coverage
    for number in (0, 1):
        page.select_option("#service", str(number))
        for scope, column in ((0, "status"), (1, "own_status")):
            choose(page, "scope", scope)
            part = table_of_world[
                (table_of_world["service"] == f"service_{number}")
                & (table_of_world["scenario"] == "now")
            ]
            expected = part[column].value_counts()
            shown = page.eval_on_selector_all(
                "#legend-body section:nth-child(2) .count", "all => all.map(e => +e.textContent)"
            )
            assert shown == [expected.get(s, 0) for s in ("covered", "gap", "unreachable")]


def test_a_service_nobody_offers_is_not_called_zero_per_cent(
    open_page: OpenPage, page_path: Path
) -> None:
    page = open_page(page_path)
    page.select_option("#service", "2")
    assert page.inner_text("#result-text") == TEXTS("map.no_facility")
    assert all(row[1] == "–" for row in table(page))
    assert "0 %" not in page.inner_text("#municipality-rows")


def test_worst_municipality_comes_first_and_a_click_goes_there(
    open_page: OpenPage, page_path: Path
) -> None:
    page = open_page(page_path)
    page.select_option("#service", "0")
    rows = table(page)
    shares = [int(row[1].split()[0]) for row in rows]
    assert shares == sorted(shares)
    before = page.evaluate("window.socaccess.map.getZoom()")
    page.click("#tab-place")
    page.click("#municipality-rows button >> nth=0")
    page.wait_for_function("(before) => window.socaccess.map.getZoom() > before", arg=before)
    assert page.inner_text("#detail-title") == rows[0][0]
    assert rows[0][1] in page.inner_text("#detail-body")
    selected = page.evaluate("window.socaccess.selected.municipality")
    assert (
        page.evaluate("(id) => window.socaccess.data.municipalities.name[id]", selected)
        == rows[0][0]
    )


def test_persons_are_shown_or_hidden_as_they_should(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    page.select_option("#service", "1")
    shown = [row[3] for row in table(page)]
    withheld = TEXTS("map.withheld", n=5)
    marks = ("–", TEXTS("map.below", n=5), withheld, TEXTS("map.untold"))
    assert all(text in marks or int(text.replace("\u00a0", "")) >= 5 for text in shown)
    assert withheld in shown
    assert (
        page.evaluate(
            "JSON.stringify(window.socaccess.data.persons.need.map(n => n.settlement))"
            ".match(/(?<![\\d-])[1-4](?!\\d)/)"
        )
        is None
    )


def point_of(page: Any, name: str) -> dict[str, float]:
    return page.evaluate(
        """(name) => {
          const { data, map } = window.socaccess;
          const i = data.settlements.name.indexOf(name);
          const p = map.latLngToContainerPoint([data.settlements.y[i], data.settlements.x[i]]);
          const box = document.getElementById('map').getBoundingClientRect();
          return { x: p.x + box.x, y: p.y + box.y };
        }""",
        name,
    )


def test_tooltip_of_a_settlement(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    page = open_page(page_path)
    page.select_option("#service", "0")
    page.click("#tab-data")
    page.uncheck("#layer-facilities")
    place = world.settlements.iloc[5]
    row = world.settlement_coverage.set_index(["settlement_id", "service", "scenario"]).loc[
        (place["settlement_id"], "service_0", "now")
    ]
    at = point_of(page, place["name"])
    page.mouse.move(at["x"], at["y"])
    page.wait_for_selector("#tooltip:not([hidden])")
    text = plain(page.inner_text("#tooltip"))
    assert text.startswith(place["name"])
    facility = world.facilities.set_index("facility_id").loc[row["facility_id"], "name"]
    assert facility in text
    minutes = page.evaluate("(n) => window.socaccess.model.minutesOf(0)[n]", _position(page, place))
    assert abs(minutes / 10 - row["travel_min"]) < 0.1
    assert f"{TEXTS.number(minutes / 10, decimals=1)} min" in text
    assert "35 %" in text  # the modelled share of the time
    assert (TEXTS("map.below", n=5) in text) == (0 < row["persons"] < 5)


def _position(page: Any, place: Any) -> int:
    return page.evaluate(
        "(name) => window.socaccess.data.settlements.name.indexOf(name)", place["name"]
    )


def test_names_full_of_markup_arrive_as_they_are(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    find(page, "#Test *x*")
    options = page.locator("#search-list [role=option] span").all_inner_texts()
    assert options.count(NASTY) == 2  # a settlement and a facility
    page.keyboard.press("Enter")
    assert page.inner_text("#detail-title") == NASTY
    assert page.evaluate("document.querySelectorAll('#panel b, #tooltip b').length") == 0


def test_search_folds_diacritics_and_works_by_keyboard(
    open_page: OpenPage, page_path: Path
) -> None:
    page = open_page(page_path)
    page.click("#tab-place")
    page.focus("#search")
    page.keyboard.type("keipene")
    assert page.get_attribute("#search", "aria-expanded") == "true"
    names = page.locator("#search-list [role=option] span").all_inner_texts()
    assert names[0] == "Ķeipene"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "search-option-1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.inner_text("#detail-title") == "Ķeipene"
    assert page.evaluate("document.activeElement.id") == "detail"
    page.fill("#search", "zzzz")
    assert page.inner_text("#search-list") == TEXTS("map.search_none")
    page.keyboard.press("Escape")


def test_facility_card(open_page: OpenPage, page_path: Path, world: SimpleNamespace) -> None:
    page = open_page(page_path)
    facility = world.facilities.iloc[1]
    find(page, facility["name"])
    page.keyboard.press("Enter")
    card = page.inner_text("#detail-body")
    assert facility["name"] in card
    assert facility["source"] in card
    assert f"{int(facility['places'])} ({TEXTS('map.basis.stated_capacity')})" in card
    assert TEXTS("map.precision.settlement") in card
    assert page.locator("#detail-body a").count() == 0
    find(page, "Centrs 3")
    page.keyboard.press("Enter")
    assert TEXTS("map.facility_status.planned") in page.inner_text("#detail-body")


def test_what_has_no_point_is_listed_and_found(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    page = open_page(page_path)
    lost = world.settlements.loc[~world.settlements["located"], "name"].iloc[0]
    find(page, lost)
    page.keyboard.press("Enter")
    assert TEXTS("map.not_on_map") in page.inner_text("#detail")
    page.click("#tab-data")
    page.click("#block-not_located summary")
    assert lost in page.inner_text("#block-not_located")
    assert "Nekur <i>" in page.inner_text("#block-not_located")


def test_no_route_is_said(open_page: OpenPage, page_path: Path, world: SimpleNamespace) -> None:
    page = open_page(page_path)
    page.select_option("#service", "0")
    find(page, world.settlements["name"].iloc[3])
    page.keyboard.press("Enter")
    assert TEXTS("map.no_route_long") in page.inner_text("#detail-body")


def test_by_keyboard_alone(open_page: OpenPage, page_path: Path) -> None:
    """Everything can be reached with Tab, and nothing holds the focus."""
    page = open_page(page_path)
    seen: set[str] = set()
    for tab in ("overview", "place", "access", "data"):
        if tab != "overview":
            page.focus("#tabs [aria-selected=true]")
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.activeElement.id") == f"tab-{tab}"
        page.evaluate("document.activeElement.blur()")
        start = None
        for _ in range(150):
            page.keyboard.press("Tab")
            where = page.evaluate(
                "(() => { const e = document.activeElement; return e === document.body ? '' : e.id"
                " || e.name || e.dataset.municipality || e.textContent.trim().slice(0, 30) })()"
            )
            if not where or where == start:
                break
            start = start or where
            seen.add(where)
    for expected in (
        "map", "search", "service", "limit", "scenario-0", "scope", "tab-overview",
        "layer-shading", "paper", "print",
    ):  # fmt: skip
        assert expected in seen, expected
    # Choose a limit with the arrows, then the worst municipality with Enter.
    page.focus("#limit")
    page.keyboard.press("ArrowDown")
    assert state(page)["limit"] == 1
    page.click("#tab-place")
    page.focus("#municipality-rows button >> nth=0")
    page.keyboard.press("Enter")
    assert page.is_visible("#detail")
    page.keyboard.press("Tab")
    page.focus("#detail-close")
    page.keyboard.press("Enter")
    assert not page.is_visible("#detail")
    assert page.evaluate("document.activeElement.dataset.municipality") is not None
    # The map itself pans and zooms by keyboard.
    page.focus("#map")
    before = page.evaluate("window.socaccess.map.getZoom()")
    page.keyboard.press("+")
    page.wait_for_function("(z) => window.socaccess.map.getZoom() > z", arg=before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_no_accessibility_violation(
    open_page: OpenPage, page_path: Path, scheme: str, size: tuple[int, int]
) -> None:
    page = open_page(page_path, size=size, color_scheme=scheme, bypass_csp=True)
    add_axe(page)
    assert find_violations(page) == []
    page.select_option("#service", "0")
    page.click("#tab-place")
    assert find_violations(page) == []
    page.click("#municipality-rows button >> nth=0")
    page.fill("#search", "a")
    assert find_violations(page) == []
    page.click("#tab-data")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert find_violations(page) == []


def test_phone(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path, size=(390, 844), has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert box["width"] == 390
    assert box["height"] > 250
    assert page.get_attribute("#legend", "open") is None
    page.tap("#legend summary")
    assert page.is_visible("#legend-body")
    page.tap("#legend summary")
    page.select_option("#service", "0")
    page.click("#tab-data")
    page.uncheck("#layer-facilities")
    name = page.evaluate("window.socaccess.data.settlements.name[4]")
    page.tap("#handle")
    page.tap("#handle")
    assert page.evaluate("document.body.dataset.sheet") == "low"
    at = point_of(page, name)
    page.touchscreen.tap(at["x"], at["y"])
    # The sheet opens to what was tapped, which stays in sight above it.
    page.wait_for_selector("#detail:not([hidden])")
    assert page.evaluate("document.body.dataset.sheet") == "half"
    assert page.inner_text("#detail-title") == name
    assert point_of(page, name)["y"] < page.locator("#top").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.messages == []


@pytest.mark.parametrize("paper", ["a4-landscape", "a4-portrait", "a3-landscape", "a3-portrait"])
def test_print_cuts_nothing(
    open_page: OpenPage, page_path: Path, tmp_path: Path, paper: str
) -> None:
    pypdf = pytest.importorskip("pypdf")
    page = open_page(page_path)
    page.select_option("#service", "0")
    page.click("#tab-data")
    page.select_option("#paper", paper)
    page.evaluate(
        """() => window.addEventListener('beforeprint', () => {
          const { map, data } = window.socaccess;
          const [west, south, east, north] = data.bounds;
          window.printed = {
            whole: map.getBounds().contains(L.latLngBounds([[south, west], [north, east]])),
            width: document.querySelector('#map').getBoundingClientRect().right,
            legend: document.querySelector('#legend').open,
          };
        })"""
    )
    target = tmp_path / "map.pdf"
    page.pdf(path=str(target), prefer_css_page_size=True, print_background=True)
    printed = page.evaluate("window.printed")
    assert printed["whole"]
    assert printed["legend"]
    first = pypdf.PdfReader(target).pages[0]
    width_mm, height_mm = (float(n) * 25.4 / 72 for n in first.mediabox[2:])
    wanted = {"a4": (210, 297), "a3": (297, 420)}[paper[:2]]
    expected = wanted if paper.endswith("portrait") else wanted[::-1]
    assert (round(width_mm), round(height_mm)) == expected
    assert printed["width"] <= (width_mm - 20) / 25.4 * 96 + 1
    pages = read_pages(target)
    text = plain(pages[0])
    for needed in (
        "Ķeipenes reģions",
        "2020–2024",
        TEXTS("map.legend_settlements"),
        "OpenStreetMap",
        "Leaflet 1.9.4",
        "km",
    ):
        assert needed in text, needed
    assert TEXTS("map.municipalities_ranked") in "\n".join(pages)
    # After printing the screen is as it was.
    assert page.evaluate("document.body.className") == ""
    assert state(page)["service"] == 0


def test_a_browser_that_cannot_unpack_says_so(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path, wait=False, init="delete window.DecompressionStream")
    page.wait_for_selector(".failure:visible")
    assert page.inner_text("#status-message") == TEXTS("map.needs_newer_browser")
    assert page.is_visible("#finding h1")


def test_without_scripts_the_finding_is_there(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path, wait=False, java_script_enabled=False)
    assert page.is_visible("#finding h1")
    assert page.locator("#gaps li").count() >= 1
    assert page.is_visible("#municipalities")
    assert TEXTS("map.needs_script") in page.inner_text("noscript")


def test_inside_a_frame(open_page: OpenPage, world: SimpleNamespace, tmp_path: Path) -> None:
    outer = tmp_path / "outer.html"
    inner = embed_map(release_world(world), lang="en", height=600)._repr_html_()
    outer.write_text(f"<!doctype html><title>x</title>{inner}", encoding="utf-8")
    page = open_page(outer, wait=False)
    frame = page.frames[1]
    frame.wait_for_function("window.socaccess && window.socaccess.ready")
    assert frame.locator("#municipality-rows tr").count() == 5
    assert page.messages == []


def test_a_gap_and_a_proposal_show_what_they_are_about(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    page = open_page(page_path)
    released = release_world(world)
    gaps, proposals = rank_gaps(released), list_proposals(released)
    services = page.evaluate("window.socaccess.data.services.map((s) => s.id)")
    assert page.locator("#gaps button").count() == min(3, len(gaps))
    page.click("#gaps button >> nth=-1")
    assert services[state(page)["service"]] == gaps[:3][-1].service
    page.click("#build button >> nth=0")
    assert services[state(page)["service"]] == proposals[0].service
    assert state(page)["scenario"] == 2
    assert page.get_attribute("#build button", "aria-pressed") == "true"
    assert pixel_count(page, LIGHT["build"]) > 10
    assert proposals[0].name in page.inner_text("#build li:first-child")


def test_page_of_a_municipality(
    open_page: OpenPage, page_path: Path, world: SimpleNamespace
) -> None:
    row = world.municipalities.iloc[0]
    page = open_page(Path(page_path))
    page.evaluate(f"location.hash = '#municipality={row['municipality_id']}'")
    page.wait_for_selector("#sheet")
    assert page.inner_text("#detail-title") == row["name"]
    cells = page.eval_on_selector_all(
        "#sheet tbody tr:not(.group)", "all => all.map(r => [...r.cells].map(c => c.textContent))"
    )
    coverage = world.coverage[
        (world.coverage["municipality_id"] == row["municipality_id"])
        & (world.coverage["scope"] == "any")
    ].set_index(["service", "scenario"])
    shown = {cell[0]: cell for cell in cells}
    for service in page.evaluate("window.socaccess.data.services.filter((s) => s.shown)"):
        cell = shown[service["short"]]
        if not service["known"]:
            assert TEXTS("map.no_facility_short") in cell
            assert "0 %" not in [plain(text) for text in cell]
            continue
        for number, scenario in enumerate(("now", "planned", "suggested")):
            found = coverage.loc[(service["id"], scenario)]
            share = as_percent(np.array([found["population_covered"] / found["population"]]))[0]
            assert plain(cell[1 + number]).startswith(f"{share} %")
    copied = page.evaluate(
        "new Promise((done) => { navigator.clipboard.write = async ([item]) =>"
        " done(await (await item.getType('text/plain')).text());"
        " document.querySelector('#copy').click(); })"
    )
    lines = copied.splitlines()
    assert lines[0] == row["name"]
    assert len(lines) == 4 + len(cells)
    page.click("#detail-close")
    assert page.is_visible("#municipalities")
    assert "municipality" not in page.evaluate("location.href")
    page.evaluate("location.hash = '#municipality=<b>none'")
    page.wait_for_selector("#detail:not([hidden])")
    assert "<b>none" in page.inner_text("#detail-body")
    assert page.messages == []


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_the_title_of_a_municipality_names_what_fewer_than_half_have(
    open_page: OpenPage, latgale: StudyResult, tmp_path: Path, lang: str
) -> None:
    """As in the annex: of services that the register names, those within reach of too few."""
    released, texts = latgale.released, Texts(lang)
    page = open_page(save_map(released, tmp_path / "map.html", lang=lang))
    study = latgale.study
    table = list_tables(released)["coverage"].query("scenario == 'now' and scope == 'any'")
    promised = set(study.promised) - study.guessed
    table = table[table["service"].isin(promised) & table["covered_share"].notna()]
    assert (table["persons"] == 0).any()  # nobody there needs them: they are not lacking
    table = table[table["persons"] != 0]
    services = page.evaluate("window.socaccess.data.services")
    groups = page.evaluate("window.socaccess.data.texts")
    short = {row["id"]: row["short"] for row in services if row["shown"]}
    assert {row["id"] for row in services if row.get("guessed")} == study.guessed & set(short)
    marked = False
    for identity, rows in table.groupby("municipality_id"):
        page.evaluate(f"location.hash = '#municipality={identity}'")
        title = page.wait_for_selector("#detail .sentence").inner_text()
        few = rows.loc[rows["covered_share"].map(round_percent) < 50, "service"].tolist()
        group = {name: groups[f"group_short.{study.group_of[name]}"] for name in few}
        named = {f"{short[name][0].lower()}{short[name][1:]} ({group[name]})" for name in few}
        told = title.rsplit(": ", 1)[1].removesuffix(".") if few else ""
        assert set(re.split(r"(?<=\)), ", told)) == (named or {""}), (identity, title)
        assert not few or re.search(rf"\b{len(few)} (no|of) {len(rows)}\b", title)
        marked = marked or "¹" in page.inner_text("#sheet")
        assert texts("map.guessed_note") in page.inner_text("#detail")
    assert marked
