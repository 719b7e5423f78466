"""What the commands of a round share: their options, the store, who did what and when."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.encoding import encode_json

if TYPE_CHECKING:
    from socaccess.rounds import Store

__all__ = [
    "EXIT_NO",
    "STORE",
    "At",
    "RoundId",
    "SmallCounts",
    "StoreFolder",
    "Who",
    "label_codes",
    "open_store",
    "print_json",
    "read_event",
]

EXIT_NO = 3
STORE = Path("store")

StoreFolder = Annotated[Path, typer.Option("--store", help="Folder of the store.")]
At = Annotated[
    str | None, typer.Option("--at", help="When this happens, ISO 8601; now by default.")
]
Who = Annotated[str | None, typer.Option("--who", help="Who does this; the user by default.")]
RoundId = Annotated[
    str | None, typer.Option("--round", help="Which round; the one opened last by default.")
]
SmallCounts = Annotated[
    bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
]


def read_event(at: str | None, who: str | None) -> tuple[str, str]:
    """Return when and by whom: the only place where the clock is read."""
    return at or dt.datetime.now().isoformat(timespec="seconds"), who or getpass.getuser()


def open_store(folder: Path) -> Store:
    """Return the store of a folder."""
    from socaccess.rounds import Store

    return Store.open(folder)


def label_codes(store: Store, lang: str) -> dict[str, str]:
    """Return the names of the store's services and target groups by code."""
    services = store.read("services")
    labels = dict(zip(services["target_group"], services[f"group_{lang}"], strict=True))
    return labels | dict(zip(services["service"], services[f"name_{lang}"], strict=True))


def print_json(answer: Any) -> None:
    """Print an answer as JSON."""
    typer.echo(encode_json(answer))
