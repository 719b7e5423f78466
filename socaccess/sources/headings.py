"""What planners call columns and values, in Latvian and English, and what we call them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from socaccess.i18n import fold

__all__ = ["STATUS_WORDS", "name_columns"]

# Compared without diacritics, case, signs and units in brackets.
_MEANINGS = {
    "lon": ("lng", "long", "longitude", "garums", "geografiskais garums"),
    "lat": ("latitude", "platums", "geografiskais platums"),
    "x": ("x koordinata", "koordinata x", "coord x", "easting", "x lks92", "lks92 x"),
    "y": ("y koordinata", "koordinata y", "coord y", "northing", "y lks92", "lks92 y"),
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
    "limit_min": ("robeza min", "robezlaiks", "robezlaiks min", "limit", "limit minutes"),
    "outer_limit_min": ("areja robeza min", "outer limit"),
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

STATUS_WORDS = {
    "darbojas": "operating",
    "darbiba": "operating",
    "atverts": "operating",
    "active": "operating",
    "planots": "planned",
    "planota": "planned",
    "tiek planots": "planned",
    "slegts": "closed",
    "slegta": "closed",
    "nedarbojas": "closed",
    "inactive": "closed",
}
"""What statuses are called, without diacritics and case."""


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
    taken = set(plain.values())
    names: dict[str, str] = {}
    for name in frame.columns:
        ours = _ALIASES.get(_simplify(str(name)), plain[name])
        if ours != plain[name] and (ours in taken or ours in names.values()):
            ours = plain[name]
        names[name] = ours
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
    words = re.sub(r"\(.*?\)|\[.*?\]", " ", fold(name))
    return " ".join(re.sub(r"[^\w]+|_", " ", words).split())
