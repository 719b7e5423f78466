"""Headings as planners write them, as ours: what a column means, in what unit, and cut names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from socaccess.errors import Problem
from socaccess.i18n import fold
from socaccess.schemas import FORMS, read_numbers

__all__ = ["apply_units", "find_double_meanings", "name_columns", "restore_cut_names"]

# Compared without diacritics, case, signs and units in brackets.
_MEANINGS = {
    "lon": ("lng", "long", "longitude", "garums", "geografiskais garums", "dd e"),
    "lat": ("latitude", "platums", "geografiskais platums", "dd n"),
    "x": ("x koordinata", "koordinata x", "coord x", "easting", "x lks92", "lks92 x", "koord y"),
    "y": ("y koordinata", "koordinata y", "coord y", "northing", "y lks92", "lks92 y", "koord x"),
    "name": ("nosaukums", "iestades nosaukums", "pakalpojuma sniedzejs", "sniedzejs",
             "facility name"),
    "service": ("pakalpojums", "pakalpojuma veids", "pakalpojuma nosaukums", "service type"),
    "target_group": ("merka grupa", "merkgrupa", "target group", "client group"),
    "places": ("vietas", "vietu skaits", "vietu sk", "number of places", "capacity"),
    "status": ("statuss", "stavoklis"),
    "opened": ("atverts", "atversanas gads", "atversanas datums", "darbibas sakums",
               "year opened", "opening date"),
    "closed": ("slegts", "slegsanas gads", "slegsanas datums", "darbibas beigas",
               "year closed", "closing date"),
    "municipality_id": ("atvk", "atvk kods", "novada kods", "pasvaldibas kods",
                        "municipality code"),
    "municipality": ("novads", "pasvaldiba", "novads pilseta", "municipality name"),
    "settlement": ("apdzivota vieta", "vieta", "pilseta pagasts", "pilseta", "pagasts", "ciems",
                   "place", "town", "village", "locality"),
    "settlement_id": ("apdzivotas vietas kods", "vietas kods", "settlement code"),
    "address": ("adrese", "iestades adrese", "street address"),
    "population": ("iedzivotaji", "iedzivotaju skaits", "inhabitants", "residents"),
    "persons": ("personas", "personu skaits", "number of persons", "people"),
    "basis": ("pamats", "datu pamats"),
    "planning_region": ("planosanas regions", "regions", "region"),
    "kind": ("veids", "type"),
    "source": ("avots", "datu avots", "data source"),
    "limit_min": ("robeza", "robezlaiks", "limit"),
    "outer_limit_min": ("areja robeza", "outer limit"),
    "coordinates": ("koordinatas", "wkt", "gps", "geom", "geometrija", "coordinates"),
    "traveller": ("kas brauc", "celotajs"),
    "name_lv": ("nosaukums latviski", "nosaukums lv"),
    "name_en": ("nosaukums angliski", "nosaukums en"),
}  # fmt: skip

# "id" and "code" mean the id of whatever the table is about.
_OWN_IDS = ("id", "kods", "code", "nr", "no")
_ID_OF = {"facilities": "facility_id", "settlements": "settlement_id",
          "municipalities": "municipality_id", "service_types": "service",
          "candidates": "settlement_id"}  # fmt: skip

_ALIASES = {word: name for name, words in _MEANINGS.items() for word in words}


_OURS = {
    column.name.replace("_", " "): column.name for form in FORMS.values() for column in form.columns
}


def name_columns(frame: pd.DataFrame, form: str = "") -> tuple[pd.DataFrame, Mapping[str, str]]:
    """Return a table under our column names, and what its owner calls each of them.

    A column that already has our name keeps it; no name is given twice.

    Parameters
    ----------
    frame
        The table as read.
    form
        Name of the form, which says whose id a column `id` holds; guessed from the
        other columns if not given.

    Examples
    --------
    >>> table = pd.DataFrame(columns=["Nosaukums", "Vietu skaits (2024)", "Platums"])
    >>> named, headings = name_columns(table)
    >>> list(named), headings["places"]
    (['name', 'places', 'lat'], 'Vietu skaits (2024)')
    """
    plain = {name: str(name).strip().lower() for name in frame.columns}
    taken, exact = set(plain.values()), {str(name) for name in frame.columns}
    names: dict[str, str] = {}
    for name in frame.columns:
        simple = _simplify(str(name))
        ours = _ALIASES.get(simple, _OURS.get(simple, plain[name]))
        if ours != plain[name] and (ours in taken or ours in names.values()):
            ours = plain[name]
        # Of headings that differ by capitals only, the one that is ours goes before the others.
        free = ours not in names.values() and (ours == str(name) or ours not in exact)
        names[name] = ours if free else str(name)
    identity = _ID_OF.get(form or _guess_subject(set(names.values())))
    for name in frame.columns:
        if identity and identity not in names.values() and _simplify(str(name)) in _OWN_IDS:
            names[name] = identity
    return frame.rename(columns=names), {ours: str(theirs) for theirs, ours in names.items()}


def _guess_subject(columns: set[str]) -> str:
    if {"service", "status"} & columns:
        return "facilities"
    return "settlements" if "population" in columns else ""


def _simplify(name: str) -> str:
    """Return a heading without diacritics, case, signs, units and what stands in brackets."""
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", fold(name))
    words = re.sub(r"[^\w%]+|_", " ", plain).split()
    while len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    return " ".join(words)


# What a unit measures, and its factor to ours; compared without diacritics and case.
_UNITS = {
    **dict.fromkeys(("tukst", "tukstosi", "tukstosos", "thousand", "thousands"), ("count", 1e3)),
    **dict.fromkeys(("h", "st", "stunda", "stundas", "hours", "hour"), ("time", 60.0)),
    **dict.fromkeys(("min", "minute", "minutes"), ("time", 1.0)),
    **dict.fromkeys(("%", "procenti", "procentos", "percent"), ("share", 0.01)),
    **dict.fromkeys(("km", "m", "metri", "kilometri"), ("length", 1.0)),
}
_MEASURED = {"population": "count", "persons": "count", "places": "count", "share": "share",
             "limit_min": "time", "outer_limit_min": "time"}  # fmt: skip


def apply_units(
    frame: pd.DataFrame, headings: Mapping[str, str], where: str
) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    """Return a table in our units where headings state others, what is wrong, and what was done.

    Thousands of people become people, hours minutes, per cent shares; a limit in
    kilometres is no limit of time and is refused.

    Examples
    --------
    >>> table = pd.DataFrame({"limit_min": ["1,5"]})
    >>> changed, _, notes = apply_units(table, {"limit_min": "Robeža (h)"}, "pak.csv")
    >>> changed["limit_min"].tolist(), str(notes[0])
    ([90.0], "pak.csv: column 'Robeža (h)' was multiplied by 60: it is stated in 'h'")
    """
    problems, notes, changed = [], [], {}
    for ours, theirs in headings.items():
        unit = _find_unit(theirs)
        if ours not in _MEASURED or ours not in frame or unit is None:
            continue
        measure, factor = _UNITS[fold(unit).strip(" .")]
        if measure != _MEASURED[ours]:
            problems.append(
                Problem("sources.unit_unfit", where, heading=theirs, unit=unit, ours=ours)
            )
        elif factor != 1:
            numbers = pd.Series(read_numbers(frame[ours]).values, index=frame.index)
            scaled = (numbers * factor).round(9).astype(object)
            changed[ours] = scaled.where(numbers.notna(), frame[ours])
            notes.append(
                Problem("sources.unit_applied", where, heading=theirs, unit=unit, factor=factor)
            )
    return frame.assign(**changed), problems, notes


def _find_unit(heading: str) -> str | None:
    """Return the unit a heading states in brackets, behind a comma or as its last word."""
    stated = re.findall(r"[(\[]([^)\]]*)[)\]]", heading)
    stated += heading.split(",")[1:]
    words = heading.replace("_", " ").split()
    stated += words[-1:] if len(words) > 1 else []
    return next((unit.strip() for unit in stated if fold(unit).strip(" .") in _UNITS), None)


def find_double_meanings(
    frame: pd.DataFrame, headings: Mapping[str, str], where: str
) -> list[Problem]:
    """Find columns that mean what another does: one was read, and the user should say which.

    Parameters
    ----------
    frame
        The table under our names.
    headings
        What its owner calls each of our columns.
    where
        Name of the table.
    """
    problems = []
    for name in frame.columns:
        simple = _simplify(str(name))
        ours = _ALIASES.get(simple, _OURS.get(simple, ""))
        if ours and ours != name and ours in frame:
            pair = [headings.get(ours, ours), headings.get(str(name), str(name))]
            problems.append(Problem("sources.one_meaning", where, headings=pair, taken=pair[0]))
    return problems


def restore_cut_names(columns: Iterable[object]) -> dict[object, str]:
    """Return our names for headings that a Shapefile cut to ten letters.

    Examples
    --------
    >>> restore_cut_names(["settlement", "municipali", "name", "facility_i"])
    {'settlement': 'settlement_id', 'municipali': 'municipality_id', 'facility_i': 'facility_id'}
    """
    given = {str(name).lower() for name in columns}
    full: dict[str, str] = {}
    for form in FORMS.values():
        for column in form.columns:
            if len(column.name) > 10:
                full.setdefault(column.name[:10], column.name)
    return {
        name: full[str(name).lower()]
        for name in columns
        if str(name).lower() in full and full[str(name).lower()] not in given
    }
