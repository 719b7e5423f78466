"""The study a command is about: a region that ships with the project, or a project file's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socaccess.cli.options import open_network

if TYPE_CHECKING:
    from socaccess.study import Study
    from socaccess.study.project import Project

__all__ = [
    "ProjectFile",
    "find_in_study",
    "is_given",
    "is_project",
    "load_project",
    "open_study",
    "refuse_given",
]

ProjectFile = Annotated[
    Path | None,
    typer.Option("--project", help="Project file (TOML) of an own study it belongs to."),
]

# What a project file says itself, and where it says it.
_IN_FILE = {"settings": "[settings]", "view": "inputs.municipalities"}


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether an option of the running command was typed, not left at its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_given(context: typer.Context) -> None:
    """Refuse options that a project file says itself."""
    for name, place in _IN_FILE.items():
        if is_given(context, name):
            raise typer.BadParameter(f"a project file says it itself: {place}", param_hint=name)


def is_project(region: str) -> bool:
    """Return whether what stands for a region is a project file."""
    return region.lower().endswith(".toml")


def load_project(project: Project, network: Path | None, lang: str) -> Study:
    """Return the study of a project; what its user should know goes to stderr."""
    from socaccess.i18n import Texts

    study, notes = project.load_study(open_network(network))
    for note in notes:
        typer.echo(Texts(lang)("cli.note", note=note), err=True)
    return study


def open_study(
    context: typer.Context,
    region: str,
    *,
    view: str,
    settings: Path | None,
    network: Path | None,
    lang: str,
) -> Study:
    """Return the study of a region that ships with the project, or of a project file."""
    from socaccess.settings import Settings
    from socaccess.study import Study
    from socaccess.study.project import read_project

    if is_project(region):
        refuse_given(context)
        return load_project(read_project(region), network, lang)
    chosen = Settings.from_toml(settings) if settings else Settings()
    return Study.load(region, view=view, settings=chosen, network=open_network(network))


def find_in_study(study: Study, name: str) -> tuple[str, str]:
    """Return id and name of a municipality of a study, by either of them.

    Raises
    ------
    UnknownNameError
        If there is none, or several are called so.
    """
    from socaccess.errors import UnknownNameError
    from socaccess.i18n import fold
    from socaccess.schemas import suggest_names

    here = study.municipalities[["municipality_id", "name"]].astype(str)
    found = here[(here["municipality_id"] == name) | (here["name"].map(fold) == fold(name))]
    if len(found) == 1:
        identity, told = found.iloc[0]
        return str(identity), str(told)
    near = suggest_names(name, list(here["name"]))
    if len(found):
        raise UnknownNameError(
            f"several municipalities are called {name!r}; name its id: "
            f"{', '.join(found['municipality_id'])}"
        )
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownNameError(f"no municipality {name!r} in the study{hint}")
