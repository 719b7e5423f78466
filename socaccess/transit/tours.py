"""Where no bus goes: a van that fetches clients to a place and takes them home."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from socaccess.errors import InputError, MissingDependencyError, Problem, raise_problems
from socaccess.transit.asking import read_clock

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network import RoadNetwork

__all__ = ["TourPlan", "VanPrices", "Vehicle", "break_even", "compare_joint", "plan_tours"]

ITERATIONS: Final = 800
"""Steps of the search; a limit of time would make the answer depend on the machine."""
_UNIT: Final = 100_000
"""Costs of the search are whole numbers: hundred-thousandths of a euro."""
_UNSERVED_EUR: Final = 1_000
"""What the search pays for leaving a client behind: more than any tour costs."""


@dataclass(frozen=True)
class Vehicle:
    """Vans of one kind.

    Parameters
    ----------
    seats, wheelchair_places
        Passengers on seats, and in wheelchairs beside them.
    count
        How many there are at most.
    """

    seats: int
    wheelchair_places: int = 0
    count: int = 1


@dataclass(frozen=True)
class VanPrices:
    """What driving costs, euro; yours, as there is no price list for it.

    Parameters
    ----------
    km_eur
        Per kilometre: fuel, wear, tyres.
    hour_eur
        Per hour of the driver, from leaving the depot to being back.
    vehicle_day_eur
        Per van and day it is used.
    """

    km_eur: float
    hour_eur: float
    vehicle_day_eur: float = 0.0


@dataclass(frozen=True, eq=False)
class TourPlan:
    """Tours of one day, out and back, with their cost.

    Parameters
    ----------
    stops
        One row per stop of a tour: `way` (out, back), `tour`, `order`, `id` (of a client, `depot`
        or `place`), `clock` (when the van comes, in seconds), `ride_min` (of the client, getting
        in and out included; NaN at depot and place), `km` from the stop before.
    unserved
        One row per client who is not fetched: `id`, `reason` (no_road, too_far: even alone longer
        than the longest ride; no_place: no van has a place for a wheelchair; no_vehicle: too few
        vans).
    clients
        Clients who are.
    vehicles
        Vans needed.
    km, hours
        Of all tours of a day.
    day_eur, year_eur, client_year_eur
        Cost of a day, of a year, and of a year per client; None where nobody is fetched.
    """

    stops: pd.DataFrame
    unserved: pd.DataFrame
    clients: int
    vehicles: int
    km: float
    hours: float
    day_eur: Decimal
    year_eur: Decimal
    client_year_eur: Decimal | None


def plan_tours(
    network: RoadNetwork,
    clients: gpd.GeoDataFrame,
    place: gpd.GeoDataFrame,
    vehicle: Vehicle,
    prices: VanPrices,
    *,
    depot: gpd.GeoDataFrame | None = None,
    opens: str = "10:00",
    closes: str = "15:00",
    longest_ride_min: float = 60.0,
    boarding_min: float = 2.0,
    wheelchair_boarding_min: float = 5.0,
    days_per_year: int = 250,
    seed: int = 1,
) -> TourPlan:
    """Return the tours that fetch clients in the morning and take them home, and their cost.

    The tours are found by PyVRP, a search (hybrid genetic) that proves no bound: a better plan may
    exist. Clocks are as late as possible out, as early as possible back, so that nobody rides
    longer than needed.

    Parameters
    ----------
    network
        Roads; times and lengths are those of `travel_times`.
    clients
        Points with an id column; `wheelchair` (true or false) and `ready` (`HH:MM`, not to be
        fetched before) where known.
    place
        One point: the day centre.
    vehicle
        The vans.
    prices
        Of driving.
    depot
        One point where vans begin and end their day; the place itself by default.
    opens, closes
        Everybody is there by the one, and leaves at the other.
    longest_ride_min
        Longest time in the van for anybody, each way, inclusive.
    boarding_min, wheelchair_boarding_min
        Time it takes to get in or out.
    days_per_year
        Days the tours are driven.
    seed
        Of the search; equal inputs give equal tours.

    Raises
    ------
    InputError
        If vehicles, prices, times or points cannot be used, all findings at once.
    MissingDependencyError
        Without the package `pyvrp`.

    Examples
    --------
    >>> plan = plan_tours(network, clients, centre, Vehicle(seats=8, wheelchair_places=1, count=3),
    ...                   VanPrices(km_eur=0.35, hour_eur=11.0))         # doctest: +SKIP
    >>> plan.client_year_eur                                             # doctest: +SKIP
    Decimal('1480.00')
    """
    _check_numbers(vehicle, prices, longest_ride_min, boarding_min, days_per_year)
    hours = read_clock(opens, "opens"), read_clock(closes, "closes")
    if hours[1] < hours[0]:
        raise InputError("transit.closes_before", where="closes", opens=opens, closes=closes)
    case = _measure(network, clients, place, place if depot is None else depot)
    longest_s = round(longest_ride_min * 60)
    boarding_s = np.where(case.wheelchair, wheelchair_boarding_min, boarding_min) * 60
    reasons = _find_unservable(case, vehicle, longest_s - boarding_s)
    served = np.flatnonzero(reasons == "")
    while True:
        tours = {
            way: _solve(case, served, vehicle, prices, way, limit, longest_s, boarding_s, seed)
            for way, limit in zip(("out", "back"), hours, strict=True)
        }
        both = set.intersection(*({at for route in routes for at in route}
                                  for routes in tours.values()))  # fmt: skip
        left = [at for at in served.tolist() if at not in both]
        if not left:
            break
        # Nobody is fetched who is not taken home: without them, there may be room for others.
        reasons[left] = "no_vehicle"
        served = np.array(sorted(both), np.int64)
    rows: list[dict[str, Any]] = []
    seconds = metres = 0
    for (way, routes), limit in zip(tours.items(), hours, strict=True):
        for tour, route in enumerate(routes, 1):
            drawn, time_s, length_m = _schedule(case, route, way, limit, boarding_s)
            rows += [{"way": way, "tour": tour, **row} for row in drawn]
            seconds, metres = seconds + time_s, metres + length_m
    vans = max(len(routes) for routes in tours.values())
    day_eur = _price(prices, metres, seconds, vans)
    count = int((reasons == "").sum())
    return _finish(case, rows, reasons, count, vans, metres, seconds, day_eur, days_per_year)


def compare_joint(by: str, clients: gpd.GeoDataFrame, **asked: Any) -> pd.DataFrame:
    """Return what tours cost neighbours each for themselves, and together.

    Parameters
    ----------
    by
        Column of `clients` that names the neighbours, such as `municipality_id`.
    clients
        As for `plan_tours`.
    asked
        Everything else of `plan_tours`, by name.

    Returns
    -------
    pandas.DataFrame
        One row per neighbour and one of all together (`by` missing): clients, vehicles, km,
        year_eur.
    """
    import pandas as pd

    parts = [(name, part) for name, part in clients.groupby(by, sort=True)]
    rows = []
    for name, part in [*parts, (None, clients)]:
        plan = plan_tours(clients=part, **asked)
        rows.append({by: name, "clients": plan.clients, "vehicles": plan.vehicles, "km": plan.km,
                     "year_eur": plan.year_eur})  # fmt: skip
    return pd.DataFrame(rows)


def break_even(far: TourPlan, near: TourPlan) -> Decimal:
    """Return what a nearer place may cost more a year before driving farther is cheaper, euro."""
    return far.year_eur - near.year_eur


# ---- what is asked --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Case:
    """Clients, then the place, then the depot: seconds and metres between all of them."""

    ids: np.ndarray
    wheelchair: np.ndarray
    ready_s: np.ndarray
    drive_s: np.ndarray
    length_m: np.ndarray

    @property
    def place(self) -> int:
        return len(self.ids)

    @property
    def depot(self) -> int:
        return len(self.ids) + 1


def _check_numbers(
    vehicle: Vehicle, prices: VanPrices, longest_min: float, boarding_min: float, days: int
) -> None:
    problems = []
    numbers = {**vars(prices), "boarding_min": boarding_min,
               "wheelchair_places": vehicle.wheelchair_places}  # fmt: skip
    above = {"seats": vehicle.seats + vehicle.wheelchair_places, "count": vehicle.count,
             "longest_ride_min": longest_min, "days_per_year": days}  # fmt: skip
    for name, value in numbers.items():
        if not 0 <= value < float("inf"):
            problems.append(Problem("transit.not_from_zero", name, value=value))
    for name, value in above.items():
        if not 0 < value < float("inf"):
            problems.append(Problem("transit.not_above_zero", name, value=value))
    raise_problems(problems)


def _measure(
    network: RoadNetwork,
    clients: gpd.GeoDataFrame,
    place: gpd.GeoDataFrame,
    depot: gpd.GeoDataFrame,
) -> _Case:
    import geopandas as gpd
    import pandas as pd

    from socaccess.routing import UNREACHABLE
    from socaccess.travel import travel_times
    from socaccess.travel.places import find_id_column

    column = find_id_column(clients)
    ids = clients[column].to_numpy(object)
    problems = [
        Problem("transit.not_one_point", name, count=len(frame))
        for name, frame in (("place", place), ("depot", depot))
        if len(frame) != 1
    ]
    repeated = clients.loc[clients[column].duplicated(), column].tolist()
    if repeated:
        problems.append(Problem("network.id_repeats", "clients", repeated, column=column))
    raise_problems(problems)
    parts = [frame.geometry.to_crs("EPSG:4326") for frame in (clients, place, depot)]
    points = gpd.GeoDataFrame(geometry=pd.concat(parts, ignore_index=True), crs="EPSG:4326")
    points["id"] = np.arange(len(points))
    times = travel_times(network, points, points, lengths=True)
    unreachable = times.travel_ms >= UNREACHABLE
    drive_s = np.where(unreachable, -1, np.ceil(times.travel_ms / 1000)).astype(np.int64)
    assert times.length_m is not None
    length_m = np.where(unreachable, 0, np.nan_to_num(times.length_m)).round().astype(np.int64)
    for matrix in (drive_s, length_m):
        np.fill_diagonal(matrix, 0)
    flags = clients["wheelchair"] if "wheelchair" in clients else pd.Series(False, clients.index)
    ready = clients["ready"] if "ready" in clients else pd.Series(None, clients.index)
    return _Case(
        ids,
        flags.fillna(False).astype(bool).to_numpy(),
        np.array([read_clock(text, "ready") if isinstance(text, str) and text else 0
                  for text in ready], np.int64),
        drive_s,
        length_m,
    )  # fmt: skip


def _find_unservable(case: _Case, vehicle: Vehicle, most_s: np.ndarray) -> np.ndarray:
    """Return why a client cannot be fetched even alone, an empty text where one can."""
    reasons = np.full(len(case.ids), "", object)
    to, back = case.drive_s[: case.place, case.place], case.drive_s[case.place, : case.place]
    reasons[np.maximum(to, back) > most_s] = "too_far"
    if not vehicle.wheelchair_places:
        reasons[case.wheelchair] = "no_place"
    if not vehicle.seats:
        reasons[~case.wheelchair] = "no_place"
    depot = case.drive_s[case.depot, : case.place], case.drive_s[: case.place, case.depot]
    reasons[(to < 0) | (back < 0) | (depot[0] < 0) | (depot[1] < 0)] = "no_road"
    return reasons


def _solve(
    case: _Case, served: np.ndarray, vehicle: Vehicle, prices: VanPrices, way: str, limit: int,
    longest_s: int, boarding_s: np.ndarray, seed: int,
) -> list[list[int]]:  # fmt: skip
    """Return the clients of every tour in the order they are visited."""
    if not len(served):
        return []
    try:
        from pyvrp import Model, PenaltyParams, SolveParams
        from pyvrp.stop import MaxIterations
    except ImportError:
        raise MissingDependencyError("transit.no_pyvrp") from None
    model: Any = Model()
    nodes = [*served.tolist(), case.place, case.depot]
    spots = {node: model.add_location(0, 0) for node in nodes}
    place = model.add_depot(spots[case.place])
    depot = model.add_depot(spots[case.depot])
    begin, end = (depot, place) if way == "out" else (place, depot)
    shared = {"unit_distance_cost": round(prices.km_eur * _UNIT / 1000),
              "unit_duration_cost": round(prices.hour_eur * _UNIT / 3600)}  # fmt: skip
    hours = {"tw_late": limit} if way == "out" else {"tw_early": limit, "start_late": limit}
    model.add_vehicle_type(
        vehicle.count, [vehicle.seats, vehicle.wheelchair_places], begin, end,
        fixed_cost=round(prices.vehicle_day_eur * _UNIT / 2), **shared, **hours,
    )  # fmt: skip
    for client in served.tolist():
        load = [0, 1] if case.wheelchair[client] else [1, 0]
        given: dict[str, Any] = {"pickup": load} if way == "out" else {"delivery": load}
        board = int(boarding_s[client])
        if way == "out":
            # Whoever is fetched no earlier rides no longer: the van is there at the hour at latest.
            given["tw_early"] = max(limit - longest_s, int(case.ready_s[client]))
        else:
            given["tw_late"] = limit + longest_s - board
        model.add_client(
            spots[client], service_duration=board, required=False,
            prize=_UNSERVED_EUR * _UNIT, **given,
        )  # fmt: skip
    for a in nodes:
        for b in nodes:
            if a != b and case.drive_s[a, b] >= 0:
                model.add_edge(
                    spots[a], spots[b], int(case.length_m[a, b]), int(case.drive_s[a, b])
                )
    # One passenger or second too many must cost more than leaving a client behind.
    most = 10.0 * _UNSERVED_EUR * _UNIT
    params = SolveParams(penalty=PenaltyParams(min_penalty=most / 1000, max_penalty=most))
    with warnings.catch_warnings():
        # It warns of penalties where not everybody can be served: that is told per client.
        warnings.simplefilter("ignore")
        result = model.solve(
            MaxIterations(ITERATIONS), seed=seed, collect_stats=False, display=False, params=params
        )
    if not result.is_feasible():
        return []
    return [_list_clients(route, served) for route in result.best.routes()]


def _list_clients(route: Any, served: np.ndarray) -> list[int]:
    """Return the clients of a route, as positions in the case."""
    return [int(served[visit.idx]) for visit in route if visit.is_client()]


# ---- what comes back ------------------------------------------------------------------------


def _schedule(
    case: _Case, route: list[int], way: str, limit: int, boarding_s: np.ndarray
) -> tuple[list[dict[str, Any]], int, int]:
    """Return the stops of a tour with clocks, its seconds and its metres."""
    nodes = [case.depot, *route, case.place] if way == "out" else [case.place, *route, case.depot]
    board = [int(boarding_s[node]) if node < case.place else 0 for node in nodes]
    hops = [int(case.drive_s[a, b]) for a, b in pairwise(nodes)]
    # Out: when the van comes to each stop if it is at the place on the hour; back: from the hour.
    clocks = [limit] * len(nodes)
    if way == "out":
        for at in range(len(nodes) - 2, -1, -1):
            clocks[at] = clocks[at + 1] - hops[at] - board[at]
    else:
        for at in range(1, len(nodes)):
            clocks[at] = clocks[at - 1] + board[at - 1] + hops[at - 1]
    names = {case.place: "place", case.depot: "depot"}
    rows = []
    for order, node in enumerate(nodes):
        before = int(case.length_m[nodes[order - 1], node]) if order else 0
        ride = abs(limit - clocks[order]) + (board[order] if way == "back" else 0)
        rows.append(
            {
                "order": order,
                "id": names.get(node) or case.ids[node],
                "clock": clocks[order],
                "ride_min": ride / 60 if node < case.place else np.nan,
                "km": before / 1000,
            }
        )
    length_m = sum(int(case.length_m[a, b]) for a, b in pairwise(nodes))
    return rows, clocks[-1] - clocks[0], length_m


def _price(prices: VanPrices, metres: int, seconds: int, vans: int) -> Decimal:
    """Return the cost of a day to the cent."""
    km, hour, day = (Decimal(str(price)) for price in vars(prices).values())
    whole = km * metres / 1000 + hour * seconds / 3600 + day * vans
    return whole.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _finish(
    case: _Case, rows: list[dict[str, Any]], reasons: np.ndarray, count: int, vans: int,
    metres: int, seconds: int, day_eur: Decimal, days: int,
) -> TourPlan:  # fmt: skip
    import pandas as pd

    left = reasons != ""
    year_eur = day_eur * days
    per_client = (year_eur / count).quantize(Decimal("0.01"), ROUND_HALF_UP) if count else None
    columns = ["way", "tour", "order", "id", "clock", "ride_min", "km"]
    return TourPlan(
        stops=pd.DataFrame(rows, columns=columns),
        unserved=pd.DataFrame({"id": case.ids[left], "reason": reasons[left]}),
        clients=count,
        vehicles=vans,
        km=metres / 1000,
        hours=seconds / 3600,
        day_eur=day_eur,
        year_eur=year_eur,
        client_year_eur=per_client,
    )
