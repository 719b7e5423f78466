"""A project file on the command line: started from a template, opened, its findings told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from socaccess.cli.options import open_network, show_progress

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.project import Outputs

__all__ = ["open_project", "start_project"]

# What a project file says itself, and where it says it.
_IN_FILE = {"settings": "[settings]", "view": "inputs.municipalities"}
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

    def given(name: str) -> bool:
        source = context.get_parameter_source(name)
        return source is not None and source.name == "COMMANDLINE"

    for name, place in _IN_FILE.items():
        if given(name):
            raise typer.BadParameter(f"a project file says it itself: {place}", param_hint=name)
    project = read_project(path)
    said = {field: getattr(asked, field) for name, field in _FIELDS.items() if given(name)}
    outputs = replace(project.outputs, **said)
    texts = Texts(outputs.languages[0])
    with show_progress(texts) as progress:
        if progress:
            progress("load")
        study, notes = project.load_study(open_network(network))
    for note in notes:
        typer.echo(texts("cli.note", note=note), err=True)
    return study, outputs
