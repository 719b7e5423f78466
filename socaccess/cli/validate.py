"""`socaccess validate`: is this table usable, what is wrong with it, and how would it be right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.options import Debug, Json, Lang, Language
from socaccess.encoding import encode_json, to_plain

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.i18n import Texts
    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.reference import Reference
    from socaccess.sources.tables import Inspection

__all__ = ["validate"]

EMBEDDED = "embedded"


def validate(
    file: Annotated[Path, typer.Argument(help="csv, xlsx, gpkg, geojson, shp, parquet or kml")],
    form: Annotated[
        str | None,
        typer.Option(
            "--as", help="facilities, settlements, municipalities, need, service_types, candidates"
        ),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="System of x and y, such as EPSG:3059.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Sheet or layer.")] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", help="Project file whose tables this one refers to."),
    ] = None,
    place: Annotated[
        bool, typer.Option("--place", help="Place rows without coordinates by name or address.")
    ] = False,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Facilities that may stand there twice.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option("--against", help="Look for them in this file too, or in: embedded."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write a corrected copy beside it.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="The copy: xlsx, csv, gpkg or geojson.")
    ] = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a table and explain every finding at once; exit 1 when there is any."""
    from socaccess.errors import UnknownNameError, raise_problems
    from socaccess.i18n import Texts
    from socaccess.schemas import FORMS
    from socaccess.sources.tables import inspect_table

    texts = Texts(lang.value)
    if form is not None and form not in FORMS:
        raise UnknownNameError("schemas.no_form", name=form, known=list(FORMS))
    reference, gazetteer = _open_reference(project, place)
    found = inspect_table(
        file,
        FORMS[form] if form else None,
        layer=layer,
        crs=crs,
        reference=reference,
        gazetteer=gazetteer,
    )
    pairs = _find_pairs(found, against, reference) if duplicates or against else None
    left = found
    if fix or out is not None:
        left = _write_copy(found, file, out, reference, crs, pairs, texts)
    if as_json:
        typer.echo(encode_json(_list_answer(left, found, pairs, texts.lang)))
        if left.problems:
            raise typer.Exit(1)
        return
    _show(found, pairs, texts)
    raise_problems(left.problems)
    typer.echo(texts.count("cli.valid", len(found.rows), file=file.name))


def _open_reference(project: Path | None, place: bool) -> tuple[Reference, Gazetteer | None]:
    """Return what the table may refer to, and where its rows may be looked up."""
    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.reference import Reference

    if project is None:
        return Reference.of_latvia(), Gazetteer.embedded() if place else None
    from socaccess.study.project import read_project

    return read_project(project).open_reference(place=place)


def _write_copy(
    found: Inspection,
    file: Path,
    out: Path | None,
    reference: Reference,
    crs: str | None,
    pairs: pd.DataFrame | None,
    texts: Texts,
) -> Inspection:
    """Write the corrected copy and say so; return what is still wrong with it."""
    from socaccess.sources.corrected import choose_copy, write_corrected
    from socaccess.sources.correcting import correct_table

    polygons = found.form.geometry == "polygon"
    copy = choose_copy(file, out, polygons=polygons)
    correction = correct_table(found, reference, crs=crs)
    write_corrected(found, correction, copy, lang=texts.lang, duplicates=pairs)
    typer.echo(texts.count("cli.copied", len(correction.changes), path=copy), err=True)
    if correction.left.problems:
        typer.echo(texts.count("cli.still_wrong", len(correction.left.problems)), err=True)
    return correction.left


def _find_pairs(found: Inspection, against: str | None, reference: Reference) -> pd.DataFrame:
    """Return facilities that may be one and the same, in the file or in it and another."""
    import pandas as pd

    from socaccess.errors import InputError, raise_problems
    from socaccess.schemas import FACILITIES
    from socaccess.sources.duplicates import find_duplicates
    from socaccess.sources.services import load_facilities
    from socaccess.sources.tables import read_table

    if found.form.name != "facilities":
        raise InputError("sources.duplicates_of_facilities", where=found.file)
    raise_problems(found.problems)
    assert found.checked is not None
    frame = found.checked.assign(source=found.file)
    if against is not None:
        other = (
            load_facilities()
            if against == EMBEDDED
            else read_table(against, FACILITIES, reference=reference)
        )
        frame = pd.concat([frame, other.to_crs(frame.crs)], ignore_index=True)
    pairs = find_duplicates(frame)
    own = (pairs["source"] == found.file) | (pairs["duplicate_source"] == found.file)
    return pairs[own].reset_index(drop=True)


def _show(found: Inspection, pairs: pd.DataFrame | None, texts: Texts) -> None:
    """Tell what was read as something else, what is open, and which rows may be the same."""
    from socaccess.sources.correcting import name_changes

    for change in name_changes(found.changes, found.row_names):
        typer.echo(texts("cli.read_as", change=change.text(texts.lang)), err=True)
    for note in found.notes:
        typer.echo(texts("cli.to_decide", note=note.text(texts.lang)), err=True)
    if pairs is None:
        return
    for row in pairs.to_dict("records"):
        typer.echo(
            f"{row['score']:.2f}  {row['facility_id']} = {row['duplicate_id']}  {row['service']}: "
            f"{row['name']} = {row['duplicate_name']}"
        )
    typer.echo(texts.count("cli.pairs", len(pairs)) if len(pairs) else texts("cli.no_duplicates"))


def _list_answer(
    left: Inspection, found: Inspection, pairs: pd.DataFrame | None, lang: str
) -> dict[str, Any]:
    from socaccess.messages import show_value
    from socaccess.sources.correcting import list_findings

    told: dict[str, Any] = {
        "valid": not left.problems,
        "rows": len(found.rows),
        "problems": [
            {"code": p.code, "what": p.describe(lang), "where": p.locate(lang),
             "rows": [show_value(row, lang) for row in p.rows], "hint": p.advise(lang)}
            for p in left.problems
        ],
        "findings": [
            {"kind": item.kind, "row": show_value(item.row_name, lang),
             "column": item.heading or item.column, "value": item.value,
             "code": item.problem.code, "what": item.problem.describe(lang),
             "hint": item.after or item.problem.advise(lang)}
            for item in list_findings(found)
        ],
    }  # fmt: skip
    if pairs is not None:
        told["duplicates"] = to_plain(pairs)
    return told
