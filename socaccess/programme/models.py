"""A model for each municipality: what it backs, has, lacks, and could do with its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem, UnknownNameError, raise_problems
from socaccess.privacy import hide_small, mark_small
from socaccess.programme.reach import (
    ServiceAccess,
    list_homes,
    measure_between,
    name_municipalities,
    spread_persons,
)
from socaccess.programme.take_up import choose_take_up
from socaccess.schemas import suggest_names
from socaccess.study import StudyResult

__all__ = [
    "VIABILITY",
    "ModelInputs",
    "MunicipalityModel",
    "ServiceReach",
    "model_municipalities",
]


@dataclass(frozen=True, eq=False)
class ModelInputs:
    """What the models rest on beyond the study.

    Parameters
    ----------
    backed
        By municipality id, the services it backs, most important first, as it said
        itself. A municipality that was not asked has none here: its services are
        those the plan promises, and `backed_basis` says so.
    min_clients
        By service, the least number of clients at which it is viable. No norm was
        found in Latvia: where nothing is given nothing is judged.
    take_up
        By service, the share of the people in need who come; by default the middle
        of what was observed, and everyone where nothing was.
    """

    backed: Mapping[str, Sequence[str]] | None = None
    min_clients: Mapping[str, float] | None = None
    take_up: Mapping[str, float] | None = None


class ModelAccess(ServiceAccess):
    """Who is near what, of one service, and whom each site would reach.

    Attributes
    ----------
    take_up, take_up_basis
        Share of the people in need who come, and what it rests on.
    reached
        Clients of each municipality (columns) within the limit of each site (rows).
    minutes
        Their minutes there together: of sites that reach as many the nearest is chosen.
    """

    def __init__(
        self, result: StudyResult, service: str, take_up: tuple[float, str], ids: Sequence[str]
    ) -> None:
        super().__init__(result, service)
        self.take_up, self.take_up_basis = take_up
        # Not kept: of a country it is a large table for each service.
        between_ms = measure_between(result, self.traveller)
        near = self.find_near(between_ms)
        member = self.home[:, None] == np.array(ids, dtype=object)[None, :]
        clients = self.persons[:, None] * self.take_up * member
        self.reached = near.T.astype(float) @ clients
        self.minutes = (np.where(near, between_ms, 0) / 60_000).T @ clients


class ServiceReach:
    """What all models of a region share: who is near which site, service by service.

    Parameters
    ----------
    result
        A study's result.
    inputs
        What municipalities back.
    known
        The same of other inputs with equal take-up: what it has worked out is taken over.
    """

    def __init__(
        self, result: StudyResult, inputs: ModelInputs, known: ServiceReach | None = None
    ) -> None:
        self.result, self.inputs = result, inputs
        study = result.study
        # Rows of people are points where they live, sites are settlements.
        self.home: np.ndarray = list_homes(result)
        self.site_home = study.settlements["municipality_id"].to_numpy(dtype=object)
        self.settlement_names = study.settlements["name"].tolist()
        self.municipalities = study.municipalities["municipality_id"].tolist()
        self.names = name_municipalities(study)
        assert study.service_types is not None
        types = study.service_types
        self.types = types[types["counts_as_supply"] & types["limit_min"].notna()].set_index(
            "service"
        )
        self.cache: dict[str, ModelAccess] = {}
        if known is not None:
            assert known.result is result and known.inputs.take_up == inputs.take_up
            self.cache, self.small = known.cache, known.small

    def list_services(self, municipality: str) -> list[str]:
        """Return the services of a model: those it backs, then those the plan promises."""
        backed = list((self.inputs.backed or {}).get(municipality, ()))
        promised = [s for s in self.result.study.promised or () if s in self.types.index]
        return [*backed, *(s for s in sorted(promised) if s not in backed)]

    def access_to(self, service: str) -> ModelAccess:
        """Return who is near what, of one service."""
        if service not in self.cache:
            take_up = choose_take_up(service, (self.inputs.take_up or {}).get(service))
            self.cache[service] = ModelAccess(self.result, service, take_up, self.municipalities)
        return self.cache[service]

    @cached_property
    def small(self) -> set[tuple[str, str]]:
        """Pairs of municipality and service whose count is hidden in what leaves."""
        rows = []
        for service in self.types.index:
            counts = spread_persons(self.result, str(service))
            persons = pd.Series(counts).groupby(self.home).sum()
            rows += [(name, service, float(persons.get(name, 0))) for name in self.municipalities]
        table = pd.DataFrame(rows, columns=["municipality_id", "service", "persons"])
        below = self.result.study.settings.suppress_below
        hidden = hide_small(table, "persons", below=below, totals_by=("service",))
        marked = (hidden["persons"] == mark_small(below)).to_numpy()
        return set(
            zip(table.loc[marked, "municipality_id"], table.loc[marked, "service"], strict=True)
        )

    def list_model_services(self, municipality: str) -> pd.DataFrame:
        """Return one row per service of the municipality's model."""
        backed = list((self.inputs.backed or {}).get(municipality, ()))
        inside = self.home == municipality
        rows = []
        for service in self.list_services(municipality):
            seen = self.access_to(service)
            supply, near, persons = seen.supply, seen.near, seen.persons
            own = (supply["municipality_id"] == municipality).to_numpy()
            needing = inside & ((persons > 0) if persons.sum() > 0 else inside)
            near_any, near_own = seen.near_any, near[:, own].any(axis=1)
            total = float(persons[inside].sum()) if seen.need_known else np.nan
            places = supply.loc[own, "places"]
            rows.append(
                {
                    "service": service,
                    "priority": backed.index(service) + 1 if service in backed else None,
                    "backed_basis": "municipality" if service in backed else "plan",
                    "persons": total,
                    "clients": total * seen.take_up,
                    "clients_basis": seen.take_up_basis,
                    "own_facilities": int(own.sum()) if seen.supply_known else np.nan,
                    "own_places": float(places.sum()) if places.notna().any() else np.nan,
                    "own_places_unknown": int(places.isna().sum()),
                    "reachable_facilities": int(near[needing][:, ~own].any(axis=0).sum())
                    if seen.supply_known
                    else np.nan,
                    "near_own": float(persons[inside & near_own].sum())
                    if seen.supply_known
                    else np.nan,
                    "near_any": float(persons[inside & near_any].sum())
                    if seen.supply_known
                    else np.nan,
                    # Of a service without any known facility nobody can say who lacks it.
                    "gap_persons": float(persons[inside & ~near_any].sum())
                    if seen.need_known and seen.supply_known
                    else np.nan,
                    "supply_known": seen.supply_known,
                    **self.judge(municipality, service),
                    "small": (municipality, service) in self.small,
                }
            )
        table = pd.DataFrame(rows)
        if len(table):
            # A rank is a whole number or none; pandas would make fractions of both.
            table["priority"] = pd.Series([row["priority"] for row in rows], dtype=object)
        return table

    def judge(self, municipality: str, service: str) -> dict[str, Any]:
        """Return whether the service is viable, where it would stand, and with whom."""
        reached, minutes = self.access_to(service).reached, self.access_to(service).minutes
        column = self.municipalities.index(municipality)
        least = (self.inputs.min_clients or {}).get(service)
        own_sites = np.flatnonzero(self.site_home == municipality)
        best = _choose(own_sites, reached[own_sites, column], minutes[own_sites, column])
        alone = float(reached[best, column])
        told: dict[str, Any] = {
            "min_clients": np.nan if least is None else float(least),
            "viable": "not_judged",
            "site": self.settlement_names[best] if alone > 0 else None,
            "site_clients": alone,
            "partners": None,
            "partner_ids": (),
        }
        if alone <= 0:
            return told | {"viable": "no_need" if least is not None else "not_judged"}
        if least is None:
            return told
        if alone >= least:
            return told | {"viable": "alone"}
        # The fewest partners with whom some site near its people is viable.
        options = []
        for site in np.flatnonzero(reached[:, column] > 0):
            others = [i for i in np.argsort(-reached[site], kind="stable") if i != column]
            total, partners = float(reached[site, column]), []
            for other in others:
                if total >= least or reached[site, other] <= 0:
                    break
                total += float(reached[site, other])
                partners.append(other)
            hosted = self.site_home[site] in {
                municipality,
                *(self.municipalities[i] for i in partners),
            }
            if total >= least and hosted:
                together = minutes[site, [column, *partners]].sum().round(6)
                options.append(
                    (len(partners), -round(total, 9), float(together), int(site), partners)
                )
        if not options:
            return told | {"viable": "neither"}
        _, negative, _, chosen, partners = min(options, key=lambda option: option[:4])
        return told | {
            "viable": "together",
            "site": self.settlement_names[chosen],
            "site_clients": -negative,
            "partners": ", ".join(self.names[self.municipalities[i]] for i in partners),
            "partner_ids": tuple(self.municipalities[i] for i in partners),
        }

    def find_sharing(self, municipality: str) -> pd.DataFrame:
        """Return one row per service and neighbour that one site could serve together."""
        column = self.municipalities.index(municipality)
        rows = []
        for service in self.list_services(municipality):
            reached, minutes = self.access_to(service).reached, self.access_to(service).minutes
            for other, partner in enumerate(self.municipalities):
                if other == column:
                    continue
                sites = np.flatnonzero(
                    ((self.site_home == municipality) | (self.site_home == partner))
                    & (reached[:, column] > 0)
                    & (reached[:, other] > 0)
                )
                if not len(sites):
                    continue
                both = reached[sites, column] + reached[sites, other]
                best = _choose(sites, both, minutes[sites, column] + minutes[sites, other])
                rows.append(
                    {
                        "service": service,
                        "partner_id": partner,
                        "partner": self.names[partner],
                        "settlement": self.settlement_names[best],
                        "clients_own": float(reached[best, column]),
                        "clients_partner": float(reached[best, other]),
                        "clients_together": float(both.max()),
                    }
                )
        columns = ["service", "partner_id", "partner", "settlement", "clients_own",
                   "clients_partner", "clients_together"]  # fmt: skip
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values(
            ["service", "clients_together", "partner_id"],
            ascending=[True, False, True],
            kind="stable",
            ignore_index=True,
        )


