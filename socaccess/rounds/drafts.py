"""What a batch of forms changes, gathered before any of it is written: one revision, or none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from socaccess.rounds.kept import KeptDocument
from socaccess.rounds.layouts import Key, Row, TableLayout, to_rows
from socaccess.rounds.store import Store

__all__ = ["Draft", "read_rows"]


def read_rows(
    store: Store | Draft,
    layout: TableLayout,
    *,
    revision: int | None = None,
    only: tuple[str, Collection[str]] | None = None,
) -> dict[Key, Row]:
    """Return the rows of a table by their key; none where the store was begun without it."""
    if layout.name not in store.list_tables(revision=revision):
        return {}
    if isinstance(store, Store):
        return store.read_rows(layout.name, revision=revision, only=only)
    return to_rows(store.read(layout.name, revision=revision, only=only), layout.key)


class Draft:
    """A store with parts of its split tables changed, none of it written yet.

    Parameters
    ----------
    store
        The store; it stays as it is until `publish`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._parts: dict[TableLayout, dict[str, pd.DataFrame]] = {}
        self._documents: dict[str, KeptDocument] = {}

    @property
    def identity(self) -> str:
        """The store's."""
        return self.store.identity

    def read(
        self,
        name: str,
        *,
        revision: int | None = None,
        only: tuple[str, Collection[str]] | None = None,
    ) -> pd.DataFrame:
        """Return a table as it would stand; arguments are those of `Store.read`."""
        layout = next((each for each in self._parts if each.name == name), None)
        if layout is not None and name not in self.store.list_tables():
            table = layout.fit(pd.DataFrame())
        else:
            table = self.store.read(name, revision=revision, only=only)
        if revision is not None or layout is None:
            return table
        table = table.reindex(columns=list(layout.columns))
        parts = self._parts[layout]
        stays = table[~table[layout.split].isin(parts.keys())]
        table = pd.concat([stays.astype(object), *(part.astype(object) for part in parts.values())])
        if only is not None:
            table = table[table[only[0]].isin(list(only[1]))]
        return layout.fit(table)

    def list_tables(self, *, revision: int | None = None) -> list[str]:
        """Return the names of the tables there are, or would be."""
        names = set(self.store.list_tables(revision=revision))
        return sorted(names | ({each.name for each in self._parts} if revision is None else set()))

    def find_head(self, revision: int) -> str:
        """Return the head of the store as it was at a revision."""
        return self.store.find_head(revision)

    def find_document(self, content: bytes) -> str:
        """Return the reference of a document that is kept, or would be; empty where it is not."""
        new = (ref for ref, document in self._documents.items() if document.content == content)
        return next(new, "") or self.store.find_document(content)

    def read_document(self, ref: str) -> bytes:
        """Return a document that is kept, or would be."""
        new = self._documents.get(ref)
        return new.content if new else self.store.read_document(ref)

    def put(self, layout: TableLayout, rows: pd.DataFrame) -> None:
        """Replace the parts of a table that occur in `rows`."""
        for value, part in layout.fit(rows).groupby(layout.split):
            self._parts.setdefault(layout, {})[str(value)] = part

    def keep(self, document: KeptDocument) -> None:
        """Keep a document."""
        self._documents[document.ref] = document

    def publish(self, *, at: str, who: str, action: str, note: str) -> int | None:
        """Write all of it as one revision and return its number; None where nothing changed."""
        if not self._parts and not self._documents:
            return None
        parts = {layout: pd.concat([*held.values()]) for layout, held in self._parts.items()}
        documents: Sequence[KeptDocument] = tuple(self._documents.values())
        return self.store.commit(
            parts=parts, documents=documents, at=at, who=who, action=action, note=note
        )
