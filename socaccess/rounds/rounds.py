"""A round: forms go out to the municipalities, come back, are compared, accepted row by row.

Everything a round does is a revision of a store: what was there before stays there, who
said what and when stays written down, and every step can be undone. The moment of a step
is given by the caller, so that the same steps give the same store.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from socaccess import files
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import LANGUAGES, Texts
from socaccess.rounds import layouts
from socaccess.rounds.checking import FormCheck, check_content, check_form
from socaccess.rounds.decisions import (
    ALL_ROWS,
    apply_rows,
    choose_decisions,
    list_decisions,
    name_receipt,
    to_frame,
    write_answers,
    write_receipt,
)
from socaccess.rounds.forms import make_form, name_form, write_form
from socaccess.rounds.layouts import Change, Key, Row, to_rows
from socaccess.rounds.manifests import check_event, find_bad_days
from socaccess.rounds.store import Store
from socaccess.rounds.workbook import NOTE, Finding

__all__ = [
    "OpenedRound",
    "TakenForm",
    "check_round",
    "decide_rows",
    "open_round",
    "take_form",
    "undo",
]

_LASTING = ("create", "start")


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


_ROUND_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class OpenedRound:
    """A round that is open: its id, the revision that opened it, and its forms."""

    round_id: str
    revision: int
    forms: tuple[Path, ...]


@dataclass(frozen=True)
class TakenForm:
    """What became of a form that came back.

    Parameters
    ----------
    check
        What was found in it.
    revision
        The revision that holds it; None when nothing was written.
    decisions
        For every row that differs: `accepted`, `refused`, `pending` or `faulty`.
    """

    check: FormCheck
    revision: int | None
    decisions: dict[str, str]

    def count(self, decision: str) -> int:
        """Return how many rows have this decision."""
        return sum(value == decision for value in self.decisions.values())


def open_round(
    store: Store,
    round_id: str,
    *,
    as_of: str,
    due: str,
    folder: str | Path,
    at: str,
    who: str,
    municipality_ids: Sequence[str] | None = None,
    lang: str = "lv",
) -> OpenedRound:
    """Open a round and write its forms into a folder, one a municipality.

    Called again with the same round it writes the same forms once more, and nothing else.

    Parameters
    ----------
    store
        The store the forms are filled from and will be compared with.
    round_id
        Its name: small letters, digits and hyphens, such as `latgale-2021`.
    as_of
        The day the data are asked for, ISO 8601.
    due
        The day the forms are to be back (inclusive), ISO 8601.
    folder
        Where the forms go.
    at, who
        When (ISO 8601) and by whom.
    municipality_ids
        Who is asked; by default the municipalities marked as partners.
    lang
        Language of the forms.

    Raises
    ------
    InputError
        With everything that is wrong with the round.
    OutputError
        If a form could not be written; the round is open, call again.
    """
    moment, person = check_event(at, who)
    rounds = to_rows(store.read("rounds"), ("round_id",))
    municipalities = to_rows(store.read("municipalities"), ("municipality_id",))
    asked = (
        [key[0] for key, row in municipalities.items() if row["partner"]]
        if municipality_ids is None
        else sorted(set(municipality_ids))
    )
    problems = _find_problems(round_id, as_of, due, lang)
    unknown = [name for name in asked if (name,) not in municipalities]
    if unknown:
        problems.append(Problem("rounds.municipality_not_in_store", rows=unknown))
    if not asked:
        problems.append(Problem("rounds.nobody_asked"))
    raise_problems(problems)
    old = rounds.get((round_id,))
    if old is not None:
        issued = store.read("issued")
        same = sorted(issued.loc[issued["round_id"] == round_id, "municipality_id"]) == asked
        if (old["as_of"], old["due"], old["lang"]) != (as_of, due, lang) or not same:
            raise InputError("rounds.open_already", name=round_id)
    else:
        entry: Row = {
            "round_id": round_id,
            "as_of": as_of,
            "due": due,
            "opened_at": moment,
            "opened_by": person,
            "base_revision": store.revision,
            "lang": lang,
        }
        _commit_round(store, entry, asked, municipalities, at=at, who=who)
    forms = {}
    for identity in asked:
        name = name_form(round_id, identity, str(municipalities[(identity,)]["name"]))
        forms[name] = write_form(make_form(store, round_id, identity))
    written = files.write_files(Path(folder), forms)
    return OpenedRound(round_id, store.revision, tuple(written))


def check_round(round_id: str, *, as_of: str, due: str, lang: str = "lv") -> None:
    """Raise everything that is wrong with the name, days and language of a round at once.

    Examples
    --------
    >>> check_round("latgale 2021", as_of="2021-12-31", due="2022-02-15")
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: a round cannot be called 'latgale 2021'; use small letters, \
digits and hyphens, such as latgale-2021
    """
    raise_problems(_find_problems(round_id, as_of, due, lang))


def _find_problems(round_id: str, as_of: str, due: str, lang: str) -> list[Problem]:
    problems = []
    if not _ROUND_ID.fullmatch(round_id):
        problems.append(Problem("rounds.bad_round_name", name=round_id))
    problems += find_bad_days(as_of=as_of, due=due)
    if lang not in LANGUAGES:
        problems.append(Problem("rounds.unknown_language", name=lang, known=LANGUAGES))
    return problems


def _commit_round(
    store: Store, entry: Row, asked: Sequence[str], municipalities: dict, *, at: str, who: str
) -> None:
    round_id = str(entry["round_id"])
    issued = to_rows(store.read("issued"), layouts.ISSUED.key)
    for identity in asked:
        issued[(round_id, identity)] = {
            "round_id": round_id,
            "municipality_id": identity,
            "file": name_form(round_id, identity, str(municipalities[(identity,)]["name"])),
        }
    rounds = {**to_rows(store.read("rounds"), ("round_id",)), (round_id,): entry}
    store.commit(
        {
            layouts.ROUNDS: to_frame(rounds, layouts.ROUNDS),
            layouts.ISSUED: to_frame(issued, layouts.ISSUED),
        },
        at=at,
        who=who,
        action="open",
        note=f"{round_id}: {len(asked)}",
    )


def take_form(
    store: Store,
    path: str | Path,
    *,
    at: str,
    who: str,
    accept: Collection[str] = (),
    refuse: Collection[str] = (),
) -> TakenForm:
    """Take a form that came back: check it, keep it, write down what it says, decide.

    The form itself, what it says and what was decided enter the store in one revision,
    together with what the accepted rows change. A form that is refused as a whole is kept
    too, with the reasons; one that cannot be read as a form is not.

    Parameters
    ----------
    store
        The store of the round.
    path
        The file.
    at, who
        When (ISO 8601) and by whom.
    accept, refuse
        Names of rows such as `I4` or `P7`, or `all`. To accept `all` leaves out rows with
        errors and rows that need a look: conflicts, erased values, falling counts, and
        facilities that resemble one already known.

    Raises
    ------
    InputError
        If a decision names a row that does not differ or has errors.
    StoreError
        If somebody else has changed the store meanwhile.
    """
    check = check_form(store, path, at=at)
    return _take(store, check, at=at, who=who, accept=accept, refuse=refuse)


def decide_rows(
    store: Store,
    receipt_id: str,
    *,
    at: str,
    who: str,
    accept: Collection[str] = (),
    refuse: Collection[str] = (),
) -> TakenForm:
    """Decide on rows of a form taken before; the form is read again from the store.

    Parameters and errors are those of `take_form`.
    """
    receipts = to_rows(store.read("receipts"), ("receipt_id",))
    receipt = receipts.get((receipt_id,))
    if receipt is None:
        raise UnknownNameError("rounds.no_receipt", name=receipt_id)
    content = store.read_document(str(receipt["document"]))
    check = check_content(store, str(receipt["file"]), content)
    return _take(store, check, at=at, who=who, accept=accept, refuse=refuse)


def _take(
    store: Store,
    check: FormCheck,
    *,
    at: str,
    who: str,
    accept: Collection[str],
    refuse: Collection[str],
) -> TakenForm:
    moment, person = check_event(at, who)
    if not check.readable:
        return TakenForm(check, None, {})
    receipts = to_rows(store.read("receipts"), layouts.RECEIPTS.key)
    receipt_id = name_receipt(check.document)
    old = receipts.get((receipt_id,))
    if old is not None:
        again = Finding("form.again", NOTE, at=old["taken_at"])
        check = FormCheck(**{**vars(check), "findings": (*check.findings, again)})
    before = list_decisions(to_rows(store.read("answers"), ("answer_id",)), receipt_id)
    newest = [
        key[0] for key, row in receipts.items()
        if row["usable"] and (row["round_id"], row["municipality_id"])
        == (check.round_id, check.municipality_id)
    ]  # fmt: skip
    replaced = old is not None and "superseded" in before.values() and len(newest) > 1
    if not check.usable or replaced:
        decisions: dict[str, str] = {}
        if {*accept, *refuse} - {ALL_ROWS}:
            raise InputError("rounds.form_refused", where=check.file)
    else:
        decisions = choose_decisions(check, before, accept, refuse)
    if old is not None and all(before.get(name) == value for name, value in decisions.items()):
        return TakenForm(check, None, decisions)
    texts = Texts("lv")
    tables = {}
    if check.usable:
        accepted = [row for row in check.rows if decisions[row.name] == "accepted"]
        entry = to_rows(store.read("rounds"), ("round_id",))[(check.round_id,)]
        tables = apply_rows(
            store,
            accepted,
            round_id=check.round_id,
            as_of=str(entry["as_of"]),
            said_by=check.said_by,
        )
        answers = write_answers(store, check, decisions, texts, at=moment, who=person)
        tables[layouts.ANSWERS] = to_frame(answers, layouts.ANSWERS)
    if old is None:
        receipts[(receipt_id,)] = write_receipt(check, texts, at=moment, who=person)
        tables[layouts.RECEIPTS] = to_frame(receipts, layouts.RECEIPTS)
    revision = store.commit(
        tables,
        at=at,
        who=who,
        action="take" if old is None else "decide",
        note=f"{check.round_id} {check.municipality_id} {check.file}",
        documents={"xlsx": check.content},
    )
    return TakenForm(check, revision, decisions)
