from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.maps._privacy import SUPPRESSED, UNKNOWN, protect

counts = st.lists(
    st.one_of(st.integers(0, 12).map(float), st.floats(0, 12), st.just(float("nan"))),
    min_size=1,
    max_size=7,
)


def test_by_hand() -> None:
    persons = np.array([2.0, 1.0, 9.0, 30.0, 0.0, np.nan])
    home = np.array([0, 0, 0, 1, 1, 1])
    members, totals, total = protect(persons, home, 2, 5)
    assert members.tolist() == [SUPPRESSED, SUPPRESSED, 9, 30, 0, UNKNOWN]
    assert totals.tolist() == [12, 30]
    assert total == 42


def test_a_lone_small_municipality_takes_the_next_with_it() -> None:
    _, totals, total = protect(np.array([3.0, 20.0, 40.0]), np.arange(3), 3, 5)
    assert totals.tolist() == [SUPPRESSED, SUPPRESSED, 40]
    assert total == 63


def test_nobody_known_is_not_nobody_there() -> None:
    members, totals, total = protect(np.array([np.nan, np.nan]), np.zeros(2, int), 1, 5)
    assert (members == UNKNOWN).all()
    assert totals.tolist() == [UNKNOWN]
    assert total == UNKNOWN


def test_zero_threshold_hides_nothing() -> None:
    members, totals, total = protect(np.array([1.0, 2.0]), np.zeros(2, int), 1, 0)
    assert members.tolist() == [1, 2]
    assert (totals.tolist(), total) == ([3], 3)


@given(counts, st.integers(1, 3))
def test_no_count_above_zero_and_under_the_threshold_is_shown(
    persons: list[float], groups: int
) -> None:
    home = np.arange(len(persons)) % groups
    members, totals, total = protect(np.array(persons), home, groups, 5)
    for shown in (*members, *totals, total):
        assert shown == 0 or shown >= 5 or shown in (SUPPRESSED, UNKNOWN)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=5))
def test_every_hidden_count_could_be_several_numbers(persons: list[int]) -> None:
    """Try every whole-number table that agrees with what is shown, as an attacker would."""
    members, totals, total = protect(np.array(persons, float), np.zeros(len(persons), int), 1, 5)
    hidden = np.flatnonzero(members == SUPPRESSED)
    possible = []
    for guess in itertools.product(range(1, 10), repeat=len(hidden)):
        table = members.copy()
        table[hidden] = guess
        if totals[0] >= 0 and table.sum() != totals[0]:
            continue
        if total >= 0 and table.sum() != total:
            continue
        possible.append(guess)
    small = [position for position, at in enumerate(hidden) if 0 < persons[at] < 5]
    for position in small:
        assert len({guess[position] for guess in possible}) > 1
