"""Degree of urbanisation by Eurostat's grid method, from a population grid or points.

Cells of 1 km² are put together into urban centres and clusters, then areas are classed by
where their people live: European Commission, Eurostat and others (2021), "Applying the
degree of urbanisation". A cell's density is its persons: water in a cell is not taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access.pairs import as_objects, read_amounts
from socaccess.errors import InputError

__all__ = ["DEGREES", "UrbanThresholds", "classify_areas", "classify_cells"]

DEGREES = ("cities", "towns_and_suburbs", "rural_areas")
"""Classes of areas, the densest first."""

CELLS = ("urban_centre", "urban_cluster", "rural")
"""Classes of cells, the densest first; an urban centre lies within a cluster."""

# A cell becomes one of a centre when so many of the eight around it are: the majority.
_MAJORITY = 5


@dataclass(frozen=True)
class UrbanThresholds:
    """What makes a centre and a cluster; all inclusive.

    Parameters
    ----------
    centre_density, centre_persons
        Persons per km² of each cell of an urban centre, and of the centre together; its
        cells touch by their sides.
    cluster_density, cluster_persons
        The same of an urban cluster, whose cells may touch by a corner.
    majority
        Share of an area's people in centres that makes it a city, and in clusters (centres
        with them) that keeps it from being rural.
    """

    centre_density: float = 1500.0
    centre_persons: float = 50_000.0
    cluster_density: float = 300.0
    cluster_persons: float = 5_000.0
    majority: float = 0.5


def classify_cells(
    x_m: Any, y_m: Any, persons: Any, *, cell_m: float = 1000.0,
    thresholds: UrbanThresholds | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the class of each cell that somebody lives in.

    Parameters
    ----------
    x_m, y_m
        Metres of points where people live, or of points of cells (any within the cell) in a
        projected CRS; shape (points,).
    persons
        Persons at each.
    cell_m
        Side of a cell.
    thresholds
        By default Eurostat's.

    Returns
    -------
    pandas.DataFrame
        One row per point: `cell_x`, `cell_y` (the cell's number), `persons` of the whole
        cell, and `cell` (`urban_centre`, `urban_cluster`, `rural`).

    Examples
    --------
    Twenty cells of 300 persons in a row make a cluster, one alone does not.

    >>> x = np.append(np.arange(20) * 1000.0, 50_000.0)
    >>> cells = classify_cells(x, np.zeros(21), np.full(21, 300.0))
    >>> cells["cell"].value_counts().to_dict()
    {'urban_cluster': 20, 'rural': 1}
    """
    from scipy import ndimage

    chosen = thresholds or UrbanThresholds()
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    count = read_amounts(persons, np.arange(len(x)), "persons")
    if not (cell_m > 0 and np.isfinite(x).all() and np.isfinite(y).all() and len(x) == len(y)):
        raise InputError("access.bad_cells", cell=cell_m)
    if not len(x):
        raise InputError("access.nobody")
    column, row = (np.floor(axis / cell_m).astype(np.int64) for axis in (x, y))
    left, low = column.min(), row.min()
    # A margin of one cell, so that every cell has eight neighbours.
    at = row - low + 1, column - left + 1
    grid = np.zeros((at[0].max() + 2, at[1].max() + 2))
    np.add.at(grid, at, count)
    area = (cell_m / 1000.0) ** 2
    sides = ndimage.generate_binary_structure(2, 1)
    corners = ndimage.generate_binary_structure(2, 2)
    dense = grid / area >= chosen.centre_density
    centre = _keep_large(dense, grid, sides, chosen.centre_persons)
    centre = _fill_gaps(centre, corners)
    dense = grid / area >= chosen.cluster_density
    cluster = _keep_large(dense, grid, corners, chosen.cluster_persons) > 0
    code = np.where(centre[at] > 0, 0, np.where(cluster[at], 1, 2))
    return pd.DataFrame(
        {
            "cell_x": column,
            "cell_y": row,
            "persons": grid[at],
            "cell": np.array(CELLS, dtype=object)[code],
        }
    )


def classify_areas(
    cells: Any, persons: Any, areas: Any, *,
    thresholds: UrbanThresholds | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the degree of urbanisation of areas, such as municipalities.

    Parameters
    ----------
    cells
        Class of the cell of each point: `classify_cells(...)["cell"]`.
    persons
        Persons at each point.
    areas
        Area of each point.
    thresholds
        By default Eurostat's.

    Returns
    -------
    pandas.DataFrame
        One row per area: `area_id`, `persons`, `centre_share`, `cluster_share` (centres
        with it), `degree` (`cities`, `towns_and_suburbs`, `rural_areas`; None where nobody
        lives).

    Examples
    --------
    >>> cells = ["urban_centre", "rural", "urban_cluster", "rural"]
    >>> classify_areas(cells, [6, 4, 4, 6], ["a", "a", "b", "b"])["degree"].tolist()
    ['cities', 'rural_areas']
    """
    chosen = thresholds or UrbanThresholds()
    kind = np.asarray(cells, dtype=object)
    count = read_amounts(persons, np.arange(len(kind)), "persons")
    table = pd.DataFrame(
        {
            "area_id": list(areas),
            "persons": count,
            "centre_share": count * (kind == "urban_centre"),
            "cluster_share": count * (kind != "rural"),
        }
    )
    table = table.groupby("area_id", as_index=False, sort=True).sum()
    total = table["persons"].where(table["persons"] > 0)
    for name in ("centre_share", "cluster_share"):
        table[name] = table[name] / total
    code = np.where(
        table["centre_share"] >= chosen.majority,
        0,
        np.where(table["cluster_share"] >= chosen.majority, 1, 2),
    )
    degree = np.array(DEGREES, dtype=object)[code]
    degree[total.isna()] = None
    return table.assign(degree=as_objects(degree))


def _keep_large(
    dense: np.ndarray, grid: np.ndarray, touching: np.ndarray, persons: float
) -> np.ndarray:
    """Return the number of the group of each dense cell, 0 where it is too small or none."""
    from scipy import ndimage

    group, count = ndimage.label(dense, structure=touching)
    total = ndimage.sum_labels(grid, group, np.arange(count + 1))
    large = total >= persons
    large[0] = False
    return np.where(large[group], group, 0)


def _fill_gaps(centre: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Return centres with the cells added that most of their neighbours belong to."""
    from scipy import ndimage

    centre = centre.copy()
    ring = around.astype(int)
    ring[1, 1] = 0
    while True:
        added = False
        for number in np.unique(centre[centre > 0]):
            near = ndimage.convolve((centre == number).astype(int), ring, mode="constant")
            new = (near >= _MAJORITY) & (centre == 0)
            # The margin stays free: it is no cell of the grid.
            new[[0, -1], :] = new[:, [0, -1]] = False
            centre[new] = number
            added = added or bool(new.any())
        if not added:
            return centre
