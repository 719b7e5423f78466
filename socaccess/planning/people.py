"""Questions about people: goals, needs, clients to come, those who move, what keeps them away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError
from socaccess.planning.opening import (
    Asked,
    Given,
    open_amenities,
    open_release,
    open_result,
    open_table,
)
from socaccess.privacy import hide_small, mark_small
from socaccess.programme.assessments import read_children_by_age, read_needed_services
from socaccess.programme.forecast import VARIANTS, Assumptions, forecast_clients, read_population
from socaccess.programme.general_services import reach_people
from socaccess.programme.goals import check_goals, read_reached
from socaccess.programme.institutions import place_movers, read_movers, share_movers
from socaccess.programme.need import spread_to_settlements
from socaccess.programme.obstacles import list_obstacles, summarise_obstacles
from socaccess.programme.reach import find_service
from socaccess.settings import Settings
from socaccess.sources.gtfs import Feed
from socaccess.sources.services import load_contradictions
from socaccess.sources.settlements import load_settlements
from socaccess.study import Study, StudyResult
from socaccess.study.release import run_released
from socaccess.study.released import list_tables

__all__ = [
    "ClientForecast",
    "Movers",
    "NeedReading",
    "Obstacles",
    "contradictions",
    "forecast",
    "goals",
    "list_movers",
    "movers",
    "need",
    "obstacles",
    "views",
]


_OF_VIEWS = ["municipality_id", "municipality", "persons", "covered", "covered_share", "population"]


def goals(asked: Asked | str = "all", *, reached: Given | None = None) -> pd.DataFrame:
    """Return every goal of the DI plans with what has been reached of it.

    Parameters
    ----------
    asked
        The name of a region, or `all`; a study of a region, or its result, adds who
        lives near the promised services now (`near_persons`, `near_share`).
    reached
        A region's own figures: `planning_region`, `target_group`, `persons`, `source`.

    Returns
    -------
    pandas.DataFrame
        See `socaccess.programme.goals.check_goals`.

    Examples
    --------
    >>> import socaccess as sa
    >>> sa.planning.goals("kurzeme")["goal"].tolist()
    [375.0, 35.0, 350.0]
    """
    own = None if reached is None else open_table(reached, read_reached)
    if isinstance(asked, str):
        return check_goals([] if asked == "all" else [asked], reached=own)
    result, _ = open_result(asked)
    return check_goals([result.study.name], reached=own, result=result)


@dataclass(frozen=True, eq=False)
class NeedReading:
    """How a table of needs was understood.

    Parameters
    ----------
    vintage
        2009, 2021 or 2025: of which municipalities its codes are.
    columns, ignored
        What each heading was taken for, and those not understood.
    findings
        What is odd but no reason to refuse.
    rows
        How many numbers of persons were read.
    sums, settlements
        Persons of the latest period: the sum of each kind (`service` or `age_group`),
        and settlement by settlement; small counts are hidden.
    """

    vintage: int
    columns: dict[str, str]
    ignored: tuple[str, ...]
    findings: tuple[Problem, ...]
    rows: int
    sums: pd.DataFrame
    settlements: pd.DataFrame


def need(
    file: str | Path, *, children: bool = False, allow_small_counts: bool = False
) -> NeedReading:
    """Return how a table of needs by municipality is understood, spread to settlements.

    Parameters
    ----------
    file
        CSV or XLSX: services of support plans, or, with `children`, children with
        disability by age.
    allow_small_counts
        Show counts of fewer people than the threshold too.
    """
    table = read_children_by_age(file) if children else read_needed_services(file)
    kind = "age_group" if children else "service"
    below = 0 if allow_small_counts else Settings().suppress_below
    latest = table.choose_latest()
    sums = latest.groupby(kind, as_index=False)["persons"].sum(min_count=1)
    spread = spread_to_settlements(latest, load_settlements(), vintage=table.vintage, kind=kind)
    return NeedReading(
        vintage=table.vintage,
        columns=table.columns,
        ignored=table.ignored,
        findings=table.findings,
        rows=len(table.persons),
        sums=hide_small(sums, "persons", below=below),
        settlements=hide_small(spread, "persons", below=below, totals_by=[kind], decimals=4),
    )


def contradictions(region: str = "all", *, allow_small_counts: bool = False) -> pd.DataFrame:
    """Return where published figures, need and places do not go together.

    Parameters
    ----------
    region
        A planning region, or `all`.
    allow_small_counts
        Show estimates of fewer people than the threshold too.

    Returns
    -------
    pandas.DataFrame
        One row per pair: `kind`, `planning_region`, `municipality`, `target_group`,
        `service`, and `first_value` against `second_value` with where they come from
        (`first`, `second`: need, places, a row of the register, the list or the plan figures).

    Examples
    --------
    >>> found = contradictions("latgale")
    >>> found.loc[found["kind"] == "target_below_recipients", "second_value"].tolist()
    [460]
    """
    table = load_contradictions()
    if region != "all":
        known = sorted(table["planning_region"].dropna().unique())
        if region not in known:
            raise UnknownNameError("study.unknown_region", region=region, known=known)
        table = table[table["planning_region"] == region].reset_index(drop=True)
    below = 0 if allow_small_counts else Settings().suppress_below
    for side in ("first", "second"):
        # The need is an estimate of ours; the other figures are public.
        ours = table[side].str.startswith("need") & (table[f"{side}_value"] < below)
        shown = table[f"{side}_value"].round().astype(int).astype(object)
        table[f"{side}_value"] = shown.mask(ours, mark_small(below))
    return table


def views(
    asked: Asked, service: str = "dac_grt", *, allow_small_counts: bool = False
) -> pd.DataFrame:
    """Return coverage of the same people in the plan's municipalities and in today's.

    Every number is the one that the files of a run in those borders show.

    Parameters
    ----------
    asked
        A study of an embedded region, or its result, in either borders. The other ones are asked
        with the same need, limits and roads.
    service
        Which service.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Returns
    -------
    pandas.DataFrame
        One row per view (`plan`, `today`) and municipality: `persons` and `covered`, counts or
        marks, `covered_share` (of persons, or of inhabitants where their count is hidden) and
        `population`.
    """
    first = open_release(asked, allow_small_counts=allow_small_counts)
    study = first.result.study
    chosen = str(find_service(study, service)["service"])
    other = "today" if study.view == "plan" else "plan"
    again = Study.load(
        study.name, view=other, settings=study.settings, network=study.network, lang=study.lang
    )
    # Tables are checked anew where another need takes the place of theirs.
    if study.need is None or again.need is None or not again.need.equals(study.need):
        again = replace(again, need=study.need)
    second = run_released(again, sites=False, allow_small_counts=first.below == 0)
    tables = []
    for view, released in sorted({study.view: first, other: second}.items()):
        table = list_tables(released)["coverage"]
        rows = table["service"].eq(chosen) & table["scenario"].eq("now") & table["scope"].eq("any")
        tables.append(table.loc[rows, _OF_VIEWS].assign(view=view, service=chosen))
    table = pd.concat(tables, ignore_index=True)
    return table[["view", "municipality_id", "municipality", "service", *_OF_VIEWS[2:]]]


@dataclass(frozen=True, eq=False)
class ClientForecast:
    """Clients to come, as they may leave.

    Parameters
    ----------
    region
        One row per target group, service (`all`: each person once), year and variant.
    clients
        The same by municipality.
    indicators
        Clients beside the plan's figures, as result indicators.
    assumptions
        Everything assumed: what, of what, value, basis, source.
    missing
        Services without a take-up, so without a forecast.
    """

    region: pd.DataFrame
    clients: pd.DataFrame
    indicators: pd.DataFrame
    assumptions: pd.DataFrame
    missing: tuple[str, ...]


def forecast(
    asked: Asked,
    years: Sequence[int],
    *,
    base_year: int = 2020,
    change_per_year: Mapping[str, float] | None = None,
    population: Given | None = None,
    allow_small_counts: bool = False,
) -> ClientForecast:
    """Return the clients of each service to come: low, middle, high; and the goals beside.

    Parameters
    ----------
    asked
        A study or its result.
    years
        The years wanted.
    base_year
        The year the persons in need are of.
    change_per_year
        Yearly change by variant as a share, such as `{"low": -0.02}`; none by default.
    population
        A projection instead: `municipality_id`, `year`, `population`.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> found = sa.planning.forecast(sa.Study.load("latgale"), [2026])
    >>> sorted(set(found.region["variant"]))
    ['high', 'low', 'middle']
    """
    changes = {name: float((change_per_year or {}).get(name, 0.0)) for name in VARIANTS}
    table = None if population is None else open_table(population, read_population)
    result, below = open_result(asked, allow_small_counts=allow_small_counts)
    found = forecast_clients(
        result.study,
        years,
        Assumptions(base_year=base_year, change_per_year=changes, population=table),
    )
    totals = ["target_group", "service", "year", "variant"]
    targets = result.study.targets
    return ClientForecast(
        region=_hide_clients(found.sum_region(), below),
        clients=_hide_clients(found.clients, below, totals),
        indicators=found.clients[:0] if targets is None else found.compare_indicators(targets),
        assumptions=found.assumptions,
        missing=found.missing,
    )


def _hide_clients(table: pd.DataFrame, below: int, totals_by: Sequence[str] = ()) -> pd.DataFrame:
    """Return people in need and those of them who come, as they may leave."""
    shown = hide_small(table, "persons", below=below, totals_by=totals_by)
    coming = ["clients", "clients_whole"]
    shown[coming] = hide_small(table, coming[0], coming[1:], below=below)[coming]
    return shown


@dataclass(frozen=True, eq=False)
class Movers:
    """Where people who leave institutions go.

    Parameters
    ----------
    service
        The home they need.
    groups
        One row per group of movers; see `socaccess.programme.institutions.place_movers`.
    sums
        `persons`, `near` (a home is within the limit of where they go) and `undecided`.
    is_estimate
        Whether all were shared out by population, because only their number is known.
    """

    service: str
    groups: pd.DataFrame
    sums: dict[str, object]
    is_estimate: bool


def movers(
    asked: Asked,
    table: Given | None = None,
    *,
    institution: str | None = None,
    persons: int | None = None,
    service: str = "group_home",
    allow_small_counts: bool = False,
) -> Movers:
    """Return where people who leave institutions go, and what homes they find there.

    Parameters
    ----------
    asked
        A study or its result.
    table
        Who leaves: `institution_id`, `origin`, `choice`, `persons`. Without it `persons`
        (the plan's goal by default) leave `institution`, shared out by population.
    service
        The home they need.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> sa.planning.movers(sa.Study.load("kurzeme"), institution="kur038").sums["persons"]
    35.0
    """
    result, below = open_result(asked, allow_small_counts=allow_small_counts)
    moving = list_movers(result, table, institution, persons)
    chosen = str(find_service(result.study, service)["service"])
    placed = place_movers(result, moving, service=chosen)
    return Movers(
        service=chosen,
        groups=hide_small(placed, "persons", below=below, totals_by=["institution_id"]),
        sums=_sum_movers(placed, below),
        is_estimate=set(placed["basis"]) == {"estimate"},
    )


def list_movers(
    result: StudyResult, table: Given | None, institution: str | None, persons: int | None
) -> pd.DataFrame:
    """Return who leaves, as of a table; else a number shared out by population."""
    if table is not None:
        return open_table(table, lambda path: read_movers(path, result.study))
    if institution is None:
        raise InputError("programme.no_movers")
    number = _find_goal(result) if persons is None else persons
    return share_movers(result.study, institution, number)


def _find_goal(result: StudyResult) -> int:
    targets = result.study.targets
    if targets is not None:
        rows = targets[
            (targets["target_group"] == "adults_grt_vsac")
            & (targets["planning_region"] == result.study.name)
        ]
        if len(rows):
            return int(rows["persons"].iloc[0])
    raise InputError("programme.no_goal_of_movers")


def _sum_movers(placed: pd.DataFrame, below: int) -> dict[str, object]:
    """Return how many leave, to where a home is near, and to nowhere known, as it may leave."""
    persons = placed["persons"].astype(float)
    sums = {
        "persons": persons.sum(),
        "near": persons[placed["within_limit"].eq(True)].sum(),
        "undecided": persons[placed["decided_by"].eq("nobody")].sum(),
    }
    hidden = hide_small(pd.DataFrame([sums]), "persons", ["near", "undecided"], below=below)
    return dict(hidden.iloc[0])


@dataclass(frozen=True, eq=False)
class Obstacles:
    """What keeps people from the promised services.

    Parameters
    ----------
    rows
        One row per settlement, service and obstacle.
    by_service, by_municipality
        Settlements and inhabitants by obstacle.
    stops_known
        Whether any public transport stop is known.
    """

    rows: pd.DataFrame
    by_service: pd.DataFrame
    by_municipality: pd.DataFrame
    stops_known: bool


def obstacles(
    asked: Asked,
    amenities: Given | None = None,
    *,
    timetable: Feed | str | Path | None = None,
    scenario: str = "now",
) -> Obstacles:
    """Return what keeps people from the promised services: minutes, roads, borders, no stop.

    Parameters
    ----------
    asked
        A study or its result.
    amenities
        General services with public transport stops among them, as a table or a file.
    timetable
        Whose stops are taken instead: a timetable, its file, or GTFS.
    scenario
        `now` or `planned`.

    Examples
    --------
    >>> import socaccess as sa
    >>> sa.planning.obstacles(sa.Study.load("latgale")).stops_known
    False
    """
    around = open_amenities(amenities, timetable)
    result, _ = open_result(asked)
    reach = None if around is None else reach_people(result.study, around)
    found = list_obstacles(result, reach, scenario=scenario)
    known = reach is not None and bool(reach.loc[reach["kind"] == "transport", "known"].any())
    return Obstacles(
        found,
        summarise_obstacles(found),
        summarise_obstacles(found, by="municipality_id"),
        known,
    )
