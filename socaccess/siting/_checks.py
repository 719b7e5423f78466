"""Every check of a siting problem: each finds, none raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from socaccess.errors import Problem
from socaccess.siting import _option_checks as options

if TYPE_CHECKING:
    from socaccess.siting.problem import SitingProblem

__all__ = ["find_problems"]


def find_problems(problem: SitingProblem) -> list[Problem]:
    """Return every finding about `problem`, in a fixed order."""
    return [
        *_check_ids("client_ids", problem.client_ids),
        *_check_ids("site_ids", problem.site_ids),
        *_check_travel(problem.travel_min, "travel_min", problem),
        *_check_all_persons(problem),
        *_check_site_lists(problem),
        *options.check_objective(problem),
        *options.check_numbers(problem),
        *options.check_municipalities(problem),
        *options.check_parts(problem),
        *options.check_pairs(problem),
    ]


def _check_ids(name: str, ids: Sequence[str]) -> Iterator[Problem]:
    wrong = [repr(value) for value in ids if not isinstance(value, str) or not value]
    if wrong:
        yield Problem("id is not a text", name, tuple(wrong), "write ids as texts")
        return
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        yield Problem("id stands more than once", name, tuple(twice), "give every row its own id")
    if name == "client_ids" and not ids:
        yield Problem("there are no clients", name, (), "give at least one")


def _check_travel(travel: Any, where: str, problem: SitingProblem) -> Iterator[Problem]:
    shape = (len(problem.client_ids), len(problem.site_ids))
    if travel.dtype == object:
        yield Problem("values are not numbers", where, (), "give minutes, NaN for no route")
        return
    if 0 in shape and travel.size == 0:
        return
    if travel.shape != shape:
        yield Problem(
            f"shape is {travel.shape}, but there are {shape[0]} clients and {shape[1]} sites",
            where,
            (),
            "give one row a client and one column a site",
        )
        return
    if sp.issparse(travel):
        coo = sp.coo_array(travel)
        rows, values = coo.coords[0], coo.data
        pair = coo.coords[0].astype(np.int64) * shape[1] + coo.coords[1]
        if len(np.unique(pair)) < len(pair):
            yield Problem("a pair is stored more than once", where, (), "store every pair once")
        for what, wrong in (
            ("time is below zero", values < 0),
            ("a stored time is not a finite number", ~np.isfinite(values)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.unique(rows[wrong]).tolist()]
                yield Problem(what, where, tuple(names), "leave pairs without a route out")
        return
    with np.errstate(invalid="ignore"):
        for what, wrong in (
            ("time is below zero", travel < 0),
            ("time is infinite", np.isinf(travel)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.flatnonzero(wrong.any(axis=1)).tolist()]
                yield Problem(what, where, tuple(names), "give minutes, NaN for no route")


def _check_all_persons(problem: SitingProblem) -> Iterator[Problem]:
    if problem.services:
        if problem.persons is not None:
            yield Problem("each service has its own", "persons", (), "leave it out with services")
    elif problem.persons is None:
        yield Problem("persons are missing", "persons", (), "give one number a client")
    elif isinstance(problem.persons, Mapping):
        if not problem.persons:
            yield Problem("there is no target group", "persons", (), "name at least one")
        for name, values in problem.persons.items():
            yield from _check_persons(values, f"persons of group {name!r}", problem)
    else:
        yield from _check_persons(problem.persons, "persons", problem)
    for kind, parts in (
        ("service", problem.services),
        ("phase", problem.phases),
        ("scenario", problem.scenarios),
    ):
        for part in parts:
            where = f"{kind} {getattr(part, 'name', getattr(part, 'year', None))!r}"
            if part.persons is not None:
                yield from _check_persons(_numbers(part.persons), f"{where}, persons", problem)
            travel = getattr(part, "travel_min", None)
            if travel is not None:
                travel = travel if sp.issparse(travel) else _numbers(travel)
                yield from _check_travel(travel, f"{where}, travel_min", problem)


def _numbers(values: object) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return np.asarray(values, dtype=object)


def _check_persons(persons: np.ndarray, where: str, problem: SitingProblem) -> Iterator[Problem]:
    if persons.dtype == object:
        yield Problem("values are not numbers", where, (), "give one number a client")
        return
    if persons.shape != (len(problem.client_ids),):
        yield Problem(
            f"shape is {persons.shape}, but there are {len(problem.client_ids)} clients",
            where,
            (),
            "give one number a client",
        )
        return
    for what, wrong in (
        ("number is missing or infinite", ~np.isfinite(persons)),
        ("number is below zero", persons < 0),
    ):
        if wrong.any():
            names = [problem.client_ids[i] for i in np.flatnonzero(wrong).tolist()]
            yield Problem(what, where, tuple(names), "give persons as numbers, 0 where nobody is")


def _check_site_lists(problem: SitingProblem) -> Iterator[Problem]:
    known = set(problem.site_ids)
    lists = {
        name: getattr(problem, name) for name in ("existing", "required", "forbidden", "may_close")
    }
    lists["candidates"] = problem.candidates or ()
    for name, ids in lists.items():
        unknown = [str(value) for value in ids if value not in known]
        if unknown:
            yield Problem("no such site", name, tuple(unknown), "use ids that stand in site_ids")
        twice = [str(value) for value, count in Counter(ids).items() if count > 1]
        if twice:
            yield Problem("id stands more than once", name, tuple(twice), "name every site once")
    for first, second, hint in (
        ("existing", "candidates", "a site is there already or may open, not both"),
        ("existing", "required", "an existing site need not be required"),
        ("existing", "forbidden", "an existing site cannot be forbidden"),
        ("required", "forbidden", "a site is required or forbidden, not both"),
    ):
        both = [value for value in lists[second] if value in set(lists[first])]
        if both:
            yield Problem(f"site stands in {first} too", second, tuple(both), hint)
    extra = [value for value in lists["may_close"] if value not in set(lists["existing"])]
    if extra:
        yield Problem("site is not there", "may_close", tuple(extra), "name existing sites only")
    if problem.candidates is not None:
        extra = [value for value in lists["required"] if value not in set(lists["candidates"])]
        extra = [value for value in extra if value in known]
        if extra:
            yield Problem("site is no candidate", "required", tuple(extra), "add it to candidates")
