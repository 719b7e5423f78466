"""`socaccess run` and `annex`: from the data of a region to the files that are handed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import Form, SmallCounts, StudyOptions, find_area, is_project
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.project import Outputs

__all__ = ["annex", "run"]

SCENARIOS = ("now", "planned", "suggested")
_TRAVEL = {"car": "cli.caveat_by_car", "transit": "cli.caveat_by_transit",
           "both": "cli.caveat_both"}  # fmt: skip


def run(
    session: Session,
    asked: StudyOptions,
    region: Annotated[str | None, typer.Argument()] = None,
    small_counts: SmallCounts = False,
    formats: Annotated[list[str] | None, typer.Option("--format")] = None,
    init: Annotated[Path | None, typer.Option("--init")] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario")] = None,
) -> None:
    """Compute times, coverage, gaps and suggested sites of a region; write map and tables."""
    from socaccess.files import require_folder
    from socaccess.outputs import require_formats
    from socaccess.study.project import Outputs, read_project, write_template

    if init is not None:
        session.say("cli.project_started", path=write_template(init, lang=session.lang))
        return
    if region is None and asked.project is None:
        raise Misuse("cli.missing", session.texts("help.metavar.region"))
    name = region or str(asked.project)
    if scenario is not None:
        from socaccess.cli._scenario_answer import answer_scenario_file

        with session.progress() as progress:
            answer_scenario_file(session, asked.open(name), scenario, small_counts=small_counts,
                                 progress=progress)  # fmt: skip
        return
    outputs = Outputs(
        session.out or Path("out") / name,
        (session.lang,),
        session.excel,
        tuple(formats or ()),
        small_counts,
    )
    if is_project(name):
        # What the command line says goes before what the file says.
        fields = {"out": "folder", "lang": "languages", "excel": "excel",
                  "formats": "formats", "small_counts": "show_small_counts"}  # fmt: skip
        typed = {fields[given]: getattr(outputs, fields[given])
                 for given in asked.given & set(fields)}  # fmt: skip
        outputs = replace(read_project(name).outputs, **typed)
    require_formats(outputs.formats)
    require_folder(outputs.folder)
    with session.progress() as progress:
        progress("load")
        study = asked.open(name)
        _run_and_write(session, study, outputs, progress)


def annex(
    session: Session,
    asked: StudyOptions,
    area: Annotated[str, typer.Argument()],
    form: Annotated[Form, typer.Option("--form")] = Form.full,
    small_counts: SmallCounts = False,
) -> None:
    """Write the annex of a region or of one municipality: annex.pdf and annex.docx."""
    from socaccess.outputs import write_annexes

    with session.progress() as progress:
        progress("load")
        if is_project(area) or (not asked.project and find_area(area, asked.view)[1] is None):
            study, identity = asked.open(area), None
        else:
            study, identity, _ = asked.open_municipality(area)
        result = study.run(progress=progress)
        progress("write")
        written = write_annexes(
            result,
            session.out or Path("out") / (identity or Path(area).stem.lower()),
            lang=session.lang,
            form=form.value,
            municipality_id=identity,
            allow_small_counts=small_counts,
        )
    session.print_json({"written": written})
    for path in written:
        session.wrote(path)


def _run_and_write(session: Session, study: Study, outputs: Outputs, progress: Any) -> None:
    """Run a study, show the headline in the first language, write what is asked in every one."""
    from socaccess.outputs import write_outputs
    from socaccess.study.release import run_released

    released = run_released(study, allow_small_counts=outputs.show_small_counts, progress=progress)
    # The answer is there: it is read while the files are made.
    _show_headline(replace(session, lang=outputs.languages[0]), released)
    progress("write")
    written = []
    for lang in outputs.languages:
        several = len(outputs.languages) > 1
        written += write_outputs(
            released,
            outputs.folder / lang if several else outputs.folder,
            lang=lang,
            excel=outputs.excel,
            formats=outputs.formats,
        )
    for path in written:
        session.wrote(path)


def _show_headline(session: Session, released: Any) -> None:
    """Print the headline: every service of the plan, low to high, and what is estimated in it."""
    from socaccess.content import Cell, Column, Phrase, Share, Strong, Table
    from socaccess.documents.record import build_record
    from socaccess.documents.without_car import compose_services

    headline = build_record(released)["headline"]
    study, texts = released.result.study, session.texts
    if session.as_json:
        replace(session, out=None).finish(headline)
        return
    names = study.name_services(session.lang, marked=True)
    groups = study.name_groups(session.lang)
    rows: list[list[Any]] = []
    for group, persons in _list_groups(headline):
        rows.append(
            [Strong(groups[group]), None, None if persons is None else Strong(str(persons))]
        )
        rows[-1] += [""] * 3
        for row in headline["services"]:
            if row["target_group"] != group or not row["promised"]:
                continue
            known = ["  " + names[row["service"]], row["limit_min"], ""]
            if not row["supply_known"]:
                rows.append([*known, Cell(texts("cli.no_data"), span=3)])
                continue
            shares = (
                Share(*(row[f"covered_share{end}"][scenario] for end in ("", "_low", "_high")))
                for scenario in SCENARIOS
            )
            rows.append([*known, *shares])
    kinds = {"cli.service": "text", "cli.limit": "number", "cli.persons": "number",
             "cli.now": "share", "cli.planned": "share", "cli.suggested": "share"}  # fmt: skip
    columns = [Column(Phrase(key), kind) for key, kind in kinds.items()]
    year = headline["borders_year"]
    borders = f" ({texts('cli.borders', year=year)})" if year else ""
    session.print(f"{study.title[session.lang]}{borders}", style="bold")
    counts = {name: texts.number(headline[name])
              for name in ("municipalities", "settlements", "population")}  # fmt: skip
    session.say("cli.overview", **counts)
    _show_build(session, released)
    session.say("cli.shares")
    session.show(Table(tuple(columns), rows))
    if headline["worst"]:
        worst = ", ".join(
            f"{row['municipality']} ({texts.share(row['covered_share']['now'])})"
            for row in headline["worst"]
        )
        session.say("cli.worst", names=worst)
    without = tuple(compose_services(released, texts))
    if without:
        session.print(texts("transit.title"), style="bold")
        session.show(*without)
    for line in _list_caveats(headline, texts, study):
        session.print(f"- {line}")


def _show_build(session: Session, released: Any) -> None:
    """Print what to build, and why there is nothing more."""
    from socaccess.study.proposals import (
        compose_build,
        explain_basis,
        explain_left_out,
        list_proposals,
        name_houses,
    )

    texts, proposals = session.texts, list_proposals(released)
    left_out = explain_left_out(released, texts)
    if not proposals and not left_out:
        return
    session.print(texts("build.title"), style="bold")
    if proposals:
        session.show(compose_build(released, texts, proposals))
        for line in (*name_houses(released, texts, proposals), *explain_basis(released, texts)):
            session.print(line)
    for line in left_out:
        session.print(f"- {line}")


def _list_groups(headline: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the groups with their persons; those of the services where no plan says them."""
    if headline["groups"]:
        return [(row["target_group"], row["persons"]) for row in headline["groups"]]
    promised = [row for row in headline["services"] if row["promised"]]
    return sorted({row["target_group"]: row["persons"] for row in promised}.items())


def _list_caveats(headline: dict[str, Any], texts: Any, study: Study) -> list[str]:
    """Return what is estimated or modelled in the headline, in plain sentences."""
    lines = [
        texts("cli.caveat_limits"),
        texts("cli.caveat_times", share=texts.share(headline["time_uncertainty"])),
    ]
    lines.append(texts(_TRAVEL[study.mode]))
    if study.need_is_estimated:
        lines.append(texts("cli.caveat_need"))
    lines += [
        target[f"note_{texts.lang}"]
        for target in headline["targets"]
        if target.get("indicator", "target") != "target" and target.get(f"note_{texts.lang}")
    ]
    lines.append(texts("cli.caveat_planned"))
    if study.guessed & {row["service"] for row in headline["services"] if row["promised"]}:
        lines.append(texts("map.guessed_note"))
    if headline["modelled_share"] is not None:
        key = "cli.caveat_modelled" if study.roads_are_modelled else "cli.caveat_modelled_roads"
        lines.append(texts(key, share=texts.share(headline["modelled_share"])))
    if headline["not_located"]["facilities"]:
        lines.append(texts.count("cli.caveat_not_located", headline["not_located"]["facilities"]))
    return lines
