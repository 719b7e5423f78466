"""The commands of a plan about municipalities: model, cooperation, eraf, programme."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, Form, Region, SmallCounts, StudyOptions
from socaccess.cli.session import Session
from socaccess.cli.values import parse_code, parse_number, parse_numbers, parse_pairs, parse_years

if TYPE_CHECKING:
    from socaccess.study import Study

__all__ = ["cooperation", "eraf", "model", "programme"]

Municipality = Annotated[str, typer.Argument()]
MinClients = Annotated[list[str] | None, typer.Option("--min-clients")]
Service = Annotated[str, typer.Option("--service")]
FormOption = Annotated[Form, typer.Option("--form")]


def model(
    session: Session,
    asked: StudyOptions,
    municipality: Municipality,
    form: FormOption = Form.short,
    min_clients: MinClients = None,
    backed: Annotated[list[str] | None, typer.Option("--backed")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Show what a municipality has, lacks, and could do alone or with its neighbours."""
    from socaccess import planning
    from socaccess.programme.pages import build_model

    least = parse_numbers(min_clients, "--min-clients")
    study, identity, _ = asked.open_municipality(municipality)
    found = planning.model(
        study,
        identity,
        backed=[parse_code(name) for name in backed or []],
        min_clients=least,
        allow_small_counts=small_counts,
    )
    names = study.name_services(session.lang)
    pages = {
        f"model_{kind.value}": build_model(
            found, names, session.lang, form=kind.value, allow_small_counts=small_counts
        )
        for kind in Form
    }
    tables = found.show(allow_small_counts=small_counts)
    session.show(pages[f"model_{form.value}"])
    answer = {"municipality_id": found.municipality_id, "municipality": found.name, **tables}
    session.finish(answer, {f"model_{name}": table for name, table in tables.items()}, pages)


def cooperation(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Service,
    places: Annotated[bool, typer.Option("--places")] = False,
    partner: Annotated[list[str] | None, typer.Option("--partner")] = None,
    settlement: Annotated[str | None, typer.Option("--settlement")] = None,
    yearly_cost: Annotated[str, typer.Option("--yearly-cost")] = "0",
    capital_cost: Annotated[str, typer.Option("--capital-cost")] = "0",
    years: Annotated[int, typer.Option("--years", min=1)] = 1,
    by: Annotated[str, typer.Option("--by")] = "use",
    small_counts: SmallCounts = False,
) -> None:
    """Show who would be served where, and what a joint site is worth to each partner."""
    from socaccess import planning
    from socaccess.programme.cooperation import SHARING

    sharing = by if by in SHARING else parse_number(by, "--by")
    study = asked.open(region)
    found = planning.cooperation(
        study,
        service,
        partners=partner or [],
        settlement=settlement,
        use_places=places,
        yearly_cost=yearly_cost,
        capital_cost=capital_cost,
        years=years,
        by=sharing,
        allow_small_counts=small_counts,
    )
    _show_cooperation(session, study, found, sharing)
    answer: dict[str, Any] = {"service": found.service, "limit_min": found.limit_min,
                              "flows": found.flows, "balance": found.balance,
                              "unlimited": list(found.unlimited)}  # fmt: skip
    tables = {"flows": found.flows, "balance": found.balance}
    if found.joint is not None:
        answer |= {"site": found.site, "joint": found.joint}
        tables["joint"] = found.joint
    session.finish(answer, tables)


