"""Every measure worked out on paper, and what it answers where there is nothing to share."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import socaccess as sa
from socaccess.errors import InputError

NO_WAY = np.nan


def test_two_step_catchment_of_two_doctors():
    """Luo and Wang's figure in numbers: one doctor among 8 residents, another among 5.

    Who lives in both catchments counts on 1/8 + 1/5 of a doctor.
    """
    minutes = [[10, NO_WAY], [20, 25], [NO_WAY, 30]]
    answer = sa.access.floating_catchment(minutes, [5, 3, 2], [1, 1], limit_min=30)
    assert answer.access == pytest.approx([1 / 8, 1 / 8 + 1 / 5, 1 / 5], abs=1e-15)
    assert answer.ratio == pytest.approx([1 / 8, 1 / 5], abs=1e-15)
    assert answer.places_shared == 2


def test_enhanced_catchment_with_zones():
    """100 persons at 10 minutes (weight 1), 200 at 25 (0.68): 10 places for 236 weighted."""
    decay = sa.access.step({15: 1, 30: 0.68, 60: 0.22})
    answer = sa.access.floating_catchment(
        [[10.0], [25.0]], [100, 200], [10], method="e2sfca", decay=decay
    )
    assert answer.demand == pytest.approx([236.0], abs=1e-12)
    assert answer.access == pytest.approx([10 / 236, 6.8 / 236], abs=1e-15)


def test_modified_catchment_loses_places_that_are_far_for_all():
    """Delamater's point: if all live far, halving every weight halves what they have."""
    decay = sa.access.step({10: 1, 30: 0.5})
    near, far = (
        sa.access.floating_catchment([[t], [t]], [40, 60], [10], method="m2sfca", decay=decay)
        for t in (5.0, 20.0)
    )
    assert near.access == pytest.approx([0.1, 0.1], abs=1e-15)
    assert far.access == pytest.approx([0.05, 0.05], abs=1e-15)
    assert far.places_available.sum() == pytest.approx(5.0, abs=1e-12)


def test_three_step_catchment_halves_the_demand_of_who_has_two():
    """One village reaches both facilities alike: half of its 100 persons burden each."""
    decay = sa.access.step({30: 1})
    answer = sa.access.floating_catchment(
        [[10, 10], [NO_WAY, 10]], [100, 50], [10, 10], method="3sfca", decay=decay
    )
    assert answer.demand == pytest.approx([50, 100], abs=1e-12)
    assert answer.access == pytest.approx([0.5 * 10 / 50 + 0.5 * 10 / 100, 10 / 100], abs=1e-15)


def test_balanced_catchment_counts_nobody_and_no_place_twice():
    """Weights 1 and 1 of the first village, 1 of the second: demand 50 and 150, ratios .2, .1."""
    decay = sa.access.step({30: 1})
    answer = sa.access.floating_catchment(
        [[10, 10], [NO_WAY, 10]], [100, 100], [10, 15], method="bfca", decay=decay
    )
    assert answer.demand == pytest.approx([50, 150], abs=1e-12)
    assert answer.ratio == pytest.approx([0.2, 0.1], abs=1e-15)
    # The ratio of the second is shared by two: each has half of it.
    assert answer.access == pytest.approx([0.2 + 0.05, 0.05], abs=1e-15)


def test_spatial_availability_of_three_zones():
    """30 places, claims 100 x 1, 100 x 0.5 and 50 x 0.5: 30 x 100/175 and so on."""
    decay = sa.access.step({10: 1, 20: 0.5})
    answer = sa.access.spatial_availability([[5.0], [15.0], [20.0]], [100, 100, 50], [30], decay)
    assert answer.places_available == pytest.approx([3000 / 175, 1500 / 175, 750 / 175], abs=1e-12)
    assert answer.places_available.sum() == pytest.approx(30, abs=1e-12)
    squared = sa.access.spatial_availability([[5.0], [5.0]], [30, 10], [10], decay, exponent=2)
    assert squared.places_available == pytest.approx([9.0, 1.0], abs=1e-12)


def test_gravity_and_cumulative_opportunities():
    """Hansen: 100 / 2² + 900 / 30²; of three with 4, 6 and unknown places, 10 within 30."""
    table = sa.access.gravity_potential([[2.0, 30.0]], [100, 900], sa.access.power(2))
    assert table["potential"].tolist() == pytest.approx([26.0], abs=1e-12)
    counted = sa.access.cumulative_opportunities([[15, 30, 31]], [4, 6, 9], limits_min=[15, 30, 45])
    assert counted["opportunities"].tolist() == [4, 10, 19]
    unknown = sa.access.cumulative_opportunities([[15, 30]], [4, np.nan], limits_min=[30])
    assert (unknown["opportunities"].tolist(), unknown["note"].tolist()) == ([4], ["at_least"])


