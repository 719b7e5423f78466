"""The state register in the project: every row accounted for, some looked up by hand."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest

from socaccess.sources.register_services import (
    RegisterRules,
    load_register_rules,
    map_register,
    normalise_term,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "services"
sys.path.insert(0, str(ROOT / "tools"))

import _matching  # noqa: E402
import _register  # noqa: E402


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def register() -> dict[str, dict[str, str]]:
    return {row["register_id"]: row for row in read(DATA / "register.csv")}


@pytest.fixture(scope="module")
def facilities() -> list[dict[str, str]]:
    return [row for row in read(DATA / "facilities.csv") if row["register_id"]]


def services_of(row: dict[str, str]) -> set[str]:
    return {each.split(":")[0] for each in row["services"].split()}


def test_every_row_is_mapped_or_has_a_reason(register):
    assert len(register) == 1006
    reasons = {row["reason"] for row in read(DATA / "register_reasons.csv")}
    for key, row in register.items():
        assert bool(row["services"]) != bool(row["reason_unmapped"]), key
        assert row["reason_unmapped"] in reasons | {""}, key
        assert row["term"], key
    unmapped = Counter(row["reason_unmapped"] for row in register.values())
    assert unmapped == {
        "": 885,
        "other_groups": 43,
        "office": 41,
        "social_work": 15,
        "rehabilitation_housing": 11,
        "single_kind": 5,
        "palliative": 3,
        "head_office": 2,
        "contradiction": 1,
    }


def test_every_mapped_row_stands_in_the_facilities(register, facilities):
    seen: dict[str, set[str]] = defaultdict(set)
    for row in facilities:
        for key in row["register_id"].split():
            assert row["service"] not in seen[key], key
            seen[key].add(row["service"])
    assert seen == {key: services_of(row) for key, row in register.items() if row["services"]}


def test_a_facility_is_one_service_at_one_address(register, facilities):
    keys = [
        (row["service"], register[key]["address_code"])
        for row in facilities
        for key in row["register_id"].split()[:1]
    ]
    assert len(set(keys)) == len(keys)
    assert all(row["location_precision"] == "address" for row in facilities)


@pytest.mark.parametrize(
    ("key", "services"),
    [
        ("458", ""),  # head office of VSAC Kurzeme: sums up its branches
        ("476", ""),  # head office of VSAC Latgale
        ("1653", ""),  # home care of children of pension age
        ("913", "dac_ft:likely"),  # in a school
        ("150", "dac_grt:sure dac_senior:likely"),  # Limbaži
        ("1613", "dac_ft:sure"),  # group other; the name says functional impairments
        ("1468", "dac_ft:likely"),  # children, other, outside Rīga
        ("923", "day_centre_children:likely"),  # children at risk in Rīga
        ("2015", "respite_grt:likely respite_ft:likely"),
        ("1082", "home_care:sure home_care_senior:sure care_ft:likely"),
        ("1230", "home_care_senior:sure"),
        ("51", "vsac:sure"),
        ("160", "gvpp:sure"),  # an SOS village
        ("23", "oof_inst:likely"),  # 22 children
        ("57", "grt_institution:sure"),
        ("2039", ""),  # palliative
        ("1272", "family_assistant:sure"),
        ("1140", "crisis_accommodation:sure"),
        ("1122", "community_centre:sure"),
        ("1682", "psychosocial_rehab:sure"),
        ("961", "short_term_care:sure"),
        ("1882", ""),  # young people after care, not children with impairments
    ],
)
def test_rows_looked_up_by_hand(register, key, services):
    assert register[key]["services"] == services


def test_rigas_day_centres_for_adults_are_there(facilities):
    riga = [
        row
        for row in facilities
        if row["service"] == "dac_grt" and row["municipality_id"] == "0001000"
    ]
    assert len(riga) == 19
    assert sum(row["mapping"] == "sure" for row in riga) == 16
    assert all(row["settlement_id"].startswith("RIX-") for row in riga)
    assert len({row["settlement_id"] for row in riga}) > 10


def test_limbazi_has_its_day_centre(facilities):
    found = [
        (row["name"], row["places"], row["address"].split(",")[0])
        for row in facilities
        if row["service"] == "dac_grt" and row["municipality_id"] == "0035000"
    ]
    assert [(places, street) for _, places, street in found] == [("25", "Klostera iela 2")]


def test_points_stay_as_registered(register):
    facts = {row["register_id"]: row for row in read(_register.FACTS / "register.csv")}
    for key, row in register.items():
        for axis in ("lon", "lat"):
            assert float(row[axis]) == float(facts[key][axis])
        assert row["settlement_id"] == facts[key]["unit_id"]
        in_riga = facts[key]["municipality_now"] == "Rīga"
        assert row["settlement_id"].startswith("RIX-") == in_riga


def test_neighbourhoods_by_outline(register):
    """Looked up on the city's map."""
    assert register["913"]["settlement_id"] == "RIX-tornakalns"
    assert register["880"]["settlement_id"] == "RIX-mezaparks"
    assert register["324"]["settlement_id"] == "RIX-vecmilgravis"


