"""Money in whole cents: parts that add up to the whole, whatever the shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from socaccess.errors import InputError, Problem

__all__ = [
    "CENT",
    "PAYERS",
    "find_share_problems",
    "round_whole",
    "share_out",
    "split_amount",
    "to_amount",
    "to_fraction",
]

CENT = Decimal("0.01")

PAYERS = ("esf", "eraf", "state", "municipality", "client")
"""Who pays for services and objects of a plan."""


def to_amount(value: object, what: str = "amount") -> Decimal:
    """Return a number as an exact amount in EUR, whole cents, halves up.

    A float is read by its shortest decimal form, as a person wrote it; a comma is
    a decimal mark.

    Raises
    ------
    InputError
        If it is no finite number.

    Examples
    --------
    >>> to_amount(3.14), to_amount("1 200,505")
    (Decimal('3.14'), Decimal('1200.51'))
    """
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, Fraction):
        amount = Decimal(value.numerator) / Decimal(value.denominator)
    else:
        text = "".join(str(value).split()).replace(",", ".")
        try:
            amount = Decimal(text)
        except InvalidOperation:
            raise InputError("programme.not_a_number", where=what, value=value) from None
    if not amount.is_finite():
        raise InputError("programme.not_a_number", where=what, value=value)
    return amount.quantize(CENT, ROUND_HALF_UP)


def to_fraction(value: object, what: str = "share") -> Fraction:
    """Return a number as a fraction, a float by its shortest decimal form.

    Examples
    --------
    >>> to_fraction(0.1)
    Fraction(1, 10)
    """
    if isinstance(value, Fraction | int | Decimal):
        return Fraction(value)
    try:
        return Fraction("".join(str(value).split()).replace(",", "."))
    except (ValueError, ZeroDivisionError):
        raise InputError("programme.not_a_number", where=what, value=value) from None


def find_share_problems(shares: Mapping[str, object], where: str) -> list[Problem]:
    """Return what is wrong with shares of payers: a payer nobody knows, a sum that is not 1.

    Examples
    --------
    >>> find_share_problems({"eraf": 0.85, "municipality": 0.15}, "capital")
    []
    """
    unknown = sorted(set(shares) - set(PAYERS))
    problems = []
    if unknown:
        problems.append(Problem("programme.unknown_payer", where, unknown, known=PAYERS))
    parts = [to_fraction(value, f"share of {name}") for name, value in shares.items()]
    if sum(parts) != 1 or min(parts) < 0:
        problems.append(Problem("programme.shares_not_one", where, total=float(sum(parts))))
    return problems


def share_out(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Return whole parts of `total` in proportion to the weights, by largest remainder.

    Of equal remainders the first takes the odd unit. Parts add up to the total.

    Raises
    ------
    InputError
        If a weight is negative, or all are zero and the total is not.

    Examples
    --------
    >>> share_out(100, [1, 1, 1])
    [34, 33, 33]
    """
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    if any(weight < 0 for weight in weights):
        raise InputError("programme.negative_weight", values=[float(w) for w in weights])
    if whole == 0:
        if total == 0:
            return [0] * len(weights)
        raise InputError("programme.nobody_to_share")
    exact = [Fraction(weight) * total / whole for weight in weights]
    parts = [int(part // 1) for part in exact]
    odd = total - sum(parts)
    order = sorted(range(len(parts)), key=lambda i: (-(exact[i] - parts[i]), i))
    for i in order[:odd]:
        parts[i] += 1
    return parts


def split_amount(amount: Decimal, weights: Mapping[str, object]) -> dict[str, Decimal]:
    """Return an amount split in proportion to the weights, adding up to the cent.

    Examples
    --------
    >>> split_amount(Decimal("10.00"), {"a": 1, "b": 1, "c": 1})
    {'a': Decimal('3.34'), 'b': Decimal('3.33'), 'c': Decimal('3.33')}
    """
    cents = int(to_amount(amount) / CENT)
    sign = -1 if cents < 0 else 1
    parts = share_out(abs(cents), [to_fraction(weight) for weight in weights.values()])
    return {
        name: (CENT * sign * part).quantize(CENT) for name, part in zip(weights, parts, strict=True)
    }


def round_whole(values: Sequence[float]) -> list[int]:
    """Return whole numbers near the values whose sum is the rounded sum of the values.

    Examples
    --------
    >>> round_whole([0.4, 0.4, 0.4])
    [1, 0, 0]
    """
    if not len(values):
        return []
    exact = [to_fraction(repr(float(value))) for value in values]
    floors = [int(value // 1) for value in exact]
    total = int((sum(exact, Fraction(0)) + Fraction(1, 2)) // 1)
    odd = total - sum(floors)
    order = sorted(range(len(exact)), key=lambda i: (-(exact[i] - floors[i]), i))
    for i in order[:odd]:
        floors[i] += 1
    return floors