@pytest.mark.parametrize(
    ("decay", "weights"),
    [
        (sa.access.step({10: 1, 20: 0.5}), [1, 1, 0.5, 0]),
        (sa.access.linear(20), [1, 0.5, 0, 0]),
        (sa.access.exponential(10), [1, 0.5, 0.25, 0.125]),
        (sa.access.gaussian(10), [1, math.exp(-0.5), math.exp(-2), math.exp(-4.5)]),
        (sa.access.dai(20), [1, (math.exp(-0.125) - math.exp(-0.5)) / (1 - math.exp(-0.5)), 0, 0]),
        (sa.access.logistic(20, 10), [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-1)), 0.5,
                                      1 / (1 + math.e)]),
        (sa.access.power(1, 5), [0.2, 0.1, 0.05, 1 / 30]),
    ],
)  # fmt: skip
def test_decays_at_0_10_20_and_30_minutes(decay, weights):
    assert decay.weigh(np.array([0.0, 10, 20, 30])) == pytest.approx(weights, abs=1e-15)
    assert sa.access.read_decay(_write(decay)) == decay
    assert decay.source


def _write(decay):
    if decay.kind != "step":
        return str(decay)
    pairs = zip(decay.parameters[0::2], decay.parameters[1::2], strict=True)
    return "step:" + ",".join(f"{limit}={weight}" for limit, weight in pairs)


def test_choice_of_three_facilities():
    minutes = [[20.0, 5.0, 40.0], [NO_WAY, 30.0, NO_WAY]]
    table = sa.access.nearest_facilities(minutes, k=2)
    assert table["facility_id"].tolist() == [1, 0, 1, None]
    assert table["travel_min"].tolist()[:3] == [5, 20, 30]
    assert np.isnan(table["travel_min"].iloc[3])
    counted = sa.access.count_choices(minutes, limits_min=[20, 60], providers=["x", "x", None])
    assert counted[["facilities", "providers", "provider_unknown"]].values.tolist() == [
        [2, 1, 0], [3, 1, 1], [0, 0, 0], [1, 1, 0]]  # fmt: skip


def test_huff_of_a_small_centre_near_and_a_large_one_far():
    """Sizes 10 and 90 at 10 and 30 minutes: 10/100 against 90/900, one half each."""
    shares = sa.access.huff([[10.0, 30.0], [NO_WAY, NO_WAY]], [10, 90], sa.access.power(2))
    assert shares.to_frame()["share"].tolist() == pytest.approx([0.5, 0.5], abs=1e-15)
    # Who reaches nothing goes nowhere.
    assert shares.expect_users([8, 5])["users"].tolist() == pytest.approx([4, 4], abs=1e-15)


def test_inequality_of_the_numbers_one_to_five():
    """Gini 4/15; Theil 0.1192 as mean of x/3 ln(x/3); the top half of one has 4 of the rest."""
    values = [1, 2, 3, 4, 5]
    assert sa.access.gini(values) == pytest.approx(4 / 15, abs=1e-15)
    by_hand = sum(v / 3 * math.log(v / 3) for v in values) / 5
    assert sa.access.theil(values).total == pytest.approx(by_hand, abs=1e-15)
    assert sa.access.palma_ratio(values) == pytest.approx(5 / 1.5, abs=1e-15)
    assert sa.access.tail_mean(values, share=0.1) == 1
    assert sa.access.tail_mean(values, share=0.3) == pytest.approx((1 + 0.5 * 2) / 1.5, abs=1e-15)


def test_theil_between_and_within_two_municipalities():
    """Means 2 and 6 of two each: between ln-parts of 0.5 and 1.5, within of 1 and 3."""
    parts = sa.access.theil([1, 3, 6, 6], groups=["a", "a", "b", "b"])
    between = 0.5 * 0.5 * math.log(0.5) + 0.5 * 1.5 * math.log(1.5)
    own = 0.5 * (0.5 * math.log(0.5) + 1.5 * math.log(1.5))
    assert parts.between == pytest.approx(between, abs=1e-15)
    assert parts.within == pytest.approx(0.25 * own, abs=1e-15)
    assert parts.total == pytest.approx(parts.between + parts.within, abs=1e-15)


