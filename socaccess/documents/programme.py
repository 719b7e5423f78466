"""The pages of a programme: all of it, its short form, a sheet per municipality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socaccess.content import (
    Block,
    Column,
    Contents,
    Document,
    Inline,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.programme_actions import ActionChapters
from socaccess.documents.programme_annexes import AnnexChapters
from socaccess.documents.programme_financing import FinancingChapter
from socaccess.documents.programme_situation import SituationChapters
from socaccess.documents.programme_words import lower_first
from socaccess.programme.models import MunicipalityModel
from socaccess.programme.take_up import ALL
from socaccess.programme.words import join_names, say_of

__all__ = ["Pages"]


class Pages(SituationChapters, ActionChapters, FinancingChapter, AnnexChapters):
    """The pages of a compiled programme in one language, made as `PageWords`."""

    def compose(self, form: str = "full") -> Document:
        """Return the programme: `full`, or `short` without models, objects and annexes."""
        chapters: list[Callable[[], Section | None]] = [
            self.summarise, self.describe_method, self.describe_territory, self.describe_supply,
            self.describe_access, self.describe_forecast, self.describe_services,
            self.describe_models, self.describe_cooperation, self.describe_goals,
            self.describe_measures, self.describe_objects, self.describe_institutions,
            self.describe_money, self.describe_financing, self.describe_monitoring,
            self.describe_record, self.describe_amendments, self.describe_contradictions,
            self.describe_assumptions,
        ]  # fmt: skip
        if form == "short":
            chapters = [self.summarise, self.describe_supply, self.describe_forecast,
                        self.describe_cooperation, self.describe_goals, self.describe_measures,
                        self.describe_money, self.describe_contradictions]  # fmt: skip
        blocks: list[Block] = [*self.list_chapters(chapters)]
        if form == "full":
            blocks.insert(0, Contents(Phrase("programme.contents")))
        return self.make_document(self.title, blocks)

    def summarise(self) -> Section:
        """Return the figures a council asks for first."""
        c = self.compiled
        rows: list[tuple[Inline, Any]] = []
        for row in c.goals[~c.goals["alternative"]].to_dict("records"):
            name = lower_first(self.groups[row["target_group"]])
            rows.append((Phrase("programme.sum_goal", group=name), self._tell_goal(row)))
        outlook = c.outlook[c.outlook["service"] != ALL]
        operating = outlook["registered"].sum()
        rows.append((Phrase("programme.sum_operating"),
                     Phrase("programme.sum_operating_value", facilities=outlook["facilities"].sum(),
                            clients=operating)))  # fmt: skip
        worst = self._find_worst()
        if worst:
            rows.append((Phrase("programme.sum_worst"), worst))
        measures = c.measures
        rows.append((Phrase("programme.sum_measures"), len(measures)))
        cost = measures[["cost_low", "cost_high"]].astype(float).sum()
        if cost["cost_high"] > 0:
            rows.append((Phrase("programme.sum_capital"),
                         Phrase("programme.sum_range", low=self.thousands(cost["cost_low"]),
                                high=self.thousands(cost["cost_high"]))))  # fmt: skip
        running = c.budget.sum_by("year", "kind").query("kind == 'running'")
        for row in running[running["year"].isin([c.years[0], c.years[-1]])].to_dict("records"):
            amount = Phrase("programme.sum_amount", amount=self.thousands(row["amount"]))
            rows.append((Phrase("programme.sum_running", year=str(row["year"])), amount))
        rows.append((Phrase("programme.sum_contradictions"), len(c.contradictions)))
        table = Table((Column(Phrase("programme.figure"), width=2.2),
                       Column(Phrase("programme.value"), width=2.6)), rows)  # fmt: skip
        blocks: list[Block] = [table]
        if c.plan.texts.preface:
            blocks.insert(0, Paragraph(c.plan.texts.preface))
        return Section(Phrase("programme.summary"), tuple(blocks))

    def _tell_goal(self, row: dict[str, Any]) -> Inline:
        if row["status"] == "no_target":
            return Phrase("programme.sum_no_target", goal=row["goal"])
        if row["status"] == "no_figure":
            return Phrase("programme.sum_no_figure", goal=row["goal"])
        key = "programme.sum_reached" if row["status"] == "reached" else "programme.sum_missed"
        return Phrase(key, persons=row["persons"], goal=row["goal"], year=str(row["year"]))

    def _find_worst(self) -> Inline:
        rows = self.list_coverage()
        rows = rows[rows["share"].notna()].sort_values(["share", "service"])
        if not len(rows):
            return ""
        first = rows.iloc[0]
        share = self.texts.share(float(first["share"]))
        return Phrase("programme.sum_worst_value", service=self.services[first["service"]],
                      share=share)  # fmt: skip

    def compose_municipality(self, model: MunicipalityModel) -> Document:
        """Return the sheet of a municipality: what it backs, has, lacks; objects, measures."""
        key = model.municipality_id
        people = self.compiled.result.study.municipalities.set_index("municipality_id")
        of = say_of(model.name) if self.lang == "lv" else model.name
        head = Paragraph(Phrase("programme.sheet_lead",
                                population=float(people["population"][key]), of=of))  # fmt: skip
        parts = [Section(Phrase("plan.model_services"), self.tell_model(model)),
                 self._tell_balance(key), self.describe_measures(key),
                 self.describe_objects(key)]  # fmt: skip
        blocks: list[Block] = [head, *(part for part in parts if part is not None)]
        return self.make_document(Phrase("programme.sheet_title", name=model.name), blocks,
                                   subject=self.title)  # fmt: skip

    def _tell_balance(self, municipality: str) -> Section | None:
        rows = []
        for service in self.order_services(list(self.compiled.flows)):
            flows = self.compiled.flows[service].flows
            goes = flows[(flows["from_id"] == municipality) & (flows["to_id"] != municipality)]
            comes = flows[(flows["to_id"] == municipality) & (flows["from_id"] != municipality)]
            last = self.texts("plan.and")
            if len(goes) or len(comes):
                rows.append((self.services[service],
                             join_names(goes["to_name"].tolist(), last) or None,
                             join_names(comes["from_name"].tolist(), last) or None))  # fmt: skip
        columns = (Column(Phrase("plan.service"), width=1.6),
                   Column(Phrase("programme.goes_to"), width=2.2),
                   Column(Phrase("programme.comes_from"), width=2.2))  # fmt: skip
        return Section(Phrase("programme.cooperation"), (Table(columns, rows),)) if rows else None
