"""The same people financed by place and by person, worked out by hand in a made-up world."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from small_worlds import two_municipalities

from socaccess.programme.compilation import Compilation, compile_programme
from socaccess.programme.financing import compare_financing, count_places
from socaccess.programme.known_counts import RATES
from socaccess.programme.plan_file import Change, Heading, Money, default_plan
from socaccess.programme.prices import PRICES
from socaccess.study import Study


def compile_world(*, below: int = 0) -> Compilation:
    """West keeps 15 places at 20 EUR a day, East's provider asks 30 and has no known places."""
    tables = two_municipalities()
    tables["facilities"]["places"] = [15, None, None, None, None, None, None]
    tables["service_types"]["visits_per_week"] = [2.0, 1.0, None, 5.0, 1.0]
    result = Study(**tables).run(sites=False)
    prices = pd.DataFrame(
        [("F1", "dac", "not_stated", 20.0, "day", "2026-01-01", "west", "F1", "round"),
         ("F4", "dac", "not_stated", 30.0, "day", "2026-01-01", "east", "F4", "round")],
        columns=["price_id", "service", "client_of", "value", "unit", "stated_on",
                 "municipality_id", "facility_id", "source"],
    ).reindex(columns=[column.name for column in PRICES.columns])  # fmt: skip
    rates = pd.DataFrame(
        [("adults_grt", "dac", 0.2, 0.4, 0.6, 1, "given", "own")], columns=RATES
    )  # fmt: skip
    money = Money(
        price_index=0.1,
        running={"esf": 0.85, "municipality": 0.15},
        takes_over={"state": 0.5, "municipality": 0.5},
    )
    plan = replace(
        default_plan("latgale"),
        programme=Heading("latgale", years=(2027, 2028)),
        change=Change(0.0, 0.0, 0.0),
        money=money,
        given={"prices": prices, "take_up": rates},
    )
    return compile_programme(plan, result, below=below)


@pytest.fixture(scope="module")
def compiled() -> Compilation:
    return compile_world()


def test_places_are_those_of_operating_facilities(compiled):
    table = count_places(compiled.result.study).set_index(["service", "municipality_id"])
    assert table.loc[("dac", "west")].tolist() == [15, 0]
    assert table.loc[("dac", "east")].tolist() == [0, 1]  # its number was never published


def test_both_ways_by_hand(compiled):
    found = compare_financing(compiled)
    row = found.services.set_index(["year", "service"]).loc[(2027, "dac")]
    # 25 people need it, four in ten come: 10 clients, of them 4.4 of East, who all go West.
    assert (row["clients"], row["places"], row["waiting"], row["empty"]) == (10, 15, 0, 5)
    assert row["unit_price"] == Decimal("27.50")  # the median of 20 and 30, and a tenth more
    # 15 places x 104 days x 22.00; 10 clients x 104 x 22.00, since West serves East's too.
    assert row["place_eur"] == Decimal("34320.00")
    assert row["person_eur"] == Decimal("22880.00")
    assert (row["person_eur_low"], row["person_eur_high"]) == (11440, 34320)
    assert (row["place_eur_per_client"], row["person_eur_per_client"]) == (3432, 2288)
    assert found.missing == ()
    later = found.services.set_index(["year", "service"]).loc[(2028, "dac")]
    assert later["place_eur"] == Decimal("37752.00")


def test_who_pays_before_and_after_the_esf(compiled):
    payers = compare_financing(compiled).payers
    payers = payers[payers["year"] == 2027].set_index("payer")
    place = payers[payers["mechanism"] == "place"].to_dict()
    assert place["amount"] == {"esf": 29172, "municipality": 5148, "state": 0}
    assert place["without_esf"] == {"esf": 0, "municipality": 19734, "state": 14586}
    person = payers[payers["mechanism"] == "person"]
    assert person["amount"].sum() == person["without_esf"].sum() == 22880


def test_who_owes_whom(compiled):
    """Five of East live within the limit of West's centre: two come, 104 days at 22 EUR."""
    (debt,) = compare_financing(compiled).debts.to_dict("records")
    assert (debt["from_id"], debt["to_id"], debt["persons"]) == ("east", "west", 5)
    assert debt["amount"] == Decimal("4576.00")


def test_hidden_counts_are_in_no_sum():
    found = compare_financing(compile_world(below=11))
    row = found.services.iloc[0]
    assert row["clients"] == "<11"
    money = ["person_eur", "person_eur_low", "place_eur_per_client", "empty"]
    assert row[money].isna().all()
    assert not len(found.payers[found.payers["mechanism"] == "person"])
    assert found.debts["amount"].isna().all()
