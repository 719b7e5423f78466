"""What the times of a study mean for its people: per settlement, per municipality, the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.coverage import (
    SCENARIOS,
    SCOPES,
    bound_limits_ms,
    find_gaps,
    find_quantiles,
    judge_settlements,
    measure_groups,
)
from socaccess.routing import UNREACHABLE
from socaccess.study.people import PeopleTimes
from socaccess.travel.minutes import to_minutes

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = [
    "PerSettlement",
    "assess_municipalities",
    "assess_region",
    "assess_settlements",
    "list_gaps",
    "place_persons",
    "spread_need",
]


def spread_need(study: StudyInputs) -> pd.DataFrame:
    """Return persons per settlement (rows, in order) and target group; NaN where unknown."""
    order = study.settlements["settlement_id"]
    if study.need is None or not len(study.need):
        return pd.DataFrame(index=order)
    table = study.need.pivot_table(
        index="settlement_id", columns="target_group", values="persons", aggfunc="sum"
    )
    return table.reindex(order)


def assess_settlements(
    study: StudyInputs, times: PeopleTimes, persons: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per settlement, service and scenario."""
    settlements = study.settlements
    count, rows = len(settlements), len(times.travel_ms)
    limits = _bound_limits(study)
    per_settlement = PerSettlement(times, count)
    table: dict[str, np.ndarray] = {}
    for prefix, travel_ms, place in (
        ("", times.travel_ms, times.place),
        ("own_", times.own_ms, times.own_place),
    ):
        minutes = to_minutes(travel_ms)
        names = [f"{prefix}{name}" for name in ("travel_min", "median_min", "p90_min")]
        if prefix:
            table[names[0]] = per_settlement.average(minutes)
        else:
            table |= dict(zip(names, per_settlement.describe(minutes), strict=True))
        table |= per_settlement.name_nearest(place, times.supply, prefix)
        status = np.empty((rows, count), dtype=object)
        for row in range(rows):
            has_supply = times.has_own[row] if prefix else len(times.supply[row]) > 0
            status[row] = judge_settlements(
                travel_ms[row],
                limits[row, 1] / 60_000,
                has_supply=has_supply,
                home=times.home,
                counted=bool(times.counted[row]),
            )
        table[f"{prefix}status"] = status
        ends = ("_low", "", "_high") if not prefix else ("",)
        for end in ends:
            limit = limits[:, ("_low", "", "_high").index(end)]
            share = per_settlement.share_of(travel_ms <= limit[:, None])
            share[~times.counted] = np.nan
            table[f"{prefix}covered_share{end}"] = share
    table["length_km"] = per_settlement.average(times.length_km)
    table["modelled_share"] = per_settlement.average(times.modelled_share)
    frame = {name: values.T.ravel() for name, values in table.items()}
    services = np.repeat(np.array(times.services, dtype=object), len(SCENARIOS))
    scenarios = np.tile(np.array(SCENARIOS, dtype=object), len(times.services))
    front = {
        name: np.repeat(settlements[name].to_numpy(dtype=object), rows)
        for name in ("settlement_id", "name", "municipality_id")
    }
    found = pd.DataFrame(
        {**front, "service": np.tile(services, count), "scenario": np.tile(scenarios, count),
         **frame}
    )  # fmt: skip
    # pandas makes NaN of missing names.
    for name in ("facility_id", "facility", "own_facility_id", "own_facility"):
        found[name] = pd.Series(frame[name], dtype=object)
    found["population"] = np.repeat(settlements["population"].to_numpy(dtype=float), rows)
    return place_persons(study, found, persons)


