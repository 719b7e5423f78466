"""`socaccess run`: a region from its data to the files that are handed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    NetworkFile,
    Out,
    SettingsFile,
    View,
    ViewName,
    make_console,
    open_network,
    show_progress,
)

__all__ = ["run", "show_headline"]


def run(
    region: Annotated[
        str, typer.Argument(help="latgale, kurzeme, riga, vidzeme, zemgale or latvia")
    ],
    out: Out = None,
    lang: Lang = Language.lv,
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    network: NetworkFile = None,
    as_json: Json = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="Tables with ; and decimal comma.")
    ] = False,
    small_counts: Annotated[
        bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
    ] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="The layers also as geoparquet or geojson; may repeat."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Compute times, coverage, gaps and suggested sites of a region; write map and tables."""
    from socaccess.i18n import Texts
    from socaccess.outputs import write_outputs
    from socaccess.reports.record import tell_record
    from socaccess.settings import Settings
    from socaccess.study import Study

    texts = Texts(lang.value)
    chosen = Settings.from_toml(settings) if settings else Settings()
    with show_progress(texts) as progress:
        if progress:
            progress("load")
        study = Study.load(region, view=view.value, settings=chosen, network=open_network(network))
        result = study.run(progress=progress)
        if progress:
            progress("write")
        folder = out or Path("out") / region
        written = write_outputs(
            result,
            folder,
            lang=lang.value,
            excel=excel,
            allow_small_counts=small_counts,
            formats=formats or (),
        )
    headline = tell_record(result, allow_small_counts=small_counts)["headline"]
    if as_json:
        typer.echo(json.dumps(headline, ensure_ascii=False))
    else:
        show_headline(headline, texts, study.title[lang.value])
    for path in written:
        typer.echo(texts("cli.wrote", path=path), err=True)


def show_headline(headline: dict[str, Any], texts: Any, title: str) -> None:
    """Print the headline as a table with a few sentences."""
    from rich.table import Table

    console = make_console()
    console.print(f"[bold]{title}[/bold]", highlight=False)
    console.print(
        texts(
            "cli.overview",
            municipalities=headline["municipalities"],
            settlements=headline["settlements"],
            population=texts.number(headline["population"]),
        ),
        highlight=False,
    )
    names = _name_services(texts.lang)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(texts("cli.service"), min_width=36)
    table.add_column(texts("cli.limit"), justify="right")
    for key in ("persons", "now", "planned", "suggested"):
        table.add_column(texts(f"cli.{key}"), justify="right")
    for group in headline["groups"]:
        table.add_row(
            f"[bold]{_name_group(group['target_group'], texts.lang)}[/bold]",
            "",
            f"[bold]{_tell(group['persons'], texts)}[/bold]",
            *(f"[bold]{_tell_both(group, s, texts)}[/bold]" for s in _SCENARIOS),
        )
        for row in headline["services"]:
            if row["target_group"] != group["target_group"] or not row["promised"]:
                continue
            known = row["supply_known"]
            table.add_row(
                "  " + names[row["service"]],
                texts.number(row["limit_min"]),
                "",
                *(
                    (_tell_both(row, s, texts) for s in _SCENARIOS)
                    if known
                    else (texts("cli.no_data"), "", "")
                ),
            )
    console.print(table)
    if headline["worst"]:
        worst = ", ".join(
            f"{row['municipality']} ({texts.share(row['covered_share']['now'])})"
            for row in headline["worst"]
        )
        console.print(texts("cli.worst", names=worst), highlight=False, soft_wrap=True)
    for line in tell_caveats(headline, texts):
        console.print(f"- {line}", highlight=False, soft_wrap=True)


_SCENARIOS = ("now", "planned", "suggested")


def tell_caveats(headline: dict[str, Any], texts: Any) -> list[str]:
    """Return what is estimate or modelled in the headline, in plain sentences."""
    lines = [texts("cli.caveat_limits"), texts("cli.caveat_need")]
    lines += [
        target[f"note_{texts.lang}"]
        for target in headline["targets"]
        if target["indicator"] != "target"
    ]
    lines.append(texts("cli.caveat_planned"))
    if headline["modelled_share"] is not None:
        lines.append(texts("cli.caveat_modelled", share=texts.share(headline["modelled_share"])))
    if headline["not_located"]["facilities"]:
        lines.append(texts.count("cli.caveat_not_located", headline["not_located"]["facilities"]))
    return lines


def _tell_both(row: dict[str, Any], scenario: str, texts: Any) -> str:
    share = texts.share(row["covered_share"][scenario])
    count = row["covered"][scenario]
    return share if count is None else f"{_tell(count, texts)} ({share})"


def _tell(count: float | str | None, texts: Any) -> str:
    return count if isinstance(count, str) else texts.number(count)


def _name_services(lang: str) -> dict[str, str]:
    from socaccess.sources.services import load_service_types

    types = load_service_types()
    return dict(zip(types["service"], types[f"name_{lang}"], strict=True))


def _name_group(group: str, lang: str) -> str:
    from socaccess.sources.services import load_target_groups

    groups = load_target_groups().set_index("target_group")
    return str(groups.loc[group, f"name_{lang}"])
