"""Access of a study: by hand for one municipality, protected, and as the commands show it."""

from __future__ import annotations

import csv
import dataclasses
import json

import geopandas as gpd
import numpy as np
import pytest
from typer.testing import CliRunner

import socaccess as sa
from socaccess.cli.app import app
from socaccess.content import Rendering, Table
from socaccess.documents.annex import compose_annex
from socaccess.documents.annex_access import compose_access
from socaccess.documents.annex_context import AnnexContext
from socaccess.i18n import Texts

SERVICE = "dac_grt"


@pytest.fixture(scope="module")
def result():
    return sa.Study.load("latgale").run(sites=False)


@pytest.fixture(scope="module")
def released(result):
    return result.release()


def test_places_of_ludza_as_added_up_point_by_point(released):
    """Times asked anew; then each facility's places over all within 30 minutes of it."""
    study = released.result.study
    people = study.people.assign(id=[f"p{i}" for i in range(len(study.people))])
    facilities = study.facilities
    serving = facilities[
        (facilities["service"] == SERVICE)
        & (facilities["status"] == "operating")
        & facilities["located"]
    ]
    # Streets within a settlement lead by its centre, as the study says.
    homes = study.network.snap(people, id_column="id", links=study.settings.links,
                               centres=list(people["settlement_id"]))  # fmt: skip
    ends = study.network.snap(serving, id_column="facility_id", links=study.settings.links)
    minutes = sa.travel_times(study.network, homes, ends).travel_min
    now = released.result.settlement_coverage
    now = now[(now["scenario"] == "now") & (now["service"] == SERVICE)]
    need = dict(zip(now["settlement_id"], now["persons"], strict=True))
    home = dict(zip(now["settlement_id"], now["municipality_id"], strict=True))
    persons = [
        need[name] * share
        for name, share in zip(people["settlement_id"], people["share"], strict=True)
    ]
    known = ("stated_capacity", "planned_capacity", "planned_clients")
    ratio = {}
    for at, row in enumerate(serving.itertuples()):
        demand = sum(p for p, m in zip(persons, minutes[:, at], strict=True) if m <= 30)
        if row.places_basis in known and demand > 0:
            ratio[at] = float(row.places) / demand
    total = places = 0.0
    for point, name in enumerate(people["settlement_id"]):
        if home[name] != "0037000":
            continue
        near = [at for at in range(len(serving)) if minutes[point, at] <= 30]
        if near and not any(at in ratio for at in near):
            continue
        total += persons[point]
        places += persons[point] * sum(ratio.get(at, 0.0) for at in near)
    answer = sa.planning.access(released, SERVICE).municipalities.set_index("municipality_id")
    assert answer.loc["0037000", "municipality"] == "Ludzas novads"
    by_hand = 100 * places / total
    assert answer.loc["0037000", "per_100"] == pytest.approx(by_hand, rel=1e-9)
    # The annex tells the same of it, in a table of municipalities by services.
    context = AnnexContext(released, Texts("lv"))
    section = compose_access(context)
    rendering = Rendering.of(compose_annex(released, form="short"))
    table = next(block for block in section.blocks if isinstance(block, Table))
    (row,) = (row for row in table.rows if row[0] == context.shorten("Ludzas novads"))
    at = [column.title for column in table.columns].index(context.low(SERVICE))
    assert rendering.cell_text(row[at]).removeprefix("≥ ") == Texts("lv").number(
        by_hand, decimals=1 if by_hand < 10 else 0
    )


@pytest.mark.parametrize("measure", ["bfca", "opportunities", "huff"])
def test_no_value_is_missing_without_its_reason(released, measure):
    answer = sa.planning.access(released, measure=measure)
    for table in (answer.municipalities, answer.settlements):
        value = {
            "bfca": "per_100",
            "spatial_availability": "per_100",
            "potential": "potential",
            "opportunities": "places",
            "choice": "first_min",
            "huff": "nearest_share",
        }[measure]
        lost = table[value].isna()
        if measure in ("choice", "huff"):
            assert (table.loc[lost, "without_share"].fillna(1) > 0).all()
        else:
            assert set(table.loc[lost, "note"]) <= {"unknown_places", "nobody_counted", "protected",
                                                    "at_least"}  # fmt: skip


