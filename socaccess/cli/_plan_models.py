"""The commands of a plan about one municipality or several: model, cooperation, eraf, programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    EXIT_NO,
    Region,
    Service,
    SmallCounts,
    finish,
    name_services,
    open_municipality,
    open_region,
    parse_number,
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

__all__ = ["cooperation", "eraf", "model", "programme"]

Municipality = Annotated[str, typer.Argument(help="Name or ATVK code, as in the chosen view.")]


def model(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell what a municipality has, lacks, and could do alone or with its neighbours."""
    from socaccess.i18n import Texts
    from socaccess.programme.models import ModelInputs, model_municipalities
    from socaccess.programme.words import build_model

    texts = Texts(lang.value)
    option = "--min-clients"
    pairs = parse_pairs(min_clients or [], option)
    least = {name: parse_number(value, option) for name, value in pairs.items()}
    result, below, identity, _ = open_municipality(
        municipality, view.value, settings, small_counts=small_counts
    )
    inputs = ModelInputs(
        backed={identity: [name.lower().replace("-", "_") for name in backed]} if backed else None,
        min_clients=least,
    )
    found = model_municipalities(result, inputs, municipality_ids=[identity])[0]
    names = name_services(result, lang.value)
    pages = {
        f"model_{name}": build_model(
            found, names, lang.value, form=name, allow_small_counts=not below
        )
        for name in ("short", "full")
    }
    tables = found.show(allow_small_counts=not below)
    if not as_json:
        if f"model_{form}" not in pages:
            raise typer.BadParameter(f"{form!r}: use short or full", param_hint="--form")
        typer.echo(pages[f"model_{form}"])
    answer = {"municipality_id": identity, "municipality": found.name, **tables}
    finish(
        answer,
        as_json=as_json,
        out=out,
        texts=texts,
        tables={f"model_{name}": table for name, table in tables.items()},
        pages=pages,
        warning=_warn(below, texts),
    )


def _warn(below: int, texts: Any) -> str:
    """Return what stands on every page of a document with small counts."""
    return "" if below else str(texts("plan.small_shown"))


