"""The sections of an annex: how many have a service near, who has not, and what would help."""

from __future__ import annotations

import pandas as pd

from socaccess.content import Block, Column, List, Paragraph, Section, Table
from socaccess.documents._annex_coverage import CoverageParts
from socaccess.documents._annex_ground import DASH
from socaccess.documents.analysis import compare_seasons, trace_flows
from socaccess.documents.sheets import tell_notes
from socaccess.study.capacity import count_places

__all__ = ["Parts"]


class Parts(CoverageParts):
    """All sections of one annex, each made of a release and what the reader asked for."""

    def tell_unserved(self, most: int | None = None) -> Section:
        """Return settlements beyond the limit with the nearest facility; `most` a service."""
        words = self.texts
        columns = [
            Column(words("annex.column.settlement"), width=2.2),
            Column(words("annex.column.municipality"), width=2),
            Column(words("annex.column.people"), "number", width=0.9),
            Column(words("annex.column.persons"), "number", width=0.7),
            Column(words("annex.column.nearest"), width=3.6),
            Column(words("annex.column.minutes"), "number", width=0.7),
        ]
        if self.municipality_id is not None:
            columns.pop(1)
        rows: list[tuple[str, ...]] = []
        for service in self.services:
            table = self.gaps[self.gaps["service"] == service]
            if not len(table):
                continue
            if most is not None:
                table = table.sort_values(
                    ["population", "settlement_id"], ascending=[False, True], kind="stable"
                ).head(most)
            limit = self.minutes(self.result.study.limits_min()[service])
            rows.append((f"{self.names[service]} ({limit} {words('unit.min')})",))
            for row in table.itertuples():
                nearest = row.facility if isinstance(row.facility, str) else words("annex.nowhere")
                people, persons = self.count(row.population), self.count(row.persons)
                cells = [row.settlement, row.municipality, people, persons, nearest]
                cells.append(self.minutes(row.travel_min))
                if self.municipality_id is not None:
                    cells.pop(1)
                rows.append(tuple(cells))
        blocks: list[Block] = []
        if not rows:
            blocks.append(Paragraph(words("annex.no_gap_line")))
        else:
            blocks.append(Paragraph(words("annex.unserved_note"), "note"))
            if most is not None:
                blocks[-1] = Paragraph(words.count("annex.unserved_most", most), "note")
            blocks.append(Table(tuple(columns), tuple(rows)))
        return Section(words("annex.unserved"), tuple(blocks))

    def tell_balance(self) -> Section:
        """Return need against places."""
        words = self.texts
        table = count_places(self.result.study, self.services, self.municipality_id)
        names = ["need", "rows", "known_places", "unknown", "planned_rows", "planned_places",
                 "unknown"]  # fmt: skip
        columns = (
            Column(words("annex.column.service"), width=4.4),
            *(Column(words(f"annex.column.{name}"), "number") for name in names),
        )
        rows = [
            (
                self.names[row.service],
                self.count(self.count_persons(row.service)),
                *(
                    self.count(getattr(row, f"{kind}_{status}"))
                    for status in ("operating", "planned")
                    for kind in ("rows", "places", "unknown")
                ),
            )
            for row in table.itertuples()
        ]
        note = Paragraph(words("annex.balance_note"), "note")
        return Section(words("annex.balance"), (note, Table(columns, tuple(rows))))

    def tell_flows(self) -> Section:
        """Return whose people's nearest facility lies in which other municipality."""
        words = self.texts
        flows = trace_flows(self.result, self.services, self.municipality_id)
        flows = flows[flows["crosses"] & flows["to_municipality"].notna()]
        columns = (
            Column(words("annex.column.from"), width=2.4),
            Column(words("annex.column.to"), width=2.4),
            *(
                Column(words(f"annex.column.{name}"), "number")
                for name in ("people", "people_share", "within")
            ),
        )
        rows: list[tuple[str, ...]] = []
        for service in self.services:
            table = flows[flows["service"] == service]
            if not len(table):
                continue
            rows.append((self.names[service],))
            rows += [
                (
                    row.from_municipality,
                    row.to_municipality,
                    self.count(row.population),
                    self.share(row.population_share),
                    self.count(row.population_within),
                )
                for row in table.itertuples()
            ]
        blocks: list[Block] = [Paragraph(words("annex.flows_note"), "note")]
        blocks.append(Table(columns, tuple(rows)) if rows else Paragraph(words("annex.flows_none")))
        return Section(words("annex.flows"), tuple(blocks))

    def tell_sites(self, *, brief: bool = False) -> Section:
        """Return the suggested sites with reasons and certificates."""
        words = self.texts
        table = self.tables["sites"]
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        if not len(table):
            key = "annex.sites_none" if self.municipality_id is None else "annex.sites_here_none"
            return Section(words("annex.sites"), (Paragraph(words(key)),))
        columns = (
            Column(words("annex.column.rank"), "number", width=0.5),
            Column(words("annex.column.place"), width=2.2),
            Column(words("annex.column.municipality"), width=2.2),
            Column(words("annex.column.gain_persons"), "number", width=0.8),
            Column(words("annex.column.gain_people"), "number"),
            Column(words("annex.column.reason"), width=4.2),
        )
        rows: list[tuple[str, ...]] = []
        listed = [service for service in self.services if (table["service"] == service).any()]
        listed += sorted(set(table["service"]) - set(listed))
        for service in listed:
            part = table[table["service"] == service].sort_values("rank")
            heading = self.names.get(service, service)
            rows.append((heading if brief else f"{heading}. {self._certify(part.iloc[0])}",))
            for row in part.itertuples():
                reason = words("annex.reason.most" if row.rank == 1 else "annex.reason.next")
                if row.also_p_median:
                    reason = f"{reason}; {words('annex.reason.also')}"
                rows.append(
                    (
                        str(row.rank),
                        row.name,
                        row.municipality,
                        self.count(row.gain_persons),
                        self.count(row.gain_population),
                        reason,
                    )
                )
        note = Paragraph(words("annex.sites_note"), "note")
        return Section(words("annex.sites"), (note, Table(columns, tuple(rows))))

    def tell_first_sites(self) -> Section:
        """Return the first site of each service only."""
        words = self.texts
        table = self.tables["sites"]
        table = table[(table["rank"] == 1) & table["service"].isin(self.services)]
        if self.municipality_id is not None or not len(table):
            return self.tell_sites(brief=True)
        columns = (
            Column(words("annex.column.service"), width=4),
            Column(words("annex.column.place"), width=2),
            Column(words("annex.column.municipality"), width=2),
            Column(words("annex.column.gain_persons"), "number", width=0.8),
            Column(words("annex.column.gain_people"), "number"),
        )
        by_service = table.set_index("service")
        rows = tuple(
            (
                self.names[service],
                by_service.loc[service, "name"],
                by_service.loc[service, "municipality"],
                self.count(by_service.loc[service, "gain_persons"]),
                self.count(by_service.loc[service, "gain_population"]),
            )
            for service in self.services
            if service in by_service.index
        )
        return Section(words("annex.first_sites"), (Table(columns, rows),))

    def _certify(self, row: pd.Series) -> str:
        if row["plan_status"] == "optimal":
            return self.texts("annex.certificate.optimal")
        gap = self.percent(row["plan_gap"], decimals=1)
        return self.texts("annex.certificate.gap", gap=gap)

    def tell_sensitivity(self) -> Section:
        """Return the shares at several limits, usually and in winter."""
        words = self.texts
        table = compare_seasons(self.result, self.services, self.municipality_id)
        share = dict(
            zip(
                zip(table["service"], table["season"], table["limit_min"], strict=True),
                table["covered_share"],
                strict=True,
            )
        )
        bands = self.result.study.settings.bands_min
        columns = (
            Column(words("annex.column.service"), width=4.4),
            *(
                Column(words("annex.limit_column", limit=words.number(band)), "number")
                for band in bands
            ),
            Column(words("annex.own_limit_column"), "number"),
        )
        rows: list[tuple[str, ...]] = []
        for service in self.services:
            limit = self.result.study.limits_min()[service]
            for season in ("normal", "winter"):
                name = self.names[service]
                own = f"{self.share(share.get((service, season, limit)))} ({words.number(limit)})"
                rows.append(
                    (
                        name if season == "normal" else words("annex.row.winter", service=name),
                        *(self.share(share.get((service, season, band))) for band in bands),
                        own,
                    )
                )
        factor = self.percent(self.result.study.settings.winter_speed_factor)
        note = Paragraph(words("annex.sensitivity_note", share=factor), "note")
        return Section(words("annex.sensitivity"), (note, Table(columns, tuple(rows))))

    def tell_institutions(self) -> Section | None:
        """Return the ways from institutions to services, where there are any."""
        words = self.texts
        table = self.result.institutions
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        table = table[table["to_service"].isin(self.services)]
        if not len(table):
            return None
        columns = (
            Column(words("annex.column.service"), width=3.2),
            Column(words("annex.column.nearest"), width=3.6),
            Column(words("annex.column.minutes"), "number", width=0.6),
        )
        rows: list[tuple[str, ...]] = []
        for _, part in table.groupby("facility_id", sort=True):
            rows.append((str(part["name"].iloc[0]),))
            rows += [
                (
                    self.names[row.to_service],
                    row.to_facility if isinstance(row.to_facility, str) else words("annex.nowhere"),
                    self.minutes(row.travel_min),
                )
                for row in part.itertuples()
            ]
        note = Paragraph(words("annex.institutions_note"), "note")
        return Section(words("annex.institutions"), (note, Table(columns, tuple(rows))))

    def tell_targets(self) -> Section | None:
        """Return what the plan promises to whom."""
        words = self.texts
        targets = self.record["targets"]
        if not targets or self.municipality_id is not None:
            return None
        columns = (
            Column(words("annex.column.group"), width=2.6),
            Column(words("annex.column.target_persons"), "number", width=0.8),
            Column(words("annex.column.source"), width=5),
        )
        rows = tuple(
            (
                self.groups.get(row["target_group"], row["target_group"]),
                self.count(row["persons"]),
                " ".join(
                    str(part) for part in (row.get(f"note_{words.lang}"), row.get("source")) if part
                ),
            )
            for row in targets
        )
        return Section(words("annex.targets"), (Table(columns, rows),))

    def tell_assumptions(self, *, brief: bool = False) -> Section:
        """Return what the numbers rest on."""
        words = self.texts
        skip = {words("tables.notes.area"), words("tables.notes.source"),
                words("tables.column.warning")}  # fmt: skip
        notes = [(topic, note) for topic, note in tell_notes(self.released, words)
                 if topic not in skip]  # fmt: skip
        if brief:
            wanted = [words(f"tables.notes.{name}") for name in ("limit", "need", "modelled")]
            if not self.released.is_lifted:
                wanted.append(words("tables.notes.privacy"))
            notes = [(topic, note) for topic, note in notes if topic in wanted]
        items = [words("annex.assumption", topic=topic, note=note) for topic, note in notes]
        modelled = self.record.get("modelled_share")
        if modelled is not None:
            items.append(words("annex.modelled_line", share=self.percent(modelled)))
        if brief:
            items.append(words("annex.more"))
        return Section(words("annex.assumptions"), (List(tuple(items)),))

    def tell_not_located(self) -> Section:
        """Return what could not be put on the map."""
        words = self.texts
        table = self.result.not_located
        if self.municipality_id is not None:
            table = table[table["municipality"] == self.area]
        if not len(table):
            return Section(
                words("annex.not_located"), (Paragraph(words("annex.not_located_none")),)
            )
        reasons = words.raw("tables.value.reason.")
        columns = (
            Column(words("annex.column.name"), width=4),
            Column(words("annex.column.service"), width=3),
            Column(words("annex.column.municipality"), width=2),
            Column(words("annex.column.why"), width=2),
        )
        rows = tuple(
            (
                str(row["name"]),
                self.names.get(row["service"], DASH),
                row["municipality"] or DASH,
                str(reasons.get(row["reason"], row["reason"])),
            )
            for row in table.to_dict("records")
        )
        return Section(words("annex.not_located"), (Table(columns, rows),))

    def tell_sources(self) -> Section:
        """Return the sources."""
        lines = tuple(self.result.study.attribution.get(self.texts.lang, []))
        return Section(self.texts("annex.sources"), (List(lines),))
