"""Location problems to measure and to check with: a synthetic family and published files.

    python -m benchmarks.location_instances pmed1.txt
    python -m benchmarks.location_instances rl1304.tsp --p 5,10,20,50,100
    python -m benchmarks.location_instances rl1304.tsp --p 10 --rounding nearest --limit-s 600
    python -m benchmarks.location_instances pmedcap1.txt --form capacitated --only 1,2
    python -m benchmarks.location_instances scp41.txt --form covering
    python -m benchmarks.location_instances NewYork.txt --form demand --p 50 --radius 600

solves the problem of a file and prints one line of JSON for each p: `objective`, `bound`, `gap`,
`status`, `limit_hit`, `seconds` on the wall, `cpu_s` and the `sites` (counted from 1). Without a
demand every point is a client of weight 1 and a candidate.

The family stands for settlements: clients in clusters of very different size, as many candidates,
lognormal numbers of persons, straight-line minutes. Published files are read, not shipped:

- *graph form* (OR-Library `pmed1` ... `pmed40`; J. E. Beasley, 1985, EJOR 21, 270-273): the first
  three numbers are vertices, edges and p, then one `tail head cost` an edge, counted from 1, both
  ways. Of an edge given more than once the last one counts, whichever way round it is given, as
  the library's own notes ask. Costs between vertices are shortest paths (whole numbers when the
  edges are), and p is that of the file unless another is asked for.
- *coordinate form* (TSPLIB, as `rl1304.tsp`): `KEYWORD : value` lines, then after
  `NODE_COORD_SECTION` one `number x y` a point up to `EOF`; `DIMENSION` must agree. A bare list of
  `number x y` or of `x y` lines is read too. Costs are Euclidean. TSPLIB itself rounds them to the
  nearest whole number (`EUC_2D`); the p-median literature mostly takes them as they are or cuts
  them off. `rounding` chooses: `none` (the default), `floor` or `nearest` (halves up, as TSPLIB).
- *capacitated form* (OR-Library `pmedcap1`; Osman, Christofides, 1994): the number of problems; for
  each its number and best known value, then points, p and capacity, then `number x y demand` a
  point. Distances are Euclidean, cut to whole numbers, and do not count the demand; every client
  goes to one site. `published` holds the best known value.
- *covering form* (OR-Library `scp41` ...; J. E. Beasley, 1987): rows and columns, the cost of every
  column, then for every row how many columns cover it and which, counted from 1. The fewest columns
  are looked for (LSCP): the costs are read, checked and left aside.
- *demand form* (points with demand, as the AILS-MCLP files): `NODE_COORD...`, then one `latitude
  longitude` a point in degrees (or the other way round: the axis with negative values is taken for
  the longitude, and the first for the latitude without any), `DEMAND...`, then one number a point.
  The maximal coverage within `radius` metres along a sphere of 6,378.1 km is looked for.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from socaccess.errors import InputError, Problem, SocAccessError

__all__ = [
    "Instance",
    "make_capacitated",
    "make_family",
    "make_graph",
    "make_points",
    "make_sparse_family",
    "read_capacitated_form",
    "read_coordinate_form",
    "read_covering_form",
    "read_demand_form",
    "read_file",
    "read_graph_form",
]

FORMS = ("graph", "coordinate", "capacitated", "covering", "demand")
EARTH_M = 6_378_100.0
SIDE_MIN = 200.0
SPREAD_MIN = 6.0
ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda cost: cost,
    "floor": np.floor,
    "nearest": lambda cost: np.floor(cost + 0.5),
}


@dataclass(frozen=True)
class Instance:
    """Costs of clients x sites, persons of the clients, and p where the file gives one."""

    name: str
    cost: np.ndarray | sp.csr_array
    persons: np.ndarray
    sites: int | None = None
    objective: str = "p_median"
    limit_min: float | None = None
    places: float | None = None
    published: float | None = None

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
    point, site, persons = _draw_family(clients, candidates, seed)
    east = point[:, 0, None] - site[None, :, 0]
    north = point[:, 1, None] - site[None, :, 1]
    return Instance(f"family-{clients}x{len(site)}", np.hypot(east, north, out=east), persons)


def _draw_family(
    clients: int, candidates: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points of clients, points of sites and persons."""
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
    return point, site, persons


