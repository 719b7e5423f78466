"""The commands of a plan about people: goals, needs, clients to come, movers, obstacles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, Region, Scenario, SmallCounts, StudyOptions, is_project
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse
from socaccess.cli.values import parse_numbers, parse_years
from socaccess.content import Share

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.study import Study

__all__ = ["forecast", "goals", "movers", "need", "obstacles", "reorganisation", "views"]


def goals(
    session: Session,
    asked: StudyOptions,
    region: Annotated[str, typer.Argument()] = "all",
    near: Annotated[bool, typer.Option("--near")] = False,
    reached: Annotated[Path | None, typer.Option("--reached")] = None,
) -> None:
    """Show the goals of the DI plans and what is reached; exit 3 when one is not."""
    from socaccess import planning
    from socaccess.sources.services import load_target_groups

    own = asked.project is not None or is_project(region)
    if near and region == "all" and not own:
        raise Misuse("cli.one_region", "--near")
    whom: Any = replace(asked, view="plan").open(region) if near or own else region
    table = planning.goals(whom, reached=reached)
    groups = load_target_groups().set_index("target_group")[f"name_{session.lang}"]
    for name in dict.fromkeys(table["planning_region"]):
        session.frame(
            session.word("region.", name),
            table[table["planning_region"] == name],
            {
                "plan.group": lambda row: groups[row["target_group"]],
                "plan.goal": "goal",
                "plan.persons": "persons",
                "plan.year": lambda row: None if row["year"] is None else str(int(row["year"])),
                "plan.share": lambda row: Share(row["share"]),
                "plan.near": lambda row: session.cell(row["near_persons"], 0),
                "plan.status": ("plan.status_", "status"),
            },
        )
    session.note("plan.goals_note")
    failed = bool((table["status"] == "not_reached").any())
    session.finish({"met": not failed, "goals": table}, {"goals": table})
    raise typer.Exit(EXIT_NO if failed else 0)


def need(
    session: Session,
    file: Annotated[Path | None, typer.Argument()] = None,
    children: Annotated[bool, typer.Option("--children")] = False,
    region: Annotated[str, typer.Option("--region")] = "all",
    small_counts: SmallCounts = False,
) -> None:
    """Check a table of needs, or show which published figures contradict each other."""
    from socaccess import planning

    found = planning.contradictions(region, allow_small_counts=small_counts)
    if file is None:
        _show_contradictions(session, found)
        session.finish({"contradictions": found}, {"contradictions": found})
        return
    table = planning.need(file, children=children, allow_small_counts=small_counts)
    title = session.texts.count("plan.need_title", table.rows, vintage=table.vintage)
    kind = "age_group" if children else "service"
    session.frame(title, table.sums, {"plan.service": kind, "plan.persons": "persons"})
    findings = [finding.text(session.lang) for finding in table.findings]
    for line in findings:
        session.print(f"- {line}")
    if table.ignored:
        session.note("plan.need_ignored", names=", ".join(table.ignored))
    session.print(session.texts.count("plan.contradictions", len(found)))
    answer = {
        "vintage": table.vintage,
        "columns": table.columns,
        "ignored": list(table.ignored),
        "findings": findings,
        "sums": table.sums,
        "contradictions": len(found),
    }
    session.finish(answer, {"need": table.settlements, "contradictions": found})


def _show_contradictions(session: Session, found: pd.DataFrame) -> None:
    from socaccess.sources.services import load_service_types, load_target_groups

    groups = load_target_groups().set_index("target_group")[f"name_{session.lang}"]
    services = load_service_types().set_index("service")[f"name_{session.lang}"]
    columns: dict[str, Any] = {
        "plan.contradiction_kind": ("plan.contradiction.", "kind"),
        "plan.municipality": lambda row: (
            row["municipality"] or session.word("region.", row["planning_region"])
        ),
        "plan.group": lambda row: groups.get(row["target_group"], row["target_group"]),
        "plan.service": lambda row: services.get(row["service"], ""),
        "plan.first_figure": "first_value",
        "plan.second_figure": "second_value",
    }
    session.frame(session.texts.count("plan.contradictions", len(found)), found, columns)


def views(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[str, typer.Option("--service")] = "dac_grt",
    small_counts: SmallCounts = False,
) -> None:
    """Show the same people in the plan's municipalities and in today's."""
    from socaccess import planning

    study = replace(asked, view="plan").open(region)
    shown = planning.views(study, service, allow_small_counts=small_counts)
    columns: dict[str, Any] = {
        "plan.view": ("plan.view_", "view"),
        "plan.municipality": "municipality",
        "plan.persons": "persons",
        "plan.near": lambda row: session.texts.share(row["covered_share"]),
    }
    session.frame(session.texts("plan.views_title"), shown, columns)
    session.finish({"views": shown}, {"views": shown})


def forecast(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years")],
    base_year: Annotated[int, typer.Option("--base-year")] = 2020,
    change: Annotated[list[str] | None, typer.Option("--change")] = None,
    population: Annotated[Path | None, typer.Option("--population")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Forecast the clients of each service: low, middle, high; beside the plan's goals."""
    from socaccess import planning
    from socaccess.programme.forecast import VARIANTS

    wanted = parse_years(years)
    given = parse_numbers(change, "--change")
    if set(given) - set(VARIANTS):
        raise Misuse("cli.not_a_choice", "--change", choices=["low", "middle", "high"])
    shares = {name: given.get(name, 0.0) for name in VARIANTS}
    study = asked.open(region)
    found = planning.forecast(
        study,
        wanted,
        base_year=base_year,
        change_per_year=shares,
        population=population,
        allow_small_counts=small_counts,
    )
    _show_forecast(session, study, found, wanted)
    if population:
        session.note("plan.forecast_population", file=population.name)
    else:
        changes = {name: session.texts.share(shares[name], decimals=1) for name in VARIANTS}
        session.note("plan.forecast_change", year=base_year, **changes)
    if found.missing:
        names = study.name_services(session.lang) | {
            f"({group})": f"{name}: {session.texts('plan.any_service')}"
            for group, name in study.name_groups(session.lang).items()
        }
        # A whole group that nothing was forecast for stands there as "any (group)".
        missing = ", ".join(names.get(name[name.find("(") :], names.get(name, name))
                            for name in found.missing)  # fmt: skip
        session.note("plan.forecast_missing", names=missing)
    session.note("plan.need_is_estimate")
    answer = {
        "region": found.region,
        "indicators": found.indicators,
        "assumptions": found.assumptions,
        "missing": list(found.missing),
    }
    tables = {"forecast": found.clients, "forecast_region": found.region,
              "indicators": found.indicators, "assumptions": found.assumptions}  # fmt: skip
    session.finish(answer, tables)


