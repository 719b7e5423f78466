"""The commands of a plan that count money and hours: budgets, a pilot, mobile staff."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, Region, Scenario, SmallCounts, StudyOptions
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse
from socaccess.cli.values import parse_pairs, parse_years
from socaccess.content import Share

__all__ = ["budget", "mobile", "person_budget", "pilot"]

Prices = Annotated[Path | None, typer.Option("--prices")]


class Variant(StrEnum):
    """Which forecast is paid for."""

    low = "low"
    middle = "middle"
    high = "high"


def budget(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years")],
    share: Annotated[list[str] | None, typer.Option("--share")] = None,
    prices: Prices = None,
    hours_per_visit: Annotated[str | None, typer.Option("--hours-per-visit")] = None,
    variant: Annotated[Variant, typer.Option("--variant")] = Variant.middle,
    eur_per_km: Annotated[str | None, typer.Option("--eur-per-km")] = None,
    transport_share: Annotated[list[str] | None, typer.Option("--transport-share")] = None,
    capital: Annotated[Path | None, typer.Option("--capital")] = None,
    capital_share: Annotated[list[str] | None, typer.Option("--capital-share")] = None,
    ends: Annotated[int | None, typer.Option("--esf-ends")] = None,
    takes_over: Annotated[list[str] | None, typer.Option("--takes-over")] = None,
) -> None:
    """Show the cost of a plan by year and payer: running, travel, building; and without ESF."""
    from socaccess import planning

    wanted = parse_years(years)
    successors = parse_pairs(takes_over, "--takes-over") or {"municipality": "1"}
    options: dict[str, Any] = {
        "shares": parse_pairs(share, "--share"),
        "transport_shares": parse_pairs(transport_share, "--transport-share"),
        "capital_shares": parse_pairs(capital_share, "--capital-share"),
    }
    study = asked.open(region)
    found = planning.budget(
        study,
        wanted,
        prices=prices,
        hours_per_visit=hours_per_visit or 1,
        variant=variant.value,
        eur_per_km=eur_per_km,
        capital=capital,
        esf_ends=ends,
        takes_over=successors,
        **options,
    )
    texts, names = session.texts, study.name_services(session.lang)
    sums, kinds = found.by_payer, found.by_kind
    rows = [
        (str(row["year"]), session.word("plan.kind_", row["kind"]),
         session.word("plan.payer_", row["payer"]), session.cell(row["amount"]))
        for row in kinds.to_dict("records")
    ]  # fmt: skip
    total = texts("plan.total")
    rows += [
        (str(year), total, "", session.cell(amount))
        for year, amount in sums.groupby("year")["amount"].sum().items()
    ]
    rows.append(("", total, "", session.cell(found.total)))
    heads = [texts(key) for key in ("plan.year", "plan.kind", "plan.payer", "plan.amount")]
    session.table(texts("plan.budget_title", region=study.title[session.lang]), heads, rows)
    if not prices:
        used = "; ".join(f"{names[cost.service]} ({cost.basis})" for cost in found.costs)
        session.note("plan.budget_prices", names=used)
    if hours_per_visit is None and any(cost.unit == "hour" for cost in found.costs):
        hourly = ", ".join(names[cost.service] for cost in found.costs if cost.unit == "hour")
        session.note("plan.budget_hours", names=hourly)
    if found.missing:
        missing = ", ".join(names.get(name, name) for name in found.missing)
        session.note("plan.budget_missing", names=missing)
    if ends is not None:
        heirs = ", ".join(session.word("plan.payer_", name) for name in successors)
        session.note("plan.budget_ends", year=ends, payer=texts("plan.payer_esf"), names=heirs)
    session.note("plan.need_is_estimate")
    answer: dict[str, Any] = {
        "total": found.total,
        "by_year_and_payer": sums,
        "by_kind": kinds,
        "missing": list(found.missing),
    }
    if ends is not None:
        answer["esf_ends"] = ends
    tables = {"budget": sums, "budget_kinds": kinds, "budget_services": found.by_service}
    session.finish(answer, tables)


def person_budget(
    session: Session,
    asked: StudyOptions,
    settlement: Annotated[str, typer.Argument()],
    budget: Annotated[str, typer.Option("--budget")],
    need: Annotated[list[str], typer.Option("--need")],
    region: Annotated[str, typer.Option("--region")] = "latgale",
    prices: Prices = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km")] = "0",
) -> None:
    """Show which mix of services a person can afford and reach; exit 3 when not all of it."""
    from socaccess import planning

    wishes = []
    for service, text in parse_pairs(need, "--need").items():
        units, _, weight = text.partition("@")
        try:
            wishes.append(planning.Wish(service, int(units), float(weight.replace(",", ".") or 1)))
        except ValueError:
            raise Misuse("cli.not_units", "--need", given=f"{service}={text}") from None
    study = replace(asked, view="plan").open(region)
    found = planning.person_budget(
        study, settlement, wishes, budget, prices=prices, eur_per_km=eur_per_km
    )
    names = study.name_services(session.lang)
    money = {name: session.cell(getattr(found, name)) for name in ("budget", "cost", "left")}
    session.frame(
        session.texts("plan.person_title", budget=money["budget"], settlement=settlement),
        found.lines,
        {
            "plan.service": lambda row: names[row["service"]],
            "plan.facility": "facility",
            "plan.minutes": lambda row: session.texts.number(row["travel_min"]),
            "plan.unit_price": "unit_price",
            "plan.units": lambda row: f"{row['units']}/{row['wanted']}",
            "plan.cost": "cost",
            "plan.outcome": ("plan.outcome_", "outcome"),
        },
    )
    session.say("plan.person_left", cost=money["cost"], left=money["left"])
    answer = {"budget": found.budget, "cost": found.cost, "left": found.left, "met": found.is_met,
              "lines": found.lines}  # fmt: skip
    session.finish(answer, {"person_budget": found.lines})
    raise typer.Exit(0 if found.is_met else EXIT_NO)


def mobile(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[str, typer.Option("--service")],
    base: Annotated[list[str], typer.Option("--base")],
    visits_per_week: Annotated[float, typer.Option("--visits-per-week")],
    visit_hours: Annotated[float, typer.Option("--visit-hours")],
    worker_hours: Annotated[float, typer.Option("--worker-hours")],
    visits_per_trip: Annotated[float, typer.Option("--visits-per-trip")] = 1.0,
    take_up: Annotated[float | None, typer.Option("--take-up")] = None,
    eligible: Annotated[Path | None, typer.Option("--eligible")] = None,
    group: Annotated[list[str] | None, typer.Option("--disability-group")] = None,
    eur_per_hour: Annotated[str | None, typer.Option("--eur-per-hour")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Show the hours mobile staff spend on the road, and how many clients a worker serves."""
    from socaccess import planning

    work = planning.MobileWork(
        visits_per_week, visit_hours, worker_hours, visits_per_trip=visits_per_trip
    )
    study = asked.open(region)
    found = planning.mobile(
        study, service, base, work, take_up=take_up, eligible=eligible, groups=group or (),
        eur_per_hour=eur_per_hour, allow_small_counts=small_counts,
    )  # fmt: skip
    name = study.name_services(session.lang)[found.service]
    session.frame(
        session.texts("plan.mobile_title", service=name),
        found.bases,
        {
            "plan.base": "base",
            "plan.clients": "clients",
            "plan.road_share": lambda row: Share(row["road_share"]),
            "plan.workers": "workers",
            "plan.per_worker": "clients_per_worker",
            "plan.unserved": "unserved",
            **({} if eur_per_hour is None else {"plan.eur_per_year": "eur_per_year"}),
        },
    )
    session.frame(
        session.texts("plan.mobile_areas"),
        found.areas,
        {
            "plan.base": "base",
            "plan.area": "area",
            "plan.area_settlements": "settlements",
            "plan.clients": "clients",
            "plan.workers": "workers",
            "plan.farthest": lambda row: session.texts.number(row["farthest_min"]),
        },
    )
    share = session.texts.share(found.take_up, decimals=1)
    session.note(f"plan.eraf_take_up_{found.take_up_basis}", share=share)
    session.note(f"plan.mobile_{found.clients_basis}")
    answer = {"service": found.service, "take_up": found.take_up, "bases": found.bases,
              "areas": found.areas}  # fmt: skip
    session.finish(answer, {"mobile": found.bases, "mobile_areas": found.areas})


