"""Roads and social facilities of a place, asked of Overpass through osmnx and kept as a file.

What Overpass answers is written as an OpenStreetMap file, which our own readers read: the same
speeds, the same mapping of facilities as from an extract. osmnx asks the questions, under our
limits: its settings are ours while it asks and its own again afterwards. Not for several threads
at once.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from socaccess import crs as crs_
from socaccess.errors import InputError, MissingDependencyError
from socaccess.sources.cache import tell_of_disk
from socaccess.sources.downloads import (
    Cache,
    CachedFile,
    DownloadError,
    Limits,
    fetch_text,
    require_connection,
)
from socaccess.sources.osm import DRIVEN_CLASSES
from socaccess.sources.portals.catalogue import find_source
from socaccess.sources.transport import (
    USER_AGENT,
    CutOffError,
    Reply,
    check_address,
    explain_failure,
    make_reader,
    name_host,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

__all__ = ["Elements", "OverpassService", "fetch_map"]

LARGEST_ROADS_KM2 = 10_000.0
"""For the roads of a larger area an extract is the right thing to fetch."""

_AMENITIES = ["social_facility", "nursing_home", "retirement_home", "group_home", "social_centre",
              "shelter_home"]  # fmt: skip
_ROAD_FILTERS = [f'["highway"~"^({"|".join(DRIVEN_CLASSES)})$"]', '["route"="ferry"]']
_WHOLE_KM2 = 200_000.0


@dataclass(frozen=True)
class OverpassService:
    """Whom to ask.

    Parameters
    ----------
    overpass
        Address of the Overpass interpreter, without `/interpreter`.
    nominatim
        Address of the Nominatim that knows where a named place is.
    query_s
        Longest time the server may work on one question, in seconds.
    """

    overpass: str = "https://overpass-api.de/api"
    nominatim: str = "https://nominatim.openstreetmap.org/"
    query_s: int = 180

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts that may answer."""
        return name_host(self.overpass), name_host(self.nominatim)


def fetch_map(
    name: str,
    *,
    place: str = "",
    polygon: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    service: OverpassService | None = None,
    cache: Cache | None = None,
    limits: Limits | None = None,
    offline: bool = False,
    refresh: bool = False,
    check: Callable[[Path], object] | None = None,
) -> CachedFile:
    """Return an OpenStreetMap file (`.osm`) of a place's roads or social facilities.

    Roads are read by `RoadNetwork.from_osm`, facilities by
    `socaccess.sources.osm.read_candidate_facilities`. Turn restrictions are not asked for.

    Parameters
    ----------
    name
        `osm_roads` or `osm_facilities`.
    place
        What Nominatim calls the area: `Ludzas novads, Latvija`.
    polygon
        The area itself, in any stated coordinate system. Roads are taken 500 m beyond it.
    service
        Whom to ask.
    cache
        Where files are kept, one for each area.
    limits
        How long to wait and how much to take, for each question.
    offline
        Make no connection; `SOCACCESS_OFFLINE=1` forbids every one whatever is said here.
    refresh
        Ask again though there is a file.
    check
        Reads the new file before it takes its place in the cache.

    Raises
    ------
    DownloadError
        If there is no whole answer; the cache is as it was.
    InputError
        If the place is not known or no area, too large for roads, or has nothing of the kind.
    MissingDependencyError
        If osmnx is not installed.
    """
    source = find_source(name)
    if source.portal != "overpass":
        raise InputError("portals.not_by_place", name=name)
    if bool(place) == (polygon is not None):
        raise InputError("portals.place_or_polygon", name=name)
    service, cache = service or OverpassService(), cache or Cache()
    limits = limits or Limits(read_s=service.query_s + 30, max_bytes=500_000_000)
    area = _unite(polygon) if polygon is not None else None
    asked = place.strip().casefold() if area is None else area.wkb_hex
    folder = f"{name}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
    found = cache.find(folder, source.endings)
    if found is not None and not refresh and found.is_whole():
        return found
    try:
        if found is not None and found.placed_by_hand:
            raise DownloadError("downloads.placed", path=str(found.path))
        require_connection(offline)
        ox = _import_osmnx()
        with cache.lock(limits.total_s), _Asking(ox, service, limits) as asking:
            came = cache.find(folder, source.endings)
            if came is not None and came != found:
                return came  # of whoever held the cache before
            area = area if area is not None else _geocode(ox, place, asking)
            elements = _collect(ox, name, area, asking)
            part = cache.partial_folder(folder) / source.file
            details = {"licence": source.licence, "place": place or "polygon"}
            try:
                _write(elements, part)
                if check is not None:
                    check(part)
                return cache.place(
                    folder, part, source.file, address=service.overpass, details=details
                )
            finally:
                cache.forget_partial(folder)
    except DownloadError as error:
        here = error.reason in ("placed", "locked", "disk", "disk_full")
        where = str(cache.folder_of(folder))
        advice = {"page": source.page, "file": source.file, "folder": where}
        raise error.with_advice({} if here else advice) from None


