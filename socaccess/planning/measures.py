"""Questions of access: places for those who reach them, choice, and what distance costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access import (
    METHODS,
    Decay,
    DeliveryModel,
    break_even_size,
    classify_areas,
    classify_cells,
    close_each,
    compare_tables,
    cost_per_head,
    count_choices,
    cumulative_opportunities,
    dai,
    floating_catchment,
    gravity_potential,
    huff,
    least_cost_size,
    nearest_facilities,
    spatial_availability,
)
from socaccess.errors import InputError, UnknownNameError
from socaccess.planning.opening import Asked
from socaccess.planning.service_access import AccessContext, ServiceAccess
from socaccess.privacy import show_counts
from socaccess.study.release import release, run_released
from socaccess.study.released import list_tables
from socaccess.study.study import Study

__all__ = [
    "MEASURES",
    "Access",
    "access",
    "classify_points",
    "comparison",
    "delivery_cost",
    "urbanisation",
]

CATCHMENTS = (*METHODS, "spatial_availability")
"""Measures that share places among those who reach them."""

MEASURES = (*CATCHMENTS, "potential", "opportunities", "choice", "huff")
"""What `access` can measure."""

CELL_M = 2000.0
"""Side of a cell for the degree of urbanisation: points stand some kilometre apart."""

_RANKS = ("first_min", "second_min", "third_min")


@dataclass(frozen=True, eq=False)
class Access:
    """Access to services, as it may leave.

    Parameters
    ----------
    measure, decay, unknown, scenario
        What was asked; `decay` is None where the measure takes none.
    services
        One row per service: `service`, `limit_min`, `weighted_by` (`need` or `population`),
        `facilities` and `facilities_unknown` (of unknown places) in anybody's reach, `places`
        that were shared out or counted.
    municipalities, settlements
        One row per area and service: `persons` in need (or a mark), the values of the measure
        as means of persons, `without_share` (of persons without a value) and `note`: None,
        `none_in_reach`, `at_least` (some facilities were left out), `unknown_places`, or
        `protected` (the value is not shown with a hidden count; of municipalities only).
    facilities
        One row per service and facility in reach: `places`, `persons` that fall to it, `per_100`
        of them, `note`; of `huff`, `persons` who would use it.
    """

    measure: str
    decay: str | None
    unknown: str
    scenario: str
    services: pd.DataFrame
    municipalities: pd.DataFrame
    settlements: pd.DataFrame
    facilities: pd.DataFrame


def access(
    asked: Asked,
    service: str | None = None,
    *,
    measure: str = "2sfca",
    limit_min: float | None = None,
    decay: Decay | None = None,
    unknown: str = "leave_out",
    scenario: str = "now",
    allow_small_counts: bool = False,
) -> Access:
    """Return a measure of access to one service or to all, by municipality and settlement.

    Parameters
    ----------
    asked
        A study, its result or its release. Facilities of other municipalities and regions
        count: people cross borders.
    service
        Which service; all that anybody counts by default.
    measure
        One of `MEASURES`: the floating catchments and `spatial_availability` give `per_100`
        (places per 100 persons), `potential` gives `potential`, `opportunities` the
        `facilities` and `places` within the limit, `choice` minutes to the first, second
        and third and the `facilities` and `providers` within the limit, `huff` the
        `nearest_share` (probability to use the nearest).
    limit_min
        Minutes beyond which nothing counts, inclusive; the service's own by default.
    decay
        Weights of times; `dai(limit)` by default where the measure takes one.
    unknown
        Facilities of unknown places: `leave_out`, or `median` of the service.
    scenario
        `now`, `planned`, or `suggested` (of a result with suggested sites, whose places are
        unknown until somebody decides them).
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> result = sa.Study.load("latgale").run(sites=False)
    >>> answer = sa.planning.access(result, "dac_grt")
    >>> list(answer.municipalities.columns[:5])
    ['service', 'municipality_id', 'municipality', 'persons', 'per_100']
    """
    if measure not in MEASURES:
        raise UnknownNameError("access.unknown_choice", given=measure, known=list(MEASURES))
    context = AccessContext.open(asked, allow_small_counts=allow_small_counts)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in
                                             ("services", "municipalities", "settlements",
                                              "facilities")}  # fmt: skip
    takes_decay = measure not in ("2sfca", "opportunities", "choice")
    for one in context.ask_all(service, scenario):
        limit = one.limit_min if limit_min is None else limit_min
        weight = (decay or dai(limit)) if takes_decay else None
        found = _measure(one, measure, limit, weight, unknown)
        unknown_count = int((found.facilities["note"] == "unknown_places").sum())
        summary = {
            "service": one.service,
            "limit_min": limit,
            "weighted_by": one.weighted_by,
            "facilities": len(found.facilities),
            "facilities_unknown": unknown_count,
            # Of facilities whose places nobody states, the sum is unknown, not 0.
            "places": np.nan if 0 < unknown_count == len(found.facilities) else found.places,
        }
        tables["services"].append(pd.DataFrame([summary]))
        tables["facilities"].append(_show_facilities(context, one, found.facilities))
        for by, name in (("municipality", "municipalities"), ("settlement", "settlements")):
            tables[name].append(_show_areas(context, one, found, by))
    joined = {
        name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        for name, parts in tables.items()
    }
    named = None if not takes_decay else str(decay) if decay else "dai"
    return Access(measure, named, unknown, scenario, **joined)


def share_places(context: AccessContext, asked: Iterable[ServiceAccess]) -> pd.DataFrame:
    """Return `Access.municipalities` by `2sfca`, of those services of which places are known."""
    parts = []
    for one in asked:
        found = _measure(one, "2sfca", one.limit_min, None, "leave_out")
        if found.places > 0:
            parts.append(_show_areas(context, one, found, "municipality"))
    columns = ["service", "municipality_id", "municipality", "persons", "per_100", "note"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


@dataclass(frozen=True, eq=False)
class _Measured:
    """Values of points, facilities in reach, and places shared out or counted."""

    values: dict[str, np.ndarray]
    note: np.ndarray
    facilities: pd.DataFrame
    places: float


def _measure(
    one: ServiceAccess, measure: str, limit: float, decay: Decay | None, unknown: str
) -> _Measured:
    places = one.fill_places(unknown)
    minutes = one.travel_min
    table = one.supply.assign(places=places)
    near = (minutes <= limit).any(axis=0)
    lost = np.full(len(places), None, dtype=object)
    lost[np.isnan(places)] = "unknown_places"
    if measure in CATCHMENTS:
        if measure == "spatial_availability":
            assert decay is not None
            found = spatial_availability(minutes, one.persons, places, decay, limit_min=limit)
        else:
            found = floating_catchment(minutes, one.persons, places, method=measure,
                                       limit_min=limit, decay=decay)  # fmt: skip
        reached = found.facility_note != "nobody_in_reach"
        table = table.assign(persons=found.demand, per_100=100 * found.ratio,
                             note=pd.Series(found.facility_note, dtype=object))  # fmt: skip
        shown = table[reached & near].reset_index(drop=True)
        return _Measured({"per_100": 100 * found.access}, found.note, shown, found.places_shared)
    table = table.assign(note=pd.Series(lost, dtype=object))
    known = float(np.nansum(places[near]))
    nothing = np.full(len(minutes), None, dtype=object)
    nothing[~(minutes <= limit).any(axis=1)] = "none_in_reach"
    if measure == "huff":
        assert decay is not None
        # Of unknown size nothing draws: such a facility is left out, and its row says so.
        kept = np.isfinite(places)
        shares = huff(minutes[:, kept], places[kept], decay, limit_min=limit)
        users = np.full(len(places), np.nan)
        users[kept] = shares.expect_users(one.persons)["users"]
        value = np.full(len(minutes), np.nan)
        if kept.any():
            dense = shares.share.toarray()
            first = np.where(np.isnan(minutes[:, kept]), np.inf, minutes[:, kept]).argmin(axis=1)
            value = np.where(dense.sum(axis=1) > 0, dense[np.arange(len(dense)), first], np.nan)
        table = table.assign(persons=users)
        return _Measured({"nearest_share": value}, nothing, table[near], known)
    shown = table[near].reset_index(drop=True)
    if measure == "potential":
        assert decay is not None
        answer = gravity_potential(minutes, places, decay, limit_min=limit)
        values = {"potential": answer["potential"].to_numpy()}
        return _Measured(values, answer["note"].to_numpy(), shown, known)
    if measure == "opportunities":
        count = cumulative_opportunities(minutes, limits_min=[limit])
        answer = cumulative_opportunities(minutes, places, limits_min=[limit])
        values = {"facilities": count["opportunities"].to_numpy(),
                  "places": answer["opportunities"].to_numpy()}  # fmt: skip
        return _Measured(values, answer["note"].to_numpy(), shown, known)
    ranked = nearest_facilities(minutes, k=3)["travel_min"].to_numpy().reshape(-1, 3)
    counted = count_choices(minutes, limits_min=[limit], providers=list(one.supply["provider"]))
    values = dict(zip(_RANKS, ranked.T, strict=True))
    values |= {name: counted[name].to_numpy(dtype=float) for name in ("facilities", "providers")}
    return _Measured(values, nothing, shown, known)


def _show_areas(
    context: AccessContext, one: ServiceAccess, found: _Measured, by: str
) -> pd.DataFrame:
    """Return one row per settlement or municipality, as it may leave."""
    frame = context.study.settlements if by == "settlement" else context.study.municipalities
    home = {"municipality_id": frame["municipality_id"]}
    if by == "settlement":
        home |= {"municipality": frame["municipality_id"].map(context.municipality_names),
                 "settlement_id": frame["settlement_id"], "settlement": frame["name"]}  # fmt: skip
    else:
        home["municipality"] = frame["name"]
    protection = context.protections.get(one.target_group)
    persons: Any = context.sum_persons(one, by)
    hidden = context.find_hidden(one.target_group, by) & (one.weighted_by == "need")
    if protection is not None and one.weighted_by == "need":
        codes = protection.members if by == "settlement" else protection.groups
        persons = show_counts(persons, codes, context.below)
    else:
        persons = [round(float(count)) for count in persons]
    closed = hidden & (by == "municipality")
    table: dict[str, Any] = {"service": one.service, **home}
    table["persons"] = pd.Series(list(persons), dtype=object)
    for name, values in found.values.items():
        mean, without = context.average(one, values, by)
        table[name] = np.where(closed, np.nan, mean)
        table["without_share"] = np.where(closed, np.nan, without)
    least, _ = context.average(one, (found.note == "at_least").astype(float), by)
    none, _ = context.average(one, (found.note == "none_in_reach").astype(float), by)
    lacking = np.asarray(table["without_share"], dtype=float) >= 1
    note = np.full(len(frame), None, dtype=object)
    note[none >= 1] = "none_in_reach"
    note[least > 0] = "at_least"
    note[lacking & (none < 1)] = "unknown_places"
    note[closed] = "protected"
    table["note"] = pd.Series(note, dtype=object)
    return pd.DataFrame(table)


def _show_facilities(
    context: AccessContext, one: ServiceAccess, facilities: pd.DataFrame
) -> pd.DataFrame:
    table = facilities.drop(columns="provider").reset_index(drop=True)
    table.insert(0, "service", one.service)
    if "persons" in table:
        counts = table["persons"].to_numpy(dtype=float)
        table["persons"] = context.show(one.target_group, counts, one.weighted_by)
        if "per_100" in table:
            # A hidden number of persons must not come back as a quotient.
            is_shown = [isinstance(value, int) for value in table["persons"]]
            table["per_100"] = table["per_100"].where(is_shown)
    return table


def urbanisation(asked: Asked) -> pd.DataFrame:
    """Return the degree of urbanisation of municipalities by Eurostat's grid method.

    The points where people live stand for several cells of 1 km² each, so they are put into
    cells of 2 km, with Eurostat's densities and numbers of persons; whoever has the grid
    itself asks `socaccess.access.classify_cells` of it (`docs/access.md`).

    Returns
    -------
    pandas.DataFrame
        One row per municipality: `municipality_id`, `municipality`, `population`,
        `centre_share`, `cluster_share` (of its people) and `degree`.

    Examples
    --------
    >>> import socaccess as sa
    >>> table = sa.planning.urbanisation(sa.Study.load("riga"))
    >>> table.set_index("municipality").loc["Rīga", "degree"]
    'cities'
    """
    context = AccessContext.open(asked, allow_small_counts=True)
    cells = classify_points(context)
    names = context.study.municipalities["name"].to_numpy()
    ids = context.study.municipalities["municipality_id"].to_numpy()
    found = classify_areas(cells, context.population, context.municipality_codes)
    at = found["area_id"].to_numpy(dtype=int)
    table = found.rename(columns={"persons": "population"}).drop(columns="area_id")
    table.insert(0, "municipality_id", ids[at])
    table.insert(1, "municipality", names[at])
    return table


def classify_points(context: AccessContext) -> list[str]:
    """Return the class of the cell of every point where people live."""
    points = context.study.people.to_crs(context.study.network.crs).geometry
    cells = classify_cells(points.x, points.y, context.population, cell_m=CELL_M)
    return list(cells["cell"])


def delivery_cost(
    asked: Asked, service: str, model: DeliveryModel, *, price_eur: float | None = None,
    allow_small_counts: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Return what a person served costs in a year by municipality, and what of it is distance.

    Everyone uses the nearest facility, whose fixed cost all its users share.

    Parameters
    ----------
    asked
        A study's result or its release.
    service
        Which service.
    model
        Costs; none is assumed.
    price_eur
        What is paid for a person a year: adds `break_even`, the least number of persons at whom
        a site in the municipality breaks even at its density, NaN where none does.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Returns
    -------
    pandas.DataFrame
        One row per municipality: `municipality_id`, `municipality`, `degree` (of
        urbanisation), `persons`, `density` (in need per km²), `travel_min`, `length_km`,
        `fixed_eur`, `variable_eur`, `way_eur`, `total_eur`, `least_cost_size`, and `note`
        (`protected` where the count is hidden, `none_in_reach`).
    """
    context = AccessContext.open(asked, allow_small_counts=allow_small_counts)
    if context.result is None:
        raise InputError("access.needs_result")
    one = next(context.ask_all(service))
    closing = close_each(one.travel_min, one.persons, limit_min=one.limit_min)
    nearest = closing.origins
    users = nearest.groupby("facility_id")["persons"].sum()
    site_persons = nearest["facility_id"].map(users).to_numpy(dtype=float)
    row = context.result.times.row(one.service, "now")
    length = context.result.times.length_km[row]
    minutes = nearest["travel_min"].to_numpy()
    cost = cost_per_head(model, minutes, length, site_persons, one.persons)
    frame = context.study.municipalities
    persons = context.sum_persons(one, "municipality")
    area = frame.geometry.area.to_numpy() / 1e6
    hidden = context.find_hidden(one.target_group, "municipality") & (one.weighted_by == "need")
    density = np.divide(persons, area, out=np.full(len(area), np.nan), where=area > 0)
    values = {"travel_min": minutes, "length_km": length} | {
        name: cost[name].to_numpy()
        for name in ("fixed_eur", "variable_eur", "way_eur", "total_eur")
    }
    shown = context.show(one.target_group, persons, one.weighted_by)
    degree = urbanisation(asked).set_index("municipality_id")["degree"]
    table = pd.DataFrame(
        {
            "municipality_id": frame["municipality_id"],
            "municipality": frame["name"],
            "degree": frame["municipality_id"].map(degree),
            "persons": pd.Series(shown, dtype=object),
            "density": density,
            **{name: context.average(one, value, "municipality")[0]
               for name, value in values.items()},
        }
    )  # fmt: skip
    sizes = [least_cost_size(model, d) if d > 0 else np.nan for d in density]
    table["least_cost_size"] = sizes
    if price_eur is not None:
        table["break_even"] = [
            break_even_size(model, price_eur, density=d) if d > 0 else np.nan for d in density
        ]
    lost = table["total_eur"].isna().to_numpy()
    told = [name for name in table if name not in ("municipality_id", "municipality", "degree",
                                                   "persons")]  # fmt: skip
    table.loc[hidden, told] = np.nan
    note = np.full(len(table), None, dtype=object)
    note[lost] = "none_in_reach"
    note[hidden] = "protected"
    return table.assign(note=pd.Series(note, dtype=object))


