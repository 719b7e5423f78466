"""`socaccess network`: from an OpenStreetMap extract to a network file, and what is in one."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.options import Debug, Json, Lang, Language, show_progress

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Road networks from OpenStreetMap extracts.")


class Season(StrEnum):
    """Seasons that change speeds on unpaved roads."""

    summer = "summer"
    winter = "winter"
    thaw = "thaw"


@app.command("build")
def build(
    source: Annotated[Path, typer.Argument(help="An extract: .osm.pbf or .osm")],
    out: Annotated[Path, typer.Option("--out", help="The network file to write.")],
    season: Annotated[Season, typer.Option("--season", help="Season of the speeds.")] = (
        Season.summer
    ),
    profile: Annotated[
        Path | None, typer.Option("--profile", help="TOML file with speeds of your own.")
    ] = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the roads of an extract, build the network and save it; say what was counted."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork

    texts = Texts(lang.value)
    with show_progress(texts) as tell:
        network = RoadNetwork.from_osm(
            source,
            profile=profile,
            season=season.value,
            progress=(lambda done, total: tell("network", done, total)) if tell else None,
        )
    network.save(out)
    _show(network, texts, as_json)
    typer.echo(texts("cli.wrote", path=out), err=True)


@app.command("info")
def info(
    file: Annotated[Path, typer.Argument(help="A network file.")],
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Open a network file, check it, and tell what is in it."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork

    _show(RoadNetwork.load(file), Texts(lang.value), as_json)


def _show(network: Any, texts: Any, as_json: bool) -> None:
    told = {
        "nodes": network.node_count,
        "edges": network.edge_count,
        "length_km": round(float(network.length_m.sum()) / 1000, 1),
        "crs": network.crs,
        **dict(network.provenance),
    }
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    typer.echo(
        texts(
            "cli.network",
            nodes=texts.number(told["nodes"]),
            edges=texts.number(told["edges"]),
            length=texts.number(told["length_km"]),
            crs=told["crs"],
        )
    )
    for name, count in dict(told.get("counts", {})).items():
        if count:
            typer.echo(f"  {name}: {count}")