def _choose(sites: np.ndarray, reached: np.ndarray, minutes: np.ndarray) -> int:
    """Return the site that reaches most, of equals with least travel, then the first."""
    return int(sites[np.lexsort((sites, minutes.round(6), -reached.round(9)))[0]])


VIABILITY = ("alone", "together", "neither", "no_need", "not_judged")
"""Whether a service finds its least number of clients; not judged where none is stated."""


@dataclass(frozen=True, eq=False)
class MunicipalityModel:
    """The model of one municipality.

    Parameters
    ----------
    municipality_id, name
        Which.
    services
        One row per service: `priority` and `backed_basis` (municipality, plan),
        `persons` in need, `clients` to expect and `clients_basis` (observed, given,
        everyone), `own_facilities`, `own_places` (NaN where nobody published them),
        `reachable_facilities` (of others, within the limit of some of its people),
        `near_own` and `near_any` (persons within the limit), `gap_persons` (NaN where
        the data holds no facility of it at all, `supply_known`, or no need),
        `min_clients`, `viable` (see `VIABILITY`), `site` (its best settlement for
        one), `site_clients`, `partners` (names, where only together; `partner_ids`), and `small`
        (whether the count of persons is hidden in what leaves).
    sharing
        One row per service and neighbour that one site could serve together within the
        limit: `partner`, `settlement` of the best such site, `clients_own`,
        `clients_partner`, `clients_together`.
    gaps
        Its settlements without the service within the limit.
    suppress_below
        Counts under this are hidden by `show`.
    marks
        By service, the mark in place of persons that a run's files withhold.
    """

    municipality_id: str
    name: str
    services: pd.DataFrame
    sharing: pd.DataFrame
    gaps: pd.DataFrame
    suppress_below: int
    marks: Mapping[str, str] = field(default_factory=dict)

    def show(self, *, allow_small_counts: bool = False) -> dict[str, pd.DataFrame]:
        """Return the tables as they leave: small counts of persons replaced by a mark."""
        below = 0 if allow_small_counts else self.suppress_below
        small = self.services["small"].to_numpy(dtype=bool)
        services = self.services.drop(columns=["small", "partner_ids"])
        # The region's total and the other municipalities would give away what `small` says.
        parts = ["near_any", "near_own", "gap_persons"]
        services = hide_small(services, "persons", parts, below=below, also=small, decimals=0)
        for name in ("clients", "site_clients"):
            services = hide_small(services, name, below=below, also=small)
        for service, mark in self.marks.items() if below else ():
            services.loc[services["service"] == service, "persons"] = mark
        sharing = self.sharing
        for name in ("clients_own", "clients_partner", "clients_together"):
            sharing = hide_small(sharing, name, below=below)
        either = (sharing["clients_own"] == mark_small(below)) | (
            sharing["clients_partner"] == mark_small(below)
        )
        # A sum shows the small one when the other is shown.
        sharing.loc[either, ["clients_own", "clients_partner"]] = mark_small(below)
        gaps = self.gaps[["service", "settlement", "travel_min", "limit_min", "facility"]].copy()
        return {"services": services, "sharing": sharing, "gaps": gaps}


