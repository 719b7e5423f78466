"""The text of a PDF, page by page, as another program reads it."""

from __future__ import annotations

from pathlib import Path

import pypdfium2

HYPHEN = "\ufffe"
"""What pdfium tells of any hyphen at the end of a line."""


def read_pages(pdf: Path | bytes) -> list[str]:
    """Return the text of each page; a hyphen at the end of a line is a soft one."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [
            page.get_textpage().get_text_range().replace("\r\n", "\n").replace(HYPHEN, "\u00ad")
            for page in document
        ]
