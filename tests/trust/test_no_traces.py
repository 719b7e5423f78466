"""Every command with broken input: one line each, no trace, nothing unexpected."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from socaccess.cli import app as module
from socaccess.messages import Message

GARBAGE = b"PK\x03\x04\x00\xff\xfe not what you expect \x00 [[[ {{{ <a>"
SUFFIXES = (".toml", ".xlsx")
# What the program says of its own mistakes, in the language the tests speak (tests/conftest.py).
UNEXPECTED = Message("cli.unexpected", kind="").text("lv").split(" ;")[0].strip()


def walk(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from walk(inner, (*words, name))


COMMANDS = dict(walk(get_command(module.app)))


def is_path(annotation: Any) -> bool:
    kinds = (annotation, *typing.get_args(annotation))
    return any(kind is Path or Path in typing.get_args(kind) for kind in kinds)


def list_parameters(command: Any) -> list[tuple[Any, bool]]:
    """Return the parameters of a command and whether each is a path."""
    hints = typing.get_type_hints(inspect.unwrap(command.callback))
    return [(one, is_path(hints.get(one.name))) for one in command.params if one.name in hints]


def fill(command: Any, path: Path, option: Any = None) -> list[str]:
    """Return words for everything the command must be told, and for one option more."""
    words = []
    for parameter, takes_path in list_parameters(command):
        chosen = parameter is option
        if not parameter.required and not chosen:
            continue
        named = parameter.param_type_name == "option"
        value = str(path) if takes_path else "1"
        words += [parameter.opts[0], value] if named else [value]
    return words


def call(words: list[str], monkeypatch, capsys) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["socaccess", *words])
    monkeypatch.setenv("SOCACCESS_OFFLINE", "1")
    with pytest.raises(SystemExit) as stopped:
        module.run()
    told = capsys.readouterr()
    code = stopped.value.code
    return (code if isinstance(code, int) else 0), told.out + told.err


def check(words: list[str], monkeypatch, capsys) -> str:
    code, told = call(words, monkeypatch, capsys)
    assert code in (1, 2, 3), (words, told)
    assert "Traceback" not in told and UNEXPECTED not in told, (words, told)
    assert 'File "' not in told
    return told


@pytest.mark.parametrize(
    "name", [" ".join(words) for words, one in COMMANDS.items() if fill(one, Path("x"))]
)
def test_a_command_with_broken_files_tells_so_in_lines(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = COMMANDS[tuple(name.split())]
    asks_for_files = any(one.required and path for one, path in list_parameters(command))
    for suffix in SUFFIXES if asks_for_files else SUFFIXES[:1]:
        path = tmp_path / f"broken{suffix}"
        path.write_bytes(GARBAGE)
        told = check([*name.split(), *fill(command, path)], monkeypatch, capsys)
        assert told.strip()
    if asks_for_files and name != "programme init":  # which makes the folder it is given
        check([*name.split(), *fill(command, tmp_path / "absent.csv")], monkeypatch, capsys)


OPTIONS = [
    (words, parameter)
    for words, command in COMMANDS.items()
    for parameter, takes_path in list_parameters(command)
    if takes_path and not parameter.required and parameter.name != "out"
]


@pytest.mark.parametrize(
    ("words", "option"), OPTIONS, ids=[f"{' '.join(w)} {o.opts[0]}" for w, o in OPTIONS]
)
def test_an_option_that_names_a_broken_file(words, option, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "broken.toml"
    path.write_bytes(GARBAGE)
    filled = fill(COMMANDS[words], path, option)
    if words[0] in ("run", "site", "sweep", "check", "annex"):
        filled = ["latgale" if word == "1" else word for word in filled]
    check([*words, *filled], monkeypatch, capsys)


def test_a_mistake_of_the_program_is_one_line_too(monkeypatch, capsys):
    def fail(**_: object) -> None:
        raise KeyError("a mistake\nof two lines")

    monkeypatch.setattr(module, "app", fail)
    code, told = call(["data", "list"], monkeypatch, capsys)
    assert code == 1 and len(told.splitlines()) == 1 and f"{UNEXPECTED} KeyError" in told


def test_debug_shows_the_whole_trace(monkeypatch, capsys):
    from socaccess.errors import InputError

    monkeypatch.setattr(sys, "argv", ["socaccess", "validate", "absent.csv", "--debug"])
    with pytest.raises(InputError):
        module.run()
