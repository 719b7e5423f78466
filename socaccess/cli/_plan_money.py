"""The commands of a plan that count money and hours: budget, person-budget, mobile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    EXIT_NO,
    Region,
    SmallCounts,
    finish,
    name_services,
    open_region,
    parse_pairs,
    parse_years,
    show_note,
    show_number,
    show_table,
)
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    Out,
    SettingsFile,
    View,
    ViewName,
    make_console,
)

__all__ = ["budget", "mobile", "person_budget"]

Prices = Annotated[
    Path | None, typer.Option("--prices", help="Own price list; those found if none.")
]


def budget(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell the cost of a plan by year and payer: running, ways, building; and without ESF."""
    from socaccess.i18n import Texts
    from socaccess.programme.budget import plan_budget, read_capital
    from socaccess.programme.cooperation import find_flows
    from socaccess.programme.costs import list_costs, share_elsewhere
    from socaccess.programme.forecast import VARIANTS, forecast_clients
    from socaccess.programme.prices import load_prices, read_prices
    from socaccess.programme.take_up import ALL

    texts = Texts(lang.value)
    wanted = parse_years(years)
    if variant not in VARIANTS:
        raise typer.BadParameter(f"{variant!r}: use {', '.join(VARIANTS)}", param_hint="--variant")
    shares = parse_pairs(share or [], "--share") or {"municipality": "1"}
    successors = parse_pairs(takes_over or [], "--takes-over") or {"municipality": "1"}
    table = read_prices(prices) if prices else load_prices()
    built = read_capital(capital) if capital else None
    result, _ = open_region(region, view.value, settings, small_counts=False)
    names = name_services(result, lang.value)
    promised = list(result.study.promised or ())
    costs, _ = list_costs(
        table, result.study.service_types, dict(shares), hours_per_visit=hours_per_visit or 1,
        services=promised,
    )  # fmt: skip
    clients = forecast_clients(result.study, wanted).clients
    clients = clients[(clients["variant"] == variant) & (clients["service"] != ALL)]
    elsewhere: dict[tuple[str, str], float] = {}
    for cost in costs:
        elsewhere |= share_elsewhere(find_flows(result, cost.service))
    town = {"municipality": "1"}
    ways = parse_pairs(transport_share or [], "--transport-share") or town
    found = plan_budget(
        clients,
        costs,
        elsewhere=elsewhere,
        transport=_list_transport(result, costs, eur_per_km, ways),
        capital=built,
        capital_shares=parse_pairs(capital_share or [], "--capital-share") or town,
    )
    more = None
    if ends is not None:
        found, more = found.shift_payer("esf", from_year=ends, to=dict(successors))
    sums = found.sum_by("year", "payer")
    kinds = found.sum_by("year", "kind", "payer")
    if not as_json:
        header = [texts(f"plan.{key}") for key in ("year", "kind", "payer", "amount")]
        rows = [
            (str(row["year"]), texts(f"plan.kind_{row['kind']}"),
             texts(f"plan.payer_{row['payer']}"), show_number(row["amount"], texts))
            for row in kinds.to_dict("records")
        ]  # fmt: skip
        rows += [
            (str(row["year"]), texts("plan.total"), "", show_number(row["amount"], texts))
            for row in found.sum_by("year").to_dict("records")
        ]
        rows.append(("", texts("plan.total"), "", show_number(found.total, texts)))
        title = texts("plan.budget_title", region=result.study.title[lang.value])
        show_table(title, header, rows)
        used = "; ".join(f"{names[cost.service]} ({cost.basis})" for cost in costs)
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
            make_console().print(f"- {line}", highlight=False, soft_wrap=True)
    # Amounts of one municipality and service would tell the few clients behind them.
    tables: dict[str, Any] = {
        "budget": sums,
        "budget_kinds": kinds,
        "budget_services": found.sum_by("year", "service"),
    }
    answer: dict[str, Any] = {
        "total": found.total,
        "by_year_and_payer": sums,
        "by_kind": kinds,
        "missing": list(found.missing),
    }
    if more is not None:
        answer["esf_ends"] = ends
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


def _list_transport(
    result: Any, costs: Any, eur_per_km: str | None, shares: dict[str, str]
) -> list[Any]:
    """Return the cost of clients' ways: their visits a year, there and back, where they go."""
    from socaccess.programme.costs import (
        WEEKS_PER_YEAR,
        TransportCost,
        measure_transport,
    )

    if eur_per_km is None:
        return []
    types = result.study.service_types.set_index("service")
    found = []
    for cost in costs:
        row = types.loc[cost.service]
        if row["traveller"] != "client" or row["form"] == "residence":
            continue
        trips = float(row["visits_per_week"]) * WEEKS_PER_YEAR
        km = measure_transport(result, cost.service, trips_per_year=trips)
        found.append(TransportCost(cost.service, eur_per_km.replace(",", "."), km, dict(shares)))
    return found


