"""Measure what the data says before and after: the figures of `docs/truth.md`.

    python tools/measure_truth.py                    print the tables
    python tools/measure_truth.py --write            put them into docs/truth.md
    python tools/measure_truth.py --before COMMIT    compare with another state of the project

Four measurements of the share of people in need within the limit now, by region of the DI plans and
service: as shipped at the commit before the register, with the register from one point per
settlement, from where people live, and that with sure rows of the register only. Each state runs
in a process of its own, from its own files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "truth.md"
BEFORE = "4ea015b"
START, END = "<!-- figures: tools/measure_truth.py -->", "<!-- end of figures -->"
REGIONS = {
    "latgale": "Latgale",
    "kurzeme": "Kurzeme",
    "riga": "Rīga",
    "vidzeme": "Vidzeme",
    "zemgale": "Zemgale",
}
CITY, RIGA = "city", "0010000"
AREAS = {**REGIONS, "riga": "Rīga without the city", CITY: "city of Rīga"}
GROUPS = ("adults_grt", "children_ft", "children_oof")
MEASURES = ("shipped", "register", "people", "sure")
# Runs in the state it measures; old and new states share these names.
PROBE = """
import json, sys
import socaccess as sa

PARTS = ("municipalities", "settlements", "facilities", "network", "service_types", "need",
         "promised", "targets", "settings", "name", "title", "view")
region, *measures = sys.argv[1:]
whole = sa.Study.load(region, view="plan")
found = {}
for measure in measures:
    study = whole
    if measure in ("register", "sure"):
        parts = {name: getattr(whole, name) for name in PARTS}
        if measure == "sure":
            parts["facilities"] = whole.facilities[whole.facilities["mapping"] != "likely"]
            parts["people"] = whole.people
        study = sa.Study(**parts)
    found[measure] = study.run(sites=False).summary["services"]
print("RESULT" + json.dumps(found))
"""

Measured = dict[str, dict[str, dict[str, Any]]]


def measure(checkout: Path, region: str, measures: Sequence[str]) -> Measured:
    """Return the headline's services by measure and service, as one state of the project has it."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, region, *measures],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{region}, {', '.join(measures)}:\n{done.stderr}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    return {
        kind: {row["service"]: row for row in rows}
        for kind, rows in json.loads(line.removeprefix("RESULT")).items()
    }


def measure_all(before: str) -> dict[str, Measured]:
    """Return, by region, the headline's services by measure and service."""
    with tempfile.TemporaryDirectory() as scratch:
        old = Path(scratch)
        archive = subprocess.run(
            ["git", "archive", before, "socaccess", "data"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        subprocess.run(["tar", "-x", "-C", str(old)], input=archive.stdout, check=True)
        return {
            region: measure(old, region, MEASURES[:1]) | measure(ROOT, region, MEASURES[1:])
            for region in REGIONS
        }


def tabulate(measured: dict[str, Measured]) -> list[str]:
    """Return one table per region: shares of each promised service in four measurements."""
    lines = []
    for region, kinds in measured.items():
        lines += ["", f"### {REGIONS[region]}", ""]
        lines += [
            "| service | persons | shipped | register | where people live | sure rows only |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for service, row in sorted(kinds["people"].items()):
            if not row["promised"] or row["target_group"] not in GROUPS:
                continue
            shares = [_share(kinds[kind].get(service)) for kind in MEASURES]
            persons = "" if row["persons"] is None else f"{row['persons']:.0f}"
            lines.append(f"| `{service}` | {persons} | {' | '.join(shares)} |")
    return lines


def _share(row: dict[str, Any] | None) -> str:
    """Return a share in percent; a dash where no source counts the service."""
    if row is None or not row["supply_known"] or row["covered_share"]["now"] is None:
        return "-"
    return f"{100 * row['covered_share']['now']:.0f}"


def tabulate_places() -> list[str]:
    """Return places against people by region: what the register plans for, and who is in need.

    The city of Riga, which is in no plan, stands apart from its region.
    """
    sys.path.insert(0, str(ROOT))
    from socaccess.sources.services import load_facilities, load_need, load_service_types
    from socaccess.sources.settlements import load_settlements

    facilities, types = load_facilities(), load_service_types().set_index("service")
    settlements = load_settlements().set_index("settlement_id")
    in_city = set(settlements.index[settlements["municipality_id_2009"] == RIGA])
    need = load_need()
    need["area"] = need["planning_region"].mask(need["settlement_id"].isin(in_city), CITY)
    running = facilities[facilities["status"] == "operating"].copy()
    running["area"] = running["planning_region_2009"].mask(
        running["settlement_id"].isin(in_city), CITY
    )
    lines = [
        "",
        "### Places against people",
        "",
        "Registered services: the clients they plan for at a time (in brackets those of rows that",
        "give other services too), against persons in need.",
        "",
        "| service | " + " | ".join(AREAS.values()) + " |",
        "|---|" + "---:|" * len(AREAS),
    ]
    for service in sorted(types.index[types["basket"].notna()]):
        cells = []
        for area in AREAS:
            mine = running[(running["service"] == service) & (running["area"] == area)]
            group = need[
                (need["area"] == area)
                & (need["target_group"] == types.loc[service, "target_group"])
            ]
            shared = mine["places_basis"] == "planned_clients_shared"
            apart = int(mine.loc[shared, "places"].sum())
            persons = f" / {group['persons'].sum():.0f}" if len(group) else ""
            extra = f" ({apart})" if apart else ""
            cells.append(f"{len(mine)}: {int(mine['places'].sum())}{extra}{persons}")
        lines.append(f"| `{service}` | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Print the figures, or put them between the marks of the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", default=BEFORE, help="commit to compare with")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    chosen = parser.parse_args()
    lines = [*tabulate(measure_all(chosen.before)), *tabulate_places()]
    text = "\n".join(lines).strip() + "\n"
    if not chosen.write:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(START)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{START}\n\n{text}\n{END}{tail}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
