"""Files that are whole or not there: written aside, synced, then given their name."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from socaccess.errors import OutputError

__all__ = [
    "ASIDE",
    "give_name",
    "hash_bytes",
    "sanitise_name",
    "sync_folder",
    "write_aside",
    "write_files",
]

ASIDE = ".aside-"
"""How the name of a file begins that is not whole yet."""

_BINARY = getattr(os, "O_BINARY", 0)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_aside(folder: Path, content: bytes) -> Path:
    """Write `content` under a name nobody reads, down to the disk, and return that name."""
    path = folder / f"{ASIDE}{os.getpid()}-{secrets.token_hex(6)}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def give_name(aside: Path, target: Path) -> None:
    """Give a whole file its name, which appears at once or not at all.

    Raises
    ------
    FileExistsError
        If the name is taken: nothing is ever overwritten.
    """
    if os.name == "nt":
        aside.rename(target)  # refuses a name that is taken
        return
    try:
        target.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: the look and the rename are two steps here.
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        aside.rename(target)
    else:
        aside.unlink()
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder down to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write several files into `folder`; all are whole before the first takes its place.

    These are files for people, such as forms and reports, and replace older ones of
    the same name.

    Raises
    ------
    OutputError
        If something could not be written.
    """
    aside: dict[str, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            aside[name] = write_aside(folder, content)
        for name in list(aside):
            aside[name].replace(folder / name)
            del aside[name]
        sync_folder(folder)
    except OSError as error:
        for path in aside.values():
            path.unlink(missing_ok=True)
        raise OutputError(f"{folder}: could not be written: {error.strerror or error}") from None
    return [folder / name for name in files]


def sanitise_name(name: str, *, most: int = 100) -> str:
    r"""Return `name` as one harmless file name: no folder, no sign a system minds.

    Examples
    --------
    >>> sanitise_name("../../etc/Rēzeknes novads?.xlsx")
    'Rēzeknes_novads_.xlsx'
    >>> sanitise_name("..\\..\\")
    'unnamed'
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").split("/")[-1]
    plain = re.sub(r"[^\w.\-]+", "_", last).lstrip(".")[-most:].lstrip(".")
    return plain if plain.strip("._") else "unnamed"
