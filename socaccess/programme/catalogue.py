"""Words of a catalogue as codes, and the numbers of it that rest on nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.coverage import summarise_coverage
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.schemas import SERVICE_TYPES, Column, TableForm, check_table, suggest_names
from socaccess.sources.plain_tables import fill_columns, read_plain_table
from socaccess.sources.services import load_service_types, load_target_groups
from socaccess.sources.tables import read_rows
from socaccess.study import StudyResult

__all__ = [
    "BASES",
    "CATALOGUE",
    "NORMS",
    "PROFILES",
    "Catalogue",
    "compare_profiles",
    "find_unfounded",
    "list_groups",
    "name_words",
]

BASES = ("law", "plan", "observed", "proposal")
"""What a number may rest on, from the firmest; all but a proposal need a source."""

# Classes of the law as the embedded catalogue words them, and what planners write.
_CLASS_WORDS = {
    "sociala aprupe": "social_care",
    "sociala rehabilitacija": "social_rehabilitation",
    "sociala aprupe un rehabilitacija": "social_care_and_rehabilitation",
    "sociala aprupe un sociala rehabilitacija": "social_care_and_rehabilitation",
    "profesionala rehabilitacija": "vocational_rehabilitation",
    "socialais darbs": "social_work",
    "ilgstosa sociala aprupe": "long_term_care",
}
# Groups the regional programmes of 2010-2017 name that no embedded service is for.
_MORE_GROUPS = (
    (
        "ex_prisoners",
        "No ieslodzījuma vietām atbrīvotās personas",
        "People released from prison",
    ),
)


def list_groups(path: str | Path | None = None) -> pd.DataFrame:
    """Return the target groups known, with a region's own where a table of them is given."""
    known = load_target_groups()[["target_group", "name_lv", "name_en"]]
    more = pd.DataFrame(_MORE_GROUPS, columns=known.columns)
    groups = pd.concat([known, more], ignore_index=True).astype(object)
    if path is None:
        return groups
    frame, names = read_plain_table(path)
    form = TableForm(
        "target_groups",
        tuple(Column(name, required=True, unique=name == "target_group") for name in known.columns),
    )
    own = check_table(frame, form, where=Path(path).name, row_names=names)[list(known.columns)]
    kept = groups[~groups["target_group"].isin(own["target_group"])]
    return pd.concat([kept, own.astype(object)], ignore_index=True)


