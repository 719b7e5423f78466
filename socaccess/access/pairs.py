"""What measures are made of: travel times of pairs, demand at origins, places at facilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.travel import SparseTimes, TravelTimes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Pairs", "as_objects", "fill_places", "list_ids", "read_amounts", "read_pairs"]

ORIGIN_COLUMNS = ("origin_id", "settlement_id", "from_id")
FACILITY_COLUMNS = ("facility_id", "site_id", "destination_id", "to_id")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Times of the pairs of origin and facility between which there is a way.

    Parameters
    ----------
    travel_min
        Minutes, (origins, facilities); what is not stored has no way. A time of zero is
        stored like any other.
    origin_ids, facility_ids
        Names of rows and columns.
    """

    travel_min: csr_array
    origin_ids: np.ndarray
    facility_ids: np.ndarray

    def with_data(self, data: np.ndarray) -> csr_array:
        """Return a matrix of the same pairs with other values, e.g. weights."""
        from scipy.sparse import csr_array

        times = self.travel_min
        return csr_array((data, times.indices, times.indptr), shape=times.shape)

    def origins(self) -> np.ndarray:
        """Return the position of the origin of every pair."""
        return np.repeat(np.arange(len(self.origin_ids)), np.diff(self.travel_min.indptr))


def read_pairs(travel: Any, origin_ids: Any = None, facility_ids: Any = None) -> Pairs:
    """Return travel times of any form as pairs.

    Parameters
    ----------
    travel
        Minutes as an array (origins, facilities) with NaN where there is no way, a sparse
        matrix of those with a way, `TravelTimes`, `SparseTimes`, or a table with one row per
        pair: `origin_id` (or `settlement_id`, `from_id`), `facility_id` (or `site_id`,
        `destination_id`, `to_id`) and `travel_min`.
    origin_ids, facility_ids
        Names of all origins and facilities; of a table, those that appear in it by default.

    Raises
    ------
    InputError
        If times are negative or infinite, a pair stands twice, or names do not fit.

    Examples
    --------
    >>> pairs = read_pairs(np.array([[5.0, np.nan], [0.0, 7.0]]))
    >>> pairs.travel_min.nnz, pairs.origin_ids.tolist()
    (3, [0, 1])
    """
    if isinstance(travel, Pairs):
        return travel
    if isinstance(travel, pd.DataFrame):
        return _check_times(_read_table(travel, origin_ids, facility_ids))
    if isinstance(travel, SparseTimes):
        pairs = Pairs(travel.to_matrix(), travel.origin_ids, travel.destination_ids)
        return _check_times(pairs)
    from scipy.sparse import csr_array, issparse

    if isinstance(travel, TravelTimes):
        origin_ids, facility_ids = travel.origin_ids.tolist(), travel.destination_ids.tolist()
        travel = travel.travel_min
    if issparse(travel):
        matrix = csr_array(travel)
    else:
        dense = np.atleast_2d(np.asarray(travel, dtype=float))
        row, column = np.nonzero(~np.isnan(dense))
        begin = np.searchsorted(row, np.arange(len(dense) + 1))
        matrix = csr_array((dense[row, column], column, begin), shape=dense.shape)
    names = [
        np.arange(count) if ids is None else _as_names(ids)
        for ids, count in zip((origin_ids, facility_ids), matrix.shape, strict=True)
    ]
    problems = [
        Problem("access.lengths_differ", where=where, given=len(ids), wanted=count)
        for where, ids, count in zip(("origin_ids", "facility_ids"), names, matrix.shape,
                                     strict=True)
        if len(ids) != count
    ]  # fmt: skip
    raise_problems(problems)
    return _check_times(Pairs(matrix, *names))


def read_amounts(values: Any, ids: np.ndarray, where: str, *, unknown: bool = False) -> np.ndarray:
    """Return one number per origin or facility, in the order of `ids`.

    Parameters
    ----------
    values
        An array in that order, a Series by id, a table of an id column and one named
        `where`, or one number for all.
    ids
        Names of the origins or facilities.
    where
        What it is, for the error: `persons`, `places`, `size`.
    unknown
        Whether NaN is allowed.

    Raises
    ------
    InputError
        If a number is missing, negative or infinite.

    Examples
    --------
    >>> read_amounts(pd.Series({"b": 2.0, "a": 1.0}), np.array(["a", "b"]), "persons").tolist()
    [1.0, 2.0]
    """
    if isinstance(values, pd.DataFrame):
        column = _find_ids(values)
        if column is None or where not in values:
            raise InputError("access.missing_columns", where=where, names=["..._id", where])
        values = values.set_index(column)[where]
    if isinstance(values, pd.Series):
        if not values.index.is_unique:
            rows = values.index[values.index.duplicated()].unique()
            raise InputError("access.named_twice", where=where, rows=rows)
        position = values.index.get_indexer(pd.Index(ids))
        if (position < 0).any():
            raise InputError("access.amount_missing", where=where, rows=ids[position < 0])
        values = values.to_numpy(dtype=float, na_value=np.nan)[position]
    amounts = np.asarray(values, dtype=float)
    if amounts.ndim == 0:
        amounts = np.full(len(ids), float(amounts))
    if len(amounts) != len(ids):
        raise InputError("access.lengths_differ", where=where, given=len(amounts), wanted=len(ids))
    with np.errstate(invalid="ignore"):
        findings = {
            "access.negative": amounts < 0,
            "access.infinite": np.isinf(amounts),
            "access.amount_missing": np.isnan(amounts) & (not unknown),
        }
    raise_problems(
        [Problem(code, where, ids[rows]) for code, rows in findings.items() if rows.any()]
    )
    return amounts


