"""Suppression in one tree of counts, against an outsider with linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.privacy import SHOWN, SMALL, UNTOLD, WITHHELD, Protection, protect, show_counts
from tests.documents.attack import Attack, attack_tree

BELOW = 5


@st.composite
def trees(draw: st.DrawFn, whole: bool) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
    groups = draw(st.integers(1, 5))
    sizes = draw(st.lists(st.integers(1, 5), min_size=groups, max_size=groups))
    group = np.repeat(np.arange(groups), sizes)
    count = st.integers(0, 14) if whole else st.floats(0, 14)
    persons = draw(st.lists(count, min_size=len(group), max_size=len(group)))
    inhabitants = draw(st.lists(st.integers(1, 3000), min_size=len(group), max_size=len(group)))
    return np.array(persons, float), group, groups, np.array(inhabitants, float)


def check_tree(tree: tuple[np.ndarray, np.ndarray, int, np.ndarray], most: float) -> None:
    persons, group, groups, inhabitants = tree
    found = protect(persons, group, groups, inhabitants=inhabitants, below=BELOW)
    assert ((found.members == SMALL) == (persons < BELOW)).all()
    attack = attack_tree(persons, group, groups, found, BELOW, most=most)
    hidden = [[int(i)] for i in np.flatnonzero(found.members == SMALL)]
    hidden += [
        np.flatnonzero(group == number).tolist() for number in np.flatnonzero(found.groups == SMALL)
    ]
    for cell in hidden[:6]:
        low, high, *_ = attack.narrow(cell)
        assert low <= 1e-6 and high >= most - 1e-6, (cell, low, high, found)


@settings(max_examples=20)
@given(trees(whole=False))
def test_no_estimate_is_narrowed(tree: tuple[np.ndarray, np.ndarray, int, np.ndarray]) -> None:
    check_tree(tree, BELOW)


@settings(max_examples=20)
@given(trees(whole=True))
def test_no_whole_count_is_narrowed(tree: tuple[np.ndarray, np.ndarray, int, np.ndarray]) -> None:
    check_tree(tree, BELOW - 1)


@settings(max_examples=40)
@given(st.data())
def test_sums_by_two_borders_narrow_no_whole_count_together(data: st.DataObject) -> None:
    """Members in municipalities of today and of a plan that lie across, and in two regions."""
    size = data.draw(st.integers(2, 12))

    def draw(values: st.SearchStrategy[int]) -> np.ndarray:
        return np.array(data.draw(st.lists(values, min_size=size, max_size=size)))

    persons, inhabitants = draw(st.integers(0, 14)).astype(float), draw(st.integers(1, 3000))
    today, plan = draw(st.integers(0, 2)), draw(st.integers(0, 3))
    if data.draw(st.booleans()):
        plan = today * 4 + plan  # one inside the other, as most are
    region, other = today // 2, draw(st.integers(0, 5)) // 5
    borders = [region * 2 + other, today, plan]
    attack = Attack(list(range(size)))
    hidden: list[list[int]] = []
    members = []
    # What leaves of each region, by both borders, for itself.
    for labels, regions in ((today, region), (plan, other)):
        for number in np.unique(regions):
            inside = np.flatnonzero(regions == number)
            names, group = np.unique(labels[inside], return_inverse=True)
            found = protect(
                persons[inside], group.reshape(-1), len(names), inhabitants=inhabitants[inside],
                below=BELOW, borders=[border[inside] for border in borders],
            )  # fmt: skip
            part = attack_tree(persons[inside], group, len(names), found, BELOW, most=BELOW - 1)
            for row, low, high in zip(part.rows, part.low, part.high, strict=True):
                attack.know(inside[row > 0].tolist(), low, high)
            members.append(dict(zip(inside.tolist(), found.members.tolist(), strict=True)))
            hidden += [[int(inside[at])] for at in np.flatnonzero(found.members == SMALL)]
            hidden += [inside[group == at].tolist() for at in np.flatnonzero(found.groups == SMALL)]
    codes = {member: {part[member] for part in members if member in part} for member in range(size)}
    assert all(len(each) == 1 for each in codes.values())
    for cell in hidden[:12]:
        low, high, *_ = attack.narrow(cell)
        assert low <= 1e-6 and high >= BELOW - 1 - 1e-6, (cell, low, high)


@settings(max_examples=15)
@given(trees(whole=False))
def test_estimate_knows_only_what_is_shown(
    tree: tuple[np.ndarray, np.ndarray, int, np.ndarray],
) -> None:
    """At both ends of its range a hidden count may stand in a need that shows the very same."""
    persons, group, groups, inhabitants = tree
    persons = np.round(persons, 3) + 0.0137  # never whole, and off every threshold
    found = protect(persons, group, groups, inhabitants=inhabitants, below=BELOW)
    attack = attack_tree(persons, group, groups, found, BELOW, most=BELOW - 1e-3)
    chance = np.random.default_rng(0)
    for cell in np.flatnonzero(found.members == SMALL)[:2]:
        for value in (0.02, BELOW - 0.02):
            assert any(
                looks_same(found, other, group, groups, inhabitants)
                for other in (attack.imagine(int(cell), value, chance) for _ in range(40))
                if other is not None
            ), (cell, value, found)


def looks_same(
    found: Protection, other: np.ndarray, group: np.ndarray, groups: int, inhabitants: np.ndarray
) -> bool:
    again = protect(other, group, groups, inhabitants=inhabitants, below=BELOW)
    same = (
        np.array_equal(again.members, found.members)
        and np.array_equal(again.groups, found.groups)
        and again.total == found.total
    )
    if same:
        assert np.allclose(again.estimate, found.estimate, atol=1e-4)
    return same


@settings(max_examples=20)
@given(trees(whole=False))
def test_estimate_keeps_shown_counts_sums_and_marks(
    tree: tuple[np.ndarray, np.ndarray, int, np.ndarray],
) -> None:
    persons, group, groups, inhabitants = tree
    found = protect(persons, group, groups, inhabitants=inhabitants, below=BELOW)
    shown = found.members == SHOWN
    assert np.array_equal(found.estimate[shown], persons[shown])
    for number in np.flatnonzero(found.groups == SHOWN):
        at = group == number
        assert found.estimate[at].sum() == pytest.approx(persons[at].sum(), abs=1e-4)
    if found.total == SHOWN:
        assert found.estimate.sum() == pytest.approx(persons.sum(), abs=1e-4)
        assert (found.estimate[found.members == SMALL] < BELOW).all()
        assert (found.estimate[found.members == WITHHELD] >= BELOW - 1e-4).all()


def test_worked_by_hand() -> None:
    one = np.zeros(2, int)
    people = np.array([100.0, 200.0])
    # 3 + 6 = 9: with 6 hidden, the 3 would be at most 4; so the sum goes as well, and the total.
    found = protect(np.array([3.0, 6.0]), one, 1, inhabitants=people, below=5)
    assert found.members.tolist() == [SMALL, WITHHELD]
    assert (found.groups.tolist(), found.total) == ([WITHHELD], WITHHELD)
    # 4 + 4 = 8 of two small ones: each would be at least 3; "at least 5" would make it 1.
    found = protect(np.array([4.0, 4.0]), one, 1, inhabitants=people, below=5)
    assert (found.groups.tolist(), found.total) == ([UNTOLD], UNTOLD)
    # Nothing small, nothing hidden.
    found = protect(np.array([7.0, 9.0]), one, 1, inhabitants=people, below=5)
    assert found.members.tolist() == [SHOWN, SHOWN]
    # Nothing is hidden when it is lifted.
    found = protect(np.array([1.0, 9.0]), one, 1, inhabitants=people, below=0)
    assert (found.members.tolist(), found.total) == ([SHOWN, SHOWN], SHOWN)


def test_small_municipality_takes_another_with_it() -> None:
    persons = np.array([3.0, 30.0, 40.0, 50.0])
    found = protect(
        persons, np.array([0, 1, 1, 2]), 3,
        inhabitants=np.array([300.0, 3000.0, 100.0, 5000.0]), below=5,
    )  # fmt: skip
    assert found.groups.tolist() == [SMALL, WITHHELD, SHOWN]
    # Of the second municipality the settlement with fewest inhabitants goes, not fewest persons.
    assert found.members.tolist() == [SMALL, SHOWN, WITHHELD, SHOWN]


def test_nobody_lives_there_is_no_secret() -> None:
    found = protect(
        np.array([0.0, 12.0]), np.zeros(2, int), 1, inhabitants=np.array([0.0, 90.0]), below=5
    )
    assert found.members.tolist() == [SHOWN, SHOWN]


def test_unknown_need_stays_unknown() -> None:
    found = protect(
        np.array([np.nan, np.nan]), np.zeros(2, int), 1, inhabitants=np.ones(2), below=5
    )
    assert np.isnan(found.estimate).all() and found.total == SHOWN
    assert show_counts(found.estimate, found.members, 5).tolist() == [None, None]
