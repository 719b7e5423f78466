"""The commands told in the pages of the documents run, and end with the code they should."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from told import COMMAND, FILE, PAGES, assert_printed, list_sentences
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import InputError

TITLES = {
    "buildings": "Buildings of institutions as sites of services",
    "budget": "Budget: ",
    "catalogue": "Services of the catalogue",
    "cooperation": "who is served where, within",
    "eraf": "Check of an object before an ERDF application",
    "forecast": "Clients to come: ",
    "general-services": "General services: how many",
    "goals": "Target group",
    "mobile": "Staff on the road: ",
    "model": "Model of services: ",
    "movers": "Where those who leave an institution go",
    "need": "where published figures contradict each other",
    "objects": "Objects of the plan: ",
    "obstacles": "What keeps people from the promised services",
    "person-budget": "A month's budget of EUR",
    "pilot": "A pilot of individual budgets: a month",
    "profiles": "What share of inhabitants each set of limits finds within reach",
    "programme": "Programme of social services ",
    "reorganisation": "Reorganisation of an institution: ",
    "views": "The same people in the plan's municipalities and in today's",
}
"""What every documented command of `plan` says first, in English as the pages run it."""


def list_commands(page: Path) -> list[tuple[str, int]]:
    text = page.read_text(encoding="utf-8")
    return [(words, int(code)) for words, code in COMMAND.findall(text)]


ALONE = [
    pytest.param(words, code, id=f"{page.stem}: {words[:60]}")
    for page in PAGES
    for words, code in list_commands(page)
    if words.split()[0] in ("plan", "site", "access")
]


def call(*words: str):
    return CliRunner().invoke(app, ["plan", *words])


def run(words: str):
    """Run a command as a page tells it; what is not an exit is raised."""
    done = CliRunner().invoke(app, [*shlex.split(words), "--lang", "en"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture(scope="module")
def told_files(tmp_path_factory):
    """The files the pages show, for the commands that name them."""
    folder = tmp_path_factory.mktemp("told")
    for page in PAGES:
        for name, content in FILE.findall(page.read_text(encoding="utf-8")):
            (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("words", "code"), ALONE)
def test_a_told_command_ends_as_told(words, code, told_files, monkeypatch):
    monkeypatch.chdir(told_files)
    done = run(words)
    assert done.exit_code == code, done.output
    kind, name = words.split()[:2]
    if kind == "plan":
        title = TITLES[name]
        assert title in done.output, done.output
        # Below its title a page says something: a number, or that none is known.
        assert re.search(r"\d|–", done.output.split(title, 1)[1])
    assert_printed(words, done.output)


def test_the_round_of_the_pages_goes_as_told(told_files, tmp_path, monkeypatch):
    """Its commands follow each other, over one store."""
    commands = [found for found in list_commands(PAGES[0]) if found[0].startswith("round ")]
    assert len(commands) >= 9
    shutil.copytree(told_files, tmp_path / "round")
    monkeypatch.chdir(tmp_path / "round")
    for words, code in commands:
        done = run(words)
        assert done.exit_code == code, (words, done.output)
        assert_printed(words, done.output)
    assert len(list((tmp_path / "round" / "forms").iterdir())) == 21
    assert (tmp_path / "round" / "state" / "status.html").is_file()


def test_every_page_tells_commands():
    assert len(ALONE) >= 30
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert COMMAND.search(text), page.name
        assert "## Not done" in text or page == PAGES[0]
        assert text.count("$ socaccess") == len(COMMAND.findall(text)), page.name


def test_answers_as_json(tmp_path):
    goals = call("goals", "latgale", "--json")
    assert goals.exit_code == 3
    answer = json.loads(goals.output)
    assert answer["met"] is False
    assert {row["target_group"]: row["persons"] for row in answer["goals"]} == {
        "adults_grt": 171, "children_ft": 460, "children_oof": None}  # fmt: skip
    budget = call("budget", "latgale", "--years", "2026", "--share", "esf=0.85", "--share",
                  "municipality=0.15", "--json", "--out", str(tmp_path))  # fmt: skip
    answer = json.loads(budget.stdout)
    cents = [int(row["amount"].replace(".", "")) for row in answer["by_year_and_payer"]]
    assert sum(cents) == int(answer["total"].replace(".", ""))
    written = pd.read_csv(tmp_path / "budget.csv", dtype=str)
    assert written["amount"].tolist() == [row["amount"] for row in answer["by_year_and_payer"]]
    assert not list(tmp_path.glob(".writing*"))


def test_nothing_written_shows_a_small_count(tmp_path):
    for words in (
        ("cooperation", "latgale", "--service", "dac_grt", "--places"),
        ("model", "Zilupes novads", "--form", "full"),
        ("views", "latgale"),
        ("forecast", "latgale", "--years", "2026"),
        ("eraf", "Krāslavas novads", "--service", "dac_grt", "--settlement", "Krāslava",
         "--places", "8"),
    ):  # fmt: skip
        done = call(*words, "--json", "--out", str(tmp_path))
        assert done.exit_code in (0, 3), done.output
        assert "<5" in done.stdout
    counted = {"persons", "clients", "clients_whole", "at_home", "bought", "sold", "unserved",
               "near_now", "near_after", "gain", "remaining", "covered", "near_any", "near_own",
               "gap_persons", "clients_own", "clients_partner", "clients_together"}  # fmt: skip
    checked = 0
    for path in tmp_path.glob("*.csv"):
        table = pd.read_csv(path, dtype=str)
        for column in counted & set(table):
            if column == "clients" and path.stem == "indicators":
                continue
            numbers = pd.to_numeric(table[column], errors="coerce").dropna()
            small = numbers[(numbers > 1e-3) & (numbers < 5)]
            assert not len(small), (path.name, column, small.tolist()[:5])
            checked += len(numbers)
    assert checked > 100
    assert call("views", "latgale", "--show-small-counts", "--json").output.count("<5") == 0


def test_usage_errors_end_with_two():
    for words in (
        ("goals", "all", "--near"),
        ("forecast", "latgale", "--years", "soon"),
        ("forecast", "latgale", "--years", "2026", "--change", "medium=1"),
        ("budget", "latgale", "--years", "2026", "--share", "esf"),
        ("budget", "latgale", "--years", "2026", "--variant", "best"),
        ("person-budget", "Ludza", "--budget", "1", "--need", "dac_grt=many"),
        ("model", "Ludzas novads", "--form", "long"),
        ("eraf", "Ludzas novads", "--service", "dac_grt"),
        ("movers", "kurzeme"),
        ("movers", "latgale", "--institution", "lat013"),
        ("objects", "kurzeme", "--as-of", "soon"),
        ("profiles", "latgale", "profiles.csv", "--scenario", "dream"),
        ("obstacles", "latgale", "--scenario", "dream"),
        ("programme", "latgale", "--years", "2026", "--form", "long"),
        ("general-services", "latgale", "near.csv", "--criterion", "shop=near"),
    ):
        assert call(*words).exit_code == 2, words


def test_unknown_names_are_our_errors():
    for words in (
        ("goals", "estonia"),
        ("model", "Nekurienes novads"),
        ("cooperation", "latgale", "--service", "dac_grd"),
        ("person-budget", "Luza", "--budget", "1", "--need", "dac_grt=1"),
    ):
        assert isinstance(call(*words).exception, InputError), words


def test_needs_and_children_from_files(tmp_path):
    needs = tmp_path / "need.csv"
    needs.write_text("ATVK;Pašvaldība;Specializētā darbnīca\n0680200;Ludzas novads;12\n")
    done = call("need", str(needs), "--json", "--out", str(tmp_path / "out"))
    answer = json.loads(done.stdout)
    assert answer["vintage"] == 2009
    assert answer["sums"] == [{"service": "workshop", "persons": 12.0}]
    spread = pd.read_csv(tmp_path / "out" / "need.csv", dtype=str)
    assert "<5" in set(spread["persons"])
    ages = tmp_path / "children.csv"
    ages.write_text("ATVK;0-6;7-9\n0680200;12;7\n")
    children = call("need", str(ages), "--children", "--lang", "en")
    assert children.exit_code == 0
    assert "7-9" in children.output


def test_an_annex_is_ready_to_attach(tmp_path):
    done = call("eraf", "Krāslavas novads", "--service", "dac_grt", "--settlement", "Krāslava",
                "--places", "8", "--out", str(tmp_path))  # fmt: skip
    assert done.exit_code == 0, done.output
    page = (tmp_path / "eraf_annex.md").read_text(encoding="utf-8")
    assert "Plānā ir Krāslavas novada objekts" in page
    assert (tmp_path / "eraf_annex.pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(tmp_path / "eraf_annex.docx") as docx:
        assert "Krāslavas novada" in docx.read("word/document.xml").decode("utf-8")


def test_general_services_out_of_a_map(tmp_path):
    import osmium
    from osmium.osm import mutable

    path = tmp_path / "kuldiga.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for name, tags in ((1, {"shop": "supermarket"}), (2, {"amenity": "school"})):
            writer.add_node(mutable.Node(id=name, version=1, location=(21.97, 56.97), tags=tags))
    done = call("general-services", "kurzeme", str(path), "--settlement", "Kuldīga", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["objects"] == {"school": 1, "shop": 1}
    (score,) = answer["scores"]
    assert (score["name"], score["score"], score["met"]) == ("Kuldīga", 1.0, "school, shop")
    told = call("general-services", "kurzeme", str(path), "--settlement", "Kuldīga")
    assert "OpenStreetMap" in told.output


def test_what_is_not_known_is_said(tmp_path):
    """Of group classes no source counts who offers them: no gap is told, and no answer given."""
    done = call("eraf", "Ludzas novads", "--service", "group_act", "--settlement", "Ludza",
                "--places", "5", "--json")  # fmt: skip
    assert done.exit_code == 3
    answer = json.loads(done.stdout)
    assert answer["answer"] == "unknown"
    checks = {finding["check"]: finding["answer"] for finding in answer["findings"]}
    assert checks["gap"] == "unknown"
    assert checks["neighbour"] == "unknown"
    flows = call("cooperation", "latgale", "--service", "group_act", "--lang", "en")
    assert "no facility" in flows.output
    assert " 0" not in flows.output  # what nobody counts is not nobody
    budget = call("person-budget", "Ludza", "--budget", "300", "--need", "group_act=10", "--json")
    assert json.loads(budget.stdout)["lines"][0]["outcome"] == "no_data"


def test_every_sentence_has_its_command_result_and_picture():
    """What is done names a command that is run here, what it prints, and a picture or none."""
    run_here = {words for page in PAGES for words, _ in list_commands(page)}
    text = (PAGES[0].parents[1] / "programme.md").read_text(encoding="utf-8")
    run_here |= {words for words, _ in COMMAND.findall(text)}
    sentences = list_sentences()
    for page in PAGES:
        assert len([s for s in sentences if s.page == page]) >= 12, page.name
    for s in sentences:
        if s.state.startswith("not done"):
            assert not s.command and not s.prints, s
            continue
        assert s.command in run_here, s
        assert s.prints, s
        picture = re.fullmatch(r"\[picture\]\((.+)\)", s.picture)
        if picture is None:
            assert s.picture == "no picture: a table", s
        else:
            assert (s.page.parent / picture[1]).is_file(), s
