"""Coverage measures worked out by hand, and their quantiles against numpy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.coverage import (
    compare_limits,
    find_gaps,
    judge_settlements,
    summarise_coverage,
    weigh_quantile,
)
from socaccess.errors import InputError
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import to_limit_ms

minutes = st.integers(0, 200)


def make_table(rows: list[tuple], service: str = "dac") -> pd.DataFrame:
    """Return coverage rows of (municipality, persons, population, minutes, status)."""
    columns = ["municipality_id", "persons", "population", "travel_min", "status"]
    return pd.DataFrame(rows, columns=columns).assign(service=service)


def test_a_limit_is_inclusive_to_the_millisecond():
    for limit in (30, 2.01, 4.1, 33.3, 0.29, 17.1):
        exact = round(limit * 60_000)
        times = np.array([exact - 1, exact, exact + 1], dtype=np.uint32)
        assert judge_settlements(times, limit).tolist() == ["covered", "covered", "gap"]
        assert to_limit_ms(limit) == exact


def test_no_way_is_unreachable_only_where_there_is_something_to_reach():
    times = np.array([UNREACHABLE, 0], dtype=np.uint32)
    assert judge_settlements(times, 30).tolist() == ["unreachable", "covered"]
    assert judge_settlements(times[:1], 30, has_supply=False).tolist() == ["gap"]


def test_one_municipality_by_hand():
    table = make_table(
        [
            ("m", 3.0, 300, 10.0, "covered"),
            ("m", 2.0, 100, 20.0, "covered"),
            ("m", 5.0, 500, 45.0, "gap"),
            ("m", 0.0, 80, 90.0, "gap"),  # nobody in need lives there
            ("m", 1.0, 20, np.nan, "unreachable"),
        ]
    )
    (row,) = summarise_coverage(table).to_dict("records")
    assert row == {
        "municipality_id": "m",
        "service": "dac",
        "persons": 11.0,
        "covered": 5.0,
        "covered_share": pytest.approx(5 / 11),
        "share_of": "need",
        "population": 1000,
        "population_covered": 400,
        # (3 x 10 + 2 x 20 + 5 x 45) / 10 of those who can get there
        "mean_min": pytest.approx(29.5),
        "median_min": 45.0,  # 3 + 2 = 5 of 11 within 20, so the half is reached at 45
        "p90_min": 45.0,  # 10 of 11 within 45: just above nine tenths
        "max_min": 45.0,  # 90 is no inhabited way
        "unreachable_population": 20,
    }


def test_without_need_shares_are_of_the_population_and_say_so():
    for persons in (np.nan, 0.0):
        table = make_table([("m", persons, 30, 5.0, "covered"), ("m", persons, 10, 50.0, "gap")])
        row = summarise_coverage(table).iloc[0]
        assert row["share_of"] == "population"
        assert row["covered_share"] == 0.75
        assert row["mean_min"] == pytest.approx((30 * 5 + 10 * 50) / 40)
        assert np.isnan(row["persons"]) == np.isnan(persons)


def test_a_settlement_without_a_figure_adds_nobody():
    table = make_table([("m", 4.0, 30, 5.0, "covered"), ("m", np.nan, 10, 50.0, "gap")])
    row = summarise_coverage(table).iloc[0]
    assert (row["persons"], row["covered"], row["covered_share"]) == (4.0, 4.0, 1.0)
    assert row["population"] == 40


def test_fractions_of_estimated_population_are_kept():
    table = make_table([("m", np.nan, 0.6, 5.0, "covered"), ("m", np.nan, 0.7, 50.0, "gap")])
    row = summarise_coverage(table).iloc[0]
    assert row["population"] == pytest.approx(1.3)
    assert row["population_covered"] == pytest.approx(0.6)


def test_nobody_lives_there():
    row = summarise_coverage(make_table([("m", 0.0, 0, 5.0, "covered")])).iloc[0]
    assert row["population"] == 0
    assert np.isnan([row["covered_share"], row["mean_min"], row["median_min"]]).all()


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="columns are missing: persons, status"):
        summarise_coverage(make_table([]).drop(columns=["persons", "status"]))


def test_gaps_come_longest_first_and_unreachable_before_all():
    table = make_table(
        [
            ("m", 1.0, 1, 40.0, "gap"),
            ("m", 1.0, 1, np.nan, "unreachable"),
            ("m", 1.0, 1, 10.0, "covered"),
            ("m", 1.0, 1, 55.0, "gap"),
        ]
    ).assign(settlement_id=list("abcd"))
    gaps = find_gaps(table, {"dac": 30.0})
    assert gaps["settlement_id"].tolist() == ["b", "d", "a"]
    assert gaps["over_min"].tolist()[1:] == [25.0, 10.0]
    assert (gaps["limit_min"] == 30).all()


def test_limits_compared_by_hand():
    table = make_table([("m", 3.0, 30, 10.0, "x"), ("n", 1.0, 50, 30.0, "x"),
                        ("n", 6.0, 20, np.nan, "x")])  # fmt: skip
    found = compare_limits(table, (10.0, 30.0))
    assert found["limit_min"].tolist() == [10.0, 30.0]
    assert found["covered"].tolist() == [3.0, 4.0]
    assert found["covered_share"].tolist() == [0.3, 0.4]
    assert found["population_covered"].tolist() == [30, 80]
    with pytest.raises(InputError, match="limit 0 is not above 0"):
        compare_limits(table, (0, 15))


rows = st.lists(
    st.tuples(
        st.sampled_from("mno"),
        st.one_of(st.just(float("nan")), st.integers(0, 9).map(float)),
        st.integers(0, 50),
        st.one_of(st.just(float("nan")), minutes.map(float)),
        st.sampled_from(["covered", "gap", "unreachable"]),
    ),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(minutes, st.integers(0, 6)), min_size=1), st.floats(0.01, 1.0))
def test_quantiles_agree_with_numpy_on_expanded_weights(pairs, share):
    values, weights = (np.array(column) for column in zip(*pairs, strict=True))
    expanded = np.repeat(values, weights)
    found = weigh_quantile(values.astype(float), weights.astype(float), share)
    if not len(expanded):
        assert np.isnan(found)
        return
    expected = np.quantile(expanded, share, method="inverted_cdf")
    # Where the share falls between two people by less than rounding, either may be named.
    exact = share * len(expanded)
    if abs(exact - round(exact)) > 1e-9 or share in (0.5, 1.0):
        assert found == expected


@given(rows)
def test_one_group_at_a_time_gives_the_same_quantiles(rows):
    table = make_table(rows)
    summary = summarise_coverage(table).set_index("municipality_id")
    for name, group in table.groupby("municipality_id"):
        persons = group["persons"].fillna(0).to_numpy()
        weight = persons if persons.sum() > 0 else group["population"].to_numpy(dtype=float)
        for column, share in (("median_min", 0.5), ("p90_min", 0.9)):
            expected = weigh_quantile(group["travel_min"].to_numpy(), weight, share)
            np.testing.assert_equal(summary.loc[name, column], expected)


@given(rows)
def test_sums_over_groups_equal_the_whole(rows):
    table = make_table(rows).assign(everything="all")
    parts = summarise_coverage(table)
    whole = summarise_coverage(table, by=("everything",)).iloc[0]
    for column in ("persons", "covered", "population", "population_covered",
                   "unreachable_population"):  # fmt: skip
        expected = 0.0 if np.isnan(whole[column]) else whole[column]
        assert parts[column].sum() == pytest.approx(expected)
    longest = parts["max_min"].max()
    if (parts["share_of"] == whole["share_of"]).all():
        np.testing.assert_equal(longest, whole["max_min"])


@given(rows, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    table = make_table(rows)
    pd.testing.assert_frame_equal(
        summarise_coverage(table), summarise_coverage(table.iloc[order]), check_exact=False
    )


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1), minutes, minutes)
def test_a_wider_limit_never_uncovers(times, one, other):
    times = np.array(times, dtype=np.uint32)
    narrow, wide = sorted((one + 1, other + 1))
    covered = judge_settlements(times, narrow) == "covered"
    assert (judge_settlements(times, wide)[covered] == "covered").all()
    # And a limit says nothing about roads.
    np.testing.assert_array_equal(
        judge_settlements(times, narrow) == "unreachable",
        judge_settlements(times, wide) == "unreachable",
    )


@given(rows)
def test_shares_grow_with_the_limit(rows):
    table = make_table(rows)
    found = compare_limits(table, (5.0, 30.0, 100.0, 500.0))
    for column in ("covered", "population_covered", "covered_share"):
        values = found[column].dropna().to_numpy(dtype=float)
        assert (np.diff(values) >= -1e-12).all()
