"""What `socaccess site` answers where nothing is posed, what it writes, and what it verifies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from socaccess.cli.session import Session

__all__ = ["answer_by_default", "describe_answer", "is_suited", "list_sites", "show_nothing",
           "verify_file", "write_answer"]  # fmt: skip


def is_suited(study: Any, service: str) -> bool:
    """Return whether clients travel to a service and it has a limit."""
    row = study.service_types.set_index("service").loc[service]
    return row["traveller"] == "client" and row["limit_min"] == row["limit_min"]


def answer_by_default(
    session: Session, study: Any, service: str, *, small_counts: bool, seconds: float, why: bool
) -> None:
    """Show, and write, what `run` suggests for one service."""
    from socaccess.study.proposals import (
        compose_build,
        explain_basis,
        explain_left_out,
        list_proposals,
    )
    from socaccess.study.release import run_released
    from socaccess.study.run import choose_site_services

    # With all others, as `run` does: services that share a house move together.
    services = tuple(dict.fromkeys([*choose_site_services(study), service]))
    settings = replace(study.settings, site_services=services, solver_seconds=seconds)
    released = run_released(replace(study, settings=settings), allow_small_counts=small_counts)
    whole, texts = released.result, session.texts
    result = replace(whole, sites=whole.sites[whole.sites["service"] == service])
    plan = _make_plan(result, service)
    table = list_sites(result, show_all=small_counts)
    proposals = list_proposals(released, [service])
    left_out = explain_left_out(released, texts, [service])
    if session.as_json:
        shown = describe_answer(service, plan, table, session.lang) if plan else {"sites": []}
        replace(session, out=None).finish({**shown, "service": service, "left_out": left_out})
    else:
        if proposals:
            session.show(compose_build(released, texts, proposals))
            for line in explain_basis(released, texts):
                session.print(line)
        for line in left_out:
            session.print(f"- {line}")
        for row in proposals if why else ():
            if row.unneeded_limit_min is not None:
                session.say("cli.why_unneeded", place=row.name,
                            n=texts.number(row.unneeded_limit_min))  # fmt: skip
        _show_choice(session, result, service)
    if session.out and plan is not None:
        # The map is that of a run: it shows what all services are suggested.
        for path in write_answer(
            service, released, result.sites, plan, table, None, session.out, session.lang
        ):
            session.wrote(path)


def _show_choice(session: Session, result: Any, service: str) -> None:
    """Say what was optimised and within what tolerance."""
    rows = result.plans[result.plans["service"] == service].set_index("objective")
    if "cover_then_travel" not in rows.index:
        return
    texts = session.texts
    cover, choice = rows.loc["mclp"], rows.loc["cover_then_travel"]
    session.say(
        "cli.chosen_within",
        value=texts.number(cover["value"]),
        bound=texts.number(cover["bound"]),
        tolerance=texts.share(choice["tolerance"], decimals=1),
        travel=texts.number(choice["value"]),
        least=texts.number(choice["bound"]),
    )


def show_nothing(session: Session, plan: Any) -> None:
    """Say why no site of a posed question brings anybody within the limit."""
    from socaccess.study.sites import explain_nothing

    session.say(f"cli.no_site_{explain_nothing(plan)}")


def verify_file(session: Session, path: Path) -> bool:
    """Show every figure of a written plan that differs; return whether none does."""
    from socaccess.content import Column, Phrase, Table
    from socaccess.verification import verify_plan

    found = verify_plan(path)
    checks, texts = found.checks, session.texts
    if session.as_json:
        rows = json.loads(checks.to_json(orient="records", double_precision=9))
        session.finish({"same": found.is_same, "checks": rows})
        return found.is_same
    differs = checks[checks["result"] == "differs"]
    if len(differs):
        kinds = {"cli.verified_what": "text", "cli.place": "text", "cli.verified_stated": "number",
                 "cli.verified_found": "number"}  # fmt: skip
        columns = tuple(Column(Phrase(name), kind, decimals=2) for name, kind in kinds.items())
        rows = [
            (texts(f"cli.check_{row.what.replace('.', '_')}"), row.site_id or "",
             *(None if one != one else one for one in (row.stated, row.found)))
            for row in differs.itertuples()
        ]  # fmt: skip
        session.show(Table(columns, rows))
    counts = {name: int((checks["result"] == name).sum()) for name in ("same", "differs", "open")}
    session.say("cli.verified_plan", **counts)
    return found.is_same


def list_sites(answer: Any, *, show_all: bool) -> Any:
    """Return the sites with names, small counts of persons hidden."""
    import pandas as pd

    from socaccess.privacy import hide_small

    columns = ["rank", "kind", "settlement_id", "name", "municipality", "part", "gain_persons",
               "saved_person_min", "persons", "lost_persons", "municipalities", "places",
               "cost_eur", "gain_per_place", "gain_per_eur", "runner_up",
               "runner_up_loss", "gain_persons_low", "gain_persons_high", "gain_without_planned",
               "saved_min", "min_clients", "places_low", "places_high", "cost_low_eur",
               "cost_high_eur", "planned_there", "registered_there", "unregistered_there",
               "nearest", "nearest_min", "unneeded_limit_min", "equals", "house"]  # fmt: skip
    table = pd.DataFrame(answer.sites.drop(columns="geometry"))
    table = table[[name for name in columns if name in table]].copy()
    below = 0 if show_all else answer.study.settings.suppress_below
    ids = answer.study.municipalities.set_index("municipality_id")["name"]
    if "municipalities" in table:
        served = table["municipalities"].fillna("").str.split(", ")
        table["municipalities"] = [
            ", ".join(str(ids.get(one, one)) for one in some if one) for some in served
        ]
    for name in ("gain_per_place", "gain_per_eur"):
        if name in table:
            # A hidden gain must not come back as a quotient.
            table[name] = table[name].where(
                (table["gain_persons"] <= 0) | (table["gain_persons"] >= below)
            )
    gains = [f"gain_{end}" for end in ("persons_low", "persons_high", "without_planned")]
    for name in ("gain_persons", "persons", "lost_persons", *gains):
        if name in table and len(table):
            table = hide_small(table, name, below=below)
    names = answer.study.settlements.set_index("settlement_id")["name"]
    if "runner_up" in table:
        table["runner_up"] = table["runner_up"].map(names).astype(object)
    return table


def describe_answer(service: str, plan: Any, table: Any, lang: str) -> dict[str, Any]:
    certificate = {
        "status": plan.status,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "limit_hit": plan.limit_hit,
    }
    plain = {key: None if value != value else value for key, value in certificate.items()}
    return {
        "service": service,
        "sites": json.loads(table.to_json(orient="records", double_precision=6)),
        "certificate": plain,
        "notes": [note.text(lang) for note in plan.notes],
        "conflict": list(plan.conflict),
        "relaxations": [line.text(lang) for line in plan.relaxations],
    }


def write_answer(
    service: str,
    released: Any,
    sites: Any,
    plan: Any,
    table: Any,
    curve: Any,
    folder: Path,
    lang: str,
) -> list[Path]:
    """Write the sites (CSV, GeoPackage), the answer and the map; each whole or not at all."""
    import geopandas as gpd

    from socaccess.encoding import encode_csv, write_layer
    from socaccess.files import write_together
    from socaccess.maps import save_map
    from socaccess.siting import write_plan

    names = ["sites.csv", "sites.gpkg", "plan.json", "map.html"]
    names += [] if curve is None else ["curve.csv"]

    text = table.astype(object).where(table.notna(), None)
    layer = gpd.GeoDataFrame(text, geometry=sites.geometry, crs=sites.crs)
    shown = describe_answer(service, plan, table, lang)
    with write_together(folder) as aside:
        (aside / names[0]).write_bytes(encode_csv(table))
        if curve is not None:
            (aside / "curve.csv").write_bytes(encode_csv(curve))
        write_layer(layer, aside / names[1], layer="sites")
        write_plan(plan, aside / names[2], **shown)
        save_map(released, aside / names[3], lang=lang)
    return [folder / name for name in names]


def _make_plan(result: Any, service: str) -> Any:
    """Return the suggested sites of a service as a plan, its bound the best coverage there is.

    None where no question was posed: nobody needs it, or its providers are only guessed at.
    """
    from socaccess.siting import suggest_sites

    problem = result.problems.get(service)
    if problem is None:
        return None
    sites = result.sites
    chosen = sites[(sites["service"] == service) & (sites["kind"] == "new")]["settlement_id"]
    asked = replace(problem, sites=len(chosen))
    plan = suggest_sites(replace(asked, required=tuple(chosen)), explain=False)
    rows = result.plans.set_index(["service", "objective"])
    bound = max(float(rows.loc[(service, "mclp"), "bound"]), plan.objective)
    gap = bound / plan.objective - 1.0 if plan.objective else 0.0
    status = "optimal" if gap <= 1e-6 else "feasible"
    return replace(plan, status=status, bound=bound, gap=gap, problem=asked, notes=())
