"""The counts of a progress report as they leave: those that are linked are protected together.

Of one target group an outsider knows every shown count and total, reads every mark, and knows that
nobody is counted in a service and not in all of them, that a count that was not answered stands as
before, and that counts seldom fall. Larger counts, and then totals, are withheld until all of that
leaves each hidden count at least five values (`socaccess.privacy.linked`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from socaccess.privacy import SHOWN, SMALL, UNTOLD, WITHHELD, protect, show_count, show_counts
from socaccess.privacy.linked import WIDTH, LinkedCounts
from socaccess.rounds.form_sheets import ALL_SERVICES, OF_PERSONS, PERSONS_SHEET
from socaccess.rounds.monitoring import ProgressReport

__all__ = ["hide_report", "protect_column"]

COUNTS = ("assessed", "recipients", "recipients_before")

_Cell = tuple[str, str, str]
"""Municipality, service, column."""


def hide_report(report: ProgressReport, *, below: int = 5) -> ProgressReport:
    """Return the report as it leaves: counts of persons under `below` hidden, nought too.

    All services, all of them together, before and now, and the totals of a target group are
    protected together. A share is hidden with either of its counts, and the region's share where
    any count in it is hidden. Of the answers, those that count persons lose their values, and
    those on hidden counts are left out. Places are capacity and stay.

    Parameters
    ----------
    report
        The report with every count.
    below
        The threshold; 0 hides nothing.
    """
    if below <= 0:
        return report
    persons = report.persons.copy()
    totals = report.persons_total.copy()
    for name in COUNTS:
        persons[name], totals[name] = persons[name].astype(object), totals[name].astype(object)
    for group, part in report.persons.groupby("target_group", sort=False):
        found = _Group(part, report.inhabitants, below)
        found.protect()
        for name in COUNTS:
            codes = np.array([found.codes.get(found.root(cell), SHOWN)
                              for cell in _list_cells(part, name)])  # fmt: skip
            values = show_counts(part[name].to_numpy(dtype=float), codes, below)
            persons.loc[part.index, name] = pd.Series(values, index=part.index, dtype=object)
            for at in totals.index[totals["target_group"] == group]:
                service = str(totals.loc[at, "service"])
                value = float(report.persons_total.loc[at, name])
                totals.loc[at, name] = show_count(value, found.code_total(service, name), below)
    whole = persons[persons["service"] == ALL_SERVICES]
    assessed = dict(zip(_zip_keys(whole), whole["assessed"], strict=True))
    of_group = [assessed[key] for key in _zip_keys(persons)]
    hidden = [isinstance(a, str) or isinstance(b, str)
              for a, b in zip(of_group, persons["recipients"], strict=True)]  # fmt: skip
    shares = persons["share_of_assessed"].astype(object).mask(hidden, None)
    persons = persons.assign(
        assessed_of_group=pd.Series(of_group, dtype=object, index=persons.index),
        share_of_assessed=shares,
    )
    # Taken over other municipalities than the totals, a share could give a hidden count away.
    some = {key for key, away in zip(_zip_rows(persons), hidden, strict=True) if away}
    away = [key in some for key in _zip_rows(totals)]
    for name in ("share_of_assessed", "assessed_of_group"):
        totals[name] = totals[name].astype(object).mask(away, None)
    answers = _hide_answers(report.answers, persons)
    return replace(
        report, persons=persons, persons_total=totals, answers=answers, hidden_below=below
    )


def _hide_answers(answers: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Return answers without what they say of persons, and without those on hidden counts.

    That a hidden count was answered would tell that it is another one than before.
    """
    answers = answers.copy()
    # Notes, too, are the municipality's own words on its few persons.
    of_persons = (answers["row"].str.startswith(OF_PERSONS)).to_numpy(dtype=bool)
    for name in ("issued", "said", "stood", "remark"):
        answers[name] = answers[name].where(~of_persons, None)
    counts = persons[list(COUNTS)].map(lambda shown: isinstance(shown, str)).any(axis=1)
    keys = persons.loc[counts, ["municipality_id", "target_group", "service"]]
    hidden = {"/".join(map(str, key)) for key in keys.itertuples(index=False)}
    item = answers["item"].fillna("").str.split(" ", n=1).str[0]
    left_out = answers["row"].str.startswith(PERSONS_SHEET.letter) & item.isin(hidden)
    return answers[~left_out].reset_index(drop=True)


def _zip_keys(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["municipality_id"], table["target_group"], strict=True))


def _zip_rows(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["target_group"], table["service"], strict=True))


def _list_cells(part: pd.DataFrame, name: str) -> Iterator[_Cell]:
    return ((str(m), str(s), name)
            for m, s in zip(part["municipality_id"], part["service"], strict=True))  # fmt: skip


@dataclass
class _Total:
    """The sum of a column of one service: its cells, its relation, whether it is shown."""

    cells: list[_Cell]
    value: float
    relation: int
    shown: bool


