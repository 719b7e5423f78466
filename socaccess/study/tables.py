"""The tables of a study, checked against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, raise_problems
from socaccess.network import RoadNetwork
from socaccess.schemas import (
    FACILITIES,
    LATVIA_BOUNDS,
    MUNICIPALITIES,
    NEED,
    SERVICE_TYPES,
    SETTLEMENTS,
    check_table,
    suggest_names,
)
from socaccess.settings import Settings

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["SCENARIOS", "SCOPES", "Progress", "StudyTables", "choose_limits"]

SCENARIOS = ("now", "planned", "suggested")
"""Operating facilities; with those planned (opening not confirmed); operating and suggested."""

SCOPES = ("any", "own")
"""Facilities of anyone; of the settlement's own municipality alone."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(step, done, total)`; step is a key of the text catalogue."""

OTHER = "other"
"""Service of a facility that fits no service type: kept, shown, never supply."""


@dataclass(frozen=True, eq=False)
class StudyTables:
    """What a study is made of; `socaccess.Study` is the one to use.

    Parameters
    ----------
    municipalities, settlements, facilities
        Tables of the forms in `socaccess.schemas`. Facilities of other regions
        belong in: people cross borders.
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
    attribution, data_dates, inputs
        Sources by language, what dates the data has, and the hashes of the inputs.

    Raises
    ------
    InputError
        With everything that is wrong in all tables at once.
    """

    municipalities: gpd.GeoDataFrame
    settlements: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    network: RoadNetwork | None = None
    service_types: pd.DataFrame | None = None
    need: pd.DataFrame | None = None
    promised: Sequence[str] | None = None
    targets: pd.DataFrame | None = None
    settings: Settings = field(default_factory=Settings)
    name: str = "study"
    title: dict[str, str] = field(default_factory=dict)
    view: str = "today"
    attribution: dict[str, list[str]] = field(default_factory=dict)
    caveats: dict[str, list[str]] = field(default_factory=dict)
    data_dates: str = ""
    candidates: Sequence[str] | None = None
    inputs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        problems: list[Problem] = []

        def check(frame: pd.DataFrame, form: Any, **options: Any) -> pd.DataFrame:
            try:
                return check_table(frame, form, **options)
            except InputError as error:
                problems.extend(error.problems)
                return frame

        if self.service_types is None:
            from socaccess.sources.services import load_service_types

            object.__setattr__(self, "service_types", load_service_types())
        services = check(self.service_types, SERVICE_TYPES)
        municipalities = check(self.municipalities, MUNICIPALITIES)
        # The embedded roads end a little beyond the border.
        bounds = LATVIA_BOUNDS if self.network is None else None
        settlements = check(
            self.settlements,
            SETTLEMENTS,
            known={"municipality_id": _list_names(municipalities, "municipality_id")},
            bounds=bounds,
        )
        known_services = [*_list_names(services, "service"), OTHER]
        facilities = check(
            self.facilities, FACILITIES, known={"service": known_services}, bounds=bounds
        )
        need = self.need
        if need is not None:
            need = check(
                need,
                NEED,
                known={
                    "settlement_id": _list_names(settlements, "settlement_id"),
                    "target_group": _list_names(services, "target_group"),
                },
            )
        promised = tuple(self.promised or ())
        if not problems:
            problems += _find_unsuited(services, self.settings)
        for service in [*promised, *self.settings.limits_min, *self.settings.site_services]:
            if service not in known_services:
                near = suggest_names(service, known_services, most=1)
                problems.append(
                    Problem(
                        f"service {service!r} is not known",
                        "promised services, limits or sites",
                        hint=f"did you mean {near[0]}?" if near else "see the service types",
                    )
                )
        for name in set(self.candidates or ()) - set(_list_names(settlements, "settlement_id")):
            near = suggest_names(name, _list_names(settlements, "settlement_id"), most=1)
            hint = f"did you mean {near[0]}?" if near else "see the settlements"
            problems.append(Problem(f"settlement {name!r} is not known", "candidates", hint=hint))
        raise_problems(problems)
        if not promised:
            promised = tuple(services.loc[services["counts_as_supply"], "service"])
        set_ = object.__setattr__
        municipalities = _count_people(municipalities, settlements)
        set_(
            self, "municipalities", municipalities.sort_values("municipality_id", ignore_index=True)
        )
        set_(self, "settlements", settlements.sort_values("settlement_id", ignore_index=True))
        # Order of rows in the input never decides anything.
        facilities = _complete(_locate(facilities), services, municipalities)
        set_(self, "facilities", facilities.sort_values("facility_id", ignore_index=True))
        set_(self, "service_types", choose_limits(services, self.settings))
        set_(self, "need", need)
        set_(self, "promised", promised)
        set_(self, "title", {lang: self.title.get(lang, self.name) for lang in ("lv", "en")})
        if self.network is None:
            set_(self, "network", RoadNetwork.main_roads(self.settings.links))
        assert self.network is not None
        for name in ("municipalities", "settlements", "facilities"):
            set_(self, name, crs_.to_metric(getattr(self, name), name, self.network.crs))

    def limit_of(self) -> dict[str, float]:
        """Return the limit of every service that has one, in minutes."""
        types = self.service_types
        assert types is not None
        known = types[types["limit_min"].notna()]
        return dict(zip(known["service"], known["limit_min"].astype(float), strict=True))

    @property
    def need_is_estimated(self) -> bool:
        """Whether any of the need is an estimate and not a published figure."""
        return self.need is not None and bool((self.need["basis"] == "estimate").any())

    @property
    def roads_are_modelled(self) -> bool:
        """Whether the network holds roads that are modelled, as the embedded one does."""
        assert self.network is not None
        return bool(np.asarray(self.network.modelled).any())

    def name_groups(self, lang: str) -> dict[str, str]:
        """Return the target groups of the service types by name, in one language.

        The name is that in the catalogue's column `target_group_lv` or `target_group_en`,
        else the embedded one, else the code.
        """
        from socaccess.sources.services import load_target_groups

        types = self.service_types
        assert types is not None
        embedded = load_target_groups()
        names = dict(zip(embedded["target_group"], embedded[f"name_{lang}"], strict=True))
        column = f"target_group_{lang}"
        for code, name in zip(types["target_group"], types.get(column, types["target_group"]),
                              strict=True):  # fmt: skip
            if column in types and isinstance(name, str) and name.strip():
                names[code] = name.strip()
            names.setdefault(code, code)
        return names


