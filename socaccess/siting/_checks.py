"""Every check of a siting problem: each finds, none raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from socaccess.errors import Problem
from socaccess.messages import Message
from socaccess.siting import _option_checks as options
from socaccess.siting.options import SitingFields

__all__ = ["find_problems"]


def find_problems(problem: SitingFields) -> list[Problem]:
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
        yield Problem("siting.id_not_text", name, wrong)
        return
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        yield Problem("siting.id_twice", name, twice)
    if name == "client_ids" and not ids:
        yield Problem("siting.no_clients", name)


def _check_travel(travel: Any, where: str | Message, problem: SitingFields) -> Iterator[Problem]:
    shape = (len(problem.client_ids), len(problem.site_ids))
    if travel.dtype == object:
        yield Problem("siting.minutes_not_numbers", where)
        return
    if 0 in shape and travel.size == 0:
        return
    if travel.shape != shape:
        size = " × ".join(map(str, travel.shape))
        yield Problem("siting.travel_shape", where, size=size, clients=shape[0], sites=shape[1])
        return
    if sp.issparse(travel):
        coo = sp.coo_array(travel)
        rows, values = coo.coords[0], coo.data
        pair = coo.coords[0].astype(np.int64) * shape[1] + coo.coords[1]
        if len(np.unique(pair)) < len(pair):
            yield Problem("siting.pair_twice", where)
        for code, wrong in (
            ("siting.time_below_zero", values < 0),
            ("siting.stored_time_not_finite", ~np.isfinite(values)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.unique(rows[wrong]).tolist()]
                yield Problem(code, where, names)
        return
    with np.errstate(invalid="ignore"):
        for code, wrong in (
            ("siting.time_below_zero", travel < 0),
            ("siting.time_infinite", np.isinf(travel)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.flatnonzero(wrong.any(axis=1)).tolist()]
                yield Problem(code, where, names)


def _check_all_persons(problem: SitingFields) -> Iterator[Problem]:
    if problem.services:
        if problem.persons is not None:
            yield Problem("siting.each_service_its_own", "persons")
    elif problem.persons is None:
        yield Problem("siting.no_persons", "persons")
    elif isinstance(problem.persons, Mapping):
        if not problem.persons:
            yield Problem("siting.no_group", "persons")
        for name, values in problem.persons.items():
            where = Message("siting.in_group", name=name, field="persons")
            yield from _check_persons(values, where, problem)
    else:
        yield from _check_persons(problem.persons, "persons", problem)
    for code, parts in (
        ("siting.in_service", problem.services),
        ("siting.in_phase", problem.phases),
        ("siting.in_scenario", problem.scenarios),
    ):
        for part in parts:
            called = getattr(part, "name", getattr(part, "year", None))
            if part.persons is not None:
                where = Message(code, name=called, field="persons")
                yield from _check_persons(_numbers(part.persons), where, problem)
            travel = getattr(part, "travel_min", None)
            if travel is not None:
                travel = travel if sp.issparse(travel) else _numbers(travel)
                where = Message(code, name=called, field="travel_min")
                yield from _check_travel(travel, where, problem)


def _numbers(values: object) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return np.asarray(values, dtype=object)


def _check_persons(
    persons: np.ndarray, where: str | Message, problem: SitingFields
) -> Iterator[Problem]:
    if persons.dtype == object:
        yield Problem("siting.persons_not_numbers", where)
        return
    if persons.shape != (len(problem.client_ids),):
        size = " × ".join(map(str, persons.shape))
        yield Problem("siting.persons_shape", where, size=size, clients=len(problem.client_ids))
        return
    for code, wrong in (
        ("siting.persons_missing", ~np.isfinite(persons)),
        ("siting.persons_below_zero", persons < 0),
    ):
        if wrong.any():
            names = [problem.client_ids[i] for i in np.flatnonzero(wrong).tolist()]
            yield Problem(code, where, names)


def _check_site_lists(problem: SitingFields) -> Iterator[Problem]:
    known = set(problem.site_ids)
    lists = {
        name: getattr(problem, name) for name in ("existing", "required", "forbidden", "may_close")
    }
    lists["candidates"] = problem.candidates or ()
    for name, ids in lists.items():
        unknown = [str(value) for value in ids if value not in known]
        if unknown:
            yield Problem("siting.unknown_site", name, unknown)
        twice = [str(value) for value, count in Counter(ids).items() if count > 1]
        if twice:
            yield Problem("siting.site_twice", name, twice)
    for first, second, code in (
        ("existing", "candidates", "siting.existing_and_candidate"),
        ("existing", "required", "siting.existing_and_required"),
        ("existing", "forbidden", "siting.existing_and_forbidden"),
        ("required", "forbidden", "siting.required_and_forbidden"),
    ):
        both = [value for value in lists[second] if value in set(lists[first])]
        if both:
            yield Problem(code, second, both)
    extra = [value for value in lists["may_close"] if value not in set(lists["existing"])]
    if extra:
        yield Problem("siting.closing_not_existing", "may_close", extra)
    if problem.candidates is not None:
        extra = [value for value in lists["required"] if value not in set(lists["candidates"])]
        extra = [value for value in extra if value in known]
        if extra:
            yield Problem("siting.required_no_candidate", "required", extra)
