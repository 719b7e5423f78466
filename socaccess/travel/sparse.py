"""The pairs within reach: a table of travel times without those that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.travel.minutes import to_minutes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["SparseTimes", "join_blocks", "take_ids"]


@dataclass(frozen=True, eq=False)
class SparseTimes:
    """Times of the pairs within reach, ordered by origin and destination.

    Memory grows with the pairs within reach, not with origins times destinations.

    Parameters
    ----------
    origin_ids, destination_ids
        Names of all places asked about, also of those that reach nothing.
    origin, destination
        Position of origin and destination of each pair in those, shape (pairs,).
    travel_ms
        Whole milliseconds of each pair.
    length_m, modelled_share, street_share
        As in `TravelTimes`, shape (pairs,); only when lengths were asked for.
    origin_column, destination_column
        What the ids are called in `to_frame`.
    """

    origin_ids: np.ndarray
    destination_ids: np.ndarray
    origin: np.ndarray
    destination: np.ndarray
    travel_ms: np.ndarray
    length_m: np.ndarray | None = None
    modelled_share: np.ndarray | None = None
    street_share: np.ndarray | None = None
    origin_column: str = "origin_id"
    destination_column: str = "destination_id"

    def __len__(self) -> int:
        return len(self.travel_ms)

    @property
    def travel_min(self) -> np.ndarray:
        """Minutes of each pair."""
        return to_minutes(self.travel_ms)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair within reach, with the columns of `TravelTimes.to_frame`."""
        frame = pd.DataFrame(
            {
                self.origin_column: take_ids(self.origin_ids, self.origin),
                self.destination_column: take_ids(self.destination_ids, self.destination),
                "travel_min": self.travel_min,
            },
            copy=False,
        )
        if self.length_m is not None:
            frame["length_km"] = self.length_m / 1000
        for name in ("modelled_share", "street_share"):
            if getattr(self, name) is not None:
                frame[name] = getattr(self, name)
        return frame

    def to_matrix(self) -> csr_array:
        """Return the minutes as a sparse matrix, (origins, destinations).

        A time of zero is stored like any other: what is not stored is out of reach.
        """
        from scipy.sparse import csr_array

        shape = (len(self.origin_ids), len(self.destination_ids))
        begin = np.searchsorted(self.origin, np.arange(shape[0] + 1))
        return csr_array((self.travel_min, self.destination, begin), shape=shape)


def take_ids(ids: np.ndarray, places: np.ndarray) -> Any:
    """Return the ids at some places as a column: pandas looks at each id once, not at each row."""
    return pd.Series(ids).array.take(places) if len(places) > len(ids) else ids[places]


def join_blocks(blocks: list[SparseTimes], origin_ids: np.ndarray) -> SparseTimes:
    """Return blocks of origins, in their order and at least one, as one table."""
    head = blocks[0]

    def join(name: str) -> np.ndarray | None:
        if getattr(head, name) is None:
            return None
        return np.concatenate([getattr(block, name) for block in blocks])

    return SparseTimes(
        origin_ids=origin_ids,
        destination_ids=head.destination_ids,
        origin=np.concatenate([block.origin for block in blocks]),
        destination=np.concatenate([block.destination for block in blocks]),
        travel_ms=np.concatenate([block.travel_ms for block in blocks]),
        length_m=join("length_m"),
        modelled_share=join("modelled_share"),
        street_share=join("street_share"),
        origin_column=head.origin_column,
        destination_column=head.destination_column,
    )
