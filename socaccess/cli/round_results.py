"""The commands of a round about what came of it: report, snapshots, what the public said."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, SmallCounts, StudyOptions
from socaccess.cli.session import Session

if TYPE_CHECKING:
    from socaccess.rounds import SnapshotChanges, Store

__all__ = [
    "approve",
    "compare",
    "consult",
    "erase",
    "export",
    "report",
    "snapshot",
    "statements",
]

STORE = Path("store")

StoreFolder = Annotated[Path, typer.Option("--store")]
At = Annotated[str | None, typer.Option("--at")]
Who = Annotated[str | None, typer.Option("--who")]
ClockNote = Annotated[str, typer.Option("--clock-note")]
RoundId = Annotated[str | None, typer.Option("--round")]


def read_event(at: str | None, who: str | None) -> tuple[str, str]:
    """Return when and by whom: the only place where the clock is read."""
    return at or dt.datetime.now().isoformat(timespec="seconds"), who or getpass.getuser()


def open_store(folder: Path, clock_note: str = "") -> Store:
    """Return the store of a folder."""
    from socaccess.rounds import Store

    return Store.open(folder, clock_note=clock_note)


def report(
    session: Session,
    store: StoreFolder = STORE,
    round_id: RoundId = None,
    small_counts: SmallCounts = False,
) -> None:
    """Write the progress report of a round: persons, places, % of assessed, and every change."""
    from socaccess import rounds
    from socaccess.files import write_files

    texts, current = session.texts, open_store(store)
    found = rounds.report_progress(current, round_id)
    found = rounds.hide_report(found, below=_threshold(small_counts))
    labels = _label_codes(current, session.lang)
    folder = session.out or Path("out") / f"{found.round_id}-report"
    written = write_files(folder, rounds.write_report(found, labels, lang=session.lang))
    groups = found.persons_total[found.persons_total["service"] == "all"]
    counts = {"as_of": found.as_of, "answered": found.answered, "issued": found.issued}
    session.say("round.report_headline", title=found.title[session.lang], **counts)
    for row in groups.to_dict("records"):
        recipients, share = row["recipients"], row["share_of_assessed"]
        if recipients is not None and recipients == recipients:
            known = share is not None and share == share
            session.say(
                "round.report_group_share" if known else "round.report_group",
                group=labels[row["target_group"]],
                recipients=session.cell(recipients),
                share=texts.share(share),
            )
    session.say("round.head", head=found.head)
    session.print_json({"round": found.round_id, **counts, "head": found.head, "groups": groups,
                        "files": written})  # fmt: skip
    for path in written:
        session.wrote(path)


def snapshot(
    session: Session,
    asked: StudyOptions,
    label: Annotated[str, typer.Argument()],
    date: Annotated[str, typer.Option("--date")],
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Run the region's study with the facilities of the store, and keep how things stand."""
    from socaccess import rounds

    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    about = current.read("about").set_index("item")["value"]
    study = replace(asked, view=about["view"]).open(about["region"])
    result = rounds.update_study(study, current).run(sites=False)
    taken = rounds.make_snapshot(result, label=label, date=date)
    revision = rounds.keep_snapshot(current, taken, at=when, who=person)
    session.say("round.snapshot_kept", label=label, revision=revision)
    session.finish({"label": label, "date": date, "revision": revision})


def compare(
    session: Session,
    before: Annotated[str, typer.Argument()],
    after: Annotated[str, typer.Argument()],
    store: StoreFolder = STORE,
    small_counts: SmallCounts = False,
) -> None:
    """Show what changed between two snapshots: facilities, places, coverage, persons."""
    from socaccess import rounds

    current = open_store(store)
    changes = rounds.compare_snapshots(
        rounds.read_snapshot(current, before), rounds.read_snapshot(current, after)
    )
    municipalities = current.read("municipalities").set_index("municipality_id")
    changes = rounds.hide_changes(
        changes, municipalities["population"].to_dict(), below=_threshold(small_counts)
    )
    if changes.empty:
        session.say("round.snapshot_same", before=before, after=after)
    else:
        labels = _label_codes(current, session.lang)
        _show_changes(session, changes, municipalities["name"].to_dict(), labels)
    tables = {name: getattr(changes, name) for name in ("facilities", "coverage", "persons")}
    session.finish(tables, {f"changes_{name}": table for name, table in tables.items()})


