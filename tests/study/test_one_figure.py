"""One figure, told once: every file of a run says the same, in both languages and views."""

from __future__ import annotations

import json
import math
import os
import re

import docx
import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest

import socaccess as sa
from socaccess.study.release import run_released
from tests.study.read_outputs import (
    ROOT,
    SHARE,
    Figures,
    Percent,
    agree,
    bare,
    collect,
    plain,
    read_book,
    read_document,
)
from tests.study.zeros import find_uncounted

REGIONS = ("latgale", "kurzeme", "riga", "vidzeme", "zemgale")


BOTH_LANGUAGES = (("latgale", "today"), ("kurzeme", "plan"))
"""Read in both languages always; the others in one, unless `SOCACCESS_ALL_REGIONS` is 1."""

CASES = [(region, view) for region in REGIONS for view in ("today", "plan")]


def choose_languages(region: str, view: str) -> tuple[str, ...]:
    if (region, view) in BOTH_LANGUAGES or os.environ.get("SOCACCESS_ALL_REGIONS") == "1":
        return ("lv", "en")
    return ("lv",) if view == "today" else ("en",)


@pytest.mark.parametrize(
    ("region", "view"),
    [pytest.param(*case, marks=[] if case == CASES[0] else pytest.mark.slow) for case in CASES],
)
def test_no_figure_is_told_two_ways(region, view, tmp_path):
    released = run_released(sa.Study.load(region, view=view))
    before: Figures | None = None
    for lang in choose_languages(region, view):
        sa.write_outputs(released, tmp_path / lang, lang=lang)
        figures = collect(tmp_path / lang, lang)
        if (region, view) == CASES[0]:
            check_reader(tmp_path / lang)
        assert figures.differences() == []
        assert find_uncounted(tmp_path / lang, lang) == []
        # The reader has read something: every municipality, service, scenario and scope.
        services = len(released.result.study.assessed_types)
        places = len(released.result.municipalities)
        assert figures.shared() > services * places * 6
        check_access_page(released, tmp_path / lang, lang)
        if before is not None:
            assert set(before.told) & set(figures.told)
            for key in set(before.told) & set(figures.told):
                if key[0] in ("coverage", "gaps", "sites", "service"):
                    assert agree(before.told[key][0][1], figures.told[key][0][1]), key
        before = figures


def check_reader(folder):
    """What the tests read in a workbook is what openpyxl reads there."""
    book = openpyxl.load_workbook(folder / "tables.xlsx", read_only=True)
    told = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    book.close()
    assert read_book(folder / "tables.xlsx") == told
    assert sum(len(rows) for rows in told) > 5000


def check_access_page(released, folder, lang):
    """Places by municipality, ten facilities and who gains stand in an annex that is not long."""
    words = json.loads((ROOT / "socaccess" / "locale" / lang / "annex.json").read_text("utf-8"))
    tables = read_document(folder / "annex.docx")
    heads = [[bare(cell) for cell in table[0]] for table in tables]
    (at,) = (at for at, head in enumerate(heads) if bare(words["column.extra_min"]) in head)
    places, closing = tables[at - 1], tables[at]
    assert heads[at - 1][0] == bare(words["column.municipality"])
    assert len(places) == len(released.result.municipalities) + 1
    assert any(re.search(r"\d", cell) for row in places[1:] for cell in row[1:])
    # Where many municipalities take the room of the page, fewer facilities follow.
    municipalities = len(released.result.municipalities)
    assert len(closing) == 1 + max(4, 10 - math.ceil(max(0, municipalities - 12) / 3))
    pages = len(pypdf.PdfReader(folder / "annex.pdf").pages)
    # The plans' borders have twice as many municipalities, and so has the Rīga region.
    study = released.result.study
    assert pages <= (12 if study.view == "plan" or "riga" in study.name else 10)


def test_check_and_annex_say_of_a_municipality_what_its_region_says(tmp_path):
    from socaccess.documents.standard import check_standard

    result = sa.Study.load("latgale").run(sites=False)
    ludza = "0037000"
    released = result.tables["coverage"]
    now = released[
        (released["municipality_id"] == ludza)
        & (released["scenario"] == "now")
        & (released["scope"] == "any")
    ].set_index("service")
    checked = check_standard(result, ludza).services.set_index("service")
    for service, row in checked.iterrows():
        for mine, theirs in (("now", "covered_share"), ("now_low", "covered_share_low"),
                             ("now_high", "covered_share_high"), ("persons", "persons"),
                             ("mean_min", "mean_min"), ("max_min", "max_min")):  # fmt: skip
            told, shown = plain(row[mine]), plain(now.loc[service, theirs])
            assert told == shown, (service, mine)
    sa.write_outputs(result, tmp_path, lang="en")
    figures = collect(tmp_path, "en")
    for service in checked.index:
        key = ("coverage", ludza, service, "now", "any", "covered_share")
        places = {where for where, _ in figures.told[key]}
        assert places >= {"coverage.csv", "layers.gpkg", "tables.xlsx", "map.html"}
        assert plain(checked.loc[service, "now"]) == figures.told[key][0][1]


