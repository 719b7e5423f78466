"""Rows of a needs assessment: which municipality, which period, how many persons."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.sources.boundaries import VINTAGES, find_municipality, load_crosswalk

__all__ = ["NeedTable", "gather_persons"]

_HIDDEN = re.compile(r"^<\s*\d+$|^\.{2,}$|^[…\-–]$")


@dataclass(frozen=True, eq=False)
class NeedTable:
    """Persons per municipality as a table states them.

    Parameters
    ----------
    persons
        One row a municipality, period and kind (`service` or `age_group`):
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
            Problem(
                f"no column is understood as {kind.replace('_', ' ')}",
                where,
                hint=f"columns found: {', '.join(frame.columns)}",
            )
        )
    if "municipality_id" not in taken and "municipality" not in taken:
        problems.append(Problem("no column of ATVK codes or municipality names", where))
        raise_problems(problems)
    ids, vintage, found = _identify(frame, names, where, taken, vintage)
    problems += found
    numbers = {}
    for heading in [*kinds, *([total] if total else [])]:
        numbers[heading], found, told = _count(frame[heading], names, where, heading)
        problems += found
        findings += told
    period = {}
    for field, low, high in (("year", 1990, 2100), ("month", 1, 12)):
        values = pd.Series(np.nan, frame.index)
        if field in taken:
            values, found, _ = _count(frame[taken[field]], names, where, taken[field])
            problems += found
            odd = values.notna() & ~values.between(low, high)
            if odd.any():
                problems.append(
                    Problem(f"value is no {field}", f"{where}, column {taken[field]!r}",
                            tuple(names[i] for i in np.flatnonzero(odd)))
                )  # fmt: skip
        period[field] = values
    doubled = pd.DataFrame({"id": ids, **period}).duplicated(keep=False) & ids.notna()
    if doubled.any():
        problems.append(
            Problem(
                "municipality stands more than once in a period",
                where,
                tuple(f"{names[i]}: {ids.iloc[i]}" for i in np.flatnonzero(doubled)),
                "keep one row, or give the months",
            )
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
        findings.append(
            Problem("two columns are one kind; who is in both counts twice", where, tuple(shared))
        )
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
    place = f"{where}, column {heading!r}"
    problems = []
    for what, bad in (
        ("value is not a number", filled & number.isna()),
        ("value is negative", number < 0),
        ("value is not a whole number", number.notna() & (number % 1 != 0)),
    ):
        if bad.any():
            rows = tuple(f"{names[i]}: {text.iloc[i]}" for i in np.flatnonzero(bad))
            problems.append(Problem(what, place, rows))
    findings = []
    if hidden.any():
        rows = tuple(names[i] for i in np.flatnonzero(hidden))
        findings.append(Problem("the source hides the number; it stays unknown", place, rows))
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
            rows = tuple(f"{names[i]}: {codes.iloc[i]}" for i in np.flatnonzero(bad))
            problems.append(
                Problem(f"code is none of the municipalities of {vintage}", where, rows)
            )
        odd = [
            f"{names[i]}: {codes.iloc[i]} is {known[vintage][codes.iloc[i]]}, not {titles.iloc[i]}"
            for i in np.flatnonzero(~bad)
            if titles.iloc[i] and _plain(titles.iloc[i]) != _plain(known[vintage][codes.iloc[i]])
        ]
        if odd:
            problems.append(Problem("code and name are of two municipalities", where, tuple(odd)))
        return codes.where(~bad), vintage, problems
    vintage = vintage or 2025
    ids: list[str | None] = []
    problems = []
    for i, title in enumerate(titles):
        try:
            ids.append(find_municipality(str(title), vintage=vintage)[0])
        except InputError as error:
            ids.append(None)
            problems.append(Problem(str(error), where, (names[i],)))
    return pd.Series(ids, frame.index, dtype=object), vintage, problems


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
    told = tuple(
        f"{row.municipality_id}: {row.stated:g} stated, {row.sum:g} in groups"
        for row in odd.itertuples()
    )
    return [Problem("the total is not the sum of the groups", where, told)]


def _find_falls(table: pd.DataFrame, where: str) -> list[Problem]:
    """Return where a number falls from one month to the next though it counts everyone so far."""
    ordered = table.sort_values(["municipality_id", "service", "year", "month"])
    grouped = ordered.groupby(["municipality_id", "service"])["persons"]
    fell = ordered[grouped.diff() < 0]
    if not len(fell):
        return []
    told = tuple(
        f"{row.municipality_id} {row.service} {row.year:g}/{row.month:g}"
        for row in fell.itertuples()
    )
    return [Problem("a cumulative number falls", where, told)]
