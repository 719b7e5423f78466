"""Fetching a source by its name, from its portal or from a mirror."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from socaccess.cachefolder import find_cache_folder
from socaccess.errors import InputError
from socaccess.i18n import fold
from socaccess.sources.downloads import (
    Cache,
    CachedFile,
    DownloadError,
    Limits,
    Remote,
    fetch_file,
    fetch_text,
    require_connection,
)
from socaccess.sources.portals.catalogue import ENDINGS, PORTAL, SOURCES, Source, find_source
from socaccess.sources.portals.ckan import choose_resource, list_resources, show_dataset

__all__ = ["Stocked", "fetch", "list_stock"]

GEOFABRIK = "https://download.geofabrik.de/europe/latvia-latest.osm.pbf"
_HOSTS = {
    "ckan": ("data.gov.lv", "www.data.gov.lv"),
    "geofabrik": ("download.geofabrik.de",),
}


def fetch(
    name: str,
    *,
    cache: Cache | None = None,
    address: str = "",
    resource: str = "",
    portal: str = PORTAL,
    limits: Limits | None = None,
    offline: bool = False,
    refresh: bool = False,
    check: Callable[[Path], object] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CachedFile:
    """Return the file of a source, from the cache or else from its portal.

    Parameters
    ----------
    name
        One of `SOURCES`; those of Overpass are fetched by `fetch_map`.
    cache
        Where files are kept.
    address
        Take this file instead of the portal's: a mirror. Its host is trusted because it was named.
    resource
        Words in the name of the dataset's file that is meant.
    portal
        Address of the open-data portal.
    limits
        How long to wait and how much to take.
    offline
        Make no connection; `SOCACCESS_OFFLINE=1` forbids every one whatever is said here.
    refresh
        Fetch though there is one.
    check
        Reads the new file before it takes its place in the cache; what it raises leaves the
        cache as it was.
    progress
        Called with the bytes there are and the bytes expected (0 if unknown).

    Raises
    ------
    DownloadError
        If it could not be fetched, with how to place the file by hand.
    UnknownNameError
        If there is no such source.
    InputError
        If the portal has no file of a kind we read.
    """
    source = find_source(name)
    if source.portal == "overpass":
        raise InputError("portals.by_place", name=name)
    cache = cache or Cache()
    found = cache.find(name, source.endings)
    meant = found is not None and not refresh and _is_asked_for(found, address, resource)
    if found is not None and meant and found.is_whole():
        return found
    if found is not None and found.placed_by_hand:
        # That it is not fetched over a file placed by hand, can be said without the portal.
        remote = _describe(source, source.page, source.kinds[0])
    else:
        try:
            remote = _find(source, address, resource, portal, offline)
        except DownloadError as error:
            advice = _describe(source, source.page, source.kinds[0]).advise(cache)
            raise error.with_advice(advice) from None

    def take(remote: Remote) -> CachedFile:
        return fetch_file(
            remote,
            cache,
            limits=limits,
            offline=offline,
            refresh=found is not None,
            check=check,
            progress=progress,
        )

    try:
        return take(remote)
    except DownloadError as error:
        if error.reason != "hash" or source.portal != "geofabrik":
            raise
        # The extract and the hash beside it are exchanged daily, one after the other.
        digest = _find_md5(remote.address, remote.hosts, offline)
        if digest == remote.digest:
            raise
        return take(replace(remote, digest=digest))


def _is_asked_for(found: CachedFile, address: str, resource: str) -> bool:
    """Return whether the file there is the one meant, as far as a call says which."""
    if found.placed_by_hand:
        return True
    kept = fold(dict(found.details).get("resource", ""))
    return found.address == (address or found.address) and all(
        word in kept for word in fold(resource).split()
    )


def _find(source: Source, address: str, resource: str, portal: str, offline: bool) -> Remote:
    """Return where the file of a source is now."""
    require_connection(offline)
    if address:
        parts = _split(address)
        path = parts[1].lower()
        kind = next((k for k in source.kinds if path.endswith(ENDINGS[k])), source.kinds[0])
        digest = _find_md5(address, (parts[0],), offline) if kind == "pbf" else ""
        return _describe(source, address, kind, hosts=(parts[0],), digest=digest)
    if source.portal == "geofabrik":
        hosts = _HOSTS["geofabrik"]
        digest = _find_md5(GEOFABRIK, hosts, offline)
        return _describe(source, GEOFABRIK, "pbf", hosts=hosts, digest=digest)
    if source.portal == "direct":
        host, _ = _split(source.address)
        return _describe(source, source.address, source.kinds[0], hosts=(host,))
    hosts = _HOSTS["ckan"] if portal == PORTAL else (_split(portal)[0],)
    dataset = show_dataset(
        source.dataset or source.name, portal=portal, hosts=hosts, offline=offline
    )
    chosen = choose_resource(list_resources(dataset), source, resource)
    licence = str(dataset.get("license_title") or dataset.get("license_id") or source.licence)
    details = {"resource": chosen.name, "licence": licence}
    if chosen.date.year > 1:
        details["published"] = chosen.date.isoformat()
    return _describe(
        source, chosen.address, chosen.kind, hosts=hosts, digest=chosen.digest, details=details
    )


def _describe(
    source: Source,
    address: str,
    kind: str,
    *,
    hosts: tuple[str, ...] = (),
    digest: str = "",
    details: dict[str, str] | None = None,
) -> Remote:
    return Remote(
        name=source.name,
        address=address,
        kind=kind,
        file=f"{source.name}{ENDINGS[kind][0]}",
        hosts=hosts,
        digest=digest,
        page=source.page,
        endings=source.endings,
        details={"licence": source.licence, **(details or {})},
    )


def _find_md5(address: str, hosts: tuple[str, ...], offline: bool) -> str:
    """Return the hash that lies beside a file, as Geofabrik and its mirrors place it."""
    text = fetch_text(f"{address}.md5", hosts, offline=offline)
    found = re.match(r"\s*([0-9a-fA-F]{32})\b", text)
    if not found:
        raise DownloadError("downloads.other_kind", kind="md5")
    return found[1]


def _split(address: str) -> tuple[str, str]:
    """Return host and path of an address."""
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.path
    except ValueError:
        return "", ""


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
