"""The map's page on access: places by municipality, what can nobody replace, who gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socaccess.i18n import Texts, sort_key
from socaccess.maps.words import capitalise, name_code
from socaccess.planning.released_access import (
    list_access,
    list_fairness,
    rank_closing,
    shorten_facility,
)
from socaccess.privacy import mark_untold
from socaccess.study.findings import shorten_place
from socaccess.study.proposals import name_services_shortly

if TYPE_CHECKING:
    from socaccess.study.release import Release

__all__ = ["build_access"]

_SERVICES, _FACILITIES = 6, 10
"""Services of the table of places, facilities of the ranking."""


def build_access(released: Release, texts: Texts, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of the page: each a title, lines, columns and rows; none if nothing is."""
    short = name_services_shortly(released.result.study, texts)
    names = {row["id"]: capitalise(short[row["id"]]) for row in payload["services"] if row["shown"]}
    found = [
        _list_places(released, texts, names),
        _list_closing(released, texts, names),
        _list_fairness(released, texts, names),
    ]
    return [block for block in found if block["rows"]]


def _block(key: str, texts: Texts, columns: list[str], rows: list[list[str]]) -> dict[str, Any]:
    return {
        "id": key,
        "title": name_code(texts, "access_title", key),
        "note": name_code(texts, "access_note", key),
        "columns": columns,
        "rows": rows,
    }


def _list_places(released: Release, texts: Texts, names: dict[str, str]) -> dict[str, Any]:
    table = list_access(released)
    chosen = [name for name in names if name in set(table["service"])][:_SERVICES]
    cells = {
        (row.municipality, row.service): _show_places(texts, row.per_100, row.access_note)
        for row in table.itertuples()
    }
    homes = sorted(released.result.municipalities["name"], key=sort_key) if chosen else []
    rows = [
        [shorten_place(home), *(cells.get((home, name), "–") for name in chosen)] for home in homes
    ]
    columns = [texts("access.column.municipality"), *(names[name] for name in chosen)]
    return _block("places", texts, columns, rows)


def _show_places(texts: Texts, per_100: float, note: str | None) -> str:
    if note == "protected":
        return mark_untold()
    # A tenth of a place is not nothing, nor is less than that.
    number = texts.number(per_100, decimals=1 if 0 < per_100 < 10 else 0)
    if 0 < per_100 < 0.05:
        number = f"<{texts.number(0.1, decimals=1)}"
    return f"≥ {number}" if note == "at_least" and per_100 == per_100 else number


def _list_closing(released: Release, texts: Texts, names: dict[str, str]) -> dict[str, Any]:
    table = rank_closing(released)
    table = table[table["service"].isin(list(names))].head(_FACILITIES) if len(table) else table
    heads = ("name", "municipality", "service", "falls_out", "extra_min", "to")
    columns = [texts(f"access.column.{name}") for name in heads]
    rows = [
        [
            shorten_facility(row.name),
            shorten_place(str(row.municipality)),
            names[row.service],
            "–" if row.falls_out is None else str(row.falls_out),
            texts.number(row.extra_min),
            shorten_facility(row.to) if isinstance(row.to, str) else "–",
        ]
        for row in table.drop(columns="rank", errors="ignore").itertuples(index=False)
    ]
    return _block("closing", texts, columns, rows)


def _list_fairness(released: Release, texts: Texts, names: dict[str, str]) -> dict[str, Any]:
    table = list_fairness(released)
    if len(table):
        table = table[(table["gain"] >= 1) & table["service"].isin(list(names))]
    measures = (("mean", 0), ("worst_decile", 0), ("gini", 2))
    columns = [texts(f"access.column.{name}") for name in ("service", *(m for m, _ in measures))]
    rows = [
        [
            names[row["service"]],
            *(
                " → ".join(
                    texts.number(row[f"{name}_{scenario}"], decimals=decimals)
                    for scenario in ("now", "suggested")
                )
                for name, decimals in measures
            ),
        ]
        for row in table.to_dict("records")
    ]
    return _block("fairness", texts, columns, rows)
