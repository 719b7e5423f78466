"""`socaccess plan`: goals, needs and views; the other commands stand in modules beside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli import _plan_models as model_commands
from socaccess.cli import _plan_money as money_commands
from socaccess.cli import _plan_objects as object_commands
from socaccess.cli import _plan_outlook as outlook_commands
from socaccess.cli import _plan_people as people_commands
from socaccess.cli import _plan_places as place_commands
from socaccess.cli import _plan_standards as standard_commands
from socaccess.cli._plan_input import (
    EXIT_NO,
    Region,
    Service,
    SmallCounts,
    finish,
    name_groups,
    open_region,
    show_note,
    show_number,
    show_table,
)
from socaccess.cli.command import App
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    Out,
    SettingsFile,
    make_console,
)

__all__ = ["app"]

app = App()


@app.command("goals")
def goals(
    region: Annotated[str, typer.Argument(help="A region, or all")] = "all",
    near: Annotated[
        bool, typer.Option("--near", help="Also who lives near the promised services now.")
    ] = False,
    reached: Annotated[
        Path | None,
        typer.Option("--reached", help="Own figures: planning_region, target_group, persons …"),
    ] = None,
    lang: Lang = Language.lv,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell the goals of the DI plans and what is reached; exit 3 when one is not."""
    from socaccess.i18n import Texts
    from socaccess.programme.goals import check_goals, read_reached

    texts = Texts(lang.value)
    if near and region == "all":
        raise typer.BadParameter("name one region", param_hint="--near")
    result = open_region(region, "plan", settings, small_counts=False)[0] if near else None
    table = check_goals(
        [] if region == "all" else [region],
        reached=read_reached(reached) if reached else None,
        result=result,
    )
    failed = table["status"] == "not_reached"
    names = name_groups(lang.value)
    if not as_json:
        header = [texts(f"plan.{k}") for k in ("group", "goal", "persons", "year", "share", "near",
                                               "status")]  # fmt: skip
        for name in dict.fromkeys(table["planning_region"]):
            rows = [
                (
                    names[row.target_group],
                    show_number(row.goal, texts),
                    show_number(row.persons, texts),
                    str(row.year) if row.year == row.year and row.year is not None else "–",
                    texts.share(row.share),
                    show_number(row.near_persons, texts, decimals=0),
                    texts(f"plan.status_{row.status}"),
                )
                for row in table[table["planning_region"] == name].itertuples()
            ]
            show_table(texts(f"region.{name}"), header, rows)
        show_note(texts, "goals_note")
    answer = {"met": not bool(failed.any()), "goals": table}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"goals": table})
    raise typer.Exit(EXIT_NO if failed.any() else 0)


@app.command("need")
def need(
    file: Annotated[Path, typer.Argument(help="Needs by municipality: csv or xlsx.")],
    children: Annotated[
        bool, typer.Option("--children", help="Children with disability by age, not services.")
    ] = False,
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Check a table of needs, tell how it was understood, and spread it to settlements (--out)."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.assessments import (
        read_children_by_age,
        read_needed_services,
    )
    from socaccess.programme.need import spread_to_settlements
    from socaccess.sources.settlements import load_settlements

    texts = Texts(lang.value)
    table = read_children_by_age(file) if children else read_needed_services(file)
    kind = "age_group" if children else "service"
    below = 0 if small_counts else 5
    latest = table.choose_latest()
    sums = latest.groupby(kind, as_index=False)["persons"].sum(min_count=1)
    spread = spread_to_settlements(latest, load_settlements(), vintage=table.vintage, kind=kind)
    shown = hide_small(spread, "persons", below=below, totals_by=[kind], decimals=4)
    sums = hide_small(sums, "persons", below=below)
    if not as_json:
        title = texts.count("plan.need_title", len(table.persons), vintage=table.vintage)
        rows = [(str(row[kind]), show_number(row["persons"], texts))
                for row in sums.to_dict("records")]  # fmt: skip
        show_table(title, [texts("plan.service"), texts("plan.persons")], rows)
        for finding in table.findings:
            make_console().print(f"- {finding}", highlight=False, soft_wrap=True)
        if table.ignored:
            show_note(texts, "need_ignored", names=", ".join(table.ignored))
    answer = {
        "vintage": table.vintage,
        "columns": table.columns,
        "ignored": list(table.ignored),
        "findings": [str(finding) for finding in table.findings],
        "sums": sums,
    }
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"need": shown})


@app.command("views")
def views(
    region: Region,
    service: Service = "dac_grt",
    lang: Lang = Language.lv,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell the same people in the plan's municipalities and in today's."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.goals import compare_views
    from socaccess.programme.reach import find_service

    texts = Texts(lang.value)
    result, below = open_region(region, "plan", settings, small_counts=small_counts)
    chosen = str(find_service(result.study, service)["service"])
    table = compare_views(result)
    table = table[table["service"] == chosen].reset_index(drop=True)
    shown = hide_small(table, "persons", ["covered"], below=below, totals_by=["view"])
    if not as_json:
        header = [texts(f"plan.{key}") for key in ("view", "municipality", "persons", "near")]
        rows = [
            (texts(f"plan.view_{row['view']}"), row["municipality"],
             show_number(row["persons"], texts), show_number(row["covered"], texts))
            for row in shown.to_dict("records")
        ]  # fmt: skip
        show_table(texts("plan.views_title"), header, rows)
    finish({"views": shown}, as_json=as_json, out=out, texts=texts, tables={"views": shown})


app.command("catalogue")(standard_commands.catalogue)
app.command("profiles")(standard_commands.profiles)
app.command("forecast")(outlook_commands.forecast)
app.command("model")(model_commands.model)
app.command("cooperation")(model_commands.cooperation)
app.command("objects")(object_commands.objects)
app.command("movers")(object_commands.movers)
app.command("buildings")(object_commands.buildings)
app.command("general-services")(place_commands.general_services)
app.command("eraf")(model_commands.eraf)
app.command("budget")(money_commands.budget)
app.command("person-budget")(money_commands.person_budget)
app.command("mobile")(money_commands.mobile)
app.command("pilot")(people_commands.pilot)
app.command("obstacles")(people_commands.obstacles)
app.command("programme")(model_commands.programme)
