"""Needs assessments: national open data and a region's own tables.

The two national layouts read here are "needed DI services" (per municipality, the persons whose
support plan names each service, cumulative by month) and "children with disability by municipality
and age". Their columns are found by what their headings say, not by exact names, which differ
between editions; the answer says what was taken for what, and what was not understood.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.sources.boundaries import VINTAGES, find_municipality, load_crosswalk
from socaccess.sources.tables import read_rows

__all__ = [
    "NeedTable",
    "gather_persons",
    "read_children_by_age",
    "read_needed_services",
]

_HIDDEN = re.compile(r"^<\s*\d+$|^\.{2,}$|^[…\-–]$")


@dataclass(frozen=True, eq=False)
class NeedTable:
    """Persons per municipality as a table states them.

    Parameters
    ----------
    persons
        One row per municipality, period and kind (`service` or `age_group`):
        `municipality_id`, `municipality`, `year`, `month`, the kind and `persons`
        (NaN where the source hides the number).
    vintage
        2009, 2021 or 2025: which municipalities the codes are of.
    columns
        What each heading was taken for.
    ignored
        Headings that were not understood.
    findings
        What is odd but no reason to refuse: numbers that fall though they are
        cumulative, hidden numbers, totals that differ.
    """

    persons: pd.DataFrame
    vintage: int
    columns: dict[str, str]
    ignored: tuple[str, ...]
    findings: tuple[Problem, ...]

    def choose_latest(self) -> pd.DataFrame:
        """Return the rows of each municipality's latest period."""
        table = self.persons
        if not len(table):
            return table
        period = table["year"].fillna(0) * 100 + table["month"].fillna(0)
        latest = period.groupby(table["municipality_id"]).transform("max")
        return table[period == latest].reset_index(drop=True)


def gather_persons(
    frame: pd.DataFrame,
    names: list[str],
    where: str,
    taken: dict[str, str],
    kinds: dict[str, str],
    kind: str,
    vintage: int | None,
    total: str | None = None,
) -> NeedTable:
    """Return the persons of a table whose headings are understood; raise all that is wrong."""
    problems: list[Problem] = []
    findings: list[Problem] = []
    if not kinds:
        problems.append(
            Problem("programme.no_service_column", where, found=list(frame.columns))
            if kind == "service"
            else Problem("programme.no_age_column", where, found=list(frame.columns))
        )
    if "municipality_id" not in taken and "municipality" not in taken:
        problems.append(Problem("programme.no_municipality_column", where))
        raise_problems(problems)
    ids, vintage, found = _identify(frame, names, where, taken, vintage)
    problems += found
    numbers = {}
    for heading in [*kinds, *([total] if total else [])]:
        numbers[heading], found, told = _count(frame[heading], names, where, heading)
        problems += found
        findings += told
    period = {}
    for field, code, low, high in (
        ("year", "programme.not_a_year", 1990, 2100),
        ("month", "programme.not_a_month", 1, 12),
    ):
        values = pd.Series(np.nan, frame.index)
        if field in taken:
            values, found, _ = _count(frame[taken[field]], names, where, taken[field])
            problems += found
            odd = values.notna() & ~values.between(low, high)
            if odd.any():
                problems.append(
                    Problem(
                        code, where, [names[i] for i in np.flatnonzero(odd)], column=taken[field]
                    )
                )
        period[field] = values
    doubled = pd.DataFrame({"id": ids, **period}).duplicated(keep=False) & ids.notna()
    if doubled.any():
        problems.append(
            Problem("programme.municipality_twice", where, _name_values(names, ids, doubled))
        )
    raise_problems(problems)
    title = frame[taken["municipality"]] if "municipality" in taken else ids
    blocks = [
        pd.DataFrame(
            {
                "municipality_id": ids,
                "municipality": title,
                **period,
                kind: name,
                "persons": numbers[heading],
            }
        )
        for heading, name in kinds.items()
    ]
    shared = sorted({name for name in kinds.values() if list(kinds.values()).count(name) > 1})
    if shared:
        findings.append(Problem("programme.one_kind_twice", where, shared))
    table = pd.concat(blocks, ignore_index=True)
    keys = ["municipality_id", "municipality", "year", "month", kind]
    # Two columns may mean one service: home care and mobile supervision.
    table = table.groupby(keys, dropna=False, sort=True, as_index=False)["persons"].agg(
        lambda column: column.sum(min_count=len(column))
    )
    if total is not None:
        findings += _compare_totals(table, ids, period, numbers[total], where)
    if kind == "service":
        findings += _find_falls(table, where)
    columns = {heading: field for field, heading in taken.items()} | kinds
    ignored = tuple(h for h in frame.columns if h not in columns and h != total)
    return NeedTable(table, vintage, columns, ignored, tuple(findings))


