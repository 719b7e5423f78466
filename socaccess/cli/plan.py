"""`socaccess plan`: goals, models, cooperation, forecasts, objects and the ERAF check of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli import _plan_money as money_commands
from socaccess.cli._plan_input import (
    EXIT_NO,
    SmallCounts,
    finish,
    name_services,
    open_municipality,
    open_region,
    parse_pairs,
    parse_years,
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

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="What a plan needs: goals, models of municipalities, cooperation, forecasts, money.",
)

Region = Annotated[str, typer.Argument(help="latgale, kurzeme, riga, vidzeme or zemgale")]
Municipality = Annotated[str, typer.Argument(help="Name or ATVK code, as in the chosen view.")]
Service = Annotated[str, typer.Option("--service", help="Such as dac_grt or group_home.")]


@app.command("goals")
def goals(
    region: Annotated[str, typer.Argument(help="A region, or all")] = "all",
    near: Annotated[
        bool, typer.Option("--near", help="Also who lives near the promised services now.")
    ] = False,
    lang: Lang = Language.lv,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell the goals of the DI plans and what is reached; exit 3 when one is not."""
    from socaccess.i18n import Texts
    from socaccess.planning.di_plan import check_goals
    from socaccess.sources.services import load_target_groups

    texts = Texts(lang.value)
    if near and region == "all":
        raise typer.BadParameter("name one region", param_hint="--near")
    result = open_region(region, "plan", settings, small_counts=False)[0] if near else None
    table = check_goals([] if region == "all" else [region], result=result)
    failed = table["status"] == "not_reached"
    groups = load_target_groups()
    names = dict(zip(groups["target_group"], groups[f"name_{lang.value}"], strict=True))
    if not as_json:
        header = [texts(f"plan.{k}") for k in ("group", "goal", "persons", "year", "share", "near",
                                               "status")]  # fmt: skip
        for name in dict.fromkeys(table["planning_region"]):
            rows = [
                (
                    names[row.target_group],
                    show_number(row.goal, texts),
                    show_number(row.persons, texts),
                    str(row.year) if row.year == row.year and row.year is not None else "–",
                    texts.share(row.share),
                    show_number(row.near_persons, texts, decimals=0),
                    texts(f"plan.status_{row.status}"),
                )
                for row in table[table["planning_region"] == name].itertuples()
            ]
            show_table(texts(f"region.{name}"), header, rows)
        _note(texts, "goals_note")
    answer = {"met": not bool(failed.any()), "goals": table}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"goals": table})
    raise typer.Exit(EXIT_NO if failed.any() else 0)


@app.command("catalogue")
def catalogue(
    file: Annotated[
        Path | None, typer.Argument(help="A region's own catalogue; the embedded one if none.")
    ] = None,
    groups: Annotated[Path | None, typer.Option("--groups", help="Table of own groups.")] = None,
    profiles: Annotated[Path | None, typer.Option("--profiles", help="Table of limits.")] = None,
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a catalogue and tell what each of its numbers rests on."""
    from socaccess.i18n import Texts
    from socaccess.planning.catalogue import Catalogue

    texts = Texts(lang.value)
    loaded = (
        Catalogue.read(file, target_groups=groups, profiles=profiles) if file else Catalogue.load()
    )
    norms = loaded.list_norms()
    if not as_json:
        header = [texts(f"plan.{k}") for k in ("service", "legal_class", "group", "limit", "basis")]
        rows = [
            (
                str(row[f"name_{lang.value}"]),
                str(row["legal_class"]),
                str(row["target_group"]),
                show_number(row["limit_min"], texts),
                texts(f"plan.basis_{row['limit_min_basis']}") if row["limit_min_basis"] else "–",
            )
            for row in loaded.services.to_dict("records")
        ]
        show_table(texts("plan.catalogue_title"), header, rows)
    answer = {"services": len(loaded.services), "profiles": loaded.list_profiles(), "norms": norms}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"norms": norms})


@app.command("need")
def need(
    file: Annotated[Path, typer.Argument(help="Needs by municipality: csv or xlsx.")],
    children: Annotated[
        bool, typer.Option("--children", help="Children with disability by age, not services.")
    ] = False,
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Check a table of needs, tell how it was understood, and spread it to settlements (--out)."""
    from socaccess.i18n import Texts
    from socaccess.planning._hide import hide_small
    from socaccess.planning.need import (
        read_children_by_age,
        read_needed_services,
        spread_to_settlements,
    )
    from socaccess.sources.settlements import load_settlements

    texts = Texts(lang.value)
    table = read_children_by_age(file) if children else read_needed_services(file)
    kind = "age_group" if children else "service"
    below = 0 if small_counts else 5
    latest = table.choose_latest()
    sums = latest.groupby(kind, as_index=False)["persons"].sum(min_count=1)
    spread = spread_to_settlements(latest, load_settlements(), vintage=table.vintage, kind=kind)
    shown = hide_small(spread, "persons", below=below, totals_by=[kind], decimals=4)
    sums = hide_small(sums, "persons", below=below)
    if not as_json:
        title = texts.count("plan.need_title", len(table.persons), vintage=table.vintage)
        rows = [(str(row[kind]), show_number(row["persons"], texts))
                for row in sums.to_dict("records")]  # fmt: skip
        show_table(title, [texts("plan.service"), texts("plan.persons")], rows)
        for finding in table.findings:
            make_console().print(f"- {finding}", highlight=False, soft_wrap=True)
        if table.ignored:
            _note(texts, "need_ignored", names=", ".join(table.ignored))
    answer = {
        "vintage": table.vintage,
        "columns": table.columns,
        "ignored": list(table.ignored),
        "findings": [str(finding) for finding in table.findings],
        "sums": sums,
    }
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"need": shown})


