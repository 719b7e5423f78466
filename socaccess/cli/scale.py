"""`socaccess scale`: travel times, nearest and coverage of many places, in parts on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.options import (
    Dask,
    Debug,
    Json,
    Lang,
    Language,
    NetworkFile,
    open_client,
    open_network,
    show_progress,
)
from socaccess.cli.speech import App

__all__ = ["app"]

app = App()

Folder = Annotated[Path, typer.Option("--out", help="Folder to write the partitions into.")]
Size = Annotated[
    int | None, typer.Option("--partition", min=1, help="Origins in a partition (default: fits).")
]
Crs = Annotated[str | None, typer.Option("--crs", help="System of x and y, such as EPSG:3059.")]
Cutoff = Annotated[
    float | None, typer.Option("--cutoff", help="Longest minutes of interest (inclusive).")
]
Places = Annotated[Path, typer.Argument(help="csv, xlsx, gpkg, geojson, shp or parquet, with ids")]


@app.command("times")
def times(
    origins: Places,
    destinations: Places,
    out: Folder,
    cutoff: Cutoff = None,
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the travel time from every origin to every destination in reach."""
    from socaccess.cli._places import read_places
    from socaccess.scale import write_travel_times

    starts, ends = read_places(origins, crs), read_places(destinations, crs)
    with _work(network, dask, lang) as common:
        table = write_travel_times(
            common.pop("network"),
            starts,
            ends,
            out,
            cutoff_min=cutoff,
            partition_size=partition,
            **common,
        )
    _tell(table, lang, as_json)


@app.command("nearest")
def nearest(
    settlements: Places,
    facilities: Places,
    out: Folder,
    by: Annotated[str, typer.Option("--by", help="Column that tells kinds apart.")] = "service",
    k: Annotated[int, typer.Option("--k", min=1, help="How many of each kind.")] = 1,
    cutoff: Cutoff = None,
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the nearest facilities of every kind for every settlement."""
    from socaccess.cli._places import read_places
    from socaccess.scale import write_nearest

    places, sites = read_places(settlements, crs), read_places(facilities, crs)
    with _work(network, dask, lang) as common:
        table = write_nearest(
            common.pop("network"),
            places,
            sites,
            out,
            by=by,
            k=k,
            cutoff_min=cutoff,
            partition_size=partition,
            **common,
        )
    _tell(table, lang, as_json)


@app.command("coverage")
def coverage(
    settlements: Places,
    facilities: Places,
    out: Folder,
    limits: Annotated[
        list[str],
        typer.Option("--limit", help="Service and minutes, such as dac_grt=30; may repeat."),
    ],
    group_by: Annotated[
        list[str] | None, typer.Option("--group-by", help="Columns to add up by; may repeat.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Column that holds the service.")] = "service",
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write who is near enough to each service; print the shares by municipality."""
    import pandas as pd

    from socaccess.cli._places import read_places
    from socaccess.guards import guard_frame
    from socaccess.scale import summarise_table, write_coverage

    places, sites = read_places(settlements, crs), read_places(facilities, crs)
    near = _read_limits(limits)
    if "population" in places:
        places = places.assign(population=pd.to_numeric(places["population"], errors="coerce"))
    with _work(network, dask, lang) as common:
        table = write_coverage(
            common.pop("network"),
            places,
            sites,
            near,
            out,
            by=by,
            partition_size=partition,
            **common,
        )
    summary = summarise_table(table, by=tuple(group_by or ("municipality_id",)))
    if as_json:
        typer.echo(summary.to_json(orient="records", double_precision=6, force_ascii=False))
    else:
        typer.echo(guard_frame(summary).to_csv(index=False, lineterminator="\n").rstrip())
        _tell(table, lang, as_json=False)


@app.command("verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="A folder these commands wrote.")],
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check every partition against its hash."""
    from socaccess.scale import open_table

    table = open_table(folder)
    table.verify()
    _tell(table, lang, as_json)


@contextmanager
def _work(network: Path | None, dask: str | None, lang: Language) -> Iterator[dict[str, Any]]:
    """Give network, client and progress for as long as the work takes."""
    from socaccess.i18n import Texts
    from socaccess.network import RoadNetwork

    roads = open_network(network) or RoadNetwork.main_roads()
    with open_client(dask) as client, show_progress(Texts(lang.value)) as tell:
        yield {
            "network": roads,
            "client": client,
            "progress": (lambda done, total: tell("partitions", done, total)) if tell else None,
        }


def _read_limits(words: list[str]) -> dict[str, float]:
    from socaccess.errors import InputError

    limits = {}
    for word in words:
        name, _, minutes = word.partition("=")
        try:
            limits[name.strip()] = float(minutes)
        except ValueError:
            raise InputError(f"--limit {word!r} is not of the form dac_grt=30") from None
    return limits


def _tell(table: Any, lang: Language, as_json: bool) -> None:
    from socaccess.i18n import Texts

    rows = sum(item["rows"] for item in table.files if item["file"].startswith("part-"))
    size_mb = sum(item["bytes"] for item in table.files) / 1e6
    if as_json:
        told = {"folder": str(table.folder), "kind": table.kind, "rows": rows,
                "partitions": len(table.partitions), "bytes": int(size_mb * 1e6)}  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    texts = Texts(lang.value)
    line = texts.count(
        "scale.table",
        len(table.partitions),
        rows=texts.number(rows),
        size=texts.number(size_mb, decimals=1),
        folder=table.folder,
    )
    typer.echo(line, err=True)
