"""What a form that came back says: what is wrong with it, and how it differs from the store.

Three versions of every value are looked at: what the form was issued with, what it says
now, and what the store says now. A value that the municipality left as issued says
nothing. One that was changed, while the store stayed, is a difference. Where both have
moved apart, the difference is a conflict and is accepted by name only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from socaccess import files
from socaccess.privacy import find_personal
from socaccess.rounds.context import SPELLINGS, FormContext, load_context
from socaccess.rounds.drafts import Draft
from socaccess.rounds.form_sheets import FACILITY_SHEET, OF_PERSONS, PERSONS_SHEET, list_sheets
from socaccess.rounds.layouts import Row, to_rows
from socaccess.rounds.rows import (
    CheckedRow,
    check_facilities,
    check_persons,
    check_records,
    find_too_many_clients,
)
from socaccess.rounds.store import Store
from socaccess.rounds.workbook import (
    FORM,
    MAX_BYTES,
    NOTE,
    Finding,
    FormError,
    ReadForm,
    read_form,
    shorten,
)

__all__ = ["FormCheck", "check_content", "check_form", "read_file"]


@dataclass(frozen=True)
class FormCheck:
    """All that is found in one form.

    Parameters
    ----------
    file
        The file's name, made harmless.
    document
        SHA-256 of the file; empty if it could not be read.
    round_id, municipality_id, municipality
        Which form it is, as far as known.
    said_by, said_on
        Who filled it in and when, as the form says.
    findings
        Every finding: of the form, of its rows, and notes.
    rows
        The rows that differ or have faults, in the order of the form.
    """

    file: str
    document: str
    content: bytes = field(repr=False, default=b"")
    round_id: str = ""
    municipality_id: str = ""
    municipality: str = ""
    said_by: str = ""
    said_on: str = ""
    findings: tuple[Finding, ...] = ()
    rows: tuple[CheckedRow, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether rows can be taken from the form at all."""
        return not any(finding.level == FORM for finding in self.findings)

    @property
    def readable(self) -> bool:
        """Whether the file could be opened as a form, so that it is worth keeping."""
        return bool(self.document)


