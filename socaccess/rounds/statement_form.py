"""The form for statements on a draft: written blank, read back by its headings in any language."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from socaccess import files
from socaccess.encoding import open_workbook
from socaccess.i18n import LANGUAGES, Texts, fold, sort_key
from socaccess.rounds import layouts
from socaccess.rounds.drafts import read_rows
from socaccess.rounds.store import Store

__all__ = ["read_labels", "write_statement_form"]

_WIDTHS = {"statement_id": 10, "received": 14, "speaker": 22, "name": 34, "municipality_id": 24,
           "service": 40, "chapter": 26, "text": 70}  # fmt: skip
"""What a speaker fills in; answers are added by whoever runs the consultation."""

_COLUMNS = (*_WIDTHS, "answer", "reason", "changed_in")
_ROWS = 40
_WORDS = {"speaker": "round.speaker_", "answer": "round.answer_"}


def write_statement_form(store: Store, *, speakers: tuple[str, ...], lang: str = "lv") -> bytes:
    """Return a blank form for statements as the bytes of an XLSX workbook.

    Speakers, municipalities and services are chosen from lists; how to fill it in stands on a
    sheet of its own.
    """
    texts = Texts(lang)
    sink = io.BytesIO()
    book = open_workbook(sink)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#D9E2EC", "border": 1})
    sheet = book.add_worksheet(texts("round.sheet_statements"))
    lists = book.add_worksheet(texts("round.sheet_lists"))
    names = [str(row["name"]) for row in read_rows(store, layouts.MUNICIPALITIES).values()]
    services = {str(row[f"name_{lang}"]) for row in read_rows(store, layouts.SERVICES).values()}
    choices = {
        "speaker": [texts(f"round.speaker_{word}") for word in speakers],
        "municipality_id": sorted(names, key=sort_key),
        "service": sorted(services, key=sort_key),
    }
    about = book.add_worksheet(texts("round.sheet_introduction"))
    about.set_column(0, 0, 110)
    for number, key in enumerate(("how_1", "how_2", "privacy")):
        about.write_string(number, 0, texts(f"round.statement_{key}"), wrap)
    for position, (name, width) in enumerate(_WIDTHS.items()):
        sheet.set_column(position, position, width)
        sheet.write_string(0, position, texts(f"round.statement_{name}"), head)
        if name in choices:
            at = list(choices).index(name)
            lists.write_column(0, at, choices[name])
            span = f"${'ABC'[at]}$1:${'ABC'[at]}${len(choices[name])}"
            source = f"='{texts('round.sheet_lists')}'!{span}"
            rule: dict[str, Any] = {"validate": "list", "source": source}
            sheet.data_validation(1, position, _ROWS, position, rule)
    sheet.freeze_panes(1, 0)
    lists.hide()
    book.close()
    return sink.getvalue()


def read_labels(
    frame: pd.DataFrame, store: Store | None, words: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return a table of statements in the store's terms: headings, speakers, places, services.

    `words` are the codes of `speaker` and `answer`. What is no label is left as it stands, for
    the check to name. A row without a number gets one from what it says, so that the same form
    read again is the same statements.
    """
    headings = {fold(Texts(lang)(f"round.statement_{name}")): name
                for lang in LANGUAGES for name in _COLUMNS}  # fmt: skip
    found = frame.rename(columns=lambda name: headings.get(fold(str(name)), str(name)))
    meanings: dict[str, dict[str, str]] = {
        column: {fold(Texts(lang)(_WORDS[column] + code)): code
                 for lang in LANGUAGES for code in codes}
        for column, codes in words.items()
    }  # fmt: skip
    if store is not None:
        meanings |= {
            "municipality_id": {fold(str(row["name"])): key[0] for key, row in
                                read_rows(store, layouts.MUNICIPALITIES).items()},
            "service": {fold(str(row[f"name_{lang}"])): str(row["service"])
                        for row in read_rows(store, layouts.SERVICES).values()
                        for lang in LANGUAGES},
        }  # fmt: skip
    for column, labels in meanings.items():
        if column in found:
            found[column] = [labels.get(fold(str(v)), v) if _is_said(v) else v
                             for v in found[column]]  # fmt: skip
    if "statement_id" not in found:
        found.insert(0, "statement_id", None)
    said = [name for name in ("speaker", "name", "municipality_id", "service", "text")
            if name in found]  # fmt: skip
    found["statement_id"] = [
        str(row["statement_id"]) if _is_said(row["statement_id"])
        else "N" + files.hash_bytes("\n".join(str(row[n]) for n in said).encode("utf-8"))[:8]
        for row in found.to_dict("records")
    ]  # fmt: skip
    return found


def _is_said(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and value != value) and value != ""
