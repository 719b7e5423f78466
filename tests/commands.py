"""The command line as a person meets it: its exit code, its answer, what it says beside."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest import mock

from socaccess.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command ended with."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def run_command(*words: object, lang: str = "") -> Outcome:
    """Run `socaccess` with these words; errors are printed as they are for a person."""
    out, err = io.StringIO(), io.StringIO()
    environment = {**os.environ, "SOCACCESS_LANG": lang} if lang else dict(os.environ)
    with (
        mock.patch.object(sys, "argv", ["socaccess", *map(str, words)]),
        mock.patch.dict(os.environ, environment),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return Outcome(code, out.getvalue(), err.getvalue())
