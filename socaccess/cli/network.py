"""`socaccess network`: from an OpenStreetMap extract to a network file, and travel on it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli._network_places import put_on_roads, read_places
from socaccess.cli._network_show import show_network
from socaccess.cli._network_trips import check_layer_name, show_trips, write_layer
from socaccess.cli.options import Debug, Json, Lang, Language, show_progress
from socaccess.cli.speech import App

__all__ = ["app"]

app = App()


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
    hierarchy: Annotated[
        bool, typer.Option("--hierarchy", help="Also prepare it for large tables of times.")
    ] = False,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the roads of an extract, build the network and save it; say what was counted."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork
    from socaccess.network.hierarchies import hierarchy_path

    texts = Texts(lang.value)
    with show_progress(texts) as tell:
        network = RoadNetwork.from_osm(
            source,
            profile=profile,
            season=season.value,
            progress=(lambda done, total: tell("network", done, total)) if tell else None,
        )
        if hierarchy and tell:
            tell("hierarchy")
        network.save(out, hierarchy=hierarchy)
    show_network(network, texts, as_json)
    typer.echo(texts("cli.wrote", path=out), err=True)
    if hierarchy:
        typer.echo(texts("cli.wrote", path=hierarchy_path(out)), err=True)


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

    show_network(RoadNetwork.load(file), Texts(lang.value), as_json)


From = Annotated[
    list[str], typer.Option("--from", help="Where trips begin: lon,lat or a file of points.")
]
To = Annotated[
    list[str], typer.Option("--to", help="Where trips end: lon,lat or a file of points.")
]


@app.command("route")
def route(
    file: Annotated[Path, typer.Argument(help="A network file.")],
    begin: From,
    end: To,
    out: Annotated[
        Path | None, typer.Option("--out", help="Layer of the lines: .gpkg or .geojson.")
    ] = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the fastest way from every origin to every destination; write it as lines."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork
    from socaccess.travel import routes

    texts = Texts(lang.value)
    if out is not None:
        check_layer_name(out)
    network = RoadNetwork.load(file)
    origins = put_on_roads(network, read_places(begin, "--from"), texts)
    destinations = put_on_roads(network, read_places(end, "--to"), texts)
    drawn = routes(network, origins, destinations)
    if out is not None:
        write_layer(drawn, out, dict(network.provenance))
    show_trips(drawn, texts, as_json)
    if out is not None:
        typer.echo(texts("cli.wrote", path=out), err=True)


@app.command("times")
def times(
    file: Annotated[Path, typer.Argument(help="A network file.")],
    begin: From,
    end: To,
    out: Annotated[Path, typer.Option("--out", help="The table to write: .parquet.")],
    cutoff: Annotated[
        float | None, typer.Option("--cutoff", help="Longest time in minutes, inclusive.")
    ] = None,
    lengths: Annotated[bool, typer.Option("--lengths", help="Measure the ways too.")] = False,
    memory: Annotated[
        float, typer.Option("--memory-mb", help="Memory for a part of the table, in megabytes.")
    ] = 500.0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads to use.")] = 1,
    lang: Lang = Language.lv,
    debug: Debug = False,
) -> None:
    """Write the travel times from every origin to every destination within reach."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork
    from socaccess.travel import travel_blocks

    texts = Texts(lang.value)
    network = RoadNetwork.load(file)
    origins = put_on_roads(network, read_places(begin, "--from"), texts)
    destinations = put_on_roads(network, read_places(end, "--to"), texts)
    with show_progress(texts) as tell:
        rows = travel_blocks(
            network,
            origins,
            destinations,
            lengths=lengths,
            cutoff_min=cutoff,
            memory_mb=memory,
            threads=threads,
            progress=(lambda done, total: tell("travel", done, total)) if tell else None,
        ).to_parquet(out)
    pairs = texts.number(len(origins.ids) * len(destinations.ids))
    typer.echo(texts.count("cli.pairs_in_reach", rows, pairs=pairs))
    typer.echo(texts("cli.wrote", path=out), err=True)
