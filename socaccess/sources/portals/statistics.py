"""Statistics and outlines of the open-data portal as tables of ours.

Persons who need services (`nepieciesamie-di-pakalpojumi`, `berni-ar-invaliditati-adm-ter`) are
read by `socaccess.programme.assessments`, which also brings them to settlements.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.schemas import MUNICIPALITIES, RowNames, check_table, pick_rows
from socaccess.sources.boundaries import load_municipalities
from socaccess.sources.downloads import unpack_layers
from socaccess.sources.files import read_rows
from socaccess.sources.portals.meanings import (
    CODE,
    MONTH,
    NAME,
    YEAR,
    Meaning,
    clean_code,
    find_columns,
    find_vintage,
    is_municipality,
    list_municipalities,
    match_columns,
    read_layout,
    read_numbers,
)
from socaccess.sources.services import load_service_types

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["read_boundaries", "read_classifier", "read_population", "read_provider_counts"]

_TOTALS = ("t", "total", "pavisam", "kopa", "total age", "all", "abi dzimumi", "y total")
_ROUNDED, _HIDDEN = ("77",), ("10", "20")

_CLASSIFIER = (
    Meaning("unit_id", ("code", "kods", "atvk", "atvk kods"), CODE.looks_right),
    Meaning("name", ("name", "nosaukums")),
    Meaning(
        "municipality_id",
        ("parentcode", "parent code", "augstaka limena kods", "augstakas vienibas kods", "parent"),
    ),
    Meaning("valid_to", ("validto", "valid to", "deriga lidz", "derigs lidz", "speka lidz"),
            required=False),
)  # fmt: skip

_POPULATION = (
    Meaning("area_id", ("area", "teritorijas kods", "teritorialas vienibas kods", "kods", "atvk",
                        "territory", "teritorija")),
    Meaning("year", ("time", "gads", "laika periods", "year"),
            lambda text: re.match(r"(19|20)[0-9][0-9]", text) is not None),
    Meaning("population", ("numb", "iedzivotaju skaits", "skaits", "value", "obs value",
                           "population", "iedzivotaji")),
    Meaning("mark", ("numb x", "value x", "piezimes", "obs status"), required=False),
    Meaning("sex", ("sex", "dzimums", "gender"), required=False),
    Meaning("age", ("age", "age group", "agegroup", "vecuma grupa", "vecums"), required=False),
)  # fmt: skip

_FORM = Meaning("form", ("pakalpojuma sniegsanas forma", "sniegsanas forma", "forma",
                         "izmitinasana"), required=False)  # fmt: skip
_ADAPTED = Meaning("adapted", ("telpas ir nav pielagotas", "telpas pielagotas", "pielagotas",
                               "telpas", "pieejamiba"), required=False)  # fmt: skip


def read_classifier(path: str | Path) -> pd.DataFrame:
    """Return towns, parishes and municipalities as the classifier of territories (ATVK) has them.

    Parameters
    ----------
    path
        CSV or XLSX with code, name and the code of the unit above; where it tells until when an
        entry was valid, only those still valid are read.

    Returns
    -------
    pandas.DataFrame
        `unit_id` (seven digits), `name`, `kind` (city, municipality, town, parish),
        `municipality_id` (that of a municipality or city is its own).

    Raises
    ------
    InputError
        If the layout is not known, a code stands twice, or a unit lies in one that is not there.
    """
    path = Path(path)
    frame, names, found = read_layout(path, _CLASSIFIER)
    table = pd.DataFrame(
        {
            "unit_id": frame[found["unit_id"]].map(clean_code),
            "name": frame[found["name"]].map(lambda v: "" if pd.isna(v) else str(v).strip()),
            "municipality_id": frame[found["municipality_id"]].map(clean_code),
            "row": list(names),
        }
    )
    valid = table["unit_id"].notna() & (table["name"] != "")
    if "valid_to" in found:
        valid &= frame[found["valid_to"]].map(
            lambda value: value is None or pd.isna(value) or not str(value).strip()
        )
    table = table[valid].reset_index(drop=True)
    table["municipality_id"] = table["municipality_id"].fillna(table["unit_id"])
    doubled = table["unit_id"].duplicated(keep=False)
    orphans = ~table["municipality_id"].isin(table["unit_id"])
    raise_problems(
        [
            Problem(code, path.name, pick_rows(table["row"].tolist(), bad, table["unit_id"]))
            for code, bad in (
                ("portals.code_twice", doubled),
                ("portals.no_parent", orphans),
            )
            if bad.any()
        ]
    )
    own = table["municipality_id"] == table["unit_id"]
    words = table["name"].map(fold)
    table["kind"] = np.select(
        [own & words.str.endswith("novads"), own, words.str.endswith("pagasts")],
        ["municipality", "city", "parish"],
        default="town",
    )
    return table[["unit_id", "name", "kind", "municipality_id"]]


def read_population(path: str | Path, *, year: int | None = None) -> pd.DataFrame:
    """Return population by territory, all sexes and ages together.

    Parameters
    ----------
    path
        CSV or XLSX, one row per territory and year; rows by sex or age are passed over for those of
        all. Statistics publishes 1 to 10 people in villages, neighbourhoods and cells as 5.
    year
        Which year; the latest by default.

    Returns
    -------
    pandas.DataFrame
        `area_id` (seven digits where it is a code of ATVK), `is_municipality`, `year`,
        `population` (NaN where not published), `rounded` (True where 5 means 1 to 10).

    Raises
    ------
    InputError
        If the layout or the year is not there, or a territory has several numbers for a year.
    """
    path = Path(path)
    frame, names, found = read_layout(path, _POPULATION)
    keep = pd.Series(True, frame.index)
    for dimension in ("sex", "age"):
        if dimension in found:
            words = frame[found[dimension]].map(lambda value: _plain(value))
            if not words.isin(_TOTALS).any():
                seen = sorted(set(frame[found[dimension]].dropna().map(str)))
                raise InputError(
                    "portals.no_total", where=path.name, column=found[dimension], given=seen
                )
            keep &= words.isin(_TOTALS)
    years = pd.to_numeric(frame[found["year"]].map(lambda v: str(v).strip()[:4]), errors="coerce")
    if year is not None and not (years == year).any():
        latest = [int(value) for value in sorted(years.dropna().unique())[-5:]]
        raise InputError("portals.no_year", where=path.name, year=year, latest=latest)
    keep &= years == (years[keep].max() if year is None else year)
    if not keep.any():
        raise InputError("portals.no_total_rows", where=path.name)
    rows = np.flatnonzero(keep.to_numpy())
    frame, names = frame[keep].reset_index(drop=True), names.take(rows)
    marks = pd.Series("", frame.index)
    if "mark" in found:
        marks = frame[found["mark"]].map(lambda v: _plain(v).removesuffix(" 0"))
    column = found["population"]
    number = read_numbers(frame[column], names, path.name, column)
    table = pd.DataFrame(
        {
            "area_id": frame[found["area_id"]].map(clean_code),
            "year": years[keep].astype(int).to_numpy(),
            "population": number.where(~marks.isin(_HIDDEN)),
            "rounded": marks.isin(_ROUNDED),
        }
    )
    doubled = table["area_id"].duplicated(keep=False) & table["area_id"].notna()
    if doubled.any():
        others = [str(name) for name in frame.columns if name not in found.values()]
        raise InputError(
            "portals.several_numbers", where=path.name,
            rows=pick_rows(names, doubled, table["area_id"]), columns=others,
        )  # fmt: skip
    table.insert(1, "is_municipality", table["area_id"].isin(list_municipalities()))
    return table[table["area_id"].notna()].reset_index(drop=True)


def read_provider_counts(path: str | Path) -> pd.DataFrame:
    """Return how many providers of each social service the register has in a municipality.

    The register counts providers with lodging, without, and with both apart; here they are added
    up. These are counts, not facilities: the file tells no addresses.

    Parameters
    ----------
    path
        XLSX or CSV with one column a service, whatever its place: every column of numbers that
        is nothing else.

    Returns
    -------
    pandas.DataFrame
        `municipality_id`, `vintage` (of which reform the codes are), `year`, `month` (NaN where
        not told), `service_name` (the heading), `service` (ours, None where the names differ),
        `providers`. The latest period only.

    Raises
    ------
    InputError
        If the layout is not known, or a value is no count.
    """
    path = Path(path)
    meanings = (CODE, NAME, YEAR, MONTH, _FORM, _ADAPTED)
    frame, names, found = read_layout(path, meanings)
    codes = frame[found["municipality_id"]].map(clean_code)
    filled = codes.notna()
    rows = np.flatnonzero(filled.to_numpy())
    frame, names = frame[filled].reset_index(drop=True), names.take(rows)
    codes = codes[filled].reset_index(drop=True)
    vintage = find_vintage(codes, names, path.name, found["municipality_id"])
    headings = [name for name in frame.columns if name not in found.values()]
    headings = [name for name in headings if frame[name].notna().any()]
    if not headings:
        given = [str(name) for name in frame.columns]
        raise InputError("portals.no_counts", where=path.name, given=given)
    table = pd.DataFrame({"municipality_id": codes, "vintage": vintage})
    for period in ("year", "month"):
        stated = frame[found[period]] if period in found else pd.Series(np.nan, frame.index)
        table[period] = pd.to_numeric(stated, errors="coerce")
    for name in headings:
        # What no provider offers is left empty.
        table[name] = read_numbers(frame[name], names, path.name, str(name)).fillna(0)
    latest = table["year"].fillna(0) * 100 + table["month"].fillna(0)
    table = table[latest == latest.max()]
    keys = ["municipality_id", "vintage", "year", "month"]
    long = table.melt(keys, headings, var_name="service_name", value_name="providers")
    long = long.groupby([*keys, "service_name"], dropna=False, sort=True, as_index=False).sum()
    types = load_service_types()
    ours = {fold(name): code for name, code in zip(types["name_lv"], types["service"], strict=True)}
    known = [ours.get(fold(name)) for name in long["service_name"]]
    long.insert(5, "service", pd.Series(known, long.index, dtype=object))
    return long


def _plain(value: object) -> str:
    if value is None or pd.isna(value):
        return ""
    return " ".join(fold(str(value)).replace("_", " ").replace(".", " ").split())


_MUNICIPALITY = Meaning(
    "municipality_id",
    ("l0 code", "l0 kods", "atvk", "atvk kods", "novada kods", "municipality id", "code", "kods"),
    by_values=is_municipality,
)


def read_boundaries(path: str | Path) -> gpd.GeoDataFrame:
    """Return the municipalities of a file of territorial units.

    The units (towns and parishes) that state the same municipality are joined, as the publisher
    of `robezas` tells to.

    Parameters
    ----------
    path
        ZIP with a Shapefile, or a Shapefile, GeoPackage or GeoJSON file. Of several layers the
        one that states a municipality for most units is read.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:3059 and in the form of `socaccess.schemas.MUNICIPALITIES`: `municipality_id`,
        `name`, `kind`, `vintage`, `planning_region`, `population` (2020), `geometry`.

    Raises
    ------
    InputError
        If there is no layer with polygons and codes of municipalities, its coordinate system is
        not stated, or a code is unknown.
    DownloadError
        If the archive is not to be opened.
    """
    path = Path(path)
    with ExitStack() as stack:
        layers = [path]
        if path.suffix.lower() == ".zip":
            layers = stack.enter_context(unpack_layers(path))
        read = [_read_units(layer) for layer in layers]
    fitting = [found for found in read if found is not None]
    if not fitting:
        raise InputError(
            "portals.no_outlines", where=path.name, rows=[layer.name for layer in layers]
        )
    return _join_units(max(fitting, key=len), path.name)


def _read_units(layer: Path) -> Any:
    """Return a layer if it can be one of territorial units."""
    frame, _ = read_rows(layer)
    if (
        "geometry" not in frame
        or not frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    ):
        return None
    columns = frame.drop(columns="geometry")
    return frame if "municipality_id" in match_columns(columns, (_MUNICIPALITY,)) else None


def _join_units(units: Any, where: str) -> gpd.GeoDataFrame:
    import geopandas as gpd

    found = find_columns(units.drop(columns="geometry"), (_MUNICIPALITY,), where)
    codes = units[found["municipality_id"]].map(clean_code)
    names = RowNames("common.feature", range(1, len(units) + 1))
    vintage = find_vintage(codes, names, where, found["municipality_id"])
    metric = crs_.to_metric(units, where)
    shapes = gpd.GeoDataFrame(
        {"municipality_id": codes.to_numpy()}, geometry=metric.geometry.make_valid(), crs=metric.crs
    )
    joined = shapes.dissolve("municipality_id", sort=True).reset_index()
    known = load_municipalities(vintage).set_index("municipality_id")
    for column in ("name", "kind", "planning_region", "population"):
        joined[column] = joined["municipality_id"].map(known[column])
    joined["vintage"] = vintage
    order = ["municipality_id", "name", "kind", "vintage", "planning_region", "population"]
    return gpd.GeoDataFrame(check_table(joined[[*order, "geometry"]], MUNICIPALITIES, where=where))
