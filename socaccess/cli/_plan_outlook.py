"""The command of a plan about years to come: clients of each service, beside the goals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    Region,
    SmallCounts,
    finish,
    name_groups,
    name_services,
    open_region,
    parse_pairs,
    parse_years,
    show_note,
    show_number,
    show_table,
)
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    Out,
    SettingsFile,
    View,
    ViewName,
)

__all__ = ["forecast"]


def forecast(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell the clients of each service to come: low, middle, high; and the plan's goals beside."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.forecast import (
        VARIANTS,
        Assumptions,
        forecast_clients,
        read_population,
    )

    texts = Texts(lang.value)
    wanted = parse_years(years)
    given = parse_pairs(change or [], "--change")
    unknown = set(given) - set(VARIANTS)
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}: use low, middle, high", param_hint="--change"
        )
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    shares = {name: float(given.get(name, "0").replace(",", ".")) for name in VARIANTS}
    table = read_population(population) if population else None
    found = forecast_clients(
        result.study,
        wanted,
        Assumptions(base_year=base_year, change_per_year=shares, population=table),
    )
    region_sums = hide_small(found.sum_region(), "clients", ["clients_whole"], below=below)
    clients = hide_small(
        found.clients, "persons", below=below, totals_by=["target_group", "service", "year",
                                                          "variant"]
    )  # fmt: skip
    clients = hide_small(clients.assign(_c=found.clients["clients"]), "_c", ["clients_whole"],
                         below=below)  # fmt: skip
    clients["clients"] = clients.pop("_c")
    targets = result.study.targets
    indicators = found.compare_indicators(targets) if targets is not None else found.clients[:0]
    if not as_json:
        names = name_services(result, lang.value)
        groups = name_groups(lang.value)
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
        title = texts("plan.forecast_title", region=result.study.title[lang.value])
        show_table(title, header, rows)
        _show_indicators(indicators, groups, texts)
        show_note(texts, "forecast_take_up")
        if population:
            show_note(texts, "forecast_population", file=population.name)
        else:
            told = {name: texts.share(shares[name], decimals=1) for name in VARIANTS}
            show_note(texts, "forecast_change", year=base_year, **told)
        if found.missing:
            missing = ", ".join(_name_missing(n, names, groups, texts) for n in found.missing)
            show_note(texts, "forecast_missing", names=missing)
        show_note(texts, "need_is_estimate")
    answer = {
        "region": region_sums,
        "indicators": indicators,
        "assumptions": found.assumptions,
        "missing": list(found.missing),
    }
    tables = {"forecast": clients, "forecast_region": region_sums, "indicators": indicators,
              "assumptions": found.assumptions}  # fmt: skip
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


def _name_missing(name: str, names: dict[str, str], groups: dict[str, str], texts: Any) -> str:
    """Return what no forecast was made of: a service, or a whole group."""
    group = name.partition("(")[2].rstrip(")")
    return f"{groups[group]}: {texts('plan.any_service')}" if group else names.get(name, name)


def _show_indicators(indicators: Any, groups: dict[str, str], texts: Any) -> None:
    """Print the result indicators: clients low, middle and high beside the plan's figure."""
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
        show_note(texts, "indicator", group=groups[group], year=year, **values,
                  goal=texts.number(row["target"].iloc[0]), verdict=verdict)  # fmt: skip
