"""Reads what it is given with every reader; run under strace by `test_traces.py`.

Each reader reads its valid file once, so that libraries are loaded; then a file that is opened in
vain marks that whatever the process asks from there on is asked on behalf of an input.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tools._foreign import list_foreign  # noqa: E402
from tools._readers import READERS  # noqa: E402
from tools.fuzz import SEEDS, read_bytes  # noqa: E402


def mark(text: str) -> None:
    """Leave a word in the trace."""
    with contextlib.suppress(OSError):
        Path(f"/mark/{text}").read_bytes()


def main(folder: Path, canary: str, address: str) -> None:
    """Read the valid file, foreign ones, and what once broke a reader."""
    foreign = list_foreign(canary, address)
    valid = {name: reader.make() for name, reader in READERS.items()}
    for reader in READERS.values():  # a first time: modules, time zones, databases of coordinates
        for data in (reader.make(), *foreign[:1]):
            read_bytes(reader, data, folder)
    for name, reader in READERS.items():
        kept = [path.read_bytes() for path in sorted(SEEDS.glob(f"{name}-*"))]
        mark(f"{name}/begin")
        for data in (valid[name], valid[name][:-40], *foreign, *kept):
            read_bytes(reader, data, folder)
        mark(f"{name}/end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
