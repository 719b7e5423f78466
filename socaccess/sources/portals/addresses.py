"""Points of address codes, from the tables of the state address register.

The table of buildings has some 550,000 rows (140 MB): it is read in pieces, and only the rows that
were asked for are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError
from socaccess.sources.portals.meanings import Meaning, find_columns

__all__ = ["check_buildings", "check_flats", "find_points"]

_CHUNK_ROWS = 50_000
_IN_FORCE = "EKS"
_BOX = (20.0, 55.0, 29.0, 59.0)
"""Degrees in which every address of Latvia lies."""

_CODE = Meaning("code", ("kods",))
_STATUS = Meaning("status", ("statuss",))
_BUILDINGS = (_CODE, _STATUS, Meaning("lat", ("dd n",)), Meaning("lon", ("dd e",)))
_FLATS = (_CODE, _STATUS, Meaning("parent", ("vkur cd",)))


def check_buildings(path: Path) -> None:
    """Raise `InputError` unless a file has the columns of the table of buildings."""
    _find_layout(path, _BUILDINGS)


def check_flats(path: Path) -> None:
    """Raise `InputError` unless a file has the columns of the table of flats."""
    _find_layout(path, _FLATS)


def find_points(
    codes: Collection[str], buildings: str | Path, flats: str | Path | None = None
) -> pd.DataFrame:
    """Return the points of address codes.

    Parameters
    ----------
    codes
        Codes of buildings or flats.
    buildings
        `aw_eka.csv`: `KODS`, `STATUSS`, `DD_N`, `DD_E` (degrees in WGS 84).
    flats
        `aw_dziv.csv`: `KODS`, `STATUSS`, and in `VKUR_CD` the building. A flat stands where its
        building does.

    Returns
    -------
    pandas.DataFrame
        `lon` and `lat` by code; codes that are not in force, not there, or have no point in
        Latvia are left out.

    Raises
    ------
    InputError
        If a table is not readable or its columns are not those described.
    """
    wanted = set(codes)
    points = _list_buildings(Path(buildings), wanted)
    left = wanted - set(points)
    if left and flats is not None:
        homes = {
            code: parent
            for rows in _read_pieces(Path(flats), _FLATS, left)
            for code, parent in zip(rows["code"], rows["parent"], strict=True)
        }
        houses = _list_buildings(Path(buildings), set(homes.values())) if homes else {}
        points |= {code: houses[home] for code, home in homes.items() if home in houses}
    table = pd.DataFrame.from_dict(points, orient="index", columns=["lon", "lat"], dtype=float)
    return table.rename_axis("code").sort_index()


def _list_buildings(path: Path, codes: set[str]) -> dict[str, tuple[float, float]]:
    west, south, east, north = _BOX
    points: dict[str, tuple[float, float]] = {}
    for rows in _read_pieces(path, _BUILDINGS, codes):
        degrees = [
            pd.to_numeric(rows[name].str.replace(",", "."), errors="coerce")
            for name in ("lon", "lat")
        ]
        inside = degrees[0].between(west, east) & degrees[1].between(south, north)
        points |= {
            code: (lon, lat)
            for code, lon, lat in zip(
                rows["code"][inside], degrees[0][inside], degrees[1][inside], strict=True
            )
        }
    return points


def _read_pieces(
    path: Path, meanings: tuple[Meaning, ...], codes: set[str]
) -> Iterator[pd.DataFrame]:
    """Give the rows in force whose code was asked for, piece by piece, under our names."""
    found, options = _find_layout(path, meanings)
    names = {heading: name for name, heading in found.items()}
    try:
        with pd.read_csv(path, usecols=list(names), chunksize=_CHUNK_ROWS, **options) as pieces:
            for piece in pieces:
                rows = piece.rename(columns=names).fillna("")
                rows = rows.apply(lambda column: column.str.strip())
                yield rows[rows["code"].isin(codes) & (rows["status"] == _IN_FORCE)]
    except (ValueError, OSError):  # what pandas raises for a row of too many cells, and its like
        raise InputError("portals.row_broken", where=path.name) from None


def _find_layout(
    path: Path, meanings: tuple[Meaning, ...]
) -> tuple[dict[str, str], dict[str, object]]:
    """Return our name -> heading, and how pandas reads the file: editions differ in their signs."""
    with path.open("rb") as stream:
        first = stream.readline(10_000).decode("utf-8-sig", "replace").rstrip("\r\n")
    signs = {"sep": max(",;\t|", key=first.count), "quotechar": "#" if first[:1] == "#" else '"'}
    headings = [name.strip().strip(signs["quotechar"]) for name in first.split(signs["sep"])]
    found = find_columns(pd.DataFrame(columns=headings), meanings, path.name)
    text = {"dtype": str, "encoding": "utf-8-sig", "encoding_errors": "replace"}
    return found, {**signs, **text, "keep_default_na": False}
