"""The commands of a plan about what is built and left: objects, movers, buildings."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import finish, name_services, show_note, show_number
from socaccess.cli._plan_places import parse_criteria
from socaccess.cli.command import Region, Session, SmallCounts, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["buildings", "movers", "objects"]


def objects(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[
        Path | None, typer.Option("--objects", help="The plan's own objects: csv or xlsx.")
    ] = None,
    amendments: Annotated[
        Path | None, typer.Option("--amendments", help="Changes to them: csv or xlsx.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As they stood at the end of a day.")
    ] = None,
) -> None:
    """List the objects of a plan with status, amendment and date; now or on any day."""
    from socaccess import planning
    from socaccess.sources.boundaries import load_municipalities

    texts = session.texts
    try:
        day = dt.date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise Misuse("cli.not_a_day", "--as-of", given=as_of) from None
    study = replace(asked, view="plan").open(region)
    found = planning.objects(study, table=file, amendments=amendments, as_of=day)
    table = found.objects
    if not session.as_json:
        names = name_services(study, session.lang)
        home = load_municipalities(2025).set_index("municipality_id")["name"].to_dict()
        keys = ("object", "service", "municipality", "places", "status", "amendment", "date")
        rows = [
            (
                row["name"],
                names.get(row["service"], row["service"]),
                home.get(row["municipality_id"], "–"),
                show_number(row["places"], texts),
                texts(f"plan.object_{row['status']}"),
                str(row["amendment"] or "–"),
                str(row["date"] or "–"),
            )
            for row in table.astype(object).where(table.notna(), None).to_dict("records")
        ]
        title = texts("plan.objects_title", region=study.title[session.lang])
        session.table(title, [texts(f"plan.{key}") for key in keys], rows)
        counts = table["status"].value_counts()
        told = ", ".join(
            f"{texts(f'plan.object_{status}')} {n}" for status, n in counts.sort_index().items()
        )
        show_note(session, "objects_count", counts=told)
        if not file:
            show_note(session, "objects_note")
    answer = {"objects": table, "history": found.history}
    tables = {"objects": table, "objects_history": found.history}
    finish(session, answer, tables=tables)


def movers(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[
        Path | None,
        typer.Argument(help="Who leaves: institution, origin, choice, persons; csv or xlsx."),
    ] = None,
    institution: Annotated[
        str | None, typer.Option("--institution", help="Without a table: which they leave.")
    ] = None,
    persons: Annotated[
        int | None, typer.Option("--persons", min=1, help="How many; the plan's goal if none.")
    ] = None,
    service: Annotated[str, typer.Option("--service", help="The home they need.")] = "group_home",
    small_counts: SmallCounts = False,
) -> None:
    """Tell where people who leave institutions go, and what homes they find there."""
    from socaccess import planning
    from socaccess.errors import InputError

    texts = session.texts
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
    shown, sums = found.groups, found.sums
    if not session.as_json:
        keys = ("mover_destination", "mover_decided", "persons", "mover_homes", "places",
                "mover_nearest", "mover_within")  # fmt: skip
        rows = [
            (
                row["destination"] or "–",
                texts(f"plan.mover_{row['decided_by']}"),
                show_number(row["persons"], texts),
                str(row["own_homes"]) if row["destination"] else "–",
                show_number(row["own_places"], texts),
                texts.number(row["nearest_min"]) if row["nearest_min"] is not None else "–",
                texts(f"plan.within_{row['within_limit']}"),
            )
            for row in shown.astype(object).where(shown.notna(), None).to_dict("records")
        ]
        home = name_services(study, session.lang)[found.service]
        session.table(texts("plan.mover_title", service=home), [texts(f"plan.{k}") for k in keys],
                   rows)  # fmt: skip
        show_note(session, "mover_sums", **{k: show_number(v, texts) for k, v in sums.items()})
        if found.is_estimate:
            show_note(session, "mover_estimate")
    answer = {"sums": sums, "movers": shown}
    finish(session, answer, tables={"movers": shown})


def _list_institutions(study: Any) -> str:
    from socaccess.programme.institutions import list_institutions

    known = list_institutions(study)
    pairs = zip(known["facility_id"], known["name"], strict=True)
    return "; ".join(f"{identity}: {name}" for identity, name in pairs)


def buildings(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[
        list[str] | None, typer.Option("--service", help="For which use; repeat.")
    ] = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="Only those closed, whose houses may stand empty.")
    ] = False,
    amenities: Annotated[
        Path | None,
        typer.Option("--general-services", help="Score them: csv, xlsx, a layer, or .osm.pbf."),
    ] = None,
    criterion: Annotated[
        list[str] | None,
        typer.Option("--criterion", help="kind=minutes or kind=500m, with @weight; repeat."),
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Weigh the buildings of institutions as sites of community services."""
    from socaccess import planning

    texts = session.texts
    criteria = parse_criteria(criterion or [])
    study = asked.open(region)
    shown = planning.buildings(
        study,
        service or [],
        closed_only=closed,
        amenities=amenities,
        criteria=criteria,
        allow_small_counts=small_counts,
    )
    if not session.as_json:
        names = name_services(study, session.lang)
        keys = ["building", "status", "service", "building_near", "gain", "building_people"]
        keys += ["general_score"] if amenities else []
        rows = [
            (
                row["name"],
                texts(f"plan.building_{row['status']}"),
                names[row["service"]] + (" *" if row["caution"] else ""),
                show_number(row["persons_near"], texts),
                show_number(row["gain"], texts),
                show_number(row["gain_population"], texts, decimals=0),
                *([texts.share(row["score"])] if amenities else []),
            )
            for row in shown.astype(object).where(shown.notna(), None).to_dict("records")
        ]
        title = texts("plan.building_title", region=study.title[session.lang])
        session.table(title, [texts(f"plan.{key}") for key in keys], rows)
        if shown["caution"].notna().any():
            show_note(session, "building_caution")
        lost = sorted(set(shown.loc[shown["gain"].isna(), "name"]))
        if lost:
            show_note(session, "building_lost", names=", ".join(lost))
        show_note(session, "building_note")
        show_note(session, "need_is_estimate")
    finish(session, {"buildings": shown},
           tables={"buildings": shown})  # fmt: skip
