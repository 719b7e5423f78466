"""What can be reached, whoever else comes: gravity potential and cumulative opportunities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access.catchments import weigh_pairs
from socaccess.access.decay import Decay
from socaccess.access.pairs import Pairs, as_objects, list_ids, read_amounts, read_pairs

__all__ = ["cumulative_opportunities", "gravity_potential"]


def gravity_potential(
    travel: Any, places: Any, decay: Decay, *, limit_min: float | None = None
) -> pd.DataFrame:
    """Return Hansen's potential: the places of all facilities, weighted by the way to them.

    `A_i = sum_j(S_j w_ij)`: Hansen (1959), "How accessibility shapes land use".

    Parameters
    ----------
    travel, places, decay, limit_min
        As in `socaccess.access.floating_catchment`.

    Returns
    -------
    pandas.DataFrame
        One row per origin: `origin_id`, `potential` (0 where nothing is in reach, NaN where
        only facilities of unknown places are) and `note` (None, `none_in_reach`,
        `unknown_places` or `at_least`).

    Examples
    --------
    >>> from socaccess.access.decay import exponential
    >>> gravity_potential([[0.0, 10.0]], [4, 6], exponential(10))["potential"].tolist()
    [7.0]
    """
    pairs, supply = _read(travel, places)
    potential, note = _add_up(pairs, supply, limit_min, decay)
    return pd.DataFrame(
        {"origin_id": pairs.origin_ids, "potential": potential, "note": as_objects(note)}
    )


def cumulative_opportunities(
    travel: Any, places: Any = 1.0, *, limits_min: Sequence[float]
) -> pd.DataFrame:
    """Return the places within each of several limits.

    Wachs and Kumagai (1973), "Physical accessibility as a social indicator".

    Parameters
    ----------
    travel
        As in `socaccess.access.floating_catchment`.
    places
        Places of each facility, NaN where unknown; by default facilities are counted.
    limits_min
        Limits in minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per origin and limit: `origin_id`, `limit_min`, `opportunities`, `note`, as
        `gravity_potential` has it.

    Examples
    --------
    >>> cumulative_opportunities([[5.0, 30.0, np.nan]], limits_min=[15, 30])[
    ...     ["limit_min", "opportunities"]].values.tolist()
    [[15.0, 1.0], [30.0, 2.0]]
    """
    pairs, supply = _read(travel, places)
    tables = []
    for limit in limits_min:
        total, note = _add_up(pairs, supply, float(limit), None)
        tables.append(
            pd.DataFrame(
                {
                    "origin_id": pairs.origin_ids,
                    "limit_min": float(limit),
                    "opportunities": total,
                    "note": as_objects(note),
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    order = np.arange(len(table)).reshape(len(tables), -1).T.ravel()
    return table.iloc[order].reset_index(drop=True)


def _read(travel: Any, places: Any) -> tuple[Pairs, np.ndarray]:
    pairs = read_pairs(travel, None, list_ids(places))
    return pairs, read_amounts(places, pairs.facility_ids, "places", unknown=True)


def _add_up(
    pairs: Pairs, supply: np.ndarray, limit_min: float | None, decay: Decay | None
) -> tuple[np.ndarray, np.ndarray]:
    weights = weigh_pairs(pairs, limit_min, decay)
    unknown = np.isnan(supply)
    total = weights @ np.nan_to_num(supply)
    note = np.full(len(total), None, dtype=object)
    note[~(weights @ np.ones(len(supply)) > 0)] = "none_in_reach"
    if unknown.any():
        left_out = weights @ unknown.astype(float) > 0
        said = weights @ (~unknown).astype(float) > 0
        note[left_out] = "at_least"
        note[left_out & ~said] = "unknown_places"
        total = np.where(left_out & ~said, np.nan, total)
    return total, note
