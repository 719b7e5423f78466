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
    rows = []
    for key, group in group_projects(facilities):
        basis = group["places_basis"].isin(_BUILT) & group["places"].notna()
        if not basis.all():
            continue
        places = int(group["places"].sum())
        total = float(group["project_total_eur"].iloc[0])
        rows.append(
            {
                "project": key,
                "municipality_id_2009": group["municipality_id_2009"].iloc[0],
                "services": ", ".join(sorted(set(group["service"]))),
                "places": places,
                "total_eur": total,
                "eur_per_place": round(total / places, 2),
                "eraf_share": float(group["eraf_eur"].iloc[0]) / total
                if pd.notna(group["eraf_eur"].iloc[0])
                else np.nan,
                "year": last_year(group),
                "call_year": _read_call_year(key),
                "source": group["source"].iloc[0],
            }
        )
    columns = ["project", "municipality_id_2009", "services", "places", "total_eur",
               "eur_per_place", "eraf_share", "year", "call_year", "source"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["eur_per_place", "project"], ignore_index=True)


def group_projects(facilities: pd.DataFrame | None) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of every project whose cost is known, by its number."""
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
    return [
        (str(label).split("|")[0], pd.DataFrame(group))
        for label, group in known.groupby(key, sort=True)
    ]


def last_year(group: pd.DataFrame) -> int | None:
    """Return the last year in which anything was said of a project."""
    years = group["status_year"].dropna()
    return int(years.max()) if len(years) else None


def _read_call_year(project: str) -> float:
    """Return the year in a number of a project such as 9.3.1.1/19/I/043, NaN without one."""
    found = re.fullmatch(r"[\d.]+/(\d\d)/\w+/\d+", project)
    return 2000.0 + int(found[1]) if found else np.nan
