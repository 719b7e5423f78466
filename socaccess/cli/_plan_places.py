"""The commands of a plan about places: general services around homes, facilities and sites."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli._plan_input import (
    Region,
    finish,
    name_services,
    open_region,
    parse_number,
    parse_pairs,
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

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.i18n import Texts
    from socaccess.programme.general_services import Criterion

__all__ = ["general_services", "keep_located", "parse_criteria"]

SHOWN = 15


class Around(StrEnum):
    """Around what general services are looked for."""

    homes = "homes"
    facilities = "facilities"
    sites = "sites"


def general_services(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell how near shops, schools, health care and stops are, and score each place by it."""
    from socaccess.i18n import Texts
    from socaccess.programme.general_services import (
        reach_amenities,
        read_amenities,
        score_sites,
        summarise_reach,
    )

    texts = Texts(lang.value)
    criteria = parse_criteria(criterion or [])
    amenities = read_amenities(file)
    result, _ = open_region(
        region, view.value, settings, small_counts=False, sites=around is Around.sites
    )
    places = _choose_places(result, around, service, settlement or [])
    column = str(places.columns[0])
    reach = reach_amenities(result.study.network, places[[column, "geometry"]], amenities)
    homes = result.study.settlements.set_index("settlement_id")["population"]
    people = homes if around is Around.homes else None
    summary = summarise_reach(reach, people, criteria)
    scores = score_sites(reach, criteria)
    labels = dict(zip(places[column], places["label"], strict=True))
    scores.insert(1, "name", scores[column].map(labels))
    if not as_json:
        _show_summary(summary, around, texts)
        _show_scores(scores, column, around, texts)
        if "attribution" in amenities.attrs.get("source", {}):
            show_note(texts, "source_line", source=amenities.attrs["source"]["attribution"])
    answer = {
        "around": around.value,
        "objects": amenities["kind"].value_counts().sort_index().to_dict(),
        "summary": summary,
        "scores": scores,
    }
    tables = {"general_summary": summary, "general_scores": scores, "general_reach": reach}
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


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


def _choose_places(
    result: Any, around: Around, service: str | None, names: list[str]
) -> gpd.GeoDataFrame:
    """Return the places asked about: id, `label` and point."""
    from socaccess.errors import InputError
    from socaccess.programme.reach import find_service, find_settlement

    study = result.study
    if around is Around.homes:
        chosen = study.settlements[["settlement_id", "name", "geometry"]]
        if names:
            ids = [find_settlement(study, name) for name in names]
            chosen = chosen[chosen["settlement_id"].isin(ids)]
        return keep_located(chosen.rename(columns={"name": "label"}))
    wanted = str(find_service(study, service)["service"]) if service else None
    if around is Around.facilities:
        table = study.facilities
        table = table[
            table["municipality_id"].isin(study.municipalities["municipality_id"])
            & table["status"].isin(["operating", "planned"])
        ]
        column, label = "facility_id", table["name"]
    else:
        table = result.sites
        column, label = "site_id", table["name"] + " (" + table["service"] + ")"
    table = table.assign(label=label)
    if wanted:
        table = table[table["service"] == wanted]
    if not len(table):
        what = name_services(result, "en").get(wanted or "", "any service")
        raise InputError(f"{study.name} has no {around.value} of {what} to look around")
    return keep_located(table[[column, "label", "geometry"]].drop_duplicates(column))


def keep_located(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places that have a point."""
    missing = places.geometry.isna() | places.geometry.is_empty
    return places[~missing].reset_index(drop=True)


def _show_summary(summary: Any, around: Around, texts: Texts) -> None:
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
    show_table(title, [texts(f"plan.{key}") for key in keys], rows)
    if (summary["basis"] == "proposal").any():
        show_note(texts, "general_proposals")


def _show_scores(scores: Any, column: str, around: Around, texts: Texts) -> None:
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
    show_table(texts(f"plan.general_{worst}", shown=len(shown), n=len(scores)), header, rows)
    unknown = sorted({kind for cell in scores["unknown"] for kind in cell.split(", ") if kind})
    if unknown:
        show_note(texts, "general_unknown", names=_tell_kinds(", ".join(unknown), texts))


def _tell_limit(row: dict[str, Any], texts: Texts) -> str:
    return f"{texts.number(row['limit'])} {row['unit']}"


def _tell_kinds(cell: str, texts: Texts) -> str:
    kinds = [kind for kind in cell.split(", ") if kind]
    return ", ".join(texts(f"plan.general_{kind}") for kind in kinds) or "–"
