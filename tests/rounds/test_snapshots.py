"""Snapshots and what changed between two of them, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from socaccess import rounds
from socaccess.errors import InputError, UnknownNameError
from socaccess.rounds.snapshots import COVERAGE, FACILITIES, NEED, Snapshot

from .conftest import OPENED, TAKEN, WHO

FIELDS = ("facility_id", "municipality_id", "name", "service", "status", "places", "lon", "lat")


def make(label, facilities, coverage=(), need=()):
    rows = pd.DataFrame([dict(zip(FIELDS, row, strict=True)) for row in facilities])
    shares = pd.DataFrame(
        [
            {"municipality_id": m, "service": s, "scenario": "now", "scope": "any",
             "persons": p, "covered": c, "covered_share": c / p, "population": 1000.0,
             "population_covered": 1000 * c / p, "mean_min": 10.0}
            for m, s, p, c in coverage
        ]
    )  # fmt: skip
    rows_of_need = [(*row, None)[:4] for row in need]
    wanted = pd.DataFrame(rows_of_need, columns=list(NEED.columns), dtype=object)
    return Snapshot(label, "2021-12-31", "test", FACILITIES.fit(rows), NEED.fit(wanted),
                    COVERAGE.fit(shares))  # fmt: skip


BEFORE = [
    ("a", "m1", "A", "dac_grt", "operating", 8, 27.0, 56.0),
    ("b", "m1", "B", "dac_grt", "operating", 8, 27.0, 56.0),
    ("c", "m1", "C", "dac_grt", "planned", None, 27.0, 56.0),
    ("d", "m1", "D", "dac_grt", "planned", None, 27.0, 56.0),
    ("e", "m2", "E", "dac_grt", "operating", None, np.nan, np.nan),
    ("f", "m2", "F", "dac_grt", "operating", 4, 27.0, 56.0),
    ("g", "m2", "G", "dac_grt", "closed", 4, 27.0, 56.0),
]
AFTER = [
    ("a", "m1", "A", "dac_grt", "operating", 10, 27.0, 56.0),  # more places
    ("b", "m1", "B", "dac_grt", "closed", 8, 27.0, 56.0),  # closed
    ("c", "m1", "C", "dac_grt", "operating", 6, 27.0, 56.0),  # opened, places known now
    ("d", "m1", "D", "dac_grt", "closed", None, 27.0, 56.0),  # dropped from the plan
    ("e", "m2", "E2", "dac_grt", "operating", None, 27.0, 56.0),  # renamed; a point is no move
    ("h", "m2", "H", "workshop", "planned", 12, 27.0, 56.0),  # newly planned; f and g are gone
    ("i", "m2", "I", "workshop", "operating", 3, 27.0, 56.0),  # opened
]


def test_every_kind_of_change():
    changes = rounds.compare_snapshots(make("x", BEFORE), make("y", AFTER))
    found = {(r.facility_id, r.change, r.before, r.after) for r in changes.facilities.itertuples()}
    assert found == {
        ("a", "places", "8", "10"),
        ("b", "closed", "operating", "closed"),
        ("c", "opened", "planned", "operating"),
        ("c", "places", "", "6"),
        ("d", "dropped", "planned", "closed"),
        ("e", "renamed", "E", "E2"),
        ("f", "missing", "operating", ""),
        ("h", "planned", "", "planned"),
        ("i", "opened", "", "operating"),
    }
    assert {change for _, change, *_ in found} <= set(rounds.FACILITY_CHANGES)


def test_a_move_is_measured_on_the_ground():
    # At 56 degrees a thousandth of a degree of longitude is 62.4 m, of latitude 111.3 m.
    def move(lon, lat):
        after = make("y", [("a", "m1", "A", "dac_grt", "operating", 8, lon, lat)])
        return rounds.compare_snapshots(make("x", BEFORE[:1]), after).facilities

    assert not len(move(27.001, 56.0))
    assert move(27.0, 56.001)["moved_m"].tolist() == pytest.approx([111.3], abs=0.3)
    assert move(27.002, 56.0)["moved_m"].tolist() == pytest.approx([124.8], abs=0.3)


def test_coverage_and_persons():
    before = make("x", BEFORE, [("m1", "dac_grt", 40, 10), ("m2", "dac_grt", 20, 5)],
                  [("m1", "adults_grt", 40.0), ("m2", "adults_grt", 20.0)])  # fmt: skip
    after = make("y", BEFORE, [("m1", "dac_grt", 40, 30), ("m2", "dac_grt", 20, 5)],
                 [("m1", "adults_grt", 44.0), ("m2", "adults_grt", 20.0)])  # fmt: skip
    changes = rounds.compare_snapshots(before, after)
    row = changes.coverage.iloc[0]
    assert len(changes.coverage) == 1 and row["municipality_id"] == "m1"
    assert (row["covered_before"], row["covered_after"]) == (10, 30)
    assert (row["covered_share_before"], row["covered_share_after"]) == (0.25, 0.75)
    assert changes.persons.values.tolist() == [["m1", "adults_grt", 40.0, 44.0]]
    assert not changes.empty and rounds.compare_snapshots(before, before).empty

    shown = rounds.hide_changes(changes, {"m1": 1000, "m2": 500})
    assert [c for c in shown.coverage if c.startswith(("persons", "covered", "mean"))] == []
    assert shown.coverage[["population_covered_before", "population_covered_after"]].values.tolist(
    ) == [[250.0, 750.0]]  # fmt: skip
    small = make("z", BEFORE, (), [("m1", "adults_grt", 3.0, "<5")])
    shown = rounds.hide_changes(rounds.compare_snapshots(before, small), {"m1": 1, "m2": 1})
    assert "3" not in {str(value) for value in shown.persons["persons_after"]}
    assert "<5" in set(shown.persons["persons_after"])
    # Kept by an older version, without the marks of its study: hidden on its own.
    old = replace(small, need=small.need.drop(columns="mark"))
    shown = rounds.hide_changes(rounds.compare_snapshots(before, old), {"m1": 1, "m2": 1})
    assert "<5" in set(shown.persons["persons_after"])


def test_what_a_study_hides_no_comparison_shows():
    """A count that its study withholds, and whether two hidden ones differ, are not said."""
    before = make("x", BEFORE, (), [("m1", "grt", 3.0, "<5"), ("m2", "grt", 12.0, "≥5")])
    for one, other in ((3.0, 12.0), (2.0, 14.0), (3.0, 14.0)):
        after = make("y", BEFORE, (), [("m1", "grt", one, "<5"), ("m2", "grt", other, "≥5")])
        changes = rounds.compare_snapshots(before, after)
        assert rounds.hide_changes(changes, {}).empty
    after = make("y", BEFORE, (), [("m1", "grt", 3.0, "<5"), ("m2", "grt", 12.0)])
    shown = rounds.hide_changes(rounds.compare_snapshots(before, after), {})
    assert shown.persons.values.tolist() == [["m2", "grt", "≥5", 12.0]]


def test_a_store_gives_back_its_study(region, world):
    """An unchanged store changes nothing; an accepted form changes what it says."""
    result = region.run(sites=False)
    first = rounds.make_snapshot(result, label="2020", date="2020-12-31")
    store = world.store
    rounds.keep_snapshot(store, first, at=OPENED, who=WHO)
    same = rounds.update_study(region, store).run(sites=False)
    again = rounds.make_snapshot(same, label="same", date="2020-12-31")
    assert rounds.compare_snapshots(first, again).empty

    # A day care centre opens in Baltinava, which has none.
    taken = world.take(
        "0384400",
        {"Iestādes!B2": "Baltinavas dienas centrs", "Iestādes!C2": "dac_grt",
         "Iestādes!E2": "Baltinavas pagasts", "Iestādes!H2": "darbojas", "Iestādes!G2": 6},
        accept=["all"],
    )  # fmt: skip
    assert taken.decisions == {"I2": "accepted"}, taken.check.findings
    store = world.store
    updated = rounds.update_study(region, store)
    # Its provider is known by the municipality of today, whatever borders are shown.
    opened = updated.facilities.set_index("name").loc["Baltinavas dienas centrs"]
    today = region.settlements.set_index("settlement_id")["municipality_id_2025"]
    assert opened["provider_municipality_id"] == today[opened["settlement_id"]] != "0384400"
    after = updated.run(sites=False)
    second = rounds.make_snapshot(after, label="2021", date="2021-12-31")
    rounds.keep_snapshot(store, second, at=TAKEN, who=WHO)
    changes = rounds.compare_snapshots(
        *(rounds.read_snapshot(store, label) for label in ("2020", "2021"))
    )
    assert changes.facilities[["name", "change"]].values.tolist() == [
        ["Baltinavas dienas centrs", "opened"]
    ]
    own = changes.coverage.set_index(["municipality_id", "service", "scenario", "scope"])
    own = own.loc[("0384400", "dac_grt", "now", "own")]
    assert (own["covered_share_before"], own["covered_share_after"]) == (0, 1)
    assert set(changes.coverage["service"]) == {"dac_grt"}
    worse = changes.coverage["covered_after"] < changes.coverage["covered_before"]
    assert not worse.any()  # a facility more never takes access away
    assert rounds.list_snapshots(store)["label"].tolist() == ["2020", "2021"]


def test_labels_are_kept_apart(world):
    one = make("2020", BEFORE)
    store = world.store
    rounds.keep_snapshot(store, one, at=OPENED, who=WHO)
    with pytest.raises(InputError, match="already"):
        rounds.keep_snapshot(store, replace(one), at=OPENED, who=WHO)
    with pytest.raises(UnknownNameError, match="use one of 2020") as caught:
        rounds.read_snapshot(store, "2019")
    assert caught.value.code == "rounds.unknown_snapshot"
