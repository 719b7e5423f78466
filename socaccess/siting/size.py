"""What a question will need, told before it begins."""

from __future__ import annotations

from pathlib import Path

import scipy.sparse as sp

from socaccess.errors import InputError
from socaccess.siting.problem import SitingProblem

__all__ = ["check_size", "forecast_bytes"]

PLAIN_BYTES, GENERAL_BYTES = 120, 300
"""Bytes a pair of client and site takes at the most: on the fast ways, and in a programme."""
DENSE_BYTES = 40


def forecast_bytes(problem: SitingProblem) -> int:
    """Return about how much memory an answer takes at the most, beyond what is there already.

    Measured on the benchmark's problems: the fast ways keep a few copies of the pairs, the general
    programme a row and a variable for each of them.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 9], [9, 0]], persons=[5, 8], client_ids=["a", "b"],
    ...     site_ids=["A", "B"], sites=2, limit_min=5)
    >>> forecast_bytes(problem)
    160
    """
    travel = problem.travel_min
    sparse = sp.issparse(travel)
    # Of a sparse table the size is that of its stored pairs.
    pairs = int(travel.size)
    parts = max(1, len(problem.groups)) * max(1, len(problem.scenarios))
    parts *= max(1, len(problem.services)) * max(1, len(problem.phases))
    from socaccess.siting.instance import is_plain

    if not is_plain(problem):
        return GENERAL_BYTES * pairs * parts
    each = PLAIN_BYTES if sparse else DENSE_BYTES
    return each * pairs * parts


def check_size(problem: SitingProblem) -> None:
    """Refuse a question that this machine has no memory for.

    Raises
    ------
    InputError
        With what it would take, what there is, and what makes it smaller.
    """
    there = _available_bytes()
    need = forecast_bytes(problem)
    if there is not None and need > there:
        raise InputError(
            "siting.too_large",
            need=round(need / 1e9, 1),
            there=round(there / 1e9, 1),
            clients=len(problem.client_ids),
            sites=len(problem.site_ids),
        )


def _available_bytes() -> int | None:
    """Return the memory that is free for use, None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return None
