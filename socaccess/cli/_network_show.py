"""What is in a network, in words."""

from __future__ import annotations

import json
from typing import Any

import typer

from socaccess.cli.options import make_console
from socaccess.errors import UnknownNameError

__all__ = ["show_network"]

_ORDER = (
    *("ways", "segments", "nodes", "nodes_missing", "nodes_duplicate"),
    *("ways_with_missing_nodes", "ways_too_short", "ways_duplicate"),
    *("ways_closed_by_access", "ways_private_closed", "ways_private_open"),
    *("barriers_passed", "barriers_closed"),
    *("restrictions_read", "restrictions_applied", "restrictions_over_ways"),
)
"""What is told first, in this order; the rest follows by name."""


def show_network(network: Any, texts: Any, as_json: bool) -> None:
    """Print size, source and everything that was counted while the network was made."""
    about = dict(network.provenance)
    length_km = float(network.length_m.sum()) / 1000
    if as_json:
        told = {
            "nodes": network.node_count,
            "edges": network.edge_count,
            "length_km": round(length_km, 1),
            "crs": network.crs,
            **about,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    typer.echo(
        texts(
            "cli.network",
            nodes=texts.number(network.node_count),
            edges=texts.number(network.edge_count),
            length=texts.number(length_km),
            crs=network.crs,
        )
    )
    source = about.get("source")
    if isinstance(source, dict) and "season" in about:
        typer.echo(
            texts(
                "network.source",
                file=source.get("file", "?"),
                season=texts(f"network.season_{about['season']}"),
                attribution=about.get("attribution", ""),
                licence=about.get("licence", ""),
            )
        )
        if "data_date" in source:
            typer.echo(texts("network.data_date", date=source["data_date"]))
    if about.get("edits"):
        typer.echo(texts("network.edits", edits=json.dumps(about["edits"], ensure_ascii=False)))
    counts = {name: count for name, count in dict(about.get("counts", {})).items() if count}
    if counts:
        _show_counts(counts, texts)


def _show_counts(counts: dict[str, int], texts: Any) -> None:
    from rich.table import Table

    table = Table()
    table.add_column(texts("network.found"))
    table.add_column(texts("network.count"), justify="right")
    first = [name for name in _ORDER if name in counts]
    for name in (*first, *sorted(counts.keys() - set(first))):
        try:
            label = texts(f"network.count_{name}")
        except UnknownNameError:  # of a builder without words for it
            label = name
        table.add_row(label, texts.number(counts[name]))
    make_console().print(table)
