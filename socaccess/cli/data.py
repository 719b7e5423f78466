"""`socaccess data`: what ships with the project, and whether it is whole."""

from __future__ import annotations

import json

import typer

from socaccess.cli.options import Debug, Json, Lang, Language

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The data that ships with the project.")


@app.command("list")
def list_data(lang: Lang = Language.lv, as_json: Json = False, debug: Debug = False) -> None:
    """List the embedded files with their size, and whom to name as the source."""
    from socaccess.sources.embedded import list_attributions, verify_data

    files = verify_data()
    attributions = list_attributions(lang.value)
    if as_json:
        answer = {"files": files.to_dict("records"), "attribution": attributions}
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for row in files.itertuples():
        typer.echo(f"{row.package}/{row.path}\t{row.bytes}")
    for line in attributions:
        typer.echo(line)


@app.command("verify")
def verify(lang: Lang = Language.lv, debug: Debug = False) -> None:
    """Compare every embedded file with its hash; exit 1 when one differs."""
    from socaccess.i18n import Texts
    from socaccess.sources.embedded import require_whole, verify_data

    require_whole()
    typer.echo(Texts(lang.value).count("cli.verified", len(verify_data())))
