"""What a study answers: plain tables, and the headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

    from socaccess.siting import SitingProblem
    from socaccess.study.people import PeopleTimes
    from socaccess.study.reach import Reach
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

    @cached_property
    def settlements(self) -> gpd.GeoDataFrame:
        """The settlements of the study with `access_m` and `located`."""
        snapped = self.reach.settlements
        return self.study.settlements.assign(
            access_m=snapped.access_m, far=snapped.far, located=snapped.located
        )

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
            raise InputError(f"service {service!r} is not assessed in this study")
        # The persons of this result: a released one asks with what may leave.
        group = str(self.service_types.set_index("service").loc[service, "target_group"])
        persons = now.set_index("settlement_id")["persons"].rename(group).to_frame()
        persons = persons.loc[self.study.settlements["settlement_id"]]
        weight, _ = weigh_clients(self.study, persons, service)
        problem = pose_problem(self.study, self.reach, weight, service, sites=sites, **options)
        if problem is None:
            raise InputError(f"service {service!r}: there is nobody to serve or nowhere to build")
        return problem

    @cached_property
    def facilities(self) -> gpd.GeoDataFrame:
        """Every facility, those of other regions too (`in_region` tells)."""
        own = set(self.municipalities["municipality_id"])
        facilities = self.study.facilities
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
