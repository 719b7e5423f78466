"""Build every folder of `data/`, or check that a build gives the bytes that are there.

    python tools/build_all.py            write data/ anew
    python tools/build_all.py --check    build elsewhere and compare; exit 1 when anything differs

Both fetch the packages that `_packages.py` names, once, into `.cache/packages`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
DATA = TOOLS.parent / "data"
# In this order: later folders read earlier ones.
FOLDERS = ("settlements", "boundaries", "water", "roads", "services")


def list_folders() -> list[str]:
    """Return the folders that have a builder, in the order of building."""
    return [name for name in FOLDERS if (TOOLS / f"build_{name}.py").exists()]


def build(data: Path) -> None:
    """Write every folder into `data`."""
    for name in list_folders():
        importlib.import_module(f"build_{name}").build(data)


def find_differences(one: Path, other: Path) -> list[str]:
    """Return the files of two data folders that differ or stand in one of them only."""
    differences = []
    for name in list_folders():
        folders = (one / name, other / name)
        files = {
            path.relative_to(folder).as_posix()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }
        for file in sorted(files):
            paths = [folder / file for folder in folders]
            if not all(path.exists() for path in paths):
                differences.append(f"{name}/{file} is in one of both only")
            elif paths[0].read_bytes() != paths[1].read_bytes():
                differences.append(f"{name}/{file} differs")
    return differences


def main() -> int:
    """Build or check, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    if not parser.parse_args().check:
        build(DATA)
        print(f"built {', '.join(list_folders())}")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch))
        differences = find_differences(Path(scratch), DATA)
    print("\n".join(differences) or f"{', '.join(list_folders())}: the same bytes")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
