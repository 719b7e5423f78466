"""Pages, seconds and sameness of the annexes of regions and of their municipalities.

`python -m benchmarks.annex [--regions latgale ...] [--views today plan] [--langs lv en]` writes
every annex as PDF and DOCX and has LibreOffice Writer, where it is installed, lay the DOCX out.
Of each region: CPU seconds of both forms (this process, after a first one), pages of the PDF,
whether a second build has the same bytes, sections of whose page the contents of the DOCX say
another, pages of the DOCX, sections that stand on other pages in it; of its municipalities, how
many there are and the most pages. The last line is JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pypdf

import socaccess as sa
from socaccess.content import Document, Rendering, Section
from socaccess.documents.annex import compose_annex, render_document
from socaccess.documents.paper import find_pages

REGIONS = ("kurzeme", "latgale", "riga", "vidzeme", "zemgale")
NAMES = ("annex.pdf", "annex.docx")


def render_both(released: Any, **asked: Any) -> dict[str, bytes]:
    document = compose_annex(released, **asked)
    return {name: render_document(document, name) for name in NAMES}


def read_pages(pdf: bytes) -> list[str]:
    """Return the text of each page without white space and hyphens."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return ["".join(page.extract_text().split()).replace("\u00ad", "").replace("-", "")
            for page in pages]  # fmt: skip


def lay_out(docx: bytes, folder: Path) -> list[str] | None:
    """Return the pages of a DOCX as LibreOffice Writer lays them out; None without it."""
    office = shutil.which("soffice")
    if office is None or shutil.which("lowriter") is None:
        return None
    (folder / "annex.docx").write_bytes(docx)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    words = [office, "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run(
        [*words, str(folder / "annex.docx")], check=True, capture_output=True, timeout=300
    )
    return read_pages((folder / "annex.pdf").read_bytes())


def find_sections(document: Document, pages: list[str]) -> list[int]:
    """Return the page on which each section begins, 0 where its title is on none.

    The contents have the titles too: a title of theirs counts only where it stands nowhere else.
    """
    texts = Rendering.of(document)
    sections = [block for block, depth in document.walk()
                if isinstance(block, Section) and depth == 1]  # fmt: skip
    titles = [
        "".join(f"{number}.{texts.plain(section.title)}".split()).replace("\u00ad", "")
        for number, section in enumerate(sections, start=1)
    ]
    titles = [title.replace("-", "") for title in titles]
    contents = max(range(len(pages)), key=lambda at: sum(title in pages[at] for title in titles))
    found = []
    for title in titles:
        at = [number for number, page in enumerate(pages) if title in page]
        elsewhere = [number for number in at if number != contents]
        found.append((elsewhere or at or [-1])[0] + 1)
    return found


def measure(released: Any, lang: str, folder: Path) -> dict[str, Any]:
    """Return the figures of one region's annex, and the most pages of its municipalities'."""
    render_both(released, lang=lang)
    started = time.process_time()
    files = render_both(released, lang=lang)
    seconds = time.process_time() - started
    document = compose_annex(released, lang=lang)
    pages = read_pages(files["annex.pdf"])
    written = lay_out(files["annex.docx"], folder)
    row: dict[str, Any] = {"cpu_s": round(seconds, 1), "pdf": len(pages)}
    row["same"] = files == render_both(released, lang=lang)
    found = find_sections(document, pages)
    row["wrong"] = sum(a != b for a, b in zip(find_pages(document), found, strict=True))
    if written is not None:
        row["docx"] = len(written)
        there = find_sections(document, written)
        row["moved"] = sum(a != b or not a for a, b in zip(found, there, strict=True))
    each = {}
    for name in released.result.study.municipalities["municipality_id"]:
        pdf = render_document(
            compose_annex(released, lang=lang, form="short", municipality_id=name), NAMES[0]
        )
        each[name] = len(read_pages(pdf))
    return row | {"municipalities": len(each), "most": max(each.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regions", nargs="+", default=REGIONS)
    parser.add_argument("--views", nargs="+", default=("today", "plan"))
    parser.add_argument("--langs", nargs="+", default=("lv", "en"))
    asked = parser.parse_args()
    rows = []
    for region in asked.regions:
        for view in asked.views:
            released = sa.Study.load(region, view=view).run().released
            for lang in asked.langs:
                with tempfile.TemporaryDirectory() as folder:
                    row = measure(released, lang, Path(folder))
                rows.append({"region": region, "view": view, "lang": lang} | row)
                print(" | ".join(str(value) for value in rows[-1].values()), flush=True)
    print(json.dumps({"benchmark": "annex", "rows": rows}))


if __name__ == "__main__":
    main()
