"""`socaccess annex`: what is attached to a plan or an application, as PDF and DOCX."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli.command import Session, SmallCounts, StudyOptions, find_area, is_project

__all__ = ["annex"]


class Form(StrEnum):
    """Two pages, or everything."""

    short = "short"
    full = "full"


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
    for path in written:
        session.wrote(path)
