"""The sections of an annex, each made of a release and what the reader asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.i18n import Texts, sort_key
from socaccess.reports.analysis import (
    compare_seasons,
    count_places,
    list_counted,
    rank_municipalities,
    trace_flows,
)
from socaccess.reports.content import Block, Column, Figure, List, Paragraph, Section, Table
from socaccess.reports.figures import draw_coverage
from socaccess.reports.record import tell_record
from socaccess.reports.sheets import name_groups, name_services, tell_notes
from socaccess.reports.tables import list_tables

if TYPE_CHECKING:
    from socaccess.study import StudyResult
    from socaccess.study.release import Release

__all__ = ["Parts"]

SCENARIOS = ("now", "planned", "suggested")
DASH = "–"

LINE_PT = 493.0
"""Width of a line of text, in points: A4 between its margins."""


@dataclass(frozen=True, eq=False)
class Parts:
    """The sections of one annex.

    Parameters
    ----------
    released
        The result as it may leave.
    texts
        The language.
    municipality_id
        Tell of this municipality; of the whole study by default.
    """

    released: Release
    texts: Texts
    municipality_id: str | None = None

    @property
    def result(self) -> StudyResult:
        """The result as it may leave."""
        return self.released.result

    @cached_property
    def services(self) -> list[str]:
        """The counted services, by target group and name."""
        counted = list_counted(self.result)
        return sorted(
            counted, key=lambda code: (self.released.group_of[code], sort_key(self.names[code]))
        )

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of services."""
        return name_services(self.released, self.texts.lang)

    @cached_property
    def groups(self) -> dict[str, str]:
        """Names of target groups."""
        return name_groups(self.texts.lang)

    @cached_property
    def record(self) -> dict[str, Any]:
        """The headline as it may leave."""
        headline: dict[str, Any] = tell_record(self.released)["headline"]
        return headline

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables as they leave."""
        return list_tables(self.released)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Coverage of what the annex tells of, by municipality, service, scenario and scope."""
        table = self.tables["coverage"]
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        return table.set_index(["municipality_id", "service", "scenario", "scope"]).sort_index()

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """Municipalities, worst first."""
        return rank_municipalities(self.result, self.services)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Settlements beyond the limit of a counted service."""
        table = self.tables["gaps"]
        table = table[table["service"].isin(self.services)]
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        return table

    @property
    def area(self) -> str:
        """Whom the annex tells of."""
        if self.municipality_id is None:
            return str(self.result.study.title[self.texts.lang])
        names = self.result.municipalities.set_index("municipality_id")["name"]
        return str(names[self.municipality_id])

    def count(self, value: Any) -> str:
        """Return a count as text: a number, a mark, or a dash."""
        if value is None or value is pd.NA or value != value:
            return DASH
        return value if isinstance(value, str) else self.texts.number(float(value))

    def minutes(self, value: Any) -> str:
        """Return minutes as text."""
        return DASH if value is None or pd.isna(value) else self.texts.number(float(value))

    def share(self, value: Any) -> str:
        """Return a share as text, 0 and 100 % only where they are exact."""
        if value is None or pd.isna(value):
            return DASH
        exact = float(value)
        if 0 < exact < 1:
            exact = min(max(exact, 0.01), 0.99)
        return self.percent(exact)

    def percent(self, value: float, decimals: int = 0) -> str:
        """Return per cents that no line breaks apart."""
        return self.texts.share(value, decimals=decimals).replace(" ", "\u00a0")

    def tell_summary(self) -> Section:
        """Return the summary in plain words."""
        lines = self._tell_groups()
        ranked = self.ranked
        if self.municipality_id is None:
            worst = ", ".join(
                f"{row.municipality} ({self.share(row.now)})"
                for row in ranked.head(5).itertuples()
                if pd.notna(row.now)
            )
            if len(ranked) > 1 and worst:
                lines.append(self.texts("annex.worst_line", names=worst))
        elif len(ranked) > 1:
            rank = ranked["municipality_id"].tolist().index(self.municipality_id) + 1
            lines.append(self.texts("annex.rank_line", rank=rank, n=len(ranked)))
        places = self.gaps.drop_duplicates("settlement_id")
        if len(places):
            people = self.texts.number(float(places["population"].sum()))
            lines.append(self.texts.count("annex.gap_line", len(places), people=people))
        else:
            lines.append(self.texts("annex.no_gap_line"))
        types = self.result.service_types
        missing = types[types["promised"] & ~types["supply_known"] & types["limit_min"].notna()]
        if len(missing):
            names = "; ".join(
                sorted((str(self.names[code]) for code in missing["service"]), key=sort_key)
            )
            lines.append(self.texts("annex.missing_line", names=names))
        blocks: list[Block] = [
            Paragraph(self.texts("annex.question"), "lead"),
            List(tuple(lines)),
            Paragraph(self.texts("annex.planned_note"), "note"),
        ]
        return Section(self.texts("annex.summary"), tuple(blocks))

    def _tell_groups(self) -> list[str]:
        by_group: dict[str, list[str]] = {}
        for service in self.services:
            by_group.setdefault(self.released.group_of[service], []).append(service)
        lines = []
        for group in sorted(by_group, key=lambda code: sort_key(str(self.groups.get(code, code)))):
            persons = self._persons_of(by_group[group][0])
            shares = {s: self._mean_share(by_group[group], s) for s in SCENARIOS}
            if persons is None:
                continue
            told = (
                self.texts("annex.persons_mark", mark=persons)
                if isinstance(persons, str)
                else self.texts.count("annex.persons", persons)
            )
            lines.append(
                self.texts(
                    "annex.group_line",
                    group=self.groups.get(group, group),
                    persons=told,
                    **{key: self.share(value) for key, value in shares.items()},
                )
            )
        if not lines and self.services:
            shares = {s: self._mean_share(self.services, s) for s in SCENARIOS}
            lines.append(
                self.texts(
                    "annex.all_line", **{key: self.share(value) for key, value in shares.items()}
                )
            )
        return lines

    def _persons_of(self, service: str) -> int | str | None:
        if self.municipality_id is not None:
            value = self.coverage.loc[(self.municipality_id, service, "now", "any"), "persons"]
            return None if value is None or value != value else value
        row = next(row for row in self.record["services"] if row["service"] == service)
        persons: int | str | None = row["persons"]
        return persons

    def _mean_share(self, services: list[str], scenario: str) -> float:
        if self.municipality_id is None:
            rows = {row["service"]: row for row in self.record["services"]}
            shares = [rows[service]["covered_share"][scenario] for service in services]
        else:
            shares = [
                self.coverage.loc[(self.municipality_id, service, scenario, "any"), "covered_share"]
                for service in services
            ]
        return float(pd.Series(shares, dtype=float).mean())

    def draw(
        self,
        scenario: str = "now",
        service: str | None = None,
        *,
        width: float = 1.0,
        height_pt: float = 400.0,
    ) -> Figure:
        """Return a map with its caption and its values in words, within `width` of the line."""
        services = self.services if service is None else [service]
        drawing = draw_coverage(
            self.result,
            self.texts,
            services,
            scenario=scenario,
            municipality_id=self.municipality_id,
            width_pt=LINE_PT * width,
            height_pt=height_pt,
        )
        if service is not None:
            limit = self.texts.number(self.result.study.limit_of()[service])
            caption = self.texts("annex.map.service", service=self.names[service], limit=limit)
        else:
            caption = self.texts(f"annex.map.{scenario}", n=len(services))
        ranked = rank_municipalities(self.result, services)
        if self.municipality_id is not None:
            ranked = ranked[ranked["municipality_id"] == self.municipality_id]
        values = ", ".join(
            f"{row.municipality} {self.share(getattr(row, scenario))}"
            for row in ranked.itertuples()
        )
        alt = self.texts("annex.map.alt", area=self.area, caption=caption, values=values)
        return Figure(drawing.svg, alt, caption, drawing.width_pt / LINE_PT)

    def tell_overview(self) -> Table:
        """Return one row a service for the whole study or the municipality."""
        words = self.texts
        titles = ["service", "limit", "persons", "now", "planned", "suggested"]
        extra = (
            ["facilities", "planned_facilities"]
            if self.municipality_id is None
            else ["own", "mean", "median", "p90", "worst"]
        )
        columns = [Column(words("annex.column.service"), width=3.9 if len(extra) > 2 else 4.6)]
        columns += [
            Column(words(f"annex.column.{name}"), number=True) for name in (*titles[1:], *extra)
        ]
        rows: list[tuple[str, ...]] = []
        group = None
        for service in self.services:
            if self.released.group_of[service] != group:
                group = self.released.group_of[service]
                rows.append((self.groups.get(group, group),))
            rows.append(self._tell_service(service))
        return Table(tuple(columns), tuple(rows))

    def _tell_service(self, service: str) -> tuple[str, ...]:
        limit = self.minutes(self.result.study.limit_of()[service])
        if self.municipality_id is None:
            row = next(row for row in self.record["services"] if row["service"] == service)
            return (
                self.names[service],
                limit,
                self.count(row["persons"]),
                *(self.share(row["covered_share"][scenario]) for scenario in SCENARIOS),
                self.count(row["facilities"].get("operating_in_region")),
                self.count(row["facilities"].get("planned_in_region")),
            )
        now = self.coverage.loc[(self.municipality_id, service, "now", "any")]
        return (self.names[service], limit, *self._measure(self.municipality_id, service, now))

    def _measure(self, municipality: str, service: str, now: pd.Series) -> tuple[str, ...]:
        shares = [
            self.coverage.loc[(municipality, service, scenario, "any"), "covered_share"]
            for scenario in SCENARIOS
        ]
        own = self.coverage.loc[(municipality, service, "now", "own"), "covered_share"]
        return (
            self.count(now["persons"]),
            *(self.share(value) for value in (*shares, own)),
            *(self.minutes(now[f"{name}_min"]) for name in ("mean", "median", "p90", "max")),
        )

    def tell_by_service(self) -> list[Block]:
        """Return a table of all municipalities for each service."""
        words = self.texts
        names = ["persons", "now", "planned", "suggested", "own", "mean", "median", "p90", "worst"]
        columns = (
            Column(words("annex.column.municipality"), width=2.6),
            *(Column(words(f"annex.column.{name}"), number=True) for name in names),
        )
        order = sorted(
            self.result.municipalities[["municipality_id", "name"]].itertuples(index=False),
            key=lambda row: sort_key(row.name),
        )
        blocks: list[Block] = []
        for service in self.services:
            rows = [
                (
                    row.name,
                    *self._measure(
                        row.municipality_id,
                        service,
                        self.coverage.loc[(row.municipality_id, service, "now", "any")],
                    ),
                )
                for row in order
            ]
            caption = words(
                "annex.service_caption",
                service=self.names[service],
                group=self.groups.get(self.released.group_of[service], ""),
                limit=self.minutes(self.result.study.limit_of()[service]),
            )
            blocks.append(Table(columns, tuple(rows), caption))
        return blocks

    def tell_municipalities(self, most: int | None = None) -> Table:
        """Return the municipalities, worst first."""
        words = self.texts
        columns = (
            Column(words("annex.column.municipality"), width=3),
            Column(words("annex.column.people"), number=True),
            *(
                Column(words(f"annex.column.{name}"), number=True)
                for name in ("now", "planned", "suggested", "own")
            ),
        )
        rows = [
            (
                row.municipality,
                self.count(row.population),
                *(self.share(getattr(row, name)) for name in (*SCENARIOS, "own")),
            )
            for row in self.ranked.head(most or len(self.ranked)).itertuples()
        ]
        return Table(columns, tuple(rows))

    def tell_unserved(self, most: int | None = None) -> Section:
        """Return settlements beyond the limit with the nearest facility; `most` a service."""
        words = self.texts
        columns = [
            Column(words("annex.column.settlement"), width=2.2),
            Column(words("annex.column.municipality"), width=2),
            Column(words("annex.column.people"), number=True, width=0.9),
            Column(words("annex.column.persons"), number=True, width=0.7),
            Column(words("annex.column.nearest"), width=3.6),
            Column(words("annex.column.minutes"), number=True, width=0.7),
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
            limit = self.minutes(self.result.study.limit_of()[service])
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
        table = count_places(self.result, self.services, self.municipality_id)
        names = ["need", "rows", "known_places", "unknown", "planned_rows", "planned_places",
                 "unknown"]  # fmt: skip
        columns = (
            Column(words("annex.column.service"), width=4.4),
            *(Column(words(f"annex.column.{name}"), number=True) for name in names),
        )
        rows = [
            (
                self.names[row.service],
                self.count(self._persons_of(row.service)),
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
                Column(words(f"annex.column.{name}"), number=True)
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
            Column(words("annex.column.rank"), number=True, width=0.5),
            Column(words("annex.column.place"), width=2.2),
            Column(words("annex.column.municipality"), width=2.2),
            Column(words("annex.column.gain_persons"), number=True, width=0.8),
            Column(words("annex.column.gain_people"), number=True),
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
            Column(words("annex.column.gain_persons"), number=True, width=0.8),
            Column(words("annex.column.gain_people"), number=True),
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
                Column(words("annex.limit_column", limit=words.number(band)), number=True)
                for band in bands
            ),
            Column(words("annex.own_limit_column"), number=True),
        )
        rows: list[tuple[str, ...]] = []
        for service in self.services:
            limit = self.result.study.limit_of()[service]
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
            Column(words("annex.column.minutes"), number=True, width=0.6),
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
            Column(words("annex.column.target_persons"), number=True, width=0.8),
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
