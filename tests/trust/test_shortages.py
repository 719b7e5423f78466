"""Too little memory and a full disk are said as such; every test that a page names is there."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

import pytest

from socaccess.cli import app as cli_app
from socaccess.errors import InputError
from socaccess.sources import files as source_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device", "out/map.html"), "the disk is full"),
        (ValueError("?"), "mistake in the program"),
    ],
)
def test_shortages_are_no_mistakes_of_the_program(monkeypatch, capsys, error, sentence):
    def fail(**_):
        raise error

    monkeypatch.setattr(cli_app, "app", fail)
    monkeypatch.setattr(sys, "argv", ["socaccess", "run", "latgale", "--lang", "en"])
    with pytest.raises(SystemExit) as ended:
        cli_app.run()
    said = capsys.readouterr().err
    assert ended.value.code == 1 and sentence in said and "Traceback" not in said


def test_a_file_that_takes_too_much_memory_is_named(monkeypatch, tmp_path):
    def fail(*_):
        raise MemoryError

    path = tmp_path / "large.csv"
    path.write_text("a,b\n1,2\n")
    monkeypatch.setattr(source_files, "_read_csv", fail)
    with pytest.raises(InputError, match=r"large\.csv.*memory"):
        source_files.read_rows(path)


@pytest.mark.parametrize("page", ["security.md", "privacy.md"])
def test_every_row_names_tests_that_are_there(page, request):
    collected = {item.path for item in request.session.items}
    chosen = request.config.option.keyword or request.config.option.markexpr
    whole = not chosen and len({path.parent for path in collected}) > 15
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = 0
    for table in re.findall(r"\| what .*?tested in \|\n\|[-|]+\|\n((?:\|.*\n)+)", text):
        for row in table.splitlines():
            named = re.findall(r"`([\w/]+(?:\.py|/))`", row.rsplit("|", 2)[1])
            assert named, row
            for name in named:
                path = next((each for each in (ROOT / "tests" / name, ROOT / name)
                             if each.exists()), None)  # fmt: skip
                assert path is not None, (name, row)
                files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
                if path.is_relative_to(ROOT / "tests"):
                    assert all("\ndef test_" in file.read_text("utf-8") for file in files), name
                    # In a run of all tests each of them is among what was collected.
                    assert not whole or collected >= set(files), name
            rows += 1
    assert rows >= 9
