"""Tables users bring: read whatever spreadsheet software wrote, explain what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import fold
from socaccess.schemas import FORMS, LATVIA_BOUNDS, TableForm, check_table
from socaccess.sources.boundaries import find_municipality, load_municipalities
from socaccess.sources.services import load_service_types
from socaccess.sources.settlements import load_settlements

__all__ = ["guess_form", "read_rows", "read_table"]

MAX_BYTES = 500_000_000
"""A larger table file is refused: it is hardly one of ours."""

ENCODINGS = ("utf-8-sig", "cp1257")
"""Tried in this order: UTF-8 with or without mark, then Windows Baltic."""

DELIMITERS = ";,\t|"

# What planners call the columns; compared without diacritics and case.
_ALIASES = {
    "id": "facility_id",
    "nosaukums": "name",
    "pakalpojums": "service",
    "service_type": "service",
    "merka grupa": "target_group",
    "vietas": "places",
    "vietu skaits": "places",
    "statuss": "status",
    "novads": "municipality",
    "pasvaldiba": "municipality",
    "adrese": "address",
    "iedzivotaji": "population",
    "iedzivotaju skaits": "population",
    "personas": "persons",
    "avots": "source",
    "lng": "lon",
    "long": "lon",
    "longitude": "lon",
    "garums": "lon",
    "latitude": "lat",
    "platums": "lat",
}

_STATUS_WORDS = {
    "darbojas": "operating",
    "darbiba": "operating",
    "planots": "planned",
    "slegts": "closed",
}


def read_table(
    path: str | Path,
    form: TableForm | None = None,
    *,
    crs: str | None = None,
    bounds: tuple[float, float, float, float] | None = LATVIA_BOUNDS,
    known_municipalities: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Return a table a user brings, checked and in our form.

    Parameters
    ----------
    path
        CSV (comma, semicolon, tab; decimal point or comma; UTF-8 with or without
        mark, or Windows-1257), XLSX, GeoPackage, GeoJSON, Shapefile or GeoParquet.
    form
        The form wanted; guessed from the columns if not given.
    crs
        System of columns `x`, `y`, or of a geometry file that does not say
        (`lon`, `lat` are always degrees).
    bounds
        Where points may lie, degrees west, south, east, north; None anywhere.
    known_municipalities
        Ids of municipalities that exist; by default those of Latvia today.
        Names, also old ones, are turned into ids.

    Returns
    -------
    pandas.DataFrame
        A GeoDataFrame in EPSG:3059 (or the metric system of the place) where the
        form has geometry.

    Raises
    ------
    InputError
        With every finding of the file at once, rows by their line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = file.write_text("facility_id;name;service;status;lon;lat\n"
    ...                     "a;Centrs;dac_grt;operating;27,72;56,55\n", encoding="cp1257")
    >>> read_table(file)[["facility_id", "service"]].values.tolist()
    [['a', 'dac_grt']]
    """
    path = Path(path)
    frame, row_names = read_rows(path)
    frame = _rename(frame)
    form = form or guess_form(frame, path.name)
    problems: list[Problem] = []
    if form.geometry:
        frame, found = _place(frame, form, path.name, row_names, crs)
        problems += found
    known: dict[str, Sequence[str]] = {}
    if "service" in frame and form.name in ("facilities", "need"):
        frame, codes = _name_services(frame)
        known["service"] = codes
    if "status" in frame:
        words = frame["status"].map(lambda word: _STATUS_WORDS.get(fold(str(word)), word))
        frame = frame.assign(status=words)
    if known_municipalities is None and form.name != "municipalities":
        frame, found = _name_municipalities(frame, path.name, row_names)
        problems += found
        if form.name == "need":
            known["settlement_id"] = load_settlements()["settlement_id"].tolist()
    elif known_municipalities is not None:
        known["municipality_id"] = known_municipalities
    try:
        checked = check_table(
            frame, form, where=path.name, row_names=row_names, known=known, bounds=bounds
        )
    except InputError as error:
        # Placing and naming already said what they found of the same columns.
        said = {problem.where for problem in problems if "column" in problem.where}
        problems += [problem for problem in error.problems if problem.where not in said]
        raise InputError(problems) from None
    raise_problems(problems)
    return checked


