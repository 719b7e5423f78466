"""Where sites go: ours next to three peers, one thread, CPU seconds and memory.

    python -m benchmarks.siting                          # about twenty-five CPU minutes
    python -m benchmarks.siting --only p_median:1000     # one objective, or one size of it
    python -m benchmarks.siting --only mclp:5000:50 --alone
    python -m benchmarks.siting --only graphs            # a series: graphs, points or capacitated
    python -m benchmarks.siting --full                   # spopt up to n=2000, too: an hour more

Each problem is solved in a process of its own, the same for both, each stopped after CPU seconds of
its own (the solver inside looks at the clock on the wall, so a busy machine ends it earlier, never
later). The table goes into docs/performance.md between its markers when all was run, else to the
output. Peers: PySAL spopt with HiGHS, a plain model of the covering problem handed straight to
HiGHS, and pbp-pmedian for p-medians; one that is not installed is named and left out. Compiled
loops are loaded by a small question before the clock starts: what it takes from a problem posed to
its plan is counted, starting Python is not; memory is the most the process ever held, all of that
included. One line of JSON ends the output: how many of forty graphs by OR-Library's recipe were
proved, seconds of the sparse coverage of 100,000 clients, and how many times faster than the plain
model that of 2,000 is.

Published files are solved by `python -m benchmarks.location_instances`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from benchmarks.location_instances import (
    Instance,
    make_capacitated,
    make_family,
    make_graph,
    make_points,
    make_sparse_family,
)
from benchmarks.memory import read_peak_mb
from benchmarks.routing import describe_machine

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- siting: begin -->", "<!-- siting: end -->"
LIMIT_MIN = 12.0
MOST_MEMORY_MB = 2000
PROVED_GAP = 1e-6
LSCP_LIMIT_MIN = {2000: 13.0, 5000: 15.0}

# objective, clients, candidates, sites, target seconds, target gap (of lscp: in sites), limit.
# The limit leaves time for reading the problem and telling the answer.
OURS = (
    ("p_median", 500, 500, 20, None, 1e-6, 115.0),
    ("p_median", 1000, 1000, 20, 1.5, 1e-6, 115.0),
    ("p_median", 2000, 2000, 20, 6.0, 1e-6, 115.0),
    ("p_median", 5000, 5000, 20, 30.0, 1e-6, 115.0),
    ("p_median", 5000, 5000, 5, 120.0, 1e-6, 115.0),
    ("p_median", 5000, 5000, 50, 120.0, 5e-4, 115.0),
    ("p_median", 10000, 2000, 30, 120.0, 1e-3, 115.0),
    ("mclp", 500, 500, 20, None, 1e-6, 115.0),
    ("mclp", 1000, 1000, 20, None, 1e-6, 115.0),
    ("mclp", 2000, 2000, 20, None, 1e-6, 115.0),
    ("mclp", 5000, 5000, 20, 8.0, 1e-6, 115.0),
    ("mclp", 5000, 5000, 50, 60.0, 1e-3, 57.0),
    ("travel", 150, 150, 6, 0.3, 1e-6, 57.0),
    ("travel", 2000, 2000, 20, 60.0, 1e-6, 57.0),
    ("lscp", 500, 500, 0, None, 0.0, 115.0),
    ("lscp", 2000, 2000, 0, 120.0, 1.0, 115.0),
    ("lscp", 5000, 5000, 0, 120.0, 2.0, 115.0),
    ("p_center", 200, 200, 5, None, 1e-6, 115.0),
    ("p_center", 2000, 2000, 20, 20.0, 1e-6, 115.0),
)
SPARSE = (
    (100_000, 100, 10, 30.0, 57.0, (1.0, 1e-6, 250)),
    (20_000, 20_000, 50, 6.0, 57.0, (60.0, 1e-3, 400)),
    (40_000, 40_000, 50, 4.5, 57.0, (60.0, np.inf, 2000)),
)
"""Sparse coverage: clients, candidates, sites, limit in minutes, seconds; and what is aimed at:
seconds, gap and MB. Of the largest only that it is answered within its memory."""
GRAPHS = {100: (5, 10, 10, 20, 33), 200: (5, 10, 20, 40, 67), 300: (5, 10, 30, 60, 100),
          400: (5, 10, 40, 80, 133), 500: (5, 10, 50, 100, 167), 600: (5, 10, 60, 120, 200),
          700: (5, 10, 70, 140), 800: (5, 10, 80), 900: (5, 10, 90)}  # fmt: skip
"""Vertices and numbers of sites of OR-Library's forty p-medians."""
POINTS, POINT_SITES = 1304, (5, 10, 20, 50, 100, 200, 300, 400, 500)
CAPACITATED = tuple((50, 5) for _ in range(10)) + tuple((100, 10) for _ in range(10))
SERIES_LIMIT_S, PEER_LIMIT_S = {"graphs": 30.0, "points": 30.0, "capacitated": 57.0}, 3.0
SERIES_TEXT = (
    "Series by recipe (`benchmarks.location_instances`): forty graphs and twenty capacitated "
    f"p-medians as in OR-Library, and {POINTS} points of a plane with "
    f"{', '.join(map(str, POINT_SITES))} sites."
)
NAMES = {"travel": "cover within 2 %, then travel"}
PEERS = {"spopt": "spopt", "highs": "highspy", "pbp": "pbp_pmedian"}
SPOPT = {
    ("p_median", 500),
    ("mclp", 500),
    ("mclp", 1000),
    ("mclp", 2000),
    ("lscp", 500),
    ("p_center", 200),
}
SPOPT_FULL = SPOPT | {("p_median", 1000), ("p_median", 2000), ("lscp", 2000)}
"""What spopt is asked; beyond, building alone takes minutes and gigabytes."""
SPOPT_LIMIT_S, HIGHS_LIMIT_S = 45.0, 45.0


