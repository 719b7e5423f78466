"""The pages of a plan as documents: a programme, a municipality's model, an application's annex.

They say what the other modules have found, as one tree of content that is rendered to
terminal, Markdown, HTML, DOCX and PDF. What a region wants and why it still has to write
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from socaccess.content import Block, Column, Document, List, Paragraph, Phrase, Section, Table
from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.privacy import hide_small
from socaccess.programme.cooperation import find_flows
from socaccess.programme.eraf import Verdict
from socaccess.programme.forecast import VARIANTS, Forecast
from socaccess.programme.goals import check_goals
from socaccess.programme.models import ModelInputs, MunicipalityModel, model_municipalities
from socaccess.programme.obstacles import list_obstacles, summarise_obstacles
from socaccess.programme.words import describe_finding, join_names
from socaccess.sources.services import load_target_groups
from socaccess.study import StudyResult

__all__ = ["FORMS", "build_annex", "build_model", "build_programme"]

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
    blocks: list[Block] = list(_summarise_model(tables, service_names))
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


def _summarise_model(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]
) -> tuple[Block, ...]:
    """Return what a municipality has and lacks: a sentence, a table, whom it could share with."""
    services = tables["services"]
    if not len(services):
        return ()
    own = services["own_facilities"] > 0
    other = services["own_facilities"].eq(0) & services["reachable_facilities"].gt(0)
    lead = Phrase(
        "plan.model_short",
        with_own=int(own.sum()),
        services=len(services),
        near=int(other.sum()),
        unknown=int((~services["supply_known"]).sum()),
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
    together = tuple(
        Phrase(
            "plan.model_together",
            service=names.get(row["service"], row["service"]),
            site=row["site"],
            partners=row["partners"],
        )
        for row in _list_rows(services[services["viable"] == "together"])
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
    verdict: Verdict, service_names: Mapping[str, str], lang: str = "lv", *, below: int = 5
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
    effect = hide_small(verdict.effect, parts[0], parts[1:], below=below)
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


def build_programme(
    result: StudyResult,
    forecast: Forecast,
    lang: str = "lv",
    *,
    inputs: ModelInputs | None = None,
    form: str = "short",
    allow_small_counts: bool = False,
) -> Document:
    """Return the programme of a region as a document.

    Parameters
    ----------
    result
        A study's result, of a region with goals; as `socaccess.study.release.release`
        gives it where the document is to leave.
    forecast
        Clients to come, of the same study.
    lang
        `lv` or `en`.
    inputs
        What municipalities back, least numbers of clients, take-up.
    form
        `short`: goals, services, indicators, obstacles, who serves whom; `full`: also
        the model of each municipality.
    allow_small_counts
        Show counts of fewer people than the threshold too.
    """
    _require_form(form)
    below = 0 if allow_small_counts else result.study.settings.suppress_below
    parts = _Programme(result, lang, below)
    blocks: list[Block] = [
        parts.list_goals(),
        parts.list_services(),
        *parts.list_clients(forecast),
        parts.list_obstacles(),
        parts.list_cooperation(),
    ]
    if form == "full":
        models = tuple(
            # A model's own notes stand once, at the end of the programme.
            Section(
                model.name,
                _summarise_model(model.show(allow_small_counts=allow_small_counts), parts.names),
            )
            for model in model_municipalities(result, inputs)
        )
        blocks.append(Section(Phrase("plan.programme_models"), models))
    notes = ("plan.limits_are_proposals", "plan.need_is_estimate", "plan.forecast_take_up",
             "plan.programme_note")  # fmt: skip
    blocks.append(
        Section(
            Phrase("plan.programme_notes"),
            (List((*(Phrase(key) for key in notes), _note_small(below))),),
        )
    )
    title = Phrase("plan.programme_title", region=result.study.title[lang])
    return _make_document(lang, title, blocks, below)


@dataclass
class _Programme:
    """The parts of a programme."""

    result: StudyResult
    lang: str
    below: int

    def __post_init__(self) -> None:
        types = self.result.service_types
        self.names = dict(zip(types["service"], types[f"name_{self.lang}"], strict=True))
        self.promised = types[types["promised"]].set_index("service")
        groups = load_target_groups()
        self.groups = dict(zip(groups["target_group"], groups[f"name_{self.lang}"], strict=True))

    def list_goals(self) -> Section:
        """Return the goals and what is reached of them."""
        rows = [
            (self.groups[row["target_group"]], row["goal"], row["persons"],
             None if row["year"] is None else str(row["year"]), row["share"],
             Phrase(f"plan.status_{row['status']}"))
            for row in _list_rows(check_goals([self.result.study.name]))
        ]  # fmt: skip
        columns = _make_columns(
            {
                "plan.group": "text",
                "plan.goal": "number",
                "plan.persons": "number",
                "plan.year": "text",
                "plan.share": "share",
                "plan.status": "text",
            }
        )
        return Section(Phrase("plan.programme_goals"), (Table(columns, rows),))

    def list_services(self) -> Section:
        """Return every promised service: facilities, and who lives within its limit."""
        coverage = self.result.coverage
        coverage = coverage[coverage["scope"] == "any"]
        sums = coverage.groupby(["service", "scenario"])[["population", "population_covered"]].sum()
        here = self.result.facilities
        here = here[here["in_region"].to_numpy(dtype=bool)]
        counts = pd.crosstab(here["service"], here["status"])
        rows = []
        for service, row in self.promised.iterrows():
            # Of a service that no source counts neither facilities nor shares are known.
            cells: list[Any] = [None] * 4
            if row["supply_known"]:
                own = counts.loc[service] if service in counts.index else {}
                shares = sums["population_covered"] / sums["population"]
                cells = [own.get("operating", 0), own.get("planned", 0),
                         shares[(service, "now")], shares[(service, "planned")]]  # fmt: skip
            rows.append((self.names[str(service)], self.groups[row["target_group"]],
                         row["limit_min"], *cells))  # fmt: skip
        columns = _make_columns(
            {
                "plan.service": "text",
                "plan.group": "text",
                "plan.limit": "minutes",
                "plan.programme_operating": "number",
                "plan.programme_planned": "number",
                "plan.programme_now": "share",
                "plan.programme_then": "share",
            }
        )
        return Section(Phrase("plan.programme_services"), (Table(columns, rows),))

    def list_clients(self, forecast: Forecast) -> list[Section]:
        """Return the clients to come in the last year, low to high."""
        sums = hide_small(forecast.sum_region(), "clients", below=self.below)
        if not len(sums):
            return []
        year = int(sums["year"].max())
        wide = sums[sums["year"] == year].pivot_table(
            index=["target_group", "service"], columns="variant", values="clients",
            aggfunc="first", sort=False,
        )  # fmt: skip
        rows = [
            (self.names.get(key[1], (f"{self.groups[key[0]]}: ", Phrase("plan.any_service"))),
             *(row[name] for name in VARIANTS))
            for key, row in wide.iterrows()
        ]  # fmt: skip
        columns = _make_columns(
            {
                "plan.service": "text",
                "plan.variant_low": "number",
                "plan.variant_middle": "number",
                "plan.variant_high": "number",
            }
        )
        title = (Phrase("plan.programme_forecast"), f", {year}")
        return [Section(title, (Table(columns, rows),))]

    def list_obstacles(self) -> Section:
        """Return what keeps people from the services."""
        rows = [
            (self.names[row["service"]], Phrase(f"plan.obstacle_{row['obstacle']}"),
             row["settlements"], row["population"], row["most_over_min"])
            for row in _list_rows(summarise_obstacles(list_obstacles(self.result)))
        ]  # fmt: skip
        columns = _make_columns(
            {
                "plan.service": "text",
                "plan.obstacle": "text",
                "plan.obstacle_places": "number",
                "plan.general_population": "number",
                "plan.obstacle_over": "minutes",
            }
        )
        return Section(Phrase("plan.programme_obstacles"), (Table(columns, rows),))

    def list_cooperation(self) -> Section:
        """Return who lives off whose facilities: municipalities that sell and buy, by service."""
        last = Texts(self.lang)("plan.and")
        rows = []
        for service in self.promised.index[self.promised["supply_known"]]:
            if self.promised.loc[service, "traveller"] != "client":
                continue
            balance = find_flows(self.result, str(service)).summarise_balance()
            # Counts of persons stay at home: the names are what a neighbour is asked by.
            sell = balance.loc[balance["balance"] > 1e-9, "municipality"].tolist()
            buy = balance.loc[balance["balance"] < -1e-9, "municipality"].tolist()
            rows.append((self.names[str(service)], join_names(sell, last) or None,
                         join_names(buy, last) or None))  # fmt: skip
        columns = _make_columns(
            {
                "plan.service": "text",
                "plan.programme_sellers": "text",
                "plan.programme_buyers": "text",
            }
        )
        return Section(Phrase("plan.programme_cooperation"), (Table(columns, rows),))


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
