"""`socaccess scale`: travel times, nearest and coverage of many places, in parts on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import App, Session, open_client, read_limits
from socaccess.cli.speech import Misuse

__all__ = ["app"]

app = App()

Folder = Annotated[Path, typer.Option("--out")]
Size = Annotated[int | None, typer.Option("--partition", min=1)]
Crs = Annotated[str | None, typer.Option("--crs")]
Cutoff = Annotated[float | None, typer.Option("--cutoff")]
NetworkFile = Annotated[Path | None, typer.Option("--network")]
Dask = Annotated[str | None, typer.Option("--dask")]
Places = Annotated[Path, typer.Argument()]


@app.command("times")
def times(
    session: Session,
    origins: Places,
    destinations: Places,
    out: Folder,
    cutoff: Cutoff = None,
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
) -> None:
    """Write the travel time from every origin to every destination in reach."""
    from socaccess.scale import write_travel_times

    starts, ends = _read_places(origins, crs), _read_places(destinations, crs)
    with _work(session, network, dask) as (roads, common):
        table = write_travel_times(
            roads, starts, ends, out, cutoff_min=cutoff, partition_size=partition, **common
        )
    _describe(session, table)


@app.command("nearest")
def nearest(
    session: Session,
    settlements: Places,
    facilities: Places,
    out: Folder,
    by: Annotated[str, typer.Option("--by")] = "service",
    k: Annotated[int, typer.Option("--k", min=1)] = 1,
    cutoff: Cutoff = None,
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
) -> None:
    """Write the nearest facilities of every kind for every settlement."""
    from socaccess.scale import write_nearest

    places, sites = _read_places(settlements, crs), _read_places(facilities, crs)
    with _work(session, network, dask) as (roads, common):
        table = write_nearest(
            roads, places, sites, out,
            by=by, k=k, cutoff_min=cutoff, partition_size=partition, **common,
        )  # fmt: skip
    _describe(session, table)


@app.command("coverage")
def coverage(
    session: Session,
    settlements: Places,
    facilities: Places,
    out: Folder,
    limit: Annotated[list[str], typer.Option("--limit")],
    group_by: Annotated[list[str] | None, typer.Option("--group-by")] = None,
    by: Annotated[str, typer.Option("--by")] = "service",
    network: NetworkFile = None,
    partition: Size = None,
    dask: Dask = None,
    crs: Crs = None,
) -> None:
    """Write who is near enough to each service; print the shares by municipality."""
    import pandas as pd

    from socaccess.guards import guard_frame
    from socaccess.scale import summarise_table, write_coverage

    places, sites = _read_places(settlements, crs), _read_places(facilities, crs)
    near = read_limits(limit)
    if "" in near:
        if by not in sites:
            raise Misuse("cli.bad_limit", "--limit", given=limit)
        everywhere = near.pop("")
        near = {**dict.fromkeys(sites[by].astype(str), everywhere), **near}
    if "population" in places:
        places = places.assign(population=pd.to_numeric(places["population"], errors="coerce"))
    with _work(session, network, dask) as (roads, common):
        table = write_coverage(
            roads, places, sites, near, out, by=by, partition_size=partition, **common
        )
    summary = summarise_table(table, by=tuple(group_by or ("municipality_id",)))
    if session.as_json:
        session.finish(summary)
    else:
        session.print(guard_frame(summary).to_csv(index=False, lineterminator="\n").rstrip())
        _describe(session, table)


@app.command("verify")
def verify(session: Session, folder: Annotated[Path, typer.Argument()]) -> None:
    """Check every partition against its hash."""
    from socaccess.scale import open_table

    table = open_table(folder)
    table.verify()
    _describe(session, table)


def _read_places(path: Path, crs: str | None) -> Any:
    from socaccess.sources.points import read_points

    return read_points(path, crs)[0]


@contextmanager
def _work(
    session: Session, network: Path | None, dask: str | None
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Give the network, and client and progress, for as long as the work takes."""
    from socaccess.network import RoadNetwork

    roads = RoadNetwork.load(network) if network else RoadNetwork.main_roads()
    with open_client(dask) as client, session.progress() as progress:
        yield (
            roads,
            {
                "client": client,
                "progress": lambda done, total: progress("partitions", done, total),
            },
        )


def _describe(session: Session, table: Any) -> None:
    rows = sum(item["rows"] for item in table.files if item["file"].startswith("part-"))
    size = sum(item["bytes"] for item in table.files)
    if session.as_json:
        session.finish(
            {
                "folder": table.folder,
                "kind": table.kind,
                "rows": rows,
                "partitions": len(table.partitions),
                "bytes": size,
            }
        )
        return
    texts = session.texts
    session.remark(
        texts.count(
            "scale.table",
            len(table.partitions),
            rows=texts.number(rows),
            size=texts.number(size / 1e6, decimals=1),
            folder=table.folder,
        )
    )