def find_limit(instance: Instance, objective: str) -> float:
    """Return the minutes within which a person counts as covered.

    For LSCP such that about as many sites are needed as in the figures aimed at (66 and 75).
    """
    return (
        LSCP_LIMIT_MIN.get(len(instance.persons), LIMIT_MIN) if objective == "lscp" else LIMIT_MIN
    )


def run_ours(instance: Instance, objective: str, sites: int, limit_s: float) -> dict[str, object]:
    """Solve with socaccess within `limit_s` CPU seconds."""
    from socaccess.siting import SitingProblem, clock, suggest_sites

    clock.perf_counter = time.process_time

    limit_min = instance.limit_min or find_limit(instance, objective)
    begin = time.process_time()
    problem = SitingProblem(
        travel_min=instance.cost,
        persons=instance.persons,
        client_ids=instance.client_ids,
        site_ids=instance.site_ids,
        objective="mclp" if objective == "travel" else objective,
        tolerance=0.02 if objective == "travel" else None,
        sites=None if objective == "lscp" else sites,
        limit_min=limit_min if objective in ("mclp", "lscp", "travel") else None,
        max_places=instance.places,
        assignment="shared" if instance.places is None else "single",
    )
    plan = suggest_sites(problem, time_limit_s=limit_s, explain=instance.places is None)
    return {
        "cpu_s": time.process_time() - begin,
        "status": plan.status,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "limit_hit": plan.limit_hit,
    }


