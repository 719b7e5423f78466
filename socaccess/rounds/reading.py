"""A form that came back, taken apart: its marks, its contact, its rows by column."""

from __future__ import annotations

from dataclasses import dataclass

from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.findings import FORM, NOTE, Finding, FormError, shorten
from socaccess.rounds.forms import sign_marks
from socaccess.rounds.sheets import (
    CONTACT_CELLS,
    FORM_VERSION,
    INTRODUCTION,
    MARKS,
    SHEETS,
    FormSheet,
    list_labels,
)
from socaccess.rounds.workbook import MAX_ROWS, Cell, RawSheet, clean_text, read_workbook

__all__ = ["EMPTY", "FormRow", "ReadForm", "read_form"]

EMPTY = Cell("empty")

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


def read_form(content: bytes) -> ReadForm:
    """Return a form that came back.

    Raises
    ------
    FormError
        If it cannot be read, or does not say which form it is.
    """
    titles = {
        label: key
        for key in (INTRODUCTION, *(sheet.key for sheet in SHEETS), MARKS)
        for label in list_labels(f"sheet_{key}")
    }
    sheets = {titles[name]: sheet for name, sheet in read_workbook(content, titles).items()}
    if MARKS not in sheets:
        raise FormError("no_marks")
    marks = {
        str(row[0].value): clean_text(str(row[1].value))
        for row in sheets[MARKS].rows
        if len(row) > 1 and row[0].kind == "text" and row[1].kind in ("text", "number")
    }
    findings = []
    if marks.get("form") != "socaccess round":
        raise FormError("no_marks")
    if marks.get("version") != str(FORM_VERSION):
        raise FormError("form_version", version=marks.get("version", ""))
    if marks.get("check") != sign_marks(marks):
        findings.append(Finding("marks_changed", FORM))
    rows: dict[str, list[FormRow]] = {}
    for layout in SHEETS:
        sheet = sheets.get(layout.key)
        if sheet is None:
            label = Texts(LANGUAGES[0])(f"round.sheet_{layout.key}")
            findings.append(Finding("sheet_missing", FORM, values={"value": label}))
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
        for label in list_labels(f"column_{column.name}")
    }
    header, best = 0, 0
    for number, row in enumerate(sheet.rows[:HEADER_ROWS]):
        known = sum(cell.kind == "text" and fold(cell.value) in names for cell in row)
        if known > best:
            header, best = number, known
    title = {"value": sheet.name}
    if best < 2:
        return [], [Finding("sheet_missing", FORM, values=title), Finding("no_header", FORM)]
    findings = []
    if sheet.too_long:
        findings.append(Finding("too_many_rows", FORM, values={"most": str(MAX_ROWS)}))
    positions: dict[str, int] = {}
    for position, cell in enumerate(sheet.rows[header]):
        label = shorten(cell.value)
        name = names.get(fold(str(cell.value)), "") if cell.kind == "text" else ""
        if name in positions:
            findings.append(Finding("column_twice", FORM, values={"value": label}))
        elif name:
            positions[name] = position
        elif cell.kind != "empty":
            findings.append(Finding("column_unknown", NOTE, values={"value": label}))
    wanted = [column.name for column in layout.columns]
    for name in wanted:
        if name not in positions:
            label = Texts(LANGUAGES[0])(f"round.column_{name}")
            findings.append(Finding("column_missing", FORM, values={"value": label}))
    if sorted(positions, key=positions.__getitem__) != [n for n in wanted if n in positions]:
        findings.append(Finding("columns_moved", NOTE, values={}))
    rows = []
    for number, row in enumerate(sheet.rows[header + 1 :], start=header + 2):
        cells = {name: row[at] for name, at in positions.items() if at < len(row)}
        if any(cell.kind != "empty" for cell in cells.values()):
            rows.append(FormRow(f"{layout.letter}{number}", cells))
    return rows, findings
