"""Everything the exported map knows, as plain lists ready to be packed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import Texts, sort_key
from socaccess.maps.basemap import (
    Grid,
    encode_land,
    encode_polygons,
    encode_roads,
    label_points,
)
from socaccess.maps.encode import delta, morton_order
from socaccess.maps.places import (
    encode_places,
    has_point,
    list_destinations,
    point_coordinates,
)
from socaccess.maps.shares import (
    NO_ROUTE,
    Cover,
    encode_persons,
    encode_shares,
    list_people,
    tenths,
)
from socaccess.maps.whatif import build_tables, encode_whatif
from socaccess.maps.without_car import encode_journeys
from socaccess.maps.words import capitalise
from socaccess.sources.embedded import load_water
from socaccess.study.colours import (
    CLASSES,
    DARK,
    DIFFERENCES,
    LIGHT,
    NO_SHARE,
    STATUS,
    ZONES,
)
from socaccess.study.findings import name_places, rank_gaps, short_name
from socaccess.study.proposals import list_proposals
from socaccess.study.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

__all__ = ["SCENARIOS", "build_payload", "choose_services"]

SCENARIOS = ("now", "planned", "suggested")
SCOPES = ("any", "own")
# Around the region: facilities people may go to, and roads so that the map does not end abruptly.
MARGIN_M = 40_000.0
ROAD_MARGIN_M = 150_000.0


def choose_services(result: Any, services: Iterable[str] | None) -> pd.DataFrame:
    """Return the rows of `result.service_types` the map offers, in its order.

    Services a plan promises come first, then the others that count as supply.

    Raises
    ------
    UnknownNameError
        If `services` names one the result does not know.
    """
    types = result.service_types
    with_times = set(result.settlement_coverage["service"].unique())
    if services is not None:
        wanted = [services] if isinstance(services, str) else list(services)
        unknown = [name for name in wanted if name not in with_times]
        if unknown:
            raise UnknownNameError(
                [Problem("maps.service_not_in_result", rows=unknown, known=sorted(with_times))]
            )
        return types[types["service"].isin(wanted)].reset_index(drop=True)
    kept = types[types["service"].isin(with_times)]
    promised = kept["promised"].fillna(False).astype(bool)
    return pd.concat([kept[promised], kept[~promised]], ignore_index=True)


def build_payload(
    released: Release, *, lang: str, services: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the map's data as lists of whole numbers and texts.

    Persons stand as the release shows them: a count, or a negative number in place
    of a mark (`encode_count`); nothing else of a hidden count is in the payload.
    """
    result: Any = released.result
    _check(result)
    types = choose_services(result, services)
    scenarios = [
        name for name in SCENARIOS if (result.settlement_coverage["scenario"] == name).any()
    ]
    settlements, located = _order_settlements(result)
    municipalities = _order_municipalities(result)
    home = pd.Index(municipalities["municipality_id"]).get_indexer(settlements["municipality_id"])

    bounds = _bounds(municipalities, settlements[located])
    frame_m, road_frame_m = _widen(bounds, MARGIN_M), _widen(bounds, ROAD_MARGIN_M)
    grid = Grid.around(road_frame_m)
    table = _coverage_rows(result, types, settlements)
    referenced = set(table["facility_id"].dropna().astype(str))
    referenced |= set(table["own_facility_id"].dropna().astype(str))
    tables = build_tables(released)
    if tables is not None:
        for name in types["service"]:
            referenced |= set(tables.supply[name, "planned"]["facility_id"])
    others = _other_services(result, types) if services is None else []
    names = [*types["service"], *others]
    destinations = list_destinations(result, names, frame_m, referenced)
    service_index = {name: position for position, name in enumerate(names)}
    cover = _fill(table, types, scenarios, settlements, destinations.position_of)

    ids = municipalities["municipality_id"].astype(str).tolist()
    texts = Texts(lang)
    places = encode_places(destinations, grid, service_index, released, ids)
    order = pd.Index(settlements["settlement_id"]).get_indexer(
        result.study.settlements["settlement_id"]
    )
    people = list_people(result, types, scenarios, cover.persons, home, order)
    gaps = rank_gaps(released, types["service"])
    limits = [None, *(int(band) if band == int(band) else band for band in _bands(result))]
    return {
        "lang": lang,
        "unit": grid.unit_m,
        "bounds": [*grid.snap(np.array([bounds[:2], bounds[2:]])).ravel().tolist()],
        "belowPersons": released.below,
        "scenarios": scenarios,
        "scopes": list(SCOPES),
        "limits": limits,
        "palette": _palette(),
        "start": service_index[gaps[0].service] if gaps else _first_known(types),
        "proposals": [
            places["sites"]["id"].index(proposal.site_id)
            for proposal in list_proposals(released, types["service"])
        ],
        "services": _services(result, types, others, texts),
        "municipalities": {
            "id": ids,
            "name": municipalities["name"].astype(str).tolist(),
            "medians": _list_medians(result, types, municipalities),
            "where": [name_places([name], texts) for name in municipalities["name"].astype(str)],
            "population": [int(value) for value in municipalities["population"]],
            "approximate": municipalities["approximate"].fillna(False).astype(int).tolist()
            if "approximate" in municipalities
            else [0] * len(municipalities),
            "label": label_points(municipalities, grid),
            "outline": encode_polygons(municipalities, grid),
        },
        "settlements": _settlements(settlements, located, home, grid),
        "cover": _encode_cover(cover),
        "persons": encode_persons(released, types, settlements, municipalities, cover),
        "shares": encode_shares(
            released, types, limits, people, municipalities, result.study.settings.time_uncertainty
        ),
        "places": places,
        "whatif": None
        if tables is None
        else encode_whatif(tables, released, types, scenarios, settlements, destinations, grid),
        "land": encode_land(municipalities.crs, grid, road_frame_m),
        "water": encode_polygons(load_water(municipalities.crs, road_frame_m), grid),
        "roads": encode_roads(result.study.network, municipalities.crs, grid, road_frame_m),
        "withoutCar": encode_journeys(
            released, types["service"].tolist(), settlements["settlement_id"].tolist(), texts
        ),
        "texts": {**texts.raw("map."), **_name_groups(result, texts)},
    }


