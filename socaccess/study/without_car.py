"""Who of a study reaches a service without a car, when, and by which lines; see `Visit`.

Shares are of the same people as those by car; what leaves is made of what may leave, so that it
depends on no hidden count.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.coverage import SCENARIOS, round_shares
from socaccess.routing import UNREACHABLE
from socaccess.study.answer import StudyAnswer
from socaccess.study.assessment import PerSettlement
from socaccess.study.releasing import ReleasedAnswer
from socaccess.transit.returning import STATUSES, show_clocks

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.transit import TransitReach

__all__ = ["JOURNEY_COLUMNS", "WithoutCar", "open_without_car"]

JOURNEY_COLUMNS = (
    "settlement_id", "settlement", "municipality_id", "municipality", "service", "transit_status",
    "same_day_share", "covered_share", "facility_id", "facility", "leave", "lines_out", "arrive",
    "return", "lines_back", "back", "last_return", "out_min", "back_min", "wait_min", "away_h",
    "rides_out", "rides_back", "days_per_week", "limit_min", "population",
)  # fmt: skip
"""Columns of `WithoutCar.journeys`."""

_KEYS = ("municipality_id", "service", "scenario")


def open_without_car(released: ReleasedAnswer) -> WithoutCar | None:
    """Return what a release says of people without a car; None where it was not asked.

    Parameters
    ----------
    released
        The result of a study whose `mode` is `transit` or `both`.
    """
    if "answers" not in released.kept:
        result = released.result
        answer = result if result.reach.transit is not None else result.without_car
        mine = None if answer is None else replace(released, result=answer, kept={})
        released.kept["answers"] = None if mine is None else WithoutCar(mine, result)
    return released.kept["answers"]


class WithoutCar:
    """The answers of a study for clients who travel by timetable and on foot.

    Parameters
    ----------
    released
        The released answer whose times are theirs.
    usual
        The answer it stands beside: that of those who drive, or the same.

    Attributes
    ----------
    answer
        That answer.
    reach
        The journeys behind its times.
    """

    def __init__(self, released: ReleasedAnswer, usual: StudyAnswer) -> None:
        self.released, self.usual = released, usual
        self.answer: StudyAnswer = released.result
        assert self.answer.reach.transit is not None
        self.reach: TransitReach = self.answer.reach.transit

    @cached_property
    def services(self) -> list[str]:
        """The assessed services that clients travel to, and of which anybody knows the places."""
        types = self.answer.study.assessed_types
        mine = types.loc[types["traveller"] != "provider", "service"]
        return [str(service) for service in mine if self.answer.is_known(str(service))]

    @cached_property
    def settlement_shares(self) -> pd.DataFrame:
        """Settlement coverage with `same_day_share`: of its people, there and home the same day."""
        answer = self.answer
        part = PerSettlement(answer.times, len(answer.study.settlements))
        share = part.share_of(answer.times.travel_ms < UNREACHABLE)
        share[~answer.times.counted] = np.nan
        table = answer.settlement_coverage.assign(same_day_share=share.T.ravel())
        return table[table["service"].isin(self.services)]

    def measure_same_day(
        self, by: tuple[str, ...] = _KEYS, *, of_inhabitants: bool = False
    ) -> pd.Series:
        """Return the share of people who get there and home the same day, per group.

        Of the persons in need, or of the inhabitants where none are known or `of_inhabitants`.
        """
        table = self.settlement_shares
        keys = [table[name] for name in by]
        need = table["persons"].fillna(0.0)
        known = need.groupby(keys).transform("sum") > 0
        weight = need.where(known & (not of_inhabitants), table["population"].astype(float))
        sums = pd.DataFrame({"share": weight * table["same_day_share"], "weight": weight})
        found = sums.groupby(keys, sort=False).sum(min_count=1)
        return found["share"] / found["weight"]

    def complete_tables(
        self, tables: dict[str, pd.DataFrame], coverage: pd.DataFrame
    ) -> dict[str, pd.DataFrame]:
        """Return the released tables of a study with what holds without a car, and `without_car`.

        `same_day_share` are those who get there and home the same day, in whatever time. Where the
        tables are of times by car, `transit_covered_share` are those of them who are there within
        the limit, and `transit_min` the mean minutes of the way there.

        Parameters
        ----------
        tables
            `coverage`, `gaps` and `sites`.
        coverage
            `coverage` of the answer without a car, as it may leave.
        """
        both = self.answer.study.mode == "both"
        shares = coverage[coverage["service"].isin(self.services)]
        return {
            "coverage": self._compare(tables["coverage"], shares if both else None),
            "gaps": self._mark_gaps(tables["gaps"], both),
            "sites": self._mark_sites(tables["sites"]) if both else tables["sites"],
            "without_car": self.journeys.copy(),
        }

    def _compare(self, table: pd.DataFrame, shares: pd.DataFrame | None) -> pd.DataFrame:
        table, keys = table.copy(), list(_KEYS)
        if shares is not None:
            within = shares.set_index([*keys, "scope"])["covered_share"]
            at = pd.MultiIndex.from_frame(table[[*keys, "scope"]])
            table["transit_covered_share"] = within.reindex(at).to_numpy()
        at = pd.MultiIndex.from_frame(table[keys])
        of_need, of_all = (
            self.measure_same_day(of_inhabitants=everyone).reindex(at).to_numpy(dtype=float)
            for everyone in (False, True)
        )
        share = np.where(table["share_of"] == "need", of_need, of_all)
        # Of the own municipality's facilities alone it is not asked.
        share[(table["scope"] == "own").to_numpy()] = np.nan
        return table.assign(same_day_share=round_shares(share))

    def _mark_gaps(self, gaps: pd.DataFrame, both: bool) -> pd.DataFrame:
        now = self.settlement_shares
        now = now[now["scenario"] == "now"].set_index(["settlement_id", "service"])
        at = pd.MultiIndex.from_frame(gaps[["settlement_id", "service"]])
        found = now[["travel_min", "same_day_share"]].reindex(at)
        table = gaps.copy()
        if both:
            table["transit_min"] = found["travel_min"].round(1).to_numpy()
        return table.assign(same_day_share=round_shares(found["same_day_share"].to_numpy()))

    def _mark_sites(self, sites: pd.DataFrame) -> pd.DataFrame:
        """Mark each site with the share of the inhabitants near it by car who can do without."""
        study, reach = self.answer.study, self.answer.reach
        limits, place = study.limits_min(), pd.Index(study.settlements["settlement_id"])
        people = study.settlements["population"].to_numpy(dtype=float)[reach.home] * reach.share
        share = []
        for site in sites.itertuples():
            point = reach.candidate_point[[place.get_loc(site.settlement_id)]]
            by_car = self.usual.reach.people_ms(point, "client")[:, 0]
            near = by_car <= limits[site.service] * 60_000
            there = reach.people_ms(point, "client")[:, 0] < UNREACHABLE
            whole = people[near].sum()
            known = site.service in self.services and whole > 0
            share.append(people[near & there].sum() / whole if known else np.nan)
        return sites.assign(same_day_share=round_shares(np.array(share, dtype=float)))

    @cached_property
    def point_status(self) -> dict[str, np.ndarray]:
        """By service, the best status of every point where people live, now."""
        reach = self.answer.reach
        found = {}
        for service in self.services:
            points = reach.list_supply(service)["point"].to_numpy(dtype=int)
            status = self.reach.status_of(points)[: reach.people_count]
            found[service] = (
                status.min(axis=1) if len(points) else np.full(reach.people_count, len(STATUSES))
            )
        return found

    def summarise(self) -> dict[str, Any]:
        """Return what was asked, and per service who gets there now, as plain values.

        `covered_share` and `same_day_share` by scenario; `inhabitants`: the share of all
        inhabitants in each status.
        """
        study, visit = self.answer.study, self.reach.visit
        region = self.measure_same_day(("service", "scenario"))
        homes = self.answer.reach.home
        people = study.settlements["population"].to_numpy(dtype=float)[homes]
        people = people * self.answer.reach.share
        covered = {row["service"]: row for row in self.released.headline["services"]}
        services = []
        for service in self.services:
            status = self.point_status[service]
            counts = np.bincount(status, weights=people, minlength=len(STATUSES))
            share = round_shares(counts / people.sum() if people.sum() else counts * np.nan)
            whole = covered[service]["covered_share"]
            services.append(
                {
                    "service": service,
                    "limit_min": covered[service]["limit_min"],
                    "share_of": covered[service]["share_of"],
                    "covered_share": whole,
                    "same_day_share": {
                        name: None if whole[name] is None else _plain(region[service, name])
                        for name in SCENARIOS
                    },
                    "inhabitants": dict(zip(STATUSES, share.tolist(), strict=False)),
                }
            )
        first, last = self.reach.period
        return {
            "mode": study.mode,
            "day": self.reach.day.isoformat(),
            "open": visit.open,
            "stay_h": visit.stay_h,
            "walk_kph": visit.walking.kph,
            "longest_walk_m": visit.walking.longest_m,
            "wheelchair": visit.wheelchair,
            "timetable": {
                "first": first.isoformat(),
                "last": last.isoformat(),
                "sources": list(self.reach.question.feed.sources),
                "findings": [finding.code for finding in self.reach.question.feed.findings],
            },
            "services": services,
        }

    @property
    def journeys(self) -> pd.DataFrame:
        """One row per settlement and service, now: the journey of most of its people.

        To the facility that is nearest to most of those who get there and home the same day, from
        where most of them live; without times where nobody does, and without lines and clock times
        to shelters. `transit_status` is that of most people; `days_per_week` says on how many
        working days there is a way there and home.
        """
        return self._followed[0]

    @property
    def legs(self) -> pd.DataFrame:
        """Every walk and ride of `journeys`; `row` is the row there."""
        return self._followed[1]

    @cached_property
    def _legs_by_row(self) -> dict[int, pd.DataFrame]:
        return {int(str(row)): part for row, part in self.legs.groupby("row", sort=False)}

    def legs_of(self, row: int) -> pd.DataFrame:
        """Return the legs of one of the journeys."""
        return self._legs_by_row.get(row, self.legs.iloc[:0])

    @cached_property
    def _followed(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return _follow(self)


def _follow(asked: WithoutCar) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the journeys and their legs."""
    answer = asked.answer
    study, times = answer.study, answer.times
    now = asked.settlement_shares
    now = now[now["scenario"] == "now"].reset_index(drop=True)
    settlements = pd.Index(study.settlements["settlement_id"])
    part = PerSettlement(times, len(settlements))
    home, point = np.full(len(now), -1), np.full(len(now), -1)
    status = np.full(len(now), len(STATUSES))
    at_settlement = settlements.get_indexer(now["settlement_id"])
    for service in asked.services:
        row = times.row(service, "now")
        mine = np.flatnonzero(now["service"] == service)
        where = at_settlement[mine]
        chosen = part.choose_place(times.place[row])[where]
        supply = np.append(times.supply[row]["point"].to_numpy(dtype=int), -1)
        point[mine] = supply[chosen]
        home[mine] = _choose_home(times, row, part)[where]
        status[mine] = part.choose_place(asked.point_status[service].astype(int))[where]
    table = now.rename(columns={"name": "settlement"})
    names = study.municipalities.set_index("municipality_id")["name"]
    table["municipality"] = table["municipality_id"].map(names)
    table["limit_min"] = table["service"].map(study.limits_min())
    table["transit_status"] = np.array([*STATUSES, None], dtype=object)[status]
    asked_points, column = np.unique(point[point >= 0], return_inverse=True)
    sheltered = _find_sheltered(study)
    found = np.flatnonzero(point >= 0)
    for name in JOURNEY_COLUMNS:
        if name not in table:
            table[name] = None if name in _TEXTS else np.nan
    legs = pd.DataFrame(columns=["row"])
    if len(found):
        trips, days = asked.reach.ask(asked_points)
        pair = home[found], column
        for name in ("leave", "arrive", "return", "back", "last_return"):
            clocks = show_clocks(getattr(trips, f"{name}_s")[pair])
            table[name] = table[name].astype(object)
            table.loc[found, name] = [clock and clock[:5] for clock in clocks]
        for name in ("out_min", "back_min", "wait_min", "away_h", "rides_out", "rides_back"):
            table.loc[found, name] = getattr(trips, name)[pair].astype(float)
        table.loc[found, "days_per_week"] = days[pair]
        legs = trips.journeys(dict.fromkeys(zip(*(values.tolist() for values in pair),
                                                strict=True)))  # fmt: skip
        lines = _name_lines(legs)
        for way in ("out", "back"):
            table.loc[found, f"lines_{way}"] = [
                lines.get((*at, way)) for at in zip(*(v.tolist() for v in pair), strict=True)
            ]
        rows = pd.DataFrame({"row": found, "home": pair[0], "place": pair[1]})
        legs = rows.merge(legs, on=["home", "place"], how="left").drop(columns=["home", "place"])
    # Lines and clock times would show where a shelter stands.
    hidden = table["service"].isin(sheltered)
    table.loc[hidden, list(_TEXTS)] = None
    legs = legs[~legs["row"].isin(table.index[hidden])]
    rounded = {"out_min": 1, "back_min": 1, "wait_min": 1, "away_h": 1, "days_per_week": 1}
    table = table[list(JOURNEY_COLUMNS)].round(rounded)
    for name in ("same_day_share", "covered_share"):
        table[name] = round_shares(table[name].to_numpy(dtype=float))
    for name in ("rides_out", "rides_back", "population", "limit_min"):
        table[name] = table[name].round().astype("Int64")
    return table, legs


