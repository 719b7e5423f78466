"""Who said what and when, and what was decided: the two tables that only ever grow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from socaccess.errors import Problem, raise_problems
from socaccess.i18n import Texts
from socaccess.rounds import layouts
from socaccess.rounds.checking import FormCheck
from socaccess.rounds.findings import FAULT, Finding
from socaccess.rounds.rows import CheckedRow
from socaccess.rounds.store import Store
from socaccess.rounds.tables import Key, Row, to_rows

__all__ = ["ALL_ROWS", "DECISIONS", "choose_decisions", "name_receipt", "write_answers",
           "write_receipt"]  # fmt: skip

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
        hint = f"rows that differ: {', '.join(rows) or 'none'}"
        problems.append(Problem("row does not differ", check.file, tuple(unknown), hint))
    both = sorted(set(accept) & set(refuse))
    if both:
        problems.append(Problem("row is accepted and refused", check.file, tuple(both)))
    faulty = sorted(name for name in accept if name in rows and rows[name].faulty)
    if faulty:
        hint = "let the municipality correct them"
        problems.append(Problem("row has errors", check.file, tuple(faulty), hint))
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
        "findings": "\n".join(finding.tell(texts) for finding in check.findings),
    }


def write_answers(
    store: Store,
    check: FormCheck,
    decisions: dict[str, str],
    texts: Texts,
    *,
    at: str,
    who: str,
) -> dict[Key, Row]:
    """Return all answers with those of this form in them.

    Rows of the same municipality in the same round that still wait in an earlier form, or
    had errors there, are superseded by this one.
    """
    answers = to_rows(store.read("answers"), layouts.ANSWERS.key)
    receipt = name_receipt(check.document)
    for row in answers.values():
        same = (row["round_id"], row["municipality_id"]) == (check.round_id, check.municipality_id)
        if same and row["receipt_id"] != receipt and row["decision"] in ("pending", "faulty"):
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
        remark = "; ".join(finding.tell(texts) for finding in found)
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
        said = found[0].values.get("value", "")
        cells.append((name, "", said, "", "; ".join(f.tell(texts) for f in found)))
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
