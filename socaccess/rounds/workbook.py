"""Workbooks from outside: opened with limits, nothing run, taken apart into marks and rows."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from socaccess.errors import InputError, Problem
from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.form_sheets import (
    MUNICIPALITY_SHEETS,
    PROVIDER_SHEETS,
    FormSheet,
    list_sheets,
)
from socaccess.rounds.forms import (
    CONTACT_CELLS,
    INTRODUCTION,
    MARKS,
    VERSIONS,
    list_labels,
    sign_marks,
)

__all__ = [
    "EMPTY",
    "FAULT",
    "FORM",
    "MAX_BYTES",
    "MAX_UNPACKED_BYTES",
    "NOTE",
    "WATCH",
    "Cell",
    "Finding",
    "FormError",
    "FormRow",
    "RawSheet",
    "ReadForm",
    "clean_text",
    "read_form",
    "read_workbook",
]

FORM, FAULT, WATCH, NOTE = "form", "fault", "watch", "note"
"""Levels: the whole form is refused; the row cannot be accepted; the row is accepted only by
name; something to know."""

SHOWN_SIGNS = 60


class Finding(Problem):
    """One finding in a form.

    Parameters
    ----------
    code
        Code of its sentence.
    level
        `form`, `fault`, `watch` or `note`.
    row
        Name of the row, such as `I4`; empty for the form.
    column
        Name of the column.
    values
        What the sentence fills in; shortened to one line each.
    """

    __slots__ = ("level",)
    column: str

    def __init__(
        self, code: str, level: str = FORM, row: str = "", *, column: str = "", **values: object
    ) -> None:
        shown = {name: shorten(value) for name, value in values.items()}
        super().__init__(code, row, column=column, **shown)
        self.level = level

    @property
    def row(self) -> str:
        """Name of the row."""
        return str(self.where)

    def locate(self, lang: str = LANGUAGES[0]) -> str:
        """Return the row and the heading of the column."""
        column = Texts(lang)(f"round.column_{self.column}") if self.column else ""
        return " ".join(part for part in (self.row, f"“{column}”" if column else "") if part)


class FormError(InputError):
    """A form that cannot even be read."""

    @property
    def finding(self) -> Finding:
        """Its one finding."""
        found = Finding(self.code)
        found.values = self.problems[0].values
        return found


def shorten(value: object) -> str:
    """Return a value for a sentence: one line, printable, not too long."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return text if len(text) <= SHOWN_SIGNS else text[: SHOWN_SIGNS - 1] + "…"


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
        raise FormError("form.too_large", most=MAX_BYTES // 10**6)
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
        raise FormError("form.not_a_workbook") from None


def _check_parts(content: bytes) -> None:
    """Look at the parts of the archive before any parser does."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise FormError("form.not_a_workbook") from None
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise FormError("form.bomb")
    for part in parts:
        name = f"/{part.filename.lower()}"
        if any(mark in name for mark in _FOREIGN):
            raise FormError("form.macros")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            try:
                # Reading stops at the size the archive states, which was added up above.
                text = archive.read(part)
            except Exception:  # encrypted, wrong check sum, unknown compression
                raise FormError("form.not_a_workbook") from None
            if any(mark in text for mark in _DEFINITIONS):
                raise FormError("form.entities")


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


HEADER_ROWS = 10
"""The headings are looked for in so many rows: some put a title above."""


@dataclass(frozen=True)
class FormRow:
    """One row of a sheet by the name it has in decisions (`I4`), with a cell a column."""

    name: str
    cells: dict[str, Cell]

    def cell(self, column: str) -> Cell:
        """Return a cell; an empty one where the row has none."""
        return self.cells.get(column, EMPTY)


@dataclass(frozen=True)
class ReadForm:
    """A form as read.

    Parameters
    ----------
    marks
        What tells which form it is.
    contact
        Municipality in the heading, who filled it in, the date; text, maybe empty.
    rows
        The rows that say anything, by sheet; a sheet that cannot be read is absent.
    findings
        What is wrong with the form as a whole, and notes.
    """

    marks: dict[str, str]
    contact: dict[str, str]
    rows: dict[str, list[FormRow]]
    findings: tuple[Finding, ...]


_ALL_SHEETS = (*MUNICIPALITY_SHEETS, *PROVIDER_SHEETS)


def read_form(content: bytes) -> ReadForm:
    """Return a form that came back.

    Raises
    ------
    FormError
        If it cannot be read, or does not say which form it is.
    """
    titles = {
        label: key
        for key in (INTRODUCTION, MARKS, *(sheet.key for sheet in _ALL_SHEETS))
        for label in list_labels(f"round.sheet_{key}")
    }
    sheets = {titles[name]: sheet for name, sheet in read_workbook(content, titles).items()}
    if MARKS not in sheets:
        raise FormError("form.no_marks")
    marks = {
        str(row[0].value): clean_text(str(row[1].value))
        for row in sheets[MARKS].rows
        if len(row) > 1 and row[0].kind == "text" and row[1].kind in ("text", "number")
    }
    findings = []
    if marks.get("form") != "socaccess round":
        raise FormError("form.no_marks")
    if marks.get("version") not in VERSIONS:
        raise FormError("form.form_version", version=marks.get("version", ""))
    if marks.get("check") != sign_marks(marks):
        findings.append(Finding("form.marks_changed"))
    rows: dict[str, list[FormRow]] = {}
    for layout in list_sheets(marks.get("municipality_id", ""), marks["version"]):
        sheet = sheets.get(layout.key)
        if sheet is None:
            label = Texts(LANGUAGES[0])(f"round.sheet_{layout.key}")
            findings.append(Finding("form.sheet_missing", value=label))
        else:
            read, found = _read_rows(sheet, layout)
            findings += found
            # Without all its columns a sheet would seem to say that values were erased.
            if not any(finding.level == FORM for finding in found):
                rows[layout.key] = read
    return ReadForm(marks, _read_contact(sheets.get(INTRODUCTION)), rows, tuple(findings))


def _read_contact(sheet: RawSheet | None) -> dict[str, str]:
    contact = dict.fromkeys(CONTACT_CELLS, "")
    for name, row in CONTACT_CELLS.items():
        if sheet and len(sheet.rows) >= row and len(sheet.rows[row - 1]) > 1:
            cell = sheet.rows[row - 1][1]
            if cell.kind == "date":
                contact[name] = str(cell.value).split(" ")[0]
            elif cell.kind in ("text", "number"):
                contact[name] = shorten(cell.value)
    return contact


def _read_rows(sheet: RawSheet, layout: FormSheet) -> tuple[list[FormRow], list[Finding]]:
    names = {
        fold(label): column.name
        for column in layout.columns
        for label in list_labels(f"round.column_{column.name}")
    }
    header, best = 0, 0
    for number, row in enumerate(sheet.rows[:HEADER_ROWS]):
        known = sum(cell.kind == "text" and fold(cell.value) in names for cell in row)
        if known > best:
            header, best = number, known
    if best < 2:
        return [], [Finding("form.sheet_missing", value=sheet.name), Finding("form.no_header")]
    findings = []
    if sheet.too_long:
        findings.append(Finding("form.too_many_rows", most=MAX_ROWS))
    positions: dict[str, int] = {}
    for position, cell in enumerate(sheet.rows[header]):
        label = shorten(cell.value)
        name = names.get(fold(str(cell.value)), "") if cell.kind == "text" else ""
        if name in positions:
            findings.append(Finding("form.column_twice", value=label))
        elif name:
            positions[name] = position
        elif cell.kind != "empty":
            findings.append(Finding("form.column_unknown", NOTE, value=label))
    wanted = [column.name for column in layout.columns]
    for name in wanted:
        if name not in positions:
            label = Texts(LANGUAGES[0])(f"round.column_{name}")
            findings.append(Finding("form.column_missing", value=label))
    if sorted(positions, key=positions.__getitem__) != [n for n in wanted if n in positions]:
        findings.append(Finding("form.columns_moved", NOTE))
    rows = []
    for number, row in enumerate(sheet.rows[header + 1 :], start=header + 2):
        cells = {name: row[at] for name, at in positions.items() if at < len(row)}
        if any(cell.kind != "empty" for cell in cells.values()):
            rows.append(FormRow(f"{layout.letter}{number}", cells))
    return rows, findings
