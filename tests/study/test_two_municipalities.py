"""Every number of a two-municipality study, worked out on paper.

The road (`small_worlds.straight_road`), minutes = kilometres::

    west:  a(A) --10-- b(B) --10--  east:  c(C) --10-- d(D) --10--> e(E) --30--> back to c(C)

Minutes from row to column, and persons in need (25 in all):

        to A   B   C   D   E    persons  population
    a      0  10  20  30  40      10        1000
    b     10   0  10  20  30       4         500
    c     20  10   0  10  20       3         300
    d     30  20  10   0  10       2         200
    e     50  40  30  40   0       5         100
    z      nobody knows where      1          50

dac (20 min, people travel): F1 at B operates; F2 at E is planned; F3 is closed; F4 has a
municipality's placeholder for a point. care (35 min, the carer travels): H1 at E. shop
(15 min): W1 at A belongs to a municipality outside the study. crisis: none. vsac: I1 at D,
an institution.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_worlds import two_municipalities

from socaccess.settings import Settings
from socaccess.study import Study, StudyResult

nan = float("nan")


@pytest.fixture(scope="module")
def result() -> StudyResult:
    settings = Settings(new_sites=1, site_services=("dac",))
    return Study(**two_municipalities(), settings=settings).run()


def pick(result: StudyResult, service: str, scenario: str, column: str) -> dict[str, object]:
    table = result.settlement_coverage
    table = table[(table["service"] == service) & (table["scenario"] == scenario)]
    values = table.set_index("settlement_id")[column]
    return {key: None if pd.isna(value) else value for key, value in values.items()}


def summary_of(result: StudyResult, municipality: str, service: str, scenario: str, scope: str):
    table = result.coverage
    (row,) = table[
        (table["municipality_id"] == municipality)
        & (table["service"] == service)
        & (table["scenario"] == scenario)
        & (table["scope"] == scope)
    ].to_dict("records")
    return row


def test_nobody_is_left_out(result):
    table = result.settlement_coverage
    # 6 settlements x 4 services that count as supply and have a limit x 3 scenarios
    assert len(table) == 72
    assert not table.duplicated(["settlement_id", "service", "scenario"]).any()
    assert set(table["service"]) == {"dac", "care", "shop", "crisis"}
    assert len(result.coverage) == 2 * 4 * 3 * 2


def test_people_travel_to_the_day_centre(result):
    assert pick(result, "dac", "now", "travel_min") == {
        "a": 10, "b": 0, "c": 10, "d": 20, "e": 40, "z": None,
    }  # fmt: skip
    # d lives exactly at the limit of 20 minutes; F4, the placeholder at D, serves nobody.
    assert pick(result, "dac", "now", "status") == {
        "a": "covered", "b": "covered", "c": "covered", "d": "covered", "e": "gap",
        "z": "unreachable",
    }  # fmt: skip
    assert pick(result, "dac", "now", "facility_id") == {
        "a": "F1", "b": "F1", "c": "F1", "d": "F1", "e": "F1", "z": None,
    }  # fmt: skip
    assert pick(result, "dac", "now", "length_km")["e"] == 40


def test_own_facilities_alone(result):
    own = pick(result, "dac", "now", "own_status")
    # East has none of its own, so there is a gap rather than a missing road, for z too.
    assert own == {"a": "covered", "b": "covered", "c": "gap", "d": "gap", "e": "gap", "z": "gap"}
    assert pick(result, "dac", "now", "own_travel_min")["c"] is None


def test_planned_facilities_are_apart(result):
    assert pick(result, "dac", "planned", "travel_min") == {
        "a": 10, "b": 0, "c": 10, "d": 10, "e": 0, "z": None,
    }  # fmt: skip
    assert pick(result, "dac", "planned", "facility_id")["d"] == "F2"
    assert pick(result, "dac", "planned", "own_travel_min") == {
        "a": 10, "b": 0, "c": 20, "d": 10, "e": 0, "z": None,
    }  # fmt: skip
    assert pick(result, "dac", "planned", "own_status")["z"] == "unreachable"


def test_the_carer_drives_the_oneway_road(result):
    # From E: to e 0, to C 30, to D and B 40, to A 50. d is 10 minutes from E, but not back.
    assert pick(result, "care", "now", "travel_min") == {
        "a": 50, "b": 40, "c": 30, "d": 40, "e": 0, "z": None,
    }  # fmt: skip
    covered = [k for k, s in pick(result, "care", "now", "status").items() if s == "covered"]
    assert covered == ["c", "e"]


def test_facilities_beyond_the_border_serve(result):
    assert pick(result, "shop", "now", "status") == {
        "a": "covered", "b": "covered", "c": "gap", "d": "gap", "e": "gap", "z": "unreachable",
    }  # fmt: skip
    assert set(pick(result, "shop", "now", "own_status").values()) == {"gap"}
    assert pick(result, "shop", "now", "facility_id")["a"] == "W1"


def test_a_service_nobody_counts_has_no_figures(result):
    for scenario in ("now", "planned", "suggested"):
        assert set(pick(result, "crisis", scenario, "status").values()) == {"no_data"}
        assert set(pick(result, "crisis", scenario, "own_status").values()) == {"no_data"}
        for municipality in ("west", "east"):
            row = summary_of(result, municipality, "crisis", scenario, "any")
            for name in ("covered_share", "covered_share_low", "population_covered",
                         "unreachable_population", "mean_min"):  # fmt: skip
                assert np.isnan(row[name])
            assert row["share_of"] == "population"
            assert np.isnan(row["persons"])
    assert result.summary["no_data"] == ["crisis"]


def test_a_service_counted_at_nobody_is_a_gap_of_all():
    tables = two_municipalities()
    types = tables["service_types"].assign(known_by=None)
    types.loc[types["service"] == "crisis", "known_by"] = "register"
    result = Study(**{**tables, "service_types": types}).run(sites=False)
    assert set(pick(result, "crisis", "now", "status").values()) == {"gap"}
    row = summary_of(result, "west", "crisis", "now", "any")
    assert (row["covered_share"], row["population_covered"]) == (0, 0)
    assert result.summary["no_data"] == []
    assert (result.gaps["service"] == "crisis").sum() == 6
    # And one nobody counts is not, though the list below the roof has others.
    types.loc[types["service"] == "crisis", "known_by"] = "none"
    result = Study(**{**tables, "service_types": types}).run(sites=False)
    assert set(pick(result, "crisis", "now", "status").values()) == {"no_data"}


def test_institutions_never_supply(result):
    assert "vsac" not in set(result.settlement_coverage["service"])
    # But people move out of I1 at D: 20 minutes to F1, 30 to W1; the carer needs 40 from E.
    table = result.institutions
    assert set(table["facility_id"]) == {"I1"}
    assert dict(zip(table["to_service"], table["travel_min"], strict=True)) == {
        "care": 40, "dac": 20, "shop": 30,
    }  # fmt: skip
    assert dict(zip(table["to_service"], table["to_facility_id"], strict=True))["dac"] == "F1"
    assert result.summary["institutions"] == [
        {"service": "care", "institutions": 1, "within_limit": 0},
        {"service": "dac", "institutions": 1, "within_limit": 1},
        {"service": "shop", "institutions": 1, "within_limit": 0},
    ]


@pytest.mark.parametrize(
    ("municipality", "service", "scenario", "scope", "expected"),
    [
        # mean (10 x 10 + 4 x 0) / 14; half of 14 persons is reached among a's ten
        ("west", "dac", "now", "any", (14, 14, 1.0, 100 / 14, 10, 10, 10, 1500, 0)),
        # mean of those who can get there (3 x 10 + 2 x 20 + 5 x 40) / 10; half of 11 is 5.5,
        # and 3 + 2 live within 20, so the half is reached at 40; nine tenths (9.9) too
        ("east", "dac", "now", "any", (11, 5, 5 / 11, 27, 40, 40, 40, 500, 50)),
        ("east", "dac", "now", "own", (11, 0, 0.0, nan, nan, nan, nan, 0, 0)),
        # c 10, d 10, e 0: (3 x 10 + 2 x 10) / 10; five of 11 at 0, ten within 10
        ("east", "dac", "planned", "any", (11, 10, 10 / 11, 5, 10, 10, 10, 600, 50)),
        # own facility F2: c 20, d 10, e 0: (60 + 20) / 10; 5 at 0, 7 within 10
        ("east", "dac", "planned", "own", (11, 10, 10 / 11, 8, 10, 20, 20, 600, 50)),
        ("west", "dac", "planned", "own", (14, 14, 1.0, 100 / 14, 10, 10, 10, 1500, 0)),
        # from E: c 30, d 40, e 0: (90 + 80) / 10; 5 at 0, 8 within 30
        ("east", "care", "now", "any", (11, 8, 8 / 11, 17, 30, 40, 40, 400, 50)),
        # (10 x 50 + 4 x 40) / 14
        ("west", "care", "now", "any", (14, 0, 0.0, 660 / 14, 50, 50, 50, 0, 0)),
        # nothing is suggested where F2 is planned
        ("east", "dac", "suggested", "any", (11, 10, 10 / 11, 5, 10, 10, 10, 600, 50)),
        ("east", "care", "suggested", "any", (11, 8, 8 / 11, 17, 30, 40, 40, 400, 50)),
    ],
)
def test_municipalities_by_hand(result, municipality, service, scenario, scope, expected):
    row = summary_of(result, municipality, service, scenario, scope)
    columns = ("persons", "covered", "covered_share", "mean_min", "median_min", "p90_min",
               "max_min", "population_covered", "unreachable_population")  # fmt: skip
    assert tuple(row[c] for c in columns) == pytest.approx(expected, nan_ok=True)
    assert row["share_of"] == "need"
    assert row["population"] == {"west": 1500, "east": 650}[municipality]


def test_gaps_by_hand(result):
    gaps = result.gaps[result.gaps["service"] == "dac"]
    assert gaps["settlement_id"].tolist() == ["z", "e"]
    e = gaps.iloc[1]
    assert (e["travel_min"], e["limit_min"], e["over_min"]) == (40, 20, 20)
    assert (e["settlement"], e["municipality"], e["facility_id"]) == (
        "Egles", "Austrumu novads", "F1",
    )  # fmt: skip
    # care leaves a, b, d and z; shop c, d, e and z; who lacks crisis nobody knows
    assert result.gaps["service"].value_counts().to_dict() == {"care": 4, "shop": 4, "dac": 2}


def test_what_is_planned_is_suggested_first_and_nothing_twice(result):
    # F2 is planned at E and brings the 5 persons of e: the plan is to be kept, nothing added.
    (site,) = result.sites.to_dict("records")
    assert (site["site_id"], site["kind"], site["settlement_id"]) == ("F2", "planned", "e")
    assert (site["gain_persons"], site["gain_population"]) == (5.0, 100.0)
    assert site["planned_there"] == "Centrs E"
    assert result.left_out["reason"].tolist() == ["none_in_reach"]
    plans = result.plans.set_index("objective")
    assert plans.loc["mclp", ["value", "bound", "sites"]].tolist() == [24, 24, 0]
    assert pick(result, "dac", "suggested", "facility_id")["e"] == "F2"


def test_the_suggested_site_by_hand():
    # Only e can still be covered, and only from E: C is 30 minutes away. It brings 5 persons
    # among 100 people. Of 370 person-minutes (10 x 10 + 3 x 10 + 2 x 20 + 5 x 40) it leaves
    # 150: 10 x 10 + 3 x 10 + 2 x 10 from d.
    tables = two_municipalities()
    planned = tables["facilities"]["status"] == "planned"
    tables["facilities"] = tables["facilities"][~planned]
    result = Study(**tables, settings=Settings(new_sites=2, site_services=("dac",))).run()
    (site,) = result.sites.to_dict("records")
    assert (site["service"], site["settlement_id"], site["rank"]) == ("dac", "e", 1)
    assert (site["kind"], site["gain_persons"], site["gain_population"]) == ("new", 5.0, 100.0)
    assert (site["gain_persons_low"], site["gain_persons_high"]) == (5.0, 7.0)
    assert (site["saved_min"], site["nearest"], site["nearest_min"]) == (40.0, "Centrs B", 40.0)
    # With a limit of 40 minutes everybody is near F1.
    assert (site["unneeded_limit_min"], site["min_clients"], site["equals"]) == (40.0, 5.0, "")
    plans = result.plans.set_index("objective")
    assert plans.loc["mclp", "value"] == pytest.approx(24)  # of 25 persons
    assert plans.loc["cover_then_travel", "value"] == pytest.approx(150)
    assert (plans["status"] == "optimal").all()
    assert plans["bound"].to_numpy() == pytest.approx(plans["value"].to_numpy(), rel=1e-5)
    assert (plans["gap"] <= 1e-6).all()
    assert pick(result, "dac", "suggested", "facility_id")["e"] == "new-dac-1"
    # It belongs to the municipality it stands in.
    assert pick(result, "dac", "suggested", "own_status")["c"] == "covered"


def test_the_headline_by_hand(result):
    summary = result.summary
    assert (summary["municipalities"], summary["settlements"]) == (2, 6)
    assert summary["population"] == 2150
    assert summary["counted_services"] == ["care", "dac"]
    (group,) = summary["groups"]
    assert group["persons"] == 25
    # now: dac 19 (a, b, c, d), care 8 (c, e); planned: dac 24; suggested: dac 24
    assert group["covered"] == {"now": 13.5, "planned": 16.0, "suggested": 16.0}
    assert group["covered_share"] == {
        "now": pytest.approx((0.76 + 0.32) / 2),
        "planned": pytest.approx((0.96 + 0.32) / 2),
        "suggested": pytest.approx((0.96 + 0.32) / 2),
    }
    services = {row["service"]: row for row in summary["services"]}
    assert services["dac"]["covered"] == {"now": 19, "planned": 24, "suggested": 24}
    assert services["dac"]["facilities"] == {
        "operating": 1, "planned": 1, "operating_in_region": 1, "planned_in_region": 1,
    }  # fmt: skip
    # The workshop beyond the border serves, but is none of the region's.
    assert services["shop"]["facilities"]["operating"] == 1
    assert services["shop"]["facilities"]["operating_in_region"] == 0
    assert services["dac"]["suggested_sites"] == 0
    assert services["crisis"]["supply_known"] is False
    # Nobody counts crisis centres; of 25 persons in need of a workshop a and b, 14.
    assert services["crisis"]["covered_share"]["now"] is None
    assert services["shop"]["covered"]["now"] == 14
    assert not services["shop"]["promised"]
    # West: mean of 1 and 0; East: mean of 5/11 and 8/11
    assert [row["municipality_id"] for row in summary["worst"]] == ["west", "east"]
    west, east = summary["worst"]
    assert west["covered_share"]["now"] == 0.5
    assert east["covered_share"]["now"] == pytest.approx(13 / 22, abs=1e-4)
    assert east["own_covered_share"] == pytest.approx(4 / 11, abs=1e-4)
    assert summary["modelled_share"] == 0
    assert summary["not_located"] == {"settlements": 1, "facilities": 1}


def test_what_has_no_place_is_listed(result):
    rows = result.not_located[["kind", "id", "reason"]].to_numpy().tolist()
    assert rows == [
        ["settlement", "z", "place_unknown"],
        ["facility", "F4", "only_municipality_known"],
    ]
    assert result.settlements.set_index("settlement_id")["located"].to_dict() == {
        "a": True, "b": True, "c": True, "d": True, "e": True, "z": False,
    }  # fmt: skip


def test_the_long_table_of_travel(result):
    # Four facilities that serve or are planned (F1, F2, H1, W1) x six settlements.
    travel = result.travel.set_index(["settlement_id", "facility_id"])
    assert len(travel) == 24
    assert travel.loc[("d", "F2"), "travel_min"] == 10  # the client drives D to E
    assert travel.loc[("d", "H1"), "travel_min"] == 40  # the carer from E by C to D
    assert travel.loc[("e", "F1"), "length_km"] == 40
    assert travel.loc["z"]["travel_min"].isna().all()


def test_facilities_tell_whether_they_lie_in_the_region(result):
    inside = result.facilities.set_index("facility_id")["in_region"]
    assert inside.to_dict() == {name: name != "W1" for name in inside.index}


def test_a_part_of_the_study_keeps_everyones_facilities(result):
    part = result.study.select(["east"]).run(sites=False)
    keys = ["settlement_id", "service", "scenario"]
    now = result.settlement_coverage[result.settlement_coverage["scenario"] == "now"]
    expected = now[now["municipality_id"] == "east"].set_index(keys).sort_index()
    found = part.settlement_coverage[part.settlement_coverage["scenario"] == "now"]
    pd.testing.assert_frame_equal(found.set_index(keys).sort_index(), expected)


def test_people_in_the_other_system_get_the_same_answer(result):
    tables = two_municipalities()
    for name in ("municipalities", "settlements", "facilities"):
        tables[name] = tables[name].to_crs("EPSG:4326")
    other = Study(**tables, settings=result.study.settings).run()
    pd.testing.assert_frame_equal(
        other.settlement_coverage.drop(columns=["length_km", "own_travel_min"]),
        result.settlement_coverage.drop(columns=["length_km", "own_travel_min"]),
        rtol=1e-4,
        atol=1e-4,
    )
    assert other.settlements.crs == other.municipalities.crs == "EPSG:3059"


def test_municipalities_that_tell_no_population_have_that_of_their_settlements():
    tables = two_municipalities()
    people = tables["settlements"].groupby("municipality_id")["population"].sum()
    bare = tables["municipalities"].drop(columns="population", errors="ignore")
    study = Study(**{**tables, "municipalities": bare})
    assert study.municipalities.set_index("municipality_id")["population"].to_dict() == dict(people)
    half = bare.assign(population=[nan] + [7.0] * (len(bare) - 1))
    study = Study(**{**tables, "municipalities": half})
    told = study.municipalities.set_index("municipality_id")["population"]
    first, *rest = bare["municipality_id"]
    assert told[first] == people[first]
    assert (told[rest] == 7).all()
