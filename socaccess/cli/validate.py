"""`socaccess validate`: is this table usable, and what is wrong with it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli.options import Debug, Json, Lang, Language

__all__ = ["validate"]


def validate(
    file: Annotated[Path, typer.Argument(help="csv, xlsx, gpkg, geojson, shp or parquet")],
    form: Annotated[
        str | None,
        typer.Option("--as", help="facilities, settlements, municipalities, need, service_types"),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="System of x and y, such as EPSG:3059.")
    ] = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a table and explain every finding at once; exit 1 when there is any."""
    from socaccess.errors import InputError, UnknownNameError
    from socaccess.i18n import Texts
    from socaccess.schemas import FORMS
    from socaccess.sources.tables import read_table

    texts = Texts(lang.value)
    if form is not None and form not in FORMS:
        raise UnknownNameError(f"no table {form!r}; there are {', '.join(FORMS)}")
    try:
        frame = read_table(file, FORMS[form] if form else None, crs=crs)
    except InputError as error:
        if not as_json:
            raise
        problems = [
            {"what": p.what, "where": p.where, "rows": list(p.rows), "hint": p.hint}
            for p in error.problems
        ]
        typer.echo(json.dumps({"valid": False, "problems": problems}, ensure_ascii=False))
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"valid": True, "rows": len(frame)}))
    else:
        typer.echo(texts.count("cli.valid", len(frame), file=file.name))
