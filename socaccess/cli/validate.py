"""`socaccess validate`: is this table usable, what is wrong with it, and how would it be right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_WRONG
from socaccess.cli.session import Session

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.reference import Reference
    from socaccess.sources.tables import Inspection

__all__ = ["validate"]

EMBEDDED = "embedded"


def validate(
    session: Session,
    file: Annotated[Path, typer.Argument()],
    form: Annotated[str | None, typer.Option("--as")] = None,
    crs: Annotated[str | None, typer.Option("--crs")] = None,
    layer: Annotated[str | None, typer.Option("--layer")] = None,
    project: Annotated[Path | None, typer.Option("--project")] = None,
    place: Annotated[bool, typer.Option("--place")] = False,
    duplicates: Annotated[bool, typer.Option("--duplicates")] = False,
    against: Annotated[str | None, typer.Option("--against")] = None,
    fix: Annotated[bool, typer.Option("--fix")] = False,
    out: Annotated[Path | None, typer.Option("--out")] = None,
) -> None:
    """Check a table and explain every finding at once; exit 1 when there is any."""
    from socaccess.errors import UnknownNameError, raise_problems
    from socaccess.schemas import FORMS
    from socaccess.sources.correcting import correct_table
    from socaccess.sources.tables import inspect_table

    if form is not None and form not in FORMS:
        raise UnknownNameError("schemas.no_form", name=form, known=list(FORMS))
    reference, gazetteer = _open_reference(project, place)
    found = inspect_table(
        file,
        FORMS[form] if form else None,
        layer=layer,
        crs=crs,
        reference=reference,
        gazetteer=gazetteer,
    )
    pairs = _find_pairs(found, against, reference) if duplicates or against else None
    left = found
    if fix or out is not None:
        correction = correct_table(found, reference, crs=crs)
        _write_copy(session, found, correction, file, out, pairs)
        left = correction.left
    session.print_json(_describe(session.lang, left, found, pairs))
    if session.as_json:
        raise typer.Exit(EXIT_WRONG if left.problems else 0)
    _show(session, found, pairs)
    raise_problems(left.problems)
    session.print(session.texts.count("cli.valid", len(found.rows), file=file.name))


def _open_reference(project: Path | None, place: bool) -> tuple[Reference, Gazetteer | None]:
    """Return what the table may refer to, and where its rows may be looked up."""
    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.reference import Reference

    if project is None:
        return Reference.of_latvia(), Gazetteer.embedded() if place else None
    from socaccess.study.project import read_project

    return read_project(project).open_reference(place=place)


def _write_copy(
    session: Session,
    found: Inspection,
    correction: Any,
    file: Path,
    out: Path | None,
    pairs: pd.DataFrame | None,
) -> None:
    """Write the corrected copy and say so."""
    from socaccess.sources.corrected import choose_copy, write_corrected

    copy = choose_copy(file, out, polygons=found.form.geometry == "polygon")
    write_corrected(found, correction, copy, lang=session.lang, duplicates=pairs)
    texts, left = session.texts, len(correction.left.problems)
    session.remark(texts.count("cli.copied", len(correction.changes), path=copy))
    if left:
        session.remark(texts.count("cli.still_wrong", left))


def _find_pairs(found: Inspection, against: str | None, reference: Reference) -> pd.DataFrame:
    """Return facilities that may be one and the same, in the file or in it and another."""
    import pandas as pd

    from socaccess.errors import InputError, raise_problems
    from socaccess.schemas import FACILITIES
    from socaccess.sources.duplicates import find_duplicates
    from socaccess.sources.services import load_facilities
    from socaccess.sources.tables import read_table

    if found.form.name != "facilities":
        raise InputError("sources.duplicates_of_facilities", where=found.file)
    raise_problems(found.problems)
    assert found.checked is not None
    frame = found.checked.assign(source=found.file)
    if against is not None:
        other = (
            load_facilities()
            if against == EMBEDDED
            else read_table(against, FACILITIES, reference=reference)
        )
        frame = pd.concat([frame, other.to_crs(frame.crs)], ignore_index=True)
    pairs = find_duplicates(frame)
    own = (pairs["source"] == found.file) | (pairs["duplicate_source"] == found.file)
    return pairs[own].reset_index(drop=True)


def _show(session: Session, found: Inspection, pairs: pd.DataFrame | None) -> None:
    """Say what was read as something else, what is open, and which rows may be the same."""
    from socaccess.sources.correcting import name_changes

    texts = session.texts
    for change in name_changes(found.changes, found.row_names):
        session.remark(texts("cli.read_as", change=change.text(texts.lang)))
    for note in found.notes:
        session.remark(texts("cli.to_decide", note=note.text(texts.lang)))
    if pairs is None:
        return
    for row in pairs.to_dict("records"):
        session.print(
            f"{row['score']:.2f}  {row['facility_id']} = {row['duplicate_id']}  {row['service']}: "
            f"{row['name']} = {row['duplicate_name']}"
        )
    session.print(texts.count("cli.pairs", len(pairs)) if len(pairs) else
                  texts("cli.no_duplicates"))  # fmt: skip


def _describe(
    lang: str, left: Inspection, found: Inspection, pairs: pd.DataFrame | None
) -> dict[str, Any]:
    from socaccess.messages import show_value
    from socaccess.sources.correcting import list_findings

    problems = [
        {"code": p.code, "what": p.describe(lang), "where": p.locate(lang),
         "rows": [show_value(row, lang) for row in p.rows], "hint": p.advise(lang)}
        for p in left.problems
    ]  # fmt: skip
    findings = [
        {"kind": item.kind, "row": show_value(item.row_name, lang),
         "column": item.heading or item.column, "value": item.value,
         "code": item.problem.code, "what": item.problem.describe(lang),
         "hint": item.after or item.problem.advise(lang)}
        for item in list_findings(found)
    ]  # fmt: skip
    answer = {"valid": not left.problems, "rows": len(found.rows), "problems": problems,
              "findings": findings}  # fmt: skip
    return answer if pairs is None else {**answer, "duplicates": pairs}
