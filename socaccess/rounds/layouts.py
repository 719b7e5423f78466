"""Tables of a store: their layouts, rows, and files without a loss (CSV or Parquet)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem, raise_problems
from socaccess.guards import guard_text, unguard_text
from socaccess.messages import Message

__all__ = [
    "ABOUT",
    "ANSWERS",
    "CLIENTS",
    "ERASURES",
    "FACILITIES",
    "ISSUED",
    "JOURNALS",
    "MUNICIPALITIES",
    "PERSONS",
    "PROVISION",
    "RECEIPTS",
    "ROUNDS",
    "SERVICES",
    "SETTLEMENTS",
    "STANCES",
    "Change",
    "TableLayout",
    "compare_rows",
    "decode_rows",
    "decode_table",
    "encode_rows",
    "encode_table",
    "make_table",
    "to_rows",
]

KINDS = ("text", "integer", "number", "flag")
FORMATS = ("csv", "parquet")
_BITS = 63

Row = dict[str, Any]
Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TableLayout:
    """The columns of a stored table.

    Parameters
    ----------
    name
        Its name: small letters and underscores.
    key
        Text columns that together name a row.
    columns
        Every column and its kind: `text`, `integer`, `number` or `flag`.
    format
        `csv` or `parquet`.
    split
        The text column whose values part the table into files, one per value; empty: one file.
    free
        Columns of free text, kept beside the chain so that it can be erased: the column, and
        the column and value that a row must have for it to be free text (None: every row).
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    format: str = "csv"
    split: str = ""
    free: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        key: str,
        columns: str,
        *,
        split: str = "",
        free: Mapping[str, tuple[str, str] | None] | None = None,
    ) -> TableLayout:
        """Return a layout from words: columns are text unless they say `name:kind`."""
        kinds = {}
        for word in columns.split():
            column, _, kind = word.partition(":")
            kinds[column] = kind or "text"
        return cls(name, tuple(key.split()), kinds, split=split, free=free or {})

    @classmethod
    def of_entry(cls, name: str, entry: Mapping[str, Any]) -> TableLayout:
        """Return the layout that a manifest describes."""
        free = {column: tuple(only) if only else None
                for column, only in entry.get("free", {}).items()}  # fmt: skip
        return cls(name, tuple(entry["key"]), entry["columns"], entry["format"],
                   entry.get("split", ""), free)  # fmt: skip

    def find_free(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return which rows of a free column hold a text that is kept beside the chain."""
        rows: dict[tuple[str, str] | None, np.ndarray] = {None: np.ones(len(frame), dtype=bool)}
        rows |= {only: (frame[only[0]] == only[1]).to_numpy(dtype=bool)
                 for only in set(self.free.values()) if only}  # fmt: skip
        found = {column: rows[only] & frame[column].notna().to_numpy()
                 for column, only in self.free.items() if rows[only].any()}  # fmt: skip
        return {column: mask for column, mask in found.items() if mask.any()}

    def refer_free(
        self, rows: list[tuple[Any, ...]], change: Callable[[str], str]
    ) -> list[tuple[Any, ...]]:
        """Return rows in which `change` was done to every text kept beside the chain."""
        names = list(self.columns)
        at = [(names.index(column), only and (names.index(only[0]), only[1]))
              for column, only in self.free.items()]  # fmt: skip
        if not at:
            return rows
        changed = []
        for row in rows:
            cells = list(row)
            for column, only in at:
                if cells[column] is not None and (not only or row[only[0]] == only[1]):
                    cells[column] = change(cells[column])
            changed.append(tuple(cells))
        return changed

    def fit(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly these columns and types, sorted by key.

        Empty text is missing text. Columns the frame lacks are missing everywhere;
        columns the layout does not know are refused.

        Raises
        ------
        InputError
            If a column is unknown, a value has another kind, or a key is missing or
            occurs twice.
        """
        return make_table(self.fit_rows(frame), self)

    def fit_rows(self, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        """Return what `fit` returns as rows of plain values; what is missing is None."""
        where = Message("rounds.table", name=self.name)
        unknown = [str(name) for name in frame.columns if name not in self.columns]
        problems = [Problem("rounds.unknown_column", where, unknown)] if unknown else []
        fitted = {}
        for name, kind in self.columns.items():
            values = frame[name].tolist() if name in frame else [None] * len(frame)
            plain, wrong = _make_plain(values, kind)
            if wrong:
                rows = [
                    Message("rounds.row_value", number=number + 1, value=repr(values[number]))
                    for number in wrong
                ]
                problems.append(Problem("rounds.not_of_kind", where, rows, column=name, kind=kind))
            fitted[name] = plain
        keys = list(zip(*(fitted[name] for name in self.key), strict=True))
        gone = [str(key) for key in keys if any(part is None for part in key)]
        if gone:
            problems.append(Problem("rounds.key_missing", where, gone))
        elif len(set(keys)) < len(keys):
            seen: set[Any] = set()
            doubled = [" ".join(key) for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
            problems.append(Problem("rounds.key_twice", where, doubled))
        raise_problems(problems)
        fit = list(zip(*fitted.values(), strict=True))
        return [fit[at] for at in sorted(range(len(keys)), key=keys.__getitem__)]

    def describe(self) -> dict[str, Any]:
        """Return the layout as plain values, for a manifest."""
        plain = {"key": list(self.key), "columns": dict(self.columns), "format": self.format}
        if self.split:
            plain["split"] = self.split
        if self.free:
            plain["free"] = {column: list(only) if only else None
                             for column, only in self.free.items()}  # fmt: skip
        return plain


def _make_plain(values: list[Any], kind: str) -> tuple[list[Any], list[int]]:
    if kind == "text" and {type(value) for value in values} <= {str, type(None)}:
        with suppress(UnicodeEncodeError):  # nearly every column is made of whole texts
            "".join(filter(None, values)).encode("utf-8")
            return [value or None for value in values], []
    plain: list[Any] = []
    wrong = []
    for number, value in enumerate(values):
        converted: Any = None
        if not _is_missing(value):
            try:
                converted = _convert(value, kind)
            except (TypeError, ValueError, OverflowError):
                wrong.append(number)
        elif kind == "flag":
            converted = False
        plain.append(converted)
    return plain, wrong


def _convert(value: Any, kind: str) -> Any:
    if kind == "text":
        text = str(value)
        text.encode("utf-8")
        return text or None
    if kind == "flag":
        if not isinstance(value, bool | np.bool_):
            raise TypeError
        return bool(value)
    if isinstance(value, bool | np.bool_ | str):
        raise TypeError
    number = float(value)
    if kind == "integer":
        if not number.is_integer():
            raise ValueError
        return int(value)
    return number


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (
        isinstance(value, float) and math.isnan(value)
    )  # fmt: skip


def _make_column(values: list[Any], kind: str) -> Any:
    """Return a column's values as an array: a table of arrays is made sooner than one of series."""
    if kind == "integer":
        return pd.array(values, dtype="Int64")
    if kind == "text":
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column
    return np.array(values, dtype=float if kind == "number" else bool)


def to_rows(frame: pd.DataFrame, key: Iterable[str]) -> dict[Key, Row]:
    """Return the rows of a table by their key, as plain values; what is missing is None."""
    names = [str(name) for name in frame.columns]
    plain = {}
    for name in names:
        values, missing = frame[name].tolist(), frame[name].isna().tolist()
        plain[name] = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    keys = zip(*(map(str, plain[name]) for name in key), strict=True)
    rows = (dict(zip(names, values, strict=True)) for values in zip(*plain.values(), strict=True))
    return dict(zip(keys, rows, strict=True))


@dataclass(frozen=True)
class Change:
    """One row that differs between two versions of a table.

    Parameters
    ----------
    key
        Which row.
    before, after
        The row in each version; None where it was not there.
    columns
        The columns that differ, where it is in both.
    """

    key: Key
    before: Row | None
    after: Row | None
    columns: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def compare_rows(before: Mapping[Key, Row], after: Mapping[Key, Row]) -> list[Change]:
    """Return every row that differs, in the order of their keys.

    Examples
    --------
    >>> [(c.kind, c.key, c.columns) for c in compare_rows(
    ...     {("a",): {"places": 8}, ("b",): {"places": 4}}, {("a",): {"places": 10}})]
    [('changed', ('a',), ('places',)), ('removed', ('b',), ())]
    """
    changes = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            changes.append(Change(key, old, new))
        else:
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            if names:
                changes.append(Change(key, old, new, tuple(names)))
    return changes


def encode_table(table: pd.DataFrame, layout: TableLayout) -> bytes:
    """Return a fitted table as the bytes of its file; the same table gives the same bytes."""
    return encode_rows(list(table.itertuples(index=False, name=None)), layout)


def encode_rows(rows: Sequence[tuple[Any, ...]], layout: TableLayout) -> bytes:
    """Return fitted rows as the bytes of their file; the same rows give the same bytes."""
    if layout.format == "parquet":
        return _encode_parquet(make_table(rows, layout), layout)
    text = io.StringIO(newline="")
    # Both signs of the line end, so that the writer quotes a text that holds either.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(layout.columns)
    cells = [_write_cells(values, kind) for values, kind in zip(
        zip(*rows, strict=True), layout.columns.values(), strict=False)]  # fmt: skip
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue().encode("utf-8")


def decode_table(content: bytes, layout: TableLayout) -> pd.DataFrame:
    """Return the table of a file written by `encode_table`.

    Raises
    ------
    ValueError
        If the bytes hold another table.
    """
    return make_table(decode_rows(content, layout), layout)


def decode_rows(content: bytes, layout: TableLayout) -> list[tuple[Any, ...]]:
    """Return the rows of a file written by `encode_table`; errors as of `decode_table`."""
    if layout.format == "parquet":
        import pyarrow.parquet as pq

        frame = pq.read_table(io.BytesIO(content)).to_pandas(types_mapper=None)
        if list(frame.columns) != list(layout.columns):
            raise ValueError("columns differ")
        return list(zip(*(layout.fit(frame)[name].tolist() for name in layout.columns),
                        strict=True))  # fmt: skip
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    except csv.Error as error:  # which is no ValueError
        raise ValueError(str(error)) from None
    if not rows or rows[0] != list(layout.columns):
        raise ValueError("columns differ")
    width = len(layout.columns)
    if any(len(row) != width for row in rows):
        raise ValueError("rows of other lengths")
    columns = zip(zip(*rows[1:], strict=True), layout.columns.values(), strict=False)
    return list(zip(*(_read_cells(cells, kind) for cells, kind in columns), strict=True))


def make_table(rows: Iterable[tuple[Any, ...]], layout: TableLayout) -> pd.DataFrame:
    """Return decoded rows as a table, sorted by key."""
    at = [list(layout.columns).index(name) for name in layout.key]
    ordered = sorted(rows, key=lambda row: tuple(str(row[i]) for i in at))
    columns = list(zip(*ordered, strict=True)) or [()] * len(layout.columns)
    data = {
        name: _make_column(list(cells), kind)
        for (name, kind), cells in zip(layout.columns.items(), columns, strict=True)
    }
    return pd.DataFrame(data, columns=list(layout.columns))


def _encode_parquet(table: pd.DataFrame, layout: TableLayout) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in layout.columns.items()])
    arrow = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    sink = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(None), sink, compression="zstd")
    return sink.getvalue()