def _import_osmnx() -> Any:
    try:
        import osmnx
    except ImportError:
        raise MissingDependencyError("portals.no_osmnx") from None
    return osmnx


def _unite(polygon: Any) -> BaseGeometry:
    """Return one valid area in degrees."""
    if polygon.crs is None:
        raise InputError("schemas.no_crs", where="polygon")
    kinds = set(polygon.geometry.geom_type)
    if not kinds or not kinds <= {"Polygon", "MultiPolygon"}:
        raise InputError("schemas.not_a_polygon", where="polygon", rows=sorted(kinds))
    return polygon.geometry.to_crs(crs_.EXCHANGE).make_valid().union_all()


def _geocode(ox: Any, place: str, asking: _Asking) -> BaseGeometry:
    try:
        with asking.told():
            return ox.geocode_to_gdf(place).union_all()
    except (ValueError, TypeError):
        raise InputError("portals.no_such_place", place=place) from None


def _collect(ox: Any, name: str, area: BaseGeometry, asking: _Asking) -> Elements:
    import geopandas as gpd

    frame = gpd.GeoSeries([area], crs=crs_.EXCHANGE)
    km2 = float(frame.to_crs(frame.estimate_utm_crs()).area.sum()) / 1e6
    if name == "osm_roads" and km2 > LARGEST_ROADS_KM2:
        raise InputError("portals.area_too_large", area_km2=round(km2), most_km2=LARGEST_ROADS_KM2)
    with asking.told():
        try:
            if name == "osm_roads":
                ox.graph_from_polygon(area, custom_filter=_ROAD_FILTERS)
            else:
                # Few objects, wherever they are: one question for the whole area.
                ox.settings.max_query_area_size = _WHOLE_KM2 * 1e6
                tags = {"amenity": _AMENITIES, "social_facility": True}
                ox.features_from_polygon(area, tags)
        except InterruptedError:
            pass  # osmnx was asked to stop once everything is here
    if not len(asking.elements):
        raise InputError("portals.nothing_there", name=name)
    return asking.elements


