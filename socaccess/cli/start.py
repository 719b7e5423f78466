"""`socaccess` alone, where a person is watching: four questions, each led to a command it shows."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import typer

from socaccess.errors import SocAccessError
from socaccess.i18n import Texts

__all__ = ["ask_what"]

Read = Callable[[str], str]
Write = Callable[[str], None]


def _read(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False))


def ask_what(texts: Texts, read: Read = _read, write: Write = typer.echo) -> list[str]:
    """Return the words of the command that answers what a person asks, none if nothing is wanted.

    Parameters
    ----------
    texts
        Words of the language.
    read, write
        How a question is answered, and how a line is shown.

    Examples
    --------
    >>> answers = iter(["1", "kurzeme", "n"])
    >>> shown = []
    >>> ask_what(Texts("en"), lambda _: next(answers), shown.append)
    []
    >>> shown[-1]
    'This command: socaccess run kurzeme'
    """
    asked = {"map": _ask_map, "municipality": _ask_municipality, "application": _ask_application,
             "data": _ask_data}  # fmt: skip
    at = _choose(texts, [texts(key) for key in ("cli.start_map", "cli.start_municipality",
                                                "cli.start_application", "cli.start_data")],
                 read, write)  # fmt: skip
    if at is None:
        return []
    words = list(asked.values())[at](texts, read, write)
    if not words:
        return []
    write(texts("cli.start_command", command=f"socaccess {shlex.join(words)}"))
    no = read(texts("cli.start_run")).strip().casefold()
    return [] if no in ("n", "nē", "ne", "no") else words


def _choose(texts: Texts, options: Sequence[str], read: Read, write: Write) -> int | None:
    """Return the position of the option a person numbers; None for an empty answer."""
    for number, option in enumerate(options, 1):
        write(f"  {number}  {option}")
    while True:
        answer = read(texts("cli.start_number", n=len(options))).strip()
        if not answer:
            return None
        if answer.isdecimal() and 0 < int(answer) <= len(options):
            return int(answer) - 1


def _ask_map(texts: Texts, read: Read, write: Write) -> list[str]:
    from socaccess.sources.boundaries import REGIONS
    from socaccess.study.embedded import EVERYWHERE

    known = [*REGIONS, EVERYWHERE]
    while True:
        answer = read(texts("cli.start_region", names=", ".join(known))).strip().casefold()
        if not answer:
            return []
        if answer in known:
            return ["run", answer]


def _ask_municipality(texts: Texts, read: Read, write: Write) -> list[str]:
    name = _find_municipality(texts, read, write)
    return ["check", name] if name else []


def _find_municipality(texts: Texts, read: Read, write: Write) -> str:
    """Return the name of a municipality or of a town in it, as it was typed; empty for none."""
    from socaccess.cli.command import find_area

    while True:
        answer = read(texts("cli.start_name")).strip()
        if not answer:
            return ""
        try:
            if find_area(answer, "today")[1] is not None:
                return answer
        except SocAccessError as error:
            write(error.text(texts.lang))


def _ask_application(texts: Texts, read: Read, write: Write) -> list[str]:
    from socaccess.sources.services import load_service_types

    municipality = _find_municipality(texts, read, write)
    if not municipality:
        return []
    types = load_service_types()
    types = types[types["counts_as_supply"] & types["limit_min"].notna()]
    at = _choose(texts, types[f"name_{texts.lang}"].tolist(), read, write)
    settlement = read(texts("cli.start_settlement")).strip() if at is not None else ""
    places = read(texts("cli.start_places")).strip() if settlement else ""
    if at is None or not places.isdecimal() or not int(places):
        return []
    return ["plan", "eraf", municipality, "--service", str(types["service"].iloc[at]),
            "--settlement", settlement, "--places", places]  # fmt: skip


def _ask_data(texts: Texts, read: Read, write: Write) -> list[str]:
    answer = read(texts("cli.start_file")).strip()
    return ["validate", answer] if answer else ["run", "--init", "study.toml"]
