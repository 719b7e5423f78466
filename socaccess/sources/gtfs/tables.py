"""The tables of a feed: a zip file or a folder, rows of text, block by block."""

from __future__ import annotations

import csv
import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from socaccess.errors import InputError, Problem
from socaccess.guards import check_member_name

__all__ = ["FeedFiles", "Table"]

BLOCK_BYTES: Final = 2 << 20
"""What is parsed at once: larger blocks are no faster and take more memory."""
MAX_TABLE_BYTES: Final = 4_000_000_000
"""Largest table that is read, unpacked."""
_TRIMMED = ' \t\u00a0"\r'
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

Table = dict[str, list[str]]


def _list_texts(column: pa.Array) -> list[str]:
    """Return trimmed texts; equal ones are one object, which most of a large table's are."""
    encoded = pc.dictionary_encode(pc.utf8_trim(column, _TRIMMED))
    texts = encoded.dictionary.to_pylist()
    return [texts[at] for at in encoded.indices.to_pylist()]


class FeedFiles:
    """The files of one feed, open for reading; `problems` gathers what is wrong with them.

    Parameters
    ----------
    path
        A zip file, or a folder with its files.

    Raises
    ------
    InputError
        If there is neither, or the archive cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.problems: list[Problem] = []
        self._zip: zipfile.ZipFile | None = None
        if self.path.is_dir():
            self._names = {file.name: str(file) for file in sorted(self.path.glob("*.txt"))}
            return
        if not self.path.is_file():
            raise InputError("guards.no_file", where=self.path)
        try:
            self._zip = zipfile.ZipFile(self.path)
            members = self._zip.infolist()
        except (*_BROKEN, OSError):
            raise InputError("gtfs.not_a_zip", where=self.path.name) from None
        self._names = {}
        for member in members:
            check_member_name(member.filename)
            # Some feeds lie in a folder within the archive.
            if member.filename.endswith(".txt"):
                self._names.setdefault(member.filename.split("/")[-1], member.filename)

    def __enter__(self) -> FeedFiles:
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, code: str, name: str, rows: Sequence[object] = (), **values: Any) -> None:
        """Keep a finding about a table."""
        self.problems.append(Problem(code, self.locate(name), rows, **values))

    def locate(self, name: str) -> str:
        """Return how a table is called in a finding."""
        return f"{self.path.name}/{name}"

    def hash_content(self) -> str:
        """Return the SHA-256 of the archive, or of the folder's tables in order of their names."""
        digest = hashlib.sha256()
        names = sorted(self._names.values()) if self._zip is None else [str(self.path)]
        for name in names:
            with Path(name).open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    def read_header(self, name: str) -> list[str]:
        """Return the names of a table's columns: trimmed, without a byte-order mark."""
        with self._open(name) as stream:
            line = stream.readline(1 << 16).decode("utf-8-sig", "replace")
        row = next(csv.reader([line], skipinitialspace=True), [])
        return [cell.strip(_TRIMMED).lower() for cell in row]

    def read_blocks(
        self, name: str, wanted: Sequence[str], *, quoted_lines: bool = True
    ) -> Iterator[dict[str, pa.Array]]:
        """Yield the wanted columns of a table, block after block, as they stand in the file.

        Columns the table lacks are left out. Rows with too few or too many cells are left out and
        become a finding.
        """
        names = self.read_header(name)
        unique = [cell if names.index(cell) == at else f"{cell} {at}"
                  for at, cell in enumerate(names)]  # fmt: skip
        odd: list[object] = []

        def skip(row: Any) -> str:
            odd.append(row.number if row.number is not None else len(odd) + 1)
            return "skip"

        columns = [column for column in wanted if column in names]
        if not columns:
            return
        try:
            with self._open(name) as stream:
                reader = pcsv.open_csv(
                    stream,
                    read_options=pcsv.ReadOptions(
                        use_threads=False, block_size=BLOCK_BYTES, column_names=unique, skip_rows=1
                    ),
                    parse_options=pcsv.ParseOptions(
                        invalid_row_handler=skip, newlines_in_values=quoted_lines
                    ),
                    convert_options=pcsv.ConvertOptions(
                        include_columns=columns,
                        strings_can_be_null=False,
                        column_types=dict.fromkeys(columns, pa.string()),
                    ),
                )
                for batch in reader:
                    yield {column: batch.column(column) for column in batch.schema.names}
        except pa.ArrowInvalid as error:
            if "mpty CSV" in str(error):  # only a header, or nothing at all
                return
            code = "gtfs.not_utf8" if "UTF8" in str(error) else "gtfs.unreadable"
            self.add(code, name)
        except _BROKEN:
            self.add("gtfs.unreadable", name)
        if odd:
            self.add("gtfs.odd_rows", name, odd)

    def read_table(self, name: str, wanted: Sequence[str]) -> Table:
        """Return a small table as lists of trimmed texts, empty where a column is absent."""
        table: Table = {column: [] for column in wanted}
        if name not in self:
            return table
        for block in self.read_blocks(name, wanted):
            count = len(next(iter(block.values())))
            for column in wanted:
                table[column] += _list_texts(block[column]) if column in block else [""] * count
        return table

    def require(self, name: str, columns: Sequence[str]) -> bool:
        """Return whether a table has its columns; a finding where it, or one of them, is absent."""
        if name not in self:
            self.add("gtfs.no_table", name)
            return False
        missing = [column for column in columns if column not in self.read_header(name)]
        for column in missing:
            self.add("gtfs.no_column", name, column=column)
        return not missing

    def _open(self, name: str) -> IO[bytes]:
        place = self._names[name]
        if self._zip is None:
            return Path(place).open("rb")
        if self._zip.getinfo(place).file_size > MAX_TABLE_BYTES:
            raise InputError(
                "guards.too_large", where=self.locate(name), megabytes=MAX_TABLE_BYTES // 10**6
            )
        try:
            return self._zip.open(place)
        except _BROKEN:
            raise InputError("gtfs.not_a_zip", where=self.path.name) from None
