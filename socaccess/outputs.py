"""Everything a run hands over, written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.beside import Beside
from socaccess.errors import UnknownNameError
from socaccess.files import write_file, write_together

if TYPE_CHECKING:
    from socaccess.planning.programme import ProgrammeBuild
    from socaccess.study import StudyResult
    from socaccess.study.release import Release

__all__ = ["ANNEXES", "FILES", "FORMATS", "write_annexes", "write_outputs", "write_programme"]

FILES = ("map.html", "coverage.csv", "gaps.csv", "sites.csv", "tables.xlsx", "annex.pdf",
         "annex.docx", "layers.gpkg", "study.json")  # fmt: skip
"""What a run writes."""

FULL_ANNEX_MUNICIPALITIES = 40
"""A study of more municipalities is given the short form of the annex."""

ANNEXES = ("annex.pdf", "annex.docx")
"""The annex, for reading and for editing."""

FORMATS = ("geoparquet", "geojson")
"""What a run writes besides when asked."""


def require_formats(formats: Sequence[str]) -> None:
    """Raise `UnknownNameError` if a format that is asked for is not known."""
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UnknownNameError("outputs.unknown_format", names=unknown, known=FORMATS)


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
        The files written, in the order of `FILES`, then `without_car.csv` where the study asks
        for times without a car, then those of `formats`.

    Raises
    ------
    UnknownNameError
        If one of `formats` is not known.
    OutputError
        If something could not be written; what was there before is still there.
    """
    from socaccess.i18n import Texts
    from socaccess.maps.payload import build_payload
    from socaccess.maps.webmap import render_payload
    from socaccess.planning.released_access import keep_access
    from socaccess.study.release import release
    from socaccess.study.released import list_tables

    require_formats(formats)
    Texts(lang)
    # Protected once, so that no two files differ in what they hide.
    released = release(result, allow_small_counts=allow_small_counts)
    # Of a whole country the full form runs to hundreds of pages; regions have theirs.
    many = len(released.result.municipalities) > FULL_ANNEX_MUNICIPALITIES
    form = "short" if many else "full"

    # The one that takes longer begins first: of a country it is the workbook.
    works = [
        lambda: _render_annexes(released, lang=lang, form=form),
        lambda: {"tables.xlsx": _render_workbook(released, lang)},
    ]
    longer, shorter = reversed(works) if many else works

    def begin() -> Iterator[dict[str, Any]]:
        yield keep_access(released)
        yield longer()

    beside: Beside[dict[str, Any]] = Beside(begin)
    with beside as first:
        list_tables(released)
        payload = build_payload(released, lang=lang)
        released.kept.update(first.result())
        # Begun before anything is locked: a copy of this process would hold the lock too.
        with Beside(shorter) as second, write_together(folder) as aside:
            write_file(aside / "map.html", render_payload(released, payload, lang=lang))
            extra = _write_rest(released, aside, lang, excel, formats)
            _put({**first.result(), **second.result()}, aside)
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
    lang, form, municipality_id, allow_small_counts
        As in `socaccess.documents.annex.write_annex`.

    Raises
    ------
    UnknownNameError
        If the language, the form or the municipality is not known.
    OutputError
        If something could not be written; what was there before is still there.
    """
    contents = _render_annexes(
        result,
        lang=lang,
        form=form,
        municipality_id=municipality_id,
        allow_small_counts=allow_small_counts,
    )
    with write_together(folder) as aside:
        _put(contents, aside)
    return [Path(folder) / name for name in ANNEXES]


def write_programme(
    build: ProgrammeBuild, folder: str | Path, *, lang: str = "lv", excel: bool = False
) -> list[Path]:
    """Write a programme: documents, a sheet per municipality, workbook, map, layers, tables.

    Parameters
    ----------
    build
        What was built.
    folder
        Where to; made if absent. All files are written, or none.
    lang
        Language.
    excel
        Tables with `;` and decimal comma.

    Returns
    -------
    list of pathlib.Path
        `programme.pdf` and `.docx`, `programme_short.pdf` and `.docx`,
        `municipality_<id>.pdf` and `.docx`, `programme.xlsx`, `map.html`, `layers.gpkg`,
        `forecast.csv`, `measures.csv`, `objects.csv`, `budget.csv`, `financing.csv`,
        `financing_payers.csv`, `financing_debts.csv`, `goals.csv`, `assumptions.csv`,
        `contradictions.csv`.

    Raises
    ------
    OutputError
        If something could not be written; what was there before is still there.
    """
    from socaccess.documents.paper import render_pdf
    from socaccess.documents.programme import Pages
    from socaccess.documents.programme_book import compose_book
    from socaccess.documents.programme_layers import add_planning_layers
    from socaccess.documents.word import render_docx
    from socaccess.encoding import encode_csv
    from socaccess.maps import save_map
    from socaccess.workbooks import render_workbook

    pages = Pages(build.compiled, lang, build.record)
    documents = {"programme": pages.compose(), "programme_short": pages.compose("short")}
    for model in build.compiled.models:
        name = f"municipality_{model.municipality_id}"
        documents[name] = pages.compose_municipality(model)

    def render() -> dict[str, bytes]:
        return {
            f"{name}.{kind}": write(document)
            for name, document in documents.items()
            for kind, write in (("pdf", render_pdf), ("docx", render_docx))
        }

    # Begun before anything is locked, as in `write_outputs`.
    with Beside(render) as rendering, write_together(folder) as aside:
        save_map(build.released, aside / "map.html", lang=lang)
        add_planning_layers(pages, aside / "layers.gpkg")
        rest = {"programme.xlsx": render_workbook(compose_book(pages))}
        for name, table in build.tables().items():
            rest[f"{name}.csv"] = encode_csv(table, excel=excel)
        files = rendering.result() | rest
        _put(files, aside)
    return [Path(folder) / name for name in (*files, "map.html", "layers.gpkg")]


def _put(contents: dict[str, bytes], folder: Path) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _render_annexes(result: StudyResult | Release, **asked: Any) -> dict[str, bytes]:
    """Return the files of the annex, by name; see `compose_annex`."""
    from socaccess.documents.annex import compose_annex, render_document

    annex = compose_annex(result, **asked)
    # The typesetter works outside the interpreter: another core can have it.
    with ThreadPoolExecutor(1) as pool:
        paper = pool.submit(render_document, annex, ANNEXES[0])
        editable = render_document(annex, ANNEXES[1])
        return dict(zip(ANNEXES, (paper.result(), editable), strict=True))


def _render_workbook(released: Release, lang: str) -> bytes:
    from socaccess.documents.workbook import write_workbook

    book = io.BytesIO()
    write_workbook(released, book, lang=lang)
    return book.getvalue()


def _write_rest(
    released: Release, aside: Path, lang: str, excel: bool, formats: Sequence[str]
) -> list[str]:
    """Write tables, layers and record; return the names of the files beyond `FILES`."""
    from socaccess.documents.layers import write_geojson, write_geopackage, write_geoparquet
    from socaccess.documents.record import write_record
    from socaccess.documents.tables import list_tables, warn_of_small_counts
    from socaccess.encoding import encode_csv
    from socaccess.i18n import Texts

    warning = warn_of_small_counts(released, Texts(lang))
    writers = {"geoparquet": write_geoparquet, "geojson": write_geojson}
    tables = list_tables(released)
    for name, table in tables.items():
        (aside / f"{name}.csv").write_bytes(encode_csv(table, excel=excel, warning=warning))
    write_geopackage(released, aside / "layers.gpkg", lang=lang)
    write_record(released, aside / "study.json")
    extra = [path for name in formats for path in writers[name](released, aside, lang=lang)]
    further = [f"{name}.csv" for name in tables if f"{name}.csv" not in FILES]
    return [*further, *(path.name for path in extra)]
