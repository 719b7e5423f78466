"""The road network as one asks for it: named constructors, save, snap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from socaccess.network.roads import Roads
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network.snapped import Snapped

__all__ = ["RoadNetwork"]


@dataclass(frozen=True, eq=False)
class RoadNetwork(Roads):
    """Roads as a graph with times, in a system measured in metres.

    Build one with a named constructor: `main_roads`, `from_edges`, `from_osm`,
    `from_osmnx`, `load`. What it holds is told in `Roads`.
    """

    @classmethod
    def from_edges(
        cls,
        nodes: pd.DataFrame,
        edges: pd.DataFrame,
        *,
        crs: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return a network from two tables.

        Parameters
        ----------
        nodes
            `node_id` (unique) with `lon`, `lat` in degrees, or `x`, `y` in metres
            of `crs`, or a geometry column of points with its CRS.
        edges
            `from_id`, `to_id`, and either `speed_kph` or `forward_ms` (and
            `backward_ms`). Optional: `edge_id`, `length_m` (default: straight
            line), `oneway` (default False), `modelled` (default False),
            `road_class`, `geometry` (lines drawn from `from_id` to `to_id`).
        crs
            Metric system of `x`, `y`, and of the network.
        provenance
            Kept as it is.

        Raises
        ------
        CrsError
            If the nodes are not in metres, or x and y look like degrees.
        InputError
            Naming every duplicate node, unknown end, missing or impossible
            length, speed, flag or coordinate at once.

        Examples
        --------
        >>> import pandas as pd
        >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
        >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
        >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
        >>> network.forward_ms.tolist(), network.length_m.tolist()
        ([60000], [1000.0])
        """
        from socaccess.network.tables import build_from_tables

        return cls._adopt(build_from_tables(nodes, edges, crs=crs, provenance=provenance or {}))

    @classmethod
    def main_roads(cls, links: LinkModel | None = None) -> Self:
        """Return the embedded roads of Latvia with modelled ways to every settlement.

        Lengths are those of state roads and of OpenStreetMap; speeds and ways are modelled by
        `socaccess.settings.LinkModel`, and every edge says which it is. With the default model
        the network is the one that ships; with another it is built, which takes a second.
        """
        from socaccess.network.built_roads import open_built_roads

        asked = links or LinkModel()
        roads = open_built_roads(asked)
        if roads is None:
            from socaccess.network.main_roads import build_main_roads

            roads = build_main_roads(asked)
        return cls._adopt(roads)

    @classmethod
    def from_osmnx(cls, graph: Any) -> Self:
        """Return a network from an osmnx / networkx (multi) directed graph.

        Needs `x`, `y` on nodes and `length` on edges in metres, and takes the
        time from `travel_time` (seconds) or else from `speed_kph` or `maxspeed`;
        the graph attribute `crs` says what `x` and `y` are (default WGS 84).
        """
        from socaccess.network.interchange import read_networkx

        return cls._adopt(read_networkx(graph))

    @classmethod
    def from_osm(
        cls,
        path: str | Path,
        *,
        profile: Any = None,
        season: str = "summer",
        keep_shapes: bool = True,
        progress: Any = None,
    ) -> Self:
        """Return the car network of an OpenStreetMap extract (`.osm.pbf`, `.osm`).

        `socaccess.network.osm_roads.read_osm_network` tells the parameters.
        """
        from socaccess.network.osm_roads import read_osm_network

        return cls._adopt(
            read_osm_network(
                path, profile=profile, season=season, keep_shapes=keep_shapes, progress=progress
            )
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the network saved in a file; arrays are memory-mapped, not read.

        A hierarchy beside the file (`save(..., hierarchy=True)`) is opened when a question
        is large enough to need it.

        Raises
        ------
        NetworkFileError
            If the file is truncated, changed or of another version.
        """
        from socaccess.network.file import load_network

        network = cls._adopt(load_network(path))
        network.__dict__["_file"] = Path(path).resolve()
        return network

    def save(self, path: str | Path, *, hierarchy: bool = False) -> None:
        """Write the network to one file, whole or not at all.

        Parameters
        ----------
        path
            The file.
        hierarchy
            Also build the hierarchy and write it beside the file, where `load` finds it:
            large tables of travel times then need no preparation.
        """
        from socaccess.network.file import save_network

        save_network(self, path)
        if hierarchy:
            from socaccess.network.hierarchies import save_hierarchy

            save_hierarchy(self.prepare(), path)

    def snap(
        self,
        points: gpd.GeoDataFrame,
        *,
        id_column: str,
        links: LinkModel | None = None,
        centres: Sequence[object] | None = None,
    ) -> Snapped:
        """Return where `points` meet the network; see `socaccess.network.snap_points`."""
        from socaccess.network.snapping import snap_points

        return snap_points(self, points, id_column=id_column, links=links, centres=centres)

    @classmethod
    def _adopt(cls, roads: Roads) -> Self:
        return cls(**{item.name: getattr(roads, item.name) for item in fields(roads)})
