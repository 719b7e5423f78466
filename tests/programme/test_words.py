"""Names in Latvian cases, and our pages as documents."""

from __future__ import annotations

import io
import zipfile

import pytest

from socaccess.cli._plan_pages import compose_page, render_page
from socaccess.content import List, Paragraph, Table
from socaccess.i18n import Texts
from socaccess.programme.document import build_programme
from socaccess.programme.forecast import forecast_clients
from socaccess.programme.words import join_names, say_in, say_of
from socaccess.sources.boundaries import load_municipalities


@pytest.mark.parametrize("vintage", [2009, 2025])
def test_every_municipality_is_declined(vintage):
    names = load_municipalities(vintage)["name"]
    for name in names:
        of, where = say_of(name), say_in(name)
        assert of.endswith(("novada", "as", "es", "pils")), (name, of)
        assert where.endswith(("novadā", "ā", "ē", "pilī")), (name, where)
    assert len(set(map(say_of, names))) == len(set(names))
    assert join_names([], "un") == ""
    assert join_names(["A", "B"], "un") == "A un B"


PAGE = """# Title: subject

**The answer.**

| what | how many |
| --- | --- |
| a \\| b | 1 234,5 |
| c | <5 |

## Next

- one
- two

Plain words
on two lines.
"""


def test_a_page_becomes_a_document():
    content = compose_page(PAGE, Texts("en"), warning="secret")
    assert (content.title, content.subject, content.warning) == ("subject", "Title", "secret")
    first, second = content.blocks
    assert second.title == "Next"
    lead, table = first.blocks
    assert lead == Paragraph("The answer.", "lead")
    assert isinstance(table, Table)
    assert table.rows == (("a | b", "1 234,5"), ("c", "<5"))
    assert [column.number for column in table.columns] == [False, True]
    assert second.blocks == (List(("one", "two")), Paragraph("Plain words on two lines."))
    made = render_page(PAGE, Texts("lv"))
    assert made["pdf"].startswith(b"%PDF")
    assert made == render_page(PAGE, Texts("lv"))
    with zipfile.ZipFile(io.BytesIO(made["docx"])) as docx:
        text = docx.read("word/document.xml").decode()
    assert "a | b" in text
    assert "Plain words" in text


def test_a_programme_holds_all_its_parts(latgale):
    from socaccess.study.release import release

    released = release(latgale).result
    forecast = forecast_clients(latgale.study, [2026, 2028])
    english = build_programme(released, forecast, "en")
    short, full = (build_programme(released, forecast, form=form) for form in ("short", "full"))
    for name in latgale.study.municipalities["name"]:
        assert f"### {name}" in full
        assert f"### {name}" not in short
    assert full.startswith(short.split("## ")[0])
    for text in (english, short):
        assert "2028" in text
        assert "389" in text
        assert text.count("\n## ") == 6
        # Nothing stands there as a code.
        assert "{" not in text
        assert "_grt" not in text
