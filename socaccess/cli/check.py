"""`socaccess check`: the coverage gaps of one municipality."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from socaccess.cli._studies import ProjectFile, find_in_study, open_study
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    NetworkFile,
    SettingsFile,
    make_console,
)

__all__ = ["check"]

EXIT_NO = 3


def check(
    context: typer.Context,
    municipality: Annotated[str, typer.Argument(help="Name or ATVK code; old names lead to new.")],
    lang: Lang = Language.lv,
    min_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of people who must live within each limit."),
    ] = 1.0,
    own: Annotated[
        bool, typer.Option("--own", help="Count the municipality's own facilities only.")
    ] = False,
    settings: SettingsFile = None,
    network: NetworkFile = None,
    project: ProjectFile = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell which services a municipality's people have near; exit 3 when a standard is not met."""
    from socaccess.documents.tables import list_tables
    from socaccess.i18n import Texts
    from socaccess.sources.boundaries import find_municipality

    if project is None:
        identity, name = find_municipality(municipality)
    study = open_study(
        context, str(project) if project else "latvia",
        view="today", settings=settings, network=network, lang=lang.value,
    )  # fmt: skip
    if project is not None:
        identity, name = find_in_study(study, municipality)
    result = study.select([identity]).run(sites=False)
    texts = Texts(lang.value)
    scope = "own" if own else "any"
    table = list_tables(result)["coverage"]
    table = table[(table["scope"] == scope) & (table["scenario"] != "suggested")]
    rows = [_tell_service(row, table) for row in result.summary["services"] if row["promised"]]
    # Where the data knows no facility of a service anywhere, it cannot say that a standard fails.
    failed = [row for row in rows if row["supply_known"] and (row["now"] or 0) < min_share]
    unknown = [row["service"] for row in rows if not row["supply_known"]]
    if as_json:
        answer = {
            "municipality_id": identity,
            "municipality": name,
            "scope": scope,
            "min_share": min_share,
            "met": not failed,
            "services": rows,
            "failed": [row["service"] for row in failed],
            "no_data": unknown,
        }
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _show(name, rows, failed, result, texts)
    raise typer.Exit(EXIT_NO if failed else 0)


def _tell_service(row: dict[str, Any], table: Any) -> dict[str, Any]:
    own = table[table["service"] == row["service"]].set_index("scenario")
    now = own.loc["now"]
    plain = {name: now[name] for name in ("persons", "mean_min", "p90_min", "max_min")}
    return {
        "service": row["service"],
        "limit_min": row["limit_min"],
        "supply_known": row["supply_known"],
        "now": _number(now["covered_share"]),
        "planned": _number(own.loc["planned", "covered_share"]),
        **{
            name: value if isinstance(value, str) else _number(value)
            for name, value in plain.items()
        },
    }


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _show(
    name: str, rows: list[dict[str, Any]], failed: list[Any], result: Any, texts: Any
) -> None:
    from rich.table import Table

    types = result.service_types.set_index("service")
    console = make_console()
    console.print(f"[bold]{name}[/bold]", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(texts("cli.service"), min_width=36)
    for key in ("limit", "now", "planned", "mean", "longest"):
        table.add_column(texts(f"cli.{key}"), justify="right")
    for row in rows:
        label = str(types.loc[row["service"], f"name_{texts.lang}"])
        limit = texts.number(row["limit_min"])
        if not row["supply_known"]:
            table.add_row(label, limit, texts("cli.no_data"), "", "", "")
            continue
        table.add_row(
            label,
            limit,
            texts.share(row["now"]),
            texts.share(row["planned"]),
            texts.number(row["mean_min"]),
            texts.number(row["max_min"]),
        )
    console.print(table)
    gaps = result.gaps
    for row in failed:
        here = gaps[gaps["service"] == row["service"]]
        names = ", ".join(
            f"{gap.settlement} ({texts.number(gap.travel_min)})"
            for gap in here.head(8).itertuples()
        )
        label = str(types.loc[row["service"], f"name_{texts.lang}"])
        if names:
            console.print(
                texts("cli.gap_line", service=label, names=names), highlight=False, soft_wrap=True
            )
    verdict = texts.count("cli.not_met", len(failed)) if failed else texts("cli.met")
    console.print(verdict, highlight=False)
