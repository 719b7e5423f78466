"""What `socaccess round` shows of a form that came back: as lines, as a table, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from socaccess.cli.options import make_console

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.rounds import FormCheck, SnapshotChanges, TakenForm

__all__ = ["show_changes", "show_form", "show_table", "summarise", "tell_form"]


def summarise(check: FormCheck, taken: TakenForm | None, texts: Texts) -> str:
    """Return one line on a form."""
    faulty = sum(row.faulty for row in check.rows)
    values = {"file": check.file, "municipality": check.municipality, "rows": len(check.rows)}
    if not check.usable:
        return texts("round.form_refused", file=check.file)
    if taken is None:
        return texts("round.form_checked", **values, faulty=faulty)
    counts = {name: taken.count(name) for name in ("accepted", "refused", "pending", "faulty")}
    return texts("round.form_taken", **values, **counts)


def show_form(check: FormCheck, taken: TakenForm | None, texts: Texts) -> None:
    """Print what is found in a form and how it differs."""
    typer.echo(summarise(check, taken, texts))
    for finding in check.findings:
        typer.echo(f"  ! {finding.text(texts.lang)}")
    rows = [
        (row.name, row.item, texts(f"round.column_{d.column}"), d.issued, d.said, d.stood,
         texts(f"round.decision_{taken.decisions.get(row.name, 'pending')}") if taken else "")
        for row in check.rows
        for d in row.differences
    ]  # fmt: skip
    if rows:
        heads = [texts("round.column_row")]
        heads += [texts(f"round.head_{name}") for name in ("item", "column", "issued", "said",
                  "stood", "decision")]  # fmt: skip
        show_table(heads, rows)


def show_changes(
    changes: SnapshotChanges, names: dict[str, str], labels: dict[str, str], texts: Texts
) -> None:
    """Print what changed between two snapshots: facilities, who lives near, persons in need."""
    for row in changes.facilities.itertuples():
        change = texts(f"round.change_{row.change}")
        sides = ""
        if row.change in ("places", "renamed", "service"):
            sides = f": {_label(row.before, labels)} → {_label(row.after, labels)}"
        elif row.change == "moved":
            sides = f" ({texts.number(row.moved_m)} m)"
        where = names.get(row.municipality_id, "")
        kind = labels.get(row.service, row.service)
        typer.echo(f"{where}: {row.name} ({kind}) – {change}{sides}")
    coverage = changes.coverage
    now = coverage[(coverage["scenario"] == "now") & (coverage["scope"] == "any")]
    for row in now.itertuples():
        typer.echo(
            texts(
                "round.snapshot_coverage",
                municipality=names.get(row.municipality_id, ""),
                service=labels.get(row.service, row.service),
                before=texts.number(row.population_covered_before),
                after=texts.number(row.population_covered_after),
            )
        )
    for row in changes.persons.itertuples():
        counts = [
            value if isinstance(value, str) else texts.number(value)
            for value in (row.persons_before, row.persons_after)
        ]
        typer.echo(
            texts(
                "round.snapshot_persons",
                municipality=names.get(row.municipality_id, ""),
                group=labels.get(row.target_group, row.target_group),
                before=counts[0],
                after=counts[1],
            )
        )


def _label(value: str, labels: dict[str, str]) -> str:
    return labels.get(value, value) or "–"


def tell_form(check: FormCheck, taken: TakenForm | None, texts: Texts) -> dict[str, Any]:
    """Return a form as plain values, for `--json`."""
    return {
        "file": check.file,
        "round": check.round_id,
        "municipality_id": check.municipality_id,
        "usable": check.usable,
        "revision": taken.revision if taken else None,
        "findings": [
            {
                "code": finding.code.partition(".")[2],
                "level": finding.level,
                "row": finding.row,
                "column": finding.column,
                "text": finding.text(texts.lang),
            }
            for finding in check.findings
        ],
        "rows": [
            {
                "row": row.name,
                "item": row.item,
                "faulty": row.faulty,
                "needs_a_look": row.watched,
                "decision": taken.decisions.get(row.name) if taken else None,
                "cells": [
                    {"column": d.column, "issued": d.issued, "said": d.said, "stood": d.stood}
                    for d in row.differences
                ],
            }
            for row in check.rows
        ],
    }


def show_table(heads: list[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Print a table; what a form says is never markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # a form's words are never markup
    make_console().print(table)
