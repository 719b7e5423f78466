"""Need: the persons of a plan's figure shared out to the settlements of its region.

A figure counts whole persons of a region (or of a municipality); where in it they live was not
published. They are shared out by population, in ten-thousandths of a person with largest
remainders, so that the shares add up to the figure exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PARTS = 10_000  # of a person: four decimals

METHOD_REGION = "share_of_region"
METHOD_REMAINDER = "share_of_remainder"
METHOD_MUNICIPALITY = "share_of_municipality"
METHOD_PUBLISHED = "published_figure"
METHOD_NOT_IN_PLAN = "not_in_plan"
METHODS = (
    METHOD_REGION,
    METHOD_REMAINDER,
    METHOD_MUNICIPALITY,
    METHOD_PUBLISHED,
    METHOD_NOT_IN_PLAN,
)


@dataclass(frozen=True)
class Figure:
    """A published count of persons, for a region or for one municipality of it."""

    figure_id: str
    persons: int


@dataclass(frozen=True)
class Place:
    """A settlement of the region: its people, and whether its municipality is in the plan."""

    settlement_id: str
    municipality_id: str
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
    regional: Figure, municipal: Mapping[str, Figure], places: Sequence[Place]
) -> list[dict[str, object]]:
    """Return one row a place: persons, basis, method and figure.

    `municipal` holds the figures of municipalities that are part of the regional one, by
    `Place.municipality_id`. The rest of the region shares what they leave. Places outside the
    plan get nobody.
    """
    partners = [each for each in places if each.in_plan]
    parts: dict[str, int] = {}
    told: dict[str, tuple[str, str, str]] = {}
    for municipality, figure in municipal.items():
        members = [each for each in partners if each.municipality_id == municipality]
        parts |= apportion(
            figure.persons * PARTS, {each.settlement_id: each.population for each in members}
        )
        alone = len(members) == 1
        basis = "published" if alone else "estimate"
        method = METHOD_PUBLISHED if alone else METHOD_MUNICIPALITY
        told |= {each.settlement_id: (basis, method, figure.figure_id) for each in members}
    remainder = regional.persons - sum(each.persons for each in municipal.values())
    if remainder < 0:
        raise ValueError(f"{regional.figure_id}: the municipal figures exceed the regional one")
    others = [each for each in partners if each.municipality_id not in municipal]
    parts |= apportion(remainder * PARTS, {each.settlement_id: each.population for each in others})
    method = METHOD_REMAINDER if municipal else METHOD_REGION
    told |= {each.settlement_id: ("estimate", method, regional.figure_id) for each in others}
    outside = ("estimate", METHOD_NOT_IN_PLAN, regional.figure_id)
    rows: list[dict[str, object]] = []
    for each in places:
        basis, method, figure_id = told.get(each.settlement_id, outside)
        rows.append(
            {
                "settlement_id": each.settlement_id,
                "persons": parts.get(each.settlement_id, 0) / PARTS,
                "basis": basis,
                "method": method,
                "figure_id": figure_id,
            }
        )
    return rows