def _count(
    values: pd.Series, names: list[str], where: str, heading: str
) -> tuple[pd.Series, list[Problem], list[Problem]]:
    """Return whole numbers, what is wrong with them, and which ones the source hides."""
    text = values.map(lambda v: "" if v is None or pd.isna(v) else "".join(str(v).split()))
    hidden = text.map(lambda cell: bool(_HIDDEN.match(cell)))
    number = pd.to_numeric(text.where(~hidden, "").str.replace(",", "."), errors="coerce")
    filled = (text != "") & ~hidden
    problems = []
    for code, bad in (
        ("programme.value_not_a_number", filled & number.isna()),
        ("programme.value_negative", number < 0),
        ("programme.value_not_whole", number.notna() & (number % 1 != 0)),
    ):
        if bad.any():
            rows = _name_values(names, text, bad)
            problems.append(Problem(code, where, rows, column=heading))
    findings = []
    if hidden.any():
        found = [names[i] for i in np.flatnonzero(hidden)]
        findings.append(Problem("programme.hidden_number", where, found, column=heading))
    return number.astype(float), problems, findings


def _identify(
    frame: pd.DataFrame,
    names: list[str],
    where: str,
    taken: dict[str, str],
    vintage: int | None,
) -> tuple[pd.Series, int, list[Problem]]:
    """Return each row's municipality in the vintage all of them fit."""
    crosswalk = load_crosswalk()
    known = {v: dict(zip(crosswalk[f"municipality_id_{v}"], crosswalk[f"name_{v}"], strict=True))
             for v in VINTAGES}  # fmt: skip
    titles = frame.get(taken.get("municipality", ""), pd.Series([None] * len(frame)))
    if "municipality_id" in taken:
        codes = frame[taken["municipality_id"]].map(_tidy_code)
        if vintage is None:
            fits = {v: int(codes.isin(list(known[v])).sum()) for v in VINTAGES}
            vintage = max(reversed(VINTAGES), key=lambda v: fits[v])
        bad = ~codes.isin(list(known[vintage]))
        problems = []
        if bad.any():
            rows = _name_values(names, codes, bad)
            problems.append(Problem("programme.unknown_code", where, rows, vintage=str(vintage)))
        odd = [
            Message(
                "programme.row_values",
                row=names[i],
                code=codes.iloc[i],
                known=known[vintage][codes.iloc[i]],
                value=titles.iloc[i],
            )
            for i in np.flatnonzero(~bad)
            if titles.iloc[i] and _plain(titles.iloc[i]) != _plain(known[vintage][codes.iloc[i]])
        ]
        if odd:
            problems.append(Problem("programme.code_and_name_differ", where, odd))
        return codes.where(~bad), vintage, problems
    vintage = vintage or 2025
    ids: list[str | None] = []
    problems = []
    for i, title in enumerate(titles):
        try:
            ids.append(find_municipality(str(title), vintage=vintage)[0])
        except InputError as error:
            ids.append(None)
            problems += [p.move(where, [names[i]]) for p in error.problems]
    return pd.Series(ids, frame.index, dtype=object), vintage, problems


def _name_values(names: Sequence[object], values: pd.Series, flags: pd.Series) -> list[Message]:
    """Return the flagged rows by name, each with its value."""
    return [
        Message("programme.row_value", row=names[int(i)], value=values.iloc[i])
        for i in np.flatnonzero(flags)
    ]


def _tidy_code(value: object) -> str | None:
    if value is None or pd.isna(value):
        return None
    text = str(value).strip().removesuffix(".0").removeprefix("LV")
    return text.zfill(7) if text.isdigit() else text


def _plain(name: object) -> str:
    words = [
        word.rstrip("s") if word not in ("novads", "novada") else ""
        for word in fold(str(name)).replace(".", " ").split()
        if word not in ("pilseta", "valstspilseta", "nov")
    ]
    return " ".join(word for word in words if word)


def _compare_totals(
    table: pd.DataFrame,
    ids: pd.Series,
    period: dict[str, pd.Series],
    stated: pd.Series,
    where: str,
) -> list[Problem]:
    keys = ["municipality_id", "year", "month"]
    sums = table.groupby(keys, dropna=False)["persons"].agg(lambda c: c.sum(min_count=len(c)))
    rows = pd.DataFrame({"municipality_id": ids, **period, "stated": stated})
    joined = rows.merge(sums.rename("sum").reset_index(), on=keys, how="left")
    odd = joined[
        joined["sum"].notna() & joined["stated"].notna() & (joined["sum"] != joined["stated"])
    ]
    if not len(odd):
        return []
    differing = tuple(
        Message(
            "programme.stated_and_sum", name=row.municipality_id, stated=row.stated, sum=row.sum
        )
        for row in odd.itertuples()
    )
    return [Problem("programme.total_differs", where, differing)]