def run_spopt(instance: Instance, objective: str, sites: int, limit_s: float) -> dict[str, object]:
    """Solve with PySAL spopt and HiGHS through PuLP, as its users do."""
    import pulp
    from spopt.locate import LSCP, MCLP, PCenter, PMedian

    begin = time.process_time()
    cost, persons = instance.cost, instance.persons
    limit_min = find_limit(instance, objective)
    if objective == "p_median":
        model = PMedian.from_cost_matrix(cost, persons, p_facilities=sites)
    elif objective == "mclp":
        model = MCLP.from_cost_matrix(cost, persons, limit_min, p_facilities=sites)
    elif objective == "lscp":
        model = LSCP.from_cost_matrix(cost, limit_min)
    else:
        model = PCenter.from_cost_matrix(cost, p_facilities=sites)
    built = time.process_time() - begin
    begin_wall = time.perf_counter()
    # spopt raises where its solver was stopped before it had any plan; the status tells it.
    with contextlib.suppress(RuntimeError):
        model.solve(pulp.HiGHS(msg=False, threads=1, timeLimit=limit_s), results=False)
    return {
        "stopped": time.perf_counter() - begin_wall >= limit_s,
        "cpu_s": time.process_time() - begin,
        "build_s": built,
        "status": pulp.LpStatus[model.problem.status],
        "objective": pulp.value(model.problem.objective),
    }


def run_highs(instance: Instance, objective: str, sites: int, limit_s: float) -> dict[str, object]:
    """Solve the plain model of maximal coverage with HiGHS: one row and one column per client."""
    import highspy
    import scipy.sparse as sp

    assert objective == "mclp"
    begin = time.process_time()
    limit_min = instance.limit_min or find_limit(instance, objective)
    if sp.issparse(instance.cost):
        near = sp.csr_array(instance.cost)
        near.data = np.ones(near.nnz)
    else:
        near = sp.csr_array((instance.cost <= limit_min).astype(float))
    clients, candidates = near.shape
    one = sp.csr_array(np.concatenate([np.ones(candidates), np.zeros(clients)])[None, :])
    rows = sp.csc_array(sp.vstack([sp.hstack([near, -sp.eye_array(clients)]), one]))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = candidates + clients, clients + 1
    lp.col_cost_ = np.concatenate([np.zeros(candidates), instance.persons])
    lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), np.ones(lp.num_col_)
    lp.row_lower_ = np.append(np.zeros(clients), -np.inf)
    lp.row_upper_ = np.append(np.full(clients, np.inf), float(sites))
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr, rows.indices
    lp.a_matrix_.value_ = rows.data
    kind = highspy.HighsVarType
    lp.integrality_ = [kind.kInteger] * candidates + [kind.kContinuous] * clients
    highs = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("time_limit", limit_s)):
        highs.setOptionValue(name, value)
    highs.passModel(lp)
    highs.run()
    info = highs.getInfo()
    return {
        "cpu_s": time.process_time() - begin,
        "status": highs.modelStatusToString(highs.getModelStatus()),
        "objective": info.objective_function_value,
        "stopped": highs.getModelStatus() != highspy.HighsModelStatus.kOptimal,
    }


def run_pbp(instance: Instance, objective: str, sites: int, limit_s: float) -> dict[str, object]:
    """Solve a p-median with pbp-pmedian."""
    from pbp_pmedian import solve

    assert objective == "p_median"
    begin = time.process_time()
    value, _, _, status, engine = solve(instance.cost.T, sites, time_limit=limit_s)
    return {
        "cpu_s": time.process_time() - begin,
        "status": f"{engine}, status {status}",
        "objective": value,
        "stopped": status != 0,
    }


def warm_up() -> None:
    """Load the compiled loops, as a small question of each kind does."""
    for instance, objective in (
        (make_family(500), "p_median"),
        (make_family(600), "mclp"),
        (make_graph(300, 10, 3), "p_median"),
        (make_capacitated(20, 3, 0), "p_median"),
    ):
        run_ours(instance, objective, instance.sites or 10, 30.0)


def make_series(name: str) -> Iterator[Instance]:
    """Return the problems of a series, one after the other."""
    if name == "graphs":
        wanted = [(many, sites) for many, counts in GRAPHS.items() for sites in counts]
        for seed, (vertices, sites) in enumerate(wanted, start=1):
            yield make_graph(vertices, sites, seed)
    elif name == "points":
        points = make_points(POINTS, seed=1)
        for sites in POINT_SITES:
            yield replace(points, sites=sites)
    else:
        for seed, (many, sites) in enumerate(CAPACITATED, start=1):
            yield make_capacitated(many, sites, seed)