def test_hidden_counts_stay_hidden(released):
    below = released.below
    answer = sa.planning.access(released)
    closing = sa.planning.closing(released)
    counted = answer.services.loc[answer.services["weighted_by"] == "need", "service"]
    for table, columns in (
        (answer.municipalities, ["persons"]),
        (answer.facilities, ["persons"]),
        (closing.ranking, ["persons", "falls_out", "moving", "without_place"]),
        (closing.flows, ["persons"]),
    ):
        table = table[table["service"].isin(counted)]
        for column in columns:
            numbers = [one for one in table[column] if isinstance(one, int | float)]
            assert all(one == 0 or one >= below or one != one for one in numbers), column
    marked = answer.municipalities[
        answer.municipalities["persons"].map(lambda value: isinstance(value, str))
    ]
    assert marked["per_100"].isna().all()
    assert (marked["note"] == "protected").all()


def test_closing_of_a_study_is_that_of_its_result(result, released):
    first, second = sa.planning.closing(result.study), sa.planning.closing(released)
    columns = ["service", "unit", "persons", "falls_out", "without_place"]
    assert first.ranking[columns].astype(str).equals(second.ranking[columns].astype(str))
    # Nobody falls out of a facility that another stands beside.
    assert (first.ranking["rank"].diff().dropna() == 1).all()


def test_a_provider_closes_whole_and_unknown_names_are_one_line(result):
    top = sa.planning.closing(result, by="provider").ranking.iloc[0]
    alone = sa.planning.closing(result, provider=top["name"], service=top["service"]).ranking
    assert alone["falls_out"].iloc[0] == top["falls_out"]
    for wrong in ({"provider": "nobody"}, {"facilities": ["nowhere"]}):
        with pytest.raises(LookupError) as caught:
            sa.planning.closing(result, **wrong)
        assert len(caught.value.problems) == 1


def test_facilities_without_a_known_provider_close_alone(result):
    by_facility = sa.planning.closing(result, service=SERVICE).ranking.set_index("unit")
    lonely = list(by_facility.index[:2])
    facilities = result.study.facilities
    provider = facilities["name"].astype(object).where(~facilities["facility_id"].isin(lonely))
    study = dataclasses.replace(result.study, facilities=facilities.assign(provider=provider))
    answer = sa.planning.closing(study.run(sites=False), service=SERVICE, by="provider")
    by_provider = answer.ranking.set_index("unit")
    columns = ["name", "municipality", "falls_out", "to"]
    assert by_provider.loc[lonely, columns].equals(by_facility.loc[lonely, columns])


def test_fairness_before_and_after(result):
    answer = sa.planning.fairness(result, SERVICE, scenario="planned")
    now, then = (answer.indices.iloc[at] for at in (0, 1))
    assert then["worst_decile"] <= now["worst_decile"]
    assert now["theil"] == pytest.approx(now["theil_between"] + now["theil_within"], abs=1e-12)
    change = answer.changes.iloc[0]
    moved = then["gini"] - now["gini"]
    assert moved == pytest.approx(change["reranking"] - change["progressivity"], abs=1e-12)
    assert answer.groups["from_access"].sum() == pytest.approx(change["mean_change"], abs=1e-9)
    ids = result.study.municipalities["municipality_id"]
    elderly = dict(zip(ids, np.linspace(0.15, 0.3, len(ids)), strict=True))
    ranked = sa.planning.fairness(result, SERVICE, scenario="planned", ranking=elderly)
    assert -1 < ranked.indices["concentration"].iloc[0] < 1
    assert ranked.curves["value_share"].iloc[0] == 0
    elderly.pop(ids[0])
    with pytest.raises(sa.InputError) as caught:
        sa.planning.fairness(result, SERVICE, scenario="planned", ranking=elderly)
    assert caught.value.code == "access.rank_missing"


def test_cost_of_distance_adds_up(result):
    model = sa.access.DeliveryModel(50_000, 3_000, visits=200, eur_km=0.3, eur_hour=6)
    table = sa.planning.delivery_cost(result, SERVICE, model, price_eur=9_000)
    told = table[table["note"].isna()]
    parts = told[["fixed_eur", "variable_eur", "way_eur"]].sum(axis=1)
    assert np.allclose(parts, told["total_eur"])
    assert told["break_even"].dropna().between(1, 100).all()


def test_two_borders_compared_by_settlement(result):
    plan = sa.Study.load("latgale", view="plan")
    table = sa.planning.comparison(plan, result, by="settlement")
    both = table[table["in_both"] == "both"]
    assert len(both) and table.crs == result.study.settlements.crs
    # Borders move nobody: whoever is in both has the same way.
    assert np.allclose(both["travel_min_change"].fillna(0), 0, atol=1e-9)


def call(*words):
    return CliRunner().invoke(app, list(words))


