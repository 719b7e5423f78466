"""What building places has cost, and who paid, as public pages of the projects tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.programme.reach import CAPACITY_BASES
from socaccess.sources.services import load_facilities

__all__ = ["observe_capital_costs", "observe_funding"]


def observe_capital_costs(facilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the cost per place of every project whose cost and all places are known.

    A project's cost stands on each of its rows, so it is taken once; a project of
    which one row lacks its places tells no cost per place and is left out. Places of
    different services are added up: a project is told as a whole.

    Returns
    -------
    pandas.DataFrame
        One row a project, cheapest first: `project`, `municipality_id_2009`,
        `services`, `places`, `total_eur`, `eur_per_place`, `eraf_share` (NaN where
        not known), `year`, `source`.

    Examples
    --------
    >>> costs = observe_capital_costs()
    >>> costs["eur_per_place"].min() > 10_000, len(costs) >= 8
    (np.True_, True)
    """
    rows = []
    for key, group in _group_projects(facilities):
        basis = group["places_basis"].isin(CAPACITY_BASES) & group["places"].notna()
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
                "year": _last_year(group),
                "source": group["source"].iloc[0],
            }
        )
    columns = ["project", "municipality_id_2009", "services", "places", "total_eur",
               "eur_per_place", "eraf_share", "year", "source"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["eur_per_place", "project"], ignore_index=True)


def observe_funding(facilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return ERAF's share of every project where both the cost and ERAF's part are known.

    Columns: `project`, `municipality_id_2009`, `total_eur`, `eraf_eur`, `eraf_share`,
    `year`, `source`. The rest was paid by the state and the municipality; how much by
    which is not told on most pages.
    """
    rows = [
        {
            "project": key,
            "municipality_id_2009": group["municipality_id_2009"].iloc[0],
            "total_eur": float(group["project_total_eur"].iloc[0]),
            "eraf_eur": float(group["eraf_eur"].iloc[0]),
            "eraf_share": float(group["eraf_eur"].iloc[0])
            / float(group["project_total_eur"].iloc[0]),
            "year": _last_year(group),
            "source": group["source"].iloc[0],
        }
        for key, group in _group_projects(facilities)
        if pd.notna(group["eraf_eur"].iloc[0])
    ]
    columns = ["project", "municipality_id_2009", "total_eur", "eraf_eur", "eraf_share", "year",
               "source"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).sort_values("project", ignore_index=True)


def _group_projects(facilities: pd.DataFrame | None) -> list[tuple[str, pd.DataFrame]]:
    table = load_facilities() if facilities is None else facilities
    known = table[table["project_total_eur"].notna()].sort_values("facility_id")
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


def _last_year(group: pd.DataFrame) -> int | None:
    years = group["status_year"].dropna()
    return int(years.max()) if len(years) else None
