"""Money adds up: splits, shares of a cost, budgets, whole persons."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError
from socaccess.programme.amounts import CENT, round_whole, share_out, split_amount, to_amount
from socaccess.programme.budget import Budget, plan_budget
from socaccess.programme.cooperation import share_cost
from socaccess.programme.costs import ServiceCost, TransportCost

amounts = st.integers(-(10**12), 10**12).map(lambda cents: CENT * cents)
weights = st.lists(st.fractions(0, 10), min_size=1, max_size=6).filter(any)


@given(amounts, weights)
def test_parts_add_up_and_miss_the_exact_by_less_than_a_cent(amount, parts):
    names = {f"p{i}": weight for i, weight in enumerate(parts)}
    split = split_amount(amount, names)
    assert sum(split.values(), Decimal(0)) == amount
    whole = sum(parts)
    for name, weight in names.items():
        exact = Fraction(amount) * weight / whole
        assert abs(Fraction(split[name]) - exact) < Fraction(1, 100)
        assert split[name] == split[name].quantize(CENT)


def test_an_amount_is_read_as_written():
    assert to_amount("1 234,505") == Decimal("1234.51")
    assert to_amount(0.1) == Decimal("0.10")
    for bad in ("x", float("nan"), float("inf"), None):
        with pytest.raises(InputError, match="not a number"):
            to_amount(bad)


def test_nobody_to_share_with_is_said():
    assert share_out(0, [0, 0]) == [0, 0]
    with pytest.raises(InputError, match="nobody to share with"):
        share_out(1, [0, 0])
    with pytest.raises(InputError, match="negative"):
        share_out(1, [2, -1])


@given(st.lists(st.floats(0, 1000), max_size=30))
def test_whole_persons_add_up_to_the_rounded_sum(values):
    whole = round_whole(values)
    exact = sum((Fraction(repr(value)) for value in values), Fraction(0))
    assert sum(whole) == int(exact + Fraction(1, 2))
    assert all(abs(w - v) < 1 + 1e-9 for w, v in zip(whole, values, strict=True))


@given(
    amounts.filter(lambda amount: amount >= 0),
    st.dictionaries(
        st.sampled_from("abcd"), st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)), min_size=1
    ),
    st.sampled_from(["use", "need", "equal", 0.0, 0.25, 1.0]),
)
def test_a_shared_cost_adds_up_to_the_cent(total, partners, by):
    use = {name: pair[0] for name, pair in partners.items()}
    need = {name: pair[1] for name, pair in partners.items()}
    parts = share_cost(total, use=use, need=need, by=by)
    assert sum(parts.values(), Decimal(0)) == total
    assert min(parts.values()) >= 0


def test_mixed_sharing_by_hand():
    # Use 3:1, need 1:1; a quarter by need: a pays 3/4 x 3/4 + 1/4 x 1/2 = 11/16.
    parts = share_cost("1600.00", use={"a": 3, "b": 1}, need={"a": 5, "b": 5}, by=0.25)
    assert parts == {"a": Decimal("1100.00"), "b": Decimal("500.00")}
    ends = [share_cost("7.01", use={"a": 3, "b": 1}, need={"a": 1, "b": 9}, by=by)
            for by in (0.0, "use", 1.0, "need")]  # fmt: skip
    assert ends[0] == ends[1]
    assert ends[2] == ends[3]
    with pytest.raises(InputError, match="use or need only"):
        share_cost(1, use={"a": 1}, need={"b": 1})
    with pytest.raises(InputError, match="cannot be shared by"):
        share_cost(1, use={"a": 1}, need={"a": 1}, by="luck")


CLIENTS = pd.DataFrame(
    [("m1", "dac_grt", 2026, 3.0), ("m2", "dac_grt", 2026, 0.5), ("m1", "dac_grt", 2027, 4.0)],
    columns=["municipality_id", "service", "year", "clients"],
)
SHARES = {"esf": "0.85", "state": "0.045", "municipality": "0.105"}


def test_a_budget_by_hand():
    cost = ServiceCost("dac_grt", "10.00", 100, SHARES, unit_price_other="20.00")
    way = TransportCost("dac_grt", "0.50", {"m1": 40.0}, {"municipality": 1})
    capital = pd.DataFrame(
        [(2026, "m1", "dac_grt", "1000.01")],
        columns=["year", "municipality_id", "service", "amount"],
    )
    budget = plan_budget(
        CLIENTS,
        [cost],
        elsewhere={("m1", "dac_grt"): 0.5},
        transport=[way],
        capital=capital,
        capital_shares={"eraf": "0.85", "municipality": "0.15"},
    )
    kinds = dict(budget.sum_by("year", "kind").set_index(["year", "kind"])["amount"])
    # m1: 3 clients x 100 x (half at 10, half at 20) = 4500; m2: 0.5 x 100 x 10 = 500.
    assert kinds[2026, "running"] == Decimal("5000.00")
    assert kinds[2027, "running"] == Decimal("6000.00")
    assert kinds[2026, "transport"] == Decimal("60.00")
    assert kinds[2027, "transport"] == Decimal("80.00")
    assert kinds[2026, "capital"] == Decimal("1000.01")
    payers = dict(budget.sum_by("payer").set_index("payer")["amount"])
    assert payers["esf"] == Decimal("9350.00")
    assert payers["eraf"] == Decimal("850.01")
    assert payers["state"] == Decimal("495.00")
    assert payers["municipality"] == Decimal("1155.00") + Decimal("140.00") + Decimal("150.00")
    assert budget.total == Decimal("12140.01")


names = st.sampled_from(["m1", "m2", "m3"])
rows = st.dictionaries(
    st.tuples(names, st.sampled_from(["dac_grt", "workshop"]), st.integers(2024, 2027)),
    st.floats(0, 500),
    min_size=1,
)


@given(rows, st.floats(0, 99).map(lambda price: round(price, 2)), st.integers(0, 300))
def test_every_sum_of_a_budget_makes_the_same_total(clients, price, units):
    table = pd.DataFrame(
        [(*key, count) for key, count in clients.items()],
        columns=["municipality_id", "service", "year", "clients"],
    )
    budget = plan_budget(table, [ServiceCost("dac_grt", price, units, SHARES)])
    for columns in (("year",), ("payer",), ("municipality_id",), ("year", "payer", "service")):
        assert sum(budget.sum_by(*columns)["amount"], Decimal(0)) == budget.total
    assert ("workshop" in budget.missing) == (table["service"] == "workshop").any()
    after, more = budget.shift_payer(
        "esf", from_year=2026, to={"state": "0.4", "municipality": "0.6"}
    )
    assert after.total == budget.total
    assert sum(more["amount"], Decimal(0)) == 0
    late = after.lines[after.lines["year"].astype(int) >= 2026]
    assert "esf" not in set(late["payer"])
    before = budget.lines[budget.lines["year"].astype(int) < 2026]
    kept = after.lines[after.lines["year"].astype(int) < 2026]
    assert before.values.tolist() == kept.values.tolist()


def test_everything_wrong_with_a_budget_is_said_at_once():
    twice = pd.concat([CLIENTS, CLIENTS[:1]])
    with pytest.raises(InputError) as caught:
        plan_budget(
            twice,
            [
                ServiceCost("dac_grt", "-1", 1, {"esf": "0.85"}),
                ServiceCost("workshop", "1", 1, {"magic": 1}),
            ],
        )
    text = str(caught.value)
    assert "stand twice" in text
    assert "add up to 1" in text
    assert "payer is not known" in text
    assert "is negative" in text
    with pytest.raises(InputError, match="cannot be made by"):
        Budget(pd.DataFrame(columns=["year"])).sum_by("colour")
