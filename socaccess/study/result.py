"""What a study answers: plain tables, and the headline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

    from socaccess.siting import SitingProblem
    from socaccess.study.reach import Reach
    from socaccess.study.tables import StudyTables

__all__ = ["StudyResult"]


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The answer of a study; geometry in the metric CRS of its network.

    Parameters
    ----------
    study
        What was asked.
    reach
        Times from every settlement and institution to every place that matters.
    settlement_coverage
        One row a settlement, service and scenario: `travel_min` (NaN: no way or
        no facility), `length_km`, `modelled_share` (0-1), `facility_id` of the
        nearest, `status` (covered, gap, unreachable), the same for the own
        municipality's facilities alone (`own_...`), `persons`, `population`.
    coverage
        One row a municipality, service, scenario and scope (any, own).
    gaps
        Settlements not covered now, with the nearest facility and the minutes over.
    sites
        Suggested sites with what each gains.
    plans
        One row a service and objective: the certificate of the suggestion.
    institutions
        Institutions people move out of, as origins: time to each service of theirs.
    not_located
        Settlements and facilities that could not be put on the network.
    summary
        The headline.
    """

    study: StudyTables
    reach: Reach
    settlement_coverage: pd.DataFrame
    coverage: pd.DataFrame
    gaps: pd.DataFrame
    sites: gpd.GeoDataFrame
    plans: pd.DataFrame
    institutions: pd.DataFrame
    not_located: pd.DataFrame
    summary: dict[str, Any]

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
        from socaccess.study.posing import pose_problem

        now = self.settlement_coverage
        now = now[(now["scenario"] == "now") & (now["service"] == service)]
        if not len(now):
            raise InputError(f"service {service!r} is not assessed in this study")
        now = now.set_index("settlement_id").loc[self.study.settlements["settlement_id"]]
        persons = now["persons"].fillna(0.0).to_numpy(dtype=float)
        weight = persons if persons.sum() > 0 else now["population"].to_numpy(dtype=float)
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
        assert types is not None
        operating = self.reach.supply["now"]["service"]
        planned = self.reach.supply["planned"]["service"]
        return types.assign(
            promised=types["service"].isin(self.study.promised or ()),
            supply_known=types["service"].isin(set(operating) | set(planned)),
        )

    @cached_property
    def travel(self) -> pd.DataFrame:
        """Every settlement to every located facility: minutes, kilometres, modelled share."""
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
