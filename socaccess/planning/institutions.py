"""The question of an institution: who moves where, what is missing there, what becomes of it."""

from __future__ import annotations

import datetime as dt

from socaccess.planning.opening import Asked, Given, open_result, open_table
from socaccess.planning.people import list_movers
from socaccess.programme.costs import list_costs
from socaccess.programme.prices import load_prices, locate_prices, read_prices
from socaccess.programme.reach import find_service
from socaccess.programme.reorganisation import (
    Reorganisation,
    plan_reorganisation,
    read_occupancy,
    read_staff,
)

__all__ = ["reorganisation"]


def reorganisation(
    asked: Asked,
    institution: str,
    table: Given | None = None,
    *,
    persons: int | None = None,
    service: str = "group_home",
    staff: Given | None = None,
    occupancy: Given | None = None,
    prices: Given | None = None,
    on: dt.date | None = None,
    allow_small_counts: bool = False,
) -> Reorganisation:
    """Return the plan of an institution people leave: places, days, cost, staff, its house.

    Parameters
    ----------
    asked
        A study or its result.
    institution
        Its facility id.
    table
        Who leaves: `institution_id`, `origin`, `choice`, `persons`, `move_by`. Without it
        `persons` (the plan's goal by default) leave, shared out by population.
    persons
        How many leave, without a table.
    service
        The home they need.
    staff
        `profession`, `posts`, `to_service`; nothing is said of staff without it.
    occupancy
        `facility_id`, `clients` of homes today: without it no place is known to be free.
    prices
        Own price list; those found in public pages by default.
    on
        The day of the plan.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> plan = sa.planning.reorganisation(sa.Study.load("kurzeme"), "kur038", persons=35)
    >>> plan.institution["stay"], plan.is_ready
    (43.0, False)
    """
    result, below = open_result(asked, allow_small_counts=allow_small_counts)
    chosen = str(find_service(result.study, service)["service"])
    listed = load_prices() if prices is None else open_table(prices, read_prices)
    types = result.study.service_types
    assert types is not None
    costs, _ = list_costs(locate_prices(listed, result.study.view), types, {"municipality": 1},
                          hours_per_visit=1, services=[chosen])  # fmt: skip
    return plan_reorganisation(
        result,
        institution,
        list_movers(result, table, institution, persons),
        service=chosen,
        staff=None if staff is None else open_table(staff, read_staff),
        occupancy=None if occupancy is None else open_table(occupancy, read_occupancy),
        cost=costs[0] if costs else None,
        on=on,
        below=below,
    )
