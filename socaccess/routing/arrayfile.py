"""Arrays prepared for one graph or one geometry, kept in a file that knows which (NumPy's .npz)."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from socaccess.errors import NetworkFileError
from socaccess.files import write_aside

__all__ = ["load_arrays", "save_arrays"]


def save_arrays(
    path: str | Path, format_: str, fingerprint: str, arrays: Mapping[str, npt.NDArray]
) -> None:
    """Write arrays to one file, uncompressed, with what they belong to.

    Raises
    ------
    OutputError
        If it cannot be written; what was there before is still there.
    """
    digest = _digest(format_, arrays)
    about = {"format": format_, "fingerprint": fingerprint, "sha256": digest}
    text = np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8)
    with write_aside(path) as aside, aside.open("wb") as file:
        np.savez(file, allow_pickle=False, about=text, **arrays)


def load_arrays(
    path: str | Path, format_: str, names: Sequence[str], fingerprint: str
) -> dict[str, npt.NDArray]:
    """Return the arrays saved at `path`.

    Raises
    ------
    NetworkFileError
        The file is truncated, changed, of another format or belongs to something else.
    FileNotFoundError
        There is no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # We write arrays as they are: what unpacks to more than its file is not ours.
            if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()):
                raise ValueError("compressed")
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            arrays = {name: file[name] for name in names}
    except FileNotFoundError:
        raise
    except (
        OSError, ValueError, KeyError, EOFError, RuntimeError, MemoryError, zlib.error,
        zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise NetworkFileError("routing.no_hierarchy_file", where=str(path)) from error
    if not isinstance(about, dict) or about.get("format") != format_:
        raise NetworkFileError("routing.other_format", where=str(path), format=format_)
    if about.get("sha256") != _digest(format_, arrays):
        raise NetworkFileError("routing.hierarchy_changed", where=str(path))
    if about.get("fingerprint") != fingerprint:
        raise NetworkFileError("routing.built_from_other_graph", where=str(path))
    return arrays


def _digest(format_: str, arrays: Mapping[str, npt.NDArray]) -> str:
    digest = sha256(format_.encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
