"""Where sites go: ours next to PySAL spopt with HiGHS, one thread, CPU seconds and memory.

    python -m benchmarks.siting                          # about twenty CPU minutes
    python -m benchmarks.siting --only p_median:1000     # one objective, or one size of it
    python -m benchmarks.siting --only mclp:5000:50 --alone
    python -m benchmarks.siting --full                   # spopt up to n=2000, too: an hour more

Each problem is solved in a process of its own, the same for both, each stopped after CPU seconds of
its own (the solver inside looks at the clock on the wall, so a busy machine ends it earlier, never
later). The table goes into docs/performance.md between its markers when all was run, else to the
output; one line of JSON ends the output. Published files are solved by
`python -m benchmarks.location_instances`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from benchmarks.location_instances import Instance, make_family
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


def is_wanted(only: str, objective: str, clients: int, sites: int) -> bool:
    """Return whether a case is meant by `only`: objective, then clients, then sites.

    Examples
    --------
    >>> is_wanted("mclp:5000", "mclp", 5000, 20), is_wanted("mclp:500", "mclp", 5000, 20)
    (True, False)
    """
    asked = [part for part in only.split(":") if part]
    return asked == [objective, str(clients), str(sites)][: len(asked)]


def run_family(*, only: str, theirs: set[tuple[str, int]]) -> list[dict[str, object]]:
    """Return all answers; progress goes to the error stream."""
    rows = []
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
        if (objective, clients) in theirs and sites in (0, 5, 20):
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
    ours, spopt = row["ours"], row.get("spopt")
    assert isinstance(ours, dict)
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
    cells = (name, _figure(ours), _proof(row, ours), _aim(row), theirs, ratio)
    return f"| {' | '.join(cells)} |"


def make_table(rows: list[dict[str, object]]) -> str:
    """Return the table of docs/performance.md."""
    head = [
        "| problem | socaccess | outcome | aim | spopt + HiGHS | times faster |",
        "|---|---|---|---|---|---|",
    ]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("highspy", "spopt"))
    foot = (
        f"CPU seconds of one thread; limit {LIMIT_MIN:g} min for MCLP, for LSCP 12, 13 and 15 min "
        "at 500, 2,000 and 5,000 clients, where it takes about as many sites as aimed at; "
        f"{describe_machine()}, Python {platform.python_version()}, {versions}. spopt's build and "
        f"solve together, stopped {SPOPT_LIMIT_S:g} s (on the wall) after building; its status as "
        "it tells it, which calls a run stopped by its limit Optimal."
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


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="ask spopt for n=2000, too")
    parser.add_argument("--alone", action="store_true", help="do not run spopt")
    parser.add_argument("--only", default="", help="objective, or objective:clients[:sites]")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        solve_case(*json.loads(given.case))
        return
    theirs = set() if given.alone else SPOPT_FULL if given.full else SPOPT
    rows = run_family(only=given.only, theirs=theirs)
    table = make_table(rows)
    if given.only or given.alone or not write_table(table):
        print(table)
    told = [{**row, "reached": is_reached(row)} for row in rows]
    print(json.dumps({"benchmark": "siting", "limit_min": LIMIT_MIN, "rows": told}))


if __name__ == "__main__":
    main()
