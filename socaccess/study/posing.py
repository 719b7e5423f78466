"""The siting question of a study: its settlements, facilities and times as a siting problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.i18n import fold
from socaccess.schemas import suggest_names
from socaccess.siting import CATCHMENT_OBJECTIVES, SitingProblem
from socaccess.study.capacity import read_places
from socaccess.study.tables import find_unknown
from socaccess.travel.minutes import to_minutes

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.reach import Reach

__all__ = ["find_municipality", "find_settlements", "pose_problem", "weigh_clients"]


def pose_problem(
    study: StudyInputs,
    reach: Reach,
    weight: np.ndarray,
    service: str,
    *,
    sites: int | None,
    by_settlement: bool = False,
    scenario: str = "now",
    **options: Any,
) -> SitingProblem | None:
    """Return the siting problem of one service.

    Clients are the points where people live, so that persons count here exactly as they
    do in coverage; with `by_settlement` the settlements, as far as their people in the mean.
    Sites are the operating facilities of the service (with `scenario="planned"` the planned
    ones too), which stay, by `facility_id`, and every settlement where there is none yet, by
    `settlement_id`.
    None where there is nobody to serve or nowhere to build.

    Parameters
    ----------
    study, reach
        The study and its times.
    weight
        What a settlement counts, shape (settlements,).
    service
        The service.
    sites
        How many new sites at most; None where a budget or LSCP decides.
    by_settlement
        Whether clients are the settlements: quicker, and near enough for mean times.
    options
        Any other option of `SitingProblem`; `limit_min` is the service's if not given. For places
        per person `places` are those that facilities state, `max_places` their median.
    """
    row = study.service_types.set_index("service").loc[service]
    located = reach.settlements.located
    if not weight.sum() > 0 or not located.any():
        return None
    supply = reach.list_supply(service, scenario)
    points = supply["point"].to_numpy(dtype=int)
    allowed = located
    if study.candidates is not None:
        allowed = located & study.settlements["settlement_id"].isin(study.candidates).to_numpy()
    candidates = np.flatnonzero(allowed)
    candidates = candidates[~np.isin(reach.candidate_point[candidates], points)]
    if not len(candidates):
        return None
    columns = np.concatenate([points, reach.candidate_point[candidates]])
    settlements = study.settlements
    home = settlements["municipality_id"].astype(str)
    given: dict[str, Any] = {
        "limit_min": float(row["limit_min"]),
        "client_municipality": (home if by_settlement else home.iloc[reach.home]).tolist(),
        "site_municipality": [
            *supply["municipality_id"].fillna("elsewhere").astype(str),
            *home.iloc[candidates],
        ],
        **options,
    }
    if given.get("objective") in CATCHMENT_OBJECTIVES:
        given = {**_find_places(study, supply["facility_id"].tolist()), **given}
    travel_min = to_minutes(reach.people_ms(columns, str(row["traveller"])))
    return SitingProblem(
        travel_min=reach.average(travel_min) if by_settlement else travel_min,
        persons=weight if by_settlement else weight[reach.home] * reach.share,
        client_ids=(settlements["settlement_id"] if by_settlement else reach.people_ids).tolist(),
        site_ids=[
            *supply["facility_id"],
            *settlements["settlement_id"].to_numpy(dtype=object)[candidates],
        ],
        existing=supply["facility_id"].tolist(),
        # What is no number is found by the problem's own checks.
        sites=min(sites, len(candidates)) if isinstance(sites, int) else sites,
        **given,
    )


def _find_places(study: StudyInputs, facility_ids: list[str]) -> dict[str, Any]:
    """Return the places that the facilities of a service state, and their median for a new one."""
    facilities = study.facilities
    known = pd.Series(read_places(facilities), index=facilities["facility_id"])
    known = known.reindex(facility_ids).dropna()
    if known.empty:
        return {}
    return {"places": known.to_dict(), "max_places": float(known.median())}


def weigh_clients(
    study: StudyInputs, persons: pd.DataFrame, service: str
) -> tuple[np.ndarray, str]:
    """Return what each settlement counts, and by what: `need`, or `population` without figures.

    `persons` is a table of settlements by target group. With `Settings.partners_only`
    the need outside a plan's partnership counts for nothing.
    """
    group = study.group_of[service]
    if group in persons and np.nansum(persons[group].to_numpy(dtype=float)) > 0:
        weight, basis = np.nan_to_num(persons[group].to_numpy(dtype=float)), "need"
    else:
        weight = np.nan_to_num(study.settlements["population"].to_numpy(dtype=float))
        basis = "population"
    if study.settings.partners_only:
        weight = np.where(study.find_outside_plan(group), 0.0, weight)
    return weight, basis


def find_settlements(study: StudyInputs, words: list[str]) -> list[str]:
    """Return the ids of settlements named by id or by name.

    Raises
    ------
    UnknownNameError
        If a name is not known, with the nearest, or fits several.
    """
    settlements = study.settlements
    ids = set(settlements["settlement_id"])
    found = []
    for word in words:
        if word in ids:
            found.append(word)
            continue
        fits = settlements.loc[settlements["name"] == word, "settlement_id"].tolist()
        if len(fits) == 1:
            found.append(fits[0])
            continue
        if fits:
            raise UnknownNameError("study.several_settlements", name=word, known=fits)
        raise UnknownNameError(find_unknown([word], settlements["name"].tolist(), "settlement"))
    return found


def find_municipality(study: StudyInputs, name: str) -> tuple[str, str]:
    """Return id and name of a municipality of a study, by either of them.

    Raises
    ------
    UnknownNameError
        If there is none, or several are called so.
    """
    here = study.municipalities[["municipality_id", "name"]].astype(str)
    found = here[(here["municipality_id"] == name) | (here["name"].map(fold) == fold(name))]
    if len(found) == 1:
        identity, called = found.iloc[0]
        return str(identity), str(called)
    if len(found):
        ids = list(found["municipality_id"])
        raise UnknownNameError("study.several_municipalities", name=name, ids=ids)
    near = suggest_names(name, list(here["name"])) or list(here["name"])
    raise UnknownNameError("study.no_municipality", name=name, near=near)
