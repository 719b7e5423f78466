"""The commands of a plan about places and standards: objects, buildings, surroundings, limits."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import Region, Scenario, SmallCounts, StudyOptions
from socaccess.cli.session import Session
from socaccess.cli.values import parse_criteria, parse_day
from socaccess.content import Phrase, Share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["buildings", "catalogue", "general_services", "objects", "profiles"]

SHOWN = 15

Criteria = Annotated[list[str] | None, typer.Option("--criterion")]
Groups = Annotated[Path | None, typer.Option("--groups")]


class Around(StrEnum):
    """Around what general services are looked for."""

    homes = "homes"
    facilities = "facilities"
    sites = "sites"


def objects(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[Path | None, typer.Option("--objects")] = None,
    amendments: Annotated[Path | None, typer.Option("--amendments")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of")] = None,
) -> None:
    """List the objects of a plan with status, amendment and date; now or on any day."""
    from socaccess import planning
    from socaccess.sources.boundaries import load_municipalities

    day = parse_day(as_of, "--as-of")
    study = replace(asked, view="plan").open(region)
    found = planning.objects(study, table=file, amendments=amendments, as_of=day)
    names = study.name_services(session.lang)
    homes = load_municipalities(2025).set_index("municipality_id")["name"].to_dict()
    session.frame(
        session.texts("plan.objects_title", region=study.title[session.lang]),
        found.objects,
        {
            "plan.object": "name",
            "plan.service": lambda row: names.get(row["service"], row["service"]),
            "plan.municipality": lambda row: homes.get(row["municipality_id"]),
            "plan.places": "places",
            "plan.status": ("plan.object_", "status"),
            "plan.amendment": lambda row: str(row["amendment"] or "–"),
            "plan.date": lambda row: str(row["date"] or "–"),
        },
    )
    counts = found.objects["status"].value_counts().sort_index()
    states = ", ".join(f"{session.word('plan.object_', name)} {n}" for name, n in counts.items())
    session.note("plan.objects_count", counts=states)
    if not file:
        session.note("plan.objects_note")
    tables = {"objects": found.objects, "objects_history": found.history}
    session.finish({"objects": found.objects, "history": found.history}, tables)


def buildings(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[list[str] | None, typer.Option("--service")] = None,
    closed: Annotated[bool, typer.Option("--closed")] = False,
    amenities: Annotated[Path | None, typer.Option("--general-services")] = None,
    criterion: Criteria = None,
    small_counts: SmallCounts = False,
) -> None:
    """Weigh the buildings of institutions as sites of community services."""
    from socaccess import planning

    criteria = parse_criteria(criterion)
    study = asked.open(region)
    shown = planning.buildings(
        study,
        service or [],
        closed_only=closed,
        amenities=amenities,
        criteria=criteria,
        allow_small_counts=small_counts,
    )
    names = study.name_services(session.lang)
    columns: dict[str, Any] = {
        "plan.building": "name",
        "plan.status": ("plan.building_", "status"),
        "plan.service": lambda row: names[row["service"]] + (" *" if row["caution"] else ""),
        "plan.building_near": "persons_near",
        "plan.gain": "gain",
        "plan.building_people": lambda row: session.cell(row["gain_population"], 0),
    }
    if amenities:
        columns["plan.general_score"] = lambda row: Share(row["score"])
    title = session.texts("plan.building_title", region=study.title[session.lang])
    session.frame(title, shown, columns)
    if shown["caution"].notna().any():
        session.note("plan.building_caution")
    lost = sorted(set(shown.loc[shown["gain"].isna(), "name"]))
    if lost:
        session.note("plan.building_lost", names=", ".join(lost))
    session.note("plan.building_note")
    session.note("plan.need_is_estimate")
    session.finish({"buildings": shown}, {"buildings": shown})


def general_services(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[Path, typer.Argument()],
    around: Annotated[Around, typer.Option("--around")] = Around.homes,
    service: Annotated[str | None, typer.Option("--service")] = None,
    settlement: Annotated[list[str] | None, typer.Option("--settlement")] = None,
    stops: Annotated[Path | None, typer.Option("--stops")] = None,
    criterion: Criteria = None,
) -> None:
    """Show how near shops, schools, health care and stops are, and score each place by it."""
    from socaccess import planning

    criteria = parse_criteria(criterion)
    study = asked.open(region)
    found = planning.general_services(
        study,
        file,
        around=around.value,
        service=service,
        settlements=settlement or [],
        timetable=stops,
        criteria=criteria,
    )
    _show_surroundings(session, found, around)
    if found.attribution:
        session.note("plan.source_line", source=found.attribution)
    answer = {
        "around": around.value,
        "objects": found.objects,
        "summary": found.summary,
        "scores": found.scores,
    }
    tables = {
        "general_summary": found.summary,
        "general_scores": found.scores,
        "general_reach": found.reach,
    }
    session.finish(answer, tables)


def _show_surroundings(session: Session, found: Any, around: Around) -> None:
    """Print what is near on the whole, and the score of every place or of those worst off."""
    texts = session.texts

    def name_kinds(cell: str) -> str:
        kinds = [session.word("plan.general_", kind) for kind in cell.split(", ") if kind]
        return ", ".join(kinds) or "–"

    counted = "population" if around is Around.homes else "places"
    session.frame(
        session.word("plan.general_title_", around.value),
        found.summary,
        {
            "plan.general_kind": ("plan.general_", "kind"),
            "plan.general_limit": lambda row: f"{texts.number(row['limit'])} {row['unit']}",
            f"plan.general_{counted}": lambda row: session.cell(row[f"{counted}_near"], 0),
            **(
                {"plan.general_beyond": lambda row: session.cell(row["population_unknown"], 0)}
                if around is Around.homes
                else {}
            ),
            "plan.share": lambda row: (
                Share(row["share"]) if row["known"] else Phrase("plan.general_no_data")
            ),
        },
    )
    if (found.summary["basis"] == "proposal").any():
        session.note("plan.general_proposals")
    # Of many homes those worst off are what a reader looks for.
    scores = shown = found.scores
    title = texts("plan.general_scores")
    if around is Around.homes and len(scores) > SHOWN:
        shown = scores.sort_values(["score", scores.columns[0]], kind="stable").head(SHOWN)
        title = texts("plan.general_worst", shown=len(shown), n=len(scores))
    session.frame(
        title,
        shown,
        {
            "plan.model_site": "name",
            "plan.general_score": lambda row: Share(row["score"]),
            "plan.general_met": lambda row: name_kinds(row["met"]),
            "plan.general_failed": lambda row: name_kinds(row["failed"]),
        },
    )
    unknown = sorted({kind for cell in scores["unknown"] for kind in cell.split(", ") if kind})
    if unknown:
        session.note("plan.general_unknown", names=name_kinds(", ".join(unknown)))


def catalogue(
    session: Session,
    file: Annotated[Path | None, typer.Argument()] = None,
    groups: Groups = None,
    profiles: Annotated[Path | None, typer.Option("--profiles")] = None,
) -> None:
    """Check a catalogue and show what each of its numbers rests on."""
    from socaccess import planning
    from socaccess.errors import InputError

    if file is None and (groups or profiles):
        raise InputError("cli.no_own_catalogue")
    kind = planning.Catalogue
    loaded = kind.read(file, target_groups=groups, profiles=profiles) if file else kind.load()
    names = loaded.target_groups.set_index("target_group")[f"name_{session.lang}"].to_dict()
    session.frame(
        session.texts("plan.catalogue_title"),
        loaded.services,
        {
            "plan.service": f"name_{session.lang}",
            "plan.legal_class": ("plan.class_", "legal_class"),
            "plan.group": lambda row: names.get(row["target_group"], row["target_group"]),
            "plan.limit": "limit_min",
            "plan.basis": lambda row: (
                session.word("plan.basis_", row["limit_min_basis"])
                if row["limit_min_basis"]
                else None
            ),
        },
    )
    norms = loaded.list_norms()
    session.note("plan.catalogue_counts", services=len(loaded.services), norms=len(norms),
                 proposals=int((norms["basis"] == "proposal").sum()))  # fmt: skip
    answer = {"services": len(loaded.services), "profiles": loaded.list_profiles(), "norms": norms}
    session.finish(answer, {"norms": norms})


def profiles(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[Path, typer.Argument()],
    own: Annotated[Path | None, typer.Option("--catalogue")] = None,
    groups: Groups = None,
    scenario: Annotated[Scenario, typer.Option("--scenario")] = Scenario.now,
) -> None:
    """Compare profiles of standards: what each would make of the same travel times."""
    from socaccess import planning

    kind = planning.Catalogue
    loaded = kind.read(own, target_groups=groups) if own else kind.load()
    study = asked.open(region)
    table = planning.profiles(study, file, catalogue=loaded, scenario=scenario.value)
    _show_profiles(session, table, loaded.with_profiles(file).list_profiles(),
                   study.name_services(session.lang))  # fmt: skip
    session.note("plan.profiles_note")
    if (table["basis"] == "proposal").any():
        session.note("plan.limits_are_proposals")
    session.finish({"profiles": table}, {"profiles": table})


def _show_profiles(
    session: Session, table: pd.DataFrame, names: list[str], services: dict[str, str]
) -> None:
    texts = session.texts
    heads = [texts("plan.service")]
    for name in names:
        label = texts("plan.profile_catalogue") if name == "catalogue" else name
        heads += [f"{label}, min", texts("plan.share")]
    cells: Any = table.set_index(["profile", "service"])
    rows = []
    for service in dict.fromkeys(table["service"]):
        found = [cells.loc[(name, service)] for name in names]
        pairs = [(session.cell(one["limit_min"]), texts.share(one["share"])) for one in found]
        rows.append([services[service], *(cell for pair in pairs for cell in pair)])
    session.table(texts("plan.profiles_title"), heads, rows)
