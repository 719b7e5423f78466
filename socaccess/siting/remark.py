"""Sentences about an answer: English for whoever reads the plan, parts for whoever translates."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SENTENCES", "Remark"]

SENTENCES: Final = {
    "too_many_required": "{more} more sites are required than may open",
    "out_of_reach": "{persons} persons of {clients} clients are out of reach of every site; they "
    "are unserved in every plan and not in the objective",
    "beyond_limit": "{persons} persons of {clients} clients have no site within the limit; the "
    "plan covers everybody else",
    "too_few_sites": "{persons} persons cannot be served with so few sites",
    "fewest_unserved": "{persons} persons stay unserved, the fewest possible; the objective is "
    "the others'",
    "unserved_not_proved": "fewest unserved persons not proved within the time limit",
    "regret_not_proved": "what would be best in each scenario is not proved; the regret is from "
    "what was found",
    "proved_down_to": "proved down to times above {minutes} min; stopped there by the time limit",
    "gain_ignores_places": "gain and loss of a site count everybody at the nearest open one, "
    "whatever its places",
    "fewer_suffice": "{fewer} of {sites} sites suffice for this objective",
    "leave_required_out": "required: leave some of the required sites out",
    "leave_uncovered": "coverage: let {persons} persons stay uncovered",
    "more_places": "places: {more} more at a site",
    "more_than_given": "{condition}: {more} more than given",
    "less_than_given": "{condition}: {less} less than given",
    "from_to": "{condition}: {given} -> {after}",
}
"""What a remark says in English, by its code."""


class Remark(str):
    """One sentence; `code` and `values` say the same without words.

    Examples
    --------
    >>> remark = Remark("too_few_sites", persons=2.5)
    >>> str(remark), remark.code, remark.values
    ('2.5 persons cannot be served with so few sites', 'too_few_sites', {'persons': 2.5})
    """

    __slots__ = ("code", "values")
    code: str
    values: dict[str, Any]

    def __new__(cls, code: str, **values: float | str) -> Remark:
        """Say what `code` stands for, with these numbers in it."""
        words = {key: it if isinstance(it, str) else f"{it:g}" for key, it in values.items()}
        remark = super().__new__(cls, SENTENCES[code].format(**words))
        remark.code, remark.values = code, values
        return remark

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.code,), self.values
