"""Questions about one municipality or several: its model, cooperation, an ERAF application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from socaccess.planning.opening import (
    Asked,
    Given,
    identify_municipality,
    mark_persons,
    open_release,
    open_result,
)
from socaccess.privacy import hide_pairs, hide_small
from socaccess.programme.cooperation import find_flows, value_joint_site
from socaccess.programme.eraf import Application, Verdict, check_application
from socaccess.programme.models import (
    ModelInputs,
    MunicipalityModel,
    ServiceReach,
    model_municipalities,
)
from socaccess.programme.objects import PlanObjects

__all__ = ["ApplicationCheck", "Cooperation", "cooperation", "eraf", "model"]


def model(
    asked: Asked,
    municipality: str,
    *,
    backed: Sequence[str] = (),
    min_clients: Mapping[str, float] | None = None,
    allow_small_counts: bool = False,
) -> MunicipalityModel:
    """Return what a municipality has, lacks, and could do alone or with its neighbours.

    Parameters
    ----------
    asked
        A study or its result; neighbours are its other municipalities.
    municipality
        Id or name.
    backed
        Services it backs, most important first; those the plan promises by default.
    min_clients
        By service, the number of clients at which it is viable; what has none is not
        judged.
    allow_small_counts
        Keep counts of fewer people than the threshold; `show` hides them otherwise.

    Examples
    --------
    >>> import socaccess as sa
    >>> found = sa.planning.model(sa.Study.load("latgale"), "Ludzas novads")
    >>> sorted(found.show())
    ['gaps', 'services', 'sharing']
    """
    released = open_release(asked, allow_small_counts=allow_small_counts)
    result, _ = open_result(released)
    identity = identify_municipality(result.study, municipality)
    inputs = ModelInputs(
        backed={identity: list(backed)} if backed else None, min_clients=min_clients
    )
    # The models of other municipalities rest on the same times.
    if "model_reach" not in released.kept:
        released.kept["model_reach"] = ServiceReach(result, ModelInputs())
    shared = released.kept["model_reach"]
    found = model_municipalities(result, inputs, municipality_ids=[identity], shared=shared)[0]
    persons = found.services[["service", "persons"]].assign(municipality_id=identity)
    marks = {
        service: str(mark)
        for service, row in persons.groupby("service")
        if isinstance(mark := mark_persons(row, released, service)["persons"].iloc[0], str)
    }
    return replace(found, marks=marks)


@dataclass(frozen=True, eq=False)
class Cooperation:
    """Who would be served where, and what a joint site is worth.

    Parameters
    ----------
    service, limit_min
        What was asked; the limit is inclusive.
    flows
        One row per pair of municipalities: `from_id`, `from_name`, `to_id`, `to_name`,
        `persons`, `mean_min`.
    balance
        One row per municipality: `persons`, `at_home`, `bought`, `sold`, `unserved`,
        `balance` (None where it would tell a hidden count).
    unlimited
        Facilities whose places nobody published: taken as unlimited.
    supply_known
        Whether the data holds any facility of the service.
    site, joint
        Settlement id of the joint site, and what it is worth to each partner; None
        where no partners were named.
    """

    service: str
    limit_min: float
    flows: pd.DataFrame
    balance: pd.DataFrame
    unlimited: tuple[str, ...]
    supply_known: bool
    site: str | None = None
    joint: pd.DataFrame | None = None


def cooperation(
    asked: Asked,
    service: str,
    *,
    partners: Sequence[str] = (),
    settlement: str | None = None,
    use_places: bool = False,
    yearly_cost: object = 0,
    capital_cost: object = 0,
    years: int = 1,
    by: str | float = "use",
    allow_small_counts: bool = False,
) -> Cooperation:
    """Return who would be served where, and what a joint site is worth to each partner.

    Parameters
    ----------
    asked
        A study or its result.
    service
        Which service.
    partners
        Municipalities that would share a site, ids or names.
    settlement
        Where it stands; by default where most of the partners' people are within reach.
    use_places
        Whether places bound what a facility serves.
    yearly_cost, capital_cost, years
        EUR a year, EUR once, over how many years.
    by
        How the cost is shared: `use`, `need`, `equal`, or a share by need (0 to 1).
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> found = sa.planning.cooperation(sa.Study.load("latgale"), "dac_grt")
    >>> found.limit_min, found.site is None
    (30.0, True)
    """
    released = open_release(asked, allow_small_counts=allow_small_counts)
    result, below = open_result(released)
    found = find_flows(result, service, use_places=use_places)
    parts = ["at_home", "bought", "unserved"]
    balance = hide_small(found.summarise_balance(), "persons", parts, below=below, decimals=0)
    balance = hide_small(balance, "sold", below=below, decimals=0)
    hidden = balance[["bought", "sold"]].map(lambda cell: isinstance(cell, str)).any(axis=1)
    balance["balance"] = balance["balance"].round().astype(object).where(~hidden, None)
    balance = mark_persons(balance, released, found.service, parts)
    site, joint = None, None
    if partners:
        ids = [identify_municipality(result.study, name) for name in partners]
        site, joint = value_joint_site(
            result, service, ids, settlement=settlement, yearly_cost=yearly_cost,
            capital_cost=capital_cost, years=years, by=by,
        )  # fmt: skip
        counts = ["near_now", "near_joint", "gain", "clients", "near_alone"]
        joint = hide_small(joint, "persons", counts, below=below, decimals=0)
        joint = mark_persons(joint, released, found.service, counts)
    return Cooperation(
        service=found.service,
        limit_min=found.limit_min,
        flows=hide_pairs(found.flows, "persons", ["from_id", "to_id"], below=below),
        balance=balance,
        unlimited=found.unlimited,
        supply_known=found.supply_known,
        site=site,
        joint=joint,
    )


@dataclass(frozen=True, eq=False)
class ApplicationCheck:
    """The answer to an application, and its effect as it may leave.

    Parameters
    ----------
    verdict
        Answer, findings, payers; its own counts are not hidden.
    effect
        One row per municipality: `persons`, `near_now`, `near_after`, `gain`,
        `remaining`; small counts are hidden.
    below
        Counts under this are hidden; 0 if none are.
    """

    verdict: Verdict
    effect: pd.DataFrame
    below: int

    @property
    def answer(self) -> str:
        """`yes`, `no` or `unknown`."""
        return self.verdict.answer


def eraf(
    asked: Asked,
    municipality: str,
    service: str,
    *,
    settlement: str,
    places: int,
    cost: object = None,
    shares: Mapping[str, object] | None = None,
    objects: Given | PlanObjects | None = None,
    allow_small_counts: bool = False,
) -> ApplicationCheck:
    """Return whether an object conforms to the plan before an ERAF application, and why not.

    Parameters
    ----------
    asked
        A study or its result.
    municipality
        Who applies, id or name.
    service, settlement, places
        What, where and for how many.
    cost
        EUR in all, where known.
    shares
        Who pays which share of it.
    objects
        The plan's own objects; those of public pages by default.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> check = sa.planning.eraf(sa.Study.load("latgale"), "Ludzas novads", "dac_grt",
    ...                          settlement="Ludza", places=500)
    >>> check.answer
    'no'
    """
    own = objects
    if own is not None and not isinstance(own, PlanObjects):
        own = PlanObjects.read(own)
    released = open_release(asked, allow_small_counts=allow_small_counts)
    result, below = open_result(released)
    identity = identify_municipality(result.study, municipality)
    verdict = check_application(
        result,
        Application(identity, service, settlement, places, cost, dict(shares or {})),
        objects=own,
    )
    parts = ["near_now", "near_after", "gain", "remaining"]
    effect = hide_small(verdict.effect, "persons", parts, below=below, decimals=0)
    return ApplicationCheck(verdict, mark_persons(effect, released, service, parts), below)
