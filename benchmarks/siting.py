"""Where sites go: ours next to PySAL spopt with HiGHS, one thread, CPU seconds and memory.

    python -m benchmarks.siting                # a quarter of an hour
    python -m benchmarks.siting --full         # spopt up to n=1000, too: an hour more
    python -m benchmarks.siting --file rl1304.tsp --form coordinate --sites 5,10,20

Each problem is solved in a process of its own, the same for both. The table goes into
docs/performance.md between its markers (or to the output when there are none), one line of JSON to
the output. With `--file` a published problem is solved instead and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from benchmarks.location_instances import (
    Instance,
    make_family,
    read_coordinate_form,
    read_graph_form,
)

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- siting: begin -->", "<!-- siting: end -->"
LIMIT_MIN = 12.0
LSCP_LIMIT_MIN = {2000: 13.0, 5000: 15.0}

# objective, clients, candidates, sites, target seconds, target gap, time limit
OURS = (
    ("p_median", 500, 500, 20, None, 1e-6, 120.0),
    ("p_median", 1000, 1000, 20, 1.5, 1e-6, 120.0),
    ("p_median", 2000, 2000, 20, 6.0, 1e-6, 120.0),
    ("p_median", 5000, 5000, 20, 30.0, 1e-6, 120.0),
    ("p_median", 5000, 5000, 5, 120.0, 5e-4, 120.0),
    ("p_median", 5000, 5000, 50, 120.0, 5e-4, 120.0),
    ("p_median", 10000, 2000, 30, 180.0, 1e-3, 180.0),
    ("mclp", 500, 500, 20, None, 1e-6, 120.0),
    ("mclp", 1000, 1000, 20, None, 1e-6, 120.0),
    ("mclp", 2000, 2000, 20, None, 1e-6, 120.0),
    ("mclp", 5000, 5000, 20, 8.0, 1e-6, 120.0),
    ("mclp", 5000, 5000, 50, 120.0, 5e-3, 120.0),
    ("lscp", 500, 500, 0, None, 0.0, 120.0),
    ("lscp", 2000, 2000, 0, 120.0, 1.0, 120.0),
    ("lscp", 5000, 5000, 0, 120.0, 5.0, 120.0),
    ("p_center", 200, 200, 5, None, 1e-6, 120.0),
    ("p_center", 2000, 2000, 20, 20.0, 1e-6, 120.0),
)
SPOPT = {("p_median", 500), ("mclp", 500), ("mclp", 1000), ("lscp", 500), ("p_center", 200)}
SPOPT_FULL = SPOPT | {("p_median", 1000), ("mclp", 2000)}
"""What spopt is asked; beyond, building alone takes minutes and gigabytes."""


def find_limit(instance: Instance, objective: str) -> float:
    """Return the minutes within which a person counts as covered.

    For LSCP such that about as many sites are needed as in the figures aimed at (66 and 75).
    """
    return (
        LSCP_LIMIT_MIN.get(len(instance.persons), LIMIT_MIN) if objective == "lscp" else LIMIT_MIN
    )


def run_ours(instance: Instance, objective: str, sites: int, limit_s: float) -> dict[str, object]:
    """Solve with socaccess."""
    from socaccess.siting import SitingProblem, suggest_sites

    limit_min = find_limit(instance, objective)
    begin = time.process_time()
    problem = SitingProblem(
        travel_min=instance.cost,
        persons=instance.persons,
        client_ids=instance.client_ids,
        site_ids=instance.site_ids,
        objective=objective,
        sites=None if objective == "lscp" else sites,
        limit_min=limit_min if objective in ("mclp", "lscp") else None,
    )
    plan = suggest_sites(problem, time_limit_s=limit_s)
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
    model.solve(pulp.HiGHS(msg=False, threads=1, timeLimit=limit_s), results=False)
    return {
        "cpu_s": time.process_time() - begin,
        "build_s": built,
        "status": pulp.LpStatus[model.problem.status],
        "objective": pulp.value(model.problem.objective),
    }


def run_case(engine: str, case: list[object]) -> dict[str, object]:
    """Solve one case in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.siting", "--case", json.dumps([engine, *case])]
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
    instance = make_family(clients, candidates)
    run = run_ours if engine == "ours" else run_spopt
    answer = run(instance, objective, sites, limit_s)
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


