"""The commands of a plan about what is built and left: objects, movers, buildings."""

from __future__ import annotations

import datetime as dt
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
from socaccess.cli._plan_places import parse_criteria
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

__all__ = ["buildings", "movers", "objects"]


def objects(
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
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the objects of a plan with status, amendment and date; now or on any day."""
    from socaccess.i18n import Texts
    from socaccess.programme.objects import PlanObjects, list_objects, read_amendments
    from socaccess.sources.boundaries import load_municipalities
    from socaccess.study import Study

    texts = Texts(lang.value)
    try:
        day = dt.date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise typer.BadParameter(f"{as_of!r}: write it as 2022-07-26", param_hint="--as-of") \
            from None  # fmt: skip
    study = Study.load(region, view="plan")
    found = PlanObjects.read(file) if file else list_objects(study)
    if amendments:
        found = found.amend(read_amendments(amendments))
    table = found.as_of(day) if day else found.objects
    if not as_json:
        types = study.service_types
        assert types is not None
        names = dict(zip(types["service"], types[f"name_{lang.value}"], strict=True))
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
        title = texts("plan.objects_title", region=study.title[lang.value])
        show_table(title, [texts(f"plan.{key}") for key in keys], rows)
        counts = table["status"].value_counts()
        told = ", ".join(
            f"{texts(f'plan.object_{status}')} {n}" for status, n in counts.sort_index().items()
        )
        show_note(texts, "objects_count", counts=told)
        if not file:
            show_note(texts, "objects_note")
    answer = {"objects": table, "history": found.history}
    tables = {"objects": table, "objects_history": found.history}
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


def movers(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell where people who leave institutions go, and what homes they find there."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.institutions import place_movers, read_movers, share_movers

    texts = Texts(lang.value)
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    if file:
        table = read_movers(file, result.study)
    else:
        identity, number = _choose_movers(result, institution, persons)
        table = share_movers(result.study, identity, number)
    placed = place_movers(result, table, service=service)
    sums = _sum_movers(placed, below)
    shown = hide_small(placed, "persons", below=below, totals_by=["institution_id"])
    if not as_json:
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
        home = name_services(result, lang.value)[service]
        show_table(texts("plan.mover_title", service=home), [texts(f"plan.{k}") for k in keys],
                   rows)  # fmt: skip
        show_note(texts, "mover_sums", **{k: show_number(v, texts) for k, v in sums.items()})
        if set(placed["basis"]) == {"estimate"}:
            show_note(texts, "mover_estimate")
    answer = {"sums": sums, "movers": shown}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"movers": shown})


def _choose_movers(result: Any, institution: str | None, persons: int | None) -> tuple[str, int]:
    """Return the institution and the number to share out; what is missing is a usage error."""
    from socaccess.programme.institutions import list_institutions

    known = list_institutions(result.study)
    if institution is None:
        told = "; ".join(f"{row.facility_id}: {row.name_}" for row in
                         known.rename(columns={"name": "name_"}).itertuples())  # fmt: skip
        raise typer.BadParameter(
            f"give a table of movers, or one of these: {told}", param_hint="--institution"
        )
    if persons is not None:
        return institution, persons
    targets = result.study.targets
    if targets is not None:
        rows = targets[(targets["target_group"] == "adults_grt_vsac")
                       & (targets["planning_region"] == result.study.name)]  # fmt: skip
        if len(rows):
            return institution, int(rows["persons"].iloc[0])
    raise typer.BadParameter("the plan states no number; say how many", param_hint="--persons")


def _sum_movers(placed: Any, below: int) -> dict[str, Any]:
    """Return how many leave, to where a home is near, and to nowhere known, as it may leave."""
    import pandas as pd

    from socaccess.privacy import hide_small

    persons = placed["persons"].astype(float)
    sums = {
        "persons": persons.sum(),
        "near": persons[placed["within_limit"].eq(True)].sum(),
        "undecided": persons[placed["decided_by"].eq("nobody")].sum(),
    }
    hidden = hide_small(pd.DataFrame([sums]), "persons", ["near", "undecided"], below=below)
    return dict(hidden.iloc[0])


def buildings(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Weigh the buildings of institutions as sites of community services."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.general_services import read_amenities
    from socaccess.programme.institutions import score_buildings, weigh_buildings
    from socaccess.programme.reach import find_service

    texts = Texts(lang.value)
    criteria = parse_criteria(criterion or [])
    around = read_amenities(amenities) if amenities else None
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    wanted = [str(find_service(result.study, name)["service"]) for name in service or []]
    statuses = ("closed",) if closed else ("operating", "closed")
    weighed = weigh_buildings(result, wanted, statuses=statuses)
    if around is not None:
        weighed = score_buildings(result.study, weighed, around, criteria)
    shown = hide_small(weighed, "persons_near", ["gain"], below=below)
    if not as_json:
        names = name_services(result, lang.value)
        keys = ["building", "status", "service", "building_near", "gain", "building_people"]
        keys += ["general_score"] if around is not None else []
        rows = [
            (
                row["name"],
                texts(f"plan.building_{row['status']}"),
                names[row["service"]] + (" *" if row["caution"] else ""),
                show_number(row["persons_near"], texts),
                show_number(row["gain"], texts),
                show_number(row["gain_population"], texts, decimals=0),
                *([texts.share(row["score"])] if around is not None else []),
            )
            for row in shown.astype(object).where(shown.notna(), None).to_dict("records")
        ]
        title = texts("plan.building_title", region=result.study.title[lang.value])
        show_table(title, [texts(f"plan.{key}") for key in keys], rows)
        if weighed["caution"].notna().any():
            show_note(texts, "building_caution")
        lost = sorted(set(weighed.loc[weighed["gain"].isna(), "name"]))
        if lost:
            show_note(texts, "building_lost", names=", ".join(lost))
        show_note(texts, "building_note")
        show_note(texts, "need_is_estimate")
    finish({"buildings": shown}, as_json=as_json, out=out, texts=texts,
           tables={"buildings": shown})  # fmt: skip
