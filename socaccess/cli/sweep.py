"""`socaccess sweep`: one siting question for every season, limit and objective."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import Region, Session, SmallCounts, StudyOptions, open_client

__all__ = ["sweep"]


def sweep(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[list[str], typer.Option("--service")],
    seasons: Annotated[list[str] | None, typer.Option("--season")] = None,
    limit: Annotated[list[float] | None, typer.Option("--limit")] = None,
    objectives: Annotated[list[str] | None, typer.Option("--objective")] = None,
    sites: Annotated[int, typer.Option("--sites", min=1)] = 3,
    seconds: Annotated[float, typer.Option("--seconds")] = 20.0,
    small_counts: SmallCounts = False,
    out: Annotated[Path | None, typer.Option("--out")] = None,
    dask: Annotated[str | None, typer.Option("--dask")] = None,
) -> None:
    """Suggest sites in every season, for every limit and objective; one row each."""
    from socaccess.encoding import encode_csv
    from socaccess.files import write_file
    from socaccess.scale import SEASONS
    from socaccess.scale import sweep as sweep_cases

    study = asked.open(region)
    with open_client(dask) as client, session.progress() as progress:
        table = sweep_cases(
            study,
            services=[name.strip().lower().replace("-", "_") for name in service],
            seasons=_read_seasons(study, seasons or list(SEASONS)),
            limits_min=limit or (),
            objectives=[name.replace("-", "_") for name in objectives or ("mclp", "p_median")],
            sites=sites,
            time_limit_s=seconds,
            allow_small_counts=small_counts,
            client=client,
            progress=lambda done, total: progress("sweep", done, total),
        )
    if session.as_json:
        session.finish(table)
    else:
        _show(session, table, study)
    if out:
        session.wrote(write_file(out, encode_csv(table, excel=session.excel)))


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


def _show(session: Session, table: Any, study: Any) -> None:
    texts = session.texts
    names = dict(zip(study.settlements["settlement_id"], study.settlements["name"], strict=True))
    columns = ("scale.season", "scale.service", "scale.limit", "scale.objective", "scale.status",
               "scale.now", "scale.after", "scale.mean_after", "scale.sites")  # fmt: skip
    seasons = texts.raw("scale.season_")
    rows = [
        (
            str(seasons.get(row.season, row.season)),
            row.service,
            texts.number(row.limit_min),
            row.objective,
            texts(f"cli.status_{row.status}"),
            texts.share(row.share_now),
            texts.share(row.share_after),
            texts.number(row.mean_min_after, decimals=1),
            ", ".join(names.get(name, name) for name in row.site_ids.split(";")),
        )
        for row in table.itertuples()
    ]
    session.table("", [texts(name) for name in columns], rows)