def _show_forecast(session: Session, study: Study, found: Any, years: list[int]) -> None:
    """Print the clients of every service and year, and the result indicators under them."""
    from socaccess.programme.forecast import VARIANTS

    texts = session.texts
    names, groups = study.name_services(session.lang), study.name_groups(session.lang)
    columns = [(year, variant) for year in years for variant in VARIANTS]
    table = found.region.pivot_table(
        index=["target_group", "service"], columns=["year", "variant"], values="clients",
        aggfunc="first", sort=False,
    )  # fmt: skip
    rows = [
        (names.get(service, f"{groups[group]}: {texts('plan.any_service')}"),
         *(session.cell(row[column]) for column in columns))
        for (group, service), row in table.iterrows()
    ]  # fmt: skip
    heads = [f"{year} {session.word('plan.variant_', variant)}" for year, variant in columns]
    title = texts("plan.forecast_title", region=study.title[session.lang])
    session.table(title, [texts("plan.service"), *heads], rows)
    for (group, year), part in found.indicators.groupby(["target_group", "year"], sort=False):
        row = part.set_index("variant")
        values = {name: texts.number(row.loc[name, "clients"]) for name in row.index}
        reached = [session.word("plan.variant_", v) for v in row.index if row.loc[v, "reached"]]
        if row["indicator"].iloc[0] != "target":
            verdict = texts("plan.indicator_no_target")
        elif reached:
            verdict = texts("plan.indicator_reached", names=", ".join(reached).lower())
        else:
            verdict = texts("plan.indicator_missed")
        session.note("plan.indicator", group=groups[group], year=year, **values,
                     goal=texts.number(row["target"].iloc[0]), verdict=verdict)  # fmt: skip
    session.note("plan.forecast_take_up")


