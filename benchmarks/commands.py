"""Seconds and memory of the commands a planner gives first.

`python -m benchmarks.commands [--repeat 2] [--latvia]` gives each command in processes of its own:
wall seconds until the answer can be read (its last line on standard output) and until all is
written, and CPU seconds of all processes, the least of the repetitions; and in a run of its own,
which looking slows down, the most memory they had together (proportional set size, looked at ten
times a second; Linux only). The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TICKS_S = 0.1


def list_family(process: int) -> list[int]:
    """Return a process and all that it has started, and they."""
    children = Path(f"/proc/{process}/task/{process}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [process, *(each for child in found for each in list_family(child))]


def weigh(process: int) -> int:
    """Return the memory of a process and its children in kilobytes; what they share counts once."""
    total = 0
    for one in list_family(process):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has just ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def measure(words: Sequence[str], *, memory: bool = False) -> dict[str, float]:
    """Give one command and return its seconds, or its megabytes."""
    before, begin, peak = os.times(), time.perf_counter(), 0
    seen: list[float] = []
    done = subprocess.Popen(
        [sys.executable, "-m", "socaccess", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        },
    )
    assert done.stdout is not None
    reading = threading.Thread(target=lambda: seen.extend(_note_lines(done.stdout, begin)))
    reading.start()
    while memory and done.poll() is None:
        peak = max(peak, weigh(done.pid))
        time.sleep(TICKS_S)
    done.wait()
    wall, after = time.perf_counter() - begin, os.times()
    reading.join()
    if done.returncode not in (0, 3):  # 3 is the answer "no" of a check
        raise SystemExit(f"socaccess {' '.join(words)} ended with {done.returncode}")
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    if memory:
        return {"peak_mb": round(peak / 1024)}
    return {"answer_s": round(max(seen), 2), "wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


def _note_lines(stream: Any, begin: float) -> list[float]:
    """Return how many seconds after `begin` each line of an answer came."""
    return [time.perf_counter() - begin for _ in stream]


def main() -> None:
    """Measure what is asked and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--latvia", action="store_true", help="also the whole country")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        regions = ["latgale", *(["latvia"] if asked.latvia else [])]
        commands: list[tuple[str, ...]] = [
            ("--help",),
            ("check", "Ludzas novads"),
            ("site", "latgale", "--service", "respite_grt"),
            *(("run", region, "--out", f"{folder}/{region}") for region in regions),
        ]
        figures = {}
        for words in commands:
            name = " ".join(word for word in words[: 2 if words[0] == "run" else None])
            runs = [measure(words) for _ in range(asked.repeat)]
            least = {key: min(run[key] for run in runs) for key in runs[0]}
            figures[name] = least | measure(words, memory=True)
            found = figures[name]
            print(f"{name:40s} {found['answer_s']:7.2f} s {found['wall_s']:7.2f} s "
                  f"{found['cpu_s']:7.2f} CPU s "
                  f"{found['peak_mb']:6.0f} MB", flush=True)  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