def read_file(path: str | Path) -> tuple[str, bytes]:
    """Return the harmless name and the bytes of a file from outside.

    Raises
    ------
    FormError
        If there is none, or it is too large.
    """
    path = Path(path)
    if not path.is_file():
        raise FormError("form.not_a_file")
    if path.stat().st_size > MAX_BYTES:
        raise FormError("form.too_large", most=MAX_BYTES // 10**6)
    return files.sanitise_name(path.name), path.read_bytes()


def check_form(store: Store | Draft, path: str | Path, *, at: str = "") -> FormCheck:
    """Return what a form says and everything that is wrong with it, together.

    Parameters
    ----------
    store
        The store it is compared with; nothing is written.
    path
        The file.
    at
        When it came, ISO 8601; without it, nothing is said of being late.
    """
    file = files.sanitise_name(Path(path).name)
    try:
        file, content = read_file(path)
        return check_content(store, file, content, at=at)
    except FormError as error:
        return FormCheck(file, "", findings=(error.finding,))


def check_content(store: Store | Draft, file: str, content: bytes, *, at: str = "") -> FormCheck:
    """Return what the bytes of a form say; see `check_form`.

    Raises
    ------
    FormError
        If they cannot be read as a form.
    """
    form = read_form(content)
    identity = form.marks.get("municipality_id", "")
    check = {
        "file": file,
        "document": files.hash_bytes(content),
        "content": content,
        "round_id": shorten(form.marks.get("round", "")),
        "municipality_id": shorten(identity),
        "said_by": form.contact["said_by"],
        "said_on": form.contact["said_on"],
    }
    personal = _find_personal(form)
    if personal:
        # Not worth keeping, and not to be kept: it comes back without.
        return FormCheck(**{**check, "document": "", "content": b""}, findings=tuple(personal))  # type: ignore[arg-type]
    findings = list(form.findings)
    entry, found = _find_round(store, form, at)
    findings += found
    changed = any(finding.code == "form.marks_changed" for finding in findings)
    if entry is None or changed:
        # Compared with the rows of whoever it is not, everything would seem wrong.
        return FormCheck(**check, findings=tuple(findings))  # type: ignore[arg-type]
    known = load_context(store, identity, int(entry["base_revision"]), str(entry["lang"]))
    check["municipality"] = known.municipalities[known.municipality_id]
    findings += _check_owner(form, known)
    facilities, persons = (
        form.rows.get(sheet.key, []) for sheet in (FACILITY_SHEET, PERSONS_SHEET)
    )
    rows = check_facilities(facilities, known, str(entry["round_id"]))
    rows += check_persons(persons, known)
    for sheet in list_sheets(identity, form.marks["version"]):
        if sheet.records is not None:
            rows += check_records(sheet, form.rows.get(sheet.key, []), known)
    rows = find_too_many_clients(rows, known)
    findings += _find_missing_rows(form, known)
    for row in rows:
        findings += row.findings
    shown = tuple(row for row in rows if row.differences or row.faulty)
    return FormCheck(**check, findings=tuple(findings), rows=shown)  # type: ignore[arg-type]


def _find_round(store: Store | Draft, form: ReadForm, at: str) -> tuple[Row | None, list[Finding]]:
    marks = form.marks
    round_id, identity = marks.get("round", ""), marks.get("municipality_id", "")
    if marks.get("store") != store.identity:
        return None, [Finding("form.other_store")]
    rounds = to_rows(store.read("rounds"), ("round_id",))
    entry = rounds.get((round_id,))
    if entry is None:
        return None, [Finding("form.unknown_round", round=shorten(round_id))]
    issued = to_rows(store.read("issued"), ("round_id", "municipality_id"))
    if (round_id, identity) not in issued:
        return None, [Finding("form.not_issued")]
    findings = []
    head = marks.get("head")
    if head and head != store.find_head(int(entry["base_revision"])):
        findings.append(Finding("form.head_differs"))
    current = max(rounds.values(), key=lambda row: int(row["base_revision"]))
    if current is not entry:
        values = {"round": round_id, "current": current["round_id"]}
        findings.append(Finding("form.stale_form", **values))
    if at and at[:10] > str(entry["due"]):
        findings.append(Finding("form.late", NOTE, due=str(entry["due"])))
    return entry, findings


def _find_personal(form: ReadForm) -> list[Finding]:
    """Return where free text tells of persons; what it says is not repeated."""
    cells = [("", name, text, True) for name, text in form.contact.items() if name == "said_by"]
    for rows in form.rows.values():
        cells += [(row.name, column, str(cell.value), row.name[0] in OF_PERSONS)
                  for row in rows for column, cell in row.cells.items()
                  if cell.kind in ("text", "number") and column not in _CODES]  # fmt: skip
    return [
        Finding(_PERSONAL[kind], FORM, row, column="" if name == "said_by" else name)
        for row, name, text, health in cells
        for kind in find_personal(text, health=health)
    ]  # fmt: skip


_PERSONAL = {
    "personal_code": "form.holds_personal_code",
    "email": "form.holds_email",
    "phone": "form.holds_phone",
    "health": "form.holds_health",
}

_CODES = ("facility_id", "code")
"""Columns that hold our own words."""


def _check_owner(form: ReadForm, known: FormContext) -> list[Finding]:
    """Notice a form that one municipality got and another filled in."""
    own = known.municipalities[known.municipality_id]
    heading = form.contact["municipality"]
    findings = []
    if heading:
        meaning = known.find_municipality(heading)
        if not meaning.identity:
            findings.append(Finding("form.heading_unknown", NOTE, value=heading))
        elif meaning.identity != known.municipality_id:
            return [Finding("form.other_municipality", issued=own, found=meaning.name)]
        elif meaning.spelled != "exact":
            code = SPELLINGS[meaning.spelled]
            findings.append(Finding(code, NOTE, value=heading, known=meaning.name))
    if known.provider:
        return findings
    owners = Counter(
        str(known.facilities[key]["municipality_id"])
        for row in form.rows.get(FACILITY_SHEET.key, [])
        if (key := (str(row.cell("facility_id").value),)) in known.facilities
    )
    if owners and owners.most_common(1)[0][0] != known.municipality_id:
        found = known.municipalities.get(owners.most_common(1)[0][0], "")
        findings.append(Finding("form.other_municipality", issued=own, found=found))
    return findings


def _find_missing_rows(form: ReadForm, known: FormContext) -> list[Finding]:
    gone = []
    if FACILITY_SHEET.key in form.rows:
        here = {str(row.cell("facility_id").value) for row in form.rows[FACILITY_SHEET.key]}
        gone += [
            f"{each} {known.facilities_then[(each,)]['name']}" for each in sorted(known.own - here)
        ]
    if PERSONS_SHEET.key in form.rows:
        asked = {str(row.cell("code").value) for row in form.rows[PERSONS_SHEET.key]}
        gone += [code for code in known.codes if code not in asked]
    for key, codes in known.keys.items():
        if key in form.rows:
            asked = {str(row.cell("code").value) for row in form.rows[key]}
            gone += [code for code in codes if code not in asked]
    return [Finding("form.row_missing", NOTE, value=shorten(name)) for name in gone]