def test_planned_clients_are_shared_where_a_row_gives_several_services(register, facilities):
    for row in facilities:
        rows = [register[key] for key in row["register_id"].split()]
        if row["places_basis"] == "planned_clients_shared":
            assert any(len(services_of(each)) > 1 for each in rows)
        elif row["places_basis"] == "planned_clients":
            assert all(len(services_of(each)) == 1 for each in rows)
            assert int(row["places"]) == sum(int(each["planned_clients"]) for each in rows)


def test_the_own_municipality_is_the_providers(register, facilities):
    """A county's social service in the city beside it; a provider of all Latvia by its address."""
    of = {row["register_id"].split()[0] + row["service"]: row for row in facilities}
    augsdaugava = of["985home_care"]
    assert augsdaugava["municipality_id"] == "0002000"  # its office is in Daugavpils
    assert augsdaugava["provider_municipality_id"] == "0022000"
    assert augsdaugava["provider_basis"] == "name"
    rezekne = of["1789home_care_senior"]
    assert (rezekne["municipality_id"], rezekne["provider_municipality_id"]) == (
        "0006000",
        "0043000",
    )
    red_cross = of["21home_care"]
    assert (red_cross["provider_municipality_id"], red_cross["provider_basis"]) == (
        "0001000",
        "address",
    )
    moved = [
        (register[row["register_id"].split()[0]]["name"], row["provider_municipality_id"])
        for row in facilities
        if row["provider_municipality_id"] != row["municipality_id"]
    ]
    assert 5 <= len(moved) <= 40, moved


def test_the_shipped_table_is_what_the_rules_give(register):
    facts = pd.DataFrame(read(_register.FACTS / "register.csv"))
    mapped = map_register(facts)
    given = mapped.fillna("").groupby("register_id")
    for key, part in given:
        pairs = [f"{s}:{m}" for s, m in zip(part["service"], part["mapping"], strict=True) if s]
        assert " ".join(pairs) == register[str(key)]["services"]
        assert part["rule"].iloc[0] == register[str(key)]["rule"]


def test_an_unknown_term_is_kept_with_its_reason():
    row = {
        "register_id": "9",
        "name": "Jauns",
        "register_service": "Citi: mobilā pirts",
        "form": "without_accommodation",
        "planned_clients": None,
        "clients": "adults",
        "client_groups": "grt",
        "municipality_now": "Rīga",
    }
    mapped = map_register(pd.DataFrame([row]))
    assert mapped[["register_id", "service", "reason"]].to_numpy().tolist() == [
        ["9", None, "unknown_term"]
    ]


def test_rules_are_edited_as_data():
    """Another table, another answer: the first rule that fits decides."""
    terms = pd.DataFrame({"register_term": ["pirts"], "term": ["bath"]})
    columns = load_register_rules().rules.columns
    blank = dict.fromkeys(columns, "")
    rules = pd.DataFrame(
        [
            blank | {"rule": "big", "term": "bath", "services": "a:sure", "has_all": "grt other"},
            blank | {"rule": "small", "term": "bath", "services": "b:sure", "clients_at_most": 5},
            blank | {"rule": "rest", "term": "bath", "reason": "other_groups"},
        ]
    )
    base = {"name": "", "form": "", "clients": "adults", "municipality_now": ""}
    rows = pd.DataFrame(
        [
            base
            | {"register_id": number, "register_service": "Pirts.", "client_groups": groups}
            | {"planned_clients": clients}
            for number, groups, clients in (
                ("1", "other;grt", 99),
                ("2", "grt", 5),
                ("3", "grt", 6),
                ("4", "grt", None),
            )
        ]
    )
    mapped = map_register(rows, RegisterRules(terms, rules))
    assert mapped["service"].tolist() == ["a", "b", None, None]
    assert mapped["reason"].tolist() == [None, None, "other_groups", "other_groups"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("CITI: Kopienas centrs", "kopienas centrs"),
        ("Cits:asistentu pakalpojums", "asistentu pakalpojums"),
        ("Aprūpe mājās. ", "aprūpe mājās"),
    ],
)
def test_normalised_terms(text, plain):
    assert normalise_term(text) == plain