def consult(
    session: Session,
    file: Annotated[Path | None, typer.Argument()] = None,
    events: Annotated[Path | None, typer.Option("--events")] = None,
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Keep what was said in the public consultation, and the answers; earlier ones stay."""
    from socaccess.errors import InputError
    from socaccess.rounds import keep_events, keep_statements, read_events, read_statements

    if file is None and events is None:
        raise InputError("rounds.nothing_said")
    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    table = None if file is None else read_statements(file, current)
    if events is not None:
        found = read_events(events)
        revision = keep_events(current, found, at=when, who=person)
        session.say("round.events_kept", n=len(found))
        if table is None:
            session.finish({"events": len(found), "revision": revision})
            return
    assert table is not None
    revision = keep_statements(current, table, at=when, who=person)
    session.print(session.texts.count("round.consulted", len(table), revision=revision))
    if table.attrs["masked"]:
        session.say("round.masked", statements=", ".join(table.attrs["masked"]))
    session.finish({"statements": len(table), "revision": revision})


def statements(
    session: Session,
    blank: Annotated[Path | None, typer.Option("--blank")] = None,
    store: StoreFolder = STORE,
) -> None:
    """List what was said and answered; exit 3 while a statement waits for its answer."""
    from socaccess import rounds
    from socaccess.files import write_file
    from socaccess.rounds import ANSWERS, SPEAKERS, list_statements, summarise_statements

    current = open_store(store)
    if blank is not None:
        form = rounds.write_statement_form(current, speakers=SPEAKERS, lang=session.lang)
        session.wrote(write_file(blank, form))
        session.finish({"file": blank})
        return
    events = rounds.list_events(current)
    table = rounds.mark_statements(list_statements(current), events)
    summary = summarise_statements(table)
    columns: dict[str, Any] = {
        "round.head_speaker": ("round.speaker_", "speaker"),
        "round.head_statements": "said",
    }
    columns |= {f"round.answer_{name}": name for name in ANSWERS}
    session.frame("", summary, columns)
    waiting = table[table["answer"] == "pending"]
    for row in waiting.itertuples():
        session.say("round.waiting", statement=row.statement_id, text=row.text)
    session.say("round.marked", late=int(table["late"].sum()),
                anonymous=int(table["anonymous"].sum()))  # fmt: skip
    last = str(current.manifest["at"])[:10]
    breaches = rounds.check_days(events, on=last)
    for row in breaches.to_dict("records"):
        session.say(f"round.breach_{row['finding']}", event=row["event_id"], days=row["days"],
                    limit=row["limit"])  # fmt: skip
    tables = {"statements": table, "statements_summary": summary, "breaches": breaches}
    session.finish({"summary": summary, "statements": table, "breaches": breaches}, tables)
    raise typer.Exit(EXIT_NO if len(waiting) else 0)


def approve(
    session: Session,
    body: Annotated[str, typer.Argument()],
    act: Annotated[str, typer.Option("--act")],
    date: Annotated[str, typer.Option("--date")],
    note: Annotated[str, typer.Option("--note")] = "",
    anyway: Annotated[bool, typer.Option("--anyway")] = False,
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Write down that a body approved the store as it stands now."""
    from socaccess.rounds import approve as keep_approval
    from socaccess.rounds import find_open

    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    unanswered, missing = find_open(current)
    if (unanswered or missing) and not anyway and sys.stdin.isatty() and not session.as_json:
        question = session.texts("round.ask_approve", statements=unanswered, forms=missing)
        anyway = typer.confirm(question)
    approved, head = current.revision, current.head
    revision = keep_approval(current, body=body, act=act, date=date, at=when, who=person,
                             note=note, anyway=anyway)  # fmt: skip
    session.say("round.approved", body=body, act=act, revision=approved)
    session.say("round.head", head=head)
    session.finish({"approved": approved, "head": head, "revision": revision,
                    "unanswered": unanswered, "missing_forms": missing})  # fmt: skip


def erase(
    session: Session,
    reason: Annotated[str, typer.Option("--reason")],
    statement: Annotated[str, typer.Option("--statement")] = "",
    receipt: Annotated[str, typer.Option("--receipt")] = "",
    text: Annotated[str, typer.Option("--text")] = "",
    store: StoreFolder = STORE,
    at: At = None,
    who: Who = None,
    clock_note: ClockNote = "",
) -> None:
    """Remove a text or a form from all of history; that it was removed stays written."""
    from socaccess.errors import InputError
    from socaccess.rounds import erase as erase_texts

    if not (statement or receipt or text):
        raise InputError("rounds.which_to_erase")
    when, person = read_event(at, who)
    current = open_store(store, clock_note)
    count = erase_texts(current, statement=statement, receipt=receipt, text=text, reason=reason,
                        at=when, who=person)  # fmt: skip
    session.print(session.texts.count("round.erased", count, revision=current.revision))
    session.finish({"erased": count, "revision": current.revision, "head": current.head})


def export(
    session: Session,
    gpkg: Annotated[Path, typer.Option("--gpkg")],
    day: Annotated[str | None, typer.Option("--day")] = None,
    store: StoreFolder = STORE,
) -> None:
    """Write what the store knows, now or on a day, as layers for QGIS."""
    from socaccess.rounds import export_layers

    written = export_layers(open_store(store), gpkg, day=day)
    session.wrote(written)
    session.print_json({"file": written, "day": day})


def _threshold(small_counts: bool) -> int:
    """Return from how many people on a count is shown."""
    from socaccess.settings import Settings

    return 0 if small_counts else Settings().suppress_below


def _label_codes(store: Store, lang: str) -> dict[str, str]:
    """Return the names of the store's services and target groups by code."""
    services = store.read("services")
    labels = dict(zip(services["target_group"], services[f"group_{lang}"], strict=True))
    return labels | dict(zip(services["service"], services[f"name_{lang}"], strict=True))


def _show_changes(
    session: Session, changes: SnapshotChanges, names: dict[str, str], labels: dict[str, str]
) -> None:
    """Print what changed between two snapshots: facilities, who lives near, persons in need."""
    number = session.texts.number
    for row in changes.facilities.itertuples():
        sides = ""
        if row.change in ("places", "renamed", "service"):
            before, after = (labels.get(v, v) or "–" for v in (row.before, row.after))
            sides = f": {before} → {after}"
        elif row.change == "moved":
            sides = f" ({number(row.moved_m)} m)"
        kind, change = (
            labels.get(row.service, row.service),
            session.word("round.change_", row.change),
        )
        where = names.get(row.municipality_id, "")
        session.print(f"{where}: {row.name} ({kind}) – {change}{sides}")
    coverage = changes.coverage
    for row in coverage[
        (coverage["scenario"] == "now") & (coverage["scope"] == "any")
    ].itertuples():
        session.say(
            "round.snapshot_coverage",
            municipality=names.get(row.municipality_id, ""),
            service=labels.get(row.service, row.service),
            before=number(row.population_covered_before),
            after=number(row.population_covered_after),
        )
    for row in changes.persons.itertuples():
        session.say(
            "round.snapshot_persons",
            municipality=names.get(row.municipality_id, ""),
            group=labels.get(row.target_group, row.target_group),
            before=session.cell(row.persons_before, 0),
            after=session.cell(row.persons_after, 0),
        )
