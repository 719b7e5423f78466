"""The page of changes in real Chromium: pins, buttons, link, file, and what goes wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socaccess.coverage import list_zone_ends
from socaccess.documents.annex_maps import name_zones
from socaccess.i18n import Texts
from socaccess.maps import embed_map
from socaccess.study import StudyResult
from socaccess.study.scenario import FORMAT

from .accessibility import add_axe, find_violations

pytestmark = pytest.mark.browser
TEXTS = Texts("lv")
OpenPage = Callable[..., Any]


@pytest.fixture(scope="module")
def path(latgale_page: Path) -> Path:
    return latgale_page


def changes(page: Any) -> list[dict[str, Any]]:
    return page.evaluate("window.socaccess.scenario.changes")


def gained(page: Any) -> str:
    return page.inner_text("#whatif-figures .gained strong")


@pytest.fixture
def page(open_page: OpenPage, path: Path) -> Any:
    page = open_page(path)
    page.click("#tab-whatif")
    return page


def test_best_place_drag_undo_and_remove(page: Any) -> None:
    assert gained(page) == "0"
    page.click("#whatif-best")
    best = gained(page)
    assert int(best) > 5
    pin = page.locator(".pin")
    box = pin.bounding_box()
    page.mouse.move(box["x"] + 16, box["y"] + 34)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(box["x"] + 16 + 12 * step, box["y"] + 34 + 6 * step)
    page.mouse.up()
    moved = changes(page)
    assert len(moved) == 1
    assert page.locator("#whatif-changes select").input_value() == str(moved[0]["place"])
    assert gained(page) != best
    # One drag is one step back, by key too; the pin goes back with it.
    page.keyboard.press("Control+z")
    assert gained(page) == best
    again = pin.bounding_box()
    assert abs(again["x"] - box["x"]) < 2
    page.click("#whatif-undo")
    assert changes(page) == []
    assert page.is_disabled("#whatif-undo")
    assert page.messages == []


def test_minutes_stand_there_when_the_table_is_opened(page: Any) -> None:
    page.click("#whatif-best")
    assert page.locator("#whatif-settlement-rows tr").count() == 0
    page.click("#whatif-settlements summary")
    page.wait_for_selector("#whatif-settlement-rows tr")
    assert page.locator("#whatif-settlement-heads th").all_inner_texts() == [
        TEXTS("map.settlement"), TEXTS("map.whatif_now"), TEXTS("map.whatif_after")]  # fmt: skip


def test_by_keyboard_alone(page: Any) -> None:
    page.focus("#whatif-best")
    page.keyboard.press("Enter")
    before = changes(page)[0]["place"]
    page.focus(".pin")
    page.keyboard.press("ArrowUp")
    after = changes(page)[0]["place"]
    y = "window.socaccess.data.settlements.y"
    assert page.evaluate(f"{y}[{after}] > {y}[{before}]")
    name = page.evaluate(f"window.socaccess.data.settlements.name[{after}]")
    assert name in page.get_attribute(".pin", "aria-label")
    page.keyboard.press("Delete")
    assert changes(page) == []
    # Every facility has a button: closing needs no pointer.
    page.focus("#whatif-list summary")
    page.keyboard.press("Enter")
    button = page.locator("#whatif-facilities button").first
    button.focus()
    page.keyboard.press("Enter")
    assert changes(page)[0]["kind"] == "close"
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.keyboard.press("Enter")
    assert changes(page) == []


def test_a_click_on_the_map_closes_and_places(page: Any) -> None:
    where = page.evaluate(
        """() => {
          const { marks, map, data, whatif, state } = window.socaccess;
          const open = [...whatif.facilities(state.service, 0).keys()]
            .filter((id) => data.places.facilities.inRegion[id]);
          const place = data.places.facilities.place[open[0]];
          const at = map.latLngToContainerPoint([data.places.y[place], data.places.x[place]]);
          const box = document.querySelector('#map').getBoundingClientRect();
          return [box.x + at.x, box.y + at.y];
        }"""
    )
    page.mouse.click(where[0], where[1] - 14)
    assert [one["kind"] for one in changes(page)] == ["close"]
    assert page.inner_text("#whatif-figures .lost strong").startswith("−")
    page.click("#whatif-place")
    page.mouse.click(where[0] + 60, where[1] - 90)
    assert [one["kind"] for one in changes(page)] == ["close", "add"]
    assert page.get_attribute("#whatif-place", "aria-pressed") == "false"


def test_a_pin_where_no_road_leads_goes_back(page: Any) -> None:
    page.click("#whatif-best")
    place = changes(page)[0]["place"]
    box = page.locator(".pin").bounding_box()
    page.mouse.move(box["x"] + 16, box["y"] + 34)
    page.mouse.down()
    page.mouse.move(1270, 400, steps=2)
    page.mouse.move(1275, 60, steps=2)
    page.mouse.up()
    assert page.inner_text("#message") == TEXTS("map.pin_out_of_reach")
    # It stands at a settlement again.
    now = page.evaluate("window.socaccess.scenario.changes[0].place")
    assert isinstance(now, int) and isinstance(place, int)


def test_link_opens_the_same(page: Any, open_page: OpenPage, path: Path) -> None:
    page.click("#whatif-best")
    page.select_option("#limit", "2")
    link = page.evaluate("location.href")
    other = open_page(path)
    other.goto(link)
    other.reload()
    other.wait_for_selector("#whatif-changes li")
    assert changes(other) == changes(page)
    assert gained(other) == gained(page)
    assert other.evaluate("window.socaccess.state.limit") == 2


def test_a_link_is_never_written_in_part(page: Any, open_page: OpenPage, path: Path) -> None:
    """Whoever loads the page again while it follows a link finds all of the link."""
    page.click("#whatif-best")
    page.select_option("#limit", "2")
    link = page.evaluate("location.href")
    other = open_page(path)
    other.evaluate(
        """() => {
          window.written = [];
          const write = history.replaceState.bind(history);
          history.replaceState = (state, title, to) => {
            window.written.push(to);
            write(state, title, to);
          };
        }"""
    )
    other.goto(link)
    other.wait_for_selector("#whatif-changes li")
    assert set(other.evaluate("window.written")) == {"#" + link.partition("#")[2]}


@pytest.mark.parametrize(
    "words",
    ["service=nonsense", "changes=add:dac_ft:nowhere", "changes=%25", "changes=close:x:y&limit=7"],
)
def test_unknown_names_in_a_link_are_one_sentence(
    open_page: OpenPage, path: Path, words: str
) -> None:
    page = open_page(path)
    page.evaluate("(words) => { location.hash = words; }", words)
    page.wait_for_selector("#message:not(:empty)")
    assert page.inner_text("#message") == TEXTS("map.link_unknown")
    assert page.is_visible("#page-whatif")
    assert page.messages == []


def test_files_are_saved_and_opened(page: Any, tmp_path: Path) -> None:
    page.click("#whatif-best")
    figure = gained(page)
    with page.expect_download() as download:
        page.click("#whatif-save")
    download.value.save_as(tmp_path / "scenario.json")
    content = json.loads((tmp_path / "scenario.json").read_text(encoding="utf-8"))
    assert content["format"] == FORMAT
    assert [one["change"] for one in content["changes"]] == ["add"]
    page.click("#whatif-undo")
    page.set_input_files("#scenario-load", str(tmp_path / "scenario.json"))
    page.wait_for_selector("#whatif-changes li")
    assert gained(page) == figure
    for text, key in (
        ("{", "scenario_not_read"),
        (json.dumps(content | {"study": "kurzeme"}), "scenario_of_another"),
        (json.dumps(content | {"changes": [{"change": "close", "facility_id": "<b>"}]}),
         "link_unknown"),
    ):  # fmt: skip
        (tmp_path / "bad.json").write_text(text, encoding="utf-8")
        page.set_input_files("#scenario-load", str(tmp_path / "bad.json"))
        page.wait_for_selector(f"#message:text-is('{TEXTS(f'map.{key}')}')")
    assert page.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_no_accessibility_violation(
    open_page: OpenPage, path: Path, scheme: str, size: tuple[int, int]
) -> None:
    page = open_page(path, size=size, color_scheme=scheme, bypass_csp=True)
    add_axe(page)
    assert find_violations(page) == []
    page.click("#tab-whatif")
    page.click("#whatif-best")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    page.click("#whatif-facilities button >> nth=0")
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_zones_are_the_minutes_of_the_study(open_page: OpenPage, path: Path, latgale: Any) -> None:
    page = open_page(path)
    found = page.evaluate(
        "[window.socaccess.data.services[window.socaccess.state.service].id,"
        " [...window.socaccess.zones.kept], window.socaccess.zones.ends]"
    )
    service, classes, ends = found
    times = latgale.released.result.times
    exact = times.travel_ms[times.row(service, "now")]
    bounds = [end * 60_000 for end in ends]
    expected = [sum(ms > end for end in bounds) for ms in exact.tolist()]
    assert sorted(classes) == sorted(expected)
    page.click("#tab-data")
    page.uncheck("#layer-zones")
    page.check("#layer-shading")
    assert page.locator(".leaflet-overlay-pane g > path").count() > 10
    page.check("#layer-zones")
    assert not page.is_checked("#layer-shading")
    assert page.locator(".leaflet-overlay-pane g > path").count() == 0


def test_the_legend_counts_the_facilities_of_the_region(
    open_page: OpenPage, path: Path, latgale: Any
) -> None:
    page = open_page(path)
    service = page.evaluate("window.socaccess.data.services[window.socaccess.state.service].id")
    told = page.inner_text("#legend-body")
    table = latgale.released.result.facilities
    mine = table[(table["service"] == service) & (table["status"] == "operating")]
    here = int(mine["in_region"].sum())
    assert 0 < here < len(mine)
    found = re.search(r"darbojas; ārpus teritorijas vēl (\d+)\s+(\d+)", told)
    assert found is not None, told
    assert int(found[2]) == here
    # Of those elsewhere the page holds the ones around it.
    assert 0 < int(found[1]) <= len(mine) - here


@pytest.mark.parametrize("limit", [20, 45, 60])
def test_zones_end_where_the_annex_says(open_page: OpenPage, path: Path, limit: int) -> None:
    page = open_page(path)
    told = page.evaluate(
        "(limit) => { const { zones } = window.socaccess;"
        " Object.defineProperty(zones, 'limit', { value: limit });"
        " const service = zones.model.choice.service;"
        " return [zones.ends, zones.names(), zones.data.whatif.outer[service]]; }",
        limit,
    )
    ends, names, outer = told
    expected = list_zone_ends(limit, math.nan if outer is None else outer)
    assert tuple(ends) == expected
    texts = Texts("lv")
    assert [words for _, words in name_zones(texts, expected)] == names


def test_first_screen_needs_no_scrolling(open_page: OpenPage, path: Path) -> None:
    """Finding, three gaps and what to build stand on the first screen."""
    for size in ((1440, 900), (1366, 768), (390, 844)):
        page = open_page(path, size=size)
        for selector in ("#finding h1", "#gaps li:nth-child(3)", "#build li:last-child"):
            box = page.locator(selector).bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], (selector, size)


def test_works_inside_a_frame(open_page: OpenPage, latgale: StudyResult, tmp_path: Path) -> None:
    outer = tmp_path / "outer.html"
    inner = embed_map(latgale.released, lang="en", height=700)._repr_html_()
    outer.write_text(f"<!doctype html><title>x</title>{inner}", encoding="utf-8")
    page = open_page(outer, wait=False)
    frame = page.frames[1]
    frame.wait_for_selector("#status-message[hidden]", state="attached")
    frame.click("#tab-whatif")
    frame.click("#whatif-best")
    assert int(frame.inner_text("#whatif-figures .gained strong")) > 5
    assert page.messages == []
