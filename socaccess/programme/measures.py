"""Measures of a programme: who does what, where, when, for how much, known by which figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from socaccess.programme.known_counts import choose_rates
from socaccess.programme.models import ModelInputs, model_municipalities
from socaccess.schemas import Column, TableForm
from socaccess.sources.capital_costs import observe_capital_costs
from socaccess.study import StudyResult

__all__ = ["ACTIONS", "MEASURES", "price_measures", "propose_measures", "quote_place"]

ACTIONS = ("finish", "create", "confirm", "count")
"""What a measure does: finish a planned object, create or buy a service where people are beyond
its limit, confirm an object nobody has registered, find out about a service nobody counts."""

MEASURES = TableForm(
    "measures",
    (
        Column("measure_id", required=True, unique=True),
        Column("action", required=True, allowed=ACTIONS),
        Column("title"),
        Column("target_group"),
        Column("service"),
        Column("municipality_id"),
        Column("object_id"),
        Column("responsible"),
        Column("co_responsible"),
        Column("year_from", "integer", minimum=1990),
        Column("year_to", "integer", minimum=1990),
        Column("places", "number", minimum=0),
        Column("amount", "number", minimum=0),
        Column("payer"),
        Column("indicator"),
        Column("source"),
    ),
    may_be_empty=True,
)

_LEAST = 5.0
"""Persons beyond the limit at which a measure is proposed: fewer are nobody's figure to print."""


