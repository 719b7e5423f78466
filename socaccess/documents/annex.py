"""The annex of a plan or an application: PDF for reading, DOCX for editing, one content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from socaccess.content import Block, Document, Pair, Paragraph, Section
from socaccess.documents._annex_parts import Parts
from socaccess.documents.tables import warn_of_small_counts
from socaccess.errors import OutputError, UnknownNameError
from socaccess.i18n import Texts
from socaccess.study.release import Release, release

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["FORMS", "compose_annex", "save_content", "write_annex"]

FORMS = ("short", "full")
"""Two pages for those who decide; everything for those who check."""


def write_annex(
    result: StudyResult | Release,
    path: str | Path,
    *,
    lang: str = "lv",
    form: str = "full",
    municipality_id: str | None = None,
    allow_small_counts: bool = False,
) -> Path:
    """Write the annex of a region or of one of its municipalities.

    Parameters
    ----------
    result
        What a study answered.
    path
        Where to; `.pdf` (tagged, PDF/UA-1) or `.docx`.
    lang
        `lv` or `en`.
    form
        `short` (two pages) or `full`.
    municipality_id
        The municipality it is for; the whole study by default. What is hidden stays the
        same as in the whole study's files, so the two cannot be compared to find it.
    allow_small_counts
        Show counts under the threshold, and say so on every page.

    Raises
    ------
    UnknownNameError
        If the form, the ending or the municipality is not known.
    OutputError
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".pdf", ".docx"):
        raise UnknownNameError(f"{path.name}: an annex is .pdf or .docx")
    content = compose_annex(
        result,
        lang=lang,
        form=form,
        municipality_id=municipality_id,
        allow_small_counts=allow_small_counts,
    )
    try:
        save_content(content, path)
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror or error}") from None
    return path


def save_content(content: Document, path: Path) -> None:
    """Write a content as PDF or as DOCX, as the ending of `path` says."""
    if path.suffix == ".pdf":
        from socaccess.documents.paper import render_pdf

        made = render_pdf(content)
    else:
        from socaccess.documents.word import render_docx

        made = render_docx(content)
    path.write_bytes(made)


def compose_annex(
    result: StudyResult | Release,
    *,
    lang: str = "lv",
    form: str = "full",
    municipality_id: str | None = None,
    allow_small_counts: bool = False,
) -> Document:
    """Return what the annex says; see `write_annex`."""
    if form not in FORMS:
        raise UnknownNameError(f"no form {form!r} of an annex; use {' or '.join(FORMS)}")
    texts = Texts(lang)
    released = release(result, allow_small_counts=allow_small_counts)
    study = released.result.study
    known = set(study.municipalities["municipality_id"])
    if municipality_id is not None and municipality_id not in known:
        raise UnknownNameError(f"municipality {municipality_id} is not in {study.name}")
    parts = Parts(released, texts, municipality_id)
    view = study.view if study.view in ("plan", "today") else "today"
    return Document(
        lang=lang,
        title=parts.area,
        subject=texts("annex.title"),
        dateline=texts(f"annex.subtitle.{view}", dates=study.data_dates or "–"),
        footer=texts("annex.footer", area=parts.area),
        warning=warn_of_small_counts(released, texts),
        blocks=_compose_short(parts) if form == "short" else _compose_full(parts),
    )


def _compose_short(parts: Parts) -> tuple[Section, ...]:
    texts = parts.texts
    whole = parts.municipality_id is None and len(parts.ranked) > 1
    return (
        parts.tell_summary(),
        Section(texts("annex.map"), (parts.draw("now", height_pt=290 if whole else 250),)),
        Section(texts("annex.coverage"), (parts.tell_overview(),)),
        *(
            [Section(texts("annex.municipalities"), (parts.tell_municipalities(6),))]
            if whole
            else [parts.tell_unserved(2)]
        ),
        parts.tell_first_sites(),
        parts.tell_assumptions(brief=True),
    )


def _compose_full(parts: Parts) -> tuple[Section, ...]:
    texts = parts.texts
    pair = [
        parts.draw(scenario, width=0.48, height_pt=300) for scenario in ("planned", "suggested")
    ]
    maps: list[Block] = [parts.draw("now", height_pt=360), Pair((pair[0],), (pair[1],))]
    note = Paragraph(texts("annex.coverage_note"), "note")
    times = (parts.draw_times_here(),) if parts.municipality_id is not None else ()
    coverage: list[Block] = [parts.tell_overview(), note, *times]
    if parts.municipality_id is None:
        if len(parts.ranked) > 1:
            coverage.append(Section(texts("annex.municipalities"), (parts.tell_municipalities(),)))
        coverage += parts.tell_by_service()
    sections = [
        parts.tell_summary(),
        parts.tell_targets(),
        Section(texts("annex.maps"), tuple(maps)),
        Section(texts("annex.coverage"), tuple(coverage)),
        parts.tell_sites(),
        parts.tell_unserved(),
        parts.tell_balance(),
        parts.tell_flows(),
        parts.tell_sensitivity(),
        parts.tell_institutions(),
        parts.tell_not_located(),
        parts.tell_assumptions(),
        parts.tell_sources(),
    ]
    return tuple(section for section in sections if section is not None)
