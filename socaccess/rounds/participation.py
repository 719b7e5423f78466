"""How the public had a part: consultation periods, meetings and consents, and their days checked.

The limits are those of the rules on public participation (Cabinet Regulation No. 639 of 15 October
2024, and 970/2009 before it): a consultation lasts at least 30 days and its papers are public
throughout; papers of a meeting are public at least 14 days before; the summary follows within 30
days of a consultation and 14 of a meeting (all inclusive). Lists of participants hold names and
stay with whoever ran the meeting: here only their number is kept.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.errors import Problem, raise_problems
from socaccess.privacy import find_personal
from socaccess.rounds.layouts import TableLayout
from socaccess.rounds.store import Store
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table

__all__ = [
    "EVENTS",
    "KINDS",
    "PERIOD_DAYS",
    "check_days",
    "keep_events",
    "list_events",
    "mark_statements",
    "read_events",
]

KINDS = ("consultation", "meeting", "consent")
"""A period in which anybody may speak, a meeting, the consent of a partner."""

PERIOD_DAYS = 30
NOTICE_DAYS = 14
SUMMARY_DAYS = {"consultation": 30, "meeting": 14}
"""Days a period lasts at least, papers of a meeting are public before, a summary may take."""

EVENTS = TableForm(
    "events",
    (
        Column("event_id", required=True, unique=True),
        Column("kind", required=True, allowed=KINDS),
        Column("start", "day", required=True),
        Column("end", "day"),
        Column("published", "day"),
        Column("summary", "day"),
        Column("body"),
        Column("act"),
        Column("place"),
        Column("present", "integer", minimum=0),
        Column("note"),
    ),
)

_KEPT = TableLayout.of(
    "events",
    "event_id",
    "event_id kind start end published summary body act place present:integer note",
    free={"note": None},
)


def read_events(path: str | Path) -> pd.DataFrame:
    """Return a table of consultation periods, meetings and consents, checked.

    Parameters
    ----------
    path
        CSV or XLSX of `event_id`, `kind` (consultation, meeting, consent), `start` and `end`
        (days), `published` (papers online), `summary` (summary online), `body` and `act` of a
        consent, `place`, `present` (persons), `note`.

    Raises
    ------
    InputError
        With every finding at once; personal data in a note is one.
    """
    table = check_plain_table(path, EVENTS)
    plain = table.astype(object).where(table.notna() & (table != ""), None)
    bad = [str(row["event_id"]) for row in plain.to_dict("records")
           if any(find_personal(str(row[name] or ""), health=False)
                  for name in ("note", "place", "body"))]  # fmt: skip
    wrong = [str(row["event_id"]) for row in plain.to_dict("records")
             if row["end"] is not None and str(row["end"]) < str(row["start"])]  # fmt: skip
    problems = [Problem("rounds.event_personal", Path(path).name, bad)] if bad else []
    problems += [Problem("rounds.event_ends_before", Path(path).name, wrong)] if wrong else []
    raise_problems(problems)
    return plain


def keep_events(store: Store, events: pd.DataFrame, *, at: str, who: str) -> int:
    """Add events to a store, or replace those of the same id; return the revision."""
    rows = {row["event_id"]: row for row in list_events(store).to_dict("records")}
    rows |= {row["event_id"]: row for row in events.to_dict("records")}
    table = pd.DataFrame(list(rows.values()), columns=list(_KEPT.columns), dtype=object)
    return store.commit({_KEPT: table}, at=at, who=who, action="consult", note=str(len(events)))


def list_events(store: Store) -> pd.DataFrame:
    """Return the events of a store, by id."""
    if _KEPT.name not in store.list_tables():
        return _KEPT.fit(pd.DataFrame())
    return store.read(_KEPT.name)


def check_days(events: pd.DataFrame, *, on: str) -> pd.DataFrame:
    """Return where the days of consultations and meetings break the rules.

    Parameters
    ----------
    events
        As `read_events` gives them.
    on
        Today, ISO 8601: a summary is missing only when its time is over.

    Returns
    -------
    pandas.DataFrame
        `event_id`, `kind`, `finding` (period_short, papers_late, papers_unknown, notice_short,
        summary_late, summary_missing), `days` (None where not known) and `limit` in days.

    Examples
    --------
    >>> vidzeme = {"event_id": "1", "kind": "consultation", "start": "2010-05-18",
    ...            "end": "2010-06-14", "published": "2010-05-18", "summary": None}
    >>> check_days(pd.DataFrame([vidzeme]), on="2010-06-20").values.tolist()
    [['1', 'consultation', 'period_short', 28, 30]]
    """
    rows: list[tuple[Any, ...]] = []
    for row in events.to_dict("records"):
        kind = row["kind"]
        if kind not in SUMMARY_DAYS:
            continue
        start, end, published, summary = (
            None if row[name] is None or pd.isna(row[name]) else _parse_day(row[name])
            for name in ("start", "end", "published", "summary")
        )
        assert start is not None
        end = end or start

        def add(finding: str, days: int | None, limit: int, row: Any = row) -> None:
            rows.append((row["event_id"], row["kind"], finding, days, limit))

        lasted = (end - start).days + 1
        if kind == "consultation" and lasted < PERIOD_DAYS:
            add("period_short", lasted, PERIOD_DAYS)
        before = NOTICE_DAYS if kind == "meeting" else 0
        if published is None:
            add("papers_unknown", None, before)
        elif (start - published).days < before:
            late = "notice_short" if kind == "meeting" else "papers_late"
            add(late, (start - published).days, before)
        limit = SUMMARY_DAYS[kind]
        took = ((summary or _parse_day(on)) - end).days
        if took > limit:
            add("summary_late" if summary else "summary_missing", took, limit)
    table = pd.DataFrame(rows, columns=["event_id", "kind", "finding", "days", "limit"])
    # With a gap whole days would become fractions.
    return table.assign(days=pd.Series([row[3] for row in rows], dtype=object))


def mark_statements(statements: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return statements with `late` and `anonymous` added.

    Late is what came after the end of every consultation period; without one nothing is late.
    Anonymous is whoever is no private person and gave no name: users and residents never do.
    """
    periods = events[events["kind"] == "consultation"]
    ends = periods["end"].where(periods["end"].notna(), periods["start"])
    last = "" if not len(ends) else max(str(day)[:10] for day in ends)
    received = statements["received"].astype(str).str[:10]
    private = statements["speaker"].isin(("user", "resident"))
    nameless = statements["name"].isna() | (statements["name"] == "")
    return statements.assign(
        late=(received > last) if last else False, anonymous=nameless & ~private
    )


def _parse_day(value: object) -> dt.date:
    return dt.date.fromisoformat(str(value)[:10])
