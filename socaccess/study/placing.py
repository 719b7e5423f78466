"""Where facilities are shown: homes and shelters of vulnerable people not at their address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from socaccess.sources.settlements import load_settlements

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = ["SHOWN_AT_SETTLEMENT", "place_facilities"]

SHOWN_AT_SETTLEMENT = "shown_at_settlement"
"""The `location_precision` of a facility that is moved."""


# A street and a number, as names of facilities carry them: "..., Rīgas ielā 159",
# "... 18. Novembra ielā 354V".
_STREET = re.compile(
    r"[,(\s]+(?:\d+\.\s*)?(?:[A-ZĀČĒĢĪĶĻŅŠŪŽ][\w.]*\s+){1,3}"
    r"(?:iel|prospekt|laukum|šosej|bulvār|gatv|alej|ceļ|līnij)\w{1,2}\s*\d+[^\s)]*\)?"
)


def place_facilities(facilities: gpd.GeoDataFrame, study: StudyInputs) -> gpd.GeoDataFrame:
    """Return facilities of a study as they may be shown.

    Those of services whose `show_at` is `settlement` stand at the centre of their
    settlement, without an address or a street in their name; where the settlement is not
    known they have no point. Travel times are still those of the true places.
    """
    types = study.service_types
    if "show_at" not in types:
        return facilities
    sheltered = set(types.loc[types["show_at"] == "settlement", "service"])
    moved = facilities["service"].isin(sheltered).to_numpy()
    if not moved.any():
        return facilities
    table = facilities.copy()
    centres = study.settlements.set_index("settlement_id").geometry
    wanted = table.loc[moved, "settlement_id"] if "settlement_id" in table else None
    if wanted is None:
        points = np.full(int(moved.sum()), None, dtype=object)
    else:
        if not set(wanted.dropna()) <= set(centres.index):
            # Facilities beyond the region stand at centres that the study does not have.
            others = load_settlements().to_crs(centres.crs).set_index("settlement_id").geometry
            centres = gpd.GeoSeries({**others.to_dict(), **centres.to_dict()}, crs=centres.crs)
        points = wanted.map(centres.to_dict()).to_numpy(dtype=object)
    geometry = table.geometry.to_numpy().astype(object)
    geometry[moved] = points
    table = table.set_geometry(gpd.GeoSeries(geometry, index=table.index, crs=facilities.crs))
    if "located" in table:
        table["located"] = table["located"] & ~(table.geometry.isna() & moved)
    table["address"] = table["address"].mask(moved, "") if "address" in table else ""
    table["name"] = table["name"].mask(moved, table["name"].str.replace(_STREET, "", regex=True))
    table["location_precision"] = table["location_precision"].mask(moved, SHOWN_AT_SETTLEMENT)
    return table
