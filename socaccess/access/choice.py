"""Whether there is a choice: further facilities, other providers, and who goes where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.access.catchments import weigh_pairs
from socaccess.access.decay import Decay
from socaccess.access.pairs import Pairs, as_objects, list_ids, read_amounts, read_pairs
from socaccess.errors import InputError, Problem, raise_problems

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["HuffShares", "count_choices", "huff", "nearest_facilities"]


def nearest_facilities(travel: Any, k: int = 3) -> pd.DataFrame:
    """Return the nearest, second nearest and so on to the `k`-th nearest facility of everyone.

    Parameters
    ----------
    travel
        Minutes in any form that `socaccess.access.read_pairs` takes.
    k
        How many.

    Returns
    -------
    pandas.DataFrame
        One row per origin and rank: `origin_id`, `rank` (from 1), `facility_id`,
        `travel_min`; None and NaN where there are not so many. Of equally near ones the
        first comes first.

    Examples
    --------
    >>> nearest_facilities([[20.0, 5.0], [7.0, np.nan]], k=2)["travel_min"].tolist()
    [5.0, 20.0, 7.0, nan]
    """
    if k < 1:
        raise InputError("access.bad_parameter", given=[k])
    pairs = read_pairs(travel)
    times = pairs.travel_min
    row = pairs.origins()
    order = np.lexsort((times.indices, times.data, row))
    # Rows stay where they were: the rank of a pair is its distance from the row's first.
    rank = np.arange(len(order)) - times.indptr[:-1][row]
    kept = order[rank < k]
    at = row[rank < k] * k + rank[rank < k]
    minutes = np.full(times.shape[0] * k, np.nan)
    facility = np.full(len(minutes), None, dtype=object)
    minutes[at] = times.data[kept]
    facility[at] = pairs.facility_ids[times.indices[kept]]
    return pd.DataFrame(
        {
            "origin_id": np.repeat(pairs.origin_ids, k),
            "rank": np.tile(np.arange(1, k + 1), times.shape[0]),
            "facility_id": as_objects(facility),
            "travel_min": minutes,
        }
    )


def count_choices(
    travel: Any, *, limits_min: Sequence[float], providers: Sequence[Any] | None = None
) -> pd.DataFrame:
    """Return how many facilities, and of how many different providers, lie within each limit.

    Parameters
    ----------
    travel
        Minutes in any form that `socaccess.access.read_pairs` takes.
    limits_min
        Limits in minutes, inclusive.
    providers
        Provider of each facility, None where not known.

    Returns
    -------
    pandas.DataFrame
        One row per origin and limit: `origin_id`, `limit_min`, `facilities` and, with
        `providers`, `providers` (different ones that are known) and `provider_unknown`
        (facilities within the limit of which it is not known whose they are).

    Examples
    --------
    >>> count_choices([[5.0, 10.0, 40.0]], limits_min=[15, 60], providers=["a", "a", "b"])[
    ...     ["limit_min", "facilities", "providers"]].values.tolist()
    [[15.0, 2.0, 1.0], [60.0, 3.0, 2.0]]
    """
    pairs = read_pairs(travel)
    times, row = pairs.travel_min, pairs.origins()
    problems = [Problem("coverage.limit_not_positive", "limits_min", limit=limit)
                for limit in limits_min if not limit > 0]  # fmt: skip
    if providers is not None and len(providers) != times.shape[1]:
        problems.append(Problem("access.lengths_differ", "providers", given=len(providers),
                                wanted=times.shape[1]))  # fmt: skip
    raise_problems(problems)
    origins = times.shape[0]
    columns: dict[str, list[np.ndarray]] = {"facilities": []}
    if providers is not None:
        code, _ = pd.factorize(pd.Series(list(providers), dtype=object))
        columns |= {"providers": [], "provider_unknown": []}
        owner = code[times.indices]
    for limit in limits_min:
        near = times.data <= limit
        columns["facilities"].append(np.bincount(row[near], minlength=origins))
        if providers is not None:
            known = near & (owner >= 0)
            seen = np.unique(row[known].astype(np.int64) * (code.max() + 1) + owner[known])
            columns["providers"].append(
                np.bincount(seen // max(code.max() + 1, 1), minlength=origins)
            )
            lost = near & (owner < 0)
            columns["provider_unknown"].append(np.bincount(row[lost], minlength=origins))
    limits = [float(limit) for limit in limits_min]
    return pd.DataFrame(
        {
            "origin_id": np.repeat(pairs.origin_ids, len(limits)),
            "limit_min": np.tile(limits, origins),
            **{name: np.stack(counts, axis=1).ravel() for name, counts in columns.items()},
        }
    )


@dataclass(frozen=True, eq=False)
class HuffShares:
    """Who probably goes where.

    Parameters
    ----------
    origin_ids, facility_ids
        Names of rows and columns.
    share
        Probability that someone of an origin uses a facility, sparse (origins, facilities);
        each row adds up to 1, or has nothing where nothing is in reach.
    """

    origin_ids: np.ndarray
    facility_ids: np.ndarray
    share: csr_array

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair in reach: `origin_id`, `facility_id`, `share` (0-1)."""
        row = np.repeat(np.arange(len(self.origin_ids)), np.diff(self.share.indptr))
        table = pd.DataFrame(
            {
                "origin_id": self.origin_ids[row],
                "facility_id": self.facility_ids[self.share.indices],
                "share": self.share.data,
            }
        )
        return table[table["share"] > 0].reset_index(drop=True)

    def expect_users(self, persons: Any) -> pd.DataFrame:
        """Return one row per facility: `facility_id`, `users` expected.

        Those who reach no facility go nowhere: `users` adds up to everyone else.
        """
        demand = read_amounts(persons, self.origin_ids, "persons")
        return pd.DataFrame({"facility_id": self.facility_ids, "users": self.share.T @ demand})


def huff(
    travel: Any,
    size: Any,
    decay: Decay,
    *,
    size_exponent: float = 1.0,
    limit_min: float | None = None,
) -> HuffShares:
    """Return the probability of use by size and way, where people do not just use the nearest.

    `p_ij = S_j^a w_ij / sum_k(S_k^a w_ik)`: Huff (1963), "A probabilistic analysis of shopping
    center trade areas"; his own `w` is `power(2)`.

    Parameters
    ----------
    travel, decay, limit_min
        As in `socaccess.access.floating_catchment`.
    size
        What draws people to each facility: places, or any other measure; all known (see
        `socaccess.access.fill_places`).
    size_exponent
        How much more the larger draws.

    Examples
    --------
    >>> from socaccess.access.decay import power
    >>> shares = huff([[10.0, 20.0]], [10, 40], power(2))
    >>> shares.to_frame()["share"].tolist()
    [0.5, 0.5]
    """
    pairs: Pairs = read_pairs(travel, None, list_ids(size))
    drawn = read_amounts(size, pairs.facility_ids, "size")
    if not 0 < size_exponent < np.inf:
        raise InputError("access.bad_parameter", given=[size_exponent])
    weights = weigh_pairs(pairs, limit_min, decay)
    pull = weights.data * (drawn**size_exponent)[weights.indices]
    row = pairs.origins()
    total = np.bincount(row, weights=pull, minlength=len(pairs.origin_ids))[row]
    share = np.divide(pull, total, out=np.zeros(len(pull)), where=total > 0)
    return HuffShares(pairs.origin_ids, pairs.facility_ids, pairs.with_data(share))
