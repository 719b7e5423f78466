"""Everything a run hands over, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from socaccess.errors import UnknownNameError
from socaccess.files import write_together

if TYPE_CHECKING:
    from socaccess.study import StudyResult
    from socaccess.study.release import Release

__all__ = ["ANNEXES", "FILES", "FORMATS", "write_annexes", "write_outputs"]

FILES = ("map.html", "coverage.csv", "gaps.csv", "sites.csv", "tables.xlsx", "annex.pdf",
         "annex.docx", "layers.gpkg", "study.json")  # fmt: skip
"""What a run writes."""

FULL_ANNEX_MUNICIPALITIES = 40
"""A study of more municipalities is given the short form of the annex."""

ANNEXES = ("annex.pdf", "annex.docx")
"""The annex, for reading and for editing."""

FORMATS = ("geoparquet", "geojson")
"""What a run writes besides when asked."""


def write_outputs(
    result: StudyResult | Release,
    folder: str | Path,
    *,
    lang: str = "lv",
    excel: bool = False,
    allow_small_counts: bool = False,
    formats: Sequence[str] = (),
) -> list[Path]:
    """Write the map, the tables and the record of a study into `folder`.

    All files are made aside first; only when every one is whole do they take their
    places. Other files of the folder are left alone.

    Parameters
    ----------
    result
        What to write.
    folder
        Where to; made if absent.
    lang
        Language of the map, the annex, the workbook and the layers.
    excel
        Tables with `;` and decimal comma.
    allow_small_counts
        Show counts of persons under the threshold too; every file then says so.
    formats
        Further forms of the layers, of those in `FORMATS`: one file a layer.

    Returns
    -------
    list of pathlib.Path
        The files written, in the order of `FILES`, then of `formats`.

    Raises
    ------
    UnknownNameError
        If one of `formats` is not known.
    OutputError
        If something could not be written; what was there before is still there.
    """
    from socaccess.i18n import Texts

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UnknownNameError("outputs.unknown_format", names=unknown, known=FORMATS)
    Texts(lang)

    with write_together(folder) as aside:
        extra = _write_all(result, aside, lang, excel, allow_small_counts, formats)
    return [Path(folder) / name for name in (*FILES, *extra)]


def write_annexes(
    result: StudyResult | Release,
    folder: str | Path,
    *,
    lang: str = "lv",
    form: str = "full",
    municipality_id: str | None = None,
    allow_small_counts: bool = False,
) -> list[Path]:
    """Write the annex of a study or of one of its municipalities as PDF and DOCX.

    Parameters
    ----------
    result
        What to write.
    folder
        Where to; made if absent. Both files are written, or none.
    lang
        Language.
    form
        `short` (two pages) or `full`.
    municipality_id
        The municipality it is for; the whole study by default.
    allow_small_counts
        Show counts of persons under the threshold too; both files then say so.

    Raises
    ------
    UnknownNameError
        If the language, the form or the municipality is not known.
    OutputError
        If something could not be written; what was there before is still there.
    """
    from socaccess.documents.annex import compose_annex, render_document

    content = compose_annex(
        result,
        lang=lang,
        form=form,
        municipality_id=municipality_id,
        allow_small_counts=allow_small_counts,
    )

    with write_together(folder) as aside:
        for name in ANNEXES:
            (aside / name).write_bytes(render_document(content, name))
    return [Path(folder) / name for name in ANNEXES]


def _write_all(
    result: StudyResult | Release,
    aside: Path,
    lang: str,
    excel: bool,
    allow_small_counts: bool,
    formats: Sequence[str],
) -> list[str]:
    """Write every file into `aside`; return the names of those beyond `FILES`."""
    from socaccess.documents.annex import compose_annex, render_document
    from socaccess.documents.layers import write_geojson, write_geopackage, write_geoparquet
    from socaccess.documents.record import write_record
    from socaccess.documents.tables import list_tables, warn_of_small_counts
    from socaccess.documents.workbook import write_workbook
    from socaccess.encoding import encode_csv
    from socaccess.i18n import Texts
    from socaccess.maps import save_map
    from socaccess.study.release import release

    # Protected once, so that no two files differ in what they hide.
    released = release(result, allow_small_counts=allow_small_counts)
    warning = warn_of_small_counts(released, Texts(lang))
    # Of a whole country the full form runs to hundreds of pages; regions have theirs.
    many = len(released.result.municipalities) > FULL_ANNEX_MUNICIPALITIES
    annex = compose_annex(released, lang=lang, form="short" if many else "full")
    writers = {"geoparquet": write_geoparquet, "geojson": write_geojson}
    # The typesetter works outside the interpreter: the other core can have it.
    with ThreadPoolExecutor(1) as pool:
        typeset = {name: pool.submit(render_document, annex, name) for name in ANNEXES}
        save_map(released, aside / "map.html", lang=lang)
        for name, table in list_tables(released).items():
            content = encode_csv(table, excel=excel, warning=warning)
            (aside / f"{name}.csv").write_bytes(content)
        write_workbook(released, aside / "tables.xlsx", lang=lang)
        write_geopackage(released, aside / "layers.gpkg", lang=lang)
        write_record(released, aside / "study.json")
        extra = [path for name in formats for path in writers[name](released, aside, lang=lang)]
        for name, rendered in typeset.items():
            (aside / name).write_bytes(rendered.result())
    return [path.name for path in extra]
