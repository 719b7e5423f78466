"""A step of a round taken back: a revision in which what it changed is as it was before."""

from __future__ import annotations

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.rounds import layouts
from socaccess.rounds.decisions import to_frame
from socaccess.rounds.layouts import Change, Key, Row, to_rows
from socaccess.rounds.store import Store

__all__ = ["undo"]

_LASTING = ("create", "start", "erase")


def undo(store: Store, revision: int | None = None, *, at: str, who: str) -> int:
    """Add a revision in which what `revision` changed is as it was before; return its number.

    Later revisions may stand in between, as long as they did not change the same rows.
    What was said stays said: the rows of a form that was taken go back to waiting for a
    decision. An undo can be undone.

    Parameters
    ----------
    store
        The store.
    revision
        Which; by default the newest.
    at, who
        When (ISO 8601) and by whom.

    Raises
    ------
    InputError
        If a later revision changed the same rows, or forms of the round have come since.
    UnknownNameError
        If there is no such revision.
    """
    number = store.revision if revision is None else revision
    history = store.history().set_index("revision")
    if number not in history.index:
        raise UnknownNameError("rounds.unknown_revision", number=number, last=store.revision)
    action = str(history.loc[number, "action"])
    if action in _LASTING:
        raise InputError("rounds.began_store", number=number)
    if action == "open":
        _require_unanswered(store, number)
    problems, tables = [], {}
    for name in store.list_tables(revision=number):
        changes = store.compare(name, number - 1, number)
        if not changes:
            continue
        layout = store.layout(name)
        rows = to_rows(store.read(name), layout.key)
        if name in layouts.JOURNALS:
            _take_back_answers(rows, changes)
        else:
            problems += _take_back(rows, changes, name)
        tables[layout] = rows
    raise_problems(problems)
    frames = {layout: to_frame(rows, layout) for layout, rows in tables.items()}
    note = f"{number}: {action} {history.loc[number, 'note']}"
    return store.commit(frames, at=at, who=who, action="undo", note=note)


def _take_back(rows: dict[Key, Row], changes: list[Change], name: str) -> list[Problem]:
    later = [" ".join(c.key) for c in changes if rows.get(c.key) != c.after]
    if later:
        return [Problem("rounds.changed_since", rows=later, name=name)]
    for change in changes:
        if change.before is None:
            del rows[change.key]
        else:
            rows[change.key] = change.before
    return []


def _take_back_answers(rows: dict[Key, Row], changes: list[Change]) -> None:
    for change in changes:
        row = rows[change.key]
        if "decision" not in row or row != change.after:
            continue  # a receipt stays; what was decided anew since stays too
        if change.before is not None:
            rows[change.key] = change.before
        elif row["decision"] in ("accepted", "refused"):
            rows[change.key] = {**row, "decision": "pending", "decided_by": None,
                                "decided_at": None}  # fmt: skip


def _require_unanswered(store: Store, number: int) -> None:
    opened = {change.key[0] for change in store.compare("rounds", number - 1, number)}
    receipts = store.read("receipts")
    came = receipts[receipts["round_id"].isin(opened) & receipts["usable"].astype(bool)]
    if len(came):
        raise InputError("rounds.forms_came", rows=list(came["file"]), number=number)