def solve_series(name: str, engine: str) -> None:
    """Print what comes of the problems of a series as one line of JSON."""
    run = {"ours": run_ours, "pbp": run_pbp}[engine]
    limit_s = SERIES_LIMIT_S[name] if engine == "ours" else PEER_LIMIT_S
    spent, proved, values, gaps = [], 0, [], []
    for instance in make_series(name):
        answer = run(instance, "p_median", instance.sites or 0, limit_s)
        done = answer["status"] == "optimal" if engine == "ours" else not answer["stopped"]
        proved += bool(done)
        spent.append(float(str(answer["cpu_s"])))
        gaps.append(float(str(answer.get("gap", 0.0))))
        values.append(answer["objective"] if done else None)
        print(instance.name, instance.sites, answer, file=sys.stderr, flush=True)
    told = {"count": len(spent), "proved": proved, "sum_s": sum(spent), "most_gap": max(gaps)}
    told |= {"median_s": float(np.median(spent)), "most_s": max(spent), "values": values}
    print(json.dumps(told))


def run_case(engine: str, case: list[object], *, series: str = "") -> dict[str, object]:
    """Solve one case, or a series, in a process of its own."""
    asked = ["--series", series, engine] if series else ["--case", json.dumps([engine, *case])]
    command = [sys.executable, "-m", "benchmarks.siting", *asked]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        command,
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
        check=False,
    )
    if done.returncode != 0:
        return {"status": "failed", "error": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def solve_case(
    engine: str, objective: str, clients: int, candidates: int, sites: int, limit_s: float
) -> None:
    """Print one answer as JSON; the memory is that of this process."""
    sparse = [case[3] for case in SPARSE if case[:3] == (clients, candidates, sites)]
    if sparse and objective == "mclp":
        instance = make_sparse_family(clients, candidates, sparse[0])
    else:
        instance = make_family(clients, candidates)
    if engine == "ours":
        warm_up()
    run = {"ours": run_ours, "spopt": run_spopt, "highs": run_highs, "pbp": run_pbp}[engine]
    answer = run(instance, objective, sites, limit_s)
    answer["peak_mb"] = read_peak_mb()
    print(json.dumps(answer))


def is_wanted(only: str, objective: str, clients: int, sites: int) -> bool:
    """Return whether a case is meant by `only`: objective, then clients, then sites.

    Examples
    --------
    >>> is_wanted("mclp:5000", "mclp", 5000, 20), is_wanted("mclp:500", "mclp", 5000, 20)
    (True, False)
    """
    asked = [part for part in only.split(":") if part]
    return asked == [objective, str(clients), str(sites)][: len(asked)]


def is_there(peer: str) -> bool:
    """Return whether a peer is installed; say so where it is not."""
    if importlib.util.find_spec(PEERS[peer]) is not None:
        return True
    print(f"{peer}: not installed, left out (pip install '.[bench]')", file=sys.stderr)
    return False


def run_sparse(*, only: str, alone: bool) -> list[dict[str, object]]:
    """Return the answers about sparse coverage."""
    rows = []
    for clients, candidates, sites, _, limit_s, (target_s, target_gap, target_mb) in SPARSE:
        if not is_wanted(only, "mclp", clients, sites):
            continue
        asked = ["mclp", clients, candidates, sites, limit_s]
        row: dict[str, object] = {
            "objective": "mclp",
            "clients": clients,
            "candidates": candidates,
            "sites": sites,
            "target_s": target_s,
            "target_gap": target_gap,
            "target_mb": target_mb,
            "ours": run_case("ours", asked),
        }
        if candidates < clients and not alone:
            row["highs"] = run_case("highs", [*asked[:-1], HIGHS_LIMIT_S])
        print(_line(row), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def run_family(*, only: str, theirs: set[tuple[str, int]], alone: bool) -> list[dict[str, object]]:
    """Return all answers; progress goes to the error stream."""
    rows = []
    spopt = bool(theirs) and is_there("spopt")
    for objective, clients, candidates, sites, target_s, target_gap, limit_s in OURS:
        if not is_wanted(only, objective, clients, sites):
            continue
        case = [objective, clients, candidates, sites, limit_s]
        row: dict[str, object] = {
            "objective": objective,
            "clients": clients,
            "candidates": candidates,
            "sites": sites,
            "target_s": target_s,
            "target_gap": target_gap,
            "ours": run_case("ours", case),
        }
        if objective == "mclp" and not alone:
            row["highs"] = run_case("highs", [*case[:-1], HIGHS_LIMIT_S])
        if spopt and (objective, clients) in theirs and sites in (0, 5, 20):
            row["spopt"] = run_case("spopt", [*case[:-1], SPOPT_LIMIT_S])
        print(_line(row), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def _figure(answer: dict[str, object]) -> str:
    if "cpu_s" not in answer:
        return str(answer.get("status"))
    return f"{answer['cpu_s']:.2f} s, {answer['peak_mb']:.0f} MB"


def is_reached(row: dict[str, object]) -> bool | None:
    """Return whether the figures aimed at are met; None where there are none."""
    target_s, target_gap, ours = row["target_s"], row["target_gap"], row["ours"]
    assert isinstance(ours, dict)
    if target_s is None:
        return None
    if "cpu_s" not in ours:
        return False
    away = abs(ours["objective"] - ours["bound"]) if row["objective"] == "lscp" else ours["gap"]
    most_mb = row.get("target_mb", MOST_MEMORY_MB)
    return ours["cpu_s"] <= target_s and away <= target_gap and ours["peak_mb"] <= most_mb


def _proof(row: dict[str, object], ours: dict[str, object]) -> str:
    if ours.get("status") == "optimal":
        return "proved"
    if "objective" not in ours:
        return str(ours.get("error"))
    if row["objective"] == "lscp":
        return f"{ours['objective']:.0f} sites, bound {ours['bound']:.0f}"
    return f"gap {100 * float(str(ours['gap'])):.3f} %"


def _aim(row: dict[str, object]) -> str:
    if row["target_s"] is None:
        return "-"
    gap = float(str(row["target_gap"]))
    what = "proved" if gap <= PROVED_GAP else f"within {100 * gap:g} %"
    what = what if np.isfinite(gap) else "an answer"
    what = f"within {gap:g}" if row["objective"] == "lscp" else what
    memory = f", {row['target_mb']} MB" if "target_mb" in row else ""
    return f"{what}, {row['target_s']:g} s{memory}: {'yes' if is_reached(row) else 'no'}"


def _line(row: dict[str, object]) -> str:
    ours, spopt, highs = row["ours"], row.get("spopt"), row.get("highs")
    assert isinstance(ours, dict)
    plain = "-"
    if isinstance(highs, dict):
        plain = _figure(highs) + (", stopped" if highs.get("stopped") else "")
    objective = str(row["objective"])
    name = f"{NAMES.get(objective, objective)} {row['clients']:,} x {row['candidates']:,}"
    name += f", p={row['sites']}" if row["sites"] else ""
    theirs, ratio = "not run", "-"
    if isinstance(spopt, dict):
        theirs = _figure(spopt)
        if "cpu_s" in spopt:
            found = spopt["objective"]
            theirs += f", {spopt['status']}" + ("" if found is None else f" {found:.6g}")
            theirs += ", stopped" if spopt["stopped"] else ""
        if "cpu_s" in spopt and "cpu_s" in ours:
            ratio = "> " if spopt["stopped"] else ""
            ratio += f"{float(str(spopt['cpu_s'])) / float(str(ours['cpu_s'])):.0f}"
    cells = (name, _figure(ours), _proof(row, ours), _aim(row), theirs, ratio, plain)
    return f"| {' | '.join(cells)} |"


def _version(name: str) -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return ""


def _describe_series(name: str, told: dict[str, object]) -> str:
    if "proved" not in told:
        return f"{name}: {told.get('status')}"
    return (
        f"{name}: {told['proved']} of {told['count']} proved, {told['sum_s']:.1f} s in all, median "
        f"{told['median_s']:.2f} s, most {told['most_s']:.1f} s, largest gap "
        f"{100 * float(str(told['most_gap'])):.2f} %"
    )


def make_table(rows: list[dict[str, object]], series: dict[str, dict[str, object]]) -> str:
    """Return the table of docs/performance.md."""
    head = [
        "| problem | socaccess | outcome | aim | spopt + HiGHS | times faster | plain HiGHS |",
        "|---|---|---|---|---|---|---|",
    ]
    there = [name for name in ("highspy", "spopt", "pbp-pmedian") if _version(name)]
    versions = ", ".join(f"{name} {_version(name)}" for name in there)
    foot = (
        f"CPU seconds of one thread; limit {LIMIT_MIN:g} min for MCLP, for LSCP 12, 13 and 15 min "
        "at 500, 2,000 and 5,000 clients, where it takes about as many sites as aimed at; "
        f"{describe_machine()}, Python {platform.python_version()}, {versions}. spopt's build and "
        f"solve together, stopped {SPOPT_LIMIT_S:g} s (on the wall) after building; its status as "
        "it tells it, which calls a run stopped by its limit Optimal."
    )
    lines = [f"- {_describe_series(name, told)}" for name, told in series.items()]
    text = [SERIES_TEXT, "", *lines, ""] if lines else []
    return "\n".join([*head, *(_line(row) for row in rows), "", *text, foot])


def write_table(table: str) -> bool:
    """Put the table between its markers; return whether they were there."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    if BEGIN not in text or END not in text:
        return False
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return True


def summarise(
    rows: list[dict[str, object]], series: dict[str, dict[str, object]]
) -> dict[str, object]:
    """Return the three figures that tell at a glance; None for what was not run."""

    def find(clients: int, engine: str) -> float | None:
        for row in rows:
            answer = row.get(engine)
            mine = row["objective"] == "mclp" and row["clients"] == clients
            if mine and isinstance(answer, dict) and "cpu_s" in answer:
                return float(str(answer["cpu_s"]))
        return None

    ours, plain = find(2000, "ours"), find(2000, "highs")
    return {
        "pmed_proved": series.get("graphs", {}).get("proved"),
        "mclp_100k_s": find(100_000, "ours"),
        "ratio_highs_mclp_2000": plain / ours if ours and plain else None,
    }


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="ask spopt for n=2000, too")
    parser.add_argument("--alone", action="store_true", help="do not run spopt")
    parser.add_argument("--only", default="", help="objective, or objective:clients[:sites]")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--series", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.series:
        if given.series[1] == "ours":
            warm_up()
        solve_series(*given.series)
        return
    if given.case:
        solve_case(*json.loads(given.case))
        return
    theirs = set() if given.alone else SPOPT_FULL if given.full else SPOPT
    rows = run_sparse(only=given.only, alone=given.alone)
    series: dict[str, dict[str, object]] = {}
    for name in ("graphs", "points", "capacitated"):
        if given.only in ("", name):
            series[name] = run_case("ours", [], series=name)
            print(_describe_series(name, series[name]), file=sys.stderr, flush=True)
    if "graphs" in series and not given.alone and is_there("pbp"):
        series["graphs, pbp-pmedian"] = run_case("pbp", [], series="graphs")
    rows += run_family(only=given.only, theirs=theirs, alone=given.alone)
    table = make_table(rows, series)
    if given.only or given.alone or not write_table(table):
        print(table)
    print(json.dumps(summarise(rows, series)))


if __name__ == "__main__":
    main()
