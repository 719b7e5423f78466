"""`socaccess plan`: goals, catalogue, needs, forecasts; models and money stand beside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from socaccess.cli import _plan_models as model_commands
from socaccess.cli import _plan_money as money_commands
from socaccess.cli import _plan_objects as object_commands
from socaccess.cli import _plan_places as place_commands
from socaccess.cli._plan_input import (
    EXIT_NO,
    Region,
    Service,
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

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="What a plan needs: goals, models of municipalities, cooperation, forecasts, money.",
)


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
        show_note(texts, "goals_note")
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
            show_note(texts, "need_ignored", names=", ".join(table.ignored))
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
        show_note(texts, "forecast_take_up")
        show_note(
            texts,
            "forecast_change",
            year=base_year,
            **{name: texts.share(shares[name], decimals=1) for name in VARIANTS},
        )
        if found.missing:
            missing = ", ".join(names.get(n, n.replace(ALL, texts("plan.any_service")))
                                for n in found.missing)  # fmt: skip
            show_note(texts, "forecast_missing", names=missing)
        show_note(texts, "need_is_estimate")
    answer = {
        "region": region_sums,
        "indicators": indicators,
        "assumptions": found.assumptions,
        "missing": list(found.missing),
    }
    tables = {"forecast": clients, "forecast_region": region_sums, "indicators": indicators,
              "assumptions": found.assumptions}  # fmt: skip
    finish(answer, as_json=as_json, out=out, texts=texts, tables=tables)


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


app.command("model")(model_commands.model)
app.command("cooperation")(model_commands.cooperation)
app.command("objects")(object_commands.objects)
app.command("movers")(object_commands.movers)
app.command("buildings")(object_commands.buildings)
app.command("general-services")(place_commands.general_services)
app.command("eraf")(model_commands.eraf)
app.command("budget")(money_commands.budget)
app.command("person-budget")(money_commands.person_budget)
app.command("mobile")(money_commands.mobile)
