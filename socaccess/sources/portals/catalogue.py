"""What can be fetched: names, places, licences, and which file of a dataset is meant."""

from __future__ import annotations

from dataclasses import dataclass

from socaccess.errors import UnknownNameError
from socaccess.schemas import suggest_message

__all__ = ["SOURCES", "Source", "find_source"]

PORTAL = "https://data.gov.lv/dati"
"""The national open-data portal, a CKAN."""

ENDINGS = {
    "csv": (".csv",),
    "xlsx": (".xlsx",),
    "zip": (".zip",),
    "pbf": (".osm.pbf",),
    "osm": (".osm",),
    "json": (".json",),
}


@dataclass(frozen=True)
class Source:
    """Something that can be fetched.

    Parameters
    ----------
    name
        What it is called here.
    portal
        `ckan`, `geofabrik`, `overpass`, or `direct` for a file that stays at one address.
    licence
        As its publisher stated it when this was written; what the portal states at the time of a
        download is kept with the file.
    kinds
        Kinds of file we read, the preferred first.
    words
        Patterns of the names of its files, without case and diacritics: one that fits an earlier
        pattern is preferred; then the newer.
    without
        Pattern of names of files that are something else.
    dataset
        What the open-data portal calls it, where that is not `name`.
    address
        Where a `direct` file is.
    """

    name: str
    portal: str
    licence: str
    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()
    without: str = ""
    dataset: str = ""
    address: str = ""

    @property
    def page(self) -> str:
        """Where a person finds it."""
        pages = {
            "ckan": f"{PORTAL}/lv/dataset/{self.dataset or self.name}",
            "geofabrik": "https://download.geofabrik.de/europe/latvia.html",
            "overpass": "https://overpass-turbo.eu",
            "direct": self.address,
        }
        return pages[self.portal]

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of the files that may be placed by hand."""
        return tuple(ending for kind in self.kinds for ending in ENDINGS[kind])

    @property
    def file(self) -> str:
        """The usual name of its file."""
        return f"{self.name}{ENDINGS[self.kinds[0]][0]}"

    @property
    def key(self) -> str:
        """Its name in the catalogues of texts."""
        return self.name.replace("-", "_")


_CC0, _CC_BY, _ODBL = "CC0 1.0", "CC BY 4.0", "ODbL 1.0"
_ADDRESSES = "6b06a7e8-dedf-4705-a47b-2a7c51177473"

SOURCES = (
    Source("robezas", "ckan", _CC0, ("zip",), (r"200[ _.]?000|200t|a3",), r"skaidrojum|pdf"),
    Source("atvk", "ckan", _CC0, ("csv", "xlsx"), (r"atvk",), r"pareja|parej|projekt|skaidrojum"),
    Source(
        "iedzivotaji",
        "ckan",
        _CC0,
        ("csv", "xlsx"),
        (r"novad|pagast|pasvaldib|teritorial",),
        r"ciem|rezg|grid|apkaim|blivi|\bbat\b|skaidrojum|metadat",
    ),
    Source("nepieciesamie-di-pakalpojumi", "ckan", _CC0, ("xlsx", "csv")),
    Source("soc-pakalpojumu-sniedzeju-skaits", "ckan", _CC0, ("xlsx", "csv")),
    Source("berni-ar-invaliditati-adm-ter", "ckan", _CC0, ("xlsx", "csv")),
    Source(
        "register",
        "ckan",
        _CC0,
        ("json",),
        (r"pakalpojumusniedzejudati",),
        dataset="socialo-pakalpojumu-sniedzeju-registra-dati",
    ),
    Source(
        "address_buildings",
        "ckan",
        _CC_BY,
        ("csv",),
        without=r"^(?!.*\baw_eka\b)",
        dataset=_ADDRESSES,
    ),
    Source(
        "address_flats", "ckan", _CC_BY, ("csv",), without=r"^(?!.*\baw_dziv\b)", dataset=_ADDRESSES
    ),
    Source("latvia_roads", "geofabrik", _ODBL, ("pbf",)),
    Source("osm_roads", "overpass", _ODBL, ("osm",)),
    Source("osm_facilities", "overpass", _ODBL, ("osm",)),
    Source(
        "gtfs-latvia",
        "direct",
        _CC0,
        ("zip",),
        address="https://www.atd.lv/sites/default/files/GTFS/gtfs-latvia-lv.zip",
    ),
    # The railway states no licence beside its file.
    Source("gtfs-vivi", "direct", "–", ("zip",), address="https://vivi.lv/uploads/GTFS.zip"),
    Source(
        "gtfs-riga",
        "ckan",
        _CC0,
        ("zip",),
        without=r"skaidrojum|apraksts|pdf",
        dataset="marsrutu-saraksti-rigas-satiksme-sabiedriskajam-transportam",
    ),
)
"""Everything that can be fetched."""


def find_source(name: str) -> Source:
    """Return the source of a name.

    Raises
    ------
    UnknownNameError
        If there is none, with the nearest spelling.

    Examples
    --------
    >>> find_source("robezas").page
    'https://data.gov.lv/dati/lv/dataset/robezas'
    """
    names = [source.name for source in SOURCES]
    if name not in names:
        advice = suggest_message(name, names, most=3)
        raise UnknownNameError("portals.no_source", name=name, advice=advice)
    return SOURCES[names.index(name)]
