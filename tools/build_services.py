"""Build `data/services`: service types, facilities, plan figures and need.

Starts from the facts `tools/facts/services_*.csv`, kept as their sources word them, and from the
tables of places. What is decided here and in the facts:

- Facilities: `_facilities`; the state register in the terms of the catalogue: `_register`.
- Need is the figure `need_figure_id` of `services_targets.csv`, published counts of municipalities
  first, the rest by population over the partners of the region's DI project (`_need`). It is the
  target's own figure unless more people were served than the target named (Latgale's children).
  Where the list of partners is not published, the published count settles it: all 26 of Vidzeme;
  21 of the 22 of Zemgale, without Jaunjelgava.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import _contradictions
import _facilities
import _facts
import _register
import _services
import build_prices
import numpy as np
from _datapackage import read_csv, write_csv
from _need import Figure, Place, place_in_institutions, spread

FACTS = Path(__file__).resolve().parent / "facts"
Row = dict[str, str]

# As the sources count it, in the terms of this project.
INDICATORS = {
    "target": (
        "target_recipients",
        "to receive SBSP per DI plan",
        "to receive support per DI plan",
    ),
    "to_be_assessed": (
        "needs_assessments_planned",
        "persons to be assessed",
        "children to be assessed",
    ),
    "assessed": ("assessed", "assessed_2018", "assessed_persons", "assessed_total"),
    "recipients": ("recipients", "received SBSP"),
    "unique_recipients": ("unique_recipients", "received services cumulative"),
    "assessment_applications": ("applications for assessment",),
    "target_leaving_institution": ("leaving_VSAC",),
    "residents": ("residents_Istalsna", "residents_all_5_branches"),
    "places": ("places_SAC_Zemgale", "places_all_8_branches", "places_total"),
    "places_maximum": ("places_total_max",),
    "planned_places_maximum": ("planned_places_max",),
    "children_attending": ("children_attending_Sparite",),
    "cohesion_funding": ("cohesion_funding_9.3.1.1",),
    "budget": ("budget_4.3.1.2",),
    "planned_capacity": ("planned_capacity_4.3.1.2",),
    "planned_sites": ("planned_sites_4.3.1.2",),
    "partner_municipalities_after_2021": ("post2021_partner_municipalities",),
    "municipalities_not_in_di_project": ("municipalities_not_in_DI_project",),
    "di_buildings": ("DI_buildings",),
    "share_of_target_reached_percent": ("share_of_target_reached",),
}
# Indicators already worded as ours.
PLAIN_INDICATORS = (
    "assessed_need",
    "children_homes_in_project",
    "children_on_record",
    "compensated_expenses",
    "dataset_children_with_disability_by_municipality_and_age",
    "dataset_providers_by_municipality_and_service",
    "different_services_provided",
    "eligible_total",
    "eraf",
    "esf_funding",
    "esf_plus_call_applications",
    "esf_plus_call_available",
    "esf_plus_call_requested",
    "esf_project_total",
    "infrastructure_budget_indicative",
    "municipalities_providing_services",
    "municipalities_with_infrastructure",
    "open_dataset_needs_by_municipality",
    "partner_municipalities",
    "partners",
    "places_operating",
    "planned_objects",
    "planned_places",
    "planned_recipients",
    "population",
    "project_budget_total",
    "project_eligible_total",
    "project_total",
    "vsac_branches",
    "works_total",
)
PLAN_GROUPS = {
    "adults_GRT": "adults_grt",
    "adults_GRT_VSAC": "adults_grt_vsac",
    "adults_severe_GRT": "adults_grt_vsac",  # the residents of all branches of one centre
    "all": "all",
    "children_FT": "children_ft",
    "children_disability": "children_disability",
    "children_out_of_family": "children_oof",
    "children_severe": "children_severe",
    "homeless": "homeless",
    "parents_FT": "parents_ft",
    "seniors": "seniors",
    "seniors_disabled": "seniors",
}
# A plan is written as of 2017 for the 119 municipalities of 2009-2021.
VINTAGES = {"2017": "2009", "2021": "2021", "": ""}
# Figures of a whole group, in three wordings of the sources; the others are of one service.
WHOLE_GROUP = ("all", "care_and_social_rehab", "social_services")
NOT_SPREAD = ("adults_grt_vsac",)  # they live in institutions
IN_INSTITUTIONS = ("children_oof",)
CHILDREN_LIVE_IN = {"oof_inst", "gvpp", "youth_house"}
# What counts persons of a municipality.
PERSONS = (
    "target",
    "assessed",
    "assessed_need",
    "children_attending",
    "children_on_record",
    "recipients",
    "unique_recipients",
)
JAUNJELGAVA = "0321000"
# Of fewer registered capacities no smallest and no usual one is said.
FEWEST_CAPACITIES = 3
SIZES = ("min_clients", "usual_places_low", "usual_places_high")


def build(data: Path) -> None:
    """Write `data/services`; `data/settlements` must have been built."""
    folder = data / "services"
    settlements = read_csv(data / "settlements" / "settlements.csv")
    register = _register.read_register(settlements)
    figures = make_figures()
    targets = make_targets(figures)
    facilities = _facilities.make_facilities(register, settlements)
    need = make_need(targets, figures, settlements, register)
    tables: dict[str, Sequence[Mapping[str, object]]] = {
        "service_types": make_service_types(facilities),
        "target_groups": read_facts("target_groups"),
        "facilities": facilities,
        "plan_figures": figures,
        "plan_targets": targets,
        "promised_services": read_facts("promised"),
        "need": need,
        "contradictions": _contradictions.find_contradictions(
            figures, targets, need, facilities, settlements
        ),
        "prices": build_prices.make_prices(),
        "register": register,
        **{
            f"register_{name}": _register.read_table(name) for name in ("terms", "rules", "reasons")
        },
    }
    for name, rows in tables.items():
        blanks = ({key: None if cell == "" else cell for key, cell in row.items()} for row in rows)
        write_csv(folder / f"{name}.csv", _services.FIELDS[name], blanks)
    _services.PACKAGE.write(folder)


def read_facts(name: str) -> list[Row]:
    """Return the facts `services_<name>.csv`."""
    return read_csv(FACTS / f"services_{name}.csv")


def make_service_types(facilities: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return the catalogue by service, with how many clients registered providers plan for."""
    return [
        row
        | {"counts_as_supply": row["counts_as_supply"] == "true"}
        | measure_places(row["service"], facilities)
        for row in read_facts("catalogue")
    ]