@app.command("forecast")
def forecast(
    region: Region,
    years: Annotated[str, typer.Option("--years", help="Such as 2026-2030.")],
    base_year: Annotated[int, typer.Option("--base-year", help="Year of the need.")] = 2020,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", help="Yearly change by variant: low=-0.02, middle=, high=."),
    ] = None,
    lang: Lang = Language.lv,
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell the clients of each service to come: low, middle, high; and the plan's goals beside."""
    from socaccess.i18n import Texts
    from socaccess.planning._hide import hide_small
    from socaccess.planning.forecast import VARIANTS, Assumptions, forecast_clients
    from socaccess.planning.take_up import ALL

    texts = Texts(lang.value)
    wanted = parse_years(years)
    given = parse_pairs(change or [], "--change")
    strangers = set(given) - set(VARIANTS)
    if strangers:
        raise typer.BadParameter(
            f"{', '.join(sorted(strangers))}: use low, middle, high", param_hint="--change"
        )
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    shares = {name: float(given.get(name, "0").replace(",", ".")) for name in VARIANTS}
    found = forecast_clients(
        result.study, wanted, Assumptions(base_year=base_year, change_per_year=shares)
    )
    region_sums = hide_small(found.sum_region(), "clients", ["clients_whole"], below=below)
    clients = hide_small(
        found.clients, "persons", below=below, totals_by=["target_group", "service", "year",
                                                          "variant"]
    )  # fmt: skip
    clients = hide_small(clients.assign(_c=found.clients["clients"]), "_c", ["clients_whole"],
                         below=below)  # fmt: skip
    clients["clients"] = clients.pop("_c")
    targets = result.study.targets
    indicators = found.tell_indicators(targets) if targets is not None else found.clients[:0]
    if not as_json:
        names = name_services(result, lang.value)
        table = region_sums.pivot_table(
            index=["target_group", "service"], columns=["year", "variant"], values="clients",
            aggfunc="first", sort=False,
        )  # fmt: skip
        header = [texts("plan.service")]
        header += [f"{year} {texts(f'plan.{v}')}" for year in wanted for v in VARIANTS]
        rows = [
            (
                names.get(key[1], f"{key[0]}: {texts('plan.any_service')}"),
                *(show_number(row[(year, v)], texts) for year in wanted for v in VARIANTS),
            )
            for key, row in table.iterrows()
        ]
        title = texts("plan.forecast_title", region=result.study.title[lang.value])
        show_table(title, header, rows)
        _note(texts, "forecast_take_up")
        _note(
            texts,
            "forecast_change",
            year=base_year,
            **{name: texts.share(shares[name], decimals=1) for name in VARIANTS},
        )
        if found.missing:
            missing = ", ".join(names.get(n, n.replace(ALL, texts("plan.any_service")))
                                for n in found.missing)  # fmt: skip
            _note(texts, "forecast_missing", names=missing)
        _note(texts, "need_is_estimate")
    answer = {
        "region": region_sums,
        "indicators": indicators,
        "assumptions": found.assumptions,
        "missing": list(found.missing),
    }
    tables = {"forecast": clients, "forecast_region": region_sums, "indicators": indicators,
              "assumptions": found.assumptions}  # fmt: skip
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


