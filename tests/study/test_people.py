"""Where people live inside a settlement: shares, minutes and statuses worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import CRS, at, two_municipalities

import socaccess as sa
from socaccess.coverage import bound_limits_ms, judge_settlements, summarise_coverage
from socaccess.errors import InputError
from socaccess.settings import Settings
from socaccess.study import Study, StudyResult
from socaccess.study.release import release


def points(*rows: tuple[str, float, float | None]) -> gpd.GeoDataFrame:
    """Return people: settlement, share, kilometre along the straight road."""
    return gpd.GeoDataFrame(
        {"settlement_id": [row[0] for row in rows], "share": [row[1] for row in rows]},
        geometry=[None if row[2] is None else at(row[2]) for row in rows],
        crs=CRS,
    )


def run(people: gpd.GeoDataFrame | None, **changes: object) -> StudyResult:
    return Study(**{**two_municipalities(), "people": people, **changes}).run(sites=False)


def row_of(result: StudyResult, settlement: str, service: str = "dac"):
    table = result.settlement_coverage
    at_ = (table["settlement_id"] == settlement) & (table["service"] == service)
    (row,) = table[at_ & (table["scenario"] == "now")].to_dict("records")
    return row


def test_a_settlement_is_the_share_of_its_people():
    alone = run(None)
    # One kilometre takes one minute on the straight road; D lies 20 from F1, the limit is 20.
    km = {row: alone.study.settlements.set_index("settlement_id").geometry[row].x for row in "de"}
    assert row_of(alone, "d")["travel_min"] == 20
    d, e = ((km[name] - at(0).x) / 1000 for name in "de")
    people = points(("d", 0.5, d), ("d", 0.3, (d + e) / 2), ("d", 0.2, e))
    row = row_of(run(people), "d")
    # 20 minutes from d, 40 from e; half-way on the one-way road from d on to e 5 and then 40.
    assert row["status"] == "partly"
    assert row["covered_share"] == pytest.approx(0.5)
    assert row["travel_min"] == pytest.approx(0.5 * 20 + 0.3 * 45 + 0.2 * 40)
    assert (row["median_min"], row["p90_min"]) == (20, 45)
    assert row["facility_id"] == "F1"
    # Times 15 % longer put even those of d out; 15 % shorter bring nobody more.
    assert (row["covered_share_low"], row["covered_share_high"]) == (0, pytest.approx(0.5))
    wide = row_of(run(people, settings=Settings(time_uncertainty=0.55)), "d")
    # 40 minutes are then 18, 45 are 20.25.
    assert wide["covered_share_high"] == pytest.approx(0.7)
    exact = row_of(run(people, settings=Settings(time_uncertainty=0.0)), "d")
    assert exact["covered_share_low"] == exact["covered_share_high"] == exact["covered_share"]


def test_municipalities_weigh_people_where_they_live():
    base = run(None)
    d, e = (
        (base.study.settlements.set_index("settlement_id").geometry[name].x - at(0).x) / 1000
        for name in "de"
    )
    result = run(points(("d", 0.5, d), ("d", 0.5, e)))
    table = result.coverage
    (row,) = table[
        (table["municipality_id"] == "east") & (table["service"] == "dac")
        & (table["scenario"] == "now") & (table["scope"] == "any")
    ].to_dict("records")  # fmt: skip
    # Of East's 11 persons c's three and half of d's two have it within 20 minutes.
    assert row["persons"] == 11
    assert row["covered"] == pytest.approx(4)
    assert row["covered_share"] == pytest.approx(4 / 11)
    services = {row["service"]: row for row in result.summary["services"]}
    west = table[(table["municipality_id"] == "west") & (table["service"] == "dac")
                 & (table["scenario"] == "now") & (table["scope"] == "any")]  # fmt: skip
    assert services["dac"]["covered"]["now"] == pytest.approx(4 + float(west["covered"].iloc[0]))
    assert result.summary["people"] == {"points": 7, "settlements_without_points": 5}


def test_points_like_their_settlements_change_nothing():
    tables = two_municipalities()
    homes = tables["settlements"]
    people = gpd.GeoDataFrame(
        {"settlement_id": [*homes["settlement_id"], *homes["settlement_id"]], "share": 0.5},
        geometry=[*homes.geometry, *homes.geometry], crs=homes.crs,
    )  # fmt: skip
    plain, split = run(None), run(people[~people.geometry.isna()])
    for name in ("travel_min", "covered_share", "p90_min", "own_travel_min", "length_km"):
        np.testing.assert_allclose(
            split.settlement_coverage[name].astype(float),
            plain.settlement_coverage[name].astype(float),
        )
    assert split.settlement_coverage["status"].tolist() == (
        plain.settlement_coverage["status"].tolist()
    )


def test_shares_must_add_up_and_name_settlements():
    with pytest.raises(InputError) as caught:
        run(points(("d", 0.5, 20), ("d", 0.3, 25)))
    assert [problem.code for problem in caught.value.problems] == ["sources.shares_do_not_add_up"]
    assert "d: 0.8" in str(caught.value)
    with pytest.raises(InputError, match="value is not known"):
        run(points(("nowhere", 1.0, 20)))


def test_what_is_brought_to_people_is_its_provider_s_own():
    tables = two_municipalities()
    plain = run(None)
    facilities = tables["facilities"]
    provider = facilities["municipality_id"].where(facilities["facility_id"] != "H1", "west")
    moved = run(None, facilities=facilities.assign(provider_municipality_id=provider))
    before, after = (
        r.settlement_coverage[
            (r.settlement_coverage["service"] == "care")
            & (r.settlement_coverage["scenario"] == "now")
        ].set_index("settlement_id")
        for r in (plain, moved)
    )
    # The carers' office stays in East, and the ways are the same; only whose they are changes.
    assert (before["travel_min"].dropna() == after["travel_min"].dropna()).all()
    assert before.loc["c", "own_status"] == "covered"
    assert after.loc["c", "own_status"] == "gap"
    assert after.loc["a", "own_travel_min"] == before.loc["a", "travel_min"]


def test_siting_counts_persons_as_coverage_does():
    result = sa.Study.load("latgale").run(sites=False)
    for service in ("respite_grt", "dac_ft"):
        problem = result.pose_siting(service, sites=2)
        near = problem.travel_min <= problem.limit_min
        open_ = np.isin(problem.site_ids, problem.existing)
        persons = problem.persons[near[:, open_].any(axis=1)].sum()
        (row,) = [r for r in result.summary["services"] if r["service"] == service]
        assert round(persons, 1) == row["covered"]["now"]


def test_gains_of_an_answer_are_those_of_its_question():
    study = Study.load("latgale")
    asked = release(study.run(sites=False)).result
    plan = sa.suggest_sites(asked.pose_siting("group_home", sites=3, limit_min=30))
    told = release(study.run(answer=("group_home", plan))).result
    assert told.sites["gain_persons"].tolist() == pytest.approx(plan.sites["gain_persons"])
    assert (told.sites["gain_persons"] > 0).all()


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.data(),
)
def test_statuses_against_counting(home, data):
    home = np.array(sorted(home))
    home = np.unique(home, return_inverse=True)[1]
    ms = np.array(
        data.draw(st.lists(st.sampled_from([0, 600_000, 1_800_000, 1_800_001, 2**31 - 1]),
                           min_size=len(home), max_size=len(home)))
    )  # fmt: skip
    statuses = judge_settlements(ms, 30, home=home)
    for number, status in enumerate(statuses):
        mine = ms[home == number]
        near = (mine <= 1_800_000).sum()
        if near == len(mine):
            assert status == "covered"
        elif near:
            assert status == "partly"
        else:
            assert status == ("unreachable" if (mine == 2**31 - 1).all() else "gap")


@given(st.floats(1, 200), st.floats(0, 0.9))
def test_bounds_are_those_of_multiplied_times(limit, uncertainty):
    low, middle, high = bound_limits_ms(limit, uncertainty)
    assert low <= middle <= high
    for bound, factor in ((low, 1 + uncertainty), (high, 1 - uncertainty)):
        assert bound * factor <= middle + 1e-3
        assert (bound + 1) * factor > middle


def test_a_part_of_a_row_counts_as_that_part():
    import pandas as pd

    table = pd.DataFrame(
        {"municipality_id": "m", "service": "dac", "persons": [4.0, 6.0], "population": [10, 10],
         "travel_min": [10.0, 50.0], "status": ["partly", "gap"], "covered_share": [0.5, 0.0]}
    )  # fmt: skip
    (row,) = summarise_coverage(table).to_dict("records")
    assert (row["covered"], row["covered_share"]) == (2, 0.2)
