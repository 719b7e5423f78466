"""The commands of a plan that count money and hours: budget, person-budget, mobile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    finish,
    name_services,
    parse_pairs,
    parse_years,
    show_note,
    show_number,
)
from socaccess.cli.command import EXIT_NO, Region, Session, SmallCounts, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["budget", "mobile", "person_budget"]

Prices = Annotated[
    Path | None, typer.Option("--prices", help="Own price list; those found if none.")
]


def budget(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years", help="Such as 2026-2030.")],
    share: Annotated[
        list[str] | None, typer.Option("--share", help="payer=share of running cost; repeat.")
    ] = None,
    prices: Prices = None,
    hours_per_visit: Annotated[
        str | None, typer.Option("--hours-per-visit", help="For prices by the hour.")
    ] = None,
    variant: Annotated[str, typer.Option("--variant", help="low, middle or high")] = "middle",
    eur_per_km: Annotated[
        str | None, typer.Option("--eur-per-km", help="Adds the ways of clients; EUR a km.")
    ] = None,
    transport_share: Annotated[
        list[str] | None, typer.Option("--transport-share", help="payer=share; repeat.")
    ] = None,
    capital: Annotated[
        Path | None,
        typer.Option("--capital", help="What is built: year, municipality_id, service, amount."),
    ] = None,
    capital_share: Annotated[
        list[str] | None, typer.Option("--capital-share", help="payer=share; repeat.")
    ] = None,
    ends: Annotated[
        int | None, typer.Option("--esf-ends", help="First year without ESF money.")
    ] = None,
    takes_over: Annotated[
        list[str] | None, typer.Option("--takes-over", help="payer=share of ESF's part; repeat.")
    ] = None,
) -> None:
    """Tell the cost of a plan by year and payer: running, ways, building; and without ESF."""
    from socaccess import planning
    from socaccess.programme.forecast import VARIANTS

    texts = session.texts
    wanted = parse_years(years)
    if variant not in VARIANTS:
        raise Misuse("cli.not_a_choice", "--variant", choices=list(VARIANTS))
    successors = parse_pairs(takes_over or [], "--takes-over") or {"municipality": "1"}
    options: dict[str, Any] = {
        "shares": parse_pairs(share or [], "--share"),
        "transport_shares": parse_pairs(transport_share or [], "--transport-share"),
        "capital_shares": parse_pairs(capital_share or [], "--capital-share"),
    }
    study = asked.open(region)
    found = planning.budget(
        study,
        wanted,
        prices=prices,
        hours_per_visit=hours_per_visit or 1,
        variant=variant,
        eur_per_km=eur_per_km,
        capital=capital,
        esf_ends=ends,
        takes_over=successors,
        **options,
    )
    names = name_services(study, session.lang)
    sums, kinds = found.by_payer, found.by_kind
    if not session.as_json:
        header = [texts(f"plan.{key}") for key in ("year", "kind", "payer", "amount")]
        rows = [
            (str(row["year"]), texts(f"plan.kind_{row['kind']}"),
             texts(f"plan.payer_{row['payer']}"), show_number(row["amount"], texts))
            for row in kinds.to_dict("records")
        ]  # fmt: skip
        rows += [
            (str(row["year"]), texts("plan.total"), "", show_number(row["amount"], texts))
            for row in sums.groupby("year", as_index=False)["amount"].sum().to_dict("records")
        ]
        rows.append(("", texts("plan.total"), "", show_number(found.total, texts)))
        title = texts("plan.budget_title", region=study.title[session.lang])
        session.table(title, header, rows)
        used = "; ".join(f"{names[cost.service]} ({cost.basis})" for cost in found.costs)
        lines = [texts("plan.budget_prices", names=used)] if not prices else []
        if found.missing:
            missing = ", ".join(names.get(name, name) for name in found.missing)
            lines.append(texts("plan.budget_missing", names=missing))
        if ends is not None:
            told = ", ".join(texts(f"plan.payer_{name}") for name in successors)
            lines.append(
                texts("plan.budget_ends", year=ends, payer=texts("plan.payer_esf"), names=told)
            )
        for line in [*lines, texts("plan.need_is_estimate")]:
            session.print(f"- {line}")
    tables: dict[str, Any] = {
        "budget": sums,
        "budget_kinds": kinds,
        "budget_services": found.by_service,
    }
    answer: dict[str, Any] = {
        "total": found.total,
        "by_year_and_payer": sums,
        "by_kind": kinds,
        "missing": list(found.missing),
    }
    if ends is not None:
        answer["esf_ends"] = ends
    finish(session, answer, tables=tables)


def person_budget(
    session: Session,
    asked: StudyOptions,
    settlement: Annotated[str, typer.Argument(help="Where the person lives: id or name.")],
    budget: Annotated[str, typer.Option("--budget", help="EUR a month.")],
    need: Annotated[
        list[str], typer.Option("--need", help="service=units a month; repeat, with @weight.")
    ],
    region: Annotated[str, typer.Option("--region", help="Region of the settlement.")] = "latgale",
    prices: Prices = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km", help="Cost of the way.")] = "0",
) -> None:
    """Tell which mix of services a person can pay for and reach; exit 3 when not the whole."""
    from socaccess import planning

    texts = session.texts
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
    names = name_services(study, session.lang)
    if not session.as_json:
        keys = ("service", "facility", "minutes", "unit_price", "units", "cost", "outcome")
        header = [texts(f"plan.{key}") for key in keys]
        rows = [
            (
                names[row["service"]],
                row["facility"] or "–",
                texts.number(row["travel_min"]),
                show_number(row["unit_price"], texts),
                f"{row['units']}/{row['wanted']}",
                show_number(row["cost"], texts),
                texts(f"plan.outcome_{row['outcome']}"),
            )
            for row in found.lines.astype(object)
            .where(found.lines.notna(), None)
            .to_dict("records")
        ]
        title = texts("plan.person_title", budget=show_number(found.budget, texts),
                      settlement=settlement)  # fmt: skip
        session.table(title, header, rows)
        line = texts("plan.person_left", cost=show_number(found.cost, texts),
                     left=show_number(found.left, texts))  # fmt: skip
        session.print(line)
    answer = {"budget": found.budget, "cost": found.cost, "left": found.left, "met": found.is_met,
              "lines": found.lines}  # fmt: skip
    finish(session, answer, tables={"person_budget": found.lines})
    raise typer.Exit(0 if found.is_met else EXIT_NO)


def mobile(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[str, typer.Option("--service", help="Such as home_care.")],
    base: Annotated[list[str], typer.Option("--base", help="Settlement staff start from.")],
    visits_per_week: Annotated[float, typer.Option("--visits-per-week", help="A client.")],
    visit_hours: Annotated[float, typer.Option("--visit-hours", help="One visit.")],
    worker_hours: Annotated[float, typer.Option("--worker-hours", help="A worker and week.")],
    visits_per_trip: Annotated[
        float, typer.Option("--visits-per-trip", help="In one settlement, on one trip.")
    ] = 1.0,
    take_up: Annotated[
        float | None, typer.Option("--take-up", help="Share of people in need; observed if none.")
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Tell the hours mobile staff spend on the road, and how many clients a worker serves."""
    from socaccess import planning

    texts = session.texts
    work = planning.MobileWork(
        visits_per_week, visit_hours, worker_hours, visits_per_trip=visits_per_trip
    )
    study = asked.open(region)
    found = planning.mobile(
        study, service, base, work, take_up=take_up, allow_small_counts=small_counts
    )
    bases = found.bases
    if not session.as_json:
        keys = ("base", "clients", "road_share", "workers", "per_worker", "unserved")
        header = [texts(f"plan.{key}") for key in keys]
        rows = [
            (row["base"], show_number(row["clients"], texts), texts.share(row["road_share"]),
             show_number(row["workers"], texts), show_number(row["clients_per_worker"], texts),
             show_number(row["unserved"], texts))
            for row in bases.to_dict("records")
        ]  # fmt: skip
        name = name_services(study, session.lang)[found.service]
        session.table(texts("plan.mobile_title", service=name), header, rows)
        share = texts.share(found.take_up, decimals=1)
        show_note(session, f"eraf_take_up_{found.take_up_basis}", share=share)
        show_note(session, f"mobile_{found.clients_basis}")
    answer = {"service": found.service, "take_up": found.take_up, "bases": bases}
    finish(session, answer, tables={"mobile": bases})
