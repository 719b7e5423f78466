"""Clients a region is known to have before anything is assumed: what its register counts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from socaccess.programme.take_up import observe_take_up, summarise_take_up
from socaccess.study import Study
from socaccess.study.capacity import CAPACITY_BASES

__all__ = ["RATES", "choose_rates", "count_registered"]

RATES = ["target_group", "service", "low", "middle", "high", "observations", "basis", "source"]
"""Columns of rates: clients per person in need, by variant."""

_UNSEEN = 1.5
"""By this factor a count is widened of which nothing else is known."""


def count_registered(study: Study) -> pd.DataFrame:
    """Return what operates in the municipalities of a study, by service.

    Returns
    -------
    pandas.DataFrame
        `service`, `facilities`, `clients` (those their providers plan for, of facilities
        that are of this service alone), `sure` (of them, where the register names service
        and group), `shared` (planned for several services together), `sources`.

    Examples
    --------
    >>> table = count_registered(Study.load("latgale")).set_index("service")
    >>> int(table.loc["dac_ft", "clients"])
    177
    """
    own = study.facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    here = study.facilities[own & (study.facilities["status"] == "operating")]
    basis = here.get("places_basis", pd.Series("stated_capacity", here.index))
    places = here["places"].astype(float) if "places" in here else pd.Series(np.nan, here.index)
    alone = basis.isin(list(CAPACITY_BASES))
    sure = here.get("mapping", pd.Series("sure", here.index)).eq("sure")
    source = here.get("source", pd.Series("", here.index)).fillna("").str.split(" | ", regex=False)
    table = pd.DataFrame(
        {
            "service": here["service"],
            "facilities": 1,
            "clients": places.where(alone, 0.0).fillna(0.0),
            "sure": places.where(alone & sure, 0.0).fillna(0.0),
            "shared": places.where(basis == "planned_clients_shared", 0.0).fillna(0.0),
            "sources": source.str[0],
        }
    )
    return table.groupby("service", as_index=False, sort=True).agg(
        {
            "facilities": "sum",
            "clients": "sum",
            "sure": "sum",
            "shared": "sum",
            "sources": lambda column: " | ".join(sorted(set(filter(None, column)))[:3]),
        }
    )


def choose_rates(study: Study, given: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return clients per person in need of every service, by what is known best.

    A region's own table comes first; then what is registered as operating; then the share
    that was observed in this region or others. Registered clients are the middle: it is them
    the services are organised for today. Low is what is sure of them or what observed shares
    say, high the greater of shared places and observed shares, though not of more than are in need.

    Parameters
    ----------
    study
        Whose need and facilities are taken.
    given
        Rates of the region's own, of the columns of `RATES`.

    Returns
    -------
    pandas.DataFrame
        Of the columns of `RATES`; `basis` is given, registered or observed.

    Examples
    --------
    >>> rates = choose_rates(Study.load("latgale")).set_index("service")
    >>> rates.loc["dac_ft", "basis"]
    'registered'
    """
    seen = summarise_take_up(observe_take_up(), own=study.name)
    rates = {(row["target_group"], row["service"]): row for row in seen.to_dict("records")}
    types = study.service_types
    assert types is not None
    group_of = dict(zip(types["service"], types["target_group"], strict=True))
    persons: dict[str, float] = {}
    if study.need is not None:
        persons = study.need.groupby("target_group")["persons"].sum().to_dict()
    for row in count_registered(study).to_dict("records"):
        key = (group_of.get(row["service"], ""), row["service"])
        whole = persons.get(key[0], 0.0)
        if not (row["clients"] > 0 and whole > 0):
            continue
        registered, other = row["clients"] / whole, rates.get(key)
        low = max(row["sure"] / whole, other["low"] if other else 0.0)
        # No more come than need it, unless more are registered already.
        high = max((row["clients"] + row["shared"]) / whole, other["high"] if other else 0.0)
        high = min(high, max(1.0, registered * _UNSEEN))
        rates[key] = {
            "target_group": key[0],
            "service": key[1],
            # One number is no range: of what nothing else is known the next count may differ.
            "low": low if low < registered else registered / _UNSEEN,
            "middle": registered,
            "high": high if high > registered else registered * _UNSEEN,
            "observations": row["facilities"],
            "basis": "registered",
            "source": row["sources"],
        }
    if given is not None:
        for row in given.to_dict("records"):
            rates[row["target_group"], row["service"]] = {
                **dict.fromkeys(RATES), "basis": "given", **row}  # fmt: skip
    table = pd.DataFrame(list(rates.values()), columns=RATES)
    return table[[math.isfinite(value) for value in table["middle"]]].reset_index(drop=True)
