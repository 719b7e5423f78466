"""`socaccess sweep`: one siting question for every season, limit and objective."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.options import (
    Dask,
    Debug,
    Json,
    Lang,
    Language,
    SettingsFile,
    View,
    ViewName,
    make_console,
    open_client,
    show_progress,
)

__all__ = ["sweep"]


def sweep(
    region: Annotated[
        str, typer.Argument(help="latgale, kurzeme, riga, vidzeme, zemgale or latvia")
    ],
    service: Annotated[
        list[str], typer.Option("--service", help="Service code, such as group_home; may repeat.")
    ],
    seasons: Annotated[
        list[str] | None,
        typer.Option("--season", help="normal, winter, or name=FILE of a network; may repeat."),
    ] = None,
    limits: Annotated[
        list[float] | None, typer.Option("--limit", help="Minutes (inclusive); may repeat.")
    ] = None,
    objectives: Annotated[
        list[str] | None,
        typer.Option("--objective", help="mclp, lscp, p_median, p_center, lex_minimax; may repeat"),
    ] = None,
    sites: Annotated[int, typer.Option("--sites", min=1, help="How many new sites.")] = 3,
    seconds: Annotated[float, typer.Option(help="Time limit of one problem.")] = 20.0,
    small_counts: Annotated[
        bool, typer.Option("--show-small-counts", help="Ask of the true counts of persons.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write.")] = None,
    dask: Dask = None,
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Suggest sites in every season, for every limit and objective; one row each."""
    from socaccess.documents.tables import write_csv
    from socaccess.i18n import Texts
    from socaccess.scale import SEASONS
    from socaccess.scale import sweep as sweep_cases
    from socaccess.settings import Settings
    from socaccess.study import Study

    texts = Texts(lang.value)
    chosen = Settings.from_toml(settings) if settings else Settings()
    study = Study.load(region, view=view.value, settings=chosen)
    with open_client(dask) as client, show_progress(texts) as tell:
        table = sweep_cases(
            study,
            services=[name.strip().lower().replace("-", "_") for name in service],
            seasons=_read_seasons(study, seasons or list(SEASONS)),
            limits_min=limits or (),
            objectives=[name.replace("-", "_") for name in objectives or ("mclp", "p_median")],
            sites=sites,
            time_limit_s=seconds,
            allow_small_counts=small_counts,
            client=client,
            progress=(lambda done, total: tell("sweep", done, total)) if tell else None,
        )
    if as_json:
        typer.echo(table.to_json(orient="records", double_precision=6, force_ascii=False))
    else:
        _show(table, study, texts)
    if out:
        write_csv(table, out)
        typer.echo(texts("cli.wrote", path=out), err=True)


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


def _show(table: Any, study: Any, texts: Any) -> None:
    from rich.table import Table

    names = dict(zip(study.settlements["settlement_id"], study.settlements["name"], strict=True))
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for key in ("season", "service", "limit", "objective", "status", "now", "after", "mean_after",
                "sites"):  # fmt: skip
        right = key in ("limit", "now", "after", "mean_after")
        shown.add_column(texts(f"scale.{key}"), justify="right" if right else "left")
    for row in table.itertuples():
        known = row.season in ("normal", "winter")
        shown.add_row(
            texts(f"scale.season_{row.season}") if known else row.season,
            row.service,
            texts.number(row.limit_min),
            row.objective,
            texts(f"cli.status_{row.status}"),
            texts.share(row.share_now),
            texts.share(row.share_after),
            texts.number(row.mean_min_after, decimals=1),
            ", ".join(names.get(name, name) for name in row.site_ids.split(";")),
        )
    make_console().print(shown)