def pilot(
    session: Session,
    asked: StudyOptions,
    file: Annotated[Path, typer.Argument()],
    region: Annotated[str, typer.Option("--region")] = "latgale",
    prices: Prices = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km")] = "0",
    scenario: Annotated[Scenario, typer.Option("--scenario")] = Scenario.now,
    small_counts: SmallCounts = False,
) -> None:
    """Plan the individual budgets of a pilot, and show what was wished, had and used."""
    from socaccess import planning

    study = asked.open(region)
    found = planning.pilot(
        study,
        file,
        prices=prices,
        eur_per_km=eur_per_km,
        scenario=scenario.value,
        allow_small_counts=small_counts,
    )
    names = study.name_services(session.lang)
    session.frame(
        session.texts("plan.pilot_title"),
        found.services,
        {
            "plan.service": lambda row: names[row["service"]],
            "plan.pilot_persons": "persons",
            "plan.pilot_wanted": "wanted",
            "plan.pilot_units": "units",
            "plan.pilot_had_share": lambda row: _share(row["had_share"]),
            "plan.pilot_cost": "cost",
            "plan.pilot_used_share": lambda row: _share(row["used_share"]),
            "plan.pilot_unreachable": "unreachable",
            "plan.pilot_no_price": "no_price",
            "plan.pilot_no_money": "no_money",
        },
    )
    session.note("plan.pilot_sums", **{k: session.cell(v) for k, v in found.sums.items()})
    session.note("plan.pilot_note")
    tables: dict[str, Any] = {"pilot": found.services}
    if small_counts:
        tables |= {"pilot_persons": found.persons, "pilot_lines": found.lines}
    session.finish({"sums": found.sums, "services": found.services}, tables)


def _share(value: Any) -> Any:
    """Return a share, or the mark that stands for one."""
    return value if isinstance(value, str) else Share(value)
