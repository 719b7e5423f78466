"""What distance costs: a service's cost per head as a function of density and the way.

A site costs the same whoever comes (fixed), each person costs (variable), and each visit has
its way, of the client or of staff. In a region of even density the way grows with the square
root of the persons of a site, while the fixed cost of each falls: between the two lies the
size of least cost (Stollsteimer 1963, "A working model for plant numbers and locations").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access.pairs import read_amounts
from socaccess.errors import InputError, Problem, raise_problems

__all__ = ["DeliveryModel", "break_even_size", "cost_by_size", "cost_per_head", "least_cost_size"]

# Mean distance from the centre of a circle of radius 1 to a point in it.
_MEAN_OF_CIRCLE = 2 / 3


@dataclass(frozen=True)
class DeliveryModel:
    """What a service costs in a year; all of it is the user's to state.

    Parameters
    ----------
    fixed_eur
        A site, whoever comes.
    variable_eur
        Each person served, the way left aside.
    visits
        Visits of a person a year; each is a way there and back.
    eur_km
        Vehicle, by kilometre.
    eur_hour
        Time on the way, by hour: of staff who travel, or of clients where it is counted.
    persons_per_trip
        How many share a way.

    Raises
    ------
    InputError
        If a number is negative, or nobody travels on a trip.
    """

    fixed_eur: float
    variable_eur: float
    visits: float
    eur_km: float = 0.0
    eur_hour: float = 0.0
    persons_per_trip: float = 1.0

    def __post_init__(self) -> None:
        given = vars(self)
        raise_problems(
            [Problem("access.negative", name) for name, value in given.items() if not value >= 0]
            + ([] if self.persons_per_trip > 0
               else [Problem("access.bad_parameter", "persons_per_trip",
                             given=[self.persons_per_trip])])
        )  # fmt: skip

    def way_eur(self, travel_min: Any, length_km: Any) -> np.ndarray:
        """Return the cost in a year of the ways of a person who lives so far away."""
        way = self.eur_km * np.asarray(length_km, float)
        time = self.eur_hour * np.asarray(travel_min, float) / 60
        return 2 * self.visits * (way + time) / self.persons_per_trip


def cost_per_head(
    model: DeliveryModel, travel_min: Any, length_km: Any, site_persons: Any, persons: Any
) -> pd.DataFrame:
    """Return what a person costs in a year at each origin, the site's cost shared by its users.

    Parameters
    ----------
    model
        Costs.
    travel_min, length_km
        One way from each origin to its site, NaN where there is none.
    site_persons
        Persons that the site of each origin serves, those of the origin among them.
    persons
        Persons of each origin.

    Returns
    -------
    pandas.DataFrame
        One row per origin: `persons`, `fixed_eur`, `variable_eur`, `way_eur` and `total_eur`
        a person and year; NaN where there is no way, or where nobody is who could share.

    Examples
    --------
    >>> model = DeliveryModel(fixed_eur=10_000, variable_eur=500, visits=100, eur_km=0.3)
    >>> cost_per_head(model, [30.0], [20.0], [10.0], [2.0])["total_eur"].tolist()
    [2700.0]
    """
    minutes = np.atleast_1d(np.asarray(travel_min, dtype=float))
    length = np.atleast_1d(np.asarray(length_km, dtype=float))
    rows = np.arange(len(minutes))
    used = read_amounts(site_persons, rows, "site_persons", unknown=True)
    count = read_amounts(persons, rows, "persons")
    way = model.way_eur(minutes, length)
    fixed = np.divide(model.fixed_eur, used, out=np.full(len(rows), np.nan), where=used > 0)
    fixed = np.where(np.isnan(way), np.nan, fixed)
    variable = np.where(np.isnan(way), np.nan, model.variable_eur)
    return pd.DataFrame(
        {
            "persons": count,
            "fixed_eur": fixed,
            "variable_eur": variable,
            "way_eur": way,
            "total_eur": fixed + variable + way,
        }
    )


def cost_by_size(
    model: DeliveryModel, persons: Any, density: float, *, speed_kph: float = 60.0,
    detour: float = 1.3,
) -> np.ndarray:  # fmt: skip
    """Return the cost of a person a year by how many a site serves, at an even density.

    Parameters
    ----------
    model
        Costs.
    persons
        How many the site serves; shape (sizes,).
    density
        Persons in need per km².
    speed_kph, detour
        Of the ways: kilometres an hour, and road over straight line.

    Examples
    --------
    >>> model = DeliveryModel(fixed_eur=9_000, variable_eur=0, visits=50, eur_km=0.5)
    >>> cost_by_size(model, [10, 100], density=0.1).round(1).tolist()
    [1144.5, 863.1]
    """
    size = np.atleast_1d(np.asarray(persons, dtype=float))
    bad = [value for value in (density, speed_kph, detour) if not 0 < value < math.inf]
    if bad or not (size > 0).all():
        raise InputError("access.bad_parameter", given=bad or [float(size.min())])
    radius = np.sqrt(size / (math.pi * density))
    length = _MEAN_OF_CIRCLE * radius * detour
    way = model.way_eur(60 * length / speed_kph, length)
    return model.fixed_eur / size + model.variable_eur + way


def least_cost_size(
    model: DeliveryModel, density: float, *, speed_kph: float = 60.0, detour: float = 1.3
) -> float:
    """Return how many persons a site of least cost a head serves, at an even density.

    Infinite where ways cost nothing: then one site for all is cheapest.

    Examples
    --------
    >>> model = DeliveryModel(fixed_eur=9_000, variable_eur=0, visits=50, eur_km=0.5)
    >>> round(least_cost_size(model, density=0.1), 1)
    37.8
    """
    # The way costs k times the root of the size: the derivative is nil at (2 F / k)^(2/3).
    one = cost_by_size(model, [1.0], density, speed_kph=speed_kph, detour=detour)[0]
    factor = one - model.fixed_eur - model.variable_eur
    return float((2 * model.fixed_eur / factor) ** (2 / 3)) if factor > 0 else math.inf


def break_even_size(
    model: DeliveryModel,
    price_eur: float,
    *,
    density: float | None = None,
    way_eur: float = 0.0,
    speed_kph: float = 60.0,
    detour: float = 1.3,
) -> float:
    """Return the least number of persons at whom a site costs no more than a price a head.

    Parameters
    ----------
    model
        Costs.
    price_eur
        What is paid for a person a year.
    density
        Persons in need per km²: the ways then grow with the size. None: every person's ways
        cost `way_eur`.
    way_eur
        Cost of a person's ways a year, where no density is given.
    speed_kph, detour
        As in `cost_by_size`.

    Returns
    -------
    float
        NaN where no size breaks even: the price is below what one person costs.

    Examples
    --------
    >>> model = DeliveryModel(fixed_eur=9_000, variable_eur=400, visits=50, eur_km=0.5)
    >>> break_even_size(model, 1_000, way_eur=150.0)
    20.0
    >>> break_even_size(model, 1_000, density=0.01)
    nan
    """
    if not price_eur >= 0 or not way_eur >= 0:
        raise InputError("access.negative", where="price_eur")
    if density is None:
        left = price_eur - model.variable_eur - way_eur
        if left <= 0:
            return math.nan if model.fixed_eur or left < 0 else 1.0
        return max(float(math.ceil(model.fixed_eur / left - 1e-9)), 1.0)

    def cost(size: float) -> float:
        return float(cost_by_size(model, [size], density, speed_kph=speed_kph, detour=detour)[0])

    cheapest = max(least_cost_size(model, density, speed_kph=speed_kph, detour=detour), 1.0)
    if math.isinf(cheapest):
        return break_even_size(model, price_eur)
    # Sizes are whole: of those around the cheapest one is the cheapest whole one.
    best = min((math.floor(cheapest), math.ceil(cheapest)), key=cost)
    if cost(best) > price_eur:
        return math.nan
    low, high = 1, best
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if cost(middle) <= price_eur else (middle + 1, high)
    return float(low)