def read_rows(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a file as they are, and how a user knows each (line, row, feature).

    Raises
    ------
    InputError
        If the file is missing, empty, too large, or not what its name says.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name}: the file is larger than {MAX_BYTES // 10**6} MB")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name}: the file is empty")
    kind = path.suffix.lower()
    if kind in (".csv", ".txt", ".tsv"):
        return _read_csv(path)
    if kind in (".xlsx", ".xlsm"):
        return _read_sheet(path)
    if kind in (".gpkg", ".geojson", ".json", ".shp", ".parquet", ".geoparquet"):
        return _read_geometry(path)
    raise InputError(
        f"{path.name}: files of the kind {kind or 'without ending'} cannot be read; "
        "use csv, xlsx, gpkg, geojson, shp or parquet"
    )


def guess_form(frame: pd.DataFrame, where: str) -> TableForm:
    """Return the form whose columns fit best.

    Raises
    ------
    InputError
        If the columns fit none.
    """
    columns = set(frame.columns)
    order = ("facilities", "need", "settlements", "municipalities", "service_types")
    keys = {
        "facilities": {"facility_id", "service", "status"},
        "need": {"persons", "target_group"},
        "settlements": {"settlement_id", "population"},
        "municipalities": {"municipality_id", "geometry"},
        "service_types": {"limit_min", "name_lv"},
    }
    scores = {name: len(columns & keys[name]) / len(keys[name]) for name in order}
    best = max(order, key=lambda name: scores[name])
    if scores[best] < 0.5:
        raise InputError(
            f"{where}: the columns fit no table we know "
            f"(found: {', '.join(map(str, frame.columns))}); "
            f"say which with --as {'|'.join(FORMS)}"
        )
    return FORMS[best]


def _read_csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    content = path.read_bytes()
    text = ""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if not text or "\x00" in text:
        raise InputError(
            f"{path.name}: this is not text in UTF-8 or Windows-1257; save it as CSV UTF-8"
        )
    lines = text.splitlines()
    skip = 1 if lines and lines[0].lower().startswith("sep=") else 0
    header = lines[skip] if len(lines) > skip else ""
    delimiter = max(DELIMITERS, key=lambda mark: (header.count(mark), mark == ","))
    if not header.count(delimiter):
        delimiter = ","
    reader = csv.reader(io.StringIO("\n".join(lines[skip:]), newline=""), delimiter=delimiter)
    rows, names, uneven = [], [], []
    columns: list[str] = []
    try:
        for row in reader:
            if not columns:
                columns = [name.strip() for name in row]
                continue
            line = f"line {reader.line_num + skip}"
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                uneven.append(f"{line}: {len(row)} cells")
                row = (row + [""] * len(columns))[: len(columns)]
            rows.append(row)
            names.append(line)
    except csv.Error as error:
        raise InputError(f"{path.name}: not a readable table: {error}") from None
    problems = []
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        problems.append(Problem("column stands twice", path.name, tuple(doubled)))
    if uneven:
        problems.append(
            Problem(
                f"rows do not have {len(columns)} cells as the header has",
                path.name,
                tuple(uneven),
                "check the separators, and quote text that holds one",
            )
        )
    raise_problems(problems)
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.where(frame != "", None), names


def _read_sheet(path: Path) -> tuple[pd.DataFrame, list[str]]:
    import zipfile

    try:
        frame = pd.read_excel(path, dtype=object, engine="openpyxl")
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path.name}: not a readable workbook: {error}") from None
    frame.columns = [str(name).strip() for name in frame.columns]
    filled = frame.notna().any(axis=1).to_numpy()
    names = [f"row {number + 2}" for number in np.flatnonzero(filled)]
    frame = frame[filled].reset_index(drop=True)
    return frame.where(frame.notna(), None), names


