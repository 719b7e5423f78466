"""A round: forms go out to the municipalities, come back, are compared, accepted row by row.

Everything a round does is a revision of a store: what was there before stays there, who
said what and when stays written down, and every step can be undone. The moment of a step
is given by the caller, so that the same steps give the same store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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
from socaccess.rounds.drafts import Draft, read_rows
from socaccess.rounds.forms import list_own, make_form, name_form, name_provider, write_form
from socaccess.rounds.kept import seal
from socaccess.rounds.layouts import Key, Row, to_rows
from socaccess.rounds.manifests import check_event, find_bad_days
from socaccess.rounds.store import Store
from socaccess.rounds.workbook import NOTE, Finding

__all__ = [
    "OpenedRound",
    "TakenForm",
    "check_round",
    "decide_forms",
    "decide_rows",
    "open_round",
    "take_form",
    "take_forms",
]

Decision = tuple[Collection[str], Collection[str]]

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
    written
        Whether anything of it was new.
    """

    check: FormCheck
    revision: int | None
    decisions: dict[str, str]
    written: bool = False

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
    providers: Sequence[str] = (),
    lang: str = "lv",
) -> OpenedRound:
    """Open a round and write its forms into a folder, one per municipality and provider asked.

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
    providers
        Facilities whose providers are asked too, by their ids, or `all` for every provider of
        what operates; facilities of one name in one municipality have one provider.
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
    chosen, lacking = _find_providers(store, providers)
    if lacking:
        problems.append(Problem("rounds.provider_not_in_store", rows=lacking))
    asked = sorted([*asked, *chosen])
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
        _commit_round(store, entry, asked, at=at, who=who)
    forms = {}
    for identity in asked:
        name = name_form(round_id, identity, _name_addressee(store, identity))
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


def _find_providers(store: Store, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the addressees that facilities lead to, and the ids that lead to nobody."""
    facilities = read_rows(store, layouts.FACILITIES)
    if ALL_ROWS in wanted:
        wanted = [key[0] for key, row in facilities.items() if row["status"] == "operating"]
    found, lacking = set(), []
    for identity in wanted:
        row = facilities.get((identity,))
        if row is None or not row["municipality_id"]:
            lacking.append(identity)
        else:
            own = list_own(facilities, f"{row['municipality_id']}/{identity}")
            found.add(f"{row['municipality_id']}/{min(own)}")
    return sorted(found), lacking


def _name_addressee(store: Store, identity: str) -> str:
    provider = name_provider(identity)
    if provider:
        return str(read_rows(store, layouts.FACILITIES)[(provider,)]["name"])
    return str(read_rows(store, layouts.MUNICIPALITIES)[(identity,)]["name"])