_TEXTS = ("leave", "arrive", "return", "back", "last_return", "lines_out", "lines_back")


def _find_sheltered(study: StudyInputs) -> set[str]:
    """Return the services whose places may not be pointed at; see `place_facilities`."""
    types = study.service_types
    if "show_at" not in types:
        return set()
    return set(types.loc[types["show_at"] == "settlement", "service"])


def _choose_home(times: Any, row: int, part: PerSettlement) -> np.ndarray:
    """Return, per settlement, the point of most people who go to the facility most go to."""
    chosen = part.choose_place(times.place[row])
    mine = (times.place[row] >= 0) & (times.place[row] == chosen[times.home])
    points = np.flatnonzero(mine)
    order = np.lexsort((points, -times.share[points].round(9), times.home[points]))
    settlement, first = np.unique(times.home[points][order], return_index=True)
    homes = np.full(part.count, -1)
    homes[settlement] = points[order][first]
    return homes


def _name_lines(legs: pd.DataFrame) -> dict[tuple[int, int, str], str]:
    """Return the lines ridden one after the other, by home, place and way."""
    rides = legs[legs["kind"] == "ride"]
    return {
        key: " + ".join(str(line) for line in group)
        for key, group in rides.groupby(["home", "place", "way"], sort=False)["route"]
    }


def _plain(value: float) -> float | None:
    return float(round_shares(np.array(value))) if np.isfinite(value) else None
