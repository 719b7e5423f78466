"""The page for those who zoom, listen, use keys alone, or print it: in real Chromium."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socaccess.i18n import Texts
from tests.pdfs import read_pages

from .accessibility import add_axe, find_violations

pytestmark = pytest.mark.browser
TEXTS = Texts("lv")
OpenPage = Callable[..., Any]
MUNICIPALITY = "document.querySelectorAll('#municipality-rows button')[0].click()"


@pytest.fixture(scope="module")
def path(latgale_page: Path) -> Path:
    return latgale_page


def act_suggested(page: Any) -> None:
    page.click("#tab-overview")
    page.click("#build button >> nth=0")


def act_whatif(page: Any) -> None:
    page.click("#tab-whatif")
    page.click("#whatif-best")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")


STATES: dict[str, Callable[[Any], None]] = {
    "municipality": lambda page: page.evaluate(MUNICIPALITY),
    "data": lambda page: page.click("#tab-data"),
    "capacity": lambda page: page.click("#tab-access"),
    "suggested": act_suggested,
    "what if": act_whatif,
}


@pytest.mark.parametrize("size", [(683, 384), (720, 450)], ids=["laptop", "desk"])
def test_at_200_per_cent_nothing_is_cut(open_page: OpenPage, path: Path, size: Any) -> None:
    """A browser that zooms to 200 % gives the page half the pixels each way."""
    page = open_page(path, size=size, device_scale_factor=2)
    for act in STATES.values():
        act(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        cut = page.evaluate(
            """() => [...document.querySelectorAll('#panel :is(h1, h2, p, button, td, th, li)')]
              .filter((one) => one.checkVisibility() && !one.closest('.scroll, .unseen'))
              .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
              .map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert cut == []
        # The panel can be read to its end: it scrolls, and its end can be reached.
        assert page.evaluate(
            "(p => (p.scrollTop = 1e6, p.scrollTop + p.clientHeight >= p.scrollHeight - 1))"
            "(document.querySelector('#panel'))"
        )


BROKEN_WORDS = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll('#panel :is(td, th):not(.address)')) {
    if (!cell.checkVisibility()) continue;
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const { index, 0: word } of walker.currentNode.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
        const range = document.createRange();
        range.setStart(walker.currentNode, index);
        range.setEnd(walker.currentNode, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) broken.push(word);
      }
    }
  }
  return broken;
}"""


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_no_word_of_a_table_is_broken(open_page: OpenPage, path: Path, size: Any) -> None:
    page = open_page(path, size=size)
    page.evaluate(MUNICIPALITY)
    seen = 0
    for tab in ("overview", "place", "access", "data"):
        page.evaluate(f"document.querySelector('#tab-{tab}').click()")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        seen += page.locator("#panel td:visible").count()
        assert page.evaluate(BROKEN_WORDS) == [], tab
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert seen > 200


def test_a_screen_reader_reads_the_finding_in_order(open_page: OpenPage, path: Path) -> None:
    """By Chromium's accessibility tree: tabs, choices, map, finding, gaps, what to build."""
    page = open_page(path)
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def walk(node: dict[str, Any]) -> list[tuple[str, str]]:
        own = (node.get("role", {}).get("value", ""), str(node.get("name", {}).get("value", "")))
        below = [by_id[one] for one in node.get("childIds", []) if one in by_id]
        mine = [] if node.get("ignored") else [own]
        return mine + [pair for child in below for pair in walk(child)]

    spoken = walk(nodes[0])
    title = page.inner_text("#finding h1")
    wanted = [
        ("link", TEXTS("map.skip_to_choices")),
        ("tab", TEXTS("map.tab.overview")),
        ("region", TEXTS("map.map_label")),
        ("heading", title),
        ("heading", page.inner_text("#finding h2 >> nth=0").replace("\n", " ")),
        ("heading", page.inner_text("#finding h2 >> nth=1").replace("\n", " ")),
        ("heading", TEXTS("map.by_service")),
    ]
    heard = iter(spoken)
    for role, name in wanted:
        assert any(role == other and name.split("  ")[0][:24] in text for other, text in heard), (
            role,
            name,
        )
    # What is hidden is not read, and every button and choice has a name.
    assert not [name for _, name in spoken if name == TEXTS("map.municipalities_ranked")]
    nameless = [
        role for role, name in spoken if role in ("button", "combobox", "tab", "link") and not name
    ]
    assert nameless == []


def test_keys_alone_reach_everything_and_leave_it_again(open_page: OpenPage, path: Path) -> None:
    page = open_page(path)
    seen: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """(() => { const one = document.activeElement;
              const box = one.getBoundingClientRect();
              const shown = getComputedStyle(one).outlineStyle !== 'none' || one.matches('input');
              return one === document.body ? null : [one.id || one.dataset.site || one.name
                || one.textContent.trim().slice(0, 20), shown && box.width > 0]; })()"""
        )
        if at is None or (len(seen) > 5 and at[0] == seen[0]):
            break
        assert at[1], at
        seen.append(at[0])
    for needed in ("tab-overview", "service", "limit", "scope", "map"):
        assert needed in seen, (needed, seen)
    assert len(seen) == len([*dict.fromkeys(seen)]) or len(seen) > 20
    # Tabs by arrows, a municipality by Enter, and back to where one was.
    page.focus("#tab-overview")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-place"
    first = page.locator("#municipality-rows button").first
    name = first.get_attribute("data-municipality")
    first.focus()
    page.keyboard.press("Enter")
    assert page.is_visible("#detail")
    page.focus("#detail-close")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.municipality") == name
    assert page.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_no_accessibility_violation_in_any_state(
    open_page: OpenPage, path: Path, scheme: str, size: tuple[int, int]
) -> None:
    page = open_page(path, size=size, color_scheme=scheme, bypass_csp=True)
    add_axe(page)
    for state, act in STATES.items():
        act(page)
        assert find_violations(page) == [], state
        if size[0] == 390:
            page.click("#handle")
            assert find_violations(page) == [], f"{state}, sheet moved"


@pytest.mark.parametrize("paper", ["a4-landscape", "a4-portrait", "a3-landscape", "a3-portrait"])
def test_the_sheet_of_a_municipality_is_one_page(
    open_page: OpenPage, path: Path, tmp_path: Path, paper: str
) -> None:
    page = open_page(path)
    page.evaluate(
        "(paper) => { const s = document.getElementById('paper'); s.value = paper;"
        " s.dispatchEvent(new Event('change')); }",
        paper,
    )
    names = page.evaluate("window.socaccess.data.municipalities.name")
    for number, name in enumerate(names if paper == "a4-portrait" else names[:2]):
        page.evaluate(
            "(i) => { location.hash = 'municipality=' + socaccess.data.municipalities.id[i]; }",
            number,
        )
        page.wait_for_selector(f"#detail-title:text-is('{name}')")
        page.pdf(path=str(tmp_path / "sheet.pdf"), prefer_css_page_size=True, print_background=True)
        sheets = read_pages(tmp_path / "sheet.pdf")
        assert len(sheets) == 1, name
        text = " ".join(unicodedata.normalize("NFKC", sheets[0]).split())
        for needed in (name, "OpenStreetMap"):
            assert needed in text, (needed, text)
