"""Options that mean the same in every command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "Dask",
    "Debug",
    "Json",
    "Lang",
    "Language",
    "NetworkFile",
    "Out",
    "SettingsFile",
    "View",
    "ViewName",
    "make_console",
    "open_client",
    "open_network",
    "show_progress",
]

PIPED_COLUMNS = 140


class Language(StrEnum):
    """Languages of what people read."""

    lv = "lv"
    en = "en"


class ViewName(StrEnum):
    """Municipalities as the DI plan knew them, or as today."""

    plan = "plan"
    today = "today"


Lang = Annotated[Language, typer.Option("--lang", help="Language: Latvian or English.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write into.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")]
View = Annotated[
    ViewName,
    typer.Option("--view", help="Municipalities as in the DI plan (119) or as today (42)."),
]
NetworkFile = Annotated[
    Path | None,
    typer.Option("--network", help="Network file to travel on instead of the embedded roads."),
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", help="Spread the work: local, local:4, or a scheduler tcp://host:port."),
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with limits, speeds, siting.")
]


def make_console() -> Any:
    """Return the console answers are printed to; wide when nobody's window limits it."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS)


def open_network(path: Path | None) -> Any:
    """Return the network of a file, or None for the embedded roads."""
    if path is None:
        return None
    from socaccess.network import RoadNetwork

    return RoadNetwork.load(path)


@contextmanager
def open_client(address: str | None) -> Iterator[Any]:
    """Give the client of a Dask cluster, or None where none is asked for."""
    if address is None:
        yield None
        return
    from socaccess.partitions import connect

    with connect(address) as client:
        yield client


@contextmanager
def show_progress(texts: Any) -> Iterator[Any]:
    """Give a progress callback that draws on stderr while a person is watching, else none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int = 0, total: int = 0) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(texts(f"cli.step_{step}"), total=None)
            bar.update(tasks[step], completed=done, total=total or None)

        yield tell