def model_municipalities(
    result: StudyResult,
    inputs: ModelInputs | None = None,
    *,
    municipality_ids: Sequence[str] = (),
    shared: ServiceReach | None = None,
) -> list[MunicipalityModel]:
    """Return the model of each municipality, in order of id.

    Parameters
    ----------
    result
        A study's result; neighbours are the other municipalities of the study.
    inputs
        What municipalities back, least numbers of clients, take-up.
    municipality_ids
        Which; all by default.
    shared
        What models of this result share, where it is known from others of equal take-up.

    Raises
    ------
    UnknownNameError
        If a municipality is not in the study.
    InputError
        If a service of the inputs is not known, or a number is not above 0.
    """
    inputs = inputs or ModelInputs()
    study = result.study
    names = name_municipalities(study)
    known = study.municipalities["municipality_id"].tolist()
    wanted = list(municipality_ids) or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        near = suggest_names(unknown[0], known, most=1)
        raise (
            UnknownNameError(
                "programme.no_municipality_near", name=unknown, study=study.name, near=near
            )
            if near
            else UnknownNameError("programme.no_municipality", name=unknown, study=study.name)
        )
    _check_inputs(result, inputs)
    region = ServiceReach(result, inputs, shared)
    return [
        MunicipalityModel(
            municipality_id=municipality,
            name=names[municipality],
            services=region.list_model_services(municipality),
            sharing=region.find_sharing(municipality),
            gaps=result.gaps[
                (result.gaps["municipality_id"] == municipality)
                & result.gaps["service"].isin(region.list_services(municipality))
            ].reset_index(drop=True),
            suppress_below=study.settings.suppress_below,
        )
        for municipality in sorted(wanted)
    ]


def _check_inputs(result: StudyResult, inputs: ModelInputs) -> None:
    types = result.study.service_types
    assert types is not None
    known = set(types.loc[types["counts_as_supply"] & types["limit_min"].notna(), "service"])
    named = {
        "backed": {s for services in (inputs.backed or {}).values() for s in services},
        "min_clients": set(inputs.min_clients or {}),
        "take_up": set(inputs.take_up or {}),
    }
    problems = [
        Problem("programme.no_supply", name, sorted(services - known))
        for name, services in named.items()
        if services - known
    ]
    unknown = set(inputs.backed or {}) - set(result.study.municipalities["municipality_id"])
    if unknown:
        problems.append(Problem("programme.not_in_study", "backed", sorted(unknown)))
    for name, numbers in (("min_clients", inputs.min_clients), ("take_up", inputs.take_up)):
        bad = [f"{service}: {value}" for service, value in (numbers or {}).items() if not value > 0]
        if bad:
            problems.append(Problem("programme.not_positive", name, bad))
    raise_problems(problems)
