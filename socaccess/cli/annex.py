"""`socaccess annex`: what is attached to a plan or an application, as PDF and DOCX."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._studies import ProjectFile, find_in_study, is_project, open_study
from socaccess.cli.options import (
    Debug,
    Lang,
    Language,
    NetworkFile,
    Out,
    SettingsFile,
    View,
    ViewName,
    show_progress,
)

__all__ = ["annex"]


class Form(StrEnum):
    """Two pages, or everything."""

    short = "short"
    full = "full"


def annex(
    context: typer.Context,
    area: Annotated[
        str,
        typer.Argument(
            help="A region, a project file, or a municipality: name, ATVK code or its town."
        ),
    ],
    form: Annotated[
        Form, typer.Option("--form", help="short: two pages; full: everything.")
    ] = Form.full,
    out: Out = None,
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    network: NetworkFile = None,
    project: ProjectFile = None,
    small_counts: Annotated[
        bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write the annex of a region or of one municipality: annex.pdf and annex.docx."""
    from socaccess.i18n import Texts
    from socaccess.outputs import write_annexes

    texts = Texts(lang.value)
    own = str(project) if project else area if is_project(area) else None
    region, municipality_id = (own, None) if own else find_area(area, view.value)
    with show_progress(texts) as progress:
        if progress:
            progress("load")
        study = open_study(
            context, region, view=view.value, settings=settings, network=network, lang=lang.value
        )
        if project:
            municipality_id, _ = find_in_study(study, area)
        result = study.run(progress=progress)
        if progress:
            progress("write")
        written = write_annexes(
            result,
            out or Path("out") / (municipality_id or Path(region).stem),
            lang=lang.value,
            form=form.value,
            municipality_id=municipality_id,
            allow_small_counts=small_counts,
        )
    for path in written:
        typer.echo(texts("cli.wrote", path=path), err=True)


def find_area(area: str, view: str) -> tuple[str, str | None]:
    """Return the region to study and the municipality in it a user means, None for all of it.

    Raises
    ------
    UnknownNameError
        If neither a region nor a municipality nor its town is called so.
    """
    from socaccess.errors import UnknownNameError
    from socaccess.sources import boundaries
    from socaccess.study.embedded import EVERYWHERE, VIEWS

    if area.lower() in (*boundaries.REGIONS, EVERYWHERE):
        return area.lower(), None
    vintage = VIEWS[view]
    try:
        identity, _ = boundaries.find_municipality(area, vintage=vintage)
    except UnknownNameError:
        found = _find_by_town(area, view)
        if found is None:
            raise
        identity = found
    outlines = boundaries.load_municipalities(vintage).set_index("municipality_id")
    column = "planning_region_2009" if view == "plan" else "planning_region"
    return str(outlines.loc[identity, column]), identity


def _find_by_town(name: str, view: str) -> str | None:
    from socaccess.i18n import fold
    from socaccess.sources.settlements import load_settlements

    places: Any = load_settlements()
    towns = places[places["kind"].isin(["city", "town"]) & (places["name"].map(fold) == fold(name))]
    column = "municipality_id_2009" if view == "plan" else "municipality_id"
    homes = set(towns[column].dropna())
    return str(homes.pop()) if len(homes) == 1 else None
