"""A model for each municipality: what it backs, has, lacks, and could do with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from socaccess.errors import Problem, UnknownNameError, raise_problems
from socaccess.privacy import mark_small
from socaccess.programme.hiding import hide_small
from socaccess.programme.reach import name_municipalities
from socaccess.programme.service_reach import ModelInputs, ServiceReach
from socaccess.schemas import suggest_names
from socaccess.study import StudyResult

__all__ = ["VIABILITY", "ModelInputs", "MunicipalityModel", "model_municipalities"]

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
        One row a service: `priority` and `backed_basis` (municipality, plan),
        `persons` in need, `clients` to expect and `clients_basis` (observed, given,
        everyone), `own_facilities`, `own_places` (NaN where nobody published them),
        `reachable_facilities` (of others, within the limit of some of its people),
        `near_own` and `near_any` (persons within the limit), `gap_persons` (NaN where
        the data holds no facility of it at all, `supply_known`, or no need),
        `min_clients`, `viable` (see `VIABILITY`), `site` (its best settlement for
        one), `site_clients`, `partners` (names, where only together), and `small`
        (whether the count of persons is hidden in what leaves).
    sharing
        One row a service and neighbour that one site could serve together within the
        limit: `partner`, `settlement` of the best such site, `clients_own`,
        `clients_partner`, `clients_together`.
    gaps
        Its settlements without the service within the limit.
    suppress_below
        Counts under this are hidden by `show`.
    """

    municipality_id: str
    name: str
    services: pd.DataFrame
    sharing: pd.DataFrame
    gaps: pd.DataFrame
    suppress_below: int

    def show(self, *, allow_small_counts: bool = False) -> dict[str, pd.DataFrame]:
        """Return the tables as they leave: small counts of persons replaced by a mark."""
        below = 0 if allow_small_counts else self.suppress_below
        small = self.services["small"].to_numpy(dtype=bool)
        services = self.services.drop(columns="small")
        # The region's total and the other municipalities would give away what `small` says.
        parts = ["near_any", "near_own", "gap_persons"]
        services = hide_small(services, "persons", parts, below=below, also=small)
        for name in ("clients", "site_clients"):
            services = hide_small(services, name, below=below, also=small)
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
        raise UnknownNameError(
            f"municipality {', '.join(unknown)} is not in {study.name}"
            + (f"; did you mean {near[0]}?" if near else "")
        )
    _check_inputs(result, inputs)
    region = ServiceReach(result, inputs)
    return [
        MunicipalityModel(
            municipality_id=municipality,
            name=names[municipality],
            services=region.tell_services(municipality),
            sharing=region.tell_sharing(municipality),
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
        Problem("service is not known, or no supply", name, tuple(sorted(services - known)))
        for name, services in named.items()
        if services - known
    ]
    strangers = set(inputs.backed or {}) - set(result.study.municipalities["municipality_id"])
    if strangers:
        problems.append(
            Problem("municipality is not in the study", "backed", tuple(sorted(strangers)))
        )
    for name, numbers in (("min_clients", inputs.min_clients), ("take_up", inputs.take_up)):
        bad = [f"{service}: {value}" for service, value in (numbers or {}).items() if not value > 0]
        if bad:
            problems.append(Problem("number must be above 0", name, tuple(bad)))
    raise_problems(problems)
