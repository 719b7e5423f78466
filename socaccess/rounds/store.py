"""A store: a plain folder of tables that only ever grows, whole at every moment.

Every table is a CSV or Parquet file named by the hash of its content. A manifest a
revision says which files make up the store from then on, who wrote it, when and why,
and carries the hash of the manifest before it. The highest number in `manifests/` is in
force. A revision exists from the moment its manifest has its name: whatever stops the
writer before leaves the revision before, whatever stops it after leaves the new one.
Nothing is overwritten; going back is a new revision that says the old things again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess import files
from socaccess.errors import InputError, Problem, UnknownNameError
from socaccess.rounds.layouts import (
    TableLayout,
    compare_rows,
    decode_table,
    encode_table,
    to_rows,
)
from socaccess.rounds.manifests import (
    FORMAT,
    README,
    SCHEMA,
    StoreError,
    check_event,
    check_layout,
    list_manifests,
    parse_manifest,
    read_file,
    read_manifest,
    verify_files,
)

__all__ = ["SCHEMA", "Store", "StoreError"]

_FOLDERS = ("manifests", "tables", "documents", "aside")


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
    >>> layout = TableLayout("places", ("site",), {"site": "text", "places": "integer"})
    >>> store = Store.create(tempfile.mkdtemp() + "/store", at="2022-01-10T09:00:00", who="Anna")
    >>> table = pd.DataFrame({"site": ["a"], "places": [8]})
    >>> store.commit({layout: table}, at="2022-01-10T09:05:00", who="Anna", action="fill")
    2
    >>> store.read("places").values.tolist()
    [['a', 8]]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.manifest: dict[str, Any] = {}
        self._hash = ""
        self._read_tables: dict[str, pd.DataFrame] = {}
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
            _create_or_keep(path / README.name, README.text, path / "aside")
        store = cls.__new__(cls)
        store.path, store.manifest, store._hash, store._read_tables = path, {}, "", {}
        store._publish(
            {"tables": {}, "documents": {}}, at=moment, who=person, action="create", note=""
        )
        return store

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Return the store in a folder, at its newest revision.

        Raises
        ------
        InputError
            If there is no store.
        StoreError
            If its newest manifest cannot be used.
        """
        return cls(path)

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
        self._load_newest()

    def layout(self, name: str, *, revision: int | None = None) -> TableLayout:
        """Return how a table is laid out."""
        entry = self._find_table(name, revision)
        return TableLayout(name, tuple(entry["key"]), entry["columns"], entry["format"])

    def list_tables(self, *, revision: int | None = None) -> list[str]:
        """Return the names of the tables at a revision, sorted."""
        return sorted(self._manifest_of(revision)["tables"])

    def read(self, name: str, *, revision: int | None = None) -> pd.DataFrame:
        """Return a table as it stands, or stood at a revision, sorted by its key.

        Text is str (missing: None), whole numbers Int64, numbers float, flags bool.

        Raises
        ------
        UnknownNameError
            If there is no such table or revision.
        StoreError
            If its file is missing or was changed.
        """
        entry = self._find_table(name, revision)
        file = entry["file"]
        if file not in self._read_tables:
            content = read_file(self.path, file, entry["sha256"])
            layout = TableLayout(name, tuple(entry["key"]), entry["columns"], entry["format"])
            try:
                # The name of a file is its content's: what was read once stays right.
                self._read_tables[file] = decode_table(content, layout)
            except (ValueError, UnicodeDecodeError):
                raise StoreError("rounds.not_the_table", where=file) from None
        return self._read_tables[file].copy()

    def read_document(self, sha256: str) -> bytes:
        """Return a kept document by its hash."""
        entry = self.manifest["documents"].get(sha256)
        if entry is None:
            raise UnknownNameError("rounds.no_document", where=self.path, name=sha256[:12])
        return read_file(self.path, entry["file"], sha256)

    def commit(
        self,
        tables: Mapping[TableLayout, pd.DataFrame],
        *,
        at: str,
        who: str,
        action: str,
        note: str = "",
        documents: Mapping[str, bytes] | None = None,
    ) -> int:
        """Add a revision in which `tables` replace those of the same name; return its number.

        Parameters
        ----------
        tables
            Whole tables; those not given stay as they are.
        at
            When, ISO 8601.
        who
            Who did it.
        action, note
            What was done, in a word and in a sentence.
        documents
            Files to keep as they are, by the ending of their name (`xlsx`).

        Raises
        ------
        StoreError
            If somebody else has added a revision since this object was opened.
        InputError
            If a table does not fit its layout.
        """
        moment, person = check_event(at, who)
        number = self.revision + 1
        content: dict[str, Any] = {
            "tables": dict(self.manifest["tables"]),
            "documents": dict(self.manifest["documents"]),
        }
        for layout, frame in tables.items():
            check_layout(layout)
            encoded = encode_table(layout.fit(frame), layout)
            digest = files.hash_bytes(encoded)
            old = content["tables"].get(layout.name)
            if old and old["sha256"] == digest and old["columns"] == dict(layout.columns):
                continue
            file = f"tables/{layout.name}/{digest}.{layout.format}"
            self._add_file(file, encoded, digest)
            content["tables"][layout.name] = {
                "file": file,
                "sha256": digest,
                "bytes": len(encoded),
                "rows": len(frame),
                "since": number,
                **layout.describe(),
            }
        for ending, document in (documents or {}).items():
            digest = files.hash_bytes(document)
            file = f"documents/{digest}.{ending}"
            self._add_file(file, document, digest)
            content["documents"].setdefault(
                digest, {"file": file, "bytes": len(document), "since": number}
            )
        self._publish(content, at=moment, who=person, action=action, note=note)
        return self.revision

    def history(self) -> pd.DataFrame:
        """Return one row a revision: revision, at, who, action, note, tables (that changed)."""
        rows = []
        for number in range(1, self.revision + 1):
            manifest = self._manifest_of(number)
            changed = [n for n, entry in manifest["tables"].items() if entry["since"] == number]
            rows.append(
                (
                    number,
                    manifest["at"],
                    manifest["who"],
                    manifest["action"],
                    manifest["note"],
                    ", ".join(sorted(changed)),
                )
            )
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

    def _load_newest(self) -> None:
        numbers = list_manifests(self.path)
        if not numbers:
            raise InputError("rounds.no_store", where=self.path)
        raw = read_manifest(self.path, numbers[-1])
        self.manifest = parse_manifest(raw, numbers[-1], f"manifests/{numbers[-1]:06d}.json")
        self._hash = files.hash_bytes(raw)

    def _manifest_of(self, revision: int | None) -> dict[str, Any]:
        if revision is None or revision == self.revision:
            return self.manifest
        if not 1 <= revision <= self.revision:
            raise UnknownNameError(
                "rounds.unknown_revision", where=self.path, number=revision, last=self.revision
            )
        raw = read_manifest(self.path, revision)
        return parse_manifest(raw, revision, f"manifests/{revision:06d}.json")

    def _find_table(self, name: str, revision: int | None) -> dict[str, Any]:
        tables = self._manifest_of(revision)["tables"]
        if name not in tables:
            raise UnknownNameError(
                "rounds.unknown_table", where=self.path, name=name, known=sorted(tables)
            )
        return dict(tables[name])

    def _add_file(self, file: str, content: bytes, digest: str) -> None:
        target = self.path / file
        if target.exists():
            read_file(self.path, file, digest)  # the same content, or an error
            return
        target.parent.mkdir(exist_ok=True)
        _create_or_keep(target, content, self.path / "aside")

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
            "parent": self._hash,
            **content,
        }
        raw = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
        target = self.path / "manifests" / f"{number:06d}.json"
        try:
            files.create_file(target, raw, aside=self.path / "aside")
        except FileExistsError:
            raise StoreError("rounds.changed_meanwhile", where=self.path) from None
        self.manifest, self._hash = manifest, files.hash_bytes(raw)


def _create_or_keep(target: Path, content: bytes | str, aside: Path) -> None:
    """Write a new file; where another writer was first, theirs is the same content."""
    with suppress(FileExistsError):
        files.create_file(target, content, aside=aside)
