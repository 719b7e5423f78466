"""Write the notebooks of both languages from their sources.

A source is `notebooks/source/NAME.md`: pieces that begin with `%% lv`, `%% en` (prose of one
language) or `%% code` (the same in both; `LANG` stands for the language). `--check` exits 1
where a notebook is not what its source makes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
LANGUAGES = ("lv", "en")


def build(source: str, lang: str) -> str:
    """Return the notebook of one language as JSON."""
    cells: list[dict[str, Any]] = []
    pieces = re.split(r"^%% (lv|en|code)\n", source, flags=re.MULTILINE)[1:]
    for kind, text in zip(pieces[::2], pieces[1::2], strict=True):
        if kind not in (lang, "code"):
            continue
        text = text.strip().replace("LANG", f'"{lang}"') if kind == "code" else text.strip()
        cell: dict[str, Any] = {"cell_type": "code" if kind == "code" else "markdown",
                                "id": str(len(cells)), "metadata": {}}  # fmt: skip
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append({**cell, "source": text.splitlines(keepends=True)})
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"}}  # fmt: skip
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def list_books() -> dict[Path, str]:
    """Return every notebook with what it should hold."""
    return {
        FOLDER / lang / f"{source.stem}.ipynb": build(source.read_text(encoding="utf-8"), lang)
        for source in sorted((FOLDER / "source").glob("*.md"))
        for lang in LANGUAGES
    }


def main(words: list[str]) -> int:
    """Write the notebooks, or check them."""
    stale = [
        path
        for path, text in list_books().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{'differs' if '--check' in words else 'wrote'}: {path.parent.name}/{path.name}")
        if "--check" not in words:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(list_books()[path], encoding="utf-8")
    return int("--check" in words and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
