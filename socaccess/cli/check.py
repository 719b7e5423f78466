"""`socaccess check`: the coverage gaps of one municipality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, StudyOptions
from socaccess.cli.session import Session

if TYPE_CHECKING:
    from socaccess.documents.standard import Standard
    from socaccess.i18n import Texts

__all__ = ["check"]

SHOWN = 8
"""Settlements named for each gap."""


def check(
    session: Session,
    asked: StudyOptions,
    municipality: Annotated[str, typer.Argument()],
    min_share: Annotated[float, typer.Option("--min-share", min=0, max=1)] = 1.0,
    own: Annotated[bool, typer.Option("--own")] = False,
) -> None:
    """Show which services a municipality's people have near; exit 3 when a standard is not met."""
    from socaccess.documents.standard import check_standard
    from socaccess.study.release import run_released

    study, identity, name = asked.open_municipality(municipality)
    released = run_released(study, sites=False)
    answer = check_standard(released, identity, min_share=min_share, own=own)
    services = answer.services
    _show(session, name, answer)
    session.finish(
        {
            "municipality_id": identity,
            "municipality": name,
            "borders_year": study.borders_year,
            "scope": "own" if own else "any",
            "min_share": min_share,
            "met": answer.is_met,
            "services": services,
            "failed": list(services.loc[services["failed"], "service"]),
            "no_data": list(services.loc[~services["supply_known"], "service"]),
        },
        {"services": services},
    )
    raise typer.Exit(0 if answer.is_met else EXIT_NO)


def _show(session: Session, name: str, answer: Any) -> None:
    from socaccess.content import Cell, Column, Phrase, Share, Table

    texts, result = session.texts, answer.result
    names = result.study.name_services(session.lang)
    marked = result.study.name_services(session.lang, marked=True)
    kinds = {"cli.service": "text", "cli.limit": "number", "cli.now": "share",
             "cli.planned": "share", "cli.mean": "number", "cli.longest": "number"}  # fmt: skip
    rows: list[list[Any]] = []
    for row in answer.services.itertuples():
        known = [marked[row.service], row.limit_min]
        if not row.supply_known:
            rows.append([*known, Cell(texts("cli.no_data"), span=4)])
            continue
        shares = [
            Share(*(getattr(row, f"{scenario}{end}") for end in ("", "_low", "_high")))
            for scenario in ("now", "planned")
        ]
        rows.append([*known, *shares, row.mean_min, row.max_min])
    columns = tuple(Column(Phrase(key), kind) for key, kind in kinds.items())
    year = result.study.borders_year
    borders = f" ({texts('cli.borders', year=year)})" if year else ""
    session.print(f"{name}{borders}", style="bold")
    session.show(Table(columns, rows))
    if result.study.guessed & set(answer.services["service"]):
        session.say("map.guessed_note")
    for line in _list_places(texts, answer, names):
        session.print(line)
    failed = int(answer.services["failed"].sum())
    session.print(texts.count("cli.not_met", failed) if failed else texts("cli.met"))


def _list_places(texts: Texts, answer: Standard, names: dict[str, str]) -> list[str]:
    """Return where people live beyond a limit, a line for all services of which it is the same.

    Places where nobody is within it come with minutes, others with the share of those who are.
    """
    failed = answer.services.loc[answer.services["failed"], "service"]
    lines: dict[tuple[str, str], list[str]] = {}
    for service in failed:
        here = answer.gaps[answer.gaps["service"] == service]
        partly = here["status"] == "partly"
        for key, rows, column, show in (
            ("cli.gap_line", here[~partly], "travel_min", texts.number),
            ("cli.gap_line_partly", here[partly].sort_values("covered_share"), "covered_share",
             texts.share),
        ):  # fmt: skip
            pairs = zip(rows["settlement"], rows[column], strict=True)
            shown = [f"{name} ({show(value)})" for name, value in pairs]
            if not shown:
                continue
            places = ", ".join(shown[:SHOWN])
            if len(shown) > SHOWN:
                places = texts("build.and_more", names=places, n=len(shown) - SHOWN)
            lines.setdefault((key, places), []).append(names[service])
    return [
        texts(key, service="; ".join(services), names=places)
        for (key, places), services in lines.items()
    ]
