"""The workbook of a programme: need to clients to money with formulas alive, then its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socaccess.content import (
    Block,
    Cell,
    Column,
    Document,
    Inline,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.programme import Pages
from socaccess.programme.amounts import to_fraction
from socaccess.programme.compilation import price_year
from socaccess.programme.forecast import VARIANTS
from socaccess.programme.take_up import ALL

__all__ = ["compose_book"]


def compose_book(pages: Pages) -> Document:
    """Return the workbook of a programme as content: one section per sheet.

    Clients are persons in need x rate x change, money is clients x units x price x index, as
    formulas on the sheets before: whoever changes a rate or a price sees what comes of it.
    """
    c = pages.compiled
    parameters, rates = _list_parameters(pages), _list_rates(pages)
    services = [row["service"] for row in _rates(pages)]
    sheets: list[tuple[str, tuple[Block, ...]]] = [
        ("programme.book_parameters", (parameters,)),
        ("programme.book_rates", (Paragraph(Phrase("programme.book_note"), "note"), rates)),
        ("programme.book_forecast", (_list_forecast(pages, services),)),
        ("programme.book_money", (_list_money(pages, services),)),
    ]
    chapters: list[Callable[[], Section | None]] = [
                pages.describe_supply, pages.describe_cooperation, pages.describe_goals,
                pages.describe_measures, pages.describe_objects, pages.describe_financing,
                pages.describe_amendments, pages.describe_contradictions]  # fmt: skip
    blocks: list[Block] = [Section(Phrase(key), parts) for key, parts in sheets]
    blocks += pages.list_chapters(chapters)
    warning = "" if c.below else Phrase("plan.small_shown")
    return Document(pages.lang, pages.title, tuple(blocks), warning=warning)


def _list_parameters(pages: Pages) -> Table:
    plan = pages.compiled.plan
    rows: list[tuple[Inline, Any]] = [
        (Phrase("programme.assume_change_per_year_of", variant=Phrase(f"plan.variant_{name}")),
         getattr(plan.change, name)) for name in VARIANTS
    ]  # fmt: skip
    rows += [(Phrase("programme.assume_base_year"), plan.programme.base_year),
             (Phrase("programme.assume_price_index"), plan.money.price_index)]  # fmt: skip
    columns = (Column(Phrase("programme.what")), Column(Phrase("programme.value"), "number",
                                                        decimals=2))  # fmt: skip
    return Table(columns, rows, key="parameters")


def _rates(pages: Pages) -> list[dict[str, Any]]:
    """Return the rates of services that have a forecast, with the persons in need."""
    c = pages.compiled
    need = c.result.study.need
    assert need is not None
    persons = need.groupby("target_group")["persons"].sum()
    forecast = set(c.forecast.clients["service"]) - {ALL}
    rows = c.rates[c.rates["service"].isin(forecast)].to_dict("records")
    order = {service: at for at, service in enumerate(pages.order_services(list(forecast)))}
    rows = [{**row, "persons": float(persons[row["target_group"]])} for row in rows]
    return sorted(rows, key=lambda row: order[row["service"]])


def _list_rates(pages: Pages) -> Table:
    rows = [
        (pages.services[row["service"]], pages.groups[row["target_group"]], row["persons"],
         *(row[name] for name in VARIANTS),
         pages.tell_basis(row), row["source"])
        for row in _rates(pages)
    ]  # fmt: skip
    columns = (
        Column(Phrase("plan.service")),
        Column(Phrase("plan.group")),
        Column(Phrase("programme.persons_in_need"), "number", decimals=1),
        *(Column((Phrase("programme.rate"), ", ", Phrase(f"plan.variant_{name}")), "number",
                 decimals=3) for name in VARIANTS),
        Column(Phrase("plan.basis")),
        Column(Phrase("programme.source")),
    )  # fmt: skip
    return Table(columns, rows, key="rates")


def _list_forecast(pages: Pages, services: list[str]) -> Table:
    c = pages.compiled
    sums = c.forecast.sum_region()
    values = {(r["service"], r["year"], r["variant"]): r["clients"]
              for r in sums.to_dict("records")}  # fmt: skip
    moves = "population" in c.plan.given
    rows = []
    for at, service in enumerate(services):
        for year in c.years:
            cells: list[Any] = [pages.services[service], year]
            for place, name in enumerate(VARIANTS):
                formula = (f"=[rates:{at}:2]*[rates:{at}:{3 + place}]"
                           f"*(1+[parameters:{place}:1])^({year}-[parameters:3:1])")  # fmt: skip
                value = float(values[service, year, name])
                # A projection of the population is a table, not a formula of one number.
                cells.append(value if moves else Cell(value, formula=formula))
            rows.append(tuple(cells))
    columns = (Column(Phrase("plan.service")), Column(Phrase("plan.year"), "text"),
               *(Column(Phrase(f"plan.variant_{name}"), "number", decimals=1)
                 for name in VARIANTS))  # fmt: skip
    return Table(columns, rows, key="clients")


def _list_money(pages: Pages, services: list[str]) -> Table:
    c = pages.compiled
    costs = {cost.service: cost for cost in c.costs[0]}
    lines = c.budget.sum_by("year", "service", "kind")
    amounts = {(r["service"], r["year"]): float(r["amount"]) for r in lines.to_dict("records")
               if r["kind"] == "running"}  # fmt: skip
    middle = c.forecast.sum_region().query("variant == 'middle'")
    clients = {(r["service"], r["year"]): float(r["clients"]) for r in middle.to_dict("records")}
    rows: list[tuple[Any, ...]] = []
    for at, service in enumerate(services):
        cost = costs.get(service)
        if cost is None:
            continue
        stated = price_year(cost) or c.years[0]
        units = float(to_fraction(cost.units_per_client))
        for place, year in enumerate(c.years):
            count, amount = clients[service, year], amounts.get((service, year), 0.0)
            grown = (1 + c.plan.money.price_index) ** max(year - stated, 0)
            # What a unit costs on average: some clients are served by others, at their price.
            price = amount / (count * units * grown) if count * units else 0.0
            number = len(rows)
            formula = (f"=[clients:{at * len(c.years) + place}:3]*[money:{number}:3]"
                       f"*[money:{number}:4]*(1+[parameters:4:1])"
                       f"^MAX({year}-[money:{number}:5],0)")  # fmt: skip
            copied = Cell(count, formula=f"=[clients:{at * len(c.years) + place}:3]")
            rows.append((pages.services[service], year, copied, units, price, stated,
                         Cell(amount, formula=formula)))  # fmt: skip
    total = sum(row[6].value for row in rows)
    if rows:
        last = len(rows) - 1
        rows.append((Cell(Phrase("plan.total"), "group"), None, None, None, None, None,
                     Cell(total, "group",
                          formula=f"=SUM([money:0:6]:[money:{last}:6])")))  # fmt: skip
    columns = (
        Column(Phrase("plan.service")),
        Column(Phrase("plan.year"), "text"),
        Column(Phrase("plan.clients"), "number", decimals=1),
        Column(Phrase("programme.assume_units_per_client"), "number", decimals=1),
        Column(Phrase("plan.unit_price"), "number", decimals=2),
        Column(Phrase("programme.price_year"), "text"),
        Column(Phrase("plan.amount"), "number", decimals=2),
    )
    return Table(columns, rows, key="money")
