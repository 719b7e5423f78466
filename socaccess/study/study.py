"""A study, what it answers, and its answer as it may leave: what users hold in their hands.

The tables and what can be told of them alone stand in `inputs`, `answer` and `releasing`; this
module joins them, as each of the three gives the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.study.answer import StudyAnswer
from socaccess.study.inputs import StudyInputs
from socaccess.study.releasing import ReleasedAnswer, conclude, protect_persons
from socaccess.study.tables import Progress, in_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from socaccess.siting import SitingPlan
    from socaccess.study.reach import Reach

__all__ = ["Release", "Study", "StudyResult", "release", "run_released"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Study(StudyInputs):
    """A region's municipalities, settlements, facilities and roads, and the questions one asks.

    Use `Study.load` for the embedded regions, or give your own tables.

    Parameters
    ----------
    municipalities, settlements, facilities
        Tables of the forms in `socaccess.schemas`. Facilities of other regions
        belong in: people cross borders.
    people
        Points where the people of settlements live (`settlement_id`, `share` of its
        people, adding up to 1, and the point); a settlement without any is its point.
    network
        The roads; by default the embedded main roads.
    service_types
        The catalogue; by default the embedded one.
    need
        Persons per settlement and target group, of settlements of the study and
        groups of the catalogue; without it, shares are of the population.
    promised
        Services a plan promises here; by default every service that counts as
        supply.
    candidates
        Settlements, by id, where new sites may go; by default all of them.
    targets
        What the plan promises to whom: rows of `target_group`, `persons`,
        `indicator`, `source`.
    settings
        Limits, speeds, suppression, siting.
    name, title
        Short name, and title by language.
    view
        `plan` (municipalities as the plan knows them) or `today`.
    borders_year
        The year of the municipalities' borders; by default the newest `vintage` they state.
    lang
        Language of the errors raised by it and by what it answers.
    mode, feed, visit
        How clients travel: by `car`; `transit`, by timetable and on foot, there before it opens
        and home the same day; or `both`, by car with `StudyResult.without_car` beside it. Then
        `feed` is a timetable (`sa.load_feed`) or its path, and `visit` the hours and the day.
    attribution, data_dates, inputs
        Sources by language, what dates the data has, and the hashes of the inputs.

    Raises
    ------
    InputError
        With everything that is wrong in all tables at once.
    """

    @in_language
    def run(
        self,
        *,
        sites: bool = True,
        answer: tuple[str, SitingPlan] | None = None,
        progress: Progress | None = None,
    ) -> StudyResult:
        """Return travel times, coverage, gaps, suggested sites and the headline.

        Parameters
        ----------
        sites
            Whether to suggest sites as well.
        answer
            A service and the plan found for it (`StudyResult.pose_siting`): its sites
            take the place of those the study would suggest.
        progress
            Told about each step.
        """
        from socaccess.study.run import run_study

        return run_study(self, StudyResult, suggest=sites, progress=progress, answer=answer)


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(StudyAnswer):
    """The answer of a study; geometry in the metric CRS of its network.

    Parameters
    ----------
    study
        What was asked.
    reach
        Times from every settlement and institution to every place that matters.
    times
        Times from every point where people live to the nearest facility.
    settlement_coverage
        One row per settlement, service and scenario: `covered_share` of its people
        within the limit, with `_low` and `_high` (if all times were longer, shorter by
        `Settings.time_uncertainty`); `travel_min` (the mean of its people; NaN: no way or
        no facility), `median_min`, `p90_min`, `length_km`, `modelled_share` (0-1),
        `facility_id` of the one nearest to most of them, `status` (covered, partly, gap,
        unreachable, no_data), the same for the own municipality's facilities alone
        (`own_...`), `persons`, `population`.
    coverage
        One row per municipality, service, scenario and scope (any, own).
    gaps
        Settlements not covered now, with the nearest facility and the minutes over.
    sites
        Suggested sites with what each gains.
    plans
        One row per service and objective: the certificate of the suggestion.
    problems
        By service, the siting problem whose answer `sites` are.
    left_out
        Why no further site of each service is suggested, with the one that would help most;
        see `socaccess.study.sites`.
    institutions
        Institutions people move out of, as origins: time to each service of theirs.
    not_located
        Settlements and facilities that could not be put on the network.
    summary
        The headline.
    without_car
        Where the study asks for both: the same answer with the times of clients who have no car.
    """

    study: Study
    without_car: StudyResult | None = None

    def release(self, *, allow_small_counts: bool = False) -> Release:
        """Return the result as it may leave; small counts only if allowed on purpose."""
        return _release(self, allow_small_counts=True) if allow_small_counts else self.released

    @cached_property
    def released(self) -> Release:
        """The result as it may leave; made once, whoever asks."""
        return _release(self)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables as they may leave: `coverage`, `gaps` and `sites`.

        Examples
        --------
        >>> import socaccess as sa
        >>> result = sa.Study.load("latgale").run(sites=False)
        >>> sorted(result.tables)
        ['coverage', 'gaps', 'sites']
        """
        from socaccess.study.released import list_tables

        return list_tables(self.released)

    @property
    def headline(self) -> pd.DataFrame:
        """The headline as it may leave: one row per promised service; see `list_headline`."""
        from socaccess.study.released import list_headline

        return list_headline(self.released, lang=self.study.lang)

    @in_language
    def suggest(
        self,
        service: str,
        *,
        sites: int | None = 3,
        limit_min: float | None = None,
        objective: str = "mclp",
        candidates: Sequence[str] | None = None,
        required: Sequence[str] = (),
        forbidden: Sequence[str] = (),
        min_clients: float | None = None,
        max_places: float | None = None,
        floor_share: float | None = None,
        budget: float | None = None,
        opening_cost: float = 0.0,
        cooperation: str = "everyone",
        time_limit_s: float = 60.0,
    ) -> SitingPlan:
        """Return where new sites of a service should go, asked of persons as they may leave.

        Parameters
        ----------
        service
            The service.
        sites
            How many new sites at most; None where a budget or `lscp` decides.
        limit_min
            Minutes that count as near, inclusive; the study's limit by default.
        objective, min_clients, max_places, floor_share, budget, opening_cost, cooperation
            As in `socaccess.SitingProblem`; `pose_siting` takes all its other options.
        candidates, required, forbidden
            Settlements, by id or name, that may, must or must not get a site.
        time_limit_s
            Seconds after which the best plan so far is returned.

        Raises
        ------
        InputError
            If the service is not known here, nobody needs it, or an option is wrong.

        Examples
        --------
        >>> import socaccess as sa
        >>> result = sa.Study.load("latgale").run(sites=False)
        >>> result.suggest("respite_grt", sites=2, limit_min=45).status
        'optimal'
        """
        from socaccess.siting import suggest_sites
        from socaccess.study.posing import find_settlements

        options: dict[str, Any] = {
            "objective": objective,
            "min_clients": min_clients,
            "max_places": max_places,
            "floor_share": floor_share,
            "budget": budget,
            "opening_cost": opening_cost,
            "cooperation": cooperation,
            "required": find_settlements(self.study, list(required)),
            "forbidden": find_settlements(self.study, list(forbidden)),
        }
        if limit_min is not None:
            options["limit_min"] = limit_min
        if candidates is not None:
            options["candidates"] = find_settlements(self.study, list(candidates))
        problem = self.released.result.pose_siting(service, sites=sites, **options)
        return suggest_sites(problem, time_limit_s=time_limit_s)

    @in_language
    def plot(
        self,
        kind: str = "map",
        *,
        service: str | None = None,
        scenario: str = "now",
        lang: str = "lv",
    ) -> Figure:
        """Return a static figure; in Jupyter it shows itself.

        Parameters
        ----------
        kind
            `map` (coverage), `times` (minutes per municipality), `change` (before and
            after) or `sites` (what each further site brings).
        service
            One service; by default the mean of the counted ones.
        scenario
            `now`, `planned` or `suggested`, for `map` and `times`.
        lang
            Language of the words.

        Raises
        ------
        UnknownNameError
            If the kind, the service or the scenario is not known.
        MissingDependencyError
            If matplotlib is not installed.
        """
        from socaccess.study.notebook import plot_result

        return plot_result(self.released, kind, service=service, scenario=scenario, lang=lang)

    def _repr_html_(self) -> str:
        from socaccess.study.notebook import show_result

        return show_result(self.released)


