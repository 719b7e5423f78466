"""Boundaries: municipalities of three vintages and the planning regions."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import UnknownNameError
from socaccess.i18n import fold
from socaccess.schemas import MUNICIPALITIES, check_table, suggest_message
from socaccess.sources.embedded import find_resource, read_embedded

__all__ = [
    "REGIONS",
    "VINTAGES",
    "find_municipality",
    "load_crosswalk",
    "load_municipalities",
    "load_regions",
]

VINTAGES = (2009, 2021, 2025)
"""Years of the municipal reforms: 119, 43 and 42 municipalities."""

REGIONS = ("latgale", "kurzeme", "riga", "vidzeme", "zemgale")
"""Planning regions."""


def load_municipalities(vintage: int = 2025) -> gpd.GeoDataFrame:
    """Return the municipalities of one vintage.

    Parameters
    ----------
    vintage
        2009 (119, as the DI plans were written), 2021 (43) or 2025 (42:
        Varakļāni inside Madona).

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:3059 that tile the country, with `municipality_id`
        (ATVK), `name`, `kind`, `vintage`, `planning_region`, `population` and
        `approximate` (True where the outline was divided between units). The
        outlines are coarse: draw them, never ask them where a point belongs.

    Raises
    ------
    UnknownNameError
        If there is no such vintage.

    Examples
    --------
    >>> [len(load_municipalities(vintage)) for vintage in VINTAGES]
    [119, 43, 42]
    """
    _require_vintage(vintage)
    frame = gpd.read_file(find_resource("boundaries", f"municipalities_{vintage}.geojson").path)
    return gpd.GeoDataFrame(check_table(frame.to_crs(crs_.LATVIA), MUNICIPALITIES))


def load_regions(view: str = "plan") -> gpd.GeoDataFrame:
    """Return the five planning regions as in the DI plans (`plan`) or `today`, in EPSG:3059."""
    years = {"plan": 2009, "today": 2021}
    if view not in years:
        raise UnknownNameError("sources.no_view", view=view, known=list(years))
    year = years[view]
    path = find_resource("boundaries", f"planning_regions_{year}.geojson").path
    return gpd.read_file(path).to_crs(crs_.LATVIA)


def load_crosswalk() -> pd.DataFrame:
    """Return which municipality of 2009 became which of 2021 and 2025; a split one has two rows."""
    return _read_crosswalk().copy()


@cache
def _read_crosswalk() -> pd.DataFrame:
    return read_embedded("boundaries", "crosswalk.csv")


def find_municipality(name: str, *, vintage: int = 2025) -> tuple[str, str]:
    """Return id and name of the municipality a user means.

    The name may lack diacritics or the word `novads`, be an ATVK code, or be an
    old municipality's, which leads to the one it became part of.

    Raises
    ------
    UnknownNameError
        If nothing fits, with the nearest spellings, or if an old municipality
        was divided, with its successors.

    Examples
    --------
    >>> find_municipality("ludzas")
    ('0037000', 'Ludzas novads')
    >>> find_municipality("Viļānu novads")
    ('0043000', 'Rēzeknes novads')
    """
    _require_vintage(vintage)
    crosswalk = load_crosswalk()
    current = crosswalk[[f"municipality_id_{vintage}", f"name_{vintage}"]].drop_duplicates()
    ids = dict(zip(current.iloc[:, 0], current.iloc[:, 1], strict=True))
    if name in ids:
        return name, ids[name]
    # What was called exactly so goes before what is nearly called so: Daugavpils novads became
    # Augšdaugavas novads, and is not the city of Daugavpils.
    for simplify in (fold, _stem):
        successors = sorted(key for key, known in ids.items() if simplify(known) == simplify(name))
        if len(successors) == 1:
            return successors[0], ids[successors[0]]
        if successors:
            named = [ids[successor] for successor in successors]
            raise UnknownNameError("sources.municipality_ambiguous", name=name, names=named)
        old = crosswalk[
            crosswalk["name_2009"].map(simplify).eq(simplify(name))
            | crosswalk["name_2021"].map(simplify).eq(simplify(name))
            | crosswalk["municipality_id_2009"].eq(name)
            | crosswalk["municipality_id_2021"].eq(name)
        ]
        successors = sorted(set(old[f"municipality_id_{vintage}"]))
        if len(successors) == 1:
            return successors[0], ids[successors[0]]
        if successors:
            named = [ids[successor] for successor in successors]
            raise UnknownNameError("sources.municipality_divided", name=name, successors=named)
    known = sorted(set(crosswalk["name_2009"]) | set(ids.values()))
    advice = suggest_message(name, known, most=3)
    raise UnknownNameError("sources.no_municipality", name=name, advice=advice)


def _require_vintage(vintage: int) -> None:
    if vintage not in VINTAGES:
        raise UnknownNameError("sources.no_vintage", year=vintage, known=VINTAGES)


def _stem(name: str) -> str:
    words = [
        word for word in fold(name).split() if word not in ("novads", "pilseta", "valstspilseta")
    ]
    return " ".join(words)
