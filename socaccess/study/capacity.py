"""How many people the facilities of a study can serve, as far as anybody says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = ["CAPACITY_BASES", "count_places", "read_places"]

CAPACITY_BASES = ("stated_capacity", "planned_capacity", "planned_clients")
"""Values of `places_basis` that say how many people a facility can serve: occupancy and recipients
do not. Of the register it is how many clients the provider plans for."""


def count_places(
    study: StudyInputs, services: list[str], municipality_id: str | None = None
) -> pd.DataFrame:
    """Return the places of each service that are known, and of how many rows they are not.

    Only rows whose `places_basis` is a capacity are summed: clients and recipients are
    no capacity, and where nothing is stated nothing is assumed.

    Returns
    -------
    pandas.DataFrame
        `service`, `target_group`, `rows_operating`, `places_operating`,
        `unknown_operating` and the same for `planned`: facilities in the study's
        municipalities, the sum of their known places (NA where no row states any),
        and how many rows state none; all NA where no source counts the service.
    """
    facilities = study.facilities
    home, service = facilities["municipality_id"], facilities["service"]
    here = home.isin(study.municipalities["municipality_id"])
    if municipality_id is not None:
        here = home == municipality_id
    at = pd.Index(services).get_indexer(service)
    used = here.to_numpy(dtype=bool) & (at >= 0)
    places = read_places(facilities)
    if "places_basis" not in facilities:
        places = np.full(len(facilities), np.nan)
    stated = np.isfinite(places)
    groups = study.service_types.set_index("service")["target_group"]
    table = {"service": services, "target_group": groups.reindex(services).tolist()}
    for status in ("operating", "planned"):
        mine = used & (facilities["status"] == status).to_numpy()
        rows = np.bincount(at[mine], minlength=len(services))
        known = mine & stated
        count = np.bincount(at[known], minlength=len(services))
        total = np.bincount(at[known], weights=places[known], minlength=len(services))
        table[f"rows_{status}"] = pd.array(rows, dtype="Int64")
        table[f"places_{status}"] = pd.array(np.where(count > 0, total, np.nan), dtype="Int64")
        table[f"unknown_{status}"] = pd.array(rows - count, dtype="Int64")
    found = pd.DataFrame(table)
    uncounted = [not study.is_counted(name) for name in services]
    found.loc[uncounted, found.columns[2:].tolist()] = pd.NA
    return found


def read_places(facilities: pd.DataFrame) -> np.ndarray:
    """Return the places of facilities that are a capacity, NaN where none is known.

    Clients and recipients are no capacity; tables without a basis state places.
    """
    places = facilities["places"].to_numpy(dtype=float, na_value=np.nan)
    if "places_basis" in facilities:
        places = np.where(facilities["places_basis"].isin(CAPACITY_BASES), places, np.nan)
    return places