def run_family(*, full: bool, only: str) -> list[dict[str, object]]:
    """Return all answers; progress goes to the error stream."""
    wanted = SPOPT_FULL if full else SPOPT
    rows = []
    for objective, clients, candidates, sites, target_s, target_gap, limit_s in OURS:
        if only and only not in f"{objective}-{clients}-{sites}":
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
        if (objective, clients) in wanted:
            row["spopt"] = run_case("spopt", [*case[:-1], 400.0])
        print(_line(row), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def _figure(answer: dict[str, object]) -> str:
    if "cpu_s" not in answer:
        return str(answer.get("status"))
    return f"{answer['cpu_s']:.2f} s, {answer['peak_mb']:.0f} MB"


def _line(row: dict[str, object]) -> str:
    ours, spopt = row["ours"], row.get("spopt")
    assert isinstance(ours, dict)
    name = f"{row['objective']} {row['clients']} x {row['candidates']}"
    name += f", p={row['sites']}" if row["sites"] else ""
    if ours.get("status") == "optimal":
        proof = "proved"
    elif row["objective"] == "lscp":
        proof = f"{ours.get('objective'):.0f}, bound {ours.get('bound'):.0f}"
    else:
        proof = f"gap {100 * float(str(ours.get('gap', 'nan'))):.3f} %"
    theirs, ratio = "not run", "-"
    if isinstance(spopt, dict):
        theirs = f"{_figure(spopt)}, {spopt.get('status')} {spopt.get('objective')}"
        if "cpu_s" in spopt and "cpu_s" in ours:
            ratio = f"{float(str(spopt['cpu_s'])) / float(str(ours['cpu_s'])):.0f}"
    goal = "-" if row["target_s"] is None else f"{row['target_s']:g} s"
    return f"| {name} | {_figure(ours)} | {proof} | {goal} | {theirs} | {ratio} |"


def make_table(rows: list[dict[str, object]]) -> str:
    """Return the table of docs/performance.md."""
    head = [
        "| problem | socaccess | outcome | target | spopt + HiGHS | times spopt |",
        "|---|---|---|---|---|---|",
    ]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("highspy", "spopt"))
    foot = (
        f"CPU seconds of one thread; limit {LIMIT_MIN:g} min for MCLP, for LSCP 12, 13 and 15 min "
        "at 500, 2,000 and 5,000 clients, where it takes about as many sites as aimed at; "
        f"Python {platform.python_version()}, {versions}. spopt's build and solve together, its "
        "status as it tells it (a run stopped by its limit is called Optimal)."
    )
    return "\n".join([*head, *(_line(row) for row in rows), "", foot])


def write_table(table: str) -> bool:
    """Put the table between its markers; return whether they were there."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    if BEGIN not in text or END not in text:
        return False
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return True


def run_file(path: str, form: str, rounding: str, sites: str, limit_s: float) -> None:
    """Solve the p-median problems of a published file."""
    if form == "graph":
        instance = read_graph_form(path)
    else:
        instance = read_coordinate_form(path, rounding=rounding)
    counts = [int(count) for count in sites.split(",")] if sites else [instance.sites or 5]
    for count in counts:
        answer = run_ours(instance, "p_median", count, limit_s)
        print(json.dumps({"file": instance.name, "sites": count, **answer}), flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="ask spopt for n=1000 and 2000, too")
    parser.add_argument("--only", default="", help="part of objective-clients-sites")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--file", help="a published p-median file")
    parser.add_argument("--form", choices=("graph", "coordinate"), default="graph")
    parser.add_argument("--rounding", choices=("none", "floor", "nearest"), default="none")
    parser.add_argument("--sites", default="", help="numbers of sites, 5,10,20")
    parser.add_argument("--limit-s", type=float, default=300.0)
    given = parser.parse_args()
    if given.case:
        solve_case(*json.loads(given.case))
    elif given.file:
        run_file(given.file, given.form, given.rounding, given.sites, given.limit_s)
    else:
        rows = run_family(full=given.full, only=given.only)
        table = make_table(rows)
        if given.only or not write_table(table):
            print(table)
        print(json.dumps({"benchmark": "siting", "limit_min": LIMIT_MIN, "rows": rows}))


if __name__ == "__main__":
    main()
