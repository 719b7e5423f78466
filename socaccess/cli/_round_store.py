"""The commands about the store itself: undo, history, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from socaccess.cli._round_input import (
    STORE,
    At,
    StoreFolder,
    Who,
    open_store,
    print_json,
    read_event,
)
from socaccess.cli._round_show import show_table
from socaccess.cli.options import Debug, Json, Lang, Language

__all__ = ["history", "undo", "verify"]


def undo(
    revision: Annotated[
        int | None, typer.Argument(help="Which revision; the newest by default.")
    ] = None,
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Add a revision in which what another one changed is as it was before."""
    from socaccess.i18n import Texts
    from socaccess.rounds import undo as undo_revision

    when, person = read_event(at, who)
    current = open_store(store)
    undone = current.revision if revision is None else revision
    now = undo_revision(current, revision, at=when, who=person)
    if as_json:
        print_json({"undone": undone, "revision": now})
    else:
        typer.echo(Texts(lang.value)("round.undone", revision=undone, now=now))


def history(
    store: StoreFolder = STORE,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List every revision of the store: when, who, what."""
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    table = open_store(store).history()
    if as_json:
        print_json(table.to_dict("records"))
        return
    heads = [texts(f"round.head_{name}") for name in ("revision", "at", "who", "action", "note")]
    rows = [
        (str(row.revision), row.at, row.who, texts(f"round.action_{row.action}"), row.note)
        for row in table.itertuples()
    ]
    show_table(heads, rows)


def verify(
    store: StoreFolder = STORE,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare every file of the store with its hash; exit 1 when one differs."""
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    current = open_store(store)
    table = current.verify()
    if as_json:
        print_json(table.to_dict("records"))
        raise typer.Exit(0 if table["whole"].all() else 1)
    current.require_whole()
    left = int((table["finding"] == "leftover").sum())
    typer.echo(texts.count("round.verified", len(table) - left))
    if left:
        typer.echo(texts.count("round.leftovers", left))
