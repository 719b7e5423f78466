"""Segments joined into edges: chains of nodes where nothing is decided disappear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.network._osm_segments import Segments

__all__ = ["Edges", "contract_chains"]


@dataclass(eq=False)
class Edges:
    """Edges of one way each, between nodes where something is decided.

    Parameters
    ----------
    start, end
        Nodes, by position.
    forward_ms, backward_ms
        Exact sums over the segments, int64; of closed directions too.
    forward, backward
        Open directions.
    length_m
        Sum over the segments.
    way
        Position of the way.
    class_index
        Class, surface and place, by position.
    first, size
        The segments of an edge are `first:first + size`.
    """

    start: np.ndarray
    end: np.ndarray
    forward_ms: np.ndarray
    backward_ms: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    length_m: np.ndarray
    way: np.ndarray
    class_index: np.ndarray
    first: np.ndarray
    size: np.ndarray


def contract_chains(
    segments: Segments,
    node_count: int,
    *,
    forward_ms: np.ndarray,
    backward_ms: np.ndarray,
    forward: np.ndarray,
    backward: np.ndarray,
    class_index: np.ndarray,
) -> Edges:
    """Return the edges: segments of one way and class in a row become one.

    A node stays where other than two segments meet, where the way changes, or where
    its class, surface or place does; so each edge has one way, one class, and the
    exact sum of the lengths and whole milliseconds of its segments.
    """
    count = len(segments.tail)
    degree = np.bincount(segments.tail, minlength=node_count)
    degree += np.bincount(segments.head, minlength=node_count)
    joins = (
        (segments.way[1:] == segments.way[:-1])
        & (segments.head[:-1] == segments.tail[1:])
        & (class_index[1:] == class_index[:-1])
        & (degree[segments.head[:-1]] == 2)
    )
    first = np.flatnonzero(np.concatenate([[True], ~joins])) if count else np.zeros(0, np.int64)
    size = np.diff(np.append(first, count))

    def add_up(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, first) if count else values

    return Edges(
        start=segments.tail[first].copy(),
        end=segments.head[first + size - 1].copy(),
        forward_ms=add_up(forward_ms),
        backward_ms=add_up(backward_ms),
        forward=forward[first].copy(),
        backward=backward[first].copy(),
        length_m=add_up(segments.length_m),
        way=segments.way[first],
        class_index=class_index[first],
        first=first,
        size=size,
    )