def movers(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[Path | None, typer.Argument()] = None,
    institution: Annotated[str | None, typer.Option("--institution")] = None,
    persons: Annotated[int | None, typer.Option("--persons", min=1)] = None,
    service: Annotated[str, typer.Option("--service")] = "group_home",
    small_counts: SmallCounts = False,
) -> None:
    """Show where people who leave institutions go, and what homes they find there."""
    from socaccess import planning
    from socaccess.errors import InputError

    study = asked.open(region)
    if file is None and institution is None:
        raise Misuse("cli.no_institution", "--institution", known=_list_institutions(study))
    try:
        found = planning.movers(
            study,
            file,
            institution=institution,
            persons=persons,
            service=service,
            allow_small_counts=small_counts,
        )
    except InputError as error:
        if error.code != "programme.no_goal_of_movers":
            raise
        raise Misuse(error.code, "--persons", **error.problems[0].values) from None
    home = study.name_services(session.lang)[found.service]
    session.frame(
        session.texts("plan.mover_title", service=home),
        found.groups,
        {
            "plan.mover_destination": "destination",
            "plan.mover_decided": ("plan.mover_", "decided_by"),
            "plan.persons": "persons",
            "plan.mover_homes": lambda row: str(row["own_homes"]) if row["destination"] else None,
            "plan.places": "own_places",
            "plan.mover_nearest": lambda row: session.texts.number(row["nearest_min"]),
            "plan.mover_within": ("plan.within_", "within_limit"),
        },
    )
    session.note("plan.mover_sums", **{k: session.cell(v) for k, v in found.sums.items()})
    if found.is_estimate:
        session.note("plan.mover_estimate")
    session.finish({"sums": found.sums, "movers": found.groups}, {"movers": found.groups})


def reorganisation(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[Path | None, typer.Argument()] = None,
    institution: Annotated[str | None, typer.Option("--institution")] = None,
    persons: Annotated[int | None, typer.Option("--persons", min=1)] = None,
    service: Annotated[str, typer.Option("--service")] = "group_home",
    staff: Annotated[Path | None, typer.Option("--staff")] = None,
    occupancy: Annotated[Path | None, typer.Option("--occupancy")] = None,
    prices: Annotated[Path | None, typer.Option("--prices")] = None,
    day: Annotated[str | None, typer.Option("--on")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Show the plan of an institution: who moves where by when, what is missing, its house."""
    from socaccess import planning
    from socaccess.cli.values import parse_day
    from socaccess.documents.reorganisation import compose_reorganisation
    from socaccess.settings import Settings

    study = asked.open(region)
    if institution is None:
        raise Misuse("cli.no_institution", "--institution", known=_list_institutions(study))
    plan = planning.reorganisation(
        study, institution, file, persons=persons, service=service, staff=staff,
        occupancy=occupancy, prices=prices, on=parse_day(day, "--on"),
        allow_small_counts=small_counts,
    )  # fmt: skip
    names = study.name_services(session.lang)
    below = 0 if small_counts else Settings().suppress_below
    page = compose_reorganisation(plan, names.get(service, service), names, session.lang,
                                  below=below)  # fmt: skip
    session.show(page)
    tables = {"destinations": plan.destinations, "buildings": plan.buildings, "staff": plan.staff}
    answer = {"institution": plan.institution, "missing": plan.missing, "capital": plan.capital,
              "running_eur": plan.running_eur, "ready": plan.is_ready, **tables}  # fmt: skip
    session.finish(answer, {f"reorganisation_{name}": table for name, table in tables.items()},
                   {"reorganisation": page})  # fmt: skip
    raise typer.Exit(0 if plan.is_ready else EXIT_NO)


def _list_institutions(study: Study) -> str:
    from socaccess.programme.institutions import list_institutions

    known = list_institutions(study)
    pairs = zip(known["facility_id"], known["name"], strict=True)
    return "; ".join(f"{identity}: {name}" for identity, name in pairs)


def obstacles(
    session: Session,
    asked: StudyOptions,
    region: Region,
    amenities: Annotated[Path | None, typer.Option("--general-services")] = None,
    stops: Annotated[Path | None, typer.Option("--stops")] = None,
    scenario: Annotated[Scenario, typer.Option("--scenario")] = Scenario.now,
) -> None:
    """Show what keeps people from the planned services: minutes, roads, borders, no stop."""
    from socaccess import planning

    study = asked.open(region)
    found = planning.obstacles(study, amenities, timetable=stops, scenario=scenario.value)
    names = study.name_services(session.lang)
    session.frame(
        session.texts("plan.obstacle_title", region=study.title[session.lang]),
        found.by_service,
        {
            "plan.service": lambda row: names[row["service"]],
            "plan.obstacle": ("plan.obstacle_", "obstacle"),
            "plan.obstacle_places": "settlements",
            "plan.general_population": lambda row: session.texts.number(row["population"]),
            "plan.obstacle_over": lambda row: session.texts.number(row["most_over_min"]),
        },
    )
    session.note("plan.profiles_note_supply")
    if not found.stops_known:
        session.note("plan.obstacle_no_stops")
    session.note("plan.obstacle_note")
    session.note("plan.limits_are_proposals")
    tables = {
        "obstacles": found.rows,
        "obstacles_services": found.by_service,
        "obstacles_municipalities": found.by_municipality,
    }
    session.finish({"summary": found.by_service}, tables)