def make_sparse_family(clients: int, candidates: int, limit_min: float, seed: int = 1) -> Instance:
    """Return the coverage problem of the family, sparse: only pairs within the limit."""
    point, site, persons = _draw_family(clients, candidates, seed)
    near = cKDTree(point).sparse_distance_matrix(cKDTree(site), limit_min, output_type="coo_matrix")
    cost = sp.csr_array(sp.coo_array(near))
    name = f"sparse-{clients}x{candidates}"
    return Instance(name, cost, persons, objective="mclp", limit_min=limit_min)


def make_graph(vertices: int, sites: int, seed: int) -> Instance:
    """Return a random graph by the recipe of OR-Library's p-medians.

    A path through all vertices and further edges at random, `vertices ** 2 / 50` in all, each of a
    whole cost from 1 to 100 (Beasley, 1985).
    """
    rng = np.random.default_rng(seed)
    path = rng.permutation(vertices)
    pairs = {
        tuple(sorted(pair)) for pair in zip(path[:-1].tolist(), path[1:].tolist(), strict=True)
    }
    while len(pairs) < vertices**2 // 50:
        tail, head = sorted(rng.integers(0, vertices, 2).tolist())
        if tail != head:
            pairs.add((tail, head))
    ends = np.array(sorted(pairs))
    length = rng.integers(1, 101, len(ends)).astype(float)
    graph = sp.csr_array((length, (ends[:, 0], ends[:, 1])), shape=(vertices, vertices))
    cost = dijkstra(graph, directed=False)
    return Instance(f"graph-{vertices}-{sites}", cost, np.ones(vertices), sites)


