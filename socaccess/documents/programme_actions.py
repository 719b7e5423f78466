"""Chapters on what is to be done: models, cooperation, goals, measures, objects, money."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from socaccess.content import (
    Block,
    Column,
    Inline,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.programme_figures import (
    draw_flows,
    draw_goals,
    draw_money,
    draw_timeline,
)
from socaccess.documents.programme_words import PageWords
from socaccess.i18n import sort_key
from socaccess.privacy import mark_small
from socaccess.programme.budget import KINDS
from socaccess.programme.models import MunicipalityModel
from socaccess.programme.pages import summarise_model
from socaccess.programme.words import join_names

__all__ = ["ActionChapters"]


class ActionChapters(PageWords):
    """Chapters on what is to be done."""

    def describe_models(self) -> Section:
        """Return the model of every municipality."""
        models = sorted(self.compiled.models, key=lambda model: sort_key(model.name))
        inner = tuple(Section(model.name, self.tell_model(model)) for model in models)
        return Section(Phrase("programme.models"), inner, new_page=True)

    def tell_model(self, model: MunicipalityModel) -> tuple[Block, ...]:
        """Return what a municipality says, has and lacks."""
        return self.keep(model.municipality_id, lambda: self._describe_model(model))

    def _describe_model(self, model: MunicipalityModel) -> tuple[Block, ...]:
        shown = dict(model.show(allow_small_counts=not self.compiled.below))
        order = {service: at for at, service in enumerate(self.order_services(list(self.services)))}
        shown["services"] = shown["services"].sort_values(
            ["priority", "service"], key=lambda c: c.map(order) if c.name == "service" else c,
            kind="stable",
        )  # fmt: skip
        return (Paragraph(self.tell_stance(model.municipality_id)),
                *self._list_needs(model.municipality_id),
                *summarise_model(shown, self.services))  # fmt: skip

    def _list_needs(self, municipality: str) -> tuple[Block, ...]:
        """Return how many need a service and wait for it, as the municipality itself counts."""
        table = None if self.record is None else self.record.stances
        if table is None or not len(table):
            return ()
        own = table[(table["municipality_id"] == municipality)
                    & (table[["need", "waiting"]].notna().any(axis=1)
                       | table[["project", "partners"]].notna().any(axis=1))]  # fmt: skip
        if not len(own):
            return ()
        below = self.compiled.below
        for name in ("need", "waiting"):
            # Zero is hidden too: shown, it would leave a hidden count only four values.
            shown = own[name].astype(object)
            own = own.assign(**{name: shown.mask(own[name] < below, mark_small(below))})
        rows = [
            (self.services.get(row["service"], row["service"]), row["need"], row["waiting"],
             row["project"], row["partners"])
            for row in own.astype(object).where(own.notna(), None).to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.0),
            Column(Phrase("round.column_need"), "number"),
            Column(Phrase("round.column_waiting"), "number"),
            Column(Phrase("round.column_project"), width=1.6),
            Column(Phrase("round.column_partners"), width=1.6),
        )
        return (Table(columns, rows, caption=Phrase("round.needs_caption")),)

    def _list_clients(self) -> tuple[Block, ...]:
        """Return clients of providers who are of another municipality, as providers count them."""
        table = None if self.record is None else self.record.clients
        if table is None or not len(table):
            return ()
        away = table[(table["home_id"] != table["municipality_id"]) & (table["clients"] > 0)]
        keys = ["service", "municipality_id", "home_id"]
        sums = away.groupby(keys, as_index=False)["clients"].sum()
        # A row of few would tell that there is somebody.
        sums = sums[sums["clients"] >= self.compiled.below]
        if not len(sums):
            return ()
        elsewhere = Phrase("round.home_other")
        rows = [
            (self.services.get(row["service"], row["service"]),
             self.municipalities.get(row["municipality_id"], "–"),
             self.municipalities.get(row["home_id"], elsewhere), row["clients"])
            for row in sums.to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("plan.service"), width=2.2),
            Column(Phrase("plan.municipality"), width=1.4),
            Column(Phrase("round.column_home"), width=1.4),
            Column(Phrase("round.column_clients"), "number", width=0.8),
        )
        below = self.compiled.below
        caption = (Phrase("round.clients_caption_from", below=below) if below
                   else Phrase("round.clients_caption"))  # fmt: skip
        return (Table(columns, rows, caption=caption),)

    def tell_stance(self, municipality: str) -> Inline:
        """Return what a municipality says it backs; silence is no answer, never nothing."""
        table = self.compiled.plan.given.get("backed")
        said = [] if table is None else table[
            (table["municipality_id"] == municipality) & (table["stance"] != "no_answer")
        ].to_dict("records")  # fmt: skip
        if not said:
            return Phrase("programme.stance_none")
        parts: list[Inline] = []
        for row in said:
            line = Phrase(f"programme.stance_{row['stance']}",
                          service=self.services.get(row["service"], row["service"]))  # fmt: skip
            parts += ["; ", line] if parts else [line]
        return (*parts, ".")

    def describe_cooperation(self) -> Section:
        """Return who lives off whose facilities, with the flows as arrows."""
        c = self.compiled
        last = self.texts("plan.and")
        rows, all_flows = [], []
        for service in self.order_services(list(c.flows)):
            flows = c.flows[service]
            balance = flows.summarise_balance()
            # Counts of persons stay at home: the names are what a neighbour is asked by.
            sell = balance.loc[balance["balance"] > 1e-9, "municipality"].tolist()
            buy = balance.loc[balance["balance"] < -1e-9, "municipality"].tolist()
            rows.append((self.services[service], join_names(sell, last) or None,
                         join_names(buy, last) or None))  # fmt: skip
            all_flows.append(flows.flows[["from_id", "to_id"]])
        columns = (
            Column(Phrase("plan.service"), width=1.6),
            Column(Phrase("plan.programme_sellers"), width=2.2),
            Column(Phrase("plan.programme_buyers"), width=2.2),
        )
        blocks: list[Block] = [
            Table(columns, rows, caption=Phrase("programme.cooperation_caption"))
        ]
        if all_flows:
            # How many services cross a border may be seen by anybody; how many persons not.
            sums = pd.concat(all_flows).value_counts().rename("services").reset_index()
            figure = draw_flows(c.result, sums, Phrase("programme.flows_alt"),
                                Phrase("programme.flows_figure"))  # fmt: skip
            if figure is not None:
                blocks.append(figure)
        blocks.append(Paragraph(Phrase("programme.cooperation_note"), "note"))
        blocks += self._list_clients()
        return Section(Phrase("programme.cooperation"), tuple(blocks))

    def describe_goals(self) -> Section:
        """Return every goal, also in its other published figures, with its outcome."""
        goals = self.compiled.goals
        rows: list[list[Any]] = []
        for row in goals.to_dict("records"):
            name = self.groups[row["target_group"]]
            label: Any = Phrase("programme.goal_other") if row["alternative"] else name
            rows.append([label, row["goal"], row["persons"],
                         None if row["year"] is None else str(row["year"]), row["share"],
                         Phrase(f"plan.status_{row['status']}")])  # fmt: skip
        columns = (
            Column(Phrase("plan.group"), width=2.6),
            Column(Phrase("plan.goal"), "number"),
            Column(Phrase("plan.persons"), "number"),
            Column(Phrase("plan.year"), width=0.8),
            Column(Phrase("plan.share"), "share"),
            Column(Phrase("plan.status"), width=2.0),
        )
        bullets = []
        for row in goals[~goals["alternative"]].to_dict("records"):
            same = goals["alternative"] & (goals["target_group"] == row["target_group"])
            bullets.append((self.groups[row["target_group"]], row["goal"],
                            goals.loc[same, "goal"].tolist(), row["persons"]))  # fmt: skip
        figure = draw_goals(bullets, Phrase("programme.goals_alt"),
                            Phrase("programme.goals_figure"), self.texts)  # fmt: skip
        table = Table(columns, rows, caption=Phrase("programme.goals_caption"))
        note = Paragraph(Phrase("programme.goals_note"), "note")
        return Section(Phrase("programme.goals"), (table, figure, note))

    def describe_measures(self, municipality: str | None = None) -> Section | None:
        """Return measures with who is responsible, years and money."""
        measures = self.compiled.measures
        if municipality is not None:
            mine = measures["co_responsible"].fillna("").astype(str).str.split(", ")
            named = mine.map(lambda names: self.municipalities.get(municipality) in names)
            measures = measures[(measures["municipality_id"] == municipality) | named]
        if not len(measures):
            return None
        rows, bars = [], []
        plain = measures.astype(object).where(measures.notna(), None)
        for row in plain.to_dict("records"):
            name = self.name_measure(row)
            where = self.municipalities.get(row["municipality_id"], "")
            responsible: Inline = row["responsible"] or Phrase("programme.not_named")
            if row["co_responsible"]:
                together = Phrase("programme.together_with", names=row["co_responsible"])
                responsible = (responsible, " ", together)
            years = f"{row['year_from']}–{row['year_to']}" if row["year_from"] else None
            # A municipality responsible for its own measure is named once.
            place = f", {where}" if where and where != row["responsible"] else ""
            rows.append((row["measure_id"], (name, place), responsible,
                         years, row["places"], self._tell_cost(row)))  # fmt: skip
            if row["year_from"] and row["year_to"]:
                short = str(row["title"] or self.services.get(row["service"], row["service"]))
                bars.append((short, int(row["year_from"]), int(row["year_to"]), row["action"]))
        columns = (
            Column(Phrase("programme.number"), width=0.5),
            Column(Phrase("programme.measure"), width=3.0),
            Column(Phrase("programme.responsible"), width=1.6),
            Column(Phrase("programme.years"), width=0.9),
            Column(Phrase("plan.places"), "number", width=0.7),
            Column(Phrase("programme.cost_thousands"), width=1.1),
        )
        blocks: list[Block] = [Table(columns, rows, caption=Phrase("programme.measures_caption"))]
        # The same in many municipalities is one bar, with how many.
        alike = Counter(bars)
        drawn = [(f"{bar[0]} ({n})" if n > 1 else bar[0], *bar[1:]) for bar, n in alike.items()]
        if municipality is None and 0 < len(drawn) <= 40:
            actions = {bar[-1]: self.texts(f"programme.short_{bar[-1]}") for bar in drawn}
            blocks.append(draw_timeline(drawn, self.compiled.years, actions,
                                        Phrase("programme.timeline_alt"),
                                        Phrase("programme.timeline_figure")))  # fmt: skip
        blocks.append(Paragraph(Phrase("programme.measures_note"), "note"))
        return Section(Phrase("programme.measures"), tuple(blocks))

    def _tell_cost(self, row: dict[str, Any]) -> Inline:
        low, high = row["cost_low"], row["cost_high"]
        if low is None:
            return "–"
        if low == high:
            return self.thousands(low)
        return f"{self.thousands(low)}–{self.thousands(high)}"

    def describe_objects(self, municipality: str | None = None) -> Section | None:
        """Return the objects of the plan with their places, status and amendment."""
        objects = self.compiled.objects
        column = "municipality_id"
        if self.compiled.result.study.view == "plan":
            column = "municipality_id_2009"
        if municipality is not None:
            objects = objects[objects[column] == municipality]
        if not len(objects):
            return None
        plain = objects.astype(object).where(objects.notna(), None)
        amended = bool(plain["date"].notna().any())
        rows = []
        for row in sorted(plain.to_dict("records"), key=lambda r: (
            sort_key(self.municipalities.get(r[column], "")), str(r["object_id"])
        )):  # fmt: skip
            cells = [self.municipalities.get(row[column], "–"), row["name"],
                     self.services.get(row["service"], row["service"]), row["places"],
                     Phrase(f"plan.object_{row['status']}")]  # fmt: skip
            if amended:
                cells += [str(row["amendment"] or "–"), str(row["date"] or "–")]
            rows.append(tuple(cells))
        columns: tuple[Column, ...] = (
            Column(Phrase("plan.municipality"), width=1.3),
            Column(Phrase("plan.object"), width=2.6),
            Column(Phrase("plan.service"), width=2.4),
            Column(Phrase("plan.places"), "number", width=0.7),
            Column(Phrase("plan.status"), width=0.9),
        )
        if amended:
            columns = (*columns, Column(Phrase("programme.amendment_short"), width=0.5),
                       Column(Phrase("plan.date"), width=0.9))  # fmt: skip
        table = Table(columns, rows, caption=Phrase("programme.objects_caption"))
        blocks: tuple[Block, ...] = (table,)
        if "objects" not in self.compiled.plan.given:
            blocks = (table, Paragraph(Phrase("plan.objects_note"), "note"))
        return Section(Phrase("programme.objects"), blocks)

    def describe_money(self) -> Section:
        """Return money by year and payer, and what is not in it."""
        c = self.compiled
        sums = c.budget.sum_by("year", "payer")
        by_kinds = c.budget.sum_by("year", "kind")
        kinds = [k for k in KINDS if k != "transport" or k in set(by_kinds["kind"])]
        payers = [p for p in ("esf", "eraf", "state", "municipality", "client")
                  if p in set(sums["payer"])]  # fmt: skip
        amounts = {(r["year"], r["payer"]): r["amount"] for r in sums.to_dict("records")}
        by_kind = {(r["year"], r["kind"]): r["amount"] for r in by_kinds.to_dict("records")}
        rows = []
        for year in c.years:
            parts = [float(by_kind.get((year, k), 0)) / 1000 for k in kinds]
            cells = [float(amounts.get((year, p), 0)) / 1000 for p in payers]
            rows.append((str(year), *parts, *cells, sum(cells)))
        columns = (
            Column(Phrase("plan.year"), width=0.7),
            *(Column(Phrase(f"plan.kind_{k}"), "number") for k in kinds),
            *(Column(Phrase(f"plan.payer_{p}"), "number") for p in payers),
            Column(Phrase("plan.total"), "number"),
        )
        names = {p: self.texts(f"plan.payer_{p}") for p in payers}
        blocks: list[Block] = [
            Paragraph(Phrase("programme.money_lead",
                             index=self.texts.share(c.plan.money.price_index, decimals=1))),
            Table(columns, rows, caption=Phrase("programme.money_caption")),
        ]  # fmt: skip
        if len(sums):
            blocks.append(draw_money(sums, names, Phrase("programme.money_alt"),
                                     Phrase("programme.money_figure"), self.texts))  # fmt: skip
        missing = sorted({*c.costs[1], *c.budget.missing})
        if missing:
            words = ", ".join(self.services[s] for s in self.order_services(missing)
                              if s in self.services)  # fmt: skip
            blocks.append(Paragraph(Phrase("plan.budget_missing", names=words), "note"))
        return Section(Phrase("programme.money"), tuple(blocks))
