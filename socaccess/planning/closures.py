"""Questions of what closes: a facility, all of a provider, or a road."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access import Closings, close_each, close_together, compare_nearest, read_pairs
from socaccess.access.pairs import as_objects
from socaccess.errors import UnknownNameError
from socaccess.i18n import fold
from socaccess.network.edits import close_roads
from socaccess.planning.opening import Asked
from socaccess.planning.service_access import AccessContext, ServiceAccess
from socaccess.privacy import show_counts
from socaccess.schemas import suggest_names
from socaccess.study import Study

__all__ = ["Closing", "closing", "rank_facilities", "road_closing"]

COUNTS = ("persons", "falls_out", "unreachable", "moving", "without_place", "place_unknown")
"""Columns of the ranking that count persons."""


@dataclass(frozen=True, eq=False)
class Closing:
    """What closing would mean, as it may leave.

    Parameters
    ----------
    ranking
        One row per service and facility (or provider, or the set that was named), the hardest to
        replace first: `rank`, `service`, `unit` (facility id, or the provider's name), `name`,
        `municipality`, `places`, `persons` whose nearest it is, `falls_out` of the limit,
        `unreachable`, `extra_min` and `extra_max_min`, `to` (where most would go), `moving`
        (who can have a place now), `without_place`, `place_unknown` (see
        `socaccess.access.Closings`), `weighted_by` (`need`, or `population` where the need is
        not known).
    flows
        Who would go where: `service`, `unit`, `name`, `to_facility_id`, `to`, `persons`,
        `extra_min`.
    settlements
        Whose nearest facility closes: `service`, `unit`, `settlement_id`, `settlement`,
        `municipality`, `persons`, `travel_min`, `next_min`, `extra_min`, `falls_out_share`.
    """

    ranking: pd.DataFrame
    flows: pd.DataFrame
    settlements: pd.DataFrame


def closing(
    asked: Asked,
    *,
    service: str | None = None,
    facilities: Sequence[str] = (),
    provider: str | None = None,
    by: str = "facility",
    allow_small_counts: bool = False,
) -> Closing:
    """Return what it would mean if facilities closed: each alone, or some together.

    Parameters
    ----------
    asked
        A study (not run for it), its result or its release.
    service
        Which service; all that anybody counts by default.
    facilities
        Facilities by id or name that close together; all services of one name close.
    provider
        A provider, all of whose facilities close: `provider` of the table of facilities, or
        where there is none the name in the register.
    by
        `facility` or `provider`: what closes one at a time, where neither is named.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Raises
    ------
    UnknownNameError
        If no facility or provider here is called so, with the nearest names.

    Examples
    --------
    >>> import socaccess as sa
    >>> answer = sa.planning.closing(sa.Study.load("latgale"), service="respite_grt")
    >>> len(answer.ranking), answer.ranking["service"].unique().tolist()
    (1, ['respite_grt'])
    """
    context = AccessContext.open(asked, allow_small_counts=allow_small_counts)
    named = [*facilities, *([] if provider is None else [provider])]
    closed = _find_closed(context, list(facilities), provider) if named else None
    parts: dict[str, list[pd.DataFrame]] = {"ranking": [], "flows": [], "settlements": []}
    for one, found in _close(context.ask_all(service), closed, ", ".join(named), by):
        alone = by == "facility" and closed is None
        ranking = _describe_units(context, one, found, alone, closed is not None)
        kept = set(ranking["unit"])
        parts["ranking"].append(ranking)
        parts["flows"].append(_describe_flows(context, one, found.flows, kept))
        parts["settlements"].append(_by_settlement(context, one, found.origins, kept))
    tables = {
        name: pd.concat(found, ignore_index=True) if found else pd.DataFrame()
        for name, found in parts.items()
    }
    return Closing(_rank(tables["ranking"], context.below), tables["flows"], tables["settlements"])


def rank_facilities(context: AccessContext, asked: Iterable[ServiceAccess]) -> pd.DataFrame:
    """Return `Closing.ranking` of all facilities of some services, each closing alone."""
    found = [_describe_units(context, one, each, True) for one, each in _close(asked)]
    return _rank(pd.concat(found, ignore_index=True) if found else pd.DataFrame(), context.below)


def _close(
    asked: Iterable[ServiceAccess],
    closed: set[str] | None = None,
    name: str = "",
    by: str = "facility",
) -> Iterator[tuple[ServiceAccess, Closings]]:
    """Yield what closing means to every service that has something to close."""
    for one in asked:
        ids = one.supply["facility_id"].to_numpy(dtype=object)
        travel = read_pairs(one.travel_min, None, ids)
        given: dict[str, Any] = {"limit_min": one.limit_min,
                                 "places": one.supply["places"].to_numpy()}  # fmt: skip
        if closed is None:
            units = one.supply["provider"].tolist() if by == "provider" else None
            yield one, close_each(travel, one.persons, units=units, **given)
        elif here := [facility for facility in ids if facility in closed]:
            yield one, close_together(travel, one.persons, here, name=name, **given)


def _find_closed(context: AccessContext, facilities: list[str], provider: str | None) -> set[str]:
    """Return the ids of the facilities named, and of those of a provider."""
    supply = context.reach.supply["now"]
    owner = supply["facility_id"].map(context.list_providers())
    found: set[str] = set()
    for word in facilities:
        fits = (supply["facility_id"] == word) | (supply["name"].map(fold) == fold(word))
        if not fits.any():
            near = suggest_names(word, list(supply["name"])) or list(supply["name"])
            raise UnknownNameError("access.no_facility", name=word, near=near)
        found |= set(supply.loc[fits, "facility_id"])
    if provider is not None:
        known = owner.dropna().astype(str)
        fits = known[known.map(fold) == fold(provider)]
        if not len(fits):
            names = sorted(set(known))
            near = suggest_names(provider, names) or names
            raise UnknownNameError("access.no_provider", name=provider, near=near)
        found |= set(supply.loc[fits.index, "facility_id"])
    return found


def _describe_units(
    context: AccessContext, one: ServiceAccess, found: Closings, alone: bool, everyone: bool = False
) -> pd.DataFrame:
    """Return the ranking of one service with names, counts as they leave."""
    supply = one.supply
    # Others' facilities matter to people here, but they are not this region's to close.
    own = supply["in_region"].to_numpy() | everyone
    ids = supply["facility_id"].to_numpy(dtype=object)
    ranking, flows = found.ranking, found.flows
    if not everyone:
        provider = supply["provider"]
        # A facility whose provider is not known closes alone, under its own id.
        ours = ids if alone else provider.where(provider.notna(), supply["facility_id"]).to_numpy()
        ranking = ranking[ranking["unit"].isin(set(ours[own])).to_numpy()]
    units = ranking["unit"].to_numpy(dtype=object)
    names = dict(zip(ids, supply["name"], strict=True))
    home = dict(zip(ids, supply["municipality_id"].map(context.municipality_names), strict=True))
    largest = flows.sort_values("persons", ascending=False, kind="stable").drop_duplicates("unit")
    most = dict(zip(largest["unit"], largest["to_facility_id"], strict=True))
    columns = {name: ranking[name].to_numpy() for name in ranking if name not in COUNTS}
    counts = {
        name: context.show(one.target_group, ranking[name], one.weighted_by) for name in COUNTS
    }
    return pd.DataFrame(
        {
            **columns,
            **counts,
            "service": one.service,
            "name": as_objects(names.get(unit, unit) for unit in units),
            "municipality": as_objects(home.get(unit) for unit in units),
            "to": as_objects(names.get(most.get(unit)) for unit in units),
            "weighted_by": one.weighted_by,
            "_score": ranking["falls_out"].to_numpy(dtype=float),
        }
    )


def _describe_flows(
    context: AccessContext, one: ServiceAccess, flows: pd.DataFrame, units: set[Any]
) -> pd.DataFrame:
    """Return who would go where from the units that are kept."""
    names = one.supply.set_index("facility_id")["name"]
    flows = flows[flows["unit"].isin(units)].reset_index(drop=True)
    return pd.DataFrame(
        {
            "service": one.service,
            "unit": flows["unit"],
            "name": flows["facility_id"].map(names).astype(object),
            "to_facility_id": flows["to_facility_id"],
            "to": flows["to_facility_id"].map(names).astype(object),
            "persons": context.show(one.target_group, flows["persons"], one.weighted_by),
            "extra_min": flows["extra_min"],
        }
    )


def _by_settlement(
    context: AccessContext, one: ServiceAccess, origins: pd.DataFrame, units: set[Any]
) -> pd.DataFrame:
    """Return the settlements of which people use a closing facility, means of those people."""
    settlements = context.study.settlements
    hit = np.flatnonzero(origins["unit"].isin(units).to_numpy())
    unit, labels = pd.factorize(origins["unit"].iloc[hit])
    count = len(settlements)
    key, group = np.unique(unit * count + context.reach.home[hit], return_inverse=True)
    group, at = group.ravel(), key % count
    share = context.reach.share[hit]
    part = np.bincount(group, weights=share)
    # Where some reach no other facility there is no mean of the way to it: NaN stays.
    now, then, out = (
        np.bincount(group, weights=share * origins[name].to_numpy(dtype=float)[hit]) / part
        for name in ("travel_min", "next_min", "falls_out")
    )
    persons = context.sum_persons(one, "settlement")
    protection = context.protections.get(one.target_group)
    if protection is not None and one.weighted_by == "need":
        shown = show_counts(persons, protection.members, context.below)
    else:
        shown = np.array([round(float(count)) for count in persons], dtype=object)
    return pd.DataFrame(
        {
            "service": one.service,
            "unit": np.asarray(labels, dtype=object)[key // count],
            "settlement_id": settlements["settlement_id"].to_numpy()[at],
            "settlement": settlements["name"].to_numpy()[at],
            "municipality": settlements["municipality_id"]
            .map(context.municipality_names)
            .to_numpy()[at],
            "persons": pd.Series(list(shown[at]), dtype=object),
            "travel_min": now,
            "next_min": then,
            "extra_min": then - now,
            "falls_out_share": np.clip(out, 0.0, 1.0),
        }
    )


def _rank(ranking: pd.DataFrame, below: int) -> pd.DataFrame:
    """Return the ranking over all services; those of known need before those of inhabitants."""
    if not len(ranking):
        return ranking
    # Hidden counts are one rank: their order would tell them.
    score = ranking["_score"].to_numpy(dtype=float)
    score = np.where((score > 0) & (score < below), below / 2, score)
    order = np.lexsort(
        (
            ranking["unit"].astype(str),
            ranking["service"],
            -np.nan_to_num(ranking["extra_min"].to_numpy(dtype=float)),
            -score,
            ranking["weighted_by"] != "need",
        )
    )
    columns = ["service", "unit", "name", "municipality", "facilities", "places", "persons",
               "falls_out", "unreachable", "extra_min", "extra_max_min", "to", "moving",
               "without_place", "place_unknown", "weighted_by"]  # fmt: skip
    table = ranking.iloc[order][columns].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def road_closing(
    study: Study,
    ways: Iterable[int | str] | None = None,
    *,
    line: Any = None,
    service: str | None = None,
    allow_small_counts: bool = False,
) -> pd.DataFrame:
    """Return who has farther to go, and who falls out of the limit, when a road is closed.

    Parameters
    ----------
    study
        Its network is the one in which the road closes.
    ways, line
        The road, as `socaccess.network.edits.close_roads` takes it.
    service
        Which service; all that anybody counts by default.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Returns
    -------
    pandas.DataFrame
        One row per service and municipality: `persons` in need, `falls_out` (of the limit),
        `falls_out_share`, `unreachable_share` (who reach none any more), `extra_min` (mean of
        those who still reach one), `extra_max_min`.
    """
    closed = replace(study, network=close_roads(study.network, ways, line=line))
    contexts = [AccessContext.open(one, allow_small_counts=allow_small_counts)
                for one in (study, closed)]  # fmt: skip
    first, second = contexts
    frame = study.municipalities
    tables = []
    for one, then in zip(first.ask_all(service), second.ask_all(service), strict=True):
        table = compare_nearest(
            one.travel_min, then.travel_min, one.persons, limit_min=one.limit_min
        )
        extra = table["extra_min"].to_numpy()
        lost = table["travel_min_before"].notna() & table["travel_min_after"].isna()
        out = table["falls_out"].to_numpy(dtype=float)
        code = first.municipality_codes
        counted = np.bincount(code, weights=one.persons * out, minlength=len(frame))
        longest = np.full(len(frame), np.nan)
        np.fmax.at(longest, code, extra)
        persons = first.sum_persons(one, "municipality")
        shown = [first.show(one.target_group, values, one.weighted_by)
                 for values in (persons, counted)]  # fmt: skip
        tables.append(
            pd.DataFrame(
                {
                    "service": one.service,
                    "municipality_id": frame["municipality_id"],
                    "municipality": frame["name"],
                    "persons": shown[0],
                    "falls_out": shown[1],
                    "falls_out_share": first.average(one, out, "municipality")[0],
                    "unreachable_share": first.average(one, lost.to_numpy(float), "municipality")[
                        0
                    ],
                    "extra_min": first.average(one, extra, "municipality")[0],
                    "extra_max_min": longest,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
