"""A project file on the command line: started from a template, opened, its findings told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from socaccess.cli._studies import is_given, load_project, refuse_given
from socaccess.cli.options import show_progress

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.project import Outputs

__all__ = ["open_project", "start_project"]

# What the command line says goes before what the file says.
_FIELDS = {"out": "folder", "lang": "languages", "excel": "excel", "formats": "formats",
           "small_counts": "show_small_counts"}  # fmt: skip


def start_project(path: Path, lang: str) -> None:
    """Write a project file to fill in, and say how it goes on."""
    from socaccess.i18n import Texts
    from socaccess.study.project import write_template

    written = write_template(path, lang=lang)
    typer.echo(Texts(lang)("cli.project_started", path=written))


def open_project(
    context: typer.Context, path: Path, asked: Outputs, network: Path | None
) -> tuple[Study, Outputs]:
    """Return the study of a project file and what to write of it; notes go to stderr."""
    from socaccess.i18n import Texts
    from socaccess.study.project import read_project

    refuse_given(context)
    project = read_project(path)
    said = {
        field: getattr(asked, field) for name, field in _FIELDS.items() if is_given(context, name)
    }
    outputs = replace(project.outputs, **said)
    texts = Texts(outputs.languages[0])
    with show_progress(texts) as progress:
        if progress:
            progress("load")
        study = load_project(project, network, outputs.languages[0])
    return study, outputs
