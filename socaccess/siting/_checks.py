"""Every check of a siting problem: each finds, none raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from socaccess.errors import Problem

if TYPE_CHECKING:
    from socaccess.siting.problem import SitingProblem

__all__ = ["find_problems"]


def find_problems(problem: SitingProblem, objectives: Sequence[str]) -> list[Problem]:
    """Return every finding about `problem`, in a fixed order."""
    return [
        *_check_ids("client_ids", problem.client_ids),
        *_check_ids("site_ids", problem.site_ids),
        *_check_travel(problem),
        *_check_persons(problem),
        *_check_site_lists(problem),
        *_check_objective(problem, objectives),
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


def _check_travel(problem: SitingProblem) -> Iterator[Problem]:
    travel, where = problem.travel_min, "travel_min"
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


def _check_persons(problem: SitingProblem) -> Iterator[Problem]:
    persons, where = problem.persons, "persons"
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
    lists = {name: getattr(problem, name) for name in ("existing", "required", "forbidden")}
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
    if problem.candidates is not None:
        extra = [value for value in lists["required"] if value not in set(lists["candidates"])]
        extra = [value for value in extra if value in known]
        if extra:
            yield Problem("site is no candidate", "required", tuple(extra), "add it to candidates")


def _check_objective(problem: SitingProblem, objectives: Sequence[str]) -> Iterator[Problem]:
    if problem.objective not in objectives:
        names = ", ".join(objectives)
        yield Problem(f"no objective {problem.objective!r}", "objective", (), f"one of {names}")
    if problem.objective == "mclp" and problem.limit_min is None:
        yield Problem("mclp needs a limit", "limit_min", (), "give minutes, e.g. 30")
    limit = problem.limit_min
    if limit is not None and not (np.isfinite(limit) and limit >= 0):
        yield Problem(f"not a time: {limit}", "limit_min", (), "give minutes, 0 or more")
    sites = problem.sites
    if sites is None:
        yield Problem("how many new sites?", "sites", (), "give a whole number, 0 or more")
    elif isinstance(sites, bool) or int(sites) != sites or sites < 0:
        yield Problem(f"not a number of sites: {sites}", "sites", (), "a whole number, 0 or more")