def name_words(
    frame: pd.DataFrame, groups: pd.DataFrame, where: str, names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return classes and groups as codes, and those nobody knows."""
    embedded = load_service_types()["legal_class"]
    classes = {word: word for word in {*embedded, *_CLASS_WORDS.values()}}
    words = {"legal_class": {**_CLASS_WORDS, **classes}}
    words["target_group"] = {
        fold(str(row[column])): str(row["target_group"])
        for row in groups.to_dict("records")
        for column in ("target_group", "name_lv", "name_en")
    }
    problems = []
    for column, codes in words.items():
        if column not in frame:
            continue
        named = frame[column].map(
            lambda word, codes=codes: (
                None if word is None or pd.isna(word) else codes.get(fold(str(word)), str(word))
            )
        )
        bad = named.notna() & ~named.isin(set(codes.values()))
        if bad.any():
            first = str(named[bad].iloc[0])
            near = suggest_names(first, sorted(set(codes.values())), most=1)
            rows = [
                Message("programme.row_value", row=names[i], value=named.iloc[i])
                for i in np.flatnonzero(bad)
            ]
            if near:
                found = Problem("programme.unknown_word", where, rows, column=column, near=near)
            elif column == "legal_class":
                known = sorted(classes)
                found = Problem("programme.unknown_class", where, rows, column=column, known=known)
            else:
                found = Problem("programme.unknown_group", where, rows, column=column)
            problems.append(found)
        frame = frame.assign(**{column: named})
    return frame, problems


def find_unfounded(
    frame: pd.DataFrame, norms: Sequence[str], where: str, names: list[str]
) -> list[Problem]:
    """Return the numbers that do not say what they rest on, or name no source."""
    problems = []
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    for norm in norms:
        if norm not in frame:
            continue
        stated = frame[norm].notna() & (frame[norm].astype(str).str.strip() != "")
        basis = frame.get(f"{norm}_basis", empty)
        source = frame.get(f"{norm}_source", empty)
        bare = stated & basis.isna()
        if bare.any():
            problems.append(
                Problem(
                    "programme.number_without_basis",
                    where,
                    [names[i] for i in np.flatnonzero(bare)],
                    column=f"{norm}_basis",
                    known=BASES,
                )
            )
        unsourced = stated & basis.notna() & (basis != "proposal") & source.isna()
        if unsourced.any():
            problems.append(
                Problem(
                    "programme.number_without_source",
                    where,
                    [names[i] for i in np.flatnonzero(unsourced)],
                    column=f"{norm}_source",
                )
            )
    return problems


NORMS = ("limit_min", "outer_limit_min", "min_clients", "max_places", "visits_per_week")
"""Columns of the catalogue that are norms; each has `<name>_basis` and `<name>_source`."""

CATALOGUE = TableForm(
    "catalogue",
    (
        *SERVICE_TYPES.columns,
        Column("visits_per_week", "number", minimum=0),
        Column("min_clients", "number", minimum=0),
        Column("max_places", "number", minimum=0),
        Column("unit"),
        Column("note"),
        *(Column(f"{norm}_basis", allowed=BASES) for norm in NORMS),
        *(Column(f"{norm}_source") for norm in NORMS),
    ),
)

PROFILES = TableForm(
    "profiles",
    (
        Column("profile", required=True),
        Column("service", required=True),
        Column("limit_min", "number", required=True, minimum=0),
        Column("basis", required=True, allowed=BASES),
        Column("source"),
    ),
)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Service types with their norms, target groups and profiles of standards.

    Parameters
    ----------
    services
        One row per service, of the form `CATALOGUE`.
    target_groups
        `target_group`, `name_lv`, `name_en`.
    profiles
        One row per profile and service: the limit, what it rests on and its source.
    name
        What it is called in tables.
    """

    services: pd.DataFrame
    target_groups: pd.DataFrame
    profiles: pd.DataFrame
    name: str = "catalogue"

    @classmethod
    def load(cls) -> Catalogue:
        """Return the embedded catalogue: 37 services, every limit a proposal.

        Examples
        --------
        >>> catalogue = Catalogue.load()
        >>> len(catalogue.services), len(catalogue.target_groups)
        (37, 21)
        >>> catalogue.list_proposals()["basis"].unique().tolist()
        ['proposal']
        """
        services = load_service_types()
        for norm in NORMS:
            if norm not in services:
                services[norm] = np.nan
            stated = services[norm].notna()
            services[f"{norm}_basis"] = pd.Series("proposal", services.index, object).where(
                stated, None
            )
            services[f"{norm}_source"] = None
        return cls(services, list_groups(), pd.DataFrame(columns=_names(PROFILES)), "socaccess")

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        target_groups: str | Path | None = None,
        profiles: str | Path | None = None,
    ) -> Catalogue:
        """Return a region's own catalogue, of any number of services, checked.

        Parameters
        ----------
        path
            CSV or XLSX of the columns of `CATALOGUE`; classes and groups may be
            written as planners do ("sociālā rehabilitācija").
        target_groups
            Table of `target_group`, `name_lv`, `name_en` of groups of its own;
            they add to those known.
        profiles
            Table of `profile`, `service`, `limit_min`, `basis`, `source`.

        Raises
        ------
        InputError
            With every finding at once, also where a number does not say what it
            rests on, or names no source though it is no proposal.
        """
        path = Path(path)
        groups = list_groups(target_groups)
        frame, names = read_plain_table(path)
        problems: list[Problem] = []
        frame = _share_basis(frame)
        frame, found = name_words(frame, groups, path.name, names)
        problems += found
        services = _check(frame, CATALOGUE, path.name, names, problems, None)
        problems += find_unfounded(services, NORMS, path.name, names)
        services = fill_columns(services, CATALOGUE)
        known = services["service"].dropna().astype(str).tolist() if "service" in services else []
        table = pd.DataFrame(columns=_names(PROFILES))
        if profiles is not None:
            table = _read_profiles(Path(profiles), known, problems)
        raise_problems(problems)
        return cls(services.reset_index(drop=True), groups, table, path.stem)

    def with_profiles(self, path: str | Path) -> Catalogue:
        """Return the catalogue with the profiles of a table added, those of the same name replaced.

        Raises
        ------
        InputError
            With every finding at once.
        """
        problems: list[Problem] = []
        table = _read_profiles(Path(path), self.services["service"].tolist(), problems)
        raise_problems(problems)
        kept = self.profiles[~self.profiles["profile"].isin(table["profile"])]
        return replace(self, profiles=pd.concat([kept, table], ignore_index=True)
                       if len(kept) else table)  # fmt: skip

    def list_proposals(self) -> pd.DataFrame:
        """Return every number of the catalogue that is a proposal: service, norm, value."""
        return self.list_norms().query("basis == 'proposal'").reset_index(drop=True)

    def list_norms(self) -> pd.DataFrame:
        """Return every number of the catalogue: service, norm, value, basis, source."""
        rows = [
            (row["service"], norm, float(row[norm]), row[f"{norm}_basis"], row[f"{norm}_source"])
            for row in self.services.to_dict("records")
            for norm in NORMS
            if row[norm] is not None and not pd.isna(row[norm])
        ]
        return pd.DataFrame(rows, columns=["service", "norm", "value", "basis", "source"])

    def list_profiles(self) -> list[str]:
        """Return the names of the profiles: `catalogue` (its own limits) and those of its table."""
        return ["catalogue", *dict.fromkeys(self.profiles["profile"])]

    def limits_min(self, profile: str = "catalogue") -> dict[str, float]:
        """Return the limit of every service in a profile, minutes, inclusive.

        A service the profile does not name keeps the catalogue's limit.

        Raises
        ------
        UnknownNameError
            If there is no such profile.
        """
        known = self.list_profiles()
        if profile not in known:
            raise UnknownNameError("programme.unknown_profile", name=profile, known=known)
        stated = self.services[self.services["limit_min"].notna()]
        limits = dict(zip(stated["service"], stated["limit_min"].astype(float), strict=True))
        rows = self.profiles[self.profiles["profile"] == profile]
        return limits | dict(zip(rows["service"], rows["limit_min"].astype(float), strict=True))

    def add_profile(
        self, name: str, limits_min: dict[str, float], *, basis: str = "proposal", source: str = ""
    ) -> Catalogue:
        """Return the catalogue with one more profile.

        Examples
        --------
        >>> near = Catalogue.load().add_profile("near", {"dac_grt": 15.0})
        >>> near.limits_min("near")["dac_grt"], near.limits_min()["dac_grt"]
        (15.0, 30.0)
        """
        unknown = [
            service for service in limits_min if service not in set(self.services["service"])
        ]
        problems = [Problem("programme.not_in_catalogue", name, unknown)]
        raise_problems(problems if unknown else [])
        if basis not in BASES:
            raise UnknownNameError("programme.unknown_basis", name=basis, known=BASES)
        if basis != "proposal" and not source:
            raise InputError("programme.profile_without_source", name=name, basis=basis)
        bad = [f"{service}: {limit}" for service, limit in limits_min.items() if not limit > 0]
        raise_problems([Problem("programme.limit_not_positive", name, bad)] if bad else [])
        rows = pd.DataFrame(
            [(name, service, float(limit), basis, source) for service, limit in limits_min.items()],
            columns=_names(PROFILES),
        )
        kept = self.profiles[self.profiles["profile"] != name]
        table = rows if not len(kept) else pd.concat([kept, rows], ignore_index=True)
        return replace(self, profiles=table)

    def to_service_types(self, profile: str = "catalogue") -> pd.DataFrame:
        """Return the services as `Study(service_types=...)` takes them, limits of a profile."""
        types = self.services.copy()
        types["limit_min"] = types["service"].map(self.limits_min(profile)).astype(float)
        return types


