"""`socaccess round`: forms to the municipalities and back, compared, decided, reported."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli._round_show import show_form, show_table, summarise, tell_form
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
    from socaccess.planning.rounds import FormCheck
    from socaccess.planning.store import Store

__all__ = ["app"]

EXIT_NO = 3

app = typer.Typer(
    no_args_is_help=True,
    help="Rounds of forms: out to the municipalities, back, compared, decided row by row.",
)

StoreFolder = Annotated[Path, typer.Option("--store", help="Folder of the store.")]
At = Annotated[
    str | None, typer.Option("--at", help="When this happens, ISO 8601; now by default.")
]
Who = Annotated[str | None, typer.Option("--who", help="Who does this; the user by default.")]
RoundId = Annotated[
    str | None, typer.Option("--round", help="Which round; the one opened last by default.")
]
STORE = Path("store")


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
    view: View = ViewName.plan,
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
    from socaccess.i18n import Texts
    from socaccess.planning import rounds
    from socaccess.planning.store import Store
    from socaccess.study import Study

    texts = Texts(lang.value)
    when, person = _event(at, who)
    # Before a store is made for a round that cannot be opened.
    rounds.check_round(round_id, as_of=as_of, due=due, lang=lang.value)
    if (store / "manifests").is_dir() and len(_open(store).list_tables()):
        box = _open(store)
        _require_region(box, region, view.value)
    else:
        study = Study.load(region, view=view.value)
        persons = rounds.list_published_persons(study, until_year=int(as_of[:4]) - 1)
        box = rounds.start_store(store, study, at=when, who=person, persons=persons)
    assert isinstance(box, Store)
    everyone = list(box.read("municipalities")["municipality_id"]) if everybody else None
    opened = rounds.open_round(
        box,
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
        _print_json(
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
    from socaccess.i18n import Texts
    from socaccess.planning import rounds

    texts = Texts(lang.value)
    when, person = _event(at, who)
    box = _open(store)
    checks = [rounds.check_form(box, file, at=when) for file in files]
    chosen = [
        _split_rows(option, checks) for option in (accept, refuse)
    ]  # before anything is written
    answers: list[dict[str, Any]] = []
    failed = False
    for number, (file, found) in enumerate(zip(files, checks, strict=True)):
        taken = None
        if not check:
            taken = rounds.take_form(
                box, file, at=when, who=person, accept=chosen[0][number], refuse=chosen[1][number]
            )
            found = taken.check
        failed |= not found.usable or any(row.faulty for row in found.rows)
        if as_json:
            answers.append(tell_form(found, taken, texts))
        else:
            show_form(found, taken, texts)
    if as_json:
        _print_json(answers)
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
    from socaccess.i18n import Texts
    from socaccess.planning import rounds

    texts = Texts(lang.value)
    when, person = _event(at, who)
    box = _open(store)
    answers = []
    decided = rounds.read_review(file)
    for receipt, (yes, no) in decided.items():
        taken = rounds.decide_rows(box, receipt, at=when, who=person, accept=yes, refuse=no)
        if as_json:
            answers.append(tell_form(taken.check, taken, texts))
        else:
            typer.echo(summarise(taken.check, taken, texts))
    if as_json:
        _print_json(answers)
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
    from socaccess.planning.rounds import summarise_round

    texts = Texts(lang.value)
    table = summarise_round(_open(store), round_id)
    if as_json:
        _print_json(json.loads(table.to_json(orient="records")))
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


@app.command("report")
def report(
    store: StoreFolder = STORE,
    round_id: RoundId = None,
    out: Out = None,
    small_counts: Annotated[
        bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
    ] = False,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the progress report of a round: persons, places, % of assessed, and every change."""
    from socaccess.i18n import Texts
    from socaccess.planning import _files, monitoring
    from socaccess.settings import Settings

    texts = Texts(lang.value)
    box = _open(store)
    found = monitoring.report_progress(box, round_id)
    found = monitoring.hide_report(found, below=0 if small_counts else Settings().suppress_below)
    labels = _label_codes(box, lang.value)
    folder = out or Path("out") / f"{found.round_id}-report"
    written = _files.write_files(folder, monitoring.write_report(found, labels, lang=lang.value))
    whole = found.persons_total[found.persons_total["service"] == "all"]
    if as_json:
        _print_json(
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


@app.command("undo")
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
    from socaccess.planning.rounds import undo as undo_revision

    when, person = _event(at, who)
    box = _open(store)
    undone = box.revision if revision is None else revision
    now = undo_revision(box, revision, at=when, who=person)
    if as_json:
        _print_json({"undone": undone, "revision": now})
    else:
        typer.echo(Texts(lang.value)("round.undone", revision=undone, now=now))


@app.command("history")
def history(
    store: StoreFolder = STORE,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List every revision of the store: when, who, what."""
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    table = _open(store).history()
    if as_json:
        _print_json(table.to_dict("records"))
        return
    heads = [texts(f"round.head_{name}") for name in ("revision", "at", "who", "action", "note")]
    rows = [
        (str(row.revision), row.at, row.who, row.action, row.note) for row in table.itertuples()
    ]
    show_table(heads, rows)


@app.command("verify")
def verify(
    store: StoreFolder = STORE,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare every file of the store with its hash; exit 1 when one differs."""
    from socaccess.i18n import Texts

    texts = Texts(lang.value)
    box = _open(store)
    table = box.verify()
    if as_json:
        _print_json(table.to_dict("records"))
        raise typer.Exit(0 if table["whole"].all() else 1)
    box.require_whole()
    left = int((table["finding"] == "leftover").sum())
    typer.echo(texts.count("round.verified", len(table) - left))
    if left:
        typer.echo(texts.count("round.leftovers", left))


@app.command("snapshot")
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
    from socaccess.i18n import Texts
    from socaccess.planning import snapshots
    from socaccess.study import Study

    when, person = _event(at, who)
    box = _open(store)
    about = box.read("about").set_index("item")["value"]
    study = snapshots.update_study(Study.load(about["region"], view=about["view"]), box)
    taken = snapshots.make_snapshot(study.run(sites=False), label=label, date=date)
    revision = snapshots.keep_snapshot(box, taken, at=when, who=person)
    if as_json:
        _print_json({"label": label, "date": date, "revision": revision})
    else:
        line = Texts(lang.value)("round.snapshot_kept", label=label, revision=revision)
        typer.echo(line)


@app.command("compare")
def compare(
    before: Annotated[str, typer.Argument(help="Label of the earlier snapshot.")],
    after: Annotated[str, typer.Argument(help="Label of the later snapshot.")],
    store: StoreFolder = STORE,
    small_counts: Annotated[
        bool, typer.Option("--show-small-counts", help="Show counts of fewer than five people.")
    ] = False,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell what changed between two snapshots: facilities, places, coverage, persons."""
    from socaccess.i18n import Texts
    from socaccess.planning import snapshots
    from socaccess.settings import Settings

    texts = Texts(lang.value)
    box = _open(store)
    changes = snapshots.compare_snapshots(
        snapshots.read_snapshot(box, before), snapshots.read_snapshot(box, after)
    )
    municipalities = box.read("municipalities").set_index("municipality_id")
    changes = snapshots.hide_changes(
        changes,
        municipalities["population"].to_dict(),
        below=0 if small_counts else Settings().suppress_below,
    )
    tables = {name: getattr(changes, name) for name in ("facilities", "coverage", "persons")}
    if as_json:
        _print_json({name: json.loads(t.to_json(orient="records")) for name, t in tables.items()})
        return
    if changes.empty:
        typer.echo(texts("round.snapshot_same", before=before, after=after))
        return
    labels = _label_codes(box, lang.value)
    for row in changes.facilities.itertuples():
        change = texts(f"round.change_{row.change}")
        sides = f": {row.before} → {row.after}" if row.change in ("places", "renamed") else ""
        where = municipalities["name"].get(row.municipality_id, "")
        typer.echo(
            f"{where}: {row.name} ({labels.get(row.service, row.service)}) – {change}{sides}"
        )
    now = changes.coverage[(changes.coverage["scenario"] == "now")
                           & (changes.coverage["scope"] == "any")]  # fmt: skip
    for row in now.itertuples():
        typer.echo(
            texts(
                "round.snapshot_coverage",
                municipality=municipalities["name"].get(row.municipality_id, ""),
                service=labels.get(row.service, row.service),
                before=texts.number(row.population_covered_before),
                after=texts.number(row.population_covered_after),
            )
        )


# -- what the commands share ------------------------------------------------------------------


def _event(at: str | None, who: str | None) -> tuple[str, str]:
    """Return when and by whom: the only place where the clock is read."""
    return at or dt.datetime.now().isoformat(timespec="seconds"), who or getpass.getuser()


def _open(folder: Path) -> Store:
    from socaccess.planning.store import Store

    return Store.open(folder)


def _require_region(store: Store, region: str, view: str) -> None:
    from socaccess.errors import InputError

    about = store.read("about").set_index("item")["value"]
    if (about["region"], about["view"]) != (region, view):
        raise InputError(
            f"{store.path}: the store is of {about['region']} ({about['view']}), "
            f"not of {region} ({view}); give another --store"
        )


def _label_codes(store: Store, lang: str) -> dict[str, str]:
    services = store.read("services")
    labels = dict(zip(services["target_group"], services[f"group_{lang}"], strict=True))
    return labels | dict(zip(services["service"], services[f"name_{lang}"], strict=True))


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
        hint = "with several forms write the municipality's code before the row: 0210000:I4"
        raise InputError(
            [Problem("row is of no form, or of several", rows=tuple(wrong), hint=hint)]
        )
    return chosen


def _print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False))


def _write_file(path: Path, content: bytes, texts: Texts) -> None:
    from socaccess.planning._files import write_files

    written = write_files(path.parent, {path.name: content})
    typer.echo(texts("round.wrote", path=written[0]), err=True)
