"""An invented region in the form of a `StudyResult`, of any size.

Travel times are straight distances at 60 km/h with a detour of 1.3: simple enough
to check by hand, and no part of the map knows how they came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import Delaunay, cKDTree

from socaccess.i18n import Texts
from socaccess.privacy import protect
from socaccess.routing import UNREACHABLE
from socaccess.settings import Settings
from socaccess.study.people import PeopleTimes
from socaccess.study.release import Release

CRS = "EPSG:3059"
NASTY = "#Test *x* <b> </script> & \"q\" 'a'"
SCENARIOS = ("now", "planned", "suggested")
GROUPS = ("adults_grt", "children_ft", "seniors")
_STEMS = (
    "Ķeipene", "Ādaži", "Šķilbēni", "Dagda", "Žīguri", "Ezernieki", "Rundēni", "Līči",
    "Ūdrīši", "Nīcgale", "Čornaja", "Ģibuļi", "Mērdzene", "Salnava", "Vārkava", "Pušmucova",
)  # fmt: skip


def list_kept(world: SimpleNamespace) -> dict[str, pd.DataFrame]:
    """Return what the page on access shows: this world has no travel times to make it of."""
    service = str(world.service_types["service"].iloc[0])
    home = str(world.municipalities["name"].iloc[0]) if len(world.municipalities) else ""
    return {
        "answers": None,  # nobody asked about people without a car
        "access": pd.DataFrame([{"service": service, "municipality": home, "per_100": 12.0,
                                 "access_note": "at_least"}]),
        "closing": pd.DataFrame([{"rank": 1, "service": service, "name": "A", "municipality": home,
                                  "falls_out": 12, "extra_min": 9.5, "to": "B"}]),
        "fairness": pd.DataFrame([{"service": service, "gain": 5.0, "mean_now": 20.0,
                                   "mean_suggested": 15.0, "worst_decile_now": 40.0,
                                   "worst_decile_suggested": 35.0, "gini_now": 0.3,
                                   "gini_suggested": 0.2}]),
    }  # fmt: skip


def release_world(world: SimpleNamespace, below: int | None = None) -> Release:
    """Return the world with its small counts protected, as `release` does with a study."""
    below = world.study.settings.suppress_below if below is None else below
    if below == 0:
        return Release(world, {}, 0, list_kept(world))
    places, municipalities = world.study.settlements, world.study.municipalities
    home = pd.Index(municipalities["municipality_id"]).get_indexer(places["municipality_id"])
    cover = world.settlement_coverage
    protections = {}
    for service, group in world.service_types[["service", "target_group"]].itertuples(index=False):
        rows = cover[(cover["service"] == service) & (cover["scenario"] == "now")]
        persons = rows.set_index("settlement_id")["persons"].reindex(places["settlement_id"])
        protections[group] = protect(
            persons.to_numpy(dtype=float),
            home,
            len(municipalities),
            inhabitants=places["population"].to_numpy(dtype=float),
            below=below,
        )
    return Release(world, protections, below, list_kept(world))


def list_times(
    coverage: pd.DataFrame, settlements: gpd.GeoDataFrame, services: list[str]
) -> PeopleTimes:
    """Return the times of the table, where each settlement is one point."""
    keys = [(service, scenario) for service in services for scenario in SCENARIOS]
    parts = coverage.set_index(["service", "scenario", "settlement_id"]).sort_index()
    order = settlements["settlement_id"]

    def spread(column: str) -> np.ndarray:
        return np.stack([parts.loc[key, column].reindex(order).to_numpy() for key in keys])

    def in_ms(column: str) -> np.ndarray:
        minutes = spread(column).astype(float)
        # Rounded up, so that a limit in minutes parts them as it parts the milliseconds.
        whole = np.ceil(np.nan_to_num(minutes) * 60_000)
        return np.where(np.isnan(minutes), UNREACHABLE, whole).astype(np.int64)

    count = len(order)
    empty = np.zeros((len(keys), count))
    return PeopleTimes(
        services=tuple(services),
        home=np.arange(count),
        share=np.ones(count),
        travel_ms=in_ms("travel_min"),
        own_ms=in_ms("own_travel_min"),
        place=empty.astype(int) - 1,
        own_place=empty.astype(int) - 1,
        length_km=empty,
        modelled_share=empty,
        counted=(spread("status") != "no_data").any(axis=1),
        has_own=empty.astype(bool),
        supply=[pd.DataFrame({"facility_id": []}) for _ in keys],
    )


@dataclass(frozen=True)
class Roads:
    """Enough of a `RoadNetwork` for a basemap."""

    frame: gpd.GeoDataFrame

    def to_frame(self) -> gpd.GeoDataFrame:
        return self.frame


def build_world(
    settlements: int = 40,
    municipalities: int = 5,
    services: int = 3,
    *,
    seed: int = 7,
    side_m: float = 120_000.0,
    facilities_per_service: int = 4,
    settings: Settings | None = None,
    roads: int | None = None,
) -> SimpleNamespace:
    """Return a result with `settlements` points in `municipalities` polygons.

    The last of three or more services has no facility at all, one settlement has
    no point, one has no route, one facility has no point, and the first
    settlement and the first facility carry a name full of markup.
    """
    rng = np.random.default_rng(seed)
    settings = settings or Settings()
    origin = np.array([600_000.0, 230_000.0])
    region = shapely.Point(*(origin + side_m / 2)).buffer(side_m / 2, quad_segs=24)

    seeds = shapely.points(_scatter(rng, region, municipalities))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=region)
    )
    cells = shapely.intersection(cells, region)
    municipality_ids = [f"{i + 1:07d}" for i in range(municipalities)]
    frame_municipalities = gpd.GeoDataFrame(
        {
            "municipality_id": municipality_ids,
            "name": [f"{_STEMS[i % len(_STEMS)]}s novads {i // len(_STEMS) or ''}".strip()
                     for i in range(municipalities)],
            "kind": "county",
            "vintage": 2009,
            "planning_region": "test",
            "population": 0,
            "approximate": False,
        },
        geometry=list(cells),
        crs=CRS,
    )  # fmt: skip

    xy = _scatter(rng, region, settlements)
    home = shapely.STRtree(cells).nearest(shapely.points(xy))
    population = np.maximum(20, rng.lognormal(6.3, 1.0, settlements).astype(int))
    names = [f"{_STEMS[i % len(_STEMS)]} {i // len(_STEMS) or ''}".strip()
             for i in range(settlements)]  # fmt: skip
    names[1] = NASTY
    located = np.ones(settlements, bool)
    located[2] = False
    points = shapely.points(xy)
    points[2] = None
    frame_settlements = gpd.GeoDataFrame(
        {
            "settlement_id": [f"s{i:06d}" for i in range(settlements)],
            "name": names,
            "kind": np.where(population > 2500, "town", "parish"),
            "municipality_id": [municipality_ids[i] for i in home],
            "population": population,
            "access_m": 100.0,
            "located": located,
        },
        geometry=list(points),
        crs=CRS,
    )
    frame_municipalities["population"] = np.bincount(
        home, weights=population, minlength=municipalities
    ).astype(int)

    codes = [f"service_{i}" for i in range(services)]
    absent = {codes[-1]} if services >= 3 else set()
    types = pd.DataFrame(
        {
            "service": codes,
            "name_lv": [f"pakalpojums {i} ar ļoti garu nosaukumu" for i in range(services)],
            "name_en": [f"service {i} with a rather long name" for i in range(services)],
            "legal_class": "social_care",
            "target_group": [GROUPS[i % len(GROUPS)] for i in range(services)],
            "form": "centre",
            "limit_min": [(30.0, 45.0, 60.0)[i % 3] for i in range(services)],
            "outer_limit_min": [(45.0, 60.0, 90.0)[i % 3] for i in range(services)],
            "traveller": ["client" if i % 4 else "provider" for i in range(services)],
            "counts_as_supply": True,
            "promised": [i < max(2, services - 2) for i in range(services)],
            "supply_known": [code not in absent for code in codes],
        }
    )
    facilities = _facilities(rng, types, xy, absent, facilities_per_service, home, municipality_ids)
    sites = _sites(rng, types, frame_settlements, absent)
    coverage = _cover(frame_settlements, facilities, sites, types, home, rng)
    result = SimpleNamespace(
        study=SimpleNamespace(
            settlements=frame_settlements,
            municipalities=frame_municipalities,
            name_groups=lambda lang: Texts(lang).raw("map.group."),
            guessed=frozenset(),
            by_mode=lambda by_car, _: by_car,
            group_of=dict(zip(types["service"], types["target_group"], strict=True)),
            name="test",
            view="plan",
            borders_year=2009,
            facilities=facilities,
            service_types=types,
            title={"lv": "Ķeipenes reģions", "en": "Ķeipene region"},
            settings=settings,
            network=Roads(_roads(rng, xy[: roads or min(settlements, 400)])),
            attribution={
                "lv": ["© OpenStreetMap līdzstrādnieki, ODbL 1.0"],
                "en": ["© OpenStreetMap contributors, ODbL 1.0"],
            },
            data_dates="2020-2024",
        ),
        municipalities=frame_municipalities,
        settlements=frame_settlements,
        facilities=facilities,
        service_types=types,
        settlement_coverage=coverage,
        sites=sites,
        suggested_beside="planned",
        plans=pd.DataFrame(
            {
                "service": codes[:1],
                "objective": "mclp",
                "status": "optimal",
                "value": 100.0,
                "bound": 100.0,
                "gap": 0.0,
                "sites": 2,
            }
        ),
        institutions=pd.DataFrame(
            columns=["facility_id", "name", "municipality", "service", "to_service",
                     "travel_min", "to_facility_id"]
        ),
        not_located=pd.DataFrame(
            {
                "kind": ["settlement", "facility"],
                "id": ["s000002", "f_nowhere"],
                "name": [names[2], "Nekur <i>"],
                "municipality": ["?", "?"],
                "reason": ["no point", "no point"],
            }
        ),
    )  # fmt: skip
    result.times = list_times(coverage, frame_settlements, codes)
    result.coverage, result.summary = _summarise(result)
    return result


def _scatter(rng: np.random.Generator, region: Any, count: int) -> np.ndarray:
    """Return `count` points inside `region`, shape (count, 2), whole metres."""
    west, south, east, north = region.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        tried = np.round(rng.uniform((west, south), (east, north), (2 * count + 16, 2)))
        found = np.vstack([found, tried[shapely.contains_xy(region, tried)]])
    return found[:count]


def _facilities(
    rng: np.random.Generator,
    types: pd.DataFrame,
    xy: np.ndarray,
    absent: set[str],
    per_service: int,
    home: np.ndarray,
    municipality_ids: list[str],
) -> gpd.GeoDataFrame:
    rows, geometry = [], []
    for service, group in zip(types["service"], types["target_group"], strict=True):
        if service in absent:
            continue
        for k in range(per_service):
            at = int(rng.integers(3, min(len(xy), 200)))
            number = len(rows)
            geometry.append(shapely.Point(xy[at]))
            rows.append(
                {
                    "facility_id": f"f{number:04d}",
                    "site_id": f"site{at:04d}",
                    "name": NASTY if number == 0 else f"Centrs {number} “Ābele”",
                    "service": service,
                    "target_group": group,
                    "places": float(rng.integers(6, 30)) if k % 2 else np.nan,
                    "places_basis": "stated_capacity" if k % 2 else None,
                    "address": f"Skolas iela {number}",
                    "settlement": f"ciems {at}",
                    "municipality_id": municipality_ids[home[at]],
                    "municipality_name": "novads",
                    "in_region": True,
                    "status": "planned" if k == per_service - 1 and k else "operating",
                    "status_year": 2021,
                    "opening_confirmed": k != per_service - 1,
                    "location_precision": "settlement",
                    "located": True,
                    "source": "https://example.lv/a?b=1&c=<d>",
                }
            )
    rows.append(rows[0] | {"facility_id": "f_nowhere", "name": "Nekur <i>", "located": False})
    geometry.append(None)
    return gpd.GeoDataFrame(rows, geometry=geometry, crs=CRS)


def _sites(
    rng: np.random.Generator, types: pd.DataFrame, settlements: gpd.GeoDataFrame, absent: set[str]
) -> gpd.GeoDataFrame:
    rows, geometry = [], []
    for service in types.loc[types["promised"], "service"]:
        if service in absent:
            continue
        for rank in (1, 2):
            at = int(rng.integers(3, min(len(settlements), 400)))
            row = settlements.iloc[at]
            geometry.append(row.geometry)
            rows.append(
                {
                    "site_id": f"new_{service}_{rank}",
                    "service": service,
                    "rank": rank,
                    "settlement_id": row["settlement_id"],
                    "name": row["name"],
                    "municipality_id": row["municipality_id"],
                    "municipality": "novads",
                    "gain_persons": 3.0 if rank == 2 else 14.0,
                    "gain_population": 900.0,
                    "places": np.nan,
                    "opens": np.nan,
                }
            )
    return gpd.GeoDataFrame(rows, geometry=geometry, crs=CRS)


def _cover(
    settlements: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    types: pd.DataFrame,
    home: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    xy = np.column_stack([settlements.geometry.x, settlements.geometry.y])
    blocked = ~settlements["located"].to_numpy()
    blocked[3] = True  # one settlement no road leads to
    xy = np.where(np.isfinite(xy), xy, 0.0)
    ids = settlements["municipality_id"].to_numpy()
    population = settlements["population"].to_numpy()
    rate = dict(zip(GROUPS, (0.004, 0.002, 0.05), strict=True))
    parts = []
    for row in types.itertuples():
        of = facilities[(facilities["service"] == row.service) & facilities["located"]]
        new = sites[sites["service"] == row.service]
        for scenario in SCENARIOS:
            use = of if scenario == "planned" else of[of["status"] == "operating"]
            where = np.array([(p.x, p.y) for p in use.geometry]).reshape(-1, 2)
            names = use["facility_id"].tolist()
            owners = use["municipality_id"].tolist()
            if scenario == "suggested":
                where = (
                    np.vstack([where, [(p.x, p.y) for p in new.geometry]]) if len(new) else where
                )
                names, owners = (
                    names + new["site_id"].tolist(),
                    owners + new["municipality_id"].tolist(),
                )
            part, nearest = _nearest(xy, where, np.ones(len(where), bool))
            own, own_nearest = np.full(len(xy), np.nan), np.full(len(xy), -1)
            for municipality in set(owners):
                at = np.flatnonzero(ids == municipality)
                own[at], own_nearest[at] = _nearest(xy[at], where, np.array(owners) == municipality)
            part[blocked], nearest[blocked] = np.nan, -1
            own[blocked], own_nearest[blocked] = np.nan, -1
            own_supply = np.isin(ids, list(owners))
            status = _status(part, row.limit_min, len(where) > 0)
            own_status = _status(own, row.limit_min, own_supply)
            if not len(of):
                # No source counts it.
                status[:], own_status[:] = "no_data", "no_data"
            label = np.array([*names, None], dtype=object)
            parts.append(
                pd.DataFrame(
                    {
                        "settlement_id": settlements["settlement_id"].to_numpy(),
                        "service": row.service,
                        "scenario": scenario,
                        "travel_min": part,
                        "length_km": part,
                        "modelled_share": np.where(np.isnan(part), np.nan, 0.35),
                        "facility_id": label[nearest],
                        "own_travel_min": own,
                        "own_facility_id": label[own_nearest],
                        "own_status": own_status,
                        "status": status,
                        "persons": population * rate[row.target_group],
                        "population": population,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _nearest(
    xy: np.ndarray, where: np.ndarray, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    at = np.flatnonzero(usable)
    if not len(at):
        return np.full(len(xy), np.nan), np.full(len(xy), -1)
    metres, index = cKDTree(where[at]).query(xy)
    return metres * 1.3 / 1000.0, at[index]


def _roads(rng: np.random.Generator, xy: np.ndarray) -> gpd.GeoDataFrame:
    """Return the edges of a Delaunay triangulation, a third of them marked as modelled."""
    triangles = Delaunay(xy).simplices
    pairs = np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    pairs = pairs[np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) < 45_000]
    return gpd.GeoDataFrame(
        {"modelled": rng.random(len(pairs)) < 1 / 3, "road_class": "road"},
        geometry=list(shapely.linestrings(xy[pairs])),
        crs=CRS,
    )


def _status(minutes: np.ndarray, limit: float, has_supply: np.ndarray | bool) -> np.ndarray:
    without = np.where(has_supply, "unreachable", "gap")
    status = np.where(np.isnan(minutes), without, np.where(minutes <= limit, "covered", "gap"))
    return status.astype(object)


def _summarise(result: SimpleNamespace) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return coverage by municipality and the headline, both by plain pandas."""
    frame = result.settlement_coverage.merge(
        result.settlements[["settlement_id", "municipality_id"]], on="settlement_id"
    )
    names = result.municipalities.set_index("municipality_id")["name"]
    rows = []
    for scope, column in (("any", "status"), ("own", "own_status")):
        hit = frame.assign(
            covered=frame["persons"].where(frame[column] == "covered", 0.0),
            population_covered=frame["population"].where(frame[column] == "covered", 0),
        )
        part = hit.groupby(["municipality_id", "service", "scenario"], as_index=False)[
            ["persons", "covered", "population", "population_covered"]
        ].sum()
        rows.append(part.assign(scope=scope))
    coverage = pd.concat(rows, ignore_index=True)
    coverage["covered_share"] = coverage["covered"] / coverage["persons"]
    middle = frame.groupby(["municipality_id", "service", "scenario"])["travel_min"].median()
    keys = pd.MultiIndex.from_frame(coverage[["municipality_id", "service", "scenario"]])
    coverage["median_min"] = middle.reindex(keys).to_numpy()
    coverage["municipality"] = coverage["municipality_id"].map(names)

    services = []
    anyone = coverage[coverage["scope"] == "any"]
    for row in result.service_types.itertuples():
        part = (
            anyone[anyone["service"] == row.service]
            .groupby("scenario")[["persons", "covered"]]
            .sum()
        )
        counts = result.facilities.loc[result.facilities["service"] == row.service, "status"]
        services.append(
            {
                "service": row.service,
                "target_group": row.target_group,
                "limit_min": row.limit_min,
                "promised": bool(row.promised),
                "supply_known": bool(row.supply_known),
                "persons": float(part["persons"].iloc[0]),
                "covered": part["covered"].to_dict(),
                "covered_share": (part["covered"] / part["persons"]).to_dict(),
                "facilities": {
                    "operating": int((counts == "operating").sum()),
                    "planned": int((counts == "planned").sum()),
                },
            }
        )
    summary = {
        "region": "test",
        "view": "plan",
        "municipalities": len(result.municipalities),
        "settlements": len(result.settlements),
        "population": int(result.settlements["population"].sum()),
        "targets": [
            {"target_group": "adults_grt", "persons": 389.0, "indicator": "target_recipients",
             "source": "https://example.lv/plan"}
        ],
        "groups": [],
        "services": services,
        "counted_services": [
            row["service"] for row in services if row["promised"] and row["supply_known"]
        ],
        "worst": [],
        "not_located": len(result.not_located),
        "modelled_share": 0.35,
        "caveats": {
            "lv": ["Personu skaits apdzīvotās vietās ir aplēse."],
            "en": ["Persons per settlement are an estimate."],
        },
    }  # fmt: skip
    return coverage, summary
