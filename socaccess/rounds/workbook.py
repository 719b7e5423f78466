"""Workbooks from outside: opened with limits, formulas taken for what they are, nothing run."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from socaccess.rounds.findings import FormError

__all__ = ["MAX_BYTES", "MAX_UNPACKED_BYTES", "Cell", "RawSheet", "clean_text", "read_workbook"]

MAX_BYTES = 5_000_000
"""A larger file is refused (inclusive); a form has some tens of kilobytes."""

MAX_UNPACKED_BYTES = 40_000_000
"""A workbook that unpacks to more is refused."""

MAX_PARTS = 200
MAX_ROWS = 3000
MAX_COLUMNS = 60

_FOREIGN = ("vbaproject.bin", "/embeddings/", "/activex/", "/ctrlprops/", "xl/macrosheets/")
_DEFINITIONS = tuple(
    mark.encode(code)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for code in ("utf-8", "utf-16-le", "utf-16-be")
)


@dataclass(frozen=True)
class Cell:
    """One cell: its value, and what kind of thing it is.

    Kinds: `empty`, `text`, `number`, `flag`, `date`, `formula`, `error`.
    """

    kind: str
    value: Any = None


EMPTY = Cell("empty")


@dataclass(frozen=True)
class RawSheet:
    """The cells of one sheet, row by row from the first."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    too_long: bool


def read_workbook(content: bytes, names: Iterable[str]) -> dict[str, RawSheet]:
    """Return those sheets of a workbook that are wanted, by their names.

    Parameters
    ----------
    content
        The bytes of the file.
    names
        The sheets wanted; others are not read.

    Raises
    ------
    FormError
        If it is too large, not a workbook, or holds what no form holds: macros, embedded
        objects, definitions of XML entities.
    """
    if len(content) > MAX_BYTES:
        raise FormError("too_large", most=MAX_BYTES // 10**6)
    _check_parts(content)
    import openpyxl

    wanted = set(names)
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False, keep_vba=False
        )
        try:
            return {
                sheet.title: _read_sheet(sheet)
                for sheet in book.worksheets
                if sheet.title in wanted
            }
        finally:
            book.close()
    except FormError:
        raise
    except Exception:  # the parser raises whatever a broken part leads it to
        raise FormError("not_a_workbook") from None


def _check_parts(content: bytes) -> None:
    """Look at the parts of the archive before any parser does."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise FormError("not_a_workbook") from None
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise FormError("bomb")
    for part in parts:
        name = f"/{part.filename.lower()}"
        if any(mark in name for mark in _FOREIGN):
            raise FormError("macros")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            try:
                # Reading stops at the size the archive states, which was added up above.
                text = archive.read(part)
            except Exception:  # encrypted, wrong check sum, unknown compression
                raise FormError("not_a_workbook") from None
            if any(mark in text for mark in _DEFINITIONS):
                raise FormError("entities")


def _read_sheet(sheet: Any) -> RawSheet:
    # What a sheet says of its own size is not to be trusted.
    sheet.reset_dimensions()
    rows: list[tuple[Cell, ...]] = []
    too_long = False
    for row in sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS):
        if len(rows) == MAX_ROWS:
            too_long = True
            break
        rows.append(tuple(_read_cell(cell) for cell in row))
    while rows and all(cell.kind == "empty" for cell in rows[-1]):
        rows.pop()
    return RawSheet(str(sheet.title), tuple(rows), too_long)


def _read_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return EMPTY
    if cell.data_type == "f":
        return Cell("formula", str(value))
    if cell.data_type == "e":
        return Cell("error", str(value))
    if isinstance(value, bool):
        return Cell("flag", value)
    if isinstance(value, int | float):
        return Cell("number", value)
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return Cell("date", value)
    text = clean_text(str(value))
    return Cell("text", text) if text else EMPTY


def clean_text(text: str) -> str:
    r"""Return text as it is kept: composed letters, one space for many, no control signs.

    Examples
    --------
    >>> clean_text("  Re\u0304zekne\x00\n novads ")
    'Rēzekne novads'
    """
    composed = unicodedata.normalize("NFC", text)
    plain = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") else sign
        for sign in composed
    )
    return " ".join(plain.split())
