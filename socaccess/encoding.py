"""What values, tables and layers look like in the files we write: JSON, CSV, workbooks, layers.

Texts pass through `socaccess.guards`, so that no spreadsheet takes one for a formula; numbers and
dates of any library become plain ones, and what is missing or no number is `null`.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.guards import guard_frame

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["encode_csv", "encode_json", "open_workbook", "to_plain", "write_layer"]


def to_plain(value: Any) -> Any:
    """Return a value made of what JSON knows; a table becomes a list of its rows.

    Numbers of NumPy become Python's, dates ISO 8601, decimals and paths texts, sets sorted lists;
    NaN, infinities, NaT and NA become None.

    Examples
    --------
    >>> import numpy as np
    >>> to_plain({"persons": np.int64(5), "gap": float("nan"), 3: (-0.0, np.True_)})
    {'persons': 5, 'gap': None, '3': [0.0, True]}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_plain(item) for item in value), key=str)
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat() if value == value else None  # NaT is a date too
    return _to_plain_of_library(value)


def _to_plain_of_library(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return [to_plain(row) for row in value.to_dict("records")]
    if value is pd.NA:
        return None
    for turn in ("item", "tolist"):  # one value of NumPy, or an array or a series of them
        if hasattr(value, turn) and (turn == "tolist" or not getattr(value, "ndim", 0)):
            return to_plain(getattr(value, turn)())
    raise TypeError(f"no JSON for {type(value).__name__}")


def encode_json(
    value: Any, *, indent: int | None = None, sort_keys: bool = False, ascii_only: bool = False
) -> str:
    """Return a value as JSON, letters as they are, or escaped where only ASCII is wanted.

    Examples
    --------
    >>> encode_json({"name": "Ķeipene", "gap": float("nan")})
    '{"name": "Ķeipene", "gap": null}'
    """
    plain = to_plain(value)
    return json.dumps(
        plain, ensure_ascii=ascii_only, allow_nan=False, indent=indent, sort_keys=sort_keys
    )


def encode_csv(
    table: pd.DataFrame, *, excel: bool = False, warning: str = "", decimals: int | None = None
) -> bytes:
    r"""Return a table as CSV: UTF-8, comma and point; for Excel in Latvia `;`, comma and a mark.

    A text that a spreadsheet would take for a formula stands behind an apostrophe
    (`socaccess.guards`); numbers stay numbers.

    Parameters
    ----------
    table
        The table.
    excel
        Whether for a spreadsheet set to Latvian.
    warning
        Stands in a column of that name in every row, so that it goes wherever a row goes.
    decimals
        How many decimals numbers with a fraction get; as many as they have by default.

    Examples
    --------
    >>> import pandas as pd
    >>> encode_csv(pd.DataFrame({"name": ["=A1"], "change": [-1.5]}))
    b"name,change\n'=A1,-1.5\n"
    """
    if warning:
        table = table.assign(warning=warning)
    text: str = guard_frame(table).to_csv(
        index=False,
        sep=";" if excel else ",",
        decimal="," if excel else ".",
        float_format=None if decimals is None else f"%.{decimals}f",
        lineterminator="\n",
    )
    return text.encode("utf-8-sig" if excel else "utf-8")


def open_workbook(
    target: str | Path | io.BytesIO, *, properties: Mapping[str, Any] | None = None
) -> Any:
    """Return a workbook to fill and close, in which texts stay texts, never formulas or links.

    Parameters
    ----------
    target
        The file, or a stream in memory.
    properties
        What the workbook says of itself; with a `created`, equal content gives equal bytes.
    """
    import xlsxwriter

    options = {
        "in_memory": isinstance(target, io.BytesIO),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    book = xlsxwriter.Workbook(target if isinstance(target, io.BytesIO) else str(target), options)
    book.set_properties(dict(properties or {}))
    return book


def write_layer(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> None:
    """Write a layer in the format that the ending of `path` names.

    Raises
    ------
    OSError
        If it could not be written.
    """
    import pyogrio

    try:
        pyogrio.write_dataframe(frame, path, **options)
    except RuntimeError as error:  # how GDAL says that the disk is full
        raise OSError(str(error)) from None
