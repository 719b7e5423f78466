"""A plan as it was written to a file, read into arrays and checked at the door."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from socaccess.errors import InputError, Problem, raise_problems

__all__ = ["FORMAT", "PlanDocument", "read_document"]

FORMAT = "socaccess plan 1"
"""What a file says it is."""

_NEEDED = ("client_ids", "site_ids", "persons", "existing", "objective")
_ANSWERED = ("status", "objective", "bound", "gap", "sites", "closed", "assignment")


@dataclass(frozen=True, eq=False)
class PlanDocument:
    """One written plan.

    Parameters
    ----------
    problem, plan
        What was asked and answered, as the file says it.
    minutes
        Minutes of every row at every site, shape (rows, sites), inf without a way or where the
        cut-off or the cooperation forbids it. A row is a client, or one of its target groups.
    persons, weight, limit_min
        Of every row: persons, what they count in the objective, and the limit.
    client
        Client of every row.
    """

    problem: dict[str, Any]
    plan: dict[str, Any]
    minutes: np.ndarray
    persons: np.ndarray
    weight: np.ndarray
    limit_min: np.ndarray
    client: np.ndarray
    site_ids: list[str]

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Position of every site."""
        return {name: place for place, name in enumerate(self.site_ids)}

    def ask(self, name: str, default: Any = None) -> Any:
        """Return an option of the question; `default` where it is not given."""
        value = self.problem.get(name)
        return default if value is None or value == [] else value

    def of_site(self, name: str) -> np.ndarray:
        """Return an amount by site (one number, or by its name), NaN where none is said."""
        value = self.problem.get(name)
        if isinstance(value, dict):
            return np.array([float(value.get(one, np.nan)) for one in self.site_ids])
        return np.full(len(self.site_ids), np.nan if value is None else float(value))

    def positions(self, names: Any) -> list[int]:
        """Return the positions of sites named in the file."""
        return [self.place_of[str(name)] for name in names or []]

    @property
    def new(self) -> list[int]:
        """Positions of the sites the plan opens."""
        return self.positions([row["site_id"] for row in self.plan["sites"]])

    @property
    def closed(self) -> list[int]:
        """Positions of the sites the plan closes."""
        return self.positions(self.plan["closed"])

    @property
    def staying(self) -> list[int]:
        """Positions of the existing sites that stay."""
        gone = set(self.closed)
        existing = [*self.problem["existing"], *self.ask("may_close", [])]
        return [one for one in sorted(set(self.positions(existing))) if one not in gone]

    @property
    def is_simple(self) -> bool:
        """Whether it has none of the parts and wishes that are not recalculated here.

        Phases, scenarios, services under one roof, backup, busy sites, whole clients, a tolerance.
        """
        usual = {"cover_times": 1, "assignment": "shared"}
        parts = ("phases", "scenarios", "services", "busy_share", "tolerance", "relocations",
                 "between_min")  # fmt: skip
        return not any(self.ask(name) is not None for name in parts) and all(
            self.ask(name, value) == value for name, value in usual.items()
        )

    @property
    def has_capacity(self) -> bool:
        """Whether places decide who goes where."""
        if self.problem["objective"] in ("worst_access", "access_standard", "theil_access"):
            return False
        given = any(self.ask(name) is not None for name in ("places", "max_places", "max_growth"))
        return given or (self.ask("budget") is not None and self.ask("cost_per_place", 0) > 0)


def read_document(path: str | Path) -> PlanDocument:
    """Return the plan in a file that `socaccess site` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, is none of ours, or names what it does not define.
    """
    path = Path(path)
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise InputError("verification.unreadable", where=path.name) from None
    if not isinstance(text, dict) or text.get("format") != FORMAT:
        raise InputError("verification.not_a_plan", where=path.name, format=FORMAT)
    parts = {name: text.get(name) for name in ("problem", "plan")}
    missing = [name for name, part in parts.items() if not isinstance(part, dict)]
    problem, plan = ({} if part is None else part for part in parts.values())
    if not missing:
        missing = [name for name in _NEEDED if name not in problem]
        missing += [name for name in _ANSWERED if name not in plan]
    if missing:
        raise InputError("verification.missing", where=path.name, names=missing)
    try:
        return _read(problem, plan, path.name)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("verification.damaged", where=path.name, what=str(error)) from None


def _read(problem: dict[str, Any], plan: dict[str, Any], where: str) -> PlanDocument:
    clients, sites = list(problem["client_ids"]), [str(name) for name in problem["site_ids"]]
    known = set(sites)
    named = [row["site_id"] for row in plan["sites"]] + list(plan["closed"])
    for name in ("existing", "candidates", "required", "forbidden", "may_close"):
        named += problem.get(name) or []
    unknown = sorted({str(name) for name in named} - known)
    problems = []
    if unknown:
        problems.append(Problem("verification.unknown_sites", where, unknown))
    if len(known) < len(sites) or len(set(clients)) < len(clients):
        problems.append(Problem("verification.twice", where))
    raise_problems(problems)
    minutes = _read_minutes(problem, len(clients), len(sites))
    cutoff = problem.get("cutoff_min")
    if cutoff is not None:
        minutes = np.where(minutes <= float(cutoff), minutes, np.inf)
    minutes = np.where(_may_serve(problem), minutes, np.inf)
    people = problem["persons"]
    groups = people if isinstance(people, dict) else {"": people}
    weights = problem.get("group_weights") or {}
    limits = problem.get("limit_min")
    persons, weight, limit = [], [], []
    for name, counts in groups.items():
        count = np.asarray(counts, dtype=float)
        if count.shape != (len(clients),):
            raise ValueError("persons")
        mine = limits.get(name) if isinstance(limits, dict) else limits
        persons.append(count)
        weight.append(count * float(weights.get(name, 1.0)))
        limit.append(np.full(len(clients), np.inf if mine is None else float(mine)))
    return PlanDocument(
        problem, plan, np.vstack([minutes] * len(groups)), np.concatenate(persons),
        np.concatenate(weight), np.concatenate(limit),
        np.tile(np.arange(len(clients)), len(groups)), sites,
    )  # fmt: skip


def _read_minutes(problem: dict[str, Any], clients: int, sites: int) -> np.ndarray:
    """Return minutes, inf without a way: `travel_ms` or `travel_min`, by client or as pairs."""
    if "travel_pairs" in problem:
        client, site, minutes = (np.asarray(side) for side in problem["travel_pairs"])
        table = np.full((clients, sites), np.inf)
        table[client.astype(int), site.astype(int)] = minutes
        return table
    name = "travel_ms" if "travel_ms" in problem else "travel_min"
    rows = [[np.inf if one is None else one for one in row] for row in problem[name]]
    table = np.asarray(rows, dtype=float).reshape(clients, sites)
    return table / 60_000 if name == "travel_ms" else table


def _may_serve(problem: dict[str, Any]) -> np.ndarray:
    """Return who may be served where, shape (clients, sites)."""
    way = problem.get("cooperation") or "everyone"
    if way == "everyone":
        return np.ones((len(problem["client_ids"]), len(problem["site_ids"])), dtype=bool)
    friends = [set(group) for group in problem.get("agreements") or []]
    return np.array(
        [
            [
                mine == theirs
                or (way == "agreements" and any(mine in g and theirs in g for g in friends))
                for theirs in problem["site_municipality"]
            ]
            for mine in problem["client_municipality"]
        ]
    )