def make_points(points: int, seed: int) -> Instance:
    """Return points of a drilled board, as in TSPLIB's larger problems: each a client and a site.

    Holes stand in rows and columns 100 apart, in blocks of their own, so that many distances are
    alike; costs are Euclidean, unrounded.
    """
    rng = np.random.default_rng(seed)
    blocks = max(1, points // 60)
    corner = rng.integers(0, 190, (blocks, 2))
    hole: set[tuple[int, int]] = set()
    while len(hole) < points:
        width, height = rng.integers(2, 20, 2)
        east, north = corner[rng.integers(blocks)] + rng.integers(0, (width, height))
        hole.add((int(east), int(north)))
    place = 100.0 * np.array(sorted(hole))
    cost = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    return Instance(f"points-{points}", cost, np.ones(points))


def make_capacitated(points: int, sites: int, seed: int) -> Instance:
    """Return a random problem by the recipe of OR-Library's capacitated p-medians.

    Points at whole coordinates from 1 to 100, demands from 1 to 20, places for 120 at every site;
    drawn again until the demand takes 82 to 96 % of all places (Osman, Christofides, 1994).
    """
    rng = np.random.default_rng(seed)
    while True:
        east, north = rng.integers(1, 101, (2, points))
        demand = rng.integers(1, 21, points).astype(float)
        if 0.82 <= demand.sum() / (120.0 * sites) <= 0.96:
            break
    cost = np.floor(np.hypot(east[:, None] - east, north[:, None] - north) + 1e-9)
    name = f"capacitated-{points}-{sites}"
    return Instance(name, cost / demand[:, None], demand, sites, places=120.0)


def read_file(
    path: str | Path, *, form: str = "", rounding: str = "none", radius: float | None = None
) -> Instance:
    """Return the problem of a file in the form it shows itself, or in `form`.

    A file whose first line holds three whole numbers, not beginning with 1, is a graph. Of a file
    in capacitated form this is the first problem (`read_capacitated_form` returns them all).
    """
    if form not in ("", *FORMS):
        raise InputError(f"no form {form!r}; one of {', '.join(FORMS)}")
    if form == "capacitated":
        return read_capacitated_form(path)[0]
    if form == "covering":
        return read_covering_form(path)
    if form == "demand":
        if radius is None:
            raise InputError(f"{Path(path).name}: coverage needs a radius in metres")
        return read_demand_form(path, radius)
    if not form:
        first = next((line.split() for line in _read_text(path).splitlines() if line.strip()), [])
        # A bare list of points begins with point 1; a graph of one vertex nobody sites in.
        is_graph = len(first) == 3 and all(part.isdigit() for part in first) and first[0] != "1"
        form = "graph" if is_graph else "coordinate"
    if form == "graph":
        return read_graph_form(path)
    return read_coordinate_form(path, rounding=rounding)


def read_graph_form(path: str | Path) -> Instance:
    """Return the problem of a file in graph form; `inf` between parts that do not meet.

    Raises
    ------
    InputError
        The file cannot be read, is no such file, or an edge is wrong, each named.
    """
    name, numbers = Path(path).name, _read_text(path).split()
    values = _numbers(numbers, name)
    if len(values) < 3 or (values[:3] != np.floor(values[:3])).any() or values[0] < 1:
        raise InputError(f"{name}: a graph file begins with vertices, edges and p")
    vertices, edges, sites = (int(value) for value in values[:3])
    if len(values) != 3 + 3 * edges:
        found = (len(values) - 3) / 3
        raise InputError(f"{name}: {edges} edges announced, {found:g} found; the file may be cut")
    if not 1 <= sites <= vertices:
        raise InputError(f"{name}: p is {sites}, but there are {vertices} vertices")
    edge = values[3:].reshape(edges, 3)
    ends, length = edge[:, :2], edge[:, 2]
    wrong = ((ends < 1) | (ends > vertices) | (ends != np.floor(ends))).any(axis=1) | (length < 0)
    if wrong.any():
        told = tuple(f"{tail:g} {head:g} {cost:g}" for tail, head, cost in edge[wrong])
        hint = f"vertices are counted from 1 to {vertices}, costs are 0 or more"
        raise InputError([Problem(f"no such edge; {hint}", name, told)])
    tail, head = ends.min(axis=1).astype(int) - 1, ends.max(axis=1).astype(int) - 1
    # Of an edge given again the last one counts: the first one from behind.
    key = (tail * vertices + head)[::-1]
    _, last = np.unique(key, return_index=True)
    keep = edges - 1 - last
    keep = keep[tail[keep] != head[keep]]
    graph = sp.csr_array(
        (length[keep], (tail[keep], head[keep])), shape=(vertices, vertices), dtype=float
    )
    cost = dijkstra(graph, directed=False)
    return Instance(Path(path).stem, cost, np.ones(vertices), sites)


def read_coordinate_form(path: str | Path, *, rounding: str = "none") -> Instance:
    """Return the problem of a file of points: every point is a client of weight 1 and a site.

    Raises
    ------
    InputError
        The file cannot be read, has no points, or not as many as it announces.
    """
    if rounding not in ROUNDINGS:
        raise InputError(f"no rounding {rounding!r}; one of {', '.join(ROUNDINGS)}")
    name = Path(path).name
    lines = [line.strip() for line in _read_text(path).splitlines()]
    section = [number for number, line in enumerate(lines) if line.startswith("NODE_COORD_SECTION")]
    heads = lines[: section[0]] if section else []
    announced = [line.split(":")[-1].strip() for line in heads if line.startswith("DIMENSION")]
    body = lines[section[0] + 1 :] if section else lines
    body = body[: body.index("EOF")] if "EOF" in body else body
    rows = [line.split() for line in body if line]
    if not rows:
        raise InputError(f"{name}: no points found")
    width = len(rows[0])
    odd = tuple(" ".join(row) for row in rows if len(row) != width or width not in (2, 3))
    if odd:
        raise InputError([Problem("line is no point; write number x y, or x y", name, odd)])
    values = _numbers([part for row in rows for part in row], name).reshape(-1, width)
    if announced and announced[0] != str(len(values)):
        raise InputError(f"{name}: {announced[0]} points announced, {len(values)} found")
    east, north = values[:, -2], values[:, -1]
    cost = np.hypot(east[:, None] - east, north[:, None] - north)
    return Instance(Path(path).stem, ROUNDINGS[rounding](cost), np.ones(len(values)))


def read_capacitated_form(path: str | Path) -> list[Instance]:
    """Return the problems of a file in capacitated form.

    Raises
    ------
    InputError
        The file cannot be read or ends too early.
    """
    name, values = Path(path).name, _numbers(_read_text(path).split(), Path(path).name)
    found, at = [], 1
    for _ in range(int(values[0]) if len(values) else 0):
        if len(values) < at + 5 or len(values) < at + 5 + 4 * int(values[at + 2]):
            raise InputError(f"{name}: problem {len(found) + 1} is cut off")
        number, best, points, sites, places = values[at : at + 5]
        rows = values[at + 5 : at + 5 + 4 * int(points)].reshape(-1, 4)
        at += 5 + 4 * int(points)
        _, east, north, demand = rows.T
        cost = np.floor(np.hypot(east[:, None] - east, north[:, None] - north) + 1e-9)
        if (demand < 1).any():
            raise InputError(f"{name}: problem {number:g}: a demand below 1")
        # Minutes times persons is what is added up: the distance itself.
        found.append(
            Instance(
                f"{Path(path).stem}-{number:g}",
                cost / demand[:, None],
                demand,
                int(sites),
                places=float(places),
                published=float(best),
            )
        )
    if not found:
        raise InputError(f"{name}: no problem found")
    return found


def read_covering_form(path: str | Path) -> Instance:
    """Return the problem of a file in covering form: which columns cover which rows.

    Raises
    ------
    InputError
        The file cannot be read, ends too early, or names a column that is not there.
    """
    name, values = Path(path).name, _numbers(_read_text(path).split(), Path(path).name)
    if len(values) < 2:
        raise InputError(f"{name}: a covering file begins with rows and columns")
    rows, columns = int(values[0]), int(values[1])
    at, row, column = 2 + columns, [], []
    for number in range(rows):
        many = int(values[at]) if at < len(values) else -1
        if many < 0 or len(values) < at + 1 + many:
            raise InputError(f"{name}: row {number + 1} of {rows} is cut off")
        row.append(np.full(many, number))
        column.append(values[at + 1 : at + 1 + many].astype(int) - 1)
        at += 1 + many
    where = (np.concatenate(row), np.concatenate(column))
    if len(where[1]) and not 0 <= where[1].min() <= where[1].max() < columns:
        raise InputError(f"{name}: a column that is not there; they are counted to {columns}")
    cost = sp.csr_array(sp.coo_array((np.zeros(len(where[0])), where), shape=(rows, columns)))
    return Instance(Path(path).stem, cost, np.ones(rows), objective="lscp", limit_min=0.0)


def read_demand_form(path: str | Path, radius: float) -> Instance:
    """Return the coverage problem of a file of points with demand, sparse.

    Raises
    ------
    InputError
        The file cannot be read or has no points, or other numbers of points and demands.
    """
    name = Path(path).name
    lines = [line.strip() for line in _read_text(path).splitlines()]

    def section(word: str, width: int) -> np.ndarray:
        begin = [k for k, line in enumerate(lines) if line.upper().startswith(word)]
        rows = []
        for line in lines[begin[0] + 1 :] if begin else []:
            if not line or line[0].isalpha():
                break
            rows.append(line.split()[:width])
        if not rows:
            raise InputError(f"{name}: no section {word}")
        return _numbers([part for row in rows for part in row], name).reshape(-1, width)

    point, demand = section("NODE_COORD", 2), section("DEMAND", 1)[:, 0]
    if len(point) != len(demand):
        raise InputError(f"{name}: {len(point)} points, but {len(demand)} demands")
    swapped = (point[:, 0] < 0).any() and not (point[:, 1] < 0).any()
    north, east = np.radians(point[:, ::-1] if swapped else point).T
    where = np.column_stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )
    chord = 2.0 * np.sin(min(radius / EARTH_M, np.pi) / 2.0)
    tree = cKDTree(where)
    near = tree.sparse_distance_matrix(tree, chord * (1 + 1e-9), output_type="coo_matrix")
    row, column = near.row, near.col
    inner = np.sin(north[row]) * np.sin(north[column])
    inner += np.cos(north[row]) * np.cos(north[column]) * np.cos(east[row] - east[column])
    metres = np.where(row == column, 0.0, EARTH_M * np.arccos(np.clip(inner, -1.0, 1.0)))
    within = metres <= radius
    table = sp.coo_array((metres[within], (row[within], column[within])), shape=near.shape)
    cost = sp.csr_array(table)
    return Instance(Path(path).stem, cost, demand, objective="mclp", limit_min=float(radius))


