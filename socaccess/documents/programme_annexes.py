"""Chapters on how it is kept true: monitoring, participation, amendments, contradictions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from socaccess.content import (
    Block,
    Column,
    Inline,
    List,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.programme_words import PageWords, lower_first
from socaccess.documents.reorganisation import describe_reorganisation
from socaccess.i18n import round_percent, sort_key
from socaccess.programme.compilation import HOME
from socaccess.programme.institutions import list_institutions
from socaccess.programme.take_up import ALL

__all__ = ["AnnexChapters", "tell_changes"]


class AnnexChapters(PageWords):
    """Chapters on how the programme is kept true."""

    def describe_institutions(self) -> Section:
        """Return the institutions of the region, and the plan of each that people leave."""
        c = self.compiled
        houses = list_institutions(c.result.study)
        plain = houses.astype(object).where(houses.notna(), None)
        rows = sorted(
            ((row["name"], self.municipalities.get(row["municipality_id"]),
              self.services.get(row["service"], row["service"]), row["places"],
              Phrase(f"programme.house_{row['status']}"))
             for row in plain.to_dict("records")),
            key=lambda cells: (sort_key(str(cells[1] or "~")), sort_key(str(cells[0]))),
        )  # fmt: skip
        columns = (
            Column(Phrase("programme.institution"), width=2.6),
            Column(Phrase("plan.municipality"), width=1.4),
            Column(Phrase("plan.service"), width=2.4),
            Column(Phrase("plan.places"), "number", width=0.7),
            Column(Phrase("plan.status"), width=1.0),
        )
        blocks: list[Block] = [
            Table(columns, rows, caption=Phrase("programme.institutions_caption"))
            if rows else Paragraph(Phrase("programme.institutions_none"))
        ]  # fmt: skip
        for plan in c.reorganisations:
            parts = describe_reorganisation(plan, self.services[HOME], self.services, self.texts)
            blocks.append(Section(str(plan.institution["name"]), parts))
        if c.reorganisations:
            blocks.append(List((Phrase("plan.reorg_answers"), Phrase("plan.building_note"))))
        elif rows:
            blocks.append(Paragraph(Phrase("programme.movers_missing")))
        return Section(Phrase("programme.institutions"), tuple(blocks))

    def describe_monitoring(self) -> Section:
        """Return indicators with their base, how often they are measured, and by whom."""
        c = self.compiled
        rows: list[tuple[Any, ...]] = []
        for row in c.goals[~c.goals["alternative"]].to_dict("records"):
            base = row["persons"] if row["persons"] == row["persons"] else None
            rows.append((Phrase("programme.indicator_reached",
                                group=lower_first(self.groups[row["target_group"]])), base,
                         None if row["year"] is None else str(row["year"]), row["goal"],
                         Phrase("programme.every_year"),
                         Phrase("programme.from_round")))  # fmt: skip
        shares = self.list_coverage().set_index("service", drop=False)
        for row in shares.loc[self.order_services(list(shares.index))].to_dict("records"):
            percent = round_percent(row["share"]) if row["share"] == row["share"] else None
            name = lower_first(self.services[row["service"]])
            rows.append((Phrase("programme.indicator_near", service=name), percent, "2026", None,
                         Phrase("programme.every_year"),
                         Phrase("programme.from_register")))  # fmt: skip
        columns = (
            Column(Phrase("programme.indicator"), width=3.0),
            Column(Phrase("programme.base"), "number", width=0.8),
            Column(Phrase("plan.year"), width=0.7),
            Column(Phrase("plan.goal"), "number", width=0.8),
            Column(Phrase("programme.how_often"), width=1.1),
            Column(Phrase("programme.from_what"), width=1.6),
        )
        blocks: list[Block] = [Table(columns, rows, caption=Phrase("programme.monitoring_caption"))]
        own = c.plan.texts.monitoring or Phrase("programme.monitoring_missing")
        blocks.append(Paragraph(own))
        return Section(Phrase("programme.monitoring"), tuple(blocks))

    def describe_record(self) -> Section:
        """Return the record of participation: statements and answers, approvals; no names."""
        record = self.record
        kept = () if record is None else (record.statements, record.approvals, record.events)
        if record is None or not (record.issued or any(len(table) for table in kept)):
            return Section(Phrase("programme.participation"),
                           (Paragraph(Phrase("programme.participation_none")),))  # fmt: skip
        blocks: list[Block] = []
        if record.issued:
            blocks.append(Paragraph(Phrase("programme.answered", count=len(record.answered),
                                           of=record.issued)))  # fmt: skip
        blocks += self._list_events()
        if len(record.statements):
            rows = [
                (row["statement_id"], row["received"], self._name_speaker(row),
                 row["text"], Phrase(f"round.answer_{row['answer']}"), row["reason"] or None,
                 row["changed_in"] or None)
                for row in record.statements.to_dict("records")
            ]  # fmt: skip
            columns = tuple(Column(Phrase(key), width=w) for key, w in (
                ("programme.number", 0.8), ("plan.date", 1.0), ("round.head_speaker", 1.2),
                ("programme.statement", 2.8), ("programme.answer", 1.1),
                ("plan.eraf_reason_title", 1.8), ("round.statement_changed_in", 1.0)))  # fmt: skip
            blocks.append(Table(columns, rows, caption=Phrase("programme.statements_caption")))
        if len(record.approvals):
            acts = record.approvals[["body", "act", "date"]].to_numpy().tolist()
            columns = tuple(
                Column(Phrase(key)) for key in ("programme.body", "programme.act", "programme.day")
            )
            blocks.append(Table(columns, acts, caption=Phrase("programme.approvals_caption")))
        return Section(Phrase("programme.participation"), tuple(blocks))

    def _list_events(self) -> list[Block]:
        """Return consultation periods, meetings and consents, and where days break the rules."""
        record = self.record
        if record is None or not len(record.events):
            return []
        rows = [
            (Phrase(f"round.event_{row['kind']}"), row["start"], row["end"], row["place"],
             row["body"], row["act"], row["present"])
            for row in record.events.to_dict("records")
        ]  # fmt: skip
        columns = tuple(
            Column(Phrase(key), kind) for key, kind in (
                ("programme.what", "text"), ("round.event_start", "text"),
                ("round.event_end", "text"), ("round.event_place", "text"),
                ("programme.body", "text"), ("programme.act", "text"),
                ("round.event_present", "number"))
        )  # fmt: skip
        blocks: list[Block] = [Table(columns, rows, caption=Phrase("round.events_caption"))]
        breaches = [
            Phrase(f"round.breach_{row['finding']}", event=row["event_id"],
                   days=row["days"], limit=row["limit"])
            for row in record.breaches.to_dict("records")
        ]  # fmt: skip
        if breaches:
            blocks.append(List(tuple(breaches)))
        return blocks

    def _name_speaker(self, row: dict[str, Any]) -> Inline:
        parts: list[Inline] = [Phrase(f"round.speaker_{row['speaker']}")]
        for mark in ("late", "anonymous"):
            if row[mark]:
                parts += [", ", Phrase(f"round.mark_{mark}")]
        return tuple(parts)

    def describe_amendments(self) -> Section | None:
        """Return the log of amendments: what was before and after, by which source."""
        history = self.compiled.plan_objects.history
        if self.compiled.on is not None:
            history = history[history["date"].astype(str).str[:10] <= self.compiled.on.isoformat()]
        if not len(history):
            return None
        return Section(Phrase("programme.amendments"), (tell_changes(history),))

    def describe_contradictions(self) -> Section:
        """Return where sources do not agree."""
        table = self.compiled.contradictions
        rows = [
            (Phrase(f"programme.kind_{row['kind']}"), self._tell_about(row),
             self._tell_value(row["first"], row["first_value"]),
             self._tell_value(row["second"], row["second_value"]))
            for row in table.to_dict("records")
        ]  # fmt: skip
        columns = (
            Column(Phrase("programme.what"), width=2.2),
            Column(Phrase("programme.about"), width=2.4),
            Column(Phrase("programme.first"), width=1.7),
            Column(Phrase("programme.second"), width=1.7),
        )
        body: Block = (
            Table(columns, rows, caption=Phrase("programme.contradictions_caption"))
            if rows
            else Paragraph(Phrase("programme.contradictions_none"))
        )
        lead = Paragraph(Phrase("programme.contradictions_lead"))
        return Section(Phrase("programme.contradictions"), (lead, body))

    def _tell_about(self, row: dict[str, Any]) -> str:
        service = row["service"]
        parts = [
            self.services.get(service, "") if service and service != ALL else "",
            self.groups.get(row["target_group"], "") if not service or service == ALL else "",
            row["municipality"] or "",
        ]
        return ", ".join(part for part in parts if part)

    def _tell_value(self, source: Any, value: Any) -> Inline:
        kind = str(source or "").partition(":")[0]
        shown = value
        if isinstance(value, int | float):
            shown = self.texts.number(round(float(value)))
        if kind in ("forecast", "register", "need", "observed", "places", "list", "provider"):
            return Phrase(f"programme.said_{kind}", value=shown)
        return Phrase("programme.said_page", value=shown)

    def describe_assumptions(self) -> Section:
        """Return the assumptions that are nobody's figures, one row per kind; all are in a file."""
        table = self.compiled.assumptions
        own = table[table["basis"].isin(["proposal", "assumption", "given"])]
        groups = own.groupby(["what", "basis"], sort=False)
        rows = []
        for (what, basis), part in groups:
            values = pd.to_numeric(part["value"], errors="coerce")
            unit = str(part["unit"].iloc[0])
            ends = dict.fromkeys((values.min(), values.max()))
            shown = " … ".join(self._show_value(end, unit) for end in ends)
            rows.append((Phrase(f"programme.assume_{what}"), len(part), shown,
                         Phrase(f"programme.rests_{basis}"),
                         Phrase(f"programme.enters_{part['enters'].iloc[0]}")))  # fmt: skip
        columns = (
            Column(Phrase("programme.what"), width=2.6),
            Column(Phrase("programme.count"), "number", width=0.7),
            Column(Phrase("programme.value"), width=1.4),
            Column(Phrase("plan.basis"), width=1.2),
            Column(Phrase("programme.where_enters"), width=1.3),
        )
        table_ = Table(columns, rows, caption=Phrase("programme.assumptions_caption"))
        note = Paragraph(Phrase("programme.assumptions_note"), "note")
        return Section(Phrase("programme.assumptions"), (table_, note))

    def _show_value(self, value: float, unit: str) -> str:
        if unit == "share":
            return self.texts.share(value, decimals=0 if round(value * 100, 9) % 1 == 0 else 1)
        whole = float(value).is_integer()
        if unit == "year":
            return str(int(value))
        return self.texts.number(float(value), decimals=0 if whole else 2)


def tell_changes(history: pd.DataFrame) -> Table:
    """Return amendments as a table: number, date, object, what, before, after, source."""
    plain = history.astype(object).where(history.notna(), None)
    rows = [
        (str(row["amendment"]), str(row["date"])[:10], row["object_id"],
         Phrase(f"programme.field_{row['column']}"), _tell_side(row["column"], row["old"]),
         _tell_side(row["column"], row["new"]), row["source"])
        for row in plain.to_dict("records")
    ]  # fmt: skip
    columns = tuple(
        Column(Phrase(key), width=width)
        for key, width in (("programme.amendment_short", 0.5), ("plan.date", 0.9),
                           ("plan.object", 1.0), ("programme.what", 1.0),
                           ("programme.before", 1.4), ("programme.after", 1.4),
                           ("programme.source", 2.0))
    )  # fmt: skip
    return Table(columns, rows, caption=Phrase("programme.amendments_caption"))


def _tell_side(column: str, value: Any) -> Inline:
    if value is None:
        return "–"
    return Phrase(f"plan.object_{value}") if column == "status" else str(value)