def place_persons(study: StudyInputs, table: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Return settlement coverage with the persons in need of each service."""
    need = np.stack(_list_need(study, persons))
    return table.assign(persons=np.repeat(need, len(SCENARIOS), axis=0).T.ravel())


def _list_need(study: StudyInputs, persons: pd.DataFrame) -> list[np.ndarray]:
    """Return persons per settlement of every assessed service; NaN where unknown."""
    unknown = np.full(len(study.settlements), np.nan)
    return [
        persons[group].to_numpy(dtype=float) if group in persons else unknown
        for group in study.assessed_types["target_group"]
    ]


class PerSettlement:
    """Brings values of points, shape (rows, points), to settlements, shape (rows, settlements)."""

    def __init__(self, times: PeopleTimes, count: int) -> None:
        import scipy.sparse as sp

        self.home, self.share, self.count = times.home, times.share, count
        points = np.arange(len(times.home))
        self.matrix = sp.csr_array((times.share, (points, times.home)), shape=(len(points), count))
        self.members = np.bincount(times.home, minlength=count)

    def average(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of the people for whom there is a value."""
        known = np.isfinite(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.where(known, values, 0.0) @ self.matrix) / (known @ self.matrix)

    def share_of(self, flags: np.ndarray) -> np.ndarray:
        """Return the share of people for whom a flag holds: 0 and 1 only where exact."""
        import scipy.sparse as sp

        share = flags.astype(float) @ self.matrix
        ones = sp.csr_array(
            (np.ones(len(self.home)), (np.arange(len(self.home)), self.home)),
            shape=self.matrix.shape,
        )
        number = flags.astype(float) @ ones
        return np.where(number == self.members, 1.0, np.where(number == 0, 0.0, share))

    def describe(self, minutes: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return mean, median and P90."""
        rows = len(minutes)
        code = np.arange(rows)[:, None] * self.count + self.home[None, :]
        weight = np.broadcast_to(self.share, minutes.shape)
        quantiles = find_quantiles(
            code.ravel(), rows * self.count, minutes.ravel(), weight.ravel(), (0.5, 0.9)
        )
        return (self.average(minutes), *(q.reshape(rows, self.count) for q in quantiles))

    def name_nearest(
        self, place: np.ndarray, supply: list[pd.DataFrame], prefix: str
    ) -> dict[str, np.ndarray]:
        """Return id and name of the facility that is nearest to most people of a settlement."""
        ids = np.empty((len(place), self.count), dtype=object)
        names = ids.copy()
        for row, places in enumerate(place):
            # Scenarios that add nothing share the answers of today.
            if row and supply[row] is supply[row - 1] and np.array_equal(places, place[row - 1]):
                ids[row], names[row] = ids[row - 1], names[row - 1]
                continue
            chosen = self.choose_place(places)
            for target, column in ((ids, "facility_id"), (names, "name")):
                known = np.array([*supply[row][column], None], dtype=object)
                target[row] = known[chosen]
        return {f"{prefix}facility_id": ids, f"{prefix}facility": names}

    def choose_place(self, places: np.ndarray) -> np.ndarray:
        """Return the place of most people of each settlement, of equals the first; -1 for none."""
        chosen = np.full(self.count, -1)
        there = places >= 0
        if not there.any():
            return chosen
        width = int(places.max()) + 1
        key, inverse = np.unique(self.home[there] * width + places[there], return_inverse=True)
        people = np.bincount(inverse.ravel(), weights=self.share[there]).round(9)
        order = np.lexsort((key % width, -people, key // width))
        home, first = np.unique((key // width)[order], return_index=True)
        chosen[home] = (key % width)[order][first]
        return chosen


def assess_municipalities(
    study: StudyInputs, times: PeopleTimes, persons: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per municipality, service, scenario and scope."""
    ids = study.municipalities["municipality_id"].to_numpy(dtype=object)
    order = pd.Index(ids)
    group = order.get_indexer(study.settlements["municipality_id"])
    table = _measure(study, times, persons, group, len(ids))
    table.insert(0, "municipality_id", ids[table["group"]])
    names = study.municipalities["name"].to_numpy(dtype=object)
    table.insert(1, "municipality", names[table["group"]])
    rank = {scenario: number for number, scenario in enumerate(SCENARIOS)}
    order_of = np.lexsort((table["scope"] == "own", table["scenario"].map(rank),
                           table["service"], table["group"]))  # fmt: skip
    return table.iloc[order_of].drop(columns="group").reset_index(drop=True)


def assess_region(study: StudyInputs, times: PeopleTimes, persons: pd.DataFrame) -> pd.DataFrame:
    """Return one row per service, scenario and scope: the whole study."""
    group = np.zeros(len(study.settlements), dtype=np.int64)
    return _measure(study, times, persons, group, 1).drop(columns="group")


def _measure(
    study: StudyInputs, times: PeopleTimes, persons: pd.DataFrame, group: np.ndarray, groups: int
) -> pd.DataFrame:
    """Return the measures of groups of settlements, for every service, scenario and scope."""
    count = len(times.travel_ms)
    points = len(times.home)
    code = (np.arange(count)[:, None] * groups + group[times.home][None, :]).ravel()
    population = study.settlements["population"].to_numpy(dtype=float)[times.home] * times.share
    need = np.stack(_list_need(study, persons))[:, times.home] * times.share
    need = np.repeat(need, len(SCENARIOS), axis=0).ravel()
    limits = _bound_limits(study)
    has_any = np.array([len(supply) > 0 for supply in times.supply])
    labels = times.rows()
    tables = []
    for scope in SCOPES:
        travel_ms = times.travel_ms if scope == "any" else times.own_ms
        served = has_any[:, None] if scope == "any" else times.has_own[:, times.home]
        low, within, high = (
            (travel_ms <= limits[:, [at]]).astype(float).ravel() for at in range(3)
        )
        measures = measure_groups(
            code,
            count * groups,
            persons=need,
            population=np.broadcast_to(population, (count, points)).ravel(),
            minutes=to_minutes(travel_ms).ravel(),
            within=within,
            cut_off=((travel_ms >= UNREACHABLE) & served).ravel(),
            counted=np.repeat(times.counted, groups),
            bounds=(low, high),
        )
        table = pd.DataFrame(
            {
                "group": np.tile(np.arange(groups), count),
                "service": np.repeat([service for service, _ in labels], groups),
                "scenario": np.repeat([scenario for _, scenario in labels], groups),
                "scope": scope,
                **measures,
            }
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True).astype(
        {"service": object, "scenario": object, "scope": object}
    )


def _bound_limits(study: StudyInputs) -> np.ndarray:
    """Return the limit of every row in ms: with times longer, as they are, and shorter."""
    bounds = [
        bound_limits_ms(float(limit), study.settings.time_uncertainty)
        for limit in study.assessed_types["limit_min"]
    ]
    return np.repeat(np.array(bounds), len(SCENARIOS), axis=0)


def list_gaps(study: StudyInputs, settlement_coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the settlements of which people live beyond a limit now.

    With the nearest facility, the share of people within the limit and the minutes
    over. Services nobody counts have no row.
    """
    now = settlement_coverage[settlement_coverage["scenario"] == "now"]
    gaps = find_gaps(now, study.limits_min())
    names = study.municipalities.set_index("municipality_id")["name"]
    gaps["municipality"] = gaps["municipality_id"].map(names)
    gaps = gaps.rename(columns={"name": "settlement"})
    return gaps[
        [
            "service",
            "municipality_id",
            "municipality",
            "settlement_id",
            "settlement",
            "status",
            "covered_share",
            "covered_share_low",
            "covered_share_high",
            "travel_min",
            "median_min",
            "p90_min",
            "limit_min",
            "over_min",
            "length_km",
            "modelled_share",
            "facility_id",
            "facility",
            "own_status",
            "own_travel_min",
            "persons",
            "population",
        ]
    ]