def test_concentration_by_income():
    """The richer half has three quarters: index 1/4; half of a share of 1, Erreygers 1/2."""
    index = sa.access.concentration_index([1, 3], ranking=[100, 900])
    assert index == pytest.approx(0.25, abs=1e-15)
    bounded = sa.access.concentration_index([0.25, 0.75], ranking=[1, 2], bounds=(0, 1))
    assert bounded == pytest.approx(4 * 0.5 * 0.25, abs=1e-15)
    curve = sa.access.concentration_curve([1, 3, 2], ranking=[1, 2, 2])
    assert curve["value_share"].tolist() == pytest.approx([0, 1 / 6, 1], abs=1e-15)


def test_change_of_a_plan_decomposed():
    """Village a gains 2, b nothing: all of the mean's change is a's, and no ranks change."""
    change = sa.access.decompose_change([1, 4], [3, 4], [30, 10], ["a", "b"])
    assert change.groups["from_access"].tolist() == pytest.approx([0.75 * 2, 0], abs=1e-15)
    assert change.groups["from_persons"].tolist() == [0, 0]
    assert change.gini_reranking == 0
    moved = change.after.gini - change.before.gini
    assert moved == pytest.approx(change.gini_reranking - change.gini_progressivity, abs=1e-15)


def test_people_who_move_change_the_mean_too():
    change = sa.access.decompose_change([1, 5], [1, 5], [10, 10], ["a", "b"], persons_after=[5, 15])
    assert change.groups["from_persons"].sum() == pytest.approx(1.0, abs=1e-15)
    assert change.groups["from_access"].sum() == 0
    assert np.isnan(change.gini_reranking)


def test_urban_centre_cluster_and_villages():
    """40 cells of 1,500 make a city of 60,000; a hole in it is filled; a hamlet stays rural."""
    x, y = np.meshgrid(np.arange(7) * 1000.0, np.arange(7) * 1000.0)
    persons = np.full(49, 1500.0)
    persons[24] = 10.0  # the middle: a park with one house
    x, y = np.append(x.ravel(), 90_000.0), np.append(y.ravel(), 0.0)
    cells = sa.access.classify_cells(x, y, np.append(persons, 400.0))
    assert (cells["cell"][:49] == "urban_centre").all()
    assert cells["cell"].iloc[49] == "rural"
    areas = sa.access.classify_areas(cells["cell"], cells["persons"], ["city"] * 49 + ["hamlet"])
    assert areas["degree"].tolist() == ["cities", "rural_areas"]


def test_cells_of_a_centre_touch_by_sides_those_of_a_cluster_by_corners():
    x = np.arange(40) * 1000.0
    cells = sa.access.classify_cells(x, x, np.full(40, 1500.0))
    assert set(cells["cell"]) == {"urban_cluster"}


def test_cost_of_distance():
    """200 visits of 2 x 10 km at 0.5 EUR, 20 minutes each way at 12 EUR an hour: 3,600 EUR."""
    model = sa.access.DeliveryModel(12_000, 300, visits=200, eur_km=0.5, eur_hour=12)
    table = sa.access.cost_per_head(model, [20, NO_WAY], [10, NO_WAY], [6, NO_WAY], [2, 1])
    assert table.loc[0, ["fixed_eur", "variable_eur", "way_eur", "total_eur"]].tolist() == [
        2000, 300, 3600, 5900]  # fmt: skip
    assert table.loc[1, "total_eur":].isna().all()
    assert sa.access.break_even_size(model, 5900, way_eur=3600) == 6
    assert np.isnan(sa.access.break_even_size(model, 3900, way_eur=3600))