@dataclass(frozen=True, eq=False)
class Release(ReleasedAnswer):
    """A result in which no number depends on a hidden count.

    Parameters
    ----------
    result
        The result, with estimates in place of hidden counts.
    protections
        What may be shown of each target group.
    below
        Counts under this are hidden; 0 when that was lifted.
    kept
        Tables made from this release, by name: several files tell the same ones.
    """

    result: StudyResult


def release(result: StudyResult | Release, *, allow_small_counts: bool = False) -> Release:
    """Return a result as it may leave; what is released already stays what it is.

    Parameters
    ----------
    result
        What a study answered.
    allow_small_counts
        Show every count. Whoever asks for it must say so in what they write.

    Examples
    --------
    >>> from socaccess.study import Study
    >>> released = release(Study.load("latgale").run(sites=False))
    >>> released.show_municipality("adults_grt", "0002000")
    128
    """
    if isinstance(result, Release):
        return result
    return result.release(allow_small_counts=allow_small_counts)


def _release(result: StudyResult, *, allow_small_counts: bool = False) -> Release:
    estimate, protections, below = protect_persons(
        result.study, allow_small_counts=allow_small_counts
    )
    if below == 0:
        return Release(result, {}, 0)
    return Release(conclude(result, estimate), protections, below)


def run_released(
    study: StudyInputs,
    *,
    sites: bool = True,
    answer: tuple[str, SitingPlan] | None = None,
    reach: Reach | None = None,
    allow_small_counts: bool = False,
    progress: Progress | None = None,
) -> Release:
    """Return what `release(study.run())` does, with everything calculated once.

    `reach` are the times of this study where another answer to it has them.
    """
    from socaccess.study.run import run_study

    persons, protections, below = protect_persons(study, allow_small_counts=allow_small_counts)
    result = run_study(
        study, StudyResult, suggest=sites, progress=progress, answer=answer, persons=persons,
        reach=reach,
    )  # fmt: skip
    return Release(result, protections, below)
