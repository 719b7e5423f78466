"""`socaccess transit`: timetables into one file, times by them, there and back on one day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import App
from socaccess.cli.network import read_places
from socaccess.cli.session import Session
from socaccess.cli.values import parse_day, parse_numbers

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.sources.gtfs import Feed

__all__ = ["app"]

app = App()

SHOWN = 40
"""Rows shown on the terminal; all of them are in the tables."""
SHOWN_TYPES = 8

Timetable = Annotated[Path, typer.Argument()]
From = Annotated[list[str], typer.Option("--from")]
To = Annotated[list[str], typer.Option("--to")]
Day = Annotated[str | None, typer.Option("--day")]
Rides = Annotated[int | None, typer.Option("--max-rides", min=1, max=60)]
Walk = Annotated[list[str] | None, typer.Option("--walk")]
Wheelchair = Annotated[bool, typer.Option("--wheelchair")]
Network = Annotated[Path | None, typer.Option("--network")]


@app.command("build")
def build(
    session: Session,
    feeds: Annotated[list[Path], typer.Argument()],
    out: Annotated[Path, typer.Option("--out")],
) -> None:
    """Read feeds, save them as one timetable, and say what they hold and lack."""
    from socaccess.sources.gtfs import read_feeds
    from socaccess.transit import save_feed

    feed = read_feeds(feeds)
    save_feed(feed, out)
    _show_feed(session, feed)
    session.wrote(out)


@app.command("info")
def info(session: Session, timetable: Timetable) -> None:
    """Say what a timetable holds: days of validity, types of day, and what it lacks."""
    from socaccess.transit import open_feed

    _show_feed(session, open_feed(timetable))


@app.command("times")
def times(
    session: Session,
    timetable: Timetable,
    begin: From,
    end: To,
    day: Annotated[str, typer.Option("--day")],
    leave: Annotated[str, typer.Option("--leave")] = "08:00",
    window: Annotated[int, typer.Option("--window", min=1)] = 60,
    percentile: Annotated[list[int] | None, typer.Option("--percentile")] = None,
    arrive_by: Annotated[str | None, typer.Option("--arrive-by")] = None,
    longest: Annotated[float, typer.Option("--longest")] = 120.0,
    max_rides: Rides = None,
    walk: Walk = None,
    wheelchair: Wheelchair = False,
    network: Network = None,
) -> None:
    """Show how long it takes by timetable, over a window of departures or to be there in time."""
    from socaccess.transit import transit_times

    date = parse_day(day, "--day")
    assert date is not None
    found = transit_times(
        timetable, read_places(begin, "--from"), read_places(end, "--to"), day=date, leave=leave,
        window_min=window, percentiles=tuple(percentile or (50,)), arrive_by=arrive_by,
        longest_min=longest, **_read_options(max_rides, walk, wheelchair, network),
    )  # fmt: skip
    table = found.to_frame()
    columns: dict[str, Any] = {
        "transit.from": "from_id",
        "transit.to": "to_id",
        "transit.status": ("transit.status_", "status"),
    }
    for name in table.columns[3:]:
        percent = name.removeprefix("travel_min").removeprefix("_p")
        columns[f"transit.minutes_{'p' if percent else 'by'}"] = name
    _show_rows(session, table, columns if len(table.columns) < 5 else _plain(columns, table))
    _say_findings(session, found.findings)
    session.finish({"day": date.isoformat(), "times": table}, {"transit_times": table})


@app.command("return")
def return_(
    session: Session,
    timetable: Timetable,
    begin: From,
    end: To,
    opens: Annotated[str, typer.Option("--open")] = "10:00",
    stay: Annotated[float, typer.Option("--stay")] = 4.0,
    day: Day = None,
    since: Annotated[str | None, typer.Option("--since")] = None,
    until: Annotated[str | None, typer.Option("--until")] = None,
    max_rides: Rides = None,
    walk: Walk = None,
    wheelchair: Wheelchair = False,
    network: Network = None,
) -> None:
    """Show who gets there before it opens and home the same day, when, and on which days."""
    from socaccess.transit import return_trips

    found = return_trips(
        timetable, read_places(begin, "--from"), read_places(end, "--to"), open=opens,
        stay_h=stay, day=parse_day(day, "--day"), since=parse_day(since, "--since"),
        until=parse_day(until, "--until"),
        **_read_options(max_rides, walk, wheelchair, network),
    )  # fmt: skip
    best = found.best_per_home()
    session.say("transit.return_title", day=found.day.isoformat(), open=opens, hours=stay)
    _show_rows(
        session, best,
        {
            "transit.from": "home_id", "transit.to": "place_id",
            "transit.status": ("transit.status_", "status"), "transit.leave": "leave",
            "transit.arrive": "arrive", "transit.return": "return", "transit.back": "back",
            "transit.rides": lambda row: _join(row["rides_out"], row["rides_back"]),
            "transit.away_h": "away_h", "transit.days_per_week": "days_per_week",
        },
    )  # fmt: skip
    counts = best["status"].value_counts()
    for status in ("same_day", "one_way", "no_service", "no_stop"):
        if status in counts:
            session.note(
                "transit.counted", status=session.word("transit.status_", status),
                count=session.texts.number(int(counts[status])),
            )  # fmt: skip
    _say_findings(session, found.findings)
    tables = {"return_trips": found.to_frame(), "best_per_home": best}
    if session.out is not None:
        legs = found.journeys(enumerate(found.pick_best())).drop(columns="place")
        tables["journeys"] = legs.assign(home_id=found.home_ids[legs.pop("home")].astype(str))
    types = [_describe_type(kind) for kind in found.day_types]
    session.finish(
        {"day": found.day.isoformat(), "day_types": types, "best_per_home": best}, tables
    )


def _read_options(
    max_rides: int | None, walk: list[str] | None, wheelchair: bool, network: Path | None
) -> dict[str, Any]:
    """Return what every question takes; `walk` says `kph=3.5`, `longest_m=800` and so on."""
    from socaccess.network import RoadNetwork
    from socaccess.transit import WalkModel

    given: dict[str, Any] = parse_numbers(walk, "--walk")
    if "change_s" in given:
        given["change_s"] = round(given["change_s"])
    return {
        "max_rides": max_rides,
        "walking": WalkModel.from_dict(given),
        "wheelchair": wheelchair,
        "network": RoadNetwork.load(network) if network else None,
    }


def _join(out: Any, back: Any) -> str:
    return " + ".join("–" if value != value or value is None else str(value)
                      for value in (_plain_number(out), _plain_number(back)))  # fmt: skip


def _plain_number(value: Any) -> Any:
    import pandas as pd

    return None if pd.isna(value) else int(value)


def _plain(columns: dict[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    """Return columns for the first percentile only; the others are in the table that is written."""
    return {**columns, "transit.minutes_p": table.columns[3]}


def _show_rows(session: Session, table: pd.DataFrame, columns: dict[str, Any]) -> None:
    session.frame("", table.head(SHOWN), columns)
    if len(table) > SHOWN:
        session.print(session.texts.count("cli.more_trips", len(table) - SHOWN))


def _say_findings(session: Session, findings: Any) -> None:
    for finding in findings:
        session.remark(finding.text(session.lang))


def _describe_type(kind: Any) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "days": len(kind.days),
        "first": kind.days[0].isoformat(),
        "last": kind.days[-1].isoformat(),
        "trips": kind.trips,
    }


def _show_feed(session: Session, feed: Feed) -> None:
    """Print size, validity, types of day and findings of a timetable."""
    from socaccess.transit import list_day_types

    texts = session.texts
    first, last = feed.validity
    types = [_describe_type(kind) for kind in list_day_types(feed)]
    counts = {"stops": feed.stop_count, "trips": feed.trip_count, "stop_times": len(feed.stop)}
    numbers = {name: texts.number(count) for name, count in counts.items()}
    session.say("transit.feed", name=feed.name, first=first.isoformat(), last=last.isoformat(),
                **numbers)  # fmt: skip
    rows = [
        (
            session.word("transit.kind_", kind["kind"]), texts.number(kind["days"]),
            kind["first"], kind["last"], texts.number(kind["trips"]),
        )
        for kind in types[:SHOWN_TYPES]
    ]  # fmt: skip
    heads = ("kind", "days", "first", "last", "trips")
    session.table("", [texts(f"transit.type_{name}") for name in heads], rows)
    if len(types) > SHOWN_TYPES:
        session.say("transit.more_types", count=texts.number(len(types) - SHOWN_TYPES))
    for finding in feed.findings:
        session.print(finding.text(session.lang))
    session.print_json(
        {
            **counts,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "sources": feed.sources,
            "day_types": types,
            "findings": [finding.text(session.lang) for finding in feed.findings],
        }
    )
