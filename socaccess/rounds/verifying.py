"""The files of a store: read with their hashes, and looked through for what is not whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from socaccess.rounds import files
from socaccess.rounds.manifests import StoreError, parse_manifest
from socaccess.rounds.readme import README

__all__ = ["read_file", "read_manifest", "verify_files"]


def read_manifest(path: Path, number: int) -> bytes:
    """Return the bytes of a revision's manifest."""
    file = path / "manifests" / f"{number:06d}.json"
    try:
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"manifests/{file.name}: cannot be read: {error.strerror}") from None


def read_file(path: Path, file: str, digest: str) -> bytes:
    """Return a file of the store at `path`; raise where it is not what its hash says."""
    try:
        content = (path / file).read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from None
    if files.hash_bytes(content) != digest:
        raise StoreError(f"{file}: its content is not what the manifest says")
    return content


def verify_files(path: Path, revision: int) -> pd.DataFrame:
    """Return every file of every revision up to this one, as `Store.verify` does."""
    rows: list[tuple[str, int, int, bool, str]] = []
    used: dict[str, tuple[int, str]] = {}
    parent = ""
    for number in range(1, revision + 1):
        name = f"manifests/{number:06d}.json"
        finding = ""
        size = 0
        try:
            raw = read_manifest(path, number)
            size = len(raw)
            manifest = parse_manifest(raw, number, name)
            if manifest["parent"] != parent:
                finding = "does not follow the manifest before it"
            parent = files.hash_bytes(raw)
            for entry in manifest["tables"].values():
                used.setdefault(entry["file"], (number, entry["sha256"]))
            for digest, entry in manifest["documents"].items():
                used.setdefault(entry["file"], (number, digest))
        except StoreError as error:
            finding, parent = str(error), ""
        rows.append((name, number, size, not finding, finding))
    for file, (number, digest) in sorted(used.items()):
        try:
            size, finding = len(read_file(path, file, digest)), ""
        except StoreError as error:
            size, finding = 0, str(error)
        rows.append((file, number, size, not finding, finding))
    known = {row[0] for row in rows} | {README.name}
    for item in sorted(path.rglob("*")):
        file = item.relative_to(path).as_posix()
        if file not in known and not item.is_dir():
            rows.append((file, 0, item.stat().st_size, True, "leftover"))
    return pd.DataFrame(rows, columns=["file", "revision", "bytes", "whole", "finding"])