def _read_text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{Path(path).name}: the file cannot be read: {error}") from None


def _numbers(parts: list[str], name: str) -> np.ndarray:
    """Return `parts` as finite numbers; tell those that are none."""
    values = np.zeros(len(parts))
    wrong = []
    for place, part in enumerate(parts):
        try:
            values[place] = float(part)
        except ValueError:
            wrong.append(part)
        else:
            if not np.isfinite(values[place]):
                wrong.append(part)
    if wrong:
        raise InputError([Problem("not a number", name, tuple(wrong))])
    return values


def solve_instance(instance: Instance, sites: int | None, limit_s: float) -> dict[str, object]:
    """Return what the problem of `instance` with `sites` sites comes to."""
    from socaccess.siting import SitingProblem, suggest_sites

    travel = instance.cost
    if not sp.issparse(travel):
        travel = np.where(np.isinf(travel), np.nan, travel)

    begin = time.process_time()
    problem = SitingProblem(
        travel_min=travel,
        persons=instance.persons,
        client_ids=instance.client_ids,
        site_ids=instance.site_ids,
        objective=instance.objective,
        sites=sites,
        limit_min=instance.limit_min,
        max_places=instance.places,
        assignment="shared" if instance.places is None else "single",
    )
    plan = suggest_sites(problem, time_limit_s=limit_s, explain=False)
    return {
        "file": instance.name,
        "clients": len(instance.persons),
        "p": sites,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "limit_hit": plan.limit_hit,
        "seconds": round(plan.seconds, 3),
        "cpu_s": round(time.process_time() - begin, 3),
        "sites": sorted(int(name) for name in plan.sites["site_id"]),
        "published": instance.published,
        "notes": [str(note) for note in plan.notes],
    }


