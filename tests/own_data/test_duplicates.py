"""Facilities of two sources that may be one: proposed with a reason, merged only when decided."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from socaccess.errors import InputError
from socaccess.sources.duplicates import find_duplicates, merge_duplicates


def facilities(*rows: tuple) -> gpd.GeoDataFrame:
    """Return facilities: id, name, service, precision, settlement_id, metres east, metres north."""
    table = pd.DataFrame(
        rows, columns=["facility_id", "name", "service", "location_precision", "settlement_id",
                       "x", "y"]
    )  # fmt: skip
    points = gpd.points_from_xy(500_000 + table["x"], 300_000 + table["y"])
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=points, crs=3059)


def pairs(frame: gpd.GeoDataFrame, **options: float) -> list[tuple[str, str]]:
    table = find_duplicates(frame, **options)
    return list(zip(table["facility_id"], table["duplicate_id"], strict=True))


def test_same_place_similar_name_same_service():
    frame = facilities(
        ("a", "Dienas centrs „Saule”", "dac", "address", None, 0, 0),
        ("b", "DIENAS CENTRS SAULE", "dac", "address", None, 300, 0),
        ("c", "Dienas centrs Saule", "dac", "address", None, 301, 0),
        ("d", "Dienas centrs Saule", "home", "address", None, 0, 0),
        ("e", "Pansionāts Zvaigzne", "dac", "address", None, 0, 0),
    )
    # a - c are 301 m apart, d offers something else, e is called something else.
    assert pairs(frame) == [("b", "c"), ("a", "b")]
    assert pairs(frame, within_m=301) == [("b", "c"), ("a", "b"), ("a", "c")]
    table = find_duplicates(frame)
    assert table["distance_m"].tolist() == [1.0, 300.0]
    # 0.7 of the name, 0.3 of the place: 1 - 300/300 is nothing.
    assert table["score"].tolist() == [round(0.7 + 0.3 * (1 - 1 / 300), 3), 0.7]
    assert (table["decision"] == "").all()


def test_centres_are_compared_by_settlement_not_by_metres():
    frame = facilities(
        ("a", "Grupu māja Liepa", "gh", "settlement", "S1", 0, 0),
        ("b", "Grupu māja Liepa", "gh", "address", "S1", 5000, 0),
        ("c", "Grupu māja Liepa", "gh", "settlement", "S2", 0, 0),
    )
    table = find_duplicates(frame)
    assert table[["facility_id", "duplicate_id", "reason"]].values.tolist() == [
        ["a", "b", "settlement"]
    ]
    assert table["distance_m"].isna().all()


def test_common_words_alone_make_no_pair():
    rows = [(f"f{i}", f"Dienas aprūpes centrs {name}", "dac", "settlement", "S", 0, 0)
            for i, name in enumerate(("Rīts", "Vakars", "Gaisma"))]  # fmt: skip
    assert pairs(facilities(*rows)) == []


def test_other_may_be_any_service_but_not_of_the_same_site():
    frame = facilities(
        ("a", "Centrs Vītols", "dac", "settlement", "S", 0, 0),
        ("b", "Centrs Vītols", "other", "settlement", "S", 0, 0),
    )
    assert pairs(frame) == [("a", "b")]
    assert pairs(frame.assign(site_id="one")) == []


def test_decisions_merge_and_nothing_else_does():
    frame = facilities(
        ("a", "Centrs", "dac", "address", None, 0, 0),
        ("b", "Centrs", "dac", "address", "S1", 1, 0),
        ("c", "Centrs", "dac", "address", None, 2, 0),
        ("d", "Centrs", "dac", "address", None, 3, 0),
    )
    frame["places"] = [None, 12, 9, 5]
    decided = pd.DataFrame(
        [("a", "b", "same"), ("b", "c", "Tas pats"), ("a", "d", ""), ("c", "d", "cits")],
        columns=["facility_id", "duplicate_id", "decision"],
    )
    merged = merge_duplicates(frame, decided)
    assert merged["facility_id"].tolist() == ["a", "d"]
    kept = merged.iloc[0]
    # The first row keeps what it says and takes what it does not, the nearest giver first.
    assert (kept["settlement_id"], kept["places"], kept["merged_from"]) == ("S1", 12, "b; c")
    assert kept.geometry.x == 500_000
    assert len(frame) == 4


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", "b", "perhaps")], "not understood"),
        ([("a", "x", "same")], "no such facility"),
        ([("a", "b", "same"), ("b", "c", "same"), ("a", "c", "different")], "decided to be diff"),
    ],
)
def test_decisions_that_cannot_be_are_refused(rows, said):
    frame = facilities(*((name, "C", "dac", "address", None, 0, 0) for name in "abc"))
    decided = pd.DataFrame(rows, columns=["facility_id", "duplicate_id", "decision"])
    with pytest.raises(InputError, match=said):
        merge_duplicates(frame, decided)


def test_order_of_rows_changes_no_pair():
    frame = facilities(
        *((f"f{i}", f"Centrs Liepa {i % 3}", "dac", "address", None, 40 * i, 0) for i in range(9))
    )
    one = {frozenset(pair) for pair in pairs(frame)}
    other = {frozenset(pair) for pair in pairs(frame.iloc[::-1])}
    assert one and one == other
