"""`socaccess access` and `socaccess closing`: places, choice and fairness; what if one closes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import Region, SmallCounts, StudyOptions
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse
from socaccess.cli.values import parse_code, parse_numbers

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.study import Study

__all__ = ["access", "closing"]

TOP = 10
"""Facilities shown of a ranking."""

_WORDS = {"note": "access.mark.", "degree": "access.degree.", "scenario": "access.scenario.",
          "weighted_by": "access.weighted."}  # fmt: skip
_COSTS = {"fixed": "fixed_eur", "variable": "variable_eur", "visits": "visits", "km": "eur_km",
          "hour": "eur_hour", "trip": "persons_per_trip"}  # fmt: skip


class Measure(StrEnum):
    """What is measured; the words are those of `sa.planning`."""

    two_step = "2sfca"
    enhanced = "e2sfca"
    modified = "m2sfca"
    three_step = "3sfca"
    balanced = "bfca"
    availability = "spatial_availability"
    potential = "potential"
    opportunities = "opportunities"
    choice = "choice"
    huff = "huff"
    fairness = "fairness"
    delivery_cost = "delivery_cost"
    urbanisation = "urbanisation"
    comparison = "comparison"


class Unknown(StrEnum):
    """What stands for places that nobody states."""

    leave_out = "leave_out"
    median = "median"


class State(StrEnum):
    """Facilities that operate, with those planned, or with those suggested."""

    now = "now"
    planned = "planned"
    suggested = "suggested"


class Groups(StrEnum):
    """What persons are grouped by for the parts of an inequality."""

    municipality = "municipality"
    urbanisation = "urbanisation"


class Unit(StrEnum):
    """What closes at once."""

    facility = "facility"
    provider = "provider"


def access(
    session: Session,
    asked: StudyOptions,
    region: Region,
    measure: Annotated[Measure, typer.Option("--measure")] = Measure.two_step,
    service: Annotated[str | None, typer.Option("--service")] = None,
    decay: Annotated[str | None, typer.Option("--decay")] = None,
    unknown: Annotated[Unknown, typer.Option("--unknown")] = Unknown.leave_out,
    scenario: Annotated[State, typer.Option("--scenario")] = State.now,
    compare: Annotated[str | None, typer.Option("--compare")] = None,
    cost: Annotated[list[str] | None, typer.Option("--cost")] = None,
    groups: Annotated[Groups, typer.Option("--groups")] = Groups.municipality,
    ranking: Annotated[Path | None, typer.Option("--ranking")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Measure access to a service: places for those who reach them, choice, fairness, cost."""
    from socaccess import planning
    from socaccess.access import read_decay
    from socaccess.study.release import run_released

    study = asked.open(region)
    chosen = None if service is None else parse_code(service)
    weights = None if decay is None else read_decay(decay)
    shown: dict[str, Any] = {"allow_small_counts": small_counts}
    if measure is Measure.urbanisation:
        table = planning.urbanisation(study)
        _finish(session, study, measure, {"municipalities": table})
    elif measure is Measure.comparison:
        _compare(session, asked, study, compare, scenario, shown)
    elif measure is Measure.delivery_cost:
        model, price = _read_costs(cost)
        if chosen is None:
            raise Misuse("cli.needs_service", "--service")
        table = planning.delivery_cost(study, chosen, model, price_eur=price, **shown)
        _finish(session, study, measure, {"municipalities": table})
    elif measure is Measure.fairness:
        suggested = compare != "planned"
        released = run_released(study, sites=suggested, **shown)
        found = planning.fairness(
            released, chosen, scenario="suggested" if suggested else "planned",
            unknown=unknown.value, by=groups.value, ranking=ranking, **shown,
        )  # fmt: skip
        tables = {"services": found.indices, "changes": found.changes, "groups": found.groups}
        _finish(session, study, measure, {**tables, "curves": found.curves})
    else:
        subject = run_released(study, **shown) if scenario is State.suggested else study
        answer = planning.access(
            subject, chosen, measure=measure.value, decay=weights, unknown=unknown.value,
            scenario=scenario.value, limit_min=asked.limits.get(""), **shown,
        )  # fmt: skip
        parts = ("services", "municipalities", "settlements", "facilities")
        tables = {name: getattr(answer, name) for name in parts}
        _finish(session, study, measure, tables, chosen)


def _finish(
    session: Session, study: Study, measure: Measure, tables: dict[str, pd.DataFrame],
    service: str | None = None,
) -> None:  # fmt: skip
    texts, names = session.texts, study.name_services(session.lang)
    first = "services" if "services" in tables and service is None else "municipalities"
    table = tables[first]
    known = texts.family("access.column.")
    columns: dict[str, Any] = {}
    for name in table.columns:
        if name == "service" and service is not None:
            continue
        if name in known:
            columns[f"access.column.{name}"] = _source(session, name, names)
    title = texts(f"access.measure.{measure.value}")
    if service is not None:
        title = f"{names[service]}. {title}"
    session.frame(title, table, columns)
    used = sorted({str(one) for one in table.get("note", []) if isinstance(one, str)})
    for code in used:
        session.note(f"access.note.{code}")
    answer = {"measure": measure.value, **tables}
    session.finish(answer, {f"access_{name}": one for name, one in tables.items()})