def compare_profiles(
    result: StudyResult,
    catalogue: Catalogue,
    profiles: Sequence[str] = (),
    *,
    scenario: str = "now",
    by: tuple[str, ...] = ("profile",),
) -> pd.DataFrame:
    """Return what each profile of standards would make of the same travel times.

    Parameters
    ----------
    result
        A study's result; its times are used, its limits are not.
    catalogue
        Where the profiles stand.
    profiles
        Which to compare; all by default.
    scenario
        `now`, `planned` or `suggested`.
    by
        What to group by besides the service; add `municipality_id` for one row a
        municipality.

    Returns
    -------
    pandas.DataFrame
        One row per profile and service with `limit_min`, `basis` and the measures of
        `socaccess.coverage.summarise_coverage`.
    """
    rows = result.list_people(scenario)
    tables = []
    for profile in profiles or catalogue.list_profiles():
        limits = catalogue.limits_min(profile)
        for service, table in rows.groupby("service", sort=True):
            if service not in limits:
                continue
            near = np.where(table["travel_min"] <= limits[str(service)], "covered", "gap")
            status = table["status"].where(table["status"] == "no_data", near)
            tables.append(
                table.assign(profile=profile, status=status, limit_min=limits[str(service)])
            )
    if not tables:
        raise InputError("programme.no_common_service")
    keys = tuple(dict.fromkeys((*by, "profile", "limit_min")))
    table = summarise_coverage(pd.concat(tables, ignore_index=True), by=keys)
    stated = {
        (row.profile, row.service): row.basis for row in catalogue.profiles.itertuples(index=False)
    }
    own = dict(
        zip(catalogue.services["service"], catalogue.services["limit_min_basis"], strict=True)
    )
    table["basis"] = [
        stated.get((profile, service), own.get(service))
        for profile, service in zip(table["profile"], table["service"], strict=True)
    ]
    return table


