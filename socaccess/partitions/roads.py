"""Roads that many processes travel on: sent once to each, or opened there as a file."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from socaccess.errors import NetworkFileError
from socaccess.network import RoadNetwork
from socaccess.routing import Hierarchy, build_hierarchy
from socaccess.routing._choice import choose_engine
from socaccess.routing.hierarchy import ARRAYS

__all__ = ["SharedRoads", "hierarchy_path", "share_roads"]

MARK = slice(24, 56)
"""Where a network file holds the hash of its header, which holds those of its arrays."""


@dataclass(frozen=True, eq=False)
class SharedRoads:
    """A network with what was prepared for it, in a form that travels well.

    Parameters
    ----------
    network
        The roads.
    engine
        The engine for every part, chosen for all of them together.
    hierarchy
        Built from the network's graph, where the engine wants one.
    on_file
        Every worker sees the network's file and opens it; else the arrays are sent.
    """

    network: RoadNetwork
    engine: str
    hierarchy: Hierarchy | None = None
    on_file: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        file = self.network.file
        if self.on_file and file is not None:
            beside = None
            if self.hierarchy is not None and hierarchy_path(file).exists():
                beside = hierarchy_path(file)
            if self.hierarchy is None or beside is not None:
                return SharedRoads.open, (str(file), _read_mark(file), self.engine, str(beside))
        # What was derived and kept is not sent: lines and graph are quicker made than carried.
        roads = {item.name: getattr(self.network, item.name) for item in fields(self.network)}
        arrays = None
        if self.hierarchy is not None:
            arrays = {name: getattr(self.hierarchy, name) for name in ARRAYS}
            arrays["fingerprint"] = self.hierarchy.fingerprint
        return SharedRoads.rebuild, (roads, self.engine, arrays)

    def seen_by(self, client: Any) -> Self:
        """Return the same roads, on file if every worker of the client sees the file."""
        file = self.network.file
        return replace(self, on_file=client is not None and file is not None
                       and _all_see(client, file))  # fmt: skip

    @classmethod
    def rebuild(cls, roads: dict[str, Any], engine: str, arrays: dict[str, Any] | None) -> Self:
        """Return the roads of arrays that were sent."""
        hierarchy = None if arrays is None else Hierarchy(**arrays)
        return cls(RoadNetwork(**roads), engine, hierarchy)

    @classmethod
    def open(cls, file: str, mark: bytes, engine: str, beside: str) -> Self:
        """Return the roads of a file on this machine, refused if it is another than was meant."""
        if _read_mark(Path(file)) != mark:
            raise NetworkFileError(f"{file}: is another network here than where the work began")
        network = RoadNetwork.load(file)
        hierarchy = None if beside == "None" else Hierarchy.load(beside, network.graph)
        return cls(network, engine, hierarchy, on_file=True)


def share_roads(
    network: RoadNetwork,
    searches: int,
    *,
    engine: str = "auto",
    client: Any = None,
) -> SharedRoads:
    """Return roads ready to be travelled by many parts, prepared once for all of them.

    A hierarchy is built where `searches` pay for it and kept beside the network's file
    (`hierarchy_path`), so that the next question finds it there.

    Parameters
    ----------
    network
        The roads; best one loaded from a file that the workers see under the same name.
    searches
        Searches that all parts together would need without a hierarchy.
    engine
        As in `socaccess.routing.compute_matrix`; all give equal answers.
    client
        Who will do the work; None is this process.
    """
    hierarchy = _find_hierarchy(network) if engine in ("auto", "hierarchy") else None
    chosen = choose_engine(
        network.graph, searches, engine, hierarchy=hierarchy, can_use_hierarchy=True
    )
    if chosen == "hierarchy" and hierarchy is None:
        hierarchy = _build_hierarchy(network)
    return SharedRoads(network, chosen, hierarchy).seen_by(client)


def hierarchy_path(file: Path) -> Path:
    """Return where the hierarchy of a network file is kept: beside it.

    Examples
    --------
    >>> hierarchy_path(Path("latvia.network")).name
    'latvia.network.hierarchy'
    """
    return file.with_name(f"{file.name}.hierarchy")


def _find_hierarchy(network: RoadNetwork) -> Hierarchy | None:
    if network.file is None or not hierarchy_path(network.file).exists():
        return None
    try:
        return Hierarchy.load(hierarchy_path(network.file), network.graph)
    except NetworkFileError:
        return None  # of an earlier network of this name; the next one built replaces it


def _build_hierarchy(network: RoadNetwork) -> Hierarchy:
    hierarchy = build_hierarchy(network.graph)
    if network.file is not None:
        try:
            hierarchy.save(hierarchy_path(network.file))
        except OSError:
            return hierarchy  # a folder one may only read from: it is sent instead
    return hierarchy


def _all_see(client: Any, file: Path) -> bool:
    """Return whether every worker finds this very file under its name."""
    mark = _read_mark(file)
    seen = client.run(_read_mark, file)
    return bool(seen) and all(found == mark for found in seen.values())


def _read_mark(file: Path) -> bytes:
    """Return the hash that tells a network file from every other, nothing where there is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(MARK.stop)[MARK]
    except OSError:
        return b""
