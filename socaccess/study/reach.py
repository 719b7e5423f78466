"""Who can get where: one matrix of times between settlements and all places that matter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Progress
from socaccess.settings import LinkModel
from socaccess.study.transit import TransitReach, measure_transit
from socaccess.travel import TravelTimes, travel_times
from socaccess.travel.minutes import to_minutes

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.inputs import StudyInputs

__all__ = ["Nearest", "Reach", "measure_reach", "name_points", "travel_without_car"]


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest place of one supply for every origin; arrays of shape (origins,).

    `place` is the position in the supply, -1 where there is none in reach.
    """

    travel_ms: np.ndarray
    place: np.ndarray


@dataclass(frozen=True, eq=False)
class Reach:
    """Times between origins (people, then institutions) and points (facilities, candidates).

    Parameters
    ----------
    network, links
        The roads, and how the way to them is modelled.
    settlements, people, points
        The settlements, the points where their people live, and the points of facilities
        and candidates, on the network.
    home, share
        Position of the settlement of every point where people live, and its share of
        that settlement's people; the first origins are these points, in their order.
    institutions
        Facilities people move out of, in the order of their origins.
    outward, inward
        Times from origin to point (a client travels) and from point to origin (a
        provider travels), both (origins, points). Providers travel by car; clients as the
        `mode` of the study says.
    facility_point
        Point of every facility of the study, -1 where it is not located.
    candidate_point
        Point of every settlement as a candidate site.
    supply
        Facilities that serve in the scenarios `now` and `planned`, with `point` and
        `owner_id`, the municipality whose own they are.
    origins
        People and institutions on the network.
    transit
        The journeys behind `outward` where clients travel without a car, else None.
    """

    network: RoadNetwork
    links: LinkModel
    settlements: Snapped
    people: Snapped
    points: Snapped
    home: np.ndarray
    share: np.ndarray
    institutions: pd.DataFrame
    outward: TravelTimes
    inward: TravelTimes
    facility_point: np.ndarray
    candidate_point: np.ndarray
    supply: dict[str, pd.DataFrame]
    origins: Snapped
    transit: TransitReach | None = None

    @property
    def people_ids(self) -> np.ndarray:
        """Names of the points where people live; see `name_points`."""
        return self.outward.origin_ids[: self.people_count]

    @property
    def people_count(self) -> int:
        """How many of the origins are points where people live."""
        return len(self.home)

    def list_supply(self, service: str, scenario: str = "now") -> pd.DataFrame:
        """Return the facilities of a service that serve in a scenario (`now`, `planned`)."""
        found = self._by_service[scenario].get(service)
        return self.supply[scenario].iloc[:0].copy() if found is None else found

    @cached_property
    def _by_service(self) -> dict[str, dict[str, pd.DataFrame]]:
        return {
            scenario: {
                str(name): part.reset_index(drop=True)
                for name, part in supply.groupby("service", sort=False)
            }
            for scenario, supply in self.supply.items()
        }

    def people_ms(self, points: np.ndarray, traveller: str) -> np.ndarray:
        """Return milliseconds between people and some points, shape (people, points)."""
        return self.choose_times(traveller).travel_ms[: self.people_count][:, points]

    def average(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the people of each settlement of values (people, anything).

        NaN counts for nothing; it is the mean where it is all there is.
        """
        import scipy.sparse as sp

        known = np.isfinite(values)
        points = np.arange(self.people_count)
        shape = (len(self.settlements.ids), self.people_count)
        matrix = sp.csr_array((self.share, (self.home, points)), shape=shape)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (matrix @ np.where(known, values, 0.0)) / (matrix @ known.astype(float))

    def choose_times(self, traveller: str) -> TravelTimes:
        """Return the times of whoever travels: `client` or `provider`."""
        return self.inward if traveller == "provider" else self.outward

    def find_nearest(
        self,
        points: np.ndarray,
        traveller: str,
        usable: np.ndarray | None = None,
        *,
        institutions: bool = False,
    ) -> Nearest:
        """Return the nearest of some points for everyone.

        Parameters
        ----------
        points
            Point of each place of the supply; of equally near ones the first is taken.
        traveller
            Who travels.
        usable
            Flags (people, places): which may be used by whom; None for all.
        institutions
            Whether the origins are the institutions, and not the people.
        """
        times = self.choose_times(traveller)
        start = self.people_count if institutions else 0
        count = len(times.origin_ids) - start if institutions else self.people_count
        if not len(points):
            return Nearest(np.full(count, UNREACHABLE, np.uint32), np.full(count, -1))
        travel_ms = times.travel_ms[start : start + count][:, points]
        if usable is not None:
            travel_ms = np.where(usable, travel_ms, UNREACHABLE)
        place = travel_ms.argmin(axis=1)
        row = np.arange(count)
        best = travel_ms[row, place]
        return Nearest(best, np.where(best < UNREACHABLE, place, -1))

    def measure_ways(
        self, person: np.ndarray, point: np.ndarray, traveller: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return kilometres and modelled share (0-1) of the ways of pairs of person and point.

        Only the trees of the points asked for are traced: people are many, the facilities
        nearest to anybody few. NaN where clients travel without a car: no road is theirs.
        """
        if self.transit is not None and traveller != "provider":
            return np.full(len(person), np.nan), np.full(len(person), np.nan)
        asked, column = np.unique(point, return_inverse=True)
        ends = self.points.take(asked)
        backward = traveller == "provider" or self.is_symmetric
        starts, stops = (ends, self.people) if backward else (self.people, ends)
        times = travel_times(self.network, starts, stops, lengths=True, links=self.links)
        assert times.length_m is not None and times.modelled_share is not None
        pair = (column, person) if backward else (person, column)
        return times.length_m[pair] / 1000, times.modelled_share[pair]

    @property
    def is_symmetric(self) -> bool:
        """Whether every way takes as long there as back."""
        return self.outward is self.inward

    def to_frame(self) -> pd.DataFrame:
        """Return one row per settlement and located facility: the mean of its people.

        Timed the way the traveller goes.
        """
        supply = self.supply["planned"]
        tables = []
        everyone = np.arange(self.people_count)
        for traveller, group in supply.groupby("traveller", sort=True):
            points = group["point"].to_numpy()
            shape = (self.people_count, len(points))
            person, point = (
                side.ravel() for side in np.broadcast_arrays(everyone[:, None], points[None, :])
            )
            length_km, modelled = self.measure_ways(person, point, str(traveller))
            measured = {
                "travel_min": to_minutes(self.people_ms(points, str(traveller))),
                "length_km": length_km.reshape(shape),
                "modelled_share": modelled.reshape(shape),
            }
            tables.append(
                pd.DataFrame(
                    {
                        "settlement_id": np.repeat(self.settlements.ids, len(points)),
                        "facility_id": np.tile(group["facility_id"], len(self.settlements.ids)),
                        **{name: self.average(value).ravel() for name, value in measured.items()},
                    }
                )
            )
        columns = ["settlement_id", "facility_id", "travel_min", "length_km", "modelled_share"]
        if not tables:
            return pd.DataFrame(columns=columns)
        table = pd.concat(tables, ignore_index=True)
        return table.sort_values(["settlement_id", "facility_id"], ignore_index=True)


def measure_reach(
    study: StudyInputs, institutions: gpd.GeoDataFrame, progress: Progress | None = None
) -> Reach:
    """Return the times between everyone and everything a study asks about."""
    import geopandas as gpd

    network = study.network
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
    people = study.people
    order = pd.Index(settlements["settlement_id"])
    origins = gpd.GeoDataFrame(
        {"id": [*name_points(people), *institutions["facility_id"]]},
        geometry=[
            *crs_.to_metric(people, "people", network.crs).geometry,
            *crs_.to_metric(institutions, "institutions", network.crs).geometry,
        ],
        crs=network.crs,
    )
    # Facilities of a user's own table need not say in which settlement they stand.
    centres = institutions.reindex(columns=["settlement_id"]).astype(object)
    homes = [*people["settlement_id"], *centres["settlement_id"].fillna("")]
    starts = network.snap(origins, id_column="id", links=links, centres=homes)
    ends = network.snap(points, id_column="id", links=links)
    outward, inward = _measure_both_ways(network, starts, ends, links, progress)
    place_of = dict(zip(facilities["facility_id"], facility_point, strict=True))
    supply["point"] = supply["facility_id"].map(place_of).astype(int)
    reach = Reach(
        network=network,
        links=links,
        people=starts.take(slice(0, len(people))),
        points=ends,
        settlements=network.snap(settlements, id_column="settlement_id", links=links),
        home=order.get_indexer(people["settlement_id"]),
        share=people["share"].to_numpy(dtype=float),
        institutions=pd.DataFrame(institutions.drop(columns="geometry")),
        outward=outward,
        inward=inward,
        facility_point=facility_point,
        candidate_point=point[len(located) :],
        supply={
            "now": supply[supply["status"] == "operating"].reset_index(drop=True),
            "planned": supply.reset_index(drop=True),
        },
        origins=starts,
    )
    return travel_without_car(study, reach, progress) if study.mode == "transit" else reach


def travel_without_car(study: StudyInputs, reach: Reach, progress: Progress | None = None) -> Reach:
    """Return the same places with the times of clients who have no car; see `measure_transit`.

    Asked are the places of services that clients travel to, and the candidates.
    """
    import geopandas as gpd

    assert study.feed is not None
    supply = reach.supply["planned"]
    wanted = np.zeros(len(reach.points.ids), bool)
    wanted[supply.loc[supply["traveller"] != "provider", "point"]] = True
    wanted[reach.candidate_point] = True
    origins, points = (
        gpd.GeoDataFrame(
            {"id": places.ids},
            geometry=_make_points(np.stack([places.x, places.y], axis=1)),
            crs=reach.network.crs,
        )
        for places in (reach.origins, reach.points)
    )
    # Only roads of OpenStreetMap hold the paths one walks along.
    roads = reach.network if "profile" in reach.network.provenance else None
    travel_ms, transit = measure_transit(
        study.feed, study.visit, origins, points, wanted, roads, progress
    )
    outward = TravelTimes(reach.outward.origin_ids, reach.outward.destination_ids, travel_ms)
    return replace(reach, outward=outward, transit=transit)


def _list_supply(study: StudyInputs) -> pd.DataFrame:
    """Return located facilities, operating or planned, of services that count as supply."""
    types = study.service_types
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
    # What is brought to people is its provider's own, wherever the office stands.
    brought = supply["traveller"] == "provider"
    provider = facilities.loc[usable, "provider_municipality_id"]
    supply["owner_id"] = supply["municipality_id"].where(~brought, provider)
    return supply


def name_points(people: gpd.GeoDataFrame) -> list[str]:
    """Return a name for every point: its settlement's, with a number where there are several.

    Examples
    --------
    >>> name_points(pd.DataFrame({"settlement_id": ["a", "b", "b"]}))
    ['a', 'b/1', 'b/2']
    """
    ids = people["settlement_id"]
    number = ids.groupby(ids).cumcount() + 1
    alone = ids.map(ids.value_counts()) == 1
    return (ids + ("/" + number.astype(str)).where(~alone, "")).tolist()


def _measure_both_ways(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    links: LinkModel,
    progress: Progress | None,
) -> tuple[TravelTimes, TravelTimes]:
    outward = travel_times(network, starts, ends, links=links, progress=progress)
    if np.array_equal(network.forward_ms, network.backward_ms):
        return outward, outward
    back = travel_times(network, ends, starts, links=links, progress=progress)
    return outward, TravelTimes(
        outward.origin_ids, outward.destination_ids, np.ascontiguousarray(back.travel_ms.T)
    )


def _make_points(xy: np.ndarray) -> np.ndarray:
    import shapely

    points = shapely.points(np.where(np.isfinite(xy), xy, 0))
    points[~np.isfinite(xy).all(axis=1)] = None
    return points
