"""One tree, five renderers: each says all of it, and no name is ever mark-up."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser

import docx
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from socaccess.content import (
    Bar,
    Bars,
    Cell,
    Column,
    Contents,
    Document,
    Figure,
    Heading,
    List,
    Muted,
    Pair,
    Paragraph,
    Phrase,
    Range,
    Reference,
    Rendering,
    Section,
    Share,
    Strong,
    Table,
    make_visible,
)
from socaccess.documents.html import render_html
from socaccess.documents.markdown import render_markdown
from socaccess.documents.paper import render_pdf
from socaccess.documents.terminal import print_document
from socaccess.documents.word import render_docx
from socaccess.i18n import Texts

NAMES = (
    "Centrs [/b]",
    "Centrs [bold red]x[/]",
    "#let x = 1 *y* _z_ $q$",
    '<script>alert("&amp;")</script>',
    "**nav** `kods` | ~~svītrots~~ \\n",
    "{area} {0} %s",
    "=cmd|' /C calc'!A0",
    "- 1. saraksts",
    "Āčē \u201eš\u201d @ref https://a.b/c",
)
SEPARATORS = ("Jauna\u2028rinda", "Divas\nrindas", "Zvans\x07 un \x00", "Labais\u202eotrādi")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="9"><text>x</text></svg>'


def make_document(name: str = "Ludza", lang: str = "lv") -> Document:
    table = Table(
        (Column("Vieta"), Column("Minūtes", "minutes"), Column("Daļa", "share")),
        (
            (Cell("Grupa"),),
            (name, 12.0, Share(0.57, 0.51, 0.63)),
            ("Nezināma", None, Cell("nav apzināti", "unknown")),
            ("Maza", "<5", Cell(0.13, "few", note="plānā 98")),
        ),
        caption=("Tabula par ", name),
        key="main",
    )
    bars = Bars(
        ("Kas", "Cik", "Kur"),
        (Bar(name, "sīkāk", "211", "no 389", Range(200, 227), 0.54, "0 % visur"),),
    )
    return Document(
        lang,
        ("Virsraksts ", name),
        (
            Contents("Saturs"),
            Section(
                ("Nodaļa ", name),
                (
                    Paragraph((Strong("Trekns"), " ", Muted("pelēks"), " ", Reference("main"))),
                    Pair((Heading("Mazs"), bars), (List((name, "otrs")),)),
                    table,
                    Section(
                        "Apakšnodaļa", (Figure(SVG, ("attēlā ", name), ("Zem attēla ", name)),)
                    ),
                ),
            ),
            Section("Nākamā", (Paragraph(name, "note"),), new_page=True),
        ),
        subject=name,
        dateline="10.10.2026.",
        footer=name,
        warning="",
        numbered=True,
    )


def squeeze(text: str) -> str:
    return "".join(text.split())


class Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read_terminal(document: Document) -> str:
    console = Console(file=io.StringIO(), width=400, color_system=None)
    print_document(document, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def read_html(document: Document) -> str:
    words = Words()
    words.feed(render_html(document))
    assert "script" not in words.tags
    return words.text


def read_docx(document: Document) -> str:
    made = render_docx(document)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        xml = archive.read("word/document.xml").decode()
    book = docx.Document(io.BytesIO(made))
    assert book.sections
    texts = re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", xml)
    return "".join(texts).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def read_pdf(document: Document) -> str:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(document)))
    return "".join(page.extract_text() for page in reader.pages)


def read_markdown(document: Document) -> str:
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", render_markdown(document))


READERS = (read_terminal, read_html, read_docx, read_pdf, read_markdown)


@pytest.mark.parametrize("read", READERS)
def test_every_renderer_says_everything(read):
    text = squeeze(read(make_document()))
    for said in ("Virsraksts Ludza", "Nodaļa Ludza", "1. tabula.", "pelēks", "Mazs", "211",
                 "no 389", "200–227", "0 % visur", "otrs", "Grupa", "57 % (51–63 %)",
                 "nav apzināti", "<5", "13 %", "plānā 98", "Apakšnodaļa", "Zem attēla Ludza",
                 "Nākamā"):  # fmt: skip
        assert squeeze(said) in text, said


@pytest.mark.parametrize("read", READERS)
def test_names_stay_as_they_are(read):
    # All names in one document: a PDF takes a while.
    rows = [(name, 1) for name in NAMES]
    table = Table((Column("Vieta"), Column("Skaits", "number")), rows)
    document = Document("lv", "Nosaukumi", (table, List(NAMES), *map(Paragraph, NAMES)))
    text = squeeze(read(document))
    for name in NAMES:
        assert text.count(squeeze(name)) >= 3, name


@pytest.mark.parametrize("read", READERS)
def test_separators_and_controls_are_shown_not_obeyed(read):
    document = Document("lv", SEPARATORS[0], (List(SEPARATORS),))
    text = squeeze(read(document))
    for said in (r"Jauna\u2028rinda", r"Divas\nrindas", r"Zvans\x07un\x00", r"Labais\u202eotrādi"):
        assert said in text, said
    assert not set(text) & set("\u2028\u202e\x07\x00")


@given(st.text(max_size=40))
def test_any_text_becomes_visible_and_stays_so(text):
    shown = make_visible(text)
    assert make_visible(shown) == shown
    assert shown.isprintable() or not shown.isascii()
    assert (shown == text) == (not re.search(r"\\(x|u|n|r|t|U)", shown) or "\\" in text)


@pytest.mark.parametrize("render", [render_pdf, render_docx, render_html, render_markdown])
def test_the_same_tree_gives_the_same_bytes(render):
    assert render(make_document()) == render(make_document())


def test_numbers_follow_the_language():
    rendering = Rendering(Texts("en"))
    column = Column("", "number", decimals=1)
    assert rendering.cell_text(1234.56, column) == "1,234.6"
    assert Rendering(Texts("lv")).cell_text(1234.56, column) == "1234,6"
    assert rendering.plain(Share(0.999)) == "99%"
    assert rendering.plain(Share(1.0, 1.0, 1.0)) == "100%"
    assert rendering.plain(Share(None, 0.1, 0.2)) == "–"
    assert rendering.cell_text(float("nan")) == "–"
    assert rendering.plain(Phrase("cli.verified", n=21)) == "21 files are whole."
    assert Rendering(Texts("lv")).plain(Phrase("cli.verified", n=21)) == "21 datne ir vesela."


def test_headings_of_a_docx_are_headings_of_the_tree():
    book = docx.Document(io.BytesIO(render_docx(make_document())))
    levels = [(p.style.name, p.text) for p in book.paragraphs if p.style.name.startswith("Head")]
    assert levels == [
        ("Heading 1", "Nodaļa Ludza"),
        ("Heading 2", "Mazs"),
        ("Heading 2", "Apakšnodaļa"),
        ("Heading 1", "Nākamā"),
    ]
    assert "w:tblHeader" in book.element.xml
    assert 'descr="attēlā Ludza"' in book.element.xml
    assert book.core_properties.language == "lv-LV"


def test_a_pdf_is_tagged_and_has_its_contents():
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(make_document())))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert str(reader.trailer["/Root"]["/Lang"]).startswith("lv")
    assert len(reader.pages) == 2
    first = squeeze(reader.pages[0].extract_text())
    assert "2.Nākamā" in first and first.index("Saturs") < first.index("1.tabula")


def test_the_contents_of_a_docx_say_the_pages_of_the_pdf():
    """Also after a section that runs over several pages."""
    long = tuple(Paragraph(f"Rinda {number}: " + "vārdi " * 60) for number in range(40))
    sections = (
        Section("Pirmā", (Paragraph("Īsi"),)),
        Section("Garā", long, new_page=True),
        Section("Nākamā", (Paragraph("Īsi"),), new_page=True),
        Section("Tūlīt", (Paragraph("Īsi"),)),
    )
    document = Document("lv", "Virsraksts", (Contents("Saturs"), *sections), numbered=True)
    pages = pypdf.PdfReader(io.BytesIO(render_pdf(document))).pages
    texts = [squeeze(page.extract_text()) for page in pages]
    assert len(texts) > 4
    expected = [1, 2, len(texts), len(texts)]
    for title, page in zip(("Garā", "Nākamā", "Tūlīt"), expected[1:], strict=True):
        assert title in texts[page - 1]
    book = docx.Document(io.BytesIO(render_docx(document)))
    told = re.findall(r'PAGEREF.*?"separate"/>.*?<w:t[^>]*>(\d+)<', book.element.xml, re.DOTALL)
    assert [int(page) for page in told] == expected
