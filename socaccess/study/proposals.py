"""What to build: the suggested sites as a reader needs them, one table for every document.

Terminal, annex, page and workbook read it, so that the same rows in the same order and the same
roundings stand everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.content import DASH, Cell, Column, Phrase, Range, Strong, Table
from socaccess.study.findings import short_name, shorten_place
from socaccess.study.merits import SITE_COLUMNS
from socaccess.study.sizing import TOLERANCE

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.releasing import ReleasedAnswer

__all__ = [
    "Proposal",
    "compose_build",
    "describe_in_words",
    "explain_basis",
    "explain_left_out",
    "list_proposals",
    "name_houses",
    "name_services_shortly",
    "write_note",
]  # fmt: skip

_NAMED = 2
"""Equally good places a row names; of more it says how many."""


@dataclass(frozen=True)
class Proposal:
    """One suggested site: a row of `StudyResult.sites` as it may leave.

    Parameters
    ----------
    site_id, service, target_group, settlement_id, name, municipality
        What and where.
    planned
        Whether a plan has it already and it has not opened.
    gain, gain_low, gain_high
        Persons newly within the limit: a number, a mark in place of a small one, or None.
    saved_min
        Minutes one way they save in the mean, None where they had no way.
    places, cost_eur
        From and to; None where nothing was observed.
    there
        Codes and names of what stands or is planned there: `planned`, `registered`, `unregistered`.
    equals, equal_count
        Settlements that would do as well, the best first, and how many there are.
    house
        Services that could share its house, its own among them.
    unneeded_limit_min
        With so long a limit it would not be needed; None where no limit helps.
    """

    site_id: str
    service: str
    target_group: str
    settlement_id: str
    name: str
    municipality: str
    planned: bool
    gain: int | str | None
    gain_low: int | str | None
    gain_high: int | str | None
    saved_min: int | None
    places: tuple[int, int] | None
    cost_eur: tuple[int, int] | None
    there: tuple[tuple[str, str], ...]
    equals: tuple[str, ...]
    equal_count: int
    house: tuple[str, ...]
    unneeded_limit_min: int | None


def list_proposals(
    released: ReleasedAnswer, services: Iterable[str] | None = None
) -> list[Proposal]:
    """Return what to build, the most persons first.

    Parameters
    ----------
    released
        The released result.
    services
        Only these; by default all that sites were suggested for.
    """
    result: Any = released.result
    sites = pd.DataFrame(result.sites)
    sites = sites.reindex(columns=list(dict.fromkeys([*sites.columns, *SITE_COLUMNS])))
    if services is not None:
        sites = sites[sites["service"].isin(list(services))]
    sites = sites.sort_values(["gain_persons", "site_id"], ascending=[False, True], kind="stable")
    names = result.study.settlements.set_index("settlement_id")["name"].to_dict()
    return [_describe(released, row, names) for row in sites.to_dict("records")]


def _describe(released: ReleasedAnswer, row: dict[str, Any], names: dict[str, str]) -> Proposal:
    group = released.group_of[row["service"]]
    gains = [released.show_part(group, row[f"gain_persons{end}"]) for end in ("", "_low", "_high")]
    there = [(code, row[f"{code}_there"]) for code in ("planned", "registered", "unregistered")]
    return Proposal(
        site_id=str(row["site_id"]),
        service=row["service"],
        target_group=group,
        settlement_id=str(row["settlement_id"]),
        name=str(row["name"]),
        municipality=str(row["municipality"]),
        planned=row["kind"] == "planned",
        gain=gains[0],
        gain_low=gains[1],
        gain_high=gains[2],
        saved_min=_whole(row["saved_min"]),
        places=_span(row["places_low"], row["places_high"]),
        cost_eur=_span(row["cost_low_eur"], row["cost_high_eur"]),
        there=tuple((code, str(name)) for code, name in there if isinstance(name, str)),
        equals=tuple(names[key] for key in str(row["equals"]).split(";") if key in names),
        equal_count=_whole(row["equal_count"]) or 0,
        house=tuple(str(row["house"]).split(";")) if isinstance(row["house"], str) else (),
        unneeded_limit_min=_whole(row["unneeded_limit_min"]),
    )


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) or not np.isfinite(value) else round(float(value))


def _span(low: Any, high: Any) -> tuple[int, int] | None:
    return None if pd.isna(low) or pd.isna(high) else (round(float(low)), round(float(high)))


def compose_build(
    released: ReleasedAnswer,
    texts: Texts,
    proposals: list[Proposal],
    *,
    caption: bool = False,
    first: int = 1,
) -> Table:
    """Return the table "what to build" of some proposals, numbered from `first`.

    The columns on money and on a house are there only where a row has any.
    """
    names = name_services_shortly(released.result.study, texts)
    columns = [
        Column(Phrase("build.number"), "centre", 0.4),
        Column(Phrase("build.place"), width=1.7),
        Column(Phrase("build.service"), width=3.0),
        Column(Phrase("build.gain"), "number", 1.4),
        Column(Phrase("build.saved"), "number", 1.1),
        Column(Phrase("build.places"), "number", 0.8),
        Column(Phrase("build.cost"), "number", 1.2),
        Column(Phrase("build.there"), width=1.2),
        Column(Phrase("build.equals"), width=2.0),
    ]
    rows = [
        [
            str(number),
            Cell(
                proposal.name,
                note=""
                if proposal.municipality == proposal.name
                else shorten_place(proposal.municipality),
            ),
            names[proposal.service],
            Cell(Strong(_count(proposal.gain)), note=_range(proposal)),
            proposal.saved_min,
            Range(*proposal.places) if proposal.places else None,
            Range(*(round(end / 1000) for end in proposal.cost_eur)) if proposal.cost_eur else None,
            _name_there(proposal, texts),
            _name_equals(proposal, texts),
        ]
        for number, proposal in enumerate(proposals, start=first)
    ]
    if not any(proposal.cost_eur for proposal in proposals):
        columns, rows = _drop(columns, rows, 6)
    if not any(proposal.places for proposal in proposals):
        columns, rows = _drop(columns, rows, 5)
    return Table(
        tuple(columns), rows, Phrase("build.caption") if caption else "", "build" if caption else ""
    )


def _drop(
    columns: list[Column], rows: list[list[Any]], at: int
) -> tuple[list[Column], list[list[Any]]]:
    return columns[:at] + columns[at + 1 :], [row[:at] + row[at + 1 :] for row in rows]


def describe_in_words(
    released: ReleasedAnswer, texts: Texts, proposals: list[Proposal]
) -> pd.DataFrame:
    """Return by `site_id` the words of a workbook: `there`, `equal_places`, `shared_house`."""
    names = name_services_shortly(released.result.study, texts)
    rows = []
    for proposal in proposals:
        there = "; ".join(f"{texts(f'build.is_{code}')}: {name}" for code, name in proposal.there)
        others = [names[one] for one in proposal.house if one != proposal.service]
        rows.append(
            {
                "site_id": proposal.site_id,
                "there": there or texts("build.nothing"),
                "equal_places": ", ".join(proposal.equals) or texts("build.no_equal"),
                "shared_house": "; ".join(others) or None,
            }
        )
    return pd.DataFrame(rows, columns=["site_id", "there", "equal_places", "shared_house"])


def name_houses(released: ReleasedAnswer, texts: Texts, proposals: list[Proposal]) -> list[str]:
    """Return which of the proposals could share a house, a line a place."""
    names = name_services_shortly(released.result.study, texts)
    houses: dict[tuple[str, tuple[str, ...]], str] = {}
    for proposal in proposals:
        if proposal.house:
            houses.setdefault((proposal.settlement_id, proposal.house), proposal.name)
    return [
        texts("build.one_house", place=place, services="; ".join(names[one] for one in services))
        for (_, services), place in houses.items()
    ]


def explain_basis(released: ReleasedAnswer, texts: Texts) -> list[str]:
    """Return what a reader of the table must know: what low and high mean, places, money."""
    result: Any = released.result
    share = texts.share(result.study.settings.time_uncertainty)
    lines = [texts("build.note", share=share, tolerance=texts.share(TOLERANCE))]
    sites = result.sites
    known = sites[sites["cost_projects"] > 0] if "cost_projects" in sites else sites.iloc[:0]
    if len(known):
        years = known[["cost_year_from", "cost_year_to"]].dropna()
        span = texts("build.years_unknown")
        if len(years):
            low, high = (int(years.iloc[:, 0].min()), int(years.iloc[:, 1].max()))
            span = texts("build.years_calls", low=low, high=high)
        count = texts.number(int(known["cost_projects"].max()))
        lines.append(texts("build.note_cost", n=count, years=span))
    return lines


def write_note(proposal: Proposal, texts: Texts) -> str:
    """Return the small print of a row in one line: what is there, what is as good, the cost.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> place = Proposal("new-a-1", "a", "g", "1", "Balvi", "Balvu novads", False, 61, 53, 64, 58,
    ...                  (5, 20), (160_000, 1_300_000), (), ("Kubulu pagasts",), 1, (), 95)
    >>> write_note(place, Texts("en"))
    'not planned · as good: Kubulu pag. · 160–1,300 thousand EUR'
    """
    parts = [texts("build.planned_no" if not proposal.there else "build.there_is",
                   what=_name_there(proposal, texts))]  # fmt: skip
    if proposal.equals:
        parts.append(texts("build.as_good", names=_name_equals(proposal, texts)))
    if proposal.cost_eur:
        low, high = (texts.number(end / 1000) for end in proposal.cost_eur)
        parts.append(texts("build.costs", low=low, high=high))
    return " · ".join(parts)


def explain_left_out(
    released: ReleasedAnswer, texts: Texts, services: Iterable[str] | None = None
) -> list[str]:
    """Return sentences on why there is nothing (more) to build, one a service, causes together.

    Services whose next site would bring too few are named each with that site.
    """
    result: Any = released.result
    table = result.left_out
    names = name_services_shortly(released.result.study, texts)
    places = result.study.settlements.set_index("settlement_id")["name"]
    built = set(result.sites["service"])
    wanted = None if services is None else set(services)
    lines: list[str] = []
    grouped: dict[str, list[str]] = {}
    for row in table.to_dict("records"):
        service = row["service"]
        if wanted is not None and service not in wanted:
            continue
        if row["reason"] in ("too_few", "as_many_as_asked"):
            group = released.group_of[service]
            counts = [
                _as_text(released.show_part(group, row[f"gain_persons{end}"]), texts)
                for end in ("", "_low", "_high")
            ]
            gain, low, high = counts
            reason = row["reason"]
            if reason == "too_few" and round(row["gain_persons"]) >= round(row["min_clients"]):
                reason = "unsure"  # enough by the figure itself, not by the low one
            if reason != "as_many_as_asked" and service in built:
                reason += "_more"
            lines.append(
                texts(f"build.reason_{reason}",
                      service=names[service], place=places[row["settlement_id"]], gain=gain,
                      low=low, range="" if gain.startswith("<") else f" ({low}–{high})",
                      least=texts.number(row["min_clients"]))
            )  # fmt: skip
        elif not (row["reason"] == "everyone_near" and service in built):
            grouped.setdefault(row["reason"], []).append(names[service])
    for reason, services_of in grouped.items():
        lines.append(texts(f"build.reason_{reason}", services=", ".join(services_of)))
    return lines


def name_services_shortly(study: StudyInputs, texts: Texts) -> dict[str, str]:
    """Return short names of services with their group."""
    types, groups = study.service_types, study.name_groups(texts.lang)
    found = {}
    for code, name, group in zip(
        types["service"], types[f"name_{texts.lang}"], types["target_group"], strict=True
    ):
        short = short_name(texts, "service", code, name)
        of = short_name(texts, "group", group, groups.get(group, group))
        found[code] = name if short == name else texts("build.service_of", service=short, group=of)
    return found


def _count(value: int | str | None) -> Any:
    return DASH if value is None else value if isinstance(value, str) else str(value)


def _as_text(value: int | str | None, texts: Texts) -> str:
    return "0" if value is None else value if isinstance(value, str) else texts.number(value)


def _range(proposal: Proposal) -> Any:
    low, high = proposal.gain_low, proposal.gain_high
    if low is None or high is None:
        return ""
    return Range(low, high) if isinstance(low, int) and isinstance(high, int) else f"{low}–{high}"


def _name_there(proposal: Proposal, texts: Texts) -> str:
    return ", ".join(texts(f"build.is_{code}") for code, _ in proposal.there) or texts(
        "build.nothing"
    )


def _name_equals(proposal: Proposal, texts: Texts) -> str:
    if not proposal.equals:
        return texts("build.no_equal")
    names = ", ".join(shorten_place(name) for name in proposal.equals[:_NAMED])
    rest = proposal.equal_count - len(proposal.equals[:_NAMED])
    return texts("build.and_more", names=names, n=rest) if rest > 0 else names
