"""The notebooks: made from one source, with no import but the package, and what they conclude."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

import socaccess as sa

ROOT = Path(__file__).resolve().parents[2]
BOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))


def load_tool():
    path = ROOT / "tools" / "build_notebooks.py"
    spec = importlib.util.spec_from_file_location("build_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_notebooks_are_what_their_sources_make():
    books = load_tool().list_books()
    assert set(books) == set(BOOKS)
    assert [path.name for path, text in books.items() if path.read_text("utf-8") != text] == []


def test_each_language_has_all_the_prose():
    books = load_tool().list_books()
    for path, text in books.items():
        other = path.parents[1] / ("en" if path.parent.name == "lv" else "lv") / path.name
        kinds = [cell["cell_type"] for cell in json.loads(text)["cells"]]
        assert kinds == [cell["cell_type"] for cell in json.loads(books[other])["cells"]]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebooks_import_the_package_and_nothing_else(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert re.findall(r"^\s*(?:import|from) .*", code, re.MULTILINE) == ["import socaccess as sa"]
    assert "assert" not in code


def test_latgale_concludes_what_the_figures_say():
    table = sa.Study.load("latgale").run(sites=False).headline.set_index("service")
    for service in ("dac_grt", "group_home"):
        assert table.loc[service, "now_low"] > 0.5
        assert table.loc[service, "places"] < table.loc[service, "persons"]
    for service in ("consult_grt", "respite_grt"):
        assert table.loc[service, "now_high"] < 0.5
    assert table.loc["group_act", "known_by"] == "none"


def test_riga_concludes_what_the_figures_say():
    table = sa.Study.load("riga").run(sites=False).headline.set_index("service")
    assert (table.loc[["workshop", "dac_grt"], "now_low"] > 0.9).all()


def test_kurzeme_concludes_what_the_figures_say():
    table = sa.Study.load("kurzeme", view="plan").run(sites=False).headline.set_index("service")
    assert (table.loc[["group_home", "dac_grt"], "now"] > 0.85).all()
    assert table.loc["dac_ft", "now_low"] > 0.5
    goals = sa.planning.goals("kurzeme").set_index("target_group")
    assert goals["goal"].to_dict() == {"adults_grt": 375, "children_ft": 350, "adults_grt_vsac": 35}
    assert set(goals["status"]) == {"no_figure"}
