"""`socaccess programme`: a region's programme from one file: begun, built, looked back at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli.command import App, SmallCounts, ViewName
from socaccess.cli.session import Session
from socaccess.cli.values import parse_day, parse_years

__all__ = ["app"]

app = App()


@app.command("init")
def init(
    session: Session,
    folder: Annotated[Path, typer.Argument()],
    region: Annotated[str | None, typer.Option("--region")] = None,
    view: Annotated[ViewName, typer.Option("--view")] = ViewName.today,
    years: Annotated[str, typer.Option("--years")] = "2027,2033",
) -> None:
    """Write programme.toml and every table it names."""
    from socaccess.planning.programme import begin
    from socaccess.sources.boundaries import REGIONS

    if region is None:
        # Whoever makes a folder "kurzeme" means Kurzeme.
        named = folder.name.lower()
        region = named if named in REGIONS else "latgale"
    files = begin(folder, region, view=view.value, years=tuple(parse_years(years)))
    for path in files:
        session.wrote(path)
    session.say("programme.begun", folder=folder, region=region)
    session.print_json({"region": region, "files": [str(path) for path in files]})


@app.command("build")
def build(
    session: Session,
    plan: Annotated[Path, typer.Argument()],
    as_of: Annotated[str | None, typer.Option("--as-of")] = None,
    diff: Annotated[str | None, typer.Option("--diff")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Build the programme into one folder; with --diff show what changed since a day."""
    from socaccess.documents.programme import Pages
    from socaccess.documents.programme_annexes import tell_changes
    from socaccess.outputs import write_programme
    from socaccess.planning.programme import build as build_programme

    day, since = parse_day(as_of, "--as-of"), parse_day(diff, "--diff")
    built = build_programme(plan, as_of=day, allow_small_counts=small_counts)
    pages = Pages(built.compiled, session.lang)
    title = pages.say(pages.title)
    answer: dict[str, object] = {"title": title, "contradictions": built.compiled.contradictions}
    if since is not None:
        changes = built.list_changes(since)
        answer["changes"] = changes
        words = {"since": since.isoformat(), "until": "…" if day is None else day.isoformat()}
        if len(changes):
            session.show(tell_changes(changes), title=session.texts("programme.changes", **words))
        else:
            session.say("programme.no_changes", **words)
    folder = session.out or (plan if plan.is_dir() else plan.parent) / "out"
    files = write_programme(built, folder, lang=session.lang, excel=session.excel)
    for path in files:
        session.wrote(path)
    session.say("programme.built", title=title, files=len(files))
    session.print_json({**answer, "files": [str(path) for path in files]})


@app.command("financing")
def financing(
    session: Session,
    plan: Annotated[Path, typer.Argument()],
    small_counts: SmallCounts = False,
) -> None:
    """Show the same people financed by place and by person's budget, and who owes whom."""
    from socaccess.documents.programme import Pages
    from socaccess.planning.programme import build as build_programme
    from socaccess.programme.financing import compare_financing

    built = build_programme(plan, allow_small_counts=small_counts)
    pages = Pages(built.compiled, session.lang)
    section, found = pages.describe_financing(), compare_financing(pages.compiled)
    if section is None:
        session.say("programme.financing_none")
    else:
        session.show(pages.make_document(pages.title, [section]))
    tables = {"financing": found.services, "financing_payers": found.payers,
              "financing_debts": found.debts}  # fmt: skip
    session.finish({**tables, "missing": list(found.missing)}, tables)


@app.command("backtest")
def backtest(
    session: Session,
    applications: Annotated[str | None, typer.Option("--applications")] = None,
) -> None:
    """Set what could be forecast in 2019 beside what was published later; or old applications."""
    if applications is not None:
        _look_back(session, applications)
        return
    from socaccess.programme.take_up import ALL, backtest_recipients
    from socaccess.sources.services import load_service_types, load_target_groups

    table = backtest_recipients()
    known = table[table["basis"] != "none"]
    types, groups = load_service_types(), load_target_groups()
    services = dict(zip(types["service"], types[f"name_{session.lang}"], strict=True))
    services[ALL] = session.texts("programme.all_services")
    names = dict(zip(groups["target_group"], groups[f"name_{session.lang}"], strict=True))
    session.frame(
        session.texts("programme.backtest_title", known="2019"),
        known.assign(year=known["year"].astype(str)),
        {
            "programme.region": ("region.", "planning_region"),
            "plan.group": lambda row: names[row["target_group"]],
            "plan.service": lambda row: services[row["service"]],
            "plan.year": "year",
            "plan.variant_low": lambda row: round(row["low"]),
            "plan.variant_middle": lambda row: round(row["middle"]),
            "plan.variant_high": lambda row: round(row["high"]),
            "programme.came": "recipients",
            "programme.inside": lambda row: session.texts(
                "tables.yes" if row["inside"] else "tables.no"
            ),
        },
    )
    session.say("programme.backtest_inside", inside=int(known["inside"].sum()), pairs=len(known),
                none=len(table) - len(known))  # fmt: skip
    session.finish({"backtest": table}, {"backtest": table})


def _look_back(session: Session, region: str) -> None:
    """Say of every funded object what the check of applications would have answered."""
    from socaccess.programme.eraf_history import backtest_applications
    from socaccess.programme.pages import describe_finding
    from socaccess.programme.reach import name_municipalities
    from socaccess.settings import Settings
    from socaccess.study import Study

    study = Study.load(region)
    table = backtest_applications(study)
    names = study.name_services(session.lang)
    counts = table.groupby("service", as_index=False).agg(
        asked=("answer", "size"),
        supported=("answer", lambda answers: int((answers == "yes").sum())),
        against=("against", lambda checks: ", ".join(sorted(
            {check for text in checks for check in text.split(", ") if check}))),
    )  # fmt: skip
    session.frame(
        session.texts("programme.applications_title", region=study.title[session.lang]),
        counts,
        {
            "plan.service": lambda row: names[row["service"]],
            "programme.asked": "asked",
            "programme.supported": "supported",
            "programme.against": lambda row: ", ".join(
                session.texts(f"programme.check_{check}")
                for check in row["against"].split(", ")
                if check
            ),
        },
    )
    findings, below = table.attrs.pop("findings"), Settings().suppress_below
    keys = zip(table["object_id"], table["service"], strict=True)
    table = table.assign(reasons=[
        " ".join(describe_finding(f, session.texts, below=below) for f in findings[key])
        for key in keys])  # fmt: skip
    homes = name_municipalities(study)
    if len(others := table[table["answer"] != "yes"]):
        session.frame(
            session.texts("programme.applications_against"),
            others,
            {
                "plan.object": "name",
                "plan.municipality": lambda row: homes.get(row["municipality_id"], "–"),
                "plan.service": lambda row: names[row["service"]],
                "plan.eraf_reason_title": "reasons",
            },
        )
    session.say("programme.applications_sum", supported=int((table["answer"] == "yes").sum()),
                asked=len(table))  # fmt: skip
    session.finish({"applications": table}, {"applications": table})
