"""The file a programme is built from: `programme.toml` and the tables it names.

`init_programme` writes both from what ships, every table ready to be edited; what a file does
not say keeps its default, and everything wrong with it is told at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.encoding import encode_csv
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.files import write_files
from socaccess.programme.amounts import find_share_problems
from socaccess.programme.catalogue import CATALOGUE, Catalogue, list_groups
from socaccess.programme.forecast import POPULATION
from socaccess.programme.goals import REACHED, list_reached
from socaccess.programme.institutions import MOVERS
from socaccess.programme.known_counts import RATES, choose_rates
from socaccess.programme.measures import MEASURES, propose_measures
from socaccess.programme.objects import AMENDMENTS, OBJECTS, list_objects
from socaccess.programme.prices import PRICES, load_prices, locate_prices
from socaccess.programme.reorganisation import OCCUPANCY, STAFF
from socaccess.schemas import Column, TableForm, suggest_names
from socaccess.sources.boundaries import REGIONS
from socaccess.sources.plain_tables import check_plain_table, fill_columns
from socaccess.study import StudyResult
from socaccess.validation import find_faults

__all__ = [
    "FILE_NAME",
    "KINDS",
    "PlanFile",
    "default_plan",
    "init_programme",
    "read_plan_file",
]

FILE_NAME = "programme.toml"

KINDS = ("programme", "di_plan", "municipal_plan")
"""Kinds of document: a region's programme, a deinstitutionalisation plan, a municipality's plan."""

STANCES = ("priority", "backs", "not_planned", "no_answer")
"""What a municipality says of a service; who was not asked has not answered."""

BACKED = TableForm(
    "backed",
    (
        Column("municipality_id", required=True),
        Column("service", required=True),
        Column("stance", default="no_answer", allowed=STANCES),
        Column("rank", "integer", minimum=1),
        Column("partners"),
        Column("year", "integer", minimum=1990),
        Column("amount", "number", minimum=0),
        Column("source"),
    ),
    may_be_empty=True,
)
TAKE_UP = TableForm(
    "take_up",
    (
        Column("target_group", required=True),
        Column("service", required=True),
        *(Column(name, "number", required=True, minimum=0) for name in ("low", "middle", "high")),
        Column("observations", "integer", minimum=0),
        Column("basis", required=True),
        Column("source"),
    ),
    may_be_empty=True,
)
FORMS: Mapping[str, TableForm] = {
    "take_up": TAKE_UP,
    "population": POPULATION,
    "prices": PRICES,
    "objects": OBJECTS,
    "amendments": AMENDMENTS,
    "measures": MEASURES,
    "reached": REACHED,
    "backed": BACKED,
    "movers": replace(MOVERS, may_be_empty=True),
    "staff": replace(
        STAFF,
        columns=(Column("institution_id", required=True), *STAFF.columns),
        may_be_empty=True,
    ),
    "occupancy": replace(OCCUPANCY, may_be_empty=True),
}
"""The tables of a programme beside its catalogue, by their key under `[tables]`."""


@dataclass(frozen=True)
class Heading:
    """What is programmed: region, borders, kind of document, years."""

    region: str
    view: str = "today"
    kind: str = "programme"
    title: str = ""
    years: tuple[int, ...] = field(default=(2027, 2033), metadata={"each": {"ge": 1990}})
    base_year: int = field(default=2020, metadata={"ge": 1990})
    author: str = ""


@dataclass(frozen=True)
class Tables:
    """Files of tables, relative to the file; one that is not named is taken from what ships."""

    catalogue: str = ""
    target_groups: str = ""
    take_up: str = ""
    population: str = ""
    prices: str = ""
    objects: str = ""
    amendments: str = ""
    measures: str = ""
    reached: str = ""
    backed: str = ""
    movers: str = ""
    staff: str = ""
    occupancy: str = ""


@dataclass(frozen=True)
class Change:
    """Yearly change of the people in need, as a share, by variant."""

    low: float = field(default=-0.02, metadata={"gt": -1, "lt": 1})
    middle: float = field(default=-0.01, metadata={"gt": -1, "lt": 1})
    high: float = field(default=0.0, metadata={"gt": -1, "lt": 1})


@dataclass(frozen=True)
class Money:
    """Prices to come and who pays.

    Parameters
    ----------
    price_index
        By how much prices rise a year (0.03: three per cent), from the year of each price.
    hours_per_visit
        For prices by the hour.
    eur_per_km
        Of the transport of clients; 0 leaves it out.
    esf_ends
        The first year without ESF money; 0 where it does not end.
    running, transport, capital, takes_over
        Shares by payer (`esf`, `eraf`, `state`, `municipality`, `client`).
    """

    price_index: float = field(default=0.03, metadata={"gt": -1, "lt": 1})
    hours_per_visit: float = field(default=1.0, metadata={"gt": 0})
    eur_per_km: float = field(default=0.0, metadata={"ge": 0})
    esf_ends: int = 0
    running: dict[str, float] = field(default_factory=lambda: {"municipality": 1.0})
    transport: dict[str, float] = field(default_factory=lambda: {"municipality": 1.0})
    capital: dict[str, float] = field(default_factory=lambda: {"eraf": 0.85, "municipality": 0.15})
    takes_over: dict[str, float] = field(default_factory=lambda: {"municipality": 1.0})


@dataclass(frozen=True)
class Round:
    """The store of rounds whose accepted rows, statements and approvals are taken."""

    store: str = ""


@dataclass(frozen=True)
class Words:
    """Texts the region writes itself; empty ones are left out or said to be missing."""

    preface: str = ""
    partners: str = ""
    monitoring: str = ""


_SECTIONS: dict[str, type] = {
    "programme": Heading,
    "tables": Tables,
    "change": Change,
    "money": Money,
    "round": Round,
    "texts": Words,
}


@dataclass(frozen=True, eq=False)
class PlanFile:
    """A programme's file as read, with the tables it names.

    Parameters
    ----------
    programme, change, money, round, texts
        Its sections.
    catalogue
        Services with their norms; the embedded ones where no table is named.
    given
        The other tables that were named, by their key.
    folder
        Where the file stands: its paths begin here.
    name
        What the file is called.
    """

    programme: Heading
    change: Change
    money: Money
    round: Round
    texts: Words
    catalogue: Catalogue
    given: dict[str, pd.DataFrame]
    folder: Path
    name: str = FILE_NAME


def default_plan(
    region: str,
    *,
    view: str = "today",
    years: tuple[int, ...] = (2027, 2033),
    min_clients: Mapping[str, float] | None = None,
) -> PlanFile:
    """Return the programme of a region as it is before anybody has edited anything.

    Raises
    ------
    UnknownNameError
        If `min_clients` names a service the catalogue does not.
    """
    catalogue = Catalogue.load()
    for service, least in (min_clients or {}).items():
        if service not in set(catalogue.services["service"]):
            known = list(catalogue.services["service"])
            raise (
                UnknownNameError("programme.no_service_near", name=service,
                                 near=suggest_names(service, known, most=1) or known[:1])
            )  # fmt: skip
        catalogue.services.loc[catalogue.services["service"] == service, "min_clients"] = least
    heading = Heading(region, view, years=years)
    return PlanFile(heading, Change(), Money(), Round(), Words(), catalogue, {}, Path())


def read_plan_file(path: str | Path) -> PlanFile:
    """Return a programme's file with its tables, checked.

    Parameters
    ----------
    path
        The file, or the folder it stands in.

    Raises
    ------
    InputError
        With everything wrong with the file, or else with its tables, at once.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE_NAME
    if not path.is_file():
        raise InputError("programme.no_plan_file", where=str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("programme.not_toml", where=path.name, reason=str(error)) from None
    problems = [
        Problem("validation.unknown", path.name, name=name, known=list(_SECTIONS))
        for name in raw
        if name not in _SECTIONS
    ]
    parts: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        said = raw.get(name, {})
        if not isinstance(said, dict):
            problems.append(Problem("validation.not_a_section", path.name, name=name, value=said))
            continue
        said = {key: tuple(value) if isinstance(value, list) else value
                for key, value in said.items()}  # fmt: skip
        found = find_faults(kind, said, path.name, name)
        problems += found
        if not found and (name != "programme" or "region" in said):
            parts[name] = kind(**said)
    problems += _find_faults_of_meaning(parts, path.name)
    raise_problems(problems)
    catalogue, given = _read_tables(parts["tables"], path.parent)
    return PlanFile(
        parts["programme"], parts["change"], parts["money"], parts["round"], parts["texts"],
        catalogue, given, path.parent, path.name,
    )  # fmt: skip


def _find_faults_of_meaning(parts: Mapping[str, Any], where: str) -> list[Problem]:
    problems = []
    if "programme" in parts:
        heading = parts["programme"]
        for key, value, known in (
            ("region", heading.region, REGIONS),
            ("view", heading.view, ("today", "plan")),
            ("kind", heading.kind, KINDS),
        ):
            if value not in known:
                problems.append(
                    Problem("programme.not_one_of", where, key=f"[programme] {key}", value=value,
                            known=list(known))
                )  # fmt: skip
        if not heading.years or min(heading.years) < heading.base_year:
            problems.append(
                Problem("programme.before_base_year", where, base=str(heading.base_year))
            )
    else:
        problems.append(Problem("programme.no_region_in_file", where))
    if "money" in parts:
        for key in ("running", "transport", "capital", "takes_over"):
            problems += find_share_problems(getattr(parts["money"], key), f"{where}: money.{key}")
    return problems


def _read_tables(tables: Tables, folder: Path) -> tuple[Catalogue, dict[str, pd.DataFrame]]:
    problems: list[Problem] = []
    given: dict[str, pd.DataFrame] = {}
    catalogue = Catalogue.load()
    named = {key: name for key, name in vars(tables).items() if name}
    for key, name in named.items():
        path = folder / name
        if not path.is_file():
            problems.append(Problem("programme.table_not_found", name, key=f"[tables] {key}"))
            continue
        try:
            if key == "catalogue":
                groups = folder / tables.target_groups if tables.target_groups else None
                known = groups if groups is not None and groups.is_file() else None
                catalogue = Catalogue.read(path, target_groups=known)
            elif key != "target_groups":
                given[key] = check_plain_table(path, FORMS[key])
        except InputError as error:
            problems += error.problems
    raise_problems(problems)
    return catalogue, given


def init_programme(
    folder: str | Path, result: StudyResult, *, years: tuple[int, ...] = (2027, 2033)
) -> list[Path]:
    """Write a programme's file and every table of it from what ships; return the files.

    Parameters
    ----------
    folder
        Where to; made if absent. A file that is there already is not touched.
    result
        A study's result, of the region and borders the programme is for.
    years
        The years of its forecast.

    Raises
    ------
    InputError
        If the folder holds a programme already.
    """
    folder = Path(folder)
    if (folder / FILE_NAME).exists():
        raise InputError("programme.plan_file_exists", where=str(folder / FILE_NAME))
    study = result.study
    people = study.municipalities
    base = Heading.__dataclass_fields__["base_year"].default
    objects, prices = list_objects(study).objects, locate_prices(load_prices(), study.view)
    wanted = set(_list_pairs(result))
    rates = choose_rates(study)
    rates = rates[[pair in wanted for pair in _zip(rates)]]
    catalogue = Catalogue.load()
    least = catalogue.services.set_index("service")["min_clients"].dropna().astype(float)
    tables = {
        "catalogue": fill_columns(catalogue.services, CATALOGUE),
        "target_groups": list_groups(),
        "take_up": rates[RATES],
        "population": pd.DataFrame(
            {
                "municipality_id": people["municipality_id"],
                "year": base,
                "population": people["population"].astype(float),
            }
        ),
        # A price of what no service of the catalogue is, is nobody's price here.
        "prices": prices[prices["service"].notna()].reindex(
            columns=[c.name for c in PRICES.columns]
        ),
        "objects": objects[[c.name for c in OBJECTS.columns]],
        "amendments": pd.DataFrame(columns=[c.name for c in AMENDMENTS.columns]),
        "measures": propose_measures(result, objects, years, least.to_dict()),
        "reached": list_reached(study.name),
        "backed": pd.DataFrame(
            [(m, s, "no_answer", None, None, None, None, None)
             for m in people["municipality_id"] for s in study.promised or ()],
            columns=[c.name for c in BACKED.columns],
        ),
        **{name: pd.DataFrame(columns=[c.name for c in FORMS[name].columns])
           for name in ("movers", "staff", "occupancy")},
    }  # fmt: skip
    files: dict[str, bytes | str] = {
        f"{name}.csv": encode_csv(table) for name, table in tables.items()
    }
    files[FILE_NAME] = _write_toml(study.name, study.view, years)
    return write_files(folder, files)


def _zip(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["target_group"], table["service"], strict=True))


