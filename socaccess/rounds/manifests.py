"""Manifests: what a revision of a store consists of, checked before anything in it is believed."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from socaccess.errors import InputError, Problem, SocAccessError, raise_problems
from socaccess.rounds.tables import FORMATS, KINDS, TableLayout

__all__ = [
    "FORMAT",
    "SCHEMA",
    "StoreError",
    "check_event",
    "check_layout",
    "list_manifests",
    "parse_manifest",
]

SCHEMA = 1
"""Version of the layout of the folder."""

FORMAT = "socaccess store"

_MANIFEST = re.compile(r"\d{6}\.json")
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TABLE_FILE = re.compile(r"tables/[a-z][a-z0-9_]{0,40}/[0-9a-f]{64}\.(csv|parquet)")
_DOCUMENT_FILE = re.compile(r"documents/[0-9a-f]{64}\.[a-z0-9]{1,8}")


class StoreError(SocAccessError, OSError):
    """A store that is damaged, or that somebody else changed in the meantime."""


def list_manifests(path: Path) -> list[int]:
    """Return the numbers of the revisions in the store at `path`, in order."""
    folder = path / "manifests"
    if not folder.is_dir():
        return []
    return sorted(int(p.name[:6]) for p in folder.iterdir() if _MANIFEST.fullmatch(p.name))


def parse_manifest(raw: bytes, number: int, where: str) -> dict[str, Any]:
    """Return the manifest of one revision; `StoreError` where it is none."""
    try:
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise ValueError("not a store")
        if manifest["schema"] > SCHEMA:
            raise StoreError(
                f"{where}: written by a newer socaccess (layout {manifest['schema']}, "
                f"this one knows {SCHEMA}); update socaccess"
            )
        if manifest["revision"] != number:
            raise ValueError("its number is another one")
        for name, entry in manifest["tables"].items():
            known = (
                _TABLE_NAME.fullmatch(name)
                and _TABLE_FILE.fullmatch(entry["file"])
                and entry["format"] in FORMATS
                and set(entry["columns"].values()) <= set(KINDS)
                and set(entry["key"]) <= set(entry["columns"])
                and entry["key"]
            )
            if not known:
                raise ValueError(f"table {name!r}")
        for entry in manifest["documents"].values():
            if not _DOCUMENT_FILE.fullmatch(entry["file"]):
                raise ValueError("document")
        manifest["at"], manifest["who"], manifest["action"], manifest["note"], manifest["parent"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{where}: not a manifest: {error}") from None
    return dict(manifest)


def check_event(at: str, who: str) -> tuple[str, str]:
    """Return the moment and the person of a change in their written form."""
    problems = []
    moment = ""
    try:
        moment = dt.datetime.fromisoformat(at).isoformat()
    except (TypeError, ValueError):
        problems.append(Problem(f"time {at!r} is not ISO 8601", hint="write 2022-01-31T12:00:00"))
    person = " ".join(str(who).split())
    if not person:
        problems.append(Problem("it is not said who does this", hint="give a name"))
    raise_problems(problems)
    return moment, person


def check_layout(layout: TableLayout) -> None:
    """Refuse a layout whose names, kinds or key a store cannot keep."""
    known = (
        _TABLE_NAME.fullmatch(layout.name)
        and layout.format in FORMATS
        and set(layout.columns.values()) <= set(KINDS)
        and layout.key
        and set(layout.key) <= set(layout.columns)
    )
    if not known:
        raise InputError(f"table {layout.name!r} cannot be laid out so")
