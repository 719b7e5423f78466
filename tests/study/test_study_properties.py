"""What must hold for every study: random small worlds, and the two municipalities shuffled."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import CRS, at, square, straight_road, two_municipalities

from socaccess.network import RoadNetwork
from socaccess.settings import Settings
from socaccess.study import Study, StudyResult

SERVICES = ("care", "dac", "shop")
LIMITS = st.fixed_dictionaries({name: st.integers(1, 60).map(float) for name in SERVICES})


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """Return a study on the straight road with random people, needs and facilities."""
    count = draw(st.integers(2, 6))
    km = st.integers(0, 45)
    settlements = gpd.GeoDataFrame(
        {
            "settlement_id": [f"s{i}" for i in range(count)],
            "name": [f"S{i}" for i in range(count)],
            "municipality_id": ["west", "east", *draw(_lists(["west", "east"], count - 2))],
            "population": draw(st.lists(st.integers(0, 900), min_size=count, max_size=count)),
        },
        geometry=[
            None if x == 45 else at(x) for x in draw(st.lists(km, min_size=count, max_size=count))
        ],
        crs=CRS,
    )
    offered = draw(st.integers(0, 6))
    facilities = gpd.GeoDataFrame(
        {
            "facility_id": [f"f{i}" for i in range(offered)],
            "name": [f"F{i}" for i in range(offered)],
            "service": draw(_lists(SERVICES, offered)),
            "status": draw(_lists(["operating", "planned", "closed"], offered)),
            "municipality_id": draw(_lists(["west", "east", "beyond"], offered)),
        },
        geometry=[
            None if x == 45 else at(x)
            for x in draw(st.lists(km, min_size=offered, max_size=offered))
        ],
        crs=CRS,
    )
    need = pd.DataFrame(
        {
            "settlement_id": settlements["settlement_id"],
            "target_group": "adults_grt",
            "persons": draw(st.lists(st.integers(0, 20), min_size=count, max_size=count)),
        }
    )
    tables = two_municipalities()
    return Study(
        **{
            **tables,
            "settlements": settlements,
            "facilities": facilities,
            "need": draw(st.sampled_from([need, None])),
        }
    )


def _lists(values: object, count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(values)), min_size=count, max_size=count)  # type: ignore[call-overload]


def by_key(result: StudyResult) -> pd.DataFrame:
    keys = ["settlement_id", "service", "scenario"]
    return result.settlement_coverage.set_index(keys).sort_index()


@given(studies(), st.sampled_from(SERVICES), st.integers(0, 44),
       st.sampled_from(["west", "east", "beyond"]))  # fmt: skip
@settings(max_examples=6)
def test_another_facility_never_worsens_anyones_time(study, service, km, owner):
    new = gpd.GeoDataFrame(
        {
            "facility_id": ["new"],
            "name": ["New"],
            "service": [service],
            "status": ["operating"],
            "municipality_id": [owner],
        },
        geometry=[at(km)],
        crs=CRS,
    )
    more = replace(study, facilities=pd.concat([study.facilities, new], ignore_index=True))
    before, after = (by_key(s.run(sites=False)) for s in (study, more))
    for prefix in ("", "own_"):
        minutes = before[f"{prefix}travel_min"].fillna(np.inf)
        assert (after[f"{prefix}travel_min"].fillna(np.inf) <= minutes).all()
        was = before[f"{prefix}status"] == "covered"
        assert (after.loc[was, f"{prefix}status"] == "covered").all()
    # And only the service it offers is touched.
    others = before.index.get_level_values("service") != service
    pd.testing.assert_frame_equal(before[others], after[others], check_dtype=False)


@given(studies(), LIMITS, LIMITS)
@settings(max_examples=6)
def test_a_wider_limit_never_uncovers(study, some, others):
    narrow = {name: min(some[name], others[name]) for name in SERVICES}
    wide = {name: max(some[name], others[name]) for name in SERVICES}
    small, large = (
        by_key(replace(study, settings=Settings(limits_min=limits)).run(sites=False))
        for limits in (narrow, wide)
    )
    for column in ("status", "own_status"):
        assert (large.loc[small[column] == "covered", column] == "covered").all()
        assert ((small[column] == "unreachable") == (large[column] == "unreachable")).all()
    pd.testing.assert_series_equal(small["travel_min"], large["travel_min"])


def part_of(table: pd.DataFrame, service: str) -> pd.DataFrame:
    return table[(table["service"] == service) & (table["scenario"] == "now")]


@given(studies())
@settings(max_examples=10)
def test_every_study_adds_up(study):
    result = study.run(sites=False)
    table, coverage = result.settlement_coverage, result.coverage
    count = len(study.settlements)
    sizes = table.groupby(["service", "scenario"]).size()
    assert (sizes == count).all()
    assert len(sizes) == 4 * 3
    for (service, scenario), part in table.groupby(["service", "scenario"]):
        rows = coverage[(coverage["service"] == service) & (coverage["scenario"] == scenario)]
        for scope, status in (("any", "status"), ("own", "own_status")):
            sums = rows[rows["scope"] == scope].sum(numeric_only=True)
            covered = part[status] == "covered"
            assert sums["population"] == part["population"].sum()
            assert sums["population_covered"] == part.loc[covered, "population"].sum()
            assert sums["persons"] == pytest.approx(part["persons"].sum())
            assert sums["covered"] == pytest.approx(part.loc[covered, "persons"].sum())
    # The headline counts the same people.
    for row in result.summary["services"]:
        rows = coverage[
            (coverage["service"] == row["service"])
            & (coverage["scenario"] == "now")
            & (coverage["scope"] == "any")
        ]
        if row["share_of"] == "need":
            if rows["covered"].isna().any():  # where a service is may be unknown: never zero
                assert row["covered"]["now"] is None
                assert (part_of(table, row["service"])["status"] == "no_data").all()
            else:
                assert row["covered"]["now"] == pytest.approx(rows["covered"].sum(), abs=0.051)
            assert row["persons"] == pytest.approx(rows["persons"].sum(), abs=0.051)
    assert (table.groupby("settlement_id").size() == 12).all()
    lost = table["settlement_id"].isin(
        study.settlements.loc[study.settlements.geometry.isna(), "settlement_id"]
    )
    assert table.loc[lost, "travel_min"].isna().all()
    unknown = table.groupby(["service", "scenario"])["status"].transform(
        lambda statuses: (statuses == "no_data").all()
    )
    assert set(table.loc[lost & ~unknown, "status"]) <= {"gap", "unreachable"}


@given(studies())
@settings(max_examples=4)
def test_without_facilities_nothing_is_known(study):
    empty = replace(study, facilities=study.facilities.iloc[:0]).run(sites=False)
    assert set(empty.settlement_coverage["status"]) == {"no_data"}
    assert set(empty.settlement_coverage["own_status"]) == {"no_data"}
    assert empty.coverage[["covered_share", "population_covered", "covered"]].isna().all(axis=None)
    assert not len(empty.gaps)
    assert empty.summary["counted_services"] == []


def shuffle(tables: dict, seed: int) -> dict:
    """Return the tables with their rows in another order, index and all."""
    mixed = dict(tables)
    for name in ("municipalities", "settlements", "facilities", "service_types", "need"):
        mixed[name] = tables[name].sample(frac=1, random_state=seed)
    nodes, edges = straight_road()
    mixed["network"] = RoadNetwork.from_edges(
        nodes.sample(frac=1, random_state=seed), edges.sample(frac=1, random_state=seed), crs=CRS
    )
    mixed["promised"] = tables["promised"][::-1]
    return mixed


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_of_rows_does_not_matter(seed):
    chosen = Settings(new_sites=2, site_services=("dac", "shop"))
    tables = two_municipalities()
    straight = Study(**tables, settings=chosen).run()
    mixed = Study(**shuffle(tables, seed), settings=chosen).run()
    for name in (
        "settlement_coverage", "coverage", "gaps", "institutions", "not_located", "plans",
        "travel", "municipalities", "settlements", "facilities", "service_types",
    ):  # fmt: skip
        pd.testing.assert_frame_equal(getattr(straight, name), getattr(mixed, name))
    pd.testing.assert_frame_equal(
        straight.sites.drop(columns="point"), mixed.sites.drop(columns="point")
    )
    assert straight.summary == mixed.summary


def test_two_runs_are_equal():
    first, second = (Study(**two_municipalities()).run() for _ in range(2))
    pd.testing.assert_frame_equal(first.settlement_coverage, second.settlement_coverage)
    pd.testing.assert_frame_equal(first.sites, second.sites)
    assert first.summary == second.summary


def test_a_municipality_where_nobody_lives_stays():
    tables = two_municipalities()
    tables["municipalities"] = pd.concat(
        [
            tables["municipalities"],
            gpd.GeoDataFrame(
                {"municipality_id": ["moor"], "name": ["Purva novads"]},
                geometry=[square(45, 60)],
                crs=CRS,
            ),
        ],
        ignore_index=True,
    )
    hut = gpd.GeoDataFrame(
        {
            "settlement_id": ["hut"],
            "name": ["Būda"],
            "municipality_id": ["moor"],
            "population": [0],
        },
        geometry=[at(46)],
        crs=CRS,
    )
    tables["settlements"] = pd.concat([tables["settlements"], hut], ignore_index=True)
    result = Study(**tables).run(sites=False)
    ranking = [row["municipality_id"] for row in result.summary["municipality_ranking"]]
    assert ranking == ["west", "east", "moor"]
    assert result.summary["municipality_ranking"][-1]["covered_share"]["now"] is None


def test_a_network_without_roads_loses_nobody():
    tables = two_municipalities()
    nodes, edges = straight_road()
    tables["network"] = RoadNetwork.from_edges(nodes, edges.iloc[:0], crs=CRS)
    result = Study(**tables).run()
    table = result.settlement_coverage
    assert set(table.loc[table["service"] == "dac", "status"]) == {"unreachable"}
    assert set(table.loc[table["service"] == "crisis", "status"]) == {"no_data"}
    listed = result.not_located.set_index("id")["reason"].to_dict()
    assert listed == {
        **dict.fromkeys("abcde", "no_network"),
        **dict.fromkeys(["F1", "F2", "F3", "H1", "I1"], "no_network"),
        "z": "place_unknown",
        "F4": "only_municipality_known",
    }


def test_a_municipality_without_settlements_is_told_all_the_same():
    tables = two_municipalities()
    empty = tables["municipalities"].iloc[[0]].assign(municipality_id="M9", name="Tukšais")
    tables["municipalities"] = pd.concat([tables["municipalities"], empty], ignore_index=True)
    result = Study(**tables).run()
    rows = result.coverage[result.coverage["municipality_id"] == "M9"]
    others = result.coverage[result.coverage["municipality_id"] != "M9"]
    assert len(rows) == len(others) / (len(tables["municipalities"]) - 1)
    assert (rows["population"] == 0).all()
    assert rows["covered_share"].isna().all()