def choose_limits(service_types: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return the service types with the limits a user prefers in place of the catalogue's."""
    chosen = service_types.copy()
    preferred = chosen["service"].map(settings.limits_min)
    chosen["limit_min"] = preferred.fillna(chosen["limit_min"]).astype(float)
    chosen["limit_changed"] = preferred.notna()
    return chosen.sort_values("service", ignore_index=True)


def _list_names(table: pd.DataFrame, column: str) -> list[str]:
    """Return the names in a column as text, also of a table that did not pass its check."""
    if column not in table:
        return []
    return table[column].dropna().astype(str).drop_duplicates().tolist()


def _find_unsuited(services: pd.DataFrame, settings: Settings) -> list[Problem]:
    """Return the services of the settings that no site can be suggested for."""
    types = choose_limits(services, settings).set_index("service")
    unsuited = [
        service
        for service in settings.site_services
        if service == OTHER
        or (
            service in types.index
            and not (types.loc[service, "counts_as_supply"] and types.loc[service, "limit_min"] > 0)
        )
    ]
    if not unsuited:
        return []
    return [
        Problem(
            "no site can be suggested for a service that is no supply or has no limit",
            "site_services",
            tuple(unsuited),
            "choose services that count as supply, or give them a limit",
        )
    ]


def _count_people(
    municipalities: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Fill the population of municipalities that tell none: the sum of their settlements."""
    here = settlements.groupby("municipality_id")["population"].sum()
    summed = municipalities["municipality_id"].map(here).fillna(0)
    told = municipalities.get("population", summed)
    return municipalities.assign(population=told.fillna(summed))


def _locate(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mark what can be travelled to: a point that is more than a municipality's placeholder."""
    import shapely

    geometry = np.asarray(facilities.geometry.array)
    present = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    located = facilities.copy()
    placeholder = located["location_precision"].isin(["municipality", "none"]).to_numpy()
    located["located"] = present & ~placeholder
    return located


def _complete(
    facilities: gpd.GeoDataFrame, services: pd.DataFrame, municipalities: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the facilities with the columns that users may leave out.

    A facility without `site_id` is a site of its own, and serves the group of its service.
    """
    group = dict(zip(services["service"], services["target_group"], strict=True))
    names = dict(zip(municipalities["municipality_id"], municipalities["name"], strict=True))
    implied = {
        "site_id": facilities["facility_id"],
        "target_group": facilities["service"].map(group),
        "municipality_id": pd.Series(None, index=facilities.index, dtype=object),
        "places": pd.Series(pd.NA, index=facilities.index, dtype="Int64"),
    }
    if "municipality_name" not in facilities:
        home = facilities.get("municipality_id", implied["municipality_id"])
        implied["municipality_name"] = home.map(names).astype(object)
    for name, values in implied.items():
        given = facilities.get(name, values)
        facilities = facilities.assign(**{name: given.where(given.notna(), values)})
    return facilities