def fill_places(
    places: np.ndarray, unknown: str = "leave_out", *, by: Sequence[Any] | None = None
) -> np.ndarray:
    """Return places with those unknown treated as asked.

    Parameters
    ----------
    places
        Places of facilities, NaN where nobody states any.
    unknown
        `leave_out`: they stay NaN, and measures leave the facility out and say so;
        `median`: the median of the known ones of the same kind.
    by
        Kind of each facility, such as its service; None: all are of one.

    Returns
    -------
    numpy.ndarray
        NaN where a kind has no known places at all: unknown is never zero.

    Raises
    ------
    InputError
        If `unknown` is neither.

    Examples
    --------
    >>> fill_places(np.array([10.0, np.nan, 20.0, np.nan]), "median",
    ...             by=["home", "home", "home", "centre"]).tolist()
    [10.0, 15.0, 20.0, nan]
    """
    places = np.array(places, dtype=float)
    if unknown not in ("leave_out", "median"):
        raise InputError("access.unknown_choice", given=unknown, known=["leave_out", "median"])
    if unknown == "leave_out":
        return places
    kinds = pd.Series(["" for _ in places] if by is None else list(by), dtype=object)
    median = pd.Series(places).groupby(kinds, dropna=False).transform("median").to_numpy()
    return np.where(np.isnan(places), median, places)


def as_objects(values: Any) -> pd.Series:
    """Return a column of names or marks in which None stays None."""
    return pd.Series(list(values), dtype=object)


def list_ids(values: Any) -> np.ndarray | None:
    """Return the names that a Series or a table of amounts has; None where it has none."""
    if isinstance(values, pd.Series):
        return _as_names(values.index)
    if isinstance(values, pd.DataFrame):
        column = _find_ids(values)
        return None if column is None else _as_names(values[column])
    return None


def _find_ids(table: pd.DataFrame) -> str | None:
    known = (*ORIGIN_COLUMNS, *FACILITY_COLUMNS)
    return next((name for name in known if name in table), None)


def _as_names(ids: Any) -> np.ndarray:
    names = np.asarray(ids)
    return names.astype(object) if names.dtype.kind in "US" else names


def _read_table(table: pd.DataFrame, origin_ids: Any, facility_ids: Any) -> Pairs:
    from scipy.sparse import csr_array

    ends = [
        next((name for name in names if name in table), None)
        for names in (ORIGIN_COLUMNS, FACILITY_COLUMNS)
    ]
    if None in ends or "travel_min" not in table:
        wanted = [ORIGIN_COLUMNS[0], FACILITY_COLUMNS[0], "travel_min"]
        raise InputError("access.missing_columns", where="travel", names=wanted)
    positions, ids, problems = [], [], []
    for column, given in zip(ends, (origin_ids, facility_ids), strict=True):
        if given is None:
            position, found = pd.factorize(table[column])
            names = np.asarray(found)
        else:
            names = _as_names(given)
            position = pd.Index(names).get_indexer(table[column])
            unknown = position < 0
            if unknown.any():
                rows = table[column][unknown].unique()
                problems.append(Problem("access.unknown_ids", "travel", rows, column=column))
        positions.append(position)
        ids.append(names)
    raise_problems(problems)
    minutes = table["travel_min"].to_numpy(dtype=float)
    there = ~np.isnan(minutes)
    row, column = (position[there].astype(np.int32) for position in positions)
    minutes = minutes[there]
    if (np.diff(row) < 0).any():
        order = np.argsort(row, kind="stable")
        row, column, minutes = row[order], column[order], minutes[order]
    begin = np.searchsorted(row, np.arange(len(ids[0]) + 1))
    matrix = csr_array((minutes, column, begin), shape=(len(ids[0]), len(ids[1])))
    return Pairs(matrix, *ids)


def _check_times(pairs: Pairs) -> Pairs:
    times, problems = pairs.travel_min, []
    if not len(times.data):
        return pairs
    # Two passes over what may be millions of pairs; where it may be wrong, more.
    least, most = times.data.min(), times.data.max()
    if np.isnan(least):
        keep = ~np.isnan(times.data)
        begin = np.concatenate(([0], np.cumsum(keep)))[times.indptr]
        times = type(times)((times.data[keep], times.indices[keep], begin), shape=times.shape)
        return _check_times(Pairs(times, pairs.origin_ids, pairs.facility_ids))
    if least < 0 or most == np.inf:
        findings = {"access.negative": times.data < 0, "access.infinite": times.data == np.inf}
        for code, bad in findings.items():
            if bad.any():
                rows = pairs.origin_ids[np.unique(pairs.origins()[bad])]
                problems.append(Problem(code, "travel_min", rows))
    if not times.has_canonical_format:
        ordered = times.copy()
        ordered.sort_indices()
        same = (np.diff(ordered.indices) == 0) & (np.diff(pairs.origins()) == 0)
        if same.any():
            rows = pairs.origin_ids[np.unique(pairs.origins()[1:][same])]
            problems.append(Problem("access.pair_twice", "travel", rows))
    raise_problems(problems)
    return pairs
