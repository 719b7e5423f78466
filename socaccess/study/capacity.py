"""How many people the facilities of a study can serve, as far as anybody says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from socaccess.study.study import Study

__all__ = ["CAPACITY_BASES", "count_places"]

CAPACITY_BASES = ("stated_capacity", "planned_capacity", "planned_clients")
"""Values of `places_basis` that say how many people a facility can serve: occupancy and recipients
do not. Of the register it is how many clients the provider plans for."""


def count_places(
    study: Study, services: list[str], municipality_id: str | None = None
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
        and how many rows state none.
    """
    facilities = study.facilities
    home = facilities["municipality_id"]
    here = home.isin(study.municipalities["municipality_id"])
    if municipality_id is not None:
        here = home == municipality_id
    inside = facilities[here & facilities["service"].isin(services)]
    basis = inside.get("places_basis", pd.Series(None, index=inside.index, dtype=object))
    stated = basis.isin(CAPACITY_BASES) & inside["places"].notna()
    groups = study.service_types.set_index("service")["target_group"]
    rows = []
    for service in services:
        row: list[object] = [service, groups[service]]
        for status in ("operating", "planned"):
            at = (inside["service"] == service) & (inside["status"] == status)
            known = inside.loc[at & stated, "places"]
            row += [int(at.sum()), int(known.sum()) if len(known) else pd.NA,
                    int((at & ~stated).sum())]  # fmt: skip
        rows.append(row)
    columns = ["service", "target_group"]
    columns += [f"{kind}_{status}" for status in ("operating", "planned")
                for kind in ("rows", "places", "unknown")]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    whole = [name for name in columns if name.startswith(("rows", "places", "unknown"))]
    return table.astype(dict.fromkeys(whole, "Int64"))