def _share_basis(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a catalogue in which one column `limit_basis` speaks for limits and visits.

    So the table of service types that ships says it.
    """
    if "limit_basis" not in frame:
        return frame
    wanted = [n for n in NORMS if n in frame and f"{n}_basis" not in frame]
    bases = {f"{name}_basis": frame["limit_basis"] for name in wanted}
    if "min_clients" in wanted:
        # Of services without a limit, too, the smallest registered house is our proposal.
        bases["min_clients_basis"] = frame["limit_basis"].where(
            frame["limit_basis"].notna(), "proposal"
        )
    return frame.assign(**bases)


def _names(form: TableForm) -> list[str]:
    return [column.name for column in form.columns]


def _read_profiles(path: Path, known: list[str], problems: list[Problem]) -> pd.DataFrame:
    """Return a table of profiles; what is wrong with it is added to the problems."""
    rows, lines = read_rows(path)
    rows.columns = [str(column).strip().lower() for column in rows.columns]
    table = _check(rows, PROFILES, path.name, lines, problems, {"service": known})
    renamed = table.rename(columns={"basis": "limit_min_basis", "source": "limit_min_source"})
    problems += find_unfounded(renamed, ("limit_min",), path.name, lines)
    return table


def _check(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    names: list[str],
    problems: list[Problem],
    known: dict[str, list[str]] | None,
) -> pd.DataFrame:
    try:
        return check_table(frame, form, where=where, row_names=names, known=known)
    except InputError as error:
        problems += error.problems
        return frame
