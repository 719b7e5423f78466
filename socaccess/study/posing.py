"""The siting question of a study: its settlements, facilities and times as a siting problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.schemas import suggest_names
from socaccess.siting import SitingProblem
from socaccess.study.reach import Reach
from socaccess.study.tables import StudyTables
from socaccess.travel.minutes import to_minutes

__all__ = ["find_settlements", "pose_problem", "weigh_clients"]


def pose_problem(
    study: StudyTables,
    reach: Reach,
    weight: np.ndarray,
    service: str,
    *,
    sites: int | None,
    **options: Any,
) -> SitingProblem | None:
    """Return the siting problem of one service.

    Clients are the settlements, weighted by `weight`. Sites are the operating
    facilities of the service, which stay, by `facility_id`, and every settlement
    where there is none yet, by `settlement_id`. None where there is nobody to serve
    or nowhere to build.

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
    options
        Any other option of `SitingProblem`; `limit_min` is the service's if not given.
    """
    types = study.service_types
    assert types is not None
    row = types.set_index("service").loc[service]
    located = reach.settlements.located
    if not weight.sum() > 0 or not located.any():
        return None
    supply = reach.supply["now"]
    supply = supply[supply["service"] == service]
    points = supply["point"].to_numpy(dtype=int)
    allowed = located
    if study.candidates is not None:
        allowed = located & study.settlements["settlement_id"].isin(study.candidates).to_numpy()
    candidates = np.flatnonzero(allowed)
    candidates = candidates[~np.isin(reach.candidate_point[candidates], points)]
    if not len(candidates):
        return None
    times = reach.choose_times(str(row["traveller"]))
    columns = np.concatenate([points, reach.candidate_point[candidates]])
    settlements = study.settlements
    home = settlements["municipality_id"].astype(str)
    given: dict[str, Any] = {
        "limit_min": float(row["limit_min"]),
        "client_municipality": home.tolist(),
        "site_municipality": [
            *supply["municipality_id"].fillna("elsewhere").astype(str),
            *home.iloc[candidates],
        ],
        **options,
    }
    return SitingProblem(
        travel_min=to_minutes(times.travel_ms[: reach.settlement_count][:, columns]),
        persons=weight,
        client_ids=settlements["settlement_id"].tolist(),
        site_ids=[
            *supply["facility_id"],
            *settlements["settlement_id"].to_numpy(dtype=object)[candidates],
        ],
        existing=supply["facility_id"].tolist(),
        sites=None if sites is None else min(sites, len(candidates)),
        **given,
    )


def weigh_clients(
    study: StudyTables, persons: pd.DataFrame, service: str
) -> tuple[np.ndarray, str]:
    """Return what each settlement counts, and by what: `need`, or `population` without figures.

    `persons` is a table of settlements by target group.
    """
    types = study.service_types
    assert types is not None
    group = str(types.set_index("service").loc[service, "target_group"])
    if group in persons and np.nansum(persons[group].to_numpy(dtype=float)) > 0:
        return np.nan_to_num(persons[group].to_numpy(dtype=float)), "need"
    return np.nan_to_num(study.settlements["population"].to_numpy(dtype=float)), "population"


def find_settlements(study: StudyTables, words: list[str]) -> list[str]:
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
        near = suggest_names(word, settlements["name"].tolist(), most=2)
        hint = f"use one of {', '.join(fits)}" if fits else f"did you mean {' or '.join(near)}?"
        what = "fits several settlements" if fits else "is no settlement of the study"
        raise UnknownNameError(f"{word!r} {what}; {hint}")
    return found
