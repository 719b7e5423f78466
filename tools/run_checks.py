"""Every check of the project, in the order in which failing is cheapest.

`python tools/run_checks.py lint` stops after the static ones. Works on every system:
`make test` calls it, and so does `uv run --all-extras python tools/run_checks.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/**/*.ipynb"))
IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"
STATIC = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy"),
    ("-c", IMPORT_LINTER),
    ("-m", "nbstripout", "--verify", *NOTEBOOKS),
)
ROADS = "from socaccess.travel.kernels import compile_kernels; compile_kernels()"
OTHERS = """
import pytest
pytest.main(["-q", "-p", "no:nbmake", "tests/transit/test_commands.py",
             "tests/siting/test_large_ways.py::test_whole_clients_under_capacity"])
"""
COMPILING = (ROADS, OTHERS)
"""What numba compiles for roads, and for siting and timetables, done beside the static checks:
else each worker would compile it."""
RUNNING = (
    ("tools/audit.py",),
    (
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",  # the longest files first, see conftest.py
        "-p",
        "no:nbmake",
        "--doctest-modules",
        "socaccess",
        "tests",
    ),
    ("-m", "pytest", "-q", "-n", "2", "--nbmake", "notebooks"),
)


def main(words: list[str]) -> int:
    """Run the checks until one fails; return its exit code."""
    # Tests start hundreds of commands: without this each of them compiled every module anew.
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    beside = [] if "lint" in words else [begin_compiling(code, environment) for code in COMPILING]
    for command in (*STATIC, *RUNNING) if beside else STATIC:
        if "pytest" in command:
            for process in beside:
                process.wait()
        asked = [sys.executable, *command]
        code = subprocess.run(asked, cwd=ROOT, env=environment, check=False).returncode
        if code:
            print(f"failed: python {' '.join(command)}", file=sys.stderr)
            for process in beside:
                process.kill()
            return code
    return 0


def begin_compiling(code: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Begin to compile; what its tests have to say they say again when they are run."""
    asked = [sys.executable, "-c", code]
    return subprocess.Popen(asked, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
