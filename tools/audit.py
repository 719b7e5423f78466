"""Ask the public list of advisories about every locked dependency.

    python tools/audit.py             # exit 1 on an advisory nobody has accepted
    python tools/audit.py --strict    # exit 2 as well when the list cannot be reached

`tools/accepted_advisories.toml` holds what is accepted, each with a reason and a date until
which; past that date it counts again. Without a connection the audit says "not audited".
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
ACCEPTED = ROOT / "tools" / "accepted_advisories.toml"
SECONDS = 300
EXIT_FOUND, EXIT_NOT_AUDITED = 1, 2


@dataclass(frozen=True)
class Advisory:
    """One finding about one locked package."""

    package: str
    version: str
    names: frozenset[str]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fix yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))} ({fix})"


def ask(lock: Path) -> str | None:
    """Return what pip-audit answers about a lock file as JSON, None if it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes",
               "--disable-pip", "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # With and without findings it prints JSON; where the list was not reached, nothing.
    return done.stdout if done.stdout.lstrip().startswith("{") else None


def read_answer(text: str) -> tuple[int, list[Advisory]]:
    """Return how many packages were asked about, and every advisory."""
    packages = json.loads(text)["dependencies"]
    found = [
        Advisory(
            package["name"],
            package["version"],
            frozenset({item["id"], *item.get("aliases", ())}),
            tuple(item.get("fix_versions", ())),
        )
        for package in packages
        for item in package.get("vulns", ())
    ]
    return len(packages), found


def read_accepted(path: Path) -> list[dict[str, Any]]:
    """Return the accepted advisories; each must say which, why and until when."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    for entry in entries:
        missing = {"id", "package", "reason", "until"} - set(entry)
        if missing or not entry["reason"].strip() or not isinstance(entry["until"], dt.date):
            sys.exit(f"{path.name}: an entry needs id, package, reason and a date until: {entry}")
    return entries


def judge(
    found: list[Advisory], accepted: list[dict[str, Any]], today: dt.date
) -> tuple[list[Advisory], list[str]]:
    """Return the advisories that count, and what is to be said about the accepted ones."""
    counting, notes = [], []
    for advisory in found:
        entry = next(
            (
                one
                for one in accepted
                if one["id"] in advisory.names and one["package"] == advisory.package
            ),
            None,
        )
        if entry is None:
            counting.append(advisory)
        elif entry["until"] < today:
            counting.append(advisory)
            notes.append(f"{entry['id']}: accepted until {entry['until']}, which is over")
        else:
            notes.append(f"{entry['id']}: accepted until {entry['until']}: {entry['reason']}")
    names = frozenset().union(*(advisory.names for advisory in found))
    notes += [
        f"{one['id']}: no longer found; take it off the list"
        for one in accepted
        if one["id"] not in names
    ]
    return counting, notes


def main() -> int:
    """Audit the lock file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="fail when nothing could be asked")
    parser.add_argument("--lock", type=Path, default=LOCK)
    parser.add_argument("--accepted", type=Path, default=ACCEPTED)
    chosen = parser.parse_args()
    accepted = read_accepted(chosen.accepted)
    answer = ask(chosen.lock)
    if answer is None:
        print("not audited: the list of advisories could not be reached")
        return EXIT_NOT_AUDITED if chosen.strict else 0
    count, found = read_answer(answer)
    counting, notes = judge(found, accepted, dt.date.today())
    for line in (*map(str, counting), *notes):
        print(line)
    print(f"{count} locked packages, {len(counting)} advisories that count")
    return EXIT_FOUND if counting else 0


if __name__ == "__main__":
    sys.exit(main())
