"""How the people of a study travel, as `--mode`, `--feed` and `--visit` say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.cli.values import parse_number, parse_pairs

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.transit import Visit

__all__ = ["read_visit", "say_travel"]


def say_travel(
    mode: str | None, feeds: Sequence[Path], visit: Sequence[str], study: Study | None
) -> dict[str, Any]:
    """Return what the options say of `mode`, `feed` and `visit`; a timetable means both.

    `study` is what they change, where a project file has said something already.
    """
    said: dict[str, Any] = {}
    if feeds:
        from socaccess.sources.gtfs import join_feeds
        from socaccess.transit import open_feed

        opened = [open_feed(path) for path in feeds]
        said["feed"] = opened[0] if len(opened) == 1 else join_feeds(opened)
    if visit:
        said["visit"] = read_visit(visit, None if study is None else study.visit)
    chosen = mode or ("both" if feeds else None)
    return said | ({"mode": chosen} if chosen else {})


def read_visit(given: Sequence[str], before: Visit | None = None) -> Visit:
    """Return the visit that `--visit open=09:00 --visit stay_h=6` asks for."""
    from socaccess.study.transit import Visit

    values: dict[str, Any] = {}
    for name, text in parse_pairs(given, "--visit").items():
        if name in ("open", "day"):
            values[name] = text
        elif name == "wheelchair":
            values[name] = text.lower() in ("true", "1", "yes", "jā")
        else:
            number = parse_number(text, "--visit")
            values[name] = int(number) if number.is_integer() else number
    usual = asdict(before or Visit())
    return Visit.from_dict({**usual.pop("walking"), **usual, **values}, where="--visit")
