"""The tables as they may leave: small counts hidden, numbers rounded for reading."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.coverage import SCENARIOS, round_shares
from socaccess.privacy import mark_untold
from socaccess.study.releasing import ReleasedAnswer, summarise_by_population
from socaccess.study.without_car import open_without_car

__all__ = ["DECIMALS", "GAINS", "SITE_COLUMNS", "list_headline", "list_tables", "round_table"]

DECIMALS = {
    "travel_min": 1,
    "own_travel_min": 1,
    "over_min": 1,
    "extra_min": 1,
    "extra_max_min": 1,
    "per_100": 1,
    "mean_min": 1,
    "median_min": 1,
    "p90_min": 1,
    "max_min": 1,
    "limit_min": 0,
    "length_km": 1,
    "modelled_share": 2,
    "covered_share": 4,
    "covered_share_low": 4,
    "covered_share_high": 4,
    "population_share": 4,
    "plan_gap": 6,
    "population": 0,
    "population_covered": 0,
    "population_within": 0,
    "unreachable_population": 0,
    "gain_population": 0,
    "saved_min": 0,
    "nearest_min": 0,
}
"""Decimals of the numbers that leave; what is not named stays as it is."""


SITE_COLUMNS = ("site_id", "service", "rank", "settlement_id", "name", "municipality_id",
                "municipality", "kind", "gain_persons", "gain_persons_low", "gain_persons_high",
                "gain_without_planned", "gain_population", "saved_min", "min_clients",
                "places_low", "places_high", "cost_low_eur", "cost_high_eur", "cost_projects",
                "cost_year_from", "cost_year_to", "planned_there", "registered_there",
                "unregistered_there", "nearest", "nearest_min", "unneeded_limit_min", "equals",
                "equal_count", "house", "places", "opens")  # fmt: skip
"""What leaves of a suggested site, besides its place and its certificate."""

GAINS = ("gain_persons", "gain_persons_low", "gain_persons_high", "gain_without_planned")


def list_tables(released: ReleasedAnswer) -> dict[str, pd.DataFrame]:
    """Return the tables of a result as they leave: `coverage`, `gaps`, `sites`.

    And `without_car` where the study asks for it (`WithoutCar.journeys`).

    Numbers are rounded for reading: minutes and kilometres to 0.1, persons to whole
    ones. Persons in need are whole numbers, marks where a count is hidden, or None
    where the need is not known. `share_of` says whether a share is of persons in need
    or, where a count behind it is hidden, of inhabitants.
    """
    makers = {"coverage": _release_coverage, "gaps": _release_gaps, "sites": _release_sites}
    if "tables" not in released.kept:
        tables = {name: round_table(make(released)) for name, make in makers.items()}
        without = open_without_car(released)
        if without is not None:
            coverage = round_table(_release_coverage(without.released))
            tables = without.complete_tables(tables, coverage)
        released.kept["tables"] = tables
    return {name: table.copy() for name, table in released.kept["tables"].items()}


def _release_coverage(released: ReleasedAnswer) -> pd.DataFrame:
    """Return coverage with the persons within the limit where that tells nothing new.

    That is where every settlement's count is shown, or where all of a municipality's
    people are within the limit, or none. Elsewhere a sum over some settlements would
    tell the hidden count of another; the share and the times are those of inhabitants.
    """
    # Persons if times were longer or shorter would tell of the settlements between.
    table = released.result.coverage.drop(columns=["covered_low", "covered_high"])
    table.insert(3, "target_group", table["service"].map(released.group_of))
    persons = released.show_municipalities(table)
    if released.is_lifted:
        table["persons"] = persons
        table["covered"] = table["covered"].round(1)
        return table
    open_ = released.find_open(table)
    measured = summarise_by_population(released.result)
    keys = ["municipality_id", "service", "scenario", "scope"]
    of_people = table[keys].merge(measured, on=keys, how="left", validate="one_to_one")
    shares = ("covered_share", "covered_share_low", "covered_share_high", "share_of")
    for name in (*shares, "mean_min", "median_min", "p90_min", "max_min"):
        table[name] = table[name].where(open_, of_people[name].set_axis(table.index))
    nobody = (table["covered_share"] == 0).to_numpy()
    everyone = (table["covered_share"] == 1).to_numpy()
    covered = np.full(len(table), mark_untold(), dtype=object)
    covered[everyone] = persons[everyone]
    covered[nobody] = 0
    shown = open_ & table["covered"].notna().to_numpy()
    covered[shown] = [round(value) for value in table["covered"][shown]]
    unknown = np.array([person is None for person in persons], dtype=bool)
    covered[unknown | table["covered_share"].isna().to_numpy()] = None
    table["persons"], table["covered"] = persons, covered
    return table


def _release_gaps(released: ReleasedAnswer) -> pd.DataFrame:
    table = released.result.gaps.copy()
    table["persons"] = released.show_settlements(table)
    return table


def _release_sites(released: ReleasedAnswer) -> pd.DataFrame:
    """Return the sites with degrees in place of geometry, and the certificate of their service."""
    result = released.result
    sites = result.sites.to_crs(crs_.EXCHANGE)
    # Only what is known to be safe: an answer of one's own may tell more of its clients.
    table = pd.DataFrame(sites[[name for name in SITE_COLUMNS if name in sites]])
    for column in GAINS:
        if column in table:
            shown = [
                released.show_part(released.group_of[service], gain)
                for service, gain in zip(table["service"], table[column], strict=True)
            ]
            table[column] = pd.Series(shown, table.index, dtype=object)
    table["lon"] = sites.geometry.x.round(5)
    table["lat"] = sites.geometry.y.round(5)
    if result.left_out is not None and len(result.left_out):
        # What to build, the most persons first: the order of `socaccess.study.proposals`.
        order = sites.sort_values(["gain_persons", "site_id"], ascending=[False, True])
        table = table.loc[order.index].reset_index(drop=True)
    plans = result.plans.sort_values(
        "objective", key=lambda column: column != "mclp", kind="stable"
    )
    plans = plans.drop_duplicates("service").set_index("service")
    for name in ("status", "gap", "weighted_by"):
        table[f"plan_{name}"] = table["service"].map(plans[name])
    return table


def round_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its numbers rounded to what `DECIMALS` says."""
    rounded = table.copy()
    for name, decimals in DECIMALS.items():
        if name in rounded:
            values = rounded[name].astype(float)
            if name.startswith("covered_share"):
                rounded[name] = round_shares(values.to_numpy(), decimals)
                continue
            values = values.round(decimals) + 0.0
            rounded[name] = values.astype("Int64") if decimals == 0 else values
    return rounded


