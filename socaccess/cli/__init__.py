"""The command line: the only place that prints."""

from __future__ import annotations

import atexit
import gc

OBJECTS = 50_000
"""So many new objects are made between two searches for rubbish."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    # One command's memory is given back when it ends: searching what the libraries hold for rubbish
    # took a tenth of a command, half of that when all was said and written.
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)
    from socaccess.cli.app import run

    run()
