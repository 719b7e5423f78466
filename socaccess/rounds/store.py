"""A store: a plain folder of tables that only ever grows, whole at every moment.

Every table is a CSV or Parquet file named by the hash of its content. A manifest a
revision says which files make up the store from then on, who wrote it, when and why,
and carries the hash of the manifest before it. The highest number in `manifests/` is in
force. A revision exists from the moment its manifest has its name: whatever stops the
writer before leaves the revision before, whatever stops it after leaves the new one.
Nothing is overwritten; going back is a new revision that says the old things again. Only free
texts and the forms as they came lie beside the chain, which holds salted references to them: so
they can be erased, and the chain stays whole.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess import files
from socaccess.errors import InputError, Problem, UnknownNameError
from socaccess.rounds.kept import KeptDocument, KeptTexts, find_document, read_salted
from socaccess.rounds.layouts import (
    ERASURES,
    Key,
    TableLayout,
    compare_rows,
    to_rows,
)
from socaccess.rounds.manifests import (
    FORMAT,
    README,
    SCHEMA,
    StoreError,
    check_event,
    check_layout,
    encode_manifest,
    list_manifests,
    parse_manifest,
    read_file,
    read_manifest,
    runs_backwards,
)
from socaccess.rounds.reading import Only, TableReader
from socaccess.rounds.revisions import RevisionWriter, create_or_keep
from socaccess.rounds.verifying import fold_manifest, verify_files

__all__ = ["SCHEMA", "Store", "StoreError"]

_FOLDERS = ("manifests", "tables", "texts", "documents", "aside")

_Fold = tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]


class Store:
    """A store as it stood when it was opened.

    Use `Store.create` or `Store.open`; a commit moves the object on to the new revision.

    Parameters
    ----------
    path
        The folder.

    Examples
    --------
    >>> import tempfile
    >>> layout = TableLayout.of("places", "site", "site places:integer")
    >>> store = Store.create(tempfile.mkdtemp() + "/store", at="2022-01-10T09:00:00", who="Anna")
    >>> table = pd.DataFrame({"site": ["a"], "places": [8]})
    >>> store.commit({layout: table}, at="2022-01-10T09:05:00", who="Anna", action="fill")
    2
    >>> store.read("places").values.tolist()
    [['a', 8]]
    """

    def __init__(self, path: str | Path, *, clock_note: str = "") -> None:
        self.path = Path(path)
        self.clock_note = clock_note
        self._clear()
        self._load_newest()

    @classmethod
    def create(cls, path: str | Path, *, at: str, who: str) -> Store:
        """Return a new, empty store; a folder left by an interrupted creation is taken over.

        Raises
        ------
        InputError
            If the folder holds something else, or a store already.
        """
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise InputError("rounds.not_a_folder", where=path)
        if path.is_dir():
            ours = (*_FOLDERS, README.name)
            strange = sorted(item.name for item in path.iterdir() if item.name not in ours)
            if strange:
                raise InputError("rounds.folder_not_empty", where=path, rows=strange)
            if list_manifests(path):
                raise InputError("rounds.store_exists", where=path)
        moment, person = check_event(at, who)
        for name in _FOLDERS:
            (path / name).mkdir(parents=True, exist_ok=True)
        if not (path / README.name).exists():
            create_or_keep(path / README.name, README.text, path / "aside")
        store = cls.__new__(cls)
        store.path, store.clock_note = path, ""
        store._clear()
        store._publish({"tables": {}, "parts": {}, "documents": {}}, at=moment, who=person,
                       action="create", note="")  # fmt: skip
        return store

    @classmethod
    def open(cls, path: str | Path, *, clock_note: str = "") -> Store:
        """Return the store in a folder, at its newest revision.

        With `clock_note`, which says why, what is written may bear an earlier time than what
        stands there.

        Raises
        ------
        InputError
            If there is no store.
        StoreError
            If its newest manifest cannot be used.
        """
        return cls(path, clock_note=clock_note)

    @property
    def head(self) -> str:
        """The newest revision and its hash, `n:hash`: who has it written down can tell a change."""
        return f"{self.revision}:{self._hash}"

    def find_head(self, revision: int) -> str:
        """Return the head as it was at a revision."""
        return f"{revision}:{files.hash_bytes(read_manifest(self.path, revision))}"

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """What is known of each kept document, by its reference; erased ones too."""
        return self._fold(None)[1]

    @property
    def revision(self) -> int:
        """Number of the revision this object stands at; the first is 1."""
        return int(self.manifest["revision"])

    @property
    def identity(self) -> str:
        """What tells this store from every other: the hash of its first manifest."""
        return files.hash_bytes(read_manifest(self.path, 1))

    def refresh(self) -> None:
        """Move on to the newest revision."""
        self._clear()
        self._load_newest()

    def layout(self, name: str, *, revision: int | None = None) -> TableLayout:
        """Return how a table is laid out."""
        return TableLayout.of_entry(name, self._find_table(name, revision))

    def list_tables(self, *, revision: int | None = None) -> list[str]:
        """Return the names of the tables at a revision, sorted."""
        return sorted(self._manifest_of(revision)["tables"])

    def read(
        self,
        name: str,
        *,
        revision: int | None = None,
        only: Only | None = None,
        resolve: bool = True,
    ) -> pd.DataFrame:
        """Return a table as it stands, or stood at a revision, sorted by its key.

        Text is str (missing: None), whole numbers Int64, numbers float, flags bool.

        Parameters
        ----------
        name
            The table.
        revision
            Which; by default the newest.
        only
            A column and the values wanted in it; quick where the table is split by it.
        resolve
            Whether free texts are read; else their references stand in their place.

        Raises
        ------
        UnknownNameError
            If there is no such table or revision.
        StoreError
            If its file is missing or was changed.
        """
        found = self._find_files(name, revision)
        return self._reader.read_table(*found, only=only, resolve=resolve)

    def read_rows(
        self, name: str, *, revision: int | None = None, only: Only | None = None
    ) -> dict[Key, dict[str, Any]]:
        """Return what `read` returns as plain rows by their key; what is missing is None."""
        return self._reader.read_rows(*self._find_files(name, revision), only=only)

    def read_document(self, ref: str) -> bytes:
        """Return a kept document by its reference.

        Raises
        ------
        UnknownNameError
            If there is no such document, or it was erased.
        """
        entry = self.documents.get(ref)
        if entry is None:
            raise UnknownNameError("rounds.no_document", where=self.path, name=ref[:12])
        if ref in self.list_erased():
            raise UnknownNameError("rounds.document_erased", where=self.path, name=ref[:12])
        if not entry.get("salted"):
            return read_file(self.path, entry["file"], ref)
        return read_salted(self.path, entry["file"], ref)

    def find_document(self, content: bytes) -> str:
        """Return the reference under which a document is kept already; empty where it is not."""
        return find_document(self.path, self.documents, content)

    def commit(
        self,
        tables: Mapping[TableLayout, pd.DataFrame] | None = None,
        *,
        at: str,
        who: str,
        action: str,
        note: str = "",
        parts: Mapping[TableLayout, pd.DataFrame] | None = None,
        documents: Sequence[KeptDocument] = (),
    ) -> int:
        """Add a revision in which `tables` replace those of the same name; return its number.

        Parameters
        ----------
        tables
            Whole tables; those not given stay as they are.
        at
            When, ISO 8601; not before the newest revision unless `clock_note` says why.
        who
            Who did it.
        action, note
            What was done, in a word and in a sentence.
        parts
            Of tables that are split: whole parts, by the column they are split by; parts that do
            not occur stay as they are.
        documents
            Files to keep as they are (`seal`).

        Raises
        ------
        StoreError
            If somebody else has added a revision since this object was opened.
        InputError
            If a table does not fit its layout, or the clock runs backwards.
        """
        moment, person = check_event(at, who)
        last = str(self.manifest["at"])
        if runs_backwards(last, moment) and not self.clock_note:
            raise InputError("rounds.clock_back", now=moment, last=last)
        self._remove_erased()
        writer = RevisionWriter(
            self.path, self._texts, self.manifest["tables"], self._fold(None)[0], self.revision + 1
        )
        for layout, frame in (tables or {}).items():
            check_layout(layout)
            writer.put(layout, layout.fit_rows(frame))
        for layout, frame in (parts or {}).items():
            check_layout(layout)
            if writer.is_laid_out(layout):
                writer.put_parts(layout, layout.fit_rows(frame))
            else:
                # The table was kept otherwise before: all of it is written anew.
                table, before = layout.fit(frame), pd.DataFrame()
                if layout.name in self.manifest["tables"]:
                    before = self.read(layout.name).reindex(columns=list(layout.columns))
                    before = before[~before[layout.split].isin(set(table[layout.split]))]
                rows = [*before.astype(object).to_dict("records"), *table.to_dict("records")]
                whole = pd.DataFrame(rows, columns=list(layout.columns), dtype=object)
                writer.put(layout, layout.fit_rows(whole))
        for document in documents:
            if document.ref not in self.documents:
                writer.keep(document)
        self._texts.save(self.path / "aside")
        self._publish(writer.content, at=moment, who=person, action=action, note=note)
        return self.revision

    def erase(self, refs: Sequence[str], *, at: str, who: str, reason: str) -> int:
        """Remove kept texts and documents from all of history; return the revision that says so.

        What is written first is that they are gone; a writer stopped in between leaves the
        removing to the next one.

        Raises
        ------
        UnknownNameError
            If nothing that is there has such a reference.
        """
        here = {*self.documents} - set(self.list_erased())
        unknown = [ref[:12] for ref in refs if ref not in here and ref not in self._texts]
        if unknown or not refs:
            raise UnknownNameError("rounds.nothing_to_erase", where=self.path, rows=unknown)
        moment, person = check_event(at, who)
        old = self.read(ERASURES.name) if ERASURES.name in self.list_tables() else pd.DataFrame()
        rows = [{"ref": ref, "erased_at": moment, "erased_by": person, "reason": reason}
                for ref in dict.fromkeys(refs)]  # fmt: skip
        table = pd.DataFrame([*old.to_dict("records"), *rows])
        note = f"{len(rows)}: {reason}"
        number = self.commit({ERASURES: table}, at=at, who=who, action="erase", note=note)
        self._remove_erased()
        return number

    def list_erased(self) -> list[str]:
        """Return the references of what was erased."""
        if ERASURES.name not in self.manifest["tables"]:
            return []
        return [str(ref) for ref in self.read(ERASURES.name)["ref"]]

    def find_texts(self, part: str) -> list[str]:
        """Return the references of the free texts that hold `part`."""
        return self._texts.find(part)

    def history(self) -> pd.DataFrame:
        """Return one row per revision: revision, at, who, action, note, tables (that changed)."""
        rows = []
        for number in range(1, self.revision + 1):
            manifest = self._manifest_of(number)
            changed = [n for n, entry in manifest["tables"].items() if entry["since"] == number]
            said = [manifest[name] for name in ("at", "who", "action", "note")]
            rows.append((number, *said, ", ".join(sorted(changed))))
        return pd.DataFrame(rows, columns=["revision", "at", "who", "action", "note", "tables"])

    def compare(self, name: str, before: int, after: int) -> list[Any]:
        """Return the rows of a table that differ between two revisions (`Change`)."""
        sides = []
        for revision in (before, after):
            known = name in self._manifest_of(revision)["tables"]
            layout = self.layout(name, revision=revision if known else None)
            frame = self.read(name, revision=revision) if known else layout.fit(pd.DataFrame())
            sides.append(to_rows(frame, layout.key))
        return compare_rows(sides[0], sides[1])

    def verify(self) -> pd.DataFrame:
        """Return every file of every revision and whether it is whole.

        Columns: file, revision (the first that uses it; 0 for a leftover of an
        interrupted writer, which is harmless), bytes, whole (bool), finding.
        """
        return verify_files(self.path, self.revision)

    def require_head(self, head: str) -> None:
        """Raise `StoreError` unless the store still holds the revision that a head names.

        Parameters
        ----------
        head
            `n:hash`, as printed, or as it stands in an approval, a report or a form; at least
            the first 12 digits of the hash.
        """
        number, _, digits = head.strip().partition(":")
        if not number.isdigit() or not re.fullmatch("[0-9a-f]{12,64}", digits):
            raise InputError("rounds.not_a_head", value=head)
        revision = int(number)
        if not 1 <= revision <= self.revision:
            raise StoreError("rounds.head_gone", where=self.path, number=revision,
                             last=self.revision)  # fmt: skip
        if not self.find_head(revision).partition(":")[2].startswith(digits):
            raise StoreError("rounds.head_differs", where=self.path, number=revision)

    def require_whole(self) -> None:
        """Raise `StoreError` if a file of any revision is missing or was changed."""
        found = self.verify()
        broken = found[~found["whole"]]
        if len(broken):
            problem = Problem("rounds.file_damaged", str(self.path), list(broken["file"]))
            raise StoreError([problem])

    def tidy(self) -> list[str]:
        """Remove what interrupted writers left aside, and return the names; nothing in use goes.

        Only to be called while nobody writes.
        """
        gone = []
        for path in sorted((self.path / "aside").iterdir()):
            if path.name.startswith(files.ASIDE):
                path.unlink()
                gone.append(path.name)
        return gone

    # -- inside ---------------------------------------------------------------------------

    def _clear(self) -> None:
        self.manifest: dict[str, Any] = {}
        self._hash = ""
        self._manifests: dict[int, dict[str, Any]] = {}
        self._folded: tuple[int, _Fold] = (0, ({}, {}))
        self._texts = KeptTexts(self.path)
        self._reader = TableReader(self.path, self._texts)

    def _load_newest(self) -> None:
        numbers = list_manifests(self.path)
        if not numbers:
            raise InputError("rounds.no_store", where=self.path)
        raw = read_manifest(self.path, numbers[-1])
        self.manifest = parse_manifest(raw, numbers[-1], f"manifests/{numbers[-1]:06d}.json")
        self._hash = files.hash_bytes(raw)
        self._texts.forget(self.list_erased())

    def _fold(self, revision: int | None) -> _Fold:
        """Return the parts of the split tables, and the documents, as of a revision."""
        number = self.revision if revision is None else revision
        done, state = self._folded
        if done > number:
            done, state = 0, ({}, {})
        for each in range(done + 1, number + 1):
            fold_manifest(state, self._manifest_of(each))
        if number == self.revision:
            self._folded = (number, state)
        return state

    def _manifest_of(self, revision: int | None) -> dict[str, Any]:
        if revision is None or revision == self.revision:
            return self.manifest
        if not 1 <= revision <= self.revision:
            raise UnknownNameError(
                "rounds.unknown_revision", where=self.path, number=revision, last=self.revision
            )
        if revision not in self._manifests:
            raw = read_manifest(self.path, revision)
            name = f"manifests/{revision:06d}.json"
            self._manifests[revision] = parse_manifest(raw, revision, name)
        return self._manifests[revision]

    def _find_table(self, name: str, revision: int | None) -> dict[str, Any]:
        tables = self._manifest_of(revision)["tables"]
        if name not in tables:
            raise UnknownNameError(
                "rounds.unknown_table", where=self.path, name=name, known=sorted(tables)
            )
        return dict(tables[name])

    def _find_files(
        self, name: str, revision: int | None
    ) -> tuple[dict[str, Any], dict[str, Any], TableLayout]:
        """Return what a manifest says of a table, of its parts, and its layout."""
        entry = self._find_table(name, revision)
        layout = TableLayout.of_entry(name, entry)
        return entry, self._fold(revision)[0].get(name, {}) if layout.split else {}, layout

    def _remove_erased(self) -> None:
        """Remove what was erased; a writer may have been stopped before it came to that."""
        gone = self.list_erased()
        self._texts.erase([ref for ref in gone if ref in self._texts])
        for ref in gone:
            if ref in self.documents:
                target = self.path / self.documents[ref]["file"]
                target.unlink(missing_ok=True)
                target.with_suffix(".salt").unlink(missing_ok=True)

    def _publish(
        self, content: dict[str, Any], *, at: str, who: str, action: str, note: str
    ) -> None:
        number = int(self.manifest.get("revision", 0)) + 1
        manifest = {
            "format": FORMAT,
            "schema": SCHEMA,
            "revision": number,
            "at": at,
            "who": who,
            "action": action,
            "note": note,
            # Heads are published: nobody may try counts until one fits.
            "salt": secrets.token_hex(16),
            "parent": self._hash,
            **({"clock_note": self.clock_note} if self.clock_note else {}),
            **content,
        }
        raw = encode_manifest(manifest)
        target = self.path / "manifests" / f"{number:06d}.json"
        try:
            files.create_file(target, raw, aside=self.path / "aside")
        except FileExistsError:
            raise StoreError("rounds.changed_meanwhile", where=self.path) from None
        if self.manifest:
            self._manifests[self.revision] = self.manifest
        self.manifest, self._hash = manifest, files.hash_bytes(raw)