def listed(key, **values):
    row = {
        "facility_id": key,
        "site_id": key,
        "name": "",
        "service": "dac_grt",
        "status": "operating",
        "address": "",
        "settlement_id": "",
        "municipality_id": "m",
        "lon": "",
        "lat": "",
    }
    return row | values


def test_matching_by_hand():
    registered = [
        listed("r1", address="Rīgas iela 4A, Balvi, LV-4501", settlement_id="balvi"),
        listed("r2", name='Centrs "Saulespuķe"', settlement_id="kuba", lon="27.0", lat="57.0"),
        listed("r3", settlement_id="viļaka", lon="27.7", lat="57.2"),
        listed("r4", service="workshop", settlement_id="viļaka"),
        listed("r5", municipality_id="n", address="Rīgas iela 4A, Ludza"),
    ]
    rows = [
        listed("by-address", address="Rīgas iela 4A", settlement_id="elsewhere"),
        listed("other-house", address="Rīgas iela 6", settlement_id="elsewhere"),
        listed("by-name", name='DAC "Saulespuķe"', lon="27.0", lat="57.02"),
        listed("by-place", lon="27.71", lat="57.2"),
        listed("far", lon="26.0", lat="56.0"),
        listed("other-service", service="group_home", settlement_id="viļaka"),
    ]
    found = _matching.match_facilities(rows, registered)
    assert {key: (match.key, match.by) for key, match in found.items()} == {
        "by-address": ("r1", "address"),
        "by-name": ("r2", "name"),
        "by-place": ("r3", "settlement"),
    }


def test_what_was_matched_by_address_is_not_taken_by_town():
    registered = [listed("r1", address="Rīgas iela 4, Balvi", settlement_id="balvi")]
    rows = [
        listed("old", settlement_id="balvi", status="planned"),
        listed("own", address="Rīgas iela 4", settlement_id="balvi"),
    ]
    assert set(_matching.match_facilities(rows, registered)) == {"own"}


def test_services_of_one_site_follow_each_other():
    """Two workshops in town: the one at the address of the site's day centre is meant."""
    registered = [
        listed("r1", site_id="a1", name='Centrs "Rīts"', settlement_id="balvi"),
        listed("r2", site_id="a1", service="workshop", settlement_id="balvi"),
        listed("r3", site_id="a2", service="workshop", settlement_id="balvi"),
    ]
    rows = [
        listed("day", site_id="s1", name='DAC "Rīts"', settlement_id="balvi"),
        listed("work", site_id="s1", service="workshop", settlement_id="balvi"),
        listed("else", site_id="s2", service="workshop", settlement_id="balvi"),
    ]
    found = _matching.match_facilities(rows, registered)
    assert {key: match.key for key, match in found.items()} == {"day": "r1", "work": "r2"}


@pytest.mark.skipif(
    not os.environ.get("SOCACCESS_REBUILD"),
    reason="needs the package registries; set SOCACCESS_REBUILD=1 to run",
)
def test_neighbourhoods_of_the_facts_are_those_of_the_outlines():
    rows = read(_register.FACTS / "register.csv")
    found = _register.find_neighbourhoods(rows)
    assert len(found) == 250
    assert all(row["unit_id"] == found.get(row["register_id"], row["unit_id"]) for row in rows)


@pytest.mark.shared
def test_the_register_is_that_of_the_facts(shared):
    """All columns; Riga's rows have their neighbourhood."""
    facts = read(shared / "facts" / "register.csv")
    ours = read(_register.FACTS / "register.csv")
    for fact, row in zip(facts, ours, strict=True):
        unit = row["unit_id"] if fact["unit_id"] == "0010000" else fact["unit_id"]
        assert row == fact | {"unit_id": unit}


def test_the_page_shows_the_rules_as_they_are():
    import describe_register

    page = (ROOT / "docs" / "register.md").read_text(encoding="utf-8")
    assert describe_register.describe_rules() in page


def test_places_against_people_on_the_page_are_current():
    import measure_truth

    page = (ROOT / "docs" / "truth.md").read_text(encoding="utf-8")
    lines = page.splitlines()
    table = [line for line in measure_truth.tabulate_places() if line.startswith("| `")]
    assert len(table) == 9
    assert [line for line in table if line not in lines] == []
    # Latgale: near does not mean room.
    assert "plan for 308 clients at a time" in page
