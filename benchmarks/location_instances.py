"""Location problems to measure and to check with: a synthetic family and published files.

The family stands for settlements: clients in clusters of very different size, as many candidates,
lognormal numbers of persons, straight-line minutes. Published files are read, not shipped:

- *graph form* (OR-Library `pmed1` ... `pmed40`; J. E. Beasley, 1985, EJOR 21, 270-273): the first
  three numbers are vertices, edges and p, then one `tail head cost` an edge, counted from 1, both
  ways. Of an edge given twice the last one counts; costs between vertices are shortest paths.
- *coordinate form* (TSPLIB, as `rl1304.tsp`): `KEYWORD : value` lines, then after
  `NODE_COORD_SECTION` one `number x y` a point up to `EOF`. A bare list of `x y` or `number x y`
  lines is read too. Costs are Euclidean, and published optima differ in how they round them:
  `rounding` is `none`, `floor` or `nearest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

__all__ = ["Instance", "make_family", "read_coordinate_form", "read_graph_form"]

SIDE_MIN = 200.0
SPREAD_MIN = 6.0
ROUNDINGS = {
    "none": lambda cost: cost,
    "floor": np.floor,
    "nearest": lambda cost: np.floor(cost + 0.5),
}


@dataclass(frozen=True)
class Instance:
    """Costs of clients x sites, persons of the clients, and p where the file gives one."""

    name: str
    cost: np.ndarray
    persons: np.ndarray
    sites: int | None = None

    @property
    def client_ids(self) -> list[str]:
        """Clients, counted from 1 as in the files."""
        return [str(number) for number in range(1, self.cost.shape[0] + 1)]

    @property
    def site_ids(self) -> list[str]:
        """Sites, counted from 1 as in the files."""
        return [str(number) for number in range(1, self.cost.shape[1] + 1)]


def make_family(clients: int, candidates: int | None = None, seed: int = 1) -> Instance:
    """Return the synthetic problem of this size; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    clusters = max(5, clients // 25)
    centre = rng.uniform(0, SIDE_MIN, (clusters, 2))
    size = rng.lognormal(0, 1, clusters)
    member = rng.choice(clusters, clients, p=size / size.sum())
    point = centre[member] + rng.normal(0, SPREAD_MIN, (clients, 2))
    persons = np.ceil(rng.lognormal(3, 1, clients))
    site = point
    if candidates is not None and candidates < clients:
        site = point[np.sort(rng.choice(clients, candidates, replace=False))]
    east = point[:, 0, None] - site[None, :, 0]
    north = point[:, 1, None] - site[None, :, 1]
    return Instance(f"family-{clients}x{len(site)}", np.hypot(east, north), persons)


def read_graph_form(path: str | Path) -> Instance:
    """Return the problem of a file in graph form; `inf` between parts that do not meet."""
    numbers = Path(path).read_text(encoding="utf-8").split()
    if len(numbers) < 3:
        raise ValueError(f"{path}: a graph file begins with vertices, edges and p")
    vertices, edges, sites = (int(number) for number in numbers[:3])
    values = np.array(numbers[3 : 3 + 3 * edges], dtype=float)
    if len(values) != 3 * edges:
        raise ValueError(f"{path}: {edges} edges announced, {len(values) // 3} found")
    cost = np.full((vertices, vertices), np.inf)
    for tail, head, length in values.reshape(edges, 3):
        if not (1 <= tail <= vertices and 1 <= head <= vertices):
            raise ValueError(f"{path}: edge {tail:g} {head:g} leaves the {vertices} vertices")
        cost[int(tail) - 1, int(head) - 1] = length
        cost[int(head) - 1, int(tail) - 1] = length
    np.fill_diagonal(cost, 0.0)
    return Instance(Path(path).stem, floyd_warshall(cost), np.ones(vertices), sites)


def read_coordinate_form(path: str | Path, *, rounding: str = "none") -> Instance:
    """Return the problem of a file of points: every point is a client of weight 1 and a site."""
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding is one of {', '.join(ROUNDINGS)}, got {rounding!r}")
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    section = [number for number, line in enumerate(lines) if line.startswith("NODE_COORD_SECTION")]
    if section:
        lines = lines[section[0] + 1 :]
    points = []
    for line in lines:
        if line == "EOF":
            break
        if line:
            points.append([float(part) for part in line.split()][-2:])
    point = np.array(points)
    if point.ndim != 2 or point.shape[1] != 2:
        raise ValueError(f"{path}: no points found")
    cost = np.hypot(point[:, 0, None] - point[:, 0], point[:, 1, None] - point[:, 1])
    return Instance(Path(path).stem, ROUNDINGS[rounding](cost), np.ones(len(point)))
