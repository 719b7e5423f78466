"""Where the forms of a round stand, and what was said in them."""

from __future__ import annotations

import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.rounds.store import Store
from socaccess.rounds.tables import Row, to_rows

__all__ = ["find_round", "list_answers", "summarise_round"]


def find_round(store: Store, round_id: str | None = None) -> Row:
    """Return a round of the store; by default the one opened last.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    rounds = to_rows(store.read("rounds"), ("round_id",))
    if not rounds:
        raise UnknownNameError("no round was opened in this store")
    if round_id is None:
        return max(rounds.values(), key=lambda row: int(row["base_revision"]))
    if (round_id,) not in rounds:
        known = ", ".join(sorted(key[0] for key in rounds))
        raise UnknownNameError(f"no round {round_id!r}; there are {known}")
    return rounds[(round_id,)]


def summarise_round(store: Store, round_id: str | None = None) -> pd.DataFrame:
    """Return where every form of a round stands.

    Returns
    -------
    pandas.DataFrame
        One row a municipality asked: `municipality_id`, `municipality`, `state` (waiting,
        refused, faulty, pending, done), `received` (when the last usable form came),
        `forms` (how many came), and rows by decision: `accepted`, `refused`, `pending`,
        `faulty`.
    """
    entry = find_round(store, round_id)
    names = store.read("municipalities").set_index("municipality_id")["name"]
    issued = store.read("issued")
    receipts = store.read("receipts")
    receipts = receipts[receipts["round_id"] == entry["round_id"]]
    answers = list_answers(store, str(entry["round_id"]))
    rows = answers.drop_duplicates(["receipt_id", "row"])
    table = []
    for identity in issued.loc[issued["round_id"] == entry["round_id"], "municipality_id"]:
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
                "municipality": names[identity],
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
