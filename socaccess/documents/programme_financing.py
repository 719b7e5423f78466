"""The chapter on financing: the same people by place and by person's budget, and who owes whom."""

from __future__ import annotations

from typing import Any

import pandas as pd

from socaccess.content import Block, Column, Inline, Paragraph, Phrase, Section, Table
from socaccess.documents.programme_words import PageWords
from socaccess.programme.compilation import price_year
from socaccess.programme.financing import compare_financing

__all__ = ["FinancingChapter"]


class FinancingChapter(PageWords):
    """The chapter on financing."""

    def describe_financing(self) -> Section | None:
        """Return both ways side by side: services, payers, debts, prices."""
        found, c = compare_financing(self.compiled), self.compiled
        year = c.years[0]
        if not len(found.services):
            return None
        index = self.texts.share(c.plan.money.price_index, decimals=1)
        blocks: list[Block] = [
            Paragraph(Phrase("programme.financing_lead", year=str(year), index=index)),
            self._list_services(found.services[found.services["year"] == year], year),
            self._list_payers(found.payers, year),
            *self._list_debts(found.debts, year),
            self._list_prices(),
        ]
        if any(cost.unit == "hour" for cost in c.costs[0]):
            hours = self.texts.number(c.plan.money.hours_per_visit, decimals=1)
            blocks.append(Paragraph(Phrase("programme.financing_hours", hours=hours), "note"))
        if found.missing:
            names = ", ".join(
                self.services[name] for name in self.order_services(list(found.missing))
            )
            blocks.append(Paragraph(Phrase("plan.budget_missing", names=names), "note"))
        return Section(Phrase("programme.financing"), tuple(blocks))

    def _list_services(self, services: pd.DataFrame, year: int) -> Table:
        by_name = {row["service"]: row for row in services.to_dict("records")}
        rows = []
        for service in self.order_services(list(by_name)):
            row = by_name[service]
            rows.append((self.services[service], row["clients"], row["places"], row["waiting"],
                         row["empty"], self._say_thousands(row["place_eur"]),
                         self._say_range(row), row["place_eur_per_client"],
                         row["person_eur_per_client"]))  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.3),
            Column(Phrase("plan.clients"), "number", width=0.8),
            Column(Phrase("plan.places"), "number", width=0.7),
            Column(Phrase("programme.waiting"), "number", width=0.8),
            Column(Phrase("programme.empty_places"), "number", width=0.8),
            Column(Phrase("programme.by_place"), "number", width=0.9),
            Column(Phrase("programme.by_person"), "number", width=1.5),
            Column(Phrase("programme.place_per_client"), "number", width=1.0, decimals=0),
            Column(Phrase("programme.person_per_client"), "number", width=1.0, decimals=0),
        )
        return Table(columns, rows, caption=Phrase("programme.financing_caption", year=str(year)))

    def _say_thousands(self, amount: Any) -> Inline | None:
        return None if amount is None else self.thousands(amount)

    def _say_range(self, row: dict[str, Any]) -> Inline | None:
        if row["person_eur"] is None:
            return None
        low, middle, high = (self.thousands(row[name]) for name in
                             ("person_eur_low", "person_eur", "person_eur_high"))  # fmt: skip
        return f"{middle} ({low}–{high})"

    def _list_payers(self, payers: pd.DataFrame, year: int) -> Table:
        rows = [
            (Phrase(f"programme.by_{row['mechanism']}"),
             Phrase(f"programme.pays_{row['mechanism']}")
             if row["payer"] == "municipality" else Phrase(f"plan.payer_{row['payer']}"),
             float(row["amount"]) / 1000, float(row["without_esf"]) / 1000)
            for row in payers[payers["year"] == year].to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("programme.mechanism"), width=1.6),
            Column(Phrase("plan.payer"), width=2.2),
            Column(Phrase("programme.as_planned"), "number", width=1.0),
            Column(Phrase("programme.without_esf"), "number", width=1.0),
        )
        return Table(columns, rows, caption=Phrase("programme.payers_caption", year=str(year)))

    def _list_debts(self, debts: pd.DataFrame, year: int) -> list[Block]:
        known = debts[debts["amount"].notna()] if len(debts) else debts
        few = len(debts) - len(known)
        words = self.texts.count("programme.debts_few", few, below=self.compiled.below)
        note = Paragraph(words, "note")
        if not len(known):
            return [note] if few else []
        rows = [
            (self.services[row["service"]], row["from_name"], row["to_name"], row["persons"],
             float(row["unit_price"]), float(row["amount"]) / 1000)
            for row in known.to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.2),
            Column(Phrase("programme.owes"), width=1.6),
            Column(Phrase("programme.is_owed"), width=1.6),
            Column(Phrase("programme.persons_in_need"), "number", width=0.9),
            Column(Phrase("plan.unit_price"), "number", width=0.9, decimals=2),
            Column(Phrase("programme.cost_thousands"), "number", width=0.9, decimals=1),
        )
        table = Table(columns, rows, caption=Phrase("programme.debts_caption", year=str(year)))
        return [table, note] if few else [table]

    def _list_prices(self) -> Table:
        """Return what a unit costs: low, median, high, of how many providers, of which year."""
        costs = {cost.service: cost for cost in self.compiled.costs[0]}
        rows = []
        for service in self.order_services(list(costs)):
            cost = costs[service]
            stated = price_year(cost)
            rows.append((self.services[service], Phrase(f"round.unit_{cost.unit}"),
                         *(float(price) for price in (cost.low, cost.unit_price, cost.high)),  # type: ignore[arg-type]
                         cost.providers, str(stated) if stated else None))  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.4),
            Column(Phrase("round.column_unit"), width=1.0),
            *(Column(Phrase(f"programme.price_of_{name}"), "number", width=0.9, decimals=2)
              for name in ("low", "middle", "high")),
            Column(Phrase("programme.providers"), "number", width=0.8),
            Column(Phrase("programme.price_year"), width=0.8),
        )  # fmt: skip
        return Table(columns, rows, caption=Phrase("programme.prices_caption"))
