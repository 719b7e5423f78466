"""`socaccess round`: forms to the municipalities and back, compared, decided; and their store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli import round_results as results
from socaccess.cli.command import EXIT_NO, EXIT_WRONG, App, Region, StudyOptions, is_project
from socaccess.cli.round_results import (
    STORE,
    At,
    ClockNote,
    RoundId,
    StoreFolder,
    Who,
    open_store,
    read_event,
)
from socaccess.cli.session import Session

if TYPE_CHECKING:
    from socaccess.rounds import FormCheck, Store, TakenForm

__all__ = ["app"]

app = App()


@app.command("open")
def open_command(
    session: Session,
    asked: StudyOptions,
    region: Region,
    round_id: Annotated[str, typer.Option("--round")],
    as_of: Annotated[str, typer.Option("--as-of")],
    due: Annotated[str, typer.Option("--due")],
    store: StoreFolder = STORE,
    everybody: Annotated[bool, typer.Option("--all")] = False,
    providers: Annotated[str, typer.Option("--providers")] = "",
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Open a round and write a form per municipality and provider asked; it begins the store."""
    from socaccess import rounds

    when, person = read_event(at, who)
    # Before a store is made for a round that cannot be opened.
    rounds.check_round(round_id, as_of=as_of, due=due, lang=session.lang)
    current = open_store(store, clock_note) if (store / "manifests").is_dir() else None
    own = asked.project is not None or is_project(region)
    study = asked.open(region) if own or current is None or not current.list_tables() else None
    if current is not None and current.list_tables():
        _require_region(current, *((study.name, study.view) if study else (region, asked.view)))
    else:
        assert study is not None
        persons = rounds.list_published_persons(study, until_year=int(as_of[:4]) - 1)
        current = rounds.start_store(store, study, at=when, who=person, persons=persons)
    opened = rounds.open_round(
        current,
        round_id,
        as_of=as_of,
        due=due,
        folder=session.out or Path("out") / round_id,
        at=when,
        who=person,
        municipality_ids=(
            list(current.read("municipalities")["municipality_id"]) if everybody else None
        ),
        providers=[word.strip() for word in providers.split(",") if word.strip()],
        lang=session.lang,
    )
    session.print(session.texts.count("round.opened", len(opened.forms), round=round_id))
    session.say("round.head", head=current.head)
    session.print_json({"round": round_id, "revision": opened.revision, "head": current.head,
                        "forms": opened.forms})  # fmt: skip
    for path in opened.forms:
        session.wrote(path)