def propose_measures(
    result: StudyResult,
    objects: pd.DataFrame,
    years: Sequence[int],
    min_clients: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the measures that what is known asks for, of the form `MEASURES`.

    Parameters
    ----------
    result
        A study's result.
    objects
        The plan's objects, of the form `OBJECTS`.
    years
        Years of the programme: measures run over the first half of them.
    min_clients
        By service, the fewest clients at which a facility is viable.

    Returns
    -------
    pandas.DataFrame
        A planned object is to be finished; a service beyond whose limit at least five
        persons of a municipality live is to be created, bought or brought there; a service
        nobody counts is to be counted. Who is responsible is proposed by whom it is for: where
        the clients of one municipality are too few for a facility, those that would be enough
        together (`MunicipalityModel`) have one measure, and `co_responsible` names the others.
    """
    first, last = min(years), max(years)
    middle = (first + last) // 2
    names = dict(zip(result.study.municipalities["municipality_id"],
                     result.study.municipalities["name"], strict=True))  # fmt: skip
    types = result.service_types.set_index("service")
    rows: list[dict[str, object]] = []

    def add(action: str, service: str, municipality: str | None, **values: object) -> None:
        rows.append(
            {
                "measure_id": f"P{len(rows) + 1}",
                "action": action,
                "service": service,
                "target_group": types["target_group"].get(service),
                "municipality_id": municipality,
                "responsible": names.get(municipality or ""),
                "year_from": first,
                "year_to": middle,
                **values,
            }
        )

    standing = objects[objects["status"].isin(["planned", "moved"])]
    for row in standing.sort_values("object_id").to_dict("records"):
        if row["municipality_id"] in names and row["service"] in types.index:
            add("finish", row["service"], row["municipality_id"], title=row["name"],
                object_id=row["object_id"], places=row["places"], source=row["source"])  # fmt: skip
    coverage = result.coverage
    rows_now = coverage[(coverage["scope"] == "any") & (coverage["scenario"] == "now")]
    gaps = rows_now.assign(beyond=rows_now["persons"] - rows_now["covered"])
    shares = choose_rates(result.study)
    rates = dict(zip(shares["service"], shares["middle"].clip(upper=1.0), strict=True))
    promised = [s for s in result.study.promised or () if s in types.index]
    partners, nowhere = _find_partners(result, rates, min_clients or {})
    for service in promised:
        if not types["supply_known"][service]:
            add("count", service, None)
            continue
        part = gaps[(gaps["service"] == service) & (gaps["beyond"] >= _LEAST)]
        # Where staff travel or a room is enough no place has to be built.
        built = types["form"][service] in ("centre", "residence")
        clients = dict(
            zip(part["municipality_id"], part["beyond"] * rates.get(service, 1.0), strict=True)
        )
        shared = partners if built else {}
        for first_of, others in _join(clients, {m: shared.get((m, service), ()) for m in clients}):
            expected = sum(clients.get(one, 0.0) for one in (first_of, *others))
            # Where not even all together are enough it is bought, or people are driven there.
            housed = built and (first_of, service) not in nowhere
            add(
                "create",
                service,
                first_of,
                places=float(max(np.ceil(round(expected, 6)), 1)) if housed else None,
                co_responsible=", ".join(names[one] for one in others) or None,
                indicator="covered_share",
            )
    columns = [column.name for column in MEASURES.columns]
    return pd.DataFrame(rows, columns=columns).astype(object)


def _find_partners(
    result: StudyResult, rates: Mapping[str, float], min_clients: Mapping[str, float]
) -> tuple[dict[tuple[str, str], list[str]], set[tuple[str, str]]]:
    """Return by municipality and service with whom only it has clients enough; where nobody has."""
    promised = set(result.study.promised or ())
    inputs = ModelInputs(
        min_clients={name: least for name, least in min_clients.items() if name in promised},
        take_up={name: max(rate, 1e-9) for name, rate in rates.items() if name in promised},
    )
    found, nowhere = {}, set()
    for model in model_municipalities(result, inputs) if inputs.min_clients else ():
        for row in model.services.to_dict("records"):
            if row["viable"] == "together":
                found[model.municipality_id, row["service"]] = list(row["partner_ids"])
            elif row["viable"] == "neither":
                nowhere.add((model.municipality_id, row["service"]))
    return found, nowhere


def _join(
    clients: Mapping[str, float], partners: Mapping[str, Sequence[str]]
) -> list[tuple[str, list[str]]]:
    """Return who has a measure, with whom: each municipality is in one, those of most first.

    Who needs a partner that has joined others already joins them.

    Examples
    --------
    >>> _join({"a": 1.0, "b": 3.0, "c": 9.0}, {"a": ["b"], "b": ["a"], "c": []})
    [('b', ['a']), ('c', [])]
    """
    groups: list[list[str]] = []
    group_of: dict[str, list[str]] = {}
    for name in sorted(clients, key=lambda one: (-clients[one], one)):
        if name in group_of:
            continue
        joined = [group_of[one] for one in partners[name] if one in group_of]
        group = joined[0] if joined else []
        if not joined:
            groups.append(group)
        for one in (name, *(other for other in partners[name] if other not in group_of)):
            group.append(one)
            group_of[one] = group
    return sorted((group[0], group[1:]) for group in groups)


def quote_place() -> dict[str, float]:
    """Return what a place has cost in published projects: quartiles and median, EUR.

    Examples
    --------
    >>> each = quote_place()
    >>> each["low"] < each["middle"] < each["high"]
    True
    """
    seen = observe_capital_costs()["eur_per_place"]
    quantiles = {"low": 0.25, "middle": 0.5, "high": 0.75}
    return {name: float(seen.quantile(share)) for name, share in quantiles.items()}


def price_measures(measures: pd.DataFrame) -> pd.DataFrame:
    """Return measures with what their places may cost: `cost_low`, `cost_middle`, `cost_high`.

    An amount that is given stands for all three. Where only places are known they cost what
    a place has cost in published projects (quartiles and median; prices of their day); where
    those are not known either nothing is said.
    """
    each = quote_place()
    given = pd.to_numeric(measures["amount"], errors="coerce")
    builds = measures["action"].isin(["finish", "create"])
    places = pd.to_numeric(measures["places"], errors="coerce").where(builds)
    return measures.assign(
        **{f"cost_{name}": given.where(given.notna(), places * float(value)).round(-3).where(
            given.isna(), given) for name, value in each.items()}
    )  # fmt: skip
