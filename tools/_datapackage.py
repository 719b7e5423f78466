"""Data files and the Frictionless v2 `datapackage.json` that describes them.

Every builder under `tools/` is a module with one function `build(data)` that writes the
folder `data/<name>` and ends with `Package(...).write(folder)`. What is written depends on the
input alone: rows come sorted, line ends are LF, numbers have a fixed number of decimals, dates
are given by the caller. `find_problems(folder)` reads a folder back and checks it.

A builder in short::

    FIELDS = [
        Field("service", "string", "Key of the service type", required=True, unique=True),
        Field("limit_min", "integer", "Travel time that still counts as near, minutes, inclusive"),
    ]

    def build(data: Path) -> None:
        folder = data / "services"
        write_csv(folder / "service_types.csv", FIELDS, rows)   # rows: dicts
        Package(
            name="socaccess-services", title="...", title_lv="...", description="...",
            created="2025-07-01T00:00:00Z", resources=[
                Table("service-types", "service_types.csv", "One row per service type", FIELDS,
                      primary_key=("service",)),
            ],
            sources=[Source("...", "https://...")], licences=[ODBL, CC_BY],
            attribution={"lv": "...", "en": "..."}, caveats={"lv": ["..."], "en": ["..."]},
        ).write(folder)
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from _datacheck import DESCRIPTOR, find_problems, read_csv, weigh

__all__ = [
    "CC_BY",
    "DESCRIPTOR",
    "MIT",
    "NATURAL_EARTH",
    "ODBL",
    "Field",
    "ForeignKey",
    "Layer",
    "Licence",
    "Package",
    "Source",
    "Table",
    "find_problems",
    "read_csv",
    "write_csv",
    "write_geojson",
]

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
VERSION = "1.0.0"
TYPES = ("string", "integer", "number", "boolean", "date", "year")
LANGUAGES = ("lv", "en")


@dataclass(frozen=True)
class Field:
    """One column: its name, its Table Schema type and what it means.

    `decimals` fixes how a number is written; `enum` lists every value it may take; `required`
    means never blank; `unique` means no value twice.
    """

    name: str
    type: str
    description: str
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    decimals: int | None = None

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"column {self.name!r}: type must be one of {TYPES}, not {self.type}")
        if not self.description.strip():
            raise ValueError(f"column {self.name!r} has no description")

    def describe(self) -> dict[str, object]:
        """Return the column as a Table Schema field."""
        constraints: dict[str, object] = {}
        if self.required:
            constraints["required"] = True
        if self.unique:
            constraints["unique"] = True
        if self.enum:
            constraints["enum"] = list(self.enum)
        if self.minimum is not None:
            constraints["minimum"] = self.minimum
        if self.maximum is not None:
            constraints["maximum"] = self.maximum
        told: dict[str, object] = {
            "name": self.name,
            "type": self.type,
            "description": self.description,
        }
        return told | ({"constraints": constraints} if constraints else {})

    def write(self, value: object) -> str:
        """Return `value` as it stands in a CSV cell; None and NaN are blank."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if self.type == "boolean":
            return "true" if value else "false"
        if self.type == "integer":
            number = float(value)  # type: ignore[arg-type]
            if number != int(number):
                raise ValueError(f"column {self.name!r}: {value!r} is not a whole number")
            return str(int(number))
        if self.type == "number" and self.decimals is not None:
            return f"{round(float(value), self.decimals) + 0.0:.{self.decimals}f}"  # type: ignore[arg-type]
        return str(value)


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values stand in another table; `resource` is "" for the table itself."""

    fields: tuple[str, ...]
    resource: str
    reference: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One CSV file (UTF-8, comma, LF) of a package."""

    name: str
    path: str
    description: str
    fields: Sequence[Field]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    def describe(self, folder: Path) -> dict[str, object]:
        """Return the table as a resource of the package."""
        schema = _schema(self.fields, self.primary_key)
        if self.foreign_keys:
            schema["foreignKeys"] = [
                {
                    "fields": list(key.fields),
                    "reference": {"resource": key.resource, "fields": list(key.reference)},
                }
                for key in self.foreign_keys
            ]
        return {
            "name": self.name,
            "path": self.path,
            "description": self.description,
            "type": "table",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            **weigh(folder / self.path),
            "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
            "schema": schema,
        }


@dataclass(frozen=True)
class Layer:
    """One GeoJSON file (WGS 84) of a package; the schema is that of the properties."""

    name: str
    path: str
    description: str
    fields: Sequence[Field]
    primary_key: tuple[str, ...] = ()

    def describe(self, folder: Path) -> dict[str, object]:
        """Return the layer as a resource of the package."""
        return {
            "name": self.name,
            "path": self.path,
            "description": self.description,
            "format": "geojson",
            "mediatype": "application/geo+json",
            "encoding": "utf-8",
            **weigh(folder / self.path),
            "crs": "EPSG:4326",
            "schema": _schema(self.fields, self.primary_key),
        }


