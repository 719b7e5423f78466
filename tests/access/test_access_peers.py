"""The same numbers as PySAL's `access` and as `cafein`, where they define the same thing.

Each of 200 random regions is asked of us on its own. The others are asked of fifty at once:
no way leads from one region to another, so they answer for each alone.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import socaccess as sa

CASES, AT_ONCE = 200, 50
SAME = {"rtol": 1e-12, "atol": 1e-12}


class Region:
    """Whole seconds between origins and facilities, with gaps, and persons and places."""

    def __init__(self, seed, first_origin, first_facility):
        chance = np.random.default_rng(seed)
        origins, facilities = chance.integers(2, 12), chance.integers(1, 7)
        self.seconds = chance.integers(0, 5400, (origins, facilities)).astype(float)
        self.seconds[chance.random(self.seconds.shape) < 0.2] = np.nan
        self.persons = chance.integers(1, 500, origins).astype(float)
        self.places = chance.integers(0, 60, facilities).astype(float)
        self.origins = np.arange(origins) + first_origin
        self.facilities = np.arange(facilities) + first_facility

    @property
    def minutes(self):
        return self.seconds / 60


def draw_regions(block):
    regions, origin, facility = [], 0, 0
    for seed in range(block * AT_ONCE, (block + 1) * AT_ONCE):
        regions.append(Region(seed, origin, facility))
        origin += len(regions[-1].origins)
        facility += len(regions[-1].facilities)
    return regions


def list_pairs(regions):
    tables = []
    for region in regions:
        row, column = np.nonzero(~np.isnan(region.seconds))
        seconds = region.seconds[row, column]
        tables.append(
            pd.DataFrame({"origin": region.origins[row], "dest": region.facilities[column],
                          "seconds": seconds, "cost": seconds / 60})
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The inplace keyword")
@pytest.mark.parametrize("block", range(CASES // AT_ONCE))
def test_floating_catchments_as_pysal_has_them(block):
    fca = pytest.importorskip("access.fca", reason="PySAL access is not installed (extra bench)")
    weights = import_module("access.weights")
    text, peer = [
        ("gaussian:20", weights.gaussian(20)),
        ("step:20=1,40=0.68,60=0.22", weights.step_fn({20: 1, 40: 0.68, 60: 0.22})),
        ("power:1.5,2", weights.gravity(scale=1, alpha=-1.5, min_dist=2)),
        ("gaussian:35", weights.gaussian(35)),
    ][block]
    decay, limit = sa.access.read_decay(text), [30.0, 55.0, 42.5, 20.0][block]
    regions = draw_regions(block)
    pairs = list_pairs(regions)
    persons = np.concatenate([region.persons for region in regions])
    places = np.concatenate([region.places for region in regions])
    demand = pd.DataFrame({"demand": persons}, index=pd.RangeIndex(len(persons), name="geoid"))
    supply = pd.DataFrame({"supply": places}, index=pd.RangeIndex(len(places), name="geoid"))
    by_index = {"demand_index": True, "supply_index": True}
    theirs = {
        "2sfca": fca.two_stage_fca(demand, supply, pairs, limit, **by_index),
        "e2sfca": fca.two_stage_fca(demand, supply, pairs, limit, weight_fn=peer, **by_index),
        # Its three-step catchment knows a limit in only two of the steps.
        "3sfca": fca.three_stage_fca(demand, supply, pairs, None, weight_fn=peer, **by_index),
        "potential": fca.weighted_catchment(
            supply, pairs, limit, cost_source="dest", cost_dest="origin", loc_index=True,
            loc_value="supply", weight_fn=peer),
    }  # fmt: skip
    for region in regions:
        answers = {
            method: sa.access.floating_catchment(
                region.minutes,
                region.persons,
                region.places,
                method=method,
                limit_min=None if method == "3sfca" else limit,
                decay=None if method == "2sfca" else decay,
            ).to_frame()
            for method in ("2sfca", "e2sfca", "3sfca")
        }
        answers["potential"] = sa.access.gravity_potential(
            region.minutes, region.places, decay, limit_min=limit
        ).rename(columns={"potential": "access"})
        for method, table in answers.items():
            # PySAL has no row for who reaches nothing; ours is 0 and says so.
            other = theirs[method].reindex(region.origins).fillna(0).to_numpy()
            assert np.allclose(table["access"], other, **SAME), method


@pytest.mark.parametrize("block", range(CASES // AT_ONCE))
def test_opportunities_as_cafein_has_them(block):
    cafein = pytest.importorskip("cafein", reason="cafein is not installed (extra bench)")
    limit = [30.0, 55.0, 42.5, 20.0][block]
    kind, named, decay = [
        ("step", None, sa.access.step({limit: 1})),
        ("linear_cutoff", None, sa.access.linear(limit)),
        ("exponential", {"half_life": 12.0}, sa.access.exponential(12)),
        ("logistic", {"scale": 7.0}, sa.access.logistic(limit, 7)),
    ][block]
    regions = draw_regions(block)
    travel = list_pairs(regions)[["origin", "dest", "seconds"]]
    facilities = np.concatenate([region.facilities for region in regions])
    places = np.concatenate([region.places for region in regions])
    theirs = cafein.Accessibility.from_matrix(
        travel.set_axis(["from_id", "to_id", "travel_time"], axis=1),
        pd.DataFrame({"id": facilities, "places": places}),
        opportunities=["places"], budgets=(limit,), decay=kind, decay_params=named,
        origins=np.concatenate([region.origins for region in regions]).tolist(),
        time_units="seconds",
    ).set_index("from_id")["accessibility"]  # fmt: skip
    for region in regions:
        other = theirs.loc[region.origins]
        own = sa.access.gravity_potential(region.minutes, region.places, decay, limit_min=limit)
        assert np.allclose(own["potential"], other, **SAME)
        if kind == "step":
            own = sa.access.cumulative_opportunities(
                region.minutes, region.places, limits_min=[limit]
            )
            assert np.allclose(own["opportunities"], other, **SAME)


@pytest.mark.filterwarnings("ignore:In a future version, the keys")
def test_inequality_as_cafein_has_it():
    equity = pytest.importorskip("cafein.equity", reason="cafein is not installed (extra bench)")
    tables = []
    for seed in range(CASES):
        chance = np.random.default_rng(seed)
        count = int(chance.integers(3, 30))
        tables.append(
            pd.DataFrame(
                {
                    "case": seed,
                    "accessibility": chance.integers(1, 40, count) / 7,
                    "pop": chance.integers(1, 200, count).astype(float),
                    "income": chance.integers(1, 9, count).astype(float),
                    "group": chance.choice(["a", "b", "c"], count),
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    named = {"population": "pop", "group_columns": ["case"]}
    ranked = {**named, "income": "income"}
    theirs = {
        "gini": equity.gini_index(table, **named)["gini_index"],
        "palma_by_income": equity.palma_ratio(table, **ranked)["palma_ratio"],
        "palma": equity.share_ratio(table, **named)["share_ratio"],
        "theil": equity.theil_t(table, **named)["generalized_entropy"],
        "concentration": equity.concentration_index(table, **ranked)["concentration_index"],
        "erreygers": equity.concentration_index(
            table, variant="erreygers", bounds=(0, 10), **ranked)["concentration_index"],
    }  # fmt: skip
    parts = equity.generalized_entropy(table, alpha=1, groups="group", **named)
    lorenz = equity.lorenz_curve(table, **named)
    curve = equity.concentration_curve(table, **ranked)
    own = sa.access
    for seed, case in enumerate(tables):
        value, weight, income = (case[name] for name in ("accessibility", "pop", "income"))
        theil = own.theil(value, weight, case["group"])
        ours = {
            "gini": own.gini(value, weight),
            "palma_by_income": own.palma_ratio(value, weight, ranking=income),
            "palma": own.palma_ratio(value, weight),
            "theil": theil.total,
            "concentration": own.concentration_index(value, weight, ranking=income),
            "erreygers": own.concentration_index(value, weight, ranking=income, bounds=(0, 10)),
        }
        for name, number in ours.items():
            assert np.isclose(number, theirs[name].iloc[seed], **SAME), (seed, name)
        split = parts.loc[seed, ["total", "between", "within"]].tolist()
        assert np.allclose([theil.total, theil.between, theil.within], split, **SAME)
        points = own.lorenz_curve(value, weight)["value_share"]
        assert np.allclose(points, lorenz.loc[lorenz["case"] == seed, "value_share"], **SAME)
        points = own.concentration_curve(value, weight, ranking=income)["value_share"]
        assert np.allclose(points, curve.loc[curve["case"] == seed, "value_share"], **SAME)
