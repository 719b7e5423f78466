"""The annex of a plan or an application: PDF for reading, DOCX for editing, one content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from socaccess.content import Block, Document, Inline, Paragraph, Phrase
from socaccess.documents.annex_access import compose_access
from socaccess.documents.annex_context import AnnexContext
from socaccess.documents.annex_method import compose_capacity, compose_method
from socaccess.documents.annex_municipality import compose_municipality, write_municipality_title
from socaccess.documents.annex_region import (
    compose_findings,
    compose_groups,
    compose_matrix,
    compose_others,
)
from socaccess.documents.tables import warn_of_small_counts
from socaccess.documents.without_car import compose_without_car
from socaccess.errors import UnknownNameError
from socaccess.files import write_file
from socaccess.i18n import Texts
from socaccess.study.findings import write_title
from socaccess.study.release import Release, release

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["FORMS", "compose_annex", "render_document", "write_annex"]

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
        `short` (two pages) or `full` (at most ten for a region; a municipality has two).
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
        raise UnknownNameError("documents.annex_ending", name=path.name)
    document = compose_annex(
        result,
        lang=lang,
        form=form,
        municipality_id=municipality_id,
        allow_small_counts=allow_small_counts,
    )
    return write_file(path, render_document(document, path.name))


def render_document(document: Document, name: str) -> bytes:
    """Return a document as PDF or as DOCX, as the ending of a file's name says."""
    if name.endswith(".pdf"):
        from socaccess.documents.paper import render_pdf

        return render_pdf(document)
    from socaccess.documents.word import render_docx

    return render_docx(document)


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
        raise UnknownNameError("documents.annex_form", form=form, known=FORMS)
    texts = Texts(lang)
    released = release(result, allow_small_counts=allow_small_counts)
    study = released.result.study
    if municipality_id is not None and municipality_id not in set(
        study.municipalities["municipality_id"]
    ):
        raise UnknownNameError("documents.annex_municipality", id=municipality_id, study=study.name)
    context = AnnexContext(released, texts, municipality_id)
    title, blocks = _compose(context, form)
    area = study.title[lang]
    if municipality_id is not None:
        names = dict(context.municipalities)
        area = f"{names[municipality_id]} · {area}" if len(names) > 1 else names[municipality_id]
    view = study.view if study.view in ("plan", "today") else "own"
    return Document(
        lang=lang,
        title=title,
        subject=Phrase("annex.subject", area=area),
        dateline=Phrase(f"annex.dateline_{view}", year=str(study.borders_year or "–"),
                        dates=study.data_dates or "–"),
        footer=Phrase("annex.footer", area=area),
        warning=warn_of_small_counts(released, texts),
        blocks=tuple(blocks),
        numbered=municipality_id is None,
    )  # fmt: skip


def _compose(context: AnnexContext, form: str) -> tuple[Inline, list[Block]]:
    if context.municipality_id is not None:
        blocks: list[Block] = list(compose_municipality(context))
        if form == "full":
            without = compose_without_car(context)
            blocks += [without] if without is not None else []
            key = context.result.study.by_mode("annex.sheet_method", "annex.sheet_method_transit")
            blocks.append(Paragraph(Phrase(key), "note"))
        blocks.append(Paragraph(Phrase("annex.sign"), "sign"))
        return write_municipality_title(context), blocks
    title: Inline = Phrase("finding.title_unknown")
    if context.known:
        title = write_title(context.gaps, context.texts, context.names)
    blocks = [
        *compose_findings(context, brief=form == "short"),
        compose_matrix(context, brief=form == "short"),
    ]
    if form == "full":
        blocks += compose_groups(context)
        for section in (
            compose_others(context),
            compose_capacity(context),
            compose_access(context),
            compose_without_car(context),
        ):
            if section is not None:
                blocks.append(section)
        blocks.append(compose_method(context))
    return title, blocks