def _name_groups(result: Any, texts: Texts) -> dict[str, str]:
    """Return the names of target groups as texts of the page, those of an own catalogue too."""
    names = result.study.name_groups(texts.lang)
    return {f"group.{code}": name for code, name in names.items()} | {
        f"group_short.{code}": short_name(texts, "group", code, name)
        for code, name in names.items()
    }


def _list_medians(
    result: Any, types: pd.DataFrame, municipalities: gpd.GeoDataFrame
) -> list[list[int]]:
    """Return of each service and municipality the median time now, as in the table of coverage."""
    table = result.coverage
    table = table[(table["scenario"] == "now") & (table["scope"] == "any")]
    medians = table.set_index(["service", "municipality_id"])["median_min"]
    keys = pd.MultiIndex.from_product([types["service"], municipalities["municipality_id"]])
    minutes = medians.reindex(keys).to_numpy(dtype=float)
    return tenths(minutes).reshape(len(types), len(municipalities)).tolist()


def _first_known(types: pd.DataFrame) -> int:
    known = types["supply_known"].to_numpy(dtype=bool)
    return int(np.argmax(known)) if len(known) else 0


def _check(result: Any) -> None:
    """Raise for frames the map cannot be drawn from."""
    problems = []
    for name in ("municipalities", "settlements", "facilities", "sites"):
        frame = getattr(result, name)
        if len(frame) and frame.crs is None:
            problems.append(Problem("maps.no_crs", f"result.{name}"))
    if not len(result.municipalities):
        problems.append(Problem("maps.no_municipality", "result.municipalities"))
    if not len(result.settlement_coverage):
        problems.append(Problem("maps.no_times", "result.settlement_coverage"))
    raise_problems(problems)
    crs = {
        str(getattr(result, name).crs)
        for name in ("municipalities", "settlements", "facilities", "sites")
        if len(getattr(result, name))
    }
    if len(crs) > 1:
        raise InputError("maps.several_crs", found=sorted(crs))


def _bands(result: Any) -> tuple[float, ...]:
    return tuple(result.study.settings.bands_min)


def _order_municipalities(result: Any) -> gpd.GeoDataFrame:
    frame = result.municipalities
    order = sorted(range(len(frame)), key=lambda i: sort_key(str(frame["name"].iloc[i])))
    return frame.iloc[order].reset_index(drop=True)


