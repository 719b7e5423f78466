"""Names that mean harm, through the whole pipeline: everything written is parsed again."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pandas as pd
import pypdf
import pytest

from socaccess.encoding import encode_csv
from socaccess.errors import InputError
from socaccess.guards import FORMULA_SIGNS, guard_text, unguard_text
from socaccess.outputs import write_outputs
from socaccess.sources.files import read_rows
from socaccess.study import Study
from tests.small_worlds import two_municipalities

from .hostile import FORMULA, NAMES, SCRIPT, hostile_tables

REMOTE = re.compile(rb"javascript:|file:|\\\\[a-z]", re.IGNORECASE)


@pytest.fixture(scope="module")
def result():
    return Study(**hostile_tables()).run()


@pytest.fixture(scope="module", params=["lv", "en"])
def folder(request, result, tmp_path_factory) -> Path:
    above = tmp_path_factory.mktemp("above")
    folder = above / "one" / "two"
    write_outputs(result, folder, lang=request.param, excel=request.param == "lv",
                  formats=("geojson", "geoparquet"))  # fmt: skip
    assert [path.name for path in above.rglob("*") if path.is_file()] == [
        path.name for path in folder.iterdir()
    ]
    return folder


def test_no_cell_of_a_csv_is_a_formula(folder, result):
    seen = set()
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines(), delimiter=";" if ";" in text[:200] else ","))
        for row in rows:
            for cell in row:
                number = re.fullmatch(r"-?\d+([.,]\d+)?", cell)
                assert number or not cell.startswith(tuple(set(FORMULA_SIGNS) - {"'"})), cell
                seen.add(unguard_text(cell))
    assert FORMULA in seen and SCRIPT in seen


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(folder):
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    texts = set()
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None
                texts.add(cell.value)
    assert FORMULA in texts and SCRIPT in texts
    with zipfile.ZipFile(folder / "tables.xlsx") as archive:
        assert not [name for name in archive.namelist() if "external" in name.lower()]


class Tags(HTMLParser):
    """Counts elements, and notes attributes that run code."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.running: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        for name, value in attrs:
            if name.startswith("on") or "javascript:" in (value or "").lower():
                self.running.append(f"{tag} {name}={value}")


def count_tags(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


@pytest.fixture(scope="module")
def benign():
    tables = two_municipalities()
    tables["municipalities"] = tables["municipalities"].assign(population=[650, 1500])
    return Study(**tables).run()


def test_map_has_no_element_more_than_that_of_harmless_names(folder, benign, tmp_path):
    write_outputs(benign, tmp_path)
    harmless = count_tags((tmp_path / "map.html").read_text(encoding="utf-8"))
    hostile = count_tags((folder / "map.html").read_text(encoding="utf-8"))
    assert hostile.count["script"] == harmless.count["script"]
    assert hostile.running == harmless.running == []
    assert set(hostile.count) == set(harmless.count)


def test_notebook_view_is_text_only(result, benign):
    hostile, harmless = (count_tags(one._repr_html_()) for one in (result, benign))
    assert "script" not in hostile.count and set(hostile.count) == set(harmless.count)
    assert hostile.running == []


def test_annex_in_word_says_the_names_and_runs_nothing(folder):
    with zipfile.ZipFile(folder / "annex.docx") as archive:
        names = archive.namelist()
        document = ElementTree.fromstring(archive.read("word/document.xml"))
        relations = archive.read("word/_rels/document.xml.rels")
    text = "".join(node.text or "" for node in document.iter() if node.tag.endswith("}t"))
    assert SCRIPT in text or FORMULA in text
    assert not [name for name in names if "vba" in name.lower() or "embed" in name.lower()]
    assert not REMOTE.search(relations)


def test_annex_in_pdf_runs_nothing(folder):
    reader = pypdf.PdfReader(folder / "annex.pdf")
    root = reader.trailer["/Root"]
    assert "/OpenAction" not in root or "/JS" not in str(root["/OpenAction"])
    assert "/JavaScript" not in str(root.get("/Names", ""))
    for page in reader.pages:
        for note in page.get("/Annots", ()):
            assert not REMOTE.search(str(note.get_object().get("/A", "")).encode())
    said = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert "alert(1)" in said  # told as text


def test_layers_read_back_with_the_names_as_they_are(folder):
    names = {name.strip() for name in NAMES}
    found = gpd.read_file(folder / "layers.gpkg", layer="settlements")
    assert names & set(found.select_dtypes(["object", "string"]).to_numpy().ravel()) >= {SCRIPT}
    again = json.loads((folder / "settlements.geojson").read_text(encoding="utf-8"))
    assert len(again["features"]) == len(found)
    assert len(gpd.read_parquet(folder / "settlements.parquet")) == len(found)


def test_record_is_json_that_names_no_script(folder):
    record = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert record["headline"]["settlements"] == 6


@pytest.mark.parametrize("kind", ["map", "times", "change", "sites"])
def test_figures_take_names_for_text(result, kind, tmp_path):
    pytest.importorskip("matplotlib")
    figure = result.plot(kind, lang="en")
    figure.savefig(tmp_path / "figure.svg")
    drawn = ElementTree.parse(tmp_path / "figure.svg")
    assert not [node for node in drawn.iter() if node.tag.lower().endswith("script")]


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x07"])
def test_signs_that_no_file_holds_are_refused_at_the_door(sign):
    tables = two_municipalities()
    tables["settlements"].loc[2, "name"] = f"Cerini{sign}"
    with pytest.raises(InputError, match=r"settlements.*name.*control characters.*\(c;"):
        Study(**tables)


def test_a_name_longer_than_a_cell_is_refused():
    tables = two_municipalities()
    tables["facilities"].loc[0, "name"] = "x" * 33_000
    with pytest.raises(InputError, match="too long"):
        Study(**tables)


def test_line_ends_in_a_name_become_spaces():
    tables = two_municipalities()
    tables["settlements"].loc[0, "name"] = "Lielās\r\nĀbeles"
    assert Study(**tables).settlements["name"][0] == "Lielās Ābeles"


@pytest.mark.parametrize("excel", [False, True])
def test_a_table_written_is_read_back(tmp_path, excel):
    texts = [FORMULA, "+1", "-", "@x", "'tis", "''", "\tx", "plain", "=", "a;b,c", 'q"q']
    frame = pd.DataFrame({"=name": texts, "change": [-1.5] * len(texts)})
    (tmp_path / "t.csv").write_bytes(encode_csv(frame, excel=excel))
    raw = (tmp_path / "t.csv").read_text(encoding="utf-8-sig")
    assert ("-1,5" if excel else "-1.5") in raw and "'-1" not in raw
    rows, _ = read_rows(tmp_path / "t.csv")
    assert rows.iloc[:, 0].tolist() == texts


@pytest.mark.parametrize("text", [*NAMES, *FORMULA_SIGNS, "''", "'=", "", "'x", "x'", "''=1"])
def test_guard_can_be_taken_off_again(text):
    assert unguard_text(guard_text(text)) == text
    assert not guard_text(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
