"""The files of one revision of a store, before its manifest makes them count."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from socaccess import files
from socaccess.rounds.kept import KeptDocument, KeptTexts
from socaccess.rounds.layouts import TableLayout, encode_rows
from socaccess.rounds.manifests import StoreError

__all__ = ["RevisionWriter", "create_or_keep"]

Row = tuple[Any, ...]


class RevisionWriter:
    """Writes tables and documents of a revision; `content` is what its manifest says of them.

    Parameters
    ----------
    path
        The folder of the store.
    texts
        Its free texts.
    tables, parts
        The tables, and the parts of those that are split, of the revision before.
    number
        The revision that is written.
    """

    def __init__(
        self,
        path: Path,
        texts: KeptTexts,
        tables: Mapping[str, Any],
        parts: Mapping[str, Mapping[str, Any]],
        number: int,
    ) -> None:
        self.path, self.texts, self.number = path, texts, number
        self.content: dict[str, Any] = {"tables": dict(tables), "parts": {}, "documents": {}}
        self._parts = parts

    def is_laid_out(self, layout: TableLayout) -> bool:
        """Return whether the table is kept in this very layout already."""
        old = self.content["tables"].get(layout.name)
        same = old and TableLayout.of_entry(layout.name, old).describe() == layout.describe()
        return bool(same)

    def put(self, layout: TableLayout, rows: list[Row]) -> None:
        """Write all fitted rows of a table, if they differ from those before."""
        if layout.split:
            self.put_parts(layout, rows, whole=True)
            return
        written, encoded = self._encode(layout, rows)
        entry = {**written, "since": self.number, **layout.describe()}
        old = self.content["tables"].get(layout.name, {})
        if {**old, "since": self.number} != entry:
            self._add(written["file"], encoded)
            self.content["tables"][layout.name] = entry

    def put_parts(self, layout: TableLayout, rows: list[Row], *, whole: bool = False) -> None:
        """Write the parts of a table's fitted rows that differ; with `whole`, others go."""
        same = self.is_laid_out(layout)
        held = dict(self._parts.get(layout.name, {})) if same else {}
        changed: dict[str, Any] = {}
        at = list(layout.columns).index(layout.split)
        parts: dict[str, list[Row]] = {}
        for row in rows:
            parts.setdefault(str(row[at] or ""), []).append(row)
        for value in sorted(parts):
            written, encoded = self._encode(layout, parts[value])
            if held.get(value) != written:
                self._add(written["file"], encoded)
                changed[value] = written
        if whole:
            changed |= dict.fromkeys(held.keys() - parts.keys())
        if not changed and same:
            return
        held = {value: part for value, part in (held | changed).items() if part}
        listed = "\n".join(f"{value} {held[value]['sha256']}" for value in sorted(held))
        self.content["parts"][layout.name] = changed
        self.content["tables"][layout.name] = {
            "sha256": files.hash_bytes(listed.encode("utf-8")),
            "rows": sum(part["rows"] for part in held.values()),
            "since": self.number,
            **layout.describe(),
        }

    def keep(self, document: KeptDocument) -> None:
        """Write a document and its salt."""
        self._add(document.file, document.content)
        self._add(f"documents/{document.ref}.salt", document.salt.hex().encode("ascii"))
        self.content["documents"][document.ref] = {
            "file": document.file,
            "bytes": len(document.content),
            "since": self.number,
            "salted": True,
        }

    def _encode(self, layout: TableLayout, rows: list[Row]) -> tuple[dict[str, Any], bytes]:
        """Return what a manifest says of a table's file, and the file, free texts referred to."""
        encoded = encode_rows(layout.refer_free(rows, self.texts.refer), layout)
        digest = files.hash_bytes(encoded)
        file = f"tables/{layout.name}/{digest}.{layout.format}"
        entry = {"file": file, "sha256": digest, "bytes": len(encoded), "rows": len(rows)}
        return entry, encoded

    def _add(self, file: str, content: bytes) -> None:
        target = self.path / file
        if target.exists():
            if target.read_bytes() != content:
                raise StoreError("rounds.content_changed", where=file)
            return
        target.parent.mkdir(exist_ok=True)
        create_or_keep(target, content, self.path / "aside")


def create_or_keep(target: Path, content: bytes | str, aside: Path) -> None:
    """Write a new file; where another writer was first, theirs is the same content."""
    with suppress(FileExistsError):
        files.create_file(target, content, aside=aside)