def _read_geometry(path: Path) -> tuple[pd.DataFrame, list[str]]:
    import geopandas as gpd

    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            frame = gpd.read_parquet(path)
        else:
            frame = gpd.read_file(path)
    except Exception as error:  # the drivers raise many kinds
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path.name}: not a readable layer: {first}") from None
    return frame, [f"feature {number}" for number in range(1, len(frame) + 1)]


def _rename(frame: pd.DataFrame) -> pd.DataFrame:
    taken = {str(name).strip().lower() for name in frame.columns}
    names = {}
    for name in frame.columns:
        plain = str(name).strip().lower()
        alias = _ALIASES.get(fold(str(name)), plain)
        names[name] = plain if alias != plain and alias in taken else alias
    return frame.rename(columns=names)


def _place(
    frame: pd.DataFrame, form: TableForm, where: str, names: list[str], crs: str | None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the frame with geometry in a metric system, made from columns where it has none."""
    import geopandas as gpd

    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None and crs is not None:
            frame = frame.set_crs(crs)
        return (frame if frame.crs is None else crs_.to_metric(frame, where)), []
    pair = next((p for p in (("lon", "lat"), ("x", "y")) if set(p) <= set(frame.columns)), None)
    if form.geometry != "point" or pair is None:
        return frame, []
    system = crs_.EXCHANGE if pair == ("lon", "lat") else crs
    if system is None:
        return frame, [
            Problem(
                "columns x and y are given without a system",
                where,
                hint="state it: --crs EPSG:3059",
            )
        ]
    numbers, problems = [], []
    for column in pair:
        text = frame[column].astype(str).str.strip().str.replace(",", ".", regex=False)
        blank = frame[column].isna() | (text == "")
        number = pd.to_numeric(text.where(~blank), errors="coerce")
        bad = number.isna() & ~blank
        if bad.any():
            problems.append(
                Problem(
                    "value is not a number",
                    f"{where}, column {column!r}",
                    tuple(f"{names[i]}: {frame[column].iloc[i]}" for i in np.flatnonzero(bad)),
                    "write degrees such as 27.7242, or leave it empty",
                )
            )
        numbers.append(number.to_numpy(dtype=float))
    points = gpd.GeoSeries(gpd.points_from_xy(*numbers), index=frame.index)
    points = points.where(np.isfinite(numbers[0]) & np.isfinite(numbers[1]))
    placed = gpd.GeoDataFrame(frame, geometry=points, crs=system)
    return crs_.to_metric(placed, where), problems


def _name_services(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return services as codes; their Latvian and English names are understood too."""
    types = load_service_types()
    codes = {
        fold(word): service
        for column in ("service", "name_lv", "name_en")
        for word, service in zip(types[column], types["service"], strict=True)
    }

    def to_code(word: object) -> object:
        if word is None or pd.isna(word):
            return None
        key = fold(str(word)).replace("-", "_")
        return codes.get(key, codes.get(key.replace(" ", "_"), str(word).strip()))

    return frame.assign(service=frame["service"].map(to_code)), [*types["service"], "other"]


def _name_municipalities(
    frame: pd.DataFrame, where: str, names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return municipalities as today's ids, whether given by id or by name, old ones included."""
    column = next((c for c in ("municipality_id", "municipality") if c in frame), None)
    if column is None:
        return frame, []
    ids: dict[str, str | None] = {}
    unknown: dict[str, str] = {}
    current = set(load_municipalities()["municipality_id"])
    for word in frame[column].dropna().map(str).unique():
        code = word.strip().removesuffix(".0")
        code = code if code in current or not code.isdigit() else code.zfill(7)
        try:
            ids[word] = find_municipality(code)[0]
        except UnknownNameError as error:
            ids[word] = None
            unknown[word] = str(error)
    problems = []
    for word, message in unknown.items():
        rows = [names[i] for i in np.flatnonzero((frame[column].map(str) == word).to_numpy())]
        problems.append(Problem(message, f"{where}, column {column!r}", tuple(rows)))
    codes = frame[column].map(lambda word: None if word is None else ids.get(str(word)))
    # A name that was not understood keeps its own problem, not a second one of being missing.
    return frame.assign(municipality_id=codes.where(codes.notna(), frame[column])), problems
