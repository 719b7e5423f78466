"""The wheel carries the data: built, installed elsewhere, run from there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_installed_wheel_runs_without_the_checkout(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "socaccess/data/services/facilities.csv" in names
    assert any(name.startswith("socaccess/maps/assets/") for name in names)
    assert not any(name.startswith(("tests/", "data/", "tools/")) for name in names)

    # A clean environment of its own; only the libraries come from the one the tests run in.
    clean = tmp_path / "Mani darbi, ķēde" / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clean)], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(clean / "bin" / "python"), "install"]
    subprocess.run([*install, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = clean.glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries) + "\n")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV")
    }

    def call(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            words, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    where = call(str(clean / "bin" / "python"), "-c", "import socaccess; print(socaccess.__file__)")
    assert where.stdout.startswith(str(clean)), where.stdout + where.stderr
    answer = call(str(clean / "bin" / "socaccess"), "check", "Ludzas novads", "--json")
    assert answer.returncode == 3, answer.stderr
    assert '"municipality": "Ludzas novads"' in answer.stdout

    # Whoever writes in Python is told of mistakes before anything runs.
    assert "socaccess/py.typed" in names
    here = Path(__file__).parent
    python = str(clean / "bin" / "python")

    right = (here / "typed_script.py", ROOT / "notebooks" / "plan.py")
    words = ["-m", "mypy", "--python-executable", python, "--strict"]
    words += ["--cache-dir", str(tmp_path / "types"), "--ignore-missing-imports"]
    told = call(sys.executable, *words, *map(str, right), str(here / "wrong_script.py"))
    lines = [line.split(":")[:2] for line in told.stdout.splitlines() if ": error:" in line]
    assert [(Path(file).name, line) for file, line in lines] == [
        ("wrong_script.py", str(line)) for line in range(6, 15)
    ], told.stdout + told.stderr
    for script in right:
        ran = call(python, str(script))
        assert ran.returncode == 0, ran.stderr


def test_version_is_stated_once_and_the_same():
    import tomllib

    from socaccess import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert __version__ == project["version"]
