"""Values checked against what a dataclass says of its fields, by pydantic: all findings at once.

A field says its bounds in `field(metadata=...)`, in pydantic's words (`gt`, `ge`, `lt`, `le`);
under `each` stand those of every item of a list or section.
pydantic is imported when something is checked; its sentences are never shown, ours stand in the
catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

from socaccess.errors import Problem

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["find_faults", "is_default"]

_CODES = {
    "greater_than": ("validation.not_above", "gt"),
    "greater_than_equal": ("validation.under_least", "ge"),
    "less_than": ("validation.not_under", "lt"),
    "less_than_equal": ("validation.above_most", "le"),
    "int_type": ("validation.not_whole", ""),
    "int_from_float": ("validation.not_whole", ""),
    "float_type": ("validation.not_a_number", ""),
    "finite_number": ("validation.not_a_number", ""),
    "bool_type": ("validation.not_true_or_false", ""),
    "string_type": ("validation.not_a_text", ""),
    "dict_type": ("validation.not_a_section", ""),
    "dataclass_type": ("validation.not_a_section", ""),
    "tuple_type": ("validation.not_a_list", ""),
}


def find_faults(
    kind: type, given: Mapping[str, Any], where: str, inside: str = ""
) -> list[Problem]:
    """Return everything that is wrong with the fields of a dataclass, before it is made.

    Parameters
    ----------
    kind
        The dataclass.
    given
        Values by name; those left out keep their defaults.
    where
        The file, or what the values are called.
    inside
        The section they stand in, for the names in findings.
    """
    from pydantic import ValidationError

    try:
        _build_model(kind).model_validate(dict(given))
    except ValidationError as error:
        return [
            _explain(kind, fault, where, inside)
            for fault in error.errors(include_url=False, include_context=True)
        ]
    return []


def is_default(made: Any) -> bool:
    """Return whether every field of a dataclass has its default, so that nothing is to check."""
    return all(
        getattr(made, item.name) is item.default
        if item.default is not MISSING
        else item.default_factory is not MISSING
        and getattr(made, item.name) == item.default_factory()
        for item in fields(made)
    )


@cache
def _build_model(kind: type) -> type[BaseModel]:
    from pydantic import ConfigDict, Field, create_model

    hints = get_type_hints(kind)
    parts: dict[str, Any] = {}
    for item in fields(kind):
        hint, bounds = hints[item.name], dict(item.metadata)
        if "each" in bounds:
            *names, last = [part for part in get_args(hint) if part is not ...]
            each: Any = Annotated[(last, Field(**bounds.pop("each")))]
            hint = dict[names[0], each] if names else tuple[each, ...]  # type: ignore[valid-type]
        parts[item.name] = (hint, Field(default=None, **bounds))
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    return create_model(kind.__name__, __config__=config, **parts)


def _explain(kind: type, fault: Any, where: str, inside: str) -> Problem:
    """Return one finding of pydantic's as ours."""
    path = [str(part) for part in fault["loc"]]
    name = ".".join([inside, *path] if inside else path)
    if fault["type"] == "extra_forbidden":
        from rapidfuzz import process

        known = [item.name for item in fields(kind)]
        near = process.extractOne(path[-1], known, score_cutoff=70)
        if near:
            return Problem("validation.unknown_near", where, name=name, near=near[0])
        return Problem("validation.unknown", where, name=name, known=known)
    code, bound = _CODES.get(fault["type"], ("validation.wrong", ""))
    values = {"bound": fault["ctx"][bound]} if bound else {}
    return Problem(code, where, name=name, value=fault["input"], **values)
