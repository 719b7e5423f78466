"""A list of facilities against the state register, both ways."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import UnknownNameError
from socaccess.sources.boundaries import find_municipality, load_municipalities
from socaccess.sources.duplicates import find_duplicates
from socaccess.sources.register_services import map_register
from socaccess.sources.services import load_service_types

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["FINDINGS", "compare_register", "count_differences", "list_for_round"]

FINDINGS = ("both", "places_differ", "opened", "only_register", "only_list")
"""What a comparison finds: the same in both; another number of places; the list does not call it
operating, but it is registered; registered, but not listed; operating by the list, but not
registered."""

_OURS = "register "
"""What a row of the register is called by among the facilities of a list."""

_COLUMNS = ["municipality_id", "municipality", "service", "finding", "register_id", "facility_id",
            "name", "listed_name", "address", "planned_clients", "listed_places", "listed_status",
            "mapping", "settlement_id", "lon", "lat"]  # fmt: skip


def compare_register(
    register: pd.DataFrame, facilities: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how a list of facilities differs from the register, and what could not be compared.

    Rows are one facility where the list names the register's number and the service is the same;
    else where `find_duplicates` finds service, place and name alike. Each row is matched once.

    Parameters
    ----------
    register
        One row per registered service, as `read_register` gives it.
    facilities
        Facilities in our form.

    Returns
    -------
    tuple of pandas.DataFrame
        One row per facility and service with `finding` (see `FINDINGS`), by municipality; and the
        rows of the register that are no service of the catalogue, with `reason`.
    """
    mapped = map_register(register)
    unmapped = mapped[mapped["service"].isna()].merge(register, on="register_id")
    registered = mapped[mapped["service"].notna()].merge(register, on="register_id")
    registered = registered.assign(
        key=registered["register_id"] + ":" + registered["service"],
        municipality_id=registered["municipality_now"].map(cache(_find_id)),
        settlement_id=registered["unit_id"],
    )
    listed = facilities.to_crs(crs_.LATVIA).reset_index(drop=True)
    pairs = _match(registered, listed)
    registered = _join_rows(registered.assign(facility_id=registered["key"].map(pairs)))
    by_id = listed.drop_duplicates("facility_id").set_index("facility_id", drop=False)
    rows = []
    for row in registered.to_dict("records"):
        matched = isinstance(row["facility_id"], str)
        rows.append(_describe(row, by_id.loc[row["facility_id"]] if matched else None))
    known = set(pairs.values())
    alone = listed[~listed["facility_id"].isin(known) & (listed["status"] == "operating")]
    degrees = alone.geometry.to_crs(crs_.EXCHANGE)
    for (_, row), point in zip(alone.iterrows(), degrees, strict=True):
        placed = point is not None and not point.is_empty
        rows.append(
            {
                **{name: row.get(name) for name in ("municipality_id", "service", "facility_id",
                                                    "settlement_id", "address")},
                "finding": "only_list",
                "name": row["name"],
                "listed_name": row["name"],
                "listed_places": row.get("places"),
                "listed_status": row["status"],
                "lon": round(point.x, 6) if placed else None,
                "lat": round(point.y, 6) if placed else None,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=_COLUMNS, dtype=object)
    table["municipality"] = table["municipality_id"].map(cache(_find_name))
    order = ["municipality", "service", "finding", "register_id", "facility_id"]
    table = table.sort_values(order, ignore_index=True, na_position="last")
    return table, unmapped[["register_id", "name", "register_service", "reason"]]


def count_differences(table: pd.DataFrame, by: str = "municipality") -> pd.DataFrame:
    """Return how many rows of a comparison have each finding, one row per municipality or region.

    `by` is `municipality` or `planning_region`, today's; rows without either come first.
    """
    if by == "planning_region":
        regions = load_municipalities().set_index("municipality_id")["planning_region"]
        table = table.assign(planning_region=table["municipality_id"].map(regions))
    counts = pd.crosstab(table[by].fillna(""), table["finding"])
    return counts.reindex(columns=list(FINDINGS), fill_value=0).rename_axis(columns=None)


def list_for_round(table: pd.DataFrame, source: str, date: str) -> pd.DataFrame:
    """Return a comparison as facilities a study, and so the forms of a round, can start from.

    What is registered is operating there, with its planned clients as places; what only the list
    calls operating is `not_registered`.

    Parameters
    ----------
    table
        What `compare_register` gives.
    source, date
        Where the register is from and its day.
    """
    groups = load_service_types().set_index("service")["target_group"]
    registered = table["register_id"].notna()
    ids = "r" + table["register_id"].astype(str) + "_" + table["service"].astype(str)
    return pd.DataFrame(
        {
            "facility_id": table["facility_id"].where(table["facility_id"].notna(), ids),
            "register_id": table["register_id"],
            "municipality_id": table["municipality_id"],
            "name": table["name"],
            "service": table["service"],
            "target_group": table["service"].map(groups),
            "settlement_id": table["settlement_id"].where(table["settlement_id"] != "0010000"),
            "address": table["address"],
            "places": table["planned_clients"].where(registered, table["listed_places"]),
            "places_basis": registered.map({True: "planned_clients", False: None}),
            "status": registered.map({True: "operating", False: "not_registered"}),
            "lon": table["lon"],
            "lat": table["lat"],
            "location_precision": registered.map({True: "address", False: "settlement"}),
            "mapping": table["mapping"].where(registered, "listed"),
            "source": registered.map({True: source, False: ""}),
            "source_date": registered.map({True: date, False: None}),
        }
    )


def _match(registered: pd.DataFrame, listed: gpd.GeoDataFrame) -> dict[str, str]:
    """Return which facility of the list each service of the register is, by `key`.

    A facility may be several rows of the register: the list names their numbers with spaces.
    """
    import geopandas as gpd

    keys = set(registered["key"])
    stated = listed.get("register_id", pd.Series(None, index=listed.index, dtype=object))
    found = {
        key: str(facility)
        for facility, numbers, service in zip(
            listed["facility_id"], stated, listed["service"], strict=True
        )
        for number in str(numbers).split()
        if (key := f"{number}:{service}") in keys
    }
    taken = set(found.values())
    points = gpd.GeoSeries(
        gpd.points_from_xy(registered["lon"].astype(float), registered["lat"].astype(float)),
        index=registered.index, crs=crs_.EXCHANGE,
    ).to_crs(crs_.LATVIA)  # fmt: skip
    known = registered["lon"].notna()
    ours = gpd.GeoDataFrame(
        registered[["name", "service", "municipality_id", "settlement_id"]].assign(
            facility_id=_OURS + registered["key"], location_precision="address"
        ),
        geometry=points.where(known),
    )
    free = ours[~registered["key"].isin(found)]
    left = listed[~listed["facility_id"].isin(taken)]
    both = gpd.GeoDataFrame(pd.concat([free, left[[c for c in ours if c in left]]],
                                      ignore_index=True))  # fmt: skip
    for row in find_duplicates(both).itertuples():
        first, second = str(row.facility_id), str(row.duplicate_id)
        if first.startswith(_OURS) == second.startswith(_OURS):
            continue
        key, facility = (first, second) if first.startswith(_OURS) else (second, first)
        if key.removeprefix(_OURS) not in found and facility not in taken:
            found[key.removeprefix(_OURS)] = facility
            taken.add(facility)
    return found


def _join_rows(registered: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the register that are one facility of the list as one, clients added up."""
    matched = registered["facility_id"].notna()
    groups = registered[matched].groupby("facility_id", sort=False)
    first = groups.head(1).set_index("facility_id")
    first["register_id"] = groups["register_id"].agg(" ".join)
    first["planned_clients"] = groups["planned_clients"].sum(min_count=1)
    return pd.concat([first.reset_index(), registered[~matched]], ignore_index=True)


def _describe(row: dict[str, object], other: pd.Series | None) -> dict[str, object]:
    finding = "only_register"
    if other is not None:
        places = pd.to_numeric(pd.Series([row["planned_clients"], other.get("places")]))
        differ = places.notna().all() and places[0] != places[1]
        finding = "places_differ" if differ else "both"
        if other["status"] != "operating":
            finding = "opened"
    said = {} if other is None else {
        "facility_id": other["facility_id"], "listed_name": other["name"],
        "listed_places": other.get("places"), "listed_status": other["status"],
    }  # fmt: skip
    kept = {name: row.get(name) for name in _COLUMNS if name in row}
    return {**kept, **said, "finding": finding}


def _find_id(name: object) -> str | None:
    try:
        return find_municipality(str(name))[0]
    except UnknownNameError:
        return None


def _find_name(code: object) -> str | None:
    try:
        return find_municipality(str(code))[1]
    except UnknownNameError:
        return None
