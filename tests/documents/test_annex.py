"""The annex: every word arrives, in both languages, in both forms, quickly."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import docx
import pypdf
import pytest

from socaccess.content import Document, Figure, List, Pair, Paragraph, Rendering, Section, Table
from socaccess.documents._times import TimeRow, draw_times
from socaccess.documents.annex import compose_annex, write_annex
from socaccess.errors import UnknownNameError
from socaccess.i18n import LANGUAGES, Texts
from socaccess.study import Study, StudyResult
from socaccess.study.release import Release, release

LUDZA = "0680200"
LATVIAN = set("āčēģīķļņšūž")
STRANGE = ("#Test *x* <b>", "ĀČĒĢĪĶĻŅŠŪŽ Ōŗ", "$a_b$ [c] \\d @e", '= 1 // nē ~ `k` & "ž"')


@pytest.fixture(scope="module")
def released(latgale: StudyResult) -> Release:
    return release(latgale)


@pytest.fixture(scope="module")
def strange() -> StudyResult:
    """Ludza with names that mean something to typst, XML or Excel."""
    study = Study.load("latgale", view="plan").select([LUDZA])
    settlements = study.settlements.copy()
    for row, name in enumerate(STRANGE):
        settlements.loc[row, "name"] = name
    municipalities = study.municipalities.assign(name="Novads #1 *N* <i>")
    facilities = study.facilities.copy()
    facilities["name"] = "_F_ #let <u> \u201e" + facilities["name"] + "\u201c"
    return replace(
        study, settlements=settlements, municipalities=municipalities, facilities=facilities
    ).run(sites=False)


def read_pdf(path: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def squeeze(text: str) -> str:
    """Return text without white space: lines break where they like."""
    return "".join(text.split())


def list_texts(document: Document) -> list[str]:
    rendering = Rendering.of(document)
    texts = [rendering.plain(document.title), rendering.plain(document.dateline)]
    for block, _ in document.walk():
        if isinstance(block, Section):
            texts.append(rendering.plain(block.title))
        elif isinstance(block, Paragraph):
            texts.append(rendering.plain(block.text))
        elif isinstance(block, List):
            texts += map(rendering.plain, block.items)
        elif isinstance(block, Table):
            texts += [rendering.plain(column.title) for column in block.columns]
            texts += [rendering.cell_text(cell, column) for row in block.rows
                      for cell, column in zip(row, block.columns, strict=False)]  # fmt: skip
        if isinstance(block, Table | Figure):
            texts.append(rendering.caption(block))
    return [text for text in texts if text]


def find_blocks(document: Document, kind: type) -> list:
    return [block for block, _ in document.walk() if isinstance(block, kind)]


@pytest.mark.parametrize(
    ("lang", "form", "municipality_id"),
    [("lv", "short", None), ("lv", "full", LUDZA), ("en", "full", LUDZA)],
)
def test_every_word_arrives_in_pdf_and_docx(
    released: Release, tmp_path: Path, lang: str, form: str, municipality_id: str | None
) -> None:
    asked = {"lang": lang, "form": form, "municipality_id": municipality_id}
    content = compose_annex(released, **asked)
    pdf = write_annex(released, tmp_path / "a.pdf", **asked)
    word = write_annex(released, tmp_path / "a.docx", **asked)
    from_pdf = squeeze(read_pdf(pdf))
    document = docx.Document(str(word))
    from_docx = squeeze(
        "".join(p.text for p in document.paragraphs)
        + "".join(
            cell.text for table in document.tables for cell in table._tbl.iter()
            if cell.tag.endswith("}t") and cell.text
        )
    )  # fmt: skip
    told = list_texts(content)
    assert len(told) > 60
    for text in told:
        assert squeeze(text) in from_docx, text
    # A PDF's line breaks inside a long address may take a hyphen's place: words are enough.
    for word_ in {w for text in told for w in text.split() if not w.startswith("http")}:
        assert squeeze(word_) in from_pdf, word_
    letters = LATVIAN & set("".join(told))
    assert letters <= set(from_pdf)
    assert len(letters) >= (10 if lang == "lv" else 5)


def test_names_arrive_as_they_are(strange: StudyResult, tmp_path: Path) -> None:
    pdf = squeeze(read_pdf(write_annex(strange, tmp_path / "a.pdf")))
    document = docx.Document(str(write_annex(strange, tmp_path / "a.docx")))
    word = "".join(cell.text for table in document.tables for row in table.rows
                   for cell in row.cells)  # fmt: skip
    for name in STRANGE:
        assert squeeze(name) in pdf
        assert name in word
    assert squeeze("_F_ #let <u> \u201e") in pdf
    short = write_annex(strange, tmp_path / "s.pdf", form="short", municipality_id=LUDZA)
    assert squeeze("Novads #1 *N* <i>") in squeeze(read_pdf(short))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("municipality_id", [None, LUDZA, "0050000", "0384400"])
def test_short_form_has_two_pages(
    released: Release, tmp_path: Path, lang: str, municipality_id: str | None
) -> None:
    path = write_annex(
        released, tmp_path / "s.pdf", form="short", lang=lang, municipality_id=municipality_id
    )
    assert len(pypdf.PdfReader(path).pages) == 2


def test_pdf_is_tagged_and_says_its_language(released: Release, tmp_path: Path) -> None:
    path = write_annex(released, tmp_path / "a.pdf", form="short", municipality_id=LUDZA)
    reader = pypdf.PdfReader(path)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("lv")
    assert b"pdfuaid:part" in path.read_bytes() or "pdfuaid" in str(root["/Metadata"].get_data())
    assert "Ludzas novads" in str(reader.metadata.title)
    # Pictures tell what they show.
    content = compose_annex(released, form="short", municipality_id=LUDZA)
    figures = find_blocks(content, Figure)
    assert figures and all("Ludzas novads" in figure.alt for figure in figures)


def test_a_municipality_hides_what_its_region_hides(released: Release) -> None:
    """An annex of one municipality must not show a count that the region's files hide."""
    content = compose_annex(released, municipality_id="0384400")
    # Baltinava has fewer than five adults in need: so says its region, so says its annex.
    assert any("<5" in text for text in list_texts(content))
    assert released.show_municipality("adults_grt", "0384400") == "<5"


