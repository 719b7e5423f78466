"""Who can get where: one matrix of times between settlements and all places that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Progress
from socaccess.travel import TravelTimes, travel_times

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.settings import LinkModel
    from socaccess.study.tables import StudyTables

__all__ = ["Nearest", "Reach", "measure_reach"]


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest place of one supply for every origin; arrays of shape (origins,).

    `place` is the position in the supply, -1 where there is none in reach.
    """

    travel_ms: np.ndarray
    place: np.ndarray
    length_km: np.ndarray
    modelled_share: np.ndarray


@dataclass(frozen=True, eq=False)
class Reach:
    """Times between origins (settlements, then institutions) and points (facilities, candidates).

    Parameters
    ----------
    settlements
        The settlements on the network.
    institutions
        Facilities people move out of, in the order of their origins.
    outward, inward
        Times from origin to point (a client travels) and from point to origin (a
        provider travels), both (origins, points).
    facility_point
        Point of every facility of the study, -1 where it is not located.
    candidate_point
        Point of every settlement as a candidate site.
    supply
        Facilities that serve in the scenarios `now` and `planned`, with `point`.
    """

    settlements: Snapped
    institutions: pd.DataFrame
    outward: TravelTimes
    inward: TravelTimes
    facility_point: np.ndarray
    candidate_point: np.ndarray
    supply: dict[str, pd.DataFrame]

    @property
    def settlement_count(self) -> int:
        """How many of the origins are settlements."""
        return len(self.settlements.ids)

    def choose_times(self, traveller: str) -> TravelTimes:
        """Return the times of whoever travels: `client` or `provider`."""
        return self.inward if traveller == "provider" else self.outward

    def find_nearest(
        self, points: np.ndarray, traveller: str, usable: np.ndarray | None = None
    ) -> Nearest:
        """Return the nearest of some points for every origin.

        Parameters
        ----------
        points
            Point of each place of the supply; of equally near ones the first is taken.
        traveller
            Who travels.
        usable
            Flags (origins, places): which may be used by whom; None for all.
        """
        times = self.choose_times(traveller)
        count = len(times.origin_ids)
        if not len(points):
            nothing = np.full(count, np.nan)
            return Nearest(
                np.full(count, UNREACHABLE, np.uint32), np.full(count, -1), nothing, nothing
            )
        travel_ms = times.travel_ms[:, points]
        if usable is not None:
            travel_ms = np.where(usable, travel_ms, UNREACHABLE)
        place = travel_ms.argmin(axis=1)
        row = np.arange(count)
        best = travel_ms[row, place]
        there = best < UNREACHABLE
        assert times.length_m is not None and times.modelled_share is not None
        length = times.length_m[row, points[place]] / 1000
        share = times.modelled_share[row, points[place]]
        return Nearest(
            best,
            np.where(there, place, -1),
            np.where(there, length, np.nan),
            np.where(there, share, np.nan),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a settlement and located facility, timed the way its traveller goes."""
        supply = self.supply["planned"]
        tables = []
        for traveller, group in supply.groupby("traveller", sort=True):
            times = self.choose_times(str(traveller))
            points = group["point"].to_numpy()
            rows = slice(0, self.settlement_count)
            assert times.length_m is not None and times.modelled_share is not None
            tables.append(
                pd.DataFrame(
                    {
                        "settlement_id": np.repeat(self.settlements.ids, len(points)),
                        "facility_id": np.tile(group["facility_id"], self.settlement_count),
                        "travel_min": times.travel_min[rows][:, points].ravel(),
                        "length_km": times.length_m[rows][:, points].ravel() / 1000,
                        "modelled_share": times.modelled_share[rows][:, points].ravel(),
                    }
                )
            )
        columns = ["settlement_id", "facility_id", "travel_min", "length_km", "modelled_share"]
        if not tables:
            return pd.DataFrame(columns=columns)
        table = pd.concat(tables, ignore_index=True)
        return table.sort_values(["settlement_id", "facility_id"], ignore_index=True)


def measure_reach(
    study: StudyTables, institutions: gpd.GeoDataFrame, progress: Progress | None = None
) -> Reach:
    """Return the times between everyone and everything a study asks about."""
    import geopandas as gpd

    network = study.network
    assert isinstance(network, RoadNetwork) and study.service_types is not None
    links = study.settings.links
    facilities = crs_.to_metric(study.facilities, "facilities", network.crs)
    settlements = crs_.to_metric(study.settlements, "settlements", network.crs)
    supply = _list_supply(study)
    located = np.flatnonzero(facilities["facility_id"].isin(supply["facility_id"]))
    xy = np.concatenate(
        [
            np.stack([facilities.geometry.x, facilities.geometry.y], axis=1)[located],
            np.stack([settlements.geometry.x, settlements.geometry.y], axis=1),
        ]
    )
    # Most facilities stand at the centre of a settlement: each point is asked about once.
    distinct, point = np.unique(np.nan_to_num(xy, nan=np.inf), axis=0, return_inverse=True)
    point = point.ravel()
    facility_point = np.full(len(facilities), -1)
    facility_point[located] = point[: len(located)]
    points = gpd.GeoDataFrame(
        {"id": [f"p{i}" for i in range(len(distinct))]},
        geometry=_make_points(distinct),
        crs=network.crs,
    )
    origins = gpd.GeoDataFrame(
        {"id": [*settlements["settlement_id"], *institutions["facility_id"]]},
        geometry=[
            *settlements.geometry,
            *crs_.to_metric(institutions, "institutions", network.crs).geometry,
        ],
        crs=network.crs,
    )
    outward, inward = _measure_both_ways(network, origins, points, links, progress)
    place_of = dict(zip(facilities["facility_id"], facility_point, strict=True))
    supply["point"] = supply["facility_id"].map(place_of).astype(int)
    return Reach(
        settlements=network.snap(settlements, id_column="settlement_id", links=links),
        institutions=pd.DataFrame(institutions.drop(columns="geometry")),
        outward=outward,
        inward=inward,
        facility_point=facility_point,
        candidate_point=point[len(located) :],
        supply={
            "now": supply[supply["status"] == "operating"].reset_index(drop=True),
            "planned": supply.reset_index(drop=True),
        },
    )


def _list_supply(study: StudyTables) -> pd.DataFrame:
    """Return located facilities, operating or planned, of services that count as supply."""
    types = study.service_types
    assert types is not None
    serving = types[types["counts_as_supply"]].set_index("service")
    facilities = study.facilities
    usable = (
        facilities["located"]
        & facilities["status"].isin(["operating", "planned"])
        & facilities["service"].isin(serving.index)
    )
    columns = ["facility_id", "name", "service", "status", "municipality_id"]
    supply = pd.DataFrame(facilities.loc[usable, columns])
    supply["traveller"] = supply["service"].map(serving["traveller"])
    return supply


def _measure_both_ways(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    links: LinkModel,
    progress: Progress | None,
) -> tuple[TravelTimes, TravelTimes]:
    starts = network.snap(origins, id_column="id", links=links)
    ends = network.snap(points, id_column="id", links=links)
    outward = travel_times(network, starts, ends, lengths=True, links=links, progress=progress)
    if np.array_equal(network.forward_ms, network.backward_ms):
        return outward, outward
    back = travel_times(network, ends, starts, lengths=True, links=links, progress=progress)
    assert back.length_m is not None and back.modelled_share is not None
    return outward, TravelTimes(
        outward.origin_ids,
        outward.destination_ids,
        np.ascontiguousarray(back.travel_ms.T),
        back.length_m.T,
        back.modelled_share.T,
    )


def _make_points(xy: np.ndarray) -> np.ndarray:
    import shapely

    points = shapely.points(np.where(np.isfinite(xy), xy, 0))
    points[~np.isfinite(xy).all(axis=1)] = None
    return points
