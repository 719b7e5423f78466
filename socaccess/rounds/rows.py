"""The rows of a form: what each says, what is wrong with it, how it differs from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from socaccess.i18n import Texts
from socaccess.rounds.context import FormContext
from socaccess.rounds.form_cells import make_reporter, read_cell, show_value
from socaccess.rounds.form_sheets import (
    ALL_SERVICES,
    CLIENTS_SHEET,
    FACILITY_SHEET,
    PERSONS_SHEET,
    PROVISION_SHEET,
    STANCES_SHEET,
    FormSheet,
)
from socaccess.rounds.layouts import Key, Row
from socaccess.rounds.workbook import FAULT, NOTE, WATCH, Finding, FormRow

__all__ = [
    "CheckedRow",
    "Difference",
    "check_facilities",
    "check_persons",
    "check_records",
    "find_too_many_clients",
]

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
        report = make_reporter(row, found)
        identity = said["facility_id"]
        is_new = identity is None and "facility_id" not in broken
        # A provider's new facility is not its municipality's, though both stand in row I9.
        begun = [known.municipality_id, round_id, *[known.provider] * bool(known.provider)]
        key = (".".join([*begun, row.name]) if is_new else str(identity),)
        then, now = known.facilities_then.get(key), known.facilities.get(key)
        if identities[str(identity)] > 1:
            report("form.id_twice", column="facility_id", value=identity)
        elif not is_new and now is None:
            report("form.unknown_id", column="facility_id", value=row.cell("facility_id").value)
        elif now and now["municipality_id"] != known.municipality_id:
            owner = known.municipalities.get(str(now["municipality_id"]), "")
            report("form.facility_elsewhere", column="facility_id", found=owner)
        elif known.provider and not is_new and key[0] not in known.own:
            report("form.facility_of_another", column="facility_id", value=key[0])
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
        report = make_reporter(row, found)
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
        report = make_reporter(row, found)
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


def check_records(sheet: FormSheet, rows: list[FormRow], known: FormContext) -> list[CheckedRow]:
    """Return what each row of a sheet of records says, with its findings."""
    keys = known.keys[sheet.key]
    codes = Counter(str(row.cell("code").value) for row in rows)
    checked = []
    for row in rows:
        said: Row = {}
        found: list[Finding] = []
        for column in sheet.columns:
            if not column.locked:
                said[column.name], findings = read_cell(row, column, known)
                found += findings
        broken = {finding.column for finding in found if finding.level == FAULT}
        report = make_reporter(row, found)
        code = str(row.cell("code").value)
        key = keys.get(code, ())
        if not key:
            report("form.unknown_code", column="code", value=row.cell("code").value or "")
        elif codes[code] > 1:
            report("form.id_twice", column="code", value=code)
        then, now = (each[sheet.key].get(key, {}) for each in (known.records_then, known.records))
        differences = _compare(sheet.said, said, then, now, broken, known, report) if key else []
        checked.append(
            CheckedRow(row.name, sheet.key, key, _name_record(sheet, key, known), False,
                       tuple(differences), tuple(found))
        )  # fmt: skip
    return checked


def _name_record(sheet: FormSheet, key: Key, known: FormContext) -> str:
    if not key:
        return ""
    if sheet is STANCES_SHEET:
        return known.label_service(key[1])
    facility = known.facilities.get((key[0],), {})
    home = known.municipalities.get(key[-1], Texts(known.lang)("round.home_other"))
    name = f"{facility.get('name', key[0])} / {known.label_service(str(facility.get('service')))}"
    return f"{name} / {home}" if len(key) > 1 else name


def find_too_many_clients(rows: list[CheckedRow], known: FormContext) -> list[CheckedRow]:
    """Fault the changed rows of clients by municipality that add up to more than there are."""
    sums: Counter[str] = Counter()
    whole: dict[str, int] = {}
    for sheet, sink in ((PROVISION_SHEET, whole), (CLIENTS_SHEET, None)):
        now = {key: row.get("clients") for key, row in known.records.get(sheet.key, {}).items()}
        for row in rows:
            if row.sheet == sheet.key:
                for difference in row.differences:
                    if difference.column == "clients":
                        now[row.key] = difference.value
        for key, count in now.items():
            if count is not None and sink is not None:
                sink[key[0]] = count
            elif count is not None:
                sums[key[0]] += count
    bad = {facility for facility, count in whole.items() if sums[facility] > count}
    blamed = []
    for row in rows:
        changed = any(difference.column == "clients" for difference in row.differences)
        if changed and row.key and row.key[0] in bad:
            values = {"value": sums[row.key[0]], "whole": whole[row.key[0]]}
            finding = Finding("form.more_than_clients", FAULT, row.name, column="clients", **values)
            row = replace(row, findings=(*row.findings, finding))
        blamed.append(row)
    return blamed


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
