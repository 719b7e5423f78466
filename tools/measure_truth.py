"""Measure what the data says before and after: the figures of `docs/truth.md`.

    python tools/measure_truth.py            print the figures
    python tools/measure_truth.py --write    put them into docs/truth.md
    python tools/measure_truth.py --write --today    measure the present state only

Five measurements of the share of people in need within the limit now, by region of the DI plans and
service: as shipped before the register; with the register, on the same roads, from one point per
settlement; from where people live; today, with the state roads; and today with sure rows of the
register only. Each state runs in a process of its own, from its own files.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

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
# What is measured of which state of the project; a blank state is this one.
ROADS_BEFORE = "6701fd8"
STATES = {BEFORE: ("shipped",), ROADS_BEFORE: ("register", "people"), "": ("today", "sure")}
MEASURES = tuple(each for measures in STATES.values() for each in measures)
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


def measure_all(*, today: bool = False) -> dict[str, Measured]:
    """Return, by region, the headline's services by measure and service.

    With `today` states of old commits, which do not change, are taken from the page.
    """
    found: dict[str, Measured] = {region: {} for region in REGIONS}
    if today:
        found = read_page()
    for commit, measures in STATES.items():
        if today and commit:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            checkout = extract(commit, Path(scratch)) if commit else ROOT
            for region in REGIONS:
                found[region] |= measure(checkout, region, measures)
    return found


def read_page() -> dict[str, Measured]:
    """Return what the tables of the page say of every measure."""
    found: dict[str, Measured] = {region: {kind: {} for kind in MEASURES} for region in REGIONS}
    parts = PAGE.read_text(encoding="utf-8").split("\n### ")
    for region, title in REGIONS.items():
        (table,) = (part for part in parts if part.startswith(f"{title}\n"))
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) != len(MEASURES) + 2 or not cells[0].startswith("`"):
                continue
            for kind, cell in zip(MEASURES, cells[2:], strict=True):
                known = cell != "-"
                found[region][kind][cells[0].strip("`")] = {
                    "supply_known": known,
                    "covered_share": {"now": float(cell) / 100 if known else None},
                }
    return found


def extract(commit: str, folder: Path) -> Path:
    """Put what runs of a commit into `folder`."""
    archive = subprocess.run(
        ["git", "archive", commit, "socaccess", "data"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def tabulate(measured: dict[str, Measured]) -> list[str]:
    """Return one table per region: shares of each promised service in all measurements."""
    lines = []
    for region, kinds in measured.items():
        lines += ["", f"### {REGIONS[region]}", ""]
        lines += [
            "| service | persons | shipped | register | where people live | today | sure only |",
            "|---|---:|---:|---:|---:|---:|---:|",
        ]
        for service, row in sorted(kinds["today"].items()):
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


@cache
def load_supply() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what operates and who is in need, both with their area, and the service types.

    The city of Riga, which is in no plan, is an area apart from its region.
    """
    sys.path.insert(0, str(ROOT))
    from socaccess.sources.services import load_facilities, load_need, load_service_types
    from socaccess.sources.settlements import load_settlements

    places = load_settlements()
    in_city = set(places.loc[places["municipality_id_2009"] == RIGA, "settlement_id"])
    need, facilities = load_need(), pd.DataFrame(load_facilities())
    need["area"] = need["planning_region"].mask(need["settlement_id"].isin(in_city), CITY)
    running = facilities[facilities["status"] == "operating"].copy()
    region = running["planning_region_2009"]
    running["area"] = region.mask(running["settlement_id"].isin(in_city), CITY)
    return running, need, load_service_types().set_index("service")


@dataclass(frozen=True)
class Supply:
    """What is registered of a service in some areas, and the persons in need there."""

    facilities: int
    places: int
    shared: int
    persons: float

    @classmethod
    def of(cls, service: str, areas: Sequence[str]) -> Supply:
        """Return what is registered of `service` in `areas`."""
        running, need, types = load_supply()
        mine = running[(running["service"] == service) & running["area"].isin(list(areas))]
        group = need["target_group"] == types.loc[service, "target_group"]
        shared = mine["places_basis"] == "planned_clients_shared"
        return cls(
            len(mine),
            int(mine["places"].sum()),
            int(mine.loc[shared, "places"].sum()),
            float(need.loc[group & need["area"].isin(list(areas)), "persons"].sum()),
        )