def measure_places(service: str, facilities: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the smallest and the usual number of clients that providers of a service plan for."""
    places: dict[str, list[int]] = {"planned_clients": [], "planned_clients_shared": []}
    for row in facilities:
        basis = str(row["places_basis"])
        if row["service"] == service and row["status"] == "operating" and basis in places:
            places[basis].append(int(str(row["places"])))
    own, shared = places.values()
    counts = sorted(own if len(own) >= FEWEST_CAPACITIES else own + shared)
    found: dict[str, object] = {"places_rows": len(counts), **dict.fromkeys(SIZES)}
    if len(counts) >= FEWEST_CAPACITIES:
        low, first, third = (round(float(q)) for q in np.quantile(counts, (0.1, 0.25, 0.75)))
        found |= dict(zip(SIZES, (low, first, third), strict=True))
    return found


def make_figures() -> list[dict[str, object]]:
    """Return the plan figures by id, with the municipality looked up in its vintage."""
    names = {
        "2009": {row["name"]: row["municipality_id"] for row in _facts.read_municipalities()},
        "2021": {row["name"]: row["municipality_id"] for row in _facts.read_successors()},
    }
    indicators = {source: ours for ours, sources in INDICATORS.items() for source in sources}
    indicators |= {each: each for each in PLAIN_INDICATORS}
    rows = []
    for fact in read_facts("plan_figures"):
        vintage = VINTAGES[fact["municipality_basis"]]
        row: dict[str, object] = dict(fact)
        row |= {
            "municipality_basis": vintage,
            "municipality_id": (
                find_municipality(fact["municipality"], names[vintage]) if vintage else ""
            ),
            "target_group": PLAN_GROUPS[fact["target_group_source"]],
            "indicator": indicators[fact["indicator_source"].split(" (")[0]],
        }
        rows.append(row)
    return sorted(rows, key=lambda row: str(row["figure_id"]))


def find_municipality(name: str, ids: Mapping[str, str]) -> str:
    """Return the id of a municipality; a city may come as "Rēzeknes pilsēta".

    >>> find_municipality("Rēzeknes valstspilsēta", {"Rēzekne": "0006000"})
    '0006000'
    """
    city = name.removesuffix(" pilsēta").removesuffix(" valstspilsēta")
    return ids[city] if city in ids else ids[city.removesuffix("s")]


def make_targets(figures: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the headline figure of each region and group with its alternatives."""
    by_id = {row["figure_id"]: row for row in figures}
    rows = []
    for fact in read_facts("targets"):
        figure = by_id[fact["figure_id"]]
        if (figure["planning_region"], figure["target_group"], figure["municipality"]) != (
            fact["planning_region"],
            fact["target_group"],
            "",
        ):
            raise ValueError(f"{fact['figure_id']} is not of {fact['planning_region']}")
        alternatives = [
            f"{row['figure_id']}={row['value']}"
            for row in figures
            if row["planning_region"] == fact["planning_region"]
            and row["target_group"] == fact["target_group"]
            and not row["municipality"]
            and row["service_source"] in WHOLE_GROUP
            and row["indicator"] in _services.HEADLINE_INDICATORS
            and row["value"] != figure["value"]
        ]
        row: dict[str, object] = dict(fact)
        row |= {
            "persons": figure["value"],
            "need_figure_id": fact["need_figure_id"] or fact["figure_id"],
            "year": figure["year"],
            "source": figure["source"],
            "alternatives": "; ".join(alternatives),
        }
        rows.append(row)
    return rows


def make_need(
    targets: Sequence[Mapping[str, object]],
    figures: Sequence[Mapping[str, object]],
    settlements: Sequence[Row],
    register: Sequence[Row],
) -> list[dict[str, object]]:
    """Return persons per settlement and group, every settlement of the region present."""
    partners = find_partners()
    by_id = {str(row["figure_id"]): row for row in figures}
    rows = []
    for target in targets:
        if target["target_group"] in NOT_SPREAD:
            continue
        regional = by_id[str(target["need_figure_id"])]
        inside = [
            row for row in settlements if row["planning_region_2009"] == target["planning_region"]
        ]
        places = [
            Place(
                row["settlement_id"],
                int(row["population"]),
                row["municipality_id_2009"] in partners,
            )
            for row in inside
        ]
        whole = Figure(str(regional["figure_id"]), _persons(regional))
        if target["target_group"] in IN_INSTITUTIONS:
            shared = place_in_institutions(whole, places, count_children(register))
        else:
            counts, least = find_municipal(regional, figures, inside)
            shared = spread(whole, counts, least, places)
        group = {key: target[key] for key in ("planning_region", "target_group")}
        rows += [row | group for row in shared]
    return sorted(
        rows, key=lambda row: [str(row[key]) for key in ("target_group", "settlement_id")]
    )


def find_municipal(
    regional: Mapping[str, object],
    figures: Sequence[Mapping[str, object]],
    inside: Sequence[Row],
) -> tuple[list[Figure], list[Figure]]:
    """Return the counts of municipalities that stand, and those that are least values.

    A count stands where it is of the whole group and either the municipality's target or of the
    regional figure's indicator and year. Of one municipality the latest counts.
    """
    group = [
        row
        for row in figures
        if row["municipality"]
        and row["planning_region"] == regional["planning_region"]
        and row["target_group"] == regional["target_group"]
        and row["indicator"] in PERSONS
        and row["unit"] in ("persons", "children")
    ]
    counts: dict[frozenset[str], tuple[str, Figure]] = {}
    least = []
    for row in sorted(group, key=lambda row: str(row["figure_id"])):
        key = f"municipality_id_{row['municipality_basis']}"
        members = frozenset(
            each["settlement_id"] for each in inside if each[key] == row["municipality_id"]
        )
        figure = Figure(str(row["figure_id"]), _persons(row), members)
        year = str(row["year"])
        stands = row["service_source"] in WHOLE_GROUP and (
            row["indicator"] == "target"
            or (row["indicator"], year) == (regional["indicator"], str(regional["year"]))
        )
        if not stands:
            least.append(figure)
        elif members not in counts or counts[members][0] <= year:
            counts[members] = (year, figure)
    return [figure for _, figure in counts.values()], least


def count_children(register: Sequence[Row]) -> dict[str, int]:
    """Return planned clients of children's institutions and houses by settlement."""
    clients: Counter[str] = Counter()
    for row in register:
        services = {pair.split(":")[0] for pair in row["services"].split()}
        if services & CHILDREN_LIVE_IN:
            clients[row["settlement_id"]] += int(row["planned_clients"] or 0)
    return dict(clients)


def _persons(row: Mapping[str, object]) -> int:
    return int(str(row["value"]))


def find_partners() -> set[str]:
    """Return the municipalities of 2009 that are partners of their region's DI project."""
    return {
        row["municipality_id"]
        for row in _facts.read_municipalities()
        if row["di_partner"] == "yes"
        or (row["di_partner"] == "unknown" and row["municipality_id"] != JAUNJELGAVA)
    }


if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
