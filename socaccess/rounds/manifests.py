"""What a revision of a store consists of: manifests and files, checked before they are believed."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from socaccess import files
from socaccess.errors import InputError, Problem, SocAccessError, raise_problems
from socaccess.rounds.layouts import FORMATS, KINDS, TableLayout

__all__ = [
    "FORMAT",
    "README",
    "SCHEMA",
    "StoreError",
    "check_event",
    "check_layout",
    "encode_manifest",
    "find_bad_days",
    "list_manifests",
    "parse_manifest",
    "read_file",
    "read_manifest",
    "runs_backwards",
]


class _Readme(NamedTuple):
    name: str
    text: str


README = _Readme(
    "README.txt",
    """KRĀTUVE / STORE

LV
Mape glabā plānošanas datus. To var lasīt ar jebkuru rīku.
- manifests/  Viena datne katrai redakcijai. Spēkā ir lielākais numurs. Tajā rakstīts, kuras
              datnes veido krātuvi, kas, kad un ko darīja, un iepriekšējās datnes SHA-256.
- tables/     Tabulas CSV (UTF-8, komats, decimālpunkts) vai Parquet. Datnes vārds ir tās SHA-256.
              Dažas sadalītas daļās; "parts" nosauc tās daļas, kas redakcijā mainījušās.
- texts/      Brīvie teksti. Tabulā to vietā ir atsauce: SHA-256 no nejauša sāls un teksta.
- documents/  Saņemtās veidlapas tādas, kādas tās atnāca, katra ar savu sāli; vārds ir atsauce.
              Dzēstam tekstam vai veidlapai paliek atsauce un ieraksts tabulā "erasures".
- aside/      Nepabeigtais. Ja te kaut kas palicis pēc pārtraukuma, tas nav vajadzīgs.
Tukša šūna nozīmē, ka vērtības nav. Tekstam, kas sākas ar = + - @ ' vai tabulatoru, priekšā
ir apostrofs, lai izklājlapa to neuzskatītu par formulu; to atmetiet.
Nekas netiek pārrakstīts. Neko šeit nemainiet un nedzēsiet ar roku.
Šeit ir arī mazi personu skaiti. Mape nav domāta publicēšanai.

EN
This folder holds planning data. Any tool can read it.
- manifests/  One file a revision. The highest number is in force. It says which files make up
              the store, who did what and when, and the SHA-256 of the file before it.
- tables/     Tables as CSV (UTF-8, comma, decimal point) or Parquet, named by their SHA-256.
              Some are in parts; "parts" names those that a revision changed.
- texts/      Free texts. In a table a reference stands for each: the SHA-256 of a random salt
              and the text.
- documents/  The forms received, as they came, each with its salt; named by their reference.
              Of an erased text or form the reference stays, and a row in the table "erasures".
- aside/      Unfinished. What is left here after an interruption is not needed.
An empty cell means that there is no value. A text that begins with = + - @ ' or a tab has an
apostrophe before it, so that no spreadsheet takes it for a formula; drop it.
Nothing is overwritten. Do not change or remove anything here by hand.
Small counts of persons are in here too. The folder is not meant to be published.
""",
)


SCHEMA = 2
"""Version of the layout of the folder; 1 had no salts and no hash of its own in a manifest."""

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
                "rounds.newer_store", where=where, layout=manifest["schema"], known=SCHEMA
            )
        if manifest["revision"] != number:
            raise ValueError("its number is another one")
        own = manifest.pop("hash", "")
        if manifest["schema"] > 1 and own != _hash_manifest(manifest):
            raise StoreError("rounds.manifest_edited", where=where)
        manifest.setdefault("parts", {})
        for parts in manifest["parts"].values():
            if not all(_TABLE_FILE.fullmatch(part["file"]) for part in parts.values() if part):
                raise ValueError("part")
        for name, entry in manifest["tables"].items():
            known = (
                _TABLE_NAME.fullmatch(name)
                and (entry.get("split") or _TABLE_FILE.fullmatch(entry["file"]))
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
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError("rounds.not_a_manifest", where=where) from None
    return dict(manifest)


def encode_manifest(manifest: dict[str, Any]) -> bytes:
    """Return the bytes of a manifest, with the hash of all the rest of it at the end."""
    return _dump({**manifest, "hash": _hash_manifest(manifest)})


def _hash_manifest(manifest: dict[str, Any]) -> str:
    return files.hash_bytes(_dump(manifest))


def _dump(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def runs_backwards(before: str, now: str) -> bool:
    """Return whether a moment lies before another; of a clock without zone only the hands count.

    Examples
    --------
    >>> runs_backwards("2022-01-10T09:00:00", "2022-01-10T08:59:59")
    True
    >>> runs_backwards("2022-01-10T09:00:00+02:00", "2022-01-10T08:00:00+00:00")
    False
    """
    first, then = dt.datetime.fromisoformat(before), dt.datetime.fromisoformat(now)
    if first.tzinfo is None or then.tzinfo is None:
        first, then = first.replace(tzinfo=None), then.replace(tzinfo=None)
    return then < first


def check_event(at: str, who: str) -> tuple[str, str]:
    """Return the moment and the person of a change in their written form."""
    problems = []
    moment = ""
    try:
        moment = dt.datetime.fromisoformat(at).isoformat()
    except (TypeError, ValueError):
        problems.append(Problem("rounds.not_a_time", value=at))
    person = " ".join(str(who).split())
    if not person:
        problems.append(Problem("rounds.nobody_does"))
    raise_problems(problems)
    return moment, person


def find_bad_days(**days: str) -> list[Problem]:
    """Return which of some named values are no days (ISO 8601)."""
    problems = []
    for name, day in days.items():
        try:
            dt.date.fromisoformat(day)
        except (TypeError, ValueError):
            problems.append(Problem("rounds.not_a_day", name, value=day))
    return problems


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
        raise InputError("rounds.bad_layout", name=layout.name)


def read_manifest(path: Path, number: int) -> bytes:
    """Return the bytes of a revision's manifest."""
    file = path / "manifests" / f"{number:06d}.json"
    try:
        return file.read_bytes()
    except OSError:
        raise StoreError("rounds.cannot_read", where=f"manifests/{file.name}") from None


def read_file(path: Path, file: str, digest: str) -> bytes:
    """Return a file of the store at `path`; raise where it is not what its hash says."""
    try:
        content = (path / file).read_bytes()
    except OSError:
        raise StoreError("rounds.cannot_read", where=file) from None
    if files.hash_bytes(content) != digest:
        raise StoreError("rounds.content_changed", where=file)
    return content
