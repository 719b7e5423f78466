"""Whether this machine has the compiled code of this version: a note left by who compiled it.

Numba keeps what it compiles beside the modules, by their time of change. The note names it all, so
that one of another version, interpreter or processor says nothing.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from socaccess.cachefolder import find_cache_folder
from socaccess.files import write_file

__all__ = ["are_kernels_compiled", "note_compiled"]


def are_kernels_compiled() -> bool:
    """Return whether all compiled code of this version was made on this machine before."""
    note = _find_note()
    return note is not None and note.is_file()


def note_compiled() -> None:
    """Leave a note that all compiled code of this version is there; where it cannot be, do not."""
    note = _find_note()
    if note is not None:
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            write_file(note, "")
        except OSError:  # no room, or not ours to write to: nobody is told the next time
            return


def _find_note() -> Path | None:
    folder = find_cache_folder()
    return None if folder is None else folder / "compiled" / _hash_kernels()


@cache
def _hash_kernels() -> str:
    """Return a hash of what compiled code depends on."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(
        f"{metadata.version('numba')} {sys.version} {platform.machine()} {platform.node()}".encode()
    )
    for path in sorted(package.glob("*/_*.py")) + sorted((package / "routing").glob("*.py")):
        status = path.stat()
        digest.update(f"{path} {status.st_mtime_ns} {status.st_size}".encode())
    return digest.hexdigest()[:32]
