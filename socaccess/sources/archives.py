"""What came: is it of the kind it should be, and are archives harmless to open?"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from socaccess.errors import InputError
from socaccess.guards import check_member_name
from socaccess.sources.transport import (
    CHUNK_BYTES,
    SMALL_BYTES,
    DownloadError,
    Limits,
    show_foreign,
)

__all__ = ["check_archive", "check_content", "unpack_layers"]

HEAD_BYTES = 1024
# What zipfile raises for methods, flags and lengths that make no sense.
_UNREADABLE = (NotImplementedError, EOFError, RuntimeError, ValueError)
_LAYER_ENDINGS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".gpkg", ".geojson")


def check_content(path: Path, kind: str, limits: Limits | None = None) -> None:
    """Raise `DownloadError` unless a file is what its `kind` says.

    Parameters
    ----------
    path
        The file.
    kind
        `csv`, `xlsx`, `zip`, `pbf` or `json`.
    limits
        Sizes and ratios an archive may have.

    Raises
    ------
    DownloadError
        If it is a web page, empty, of another kind or an archive not to be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        raise DownloadError("downloads.web_page", kind=kind)
    if not head.strip():
        raise DownloadError("downloads.empty", kind=kind)
    fits = {
        "csv": b"\x00" not in head and not start.startswith((b"<", b"pk\x03\x04", b"{", b"%pdf")),
        "xlsx": head.startswith(b"PK\x03\x04"),
        "zip": head.startswith(b"PK\x03\x04"),
        "pbf": b"OSMHeader" in head[:64],
        "json": start.startswith((b"{", b"[")),
    }[kind]
    if not fits:
        raise DownloadError("downloads.other_kind", kind=kind)
    if kind in ("xlsx", "zip"):
        check_archive(path, limits or Limits())


def check_archive(path: Path, limits: Limits) -> None:
    """Raise `DownloadError` for an archive that would write outside its folder or fill the disk.

    Sizes an archive states may be untrue; so everything is unpacked into nothing, and counted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > limits.max_members:
                raise DownloadError("downloads.members", count=limits.max_members)
            for member in members:
                _check_name(member.filename)
                if member.flag_bits & 1:
                    raise DownloadError("downloads.encrypted")
            given = 0
            for member in members:
                with archive.open(member) as stream:
                    while block := stream.read(CHUNK_BYTES):
                        given += len(block)
                        _check_size(given, path.stat().st_size, limits)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, *_UNREADABLE):
        raise DownloadError("downloads.broken_archive") from None


@contextmanager
def unpack_layers(path: Path, limits: Limits | None = None) -> Iterator[list[Path]]:
    """Give the map layers of an archive, unpacked into a folder that goes away afterwards.

    Parameters
    ----------
    path
        A ZIP with Shapefiles, GeoPackages or GeoJSON files; other members are left in it.
    limits
        Sizes and ratios it may have.

    Raises
    ------
    DownloadError
        As `check_archive`.
    """
    check_archive(path, limits or Limits())
    with TemporaryDirectory(prefix="socaccess-") as folder, zipfile.ZipFile(path) as archive:
        layers = []
        for number, member in enumerate(archive.infolist()):
            name = PurePosixPath(member.filename)
            if member.is_dir() or name.suffix.lower() not in _LAYER_ENDINGS:
                continue
            # Layers of the same name in different folders stay apart by a folder of their own.
            place = Path(folder) / _flatten(str(name.parent))
            place.mkdir(exist_ok=True)
            target = place / f"{_flatten(name.stem) or number}{name.suffix.lower()}"
            with archive.open(member) as source, target.open("wb") as stream:
                while block := source.read(CHUNK_BYTES):
                    stream.write(block)
            if target.suffix in (".shp", ".gpkg", ".geojson"):
                layers.append(target)
        yield sorted(layers)


def _flatten(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in name)[:80]


def _check_name(name: str) -> None:
    try:
        check_member_name(name)
    except InputError:
        raise DownloadError("downloads.outside", name=show_foreign(name)) from None


def _check_size(given: int, packed: int, limits: Limits) -> None:
    if given > limits.max_unpacked_bytes or (
        given > SMALL_BYTES and given > packed * limits.max_ratio
    ):
        raise DownloadError("downloads.archive_bomb")
