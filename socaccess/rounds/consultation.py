"""What was said in a public consultation and what was answered, and who approved what.

Kept in a store, so nothing is overwritten and each answer has its revision. Of private
persons no name is taken: a statement says what kind of speaker it is from, and names
only municipalities, providers and organisations.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.privacy import mask_personal
from socaccess.rounds.layouts import TableLayout
from socaccess.rounds.manifests import find_bad_days
from socaccess.rounds.monitoring import summarise_round
from socaccess.rounds.statement_form import read_labels
from socaccess.rounds.store import Store
from socaccess.rounds.verifying import APPROVALS
from socaccess.schemas import Column, TableForm, check_table
from socaccess.sources.plain_tables import fill_columns, read_plain_table

__all__ = [
    "ANSWERS",
    "SPEAKERS",
    "STATEMENTS",
    "approve",
    "erase",
    "find_open",
    "keep_statements",
    "list_approvals",
    "list_statements",
    "read_statements",
    "summarise_statements",
]

SPEAKERS = ("municipality", "provider", "organisation", "user", "resident", "state")
"""Who speaks; `user` and `resident` are private persons and stay without a name."""

ANSWERS = ("pending", "accepted", "partly", "refused", "noted")
"""What was decided on a statement; all but pending need a reason."""

_PRIVATE = ("user", "resident")

STATEMENTS = TableForm(
    "statements",
    (
        Column("statement_id", required=True, unique=True),
        Column("received", "day"),
        Column("speaker", required=True, allowed=SPEAKERS),
        Column("name"),
        Column("municipality_id"),
        Column("service"),
        Column("chapter"),
        Column("text", required=True),
        Column("answer", default="pending", allowed=ANSWERS),
        Column("reason"),
        Column("changed_in"),
    ),
    may_be_empty=True,
)

_KEPT = TableLayout.of(
    "statements",
    "statement_id",
    " ".join(column.name for column in STATEMENTS.columns) + " said_at answered_at answered_by",
    free={"name": None, "text": None, "reason": None},
)
_APPROVALS = TableLayout.of(
    APPROVALS,
    "body act",
    "body act date revision:integer note head unanswered:integer missing_forms:integer",
)


def read_statements(path: str | Path, store: Store | None = None) -> pd.DataFrame:
    """Return a table of statements, checked.

    Parameters
    ----------
    path
        CSV or XLSX of `statement_id`, `received` (day), `speaker`, `name`, `municipality_id`,
        `service`, `chapter` (of the draft), `text`, `answer`, `reason` and `changed_in` (where
        the draft changed); or the form that `write_statement_form` makes, filled in.
    store
        Whose municipalities and services are known by name too.

    Raises
    ------
    InputError
        With every finding at once: a private person with a name, an answer without a
        reason, what is no day.

    Notes
    -----
    Personal codes, phone numbers and e-mail addresses in free text are masked, of private
    persons words of illness too; `attrs["masked"]` of the table names the statements.
    """
    frame, names = read_plain_table(path)
    frame = read_labels(frame, store, {"speaker": SPEAKERS, "answer": ANSWERS})
    where = Path(path).name
    problems: list[Problem] = []
    try:
        frame = check_table(frame, STATEMENTS, where=where, row_names=names)
    except InputError as error:
        problems += error.problems
    table = fill_columns(frame, STATEMENTS)
    plain = table.astype(object).where(table.notna() & (table != ""), None)
    for bad, code in (
        (plain["speaker"].isin(_PRIVATE) & plain["name"].notna(), "rounds.private_name"),
        (plain["answer"].isin(ANSWERS[1:]) & plain["reason"].isna(), "rounds.no_reason"),
    ):
        if bad.any():
            rows = tuple(name for name, wrong in zip(names, bad, strict=True) if wrong)
            problems.append(Problem(code, where, rows))
    raise_problems(problems)
    private, changed = plain["speaker"].isin(_PRIVATE), np.zeros(len(plain), dtype=bool)
    for column in ("text", "reason", "chapter", "changed_in"):
        pairs = zip(plain[column], private, strict=True)
        masked = [text and mask_personal(str(text), health=own) for text, own in pairs]
        changed |= plain[column].notna() & (plain[column] != masked)
        plain[column] = pd.Series(masked, index=plain.index, dtype=object)
    plain.attrs["masked"] = sorted(plain.loc[changed, "statement_id"])
    return plain


def keep_statements(store: Store, statements: pd.DataFrame, *, at: str, who: str) -> int:
    """Add statements to a store, or answers to those it has; return the revision.

    What was said is not changed: a statement known by its id must say the same again.
    An answer may change; the earlier one stays in the earlier revision.

    Raises
    ------
    InputError
        If a statement says something else than before, or names a municipality or
        service the store does not know.
    """
    known = list_statements(store).set_index("statement_id").to_dict("index")
    problems = _find_unknown(store, statements)
    rows = dict(known)
    said = ("received", "speaker", "name", "municipality_id", "service", "chapter", "text")
    changed = []
    for row in statements.to_dict("records"):
        key = row["statement_id"]
        old = known.get(key)
        # A form that does not say when it came came today, or when it was read first.
        row["received"] = row["received"] or (old["received"] if old else at[:10])
        if old and any(old[name] != row[name] for name in said):
            changed.append(str(key))
            continue
        answered = row["answer"] != "pending"
        reply = ("answer", "reason", "changed_in")
        same = old and all(old[name] == row[name] for name in reply)
        rows[key] = {
            **{name: row[name] for name in (*said, *reply)},
            "said_at": old["said_at"] if old else at,
            "answered_at": old["answered_at"] if old and same else at if answered else None,
            "answered_by": old["answered_by"] if old and same else who if answered else None,
        }
    if changed:
        problems.append(Problem("rounds.statement_changed", rows=changed))
    raise_problems(problems)
    table = pd.DataFrame([{"statement_id": key, **row} for key, row in rows.items()])
    return store.commit({_KEPT: table}, at=at, who=who, action="consult", note=str(len(statements)))


def list_statements(store: Store) -> pd.DataFrame:
    """Return the statements of a store with their answers, by id."""
    if _KEPT.name not in store.list_tables():
        return _KEPT.fit(pd.DataFrame())
    table = store.read(_KEPT.name).reindex(columns=list(_KEPT.columns))
    return table.astype(object).where(table.notna(), None)


def summarise_statements(statements: pd.DataFrame) -> pd.DataFrame:
    """Return how many statements of each kind of speaker had which answer.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": ["user", "user"], "answer": ["accepted", "pending"]})
    >>> summarise_statements(rows)[["speaker", "said", "accepted", "pending"]].values.tolist()
    [['user', 2, 1, 1]]
    """
    table = pd.crosstab(statements["speaker"], statements["answer"])
    table = table.reindex(columns=list(ANSWERS), fill_value=0).rename_axis(columns=None)
    table.insert(0, "said", table.sum(axis=1))
    return table.reset_index()


def find_open(store: Store) -> tuple[int, int]:
    """Return how many statements wait for an answer, and how many forms of the last round."""
    waiting = int((list_statements(store)["answer"] == "pending").sum())
    if "rounds" not in store.list_tables() or not len(store.read("rounds")):
        return waiting, 0
    return waiting, int((summarise_round(store)["state"] != "done").sum())


def approve(
    store: Store,
    *,
    body: str,
    act: str,
    date: str,
    at: str,
    who: str,
    note: str = "",
    anyway: bool = False,
) -> int:
    """Write into a store that a body approved it as it stands now; return the revision.

    The head of what was approved is written down with it, and how many statements were
    unanswered and forms missing.

    Parameters
    ----------
    store
        The store.
    body, act, date
        Who approved, by which act, on which day. That an approval is lawful is not
        checked: it is an act of the body, not of the store.
    note
        Anything more.
    anyway
        Whether to approve though statements wait for an answer or forms are missing.

    Raises
    ------
    InputError
        If the act approved it before, or something is open and `anyway` is not given.
    """
    empty = (("rounds.empty_body", body), ("rounds.empty_act", act))
    problems = [Problem(code) for code, value in empty if not value.strip()]
    raise_problems([*problems, *find_bad_days(date=date)])
    unanswered, missing = find_open(store)
    if (unanswered or missing) and not anyway:
        raise InputError("rounds.approve_open", statements=unanswered, forms=missing)
    row: Mapping[str, object] = {
        "body": body.strip(), "act": act.strip(), "date": date, "revision": store.revision,
        "note": note, "head": store.head, "unanswered": unanswered, "missing_forms": missing,
    }  # fmt: skip
    before = list_approvals(store)
    if ((before["body"] == row["body"]) & (before["act"] == row["act"])).any():
        raise InputError("rounds.approved_already", body=body, act=act)
    table = pd.DataFrame([*before.to_dict("records"), row])
    return store.commit({_APPROVALS: table}, at=at, who=who, action="approve", note=body)


def list_approvals(store: Store) -> pd.DataFrame:
    """Return who approved which revision of a store.

    Columns: `body`, `act`, `date`, `revision`, `note`, `head`, `unanswered` (statements),
    `missing_forms`.
    """
    if _APPROVALS.name not in store.list_tables():
        return _APPROVALS.fit(pd.DataFrame())
    return store.read(_APPROVALS.name).reindex(columns=list(_APPROVALS.columns))


def erase(
    store: Store,
    *,
    statement: str = "",
    receipt: str = "",
    text: str = "",
    reason: str,
    at: str,
    who: str,
) -> int:
    """Remove texts or a form from all of history, with a trace; return how many were removed.

    Parameters
    ----------
    store
        The store.
    statement
        A statement: its name, text and reason, in every revision.
    receipt
        A form taken: the form as it came, and its notes.
    text
        Every free text that holds this, whatever the case.
    reason
        Why; it stays and must not repeat what is erased.
    at, who
        When (ISO 8601) and by whom.

    Raises
    ------
    UnknownNameError
        If there is nothing of the kind, or it was erased before.
    InputError
        If no reason is given, or the text stands in revisions of the layout of before, which
        hold it inside the chain.
    """
    if not reason.strip():
        raise InputError("rounds.erase_reason")
    refs: set[str] = set(store.find_texts(text)) if text else set()
    inside = set()
    wanted = ((_KEPT.name, "statement_id", statement), ("answers", "receipt_id", receipt))
    for number in range(1, store.revision + 1):
        for table, column, value in wanted:
            if not value or table not in store.list_tables(revision=number):
                continue
            rows = store.read(table, revision=number, only=(column, (value,)), resolve=False)
            layout = store.layout(table, revision=number)
            for name, mask in layout.find_free(rows).items():
                refs |= set(rows.loc[mask, name])
            if len(rows) and not layout.free:
                inside.add(number)
    if inside:
        raise InputError("rounds.erase_inside", where=store.path, rows=sorted(inside))
    if receipt:
        row = store.read("receipts", only=("receipt_id", (receipt,)))
        refs |= set(row["document"])
    refs -= set(store.list_erased())
    store.erase(sorted(refs), at=at, who=who, reason=reason.strip())
    return len(refs)


def _find_unknown(store: Store, statements: pd.DataFrame) -> list[Problem]:
    problems = []
    for column, table in (("municipality_id", "municipalities"), ("service", "services")):
        known = set(store.read(table)[column]) if table in store.list_tables() else set()
        bad = statements[statements[column].notna() & ~statements[column].isin(known)]
        if len(bad):
            rows = tuple(f"{row.statement_id}: {getattr(row, column)}" for row in bad.itertuples())
            problems.append(Problem("rounds.not_in_store", "statements", rows, column=column))
    return problems
