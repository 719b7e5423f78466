"""The commands of a plan about places: general services around homes, facilities and sites."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli._plan_input import finish, parse_number, parse_pairs, show_note, show_number
from socaccess.cli.command import Region, Session, StudyOptions

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.programme.general_services import Criterion

__all__ = ["general_services", "parse_criteria"]

SHOWN = 15


class Around(StrEnum):
    """Around what general services are looked for."""

    homes = "homes"
    facilities = "facilities"
    sites = "sites"


def general_services(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[
        Path,
        typer.Argument(help="Shops, schools, stops …: csv, xlsx, a layer, or .osm.pbf."),
    ],
    around: Annotated[
        Around, typer.Option("--around", help="Settlements, facilities, or suggested sites.")
    ] = Around.homes,
    service: Annotated[
        str | None, typer.Option("--service", help="Of facilities or sites; all if none.")
    ] = None,
    settlement: Annotated[
        list[str] | None, typer.Option("--settlement", help="Only these homes; repeat.")
    ] = None,
    criterion: Annotated[
        list[str] | None,
        typer.Option("--criterion", help="kind=minutes or kind=500m, with @weight; repeat."),
    ] = None,
) -> None:
    """Tell how near shops, schools, health care and stops are, and score each place by it."""
    from socaccess import planning

    criteria = parse_criteria(criterion or [])
    study = asked.open(region)
    found = planning.general_services(
        study,
        file,
        around=around.value,
        service=service,
        settlements=settlement or [],
        criteria=criteria,
    )
    summary, scores = found.summary, found.scores
    if not session.as_json:
        _show_summary(summary, around, session)
        _show_scores(scores, str(scores.columns[0]), around, session)
        if found.attribution:
            show_note(session, "source_line", source=found.attribution)
    answer = {
        "around": around.value,
        "objects": found.objects,
        "summary": summary,
        "scores": scores,
    }
    tables = {"general_summary": summary, "general_scores": scores, "general_reach": found.reach}
    finish(session, answer, tables=tables)


def parse_criteria(values: list[str]) -> list[Criterion]:
    """Return the criteria of options; those proposed where none is given."""
    from socaccess.programme.general_services import PROPOSED_CRITERIA, Criterion

    if not values:
        return list(PROPOSED_CRITERIA)
    option = "--criterion"
    criteria = []
    for kind, text in parse_pairs(values, option).items():
        limit, _, weight = text.partition("@")
        metres = limit.strip().endswith("m") and not limit.strip().endswith("min")
        number = parse_number(limit.strip().removesuffix("min").removesuffix("m"), option)
        criteria.append(
            Criterion(
                kind, number, "m" if metres else "min", parse_number(weight or "1", option), "given"
            )
        )
    return criteria


def _show_summary(summary: Any, around: Around, session: Session) -> None:
    texts = session.texts
    counted = "population" if around is Around.homes else "places"
    keys = ("general_kind", "general_limit", f"general_{counted}", "share")
    rows = [
        (
            texts(f"plan.general_{row['kind']}"),
            _tell_limit(row, texts),
            show_number(row[f"{counted}_near"], texts, decimals=0),
            texts.share(row["share"]) if row["known"] else texts("plan.general_no_data"),
        )
        for row in summary.to_dict("records")
    ]
    title = texts(f"plan.general_title_{around.value}")
    session.table(title, [texts(f"plan.{key}") for key in keys], rows)
    if (summary["basis"] == "proposal").any():
        show_note(session, "general_proposals")


def _show_scores(scores: Any, column: str, around: Around, session: Session) -> None:
    texts = session.texts
    # Of many homes those worst off are what a reader looks for.
    shown = scores
    if around is Around.homes and len(scores) > SHOWN:
        shown = scores.sort_values(["score", column], kind="stable").head(SHOWN)
    rows = [
        (
            str(row["name"]),
            texts.share(row["score"]),
            _tell_kinds(row["met"], texts),
            _tell_kinds(row["failed"], texts),
        )
        for row in shown.to_dict("records")
    ]
    header = [texts(f"plan.{key}") for key in ("model_site", "general_score", "general_met",
                                               "general_failed")]  # fmt: skip
    worst = "worst" if len(shown) < len(scores) else "scores"
    session.table(texts(f"plan.general_{worst}", shown=len(shown), n=len(scores)), header, rows)
    unknown = sorted({kind for cell in scores["unknown"] for kind in cell.split(", ") if kind})
    if unknown:
        show_note(session, "general_unknown", names=_tell_kinds(", ".join(unknown), texts))


def _tell_limit(row: dict[str, Any], texts: Texts) -> str:
    return f"{texts.number(row['limit'])} {row['unit']}"


def _tell_kinds(cell: str, texts: Texts) -> str:
    kinds = [kind for kind in cell.split(", ") if kind]
    return ", ".join(texts(f"plan.general_{kind}") for kind in kinds) or "–"