def _source(session: Session, name: str, names: dict[str, str]) -> Any:
    """Return what stands in a column: services and marks in words, shares as per cents."""
    texts = session.texts
    if name == "service":
        return lambda row: names.get(row["service"], row["service"])
    if name in _WORDS:
        words = texts.family(_WORDS[name])
        return lambda row: words.get(row[name], "")
    if name.endswith("_share"):
        return lambda row: texts.share(row[name]) if row[name] == row[name] else "–"
    if name.startswith(("gini", "theil", "palma", "concentration", "progress", "reranking")):
        return lambda row: texts.number(row[name], decimals=3) if row[name] == row[name] else "–"
    return name


def _read_costs(cost: list[str] | None) -> tuple[Any, float | None]:
    """Return the model of costs, and the price a head where one is given."""
    from socaccess.access import DeliveryModel

    given = parse_numbers(cost, "--cost")
    price = given.pop("price", None)
    unknown = [name for name in given if name not in _COSTS]
    missing = [name for name in ("fixed", "variable", "visits") if name not in given]
    if unknown or missing:
        raise Misuse("cli.bad_cost", "--cost", known=[*_COSTS, "price"])
    model = DeliveryModel(**{_COSTS[name]: value for name, value in given.items()})
    return model, price


def _compare(
    session: Session, asked: StudyOptions, study: Study, other: str | None, scenario: State,
    shown: dict[str, Any],
) -> None:  # fmt: skip
    """Compare two scenarios, or the study with another (a region or a project file)."""
    from socaccess import planning
    from socaccess.encoding import write_layer
    from socaccess.files import write_together
    from socaccess.study.release import run_released

    if other is None:
        raise Misuse("cli.needs_compare", "--compare")
    if other in State.__members__:
        released = run_released(study, sites="suggested" in (other, scenario.value), **shown)
        pair: tuple[Any, Any] = (released, released)
        states = (scenario.value, other)
    else:
        # Given is the newer one: the change is since the other.
        pair, states = (asked.open(other), study), (scenario.value, scenario.value)
    options: dict[str, Any] = {"scenario": states[0], "scenario_after": states[1], **shown}
    layers = {by: planning.comparison(*pair, by=by, **options)
              for by in ("municipality", "settlement")}  # fmt: skip
    tables = {
        name: table.rename(columns={"name": "municipality" if by == "municipality" else by}).drop(
            columns="geometry")
        for (by, table), name in zip(layers.items(), ("municipalities", "settlements"), strict=True)
    }  # fmt: skip
    changed = tables["municipalities"]
    moved = (changed["covered_share_change"].abs() > 1e-9) | (changed["in_both"] != "both")
    _finish(session, study, Measure.comparison, {**tables, "municipalities": changed[moved]})
    if session.out:
        with write_together(session.out) as aside:
            for by, layer in layers.items():
                write_layer(layer, aside / "comparison.gpkg", layer=by)
        session.wrote(session.out / "comparison.gpkg")


def closing(
    session: Session,
    asked: StudyOptions,
    region: Region,
    facility: Annotated[list[str] | None, typer.Option("--facility")] = None,
    provider: Annotated[str | None, typer.Option("--provider")] = None,
    by: Annotated[Unit, typer.Option("--by")] = Unit.facility,
    service: Annotated[str | None, typer.Option("--service")] = None,
    road: Annotated[list[str] | None, typer.Option("--road")] = None,
    small_counts: SmallCounts = False,
) -> None:
    """Show who falls out of reach if a facility, a provider or a road closes, and who replaces it.

    Without any named, each facility of the region is closed in turn.
    """
    from socaccess import planning

    study = asked.open(region)
    chosen = None if service is None else parse_code(service)
    texts, names = session.texts, study.name_services(session.lang)
    if road:
        table = planning.road_closing(study, road, service=chosen, allow_small_counts=small_counts)
        hit = table[(table["extra_min"] > 0) | (table["unreachable_share"] > 0)]
        columns = {f"access.column.{name}": _source(session, name, names) for name in table
                   if name != "municipality_id"}  # fmt: skip
        session.frame(texts("access.road_title"), hit, columns)
        session.finish({"road": road, "changes": table}, {"road_closing": table})
        return
    found = planning.closing(
        study, service=chosen, facilities=facility or [], provider=provider, by=by.value,
        allow_small_counts=small_counts,
    )  # fmt: skip
    shown = ("rank", "service", "name", "municipality", "persons", "falls_out", "extra_min", "to",
             "without_place")  # fmt: skip
    columns = {f"access.column.{name}": _source(session, name, names) for name in shown
               if name != "service" or chosen is None}  # fmt: skip
    title = texts("access.closing_title")
    session.frame(
        f"{title}: {names[chosen]}" if chosen else title, found.ranking.head(TOP), columns
    )
    session.note("access.closing_note")
    if len(found.ranking) > TOP:
        session.note("access.closing_more", len(found.ranking) - TOP)
    tables = {name: getattr(found, name) for name in ("ranking", "flows", "settlements")}
    session.finish(tables, {f"closing_{name}": table for name, table in tables.items()})
