"""The commands that tell what came of rounds: report, snapshot, compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli._plan_input import finish
from socaccess.cli._round_input import (
    STORE,
    At,
    RoundId,
    SmallCounts,
    StoreFolder,
    Who,
    label_codes,
    open_store,
    print_json,
    read_event,
)
from socaccess.cli._round_show import show_changes
from socaccess.cli.command import Session
from socaccess.cli.options import Debug, Json, Lang, Language, Out

__all__ = ["compare", "report", "snapshot"]


def report(
    store: StoreFolder = STORE,
    round_id: RoundId = None,
    out: Out = None,
    small_counts: SmallCounts = False,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the progress report of a round: persons, places, % of assessed, and every change."""
    from socaccess import rounds
    from socaccess.files import write_files
    from socaccess.i18n import Texts
    from socaccess.settings import Settings

    texts = Texts(lang.value)
    current = open_store(store)
    found = rounds.report_progress(current, round_id)
    found = rounds.hide_report(found, below=0 if small_counts else Settings().suppress_below)
    labels = label_codes(current, lang.value)
    folder = out or Path("out") / f"{found.round_id}-report"
    written = write_files(folder, rounds.write_report(found, labels, lang=lang.value))
    whole = found.persons_total[found.persons_total["service"] == "all"]
    if as_json:
        print_json(
            {
                "round": found.round_id,
                "as_of": found.as_of,
                "issued": found.issued,
                "answered": found.answered,
                "groups": json.loads(whole.to_json(orient="records")),
                "files": [str(path) for path in written],
            }
        )
    else:
        line = texts("round.report_headline", title=found.title[lang.value], as_of=found.as_of,
                     answered=found.answered, issued=found.issued)  # fmt: skip
        typer.echo(line)
        for row in whole.to_dict("records"):
            recipients, share = row["recipients"], row["share_of_assessed"]
            if recipients is None or recipients != recipients:
                continue
            shown = recipients if isinstance(recipients, str) else texts.number(recipients)
            typer.echo(
                texts("round.report_group", group=labels[row["target_group"]], recipients=shown,
                      share=texts.share(share))
            )  # fmt: skip
    for path in written:
        typer.echo(texts("round.wrote", path=path), err=True)


def snapshot(
    label: Annotated[str, typer.Argument(help="Its name, such as 2021.")],
    date: Annotated[str, typer.Option("--date", help="The day it shows.")],
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run the region's study with the facilities of the store, and keep how things stand."""
    from socaccess import rounds
    from socaccess.i18n import Texts
    from socaccess.study import Study

    when, person = read_event(at, who)
    current = open_store(store)
    about = current.read("about").set_index("item")["value"]
    study = rounds.update_study(Study.load(about["region"], view=about["view"]), current)
    taken = rounds.make_snapshot(study.run(sites=False), label=label, date=date)
    revision = rounds.keep_snapshot(current, taken, at=when, who=person)
    if as_json:
        print_json({"label": label, "date": date, "revision": revision})
    else:
        line = Texts(lang.value)("round.snapshot_kept", label=label, revision=revision)
        typer.echo(line)


def compare(
    before: Annotated[str, typer.Argument(help="Label of the earlier snapshot.")],
    after: Annotated[str, typer.Argument(help="Label of the later snapshot.")],
    store: StoreFolder = STORE,
    small_counts: SmallCounts = False,
    out: Out = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell what changed between two snapshots: facilities, places, coverage, persons."""
    from socaccess import rounds
    from socaccess.i18n import Texts
    from socaccess.settings import Settings

    texts = Texts(lang.value)
    current = open_store(store)
    changes = rounds.compare_snapshots(
        rounds.read_snapshot(current, before), rounds.read_snapshot(current, after)
    )
    municipalities = current.read("municipalities").set_index("municipality_id")
    changes = rounds.hide_changes(
        changes,
        municipalities["population"].to_dict(),
        below=0 if small_counts else Settings().suppress_below,
    )
    tables = {name: getattr(changes, name) for name in ("facilities", "coverage", "persons")}
    if not as_json and changes.empty:
        typer.echo(texts("round.snapshot_same", before=before, after=after))
    elif not as_json:
        show_changes(
            changes, municipalities["name"].to_dict(), label_codes(current, lang.value), texts
        )
    files = {f"changes_{name}": table for name, table in tables.items()}
    finish(Session(lang.value, as_json, out, False), tables, tables=files)
