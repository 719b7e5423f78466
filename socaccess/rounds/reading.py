"""Tables of a store read from their files, each file once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.rounds.kept import KeptTexts
from socaccess.rounds.layouts import Key, TableLayout, decode_rows, make_table
from socaccess.rounds.manifests import StoreError, read_file

__all__ = ["Only", "TableReader"]

Only = tuple[str, Collection[str]]
"""A column and the values wanted in it."""


class TableReader:
    """Reads tables from the files that a manifest names.

    Parameters
    ----------
    path
        The folder of the store.
    texts
        Its free texts.
    """

    def __init__(self, path: Path, texts: KeptTexts) -> None:
        self.path, self.texts = path, texts
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def read_table(
        self,
        entry: Mapping[str, Any],
        held: Mapping[str, Mapping[str, Any]],
        layout: TableLayout,
        *,
        only: Only | None = None,
        resolve: bool = True,
    ) -> pd.DataFrame:
        """Return a table, sorted by its key.

        Parameters
        ----------
        entry, held
            What the manifest says of it, and of its parts by the value they are split by.
        layout
            How it is laid out.
        only
            A column and the values wanted in it.
        resolve
            Whether free texts are read; else their references stand in their place.
        """
        rows = self._choose(entry, held, layout, only)
        return make_table(layout.refer_free(rows, self.texts.read) if resolve else rows, layout)

    def read_rows(
        self,
        entry: Mapping[str, Any],
        held: Mapping[str, Mapping[str, Any]],
        layout: TableLayout,
        *,
        only: Only | None = None,
    ) -> dict[Key, dict[str, Any]]:
        """Return the rows of a table by their key; what is missing is None."""
        names = list(layout.columns)
        rows = (
            {name: None if cell != cell else cell for name, cell in zip(names, row, strict=True)}
            for row in layout.refer_free(self._choose(entry, held, layout, only), self.texts.read)
        )
        keyed = {tuple(str(row[name]) for name in layout.key): row for row in rows}
        return dict(sorted(keyed.items()))

    def _choose(
        self,
        entry: Mapping[str, Any],
        held: Mapping[str, Mapping[str, Any]],
        layout: TableLayout,
        only: Only | None,
    ) -> list[tuple[Any, ...]]:
        used: Iterable[Mapping[str, Any]] = [entry]
        if layout.split:
            split = only is not None and only[0] == layout.split
            used = [held[v] for v in only[1] if v in held] if only and split else held.values()
        rows = [row for file in used for row in self._read_file(file, layout)]
        if only is None:
            return rows
        at, wanted = list(layout.columns).index(only[0]), set(only[1])
        return [row for row in rows if row[at] in wanted]

    def _read_file(self, entry: Mapping[str, Any], layout: TableLayout) -> list[tuple[Any, ...]]:
        file = entry["file"]
        if file not in self._rows:
            content = read_file(self.path, file, entry["sha256"])
            try:
                # The name of a file is its content's: what was read once stays right.
                self._rows[file] = decode_rows(content, layout)
            except (ValueError, UnicodeDecodeError):
                raise StoreError("rounds.not_the_table", where=file) from None
        return self._rows[file]
