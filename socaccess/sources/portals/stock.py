"""What of the live sources is on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from socaccess.cachefolder import find_cache_folder
from socaccess.sources.downloads import Cache, CachedFile
from socaccess.sources.portals.catalogue import SOURCES, Source

__all__ = ["Stocked", "list_stock"]


@dataclass(frozen=True)
class Stocked:
    """A source and its file here.

    Parameters
    ----------
    source
        The source.
    name
        Its folder in the cache; sources asked for by area have one for each.
    entry
        The file, None where there is none.
    """

    source: Source
    name: str
    entry: CachedFile | None


def list_stock(cache: Cache | None = None) -> list[Stocked]:
    """Return every source with its file, those asked for by area once for each.

    Raises
    ------
    InputError
        If the cache holds what cannot be understood.
    """
    if cache is None and find_cache_folder() is None:  # nothing is to be kept, so nothing is
        return [Stocked(source, source.name, None) for source in SOURCES]
    cache = cache or Cache()
    stock = []
    for source in SOURCES:
        names = [source.name]
        if source.portal == "overpass":
            folders = sorted(cache.folder.glob(f"{source.name}-*"))
            names += [folder.name for folder in folders if folder.is_dir()]
        found = [Stocked(source, name, cache.find(name, source.endings)) for name in names]
        stock += found[:1] if len(found) == 1 else found[1:]
    return stock