def list_headline(released: ReleasedAnswer, *, lang: str = "en") -> pd.DataFrame:
    """Return the headline as a table: one row per promised service, as it may leave.

    Columns: `service`, `name`, `target_group`, `limit_min`, `persons`, `share_of`, `known_by`,
    `counted` (whether any source counts the service), for each scenario its share within
    the limit (`now`, `planned`, `suggested`), `now_low` and `now_high`, `flips` (persons
    for whom the uncertainty of times decides), `places` (of operating facilities in the
    region, as far as stated) and `places_unknown`.
    """
    types = released.result.service_types.set_index("service")
    rows: list[dict[str, Any]] = []
    for row in released.headline["services"]:
        if not row["promised"]:
            continue
        share = row["covered_share"]
        rows.append(
            {
                "service": row["service"],
                "name": types.loc[row["service"], f"name_{lang}"],
                "target_group": row["target_group"],
                "limit_min": row["limit_min"],
                "persons": row["persons"],
                "share_of": row["share_of"],
                "known_by": row["known_by"],
                "counted": row["supply_known"],
                **{scenario: share[scenario] for scenario in SCENARIOS},
                "now_low": row["covered_share_low"]["now"],
                "now_high": row["covered_share_high"]["now"],
                "flips": row.get("flips", {}).get("now"),
                "places": row["places"]["places_operating"],
                "places_unknown": row["places"]["unknown_operating"],
            }
        )
    return pd.DataFrame(rows)
