"""What a study answers: plain tables, and the headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.errors import InputError
from socaccess.study.placing import place_facilities
from socaccess.study.tables import in_language

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

    from socaccess.siting import SitingPlan, SitingProblem
    from socaccess.study.people import PeopleTimes
    from socaccess.study.reach import Reach
    from socaccess.study.release import Release
    from socaccess.study.study import Study

__all__ = ["StudyResult"]


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
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
    institutions
        Institutions people move out of, as origins: time to each service of theirs.
    not_located
        Settlements and facilities that could not be put on the network.
    summary
        The headline.
    """

    study: Study
    reach: Reach
    times: PeopleTimes
    settlement_coverage: pd.DataFrame
    coverage: pd.DataFrame
    gaps: pd.DataFrame
    sites: gpd.GeoDataFrame
    plans: pd.DataFrame
    problems: dict[str, SitingProblem]
    institutions: pd.DataFrame
    not_located: pd.DataFrame
    summary: dict[str, Any]

    def __repr__(self) -> str:
        # No count of persons: what is shown on a screen is copied on.
        return (
            f"<StudyResult {self.study.title['en']}: {len(self.coverage)} rows of coverage, "
            f"{len(self.gaps)} gaps, {len(self.sites)} suggested sites>"
        )

    @property
    def municipalities(self) -> gpd.GeoDataFrame:
        """The municipalities of the study."""
        return self.study.municipalities

    @property
    def lang(self) -> str:
        """The language its errors speak: that of the study."""
        return self.study.lang

    @cached_property
    def settlements(self) -> gpd.GeoDataFrame:
        """The settlements of the study with `access_m` and `located`."""
        snapped = self.reach.settlements
        return self.study.settlements.assign(
            access_m=snapped.access_m, far=snapped.far, located=snapped.located
        )

    def release(self, *, allow_small_counts: bool = False) -> Release:
        """Return the result as it may leave; small counts only if allowed on purpose."""
        from socaccess.study.release import release

        return release(self, allow_small_counts=allow_small_counts)

    @cached_property
    def released(self) -> Release:
        """The result as it may leave."""
        return self.release()

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
    def pose_siting(self, service: str, *, sites: int | None = 3, **options: Any) -> SitingProblem:
        """Return the question where new sites of a service should go.

        Parameters
        ----------
        service
            The service.
        sites
            How many new sites at most; None where a budget or LSCP decides.
        options
            Any other option of `socaccess.SitingProblem`: `objective`, `limit_min`,
            `min_clients`, `budget` and so on. Sites are named by `settlement_id`,
            existing ones by `facility_id`.

        Raises
        ------
        InputError
            If the service is not known here, nobody needs it, or an option is wrong.

        Examples
        --------
        >>> import socaccess as sa
        >>> result = sa.Study.load("latgale").run(sites=False)
        >>> problem = result.pose_siting("group_home", sites=2, objective="p_median")
        >>> plan = sa.suggest_sites(problem)
        >>> plan.status, len(plan.sites)
        ('optimal', 2)
        """
        from socaccess.study.posing import pose_problem, weigh_clients

        now = self.settlement_coverage
        now = now[(now["scenario"] == "now") & (now["service"] == service)]
        if not len(now):
            known = sorted(self.study.assessed_types["service"])
            raise InputError("study.not_assessed", service=service, known=known)
        # The persons of this result: a released one asks with what may leave.
        group = str(self.service_types.set_index("service").loc[service, "target_group"])
        persons = now.set_index("settlement_id")["persons"].rename(group).to_frame()
        persons = persons.loc[self.study.settlements["settlement_id"]]
        weight, _ = weigh_clients(self.study, persons, service)
        problem = pose_problem(self.study, self.reach, weight, service, sites=sites, **options)
        if problem is None:
            raise InputError("study.nobody_or_nowhere", service=service)
        return problem

    @cached_property
    def facilities(self) -> gpd.GeoDataFrame:
        """Every facility, those of other regions too (`in_region` tells), where it may be shown.

        Homes and shelters of vulnerable people stand at the centre of their settlement
        without an address; travel times are those of their true places.
        """
        own = set(self.municipalities["municipality_id"])
        facilities = place_facilities(self.study.facilities, self.study)
        return facilities.assign(in_region=facilities["municipality_id"].isin(own))

    @cached_property
    def service_types(self) -> pd.DataFrame:
        """The catalogue with `promised` and `supply_known`."""
        types = self.study.service_types
        return types.assign(
            promised=types["service"].isin(self.study.promised),
            supply_known=[self.is_known(service) for service in types["service"]],
        )

    def is_known(self, service: str) -> bool:
        """Return whether somebody counts a service, or the data holds a facility of it."""
        here = self.reach.supply["planned"]["service"] == service
        return bool(here.any()) or self.study.is_counted(service)

    def list_people(
        self, scenario: str = "now", services: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return one row per point where people live and service, with persons and times.

        `settlement_id`, `municipality_id`, `service`, `travel_min` and `own_travel_min` to
        the nearest facility, its `facility_id`, `status`, and the point's part of the
        `persons` and the `population` of its settlement: for other limits, flows and sums
        that must agree with `coverage`.
        """
        from socaccess.study.people import list_people

        table = self.settlement_coverage
        first = table[table["scenario"] == scenario]
        if services is not None:
            first = first[first["service"].isin(services)]
        persons = {
            service: rows.to_numpy(dtype=float)
            for service, rows in first.groupby("service", sort=False)["persons"]
        }
        return list_people(self.study, self.times, persons, scenario)

    @cached_property
    def travel(self) -> pd.DataFrame:
        """Every settlement to every located facility: the mean minutes of its people and more."""
        return self.reach.to_frame()

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

        return plot_result(self, kind, service=service, scenario=scenario, lang=lang)

    def _repr_html_(self) -> str:
        from socaccess.study.notebook import show_result

        return show_result(self)
