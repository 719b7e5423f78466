"""`socaccess site`: where the next facilities of one service should go."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, Region, Session, SmallCounts, StudyOptions

__all__ = ["site"]

# Options of a problem file that name settlements.
_PLACES = ("candidates", "required", "forbidden", "preferred")


def site(
    session: Session,
    asked: StudyOptions,
    region: Region,
    service: Annotated[str, typer.Option("--service")],
    sites: Annotated[int | None, typer.Option("--sites", min=1)] = None,
    objective: Annotated[str, typer.Option("--objective")] = "mclp",
    budget: Annotated[float | None, typer.Option("--budget")] = None,
    opening_cost: Annotated[float | None, typer.Option("--opening-cost")] = None,
    min_clients: Annotated[float | None, typer.Option("--min-clients")] = None,
    floor: Annotated[float | None, typer.Option("--floor")] = None,
    cooperation: Annotated[str, typer.Option("--cooperation")] = "everyone",
    phases: Annotated[str | None, typer.Option("--phases")] = None,
    problem: Annotated[Path | None, typer.Option("--problem")] = None,
    seconds: Annotated[float, typer.Option("--seconds")] = 60.0,
    small_counts: SmallCounts = False,
    why: Annotated[bool, typer.Option("--why")] = False,
) -> None:
    """Suggest sites for one service, with a certificate; exit 3 when no plan exists."""
    from socaccess.siting import suggest_sites
    from socaccess.study.posing import find_settlements
    from socaccess.study.release import release

    service = service.strip().lower().replace("-", "_")
    study = asked.open(region)
    _require_service(study, service)
    options = _read_problem(problem) if problem else {}
    given = {
        "objective": objective.replace("-", "_"),
        "sites": sites,
        "budget": budget,
        "opening_cost": opening_cost,
        "min_clients": min_clients,
        "floor_share": floor,
        "cooperation": None if cooperation == "everyone" else cooperation,
        "phases": _read_phases(phases) if phases else None,
    }
    if "objective" in options and "objective" not in asked.given:
        del given["objective"]
    options = {**options, **{name: value for name, value in given.items() if value is not None}}
    decides = options.get("budget") or options.get("phases") or options["objective"] == "lscp"
    options.setdefault("sites", None if decides else 3)
    for name in _PLACES:
        if name in options:
            words = options[name]
            words = [words] if isinstance(words, str) else list(words)
            options[name] = find_settlements(study, words)
    # Asked of what may leave: no answer then depends on a hidden count.
    result = release(study.run(sites=False), allow_small_counts=small_counts).result
    plan = suggest_sites(result.pose_siting(service, **options), time_limit_s=seconds)
    answer = release(study.run(answer=(service, plan)), allow_small_counts=small_counts).result
    table = _list_sites(answer, show_all=small_counts)
    curve = _name_curve(plan, study)
    if session.as_json:
        replace(session, out=None).finish(_describe_answer(service, plan, table, session.lang))
    else:
        # Within a tolerance of the best coverage, travel is what was minimised.
        travel = options.get("tolerance") is not None
        _show(session, table, plan, "p_median" if travel else options["objective"], why)
        if curve is not None:
            session.show(_make_curve(curve))
    if session.out:
        for path in _write(answer, plan, table, curve, session.out, session.lang, small_counts):
            session.wrote(path)
    raise typer.Exit(0 if plan.status in ("optimal", "feasible") else EXIT_NO)


def _require_service(study: Any, service: str) -> None:
    from socaccess.errors import UnknownNameError
    from socaccess.schemas import suggest_names

    known = list(study.service_types["service"])
    if service not in known:
        near = suggest_names(service, known) or known
        raise UnknownNameError("cli.no_service", name=service, near=near)


def _read_problem(path: Path) -> dict[str, Any]:
    """Return the options a TOML file holds, with its phases in the form of the problem."""
    from dataclasses import fields

    from socaccess.errors import InputError, Problem
    from socaccess.siting import Phase, SitingProblem

    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("cli.unreadable_problem", where=path.name) from None
    data = {"travel_min", "persons", "client_ids", "site_ids", "existing", "client_municipality",
            "site_municipality", "services", "scenarios", "group_weights",
            "between_min"}  # fmt: skip
    known = {item.name for item in fields(SitingProblem)} - data
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InputError(
            [Problem("cli.unknown_in_problem", path.name, unknown, known=sorted(known))]
        )
    if "phases" in given:
        try:
            given["phases"] = tuple(Phase(**phase) for phase in given["phases"])
        except TypeError:
            raise InputError("cli.unreadable_problem", where=path.name) from None
    return given


def _read_phases(text: str) -> tuple[Any, ...]:
    from socaccess.errors import InputError
    from socaccess.siting import Phase

    try:
        pairs = [part.split(":") for part in text.split(",")]
        return tuple(Phase(year=int(year), sites=int(count)) for year, count in pairs)
    except ValueError:
        raise InputError("cli.bad_phases", where="--phases", given=text) from None


def _list_sites(answer: Any, *, show_all: bool) -> Any:
    """Return the sites with names, small counts of persons hidden."""
    import pandas as pd

    from socaccess.privacy import hide_small

    columns = ["rank", "settlement_id", "name", "municipality", "part", "gain_persons",
               "saved_person_min", "persons", "lost_persons", "municipalities", "places",
               "cost_eur", "gain_per_place", "gain_per_eur", "runner_up",
               "runner_up_loss"]  # fmt: skip
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
    for name in ("gain_persons", "persons", "lost_persons"):
        if name in table and len(table):
            table = hide_small(table, name, below=below)
    names = answer.study.settlements.set_index("settlement_id")["name"]
    if "runner_up" in table:
        table["runner_up"] = table["runner_up"].map(names).astype(object)
    return table


def _describe_answer(service: str, plan: Any, table: Any, lang: str) -> dict[str, Any]:
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


def _write(
    answer: Any, plan: Any, table: Any, curve: Any, folder: Path, lang: str, small_counts: bool
) -> list[Path]:
    """Write the sites (CSV, GeoPackage), the answer and the map; each whole or not at all."""
    import geopandas as gpd

    from socaccess.encoding import encode_csv, encode_json, write_layer
    from socaccess.files import write_together
    from socaccess.maps import save_map

    service = str(answer.plans["service"].iloc[0])
    names = ["sites.csv", "sites.gpkg", "plan.json", "map.html"]
    names += [] if curve is None else ["curve.csv"]

    text = table.astype(object).where(table.notna(), None)
    layer = gpd.GeoDataFrame(text, geometry=answer.sites.geometry, crs=answer.sites.crs)
    text_of_answer = encode_json(_describe_answer(service, plan, table, lang), indent=1)
    with write_together(folder) as aside:
        (aside / names[0]).write_bytes(encode_csv(table))
        if curve is not None:
            (aside / "curve.csv").write_bytes(encode_csv(curve))
        write_layer(layer, aside / names[1], layer="sites")
        (aside / names[2]).write_text(text_of_answer + "\n", encoding="utf-8")
        save_map(answer, aside / names[3], lang=lang, allow_small_counts=small_counts)
    return [folder / name for name in names]


def _show(session: Session, table: Any, plan: Any, objective: str, why: bool) -> None:
    texts = session.texts

    def worth(value: float) -> str:
        return texts(f"cli.worth_{objective}", n=texts.number(value, decimals=1))

    has_plan = plan.status in ("optimal", "feasible")
    if len(table):
        session.show(_make_table(table))
    elif has_plan:
        session.say("cli.no_site")
    for row in table.itertuples() if why else ():
        session.say(
            "cli.why",
            place=row.name,
            municipalities=getattr(row, "municipalities", "") or "–",
            lost=_show_count(row.lost_persons, texts),
        )
        if row.runner_up == row.runner_up and row.runner_up is not None:
            loss = worth(row.runner_up_loss)
            session.say("cli.why_runner_up", runner_up=row.runner_up, loss=loss)
        if row.gain_per_eur == row.gain_per_eur and row.gain_per_eur is not None:
            many = texts.number(100_000 * row.gain_per_eur, decimals=1)
            session.say("cli.why_money", cost=texts.number(row.cost_eur), gain=many)
    words = {
        "objective": texts(f"cli.objective_{objective}"),
        "status": texts(f"cli.status_{plan.status}"),
    }
    if has_plan:
        bound = texts.number(plan.bound, decimals=1)
        words |= {"value": worth(plan.objective), "bound": bound}
        session.say("cli.certificate", gap=texts.share(plan.gap, decimals=2), **words)
        if plan.limit_hit:
            session.say("cli.limit_hit")
    else:
        session.say("cli.no_plan", **words)
    if plan.conflict:
        from socaccess.messages import Message
        from socaccess.siting.options import CONDITIONS

        names = (Message(CONDITIONS[name]).text(texts.lang) for name in plan.conflict)
        session.say("cli.conflict", names=", ".join(names))
    if plan.relaxations:
        session.say("cli.relaxations")
    for line in (*plan.relaxations, *plan.notes):
        session.print(f"- {line.text(session.lang)}")


def _name_curve(plan: Any, study: Any) -> Any:
    """Return the curve of a trade-off with the names of its sites, None without one."""
    if plan.curve is None:
        return None
    names = study.settlements.set_index("settlement_id")["name"].to_dict()
    sites = [
        ", ".join(str(names.get(one, one)) for one in some.split(", ") if one)
        for some in plan.curve["sites"]
    ]
    return plan.curve.assign(sites=sites)


def _make_curve(curve: Any) -> Any:
    """Return the curve as a table of content, from the fairest plan to the most efficient."""
    from socaccess.content import Column, Phrase, Table

    rows = [(row.worst_min, row.person_min, row.sites) for row in curve.itertuples()]
    columns = (
        Column(Phrase("cli.curve_worst"), "number", decimals=0),
        Column(Phrase("cli.curve_minutes"), "number", decimals=0),
        Column(Phrase("cli.curve_sites"), "text"),
    )
    return Table(columns, rows)


def _make_table(table: Any) -> Any:
    """Return the sites as a table of content."""
    from socaccess.content import Column, Phrase, Table

    has_part = "part" in table and table["part"].notna().any()
    kinds = {"cli.rank": "number", "cli.place": "text", "cli.municipality": "text",
             **({"cli.opens": "text"} if has_part else {}), "cli.gain_persons": "number",
             "cli.saved_min": "number"}  # fmt: skip
    rows = [
        (
            row.rank,
            row.name,
            row.municipality,
            *([str(row.part)] if has_part else []),
            row.gain_persons,
            row.saved_person_min,
        )
        for row in table.itertuples()
    ]
    columns = tuple(
        Column(Phrase(name), kind, decimals=1 if name == "cli.gain_persons" else 0)
        for name, kind in kinds.items()
    )
    return Table(columns, rows)


def _show_count(count: Any, texts: Any) -> str:
    return count if isinstance(count, str) else texts.number(count, decimals=1)
