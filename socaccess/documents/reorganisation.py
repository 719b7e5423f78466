"""The plan of an institution people leave, as a document to print and to edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from socaccess.content import Block, Column, Document, List, Paragraph, Phrase, Section, Table
from socaccess.i18n import Texts
from socaccess.programme.reorganisation import Reorganisation

__all__ = ["compose_reorganisation", "describe_reorganisation"]


def compose_reorganisation(
    plan: Reorganisation,
    service: str,
    names: Mapping[str, str],
    lang: str = "lv",
    *,
    below: int = 5,
) -> Document:
    """Return the plan as a document.

    Parameters
    ----------
    plan
        The plan.
    service
        Name of the home they need.
    names
        Names of services in the language.
    lang
        `lv` or `en`.
    below
        Counts of persons under this are hidden; 0 hides nothing.
    """
    blocks = (
        *describe_reorganisation(plan, service, names, Texts(lang), kind="lead"),
        List((
            Phrase("plan.reorg_answers"),
            Phrase("plan.building_note"),
            Phrase("plan.small_hidden", below=below) if below else Phrase("plan.small_shown"),
        )),
    )  # fmt: skip
    title = Phrase("plan.reorg_title", name=str(plan.institution["name"]))
    return Document(lang=lang, title=title, blocks=blocks, footer=title,
                    dateline=Phrase("plan.page_subtitle"),
                    warning="" if below else Phrase("plan.small_shown"))  # fmt: skip


def describe_reorganisation(
    plan: Reorganisation,
    service: str,
    names: Mapping[str, str],
    texts: Texts,
    *,
    kind: str = "text",
) -> tuple[Block, ...]:
    """Return what becomes of an institution: in a sentence, who moves where, its house, staff."""
    return (
        Paragraph(_lead(plan, texts), kind),
        Section(Phrase("plan.reorg_where", service=service), _list_destinations(plan, texts)),
        Section(Phrase("plan.reorg_house"), _list_uses(plan, names)),
        Section(Phrase("plan.reorg_staff"), _list_staff(plan.staff, names)),
    )


def _lead(plan: Reorganisation, texts: Texts) -> str:
    house = plan.institution
    parts = [texts("plan.reorg_lead", movers=texts.number(_float(house["movers"])),
                   places=texts.number(_float(house["places"])),
                   stay=texts.number(_float(house["stay"])))]  # fmt: skip
    if plan.missing is None:
        parts.append(texts("plan.reorg_missing_hidden"))
    else:
        cost = {name: texts.number(value / 1000) for name, value in plan.capital.items()}
        parts.append(texts("plan.reorg_missing", places=texts.number(plan.missing), **cost))
    if plan.running_eur is not None:
        parts.append(
            texts("plan.reorg_running", amount=texts.number(float(plan.running_eur) / 1000))
        )
    if plan.is_late:
        parts.append(texts("plan.reorg_late"))
    parts.append(texts("plan.reorg_ready" if plan.is_ready else "plan.reorg_not_ready"))
    return " ".join(parts)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _list_destinations(plan: Reorganisation, texts: Texts) -> tuple[Block, ...]:
    rows = [
        (row["destination"] or Phrase("plan.mover_nobody"), row["persons"],
         row["move_by"] or Phrase("plan.reorg_no_day"), row["homes"], row["home_places"],
         row["free"], row["planned_homes"], texts.number(_float(row["nearest_min"])),
         Phrase(f"plan.reorg_{row['answer']}"), row["missing"])
        for row in _list_rows(plan.destinations)
    ]  # fmt: skip
    columns = (
        Column(Phrase("plan.mover_destination"), width=1.5),
        Column(Phrase("plan.persons"), "number", width=0.8),
        Column(Phrase("plan.reorg_by"), width=1.0),
        Column(Phrase("plan.reorg_homes"), "number", width=0.6),
        Column(Phrase("plan.places"), "number", width=0.6),
        Column(Phrase("plan.reorg_free"), "number", width=0.6),
        Column(Phrase("plan.reorg_planned"), "number", width=0.7),
        Column(Phrase("plan.mover_nearest"), "number", width=0.8),
        Column(Phrase("plan.eraf_result"), width=1.5),
        Column(Phrase("plan.reorg_places_missing"), "number", width=0.8),
    )
    return (Table(columns, rows),)


def _list_uses(plan: Reorganisation, names: Mapping[str, str]) -> tuple[Block, ...]:
    rows = [
        (names.get(row["service"], row["service"]), row["persons_near"], row["gain"],
         row["gain_population"],
         Phrase("plan.reorg_no_home_here") if row["caution"] else None)
        for row in _list_rows(plan.buildings)
    ]  # fmt: skip
    columns = (
        Column(Phrase("plan.service"), width=2.4),
        Column(Phrase("plan.building_near"), "number"),
        Column(Phrase("plan.gain"), "number"),
        Column(Phrase("plan.building_people"), "number"),
        Column(Phrase("plan.reorg_caution"), width=1.8),
    )
    return (Table(columns, rows),)


def _list_staff(staff: pd.DataFrame, names: Mapping[str, str]) -> tuple[Block, ...]:
    if not len(staff):
        return (Paragraph(Phrase("plan.reorg_no_staff")),)
    rows = [
        (row["profession"], row["posts"], names.get(row["to_service"], row["to_service"]))
        for row in _list_rows(staff)
    ]
    columns = (
        Column(Phrase("plan.reorg_profession"), width=2.0),
        Column(Phrase("plan.reorg_posts"), "number", decimals=1),
        Column(Phrase("plan.reorg_to_service"), width=2.0),
    )
    return (Table(columns, rows),)


def _list_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
