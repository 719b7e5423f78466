"""What the values of options say: codes, numbers, pairs, years, limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from socaccess.cli.speech import Misuse

if TYPE_CHECKING:
    from socaccess.programme.general_services import Criterion

__all__ = [
    "parse_code",
    "parse_criteria",
    "parse_day",
    "parse_limits",
    "parse_number",
    "parse_numbers",
    "parse_pairs",
    "parse_years",
]


def parse_code(text: str) -> str:
    """Return a code as the data writes it.

    Examples
    --------
    >>> parse_code(" Group-Home")
    'group_home'
    """
    return text.strip().lower().replace("-", "_")


def parse_number(text: str, option: str) -> float:
    """Return a number of an option; a bad one is a usage error (exit 2)."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Misuse("cli.not_a_number", option) from None


def parse_pairs(values: Iterable[str] | None, option: str) -> dict[str, str]:
    """Return what `name=value` options say; a bad one is a usage error (exit 2)."""
    pairs: dict[str, str] = {}
    for value in values or ():
        name, mark, number = value.partition("=")
        if not mark or not name.strip() or not number.strip():
            raise Misuse("cli.not_a_pair", option, given=value)
        if parse_code(name) in pairs:
            raise Misuse("cli.twice", option, given=name.strip())
        pairs[parse_code(name)] = number.strip()
    return pairs


def parse_numbers(values: Iterable[str] | None, option: str) -> dict[str, float]:
    """Return the numbers of `name=number` options."""
    return {name: parse_number(text, option) for name, text in parse_pairs(values, option).items()}


def parse_years(text: str) -> list[int]:
    """Return the years of `2026`, `2026-2030` or `2026,2028`.

    Examples
    --------
    >>> parse_years("2028,2026-2027")
    [2026, 2027, 2028]
    """
    years: list[int] = []
    try:
        for part in text.split(","):
            first, mark, last = part.strip().partition("-")
            years += range(int(first), int(last if mark else first) + 1)
    except ValueError:
        years = []
    if not years or not all(1990 <= year <= 2100 for year in years):
        raise Misuse("cli.not_years", "--years", given=text)
    return sorted(set(years))


def parse_day(text: str | None, option: str) -> dt.date | None:
    """Return a day, None where none is given; a bad one is a usage error (exit 2)."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Misuse("cli.not_a_day", option, given=text) from None


def parse_limits(values: Sequence[str]) -> dict[str, float]:
    """Return minutes by service, `""` for all of them, of `30` and `dac_grt=20`.

    Examples
    --------
    >>> parse_limits(["30", "dac_grt=20,5"])
    {'': 30.0, 'dac_grt': 20.5}
    """
    limits = {}
    for value in values:
        name, mark, number = value.rpartition("=")
        try:
            minutes = float(number.replace(",", "."))
        except ValueError:
            minutes = float("nan")
        if not 0 < minutes < float("inf") or bool(mark) != bool(name.strip()):
            raise Misuse("cli.bad_limit", "--limit", given=value)
        limits[parse_code(name)] = minutes
    return limits


def parse_criteria(values: Sequence[str] | None) -> list[Criterion]:
    """Return the criteria of options; those proposed where none is given."""
    from socaccess.programme.general_services import PROPOSED_CRITERIA, Criterion

    option = "--criterion"
    criteria = []
    for kind, text in parse_pairs(values, option).items():
        limit, _, weight = (part.strip() for part in text.partition("@"))
        metres = limit.endswith("m") and not limit.endswith("min")
        number = parse_number(limit.removesuffix("min").removesuffix("m"), option)
        share = parse_number(weight or "1", option)
        criteria.append(Criterion(kind, number, "m" if metres else "min", share, "given"))
    return criteria or list(PROPOSED_CRITERIA)