class _Group:
    """All counts of one target group, and which of them are hidden so far."""

    def __init__(self, part: pd.DataFrame, inhabitants: Mapping[str, float], below: int) -> None:
        self.below, self.inhabitants = below, inhabitants
        self.width = min(WIDTH, below)
        self.values: dict[_Cell, float] = {}
        for name in COUNTS:
            for cell, value in zip(_list_cells(part, name), part[name].astype(float), strict=True):
                if np.isfinite(value):
                    self.values[cell] = float(value)
        own = {cell: value for cell, value in self.values.items() if self.root(cell) == cell}
        self.codes = {cell: SMALL if value < below else SHOWN for cell, value in own.items()}
        self.counts = LinkedCounts()
        self.number = {cell: self.counts.add(*self._bounds(cell)) for cell in self.codes}
        self.totals = self._relate()

    def root(self, cell: _Cell) -> _Cell:
        """Return the cell that stands for another one: what stands as before is one count."""
        before = (cell[0], cell[1], "recipients_before")
        same = cell[2] == "recipients" and self.values.get(before, -1.0) == self.values.get(cell)
        return before if same else cell

    def _bounds(self, cell: _Cell) -> tuple[float, float]:
        code, value = self.codes[cell], self.values[cell]
        if code == SHOWN:
            return value, value
        return (0.0, self.below - 1.0) if code == SMALL else (float(self.below), 1e6)

    def _relate(self) -> dict[tuple[str, str], _Total]:
        totals: dict[tuple[str, str], list[_Cell]] = {}
        for cell, value in self.values.items():
            municipality, service, name = cell
            totals.setdefault((service, name), []).append(self.root(cell))
            most = [(municipality, ALL_SERVICES, name)] if service != ALL_SERVICES else []
            most += [(municipality, service, "recipients")] if name == COUNTS[2] else []
            for other in most:
                mine, theirs = self.root(cell), self.root(other)
                if other in self.values and mine != theirs and value <= self.values[other]:
                    terms = {self.number[theirs]: 1.0, self.number[mine]: -1.0}
                    self.counts.relate(terms, 0.0, 1e6)
        found = {}
        for key, cells in totals.items():
            value = sum(self.values[cell] for cell in cells)
            shown = value >= self.below
            terms = {self.number[cell]: 1.0 for cell in cells}
            relation = self.counts.relate(terms, value, value)
            found[key] = _Total(cells, value, relation, shown=True)
            if not shown:
                self._hide_total(found[key])
        return found

    def _hide_total(self, total: _Total) -> None:
        total.shown = False
        self.counts.relax(total.relation)

    def code_total(self, service: str, name: str) -> int:
        """Return how a total leaves: a hidden one says it is large only where all can see that."""
        total = self.totals.get((service, name))
        if total is None or total.shown:
            return SHOWN
        large = any(self.codes[cell] != SMALL for cell in total.cells)
        return WITHHELD if large else UNTOLD

    def protect(self) -> None:
        """Withhold counts and totals until every hidden count can have enough values."""
        waiting = [cell for cell, code in self.codes.items() if code != SHOWN]
        while waiting:
            cell = waiting.pop()
            while not self._is_safe(cell):
                waiting += self._cover(cell)

    def _is_safe(self, cell: _Cell) -> bool:
        low, high = self._narrow(cell)
        return high - low >= self.width - 1

    def _narrow(self, cell: _Cell) -> tuple[float, float]:
        least = 0.0 if self.codes[cell] == SMALL else float(self.below)
        return self.counts.narrow(self.number[cell], enough=(least, least + self.width - 1))

    def _cover(self, cell: _Cell) -> list[_Cell]:
        """Withhold the first count that gives a hidden one more room; else a total."""
        low, high = self._narrow(cell)
        for other in self._order(cell):
            self.codes[other] = WITHHELD
            self.counts.widen(self.number[other], *self._bounds(other))
            wider = self._narrow(cell)
            if wider[1] - wider[0] > high - low:
                return [other]
            self.codes[other] = SHOWN
            self.counts.pin(self.number[other], *self._bounds(other))
        near = [key for key, total in self.totals.items() if total.shown and cell in total.cells]
        for key in near or [key for key, total in self.totals.items() if total.shown]:
            self._hide_total(self.totals[key])
            break
        else:
            # Nothing is left to hide but shown counts it is linked with.
            rest = [other for other, code in self.codes.items() if code == SHOWN]
            for other in rest:
                self.codes[other] = WITHHELD
                self.counts.widen(self.number[other], *self._bounds(other))
            return rest
        return []

    def _order(self, cell: _Cell) -> list[_Cell]:
        """Return the shown counts in the order in which they are tried, by what is public."""
        municipality, service, name = cell
        shown = [other for other, code in self.codes.items() if code == SHOWN]
        return sorted(
            shown,
            key=lambda other: (
                other[1:] != (service, name), other[0] != municipality,
                self.inhabitants.get(other[0], 0.0), other,
            ),
        )  # fmt: skip


def protect_column(
    table: pd.DataFrame, column: str, by: str, inhabitants: Mapping[str, float], below: int
) -> pd.DataFrame:
    """Return a table with a column of persons as it leaves: whole numbers, marks, None.

    Parameters
    ----------
    table
        One row per municipality and group; with `municipality_id`.
    column
        The counts; NaN where unknown.
    by
        The column whose groups have a total that leaves as well.
    inhabitants
        Inhabitants of each municipality, by id: they decide what is withheld.
    below
        Counts under this are hidden, nought too.
    """
    values = np.empty(len(table), dtype=object)
    for at in table.groupby(by, sort=False).indices.values() if len(table) else ():
        part = table.iloc[at]
        counts = part[column].to_numpy(dtype=float)
        people: Any = [inhabitants.get(str(i), 0.0) for i in part["municipality_id"]]
        found = protect(
            counts,
            np.zeros(len(part), dtype=int),
            1,
            inhabitants=np.array(people),
            below=below,
            # A nought is somebody's answer here, whoever lives there.
            uncounted=np.zeros(len(part), dtype=bool),
        )
        values[at] = show_counts(counts, found.members, below)
    return table.assign(**{column: values})