@dataclass(frozen=True)
class Source:
    """Where data came from: title, address, and the version taken where there is one."""

    title: str
    path: str
    version: str = ""

    def describe(self) -> dict[str, str]:
        """Return the source as the package states it."""
        told = {"title": self.title, "path": self.path}
        return told | ({"version": self.version} if self.version else {})


@dataclass(frozen=True)
class Licence:
    """A licence: its Open Definition or SPDX name, address and title."""

    name: str
    path: str
    title: str

    def describe(self) -> dict[str, str]:
        """Return the licence as the package states it."""
        return {"name": self.name, "path": self.path, "title": self.title}


ODBL = Licence(
    "ODbL-1.0",
    "https://opendatacommons.org/licenses/odbl/1-0/",
    "Open Data Commons Open Database License 1.0",
)
CC_BY = Licence(
    "CC-BY-4.0",
    "https://creativecommons.org/licenses/by/4.0/",
    "Creative Commons Attribution 4.0 International",
)
NATURAL_EARTH = Licence(
    "other-pd",
    "https://www.naturalearthdata.com/about/terms-of-use/",
    "Natural Earth, public domain",
)
MIT = Licence("MIT", "https://opensource.org/license/mit", "MIT License")


@dataclass(frozen=True)
class Package:
    """One folder of data with all that must be known to use it.

    `attribution` is the line that must be shown, `caveats` the sentences that must be read, both
    in Latvian and English, the caveats in the same order.
    """

    name: str
    title: str
    title_lv: str
    description: str
    created: str
    resources: Sequence[Table | Layer]
    sources: Sequence[Source]
    licences: Sequence[Licence]
    attribution: Mapping[str, str]
    caveats: Mapping[str, Sequence[str]]
    version: str = VERSION
    keywords: Sequence[str] = ()
    contributors: Sequence[Mapping[str, object]] = field(
        default_factory=lambda: [{"title": "socaccess maintainers", "roles": ["wrangler"]}]
    )

    def describe(self, folder: Path) -> dict[str, object]:
        """Return the descriptor; the files of all resources must lie in `folder`."""
        datetime.fromisoformat(self.created)
        for told in (self.attribution, self.caveats):
            if set(told) != set(LANGUAGES):
                raise ValueError(f"package {self.name!r}: give lv and en, not {sorted(told)}")
        if len(self.caveats["lv"]) != len(self.caveats["en"]):
            raise ValueError(f"package {self.name!r}: caveats differ in number between languages")
        return {
            "$schema": PROFILE,
            "name": self.name,
            "title": self.title,
            "title_lv": self.title_lv,
            "description": self.description,
            "version": self.version,
            "created": self.created,
            "keywords": sorted(self.keywords),
            "contributors": [dict(each) for each in self.contributors],
            "attribution": {each: self.attribution[each] for each in LANGUAGES},
            "caveats": {each: list(self.caveats[each]) for each in LANGUAGES},
            "licenses": [each.describe() for each in self.licences],
            "sources": [each.describe() for each in self.sources],
            "resources": [each.describe(folder) for each in self.resources],
        }

    def write(self, folder: Path) -> None:
        """Write the descriptor into `folder` and raise ValueError if the folder is not as told."""
        text = json.dumps(self.describe(folder), ensure_ascii=False, indent=2) + "\n"
        (folder / DESCRIPTOR).write_text(text, encoding="utf-8", newline="\n")
        problems = find_problems(folder)
        if problems:
            raise ValueError(f"{folder} is not as its {DESCRIPTOR} says:\n" + "\n".join(problems))


def _schema(fields: Sequence[Field], primary_key: tuple[str, ...]) -> dict[str, object]:
    schema: dict[str, object] = {
        "$schema": SCHEMA_PROFILE,
        "fields": [each.describe() for each in fields],
        "missingValues": [""],
    }
    if primary_key:
        schema["primaryKey"] = list(primary_key)
    return schema


def write_csv(path: Path, fields: Sequence[Field], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `rows` as CSV in the order given; a missing or unknown column raises ValueError."""
    names = [each.name for each in fields]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            if set(row) != set(names):
                odd = sorted(set(row) ^ set(names))
                raise ValueError(f"{path.name}: columns missing or unknown: {odd}")
            writer.writerow([each.write(row[each.name]) for each in fields])


def write_geojson(
    path: Path,
    fields: Sequence[Field],
    features: Iterable[tuple[Mapping[str, object], Mapping[str, object]]],
) -> None:
    """Write pairs of properties and geometry (a GeoJSON mapping) one feature a line.

    Coordinates are written as they come: round them before, so that shared vertices stay shared.
    """
    names = [each.name for each in fields]
    lines = []
    for properties, geometry in features:
        if set(properties) != set(names):
            odd = sorted(set(properties) ^ set(names))
            raise ValueError(f"{path.name}: properties missing or unknown: {odd}")
        told = {each: properties[each] for each in names}
        feature = {"type": "Feature", "properties": told, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")