def main() -> None:
    """Solve what the command line names."""
    parser = argparse.ArgumentParser(description="Solve the p-median problem of a published file.")
    parser.add_argument("file")
    parser.add_argument("--p", default="", help="numbers of sites, such as 5,10,20")
    parser.add_argument("--form", choices=("", *FORMS), default="")
    parser.add_argument("--radius", type=float, help="metres within which points are covered")
    parser.add_argument("--only", default="", help="problems of a capacitated file, such as 1,2")
    parser.add_argument("--rounding", choices=tuple(ROUNDINGS), default="none")
    parser.add_argument("--limit-s", type=float, default=300.0, help="seconds for each p")
    given = parser.parse_args()
    try:
        if given.form == "capacitated":
            chosen = {part.strip() for part in given.only.split(",") if part}
            for one in read_capacitated_form(given.file):
                if not chosen or one.name.rpartition("-")[2] in chosen:
                    print(json.dumps(solve_instance(one, one.sites, given.limit_s)), flush=True)
            return
        instance = read_file(
            given.file, form=given.form, rounding=given.rounding, radius=given.radius
        )
        if instance.objective == "lscp":
            print(json.dumps(solve_instance(instance, None, given.limit_s)), flush=True)
            return
        if not given.p and instance.sites is None:
            raise InputError(f"{instance.name}: the file gives no p; add --p")
        wanted = given.p.split(",") if given.p else [str(instance.sites)]
        if not all(part.strip().isdigit() for part in wanted):
            raise InputError(f"--p {given.p!r} is no list of numbers such as 5,10")
        for count in wanted:
            print(json.dumps(solve_instance(instance, int(count), given.limit_s)), flush=True)
    except SocAccessError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
