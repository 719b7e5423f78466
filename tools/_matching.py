"""Matching the list of facilities compiled by hand to the state register.

Two rows are one facility where the service and the municipality agree and, in this order, the
address says so, the name says so, the register lists the service in one place of that settlement
only, or it lists it where it has the site's other services. Names of two registers are never equal:
generic words are left out and likeness is rapidfuzz's.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

Row = Mapping[str, str]

MATCHES = ("address", "name", "settlement")
# A town has several of these: being the only one registered there says little.
NEVER_BY_SETTLEMENT = ("senior_home",)
# Kinds that one source tells apart and the other does not.
KIN = {
    "gvpp": ("gvpp", "oof_inst", "youth_house"),
    "oof_inst": ("oof_inst", "gvpp", "youth_house"),
    "senior_home": ("senior_home", "grt_institution"),
    "youth_house": ("youth_house", "gvpp"),
}
STREET_LIKENESS = 90
NAME_LIKENESS = 85
NAME_KM = 8.0
SETTLEMENT_KM = 3.0
# Words that say the kind of service or provider, not which one it is.
_KIND_WORDS = """
    adopcijas aprupe aprupes ar atbalsta atelpas berniem bernu biedriba biedribas bridis briza
    centra centrs darbnicas daudzfunkcionalais di dienas dienesta dienests dzivokli dzivoklis
    filiale funkcionaliem gariga gimenes grt grupu iestade iestades ilgstosas krizes maja majas
    naktspatversme nams no nodala nodibinajuma nodibinajums novada objekts pakalpojuma
    pakalpojums pakalpojumu pansionats pasvaldibas patversme personam pie pieaugusajiem
    pilngadigam pilsetas plana plans rakstura rehabilitacija rehabilitacijas sac sarc senioriem
    senioru sia sociala socialais socialas socialo specializetas strukturvieniba traucejumiem un
    uz valsts valstspilsetas vsac
"""
GENERIC = frozenset(_KIND_WORDS.split())
_WORD = re.compile(r"[^a-z0-9]+")
_QUOTED = re.compile(r"[\"„“”‚'’]+([^\"„“”]{3,}?)[\"“”]+")


@dataclass(frozen=True)
class Match:
    """Which facility of the register a row of the list is, and what says so."""

    key: str
    by: str
    likeness: float


def fold(text: str) -> str:
    """Return `text` in small ASCII letters and digits, words apart.

    >>> fold('SAC "Rīti", Slampe')
    'sac riti slampe'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _WORD.sub(" ", plain.lower()).strip()


def name_words(text: str) -> str:
    """Return the words of a name that say which facility it is."""
    return " ".join(each for each in fold(text).split() if each not in GENERIC)


def distance_km(one: Row, other: Row) -> float | None:
    """Return the straight distance, or None where one of both has no point."""
    if not one["lon"] or not other["lon"]:
        return None
    north = (float(one["lat"]) - float(other["lat"])) * 111.3
    middle = math.radians((float(one["lat"]) + float(other["lat"])) / 2)
    east = (float(one["lon"]) - float(other["lon"])) * 111.3 * math.cos(middle)
    return math.hypot(north, east)


def same_address(one: str, other: str) -> bool:
    """Return whether two addresses name one house: its number and street, or its name.

    >>> same_address("Plāteru iela 10", "Grāfu Plāteru iela 10, Krāslava, LV-5601")
    True
    >>> same_address("Rīgas iela 159", "Rīgas iela 159C, Krāslava")  # the house of a plot
    True
    >>> same_address("Rīgas iela 4A", "Rīgas iela 4B, Ropaži")
    False
    """
    street, number, letter = _split_street(one)
    street_2, number_2, letter_2 = _split_street(other)
    if not street or not street_2 or number != number_2:
        return False
    if not number:
        return street == street_2
    if letter and letter_2 and letter != letter_2:
        return False
    return fuzz.token_set_ratio(street, street_2) >= STREET_LIKENESS


