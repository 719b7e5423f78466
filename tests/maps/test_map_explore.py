from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.maps import explore
from socaccess.study.colours import CLASSES, STATUS

from .world import NASTY, build_world, release_world

pytest.importorskip("folium")


@pytest.fixture(scope="module")
def page(world: SimpleNamespace) -> str:
    return explore(release_world(world), "service_0", lang="en").get_root().render()


def test_legend_counts_equal_the_tables(world: SimpleNamespace, page: str) -> None:
    legend = page[page.index("z-index:900") :]
    table = world.settlement_coverage
    part = table[(table["service"] == "service_0") & (table["scenario"] == "now")]
    located = set(world.settlements.loc[world.settlements["located"], "settlement_id"])
    counts = part.loc[part["settlement_id"].isin(located), "status"].value_counts()
    for status in ("covered", "gap", "unreachable"):
        text = Texts("en")(f"map.status.{status}")
        assert re.search(rf"{text}</span><span>{counts.get(status, 0)}</span>", legend), status
    shown = [int(n) for n in re.findall(r"–?\d+ %</span><span>(\d+)</span>", legend)]
    assert len(shown) == len(CLASSES)
    assert sum(shown) == len(world.municipalities)


def test_same_colours_as_the_exported_map(page: str) -> None:
    for colour in (STATUS[name] for name in ("covered", "gap", "unreachable")):
        assert colour in page
    assert any(c.light in page for c in CLASSES)


def test_tooltips_no_popups_no_tiles(page: str) -> None:
    assert "bindTooltip" in page
    assert "bindPopup" not in page
    assert "L.tileLayer" not in page


def test_names_arrive_as_text(page: str) -> None:
    assert NASTY not in page
    assert "&lt;b&gt; &lt;/script&gt;" in page
    world = build_world()
    world.settlements.loc[5, "name"] = "`${alert(1)}`"
    assert "${alert" not in explore(release_world(world), "service_0").get_root().render()


def test_small_counts(world: SimpleNamespace, page: str) -> None:
    shown = re.findall(r"Persons who need it \(estimate\): ([^<]*?)\s*<", page)
    assert "fewer than 5" in shown
    assert not [n for n in shown if n.isdigit() and 0 < int(n) < 5]
    canvas = explore(release_world(world, 0), "service_0", lang="en")
    page = canvas.get_root().render()
    loud = re.findall(r"Persons who need it \(estimate\): ([^<]*?)\s*<", page)
    assert [n for n in loud if n.isdigit() and 0 < int(n) < 5]


def test_default_is_a_promised_service_with_supply(world: SimpleNamespace) -> None:
    assert (
        "service 0 with a rather long name"
        in explore(release_world(world), lang="en").get_root().render()
    )


def test_a_service_nobody_offers(world: SimpleNamespace) -> None:
    page = explore(release_world(world), "service_2", lang="en").get_root().render()
    assert Texts("en")("map.class_missing") in page
    assert "No source counts who offers this service" in page


def test_unknown_names(world: SimpleNamespace) -> None:
    for wrong in ({"service": "x"}, {"scenario": "x"}, {"scope": "x"}, {"lang": "x"}):
        with pytest.raises(UnknownNameError):
            explore(release_world(world), **wrong)


def test_many_points_become_circles_of_one_layer() -> None:
    page = explore(release_world(build_world(3200, 5, 1)), "service_0").get_root().render()
    assert page.count('"type": "Point"') == 3199
    assert page.count("L.divIcon(") < 20
    assert NASTY not in page
    assert page.count("</script>") == page.count("<script")
