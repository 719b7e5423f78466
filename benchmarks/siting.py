"""Where sites go: ours next to three peers, one thread, CPU seconds and memory.

    python -m benchmarks.siting                          # about thirty CPU minutes
    python -m benchmarks.siting --only p_median:1000     # one objective, or one size of it
    python -m benchmarks.siting --only mclp:5000:50 --alone
    python -m benchmarks.siting --full                   # spopt up to n=2000, too: an hour more

Each problem is solved in a process of its own, the same for both, each stopped after CPU seconds of
its own (the solver inside looks at the clock on the wall, so a busy machine ends it earlier, never
later). The table goes into docs/performance.md between its markers when all was run, else to the
output. Peers: PySAL spopt with HiGHS, a plain model of the covering problem handed straight to
HiGHS, and pbp-pmedian for p-medians; one that is not installed is named and left out. Compiled
loops are loaded by a small question before the clock starts. One line of JSON ends the output:
how many of forty graphs by OR-Library's recipe were proved, seconds of the sparse coverage of
100,000 clients, and how many times faster than the plain model that of 2,000 is.

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
from importlib import metadata
from pathlib import Path

from benchmarks.location_instances import (
    Instance,
    make_capacitated,
    make_family,
    make_graph,
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
    ("p_median", 5000, 5000, 5, 120.0, 5e-4, 115.0),
    ("p_median", 5000, 5000, 50, 120.0, 5e-4, 115.0),
    ("p_median", 10000, 2000, 30, 180.0, 1e-3, 172.0),
    ("mclp", 500, 500, 20, None, 1e-6, 115.0),
    ("mclp", 1000, 1000, 20, None, 1e-6, 115.0),
    ("mclp", 2000, 2000, 20, None, 1e-6, 115.0),
    ("mclp", 5000, 5000, 20, 8.0, 1e-6, 115.0),
    ("mclp", 5000, 5000, 50, 120.0, 5e-3, 115.0),
    ("lscp", 500, 500, 0, None, 0.0, 115.0),
    ("lscp", 2000, 2000, 0, 120.0, 1.0, 115.0),
    ("lscp", 5000, 5000, 0, 120.0, 5.0, 115.0),
    ("p_center", 200, 200, 5, None, 1e-6, 115.0),
    ("p_center", 2000, 2000, 20, 20.0, 1e-6, 115.0),
)
SPARSE = ((100_000, 100, 10, 30.0, 60.0), (20_000, 20_000, 50, 6.0, 57.0))
"""Sparse coverage: clients, candidates, sites, limit in minutes, seconds."""
GRAPHS = {100: (5, 10, 10, 20, 33), 200: (5, 10, 20, 40, 67), 300: (5, 10, 30, 60, 100),
          400: (5, 10, 40, 80, 133), 500: (5, 10, 50, 100, 167), 600: (5, 10, 60, 120, 200),
          700: (5, 10, 70, 140), 800: (5, 10, 80), 900: (5, 10, 90)}  # fmt: skip
"""Vertices and numbers of sites of OR-Library's forty p-medians."""
GRAPH_LIMIT_S, PEER_LIMIT_S = 30.0, 20.0
PEERS = {"spopt": "spopt", "highs": "highspy", "pbp": "pbp_pmedian"}
SPOPT = {
    ("p_median", 500),
    ("p_median", 1000),
    ("mclp", 500),
    ("mclp", 1000),
    ("mclp", 2000),
    ("lscp", 500),
    ("p_center", 200),
}
SPOPT_FULL = SPOPT | {("p_median", 2000), ("lscp", 2000)}
"""What spopt is asked; beyond, building alone takes minutes and gigabytes."""
SPOPT_LIMIT_S = 120.0


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
        objective=objective,
        sites=None if objective == "lscp" else sites,
        limit_min=limit_min if objective in ("mclp", "lscp") else None,
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
    import numpy as np
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


def solve_graphs(engine: str) -> None:
    """Print what comes of the forty graphs as one line of JSON."""
    run = {"ours": run_ours, "pbp": run_pbp}[engine]
    limit_s = GRAPH_LIMIT_S if engine == "ours" else PEER_LIMIT_S
    spent, proved, seed, values = [], 0, 0, []
    for vertices, counts in GRAPHS.items():
        for sites in counts:
            seed += 1
            answer = run(make_graph(vertices, sites, seed), "p_median", sites, limit_s)
            done = answer["status"] == "optimal" if engine == "ours" else not answer["stopped"]
            proved += bool(done)
            spent.append(float(str(answer["cpu_s"])))
            values.append(answer["objective"] if done else None)
            print(vertices, sites, answer, file=sys.stderr, flush=True)
    spent.sort()
    middle = (spent[19] + spent[20]) / 2
    told = {"proved": proved, "sum_s": sum(spent), "median_s": middle, "most_s": spent[-1]}
    print(json.dumps(told | {"values": values}))


