"""A form: what it is filled with, and the workbook it is written as."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socaccess import files
from socaccess.encoding import open_workbook
from socaccess.i18n import LANGUAGES, Texts, fold, sort_key
from socaccess.rounds import layouts
from socaccess.rounds.drafts import read_rows
from socaccess.rounds.form_sheets import (
    ALL_SERVICES,
    CHOICES,
    FACILITY_SHEET,
    PERSONS_SHEET,
    PROVISION_SHEET,
    STANCES_SHEET,
    FormColumn,
    FormSheet,
    label_choice,
    list_sheets,
)

if TYPE_CHECKING:
    from socaccess.rounds.layouts import Key, Row
    from socaccess.rounds.store import Store

__all__ = [
    "CONTACT_CELLS",
    "ELSEWHERE",
    "FORM_VERSION",
    "INTRODUCTION",
    "LISTS",
    "MARKS",
    "MAX_COUNT",
    "MAX_TEXT",
    "VERSIONS",
    "YEARS",
    "FormContent",
    "list_keys",
    "list_labels",
    "list_own",
    "make_form",
    "name_form",
    "name_provider",
    "sign_marks",
    "write_form",
]

FORM_VERSION = 2
"""Version of the layout of the form."""

VERSIONS = ("1", "2")
"""Versions that are read."""

MAX_COUNT = 2000
"""Most places one facility may have (inclusive)."""

MAX_TEXT = 500
"""Longest text a cell may hold, in characters (inclusive)."""

YEARS = (1900, 2100)
"""First and last year a cell may hold (inclusive)."""

INTRODUCTION = "introduction"
LISTS = "lists"
MARKS = "marks"
"""Keys of the sheets that hold no answers: words to the reader, lists of choices, marks."""

CONTACT_CELLS = {"municipality": 3, "said_by": 11, "said_on": 12}
"""Rows (from 1) of the introduction whose second cell is read."""

_HEAD_ROW = 13
"""Row (from 0) of the introduction that tells the state of the store the form was made from."""


ELSEWHERE = "other"
"""Where clients of no municipality of the store are from."""


def list_labels(key: str) -> dict[str, str]:
    """Return a text of the catalogue in every language: `{label: language}`."""
    return {Texts(lang)(key): lang for lang in LANGUAGES}


@dataclass(frozen=True)
class FormContent:
    """All that one form says.

    Parameters
    ----------
    marks
        What the form is known by when it comes back.
    introduction
        Title, municipality, round, dates.
    rows
        For each sheet the rows, by column; missing values are None.
    lists
        Choices: `service` and `settlement`.
    lang
        Its language.
    """

    marks: dict[str, str]
    introduction: dict[str, str]
    rows: dict[str, list[Row]]
    lists: dict[str, list[str]]
    population: float
    lang: str


def name_form(round_id: str, addressee: str, name: str) -> str:
    """Return the file name of a form.

    Examples
    --------
    >>> name_form("latgale-2021", "0210000", "Rēzekne")
    'latgale-2021_0210000_Rēzekne.xlsx'
    """
    return files.sanitise_name(f"{round_id}_{addressee.replace('/', '-')}_{name}.xlsx")


def sign_marks(marks: dict[str, str]) -> str:
    """Return the check of the marks of a form, by which a slip is noticed."""
    named = [f"{name}={marks[name]}" for name in sorted(marks) if name != "check"]
    return files.hash_bytes("\n".join(named).encode("utf-8"))[:16]


def name_provider(addressee: str) -> str:
    """Return the facility a provider's form is named by; empty for a municipality's.

    A form goes to a municipality (`0002000`) or to a provider there (`0002000/lat033`): whoever
    runs the facilities of one name in one municipality.
    """
    return addressee.partition("/")[2]


def list_own(facilities: Mapping[Key, Row], addressee: str) -> list[str]:
    """Return the facilities a form asks about: all of a municipality, or those of a provider."""
    municipality, _, provider = addressee.partition("/")
    own = [key[0] for key, row in facilities.items() if row["municipality_id"] == municipality]
    if not provider:
        return own
    name = fold(str(facilities[(provider,)]["name"]))
    return [each for each in own if fold(str(facilities[(each,)]["name"])) == name]


def list_keys(
    sheet: FormSheet, addressee: str, own: Sequence[str], homes: Sequence[str],
    services: Sequence[Row],
) -> dict[str, Key]:  # fmt: skip
    """Return the rows of a sheet of records: the code of each, and its key in the store."""
    if sheet is STANCES_SHEET:
        promised = dict.fromkeys(str(row["service"]) for row in services if row["promised"])
        return {service: (addressee, service) for service in promised}
    if sheet is PROVISION_SHEET:
        return {each: (each,) for each in own}
    return {f"{each}/{home}": (each, home) for each in own for home in (*homes, ELSEWHERE)}


def make_form(store: Store, round_id: str, addressee: str) -> FormContent:
    """Return what a form of a round holds, from the round's base revision.

    The same store and round give the same form whenever it is made.
    """
    entry = read_rows(store, layouts.ROUNDS)[(round_id,)]
    base, lang = int(entry["base_revision"]), str(entry["lang"])
    texts = Texts(lang)
    about = {key[0]: str(row["value"]) for key, row in read_rows(store, layouts.ABOUT).items()}
    municipality_id, _, provider = addressee.partition("/")
    municipalities = read_rows(store, layouts.MUNICIPALITIES)
    names = {key[0]: str(row["name"]) for key, row in municipalities.items()}
    settlements = {
        key[0]: str(row["name"])
        for key, row in read_rows(store, layouts.SETTLEMENTS).items()
        if row["municipality_id"] == municipality_id
    }
    services = list(read_rows(store, layouts.SERVICES).values())
    labels = {str(row["service"]): str(row[f"name_{lang}"]) for row in services}
    marks = {
        "form": "socaccess round",
        "version": str(FORM_VERSION),
        "store": store.identity,
        "round": round_id,
        "municipality_id": addressee,
        "revision": str(base),
        "head": store.find_head(base),
    }
    marks["check"] = sign_marks(marks)
    facilities = read_rows(store, layouts.FACILITIES, revision=base)
    own = list_own(facilities, addressee)
    rows: dict[str, list[Row]] = {
        FACILITY_SHEET.key: [
            {
                **facilities[(each,)],
                "service": labels[facilities[(each,)]["service"]],
                "municipality": names[municipality_id],
                "settlement": settlements.get(str(facilities[(each,)]["settlement_id"])),
                "status": texts(f"round.status_{facilities[(each,)]['status']}"),
            }
            for each in own
        ],
    }
    for sheet in list_sheets(addressee, marks["version"])[1:]:
        if sheet.records is None:
            rows[sheet.key] = _list_persons(store, base, municipality_id, services, texts)
            continue
        known = read_rows(store, sheet.records, revision=base)
        rows[sheet.key] = [
            {
                **(row := known.get(key, {})),
                "code": code,
                "name": facilities.get((key[0],), {}).get("name"),
                "service": labels[facilities[(key[0],)]["service"]]
                if provider
                else labels[key[1]],
                "home": names.get(key[-1], texts("round.home_other")),
                **{c.name: label_choice(c.kind, str(row[c.name]), lang) for c in sheet.columns
                   if c.kind in CHOICES and row.get(c.name)},
            }
            for code, key in list_keys(sheet, addressee, own, list(names), services).items()
        ]  # fmt: skip
    title = names[municipality_id]
    return FormContent(
        marks=marks,
        introduction={
            "title": about[f"title_{lang}"],
            "municipality": title,
            "provider": str(facilities[(provider,)]["name"]) if provider else "",
            "round": round_id,
            "as_of": str(entry["as_of"]),
            "due": str(entry["due"]),
            "created": str(entry["opened_at"]),
            "head": marks["head"],
        },
        rows=rows,
        lists={
            "service": sorted(set(labels.values()), key=sort_key),
            "settlement": sorted(settlements.values(), key=sort_key),
        },
        population=float(municipalities[(municipality_id,)]["population"] or 0),
        lang=lang,
    )


def list_codes(services: Sequence[Row]) -> list[tuple[str, str]]:
    """Return the rows the sheet of persons asks about: target group and service, in order."""
    groups = list(dict.fromkeys(str(row["target_group"]) for row in services if row["promised"]))
    return [
        (group, service)
        for group in groups
        for service in (
            ALL_SERVICES,
            *(str(r["service"]) for r in services if r["promised"] and r["target_group"] == group),
        )
    ]


def _list_persons(
    store: Store, revision: int, municipality_id: str, services: Sequence[Row], texts: Texts
) -> list[Row]:
    known = read_rows(store, layouts.PERSONS, revision=revision)
    groups = {str(row["target_group"]): str(row[f"group_{texts.lang}"]) for row in services}
    labels = {str(row["service"]): str(row[f"name_{texts.lang}"]) for row in services}
    rows = []
    for group, service in list_codes(services):
        row = known.get((municipality_id, group, service), {})
        whole = service == ALL_SERVICES
        rows.append(
            {
                "code": f"{group}/{service}",
                "group": groups[group],
                "service": texts("round.all_services") if whole else labels[service],
                "assessed": row.get("assessed"),
                "recipients": row.get("recipients"),
                "note": row.get("note"),
            }
        )
    return rows


def write_form(form: FormContent) -> bytes:
    """Return a form as the bytes of an XLSX workbook; the same form gives the same bytes."""
    texts = Texts(form.lang)
    sink = io.BytesIO()
    book = open_workbook(sink)
    created = dt.datetime.fromisoformat(form.introduction["created"]).replace(tzinfo=None)
    book.set_properties({"title": form.introduction["title"], "created": created})
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True, "valign": "top"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "head": book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#D9E2EC", "border": 1}
        ),
        "open": book.add_format(
            {
                "locked": False,
                "border": 1,
                "border_color": "#9AA5B1",
                "text_wrap": True,
                "valign": "top",
            }
        ),
        "shut": book.add_format(
            {
                "locked": True,
                "border": 1,
                "border_color": "#9AA5B1",
                "text_wrap": True,
                "valign": "top",
                "bg_color": "#EEF1F4",
            }
        ),
    }
    _write_introduction(book, form, texts, styles)
    for sheet in list_sheets(form.marks["municipality_id"], form.marks["version"]):
        _write_sheet(book, sheet, form, texts, styles)
    lists = book.add_worksheet(texts(f"round.sheet_{LISTS}"))
    for column, name in enumerate(("service", "settlement")):
        lists.write_column(0, column, form.lists[name])
    lists.hide()
    marks = book.add_worksheet(texts(f"round.sheet_{MARKS}"))
    for number, (name, value) in enumerate(form.marks.items()):
        marks.write_string(number, 0, name)
        marks.write_string(number, 1, value)
    marks.very_hidden()
    book.close()
    return sink.getvalue()


def _write_introduction(book: Any, form: FormContent, texts: Texts, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(texts(f"round.sheet_{INTRODUCTION}"))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    said = form.introduction
    kind = "round.provider_" if said.get("provider") else "round.form_"
    title = texts(kind + "title", title=said["title"])
    sheet.write_string(0, 0, title, styles["title"])
    if said.get("provider"):
        sheet.write_string(1, 0, texts("round.provider"), styles["bold"])
        sheet.write_string(1, 1, said["provider"], styles["wrap"])
    for number, name in ((2, "municipality"), (3, "round"), (4, "as_of"), (5, "due")):
        sheet.write_string(number, 0, texts(f"round.form_{name}"), styles["bold"])
        sheet.write_string(number, 1, said[name], styles["wrap"])
    for number, name in enumerate(("how_1", "how_2", "how_3", "privacy"), start=6):
        sheet.write_string(number, 1, texts(kind + name), styles["wrap"])
        sheet.set_row(number, 48)
    for name in ("said_by", "said_on"):
        row = CONTACT_CELLS[name] - 1
        sheet.write_string(row, 0, texts(f"round.form_{name}"), styles["bold"])
        sheet.write_blank(row, 1, None, styles["open"])
    if said.get("head"):
        sheet.write_string(_HEAD_ROW, 0, texts("round.form_head"), styles["bold"])
        sheet.write_string(_HEAD_ROW, 1, said["head"], styles["wrap"])
    sheet.protect()


def _write_sheet(
    book: Any, layout: FormSheet, form: FormContent, texts: Texts, styles: dict[str, Any]
) -> None:
    sheet = book.add_worksheet(texts(f"round.sheet_{layout.key}"))
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 32)
    rows = form.rows.get(layout.key, [])
    count = len(rows) + layout.empty_rows
    for position, column in enumerate(layout.columns):
        sheet.set_column(position, position, column.width)
        sheet.write_string(0, position, texts(f"round.column_{column.name}"), styles["head"])
        for number in range(count):
            value = rows[number].get(column.name) if number < len(rows) else None
            whole = layout is not PERSONS_SHEET or _is_asked(rows[number], column)
            style = styles["shut" if column.locked or not whole else "open"]
            if value is None:
                sheet.write_blank(number + 1, position, None, style)
            elif isinstance(value, str):
                sheet.write_string(number + 1, position, value, style)
            else:
                sheet.write_number(number + 1, position, value, style)
        options = _validate(column, form, texts)
        if options and count:
            sheet.data_validation(1, position, count, position, options)
    # Without a password: the lock guards against slips, not against the owner of the data.
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})


def _is_asked(row: Row, column: FormColumn) -> bool:
    return column.name != "assessed" or str(row["code"]).endswith(f"/{ALL_SERVICES}")


def _validate(column: FormColumn, form: FormContent, texts: Texts) -> dict[str, Any] | None:
    """Return what the spreadsheet checks while somebody types."""
    title = texts("round.valid_title")
    if column.kind == "count":
        most = MAX_COUNT if column.name == "places" else max(int(form.population), 1)
        message = texts("round.valid_count", most=most)
        rule: dict[str, Any] = {"validate": "integer", "criteria": "between",
                                "minimum": 0, "maximum": most}  # fmt: skip
    elif column.kind == "year":
        message = texts("round.valid_year")
        rule = {"validate": "integer", "criteria": "between",
                "minimum": YEARS[0], "maximum": YEARS[1]}  # fmt: skip
    elif column.kind == "amount":
        message = texts("round.valid_amount")
        rule = {"validate": "decimal", "criteria": ">=", "value": 0}
    elif column.kind in CHOICES:
        message = texts("round.valid_list")
        words = [label_choice(column.kind, word, texts.lang) for word in CHOICES[column.kind]]
        rule = {"validate": "list", "source": words}
    elif column.kind in ("service", "settlement") and form.lists[column.kind]:
        message = texts("round.valid_list")
        letter = "AB"[("service", "settlement").index(column.kind)]
        last = len(form.lists[column.kind])
        rule = {
            "validate": "list",
            "source": f"='{texts(f'round.sheet_{LISTS}')}'!${letter}$1:${letter}${last}",
        }
    elif column.kind == "text" and not column.locked:
        message = texts("round.valid_text", most=MAX_TEXT)
        rule = {"validate": "length", "criteria": "<=", "value": MAX_TEXT}
    else:
        return None
    return {**rule, "ignore_blank": True, "error_title": title, "error_message": message}
