"""The commands of a round about the public: statements, answers to them, approval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli._plan_input import finish
from socaccess.cli._round_input import (
    EXIT_NO,
    STORE,
    At,
    StoreFolder,
    Who,
    open_store,
    print_json,
    read_event,
)
from socaccess.cli._round_show import show_table
from socaccess.cli.command import Session
from socaccess.cli.options import Debug, Json, Lang, Language, Out

__all__ = ["approve", "consult", "statements"]


def consult(
    file: Annotated[
        Path, typer.Argument(help="What was said, and answered: csv or xlsx; see docs/rounds.md.")
    ],
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Keep what was said in the public consultation, and the answers; earlier ones stay."""
    from socaccess.i18n import Texts
    from socaccess.rounds import keep_statements, read_statements

    texts = Texts(lang.value)
    table = read_statements(file)
    when, person = read_event(at, who)
    revision = keep_statements(open_store(store), table, at=when, who=person)
    if as_json:
        print_json({"statements": len(table), "revision": revision})
    else:
        typer.echo(texts.count("round.consulted", len(table), revision=revision))


def statements(
    store: StoreFolder = STORE,
    out: Out = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List what was said and answered; exit 3 while a statement waits for its answer."""
    from socaccess.i18n import Texts
    from socaccess.rounds.consultation import (
        ANSWERS,
        list_statements,
        summarise_statements,
    )

    texts = Texts(lang.value)
    table = list_statements(open_store(store))
    summary = summarise_statements(table)
    if not as_json:
        heads = [texts("round.head_speaker"), texts("round.head_statements")]
        heads += [texts(f"round.answer_{name}") for name in ANSWERS]
        rows = [
            (texts(f"round.speaker_{row['speaker']}"), str(row["said"]),
             *(str(row[name]) for name in ANSWERS))
            for row in summary.to_dict("records")
        ]  # fmt: skip
        show_table(heads, rows)
        for row in table[table["answer"] == "pending"].itertuples():
            typer.echo(texts("round.waiting", statement=row.statement_id, text=row.text))
    tables = {"statements": table, "statements_summary": summary}
    session = Session(lang.value, as_json, out, False)
    finish(session, {"summary": summary, "statements": table}, tables=tables)
    raise typer.Exit(EXIT_NO if (table["answer"] == "pending").any() else 0)


def approve(
    body: Annotated[str, typer.Argument(help="Who approved, such as a council.")],
    act: Annotated[str, typer.Option("--act", help="By which act: its number or title.")],
    date: Annotated[str, typer.Option("--date", help="The day of the act.")],
    note: Annotated[str, typer.Option("--note", help="Anything more.")] = "",
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write down that a body approved the store as it stands now."""
    from socaccess.i18n import Texts
    from socaccess.rounds import approve as keep_approval

    when, person = read_event(at, who)
    current = open_store(store)
    approved = current.revision
    revision = keep_approval(current, body=body, act=act, date=date, at=when, who=person, note=note)
    if as_json:
        print_json({"approved": approved, "revision": revision})
    else:
        texts = Texts(lang.value)
        typer.echo(texts("round.approved", body=body, act=act, revision=approved))