def _list_pairs(result: StudyResult) -> list[tuple[str, str]]:
    types = result.study.service_types
    assert types is not None
    return _zip(types[types["service"].isin(list(result.study.promised or ()))])


def _write_toml(region: str, view: str, years: tuple[int, ...]) -> str:
    change, money = Change(), Money()
    named = [key for key in Tables.__dataclass_fields__ if key not in ("population",)]
    shares = {
        key: ", ".join(f"{payer} = {share}" for payer, share in getattr(money, key).items())
        for key in ("running", "transport", "capital", "takes_over")
    }
    lines = [
        "[programme]",
        f'region = "{region}"',
        f'view = "{view}"',
        f'kind = "{KINDS[0]}"   # {", ".join(KINDS)}',
        'title = ""',
        f"years = [{', '.join(map(str, years))}]",
        f"base_year = {Heading.__dataclass_fields__['base_year'].default}",
        'author = ""',
        "",
        "[tables]",
        *(f'{key} = "{key}.csv"' for key in named),
        '# population = "population.csv"',
        "",
        "[change]",
        *(f"{key} = {value}" for key, value in vars(change).items()),
        "",
        "[money]",
        f"price_index = {money.price_index}",
        f"hours_per_visit = {money.hours_per_visit}",
        f"eur_per_km = {money.eur_per_km}",
        f"esf_ends = {money.esf_ends}",
        *(f"{key} = {{ {value} }}" for key, value in shares.items()),
        "",
        "[round]",
        'store = ""',
        "",
        "[texts]",
        *(f'{key} = ""' for key in Words.__dataclass_fields__),
        "",
    ]
    return "\n".join(lines)
