"""The command of a plan about years to come: clients of each service, beside the goals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    finish,
    name_groups,
    name_services,
    parse_number,
    parse_pairs,
    parse_years,
    show_note,
    show_number,
)
from socaccess.cli.command import Region, Session, SmallCounts, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["forecast"]


def forecast(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years", help="Such as 2026-2030.")],
    base_year: Annotated[int, typer.Option("--base-year", help="Year of the need.")] = 2020,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", help="Yearly change by variant: low=-0.02, middle=, high=."),
    ] = None,
    population: Annotated[
        Path | None,
        typer.Option("--population", help="Projection instead: municipality_id, year, population."),
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Tell the clients of each service to come: low, middle, high; and the plan's goals beside."""
    from socaccess import planning
    from socaccess.programme.forecast import VARIANTS

    texts = session.texts
    wanted = parse_years(years)
    given = parse_pairs(change or [], "--change")
    unknown = set(given) - set(VARIANTS)
    if unknown:
        raise Misuse("cli.not_a_choice", "--change", choices=["low", "middle", "high"])
    shares = {name: parse_number(given.get(name, "0"), "--change") for name in VARIANTS}
    study = asked.open(region)
    found = planning.forecast(
        study,
        wanted,
        base_year=base_year,
        change_per_year=shares,
        population=population,
        allow_small_counts=small_counts,
    )
    region_sums, indicators = found.region, found.indicators
    if not session.as_json:
        names = name_services(study, session.lang)
        groups = name_groups(session.lang)
        table = region_sums.pivot_table(
            index=["target_group", "service"], columns=["year", "variant"], values="clients",
            aggfunc="first", sort=False,
        )  # fmt: skip
        header = [texts("plan.service")]
        header += [f"{year} {texts(f'plan.{v}')}" for year in wanted for v in VARIANTS]
        rows = [
            (
                names.get(key[1], f"{groups[key[0]]}: {texts('plan.any_service')}"),
                *(show_number(row[(year, v)], texts) for year in wanted for v in VARIANTS),
            )
            for key, row in table.iterrows()
        ]
        title = texts("plan.forecast_title", region=study.title[session.lang])
        session.table(title, header, rows)
        _show_indicators(indicators, groups, session)
        show_note(session, "forecast_take_up")
        if population:
            show_note(session, "forecast_population", file=population.name)
        else:
            told = {name: texts.share(shares[name], decimals=1) for name in VARIANTS}
            show_note(session, "forecast_change", year=base_year, **told)
        if found.missing:
            missing = ", ".join(_name_missing(n, names, groups, texts) for n in found.missing)
            show_note(session, "forecast_missing", names=missing)
        show_note(session, "need_is_estimate")
    answer = {
        "region": region_sums,
        "indicators": indicators,
        "assumptions": found.assumptions,
        "missing": list(found.missing),
    }
    tables = {"forecast": found.clients, "forecast_region": region_sums, "indicators": indicators,
              "assumptions": found.assumptions}  # fmt: skip
    finish(session, answer, tables=tables)


def _name_missing(name: str, names: dict[str, str], groups: dict[str, str], texts: Any) -> str:
    """Return what no forecast was made of: a service, or a whole group."""
    group = name.partition("(")[2].rstrip(")")
    return f"{groups[group]}: {texts('plan.any_service')}" if group else names.get(name, name)


def _show_indicators(indicators: Any, groups: dict[str, str], session: Session) -> None:
    """Print the result indicators: clients low, middle and high beside the plan's figure."""
    texts = session.texts
    for (group, year), part in indicators.groupby(["target_group", "year"], sort=False):
        row = part.set_index("variant")
        values = {name: texts.number(row.loc[name, "clients"]) for name in row.index}
        reached = [texts(f"plan.{name}") for name in row.index if row.loc[name, "reached"]]
        if row["indicator"].iloc[0] != "target":
            verdict = texts("plan.indicator_no_target")
        elif reached:
            verdict = texts("plan.indicator_reached", names=", ".join(reached).lower())
        else:
            verdict = texts("plan.indicator_missed")
        show_note(session, "indicator", group=groups[group], year=year, **values,
                  goal=texts.number(row["target"].iloc[0]), verdict=verdict)  # fmt: skip
