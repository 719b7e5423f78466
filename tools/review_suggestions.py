"""Write `docs/suggestions.md`'s tables: what each region is suggested, and why nothing further.

    python tools/review_suggestions.py           # print them
    python tools/review_suggestions.py --write   # put them into docs/suggestions.md

Everything between the two marks of a region in the page is replaced; the comments around stay.
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
from socaccess.study.release import run_released

PAGE = Path(__file__).resolve().parents[1] / "docs" / "suggestions.md"
REGIONS = ("latgale", "kurzeme", "vidzeme", "zemgale", "riga")


def describe(region: str) -> str:
    """Return the table and the reasons of a region as Markdown."""
    texts = Texts("en")
    released = run_released(Study.load(region))
    proposals = list_proposals(released)
    table = compose_build(released, texts, proposals)
    text = render_markdown(Document("en", "", (table,))).lstrip("# \n").rstrip()
    lines = [*name_houses(released, texts, proposals), *explain_left_out(released, texts)]
    return (text + "\n\n" if proposals else "") + "\n".join(f"- {line}" for line in lines)


def main() -> None:
    """Print the regions, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("regions", nargs="*", default=REGIONS)
    asked = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8") if asked.write else ""
    for region in asked.regions:
        text = describe(region)
        if not asked.write:
            print(f"## {region}\n\n{text}\n")
            continue
        marks = rf"(<!-- {region} -->\n).*?(<!-- end of {region} -->)"
        assert re.search(marks, page, re.DOTALL), region
        page = re.sub(marks, lambda m: f"{m[1]}\n{text}\n\n{m[2]}", page, flags=re.DOTALL)  # noqa: B023
    if asked.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
