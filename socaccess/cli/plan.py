"""`socaccess plan`: goals, needs and views; the other commands stand in modules beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli import _plan_models as model_commands
from socaccess.cli import _plan_money as money_commands
from socaccess.cli import _plan_objects as object_commands
from socaccess.cli import _plan_outlook as outlook_commands
from socaccess.cli import _plan_people as people_commands
from socaccess.cli import _plan_places as place_commands
from socaccess.cli import _plan_standards as standard_commands
from socaccess.cli._plan_input import Service, finish, name_groups, show_note, show_number
from socaccess.cli.command import (
    EXIT_NO,
    App,
    Region,
    Session,
    SmallCounts,
    StudyOptions,
    is_project,
)
from socaccess.cli.speech import Misuse

__all__ = ["app"]

app = App()


@app.command("goals")
def goals(
    session: Session,
    asked: StudyOptions,
    region: Annotated[str, typer.Argument(help="A region, or all")] = "all",
    near: Annotated[
        bool, typer.Option("--near", help="Also who lives near the promised services now.")
    ] = False,
    reached: Annotated[
        Path | None,
        typer.Option("--reached", help="Own figures: planning_region, target_group, persons …"),
    ] = None,
) -> None:
    """Tell the goals of the DI plans and what is reached; exit 3 when one is not."""
    from socaccess import planning

    texts = session.texts
    if near and region == "all":
        raise Misuse("cli.one_region", "--near")
    whom: Any = region
    if near or is_project(region):
        whom = replace(asked, view="plan").open(region)
    table = planning.goals(whom, reached=reached)
    failed = table["status"] == "not_reached"
    names = name_groups(session.lang)
    if not session.as_json:
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
            session.table(texts(f"region.{name}"), header, rows)
        show_note(session, "goals_note")
    answer = {"met": not bool(failed.any()), "goals": table}
    finish(session, answer, tables={"goals": table})
    raise typer.Exit(EXIT_NO if failed.any() else 0)


@app.command("need")
def need(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Needs by municipality: csv or xlsx.")],
    children: Annotated[
        bool, typer.Option("--children", help="Children with disability by age, not services.")
    ] = False,
    small_counts: SmallCounts = False,
) -> None:
    """Check a table of needs, tell how it was understood, and spread it to settlements (--out)."""
    from socaccess import planning

    texts = session.texts
    table = planning.need(file, children=children, allow_small_counts=small_counts)
    kind = "age_group" if children else "service"
    sums = table.sums
    if not session.as_json:
        title = texts.count("plan.need_title", table.rows, vintage=table.vintage)
        rows = [(str(row[kind]), show_number(row["persons"], texts))
                for row in sums.to_dict("records")]  # fmt: skip
        session.table(title, [texts("plan.service"), texts("plan.persons")], rows)
        for finding in table.findings:
            session.print(f"- {finding.text(session.lang)}")
        if table.ignored:
            show_note(session, "need_ignored", names=", ".join(table.ignored))
    answer = {
        "vintage": table.vintage,
        "columns": table.columns,
        "ignored": list(table.ignored),
        "findings": [finding.text(session.lang) for finding in table.findings],
        "sums": sums,
    }
    finish(session, answer, tables={"need": table.settlements})


@app.command("views")
def views(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Service = "dac_grt",
    small_counts: SmallCounts = False,
) -> None:
    """Tell the same people in the plan's municipalities and in today's."""
    from socaccess import planning

    texts = session.texts
    study = replace(asked, view="plan").open(region)
    shown = planning.views(study, service, allow_small_counts=small_counts)
    if not session.as_json:
        header = [texts(f"plan.{key}") for key in ("view", "municipality", "persons", "near")]
        rows = [
            (texts(f"plan.view_{row['view']}"), row["municipality"],
             show_number(row["persons"], texts), show_number(row["covered"], texts))
            for row in shown.to_dict("records")
        ]  # fmt: skip
        session.table(texts("plan.views_title"), header, rows)
    finish(session, {"views": shown}, tables={"views": shown})


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