def _find_falls(table: pd.DataFrame, where: str) -> list[Problem]:
    """Return where a number falls from one month to the next though it counts everyone so far."""
    ordered = table.sort_values(["municipality_id", "service", "year", "month"])
    grouped = ordered.groupby(["municipality_id", "service"])["persons"]
    fell = ordered[grouped.diff() < 0]
    if not len(fell):
        return []
    falling = tuple(
        f"{row.municipality_id} {row.service} {row.year:g}/{row.month:g}"
        for row in fell.itertuples()
    )
    return [Problem("programme.cumulative_falls", where, falling)]


# Words of a heading -> service. All words of a row must occur; the first row that fits is taken.
# That rehabilitation in individual form is what the catalogue calls consultations, and in groups
# what it calls group classes, is our reading: pass `services` to say otherwise.
_SERVICE_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("dienas aprupes centr",), "dac_grt"),
    (("individual",), "consult_grt"),
    (("grup", "dzivokl"), "group_home"),
    (("grup", "maj"), "group_home"),
    (("atelpas",), "respite_grt"),
    (("darbnic",), "workshop"),
    (("aprupe", "maj"), "home_care"),
    (("mobil", "uzraudzib"), "home_care"),
    (("grup", "rehabilit"), "group_act"),
    (("grup", "nodarb"), "group_act"),
    (("atbalsta grup",), "group_act"),
)
_CODE_WORDS = ("atvk", "teritorijas kods", "municipality_id")
_NAME_WORDS = ("novads", "pilseta", "pasvaldiba", "teritorija", "municipality")
_YEAR_WORDS = ("gads", "year")
_MONTH_WORDS = ("menesis", "month")
_TOTAL_WORDS = ("kopa", "pavisam", "total")


def read_needed_services(
    path: str | Path,
    *,
    services: Mapping[str, str] | None = None,
    vintage: int | None = None,
) -> NeedTable:
    """Return persons per municipality and service as support plans need them.

    Parameters
    ----------
    path
        CSV or XLSX with a column of ATVK codes or municipality names, and one
        column a service.
    services
        Heading -> service, where the words are not understood as meant.
    vintage
        Which municipalities the codes are of; found from them if not given.

    Raises
    ------
    InputError
        With every finding at once: unknown municipalities, a code and a name that
        disagree, numbers that are none, negative or not whole, a municipality
        twice in a period.
    """
    frame, names, where = _read(path)
    given = {fold(heading): service for heading, service in (services or {}).items()}
    taken = _find_places(frame)
    kinds = {}
    for heading in frame.columns:
        if heading in taken.values():
            continue
        service = given.get(fold(heading)) or _name_service(heading)
        if service is not None:
            kinds[heading] = service
    return gather_persons(frame, names, where, taken, kinds, "service", vintage)


def read_children_by_age(path: str | Path, *, vintage: int | None = None) -> NeedTable:
    """Return children with disability per municipality and age group.

    Age groups are found by the two numbers of their heading (`0-6`, `16–17 gadi`);
    a column of totals is compared with their sum and not taken.

    Raises
    ------
    InputError
        As in `read_needed_services`, and where age groups overlap.
    """
    frame, names, where = _read(path)
    taken = _find_places(frame)
    kinds, total = {}, None
    for heading in frame.columns:
        if heading in taken.values():
            continue
        ages = re.findall(r"\d+", heading)
        if len(ages) == 2 and int(ages[0]) <= int(ages[1]) < 100:
            kinds[heading] = f"{int(ages[0])}-{int(ages[1])}"
        elif any(word in fold(heading) for word in _TOTAL_WORDS):
            total = heading
    bounds = sorted(tuple(map(int, kind.split("-"))) for kind in kinds.values())
    overlap = [f"{a}-{b}" for (_, end), (a, b) in itertools.pairwise(bounds) if a <= end]
    raise_problems([Problem("programme.ages_overlap", where, overlap)] if overlap else [])
    return gather_persons(frame, names, where, taken, kinds, "age_group", vintage, total)


def _read(path: str | Path) -> tuple[pd.DataFrame, list[str], str]:
    path = Path(path)
    frame, names = read_rows(path)
    frame.columns = [str(column).strip() for column in frame.columns]
    return frame, names, path.name


def _find_places(frame: pd.DataFrame) -> dict[str, str]:
    """Return which heading is the code, the name, the year and the month."""
    taken: dict[str, str] = {}
    for field, words in (
        ("municipality_id", _CODE_WORDS),
        ("year", _YEAR_WORDS),
        ("month", _MONTH_WORDS),
        ("municipality", _NAME_WORDS),
    ):
        for heading in frame.columns:
            if heading not in taken.values() and any(word in fold(heading) for word in words):
                taken[field] = heading
                break
    # "16-17 gadi" is an age, "PP gads" a year.
    if re.search(r"\d", taken.get("year", "")):
        del taken["year"]
    return taken


def _name_service(heading: str) -> str | None:
    text = fold(heading)
    for words, service in _SERVICE_WORDS:
        if all(word in text for word in words):
            return service
    return None
