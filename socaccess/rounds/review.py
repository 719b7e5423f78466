"""The list of differences as a workbook in which somebody decides row by row."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.checking import FormCheck, read_file
from socaccess.rounds.findings import FormError
from socaccess.rounds.journal import name_receipt
from socaccess.rounds.sheets import list_labels
from socaccess.rounds.workbook import read_workbook

__all__ = ["read_review", "write_review"]

_HEADS = ("receipt", "municipality", "row", "item", "column", "issued", "said", "stood", "remark",
          "decision")  # fmt: skip
_WIDTHS = (18, 22, 8, 48, 20, 22, 22, 22, 60, 12)


def write_review(checks: Sequence[FormCheck], lang: str = "lv") -> bytes:
    """Return a workbook with every difference of several forms and a column to decide in.

    Rows with errors are listed too, with what is wrong; they cannot be decided.
    """
    import xlsxwriter

    texts = Texts(lang)
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(
        sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
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
            remark = "\n".join(finding.tell(texts) for finding in row.findings)
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
        sheets = read_workbook(content, list_labels("sheet_differences"))
    except FormError as error:
        raise InputError(f"{Path(path).name}: {error.finding.tell(Texts('en'))}") from None
    if not sheets:
        raise InputError(f"{file}: this is not a list of differences")
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
        raise InputError(f"{file}: column {', '.join(missing)} is missing")
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
            wrong.append(f"row {number}: {said['decision'][:30]}")
            continue
        pair = decided.setdefault(said["receipt"], (set(), set()))
        pair[words[word] == "no"].add(said["row"])
    both = [row for yes, no in decided.values() for row in sorted(yes & no)]
    problems = []
    if wrong:
        problems.append(Problem("decision is neither yes nor no", file, tuple(wrong)))
    if both:
        problems.append(Problem("row is accepted and refused", file, tuple(both)))
    raise_problems(problems)
    return decided


def _label(name: str, texts: Texts) -> str:
    if name in ("municipality", "row"):
        return texts(f"round.column_{name}")
    return texts(f"round.head_{name}")
