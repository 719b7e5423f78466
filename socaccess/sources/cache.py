"""The folder of fetched files: one subfolder a source, changed as a whole or not at all.

    <cache>/<name>/                 files a person placed by hand; these go first
    <cache>/<name>/source.json      what is known of the fetched file
    <cache>/<name>/fetched/<hash>/  the fetched file itself
    <cache>/<name>/partial/         what came of a file that was cut off

A fetched file lies in a folder named by its hash; replacing `source.json`, one rename, is the
moment it takes the place of the one before.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from socaccess.cachefolder import CACHE_VARIABLE, find_cache_folder
from socaccess.errors import InputError
from socaccess.files import write_file
from socaccess.sources.transport import DownloadError

__all__ = ["Cache", "CachedFile"]

RECORD, FETCHED, PARTIAL, LOCK = "source.json", "fetched", "partial", ".lock"
_READ_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True)
class CachedFile:
    """A file of the cache and what is known of it.

    Parameters
    ----------
    path
        The file.
    date
        When it was fetched or, placed by hand, last changed: `2026-11-22`.
    bytes
        Its size.
    sha256
        Its hash when it was fetched; empty if placed by hand.
    address
        Where it came from, empty if placed by hand.
    etag, last_modified
        What the server called this version of it.
    details
        What the portal tells of it: title, licence, date.
    """

    path: Path
    date: str
    bytes: int
    sha256: str = ""
    address: str = ""
    etag: str = ""
    last_modified: str = ""
    details: tuple[tuple[str, str], ...] = ()

    @property
    def placed_by_hand(self) -> bool:
        """Whether a person put it there."""
        return not self.address

    def is_whole(self) -> bool:
        """Return whether the file is there and still the one that was fetched."""
        if not self.path.is_file():
            return False
        return self.placed_by_hand or hash_file(self.path) == self.sha256


class Cache:
    """The fetched files in one folder.

    Parameters
    ----------
    folder
        Where they are kept; by default the one of `socaccess.cachefolder`.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        chosen = find_cache_folder() if folder is None else Path(folder)
        if chosen is None:
            raise InputError("downloads.no_folder", variable=CACHE_VARIABLE)
        self.folder = chosen

    def folder_of(self, name: str) -> Path:
        """Return where a file of this source is placed by hand."""
        return self.folder / name

    def find(self, name: str, endings: tuple[str, ...]) -> CachedFile | None:
        """Return the file of a source: the one placed by hand, else the fetched one.

        Raises
        ------
        InputError
            If several were placed by hand.
        """
        folder = self.folder_of(name)
        placed = self._list_placed(folder, endings)
        if len(placed) > 1:
            raise InputError(
                "downloads.several_placed", where=folder, rows=[path.name for path in placed]
            )
        if placed:
            stat = placed[0].stat()
            date = time.strftime("%Y-%m-%d", time.gmtime(stat.st_mtime))
            return CachedFile(placed[0], date, stat.st_size)
        return self._read_record(folder)

    def place(
        self,
        name: str,
        part: Path,
        file: str,
        *,
        address: str,
        etag: str = "",
        last_modified: str = "",
        details: Mapping[str, str] | None = None,
    ) -> CachedFile:
        """Move a whole file into the cache, in place of the one fetched before."""
        folder = self.folder_of(name)
        with tell_of_disk(folder):
            digest = hash_file(part)
            home = folder / FETCHED / digest[:16]
            home.mkdir(parents=True, exist_ok=True)
            part.replace(home / file)
            entry = CachedFile(
                path=home / file,
                date=time.strftime("%Y-%m-%d", time.gmtime()),
                bytes=(home / file).stat().st_size,
                sha256=digest,
                address=address,
                etag=etag,
                last_modified=last_modified,
                details=tuple(sorted((details or {}).items())),
            )
            values = asdict(entry) | {
                "path": (home / file).relative_to(folder).as_posix(),
                "details": dict(entry.details),
            }
            write_file(folder / RECORD, json.dumps(values, ensure_ascii=False, indent=1))
        for other in (folder / FETCHED).iterdir():
            if other.name != home.name:
                shutil.rmtree(other, ignore_errors=True)
        self.forget_partial(name)
        return entry

    def partial_folder(self, name: str) -> Path:
        """Return where a file that is not whole yet is kept."""
        return self.folder_of(name) / PARTIAL

    def forget_partial(self, name: str) -> None:
        """Remove what came of a file that cannot be continued, and the folder if left empty."""
        shutil.rmtree(self.partial_folder(name), ignore_errors=True)
        with suppress(OSError):
            self.folder_of(name).rmdir()

    @contextmanager
    def lock(self, wait_s: float) -> Iterator[None]:
        """Hold the cache, so that one file is fetched at a time on this machine.

        The operating system lets go of it when its holder ends, however it ends.

        Raises
        ------
        DownloadError
            If another process holds it longer than `wait_s` seconds.
        """
        from filelock import FileLock, Timeout

        with tell_of_disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / LOCK)
            try:
                lock.acquire(timeout=wait_s)
            except Timeout:
                raise DownloadError("downloads.locked", seconds=wait_s) from None
        try:
            yield
        finally:
            lock.release()

    def _read_record(self, folder: Path) -> CachedFile | None:
        record = folder / RECORD
        if not record.is_file():
            return None
        try:
            values = json.loads(record.read_text(encoding="utf-8"))
            path = (folder / str(values["path"])).resolve()
            details = tuple((str(k), str(v)) for k, v in dict(values.pop("details")).items())
            entry = CachedFile(**(values | {"path": path, "details": details}))
        except (ValueError, KeyError, TypeError, OSError):
            raise InputError("downloads.record_damaged", where=record) from None
        if not path.is_relative_to(folder.resolve()):
            raise InputError("downloads.record_outside", where=record)
        return entry if path.is_file() else None

    @staticmethod
    def _list_placed(folder: Path, endings: tuple[str, ...]) -> list[Path]:
        if not folder.is_dir():
            return []
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_file()
            and path.name != RECORD
            and not path.name.startswith(".")
            and path.name.lower().endswith(endings)
        )


def hash_file(path: Path, kind: str = "sha256") -> str:
    """Return the hash of a file, read in pieces."""
    # md5 tells a broken file from a whole one here, nothing else.
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def tell_of_disk(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into one of our errors."""
    try:
        yield
    except DownloadError:
        raise
    except OSError as error:
        code = "downloads.disk_full" if error.errno in _FULL else "downloads.disk"
        raise DownloadError(code, folder=str(path)) from None
