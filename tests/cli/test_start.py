"""`socaccess` alone: questions in Latvian, each led to a command that it shows."""

from __future__ import annotations

import os
import pty
import sys

import pytest
import typer

from socaccess.cli.app import app
from socaccess.cli.start import ask_what
from socaccess.i18n import Texts


def ask(*answers: str) -> tuple[list[str], list[str]]:
    left, shown = iter(answers), []
    words = ask_what(Texts("lv"), lambda _: next(left), shown.append)
    assert list(left) == []
    return words, shown


@pytest.mark.parametrize(
    ("answers", "command"),
    [
        (("1", "atlantis", "Latgale", ""), ["run", "latgale"]),
        (("2", "Nekuriene", "Ludza", "j"), ["check", "Ludza"]),
        (("3", "Ludzas novads", "0", "x", "1", "Ludza", "16", ""),
         ["plan", "eraf", "Ludzas novads", "--service", None, "--settlement", "Ludza",
          "--places", "16"]),
        (("4", "mani dati.csv", ""), ["validate", "mani dati.csv"]),
        (("4", "", ""), ["run", "--init", "study.toml"]),
    ],
)  # fmt: skip
def test_each_answer_leads_to_a_command(answers: tuple[str, ...], command: list[str]) -> None:
    words, shown = ask(*answers)
    assert [b if b is None else a for a, b in zip(words, command, strict=True)] == command
    assert shown[-1].startswith("Komanda: socaccess ")
    # What is shown is a command there is.
    parsed = typer.main.get_command(app)
    for word in words[: 2 if words[0] == "plan" else 1]:
        parsed = parsed.commands[word]
    parsed.make_context("x", words[2 if words[0] == "plan" else 1 :])


def test_nothing_is_run_that_is_not_wanted() -> None:
    assert ask("")[0] == []
    assert ask("1", "")[0] == []
    words, shown = ask("1", "kurzeme", "nē")
    assert words == []
    assert shown[-1] == "Komanda: socaccess run kurzeme"


def test_on_a_terminal_it_asks_in_latvian_and_elsewhere_it_does_not() -> None:
    """Nobody who pipes is asked anything."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", "from socaccess.cli import main; main()"])
    seen = b""
    while b"no 1 l" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, b"\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert "Manu pašvaldību" in seen.decode("utf-8")