def _commit_round(store: Store, entry: Row, asked: Sequence[str], *, at: str, who: str) -> None:
    round_id = str(entry["round_id"])
    issued = to_rows(store.read("issued"), layouts.ISSUED.key)
    for identity in asked:
        issued[(round_id, identity)] = {
            "round_id": round_id,
            "municipality_id": identity,
            "file": name_form(round_id, identity, _name_addressee(store, identity)),
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
    too, with the reasons; one that cannot be read as a form, or whose free text tells of
    persons, is not.

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
    return take_forms(store, {Path(path): (accept, refuse)}, at=at, who=who)[0]


def take_forms(
    store: Store, forms: Mapping[Path, Decision], *, at: str, who: str
) -> list[TakenForm]:
    """Take several forms in one revision: all of them, or none where a decision cannot be.

    Taken again with the same decisions, nothing is written.

    Parameters
    ----------
    store
        The store of the round.
    forms
        The files, and for each the rows to accept and to refuse, as in `take_form`.
    at, who
        When (ISO 8601) and by whom.

    Raises
    ------
    InputError
        With what is wrong with the decisions on all of the forms, together.
    StoreError
        If somebody else has changed the store meanwhile.
    """
    moment, _ = check_event(at, who)
    steps = [
        (lambda draft, path=path: check_form(draft, path, at=moment), *chosen)
        for path, chosen in forms.items()
    ]
    return _decide(store, steps, at=at, who=who)


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
    return decide_forms(store, {receipt_id: (accept, refuse)}, at=at, who=who)[0]


def decide_forms(
    store: Store,
    decisions: Mapping[str, Decision],
    *,
    at: str,
    who: str,
    skip: Collection[str] = (),
) -> list[TakenForm]:
    """Decide on rows of several forms taken before, in one revision: all of them, or none.

    Parameters
    ----------
    store
        The store of the round.
    decisions
        For each receipt the rows to accept and to refuse, as `read_review` gives them.
    at, who
        When (ISO 8601) and by whom.
    skip
        What is left out: receipts, codes of municipalities, or single rows such as
        `0210000:I4`.

    Raises
    ------
    InputError
        With all that stands in the way of any of the forms; what it names can be skipped.
    """
    check_event(at, who)
    receipts = to_rows(store.read("receipts"), ("receipt_id",))
    steps, problems = [], []
    for name, (accept, refuse) in decisions.items():
        receipt = receipts.get((_find_receipt(store, receipts, name),))
        if receipt is None:
            if name not in skip:
                problems.append(Problem("rounds.no_receipt", name=name))
            continue
        owner = str(receipt["municipality_id"])
        if {name, owner, str(receipt["receipt_id"])} & set(skip):
            continue
        left = {row for word in skip for of, _, row in [word.partition(":")] if of == owner}

        def check(draft: Draft, receipt: Row = receipt) -> FormCheck:
            content = draft.read_document(str(receipt["document"]))
            return check_content(draft, str(receipt["file"]), content)

        steps.append((check, set(accept) - left, set(refuse) - left))
    if problems:
        raise UnknownNameError(problems)
    return _decide(store, steps, at=at, who=who)


def _find_receipt(store: Store, receipts: Mapping[Key, Row], name: str) -> str:
    """Return the receipt a name means: its own, or the hash of its form before that was kept."""
    if (name,) in receipts:
        return name
    for (receipt_id,), row in receipts.items():
        with suppress(UnknownNameError):
            if name_receipt(files.hash_bytes(store.read_document(str(row["document"])))) == name:
                return receipt_id
    return ""


def _decide(
    store: Store,
    steps: Sequence[tuple[Callable[[Draft], FormCheck], Collection[str], Collection[str]]],
    *,
    at: str,
    who: str,
) -> list[TakenForm]:
    """Take one form after the other into a draft, and write it if none stands in the way."""
    moment, person = check_event(at, who)
    draft, taken, errors = Draft(store), [], []
    notes, actions = [], set()
    for check, accept, refuse in steps:
        try:
            found, action = _take(draft, check(draft), moment, person, accept, refuse)
        except InputError as error:
            errors.append(error)
            continue
        taken.append(found)
        if action:
            actions.add(action)
            form = found.check
            notes.append(f"{form.round_id} {form.municipality_id} {form.file}")
    if len(errors) == 1:
        raise errors[0]
    raise_problems([problem for error in errors for problem in error.problems])
    action = "take" if "take" in actions else "decide"
    note = notes[0] if len(notes) == 1 else f"{len(notes)}: {', '.join(notes)}"
    revision = draft.publish(at=at, who=who, action=action, note=note) if actions else None
    return [replace(each, revision=revision if each.written else None) for each in taken]


def _take(
    draft: Draft,
    check: FormCheck,
    moment: str,
    person: str,
    accept: Collection[str],
    refuse: Collection[str],
) -> tuple[TakenForm, str]:
    """Take one form into the draft; return what became of it and what was done, if anything."""
    if not check.readable:
        return TakenForm(check, None, {}), ""
    ref = draft.find_document(check.content)
    document = None if ref else seal(check.content)
    check = replace(check, document=ref or document.ref)  # type: ignore[union-attr]
    receipt_id = name_receipt(check.document)
    receipts = to_rows(draft.read("receipts"), layouts.RECEIPTS.key)
    old = receipts.get((receipt_id,))
    if old is not None:
        again = Finding("form.again", NOTE, at=old["taken_at"])
        check = replace(check, findings=(*check.findings, again))
    asked = (check.round_id, check.municipality_id)
    mine = [key[0] for key, row in receipts.items()
            if (row["round_id"], row["municipality_id"]) == asked]  # fmt: skip
    usable = [key for key in mine if receipts[(key,)]["usable"]]
    answers = to_rows(draft.read("answers", only=("receipt_id", mine)), layouts.ANSWERS.key)
    before = list_decisions(answers, receipt_id)
    replaced = old is not None and "superseded" in before.values() and len(usable) > 1
    if not check.usable or replaced:
        decisions: dict[str, str] = {}
        if {*accept, *refuse} - {ALL_ROWS}:
            raise InputError("rounds.form_refused", where=check.file)
    else:
        # What was decided so before need not differ any more: deciding again changes nothing.
        differing = {row.name for row in check.rows}
        accept, refuse = (
            {name for name in names if name in differing or before.get(name) != word}
            for names, word in ((accept, "accepted"), (refuse, "refused"))
        )
        decisions = choose_decisions(check, before, accept, refuse)
    if old is not None and all(before.get(name) == value for name, value in decisions.items()):
        return TakenForm(check, None, decisions), ""
    texts = Texts("lv")
    if check.usable:
        accepted = [row for row in check.rows if decisions[row.name] == "accepted"]
        entry = to_rows(draft.read("rounds"), ("round_id",))[(check.round_id,)]
        as_of = str(entry["as_of"])
        tables = apply_rows(draft, accepted, check, as_of=as_of)
        rows = write_answers(answers, check, decisions, texts, at=moment, who=person)
        tables[layouts.ANSWERS] = to_frame(rows, layouts.ANSWERS)
        for layout, frame in tables.items():
            draft.put(layout, frame)
    if document is not None:
        row = write_receipt(check, texts, at=moment, who=person)
        draft.put(layouts.RECEIPTS, to_frame({(receipt_id,): row}, layouts.RECEIPTS))
        draft.keep(document)
    return TakenForm(check, None, decisions, written=True), "take" if old is None else "decide"