def test_unknown_names_are_told(released: Release, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="short or full"):
        compose_annex(released, form="long")
    with pytest.raises(UnknownNameError, match="not in latgale"):
        compose_annex(released, municipality_id="9999999")
    with pytest.raises(UnknownNameError, match=r"\.pdf or \.docx"):
        write_annex(released, tmp_path / "a.odt")


def test_every_service_has_its_map_and_its_times(released: Release) -> None:
    content = compose_annex(released, lang="en")
    names = released.result.service_types.set_index("service")["name_en"]
    for service in released.result.summary["counted_services"]:
        (section,) = [
            s for s in find_blocks(content, Section) if s.title.startswith(f"{names[service]} (")
        ]
        figures, table = section.blocks
        assert isinstance(figures, Pair) and isinstance(table, Table)
        drawn, times = (*figures.left, *figures.right)
        assert "within the limit" in drawn.svg and "median" in times.alt
        row = next(row for row in table.rows if row[0] == "Ludzas novads")
        said = f"Ludzas novads median {row[7]}, P90 {row[8]}, longest {row[9]}"
        assert said in times.alt
        assert all(name in times.svg for name in ("Ludzas novads", "Zilupes novads"))


def test_a_municipality_has_the_times_of_its_services(released: Release) -> None:
    content = compose_annex(released, lang="en", municipality_id=LUDZA)
    figures = find_blocks(content, Figure)
    (times,) = [figure for figure in figures if "median" in figure.alt]
    assert times.svg.count("<circle") == len(released.result.summary["counted_services"]) + 1


def test_times_are_drawn_to_scale() -> None:
    rows = [TimeRow("A", 10.0, 50.0, 60.0, 30.0), TimeRow("B", None, None, None, 30.0)]
    svg = draw_times(rows, Texts("en"), width_pt=240).svg
    bars = [
        (float(x), float(width))
        for x, width in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    ]
    (within, beyond) = bars[:2]
    # From 10 to 30 within the limit and from 30 to 50 beyond it: of equal length, end to end.
    assert within[1] == pytest.approx(beyond[1], abs=0.2)
    assert within[0] + within[1] == pytest.approx(beyond[0], abs=0.2)
    dot = float(re.search(r'<circle cx="([\d.]+)"', svg)[1])  # type: ignore[index]
    assert dot - (beyond[0] + beyond[1]) == pytest.approx(within[1] / 2, abs=0.2)
    assert Texts("en")("annex.nowhere") in svg