def _write(elements: Elements, path: Path) -> None:
    with tell_of_disk(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        elements.write(path)


class _Asking:
    """osmnx under our rules: it asks whom and as often as we allow, and we keep the answers."""

    def __init__(self, ox: Any, service: OverpassService, limits: Limits) -> None:
        self.ox, self.service, self.limits = ox, service, limits
        self.elements = Elements()
        self.deadline = time.monotonic() + limits.total_s

    def __enter__(self) -> _Asking:
        ours: dict[str, Any] = {
            "cache_only_mode": True,
            "doh_url_template": None,
            "http_accept_language": "lv,en",
            "http_referer": "",
            "http_user_agent": USER_AGENT,
            "log_console": False,
            "log_file": False,
            "max_query_area_size": self.ox.settings.max_query_area_size,
            "nominatim_key": None,
            "nominatim_url": self.service.nominatim,
            "overpass_memory": None,
            "overpass_rate_limit": False,
            "overpass_url": self.service.overpass,
            "requests_kwargs": {
                "allow_redirects": False,
                "auth": self._allow,
                "hooks": {"response": self._take},
            },
            "requests_timeout": int(self.limits.read_s),
            "use_cache": False,
        }
        self.theirs = {name: getattr(self.ox.settings, name) for name in ours}
        self.look_up = socket.getaddrinfo
        for name, value in ours.items():
            setattr(self.ox.settings, name, value)
        return self

    def __exit__(self, *_: object) -> None:
        for name, value in self.theirs.items():
            setattr(self.ox.settings, name, value)
        # osmnx binds the name of the server to one address, for the whole process.
        socket.getaddrinfo = self.look_up

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what goes wrong below osmnx into our errors."""
        import requests

        try:
            yield
        except requests.exceptions.RequestException as error:
            host = name_host(self.service.overpass)
            if error.request is not None and error.request.url:
                host = name_host(str(error.request.url))
            failure = explain_failure(error, host, self.limits)
            if isinstance(failure, CutOffError):
                failure = DownloadError("downloads.cut_off", host=host)
            raise failure from None

    def _allow(self, request: Any) -> Any:
        """Look at a question before it is sent; wait until the server has a place for it."""
        check_address(request.url, self.service.hosts)
        if request.url.startswith(self.service.overpass):
            self._await_slot()
        return request

    def _await_slot(self) -> None:
        host = name_host(self.service.overpass)
        short = replace(self.limits, max_bytes=100_000, read_s=min(self.limits.read_s, 30))
        address = f"{self.service.overpass.rstrip('/')}/status"
        try:
            status = fetch_text(address, self.service.hosts, limits=short)
        except DownloadError as error:
            if error.reason == "status":
                return  # a server that does not tell
            raise
        waits = [int(text) for text in re.findall(r"in (\d{1,6}) seconds", status)]
        if not waits or re.search(r"\d+ slots available now", status):
            return
        if min(waits) > self.limits.longest_pause_s:
            raise DownloadError("downloads.later", host=host, minutes=min(waits) // 60 + 1)
        time.sleep(min(waits))

    def _take(self, response: Any, **_: object) -> Any:
        """Read an answer within our limits before osmnx sees it; keep its elements."""
        host = name_host(response.url)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.is_redirect:
            where = name_host(headers.get("location", ""))
            raise DownloadError("downloads.elsewhere", host=where, hosts=self.service.hosts)
        if response.status_code in (429, 502, 503, 504):
            raise DownloadError("downloads.busy", host=host, status=response.status_code)
        if response.status_code != 200:
            raise DownloadError("downloads.status", host=host, status=response.status_code)
        read = make_reader(response, self.limits, host)
        reply = Reply(response.url, 200, headers, read, self.limits, self.deadline)
        try:
            body = b"".join(reply.chunks())
        except CutOffError:
            raise DownloadError("downloads.cut_off", host=host) from None
        finally:
            response.raw.release_conn()
        if body.lstrip().startswith(b"<"):
            raise DownloadError("downloads.web_page", kind="json")
        if response.url.startswith(self.service.overpass):
            self.elements.add(body, host)
        # What osmnx reads now is in memory and unpacked.
        response.raw = io.BytesIO(body)
        return response


_KINDS = ("node", "way", "relation")
_LARGEST_ID = 2**53


class Elements:
    """Nodes, ways and relations gathered from several answers, each once."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[int, str]] = {kind: {} for kind in _KINDS}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, body: bytes, host: str) -> None:
        """Take the elements of one answer.

        Raises
        ------
        DownloadError
            If it is no answer of Overpass, or says that it is not whole.
        """
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise DownloadError("downloads.other_kind", kind="json") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
            raise DownloadError("downloads.answer", host=host)
        if answer.get("remark"):
            # Overpass answers 200 with what it has when time or memory runs out.
            raise DownloadError("downloads.remark", host=host)
        try:
            for element in answer["elements"]:
                self._lines[element["type"]][_read_id(element["id"])] = _draw(element)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise DownloadError("downloads.answer", host=host) from None

    def write(self, path: Path) -> None:
        """Write everything as OpenStreetMap XML, in the order files have: kinds, then ids."""
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
            stream.write('<osm version="0.6" generator="socaccess, from Overpass">\n')
            for kind in _KINDS:
                for _, line in sorted(self._lines[kind].items()):
                    stream.write(line)
            stream.write("</osm>\n")


def _draw(element: dict[str, Any]) -> str:
    """Return an element as XML."""
    kind, number = element["type"], _read_id(element["id"])
    inside = []
    attributes = f'id="{number}" version="1"'
    if kind == "node":
        lat, lon = float(element["lat"]), float(element["lon"])
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError("no place on earth")
        attributes += f' lat="{lat:.7f}" lon="{lon:.7f}"'
    elif kind == "way":
        inside = [f'<nd ref="{_read_id(node)}"/>' for node in element.get("nodes", [])]
    else:
        for member in element.get("members", []):
            if member["type"] not in _KINDS:
                raise ValueError("no kind of member")
            role = _quote(member.get("role", ""))
            inside.append(
                f'<member type="{member["type"]}" ref="{_read_id(member["ref"])}" role={role}/>'
            )
    for key, value in sorted(element.get("tags", {}).items()):
        inside.append(f"<tag k={_quote(key)} v={_quote(value)}/>")
    return f"<{kind} {attributes}>{''.join(inside)}</{kind}>\n"


def _read_id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _LARGEST_ID:
        raise ValueError("no id")
    return value


def _quote(text: object) -> str:
    """Return a text as an XML attribute; a space for letters XML forbids and their like."""
    return quoteattr("".join(letter if letter.isprintable() else " " for letter in str(text)))
