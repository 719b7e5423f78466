"""Roads that many processes travel on: sent once to each, or opened there as a file."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from socaccess.errors import NetworkFileError
from socaccess.network import RoadNetwork
from socaccess.network.hierarchies import hierarchy_path
from socaccess.routing import Hierarchy
from socaccess.routing.hierarchy import ARRAYS

__all__ = ["SharedRoads"]

MARK = slice(24, 56)
"""Where a network file holds the hash of its header, which holds those of its arrays."""


@dataclass(frozen=True, eq=False)
class SharedRoads:
    """A network with what was prepared for it, in a form that travels well.

    Parameters
    ----------
    network
        The roads; best ones loaded from a file that the workers see under the same name, with
        the hierarchy beside it (`RoadNetwork.save(path, hierarchy=True)`): then nothing is sent.
    engine
        The engine for every part, chosen for all of them together.
    hierarchy
        Of the network's graph, where the engine wants one.
    on_file
        Every worker sees the network's file and opens it; else the arrays are sent.
    """

    network: RoadNetwork
    engine: str
    hierarchy: Hierarchy | None = None
    on_file: bool = False

    def seen_by(self, client: Any) -> Self:
        """Return the same roads, on file if every worker of the client sees this very file."""
        file = self.network.file
        if client is None or file is None:
            return self
        mark = _read_mark(file)
        seen = client.run(_read_mark, file)
        return replace(self, on_file=bool(seen) and all(one == mark for one in seen.values()))

    def __reduce__(self) -> tuple[Any, ...]:
        roads: tuple[str, bytes] | dict[str, Any]
        hierarchy: bool | dict[str, Any] = False
        file = self.network.file
        if self.on_file and file is not None:
            roads = (str(file), _read_mark(file))
        else:
            # What was derived and kept stays here: it is made sooner than it is carried.
            roads = {item.name: getattr(self.network, item.name) for item in fields(self.network)}
        if self.hierarchy is not None:
            if isinstance(roads, tuple) and hierarchy_path(roads[0]).is_file():
                hierarchy = True
            else:
                names = ("fingerprint", *ARRAYS)
                hierarchy = {name: getattr(self.hierarchy, name) for name in names}
        return _open, (roads, self.engine, hierarchy)


def _open(
    roads: tuple[str, bytes] | dict[str, Any], engine: str, hierarchy: bool | dict[str, Any]
) -> SharedRoads:
    """Return roads that arrived, as arrays or as the name of a file."""
    if isinstance(roads, dict):
        network = RoadNetwork(**roads)
    else:
        file, mark = roads
        if _read_mark(Path(file)) != mark:
            raise NetworkFileError("partitions.other_network", where=str(file))
        network = RoadNetwork.load(file)
    prepared = None
    if hierarchy is True:
        assert network.file is not None
        prepared = Hierarchy.load(hierarchy_path(network.file), network.graph)
    elif isinstance(hierarchy, dict):
        prepared = Hierarchy(**hierarchy)
    return SharedRoads(network, engine, prepared, on_file=not isinstance(roads, dict))


def _read_mark(file: Path) -> bytes:
    """Return the hash that tells a network file from every other, nothing where there is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(MARK.stop)[MARK]
    except OSError:
        return b""