def person_budget(
    settlement: Annotated[str, typer.Argument(help="Where the person lives: id or name.")],
    budget: Annotated[str, typer.Option("--budget", help="EUR a month.")],
    need: Annotated[
        list[str], typer.Option("--need", help="service=units a month; repeat, with @weight.")
    ],
    region: Annotated[str, typer.Option("--region", help="Region of the settlement.")] = "latgale",
    prices: Prices = None,
    eur_per_km: Annotated[str, typer.Option("--eur-per-km", help="Cost of the way.")] = "0",
    lang: Lang = Language.lv,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell which mix of services a person can pay for and reach; exit 3 when not the whole."""
    from socaccess.i18n import Texts
    from socaccess.programme.person_budgets import Wish, plan_person_budget
    from socaccess.programme.prices import load_prices, read_prices

    texts = Texts(lang.value)
    wishes = []
    for service, text in parse_pairs(need, "--need").items():
        units, _, weight = text.partition("@")
        try:
            wishes.append(Wish(service, int(units), float(weight.replace(",", ".") or 1)))
        except ValueError:
            raise typer.BadParameter(
                f"{service}={text!r}: write service=units or service=units@weight",
                param_hint="--need",
            ) from None
    result, _ = open_region(region, "plan", settings, small_counts=False)
    table = read_prices(prices) if prices else load_prices()
    found = plan_person_budget(
        result, settlement, wishes, budget, prices=table, eur_per_km=eur_per_km
    )
    names = name_services(result, lang.value)
    if not as_json:
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
        show_table(title, header, rows)
        line = texts("plan.person_left", cost=show_number(found.cost, texts),
                     left=show_number(found.left, texts))  # fmt: skip
        make_console().print(line, highlight=False)
    answer = {"budget": found.budget, "cost": found.cost, "left": found.left, "met": found.is_met,
              "lines": found.lines}  # fmt: skip
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"person_budget": found.lines})
    raise typer.Exit(0 if found.is_met else EXIT_NO)


def mobile(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell the hours mobile staff spend on the road, and how many clients a worker serves."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.mobile import MobileWork, plan_mobile_work
    from socaccess.programme.reach import find_service
    from socaccess.programme.take_up import observe_take_up, summarise_take_up

    texts = Texts(lang.value)
    work = MobileWork(visits_per_week, visit_hours, worker_hours, visits_per_trip=visits_per_trip)
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    chosen = str(find_service(result.study, service)["service"])
    share, rests_on = take_up, "given"
    if share is None:
        seen = summarise_take_up(observe_take_up()).set_index("service")["middle"]
        share = float(seen.get(chosen, 1.0))
        rests_on = "observed" if chosen in seen.index else "everyone"
    persons, known = _spread_mobile(result, chosen)
    persons = persons * share
    ids = result.study.settlements["settlement_id"].tolist()
    bases, _ = plan_mobile_work(result, base, dict(zip(ids, persons, strict=True)), work)
    bases = hide_small(bases, "clients", below=below)
    bases = hide_small(bases, "unserved", below=below)
    if not as_json:
        keys = ("base", "clients", "road_share", "workers", "per_worker", "unserved")
        header = [texts(f"plan.{key}") for key in keys]
        rows = [
            (row["base"], show_number(row["clients"], texts), texts.share(row["road_share"]),
             show_number(row["workers"], texts), show_number(row["clients_per_worker"], texts),
             show_number(row["unserved"], texts))
            for row in bases.to_dict("records")
        ]  # fmt: skip
        name = name_services(result, lang.value)[chosen]
        show_table(texts("plan.mobile_title", service=name), header, rows)
        show_note(texts, f"eraf_take_up_{rests_on}", share=texts.share(share, decimals=1))
        show_note(texts, f"mobile_{known}")
    answer = {"service": chosen, "take_up": share, "bases": bases}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"mobile": bases})


def _spread_mobile(result: Any, service: str) -> tuple[Any, str]:
    """Return persons by settlement, and whether they are those in need or a goal shared out."""
    from socaccess.programme.reach import spread_persons

    persons = spread_persons(result, service)
    if persons.sum() > 0:
        return persons, "need"
    study = result.study
    group = study.service_types.set_index("service")["target_group"][service]
    if study.targets is not None:
        goal = study.targets.loc[study.targets["target_group"] == group, "persons"].sum()
        if goal > 0:
            # Those who will move in have no home yet: by inhabitants, as everybody.
            people = study.settlements["population"].to_numpy(dtype=float)
            return people / people.sum() * float(goal), "goal"
    return persons, "unknown"
