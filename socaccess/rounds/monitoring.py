"""Where a round stands, and the progress of a plan at the end of a period, as published.

One row per municipality, target group and service: unique persons who have received the
service since the project began, and their share of those assessed. The counts are
cumulative, and the share may exceed 100 %, since a service is not tied to residence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.rounds import layouts
from socaccess.rounds.decisions import COUNTS, date_count
from socaccess.rounds.form_sheets import ALL_SERVICES
from socaccess.rounds.forms import list_codes, name_provider
from socaccess.rounds.layouts import Row, to_rows
from socaccess.rounds.store import Store

__all__ = [
    "ProgressReport",
    "find_round",
    "list_answers",
    "report_progress",
    "summarise_round",
]


def find_round(store: Store, round_id: str | None = None) -> Row:
    """Return a round of the store; by default the one opened last.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    rounds = to_rows(store.read("rounds"), ("round_id",))
    if not rounds:
        raise UnknownNameError("rounds.no_round")
    if round_id is None:
        return max(rounds.values(), key=lambda row: int(row["base_revision"]))
    if (round_id,) not in rounds:
        known = sorted(key[0] for key in rounds)
        raise UnknownNameError("rounds.unknown_round", name=round_id, known=known)
    return rounds[(round_id,)]


def summarise_round(store: Store, round_id: str | None = None) -> pd.DataFrame:
    """Return where every form of a round stands.

    Returns
    -------
    pandas.DataFrame
        One row per municipality or provider asked: `municipality_id` (of a provider with its
        facility after a slash), `municipality` (whose name), `state` (waiting,
        refused, faulty, pending, done), `received` (when the last usable form came),
        `forms` (how many came), and rows by decision: `accepted`, `refused`, `pending`,
        `faulty`.
    """
    entry = find_round(store, round_id)
    names = store.read("municipalities").set_index("municipality_id")["name"]
    facilities = store.read("facilities").set_index("facility_id")["name"]
    issued = store.read("issued")
    receipts = store.read("receipts")
    receipts = receipts[receipts["round_id"] == entry["round_id"]]
    answers = list_answers(store, str(entry["round_id"]))
    rows = answers.drop_duplicates(["receipt_id", "row"])
    table = []
    for identity in issued.loc[issued["round_id"] == entry["round_id"], "municipality_id"]:
        provider = name_provider(identity)
        came = receipts[receipts["municipality_id"] == identity]
        usable = came[came["usable"].astype(bool)]
        own = rows[rows["municipality_id"] == identity]["decision"]
        counts = {name: int((own == name).sum())
                  for name in ("accepted", "refused", "pending", "faulty")}  # fmt: skip
        if not len(came):
            state = "waiting"
        elif not len(usable):
            state = "refused"
        else:
            state = next((name for name in ("faulty", "pending") if counts[name]), "done")
        table.append(
            {
                "municipality_id": identity,
                "municipality": facilities[provider] if provider else names[identity],
                "state": state,
                "received": usable["taken_at"].max() if len(usable) else None,
                "forms": len(came),
                **counts,
            }
        )
    columns = ["municipality_id", "municipality", "state", "received", "forms", "accepted",
               "refused", "pending", "faulty"]  # fmt: skip
    return pd.DataFrame(table, columns=columns)


def list_answers(store: Store, round_id: str | None = None) -> pd.DataFrame:
    """Return who said what and when in a round, cell by cell, with what was decided by whom."""
    entry = find_round(store, round_id)
    answers = store.read("answers")
    return answers[answers["round_id"] == entry["round_id"]].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class ProgressReport:
    """The progress at the end of a round's period.

    Parameters
    ----------
    round_id, as_of, title
        The round, its day, the region's name by language.
    before_as_of
        The day of the round before; empty if there was none.
    persons
        One row per municipality, target group and service (`all`: every person once):
        `assessed`, `recipients`, `recipients_before` (as known when the round opened),
        `share_of_assessed` (0-1 and more), `answered` (whether its form came), and the day
        each count was said of: `assessed_as_of`, `recipients_as_of`.
    persons_total
        The same for the whole region, with `municipalities`: how many have a figure. The
        share is taken over municipalities where both counts are known.
    places
        One row per municipality and service: facilities and places by status, and
        `operating_unknown`: operating facilities whose capacity is not known.
    places_total
        The same for the whole region.
    answers
        What was said and decided in the round, cell by cell.
    inhabitants
        Inhabitants of each municipality, by its id.
    issued, answered
        How many municipalities were asked, and how many have answered.
    head
        The state of the store the figures are from (`Store.head`).
    hidden_below
        Counts of persons under this are hidden; 0 if none are.
    """

    round_id: str
    as_of: str
    before_as_of: str
    title: dict[str, str]
    persons: pd.DataFrame
    persons_total: pd.DataFrame
    places: pd.DataFrame
    places_total: pd.DataFrame
    answers: pd.DataFrame
    inhabitants: dict[str, float]
    issued: int
    answered: int
    head: str = ""
    hidden_below: int = 0


