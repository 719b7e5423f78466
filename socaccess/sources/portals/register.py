"""The state register of social service providers: one row per registered service and address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd

from socaccess.errors import InputError, Problem
from socaccess.guards import ReadLimits, check_file
from socaccess.i18n import fold
from socaccess.sources.downloads import Cache, CachedFile, Limits
from socaccess.sources.gazetteer import Gazetteer
from socaccess.sources.portals.addresses import check_buildings, check_flats, find_points
from socaccess.sources.portals.fetching import fetch

__all__ = ["REGISTER_COLUMNS", "Register", "fetch_register", "locate_register", "read_register"]

REGISTER_COLUMNS = (
    "register_id", "name", "register_service", "form", "planned_clients", "clients",
    "client_groups", "legal_status", "address", "address_code", "unit", "unit_id",
    "municipality_now", "lon", "lat",
)  # fmt: skip

_PROVIDED = "sniedz"
_NATURAL_PERSON = re.compile(r"fizisk|privatuznem|individual|zemniek|pasnodarbin|\bi[ku]\b")
_KEYS = ("PakalpojumaSniedzejaRegistracijasNumurs", "PakalpojumaSniedzejaNosaukums",
         "SniedzamaPakalpojumaNosaukums", "Statuss", "JuridiskaisStatuss",
         "FaktiskaAdrese")  # fmt: skip

# What the register's terms mean, by parts of their words after folding: the first that fits.
_FORMS = {"ar izmitin.*bez izmitin|bez izmitin.*ar izmitin": "both",
          "bez izmitin": "without_accommodation", "ar izmitin": "with_accommodation"}  # fmt: skip
_CLIENTS = {"berni.*(vecak|pilngadig)": "children_with_parents", "berni": "children",
            "vis[aiu].*vecum": "all_ages", "sieviet": "adults_women", "viries": "adults_men",
            "pilngadig": "adults"}  # fmt: skip
_GROUPS = {"garig": "grt", "redz": "visual_impairment", "dzird": "hearing_impairment",
           "fizisk|kustib": "physical_impairment", "pensij": "pension_age", "kriz": "in_crisis",
           "paliativ": "children_palliative", "onkolog": "oncology",
           "tirdzniec|cilvektirdz": "trafficking_victims",
           "vardarb|prettiesisk": "victims_of_violence", "atkarib": "addiction",
           "(ieslodz|brivibas).*(pajumt|dzivesviet)|(pajumt|dzivesviet).*(ieslodz|brivibas)|"
           "bezpajumt|bez noteiktas dzivesviet": "after_prison_or_homelessness",
           "ieslodz|brivibas": "after_prison", "bareni|barenis|vecaku gadib":
           "orphans_without_parental_care", "begl|patverum|alternativ": "refugees",
           "^cit[aius]": "other"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Register:
    """What the register says of one day.

    Parameters
    ----------
    services
        One row per service in the columns `REGISTER_COLUMNS`; `form`, `clients` and
        `client_groups` in our terms (groups joined by `;`), the register's own words where it has
        no term of ours; `planned_clients` missing where not stated; `unit_id` the settlement, of
        Riga the city; `lon` and `lat` in degrees, missing where the address code has no point.
    left_out
        How many rows are not among them, by reason: `not_provided` on that day, `natural_person`
        or `legal_status_not_stated` (their names are never kept), `no_address_code`.
    findings
        What is odd, each with the rows it concerns.
    date
        The day the register was published, `2026-10-10`; empty where unknown.
    """

    services: pd.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    findings: tuple[Problem, ...] = ()
    date: str = ""


class FetchOptions(TypedDict, total=False):
    """What `fetch_register` passes on to `fetch`."""

    cache: Cache
    portal: str
    limits: Limits
    offline: bool
    refresh: bool
    progress: Callable[[int, int], None] | None


def fetch_register(*, address: str = "", **options: Unpack[FetchOptions]) -> Register:
    """Return the register with points, from the cache or else from the portal.

    Three files are fetched: the register of the newest day, the address register's table of
    buildings (some 140 MB), and that of flats where an address is one.

    Parameters
    ----------
    address
        Take this file as the register instead of the portal's: a mirror.
    options
        As those of `socaccess.sources.portals.fetch`.

    Raises
    ------
    DownloadError
        If a file could not be fetched, with how to place it by hand. Those fetched before stay.
    InputError
        If a file's layout is not known.
    """
    entry = fetch("register", address=address, check=read_register, **options)
    rest: FetchOptions = {**options, "refresh": False}
    return locate_register(entry, **rest)


def locate_register(entry: CachedFile, **options: Unpack[FetchOptions]) -> Register:
    """Return a register that was fetched, with points from the address register.

    Parameters
    ----------
    entry
        The register's file.
    options
        As those of `fetch_register`, for the tables of addresses.
    """
    bare = read_register(entry.path)
    codes = set(bare.services["address_code"])
    buildings = fetch("address_buildings", check=check_buildings, **options).path
    flats = None
    if codes - set(find_points(codes, buildings).index):
        flats = fetch("address_flats", check=check_flats, **options).path
    date = dict(entry.details).get("published", "") or bare.date or entry.date
    return read_register(entry.path, buildings, flats, date=date)


def read_register(
    path: str | Path,
    buildings: str | Path | None = None,
    flats: str | Path | None = None,
    *,
    date: str = "",
) -> Register:
    """Return the services that are provided, by legal persons, with their points.

    Parameters
    ----------
    path
        The register's JSON, `pakalpojumusniedzejudati_YYYYMMDD.json`.
    buildings, flats
        Tables of the address register: see `find_points`. Without them no row has a point.
    date
        The register's day; by default the one in the file's name.

    Raises
    ------
    InputError
        If the layout is not known, or a number stands twice.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> row = {"PakalpojumaSniedzejaRegistracijasNumurs": 7, "Statuss": "Sniedz",
    ...        "PakalpojumaSniedzejaNosaukums": "Saule", "JuridiskaisStatuss": "Biedrība",
    ...        "SniedzamaPakalpojumaNosaukums": "Dienas centrs",
    ...        "FaktiskaAdrese": {"Adrese": "Tirgus iela 1, Dagda, Krāslavas nov.",
    ...                           "VZDKods": "100000001"}}
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "pakalpojumusniedzejudati_20261010.json"
    ...     _ = file.write_text(json.dumps({"data": [row]}), encoding="utf-8")
    ...     register = read_register(file)
    >>> register.services[["register_id", "unit", "municipality_now"]].values.tolist()
    [['7', 'Dagda', 'Krāslavas novads']]
    >>> register.date
    '2026-10-10'
    """
    path = Path(path)
    records = _read_records(path)
    reasons = [_find_reason(record) for record in records]
    kept = [record for record, reason in zip(records, reasons, strict=True) if not reason]
    unknown: dict[str, list[str]] = {}
    services = pd.DataFrame([_read_record(record, unknown) for record in kept])
    services = services.reindex(columns=list(REGISTER_COLUMNS))
    doubled = services["register_id"].duplicated(keep=False)
    if doubled.any():
        rows = list(services["register_id"][doubled])
        raise InputError("portals.number_twice", where=path.name, rows=rows)
    findings = [
        Problem("portals.unknown_term", path.name, rows, term=term)
        for term, rows in sorted(unknown.items())
    ]
    if buildings is not None:
        points = find_points(set(services["address_code"]), buildings, flats)
        for name in ("lon", "lat"):
            services[name] = services["address_code"].map(points[name])
        absent = services[services["lon"].isna()]
        if len(absent):
            rows = list(absent["register_id"] + ": " + absent["address_code"])
            findings.append(Problem("portals.no_point", path.name, rows))
    lost = services[services["unit_id"].isna()]
    if len(lost):
        rows = list(lost["register_id"] + ": " + lost["address"])
        findings.append(Problem("portals.no_settlement_named", path.name, rows))
    counts = pd.Series([reason for reason in reasons if reason], dtype=object).value_counts()
    left_out = {str(reason): int(count) for reason, count in sorted(counts.items())}
    return Register(services, left_out, tuple(findings), date or _read_date(path.name))


def _read_records(path: Path) -> list[dict[str, Any]]:
    check_file(path, ReadLimits(max_bytes=100_000_000))
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise InputError("portals.not_json", where=path.name) from None
    records = content.get("data") if isinstance(content, dict) else None
    records = records if isinstance(records, list) else []
    known = [record for record in records if isinstance(record, dict)]
    absent = [key for key in _KEYS if not any(key in record for record in known)]
    if absent:
        given = sorted({str(key) for record in known[:100] for key in record})
        raise InputError("portals.no_fields", where=path.name, absent=absent, given=given)
    return known


def _find_reason(record: dict[str, Any]) -> str:
    """Return why a row is left out, empty if it is not."""
    if fold(_text(record, "Statuss")) != _PROVIDED:
        return "not_provided"
    status = fold(_text(record, "JuridiskaisStatuss"))
    if not status:
        return "legal_status_not_stated"
    if _NATURAL_PERSON.search(status):
        return "natural_person"
    return "" if _read_address(record)[1] else "no_address_code"


def _read_record(record: dict[str, Any], unknown: dict[str, list[str]]) -> dict[str, Any]:
    number = _text(record, _KEYS[0])

    def translate(words: str, terms: dict[str, str]) -> str:
        plain = fold(words)
        term = next((ours for part, ours in terms.items() if re.search(part, plain)), "")
        if words and not term:
            unknown.setdefault(words, []).append(number)
        return term or words

    groups = record.get("KlientuGrupas")
    named = [
        _text(group, "KlientuGrupasNosaukums")
        for group in (groups if isinstance(groups, list) else [])
        if isinstance(group, dict)
    ]
    address, code = _read_address(record)
    unit, unit_id, municipality = _find_unit(address)
    planned = pd.to_numeric(_text(record, "PlanotaisKlientuSkaits"), errors="coerce")
    return {
        "register_id": number,
        "name": _text(record, "PakalpojumaSniedzejaNosaukums"),
        # Capitals vary from row to row.
        "register_service": _text(record, "SniedzamaPakalpojumaNosaukums").lower(),
        "form": translate(_text(record, "PakalpojumaSniegsanasForma"), _FORMS),
        "planned_clients": planned if planned >= 0 else None,
        "clients": translate(_text(record, "KlientiPecVecumaUnDzimuma").strip(" ."), _CLIENTS),
        "client_groups": ";".join(
            dict.fromkeys(translate(name.replace(";", ","), _GROUPS) for name in named if name)
        ),
        "legal_status": _text(record, "JuridiskaisStatuss"),
        "address": address,
        "address_code": code,
        "unit": unit,
        "unit_id": unit_id,
        "municipality_now": municipality,
    }


def _read_address(record: dict[str, Any]) -> tuple[str, str]:
    address = record.get("FaktiskaAdrese")
    address = address if isinstance(address, dict) else {}
    return _text(address, "Adrese"), _text(address, "VZDKods")


def _find_unit(address: str) -> tuple[str | None, str | None, str | None]:
    """Return settlement, its id and municipality; of Riga, whose addresses name none, the city."""
    gazetteer = Gazetteer.embedded()
    matches = gazetteer.find(address)
    if not matches:
        return None, None, None
    best = matches[0]
    if best.settlement_id is None:
        riga = best.municipality == "Rīga"
        return (
            (best.name, "0010000", best.municipality) if riga else (None, None, best.municipality)
        )
    return best.name, best.settlement_id, best.municipality


def _read_date(name: str) -> str:
    found = re.search(r"(20\d\d)(\d\d)(\d\d)", name)
    return "-".join(found.groups()) if found else ""


def _text(record: dict[str, Any], key: str) -> str:
    """Return a value as text on one line."""
    value = record.get(key)
    return "" if value is None or isinstance(value, dict | list) else " ".join(str(value).split())
