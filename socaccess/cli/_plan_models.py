"""The commands of a plan about one municipality or several: model, cooperation, eraf, programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    Service,
    finish,
    name_services,
    parse_number,
    parse_pairs,
    parse_years,
    show_note,
    show_number,
)
from socaccess.cli.command import EXIT_NO, Region, Session, SmallCounts, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["cooperation", "eraf", "model", "programme"]

Municipality = Annotated[str, typer.Argument(help="Name or ATVK code, as in the chosen view.")]


def model(
    session: Session,
    asked: StudyOptions,
    municipality: Municipality,
    form: Annotated[str, typer.Option("--form", help="short or full")] = "short",
    min_clients: Annotated[
        list[str] | None,
        typer.Option("--min-clients", help="service=number at which it is viable; repeat."),
    ] = None,
    backed: Annotated[
        list[str] | None,
        typer.Option("--backed", help="A service it backs, most important first; repeat."),
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Tell what a municipality has, lacks, and could do alone or with its neighbours."""
    from socaccess import planning
    from socaccess.programme.pages import build_model

    option = "--min-clients"
    pairs = parse_pairs(min_clients or [], option)
    least = {name: parse_number(value, option) for name, value in pairs.items()}
    study, identity, _ = asked.open_municipality(municipality)
    found = planning.model(
        study,
        identity,
        backed=[name.lower().replace("-", "_") for name in backed or []],
        min_clients=least,
        allow_small_counts=small_counts,
    )
    names = name_services(study, session.lang)
    pages = {
        f"model_{name}": build_model(
            found, names, session.lang, form=name, allow_small_counts=small_counts
        )
        for name in ("short", "full")
    }
    tables = found.show(allow_small_counts=small_counts)
    if not session.as_json:
        if f"model_{form}" not in pages:
            raise Misuse("cli.not_a_choice", "--form", choices=["short", "full"])
        session.show(pages[f"model_{form}"])
    answer = {"municipality_id": found.municipality_id, "municipality": found.name, **tables}
    finish(
        session,
        answer,
        tables={f"model_{name}": table for name, table in tables.items()},
        pages=pages,
    )


def cooperation(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Service,
    places: Annotated[
        bool, typer.Option("--places", help="Let places bound what a facility serves.")
    ] = False,
    partner: Annotated[
        list[str] | None, typer.Option("--partner", help="Of a joint site; repeat.")
    ] = None,
    settlement: Annotated[
        str | None, typer.Option("--settlement", help="Where the joint site stands.")
    ] = None,
    yearly_cost: Annotated[str, typer.Option("--yearly-cost", help="EUR a year.")] = "0",
    capital_cost: Annotated[str, typer.Option("--capital-cost", help="EUR once.")] = "0",
    years: Annotated[int, typer.Option("--years", min=1, help="Over how many years.")] = 1,
    by: Annotated[str, typer.Option("--by", help="use, need, equal or a share by need")] = "use",
    small_counts: SmallCounts = False,
) -> None:
    """Tell who would be served where, and what a joint site is worth to each partner."""
    from socaccess import planning
    from socaccess.programme.cooperation import SHARING

    texts = session.texts
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
        by=by if by in SHARING else parse_number(by, "--by"),
        allow_small_counts=small_counts,
    )
    name = name_services(study, session.lang)[found.service]
    flows, balance = found.flows, found.balance
    answer: dict[str, Any] = {"service": found.service, "limit_min": found.limit_min,
                              "flows": flows, "balance": balance,
                              "unlimited": list(found.unlimited)}  # fmt: skip
    tables = {"flows": flows, "balance": balance}
    if not session.as_json:
        columns = ("persons", "at_home", "bought", "sold", "unserved", "balance")
        header = [texts(f"plan.{key}") for key in ("municipality", *columns)]
        rows = [(row["municipality"], *(show_number(row[c], texts) for c in columns))
                for row in balance.to_dict("records")]  # fmt: skip
        title = texts("plan.flows_title", service=name, limit=texts.number(found.limit_min))
        session.table(title, header, rows)
        _show_flows(flows, session)
        if found.unlimited:
            line = texts.count("plan.flows_unlimited", len(found.unlimited))
            session.print(f"- {line}")
        if not found.supply_known:
            show_note(session, "no_supply")
    if found.joint is not None:
        worth = found.joint
        answer |= {"site": found.site, "joint": worth}
        tables["joint"] = worth
        if not session.as_json:
            settlements = study.settlements.set_index("settlement_id")["name"]
            keys = ("persons", "near_now", "near_joint", "gain", "clients", "cost", "cost_alone",
                    "saving")  # fmt: skip
            words = ("persons", "near", "near_after", "gain", "clients", "cost", "cost_alone",
                     "saving")  # fmt: skip
            header = [texts(f"plan.{key}") for key in ("municipality", *words)]
            rows = [(row["municipality"], *(show_number(row[c], texts) for c in keys))
                    for row in worth.to_dict("records")]  # fmt: skip
            title = texts("plan.joint_title", service=name, site=settlements[found.site])
            session.table(title, header, rows)
            if by in SHARING:
                show_note(session, f"joint_by_{by}")
            else:
                need = parse_number(by, "--by")
                show_note(
                    session, "joint_by_both", need=texts.share(need), use=texts.share(1 - need)
                )
    if not session.as_json:
        show_note(session, "need_is_estimate")
    finish(session, answer, tables=tables)


