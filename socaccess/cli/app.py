"""The commands and what they have in common: language, exit codes, one-line errors."""

from __future__ import annotations

import errno
import sys
from typing import Annotated

import typer

from socaccess.cli import access as access_command
from socaccess.cli import check as check_command
from socaccess.cli import data as data_command
from socaccess.cli import network as network_command
from socaccess.cli import plan as plan_command
from socaccess.cli import programme as programme_command
from socaccess.cli import round as round_command
from socaccess.cli import run as run_command
from socaccess.cli import scale as scale_command
from socaccess.cli import site as site_command
from socaccess.cli import transit as transit_command
from socaccess.cli import validate as validate_command
from socaccess.cli.codepages import write_plainly
from socaccess.cli.command import App
from socaccess.cli.speech import EXIT_USAGE, find_option
from socaccess.cli.start import ask_what
from socaccess.errors import Problem, SocAccessError
from socaccess.i18n import Texts, choose_language
from socaccess.version import VERSION

__all__ = ["app", "run"]

EXIT_ERROR = 1

app = App()
app.command("run")(run_command.run)
app.command("check")(check_command.check)
app.command("annex")(run_command.annex)
app.command("site")(site_command.site)
app.command("access")(access_command.access)
app.command("closing")(access_command.closing)
app.command("sweep")(scale_command.sweep)
app.command("validate")(validate_command.validate)
app.add_typer(data_command.app, name="data")
app.add_typer(network_command.app, name="network")
app.add_typer(plan_command.app, name="plan")
app.add_typer(programme_command.app, name="programme")
app.add_typer(round_command.app, name="round")
app.add_typer(scale_command.app, name="scale")
app.add_typer(transit_command.app, name="transit")


@app.callback(invoke_without_command=True)
def _describe(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version")] = False,
) -> None:
    if version:
        typer.echo(VERSION)
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.Exit(EXIT_USAGE)


def _name_failure(error: Exception) -> Problem:
    """Return what ended a command: too little memory or room, or a mistake in the program."""
    if isinstance(error, MemoryError):
        return Problem("cli.out_of_memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem("files.disk_full", where=error.filename or "")
    return Problem("cli.unexpected", kind=type(error).__name__)


def _is_alone() -> bool:
    """Return whether nothing was asked (but perhaps a language) and a person is watching."""
    words = sys.argv[1:]
    asks_nothing = not words or (words[0].startswith("--lang") and len(words) <= 2)
    return asks_nothing and sys.stdin.isatty() and sys.stdout.isatty()


def run() -> None:
    """Run the command line: 0 fine, 1 our error, 2 usage, 3 the answer is no."""
    write_plainly()
    debug = "--debug" in sys.argv
    lang = choose_language(find_option(sys.argv, "--lang"))
    try:
        if _is_alone():
            texts = Texts(lang)
            typer.echo(texts("cli.start_title"))
            words = ask_what(texts)
            if not words:
                return
            sys.argv[1:] = [*words, "--lang", lang]
        app(standalone_mode=True)
    except SocAccessError as error:
        if debug:
            raise
        for line in error.text(lang).splitlines():
            typer.echo(f"socaccess: {line}", err=True)
        sys.exit(EXIT_ERROR)
    except Exception as error:
        if debug:
            raise
        problem = _name_failure(error)
        typer.echo(f"socaccess: {problem.text(lang)}", err=True)
        sys.exit(EXIT_ERROR)
