"""Downloads: continued where they stopped, checked, and in the cache whole or not at all.

`fetch_file` is the one way in for files, `fetch_json` for a portal's small answers. One file is
fetched at a time on a machine; servers are told who asks, asked again only when they say they are
busy or a connection broke, and not before the time they name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from socaccess.files import write_file
from socaccess.sources.archives import check_content, unpack_layers
from socaccess.sources.cache import (
    Cache,
    CachedFile,
    hash_file,
    tell_of_disk,
)
from socaccess.sources.transport import (
    CutOffError,
    DownloadError,
    Limits,
    Reply,
    is_offline,
    name_host,
    open_address,
    require_connection,
    too_large,
    took_too_long,
)

if TYPE_CHECKING:
    from urllib3.util.retry import Retry

__all__ = [
    "Cache",
    "CachedFile",
    "DownloadError",
    "Limits",
    "Remote",
    "fetch_file",
    "fetch_json",
    "fetch_text",
    "is_offline",
    "refuse_status",
    "require_connection",
    "try_often",
    "unpack_layers",
]

SMALL = Limits(max_bytes=5_000_000, max_unpacked_bytes=20_000_000, total_s=120.0)
"""Limits for descriptions and hashes."""

_STATE = "partial.json"
# After these there is no use in going on with what came, or no room to keep it.
_SPOILED = ("hash", "length", "web_page", "other_kind", "empty", "too_large", "bomb", "encoding",
            "members", "outside", "encrypted", "broken_archive", "archive_bomb",
            "disk", "disk_full")  # fmt: skip
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Remote:
    """A file somewhere else.

    Parameters
    ----------
    name
        Its folder in the cache.
    address
        Where it is.
    kind
        What it must be: `csv`, `xlsx`, `zip`, `pbf` or `json`.
    file
        Its name in the cache.
    hosts
        Hosts that may answer.
    digest
        The hash it must have, in hexadecimal (md5, sha1 or sha256 by its length); empty if its
        publisher states none.
    page
        Where a person finds it.
    endings
        Endings of files a person may place by hand instead.
    details
        What to keep about it: title, licence, date.
    """

    name: str
    address: str
    kind: str
    file: str
    hosts: tuple[str, ...]
    digest: str = ""
    page: str = ""
    endings: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def advise(self, cache: Cache) -> dict[str, str]:
        """Return how a person does without the download."""
        folder = str(cache.folder_of(self.name))
        return {"page": self.page or self.address, "file": self.file, "folder": folder}


def fetch_file(
    remote: Remote,
    cache: Cache | None = None,
    *,
    limits: Limits | None = None,
    offline: bool = False,
    refresh: bool = False,
    check: Callable[[Path], object] | None = None,
    progress: Progress | None = None,
) -> CachedFile:
    """Return a file of the cache, fetched if it is not there.

    Parameters
    ----------
    remote
        What to fetch.
    cache
        Where to keep it.
    limits
        How long to wait and how much to take.
    offline
        Make no connection; `SOCACCESS_OFFLINE=1` forbids every one whatever is said here.
    refresh
        Fetch though there is one.
    check
        Called with the new file before it takes the place of the old one; what it raises
        leaves the cache as it was.
    progress
        Called with the bytes there are and the bytes expected (0 if unknown).

    Raises
    ------
    DownloadError
        If it could not be fetched. The file fetched before, if any, is still there; what came
        of this one is kept only where it can be continued.
    """
    cache = cache or Cache()
    limits = limits or Limits()
    found = cache.find(remote.name, remote.endings)
    if found is not None and not refresh and found.is_whole():
        return found
    try:
        if found is not None and found.placed_by_hand:
            raise DownloadError("downloads.placed", path=str(found.path))
        require_connection(offline)
        with cache.lock(limits.total_s):
            # Whoever held the cache before may have fetched just this.
            came = cache.find(remote.name, remote.endings)
            if came is not None and came != found:
                return came
            return _Download(remote, cache, limits, progress).run(check)
    except DownloadError as error:
        here = error.reason in ("placed", "locked", "disk", "disk_full")
        raise error.with_advice({} if here else remote.advise(cache)) from None


def fetch_json(
    address: str,
    hosts: Collection[str],
    *,
    limits: Limits = SMALL,
    offline: bool = False,
) -> Any:
    """Return the JSON an address answers with; nothing is kept.

    Raises
    ------
    DownloadError
        If there is no answer, or it is no JSON.
    """
    text = fetch_text(address, hosts, limits=limits, offline=offline)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        page = text.lstrip("\ufeff \r\n\t").lower().startswith(("<!doctype html", "<html"))
        raise DownloadError(
            "downloads.web_page" if page else "downloads.other_kind", kind="json"
        ) from None


def fetch_text(
    address: str,
    hosts: Collection[str],
    *,
    limits: Limits = SMALL,
    offline: bool = False,
) -> str:
    """Return the short text an address answers with; nothing is kept.

    Raises
    ------
    DownloadError
        If there is no answer.
    """
    require_connection(offline)

    def take(reply: Reply) -> bytes:
        refuse_status(reply)
        if (reply.stated_bytes or 0) > limits.max_bytes:
            raise too_large(name_host(address), limits.max_bytes)
        return b"".join(reply.chunks())

    deadline = time.monotonic() + limits.total_s
    return try_often(address, hosts, limits, deadline, dict, take).decode("utf-8", "replace")


class _Download:
    """One file on its way into the cache."""

    def __init__(
        self, remote: Remote, cache: Cache, limits: Limits, progress: Progress | None
    ) -> None:
        self.remote, self.cache, self.limits = remote, cache, limits
        self.progress = progress or (lambda _done, _total: None)
        self.folder = cache.partial_folder(remote.name)
        # The ending stays, so that what reads the file by it can look at it before it is placed.
        self.part = self.folder / remote.file
        self.state: dict[str, Any] = {}
        self.host = name_host(remote.address)

    def run(self, check: Callable[[Path], object] | None) -> CachedFile:
        keep = False
        try:
            with tell_of_disk(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
            self.state = self._read_state()
            deadline = time.monotonic() + self.limits.total_s
            try_often(
                self.remote.address,
                self.remote.hosts,
                self.limits,
                deadline,
                self._make_headers,
                self._take,
            )
            self._verify(check)
            return self.cache.place(
                self.remote.name,
                self.part,
                self.remote.file,
                address=self.remote.address,
                etag=self.state.get("etag", ""),
                last_modified=self.state.get("last_modified", ""),
                details=self.remote.details,
            )
        except (DownloadError, KeyboardInterrupt) as error:
            spoiled = isinstance(error, DownloadError) and error.reason in _SPOILED
            keep = not spoiled and self._can_continue()
            raise
        finally:
            if not keep:
                self.cache.forget_partial(self.remote.name)

    def _read_state(self) -> dict[str, Any]:
        """Return what is known of the part there is; nothing if it is of another file."""
        try:
            state = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        same = isinstance(state, dict) and state.get("address") == self.remote.address
        return state if same and self.part.is_file() else {}

    def _can_continue(self) -> bool:
        return bool(self._validator()) and self.part.is_file() and self.part.stat().st_size > 0

    def _validator(self) -> str:
        """Return what names this version of the file to its server, empty if nothing does."""
        etag = str(self.state.get("etag", ""))
        return etag if etag and not etag.startswith("W/") else self.state.get("last_modified", "")

    def _make_headers(self) -> dict[str, str]:
        if not self._can_continue():
            return {}
        start = self.part.stat().st_size
        return {"Range": f"bytes={start}-", "If-Range": self._validator()}

    def _take(self, reply: Reply) -> None:
        """Write what came behind what is there, or from the start if it is another version."""
        start = self.part.stat().st_size if self.part.is_file() else 0
        if reply.status == 206 and not self._continues(reply, start):
            self.state = {}
            self.part.unlink(missing_ok=True)
            raise CutOffError("another version")
        if reply.status == 416:
            if start and start == self.state.get("bytes"):
                return
            self.state = {}
            self.part.unlink(missing_ok=True)
            raise CutOffError("nothing there")
        if reply.status != 206:
            refuse_status(reply)
            start = 0
            # Gone before the new version is noted: were we stopped here, the two would be joined.
            self.part.unlink(missing_ok=True)
            self._begin(reply)
        total = self.state.get("bytes") or 0
        self._require_room(total, start)
        with tell_of_disk(self.folder):
            stream = self.part.open("ab" if start else "wb")
        try:
            self._write(reply, stream, start, total)
        finally:
            stream.close()
        came = self.part.stat().st_size
        if total and came < total:
            raise CutOffError(f"{came} of {total} bytes")
        if total and came > total:
            raise DownloadError("downloads.length", host=self.host, came=came, stated=total)

    def _continues(self, reply: Reply, start: int) -> bool:
        """Return whether a partial answer is the rest of the version there is."""
        pattern = rf"bytes {start}-(\d+)/(\d+)"
        fits = re.fullmatch(pattern, reply.headers.get("content-range", ""))
        if not fits or int(fits[2]) != self.state.get("bytes") or not start:
            return False
        etag = reply.headers.get("etag", self.state.get("etag", ""))
        changed = reply.headers.get("last-modified", self.state.get("last_modified", ""))
        return bool(etag == self.state.get("etag") and changed == self.state.get("last_modified"))

    def _begin(self, reply: Reply) -> None:
        plain = not reply.packed
        self.state = {
            "address": self.remote.address,
            "bytes": reply.stated_bytes if plain else None,
            # A packed answer cannot be continued: its positions are those of the packed form.
            "etag": reply.headers.get("etag", "") if plain else "",
            "last_modified": reply.headers.get("last-modified", "") if plain else "",
        }
        with tell_of_disk(self.folder):
            write_file(self.folder / _STATE, json.dumps(self.state))

    def _require_room(self, total: int, start: int) -> None:
        if total > self.limits.max_bytes:
            raise too_large(self.host, self.limits.max_bytes)
        if total - start > shutil.disk_usage(self.folder).free:
            raise DownloadError("downloads.disk_full", folder=str(self.folder))

    def _write(self, reply: Reply, stream: BinaryIO, start: int, total: int) -> None:
        done = start
        for chunk in reply.chunks():
            with tell_of_disk(self.folder):
                stream.write(chunk)
            done += len(chunk)
            if done > self.limits.max_unpacked_bytes or (
                not reply.packed and done > self.limits.max_bytes
            ):
                raise too_large(self.host, self.limits.max_bytes)
            self.progress(done, total)
        with tell_of_disk(self.folder):
            stream.flush()
            os.fsync(stream.fileno())

    def _verify(self, check: Callable[[Path], object] | None) -> None:
        check_content(self.part, self.remote.kind, self.limits)
        stated = self.remote.digest.lower()
        if stated and hash_file(self.part, _HASHES[len(stated)]) != stated:
            raise DownloadError("downloads.hash", host=self.host, kind=_HASHES[len(stated)])
        if check is not None:
            check(self.part)


BUSY = (429, 500, 502, 503, 504)


def try_often(
    address: str,
    hosts: Collection[str],
    limits: Limits,
    deadline: float,
    make_headers: Callable[[], dict[str, str]],
    take: Callable[[Reply], Any],
) -> Any:
    """Return what `take` makes of an answer; ask again after a pause while that can help."""
    from urllib3.exceptions import MaxRetryError
    from urllib3.util.retry import Retry

    host = name_host(address)
    # Spread a little, so that many who failed together do not return together. The first attempt
    # is counted before it is made, so that there is a pause after it.
    policy = Retry(
        limits.tries,
        backoff_factor=limits.pause_s / 2,
        backoff_jitter=limits.pause_s / 4,
        backoff_max=limits.longest_pause_s,
    ).increment()
    while True:
        asked_s = 0.0
        try:
            with open_address(
                address, hosts, limits=limits, deadline=deadline, headers=make_headers()
            ) as reply:
                if reply.status not in BUSY:
                    return take(reply)
                asked_s = _read_retry_after(policy, reply.headers.get("retry-after", ""))
                failure = DownloadError("downloads.busy", host=host, status=reply.status)
                if asked_s > limits.longest_pause_s:
                    raise DownloadError(
                        "downloads.later", host=host, minutes=int(asked_s // 60) + 1
                    )
        except CutOffError:
            failure = DownloadError("downloads.cut_off", host=host)
        try:
            policy = policy.increment()
        except MaxRetryError:
            raise failure from None
        pause_s = max(asked_s, policy.get_backoff_time())
        if time.monotonic() + pause_s > deadline:
            raise took_too_long(host, limits.total_s)
        time.sleep(pause_s)


def refuse_status(reply: Reply) -> None:
    """Raise `DownloadError` unless a server gives what it was asked for."""
    if reply.status != 200:
        raise DownloadError("downloads.status", host=name_host(reply.address), status=reply.status)


def _read_retry_after(policy: Retry, text: str) -> float:
    """Return the seconds a server asks to wait; 0 where what it says is no number and no date."""
    from urllib3.exceptions import InvalidHeader

    try:
        return policy.parse_retry_after(text) if text else 0.0
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