OF_ONE = {
    "today": ("0037000", "0006000", "0032000"),
    "plan": ("0680200", "0210000", "0600202", "0387500"),
}
"""Ludza, Rēzekne and Krāslava, in the borders of today and of the plans; Rugāji, withheld there."""


@pytest.mark.parametrize("view", OF_ONE)
def test_plan_check_annex_and_site_say_the_same_of_a_municipality(view, tmp_path):
    from socaccess.documents.annex import write_annex
    from socaccess.documents.standard import check_standard

    result = sa.Study.load("latgale", view=view).run(sites=False)
    lifted, released = result.release(allow_small_counts=True), result.release()
    names = result.municipalities.set_index("municipality_id")["name"]
    views = sa.planning.views(released)
    assert sorted(views["view"].unique()) == ["plan", "today"]
    views = views[views["view"] == view].set_index("municipality_id")
    others = sa.planning.views(sa.Study.load("latgale", view=next(v for v in OF_ONE if v != view)))
    others = others[others["view"] == view].set_index("municipality_id")
    short = json.loads((ROOT / "socaccess" / "locale" / "en" / "finding.json").read_text("utf-8"))
    shares = {
        service: share_near_existing(lifted.result.pose_siting(service))
        for service in check_standard(lifted, OF_ONE[view][0]).services["service"]
    }
    for code in OF_ONE[view]:
        compared = 0
        checked = check_standard(lifted, code).services.set_index("service")
        planned = sa.planning.model(lifted, code).services.set_index("service")
        sheet = docx.Document(
            str(write_annex(lifted, tmp_path / f"{code}.docx", lang="en", municipality_id=code))
        )
        drawn = [[bare(cell.text) for cell in row.cells] for table in sheet.tables
                 for row in table.rows]  # fmt: skip
        for service, row in checked.iterrows():
            persons = plain(row["persons"])
            # Where nobody in need lives the share is of inhabitants.
            if not row["supply_known"] or not persons:
                continue
            compared += 1
            # The plan counts persons near any facility; the check says their share.
            near = planned.loc[service, "near_any"] / planned.loc[service, "persons"]
            assert near == pytest.approx(row["now"], abs=5e-5), (code, service)
            # So does the question where sites should go, of those that exist.
            assert shares[service][code] == pytest.approx(row["now"], abs=5e-5), (code, service)
            named = [cells for cells in drawn if cells[0].lower() == short[f"service.{service}"]]
            told = [Percent(found[1]) for cells in named if (found := SHARE.search(cells[2]))]
            assert any(agree(row["now"], value) for value in told), (code, service, named)
        assert compared > 8
        # As released, marks and all, the persons of each service are the same ones.
        shown = check_standard(released, code).services.set_index("service")["persons"]
        model = sa.planning.model(released, names[code] if view == "today" else code)
        counts = model.show()["services"].set_index("service")["persons"]
        for service in shown.index.intersection(counts.index):
            assert plain(counts[service]) == plain(shown[service]), (code, service)
        balance = sa.planning.cooperation(released, "dac_grt").balance
        balance = balance.set_index("municipality_id")["persons"]
        assert plain(balance[code]) == plain(shown["dac_grt"])
        # In either borders the views say what a run in those borders does, marks and all.
        assert plain(views.loc[code, "persons"]) == plain(shown["dac_grt"])
        assert plain(others.loc[code, "persons"]) == plain(shown["dac_grt"])


def share_near_existing(problem):
    """Return by municipality the share of persons within the limit of what exists."""
    existing = [problem.site_ids.index(name) for name in problem.existing]
    near = (problem.travel_min[:, existing] <= problem.limit_min + 1e-9).any(axis=1)
    homes = pd.Series(problem.client_municipality)
    persons = pd.Series(np.asarray(problem.persons, dtype=float))
    return persons.where(near, 0.0).groupby(homes).sum() / persons.groupby(homes).sum()


def test_the_reader_would_notice():
    figures = Figures()
    figures.add("a.csv", ("persons",), "12")
    figures.add("b.xlsx", ("persons",), 12)
    figures.add("a.csv", ("share",), "0.575")
    figures.add("map.html", ("share",), Percent(57))
    figures.add("c.docx", ("share",), Percent(58))
    assert [line.split(":")[0] for line in figures.differences()] == []
    figures.add("b.xlsx", ("persons",), 13)
    figures.add("c.docx", ("share",), Percent(59))
    assert len(figures.differences()) == 2


def test_a_part_is_never_all_or_nothing():
    assert agree(0.999, Percent(99)) and not agree(0.999, Percent(100))
    assert agree(1.0, Percent(100)) and agree(0.0, Percent(0))
    assert not agree(0.001, Percent(0))