def run_case(engine: str, case: list[object], *, graphs: bool = False) -> dict[str, object]:
    """Solve one case, or the forty graphs, in a process of its own."""
    asked = ["--graphs", engine] if graphs else ["--case", json.dumps([engine, *case])]
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
    sparse = [limit for n, m, p, limit, _ in SPARSE if (n, m, p) == (clients, candidates, sites)]
    if sparse and objective == "mclp":
        instance = make_sparse_family(clients, candidates, sparse[0])
    elif objective == "single":
        instance, objective = make_capacitated(clients, sites, seed=1), "p_median"
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
    """Return the answers about sparse coverage, and of one capacitated p-median."""
    rows = []
    cases = [("mclp", n, m, p, None, None, limit) for n, m, p, _, limit in SPARSE]
    for case in [*cases, ("single", 50, 50, 5, None, None, 60.0)]:
        objective, clients, candidates, sites, _, _, limit_s = case
        if not is_wanted(only, objective, clients, sites):
            continue
        asked = [objective, clients, candidates, sites, limit_s]
        row: dict[str, object] = {
            "objective": objective,
            "clients": clients,
            "candidates": candidates,
            "sites": sites,
            "target_s": None,
            "target_gap": None,
            "ours": run_case("ours", asked),
        }
        if objective == "mclp" and candidates < clients and not alone:
            row["highs"] = run_case("highs", asked)
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
            row["highs"] = run_case("highs", [*case[:-1], SPOPT_LIMIT_S])
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
    return ours["cpu_s"] <= target_s and away <= target_gap and ours["peak_mb"] < MOST_MEMORY_MB


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
    what = f"within {gap:g}" if row["objective"] == "lscp" else what
    return f"{what}, {row['target_s']:g} s: {'yes' if is_reached(row) else 'no'}"


def _line(row: dict[str, object]) -> str:
    ours, spopt, highs = row["ours"], row.get("spopt"), row.get("highs")
    assert isinstance(ours, dict)
    plain = "-"
    if isinstance(highs, dict):
        plain = _figure(highs) + (", stopped" if highs.get("stopped") else "")
    name = f"{row['objective']} {row['clients']:,} x {row['candidates']:,}"
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


def _describe_graphs(engine: str, told: dict[str, object]) -> str:
    if "proved" not in told:
        return f"{engine}: {told.get('status')}"
    return (
        f"{engine}: {told['proved']} of 40 proved, {told['sum_s']:.1f} s in all, median "
        f"{told['median_s']:.2f} s, most {told['most_s']:.1f} s"
    )


def make_table(rows: list[dict[str, object]], graphs: dict[str, dict[str, object]]) -> str:
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
    forty = [_describe_graphs(engine, told) for engine, told in graphs.items()]
    text = [f"Forty p-medians by OR-Library's recipe. {'; '.join(forty)}.", ""] if forty else []
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
    rows: list[dict[str, object]], graphs: dict[str, dict[str, object]]
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
        "pmed_proved": graphs.get("ours", {}).get("proved"),
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
    parser.add_argument("--graphs", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.graphs:
        if given.graphs == "ours":
            warm_up()
        solve_graphs(given.graphs)
        return
    if given.case:
        solve_case(*json.loads(given.case))
        return
    theirs = set() if given.alone else SPOPT_FULL if given.full else SPOPT
    rows = run_sparse(only=given.only, alone=given.alone)
    graphs: dict[str, dict[str, object]] = {}
    if given.only in ("", "graphs"):
        graphs["ours"] = run_case("ours", [], graphs=True)
        if not given.alone and is_there("pbp"):
            graphs["pbp-pmedian"] = run_case("pbp", [], graphs=True)
        for engine, answer in graphs.items():
            print(_describe_graphs(engine, answer), file=sys.stderr, flush=True)
    rows += run_family(only=given.only, theirs=theirs, alone=given.alone)
    table = make_table(rows, graphs)
    if given.only or given.alone or not write_table(table):
        print(table)
    print(json.dumps(summarise(rows, graphs)))


if __name__ == "__main__":
    main()
