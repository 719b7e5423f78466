"""`socaccess site`: where the next facilities of one service should go."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._site_answers import (
    answer_by_default,
    describe_answer,
    is_suited,
    list_sites,
    show_nothing,
    verify_file,
    write_answer,
)
from socaccess.cli.command import EXIT_NO, Region, SmallCounts, StudyOptions
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse

__all__ = ["site"]

# Options of a problem file that name settlements.
_PLACES = ("candidates", "required", "forbidden", "preferred")
# Whoever gives any of these poses a question of their own.
_POSING = frozenset(["sites", "objective", "budget", "opening_cost", "min_clients", "floor",
                     "cooperation", "phases", "problem"])  # fmt: skip


def site(
    session: Session,
    asked: StudyOptions,
    region: Region,
    plan_file: Annotated[Path | None, typer.Argument()] = None,
    service: Annotated[str | None, typer.Option("--service")] = None,
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
    if region == "verify" and plan_file is not None:
        raise typer.Exit(0 if verify_file(session, plan_file) else EXIT_NO)
    if plan_file is not None:
        raise Misuse("cli.one_word_more", word=str(plan_file))
    if service is None:
        raise Misuse("cli.missing", "--service")
    from socaccess.siting import suggest_sites
    from socaccess.study.posing import find_settlements
    from socaccess.study.release import run_released

    service = service.strip().lower().replace("-", "_")
    study = asked.open(region)
    _require_service(study, service)
    if not asked.given & _POSING and is_suited(study, service):
        answer_by_default(session, study, service, small_counts=small_counts, seconds=seconds,
                          why=why)  # fmt: skip
        raise typer.Exit(0)
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
    result = run_released(study, sites=False, allow_small_counts=small_counts).result
    plan = suggest_sites(result.pose_siting(service, **options), time_limit_s=seconds)
    released = run_released(
        study, answer=(service, plan), reach=result.reach, allow_small_counts=small_counts
    )
    answer = released.result
    table = list_sites(answer, show_all=small_counts)
    curve = _name_curve(plan, study)
    if session.as_json:
        replace(session, out=None).finish(describe_answer(service, plan, table, session.lang))
    else:
        # Within a tolerance of the best coverage, travel is what was minimised.
        travel = options.get("tolerance") is not None
        _show(session, table, plan, "p_median" if travel else options["objective"], why)
        if curve is not None:
            session.show(_make_curve(curve))
    if session.out:
        for path in write_answer(
            service, released, answer.sites, plan, table, curve, session.out, session.lang
        ):
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


def _show(session: Session, table: Any, plan: Any, objective: str, why: bool) -> None:
    texts = session.texts

    # Theil's index is small.
    decimals = 4 if objective.startswith("theil") else 1

    def worth(value: float) -> str:
        return texts(f"cli.worth_{objective}", n=texts.number(value, decimals=decimals))

    has_plan = plan.status in ("optimal", "feasible")
    if len(table):
        session.show(_make_table(table))
    elif has_plan:
        show_nothing(session, plan)
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
        bound = texts.number(plan.bound, decimals=decimals)
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