def _show_flows(flows: Any, session: Session) -> None:
    """Print who goes where beyond the own municipality."""
    texts = session.texts
    beyond = flows[flows["from_id"] != flows["to_id"]]
    rows = [
        (
            row["from_name"],
            row["to_name"],
            show_number(row["persons"], texts),
            texts.number(row["mean_min"]),
        )
        for row in beyond.to_dict("records")
    ]
    if rows:
        header = [texts(f"plan.{key}") for key in ("from", "to", "persons", "mean_min")]
        session.table(texts("plan.flows_beyond"), header, rows)


def eraf(
    session: Session,
    asked: StudyOptions,
    municipality: Municipality,
    service: Service,
    settlement: Annotated[str, typer.Option("--settlement", help="Where; id or name.")],
    places: Annotated[int, typer.Option("--places", min=1, help="For how many.")],
    cost: Annotated[str | None, typer.Option("--cost", help="EUR in all.")] = None,
    share: Annotated[
        list[str] | None, typer.Option("--share", help="payer=share: eraf=0.85; repeat.")
    ] = None,
    plan_objects: Annotated[
        Path | None, typer.Option("--objects", help="The plan's own objects: csv or xlsx.")
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Check an object before an ERAF application; exit 3 unless the answer is yes."""
    from socaccess import planning
    from socaccess.programme.pages import build_annex
    from socaccess.programme.words import describe_finding

    texts = session.texts
    shares = parse_pairs(share or [], "--share")
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
    verdict, effect, below = found.verdict, found.effect, found.below
    page = build_annex(verdict, name_services(study, session.lang), session.lang, below=below)
    if not session.as_json:
        session.show(page)
    answer = {
        "answer": verdict.answer,
        "site": verdict.site,
        "findings": [
            {
                "check": finding.check,
                "answer": finding.answer,
                "reason": describe_finding(finding, texts, below=below),
            }
            for finding in verdict.findings
        ],
        "effect": effect,
        "payers": verdict.payers,
    }
    finish(session, answer, tables={"eraf_effect": effect},
           pages={"eraf_annex": page})  # fmt: skip
    raise typer.Exit(0 if verdict.answer == "yes" else EXIT_NO)


def programme(
    session: Session,
    asked: StudyOptions,
    region: Region,
    years: Annotated[str, typer.Option("--years", help="Of the forecast, such as 2026-2030.")],
    form: Annotated[str, typer.Option("--form", help="short or full")] = "short",
    min_clients: Annotated[
        list[str] | None,
        typer.Option("--min-clients", help="service=number at which it is viable; repeat."),
    ] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Put a region's programme together, short or full: Markdown, PDF and DOCX with --out."""
    from socaccess.documents.markdown import render_markdown
    from socaccess.planning.opening import open_result
    from socaccess.programme.forecast import forecast_clients
    from socaccess.programme.models import ModelInputs
    from socaccess.programme.pages import build_programme

    if form not in ("short", "full"):
        raise Misuse("cli.not_a_choice", "--form", choices=["short", "full"])
    wanted = parse_years(years)
    pairs = parse_pairs(min_clients or [], "--min-clients")
    least = {name: parse_number(value, "--min-clients") for name, value in pairs.items()}
    study = asked.open(region)
    result, below = open_result(study, allow_small_counts=small_counts)
    page = build_programme(
        result,
        forecast_clients(result.study, wanted),
        session.lang,
        inputs=ModelInputs(min_clients=least),
        form=form,
        allow_small_counts=not below,
    )
    if not session.as_json:
        session.show(page)
    finish(session, {"programme": render_markdown(page)},
           pages={f"programme_{form}": page})  # fmt: skip
