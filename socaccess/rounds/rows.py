"""The rows of a form: what each cell says, what is wrong with it, how it differs from the store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.context import SPELLINGS, FormContext, Meaning
from socaccess.rounds.forms import (
    ALL_SERVICES,
    FACILITY_SHEET,
    MAX_COUNT,
    MAX_TEXT,
    PERSONS_SHEET,
    STATUSES,
    YEARS,
    FormColumn,
)
from socaccess.rounds.layouts import Key, Row
from socaccess.rounds.workbook import FAULT, NOTE, WATCH, Cell, Finding, FormRow

__all__ = [
    "CheckedRow",
    "Difference",
    "check_facilities",
    "check_persons",
    "read_cell",
    "show_value",
]

_DIGITS = re.compile(r"\d{1,9}|\d{1,3}(?: \d{3}){1,2}")
"""A whole number, with or without a space before each three digits: "1 20" is none."""


def read_cell(row: FormRow, column: FormColumn, known: FormContext) -> tuple[Any, list[Finding]]:
    """Return what a cell says in the store's terms, and what is found in it.

    A cell with a fault says None; so does an empty one.
    """
    cell = row.cell(column.name)
    found: list[Finding] = []
    report = _make_reporter(row, found, column.name)
    value: Any = None
    if cell.kind == "empty":
        pass
    elif cell.kind == "formula":
        report("form.formula", value=cell.value)
    elif cell.kind == "error":
        report("form.cell_error", value=cell.value)
    elif column.kind in ("count", "year"):
        value = _read_number(cell, column, known, report)
    else:
        text = _read_cell_text(cell)
        if text is None:
            report("form.not_text", value=cell.value)
        elif len(text) > MAX_TEXT:
            report("form.text_too_long", most=MAX_TEXT)
        elif column.kind == "text":
            value = text
        elif column.kind == "status":
            value = _read_status(text, report)
        else:
            value = _read_name(text, column, known, report)
    return value, found


def _read_number(cell: Cell, column: FormColumn, known: FormContext, report: Any) -> int | None:
    number: float | None = None
    if cell.kind == "number":
        number = float(cell.value)
    elif cell.kind == "text" and _DIGITS.fullmatch(cell.value):
        number = float(cell.value.replace(" ", ""))
    whole = number is not None and number.is_integer()
    if column.kind == "year":
        if not whole or not YEARS[0] <= number <= YEARS[1]:  # type: ignore[operator]
            report("form.not_a_year", value=cell.value, first=YEARS[0], last=YEARS[1])
            return None
        return int(number)  # type: ignore[arg-type]
    of_persons = column.name != "places"
    most = int(known.population) if of_persons and known.population else MAX_COUNT
    if not whole or number < 0 or (not of_persons and number > most):  # type: ignore[operator]
        report("form.not_a_count", value=cell.value, most=most)
        return None
    if number > most:  # type: ignore[operator]
        report("form.more_than_inhabitants", value=cell.value, population=most)
        return None
    return int(number)  # type: ignore[arg-type]


def _read_cell_text(cell: Cell) -> str | None:
    if cell.kind == "text":
        return str(cell.value)
    if cell.kind == "number":
        number = float(cell.value)
        return str(int(number)) if number.is_integer() else str(cell.value)
    return None


def _read_status(text: str, report: Any) -> str | None:
    for status in STATUSES:
        for lang in LANGUAGES:
            label = Texts(lang)(f"round.status_{status}")
            if fold(text) in (fold(label), status):
                if text != label and lang == LANGUAGES[0]:
                    report("form.other_spelling", NOTE, value=text, known=label)
                return status
    labels = ", ".join(Texts(LANGUAGES[0])(f"round.status_{status}") for status in STATUSES)
    report("form.unknown_status", value=text, known=labels)
    return None


def _read_name(text: str, column: FormColumn, known: FormContext, report: Any) -> str | None:
    if column.kind == "service":
        meaning = known.find_service(text)
    elif column.kind == "settlement":
        meaning = known.find_settlement(text)
    else:
        meaning = known.find_municipality(text)
    if not meaning.identity:
        report(_UNKNOWN[column.kind], value=text, near=_suggest(meaning, known.lang))
        return None
    if meaning.elsewhere:
        report("form.place_elsewhere", value=text, found=meaning.elsewhere)
        return None
    if column.kind == "municipality" and meaning.identity != known.municipality_id:
        report("form.facility_elsewhere", found=meaning.name)
        return None
    if meaning.spelled in SPELLINGS:
        report(SPELLINGS[meaning.spelled], NOTE, value=text, known=meaning.name)
    return meaning.identity


_UNKNOWN = {
    "service": "form.unknown_service",
    "settlement": "form.unknown_place",
    "municipality": "form.unknown_municipality",
}


def _suggest(meaning: Meaning, lang: str) -> str:
    names = ", ".join(meaning.near)
    return Texts(lang)("round.near", names=names) if names else ""


def show_value(column: str, value: Any, known: FormContext) -> str:
    """Return a value of the store as people read it; nothing for a missing one."""
    if value is None:
        return ""
    if column == "settlement_id":
        row = known.settlements.get(str(value))
        return str(row["name"]) if row else str(value)
    if column == "service":
        return known.label_service(str(value))
    if column == "status":
        return Texts(known.lang)(f"round.status_{value}")
    return str(value)


FACILITY_COLUMNS = (
    "name",
    "service",
    "settlement_id",
    "address",
    "places",
    "status",
    "opened",
    "closed",
    "note",
)
PERSONS_COLUMNS = ("assessed", "recipients", "note")


@dataclass(frozen=True)
class Difference:
    """One cell that says something new: as issued, as said, as it stands; in words and value."""

    column: str
    issued: str
    said: str
    stood: str
    value: Any


@dataclass(frozen=True)
class CheckedRow:
    """One row of a form that differs from the store or has a fault.

    Parameters
    ----------
    name
        Its name in decisions, such as `I4` or `P7`.
    sheet
        `facilities` or `persons`.
    key
        The row of the store it speaks of; for a new facility the id it would get.
    item
        What it speaks of, in words.
    is_new
        Whether the store does not know it yet.
    differences
        Cell by cell.
    findings
        Faults, watches and notes of this row.
    """

    name: str
    sheet: str
    key: Key
    item: str
    is_new: bool
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def faulty(self) -> bool:
        """Whether it cannot be accepted."""
        return any(finding.level == FAULT for finding in self.findings)

    @property
    def watched(self) -> bool:
        """Whether it is accepted only by name, not with all the others."""
        return any(finding.level == WATCH for finding in self.findings)


def check_facilities(rows: list[FormRow], known: FormContext, round_id: str) -> list[CheckedRow]:
    """Return what each row of the facilities sheet says, with its findings."""
    identities = Counter(
        str(row.cell("facility_id").value) for row in rows if row.cell("facility_id").kind == "text"
    )
    checked = []
    for row in rows:
        said: Row = {}
        found: list[Finding] = []
        for column in FACILITY_SHEET.columns:
            value, findings = read_cell(row, column, known)
            said[column.name] = value
            found += findings
        said["settlement_id"] = said.pop("settlement")
        broken = {finding.column for finding in found if finding.level == FAULT}
        broken |= {"settlement_id"} if "settlement" in broken else set()
        report = _make_reporter(row, found)
        identity = said["facility_id"]
        is_new = identity is None and "facility_id" not in broken
        key = (f"{known.municipality_id}.{round_id}.{row.name}" if is_new else str(identity),)
        then, now = known.facilities_then.get(key), known.facilities.get(key)
        if identities[str(identity)] > 1:
            report("form.id_twice", column="facility_id", value=identity)
        elif not is_new and now is None:
            report("form.unknown_id", column="facility_id", value=row.cell("facility_id").value)
        elif now and now["municipality_id"] != known.municipality_id:
            owner = known.municipalities.get(str(now["municipality_id"]), "")
            report("form.facility_elsewhere", column="facility_id", found=owner)
        needed = [column.name for column in FACILITY_SHEET.columns if column.required]
        for name in (*needed, *(("settlement_id",) if is_new else ())):
            if said[name] is None and name not in broken:
                report("form.value_missing", column=name)
                broken.add(name)
        if said["opened"] and said["closed"] and said["closed"] < said["opened"]:
            report("form.closed_before_opened", closed=said["closed"], opened=said["opened"])
        if said["status"] == "closed" and said["closed"] is None and "closed" not in broken:
            report("form.closed_without_year", level=NOTE)
        if not any(finding.level == FAULT for finding in found) and now is None:
            alike = known.find_alike(said)
            if alike:
                report("form.like_another", level=WATCH, value=alike)
        differences = _compare(FACILITY_COLUMNS, said, then, now, broken, known, report)
        item = str(said["name"] or (now or {}).get("name") or "")
        checked.append(
            CheckedRow(row.name, FACILITY_SHEET.key, key, item, now is None,
                       tuple(differences), tuple(found))
        )  # fmt: skip
    return checked


def check_persons(rows: list[FormRow], known: FormContext) -> list[CheckedRow]:
    """Return what each row of the persons sheet says, with its findings."""
    codes = Counter(str(row.cell("code").value) for row in rows)
    all_services = next(c.name for c in PERSONS_SHEET.columns if c.name == "service")
    read: list[tuple[FormRow, str, Row, list[Finding], set[str]]] = []
    whole: dict[str, int] = {}
    for row in rows:
        said: Row = {}
        found: list[Finding] = []
        for column in PERSONS_SHEET.columns:
            if column.name == "code" or not column.locked:
                value, findings = read_cell(row, column, known)
                said[column.name] = value
                found += findings
        code = str(row.cell("code").value)
        report = _make_reporter(row, found)
        if code not in known.codes:
            report("form.unknown_code", column="code", value=row.cell("code").value or "")
        elif codes[code] > 1:
            report("form.id_twice", column="code", value=code)
        elif known.codes[code][1] != ALL_SERVICES and row.cell("assessed").kind != "empty":
            report(
                "form.not_asked", column="assessed", value=f"{known.codes[code][0]}/{ALL_SERVICES}"
            )
        broken = {finding.column for finding in found if finding.level == FAULT}
        read.append((row, code, said, found, broken))
        if code in known.codes and known.codes[code][1] == ALL_SERVICES:
            stands = known.persons.get((known.municipality_id, *known.codes[code]), {})
            count = (
                said["recipients"] if said["recipients"] is not None else stands.get("recipients")
            )
            if count is not None:
                whole[known.codes[code][0]] = count
    checked = []
    too_many = set()
    for row, code, said, found, broken in read:
        report = _make_reporter(row, found)
        group, service = known.codes.get(code, ("", all_services))
        key = (known.municipality_id, group, service)
        then, now = known.persons_then.get(key, {}), known.persons.get(key, {})
        count = said["recipients"]
        if service != ALL_SERVICES and count is not None and count > whole.get(group, count):
            report("form.more_than_group", column="recipients", value=count, whole=whole[group])
            too_many.add(group)
        differences: list[Difference] = []
        if code in known.codes:
            if service != ALL_SERVICES:
                broken = broken | {"assessed"}
            differences = _compare(PERSONS_COLUMNS, said, then, now, broken, known, report)
            for difference in differences:
                standing = now.get(difference.column)
                if (difference.column != "note" and difference.value is not None
                        and standing is not None and difference.value < standing):  # fmt: skip
                    report("form.falls", level=WATCH, column=difference.column)
        label = known.label_service(service) if service != ALL_SERVICES else ""
        item = " / ".join(part for part in (known.groups.get(group, code), label) if part)
        checked.append(
            CheckedRow(row.name, PERSONS_SHEET.key, key, item, False, tuple(differences),
                       tuple(found))
        )  # fmt: skip
    return [_blame_whole(row, too_many, whole) for row in checked]


def _blame_whole(row: CheckedRow, too_many: set[str], whole: dict[str, int]) -> CheckedRow:
    """Fault the row of a whole group too, when it was changed to less than one of its services."""
    changed = any(difference.column == "recipients" for difference in row.differences)
    if row.key[2] != ALL_SERVICES or row.key[1] not in too_many or not changed:
        return row
    count = whole[row.key[1]]
    finding = Finding("form.less_than_service", FAULT, row.name, column="recipients", value=count)
    return CheckedRow(
        row.name, row.sheet, row.key, row.item, row.is_new, row.differences,
        (*row.findings, finding),
    )  # fmt: skip


def _make_reporter(row: FormRow, found: list[Finding], within: str = "") -> Callable[..., None]:
    def report(code: str, level: str = FAULT, *, column: str = within, **values: object) -> None:
        found.append(Finding(code, level, row.name, column=column, **values))

    return report


def _compare(
    columns: tuple[str, ...],
    said: Row,
    then: Row | None,
    now: Row | None,
    broken: set[str],
    known: FormContext,
    report: Callable[..., None],
) -> list[Difference]:
    """Return the cells that say something the store does not."""
    differences = []
    for column in columns:
        value = said.get(column)
        stood = (now or {}).get(column)
        # A row that came into the store after the form was issued is compared with itself.
        issued = (then if then is not None else now or {}).get(column)
        if column in broken or value in (issued, stood):
            continue
        if then is not None and stood != issued:
            shown = show_value(column, stood, known)
            report("form.conflict", level=WATCH, column=column, stood=shown)
        if value is None:
            report("form.erased", level=WATCH, column=column)
        differences.append(
            Difference(
                column,
                show_value(column, issued, known),
                show_value(column, value, known),
                show_value(column, stood, known),
                value,
            )
        )
    return differences
