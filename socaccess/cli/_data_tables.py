"""What a fetched file becomes: the reader of each source, and the table it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socaccess.encoding import encode_csv, write_layer
from socaccess.files import write_aside

__all__ = ["Reading", "read_source", "write_reading"]


@dataclass(frozen=True)
class Reading:
    """A table in our form, what was left out of it, and findings worth telling.

    Parameters
    ----------
    table
        The table, None for a file that is used as it is.
    ignored
        Headings that were not understood.
    findings
        What is odd but no reason to refuse.
    of_persons
        Whether it counts people so few that it leaves through `plan need` only, which hides them.
    left_out
        How many rows are not in the table, by reason.
    """

    table: Any = None
    ignored: tuple[str, ...] = ()
    findings: tuple[Any, ...] = ()
    of_persons: bool = False
    left_out: dict[str, int] = field(default_factory=dict)


def locate_source(entry: Any, **options: Any) -> Reading:
    """Return the register with the points of its addresses, whose tables are fetched too."""
    from socaccess.sources.portals import locate_register

    return _show_register(locate_register(entry, **options))


def _show_register(register: Any) -> Reading:
    table = register.services.assign(source_date=register.date)
    return Reading(table, (), register.findings, left_out=register.left_out)


def read_source(name: str, path: Path) -> Reading:
    """Return a source's file as a table of ours; raise if its layout is not known."""
    return _choose_reader(name)(path)


def write_reading(reading: Reading, folder: Path, name: str) -> Path:
    """Write a table beside its file: areas and points as GeoPackage, others as CSV.

    Raises
    ------
    OutputError
        If it could not be written; nothing of it is left then.
    """
    layer = "geometry" in reading.table
    target = folder / f"{name}-socaccess.{'gpkg' if layer else 'csv'}"
    with write_aside(target) as aside:
        if layer:
            write_layer(reading.table, aside, layer=name)
        else:
            aside.write_bytes(encode_csv(reading.table))
    return target


def _choose_reader(name: str) -> Callable[[Path], Reading]:
    from socaccess.programme.assessments import read_children_by_age, read_needed_services
    from socaccess.sources import portals
    from socaccess.sources.osm import read_candidate_facilities
    from socaccess.sources.osm_files import describe_file
    from socaccess.sources.portals.addresses import check_buildings, check_flats

    tables: dict[str, Callable[[Path], Any]] = {
        "robezas": portals.read_boundaries,
        "atvk": portals.read_classifier,
        "iedzivotaji": portals.read_population,
        "soc-pakalpojumu-sniedzeju-skaits": portals.read_provider_counts,
        "osm_facilities": read_candidate_facilities,
    }
    needs = {
        "nepieciesamie-di-pakalpojumi": read_needed_services,
        "berni-ar-invaliditati-adm-ter": read_children_by_age,
    }

    checks = {"address_buildings": check_buildings, "address_flats": check_flats}

    def read(path: Path) -> Reading:
        if name in tables:
            return Reading(tables[name](path))
        if name == "register":
            return _show_register(portals.read_register(path))
        if name in checks:
            checks[name](path)
            return Reading()
        if name in needs:
            need = needs[name](path)
            return Reading(need.choose_latest(), need.ignored, need.findings, True)
        describe_file(path)  # a map is used as it is: enough that it can be opened
        return Reading()

    return read