@app.command("take")
def take(
    session: Session,
    files: Annotated[list[Path], typer.Argument()],
    store: StoreFolder = STORE,
    accept: Annotated[str, typer.Option("--accept")] = "",
    refuse: Annotated[str, typer.Option("--refuse")] = "",
    check: Annotated[bool, typer.Option("--check")] = False,
    out: Annotated[Path | None, typer.Option("--out")] = None,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Check forms, show every difference, keep what they say; exit 3 when one has errors."""
    from socaccess import rounds
    from socaccess.files import write_file

    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    checks = [rounds.check_form(current, file, at=when) for file in files]
    # Before anything is written.
    chosen = [_split_rows(option, checks) for option in (accept, refuse)]
    taken: list[TakenForm | None] = [None] * len(files)
    if not check:
        forms = {file: pair for file, *pair in zip(files, *chosen, strict=True)}
        taken = [*rounds.take_forms(current, forms, at=when, who=person)]  # type: ignore[arg-type]
        checks = [each.check for each in taken if each]
    for found, each in zip(checks, taken, strict=True):
        _show_form(session, found, each)
    answers = [_describe_form(session, *pair) for pair in zip(checks, taken, strict=True)]
    session.print_json(answers)
    if out:
        session.wrote(write_file(out, rounds.write_review(checks, session.lang)))
    failed = any(not found.usable or any(row.faulty for row in found.rows) for found in checks)
    raise typer.Exit(EXIT_NO if failed else 0)


@app.command("decide")
def decide(
    session: Session,
    file: Annotated[Path, typer.Argument()],
    store: StoreFolder = STORE,
    skip: Annotated[str, typer.Option("--skip")] = "",
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Accept and refuse rows as decided in the workbook that `round take --out` wrote."""
    from socaccess import rounds

    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    left = {word.strip() for word in skip.split(",") if word.strip()}
    decisions = rounds.read_review(file)
    taken = rounds.decide_forms(current, decisions, at=when, who=person, skip=left)
    for each in taken:
        _summarise(session, each.check, each)
    session.print_json([_describe_form(session, each.check, each) for each in taken])
    if not taken:
        session.say("round.not_decided", file=file.name)


@app.command("status")
def status(session: Session, store: StoreFolder = STORE, round_id: RoundId = None) -> None:
    """Show where every form stands, with a page and reminders; exit 3 while one is not done."""
    from socaccess.documents.html import render_html
    from socaccess.rounds import compose_state, summarise_round, write_reminders

    current = open_store(store)
    table = summarise_round(current, round_id)
    session.frame(
        "",
        table,
        {
            "round.column_municipality": "municipality",
            "round.head_state": ("round.state_", "state"),
            "round.head_received": lambda row: row["received"] or "",
            "round.head_accepted": "accepted",
            "round.head_refused": "refused",
            "round.head_pending": "pending",
            "round.head_faulty": "faulty",
        },
    )
    texts = {}
    if session.out is not None:
        texts = {"status.html": render_html(compose_state(current, round_id, lang=session.lang)),
                 **write_reminders(current, round_id, lang=session.lang)}  # fmt: skip
    session.finish(table, {"status": table}, texts=texts)
    raise typer.Exit(0 if (table["state"] == "done").all() else EXIT_NO)


@app.command("undo")
def undo(
    session: Session,
    revision: Annotated[int | None, typer.Argument()] = None,
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Add a revision in which what another one changed is as it was before."""
    from socaccess.rounds import undo as undo_revision

    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    undone = current.revision if revision is None else revision
    now = undo_revision(current, revision, at=when, who=person)
    session.say("round.undone", revision=undone, now=now)
    session.print_json({"undone": undone, "revision": now})


@app.command("history")
def history(session: Session, store: StoreFolder = STORE) -> None:
    """List every revision of the store: when, who, what."""
    table = open_store(store).history()
    session.frame(
        "",
        table,
        {
            "round.head_revision": "revision",
            "round.head_at": "at",
            "round.head_who": "who",
            "round.head_action": ("round.action_", "action"),
            "round.head_note": "note",
        },
    )
    session.finish(table, {"history": table})


@app.command("verify")
def verify(
    session: Session,
    store: StoreFolder = STORE,
    head: Annotated[str | None, typer.Option("--head")] = None,
) -> None:
    """Compare every file of the store with its hash; exit 1 when one differs."""
    current = open_store(store)
    if head is not None:
        current.require_head(head)
    table = current.verify()
    session.finish(table, {"verify": table})
    if session.as_json:
        raise typer.Exit(0 if table["whole"].all() else EXIT_WRONG)
    current.require_whole()
    left = int((table["finding"] == "leftover").sum())
    session.print(session.texts.count("round.verified", len(table) - left))
    if left:
        session.print(session.texts.count("round.leftovers", left))
    if head is not None:
        session.say("round.head_fits", revision=head.partition(":")[0])
    session.say("round.head", head=current.head)


def _require_region(store: Store, region: str, view: str | None) -> None:
    from socaccess.errors import InputError

    about = store.read("about").set_index("item")["value"]
    if (about["region"], about["view"]) != (region, view):
        raise InputError(
            "cli.other_store",
            where=str(store.path),
            own=f"{about['region']} ({about['view']})",
            asked=f"{region} ({view})",
        )


def _split_rows(option: str, checks: list[FormCheck]) -> list[set[str]]:
    """Return the rows an option names, for each form; `0210000:I4` names one of several."""
    from socaccess.errors import InputError, Problem

    chosen: list[set[str]] = [set() for _ in checks]
    wrong = []
    for word in (part.strip() for part in option.split(",")):
        owner, _, row = word.rpartition(":")
        if not word:
            continue
        row = "all" if row.lower() == "all" else row.upper()
        fits = [n for n, check in enumerate(checks) if not owner or check.municipality_id == owner]
        if not fits or (row != "all" and len(fits) > 1):
            wrong.append(word)
        for number in fits:
            chosen[number].add(row)
    if wrong:
        raise InputError([Problem("cli.row_of_no_form", rows=wrong)])
    return chosen


def _summarise(session: Session, check: FormCheck, taken: TakenForm | None) -> None:
    """Print one line on a form."""
    values = {"file": check.file, "municipality": check.municipality, "rows": len(check.rows)}
    if not check.usable:
        session.say("round.form_refused", file=check.file)
    elif taken is None:
        session.say("round.form_checked", **values, faulty=sum(row.faulty for row in check.rows))
    else:
        counts = {name: taken.count(name) for name in ("accepted", "refused", "pending", "faulty")}
        session.say("round.form_taken", **values, **counts)


def _show_form(session: Session, check: FormCheck, taken: TakenForm | None) -> None:
    """Print what is found in a form and how it differs."""
    _summarise(session, check, taken)
    for finding in check.findings:
        session.print(f"  ! {finding.text(session.lang)}")
    rows = [
        (row.name, row.item, session.word("round.column_", d.column), d.issued, d.said, d.stood,
         session.word("round.decision_", taken.decisions.get(row.name, "pending")) if taken else "")
        for row in check.rows
        for d in row.differences
    ]  # fmt: skip
    keys = ("round.column_row", "round.head_item", "round.head_column", "round.head_issued",
            "round.head_said", "round.head_stood", "round.head_decision")  # fmt: skip
    if rows:
        cells = [[str(cell) for cell in row] for row in rows]
        session.table("", [session.texts(key) for key in keys], cells)


def _describe_form(session: Session, check: FormCheck, taken: TakenForm | None) -> dict[str, Any]:
    """Return a form as plain values, for `--json`."""
    return {
        "file": check.file,
        "round": check.round_id,
        "municipality_id": check.municipality_id,
        "usable": check.usable,
        "revision": taken.revision if taken else None,
        "findings": [
            {
                "code": finding.code,
                "level": finding.level,
                "row": finding.row,
                "column": finding.column,
                "text": finding.text(session.lang),
            }
            for finding in check.findings
        ],
        "rows": [
            {
                "row": row.name,
                "item": row.item,
                "faulty": row.faulty,
                "needs_a_look": row.watched,
                "decision": taken.decisions.get(row.name) if taken else None,
                "cells": [
                    {"column": d.column, "issued": d.issued, "said": d.said, "stood": d.stood}
                    for d in row.differences
                ],
            }
            for row in check.rows
        ],
    }


app.command("report")(results.report)
app.command("snapshot")(results.snapshot)
app.command("compare")(results.compare)
app.command("consult")(results.consult)
app.command("statements")(results.statements)
app.command("approve")(results.approve)
app.command("erase")(results.erase)
app.command("export")(results.export)