def _show_cooperation(session: Session, study: Study, found: Any, sharing: str | float) -> None:
    """Print who buys and sells, who goes where, and what a joint site is worth."""
    texts = session.texts
    name = study.name_services(session.lang)[found.service]
    title = texts("plan.flows_title", service=name, limit=texts.number(found.limit_min))
    columns: dict[str, Any] = {
        "plan.municipality": "municipality",
        "plan.persons": "persons",
        "plan.at_home": "at_home",
        "plan.bought": "bought",
        "plan.sold": "sold",
        "plan.unserved": "unserved",
        "plan.balance": "balance",
    }
    session.frame(title, found.balance, columns)
    beyond = found.flows[found.flows["from_id"] != found.flows["to_id"]]
    columns = {
        "plan.from": "from_name",
        "plan.to": "to_name",
        "plan.persons": "persons",
        "plan.mean_min": lambda row: texts.number(row["mean_min"]),
    }
    if len(beyond):
        session.frame(texts("plan.flows_beyond"), beyond, columns)
    if found.unlimited:
        session.note("plan.flows_unlimited", len(found.unlimited))
    if not found.supply_known:
        session.note("plan.no_supply")
    if found.joint is not None:
        settlements = study.settlements.set_index("settlement_id")["name"]
        title = texts("plan.joint_title", service=name, site=settlements[found.site])
        columns = {
            "plan.municipality": "municipality",
            "plan.persons": "persons",
            "plan.near": "near_now",
            "plan.near_after": "near_joint",
            "plan.gain": "gain",
            "plan.clients": "clients",
            "plan.cost": "cost",
            "plan.cost_alone": "cost_alone",
            "plan.saving": "saving",
        }
        session.frame(title, found.joint, columns)
        if isinstance(sharing, str):
            session.note(f"plan.joint_by_{sharing}")
        else:
            need, use = texts.share(sharing), texts.share(1 - sharing)
            session.note("plan.joint_by_both", need=need, use=use)
    session.note("plan.need_is_estimate")


def eraf(
    session: Session,
    asked: StudyOptions,
    municipality: Municipality,
    service: Service,
    settlement: Annotated[str, typer.Option("--settlement")],
    places: Annotated[int, typer.Option("--places", min=1)],
    cost: Annotated[str | None, typer.Option("--cost")] = None,
    share: Annotated[list[str] | None, typer.Option("--share")] = None,
    plan_objects: Annotated[Path | None, typer.Option("--objects")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Check an object before an ERAF application; exit 3 unless the answer is yes."""
    from socaccess import planning
    from socaccess.programme.pages import build_annex
    from socaccess.programme.words import describe_finding

    shares = parse_pairs(share, "--share")
    study, identity, _ = asked.open_municipality(municipality)
    found = planning.eraf(
        study,
        identity,
        service,
        settlement=settlement,
        places=places,
        cost=cost,
        shares=shares,
        objects=plan_objects,
        allow_small_counts=small_counts,
    )
    verdict, names = found.verdict, study.name_services(session.lang)
    page = build_annex(verdict, names, session.lang, below=found.below, effect=found.effect)
    session.show(page)
    answer = {
        "answer": verdict.answer,
        "site": verdict.site,
        "findings": [
            {
                "check": finding.check,
                "answer": finding.answer,
                "reason": describe_finding(finding, session.texts, below=found.below),
            }
            for finding in verdict.findings
        ],
        "effect": found.effect,
        "payers": verdict.payers,
    }
    session.finish(answer, {"eraf_effect": found.effect}, {"eraf_annex": page})
    raise typer.Exit(0 if verdict.answer == "yes" else EXIT_NO)


def programme(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years")],
    form: FormOption = Form.short,
    min_clients: MinClients = None,
    small_counts: SmallCounts = False,
) -> None:
    """Put a region's programme together, short or full: Markdown, PDF and DOCX with --out."""
    from socaccess.documents.markdown import render_markdown
    from socaccess.documents.programme import Pages
    from socaccess.planning.opening import open_result
    from socaccess.programme.compilation import compile_programme
    from socaccess.programme.plan_file import default_plan

    wanted = parse_years(years)
    least = parse_numbers(min_clients, "--min-clients")
    study = asked.open(region)
    result, below = open_result(study, allow_small_counts=small_counts)
    plan = default_plan(study.name, view=study.view, years=tuple(wanted), min_clients=least)
    page = Pages(compile_programme(plan, result, below=below), session.lang).compose(form.value)
    session.show(page)
    session.finish({"programme": render_markdown(page)}, pages={f"programme_{form.value}": page})
