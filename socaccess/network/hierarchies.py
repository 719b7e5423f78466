"""Hierarchies of networks, kept on disk: beside the network's file, or in a folder of the user.

A contraction hierarchy belongs to one graph, times and all, and knows its fingerprint; so one of
other roads or another season is never used by mistake. Beside `latvia.network` it is
`latvia.network.hierarchy`. For a network without one, a hierarchy that was built for a large
question is kept in the user's cache folder under the graph's fingerprint.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

from socaccess.cachefolder import find_cache_folder
from socaccess.errors import NetworkFileError, Problem, SocAccessWarning
from socaccess.messages import Message
from socaccess.routing import Graph, Hierarchy, build_hierarchy

__all__ = [
    "hierarchy_path",
    "load_hierarchy",
    "make_hierarchy",
    "save_hierarchy",
]

WORTH_KEEPING: Final = 50_000
"""Arcs of the smallest graph whose hierarchy is kept: of smaller ones it is built in a second."""

KEPT: Final = 8
"""Hierarchies in the cache folder; the ones not used for longest go."""


def hierarchy_path(file: str | Path) -> Path:
    """Return where the hierarchy of a network file is kept: beside it.

    Examples
    --------
    >>> hierarchy_path("latvia.network").name
    'latvia.network.hierarchy'
    """
    file = Path(file)
    return file.with_name(f"{file.name}.hierarchy")


def load_hierarchy(graph: Graph, file: str | Path | None = None) -> Hierarchy | None:
    """Return the hierarchy of `graph` that is on disk, None if there is none that fits.

    One beside `file` that belongs to other roads, or is damaged, is passed over with a
    `SocAccessWarning`; then the cache folder is looked into.
    """
    if file is not None and hierarchy_path(file).is_file():
        try:
            return Hierarchy.load(hierarchy_path(file), graph)
        except NetworkFileError as error:
            why = error.problems[0]
            reason = Message(why.code, **why.values)
            note = Problem("network.hierarchy_not_used", where=why.where, reason=reason)
            warnings.warn(str(note), SocAccessWarning, stacklevel=3)
    kept = _place_in_cache(graph)
    if kept is None or not kept.is_file():
        return None
    try:
        found = Hierarchy.load(kept, graph)
        kept.touch()  # used just now
    except OSError:  # damaged, or not ours to touch: the next one built replaces it
        return None
    return found


def make_hierarchy(graph: Graph) -> Hierarchy:
    """Return the hierarchy of `graph`, built now and kept in the cache folder if it is large."""
    hierarchy = build_hierarchy(graph)
    place = _place_in_cache(graph) if graph.arc_count >= WORTH_KEEPING else None
    if place is not None:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            hierarchy.save(place)
            _tidy(place.parent)
        except OSError as error:
            note = Problem(
                "network.hierarchy_not_kept", where=str(place.parent), number=error.errno
            )
            warnings.warn(str(note), SocAccessWarning, stacklevel=2)
    return hierarchy


def save_hierarchy(hierarchy: Hierarchy, file: str | Path) -> Path:
    """Write a hierarchy beside the network file it belongs to and return where.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place = hierarchy_path(file)
    hierarchy.save(place)
    return place


def _place_in_cache(graph: Graph) -> Path | None:
    folder = find_cache_folder()
    return None if folder is None else folder / "hierarchies" / f"{graph.fingerprint}.hierarchy"


def _tidy(folder: Path) -> None:
    """Remove all but the hierarchies used last."""
    kept = sorted(folder.glob("*.hierarchy"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT:]:
        path.unlink(missing_ok=True)
