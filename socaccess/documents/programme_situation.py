"""Chapters on how things stand: territory, need, services, access, forecast."""

from __future__ import annotations

from typing import Any

import numpy as np

from socaccess.content import (
    Block,
    Cell,
    Column,
    Inline,
    List,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.programme_figures import (
    draw_ranges,
)
from socaccess.documents.programme_words import PageWords
from socaccess.privacy import hide_small
from socaccess.programme.compilation import price_year
from socaccess.programme.forecast import VARIANTS
from socaccess.programme.obstacles import list_obstacles, summarise_obstacles
from socaccess.programme.take_up import ALL

__all__ = ["SituationChapters"]


class SituationChapters(PageWords):
    """Chapters on how things stand."""

    def describe_method(self) -> Section:
        """Return what the programme rests on, and who had a part in it."""
        c = self.compiled
        keys = ["programme.method_need", "programme.method_supply", "programme.method_access",
                "programme.method_forecast", "programme.method_money"]  # fmt: skip
        points = [Phrase(key) for key in keys]
        if c.below:
            points.append(Phrase("programme.method_privacy", below=c.below))
        blocks: list[Block] = [List(tuple(points))]
        partners = c.plan.texts.partners or Phrase("programme.partners_missing")
        blocks.append(Paragraph(partners))
        if c.plan.programme.author:
            blocks.append(Paragraph(Phrase("programme.author", name=c.plan.programme.author)))
        rows = [
            (Phrase(f"programme.short_{name}"), Phrase(f"programme.means_{name}"))
            for name in ("grt", "ft", "esf", "eraf", "state_centre")
        ]
        columns = (Column(Phrase("programme.abbreviation"), width=0.8),
                   Column(Phrase("programme.meaning"), width=5.0))  # fmt: skip
        blocks.append(Table(columns, rows, caption=Phrase("programme.abbreviations_caption")))
        return Section(Phrase("programme.method"), tuple(blocks))

    def describe_territory(self) -> Section:
        """Return municipalities with their inhabitants and the people in need."""
        c = self.compiled
        study = c.result.study
        need = study.need
        assert need is not None
        home = study.settlements.set_index("settlement_id")["municipality_id"]
        counts = need.assign(municipality_id=need["settlement_id"].map(home))
        counts = counts.groupby(["municipality_id", "target_group"], as_index=False)[
            "persons"
        ].sum()
        groups = [g for g in self.groups if g in set(counts["target_group"])]
        # Those who live in institutions belong to no municipality's settlements.
        hidden = hide_small(counts, "persons", below=c.below, totals_by=["target_group"])
        cells = {(r["municipality_id"], r["target_group"]): r["persons"]
                 for r in hidden.to_dict("records")}  # fmt: skip
        people = study.municipalities.set_index("municipality_id")["population"].astype(float)
        rows: list[list[Any]] = [
            [name, people.get(key), *(cells.get((key, group)) for group in groups)]
            for key, name in self.municipalities.items()
        ]
        whole = [float(counts.loc[counts["target_group"] == g, "persons"].sum()) for g in groups]
        rows.append([Cell(Phrase("plan.total"), "group"),
                     *(Cell(v, "group") for v in (people.sum(), *whole))])  # fmt: skip
        columns = (Column(Phrase("plan.municipality"), width=1.6),
                   Column(Phrase("programme.population"), "number"),
                   *(Column(self.groups[g], "number") for g in groups))  # fmt: skip
        table = Table(columns, rows, caption=Phrase("programme.territory_caption"))
        note = Paragraph(Phrase("plan.need_is_estimate"), "note")
        return Section(Phrase("programme.territory"), (table, note))

    def describe_supply(self) -> Section:
        """Return what operates, and who lives within its limit."""
        c = self.compiled
        types = c.result.service_types.set_index("service")
        shares = self.list_coverage().set_index("service")
        rows = []
        for service in self.order_services(c.promised):
            known = bool(types["supply_known"][service])
            own = c.registered.loc[service] if service in c.registered.index else None
            rows.append(
                (
                    service,
                    (
                        self.bare_names[service],
                        types["limit_min"][service],
                        (own["facilities"] if own is not None else 0) if known else None,
                        self._tell_clients(own) if known else None,
                        shares["share"].get(service),
                        shares["planned"].get(service),
                    ),
                )
            )
        columns = (
            Column(Phrase("plan.service"), width=2.8),
            Column(Phrase("plan.limit"), "minutes", width=0.8),
            Column(Phrase("programme.facilities"), "number", width=0.9),
            Column(Phrase("programme.clients_planned"), "number", width=1.0),
            Column(Phrase("programme.within_now"), "share", width=1.0),
            Column(Phrase("programme.within_planned"), "share", width=1.0),
        )
        table = Table(columns, self.head_by_group(rows), caption=Phrase("programme.supply_caption"))
        notes = List((Phrase("programme.supply_note"), Phrase("plan.limits_are_proposals")))
        return Section(Phrase("programme.supply"), (table, notes))

    def _tell_clients(self, own: Any) -> Inline | float | None:
        """Return clients planned for; those planned for several services together as such."""
        if own is None:
            return 0.0
        if own["clients"] > 0 or not own["shared"] > 0:
            return float(own["clients"]) or None
        return Phrase("programme.shared", value=self.texts.number(own["shared"]))

    def describe_access(self) -> Section:
        """Return what keeps people from the services."""
        found = summarise_obstacles(list_obstacles(self.compiled.result))
        rows = [
            (service, (self.bare_names[service], Phrase(f"plan.obstacle_{row['obstacle']}"),
                       row["settlements"], row["population"], row["most_over_min"]))
            for service in self.order_services(list(found["service"].unique()))
            for row in found[found["service"] == service].to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=1.8),
            Column(Phrase("plan.obstacle"), width=2.6),
            Column(Phrase("plan.obstacle_places"), "number"),
            Column(Phrase("plan.general_population"), "number"),
            Column(Phrase("plan.obstacle_over"), "minutes"),
        )
        table = Table(columns, self.head_by_group(rows), caption=Phrase("programme.access_caption"))
        note = Paragraph(Phrase("plan.obstacle_note"), "note")
        return Section(Phrase("programme.access"), (table, note))

    def describe_forecast(self) -> Section:
        """Return clients to come: low, middle, high, and what they rest on."""
        c = self.compiled
        table = c.outlook[c.outlook["service"] != ALL]
        hidden = table.copy()
        for name in VARIANTS:
            hidden = hide_small(hidden, name, below=c.below)
        order = {s: at for at, s in enumerate(self.order_services(list(table["service"])))}
        place = table["service"].map(order).to_numpy()
        ranges = []
        rows = []
        for at in np.argsort(place, kind="stable"):
            row, seen = table.iloc[at], hidden.iloc[at]
            cells = [seen[name] for name in VARIANTS]
            rows.append((row["service"], (self.bare_names[row["service"]], *cells,
                                          row["registered"], self.tell_basis(row))))  # fmt: skip
            if all(row[name] >= c.below for name in VARIANTS[1:]):
                ranges.append((self.services[row["service"]], max(row["low"], 0.0), row["middle"],
                               row["high"], row["registered"]))  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.4),
            *(Column(Phrase(f"plan.variant_{name}"), "number", width=0.8) for name in VARIANTS),
            Column(Phrase("programme.registered"), "number", width=1.0),
            Column(Phrase("plan.basis"), width=2.0),
        )
        caption = Phrase("programme.forecast_caption", year=str(c.years[-1]))
        blocks: list[Block] = [Paragraph(Phrase("programme.forecast_lead")),
                               Table(columns, self.head_by_group(rows),
                                     caption=caption)]  # fmt: skip
        if ranges:
            blocks.append(draw_ranges(ranges, Phrase("programme.forecast_alt"),
                                      Phrase("programme.forecast_figure"), self.texts))  # fmt: skip
        if c.forecast.missing:
            names = [self.services.get(s, s) for s in c.forecast.missing if s in self.services]
            if names:
                blocks.append(Paragraph(Phrase("plan.forecast_missing", names=", ".join(names)),
                                        "note"))  # fmt: skip
        return Section(Phrase("programme.forecast"), tuple(blocks))

    def describe_services(self) -> Section:
        """Return every promised service with its class, form, limit, visits and price."""
        c = self.compiled
        types = c.result.service_types.set_index("service")
        prices = {cost.service: cost for cost in c.costs[0]}
        rows = []
        for service in self.order_services(list(c.result.study.promised or ())):
            row = types.loc[service]
            cost = prices.get(service)
            stated = "" if cost is None else (price_year(cost) or "–")
            rows.append(
                (
                    service,
                    (
                        self.full_names[service],
                        Phrase(f"plan.class_{row['legal_class']}") if row["legal_class"] else None,
                        Phrase(f"programme.form_{row['form']}"),
                        row.get("visits_per_week") or None,
                        None if cost is None else float(cost.unit_price),  # type: ignore[arg-type]
                        None if cost is None else Phrase(f"round.unit_{cost.unit}"),
                        str(stated) or None,
                    ),
                )
            )
        columns = (
            Column(Phrase("plan.service"), width=2.9),
            Column(Phrase("plan.legal_class"), width=1.7),
            Column(Phrase("programme.form"), width=1.2),
            Column(Phrase("programme.visits"), "number", width=0.9, decimals=1),
            Column(Phrase("plan.unit_price"), "number", width=0.8, decimals=2),
            Column(Phrase("round.column_unit"), width=1.0),
            Column(Phrase("plan.year"), width=0.6),
        )
        table = Table(columns, self.head_by_group(rows),
                      caption=Phrase("programme.services_caption"))  # fmt: skip
        note = Paragraph(Phrase("programme.services_note"), "note")
        return Section(Phrase("programme.services"), (table, note))
