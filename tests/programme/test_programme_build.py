"""A programme built from one file: its figures from its tables, careless files, days, changes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import assert_printed
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.content import Section, Table
from socaccess.documents.markdown import render_markdown
from socaccess.documents.programme import Pages
from socaccess.documents.programme_book import compose_book
from socaccess.documents.programme_figures import choose_ticks
from socaccess.errors import InputError
from socaccess.planning import reorganisation
from socaccess.planning.programme import ProgrammeBuild, begin, build
from socaccess.programme.catalogue import Catalogue
from socaccess.programme.compilation import compile_programme
from socaccess.programme.plan_file import read_plan_file
from socaccess.workbooks import render_workbook
from tests.commands import run_command

DOCS = Path(__file__).parents[2] / "docs"
RECOMPUTE = Path(__file__).with_name("recompute_programme.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "latgale"
    begin(path, "latgale")
    return path


@pytest.fixture(scope="module")
def built(folder):
    return build(folder)


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy"


def build_again(folder: Path, built, on: dt.date | None = None) -> ProgrammeBuild:
    """The programme of another folder over the same study, which no table of it changes."""
    c = built.compiled
    compiled = compile_programme(read_plan_file(folder), c.result, below=c.below, on=on)
    return dataclasses.replace(built, compiled=compiled)


def assert_told(built: ProgrammeBuild) -> None:
    """A forecast below what operates stands on the page of contradictions, and only such."""
    pages = Pages(built.compiled, "en")
    (table,) = [b for b in pages.describe_contradictions().blocks if isinstance(b, Table)]
    told = {row[1] for row in table.rows if "operates" in pages.say(row[0])}
    rows = built.compiled.outlook.query("service != 'all'").to_dict("records")
    below = {pages.services[row["service"]] for row in rows
             if round(row["middle"]) < row["registered"]}  # fmt: skip
    assert told == below


def test_what_is_begun_passes_its_own_checks(folder):
    plan = read_plan_file(folder)
    assert len(plan.catalogue.services) == 37
    assert set(plan.given) == {"take_up", "prices", "objects", "amendments", "measures",
                               "reached", "backed", "movers", "staff", "occupancy"}  # fmt: skip
    ours = Path(__file__).parents[2] / "data" / "services" / "service_types.csv"
    assert len(Catalogue.read(ours).services) == 37
    with pytest.raises(InputError, match="already"):
        begin(folder, "latgale")


@pytest.mark.parametrize("region", ["latgale", "kurzeme"])
def test_sixty_figures_follow_from_the_tables(request, region, tmp_path):
    """An independent script, without this package, comes to the same figures."""
    if region == "latgale":
        folder, built = (request.getfixturevalue(name) for name in ("folder", "built"))
    else:
        folder = begin(tmp_path / "plan", region)[-1].parent
        built = build(folder)
    for name, table in built.tables().items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    built.compiled.result.study.need.groupby("target_group")["persons"].sum().to_csv(
        tmp_path / "need.csv"
    )
    done = subprocess.run(
        [sys.executable, str(RECOMPUTE), str(folder), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    equal, whole = map(int, done.stdout.split()[:2])
    assert equal == whole >= 60
    assert_told(built)


def test_too_few_clients_for_a_facility_make_one_measure_of_several_municipalities(built):
    """No house for one client in each of seven municipalities, whose models say "only together"."""
    c = built.compiled
    models = {
        (model.municipality_id, row["service"]): row
        for model in c.models
        for row in model.services.to_dict("records")
    }
    names = {model.name: model.municipality_id for model in c.models}
    measures = c.measures[c.measures["action"] == "create"].fillna({"co_responsible": ""})
    assert measures["co_responsible"].astype(bool).sum() >= 3
    seen = set()
    for row in measures.to_dict("records"):
        others = [names[name] for name in row["co_responsible"].split(", ") if name]
        for one in (row["municipality_id"], *others):
            assert (one, row["service"]) not in seen  # everybody has one measure of a service
            seen.add((one, row["service"]))
        if pd.notna(row["places"]) and not others:
            viable = models[row["municipality_id"], row["service"]]["viable"]
            assert viable not in ("together", "neither")
    page = render_markdown(Pages(c, "en").compose())
    for row in measures[measures["co_responsible"].astype(bool)].to_dict("records"):
        assert f"{row['responsible']} with {row['co_responsible']}" in page


def test_the_workbook_counts_for_itself(built):
    """Every formula, worked out as a spreadsheet does, gives the value that stands beside it."""
    content = render_workbook(compose_book(Pages(built.compiled, "en")))
    assert content == render_workbook(compose_book(Pages(built.compiled, "en")))
    formulas = openpyxl.load_workbook(io.BytesIO(content))
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def look_up(match: re.Match[str]) -> str:
        return repr(float(values[match[1]][match[2]].value))

    counted = 0
    for name in ("Clients", "Running cost"):
        for row in formulas[name].iter_rows():
            for cell in row:
                text = cell.value
                if not (isinstance(text, str) and text.startswith("=")):
                    continue
                shown = values[name][cell.coordinate].value
                if text.startswith("=SUM("):
                    first, last = re.findall(r"!G(\d+)", text)
                    column = values[name]["G"][int(first) - 1 : int(last)]
                    result = sum(part.value for part in column)
                else:
                    plain = re.sub(r"'([^']+)'!([A-Z]+\d+)", look_up, text[1:])
                    result = eval(plain.replace("^", "**").replace("MAX", "max"))
                assert shown == pytest.approx(result, rel=1e-6, abs=0.02), (name, cell.coordinate)
                counted += 1
    assert counted > 200


def test_everything_wrong_with_a_file_is_told_at_once(copy):
    text = (copy / "programme.toml").read_text(encoding="utf-8")
    text = text.replace('region = "latgale"', 'region = "sēlija"')
    text = text.replace("price_index = 0.03", 'price_index = "trīs"').replace("[round]", "[rounds]")
    text = text.replace("running = { municipality = 1.0 }", "running = { council = 0.5 }")
    (copy / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan_file(copy)
    for part in ("sēlija", "price_index", "rounds"):
        assert part in str(caught.value), part
    for lang in ("lv", "en"):
        assert caught.value.text(lang)
    text = (
        text.replace('"trīs"', "0.03").replace("sēlija", "latgale").replace("[rounds]", "[round]")
    )
    (copy / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="council"):
        read_plan_file(copy)


def test_wrong_tables_are_told_together(copy):
    (copy / "objects.csv").unlink()
    (copy / "prices.csv").write_text(
        "service,value,unit,source\ndac_grt,x,day,\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        read_plan_file(copy)
    for part in ("objects", "not a number", "source"):
        assert part in str(caught.value), part


def test_a_table_changes_just_what_rests_on_it(copy, built):
    rates = pd.read_csv(copy / "take_up.csv")
    mine = rates["service"] == "workshop"
    rates.loc[mine, ["low", "middle", "high"]] = [0.1, 0.2, 0.3]
    rates.loc[mine, "basis"] = "given"
    rates.to_csv(copy / "take_up.csv", index=False)
    other = build_again(copy, built).tables()
    before = built.tables()
    keys = ["target_group", "service", "year", "variant"]
    left, right = (t["forecast"].set_index(keys)["clients"] for t in (before, other))
    changed = left.index[left != right]
    assert set(changed.get_level_values("service")) == {"workshop"}
    need = built.compiled.result.study.need.query("target_group == 'adults_grt'")["persons"].sum()
    got = right["adults_grt", "workshop", 2027, "middle"]
    assert float(got) == pytest.approx(need * 0.2 * 0.99**7, abs=0.051)  # to a tenth
    for name in ("objects", "goals", "measures"):
        pd.testing.assert_frame_equal(before[name], other[name])


def test_a_day_and_what_changed_since(copy, built):
    objects = pd.read_csv(copy / "objects.csv")
    key = objects["object_id"].iloc[0]
    pd.DataFrame(
        [(key, 1, "2028-03-01", "status", "withdrawn", "Dome, lēmums 1"),
         (key, 2, "2029-03-01", "places", "9", "Dome, lēmums 2")],
        columns=["object_id", "amendment", "date", "column", "value", "source"],
    ).to_csv(copy / "amendments.csv", index=False)  # fmt: skip
    early, late = (build_again(copy, built, dt.date(year, 6, 1)) for year in (2028, 2029))
    for found, places in ((early, objects["places"].iloc[0]), (late, 9)):
        row = found.compiled.objects.set_index("object_id").loc[key]
        assert row["status"] == "withdrawn"
        assert row["places"] == places or (pd.isna(row["places"]) and pd.isna(places))
    assert late.list_changes(dt.date(2028, 6, 1))["amendment"].tolist() == [2]
    assert early.list_changes(dt.date(2028, 6, 1)).empty
    past = build_again(copy, built, dt.date(2021, 12, 31)).compiled.goals.set_index(
        ["target_group", "alternative"]
    )
    assert past.loc[("children_ft", False), "persons"] == 351  # of 2022 later: 460


def test_no_service_is_below_what_operates_without_being_told(built):
    assert_told(built)
    alternatives = built.compiled.goals.query("target_group == 'children_ft'")
    shares = dict(zip(alternatives["goal"], alternatives["share"].round(2), strict=True))
    assert shares[390] == 1.18 and shares[533] == 0.86


def test_silence_is_no_answer_and_small_counts_stay(built):
    pages = Pages(built.compiled)
    for model in built.compiled.models:
        sheet = pages.compose_municipality(model)
        text = " ".join(pages.say(b.text) for s in sheet.blocks if isinstance(s, Section)
                        for b in s.blocks if hasattr(b, "text"))  # fmt: skip
        assert "nav atbildes" in text
        tables = [b for s in sheet.blocks if isinstance(s, Section) for b in s.blocks
                  if isinstance(b, Table)]  # fmt: skip
        needed = [row[1] for row in tables[0].rows]
        assert not [v for v in needed if isinstance(v, int | float) and 0 < v < 5]


def test_the_commands_of_the_pages_end_as_told(tmp_path, monkeypatch):
    """What `docs/programme.md` and the page of document 000 show is run here, in their order."""
    pattern = re.compile(r"^\$ socaccess (programme .+?)\s+# exit (\d)$", re.M)
    found: dict[str, list[tuple[str, str]]] = {
        page: pattern.findall((DOCS / page).read_text(encoding="utf-8"))
        for page in ("programme.md", "seeds/000.md")
    }
    assert [len(commands) for commands in found.values()] == [5, 1]
    monkeypatch.chdir(tmp_path)
    for words, code in found["programme.md"] + found["seeds/000.md"]:
        done = CliRunner().invoke(app, shlex.split(words))
        assert done.exit_code == int(code), (words, done.output)
        assert re.search(r"\d|edit them", done.output), words
        assert_printed(words.removesuffix(" --lang en"), done.output)
    names = {path.name for path in (tmp_path / "plan" / "out").iterdir()}
    assert {"programme.pdf", "programme.docx", "programme_short.pdf", "programme.xlsx", "map.html",
            "layers.gpkg", "assumptions.csv", "financing.csv", "financing_debts.csv",
            "contradictions.csv"} <= names  # fmt: skip
    assert len([name for name in names if name.startswith("municipality_")]) == 18
    import pyogrio

    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "plan" / "out" / "layers.gpkg")}
    assert layers == {"flows", "objects", "backed"}


def test_an_institutions_plan_is_part_of_the_build(copy, built):
    """Who moves where is a table of the programme; without it the build names what it needs."""
    told = render_markdown(Pages(built.compiled, "en").compose())
    assert "movers.csv" in told and not built.compiled.reorganisations
    (copy / "movers.csv").write_text(
        "institution_id;origin;choice;persons;move_by\n"
        "lat013;Daugavpils;;12;2027-06-01\nlat013;Ludzas novads;;6;2027-09-01\n",
        encoding="utf-8",
    )
    (copy / "staff.csv").write_text(
        "institution_id;profession;posts;to_service\nlat013;aprūpētājs;24;group_home\n",
        encoding="utf-8",
    )
    again = build_again(copy, built)
    (plan,) = again.compiled.reorganisations
    alone = reorganisation(
        built.compiled.result, "lat013", copy / "movers.csv", on=None, prices=None
    )
    pd.testing.assert_frame_equal(plan.destinations, alone.destinations)
    assert plan.missing == alone.missing and plan.capital == alone.capital
    assert again.tables()["reorganisation"]["persons"].tolist() == [12, 6]
    told = render_markdown(Pages(again.compiled, "en").compose())
    assert "aprūpētājs" in told and "movers.csv" not in told
    (copy / "movers.csv").write_text("institution_id;persons\nlat013;-2\n", encoding="utf-8")
    with pytest.raises(InputError):
        read_plan_file(copy)


@given(st.floats(0.01, 1e9))
def test_axes_end_on_round_numbers(most):
    ticks = choose_ticks(most)
    step = ticks[1]
    assert ticks[0] == 0 and ticks[-2] < most <= ticks[-1] * (1 + 1e-9)
    assert 3 <= len(ticks) <= 6
    assert f"{step:e}"[0] in "125" and float(f"{step:e}"[:8]) in (1, 2, 5)


def test_a_folder_called_after_a_region_gets_that_region(tmp_path: Path) -> None:
    told = run_command("programme", "init", str(tmp_path / "Kurzeme"), "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["region"] == "kurzeme"
    assert read_plan_file(tmp_path / "Kurzeme").programme.region == "kurzeme"
