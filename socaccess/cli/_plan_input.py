"""What the commands of a plan share: options, studies that may leave, tables on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import Session
from socaccess.cli.speech import Misuse

if TYPE_CHECKING:
    from socaccess.content import Document

__all__ = [
    "Service",
    "finish",
    "name_groups",
    "name_services",
    "parse_number",
    "parse_pairs",
    "parse_years",
    "show_note",
    "show_number",
]

Service = Annotated[str, typer.Option("--service", help="Such as dac_grt or group_home.")]


def parse_pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """Return what `name=value` options say; a bad one is a usage error (exit 2)."""
    pairs = {}
    for value in values:
        name, mark, number = value.partition("=")
        if not mark or not name.strip() or not number.strip():
            raise Misuse("cli.not_a_pair", option, given=value)
        if name.strip() in pairs:
            raise Misuse("cli.twice", option, given=name.strip())
        pairs[name.strip().lower().replace("-", "_")] = number.strip()
    return pairs


def parse_years(text: str) -> list[int]:
    """Return the years of `2026`, `2026-2030` or `2026,2028`."""
    years: list[int] = []
    try:
        for part in text.split(","):
            first, mark, last = part.strip().partition("-")
            years += range(int(first), int(last if mark else first) + 1)
    except ValueError:
        years = []
    if not years or not all(1990 <= year <= 2100 for year in years):
        raise Misuse("cli.not_years", "--years", given=text)
    return sorted(set(years))


def parse_number(text: str, option: str) -> float:
    """Return a number of an option; a bad one is a usage error (exit 2)."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Misuse("cli.not_a_number", option) from None


def show_note(session: Session, key: str, **values: object) -> None:
    """Print one remark under an answer."""
    session.print(f"- {session.texts(f'plan.{key}', **values)}")


def name_services(study: Any, lang: str) -> dict[str, str]:
    """Return the name of every service of a study in a language."""
    types = study.service_types
    return dict(zip(types["service"], types[f"name_{lang}"], strict=True))


def name_groups(lang: str) -> dict[str, str]:
    """Return the name of every target group in a language."""
    from socaccess.sources.services import load_target_groups

    groups = load_target_groups()
    return dict(zip(groups["target_group"], groups[f"name_{lang}"], strict=True))


def show_number(value: Any, texts: Any, *, decimals: int = 1) -> str:
    """Return a cell: a mark as it is, a number in the language, a dash for none."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return "–"
    if isinstance(value, Decimal):
        return str(texts.number(float(value), decimals=2))
    whole = round(float(value), decimals).is_integer()
    return str(texts.number(float(value), decimals=0 if whole else decimals))


def finish(
    session: Session,
    answer: dict[str, Any],
    *,
    tables: dict[str, Any] | None = None,
    pages: dict[str, Document] | None = None,
) -> None:
    """Print the answer as JSON if asked, and write tables and pages into a folder, all or none.

    A page is written three times: Markdown, PDF and DOCX, so that it can be attached.
    """
    files: dict[str, bytes] = {}
    if pages and session.out is not None:
        from socaccess.documents.markdown import render_markdown
        from socaccess.documents.paper import render_pdf
        from socaccess.documents.word import render_docx

        for name, page in pages.items():
            files |= {
                f"{name}.md": render_markdown(page).encode("utf-8"),
                f"{name}.pdf": render_pdf(page),
                f"{name}.docx": render_docx(page),
            }
    session.finish(answer, tables, files)