def _split_street(address: str) -> tuple[str, str, str]:
    """Return street, number and letter of a house; of a named house its name."""
    first = re.split(r"[,;(]", address)[0].strip()
    found = re.match(r"(.*?)\s*\b(\d+)([a-zA-Z]?)\b", first)
    if not found or not found[1]:
        return fold(first), "", ""
    street = " ".join(each for each in fold(found[1]).split() if each not in ("iela", "ielas"))
    return street, found[2], found[3].lower()


def match_facilities(listed: Sequence[Row], registered: Sequence[Row]) -> dict[str, Match]:
    """Return the match of each row of the list that has one, by `facility_id`.

    Both need `facility_id`, `name`, `service`, `address`, `settlement_id`, `municipality_id`,
    `site_id`, `lon` and `lat`, the list `status` too. Several rows of the list may be one facility.
    """
    by_place: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for each in registered:
        by_place[each["municipality_id"], each["service"]].append(each)
    found: dict[str, Match] = {}
    waiting: list[tuple[Row, list[Row]]] = []
    for row in listed:
        candidates = [
            each
            for service in KIN.get(row["service"], (row["service"],))
            for each in by_place[row["municipality_id"], service]
        ]
        match = _by_address(row, candidates) or _by_name(row, candidates)
        if match:
            found[row["facility_id"]] = match
        else:
            waiting.append((row, candidates))
    taken = {each.key for each in found.values()}
    for row, candidates in waiting:
        match = _by_settlement(row, candidates, taken)
        if match:
            found[row["facility_id"]] = match
    sites = _find_sites(listed, registered, found)
    for row, candidates in waiting:
        if row["facility_id"] not in found:
            mine = [each for each in candidates if each["site_id"] in sites.get(row["site_id"], ())]
            match = _best(row, mine, "settlement")
            if match:
                found[row["facility_id"]] = match
    return found


def _find_sites(
    listed: Iterable[Row], registered: Iterable[Row], found: Mapping[str, Match]
) -> dict[str, set[str]]:
    """Return the addresses of the register by site of the list, as other services there say."""
    address_of = {each["facility_id"]: each["site_id"] for each in registered}
    sites: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        if row["facility_id"] in found:
            sites[row["site_id"]].add(address_of[found[row["facility_id"]].key])
    return sites


def _by_address(row: Row, candidates: Iterable[Row]) -> Match | None:
    same = [each for each in candidates if same_address(row["address"], each["address"])]
    return _best(row, same, "address")


def _by_name(row: Row, candidates: Iterable[Row]) -> Match | None:
    quoted = [name_words(each) for each in _QUOTED.findall(row["name"] + " " + row["address"])]
    same = []
    for each in candidates:
        words = f" {fold(each['name'])} {fold(each['address'].split(', LV-')[0])} "
        if any(len(part) > 3 and f" {part} " in words for part in quoted):
            same.append(each)
            continue
        away = distance_km(row, each)
        if _likeness(row, each) >= NAME_LIKENESS and (away is None or away < NAME_KM):
            same.append(each)
    return _best(row, same, "name")


def _by_settlement(row: Row, candidates: Iterable[Row], taken: set[str]) -> Match | None:
    if row["status"] == "planned" and row["service"] in NEVER_BY_SETTLEMENT:
        return None
    near = []
    for each in candidates:
        away = distance_km(row, each)
        if (row["settlement_id"] and row["settlement_id"] == each["settlement_id"]) or (
            away is not None and away < SETTLEMENT_KM
        ):
            near.append(each)
    free = [each for each in near if each["facility_id"] not in taken]
    return _best(row, free, "settlement") if len(near) == 1 else None


def _likeness(row: Row, other: Row) -> float:
    words = name_words(row["name"]), name_words(other["name"])
    return fuzz.token_set_ratio(*words) if all(words) else 0.0


def _best(row: Row, candidates: Sequence[Row], by: str) -> Match | None:
    """Return the candidate of the same service, most alike, nearest; of equals the first id."""
    if not candidates:
        return None
    best = min(
        candidates,
        key=lambda each: (
            each["service"] != row["service"],
            -_likeness(row, each),
            distance_km(row, each) or 0.0,
            each["facility_id"],
        ),
    )
    return Match(best["facility_id"], by, _likeness(row, best))
