"""Without a car, in words and tables: for the terminal and the annex."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from socaccess.content import (
    Block,
    Cell,
    Column,
    List,
    Number,
    Paragraph,
    Phrase,
    Section,
    Share,
    Table,
)
from socaccess.documents.annex_context import AnnexContext
from socaccess.documents.sheets import name_services
from socaccess.i18n import Texts, sort_key
from socaccess.study.journey_words import describe_journey
from socaccess.study.release import Release
from socaccess.study.without_car import WithoutCar, open_without_car

__all__ = ["compose_services", "compose_without_car", "describe_visit"]

_SERVICES, _EXAMPLES = 6, 6
"""Services of the matrix, journeys described."""


def describe_visit(asked: dict[str, Any], texts: Texts) -> Phrase:
    """Return what was asked of those without a car, of `WithoutCar.summarise`."""
    return Phrase(
        "transit.visit", open=asked["open"], hours=Number(asked["stay_h"]),
        day=texts.date(dt.date.fromisoformat(asked["day"])),
        metres=Number(asked["longest_walk_m"]), kph=Number(asked["walk_kph"], 1),
    )  # fmt: skip


def compose_services(released: Release, texts: Texts) -> Iterator[Block]:
    """Yield what was asked, and who gets to which service without a car now."""
    without = open_without_car(released)
    if without is None:
        return
    asked = without.summarise()
    names = name_services(released, texts.lang)
    by_car = {row["service"]: row["covered_share"]["now"] for row in released.headline["services"]}
    both = asked["mode"] == "both"
    columns = (
        Column(Phrase("cli.service"), width=3.2),
        Column(Phrase("cli.limit"), "number"),
        *([Column(Phrase("transit.by_car"), "share")] * both),
        Column(Phrase("transit.within"), "share"),
        Column(Phrase("transit.same_day"), "share"),
        *(Column(Phrase(f"transit.share_{name}"), "share")
          for name in ("one_way", "no_service", "no_stop")),
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for row in asked["services"]:
        if row["service"] not in released.result.study.promised:
            continue
        shares = [by_car[row["service"]]] * both
        shares += [row["covered_share"]["now"], row["same_day_share"]["now"]]
        shares += [row["inhabitants"][name] for name in ("one_way", "no_service", "no_stop")]
        cells = (Cell(None, "unknown") if share is None else Share(share) for share in shares)
        rows.append((names[row["service"]], row["limit_min"], *cells))
    yield Paragraph(describe_visit(asked, texts), "lead")
    yield Table(columns, rows)
    yield Paragraph(Phrase("transit.share_note"), "note")


def compose_without_car(context: AnnexContext) -> Section | None:
    """Return the page of the annex on those who have no car; None where it was not asked.

    Of a region: services, municipalities, the longest days and from where there is no way; of
    one municipality the last two.
    """
    released, texts = context.released, context.texts
    without = open_without_car(released)
    if without is None:
        return None
    here = context.municipality_id
    blocks: list[Block] = []
    if here is None:
        blocks += [*compose_services(released, texts), _compose_municipalities(context, without)]
    else:
        blocks.append(Paragraph(describe_visit(without.summarise(), texts), "lead"))
    blocks += list_examples(without, texts, _EXAMPLES, here)
    return Section(Phrase("transit.title"), tuple(blocks), new_page=here is None)


def _compose_municipalities(context: AnnexContext, without: WithoutCar) -> Table:
    """Return who gets there and home the same day, by municipality and service."""
    services = [name for name in context.known if name in without.services][:_SERVICES]
    coverage = context.tables["coverage"].query("scope == 'any' and scenario == 'now'")
    share = coverage.set_index(["municipality_id", "service"])["same_day_share"]
    columns = (
        Column(Phrase("annex.column.municipality"), width=2.2),
        *(Column(context.low(name), "share", 1.3) for name in services),
    )
    rows = [
        (context.shorten(name), *(_show_share(share[key, service]) for service in services))
        for key, name in context.municipalities
    ]
    return Table(columns, rows, Phrase("transit.by_municipality"))


def _show_share(share: float) -> Share | Cell:
    return Share(share) if share == share else Cell(None, "unknown")


def list_examples(
    without: WithoutCar, texts: Texts, count: int, municipality_id: str | None = None
) -> Iterator[Block]:
    """Yield the longest days that are possible, and the settlements from where none is."""
    journeys = without.journeys
    journeys = journeys[journeys["service"].isin(without.answer.study.promised)]
    if municipality_id is not None:
        journeys = journeys[journeys["municipality_id"] == municipality_id]
    names = without.answer.study.name_services(texts.lang)
    there = journeys[journeys["leave"].notna()].sort_values(
        ["away_h", "settlement_id"], ascending=[False, True], kind="stable"
    )
    there = there.drop_duplicates("settlement_id").head(count)
    if len(there):
        yield Paragraph(Phrase("transit.longest_days"), "lead")
        yield List(
            tuple(
                Phrase(
                    "transit.longest_day", settlement=row["settlement"],
                    service=names[row["service"]], facility=row["facility"],
                    journey=describe_journey(row, without.legs_of(number), texts),
                )
                for number, row in zip(there.index, there.to_dict("records"), strict=True)
            )
        )  # fmt: skip
    cut_off = journeys.groupby("settlement_id", sort=False).filter(
        lambda rows: (
            rows["transit_status"].notna().any() and (rows["same_day_share"].fillna(0) == 0).all()
        )
    )
    cut_off = cut_off.drop_duplicates("settlement_id").sort_values("population", ascending=False)
    if len(cut_off):
        first = sorted(cut_off["settlement"].head(4 * count).tolist(), key=sort_key)
        yield Paragraph(
            Phrase("transit.cut_off", count=Number(len(cut_off)), names=", ".join(first),
                   people=Number(float(cut_off["population"].sum())))
        )  # fmt: skip
