"""`socaccess run`: a region from its data to the files that are handed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli._studies import is_project, open_study
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
    show_progress,
)

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.project import Outputs

__all__ = ["run", "show_headline"]


EXIT_USAGE = 2


def run(
    context: typer.Context,
    region: Annotated[
        str | None,
        typer.Argument(
            help="latgale, kurzeme, riga, vidzeme, zemgale, latvia, or a project file (.toml)"
        ),
    ] = None,
    out: Out = None,
    lang: Lang = Language.lv,
    view: View = ViewName.today,
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
    init: Annotated[
        Path | None, typer.Option("--init", help="Write a project file to fill in, and stop.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Compute times, coverage, gaps and suggested sites of a region; write map and tables."""
    from socaccess.cli._run_project import open_project, start_project
    from socaccess.i18n import Texts
    from socaccess.study.project import Outputs

    if init is not None:
        start_project(init, lang.value)
        return
    if region is None:
        typer.echo("Missing argument 'REGION'; see socaccess run --help.", err=True)
        raise typer.Exit(EXIT_USAGE)
    asked = Outputs(
        out or Path("out") / region, (lang.value,), excel, tuple(formats or ()), small_counts
    )
    if is_project(region):
        study, asked = open_project(context, Path(region), asked, network)
    else:
        with show_progress(Texts(lang.value)) as progress:
            if progress:
                progress("load")
            study = open_study(
                context,
                region,
                view=view.value,
                settings=settings,
                network=network,
                lang=lang.value,
            )
    _run_and_write(study, asked, as_json)


def _run_and_write(study: Study, asked: Outputs, as_json: bool) -> None:
    """Run a study, write what is asked in every language, show the headline in the first."""
    from socaccess.documents.record import tell_record
    from socaccess.i18n import Texts
    from socaccess.outputs import write_outputs
    from socaccess.study.release import run_released

    texts = Texts(asked.languages[0])
    written = []
    with show_progress(texts) as progress:
        released = run_released(
            study, allow_small_counts=asked.show_small_counts, progress=progress
        )
        if progress:
            progress("write")
        for lang in asked.languages:
            several = len(asked.languages) > 1
            written += write_outputs(
                released,
                asked.folder / lang if several else asked.folder,
                lang=lang,
                excel=asked.excel,
                formats=asked.formats,
            )
    headline = tell_record(released)["headline"]
    if as_json:
        typer.echo(json.dumps(headline, ensure_ascii=False))
    else:
        show_headline(headline, texts, study)
    for path in written:
        typer.echo(texts("cli.wrote", path=path), err=True)


def show_headline(headline: dict[str, Any], texts: Any, study: Study) -> None:
    """Print the headline as a table with a few sentences."""
    from rich.markup import escape
    from rich.table import Table

    console = make_console()
    console.print(f"[bold]{escape(study.title[texts.lang])}[/bold]", highlight=False)
    console.print(
        texts(
            "cli.overview",
            municipalities=headline["municipalities"],
            settlements=headline["settlements"],
            population=texts.number(headline["population"]),
        ),
        highlight=False,
    )
    types = study.service_types
    assert types is not None
    names = dict(zip(types["service"], types[f"name_{texts.lang}"], strict=True))
    groups = study.name_groups(texts.lang)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(texts("cli.service"), min_width=36)
    table.add_column(texts("cli.limit"), justify="right")
    for key in ("persons", "now", "planned", "suggested"):
        table.add_column(texts(f"cli.{key}"), justify="right")
    for group in headline["groups"] or _list_groups(headline):
        shown = _SCENARIOS if "covered" in group else ()
        table.add_row(
            f"[bold]{escape(groups[group['target_group']])}[/bold]",
            "",
            f"[bold]{_tell(group['persons'], texts)}[/bold]",
            *(f"[bold]{_tell_both(group, s, texts)}[/bold]" for s in shown),
        )
        for row in headline["services"]:
            if row["target_group"] != group["target_group"] or not row["promised"]:
                continue
            known = row["supply_known"]
            table.add_row(
                "  " + escape(names[row["service"]]),
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
    for line in tell_caveats(headline, texts, study):
        console.print(f"- {line}", highlight=False, soft_wrap=True)


def _list_groups(headline: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the groups of the promised services, where no plan says how many people it means."""
    persons = {
        row["target_group"]: row["persons"] for row in headline["services"] if row["promised"]
    }
    return [{"target_group": group, "persons": persons[group]} for group in sorted(persons)]


_SCENARIOS = ("now", "planned", "suggested")


def tell_caveats(headline: dict[str, Any], texts: Any, study: Study) -> list[str]:
    """Return what is estimate or modelled in the headline, in plain sentences."""
    lines = [texts("cli.caveat_limits")]
    if study.need_is_estimated:
        lines.append(texts("cli.caveat_need"))
    lines += [
        target[f"note_{texts.lang}"]
        for target in headline["targets"]
        if target.get("indicator", "target") != "target" and target.get(f"note_{texts.lang}")
    ]
    lines.append(texts("cli.caveat_planned"))
    if headline["modelled_share"] is not None:
        key = "caveat_modelled" if study.roads_are_modelled else "caveat_modelled_roads"
        lines.append(texts(f"cli.{key}", share=texts.share(headline["modelled_share"])))
    if headline["not_located"]["facilities"]:
        lines.append(texts.count("cli.caveat_not_located", headline["not_located"]["facilities"]))
    return lines


def _tell_both(row: dict[str, Any], scenario: str, texts: Any) -> str:
    share = texts.share(row["covered_share"][scenario])
    count = row["covered"][scenario]
    return share if count is None else f"{_tell(count, texts)} ({share})"


def _tell(count: float | str | None, texts: Any) -> str:
    return count if isinstance(count, str) else texts.number(count)