def test_size_of_least_cost_is_the_least_of_all_sizes():
    model = sa.access.DeliveryModel(30_000, 0, visits=50, eur_km=0.4, eur_hour=10)
    best = sa.access.least_cost_size(model, density=0.2)
    sizes = np.arange(1, 400)
    cost = sa.access.cost_by_size(model, sizes, density=0.2)
    assert abs(sizes[cost.argmin()] - best) < 1
    price = float(cost[cost.argmin()]) + 50
    assert sa.access.break_even_size(model, price, density=0.2) == sizes[cost <= price][0]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (lambda: sa.access.floating_catchment([[1.0]], [-1], [1], limit_min=5), "access.negative"),
        (lambda: sa.access.floating_catchment([[-1.0]], [1], [1], limit_min=5), "access.negative"),
        (lambda: sa.access.floating_catchment([[1.0]], [np.nan], [1], limit_min=5),
         "access.amount_missing"),
        (lambda: sa.access.floating_catchment([[1.0]], [1, 2], [1], limit_min=5),
         "access.lengths_differ"),
        (lambda: sa.access.floating_catchment([[1.0]], [1], [1]), "access.limit_missing"),
        (lambda: sa.access.floating_catchment([[1.0]], [1], [1], method="e2sfca"),
         "access.decay_missing"),
        (lambda: sa.access.floating_catchment([[1.0]], [1], [1], method="4sfca"),
         "access.unknown_choice"),
        (lambda: sa.access.floating_catchment([[1.0]], [1], [1], limit_min=0),
         "coverage.limit_not_positive"),
        (lambda: sa.access.fill_places(np.array([1.0]), "guess"), "access.unknown_choice"),
        (lambda: sa.access.read_decay("gaussian:-3"), "access.bad_parameter"),
        (lambda: sa.access.read_decay("fast"), "access.bad_decay"),
        (lambda: sa.access.step({10: -1}), "access.bad_zones"),
        (lambda: sa.access.gini([0, 0]), "access.nothing_shared"),
        (lambda: sa.access.gini([1, 2], [0, 0]), "access.nobody"),
        (lambda: sa.access.gini([1, -2]), "access.negative"),
        (lambda: sa.access.gini([1, np.nan]), "access.amount_missing"),
        (lambda: sa.access.concentration_index([1, 2], ranking=[1, np.nan]),
         "access.rank_missing"),
        (lambda: sa.access.theil([1, 2], groups=["a", None]), "access.group_missing"),
        (lambda: sa.access.close_together([[1.0]], [1], ["x"], limit_min=5),
         "access.unknown_facility"),
        (lambda: sa.access.DeliveryModel(-1, 0, visits=1), "access.negative"),
        (lambda: sa.access.read_pairs(pd.DataFrame({"origin_id": ["a", "a"],
                                                    "facility_id": ["f", "f"],
                                                    "travel_min": [1.0, 2.0]})),
         "access.pair_twice"),
        (lambda: sa.access.compare_nearest([[1.0]], [[1.0], [2.0]], [1], limit_min=5),
         "access.other_origins"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(question, code):
    with pytest.raises(InputError) as caught:
        question()
    assert [problem.code for problem in caught.value.problems] == [code]
    for lang in ("en", "lv"):
        assert "\n" not in caught.value.text(lang)


def test_where_there_is_nothing_the_answer_says_what_it_means():
    """Nobody in need, no places, no way, unknown places: each has its word, and none is NaN."""
    minutes = [
        [10, NO_WAY, NO_WAY],
        [NO_WAY, 10, NO_WAY],
        [NO_WAY, NO_WAY, NO_WAY],
        [NO_WAY, 10, 10],
    ]
    answer = sa.access.floating_catchment(minutes, [0, 8, 9, 2], [5, np.nan, 0], limit_min=30)
    assert answer.note.tolist() == ["nobody_counted", "unknown_places", "none_in_reach", "at_least"]
    assert np.isnan(answer.access[:2]).all()
    assert answer.access[2:].tolist() == [0, 0]
    assert answer.facility_note.tolist() == ["nobody_in_reach", "unknown_places", "no_places"]
    assert answer.places_shared == 0
    known = sa.access.fill_places(np.array([5, np.nan, 0]), "median")
    filled = sa.access.floating_catchment(minutes, [0, 8, 9, 2], known, limit_min=30)
    assert filled.places_shared == 2.5
    assert filled.note.tolist() == ["nobody_counted", None, "none_in_reach", None]


def test_tables_in_and_out_keep_every_origin():
    travel = pd.DataFrame({"settlement_id": ["b", "a"], "facility_id": ["f", "f"],
                           "travel_min": [10.0, 40.0]})  # fmt: skip
    persons = pd.DataFrame({"settlement_id": ["a", "b", "c"], "persons": [5, 10, 2]})
    places = pd.Series({"f": 4.0})
    answer = sa.access.floating_catchment(travel, persons, places, limit_min=30).to_frame()
    assert answer["origin_id"].tolist() == ["a", "b", "c"]
    assert answer["per_100"].tolist() == [0, 40, 0]
    assert answer["note"].tolist() == ["none_in_reach", None, "none_in_reach"]
