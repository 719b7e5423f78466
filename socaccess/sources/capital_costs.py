"""What building places has cost, as projects published it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from socaccess.sources.services import load_facilities

__all__ = ["group_projects", "last_year", "observe_capital_costs"]

_BUILT = ("stated_capacity", "planned_capacity")
"""Bases of places that say what was built."""


def observe_capital_costs(facilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the cost per place of every project whose cost and all places are known.

    A project's cost stands on each of its rows, so it is taken once; a project of
    which one row lacks its places tells no cost per place and is left out. Places of
    different services are added up: a project is told as a whole.

    Returns
    -------
    pandas.DataFrame
        One row per project, cheapest first: `project`, `municipality_id_2009`,
        `services`, `places`, `total_eur`, `eur_per_place`, `eraf_share` (NaN where
        not known), `year`, `call_year` (of its call, as its number says; NaN without one),
        `source`.

    Examples
    --------
    >>> costs = observe_capital_costs()
    >>> costs["eur_per_place"].min() > 10_000, len(costs) >= 8
    (np.True_, True)
    """
    rows = _number_projects(facilities)
    known = rows["places_basis"].isin(_BUILT) & rows["places"].notna()
    rows = rows[known.groupby(rows["key"]).transform("all")]
    of_project = rows.groupby("key", sort=True)
    first = rows.drop_duplicates("key").set_index("key").sort_index()
    years = of_project["status_year"].max()
    table = pd.DataFrame(
        {
            "project": first["project"],
            "municipality_id_2009": first["municipality_id_2009"],
            "services": of_project["service"].agg(lambda names: ", ".join(sorted(set(names)))),
            "places": of_project["places"].sum().astype(int),
            "total_eur": first["project_total_eur"].astype(float),
            "eraf_share": (first["eraf_eur"] / first["project_total_eur"]).astype(float),
            "year": [None if pd.isna(year) else int(year) for year in years],
            "call_year": first["project"].map(_read_call_year).astype(float),
            "source": first["source"],
        }
    )
    table["eur_per_place"] = (table["total_eur"] / table["places"]).round(2)
    columns = ["project", "municipality_id_2009", "services", "places", "total_eur",
               "eur_per_place", "eraf_share", "year", "call_year", "source"]  # fmt: skip
    return table[columns].sort_values(["eur_per_place", "project"], ignore_index=True)


def group_projects(facilities: pd.DataFrame | None) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of every project whose cost is known, by its number."""
    rows = _number_projects(facilities)
    return [
        (str(group["project"].iloc[0]), pd.DataFrame(group))
        for _, group in rows.groupby("key", sort=True)
    ]


def _number_projects(facilities: pd.DataFrame | None) -> pd.DataFrame:
    """Return the facilities whose project's cost is known, with its number and a key of its own."""
    table = load_facilities() if facilities is None else facilities
    known = table[table["project_total_eur"].notna()].sort_values("facility_id")
    if "listed_places" in known:
        # What the page of the project says was built, not whom the provider plans for today.
        stated = known["listed_places_basis"].notna()
        known = known.assign(
            places=known["places"].where(~stated, known["listed_places"]),
            places_basis=known["places_basis"].where(~stated, known["listed_places_basis"]),
        )
    # Without a number a project is known by its cost and municipality.
    unnumbered = (
        known["municipality_id_2009"].astype(str) + " " + known["project_total_eur"].astype(str)
    )
    name = known["project_no"].astype(object).where(known["project_no"].notna(), unnumbered)
    # One total over rows of one number, or it is two projects.
    key = name.astype(str) + "|" + known["project_total_eur"].astype(str)
    return pd.DataFrame(known).assign(project=name.astype(str), key=key)


def last_year(group: pd.DataFrame) -> int | None:
    """Return the last year in which anything was said of a project."""
    years = group["status_year"].dropna()
    return int(years.max()) if len(years) else None


def _read_call_year(project: str) -> float:
    """Return the year in a number of a project such as 9.3.1.1/19/I/043, NaN without one."""
    found = re.fullmatch(r"[\d.]+/(\d\d)/\w+/\d+", project)
    return 2000.0 + int(found[1]) if found else np.nan
