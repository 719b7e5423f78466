"""The commands of a plan about people's way to services: obstacles, and a pilot of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import finish, name_services, show_note, show_number
from socaccess.cli.command import Region, Session, SmallCounts, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["obstacles", "pilot"]


def obstacles(
    session: Session,
    asked: StudyOptions,
    region: Region,
    amenities: Annotated[
        Path | None,
        typer.Option("--general-services", help="Stops and more: csv, xlsx, layer, .osm.pbf."),
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
) -> None:
    """Tell what keeps people from the promised services: minutes, roads, borders, no stop."""
    from socaccess import planning

    texts = session.texts
    _require_scenario(scenario)
    study = asked.open(region)
    found = planning.obstacles(study, amenities, scenario=scenario)
    if not session.as_json:
        names = name_services(study, session.lang)
        keys = ("service", "obstacle", "obstacle_places", "general_population", "obstacle_over")
        rows = [
            (names[row["service"]], texts(f"plan.obstacle_{row['obstacle']}"),
             str(row["settlements"]), texts.number(row["population"]),
             texts.number(row["most_over_min"]))
            for row in found.by_service.to_dict("records")
        ]  # fmt: skip
        title = texts("plan.obstacle_title", region=study.title[session.lang])
        session.table(title, [texts(f"plan.{key}") for key in keys], rows)
        show_note(session, "profiles_note_supply")
        if not found.stops_known:
            show_note(session, "obstacle_no_stops")
        show_note(session, "obstacle_note")
        show_note(session, "limits_are_proposals")
    tables = {
        "obstacles": found.rows,
        "obstacles_services": found.by_service,
        "obstacles_municipalities": found.by_municipality,
    }
    finish(session, {"summary": found.by_service}, tables=tables)


def pilot(
    session: Session,
    asked: StudyOptions,
    file: Annotated[
        Path, typer.Argument(help="Support plans: person, settlement, budget, service, units.")
    ],
    region: Annotated[str, typer.Option("--region", help="Region of the settlements.")] = "latgale",
    prices: Annotated[
        Path | None, typer.Option("--prices", help="Own price list; those found if none.")
    ] = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km", help="Cost of the way.")] = "0",
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
    small_counts: SmallCounts = False,
) -> None:
    """Plan the individual budgets of a pilot, and tell what was wished, had and used."""
    from socaccess import planning

    texts = session.texts
    _require_scenario(scenario)
    study = asked.open(region)
    found = planning.pilot(
        study,
        file,
        prices=prices,
        eur_per_km=eur_per_km,
        scenario=scenario,
        allow_small_counts=small_counts,
    )
    summary, sums = found.services, found.sums
    if not session.as_json:
        names = name_services(study, session.lang)
        columns = ("persons", "wanted", "units", "had_share", "cost", "used_share", "unreachable",
                   "no_price", "no_money")  # fmt: skip
        rows = [
            (names[row["service"]], *(_tell_cell(row[name], name, texts) for name in columns))
            for row in summary.to_dict("records")
        ]
        header = [texts("plan.service"), *(texts(f"plan.pilot_{name}") for name in columns)]
        session.table(texts("plan.pilot_title"), header, rows)
        told = {name: show_number(value, texts) for name, value in sums.items()}
        show_note(session, "pilot_sums", **told)
        show_note(session, "pilot_note")
    tables: dict[str, Any] = {"pilot": summary}
    if small_counts:
        tables |= {"pilot_persons": found.persons, "pilot_lines": found.lines}
    finish(session, {"sums": sums, "services": summary},
           tables=tables)  # fmt: skip


def _require_scenario(name: str) -> None:
    if name not in ("now", "planned"):
        raise Misuse("cli.not_a_choice", "--scenario", choices=["now", "planned"])


def _tell_cell(value: Any, name: str, texts: Any) -> str:
    if name.endswith("share") and not isinstance(value, str):
        return str(texts.share(value))
    return show_number(value, texts)
