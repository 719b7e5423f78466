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
COMPILING = """
import socaccess as sa
from socaccess.travel.kernels import compile_kernels
compile_kernels()
sa.Study.load("kurzeme", view="plan").run()
"""
"""What numba compiles for roads and for siting, done beside the static checks for all workers."""
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
    beside = None
    if "lint" not in words:
        beside = subprocess.Popen([sys.executable, "-c", COMPILING], cwd=ROOT, env=environment)
    for command in STATIC if beside is None else (*STATIC, *RUNNING):
        if beside is not None and command in RUNNING:
            beside.wait()
        asked = [sys.executable, *command]
        code = subprocess.run(asked, cwd=ROOT, env=environment, check=False).returncode
        if code:
            print(f"failed: python {' '.join(command)}", file=sys.stderr)
            if beside is not None:
                beside.kill()
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
