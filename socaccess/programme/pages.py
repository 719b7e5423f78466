"""The pages of a plan as documents: a municipality's model, an application's annex.

They say what the other modules have found, as one tree of content that is rendered to
terminal, Markdown, HTML, DOCX and PDF. What a region wants and why it still has to write
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from socaccess.content import Block, Column, Document, List, Paragraph, Phrase, Section, Table
from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.privacy import hide_small
from socaccess.programme.eraf import Verdict
from socaccess.programme.models import MunicipalityModel
from socaccess.programme.words import describe_finding

__all__ = ["FORMS", "build_annex", "build_model", "summarise_model"]

FORMS = ("short", "full")


def build_model(
    model: MunicipalityModel,
    service_names: Mapping[str, str],
    lang: str = "lv",
    *,
    form: str = "short",
    allow_small_counts: bool = False,
) -> Document:
    """Return a municipality's model as a document.

    Parameters
    ----------
    model
        The model.
    service_names
        Name of each service in the language.
    lang
        `lv` or `en`.
    form
        `short`: what it has, lacks and could do, in a few lines; `full`: also every
        neighbour and every settlement beyond a limit.
    allow_small_counts
        Show counts of fewer people than the threshold too, and say so.
    """
    _require_form(form)
    tables = model.show(allow_small_counts=allow_small_counts)
    services = tables["services"]
    blocks: list[Block] = list(summarise_model(tables, service_names))
    if form == "full":
        blocks += _detail_model(tables, service_names)
    below = 0 if allow_small_counts else model.suppress_below
    judged = not (len(services) and (services["viable"] == "not_judged").any())
    blocks.append(
        List(
            (
                Phrase("plan.model_clients_note"),
                *(() if judged else (Phrase("plan.model_not_judged"),)),
                *(
                    (Phrase("plan.model_no_supply"),)
                    if services["gap_persons"].isna().any()
                    else ()
                ),
                *(Phrase(f"plan.model_basis_{b}") for b in sorted(set(services["backed_basis"]))),
                Phrase("plan.limits_are_proposals"),
                Phrase("plan.need_is_estimate"),
                _note_small(below),
            )
        )
    )
    title = Phrase("plan.model_title", name=model.name)
    return _make_document(lang, title, blocks, below)


def summarise_model(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]
) -> tuple[Block, ...]:
    """Return what a municipality has and lacks: a sentence, a table, whom it could share with."""
    services = tables["services"]
    if not len(services):
        return ()
    own = services["own_facilities"] > 0
    other = services["own_facilities"].eq(0) & services["reachable_facilities"].gt(0)
    near, unknown = int(other.sum()), int((~services["supply_known"]).sum())
    lead = (
        Phrase("plan.model_short", with_own=int(own.sum()), services=len(services)),
        *((" ", Phrase("plan.model_near", near=near)) if near else ()),
        *((" ", Phrase("plan.model_unknown", unknown=unknown)) if unknown else ()),
    )
    columns = _make_columns(
        {
            "plan.service": "text",
            "plan.model_priority": "number",
            "plan.model_need": "number",
            "plan.model_clients": "number",
            "plan.model_own": "number",
            "plan.model_places": "number",
            "plan.model_reachable": "number",
            "plan.model_gap_persons": "number",
            "plan.model_viable": "text",
        }
    )
    rows = [
        (
            names.get(row["service"], row["service"]),
            row["priority"],
            row["persons"],
            row["clients"],
            row["own_facilities"],
            row["own_places"],
            row["reachable_facilities"],
            row["gap_persons"],
            Phrase(f"plan.viable_{row['viable']}"),
        )
        for row in _list_rows(services)
    ]
    columns = (replace(columns[0], width=2.9), *columns[1:-1], replace(columns[-1], width=1.9))
    # A column in which nobody has said anything only takes room.
    silent = {1} if services["priority"].isna().all() else set()
    silent |= {8} if services["viable"].eq("not_judged").all() else set()
    columns = tuple(column for at, column in enumerate(columns) if at not in silent)
    rows = [tuple(cell for at, cell in enumerate(row) if at not in silent) for row in rows]
    shared: dict[tuple[str, str], list[str]] = {}
    for row in _list_rows(services[services["viable"] == "together"]):
        name = names.get(row["service"], row["service"])
        shared.setdefault((row["partners"], row["site"]), []).append(name)
    together = tuple(
        Phrase("plan.model_together", services="; ".join(those), partners=partners, site=site)
        for (partners, site), those in shared.items()
    )
    section = Section(
        Phrase("plan.model_services"),
        (Table(columns, rows), *((List(together),) if together else ())),
    )
    return (Paragraph(lead), section)


def _detail_model(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> list[Section]:
    sharing = [
        (names.get(row["service"], row["service"]), row["partner"], row["settlement"],
         row["clients_own"], row["clients_together"])
        for row in _list_rows(tables["sharing"])
    ]  # fmt: skip
    gaps = [
        (names.get(row["service"], row["service"]), row["settlement"], row["travel_min"],
         row["limit_min"], row["facility"])
        for row in _list_rows(tables["gaps"])
    ]  # fmt: skip
    columns = _make_columns(
        {
            "plan.service": "text",
            "plan.model_partner": "text",
            "plan.model_site": "text",
            "plan.model_clients": "number",
            "plan.model_clients_together": "number",
        }
    )
    gap_columns = _make_columns(
        {
            "plan.service": "text",
            "plan.model_site": "text",
            "plan.model_minutes": "minutes",
            "plan.model_limit": "minutes",
            "plan.model_nearest": "text",
        }
    )
    return [
        Section(Phrase("plan.model_sharing"), (Table(columns, sharing),)),
        Section(Phrase("plan.model_gaps"), (Table(gap_columns, gaps),)),
    ]


def build_annex(
    verdict: Verdict,
    service_names: Mapping[str, str],
    lang: str = "lv",
    *,
    below: int = 5,
    effect: pd.DataFrame | None = None,
) -> Document:
    """Return the annex of an application: the answer, its reasons, who gains, who pays.

    Parameters
    ----------
    verdict
        What was found.
    service_names
        Name of each service in the language.
    lang
        `lv` or `en`.
    below
        Counts of persons under this are hidden; 0 hides nothing.
    effect
        Who gains, as it leaves; from the verdict by default.
    """
    texts = Texts(lang)
    site = verdict.site
    title = Phrase(
        "plan.eraf_title",
        service=service_names.get(site["service"], site["service"]),
        settlement=site["settlement"],
        municipality=site["municipality"],
    )
    answers = [
        (
            Phrase(f"plan.eraf_{finding.check}"),
            Phrase(f"plan.answer_{finding.answer}"),
            describe_finding(finding, texts, below=below),
        )
        for finding in verdict.findings
    ]
    parts = ("persons", "near_now", "near_after", "gain", "remaining")
    if effect is None:
        effect = hide_small(verdict.effect, parts[0], parts[1:], below=below, decimals=0)
    columns = _make_columns(
        {
            "plan.municipality": "text",
            "plan.persons": "number",
            "plan.near": "number",
            "plan.near_after": "number",
            "plan.gain": "number",
            "plan.eraf_remaining": "number",
        }
    )
    rows = [(row["municipality"], *(row[name] for name in parts)) for row in _list_rows(effect)]
    questions = _make_columns(
        {"plan.eraf_question": "text", "plan.eraf_result": "text", "plan.eraf_reason_title": "text"}
    )
    blocks: list[Block] = [
        Paragraph(_answer(verdict, texts), "lead"),
        Table(questions, answers),
        Section(Phrase("plan.eraf_effect"), (Table(columns, rows),)),
    ]
    if verdict.payers:
        total = sum(verdict.payers.values(), Decimal("0.00"))
        money = [
            *((Phrase(f"plan.payer_{name}"), amount) for name, amount in verdict.payers.items()),
            (Phrase("plan.total"), total),
        ]
        amounts = (Column(Phrase("plan.payer")), Column(Phrase("plan.amount"), "number", None, 2))
        blocks.append(Section(Phrase("plan.eraf_payers"), (Table(amounts, money),)))
    blocks.append(
        List(
            (
                Phrase("plan.eraf_limit_note", limit=texts.number(site["limit_min"])),
                Phrase(
                    f"plan.eraf_take_up_{site['take_up_basis']}",
                    share=texts.share(site["take_up"], decimals=1),
                ),
                Phrase("plan.eraf_rules_note"),
                Phrase("plan.limits_are_proposals"),
                Phrase("plan.need_is_estimate"),
                _note_small(below),
            )
        )
    )
    return _make_document(lang, title, blocks, below)


def _answer(verdict: Verdict, texts: Texts) -> str:
    """Return the answer with its reasons: the fatal questions answered alike."""
    reasons = [
        texts(f"plan.eraf_{verdict.answer}_{finding.check}")
        for finding in verdict.findings
        if finding.answer == verdict.answer != "yes" and finding.check in verdict.fatal
    ]
    return texts(f"plan.eraf_answer_{verdict.answer}", reasons="; ".join(reasons) + ".")


def _require_form(form: str) -> None:
    if form not in FORMS:
        raise UnknownNameError("programme.unknown_form", name=form, known=FORMS)


def _make_document(lang: str, title: Phrase, blocks: list[Block], below: int) -> Document:
    return Document(
        lang=lang,
        title=title,
        blocks=tuple(blocks),
        dateline=Phrase("plan.page_subtitle"),
        footer=title,
        warning="" if below else Phrase("plan.small_shown"),
    )


def _make_columns(kinds: Mapping[str, str]) -> tuple[Column, ...]:
    """Return columns by the key of their heading and their kind."""
    return tuple(Column(Phrase(key), kind) for key, kind in kinds.items())


def _note_small(below: int) -> Phrase:
    return Phrase("plan.small_hidden", below=below) if below else Phrase("plan.small_shown")


def _list_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows with None for what is missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