@app.command("model")
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
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell what a municipality has, lacks, and could do alone or with its neighbours."""
    from socaccess.i18n import Texts
    from socaccess.planning.municipality_model import ModelInputs, model_municipalities
    from socaccess.planning.telling import tell_model

    texts = Texts(lang.value)
    option = "--min-clients"
    pairs = parse_pairs(min_clients or [], option)
    least = {name: _number(value, option) for name, value in pairs.items()}
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
        f"model_{name}": tell_model(
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
    )


@app.command("cooperation")
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
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell who would be served where, and what a joint site is worth to each partner."""
    from socaccess.i18n import Texts
    from socaccess.planning._hide import hide_small
    from socaccess.planning.cooperation import find_flows
    from socaccess.planning.joint_site import SHARING, value_joint_site
    from socaccess.sources.boundaries import find_municipality

    texts = Texts(lang.value)
    result, below = open_region(region, view.value, settings, small_counts=small_counts)
    found = find_flows(result, service, use_places=places)
    name = name_services(result, lang.value)[found.service]
    parts = ["at_home", "bought", "unserved"]
    balance = hide_small(found.tell_balance(), "persons", parts, below=below)
    balance = hide_small(balance, "sold", below=below)
    hidden = balance[["bought", "sold"]].map(lambda cell: isinstance(cell, str)).any(axis=1)
    balance["balance"] = balance["balance"].astype(object).where(~hidden, None)
    flows = hide_small(found.flows, "persons", below=below)
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
        if found.unlimited:
            console = make_console()
            line = texts.count("plan.flows_unlimited", len(found.unlimited))
            console.print(f"- {line}", highlight=False, soft_wrap=True)
    if partner:
        vintage = 2009 if view is ViewName.plan else 2025
        ids = [find_municipality(word, vintage=vintage)[0] for word in partner]
        site, worth = value_joint_site(
            result, service, ids, settlement=settlement, yearly_cost=yearly_cost,
            capital_cost=capital_cost, years=years,
            by=by if by in SHARING else _number(by, "--by"),
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
    if not as_json:
        _note(texts, "need_is_estimate")
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


@app.command("objects")
def objects(
    region: Region,
    file: Annotated[
        Path | None, typer.Option("--objects", help="The plan's own objects: csv or xlsx.")
    ] = None,
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the objects of a plan with their status."""
    from socaccess.i18n import Texts
    from socaccess.planning.plan_objects import PlanObjects, list_objects
    from socaccess.study import Study

    texts = Texts(lang.value)
    study = Study.load(region, view="plan")
    found = PlanObjects.read(file) if file else list_objects(study)
    if not as_json:
        header = [texts(f"plan.{key}") for key in ("object", "service", "status")]
        rows = [(row.name, row.service, texts(f"plan.object_{row.status}"))
                for row in found.objects.itertuples(index=False)]  # fmt: skip
        show_table(texts("plan.objects_title", region=study.title[lang.value]), header, rows)
        if not file:
            _note(texts, "objects_note")
    finish({"objects": found.objects}, as_json=as_json, out=out, texts=texts,
           tables={"objects": found.objects})  # fmt: skip


@app.command("eraf")
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
    view: View = ViewName.plan,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Check an object before an ERAF application; exit 3 unless the answer is yes."""
    from socaccess.i18n import Texts
    from socaccess.planning._hide import hide_small
    from socaccess.planning.eraf import Application, check_application
    from socaccess.planning.plan_objects import PlanObjects
    from socaccess.planning.telling import tell_finding, tell_verdict

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
    page = tell_verdict(verdict, name_services(result, lang.value), lang.value, below=below)
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
                "reason": tell_finding(finding, texts, below=below),
            }
            for finding in verdict.findings
        ],
        "effect": effect,
        "payers": verdict.payers,
    }
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"eraf_effect": effect},
           pages={"eraf_annex": page})  # fmt: skip
    raise typer.Exit(0 if verdict.answer == "yes" else EXIT_NO)


@app.command("views")
def views(
    region: Region,
    service: Service = "dac_grt",
    lang: Lang = Language.lv,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    small_counts: SmallCounts = False,
    debug: Debug = False,
) -> None:
    """Tell the same people in the plan's municipalities and in today's."""
    from socaccess.i18n import Texts
    from socaccess.planning._hide import hide_small
    from socaccess.planning._reach import find_service
    from socaccess.planning.di_plan import tell_both_views

    texts = Texts(lang.value)
    result, below = open_region(region, "plan", settings, small_counts=small_counts)
    chosen = str(find_service(result.study, service)["service"])
    table = tell_both_views(result)
    table = table[table["service"] == chosen].reset_index(drop=True)
    shown = hide_small(table, "persons", ["covered"], below=below, totals_by=["view"])
    if not as_json:
        header = [texts(f"plan.{key}") for key in ("view", "municipality", "persons", "near")]
        rows = [
            (texts(f"plan.view_{row['view']}"), row["municipality"],
             show_number(row["persons"], texts), show_number(row["covered"], texts))
            for row in shown.to_dict("records")
        ]  # fmt: skip
        show_table(texts("plan.views_title"), header, rows)
    finish({"views": shown}, as_json=as_json, out=out, texts=texts, tables={"views": shown})


def _note(texts: Any, key: str, **values: object) -> None:
    make_console().print(f"- {texts(f'plan.{key}', **values)}", highlight=False, soft_wrap=True)


def _number(text: str, option: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number", param_hint=option) from None


app.command("budget")(money_commands.budget)
app.command("person-budget")(money_commands.person_budget)
app.command("mobile")(money_commands.mobile)
