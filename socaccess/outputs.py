"""Everything a run hands over, written whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from socaccess.errors import OutputError

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["FILES", "write_outputs"]

FILES = ("map.html", "coverage.csv", "gaps.csv", "sites.csv", "study.json")
"""What a run writes."""


def write_outputs(
    result: StudyResult,
    folder: str | Path,
    *,
    lang: str = "lv",
    excel: bool = False,
    allow_small_counts: bool = False,
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
        Language of the map.
    excel
        Tables with `;` and decimal comma.
    allow_small_counts
        Show counts of persons under the threshold too.

    Returns
    -------
    list of pathlib.Path
        The files written, in the order of `FILES`.

    Raises
    ------
    OutputError
        If something could not be written; what was there before is still there.
    """
    from socaccess.i18n import Texts
    from socaccess.maps import save_map
    from socaccess.reports.record import write_record
    from socaccess.reports.tables import list_tables, warn_of_small_counts, write_csv
    from socaccess.study.release import release

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to: {error.strerror or error}") from None
    try:
        # Protected once, so that no two files differ in what they hide.
        released = release(result, allow_small_counts=allow_small_counts)
        warning = warn_of_small_counts(released, Texts(lang))
        save_map(
            released.result, aside / "map.html", lang=lang, allow_small_counts=allow_small_counts
        )
        for name, table in list_tables(released).items():
            write_csv(table, aside / f"{name}.csv", excel=excel, warning=warning)
        write_record(released, aside / "study.json")
        for name in FILES:
            (aside / name).replace(folder / name)
    except OSError as error:
        raise OutputError(f"{folder}: could not be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [folder / name for name in FILES]
