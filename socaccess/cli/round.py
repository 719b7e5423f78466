"""`socaccess round`: forms to the municipalities and back, compared, decided, reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli import _round_public as public_commands
from socaccess.cli import _round_results as result_commands
from socaccess.cli import _round_store as store_commands
from socaccess.cli._round_input import (
    EXIT_NO,
    STORE,
    At,
    RoundId,
    StoreFolder,
    Who,
    open_store,
    print_json,
    read_event,
)
from socaccess.cli._round_show import show_form, show_table, summarise, tell_form
from socaccess.cli.command import App
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    Out,
    View,
    ViewName,
)

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.rounds import FormCheck, Store

__all__ = ["app"]

app = App()


@app.command("open")
def open_command(
    region: Annotated[
        str, typer.Argument(help="latgale, kurzeme, riga, vidzeme, zemgale or latvia")
    ],
    round_id: Annotated[str, typer.Option("--round", help="Its name, such as latgale-2021.")],
    as_of: Annotated[str, typer.Option("--as-of", help="The day the data are asked for.")],
    due: Annotated[str, typer.Option("--due", help="The day the forms are to be back.")],
    store: StoreFolder = STORE,
    out: Out = None,
    view: View = ViewName.today,
    everybody: Annotated[
        bool, typer.Option("--all", help="Ask every municipality, not the partners only.")
    ] = False,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Open a round and write one form a municipality; a new store is filled from the region."""
    from socaccess import rounds
    from socaccess.i18n import Texts
    from socaccess.rounds import Store
    from socaccess.study import Study

    texts = Texts(lang.value)
    when, person = read_event(at, who)
    # Before a store is made for a round that cannot be opened.
    rounds.check_round(round_id, as_of=as_of, due=due, lang=lang.value)
    if (store / "manifests").is_dir() and len(open_store(store).list_tables()):
        current = open_store(store)
        _require_region(current, region, view.value)
    else:
        study = Study.load(region, view=view.value)
        persons = rounds.list_published_persons(study, until_year=int(as_of[:4]) - 1)
        current = rounds.start_store(store, study, at=when, who=person, persons=persons)
    assert isinstance(current, Store)
    everyone = list(current.read("municipalities")["municipality_id"]) if everybody else None
    opened = rounds.open_round(
        current,
        round_id,
        as_of=as_of,
        due=due,
        folder=out or Path("out") / round_id,
        at=when,
        who=person,
        municipality_ids=everyone,
        lang=lang.value,
    )
    if as_json:
        print_json(
            {
                "round": round_id,
                "revision": opened.revision,
                "forms": [str(path) for path in opened.forms],
            }
        )
    else:
        typer.echo(texts.count("round.opened", len(opened.forms), round=round_id))
        for path in opened.forms:
            typer.echo(texts("round.wrote", path=path), err=True)


@app.command("take")
def take(
    files: Annotated[list[Path], typer.Argument(help="Forms that came back (.xlsx).")],
    store: StoreFolder = STORE,
    accept: Annotated[
        str,
        typer.Option(
            "--accept", help="Rows such as I4,P7 (with several files 0210000:I4), or all."
        ),
    ] = "",
    refuse: Annotated[str, typer.Option("--refuse", help="Rows, as with --accept.")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is found; keep nothing.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the differences into this workbook.")
    ] = None,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check forms, show every difference, keep what they say; exit 3 when one has errors."""
    from socaccess import rounds
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    when, person = read_event(at, who)
    current = open_store(store)
    checks = [rounds.check_form(current, file, at=when) for file in files]
    chosen = [
        _split_rows(option, checks) for option in (accept, refuse)
    ]  # before anything is written
    answers: list[dict[str, Any]] = []
    failed = False
    for number, (file, found) in enumerate(zip(files, checks, strict=True)):
        taken = None
        if not check:
            taken = rounds.take_form(
                current,
                file,
                at=when,
                who=person,
                accept=chosen[0][number],
                refuse=chosen[1][number],
            )
            found = taken.check
        failed |= not found.usable or any(row.faulty for row in found.rows)
        if as_json:
            answers.append(tell_form(found, taken, texts))
        else:
            show_form(found, taken, texts)
    if as_json:
        print_json(answers)
    if out:
        _write_file(out, rounds.write_review(checks, lang.value), texts)
    raise typer.Exit(EXIT_NO if failed else 0)


@app.command("decide")
def decide(
    file: Annotated[Path, typer.Argument(help="Workbook of differences with decisions in it.")],
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Accept and refuse rows as decided in the workbook that `round take --out` wrote."""
    from socaccess import rounds
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    when, person = read_event(at, who)
    current = open_store(store)
    answers = []
    decided = rounds.read_review(file)
    for receipt, (yes, no) in decided.items():
        taken = rounds.decide_rows(current, receipt, at=when, who=person, accept=yes, refuse=no)
        if as_json:
            answers.append(tell_form(taken.check, taken, texts))
        else:
            typer.echo(summarise(taken.check, taken, texts))
    if as_json:
        print_json(answers)
    elif not decided:
        typer.echo(texts("round.not_decided", file=file.name))


@app.command("status")
def status(
    store: StoreFolder = STORE,
    round_id: RoundId = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell where every form stands; exit 3 while one is not done."""
    from socaccess.i18n import Texts
    from socaccess.rounds import summarise_round

    texts = Texts(lang.value)
    table = summarise_round(open_store(store), round_id)
    if as_json:
        print_json(json.loads(table.to_json(orient="records")))
    else:
        heads = [texts("round.column_municipality")]
        heads += [texts(f"round.head_{name}") for name in ("state", "received", "accepted",
                  "refused", "pending", "faulty")]  # fmt: skip
        rows = [
            (row.municipality, texts(f"round.state_{row.state}"), row.received or "",
             *(str(getattr(row, name)) for name in ("accepted", "refused", "pending", "faulty")))
            for row in table.astype(object).where(table.notna(), None).itertuples()
        ]  # fmt: skip
        show_table(heads, rows)
    raise typer.Exit(0 if (table["state"] == "done").all() else EXIT_NO)


def _require_region(store: Store, region: str, view: str) -> None:
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


def _write_file(path: Path, content: bytes, texts: Texts) -> None:
    from socaccess.files import write_files

    written = write_files(path.parent, {path.name: content})
    typer.echo(texts("round.wrote", path=written[0]), err=True)


app.command("report")(result_commands.report)
app.command("snapshot")(result_commands.snapshot)
app.command("compare")(result_commands.compare)
app.command("undo")(store_commands.undo)
app.command("history")(store_commands.history)
app.command("verify")(store_commands.verify)
app.command("consult")(public_commands.consult)
app.command("statements")(public_commands.statements)
app.command("approve")(public_commands.approve)
