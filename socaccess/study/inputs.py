"""One study: a region's tables, checked against each other and ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems, speak
from socaccess.i18n import LANGUAGES
from socaccess.messages import Message
from socaccess.network import RoadNetwork
from socaccess.schemas import (
    FACILITIES,
    LATVIA_BOUNDS,
    MUNICIPALITIES,
    NEED,
    SERVICE_TYPES,
    SETTLEMENTS,
    check_table,
)
from socaccess.settings import Settings
from socaccess.sources.services import load_service_types, load_target_groups
from socaccess.study.tables import (
    OTHER,
    check_people,
    choose_limits,
    complete_facilities,
    complete_people,
    count_people,
    find_unknown,
    find_unsuited,
    in_language,
    list_names,
    locate_facilities,
)
from socaccess.study.transit import Visit, check_mode

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from socaccess.sources.gtfs import Feed


__all__ = ["StudyInputs"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class StudyInputs:
    """The tables, roads and settings of a `Study`, and what can be told of them alone."""

    municipalities: gpd.GeoDataFrame
    settlements: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    people: gpd.GeoDataFrame
    network: RoadNetwork
    service_types: pd.DataFrame
    need: pd.DataFrame | None
    promised: tuple[str, ...]
    targets: pd.DataFrame | None
    settings: Settings
    name: str
    title: dict[str, str]
    view: str
    borders_year: int | None
    attribution: dict[str, list[str]]
    caveats: dict[str, list[str]]
    data_dates: str
    candidates: tuple[str, ...] | None
    inputs: list[dict[str, Any]]
    lang: str
    mode: str
    feed: Feed | None
    visit: Visit

    def __init__(
        self,
        municipalities: gpd.GeoDataFrame,
        settlements: gpd.GeoDataFrame,
        facilities: gpd.GeoDataFrame,
        network: RoadNetwork | None = None,
        service_types: pd.DataFrame | None = None,
        need: pd.DataFrame | None = None,
        promised: Sequence[str] | None = None,
        targets: pd.DataFrame | None = None,
        settings: Settings | None = None,
        name: str = "study",
        title: Mapping[str, str] | None = None,
        view: str = "today",
        attribution: Mapping[str, list[str]] | None = None,
        caveats: Mapping[str, list[str]] | None = None,
        data_dates: str = "",
        candidates: Sequence[str] | None = None,
        inputs: Sequence[dict[str, Any]] = (),
        people: gpd.GeoDataFrame | None = None,
        borders_year: int | None = None,
        lang: str = "en",
        mode: str = "car",
        feed: Feed | str | Path | None = None,
        visit: Visit | None = None,
    ) -> None:
        settings = settings or Settings()
        problems: list[Problem] = []

        def check(frame: Any, form: Any, **options: Any) -> Any:
            try:
                return check_table(frame, form, **options)
            except InputError as error:
                problems.extend(error.problems)
                return frame

        services = check(
            load_service_types() if service_types is None else service_types, SERVICE_TYPES
        )
        municipalities = check(municipalities, MUNICIPALITIES)
        # The embedded roads end a little beyond the border.
        bounds = LATVIA_BOUNDS if network is None else None
        settlements = check(
            settlements,
            SETTLEMENTS,
            known={"municipality_id": list_names(municipalities, "municipality_id")},
            bounds=bounds,
        )
        known_services = [*list_names(services, "service"), OTHER]
        facilities = check(facilities, FACILITIES, known={"service": known_services}, bounds=bounds)
        settlement_ids = list_names(settlements, "settlement_id")
        if need is not None:
            groups = list_names(services, "target_group")
            known = {"settlement_id": settlement_ids, "target_group": groups}
            need = check(need, NEED, known=known)
        if people is not None and "basis" in people:
            people = people[people["basis"] == "points"]
        if people is not None and len(people):
            try:
                people = check_people(people, settlements)
            except InputError as error:
                problems += error.problems
        promised = tuple(promised or ())
        if not problems:
            problems += find_unsuited(services, settings)
        named = [*promised, *settings.limits_min, *settings.site_services]
        problems += find_unknown(named, known_services, "service", Message("study.where_named"))
        problems += find_unknown(
            sorted(set(candidates or ())), settlement_ids, "settlement", "candidates"
        )
        visit = visit or Visit()
        feed, wrong = check_mode(mode, feed, visit)
        with speak(lang):
            raise_problems(problems + wrong)
        if network is None:
            network = RoadNetwork.main_roads(settings.links)
        supply = tuple(services.loc[services["counts_as_supply"], "service"])
        outlines = count_people(municipalities, settlements)
        # Order of rows in the input never decides anything.
        settlements = crs_.to_metric(
            settlements.sort_values("settlement_id", ignore_index=True), "settlements", network.crs
        )
        facilities = complete_facilities(locate_facilities(facilities), services, municipalities)
        if borders_year is None and municipalities.get("vintage", pd.Series()).notna().any():
            borders_year = int(municipalities["vintage"].max())
        values: dict[str, Any] = {
            "municipalities": crs_.to_metric(
                outlines.sort_values("municipality_id", ignore_index=True),
                "municipalities",
                network.crs,
            ),
            "settlements": settlements,
            "facilities": crs_.to_metric(
                facilities.sort_values("facility_id", ignore_index=True), "facilities", network.crs
            ),
            "people": complete_people(
                people if people is not None and len(people) else None, settlements
            ),
            "network": network,
            "service_types": choose_limits(services, settings),
            "need": need,
            "promised": promised or supply,
            "targets": targets,
            "settings": settings,
            "name": name,
            "title": {lang: (title or {}).get(lang, name) for lang in LANGUAGES},
            "view": view,
            "borders_year": borders_year,
            "attribution": dict(attribution or {}),
            "caveats": dict(caveats or {}),
            "data_dates": data_dates,
            "candidates": None if candidates is None else tuple(candidates),
            "inputs": list(inputs),
            "lang": lang,
            "mode": mode,
            "feed": feed,
            "visit": visit,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def __repr__(self) -> str:
        return (
            f"<Study {self.title['en']}: {len(self.municipalities)} municipalities, "
            f"{len(self.settlements)} settlements, {len(self.facilities)} facilities>"
        )

    @cached_property
    def doubts(self) -> tuple[Problem, ...]:
        """What is well formed in the tables but contradicts plain sense or another table.

        Points far outside the municipality they name, outlines that overlap, more need than
        inhabitants, years to come of what operates. No reason to refuse a study.
        """
        from socaccess.schemas.names import name_rows
        from socaccess.sources.reference import Reference
        from socaccess.sources.tables import find_doubts

        known = Reference.of_study(self.municipalities, self.settlements, self.service_types)
        tables = ((self.municipalities, MUNICIPALITIES), (self.settlements, SETTLEMENTS),
                  (self.facilities, FACILITIES), (self.need, NEED))  # fmt: skip
        return tuple(
            problem
            for table, form in tables
            if table is not None
            for problem in find_doubts(table, form, known, form.name, name_rows(table, form, None))
        )

    def limits_min(self) -> dict[str, float]:
        """Return the limit of every service that has one, in minutes."""
        known = self.service_types[self.service_types["limit_min"].notna()]
        return dict(zip(known["service"], known["limit_min"].astype(float), strict=True))

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The target group of every service."""
        types = self.service_types
        return dict(zip(types["service"], types["target_group"].astype(str), strict=True))

    @cached_property
    def guessed(self) -> frozenset[str]:
        """The services that are known only by guessing what a register means."""
        if "mapping" not in self.facilities:
            return frozenset()
        sure = self.facilities["mapping"].isin(["sure", "listed"])
        services = self.facilities["service"]
        return frozenset(services[~sure]) - frozenset(services[sure])

    @cached_property
    def assessed_types(self) -> pd.DataFrame:
        """The service types whose coverage is asked: supply, and with a limit.

        Raises
        ------
        InputError
            If there is none.
        """
        types = self.service_types
        assessed = types[types["counts_as_supply"] & types["limit_min"].notna()]
        if not len(assessed):
            raise InputError("study.nothing_assessed", where="service_types")
        return assessed.reset_index(drop=True)

    def is_counted(self, service: str) -> bool:
        """Return whether any source counts who offers a service, so that nobody means nobody.

        `known_by` of the service types says so (`register`, `list`, `none`); where it is
        silent, the facilities given count the services they name.
        """
        return self._counted[service]

    @cached_property
    def _counted(self) -> dict[str, bool]:
        types = self.service_types
        known_by = types.get("known_by", pd.Series(index=types.index, dtype=object))
        named = set(self.facilities["service"])
        return {
            service: said != "none" if isinstance(said, str) and said else service in named
            for service, said in zip(types["service"], known_by, strict=True)
        }

    def own_municipality(self, traveller: str) -> pd.Series:
        """Return the municipality of every settlement as the owners of facilities are named.

        Providers who travel are known by today's municipality, whatever borders are shown.
        """
        today = "municipality_id_2025"
        if traveller == "provider" and today in self.settlements:
            return self.settlements[today].fillna(self.settlements["municipality_id"])
        return self.settlements["municipality_id"]

    def find_outside_plan(self, target_group: str) -> np.ndarray:
        """Return which settlements have need of a group that lies outside a plan's partnership."""
        if self.need is None or "outside_plan" not in self.need:
            return np.zeros(len(self.settlements), dtype=bool)
        rows = self.need[self.need["target_group"] == target_group]
        outside = rows.loc[rows["outside_plan"].fillna(False).astype(bool), "settlement_id"]
        return self.settlements["settlement_id"].isin(outside).to_numpy()

    def by_mode(self, by_car: str, by_transit: str) -> str:
        """Return the one of two texts that is true of the study's times: by car, or without."""
        return by_transit if self.mode == "transit" else by_car

    @property
    def people_are_points(self) -> bool:
        """Whether any settlement brings points where its people live; else each is its point."""
        return bool((self.people["basis"] == "points").any())

    @property
    def need_is_estimated(self) -> bool:
        """Whether any of the need is an estimate and not a published figure."""
        return self.need is not None and bool((self.need["basis"] == "estimate").any())

    @property
    def roads_are_modelled(self) -> bool:
        """Whether the network holds roads that are modelled, as the embedded one does."""
        return bool(np.asarray(self.network.modelled).any())

    def name_services(self, lang: str, *, marked: bool = False) -> dict[str, str]:
        """Return the names of the services by code, in one language.

        `marked`: those that are only `guessed` with a "¹".
        """
        types = self.service_types
        names = dict(zip(types["service"], types[f"name_{lang}"], strict=True))
        return names | {name: f"{names[name]}\u00a0¹" for name in self.guessed if marked}

    def name_groups(self, lang: str) -> dict[str, str]:
        """Return the target groups of the service types by name, in one language.

        The name is that in the catalogue's column `target_group_lv` or `target_group_en`,
        else the embedded one, else the code.
        """
        types = self.service_types
        embedded = load_target_groups()
        names = dict(zip(embedded["target_group"], embedded[f"name_{lang}"], strict=True))
        column = f"target_group_{lang}"
        for code, name in zip(types["target_group"], types.get(column, types["target_group"]),
                              strict=True):  # fmt: skip
            if column in types and isinstance(name, str) and name.strip():
                names[code] = name.strip()
            names.setdefault(code, code)
        return names

    @classmethod
    def load(
        cls,
        region: str = "latgale",
        *,
        view: str = "today",
        settings: Settings | None = None,
        network: RoadNetwork | None = None,
        lang: str = "en",
        mode: str = "car",
        feed: Feed | str | Path | None = None,
        visit: Visit | None = None,
    ) -> Self:
        """Return the study of an embedded region.

        Parameters
        ----------
        region
            `latgale`, `kurzeme`, `riga`, `vidzeme`, `zemgale`, or `latvia` for all.
        view
            `today`: today's region and municipalities (42); `plan`: the region and
            municipalities (119) the DI plan was written for.
        settings
            Limits, speeds, siting.
        network
            Other roads than the embedded ones.
        lang
            Language of the errors raised here and by what the study answers: `lv` or `en`.
        mode, feed, visit
            How clients travel; see `Study`.

        Raises
        ------
        UnknownNameError
            If there is no such region or view, with the nearest name.

        Examples
        --------
        >>> from socaccess.study import Study
        >>> study = Study.load("latgale")
        >>> len(study.municipalities), len(study.settlements)
        (9, 151)
        """
        from socaccess.study.embedded import load_tables

        asked = settings or Settings()
        with speak(lang):
            tables = load_tables(region, view=view, settings=asked)
            return cls(**tables, network=network or RoadNetwork.main_roads(asked.links), lang=lang,
                       mode=mode, feed=feed, visit=visit)  # fmt: skip

    @in_language
    def select(self, municipality_ids: Sequence[str]) -> Self:
        """Return the study of some of the municipalities; facilities stay everybody's.

        Raises
        ------
        UnknownNameError
            If a municipality is not in the study.
        """
        known = set(self.municipalities["municipality_id"])
        unknown = [name for name in municipality_ids if name not in known]
        if unknown:
            raise UnknownNameError("study.unknown_municipalities", names=unknown, study=self.name)
        keep = self.municipalities["municipality_id"].isin(municipality_ids)
        inside = self.settlements["municipality_id"].isin(municipality_ids)
        names = ", ".join(self.municipalities.loc[keep, "name"])
        need, candidates = self.need, self.candidates
        chosen = self.settlements.loc[inside, "settlement_id"]
        if candidates is not None:
            candidates = tuple(name for name in candidates if name in set(chosen))
        if need is not None:
            need = need[need["settlement_id"].isin(chosen)]
        return replace(
            self,
            municipalities=self.municipalities[keep],
            settlements=self.settlements[inside],
            need=need,
            candidates=candidates,
            people=self.people[self.people["settlement_id"].isin(chosen)],
            name=names,
            title={"lv": names, "en": names},
            targets=None,
        )
