"""What the rows of a table may refer to: municipalities, settlements and services that exist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import UnknownNameError
from socaccess.i18n import fold
from socaccess.schemas import LATVIA_BOUNDS, suggest_message
from socaccess.sources.boundaries import find_municipality, load_crosswalk, load_municipalities
from socaccess.sources.services import load_service_types
from socaccess.sources.settlements import load_settlements

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Bounds", "Reference"]

Bounds = tuple[float, float, float, float]

_MARGIN_DEGREES = 10.0
"""How far beyond the municipalities of a study its facilities may lie: those of the whole country
belong in. Swapped axes and wrong systems lead much farther."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What a table may refer to; by default what is embedded for Latvia.

    Parameters
    ----------
    municipalities
        `municipality_id` and `name` of those that exist; None for any.
    settlements
        `settlement_id` and more of those that exist; None for any.
    service_types
        The catalogue; None for any service.
    bounds
        Where points may lie: degrees west, south, east, north (inclusive); None anywhere.
    old_names
        Whether names and codes of Latvia before its reforms are understood too.
    """

    municipalities: pd.DataFrame | None = None
    settlements: gpd.GeoDataFrame | None = None
    service_types: pd.DataFrame | None = None
    bounds: Bounds | None = None
    old_names: bool = False

    @classmethod
    def of_latvia(cls) -> Reference:
        """Return what is embedded: Latvia's municipalities of today and those they were before."""
        return _read_latvia()

    @classmethod
    def of_study(
        cls,
        municipalities: gpd.GeoDataFrame,
        settlements: gpd.GeoDataFrame | None = None,
        service_types: pd.DataFrame | None = None,
    ) -> Reference:
        """Return what the tables of a study say there is; points lie within ten degrees of it."""
        west, south, east, north = municipalities.to_crs(crs_.EXCHANGE).total_bounds
        margin = _MARGIN_DEGREES
        return cls(
            municipalities=municipalities,
            settlements=settlements,
            service_types=service_types,
            bounds=(west - margin, south - margin, east + margin, north + margin),
        )

    @cached_property
    def outlines(self) -> gpd.GeoDataFrame | None:
        """Outlines of the municipalities, None where there are none; Latvia's are coarse."""
        import geopandas as gpd

        if isinstance(self.municipalities, gpd.GeoDataFrame):
            return self.municipalities
        return load_municipalities() if self.old_names else None

    def find_municipality(self, name: str) -> str:
        """Return the id of the municipality a name or id means.

        Raises
        ------
        UnknownNameError
            If it is none, with the nearest, or could be several.

        Examples
        --------
        >>> Reference.of_latvia().find_municipality("Zilupes nov.")
        '0037000'
        """
        if self.old_names:
            return find_municipality(_write_out(name))[0]
        ids = self._municipality_ids
        if name in ids or not ids:
            return name
        code = name.strip().removesuffix(".0").lstrip("0")
        fits = [key for key in ids if code.isdigit() and key.lstrip("0") == code]
        for simplify in (fold, lambda word: fold(_write_out(word))):
            fits = fits or [key for key, known in ids.items() if simplify(known) == simplify(name)]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise UnknownNameError("sources.municipality_ambiguous", name=name, names=sorted(fits))
        advice = suggest_message(name, list(ids.values()), most=2)
        raise UnknownNameError("sources.no_municipality", name=name, advice=advice)

    @cached_property
    def _municipality_ids(self) -> dict[str, str]:
        if self.municipalities is None:
            return {}
        table = self.municipalities
        return dict(zip(table["municipality_id"], table["name"].astype(str), strict=True))

    @cached_property
    def service_codes(self) -> dict[str, str]:
        """Code of every service by its code and its names, without diacritics and case."""
        if self.service_types is None:
            return {}
        types = self.service_types
        return {
            fold(str(word)): str(service)
            for column in ("service", "name_lv", "name_en")
            if column in types
            for word, service in zip(types[column], types["service"], strict=True)
        }


@cache
def _read_latvia() -> Reference:
    crosswalk = load_crosswalk()
    names = crosswalk[["municipality_id_2025", "name_2025"]].drop_duplicates()
    return Reference(
        municipalities=names.set_axis(["municipality_id", "name"], axis=1),
        settlements=load_settlements(),
        service_types=load_service_types(),
        bounds=LATVIA_BOUNDS,
        old_names=True,
    )


def _write_out(name: str) -> str:
    """Return a municipality's name with the usual abbreviations written out, a code in full."""
    code = name.strip().removesuffix(".0")
    if code.isdigit():
        return code.zfill(7)
    words = [word for word in name.split() if fold(word) != "pasvaldiba"]
    plain = [word for word in words if fold(word) not in _CITY]
    if len(plain) < len(words) and plain and fold(plain[-1]).endswith(("as", "es")):
        # Of Rēzeknes pilsēta the city is meant, not the county named after it.
        plain[-1] = plain[-1][:-1]
    spelled = {"nov.": "novads", "nov": "novads", "novada": "novads"}
    return " ".join(spelled.get(fold(word), word) for word in plain)


_CITY = ("pils.", "pils", "pilseta", "pilsetas", "valstspilseta", "valstspilsetas")
