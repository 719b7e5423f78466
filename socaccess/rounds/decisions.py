"""Who said what and when, what was decided, and what accepted rows do to the tables of a store."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.encoding import open_workbook
from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.messages import Message
from socaccess.rounds import layouts
from socaccess.rounds.checking import FormCheck, read_file
from socaccess.rounds.drafts import Draft, read_rows
from socaccess.rounds.form_sheets import FACILITY_SHEET, list_sheets
from socaccess.rounds.forms import list_labels
from socaccess.rounds.layouts import Key, Row, TableLayout, to_rows
from socaccess.rounds.rows import CheckedRow
from socaccess.rounds.workbook import FAULT, Finding, FormError, read_workbook

__all__ = [
    "ALL_ROWS",
    "COUNTS",
    "DECISIONS",
    "apply_rows",
    "choose_decisions",
    "date_count",
    "name_receipt",
    "read_review",
    "to_frame",
    "write_answers",
    "write_receipt",
    "write_review",
]


def to_frame(rows: dict[Key, Row], layout: TableLayout) -> pd.DataFrame:
    """Return rows as a frame with all columns of a layout."""
    return pd.DataFrame(list(rows.values()), columns=list(layout.columns), dtype=object)


def apply_rows(
    store: Draft, rows: Sequence[CheckedRow], check: FormCheck, *, as_of: str
) -> dict[TableLayout, pd.DataFrame]:
    """Return what a municipality's facilities and persons are with the rows in them.

    Only the tables that change. A number of places that a municipality states is a capacity; a
    place it names moves the facility to the point of that town or parish. Each count of persons
    keeps the day it was said of.
    """
    if not rows:
        return {}
    source = f"{check.round_id}: {check.said_by}" if check.said_by else check.round_id
    municipality_id = check.municipality_id.partition("/")[0]
    only = ("municipality_id", (municipality_id,))
    records = {
        sheet.key: (sheet.records, read_rows(store, sheet.records, only=only))
        for sheet in list_sheets(check.municipality_id, "2")
        if sheet.records is not None
    }
    facilities = to_rows(store.read("facilities", only=only), layouts.FACILITIES.key)
    persons = to_rows(store.read("persons", only=only), layouts.PERSONS.key)
    settlements = to_rows(store.read("settlements"), layouts.SETTLEMENTS.key)
    groups = {
        str(row["service"]): row["target_group"]
        for row in to_rows(store.read("services"), layouts.SERVICES.key).values()
    }
    touched: dict[TableLayout, dict[Key, Row]] = {}
    for row in rows:
        said: dict[str, Any] = {d.column: d.value for d in row.differences}
        if row.sheet == FACILITY_SHEET.key:
            entry = facilities.get(row.key) or _begin_facility(row)
            entry = {**entry, **said, "source": source}
            if "places" in said:
                entry["places_basis"] = "stated_capacity" if said["places"] is not None else None
            if "service" in said:
                entry["target_group"] = groups.get(str(said["service"]), entry["target_group"])
            if "settlement_id" in said:
                place = settlements.get((str(said["settlement_id"]),), {})
                entry["lon"], entry["lat"] = place.get("lon"), place.get("lat")
                entry["location_precision"] = "settlement" if place else "municipality"
            facilities[row.key] = entry
            touched[layouts.FACILITIES] = facilities
        elif row.sheet in records:
            layout, held = records[row.sheet]
            begun = {**dict(zip(layout.key, row.key, strict=True)),
                     "municipality_id": municipality_id}  # fmt: skip
            held[row.key] = {**held.get(row.key, {}), **begun, **said, "as_of": as_of,
                             "source": source}  # fmt: skip
            touched[layout] = held
        else:
            _, group, service = row.key
            entry = persons.get(row.key) or {
                "municipality_id": municipality_id,
                "target_group": group,
                "service": service,
            }
            days = {f"{count}_as_of": as_of if count in said else date_count(entry, count)
                    for count in COUNTS}  # fmt: skip
            persons[row.key] = {**entry, **said, **days, "as_of": as_of, "source": source}
            touched[layouts.PERSONS] = persons
    return {layout: to_frame(table, layout) for layout, table in touched.items()}


COUNTS = ("assessed", "recipients")
"""The counts of a row of persons."""


def date_count(row: Mapping[str, Any], count: str) -> str | None:
    """Return the day a count of persons was said of; rows of before had one day for both."""
    if row.get(count) is None:
        return None
    day = row.get(f"{count}_as_of") or row.get("as_of")
    return None if day is None else str(day)


def _begin_facility(row: CheckedRow) -> Row:
    entry: Row = dict.fromkeys(layouts.FACILITIES.columns)
    # The id of a new facility begins with the code of its municipality.
    return {**entry, "facility_id": row.key[0], "municipality_id": row.key[0].split(".")[0]}


DECISIONS = ("pending", "accepted", "refused", "faulty", "superseded")

ALL_ROWS = "all"
"""In place of the names of rows: every row that is waiting (and, to accept, needs no look)."""


def name_receipt(document: str) -> str:
    """Return the id of the receipt of a document."""
    return document[:16]


def choose_decisions(
    check: FormCheck,
    before: dict[str, str],
    accept: Collection[str],
    refuse: Collection[str],
) -> dict[str, str]:
    """Return the decision on every row of a form.

    Raises
    ------
    InputError
        If a row is named that the form does not hold, is named in both, or has a fault
        and is to be accepted.
    """
    rows = {row.name: row for row in check.rows}
    named = {*accept, *refuse} - {ALL_ROWS}
    problems = []
    unknown = sorted(named - rows.keys())
    if unknown:
        problems.append(
            Problem("rounds.row_not_different", check.file, unknown, differing=list(rows))
            if rows
            else Problem("rounds.no_row_differs", check.file, unknown)
        )
    both = sorted(set(accept) & set(refuse))
    if both:
        problems.append(Problem("rounds.accepted_and_refused", check.file, both))
    faulty = sorted(name for name in accept if name in rows and rows[name].faulty)
    if faulty:
        problems.append(Problem("rounds.row_has_errors", check.file, faulty))
    raise_problems(problems)
    decisions = {}
    for name, row in rows.items():
        decision = "faulty" if row.faulty else before.get(name, "pending")
        if decision not in ("faulty", "refused"):
            decision = "pending"
        if name in accept:
            decision = "accepted"
        elif name in refuse or (decision == "pending" and ALL_ROWS in refuse):
            decision = "refused"
        elif decision == "pending" and ALL_ROWS in accept and not row.watched:
            decision = "accepted"
        decisions[name] = decision
    return decisions


def write_receipt(check: FormCheck, texts: Texts, *, at: str, who: str) -> Row:
    """Return the row of a form received."""
    return {
        "receipt_id": name_receipt(check.document),
        "document": check.document,
        "file": check.file,
        "round_id": check.round_id,
        "municipality_id": check.municipality_id,
        "said_by": check.said_by,
        "said_on": check.said_on,
        "taken_at": at,
        "taken_by": who,
        "usable": check.usable,
        "faulty_rows": sum(row.faulty for row in check.rows),
        "findings": "\n".join(finding.text(texts.lang) for finding in check.findings),
    }


def write_answers(
    answers: dict[Key, Row],
    check: FormCheck,
    decisions: dict[str, str],
    texts: Texts,
    *,
    at: str,
    who: str,
) -> dict[Key, Row]:
    """Return the answers of a municipality in a round with those of this form in them.

    Rows that still wait in an earlier form, or had errors there, are superseded by this one.
    """
    receipt = name_receipt(check.document)
    for row in answers.values():
        if row["receipt_id"] != receipt and row["decision"] in ("pending", "faulty"):
            row.update(decision="superseded", decided_by=who, decided_at=at)
    for row_ in check.rows:
        decision = decisions[row_.name]
        for column, issued, said, stood, remark in _list_cells(row_, texts):
            key = (f"{receipt}:{row_.name}:{column}",)
            old = answers.get(key)
            if old and old["decision"] == decision:
                continue
            decided = decision in ("accepted", "refused")
            answers[key] = {
                "answer_id": key[0],
                "receipt_id": receipt,
                "round_id": check.round_id,
                "municipality_id": check.municipality_id,
                "row": row_.name,
                "item": f"{'/'.join(row_.key)} {row_.item}".strip(),
                "column": column,
                "issued": issued,
                "said": said,
                "stood": stood,
                "remark": remark,
                "said_by": check.said_by,
                "said_at": old["said_at"] if old else at,
                "decision": decision,
                "decided_by": who if decided else None,
                "decided_at": at if decided else None,
            }
    return answers


def _list_cells(row: CheckedRow, texts: Texts) -> list[tuple[str, str, str, str, str]]:
    """Return the cells of a row that say something new or wrong, with what is remarked on them."""
    cells = []
    told: set[int] = set()
    for difference in row.differences:
        found = [f for f in row.findings if _concerns(f, difference.column)]
        told |= {id(f) for f in found}
        remark = "; ".join(finding.text(texts.lang) for finding in found)
        if row.is_new:
            remark = "; ".join(part for part in (texts("round.new_facility"), remark) if part)
        cells.append(
            (difference.column, difference.issued, difference.said, difference.stood, remark)
        )
    wrong: dict[str, list[Finding]] = {}
    for finding in row.findings:
        if finding.level == FAULT and id(finding) not in told:
            wrong.setdefault(finding.column or "row", []).append(finding)
    known = {cell[0] for cell in cells}
    for column, found in wrong.items():
        name = column if column not in known else f"{column}:fault"
        said = str(found[0].values.get("value", ""))
        cells.append((name, "", said, "", "; ".join(f.text(texts.lang) for f in found)))
    return cells


def _concerns(finding: Finding, column: str) -> bool:
    return finding.column in ("", column) or (finding.column, column) == (
        "settlement",
        "settlement_id",
    )


def list_decisions(answers: dict[Key, Row], receipt_id: str) -> dict[str, str]:
    """Return what was decided on the rows of a receipt so far."""
    found: dict[str, Any] = {}
    for row in answers.values():
        if row["receipt_id"] == receipt_id:
            found[str(row["row"])] = row["decision"]
    return found


_HEADS = ("receipt", "municipality", "row", "item", "column", "issued", "said", "stood", "remark",
          "decision")  # fmt: skip
_WIDTHS = (18, 22, 8, 48, 20, 22, 22, 22, 60, 12)


def write_review(checks: Sequence[FormCheck], lang: str = "lv") -> bytes:
    """Return a workbook with every difference of several forms and a column to decide in.

    Rows with errors are listed too, with what is wrong; they cannot be decided.
    """
    texts = Texts(lang)
    sink = io.BytesIO()
    book = open_workbook(sink)
    head = book.add_format({"bold": True, "bg_color": "#D9E2EC", "border": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(texts("round.sheet_differences"))
    for position, (name, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
        sheet.set_column(position, position, width)
        sheet.write_string(0, position, _label(name, texts), head)
    sheet.freeze_panes(1, 3)
    number = 0
    for check in checks:
        for row in check.rows:
            remark = "\n".join(finding.text(texts.lang) for finding in row.findings)
            mark = texts("round.decision_faulty") if row.faulty else ""
            cells = [
                (texts(f"round.column_{d.column}"), d.issued, d.said, d.stood)
                for d in row.differences
            ] or [("", "", "", "")]
            for column, issued, said, stood in cells:
                number += 1
                values = (name_receipt(check.document), check.municipality, row.name, row.item,
                          column, issued, said, stood, remark, mark)  # fmt: skip
                for position, value in enumerate(values):
                    if value:
                        sheet.write_string(number, position, value, wrap)
                remark = mark = ""
    options: dict[str, Any] = {
        "validate": "list",
        "source": [texts("round.decide_yes"), texts("round.decide_no")],
        "input_message": texts("round.decide_help"),
        "error_type": "warning",
    }
    if number:
        sheet.data_validation(1, len(_HEADS) - 1, number, len(_HEADS) - 1, options)
        sheet.autofilter(0, 0, number, len(_HEADS) - 1)
    book.close()
    return sink.getvalue()


def read_review(path: str | Path) -> dict[str, tuple[set[str], set[str]]]:
    """Return what was decided in such a workbook: receipt to rows accepted and rows refused.

    Raises
    ------
    InputError
        If the file is not such a workbook, or a decision is neither yes nor no.
    """
    try:
        file, content = read_file(path)
        sheets = read_workbook(content, list_labels("round.sheet_differences"))
    except FormError:
        raise InputError("rounds.unreadable_workbook", where=Path(path).name) from None
    if not sheets:
        raise InputError("rounds.not_differences", where=file)
    rows = next(iter(sheets.values())).rows
    at = {}
    for position, cell in enumerate(rows[0] if rows else ()):
        for name in _HEADS:
            if cell.kind == "text" and fold(cell.value) in {
                fold(_label(name, Texts(lang))) for lang in LANGUAGES
            }:
                at[name] = position
    missing = [name for name in ("receipt", "row", "decision") if name not in at]
    if missing:
        raise InputError("rounds.column_missing", where=file, names=missing)
    words = {
        fold(Texts(lang)(f"round.decide_{word}")): word for lang in LANGUAGES for word in
        ("yes", "no")
    }  # fmt: skip
    ignored = {fold(Texts(lang)("round.decision_faulty")) for lang in LANGUAGES}
    decided: dict[str, tuple[set[str], set[str]]] = {}
    wrong = []
    for number, row in enumerate(rows[1:], start=2):
        said = {name: str(row[position].value or "") if position < len(row) else ""
                for name, position in at.items()}  # fmt: skip
        word = fold(said["decision"])
        if not word or word in ignored:
            continue
        if word not in words:
            wrong.append(Message("rounds.row_value", number=number, value=said["decision"][:30]))
            continue
        pair = decided.setdefault(said["receipt"], (set(), set()))
        pair[words[word] == "no"].add(said["row"])
    both = [row for yes, no in decided.values() for row in sorted(yes & no)]
    problems = []
    if wrong:
        problems.append(Problem("rounds.neither_yes_nor_no", file, wrong))
    if both:
        problems.append(Problem("rounds.accepted_and_refused", file, both))
    raise_problems(problems)
    return decided


def _label(name: str, texts: Texts) -> str:
    if name in ("municipality", "row"):
        return texts(f"round.column_{name}")
    return texts(f"round.head_{name}")
