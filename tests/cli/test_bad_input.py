"""Bad input to the four commands everybody uses: one Latvian line each, and the right exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.test_speech import ENGLISH as USAGE_ENGLISH
from tests.commands import run_command
from tests.ground.test_messages import ENGLISH

HEAD = "facility_id,name,service,status,lon,lat,places\n"
GOOD = "a,A,dac_grt,operating,27.7,56.5,3\n"
PROJECT = """[project]
name = "west"
[inputs]
settlements = "places.csv"
"""
FILES = {
    "empty.csv": "",
    "columns.csv": "color,size\nred,3\n",
    "words.csv": HEAD + "a,A,nothing,gone,27.7,56.5,3\n",
    "number.csv": HEAD + "a,A,dac_grt,operating,27.7,56.5,-2\n",
    "twice.csv": HEAD + GOOD + GOOD,
    "far.csv": HEAD + "a,A,dac_grt,operating,2.3,48.8,3\n",
    "metres.csv": HEAD.replace("lon,lat", "x,y") + "a,A,dac_grt,operating,7,6,3\n",
    "separator.csv": HEAD + 'a,"Centrs [/b]\u2028 X",nothing,operating,27.7,56.5,3\n',
    "book.xlsx": "this is no workbook",
    "map.gpkg": "this is no layer",
    "setting.toml": "limit = 3\n",
    "settings.toml": '[limits_min]\ndac_grt = "soon"\n[siting]\nfloor = 3\n',
    "broken.toml": "[limits_min\n",
    "problem.toml": "colour = 1\n",
    "place.toml": 'candidates = ["Nekurene"]\n',
    "section.toml": "[inputs]\nx = 1\n[colours]\ny = 2\n",
    "project.toml": PROJECT,
    "roads.network": "this is no network",
}
# The words typed, the exit code, how many findings.
CASES = [
    ("validate missing.csv", 1, 1),
    ("validate empty.csv", 1, 1),
    ("validate columns.csv", 1, 1),
    ("validate words.csv", 1, 2),
    ("validate number.csv", 1, 1),
    ("validate twice.csv", 1, 1),
    ("validate far.csv", 1, 1),
    ("validate separator.csv", 1, 1),
    ("validate book.xlsx", 1, 1),
    ("validate map.gpkg", 1, 1),
    ("validate words.csv --as clinics", 1, 1),
    ("validate metres.csv --crs EPSG:no", 1, 1),
    ("validate", 2, 1),
    ("validate words.csv --colour red", 2, 1),
    ("check Nekurene", 1, 1),
    ("check latgale", 1, 1),
    ("check", 2, 1),
    ("check Ludza Dagda", 2, 1),
    ("check Ludza --min-share 3", 2, 1),
    ("check Ludza --limit soon", 2, 1),
    ("check Ludza --limit nothing=20", 1, 1),
    ("check Ludza --view now", 2, 1),
    ("check Ludza --settings missing.toml", 1, 1),
    ("check Ludza --settings setting.toml", 1, 1),
    ("check Ludza --settings settings.toml", 1, 2),
    ("check Ludza --settings broken.toml", 1, 1),
    ("check Ludza --network roads.network", 1, 1),
    ("check Ludza --project missing.toml", 1, 1),
    ("site nowhere --service dac_grt", 1, 1),
    ("site latgale", 2, 1),
    ("site latgale --service dac_grtt", 1, 1),
    ("site latgale --service dac_grt --sites 0", 2, 1),
    ("site latgale --service dac_grt --sites many", 2, 1),
    ("site latgale --service dac_grt --limit=-5", 2, 1),
    ("site latgale --service dac_grt --phases 2027", 1, 1),
    ("site latgale --service dac_grt --problem missing.toml", 1, 1),
    ("site latgale --service dac_grt --problem problem.toml", 1, 1),
    ("site latgale --service dac_grt --problem place.toml", 1, 1),
    ("site latgale --service dac_grt --objective best", 1, 1),
    ("site latgale --service dac_grt --floor 7", 1, 1),
    ("site missing.toml --service dac_grt", 1, 1),
    ("run latgalle", 1, 1),
    ("run", 2, 1),
    ("run latgale kurzeme", 2, 1),
    ("run latgale --view mine", 2, 1),
    ("run latgale --format shapes", 1, 1),
    ("run latgale --limit dac_grt=", 2, 1),
    ("run latgale --settings setting.toml", 1, 1),
    ("run latgale --network missing.network", 1, 1),
    ("run missing.toml", 1, 1),
    ("run broken.toml", 1, 1),
    ("run section.toml", 1, 3),
    ("run project.toml", 1, 3),
    ("run latgale --lang de", 2, 1),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_every_command_has_ten_kinds_of_bad_input():
    for command in ("validate", "check", "site", "run"):
        assert sum(words.split()[0] == command for words, _, _ in CASES) >= 10


@pytest.mark.parametrize(("words", "code", "findings"), CASES, ids=[case[0] for case in CASES])
def test_bad_input_is_one_latvian_line_each(words, code, findings, folder, monkeypatch):
    monkeypatch.chdir(folder)
    lang = () if "--lang" in words else ("--lang", "lv")
    outcome = run_command(*words.split(), *lang, lang="lv")
    assert outcome.exit_code == code, outcome
    assert outcome.stdout == ""
    lines = outcome.stderr.splitlines()
    assert all(line.startswith("socaccess: ") for line in lines), lines
    if code == 2:
        assert lines.pop().endswith("--help")
    assert len(lines) == findings, lines
    # What was typed, and names and codes the data has, stand as they are.
    plain = re.sub(r"„[^”]*”|`[^`]*`|--[\w-]+|\b\w+[_.]\w+\b|socaccess", "", " ".join(lines))
    assert ENGLISH.findall(plain) + USAGE_ENGLISH.findall(plain) == []
    assert sorted(path.name for path in Path().iterdir()) == sorted(FILES)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "latgale"),
        ("annex", "latgale"),
        ("site", "latgale", "--service", "respite_grt"),
        ("check", "Ludzas novads"),
        ("plan", "views", "latgale"),
    ],
    ids=lambda words: words[0],
)
def test_a_folder_that_is_none_is_refused_before_anything_is_calculated(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def load(*_: object, **__: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr("socaccess.study.study.Study.load", load)
    (tmp_path / "out").write_text("a file")
    done = run_command(*words, "--out", tmp_path / "out" / "here", lang="lv")
    assert done.exit_code == 1
    assert "loaded" not in done.stderr and "neparedzēta" not in done.stderr
    assert str(tmp_path / "out") in done.stderr
    assert len(done.stderr.splitlines()) == 1
