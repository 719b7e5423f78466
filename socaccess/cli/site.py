"""`socaccess site`: where the next facilities of one service should go."""

from __future__ import annotations

import json
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
)

__all__ = ["site"]

EXIT_NO = 3


def site(
    region: Annotated[
        str, typer.Argument(help="latgale, kurzeme, riga, vidzeme, zemgale or latvia")
    ],
    service: Annotated[str, typer.Option("--service", help="Service code, such as group_home.")],
    sites: Annotated[int, typer.Option("--sites", min=1, help="How many new sites.")] = 3,
    limit: Annotated[
        float | None, typer.Option("--limit", help="Minutes that count as near (inclusive).")
    ] = None,
    out: Out = None,
    lang: Lang = Language.lv,
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    network: NetworkFile = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Suggest sites that bring the most people within the limit, with a certificate."""
    from dataclasses import replace

    from socaccess.i18n import Texts
    from socaccess.outputs import write_outputs
    from socaccess.reports.tables import list_tables
    from socaccess.settings import Settings
    from socaccess.study import Study

    texts = Texts(lang.value)
    service = service.strip().lower().replace("-", "_")
    chosen = Settings.from_toml(settings) if settings else Settings()
    limits = {**chosen.limits_min, **({service: limit} if limit is not None else {})}
    chosen = replace(chosen, limits_min=limits, new_sites=sites, site_services=(service,))
    result = Study.load(
        region, view=view.value, settings=chosen, network=open_network(network)
    ).run()
    table = list_tables(result)["sites"]
    plans = json.loads(result.plans.to_json(orient="records", double_precision=6))
    if as_json:
        answer: dict[str, Any] = {
            "service": service,
            "sites": json.loads(table.to_json(orient="records")),
            "certificate": plans,
        }
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _show(table, plans, texts)
    if out:
        for path in write_outputs(result, out, lang=lang.value):
            typer.echo(texts("cli.wrote", path=path), err=True)
    raise typer.Exit(0 if len(table) else EXIT_NO)


def _show(table: Any, plans: list[dict[str, Any]], texts: Any) -> None:
    from rich.table import Table

    console = make_console()
    if not len(table):
        console.print(texts("cli.no_site"), highlight=False)
    else:
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for key in ("rank", "place", "municipality"):
            shown.add_column(texts(f"cli.{key}"))
        for key in ("gain_persons", "gain_population"):
            shown.add_column(texts(f"cli.{key}"), justify="right")
        for row in table.itertuples():
            gain = row.gain_persons
            shown.add_row(
                str(row.rank),
                row.name,
                row.municipality,
                gain if isinstance(gain, str) else texts.number(gain, decimals=1),
                texts.number(float(row.gain_population)),
            )
        console.print(shown)
    for plan in plans:
        console.print(
            texts(
                "cli.certificate",
                objective=texts(f"cli.objective_{plan['objective']}"),
                status=texts(f"cli.status_{plan['status']}"),
                value=texts.number(plan["value"], decimals=1),
                bound=texts.number(plan["bound"], decimals=1),
                gap=texts.share(plan["gap"], decimals=2),
            ),
            highlight=False,
            soft_wrap=True,
        )
