"""What the commands of a plan share: options, studies that may leave, tables on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.options import make_console
from socaccess.encoding import encode_csv, encode_json
from socaccess.files import write_files

__all__ = [
    "EXIT_NO",
    "Region",
    "Service",
    "SmallCounts",
    "finish",
    "name_groups",
    "name_services",
    "open_municipality",
    "open_region",
    "parse_number",
    "parse_pairs",
    "parse_years",
    "show_note",
    "show_number",
    "show_table",
]

EXIT_NO = 3

Region = Annotated[str, typer.Argument(help="latgale, kurzeme, riga, vidzeme or zemgale")]
Service = Annotated[str, typer.Option("--service", help="Such as dac_grt or group_home.")]

SmallCounts = Annotated[
    bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
]


def open_region(
    region: str, view: str, settings: Path | None, *, small_counts: bool, sites: bool = False
) -> Any:
    """Return a region's result as it may leave, and the threshold of small counts."""
    from socaccess.settings import Settings
    from socaccess.study import Study
    from socaccess.study.release import release

    chosen = Settings.from_toml(settings) if settings else Settings()
    result = Study.load(region, view=view, settings=chosen).run(sites=sites)
    released = release(result, allow_small_counts=small_counts).result
    if not small_counts:
        released = _take_released_need(released)
    return released, 0 if small_counts else chosen.suppress_below


def _take_released_need(result: Any) -> Any:
    """Return the result whose study, too, knows the need only as it may leave."""
    from dataclasses import replace

    types = result.study.service_types
    group_of = dict(zip(types["service"], types["target_group"], strict=True))
    rows = result.settlement_coverage
    rows = rows[(rows["scenario"] == "now") & rows["persons"].notna()]
    rows = rows.assign(target_group=rows["service"].map(group_of))
    need = rows.drop_duplicates(["settlement_id", "target_group"])
    need = need[["settlement_id", "target_group", "persons"]].assign(basis="estimate")
    return replace(result, study=replace(result.study, need=need.reset_index(drop=True)))


def open_municipality(
    name: str, view: str, settings: Path | None, *, small_counts: bool
) -> tuple[Any, int, str, str]:
    """Return the result of a municipality's region, the threshold, its id and its name."""
    from socaccess.sources.boundaries import find_municipality
    from socaccess.sources.settlements import load_settlements

    identity, title = find_municipality(name, vintage=2009 if view == "plan" else 2025)
    columns = (
        ("municipality_id_2009", "planning_region_2009")
        if view == "plan"
        else ("municipality_id", "planning_region")
    )
    places = load_settlements()
    region = str(places.loc[places[columns[0]] == identity, columns[1]].iloc[0])
    result, below = open_region(region, view, settings, small_counts=small_counts)
    return result, below, identity, title


def parse_pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """Return what `name=value` options say; a bad one is a usage error (exit 2)."""
    pairs = {}
    for value in values:
        name, mark, number = value.partition("=")
        if not mark or not name.strip() or not number.strip():
            raise typer.BadParameter(f"{value!r}: write it as name=value", param_hint=option)
        if name.strip() in pairs:
            raise typer.BadParameter(f"{name.strip()!r} stands twice", param_hint=option)
        pairs[name.strip().lower().replace("-", "_")] = number.strip()
    return pairs


def parse_years(text: str) -> list[int]:
    """Return the years of `2026`, `2026-2030` or `2026,2028`."""
    years: list[int] = []
    try:
        for part in text.split(","):
            first, mark, last = part.strip().partition("-")
            years += range(int(first), int(last if mark else first) + 1)
    except ValueError:
        years = []
    if not years or not all(1990 <= year <= 2100 for year in years):
        raise typer.BadParameter(f"{text!r}: write years as 2026-2030", param_hint="--years")
    return sorted(set(years))


def parse_number(text: str, option: str) -> float:
    """Return a number of an option; a bad one is a usage error (exit 2)."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number", param_hint=option) from None


def show_note(texts: Any, key: str, **values: object) -> None:
    """Print one remark under an answer."""
    make_console().print(f"- {texts(f'plan.{key}', **values)}", highlight=False, soft_wrap=True)


def name_services(result: Any, lang: str) -> dict[str, str]:
    """Return the name of every service of a study in a language."""
    types = result.study.service_types
    return dict(zip(types["service"], types[f"name_{lang}"], strict=True))


def name_groups(lang: str) -> dict[str, str]:
    """Return the name of every target group in a language."""
    from socaccess.sources.services import load_target_groups

    groups = load_target_groups()
    return dict(zip(groups["target_group"], groups[f"name_{lang}"], strict=True))


def show_number(value: Any, texts: Any, *, decimals: int = 1) -> str:
    """Return a cell: a mark as it is, a number in the language, a dash for none."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return "–"
    if isinstance(value, Decimal):
        return str(texts.number(float(value), decimals=2))
    whole = round(float(value), decimals).is_integer()
    return str(texts.number(float(value), decimals=0 if whole else decimals))


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, numbers to the right."""
    from rich.table import Table

    console = make_console()
    console.print(f"[bold]{title}[/bold]", highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(header):
        numeric = rows and all(_is_number(row[number]) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def finish(
    answer: dict[str, Any],
    *,
    as_json: bool,
    out: Path | None,
    texts: Any,
    tables: dict[str, Any] | None = None,
    pages: dict[str, str] | None = None,
    warning: str = "",
) -> None:
    """Print the answer as JSON if asked, and write tables and pages whole into a folder.

    A page is written three times: Markdown, PDF and DOCX, so that it can be attached.
    """
    from socaccess.cli._plan_pages import render_page

    if as_json:
        typer.echo(encode_json(answer))
    if out is None:
        return
    files = {f"{name}.csv": encode_csv(table) for name, table in (tables or {}).items()}
    for name, text in (pages or {}).items():
        files[f"{name}.md"] = text.encode("utf-8")
        for ending, made in render_page(text, texts, warning=warning).items():
            files[f"{name}.{ending}"] = made
    for path in write_files(out, files):
        typer.echo(texts("plan.wrote", path=path), err=True)


def _is_number(cell: str) -> bool:
    return not cell or cell[0] in "0123456789–<>-+≥…"