def _write_cells(values: Iterable[Any], kind: str) -> list[str]:
    def write(value: Any) -> str:
        if kind == "flag":
            return "true" if value else "false"
        if kind == "text":
            return guard_text(value)
        return str(int(value)) if kind == "integer" else repr(float(value))

    return ["" if _is_missing(value) else write(value) for value in values]


def _read_cells(cells: Iterable[str], kind: str) -> list[Any]:
    if kind == "flag":
        return [cell == "true" for cell in cells]
    if kind == "text":
        return [unguard_text(cell) if cell else None for cell in cells]
    if kind == "integer":
        numbers = [int(cell) if cell else None for cell in cells]
        if any(number is not None and number.bit_length() > _BITS for number in numbers):
            raise ValueError("a whole number of more than 64 bits")
        return numbers
    return [float(cell) if cell else math.nan for cell in cells]


ABOUT = TableLayout.of("about", "item", "item value")
MUNICIPALITIES = TableLayout.of(
    "municipalities",
    "municipality_id",
    "municipality_id name population:number partner:flag",
)
SETTLEMENTS = TableLayout.of(
    "settlements",
    "settlement_id",
    "settlement_id name kind municipality_id lon:number lat:number",
)
SERVICES = TableLayout.of(
    "services",
    "target_group service",
    "target_group service group_lv group_en name_lv name_en promised:flag",
)
FACILITIES = TableLayout.of(
    "facilities",
    "facility_id",
    "facility_id site_id municipality_id name service target_group settlement_id address "
    "places:integer places_basis status opened:integer closed:integer lon:number "
    "lat:number location_precision source note",
    split="municipality_id",
    free={"note": None},
)
PERSONS = TableLayout.of(
    "persons",
    "municipality_id target_group service",
    "municipality_id target_group service assessed:integer recipients:integer as_of source note "
    "assessed_as_of recipients_as_of",
    split="municipality_id",
    free={"note": None},
)
STANCES = TableLayout.of(
    "stances",
    "municipality_id service",
    "municipality_id service stance rank:integer partners project year:integer amount:number "
    "need:integer waiting:integer note as_of source",
    split="municipality_id",
    free={"note": None},
)
PROVISION = TableLayout.of(
    "provision",
    "facility_id",
    "facility_id municipality_id clients:integer waiting:integer price:number unit "
    "price_year:integer note as_of source",
    split="municipality_id",
    free={"note": None},
)
CLIENTS = TableLayout.of(
    "clients",
    "facility_id home_id",
    "facility_id home_id municipality_id clients:integer note as_of source",
    split="municipality_id",
    free={"note": None},
)
ROUNDS = TableLayout.of(
    "rounds",
    "round_id",
    "round_id as_of due opened_at opened_by base_revision:integer lang",
)
ISSUED = TableLayout.of(
    "issued",
    "round_id municipality_id",
    "round_id municipality_id file sha256",
)
RECEIPTS = TableLayout.of(
    "receipts",
    "receipt_id",
    "receipt_id document file round_id municipality_id said_by said_on taken_at taken_by "
    "usable:flag faulty_rows:integer findings",
    split="receipt_id",
)
ANSWERS = TableLayout.of(
    "answers",
    "answer_id",
    "answer_id receipt_id round_id municipality_id row item column issued said stood "
    "remark said_by said_at decision decided_by decided_at",
    split="receipt_id",
    free=dict.fromkeys(("issued", "said", "stood"), ("column", "note")),
)
ERASURES = TableLayout.of("erasures", "ref", "ref erased_at erased_by reason")

JOURNALS = (RECEIPTS.name, ANSWERS.name, ERASURES.name)
"""Tables that say who said what and when: an undo never takes a row out of them."""
