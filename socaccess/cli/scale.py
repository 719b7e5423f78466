"""`socaccess scale` and `sweep`: more than one table or one question, in parts or case by case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import App, Region, SmallCounts, StudyOptions, open_client
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse
from socaccess.cli.values import parse_code, parse_limits, parse_number
from socaccess.content import Share

__all__ = ["app", "sweep"]

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
    near = parse_limits(limit)
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
    session.print_json(summary)
    session.print(guard_frame(summary).to_csv(index=False, lineterminator="\n").rstrip())
    if not session.as_json:
        _describe(session, table)


@app.command("verify")
def verify(session: Session, folder: Annotated[Path, typer.Argument()]) -> None:
    """Check every partition against its hash."""
    from socaccess.scale import open_table

    table = open_table(folder)
    table.verify()
    _describe(session, table)


def sweep(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[list[str], typer.Option("--service")],
    seasons: Annotated[list[str] | None, typer.Option("--season")] = None,
    limits: Annotated[str | None, typer.Option("--limits")] = None,
    objectives: Annotated[list[str] | None, typer.Option("--objective")] = None,
    sites: Annotated[int, typer.Option("--sites", min=1)] = 3,
    seconds: Annotated[float, typer.Option("--seconds")] = 20.0,
    small_counts: SmallCounts = False,
    out: Annotated[Path | None, typer.Option("--out")] = None,
    dask: Dask = None,
) -> None:
    """Suggest sites in every season, for every limit and objective; one row each."""
    from socaccess.encoding import encode_csv
    from socaccess.files import write_file
    from socaccess.scale import SEASONS
    from socaccess.scale import sweep as sweep_cases

    compared = [parse_number(part, "--limits") for part in limits.split(",")] if limits else ()
    study = asked.open(region)
    with open_client(dask) as client, session.progress() as progress:
        table = sweep_cases(
            study,
            services=[parse_code(name) for name in service],
            seasons=_read_seasons(study, seasons or list(SEASONS)),
            limits_min=compared,
            objectives=[parse_code(name) for name in objectives or ("mclp", "p_median")],
            sites=sites,
            time_limit_s=seconds,
            allow_small_counts=small_counts,
            client=client,
            progress=lambda done, total: progress("sweep", done, total),
        )
    _show_cases(session, table, study)
    session.print_json(table)
    if out:
        session.wrote(write_file(out, encode_csv(table, excel=session.excel)))


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


def _read_seasons(study: Any, words: list[str]) -> Any:
    """Return names of seasons, or a network for each where a file is named."""
    if not any("=" in word for word in words):
        return words
    from socaccess.network import RoadNetwork
    from socaccess.scale import season_network

    networks = {}
    for word in words:
        name, _, file = word.partition("=")
        networks[name] = RoadNetwork.load(file) if file else season_network(study, name)
    return networks


def _show_cases(session: Session, table: Any, study: Any) -> None:
    texts = session.texts
    names = dict(zip(study.settlements["settlement_id"], study.settlements["name"], strict=True))
    seasons = texts.family("scale.season_")
    session.frame("", table, {
        "scale.season": lambda row: str(seasons.get(row["season"], row["season"])),
        "scale.service": "service",
        "scale.limit": lambda row: texts.number(row["limit_min"]),
        "scale.objective": "objective",
        "scale.status": ("cli.status_", "status"),
        "scale.now": lambda row: Share(row["share_now"]),
        "scale.after": lambda row: Share(row["share_after"]),
        "scale.mean_after": lambda row: texts.number(row["mean_min_after"], decimals=1),
        "scale.sites": lambda row: ", ".join(
            names.get(name, name) for name in (row["site_ids"] or "").split(";")
        ),
    })  # fmt: skip
