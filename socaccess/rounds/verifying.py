"""Whether a store is whole: every file of every revision, the chain, approvals, what was erased."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess import files
from socaccess.rounds.kept import KeptTexts, read_salted
from socaccess.rounds.layouts import ERASURES, TableLayout, decode_rows, decode_table
from socaccess.rounds.manifests import (
    README,
    StoreError,
    parse_manifest,
    read_file,
    read_manifest,
    runs_backwards,
)

__all__ = ["APPROVALS", "fold_manifest", "verify_files"]

APPROVALS = "approvals"


def fold_manifest(
    state: tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]],
    manifest: Mapping[str, Any],
) -> None:
    """Bring the parts of the split tables, and the documents, forward by one revision."""
    parts, documents = state
    for name, changed in manifest["parts"].items():
        begun = manifest["tables"][name]
        held = dict(parts.get(name, {})) if begun.get("split") else {}
        for value, part in changed.items():
            if part is None:
                held.pop(value, None)
            else:
                held[value] = part
        parts[name] = held
    documents.update(manifest["documents"])


def verify_files(path: Path, revision: int) -> pd.DataFrame:
    """Return every file of every revision up to this one, as `Store.verify` does."""
    found = _Verification(path)
    for number in range(1, revision + 1):
        found.check_manifest(number)
    found.check_files()
    found.list_leftovers()
    return pd.DataFrame(found.rows, columns=["file", "revision", "bytes", "whole", "finding"])


class _Verification:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[tuple[str, int, int, bool, str]] = []
        self.tables: dict[str, tuple[int, str, TableLayout]] = {}
        self.documents: dict[str, tuple[int, dict[str, Any]]] = {}
        self.heads: list[str] = []
        self.approvals: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.erased: set[str] = set()
        self.refs: dict[str, str] = {}
        self.parent, self.moment = "", ""

    def check_manifest(self, number: int) -> None:
        name = f"manifests/{number:06d}.json"
        finding, size, digest = "", 0, ""
        try:
            raw = read_manifest(self.path, number)
            size, digest = len(raw), files.hash_bytes(raw)
            manifest = parse_manifest(raw, number, name)
            if manifest["parent"] != self.parent:
                finding = "does not follow the manifest before it"
            elif (manifest["schema"] > 1 and not manifest.get("clock_note") and self.moment
                    and runs_backwards(self.moment, manifest["at"])):  # fmt: skip
                finding = "is earlier than the manifest before it"
            self.parent, self.moment = digest, manifest["at"]
            for table, entry in manifest["tables"].items():
                layout = TableLayout.of_entry(table, entry)
                used = manifest["parts"].get(table, {}).values() if layout.split else [entry]
                for part in used:
                    if part:
                        self.tables.setdefault(part["file"], (number, part["sha256"], layout))
            for ref, entry in manifest["documents"].items():
                self.documents.setdefault(ref, (number, entry))
            self.heads.append(digest)
            finding = finding or self._check_approvals(manifest)
            if ERASURES.name in manifest["tables"]:
                self.erased = {str(ref) for ref in self._read(manifest, ERASURES.name)["ref"]}
        except StoreError as error:
            finding, self.parent = finding or str(error), digest if digest else ""
            self.heads += [digest] * (number - len(self.heads))
        self.rows.append((name, number, size, not finding, finding))

    def _read(self, manifest: Mapping[str, Any], name: str) -> pd.DataFrame:
        entry = manifest["tables"][name]
        content = read_file(self.path, entry["file"], entry["sha256"])
        return decode_table(content, TableLayout.of_entry(name, entry))

    def _check_approvals(self, manifest: Mapping[str, Any]) -> str:
        """Return what is wrong with the approvals: they grow, and only an undo takes one away."""
        if APPROVALS not in manifest["tables"]:
            return ""
        now = {}
        for row in self._read(manifest, APPROVALS).to_dict("records"):
            key = (str(row["body"]), str(row["act"]))
            now[key] = tuple(str(row[name]) for name in ("date", "revision", "note"))
            head = str(row.get("head") or "")
            number, _, digest = head.partition(":")
            if head and (int(number) > len(self.heads) or self.heads[int(number) - 1] != digest):
                return "an approval names another state of the store"
        changed = any(now.get(key) != value for key, value in self.approvals.items())
        self.approvals = now
        return "an approval was changed" if changed and manifest["action"] != "undo" else ""

    def check_files(self) -> None:
        texts = KeptTexts(self.path)
        for file, (number, digest, layout) in sorted(self.tables.items()):
            finding, size = "", 0
            try:
                content = read_file(self.path, file, digest)
                size = len(content)
                if layout.free:
                    layout.refer_free(decode_rows(content, layout), partial(self._refer, file))
            except (StoreError, ValueError) as error:
                finding = str(error)
            self.rows.append((file, number, size, not finding, finding))
        for ref, (number, entry) in sorted(self.documents.items()):
            file, size, finding = entry["file"], 0, ""
            if ref in self.erased:
                there = (self.path / file).exists()
                finding = "erased, but still there" if there else "erased"
            else:
                try:
                    read = read_salted if entry.get("salted") else read_file
                    size = len(read(self.path, file, ref))
                except StoreError as error:
                    finding = str(error)
            self.rows.append((file, number, size, finding in ("", "erased"), finding))
        lost = sorted({file for ref, file in self.refs.items()
                       if ref not in self.erased and not texts.is_whole(ref)})  # fmt: skip
        left = sorted(ref for ref in self.erased if ref in texts)
        for name in texts.names:
            size = (self.path / name).stat().st_size
            finding = "erased, but still there" if left else ""
            self.rows.append((name, 1, size, not left, finding))
        self.rows += [(f"texts of {file}", 1, 0, False, "a text is missing or was changed")
                      for file in lost]  # fmt: skip

    def _refer(self, file: str, ref: str) -> str:
        if isinstance(ref, str):  # in Parquet what is missing may be NaN
            self.refs[ref] = file
        return ref

    def list_leftovers(self) -> None:
        known = {row[0] for row in self.rows} | {README.name}
        known |= {str(Path(entry["file"]).with_suffix(".salt").as_posix())
                  for _, entry in self.documents.values()}  # fmt: skip
        for item in sorted(self.path.rglob("*")):
            file = item.relative_to(self.path).as_posix()
            if file not in known and not item.is_dir():
                self.rows.append((file, 0, item.stat().st_size, True, "leftover"))
