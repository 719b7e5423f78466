"""The table of travel times: every origin to every destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Progress
from socaccess.settings import LinkModel
from socaccess.travel._measure import measure_times, split_measures
from socaccess.travel.minutes import to_limit_ms, to_minutes
from socaccess.travel.places import snap_ends
from socaccess.travel.sparse import SparseTimes, take_ids

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["TravelTimes", "travel_times"]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Times between origins and destinations; none is ever left out.

    Parameters
    ----------
    origin_ids, destination_ids
        Names of rows and columns, in the order they were given.
    travel_ms
        Whole milliseconds, shape (origins, destinations); `UNREACHABLE` where
        there is no way.
    length_m
        Metres along the fastest way, same shape, NaN where there is none; only
        when lengths were asked for.
    modelled_share
        Share (0-1) of the time that runs over modelled ways and access legs,
        same shape; only when lengths were asked for.
    street_share
        The part of that share that is streets within a town; the rest is links
        between places.
    origin_column, destination_column
        What the ids are called in `to_frame`.
    """

    origin_ids: np.ndarray
    destination_ids: np.ndarray
    travel_ms: np.ndarray
    length_m: np.ndarray | None = None
    modelled_share: np.ndarray | None = None
    street_share: np.ndarray | None = None
    origin_column: str = "origin_id"
    destination_column: str = "destination_id"

    @property
    def travel_min(self) -> np.ndarray:
        """Minutes, shape (origins, destinations), NaN where there is no way."""
        return to_minutes(self.travel_ms)

    @property
    def minutes(self) -> pd.DataFrame:
        """Minutes as a table: origins down, destinations across, NaN where there is no way."""
        return pd.DataFrame(
            self.travel_min,
            index=pd.Index(self.origin_ids, name=self.origin_column),
            columns=pd.Index(self.destination_ids, name=self.destination_column),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair: both ids and `travel_min`, NaN where there is no way.

        With `length_km`, `modelled_share` and `street_share` where they were asked for.
        """
        rows, columns = self.travel_ms.shape
        frame = pd.DataFrame(
            {
                self.origin_column: take_ids(self.origin_ids, np.repeat(np.arange(rows), columns)),
                self.destination_column: take_ids(
                    self.destination_ids, np.tile(np.arange(columns), rows)
                ),
                "travel_min": self.travel_min.ravel(),
            },
            copy=False,
        )
        if self.length_m is not None:
            frame["length_km"] = self.length_m.ravel() / 1000
        for name in ("modelled_share", "street_share"):
            if getattr(self, name) is not None:
                frame[name] = getattr(self, name).ravel()
        return frame

    def to_sparse(self, first_origin: int = 0) -> SparseTimes:
        """Return the pairs within reach; see `travel_blocks` for tables too large to be dense.

        `first_origin` is the number of the first row, where this is a block of a larger table.

        Examples
        --------
        >>> ids = np.array(["A", "B"], dtype=object)
        >>> far = 2**31 - 1
        >>> times = TravelTimes(ids, ids, np.array([[0, far], [90_000, 0]], dtype=np.uint32))
        >>> times.to_sparse().to_frame().values.tolist()
        [['A', 'A', 0.0], ['B', 'A', 1.5], ['B', 'B', 0.0]]
        """
        row, column = self.locate_reached()

        def pick(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[row, column]

        return SparseTimes(
            origin_ids=self.origin_ids,
            destination_ids=self.destination_ids,
            origin=(row + first_origin).astype(np.int32),
            destination=column.astype(np.int32),
            travel_ms=self.travel_ms[row, column],
            length_m=pick(self.length_m),
            modelled_share=pick(self.modelled_share),
            street_share=pick(self.street_share),
            origin_column=self.origin_column,
            destination_column=self.destination_column,
        )

    def locate_reached(self) -> tuple[np.ndarray, np.ndarray]:
        """Return row and column of every pair within reach, row by row."""
        row, column = np.nonzero(self.travel_ms < UNREACHABLE)
        return row, column

    def pick_minutes(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return the minutes of some pairs, NaN where there is no way."""
        return to_minutes(self.travel_ms[row, column])


def travel_times(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame | Snapped,
    destinations: gpd.GeoDataFrame | Snapped,
    *,
    lengths: bool = False,
    cutoff_min: float | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
    client: Any = None,
) -> TravelTimes:
    """Return the time of the fastest way from every origin to every destination.

    Places are put on the nearest point of a road; the way there counts into the
    time. Times are exact to the millisecond for the network given, whatever the
    engine.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        Points with an id column (`settlement_id`, `facility_id`, `site_id`, `id`)
        and any stated CRS, or places snapped before.
    lengths
        Also measure the way and how much of its time is modelled. Of ways equally
        fast the same one is always measured.
    cutoff_min
        Longest time of interest in minutes, inclusive; longer ones become NaN.
    links
        The model of the access leg.
    engine
        `auto`, `scipy`, `dijkstra` or `hierarchy`: all give the same times. `auto` uses
        what was prepared for the network (`RoadNetwork.prepare`) where that is faster.
        Lengths are measured along single ways, which a hierarchy does not keep.
    threads, progress
        As in `socaccess.routing.compute_matrix`.
    client
        A `distributed.Client` (`socaccess.partitions.connect`) whose workers do the
        work in parts; the answer is the same.

    Returns
    -------
    TravelTimes
        With every origin and destination, also those that could not be snapped
        or reached.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> def point(column, name, x):
    ...     return gpd.GeoDataFrame({column: [name]}, geometry=gpd.points_from_xy([x], [0.0]),
    ...                             crs="EPSG:3059")
    >>> times = travel_times(network, point("settlement_id", "A", 0.0),
    ...                      point("facility_id", "B", 500.0))
    >>> times.minutes.loc["A", "B"]
    np.float64(0.5)
    """
    starts, ends, origin_column, destination_column = snap_ends(
        network, origins, destinations, links
    )
    cutoff_ms = None if cutoff_min is None else to_limit_ms(cutoff_min)
    if client is None:
        travel_ms, measures = measure_times(
            network, starts, ends, lengths=lengths, cutoff_ms=cutoff_ms,
            engine=engine, threads=threads, progress=progress,
        )  # fmt: skip
    else:
        from socaccess.travel._spread import spread_times

        travel_ms, measures = spread_times(
            network, starts, ends, lengths=lengths, cutoff_ms=cutoff_ms,
            engine=engine, client=client, progress=progress,
        )  # fmt: skip
    return TravelTimes(
        origin_ids=starts.ids,
        destination_ids=ends.ids,
        travel_ms=travel_ms,
        **split_measures(measures),
        origin_column=origin_column,
        destination_column=destination_column,
    )
