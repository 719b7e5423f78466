"""The command line: the only place that prints."""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code."""
    from socaccess.cli.app import run

    run()
