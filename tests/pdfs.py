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


def find_beyond(pdf: Path | bytes, margin_pt: float) -> list[tuple[int, str]]:
    """Return page and sign of every sign that is not wholly between the margins left and right."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, start=1):
            text = page.get_textpage()
            most = page.get_width() - margin_pt
            for at in range(text.count_chars()):
                sign = text.get_text_range(at, 1)
                left, _, right, _ = text.get_charbox(at)
                if sign.strip() and right > left and (left < margin_pt or right > most):
                    found.append((number, sign))
    return found