def _order_settlements(result: Any) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Return settlements along a Z-order curve, those without a point last."""
    frame = result.settlements.sort_values("settlement_id", kind="stable")
    there = has_point(frame)
    with_point, without = frame[there], frame[~there]
    x, y = point_coordinates(with_point)
    if len(x):
        units = Grid.around((x.min(), y.min(), 0.0, 0.0)).snap(np.column_stack([x, y]))
        with_point = with_point.iloc[morton_order(units[:, 0], units[:, 1])]
    ordered = pd.concat([with_point, without], ignore_index=True)
    return ordered, np.arange(len(ordered)) < len(with_point)


def _bounds(
    municipalities: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame
) -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in municipalities.total_bounds)
    if len(settlements):
        other = settlements.total_bounds
        west, south = min(west, other[0]), min(south, other[1])
        east, north = max(east, other[2]), max(north, other[3])
    return west, south, east, north


def _widen(
    bounds: tuple[float, float, float, float], margin_m: float
) -> tuple[float, float, float, float]:
    west, south, east, north = bounds
    return west - margin_m, south - margin_m, east + margin_m, north + margin_m


def _other_services(result: Any, types: pd.DataFrame) -> list[str]:
    """Return services without times (institutions and the like) that have facilities."""
    known = set(types["service"])
    return sorted(set(result.facilities["service"].dropna().astype(str)) - known)


def _coverage_rows(result: Any, types: pd.DataFrame, settlements: gpd.GeoDataFrame) -> pd.DataFrame:
    table = result.settlement_coverage
    return table[
        table["service"].isin(types["service"]).to_numpy()
        & table["settlement_id"].isin(settlements["settlement_id"]).to_numpy()
    ]


def _fill(
    table: pd.DataFrame,
    types: pd.DataFrame,
    scenarios: list[str],
    settlements: gpd.GeoDataFrame,
    destination_index: dict[str, int],
) -> Cover:
    """Return the long table as arrays; what has no row is no route."""
    shape = (len(types), len(scenarios), len(settlements))
    at = (
        pd.Index(types["service"]).get_indexer(table["service"]),
        pd.Index(scenarios).get_indexer(table["scenario"]),
        pd.Index(settlements["settlement_id"]).get_indexer(table["settlement_id"]),
    )

    def spread(values: np.ndarray, empty: int) -> np.ndarray:
        array = np.full(shape, empty, dtype=np.int64)
        array[at] = values
        return array

    def destinations(column: str) -> np.ndarray:
        codes, names = pd.factorize(table[column])
        positions = np.array([destination_index.get(str(name), -1) for name in names] + [-1])
        return spread(positions[codes], -1)

    modelled = table["modelled_share"].to_numpy(dtype=float)
    persons = np.full((shape[0], shape[2]), np.nan)
    persons[at[0], at[2]] = table["persons"].to_numpy(dtype=float)
    return Cover(
        minutes=spread(_minutes(table, ""), NO_ROUTE),
        own_minutes=spread(_minutes(table, "own_"), NO_ROUTE),
        destination=destinations("facility_id"),
        own_destination=destinations("own_facility_id"),
        modelled=spread(
            np.where(np.isnan(modelled), -1, np.rint(np.nan_to_num(modelled) * 100)).astype(int), -1
        ),
        persons=persons,
    )


def _minutes(table: pd.DataFrame, prefix: str) -> np.ndarray:
    """Return tenths of minutes; a gap without minutes is one where nobody offers the service."""
    has_supply = ~table[f"{prefix}status"].isin(["gap", "no_data"]).to_numpy()
    return tenths(table[f"{prefix}travel_min"].to_numpy(dtype=float), has_supply)


def _encode_cover(cover: Cover) -> list[dict[str, list[list[int]]]]:
    """Return per service the arrays of each scenario.

    The first scenario stands as differences along the settlements, each later one
    as its difference from the one before: mostly zeros.
    """

    def encode(values: np.ndarray) -> list[list[int]]:
        return [
            delta(row) if number == 0 else (row - values[number - 1]).tolist()
            for number, row in enumerate(values)
        ]

    return [
        {
            "min": encode(cover.minutes[service]),
            "ownMin": encode(cover.own_minutes[service]),
            "to": encode(cover.destination[service]),
            "ownTo": encode(cover.own_destination[service]),
            "modelled": encode(cover.modelled[service]),
        }
        for service in range(len(cover.minutes))
    ]


def _settlements(
    settlements: gpd.GeoDataFrame, located: np.ndarray, home: np.ndarray, grid: Grid
) -> dict[str, Any]:
    x, y = point_coordinates(settlements[located])
    units = grid.snap(np.column_stack([x, y]))
    kinds = sorted(settlements["kind"].astype(str).unique())
    return {
        "x": delta(units[:, 0]),
        "y": delta(units[:, 1]),
        "name": settlements["name"].astype(str).tolist(),
        "kinds": kinds,
        "kind": [kinds.index(kind) for kind in settlements["kind"].astype(str)],
        "municipality": delta(home),
        "population": [int(value) for value in settlements["population"].fillna(0)],
    }


def _services(
    result: Any, types: pd.DataFrame, others: list[str], texts: Texts
) -> list[dict[str, Any]]:
    """Return what the chooser and the cards say of each service."""
    column = f"name_{texts.lang}"
    rows = [
        {
            "id": str(row.service),
            "name": (name := capitalise(str(getattr(row, column)))),
            "short": capitalise(short_name(texts, "service", str(row.service), name)),
            "limit": float(row.limit_min),
            "group": str(row.target_group),
            "promised": bool(row.promised),
            "known": bool(row.supply_known),
            "guessed": str(row.service) in result.study.guessed,
            "traveller": str(row.traveller),
            "shown": True,
        }
        for row in types.itertuples()
    ]
    names = result.service_types.set_index("service")
    for service in others:
        listed = service in names.index
        name = str(names.loc[service, column]) if listed else service
        rows.append(
            {
                "id": service,
                "name": capitalise(name),
                "supply": bool(names.loc[service, "counts_as_supply"]) if listed else False,
                "shown": False,
            }
        )
    return rows


def _palette() -> dict[str, Any]:
    return {
        "classes": [
            {"low": c.lowest, "high": c.highest, "pattern": c.pattern, "light": c.light,
             "dark": c.dark}
            for c in (*CLASSES, NO_SHARE)
        ],
        "zones": [
            {"pattern": c.pattern, "light": c.light, "dark": c.dark} for c in ZONES
        ],
        "differences": [
            {"pattern": pattern, "light": light, "dark": dark}
            for light, dark, pattern in DIFFERENCES
        ],
        "status": STATUS,
        "light": LIGHT,
        "dark": DARK,
    }  # fmt: skip
