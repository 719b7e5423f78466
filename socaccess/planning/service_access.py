"""One service at a time: persons in need where they live, and the facilities they can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from socaccess.access import fill_places
from socaccess.access.pairs import as_objects
from socaccess.errors import UnknownNameError
from socaccess.planning.opening import Asked
from socaccess.privacy import SHOWN, Protection, mark_small
from socaccess.schemas import suggest_names
from socaccess.study import Study, StudyResult
from socaccess.study.capacity import read_places
from socaccess.study.placing import place_facilities
from socaccess.study.posing import weigh_clients
from socaccess.study.reach import Reach, measure_reach
from socaccess.study.release import Release, protect_persons, release
from socaccess.study.run import list_institutions
from socaccess.study.sites import Suggestions
from socaccess.travel.minutes import to_minutes

__all__ = ["AccessContext", "ServiceAccess"]


@dataclass(frozen=True, eq=False)
class ServiceAccess:
    """What measures of access to one service are made of.

    Parameters
    ----------
    service, target_group, limit_min
        Which service; the limit is inclusive.
    supply
        One row per facility, of other municipalities and regions too: `facility_id`, `name`,
        `municipality_id`, `places` (NaN where unknown), `provider`, `in_region`.
    travel_min
        Minutes from points where people live (rows) to facilities, NaN without a way.
    persons
        Persons in need at each point as they may leave, or inhabitants where the need is not
        known (`weighted_by` is then `population`).
    weighted_by
        `need` or `population`.
    home
        Position of the settlement of each point.
    """

    service: str
    target_group: str
    limit_min: float
    supply: pd.DataFrame
    travel_min: np.ndarray
    persons: np.ndarray
    weighted_by: str
    home: np.ndarray

    def fill_places(self, unknown: str) -> np.ndarray:
        """Return the places with the unknown ones left out (NaN), or their median."""
        return fill_places(self.supply["places"].to_numpy(dtype=float), unknown)


@dataclass(frozen=True, eq=False)
class AccessContext:
    """A study, its travel times, and persons as they may leave.

    Parameters
    ----------
    study, reach
        What is asked about, and who can get where.
    persons
        Persons per settlement (rows) and target group, estimates where a count is hidden.
    protections, below
        What may be shown of each group, and the threshold; 0 shows everything.
    result
        The released result, where there is one: it has the suggested sites.
    """

    study: Study
    reach: Reach
    persons: pd.DataFrame
    protections: dict[str, Protection]
    below: int
    result: StudyResult | None

    @classmethod
    def open(cls, asked: Asked, *, allow_small_counts: bool = False) -> AccessContext:
        """Return the context of a study, a result or a release; a study is not run for it."""
        if isinstance(asked, Study):
            reach = measure_reach(asked, list_institutions(asked))
            found = protect_persons(asked, allow_small_counts=allow_small_counts)
            return cls(asked, reach, *found, result=None)
        released = asked if isinstance(asked, Release) else release(
            asked, allow_small_counts=allow_small_counts
        )  # fmt: skip
        if "access_context" not in released.kept:
            released.kept["access_context"] = cls._of_release(released)
        return released.kept["access_context"]

    @classmethod
    def _of_release(cls, released: Release) -> AccessContext:
        result = released.result
        group_of = released.group_of
        now = result.settlement_coverage
        now = now[now["scenario"] == "now"]
        persons = (
            now.assign(target_group=now["service"].map(group_of))
            .drop_duplicates(["settlement_id", "target_group"])
            .pivot_table(index="settlement_id", columns="target_group", values="persons")
            .reindex(result.study.settlements["settlement_id"])
        )
        return cls(result.study, result.reach, persons, released.protections, released.below,
                   result=result)  # fmt: skip

    @cached_property
    def limits(self) -> dict[str, float]:
        """The limit of every service in minutes."""
        return self.study.limits_min()

    def is_known(self, service: str) -> bool:
        """Return whether somebody counts a service, or the data holds a facility of it."""
        here = self.reach.supply["planned"]["service"] == service
        return bool(here.any()) or self.study.is_counted(service)

    def list_services(self, service: str | None = None) -> list[str]:
        """Return one service, or all assessed ones that anybody counts.

        Raises
        ------
        UnknownNameError
            If the service is not assessed here.
        """
        assessed = [str(name) for name in self.study.assessed_types["service"]]
        if service is None:
            return [name for name in assessed if self.is_known(name)]
        if service not in assessed:
            near = suggest_names(service, assessed) or assessed
            raise UnknownNameError("cli.no_service", name=service, near=near)
        return [service]

    def ask(self, service: str, scenario: str = "now") -> ServiceAccess:
        """Return what measures of a service are made of, in a scenario.

        Parameters
        ----------
        service
            An assessed service.
        scenario
            `now`, `planned` or `suggested` (of a result that was run with sites).
        """
        traveller, target_group = self._types[service]
        described = self._described["planned" if scenario == "planned" else "now"]
        supply = described.get(service, self._nobody)
        if scenario == "suggested" and self.result is not None:
            sites = Suggestions(self.result.sites, self.result.plans).as_supply(service)
            if len(sites):
                supply = pd.concat([supply, self._describe_supply(sites)], ignore_index=True)
        weight, weighted_by = weigh_clients(self.study, self.persons, service)
        points = supply["point"].to_numpy(dtype=int)
        travel_ms = self.reach.people_ms(points, traveller)
        return ServiceAccess(
            service=service,
            target_group=target_group,
            limit_min=self.limits[service],
            supply=supply.drop(columns=["service", "point"]),
            travel_min=to_minutes(travel_ms),
            persons=weight[self.reach.home] * self.reach.share,
            weighted_by=weighted_by,
            home=self.reach.home,
        )

    def ask_all(self, service: str | None = None, scenario: str = "now") -> Iterator[ServiceAccess]:
        """Yield what `ask` returns of one service, or of all that anybody counts."""
        for name in self.list_services(service):
            yield self.ask(name, scenario)

    @cached_property
    def _types(self) -> dict[str, tuple[str, str]]:
        """Who travels to a service, and whom it is for."""
        types = self.study.service_types[["service", "traveller", "target_group"]].astype(str)
        return {name: (travels, group) for name, travels, group in types.itertuples(index=False)}

    @cached_property
    def _described(self) -> dict[str, dict[str, pd.DataFrame]]:
        """The facilities that serve in each scenario, by service."""
        return {
            scenario: {
                str(name): part.reset_index(drop=True)
                for name, part in self._describe_supply(supply).groupby("service", sort=False)
            }
            for scenario, supply in self.reach.supply.items()
        }

    @cached_property
    def _nobody(self) -> pd.DataFrame:
        return self._describe_supply(self.reach.supply["now"].iloc[:0])

    def _describe_supply(self, supply: pd.DataFrame) -> pd.DataFrame:
        ids = supply["facility_id"].to_numpy(dtype=object)
        known = self._facilities.reindex(ids)
        new = known["name"].isna().to_numpy()
        # Homes and shelters go without the street in their name; a new site has its own name.
        named = np.where(new, supply["name"].to_numpy(dtype=object), known["name"])
        return pd.DataFrame(
            {
                "facility_id": ids,
                "name": named,
                "municipality_id": supply["municipality_id"],
                "places": known["known_places"].to_numpy(dtype=float),
                "provider": np.where(new, None, known["provider"]),
                "in_region": supply["municipality_id"].isin(list(self.municipality_names)),
                "service": supply["service"],
                "point": supply["point"].astype(int),
            }
        )

    @cached_property
    def municipality_names(self) -> dict[str, str]:
        """The names of the study's municipalities by id."""
        frame = self.study.municipalities
        return dict(zip(frame["municipality_id"], frame["name"], strict=True))

    @cached_property
    def _facilities(self) -> pd.DataFrame:
        """Places that are a capacity, provider, and name as it is shown, by facility."""
        study, result = self.study, self.result
        facilities = (place_facilities(study.facilities, study) if result is None
                      else result.facilities)  # fmt: skip
        # The register names a service after who provides it.
        provider = facilities["provider" if "provider" in facilities else "name"]
        return pd.DataFrame(
            {
                "known_places": read_places(facilities),
                "provider": provider.astype(object).where(provider.notna(), None).to_numpy(),
                "name": facilities["name"].to_numpy(dtype=object),
            },
            index=facilities["facility_id"],
        )

    def list_providers(self) -> pd.Series:
        """Return the provider of every facility by its id, None where not known."""
        return self._facilities["provider"]

    def average(
        self, asked: ServiceAccess, values: np.ndarray, by: str = "settlement"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean of values of points by settlement or municipality, and who has none.

        Parameters
        ----------
        asked
            Whose points.
        values
            One per point; NaN where there is none.
        by
            `settlement` (mean of its people) or `municipality` (of persons in need, of
            inhabitants where nobody is).

        Returns
        -------
        mean, without
            The mean of those with a value (NaN where nobody has one), and the share of
            those without one.
        """
        code, count, weight = self._weigh(asked, by)
        known = np.isfinite(values)
        total = np.bincount(code, weights=weight, minlength=count)
        with_value = np.bincount(code, weights=weight * known, minlength=count)
        added = np.bincount(code, weights=weight * np.where(known, values, 0.0), minlength=count)
        nan = np.full(count, np.nan)
        mean = np.divide(added, with_value, out=nan.copy(), where=with_value > 0)
        without = np.divide(total - with_value, total, out=nan, where=total > 0)
        return mean, np.clip(without, 0.0, 1.0)

    def _weigh(self, asked: ServiceAccess, by: str) -> tuple[np.ndarray, int, np.ndarray]:
        if by == "settlement":
            return self.reach.home, len(self.study.settlements), self.reach.share
        code, count = self.municipality_codes, len(self.study.municipalities)
        here = np.bincount(code, weights=asked.persons, minlength=count)
        population = self.population
        # Where nobody in need lives, what a person there would have is that of the inhabitants.
        return code, count, np.where(here[code] > 0, asked.persons, population)

    @cached_property
    def population(self) -> np.ndarray:
        """Inhabitants of every point."""
        of_settlement = self.study.settlements["population"].to_numpy(dtype=float)
        return np.nan_to_num(of_settlement)[self.reach.home] * self.reach.share

    @cached_property
    def municipality_codes(self) -> np.ndarray:
        """Position of the municipality of every point."""
        order = pd.Index(self.study.municipalities["municipality_id"])
        return order.get_indexer(self.study.settlements["municipality_id"])[self.reach.home]

    def sum_persons(self, asked: ServiceAccess, by: str) -> np.ndarray:
        """Return the persons of each settlement or municipality."""
        code, count, _ = self._weigh(asked, by)
        return np.bincount(code, weights=asked.persons, minlength=count)

    def find_hidden(self, target_group: str, by: str) -> np.ndarray:
        """Return which settlements or municipalities hide their count of a group."""
        found = self.protections.get(target_group)
        count = len(self.study.settlements if by == "settlement" else self.study.municipalities)
        if found is None:
            return np.zeros(count, dtype=bool)
        return np.asarray((found.members if by == "settlement" else found.groups) != SHOWN)

    def show(self, target_group: str, counts: Iterable[float], weighted_by: str) -> pd.Series:
        """Return calculated numbers of persons as they leave: whole, a mark, or None."""
        if weighted_by != "need":
            # Inhabitants are public.
            return as_objects(round(one) if np.isfinite(one) else None for one in counts)
        found = self.protections.get(target_group)
        closed = found is not None and found.total != SHOWN
        shown: list[object] = []
        for one in counts:
            if not np.isfinite(one) or (closed and one > 0):
                shown.append(None)
            elif one > 0 and round(one) < self.below:
                shown.append(mark_small(self.below))
            else:
                shown.append(round(one))
        return as_objects(shown)
