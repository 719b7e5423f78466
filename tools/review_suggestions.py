"""Write the tables of `docs/suggestions.md`: what is suggested, and why nothing further.

    python tools/review_suggestions.py           # print them
    python tools/review_suggestions.py --write   # put them into the page, and into the Latvian one

Everything between the two marks of a region in a page is replaced; the comments around stay.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from socaccess.content import Document
from socaccess.documents.markdown import render_markdown
from socaccess.i18n import Texts
from socaccess.study import Study
from socaccess.study.proposals import (
    compose_build,
    explain_left_out,
    list_proposals,
    name_houses,
)
from socaccess.study.release import Release, run_released

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {"en": DOCS / "suggestions.md", "lv": DOCS / "lv" / "suggestions.md"}
REGIONS = ("latgale", "kurzeme", "vidzeme", "zemgale", "riga")


def describe(released: Release, lang: str) -> str:
    """Return the table and the reasons of a region as Markdown."""
    texts = Texts(lang)
    proposals = list_proposals(released)
    table = compose_build(released, texts, proposals)
    text = render_markdown(Document(lang, "", (table,))).lstrip("# \n").rstrip()
    lines = [*name_houses(released, texts, proposals), *explain_left_out(released, texts)]
    return (text + "\n\n" if proposals else "") + "\n".join(f"- {line}" for line in lines)


def put_in(page: str, region: str, text: str) -> str:
    """Return a page with a text between the marks of a region."""
    marks = rf"(<!-- {region} -->\n).*?(<!-- end of {region} -->)"
    assert re.search(marks, page, re.DOTALL), region
    return re.sub(marks, lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page, flags=re.DOTALL)


def main() -> None:
    """Print the regions, or write them into the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("regions", nargs="*", default=REGIONS)
    asked = parser.parse_args()
    pages = {lang: page.read_text(encoding="utf-8") for lang, page in PAGES.items()}
    for region in asked.regions:
        released = run_released(Study.load(region))
        for lang, page in pages.items():
            text = describe(released, lang)
            if not asked.write:
                print(f"## {region}\n\n{text}\n")
            pages[lang] = put_in(page, region, text)
    if asked.write:
        for lang, page in pages.items():
            PAGES[lang].write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