def comparison(
    before: Asked, after: Asked, *, scenario: str = "now", scenario_after: str | None = None,
    by: str = "municipality", allow_small_counts: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Return how coverage differs between two studies, years, borders or scenarios.

    Parameters
    ----------
    before, after
        Studies or results; one and the same to compare two scenarios.
    scenario, scenario_after
        `now`, `planned` or `suggested` of either; the same by default.
    by
        `municipality`, or `settlement` (what has the same id in both: settlements keep theirs
        under any borders).
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Returns
    -------
    geopandas.GeoDataFrame or pandas.DataFrame
        One row per area and service: `covered_share`, minutes (`mean_min` or `travel_min`) and
        population before and after with their change, and `in_both`; with outlines or points
        to draw it.

    Examples
    --------
    >>> import socaccess as sa
    >>> result = sa.Study.load("latgale").run(sites=False)
    >>> table = sa.planning.comparison(result, result, scenario_after="planned")
    >>> bool((table["covered_share_change"].dropna() >= 0).all())
    True
    """
    import geopandas as gpd

    tables, frames = [], []
    for asked, which in ((before, scenario), (after, scenario_after or scenario)):
        if isinstance(asked, Study):
            released = run_released(
                asked, sites=which == "suggested", allow_small_counts=allow_small_counts
            )
        else:
            released = release(asked, allow_small_counts=allow_small_counts)
        if by == "settlement":
            table = released.result.settlement_coverage
            frame = released.result.study.settlements
        else:
            table = list_tables(released)["coverage"]
            table = table[table["scope"] == "any"]
            frame = released.result.study.municipalities
        tables.append(table[table["scenario"] == which].reset_index(drop=True))
        frames.append(frame)
    key = "settlement_id" if by == "settlement" else "municipality_id"
    minutes = "travel_min" if by == "settlement" else "mean_min"
    joined = compare_tables(tables[0], tables[1], keys=[key, "service"],
                            columns=["covered_share", minutes, "population"])  # fmt: skip
    frame = pd.concat(frames[::-1])[[key, "name", "geometry"]].drop_duplicates(key)
    found = frame.merge(joined, on=key, how="right", sort=False)
    return gpd.GeoDataFrame(found, geometry="geometry", crs=frames[1].crs)
