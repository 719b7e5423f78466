"""The questions of a plan, one function each: the answers that the commands of a plan show.

Each takes a study or its result and returns a frame, or a dataclass of
frames, as it may leave: small counts of people are hidden unless `allow_small_counts`.
What the answers are made of stands in `socaccess.programme`.

Examples
--------
>>> import socaccess as sa
>>> result = sa.Study.load("latgale").run(sites=False)
>>> flows = sa.planning.cooperation(result, "dac_grt").flows
>>> list(flows.columns[:3])
['from_id', 'from_name', 'to_id']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from socaccess.planning.closures import closing, road_closing
    from socaccess.planning.equity import fairness
    from socaccess.planning.institutions import reorganisation
    from socaccess.planning.measures import access, comparison, delivery_cost, urbanisation
    from socaccess.planning.money import budget, mobile, person_budget, pilot
    from socaccess.planning.municipalities import cooperation, eraf, model
    from socaccess.planning.people import (
        contradictions,
        forecast,
        goals,
        movers,
        need,
        obstacles,
        views,
    )
    from socaccess.planning.places import buildings, general_services, objects, profiles
    from socaccess.planning.programme import financing
    from socaccess.programme.catalogue import Catalogue
    from socaccess.programme.general_services import Criterion
    from socaccess.programme.mobile import MobileWork
    from socaccess.programme.person_budgets import Wish

_HOME = {
    "Catalogue": "socaccess.programme.catalogue",
    "Criterion": "socaccess.programme.general_services",
    "MobileWork": "socaccess.programme.mobile",
    "Wish": "socaccess.programme.person_budgets",
    "access": "socaccess.planning.measures",
    "budget": "socaccess.planning.money",
    "buildings": "socaccess.planning.places",
    "closing": "socaccess.planning.closures",
    "comparison": "socaccess.planning.measures",
    "contradictions": "socaccess.planning.people",
    "cooperation": "socaccess.planning.municipalities",
    "delivery_cost": "socaccess.planning.measures",
    "eraf": "socaccess.planning.municipalities",
    "fairness": "socaccess.planning.equity",
    "financing": "socaccess.planning.programme",
    "forecast": "socaccess.planning.people",
    "general_services": "socaccess.planning.places",
    "goals": "socaccess.planning.people",
    "mobile": "socaccess.planning.money",
    "model": "socaccess.planning.municipalities",
    "movers": "socaccess.planning.people",
    "need": "socaccess.planning.people",
    "objects": "socaccess.planning.places",
    "obstacles": "socaccess.planning.people",
    "person_budget": "socaccess.planning.money",
    "pilot": "socaccess.planning.money",
    "profiles": "socaccess.planning.places",
    "reorganisation": "socaccess.planning.institutions",
    "road_closing": "socaccess.planning.closures",
    "urbanisation": "socaccess.planning.measures",
    "views": "socaccess.planning.people",
}

__all__ = [
    "Catalogue",
    "Criterion",
    "MobileWork",
    "Wish",
    "access",
    "budget",
    "buildings",
    "closing",
    "comparison",
    "contradictions",
    "cooperation",
    "delivery_cost",
    "eraf",
    "fairness",
    "financing",
    "forecast",
    "general_services",
    "goals",
    "mobile",
    "model",
    "movers",
    "need",
    "objects",
    "obstacles",
    "person_budget",
    "pilot",
    "profiles",
    "reorganisation",
    "road_closing",
    "urbanisation",
    "views",
]


if not TYPE_CHECKING:  # whoever checks types is told of a name that is none

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        raise AttributeError(f"module 'socaccess.planning' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
