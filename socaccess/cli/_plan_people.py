"""The commands of a plan about people's way to services: obstacles, and a pilot of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    Region,
    SmallCounts,
    finish,
    name_services,
    open_region,
    show_note,
    show_number,
    show_table,
)
from socaccess.cli._plan_places import keep_located
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

__all__ = ["obstacles", "pilot"]


def obstacles(
    region: Region,
    amenities: Annotated[
        Path | None,
        typer.Option("--general-services", help="Stops and more: csv, xlsx, layer, .osm.pbf."),
    ] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell what keeps people from the promised services: minutes, roads, borders, no stop."""
    from socaccess.i18n import Texts
    from socaccess.programme.general_services import reach_amenities, read_amenities
    from socaccess.programme.obstacles import list_obstacles, summarise_obstacles

    texts = Texts(lang.value)
    if scenario not in ("now", "planned"):
        raise typer.BadParameter(f"{scenario!r}: use now or planned", param_hint="--scenario")
    around = read_amenities(amenities) if amenities else None
    result, _ = open_region(region, view.value, settings, small_counts=False)
    reach = None
    if around is not None:
        homes = keep_located(result.study.settlements[["settlement_id", "geometry"]])
        reach = reach_amenities(result.study.network, homes, around)
    found = list_obstacles(result, reach, scenario=scenario)
    summary = summarise_obstacles(found)
    towns = summarise_obstacles(found, by="municipality_id")
    if not as_json:
        names = name_services(result, lang.value)
        keys = ("service", "obstacle", "obstacle_places", "general_population", "obstacle_over")
        rows = [
            (names[row["service"]], texts(f"plan.obstacle_{row['obstacle']}"),
             str(row["settlements"]), texts.number(row["population"]),
             texts.number(row["most_over_min"]))
            for row in summary.to_dict("records")
        ]  # fmt: skip
        title = texts("plan.obstacle_title", region=result.study.title[lang.value])
        show_table(title, [texts(f"plan.{key}") for key in keys], rows)
        show_note(texts, "profiles_note_supply")
        if reach is None or not bool(reach.loc[reach["kind"] == "transport", "known"].any()):
            show_note(texts, "obstacle_no_stops")
        show_note(texts, "obstacle_note")
        show_note(texts, "limits_are_proposals")
    tables = {"obstacles": found, "obstacles_services": summary, "obstacles_municipalities": towns}
    finish({"summary": summary}, as_json=as_json, out=out, texts=texts, tables=tables)


def pilot(
    file: Annotated[
        Path, typer.Argument(help="Support plans: person, settlement, budget, service, units.")
    ],
    region: Annotated[str, typer.Option("--region", help="Region of the settlements.")] = "latgale",
    prices: Annotated[
        Path | None, typer.Option("--prices", help="Own price list; those found if none.")
    ] = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km", help="Cost of the way.")] = "0",
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Plan the individual budgets of a pilot, and tell what was wished, had and used."""
    from socaccess.i18n import Texts
    from socaccess.programme.person_budgets import plan_pilot, read_plans
    from socaccess.programme.prices import load_prices, read_prices

    texts = Texts(lang.value)
    if scenario not in ("now", "planned"):
        raise typer.BadParameter(f"{scenario!r}: use now or planned", param_hint="--scenario")
    plans = read_plans(file)
    table = read_prices(prices) if prices else load_prices()
    result, below = open_region(region, view.value, settings, small_counts=False)
    found = plan_pilot(
        result, plans, prices=table, eur_per_km=eur_per_km.replace(",", "."), scenario=scenario
    )
    below = 0 if small_counts else below
    summary = _hide_pilot(found.summarise(), below)
    sums = _sum_pilot(found.persons, below)
    if not as_json:
        names = name_services(result, lang.value)
        columns = ("persons", "wanted", "units", "had_share", "cost", "used_share", "unreachable",
                   "no_price", "no_money")  # fmt: skip
        rows = [
            (names[row["service"]], *(_tell_cell(row[name], name, texts) for name in columns))
            for row in summary.to_dict("records")
        ]
        header = [texts("plan.service"), *(texts(f"plan.pilot_{name}") for name in columns)]
        show_table(texts("plan.pilot_title"), header, rows)
        told = {name: show_number(value, texts) for name, value in sums.items()}
        show_note(texts, "pilot_sums", **told)
        show_note(texts, "pilot_note")
    tables: dict[str, Any] = {"pilot": summary}
    if small_counts:
        tables |= {"pilot_persons": found.persons, "pilot_lines": found.lines}
    finish({"sums": sums, "services": summary}, as_json=as_json, out=out, texts=texts,
           tables=tables)  # fmt: skip


def _hide_pilot(summary: Any, below: int) -> Any:
    """Return the summary without the rows' amounts where few persons stand behind them."""
    from socaccess.privacy import hide_small

    few = (summary["persons"] < below).to_numpy()
    parts = ["unreachable", "no_price", "no_money"]
    shown = hide_small(summary, "persons", parts, below=below)
    # Amounts, units and shares of a few would tell a person's month.
    for name in ("wanted", "units", "had_share", "cost", "used_units", "used_share", "measured"):
        shown[name] = shown[name].astype(object).where(~few, None)
    less = (summary["measured"] < below).to_numpy()
    for name in ("measured", "used_units", "used_share"):
        shown[name] = shown[name].where(~less, None)
    return shown


def _sum_pilot(persons: Any, below: int) -> dict[str, Any]:
    """Return how many persons there are, whose wishes are met, and the money."""
    import pandas as pd

    from socaccess.privacy import hide_small

    counts = {"persons": float(len(persons)), "met": float(persons["met"].sum())}
    hidden = hide_small(pd.DataFrame([counts]), "persons", ["met"], below=below)
    sums = dict(hidden.iloc[0])
    few = len(persons) < below
    money = {name: None if few else sum(persons[name]) for name in ("budget", "cost", "left")}
    return sums | money


def _tell_cell(value: Any, name: str, texts: Any) -> str:
    if name.endswith("share") and not isinstance(value, str):
        return str(texts.share(value))
    return show_number(value, texts)