def cooperation(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell who would be served where, and what a joint site is worth to each partner."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_pairs, hide_small
    from socaccess.programme.cooperation import SHARING, find_flows, value_joint_site
    from socaccess.sources.boundaries import find_municipality

    texts = Texts(lang.value)
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    found = find_flows(result, service, use_places=places)
    name = name_services(result, lang.value)[found.service]
    parts = ["at_home", "bought", "unserved"]
    balance = hide_small(found.summarise_balance(), "persons", parts, below=below)
    balance = hide_small(balance, "sold", below=below)
    hidden = balance[["bought", "sold"]].map(lambda cell: isinstance(cell, str)).any(axis=1)
    balance["balance"] = balance["balance"].astype(object).where(~hidden, None)
    flows = hide_pairs(found.flows, "persons", ["from_id", "to_id"], below=below)
    answer: dict[str, Any] = {"service": found.service, "limit_min": found.limit_min,
                              "flows": flows, "balance": balance,
                              "unlimited": list(found.unlimited)}  # fmt: skip
    tables = {"flows": flows, "balance": balance}
    if not as_json:
        columns = ("persons", "at_home", "bought", "sold", "unserved", "balance")
        header = [texts(f"plan.{key}") for key in ("municipality", *columns)]
        rows = [(row["municipality"], *(show_number(row[c], texts) for c in columns))
                for row in balance.to_dict("records")]  # fmt: skip
        title = texts("plan.flows_title", service=name, limit=texts.number(found.limit_min))
        show_table(title, header, rows)
        _show_flows(flows, texts)
        if found.unlimited:
            console = make_console()
            line = texts.count("plan.flows_unlimited", len(found.unlimited))
            console.print(f"- {line}", highlight=False, soft_wrap=True)
        if not result.service_types.set_index("service")["supply_known"].get(found.service, True):
            show_note(texts, "no_supply")
    if partner:
        vintage = 2009 if view is ViewName.plan else 2025
        ids = [find_municipality(word, vintage=vintage)[0] for word in partner]
        site, worth = value_joint_site(
            result, service, ids, settlement=settlement, yearly_cost=yearly_cost,
            capital_cost=capital_cost, years=years,
            by=by if by in SHARING else parse_number(by, "--by"),
        )  # fmt: skip
        counts = ["near_now", "near_joint", "gain", "clients", "near_alone"]
        worth = hide_small(worth, "persons", counts, below=below)
        answer |= {"site": site, "joint": worth}
        tables["joint"] = worth
        if not as_json:
            settlements = result.study.settlements.set_index("settlement_id")["name"]
            keys = ("persons", "near_now", "near_joint", "gain", "clients", "cost", "cost_alone",
                    "saving")  # fmt: skip
            words = ("persons", "near", "near_after", "gain", "clients", "cost", "cost_alone",
                     "saving")  # fmt: skip
            header = [texts(f"plan.{key}") for key in ("municipality", *words)]
            rows = [(row["municipality"], *(show_number(row[c], texts) for c in keys))
                    for row in worth.to_dict("records")]  # fmt: skip
            title = texts("plan.joint_title", service=name, site=settlements[site])
            show_table(title, header, rows)
            if by in SHARING:
                show_note(texts, f"joint_by_{by}")
            else:
                need = parse_number(by, "--by")
                show_note(texts, "joint_by_both", need=texts.share(need), use=texts.share(1 - need))
    if not as_json:
        show_note(texts, "need_is_estimate")
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


def _show_flows(flows: Any, texts: Any) -> None:
    """Print who goes where beyond the own municipality."""
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
        show_table(texts("plan.flows_beyond"), header, rows)


def eraf(
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
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Check an object before an ERAF application; exit 3 unless the answer is yes."""
    from socaccess.i18n import Texts
    from socaccess.privacy import hide_small
    from socaccess.programme.eraf import Application, check_application
    from socaccess.programme.objects import PlanObjects
    from socaccess.programme.words import build_annex, describe_finding

    texts = Texts(lang.value)
    shares = parse_pairs(share or [], "--share")
    own = PlanObjects.read(plan_objects) if plan_objects else None
    result, below, identity, _ = open_municipality(
        municipality, view.value, settings, small_counts=small_counts
    )
    verdict = check_application(
        result,
        Application(identity, service, settlement, places, cost, dict(shares)),
        objects=own,
    )
    page = build_annex(verdict, name_services(result, lang.value), lang.value, below=below)
    effect = hide_small(verdict.effect, "persons", ["near_now", "near_after", "gain", "remaining"],
                        below=below)  # fmt: skip
    if not as_json:
        typer.echo(page)
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
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"eraf_effect": effect},
           pages={"eraf_annex": page}, warning=_warn(below, texts))  # fmt: skip
    raise typer.Exit(0 if verdict.answer == "yes" else EXIT_NO)


def programme(
    region: Region,
    years: Annotated[str, typer.Option("--years", help="Of the forecast, such as 2026-2030.")],
    form: Annotated[str, typer.Option("--form", help="short or full")] = "short",
    min_clients: Annotated[
        list[str] | None,
        typer.Option("--min-clients", help="service=number at which it is viable; repeat."),
    ] = None,
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Put a region's programme together, short or full: Markdown, PDF and DOCX with --out."""
    from socaccess.i18n import Texts
    from socaccess.programme.document import build_programme
    from socaccess.programme.forecast import forecast_clients
    from socaccess.programme.models import ModelInputs

    texts = Texts(lang.value)
    if form not in ("short", "full"):
        raise typer.BadParameter(f"{form!r}: use short or full", param_hint="--form")
    wanted = parse_years(years)
    pairs = parse_pairs(min_clients or [], "--min-clients")
    least = {name: parse_number(value, "--min-clients") for name, value in pairs.items()}
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    text = build_programme(
        result,
        forecast_clients(result.study, wanted),
        lang.value,
        inputs=ModelInputs(min_clients=least),
        form=form,
        allow_small_counts=not below,
    )
    if not as_json:
        typer.echo(text)
    finish({"programme": text}, as_json=as_json, out=out, texts=texts,
           pages={f"programme_{form}": text}, warning=_warn(below, texts))  # fmt: skip
