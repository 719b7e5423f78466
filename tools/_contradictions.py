"""Where published figures, need and places do not go together: listed, not smoothed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import _facts
from _datapackage import Field, Table, read_csv

Row = Mapping[str, object]

KINDS = (
    "need_below_published",
    "need_below_places",
    "places_differ",
    "target_below_recipients",
    "two_figures",
)
RECEIVED = ("recipients", "unique_recipients")
PUBLISHED = (
    *RECEIVED,
    "assessed",
    "assessed_need",
    "children_attending",
    "children_on_record",
    "planned_recipients",
    "target",
)
# A figure of these is one thing whatever its year; others grow from year to year.
TIMELESS = ("target",)
COUNTED = ("persons", "children", "places")
WHOLE_GROUP = ("all", "care_and_social_rehab", "social_services")
CAPACITIES = ("stated_capacity", "planned_capacity", "planned_clients")

FIELDS = [
    Field(
        "kind",
        "string",
        "need_below_published: need of a municipality below a published count of it; "
        "need_below_places: below the places of one service there; places_differ: the register "
        "plans for another number than public pages state; target_below_recipients: more people "
        "were served than the plan named; two_figures: two published figures of one thing",
        required=True,
        enum=KINDS,
    ),
    Field("planning_region", "string", "Planning region of the plan", enum=_facts.REGIONS),
    Field("municipality_id", "string", "ATVK code; blank: the whole region"),
    Field("municipality", "string", "Name of the municipality"),
    Field("target_group", "string", "Key of the group", required=True),
    Field("service", "string", "Service as the catalogue or the facts word it"),
    Field("first", "string", "Figure, facility or table of the first value", required=True),
    Field("first_value", "number", "First value", required=True, minimum=0),
    Field("second", "string", "Figure, facility or table of the second value", required=True),
    Field("second_value", "number", "Second value", required=True, minimum=0),
]
TABLE = Table(
    "contradictions",
    "contradictions.csv",
    "Published figures, need and places that do not go together",
    FIELDS,
    ("kind", "first", "second", "service"),
)


def find_contradictions(
    figures: Sequence[Row],
    targets: Sequence[Row],
    need: Sequence[Row],
    facilities: Sequence[Row],
    settlements: Sequence[Mapping[str, str]],
) -> list[dict[str, object]]:
    """Return every contradiction, by kind and place."""
    rows = [
        *_two_figures(figures),
        *_targets_below_recipients(figures, targets),
        *_need_below_published(figures, need, settlements),
        *_need_below_places(need, facilities, settlements),
        *_places_differ(facilities),
    ]
    keys = ("kind", "planning_region", "municipality_id", "target_group", "first", "second")
    return sorted(rows, key=lambda row: [str(row[key]) for key in keys])


def _row(
    kind: str, where: Row, service: object, one: tuple[str, float], other: tuple[str, float]
) -> dict[str, object]:
    return {
        "kind": kind,
        "planning_region": where["planning_region"],
        "municipality_id": where["municipality_id"],
        "municipality": where["municipality"],
        "target_group": where["target_group"],
        "service": service,
        "first": one[0],
        "first_value": _plain(one[1]),
        "second": other[0],
        "second_value": _plain(other[1]),
    }


def _plain(value: float) -> float | int:
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _two_figures(figures: Sequence[Row]) -> Iterable[dict[str, object]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in figures:
        if row["unit"] in COUNTED and row["value"] != "":
            timeless = row["indicator"] in TIMELESS
            service = "all" if row["service_source"] in WHOLE_GROUP else row["service_source"]
            keys = ("planning_region", "municipality_id", "target_group", "indicator")
            year = "" if timeless else row["year"]
            groups[(*(str(row[key]) for key in keys), str(service), str(year))].append(row)
    for key, rows in groups.items():
        seen = {str(row["value"]): row for row in reversed(rows)}
        for one, other in combinations(
            sorted(seen.values(), key=lambda row: str(row["figure_id"])), 2
        ):
            yield _row("two_figures", one, key[4], _figure(one), _figure(other))


def _figure(row: Row) -> tuple[str, float]:
    return str(row["figure_id"]), float(str(row["value"]))


def _targets_below_recipients(
    figures: Sequence[Row], targets: Sequence[Row]
) -> Iterable[dict[str, object]]:
    for target in targets:
        served = [
            row
            for row in figures
            if row["planning_region"] == target["planning_region"]
            and row["target_group"] == target["target_group"]
            and not row["municipality"]
            and row["indicator"] in RECEIVED
            and row["service_source"] in WHOLE_GROUP
        ]
        most = max(served, key=lambda row: float(str(row["value"])), default=None)
        if most and float(str(most["value"])) > float(str(target["persons"])):
            one = str(target["figure_id"]), float(str(target["persons"]))
            yield _row("target_below_recipients", most, "all", one, _figure(most))


def _need_below_published(
    figures: Sequence[Row], need: Sequence[Row], settlements: Sequence[Mapping[str, str]]
) -> Iterable[dict[str, object]]:
    persons = {
        vintage: _sum_need(need, settlements, f"municipality_id_{vintage}")
        for vintage in ("2009", "2021")
    }
    for row in figures:
        if not row["municipality"] or row["indicator"] not in PUBLISHED:
            continue
        known = persons[str(row["municipality_basis"])]
        mine = known.get((str(row["municipality_id"]), str(row["target_group"])))
        if mine is not None and round(mine, 4) < float(str(row["value"])):
            service = row["service_source"]
            yield _row("need_below_published", row, service, ("need", mine), _figure(row))


def _sum_need(
    need: Sequence[Row], settlements: Sequence[Mapping[str, str]], key: str
) -> dict[tuple[str, str], float]:
    municipality_of = {each["settlement_id"]: each[key] for each in settlements}
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for row in need:
        where = municipality_of[str(row["settlement_id"])]
        sums[where, str(row["target_group"])] += float(str(row["persons"]))
    return sums


def _need_below_places(
    need: Sequence[Row], facilities: Sequence[Row], settlements: Sequence[Mapping[str, str]]
) -> Iterable[dict[str, object]]:
    persons = _sum_need(need, settlements, "municipality_id")
    names = _municipality_names()
    region_of = {each["municipality_id"]: each["planning_region_2009"] for each in settlements}
    groups = {
        row["service"]: row["target_group"]
        for row in read_csv(_facts.FACTS.parent / "services_catalogue.csv")
        if row["counts_as_supply"] == "true"
    }
    places: dict[tuple[str, str], int] = defaultdict(int)
    for row in facilities:
        if row["status"] == "operating" and row["places_basis"] in CAPACITIES and row["places"]:
            places[str(row["municipality_id"]), str(row["service"])] += int(str(row["places"]))
    for (municipality_id, service), number in sorted(places.items()):
        mine = persons.get((municipality_id, groups.get(service, "")))
        if mine is not None and mine < number:
            where = {
                "planning_region": region_of[municipality_id],
                "municipality_id": municipality_id,
                "municipality": names[municipality_id],
                "target_group": groups[service],
            }
            one, other = (f"need:{municipality_id}", mine), (f"places:{municipality_id}", number)
            yield _row("need_below_places", where, service, one, other)


def _municipality_names() -> dict[str, str]:
    rows = _facts.read_successors()
    today = {each["municipality_id_2025"] for each in rows}
    return {
        each["municipality_id"]: each["name"] for each in rows if each["municipality_id"] in today
    }


def _places_differ(facilities: Sequence[Row]) -> Iterable[dict[str, object]]:
    names = _municipality_names()
    for row in facilities:
        both = row["register_id"] and row["listed_places_basis"] in CAPACITIES
        if not both or row["places_basis"] != "planned_clients":
            continue
        if row["places"] != row["listed_places"]:
            where = {
                "planning_region": row["planning_region_2009"],
                "municipality_id": row["municipality_id"],
                "municipality": names[str(row["municipality_id"])],
                "target_group": row["target_group"],
            }
            one = f"register:{row['register_id']}", float(str(row["places"]))
            other = f"list:{row['facility_id']}", float(str(row["listed_places"]))
            yield _row("places_differ", where, row["service"], one, other)
