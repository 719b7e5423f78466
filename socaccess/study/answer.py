"""What a study answers: plain tables, and the headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.errors import InputError
from socaccess.study.placing import place_facilities
from socaccess.study.sites import OBJECTIVES
from socaccess.study.tables import in_language

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.siting import SitingProblem
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.people import PeopleTimes
    from socaccess.study.reach import Reach

__all__ = ["StudyAnswer"]


@dataclass(frozen=True, eq=False, repr=False)
class StudyAnswer:
    """The tables of a `StudyResult`, and what can be told of them alone."""

    study: StudyInputs
    reach: Reach
    times: PeopleTimes
    settlement_coverage: pd.DataFrame
    coverage: pd.DataFrame
    gaps: pd.DataFrame
    sites: gpd.GeoDataFrame
    plans: pd.DataFrame
    problems: dict[str, SitingProblem]
    left_out: pd.DataFrame
    institutions: pd.DataFrame
    not_located: pd.DataFrame
    summary: dict[str, Any]
    without_car: StudyAnswer | None = None

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
    def suggested_beside(self) -> str:
        """The scenario suggested sites come on top of: `planned`; `now` in one's own question."""
        objectives = set(self.plans["objective"])
        return "planned" if objectives <= set(OBJECTIVES) else "now"

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