def report_progress(store: Store, round_id: str | None = None) -> ProgressReport:
    """Return the progress report of a round, with every count; see `hide_report`.

    Parameters
    ----------
    store
        The store, as it stands.
    round_id
        Which round; by default the one opened last. Of an earlier one, the figures are
        those that stood when the next was opened.

    Raises
    ------
    UnknownNameError
        If there is no such round.
    """
    entry = find_round(store, round_id)
    base = int(entry["base_revision"])
    rounds = sorted(
        to_rows(store.read("rounds"), ("round_id",)).values(),
        key=lambda row: int(row["base_revision"]),
    )
    earlier = [row for row in rounds if int(row["base_revision"]) < base]
    later = [row for row in rounds if int(row["base_revision"]) > base]
    end = int(later[0]["base_revision"]) if later else store.revision
    about = {key[0]: row["value"] for key, row in to_rows(store.read("about"), ("item",)).items()}
    status = summarise_round(store, str(entry["round_id"]))
    status = status[~status["municipality_id"].str.contains("/")]
    answered = set(status.loc[status["received"].notna(), "municipality_id"])
    persons = _list_persons(store, base, end, answered)
    places = _list_places(store, end)
    return ProgressReport(
        round_id=str(entry["round_id"]),
        as_of=str(entry["as_of"]),
        before_as_of=str(earlier[-1]["as_of"]) if earlier else "",
        title={lang: str(about[f"title_{lang}"]) for lang in ("lv", "en")},
        persons=persons,
        persons_total=_total_persons(persons),
        places=places,
        places_total=places.groupby("service", as_index=False)[list(_PLACES)].sum(),
        answers=list_answers(store, str(entry["round_id"])),
        inhabitants={
            str(row["municipality_id"]): float(row["population"] or 0)
            for row in store.read("municipalities").to_dict("records")
        },
        issued=len(status),
        answered=len(answered),
        head=store.find_head(end),
    )


def _list_persons(store: Store, base: int, end: int, answered: set[str]) -> pd.DataFrame:
    services = list(to_rows(store.read("services"), layouts.SERVICES.key).values())
    municipalities = to_rows(store.read("municipalities"), ("municipality_id",))
    then = to_rows(store.read("persons", revision=base), layouts.PERSONS.key)
    now = to_rows(store.read("persons", revision=end), layouts.PERSONS.key)
    rows = []
    for (identity,), municipality in municipalities.items():
        for group, service in list_codes(services):
            key = (identity, group, service)
            whole = _count(now, (identity, group, ALL_SERVICES), "assessed")
            recipients = _count(now, key, "recipients")
            rows.append(
                {
                    "municipality_id": identity,
                    "municipality": municipality["name"],
                    "target_group": group,
                    "service": service,
                    "assessed": whole if service == ALL_SERVICES else np.nan,
                    "assessed_of_group": whole,
                    "recipients": recipients,
                    "recipients_before": _count(then, key, "recipients"),
                    "share_of_assessed": recipients / whole if whole > 0 else np.nan,
                    "answered": identity in answered,
                    **{f"{count}_as_of": date_count(now.get(key, {}), count) for count in COUNTS},
                }
            )
    return pd.DataFrame(rows)


def _count(rows: Mapping[Any, Any], key: tuple[str, ...], column: str) -> float:
    value = rows.get(key, {}).get(column)
    return np.nan if value is None else float(value)


def _total_persons(persons: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (group, service), part in persons.groupby(["target_group", "service"], sort=False):
        both = part[part["recipients"].notna() & (part["assessed_of_group"] > 0)]
        assessed = both["assessed_of_group"].sum()
        rows.append(
            {
                "target_group": group,
                "service": service,
                "assessed": part["assessed"].sum(min_count=1),
                "assessed_of_group": assessed,
                "recipients": part["recipients"].sum(min_count=1),
                "recipients_before": part["recipients_before"].sum(min_count=1),
                "share_of_assessed": both["recipients"].sum() / assessed if assessed else np.nan,
                "municipalities": int(part["recipients"].notna().sum()),
            }
        )
    return pd.DataFrame(rows)


_PLACES = (
    "operating",
    "places_operating",
    "operating_unknown",
    "planned",
    "places_planned",
    "closed",
)


def _list_places(store: Store, end: int) -> pd.DataFrame:
    facilities = store.read("facilities", revision=end)
    names = store.read("municipalities").set_index("municipality_id")["name"]
    rows = []
    for (identity, service), part in facilities.groupby(["municipality_id", "service"]):
        operating = part[part["status"] == "operating"]
        planned = part[part["status"] == "planned"]
        rows.append(
            {
                "municipality_id": identity,
                "municipality": names.get(identity),
                "service": service,
                "operating": len(operating),
                "places_operating": int(operating["places"].sum()),
                "operating_unknown": int(operating["places"].isna().sum()),
                "planned": len(planned),
                "places_planned": int(planned["places"].sum()),
                "closed": int((part["status"] == "closed").sum()),
            }
        )
    return pd.DataFrame(rows, columns=["municipality_id", "municipality", "service", *_PLACES])
