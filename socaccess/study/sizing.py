"""How large a new facility of a service has to be, and what such facilities have cost.

Both are observed: how many clients registered providers plan for (columns of the service types),
and what projects with a published cost and all their places known have cost a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.sources.capital_costs import observe_capital_costs

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = ["LEAST_GAIN", "TOLERANCE", "Size", "is_guessed", "size_services"]

TOLERANCE = 0.02
"""How much less than the best a plan may cover, as a share; more where the data says less."""

LEAST_GAIN = 5
"""Fewer persons than this are no reason to build, whatever the service."""

_FEWEST_PROJECTS = 3
_OF_PROJECTS = ("project_total_eur", "project_no", "eraf_eur", "municipality_id_2009", "places",
                "places_basis", "status_year", "source")  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What is usual for a service; None where nothing was observed.

    Parameters
    ----------
    min_clients
        Fewest persons that make a facility worth building: the smallest number of clients
        providers plan for, and never under `LEAST_GAIN`.
    places
        Places from and to: half of the providers plan for so many.
    eur_per_place
        Cost of a place from and to: half of the projects cost so much.
    projects, years
        How many projects that is of, and their first and last year.
    own
        Whether the projects are of this service; else of all services together.
    """

    min_clients: float
    places: tuple[int, int] | None = None
    eur_per_place: tuple[float, float] | None = None
    projects: int = 0
    years: tuple[int, int] | None = None
    own: bool = False

    def count_places(self, persons: float) -> tuple[int, int] | None:
        """Return the places of a facility that brings so many persons within the limit."""
        if self.places is None:
            return None
        low, high = self.places
        return low, max(low, min(high, int(np.ceil(persons))))

    def estimate_cost(self, places: tuple[int, int] | None) -> tuple[float, float] | None:
        """Return what so many places would cost, EUR from and to, rounded to two digits."""
        if places is None or self.eur_per_place is None:
            return None
        low, high = (
            float(f"{count * price:.2g}")
            for count, price in zip(places, self.eur_per_place, strict=True)
        )
        return low, high


def size_services(study: StudyInputs, services: Sequence[str]) -> dict[str, Size]:
    """Return what is usual for each of some services of a study.

    Examples
    --------
    >>> import socaccess as sa
    >>> size_services(sa.Study.load("latgale"), ["dac_grt"])["dac_grt"].min_clients
    10.0
    """
    if not services:
        return {}
    types = study.service_types.set_index("service")
    costs = None
    if set(_OF_PROJECTS) <= set(study.facilities):
        costs = observe_capital_costs(pd.DataFrame(study.facilities))
    return {name: _size(name, types.loc[name], costs) for name in services}


def _size(service: str, row: pd.Series, costs: pd.DataFrame | None) -> Size:
    smallest = row.get("min_clients")
    usual = (row.get("usual_places_low"), row.get("usual_places_high"))
    places = None if any(pd.isna(end) for end in usual) else (int(usual[0]), int(usual[1]))
    least = float(LEAST_GAIN if pd.isna(smallest) else max(LEAST_GAIN, smallest))
    if costs is None:
        return Size(least, places)
    own = costs[[service in names.split(", ") for names in costs["services"]]]
    of_service = len(own) >= _FEWEST_PROJECTS
    costs = own if of_service else costs
    if len(costs) < _FEWEST_PROJECTS:
        return Size(least, places)
    low, high = np.quantile(costs["eur_per_place"], (0.25, 0.75))
    years = costs["call_year"].dropna()
    span = (int(years.min()), int(years.max())) if len(years) else None
    return Size(least, places, (float(low), float(high)), len(costs), span, of_service)


def is_guessed(study: StudyInputs, service: str) -> bool:
    """Return whether a service is known only by guessing what a register means."""
    return service in study.guessed