def tabulate_places() -> list[str]:
    """Return places against people by area."""
    types = load_supply()[2]
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
            found = Supply.of(service, [area])
            persons = f" / {found.persons:.0f}" if found.persons else ""
            shared = f" ({found.shared})" if found.shared else ""
            cells.append(f"{found.facilities}: {found.places}{shared}{persons}")
        lines.append(f"| `{service}` | " + " | ".join(cells) + " |")
    return lines


def tabulate_counts() -> list[str]:
    """Return how many facilities operate: shipped before, registered, registered and sure."""
    text = subprocess.run(
        ["git", "show", f"{BEFORE}:data/services/facilities.csv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    old = pd.read_csv(io.StringIO(text), dtype=str)
    old = old[(old["status"] == "operating") & (old["located"] == "true")]
    running, _, types = load_supply()
    counted = types["counts_as_supply"] & (types["known_by"] != "none")
    promised = types.index[types["target_group"].isin(GROUPS) & counted]
    lines = [
        "",
        "### Facilities that operate",
        "",
        "Shipped, registered, and of these sure.",
        "",
        "| service | " + " | ".join(REGIONS.values()) + " |",
        "|---|" + "---:|" * len(REGIONS),
    ]
    for service in sorted(promised):
        cells = []
        for region in REGIONS:
            states = (
                old,
                running,
                running[running["mapping"] == "sure"],
            )
            counts = [
                int(((each["service"] == service) & (each["planning_region_2009"] == region)).sum())
                for each in states
            ]
            cells.append(", ".join(map(str, counts)))
        lines.append(f"| `{service}` | " + " | ".join(cells) + " |")
    return lines


def describe_regions(measured: dict[str, Measured]) -> list[str]:
    """Return three sentences per region: who has it near, whether there is room, the children."""
    lines = ["### What a municipality could check", ""]
    for region, kinds in measured.items():
        areas = [region, CITY] if region == "riga" else [region]

        def near(service: str, kind: str = "today", kinds: Measured = kinds) -> str:
            return f"{_share(kinds[kind].get(service))} %"

        def supply(service: str, areas: Sequence[str] = areas) -> Supply:
            return Supply.of(service, areas)

        day, work = supply("dac_grt"), supply("workshop")
        respite, child = supply("respite_grt"), supply("respite_ft")
        care = supply("dac_ft")
        city = (
            f" ({Supply.of('dac_grt', [CITY]).persons:,.0f} of them in the city of Rīga, which is "
            "in no plan, at the region's rate)"
            if region == "riga"
            else ""
        )
        lines.append(
            f"- **{REGIONS[region]}.** Of {day.persons:,.0f} adults with intellectual or "
            f"psychosocial disabilities in need{city}, {near('dac_grt')} have a registered day "
            f"care centre within 30 minutes by car, {near('workshop')} a specialised workshop, and "
            f"{near('group_home')} a group home within 60. Near does not mean room: "
            f"{day.facilities} day care centres plan for {day.places:,} clients at a time, "
            f"{work.facilities} workshops for {work.places}, respite of adults for "
            f"{respite.places}. Of {care.persons:,.0f} children "
            f"with disabilities {near('dac_ft')} have day care within 30 minutes and "
            f"{near('rehab_ft')} social rehabilitation (counting only rows that state it: "
            f"{near('dac_ft', 'sure')} and {near('rehab_ft', 'sure')}), with {care.places} clients "
            f"planned in {care.facilities} day care centres and respite for {child.places}."
        )
    return lines


def main() -> None:
    """Print the figures, or put them between the marks of the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    parser.add_argument("--today", action="store_true", help="measure the present state only")
    chosen = parser.parse_args()
    measured = measure_all(today=chosen.today)
    lines = [
        *describe_regions(measured),
        *tabulate(measured),
        *tabulate_counts(),
        *tabulate_places(),
    ]
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
