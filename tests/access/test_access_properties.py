"""What holds of any numbers: sums, signs, scales, and agreement with loops written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import socaccess as sa

DECAYS = ["step:15=1,30=0.5", "linear:60", "exponential:10", "gaussian:20", "dai:45",
          "logistic:30,5", "power:1.5,1"]  # fmt: skip


@st.composite
def worlds(draw):
    """Minutes with gaps, persons with zeros, places with zeros and unknown ones."""
    origins, facilities = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    times = st.one_of(st.just(np.nan), st.integers(0, 90).map(float))
    minutes = draw(hnp.arrays(float, (origins, facilities), elements=times))
    persons = draw(hnp.arrays(float, origins, elements=st.integers(0, 40).map(float)))
    places = st.one_of(st.just(np.nan), st.integers(0, 30).map(float))
    return minutes, persons, draw(hnp.arrays(float, facilities, elements=places))


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from(DECAYS))
def test_places_are_shared_out_once_and_nan_has_its_reason(world, text):
    minutes, persons, places = world
    decay = sa.access.read_decay(text)
    answers = [sa.access.floating_catchment(minutes, persons, places, limit_min=45)]
    answers += [
        sa.access.floating_catchment(minutes, persons, places, method=method, decay=decay)
        for method in ("e2sfca", "m2sfca", "3sfca", "bfca")
    ]
    answers.append(sa.access.spatial_availability(minutes, persons, places, decay))
    for answer in answers:
        lost = np.isnan(answer.access)
        assert set(answer.note[lost]) <= {"unknown_places", "nobody_counted"}
        assert (answer.access[~lost] >= 0).all()
        shared = np.nansum(answer.places_available)
        if answer.method in ("2sfca", "e2sfca", "3sfca", "spatial_availability"):
            assert shared == pytest.approx(answer.places_shared, rel=1e-9, abs=1e-12)
    # Availability per person and the enhanced catchment are one and the same.
    same = (answers[1].access, answers[5].access)
    assert np.allclose(*same, rtol=1e-12, equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_twice_the_places_are_twice_the_access(world):
    minutes, persons, places = world
    once, twice = (
        sa.access.floating_catchment(minutes, persons, factor * places, limit_min=45).access
        for factor in (1, 2)
    )
    assert np.allclose(2 * once, twice, rtol=1e-12, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_any_form_of_travel_gives_the_same(world, data):
    from scipy.sparse import csr_array

    minutes, persons, places = world
    row, column = np.nonzero(~np.isnan(minutes))
    begin = np.searchsorted(row, np.arange(len(minutes) + 1))
    sparse = csr_array((minutes[row, column], column, begin), shape=minutes.shape)
    mixed = data.draw(st.permutations(range(len(row))))
    table = pd.DataFrame({"origin_id": row, "facility_id": column,
                          "travel_min": minutes[row, column]}).iloc[list(mixed)]  # fmt: skip
    answers = [
        sa.access.floating_catchment(travel, pd.Series(persons), pd.Series(places), limit_min=45)
        for travel in (minutes, sparse, table)
    ]
    for answer in answers[1:]:
        assert np.allclose(answer.access, answers[0].access, rtol=1e-12, equal_nan=True)
        assert answer.note.tolist() == answers[0].note.tolist()


values = hnp.arrays(float, st.integers(2, 8), elements=st.integers(0, 50).map(float))


@settings(max_examples=60, deadline=None)
@given(values, st.data())
def test_inequality_of_persons_counted_or_listed(value, data):
    """A weight of two is the same as two rows; scale and order change nothing."""
    if not value.any():
        return
    weight = data.draw(hnp.arrays(int, len(value), elements=st.integers(1, 4)))
    listed = np.repeat(value, weight)
    assert sa.access.gini(value, weight) == pytest.approx(sa.access.gini(listed), abs=1e-12)
    assert sa.access.gini(3 * value) == pytest.approx(sa.access.gini(value), abs=1e-12)
    assert 0 <= sa.access.gini(value) < 1
    # Gini by its own definition: the mean difference of all pairs over twice the mean.
    pairs = np.abs(listed[:, None] - listed[None, :]).mean() / (2 * listed.mean())
    assert sa.access.gini(listed) == pytest.approx(pairs, abs=1e-12)
    groups = data.draw(st.lists(st.sampled_from("ab"), min_size=len(value), max_size=len(value)))
    parts = sa.access.theil(value, weight, groups)
    assert parts.total == pytest.approx(parts.between + parts.within, abs=1e-12)
    assert min(parts.between, parts.within) >= -1e-12
    share = data.draw(st.floats(0.05, 0.95))
    low = sa.access.tail_mean(value, weight, share)
    high = sa.access.tail_mean(value, weight, 1 - share, top=True)
    mean = np.average(value, weights=weight)
    assert share * low + (1 - share) * high == pytest.approx(mean, abs=1e-9)
    # Ranked by itself, concentration is Gini; the other way round it is minus Gini.
    for sign in (1, -1):
        index = sa.access.concentration_index(value, weight, ranking=sign * value)
        assert index == pytest.approx(sign * sa.access.gini(value, weight), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(values, st.data())
def test_the_parts_of_a_change_add_up(first, data):
    size = len(first)
    second = data.draw(hnp.arrays(float, size, elements=st.integers(0, 50).map(float)))
    before, after = (
        data.draw(hnp.arrays(float, size, elements=st.integers(1, 9).map(float))) for _ in "ab"
    )
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=size, max_size=size))
    change = sa.access.decompose_change(first, second, before, groups, persons_after=after)
    parts = change.groups[["from_access", "from_persons"]].to_numpy().sum()
    assert parts == pytest.approx(change.after.mean - change.before.mean, abs=1e-9)
    same = sa.access.decompose_change(first, second, before, groups)
    if first.any() and second.any():
        moved = same.after.gini - same.before.gini
        assert moved == pytest.approx(same.gini_reranking - same.gini_progressivity, abs=1e-12)
        assert same.gini_reranking >= -1e-12


@settings(max_examples=40, deadline=None)
@given(worlds(), st.data())
def test_closing_as_removing_the_facilities_and_asking_again(world, data):
    minutes, persons, places = world
    facilities = minutes.shape[1]
    owner = data.draw(
        st.lists(st.sampled_from(["x", "y", None]), min_size=facilities, max_size=facilities)
    )
    answer = sa.access.close_each(minutes, persons, limit_min=45, places=places, units=owner)
    units = {}
    for at, name in enumerate(owner):
        units.setdefault(at if name is None else name, []).append(at)
    far = np.where(np.isnan(minutes), np.inf, minutes)
    assert len(answer.ranking) == len(units)
    for row in answer.ranking.itertuples():
        closed = units[row.unit]
        open_ = [at for at in range(facilities) if at not in closed]
        now = far.min(axis=1)
        then = far[:, open_].min(axis=1) if open_ else np.full(len(far), np.inf)
        nearest = np.isin(far.argmin(axis=1), closed) & np.isfinite(now)
        out = nearest & (now <= 45) & (then > 45)
        assert row.falls_out == persons[out].sum()
        assert row.unreachable == persons[nearest & ~np.isfinite(then)].sum()
        moves = nearest & np.isfinite(then)
        extra = (persons[moves] * (then[moves] - now[moves])).sum()
        assert row.extra_person_min == pytest.approx(extra, abs=1e-9)
        if row.rank > 1:
            continue
        together = sa.access.close_together(minutes, persons, closed, limit_min=45, places=places)
        for name in ("falls_out", "unreachable", "persons", "without_place", "place_unknown"):
            one, other = (getattr(row, name), together.ranking[name].iloc[0])
            assert one == pytest.approx(other, abs=1e-9, nan_ok=True)
        if not np.isnan(row.moving):
            assert row.without_place + row.place_unknown <= row.moving + 1e-9
    flows = answer.flows.groupby("unit")["persons"].sum()
    for row in answer.ranking.itertuples():
        assert flows.get(row.unit, 0) == pytest.approx(row.persons, abs=1e-9)
