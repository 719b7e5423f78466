"""What floating catchments cost: 100,000 origins x 2,000 facilities, against PySAL `access`.

    python -m benchmarks.access                       # `make bench-access`
    python -m benchmarks.access --origins 20000       # a smaller one
    python -m benchmarks.access --no-peer             # without PySAL

Origins and facilities are strewn over 250 km x 250 km; pairs of at most half an hour are
stored, some 60 facilities an origin. Every case runs in a process of its own: CPU seconds of all
its threads without the making of the input, and its peak memory with it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks.memory import read_peak_mb

SIDE_KM, SPEED_KPH, LIMIT_MIN, SIGMA_MIN = 250.0, 50.0, 30.0, 12.0
REPEATS = 3
METHODS = ("2sfca", "e2sfca", "m2sfca", "3sfca", "bfca")


def make_input(origins: int, facilities: int) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """Return minutes of the pairs within reach, persons and places; the same every time."""
    from scipy.spatial import cKDTree

    chance = np.random.default_rng(18)
    homes = chance.random((origins, 2)) * SIDE_KM
    sites = chance.random((facilities, 2)) * SIDE_KM
    tree = cKDTree(sites)
    radius = SPEED_KPH * LIMIT_MIN / 60
    near, minutes = [], []
    for block in np.array_split(homes, max(origins // 10_000, 1)):
        found = tree.query_ball_point(block, radius, return_sorted=True)
        column = np.concatenate([np.array(row, dtype=np.int32) for row in found])
        row = np.repeat(np.arange(len(block)), [len(some) for some in found])
        way = np.hypot(*(block[row] - sites[column]).T)
        near.append((np.array([len(some) for some in found]), column))
        minutes.append(60 * way / SPEED_KPH)
    begin = np.concatenate(([0], np.cumsum(np.concatenate([count for count, _ in near]))))
    indices = np.concatenate([column for _, column in near])
    data = np.concatenate(minutes)
    travel = csr_array((data, indices, begin.astype(np.int32)), shape=(origins, facilities))
    persons = chance.integers(1, 40, origins).astype(float)
    places = chance.integers(5, 60, facilities).astype(float)
    return travel, persons, places


def measure(who: str, method: str, origins: int, facilities: int) -> dict[str, Any]:
    """Return CPU seconds, peak memory in MB and the sum of the answer of one case."""
    travel, persons, places = make_input(origins, facilities)
    ask = {"socaccess": _ask_own, "frames": _ask_frames, "pysal": _ask_pysal}[who]
    answer = ask(method, travel, persons, places)
    cpu_s = np.inf
    for _ in range(REPEATS):
        begin = time.process_time()
        access = answer()
        cpu_s = min(cpu_s, time.process_time() - begin)
    peak = read_peak_mb()
    return {
        "who": who,
        "method": method,
        "pairs": int(travel.nnz),
        "cpu_s": round(cpu_s, 3),
        "peak_mb": round(peak),
        "places": float(np.nansum(access * persons)),
    }


def _name_decay(method: str) -> dict[str, Any]:
    from socaccess.access import gaussian

    if method == "2sfca":
        return {"limit_min": LIMIT_MIN}
    return {"method": method, "limit_min": LIMIT_MIN, "decay": gaussian(SIGMA_MIN)}


def _ask_own(method: str, travel: csr_array, persons: np.ndarray, places: np.ndarray) -> Any:
    from socaccess.access import floating_catchment

    return lambda: floating_catchment(travel, persons, places, **_name_decay(method)).access


def _ask_frames(method: str, travel: csr_array, persons: np.ndarray, places: np.ndarray) -> Any:
    from socaccess.access import floating_catchment

    table = _make_table(travel, "origin_id", "facility_id", "travel_min")
    demand, supply = pd.Series(persons), pd.Series(places)
    return lambda: floating_catchment(table, demand, supply, **_name_decay(method)).access


def _ask_pysal(method: str, travel: csr_array, persons: np.ndarray, places: np.ndarray) -> Any:
    from access import fca, weights

    table = _make_table(travel, "origin", "dest", "cost")
    demand = pd.DataFrame({"demand": persons}, index=pd.RangeIndex(len(persons), name="geoid"))
    supply = pd.DataFrame({"supply": places}, index=pd.RangeIndex(len(places), name="geoid"))
    named: dict[str, Any] = {"max_cost": LIMIT_MIN, "demand_index": True, "supply_index": True}
    if method != "2sfca":
        named["weight_fn"] = weights.gaussian(SIGMA_MIN)
    ask = fca.three_stage_fca if method == "3sfca" else fca.two_stage_fca
    rows = range(len(persons))
    return lambda: ask(demand, supply, table, **named).reindex(rows).fillna(0.0).to_numpy()


def _make_table(travel: csr_array, *names: str) -> pd.DataFrame:
    row = np.repeat(np.arange(travel.shape[0]), np.diff(travel.indptr))
    values = (row, travel.indices.astype(np.int64), travel.data)
    return pd.DataFrame(dict(zip(names, values, strict=True)))


def main() -> int:
    """Measure every case and print the figures; return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--origins", type=int, default=100_000)
    parser.add_argument("--facilities", type=int, default=2_000)
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args()
    cases = [("socaccess", method) for method in METHODS] + [("frames", "e2sfca")]
    if not given.no_peer and find_spec("access") is not None:
        cases += [("pysal", method) for method in ("2sfca", "e2sfca", "3sfca")]
    else:
        print("PySAL access is not measured: not installed, or not asked for", file=sys.stderr)
    found = {}
    for who, method in cases:
        run = partial(measure, who, method, given.origins, given.facilities)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            case = alone.submit(run).result()
        found[who, method] = case
        print(f"{who:10} {method:7} {case['cpu_s']:8.3f} CPU s {case['peak_mb']:6} MB", flush=True)
    own = [case for (who, _), case in found.items() if who == "socaccess"]
    ratios = {
        method: round(case["cpu_s"] / max(found["socaccess", method]["cpu_s"], 1e-3), 1)
        for (who, method), case in found.items()
        if who == "pysal"
    }
    for method in ratios:
        ours, theirs = found["socaccess", method]["places"], found["pysal", method]["places"]
        assert np.isclose(ours, theirs, rtol=1e-9), (method, ours, theirs)
    answer = {
        "origins": given.origins,
        "facilities": given.facilities,
        "pairs": own[0]["pairs"],
        "cpu_s": max(case["cpu_s"] for case in own),
        "peak_mb": max(case["peak_mb"] for case in own),
        "frames_cpu_s": found["frames", "e2sfca"]["cpu_s"],
        "pysal_cpu_s": {m: found["pysal", m]["cpu_s"] for m in ratios} or None,
        "ratio_pysal": min(ratios.values()) if ratios else None,
    }
    print(json.dumps(answer))
    kept = answer["cpu_s"] < 2 and answer["peak_mb"] < 500
    return 0 if kept and (not ratios or answer["ratio_pysal"] >= 20) else 1


if __name__ == "__main__":
    sys.exit(main())
