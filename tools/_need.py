"""Need: published counts of persons first, the rest of a region's figure shared out by population.

A regional figure counts whole persons; where in the region they live was not published. What was
published by municipality stands: a count of the same kind and page is taken as it is, with smaller
areas inside larger ones; any other published count (recipients, assessed need of one service) is a
least value that the municipality's share may not fall below. The remainder is shared out by
population, in ten-thousandths of a person with largest remainders, so that all adds up exactly.

Municipalities outside the plan get the region's rate on top, marked `outside_plan`: nobody counted
there, but people live there all the same. Children in institutions are where the institutions are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PARTS = 10_000  # of a person: four decimals

METHOD_REGION = "share_of_region"
METHOD_REMAINDER = "share_of_remainder"
METHOD_MUNICIPALITY = "share_of_municipality"
METHOD_PUBLISHED = "published_figure"
METHOD_LEAST = "published_least"
METHOD_RATE = "rate_of_region"
METHOD_INSTITUTIONS = "share_of_institutions"
METHODS = (
    METHOD_REGION,
    METHOD_REMAINDER,
    METHOD_MUNICIPALITY,
    METHOD_PUBLISHED,
    METHOD_LEAST,
    METHOD_RATE,
    METHOD_INSTITUTIONS,
)


@dataclass(frozen=True)
class Figure:
    """A published count of persons; `members` are the settlements of its municipality."""

    figure_id: str
    persons: int
    members: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Place:
    """A settlement of the region: its people, and whether its municipality is in the plan."""

    settlement_id: str
    population: int
    in_plan: bool


def apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return `total` shared out by `weights` in whole numbers that add up to it.

    Largest remainders; of equal ones the first id wins.

    >>> apportion(10, {"a": 1, "b": 1, "c": 1})
    {'a': 4, 'b': 3, 'c': 3}
    """
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError(f"nobody lives where {total} are to be shared out")
    shares = {each: total * weight // whole for each, weight in weights.items()}
    left = total - sum(shares.values())
    by_remainder = sorted(weights, key=lambda each: (-(total * weights[each] % whole), each))
    for each in by_remainder[:left]:
        shares[each] += 1
    return shares


def spread(
    regional: Figure,
    counts: Sequence[Figure],
    least: Sequence[Figure],
    places: Sequence[Place],
) -> list[dict[str, object]]:
    """Return one row per place: persons, basis, method, figure and whether outside the plan.

    Parameters
    ----------
    regional
        The figure of the whole region.
    counts
        Counts of municipalities that are part of the regional figure; one may lie inside another.
    least
        Counts that a municipality's need may not fall below.
    places
        Every settlement of the region.
    """
    people = {each.settlement_id: each.population for each in places if each.in_plan}
    inside = [_within(each, people) for each in counts]
    fixed = [each for each in inside if each.members]
    methods = {each.figure_id: METHOD_MUNICIPALITY for each in fixed}
    while True:
        parts, told = _share(regional, fixed, people, methods)
        short = [
            each
            for each in (_within(floor, people) for floor in least)
            if each.members and sum(parts[member] for member in each.members) < each.persons * PARTS
        ]
        if not short:
            break
        worst = max(
            short,
            key=lambda each: (
                each.persons * PARTS - sum(parts[member] for member in each.members),
                each.figure_id,
            ),
        )
        fixed = [each for each in fixed if each.members != worst.members] + [worst]
        methods[worst.figure_id] = METHOD_LEAST
    whole = sum(people.values())
    rows: list[dict[str, object]] = []
    for each in places:
        key = each.settlement_id
        if each.in_plan:
            persons = parts[key]
            basis, method, figure_id = told[key]
        else:
            persons = round(regional.persons * PARTS * each.population / whole)
            basis, method, figure_id = "estimate", METHOD_RATE, regional.figure_id
        rows.append(
            {
                "settlement_id": key,
                "persons": persons / PARTS,
                "basis": basis,
                "method": method,
                "figure_id": figure_id,
                "outside_plan": not each.in_plan,
            }
        )
    return rows


def _within(figure: Figure, people: Mapping[str, int]) -> Figure:
    """Return `figure` with the members that are in the plan."""
    return Figure(figure.figure_id, figure.persons, figure.members & set(people))


def _share(
    regional: Figure,
    figures: Sequence[Figure],
    people: Mapping[str, int],
    methods: Mapping[str, str],
) -> tuple[dict[str, int], dict[str, tuple[str, str, str]]]:
    """Return the parts of a person of each settlement, and basis, method and figure."""
    parts: dict[str, int] = {}
    told: dict[str, tuple[str, str, str]] = {}
    areas = [Figure(regional.figure_id, regional.persons, frozenset(people)), *figures]
    for area in areas:
        # What lies directly inside it: no other area comes between.
        inside = [
            each
            for each in figures
            if each is not area
            and each.members < area.members
            and not any(each.members < other.members < area.members for other in figures)
        ]
        taken = frozenset[str]().union(*(each.members for each in inside))
        left = area.persons - sum(each.persons for each in inside)
        rest = {each: people[each] for each in sorted(area.members - taken)}
        if left < 0 or (left and not rest):
            raise ValueError(f"{area.figure_id}: the figures inside do not add up to it")
        if not rest:
            continue
        parts |= apportion(left * PARTS, rest)
        if area.figure_id == regional.figure_id:
            method = METHOD_REMAINDER if inside else METHOD_REGION
            told |= dict.fromkeys(rest, ("estimate", method, area.figure_id))
            continue
        alone = len(area.members) == 1 and methods[area.figure_id] == METHOD_MUNICIPALITY
        basis = "published" if len(area.members) == 1 else "estimate"
        method = METHOD_PUBLISHED if alone else methods[area.figure_id]
        told |= dict.fromkeys(rest, (basis, method, area.figure_id))
    return parts, told


def place_in_institutions(
    regional: Figure, places: Sequence[Place], clients: Mapping[str, int]
) -> list[dict[str, object]]:
    """Return one row per place: persons who live in institutions, by the institutions' size."""
    weights = {
        each.settlement_id: clients.get(each.settlement_id, 0) if each.in_plan else 0
        for each in places
    }
    parts = apportion(regional.persons * PARTS, weights)
    return [
        {
            "settlement_id": each.settlement_id,
            "persons": parts[each.settlement_id] / PARTS,
            "basis": "estimate",
            "method": METHOD_INSTITUTIONS,
            "figure_id": regional.figure_id,
            "outside_plan": not each.in_plan,
        }
        for each in places
    ]
