"""Institutions people leave: where those people go, and what the buildings are worth as sites."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import fold
from socaccess.programme.amounts import share_out, to_fraction
from socaccess.programme.general_services import (
    PROPOSED_CRITERIA,
    Criterion,
    reach_amenities,
    score_sites,
)
from socaccess.programme.reach import list_supply, sum_persons
from socaccess.schemas import Column, TableForm, check_table
from socaccess.sources.boundaries import find_municipality
from socaccess.sources.tables import read_rows
from socaccess.study import Study, StudyResult
from socaccess.travel import travel_times
from socaccess.travel.minutes import to_limit_ms

__all__ = [
    "INSTITUTIONS",
    "MOVERS",
    "list_institutions",
    "place_movers",
    "read_movers",
    "score_buildings",
    "share_movers",
    "weigh_buildings",
]

INSTITUTIONS = ("vsac", "oof_inst", "halfway")
"""Services of institutions people move out of."""

_RESIDENCES = ("residence",)


def list_institutions(study: Study) -> pd.DataFrame:
    """Return the institutions of the study's region people move out of, located or not.

    Examples
    --------
    >>> from socaccess import Study
    >>> "kur038" in set(list_institutions(Study.load("kurzeme"))["facility_id"])
    True
    """
    facilities = study.facilities
    inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    if "planning_region_2009" in facilities:
        # Of some only the region is known.
        somewhere = facilities["planning_region_2009"] == study.name
        inside |= facilities["municipality_id"].isna() & somewhere
    chosen = facilities[inside & facilities["service"].isin(INSTITUTIONS)]
    return pd.DataFrame(chosen).reset_index(drop=True)


def weigh_buildings(
    result: StudyResult,
    services: Sequence[str] = (),
    *,
    statuses: Sequence[str] = ("operating", "closed"),
) -> pd.DataFrame:
    """Return what each building of an institution would bring as a site of a service.

    Parameters
    ----------
    result
        A study's result.
    services
        Which services; by default those promised that clients go to.
    statuses
        Of the institutions: also those closed or reorganised, whose houses may stand
        empty. Whether a house can be had, and in what state, is not known here.

    Returns
    -------
    pandas.DataFrame
        One row per building and service: `facility_id`, `name`, `institution`,
        `status`, `municipality_id`, `persons_near` (in need, within the limit of it),
        `gain` (of them without a facility within the limit now), `gain_population`,
        and `caution`: `residence_in_institution` where the service is a home, for
        which the grounds of the institution people leave are no community; most
        gain first. Buildings that are not located are left in, with NaN.

    Examples
    --------
    >>> from socaccess import Study
    >>> houses = weigh_buildings(Study.load("kurzeme").run(sites=False), ["dac_grt"])
    >>> houses["gain_population"].iloc[0] >= houses["gain_population"].iloc[-1]
    np.True_
    """
    study = result.study
    types = study.service_types
    assert types is not None and study.network is not None
    chosen = list(services) or [
        row.service
        for row in types.itertuples()
        if row.service in (study.promised or ()) and row.traveller == "client"
    ]
    limits = study.limits_min()
    unknown = [name for name in chosen if name not in limits]
    raise_problems([Problem("programme.no_such_limit", "services", unknown)] if unknown else [])
    buildings = list_institutions(study)
    buildings = buildings[buildings["status"].isin(list(statuses))].reset_index(drop=True)
    located = buildings["located"].to_numpy(dtype=bool)
    minutes = np.full((len(study.settlements), len(buildings)), np.nan)
    if located.any():
        times = travel_times(
            study.network,
            study.settlements,
            gpd.GeoDataFrame(
                buildings.loc[located, ["facility_id", "geometry"]], crs=study.facilities.crs
            ),
            links=study.settings.links,
        )
        minutes[:, located] = times.travel_min
    form_of = dict(zip(types["service"], types["form"], strict=True))
    population = study.settlements["population"].to_numpy(dtype=float)
    rows = []
    for service in chosen:
        persons = sum_persons(result, service)
        coverage = result.settlement_coverage
        now = coverage[(coverage["service"] == service) & (coverage["scenario"] == "now")]
        share = now.set_index("settlement_id")["covered_share"].reindex(
            study.settlements["settlement_id"]
        )
        # Of a service that nobody counts it is not known who has one.
        open_ = 1 - share.to_numpy(dtype=float)
        limit = to_limit_ms(limits[service]) / 60_000
        for number, building in enumerate(buildings.itertuples()):
            near = minutes[:, number] <= limit
            known = bool(located[number])
            rows.append(
                {
                    "facility_id": building.facility_id,
                    "name": building.name,
                    "institution": building.service,
                    "status": building.status,
                    "municipality_id": building.municipality_id,
                    "service": service,
                    "persons_near": float(persons[near].sum()) if known else np.nan,
                    "gain": float((persons * open_)[near].sum()) if known else np.nan,
                    "gain_population": float((population * open_)[near].sum()) if known else np.nan,
                    "caution": "residence_in_institution"
                    if form_of[service] in _RESIDENCES
                    else None,
                }
            )
    columns = ["facility_id", "name", "institution", "status", "municipality_id", "service",
               "persons_near", "gain", "gain_population", "caution"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(
        ["service", "gain", "gain_population", "facility_id"],
        ascending=[True, False, False, True],
        kind="stable",
        ignore_index=True,
    )


def score_buildings(
    study: Study,
    buildings: pd.DataFrame,
    amenities: gpd.GeoDataFrame,
    criteria: Sequence[Criterion] = PROPOSED_CRITERIA,
) -> pd.DataFrame:
    """Return buildings with what stands around them: `score`, `failed` and `unknown` added.

    Parameters
    ----------
    study
        Whose institutions the buildings are.
    buildings
        As of `weigh_buildings`.
    amenities
        As of `socaccess.programme.general_services.read_amenities`.
    criteria
        What counts.
    """
    assert study.network is not None
    known = list_institutions(study)
    known = known[known["located"].to_numpy(dtype=bool)]
    places = gpd.GeoDataFrame(known[["facility_id", "geometry"]], crs=study.facilities.crs)
    scores = score_sites(reach_amenities(study.network, places, amenities), criteria)
    columns = ["facility_id", "score", "failed", "unknown"]
    return buildings.merge(scores[columns], on="facility_id", how="left")


MOVERS = TableForm(
    "movers",
    (
        Column("institution_id", required=True),
        Column("origin"),
        Column("choice"),
        Column("persons", "integer", required=True, minimum=0),
        Column("move_by", "day"),
        Column("basis", default="stated", allowed=("stated", "estimate")),
    ),
)
_HEADINGS = {
    "iestade": "institution_id",
    "institucija": "institution_id",
    "institution": "institution_id",
    "izcelsme": "origin",
    "izcelsmes pasvaldiba": "origin",
    "izvele": "choice",
    "izveleta pasvaldiba": "choice",
    "personas": "persons",
    "skaits": "persons",
    "parcelas lidz": "move_by",
}


def read_movers(path: str | Path, study: Study) -> pd.DataFrame:
    """Return a table of people who leave institutions, as `place_movers` takes it.

    Parameters
    ----------
    path
        CSV or XLSX of `institution_id`, `origin`, `choice`, `persons`; headings may be
        Latvian (iestāde, izcelsme, izvēle, personas), and an institution may be
        written by its name.
    study
        Whose facilities the institutions are.

    Raises
    ------
    InputError
        With every finding at once.
    """
    frame, names = read_rows(Path(path))
    headings = [fold(str(column)) for column in frame.columns]
    frame.columns = [_HEADINGS.get(name, name.replace(" ", "_")) for name in headings]
    if "institution_id" in frame:
        known = study.facilities[study.facilities["service"].isin(INSTITUTIONS)]
        called = dict(zip(known["name"].map(fold), known["facility_id"], strict=True))
        frame["institution_id"] = frame["institution_id"].map(
            lambda word: word if _is_blank(word) else called.get(fold(str(word)), word)
        )
    return check_table(frame, MOVERS, where=Path(path).name, row_names=names)


def place_movers(
    result: StudyResult, movers: pd.DataFrame, *, service: str = "group_home"
) -> pd.DataFrame:
    """Return where people who leave institutions are going, and what they find there.

    Parameters
    ----------
    result
        A study's result.
    movers
        `institution_id` (facility), `origin` and `choice` (municipality they come from
        and the one they chose, by id or name, old names too), `persons`. They go to
        their choice, else to their origin; where neither is known they stay in the
        table as not decided.
    service
        The home they need.

    Returns
    -------
    pandas.DataFrame
        One row per group of movers: `institution`, `destination_id`, `destination`,
        `decided_by` (choice, origin, nobody), `persons`, `own_homes` and `own_places`
        of the destination (NaN where nobody published them), `nearest_min` (median
        over its inhabitants of the minutes to the nearest home) and `within_limit`.

    Raises
    ------
    InputError
        If an institution or municipality is not known, or a count is no whole number.
    """
    table = check_table(movers, MOVERS)
    study = result.study
    facilities = study.facilities.set_index("facility_id")
    problems = []
    unknown = [name for name in table["institution_id"] if name not in facilities.index]
    if unknown:
        problems.append(Problem("programme.unknown_institution", "movers", unknown))
    vintage = 2009 if study.view == "plan" else 2025
    named = dict(
        zip(study.municipalities["municipality_id"], study.municipalities["name"], strict=True)
    )
    for column in ("origin", "choice"):
        if column not in table:
            table[column] = None
        ids: list[str | None] = []
        for word in table[column]:
            try:
                ids.append(None if _is_blank(word) else _find(word, named, vintage))
            except InputError as error:
                ids.append(None)
                problems += [p.move("movers", column=column) for p in error.problems]
        table[f"{column}_id"] = pd.Series(ids, index=table.index, dtype=object)
    raise_problems(problems)
    supply = list_supply(result, service)
    coverage = result.coverage
    coverage = coverage[
        (coverage["service"] == service)
        & (coverage["scenario"] == "now")
        & (coverage["scope"] == "any")
    ].set_index("municipality_id")
    limit = study.limits_min().get(service, np.nan)
    rows = []
    for row in table.to_dict("records"):
        decided = "choice" if row["choice_id"] else "origin" if row["origin_id"] else "nobody"
        home = row["choice_id"] or row["origin_id"]
        own = supply[supply["municipality_id"] == home]
        minutes = float(coverage["median_min"].get(home, np.nan))
        rows.append(
            {
                "institution_id": row["institution_id"],
                "institution": facilities.loc[row["institution_id"], "name"],
                "destination_id": home,
                "destination": _name(home, named),
                "decided_by": decided,
                "persons": int(row["persons"]),
                "basis": row["basis"],
                "own_homes": len(own),
                "own_places": float(own["places"].sum()) if own["places"].notna().any() else np.nan,
                "nearest_min": minutes,
                "within_limit": bool(minutes <= limit) if np.isfinite(minutes) else None,
            }
        )
    placed = pd.DataFrame(rows)
    # Text columns would have NaN for a destination nobody has decided on.
    for name in ("destination_id", "destination", "within_limit"):
        placed[name] = pd.Series([row[name] for row in rows], dtype=object)
    return placed


def share_movers(study: Study, institution_id: str, persons: int) -> pd.DataFrame:
    """Return a number of movers shared out over municipalities by population: an estimate.

    For use where only the number is published, as for the 35 people of Kurzeme; whole
    persons that add up. Every row says it is an estimate.

    Examples
    --------
    >>> from socaccess import Study
    >>> movers = share_movers(Study.load("kurzeme"), "kur038", 35)
    >>> int(movers["persons"].sum()), set(movers["basis"])
    (35, {'estimate'})
    """
    if institution_id not in set(study.facilities["facility_id"]):
        raise UnknownNameError("programme.no_institution", name=institution_id)
    people = study.settlements.groupby("municipality_id")["population"].sum().sort_index()
    parts = share_out(int(persons), [to_fraction(value) for value in people.tolist()])
    table = pd.DataFrame(
        {
            "institution_id": institution_id,
            "origin": people.index.astype(object),
            "choice": None,
            "persons": parts,
            "basis": "estimate",
        }
    )
    return table[table["persons"] > 0].reset_index(drop=True)


def _is_blank(word: object) -> bool:
    return word is None or word != word or not str(word).strip()


def _find(word: object, named: dict[str, str], vintage: int) -> str:
    text = str(word).strip()
    return text if text in named else find_municipality(text, vintage=vintage)[0]


def _name(identity: str | None, named: dict[str, str]) -> str | None:
    if identity is None or identity in named:
        return named.get(identity) if identity else None
    return find_municipality(identity)[1] if len(identity) == 7 else identity