def test_the_commands_answer_in_latvian_and_in_json(tmp_path):
    shown = call("closing", "latgale", "--service", "respite_grt")
    assert shown.exit_code == 0 and "Iestādes, kuras visgrūtāk aizstāt" in shown.output
    found = call("access", "latgale", "--service", SERVICE, "--measure", "e2sfca", "--decay",
                 "gaussian:15", "--json", "--out", str(tmp_path))  # fmt: skip
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["measure"] == "e2sfca" and len(answer["municipalities"]) == 9
    assert (tmp_path / "access_municipalities.csv").exists()
    wrong = call("access", "latgale", "--measure", "delivery_cost", "--cost", "fixed=1")
    assert wrong.exit_code == 2


def read(out, name):
    with (out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_road_that_closes_is_asked_by_its_id(result, tmp_path):
    """Whoever is hit by it has farther to go, as the times on the network without it say."""
    roads = result.study.network.to_frame()
    way = roads.loc[roads["modelled"], "edge_id"].iloc[0]
    found = call("closing", "latgale", "--service", SERVICE, "--road", way, "--json",
                 "--out", str(tmp_path))  # fmt: skip
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["road"] == [way] and len(answer["changes"]) == 9
    table = sa.planning.road_closing(result.study, [way], service=SERVICE)
    for told, row in zip(answer["changes"], table.itertuples(), strict=True):
        assert told["municipality"] == row.municipality
        assert told["extra_min"] == pytest.approx(row.extra_min, abs=1e-6)
    assert (table["extra_min"] >= 0).all()
    assert len(read(tmp_path, "road_closing")) == 9


def test_two_scenarios_are_compared_in_tables_and_layers(tmp_path):
    found = call("access", "latgale", "--measure", "comparison", "--compare", "planned",
                 "--json", "--out", str(tmp_path))  # fmt: skip
    assert found.exit_code == 0, found.output
    changed = json.loads(found.stdout)["municipalities"]
    assert changed and all(row["covered_share_change"] > 0 for row in changed)
    layer = gpd.read_file(tmp_path / "comparison.gpkg", layer="municipality")
    assert len(layer) >= len(changed) and layer.crs == "EPSG:3059"
    settlements = read(tmp_path, "access_settlements")
    assert {row["in_both"] for row in settlements} == {"both"}


def test_fairness_is_asked_with_a_ranking_of_ones_own(result, tmp_path):
    names = result.study.municipalities["name"]
    table = tmp_path / "income.csv"
    rows = [f"{name};{1000 + 10 * at}" for at, name in enumerate(names)]
    table.write_text("\n".join(["municipality;rank_by", *rows]), encoding="utf-8")
    found = call("access", "latgale", "--measure", "fairness", "--compare", "planned", "--json",
                 "--service", SERVICE, "--ranking", str(table),
                 "--groups", "urbanisation")  # fmt: skip
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    ids = result.study.municipalities["municipality_id"]
    income = dict(zip(ids, range(len(ids)), strict=True))
    direct = sa.planning.fairness(result, SERVICE, scenario="planned", ranking=income)
    for told, row in zip(answer["services"], direct.indices.itertuples(), strict=True):
        # Only the order of a ranking counts.
        assert told["concentration"] == pytest.approx(row.concentration, abs=1e-9)
        assert told["gini"] == pytest.approx(row.gini, abs=1e-9)
    assert {row["group"] for row in answer["groups"]} <= {"urban_centre", "urban_cluster", "rural"}
    assert answer["curves"]
    table.write_text("\n".join(["municipality;rank_by", *rows[1:]]), encoding="utf-8")
    with pytest.raises(sa.InputError) as caught:
        sa.planning.fairness(result, SERVICE, scenario="planned", ranking=table)
    assert caught.value.code == "access.rank_missing"


def test_choice_counts_facilities_and_providers():
    found = call("access", "latgale", "--service", SERVICE, "--measure", "choice", "--json")
    assert found.exit_code == 0, found.output
    rows = json.loads(found.stdout)["municipalities"]
    assert len(rows) == 9
    for row in rows:
        near, second = row["first_min"], row["second_min"]
        assert near <= second <= row["third_min"]
        assert row["providers"] <= row["facilities"] + 1e-9


def test_places_nobody_states_are_unknown_and_no_facility_has_none(result):
    services = sa.planning.access(result).services.set_index("service")
    unknown = services["facilities_unknown"] == services["facilities"]
    assert services.loc[unknown & (services["facilities"] > 0), "places"].isna().all()
    assert (services.loc[services["facilities"] == 0, "places"] == 0).all()
    assert unknown["consult_grt"] and services.loc["dac_grt", "places"] > 0
