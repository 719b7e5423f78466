"""The form of a project file: its keys, what each may hold, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from socaccess.errors import Problem
from socaccess.i18n import LANGUAGES
from socaccess.messages import Message
from socaccess.schemas import suggest_names

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["SECTIONS", "Source", "find_problems"]


@dataclass(frozen=True)
class Source:
    """One input file.

    Parameters
    ----------
    path
        Where it is.
    layer
        Sheet or layer.
    crs
        System of its coordinates, where the file does not say.
    persons
        Column that counts people, of a population.
    """

    path: Path
    layer: str | None = None
    crs: str | None = None
    persons: str | None = None


# Codes of the words for what a key holds.
_TEXT, _FLAG, _TEXTS = "study.kind_text", "study.kind_flag", "study.kind_texts"
_FILE, _FILES = "study.kind_file", "study.kind_files"
_TITLE, _SECTION = "study.kind_title", "study.kind_section"
_LANGUAGE = "study.kind_language"

_TOP = {"name": _TEXT, "title": _TITLE, "crs": _TEXT, "data_dates": _TEXT}

SECTIONS: dict[str, dict[str, str]] = {
    "inputs": {
        "municipalities": _FILE, "settlements": _FILE, "people": _FILE, "population": _FILE,
        "facilities": _FILES, "service_types": _FILE, "need": _FILE, "targets": _FILE,
        "candidates": _FILE, "duplicates": _FILE, "promised": _TEXTS, "place": _FLAG,
        "scale_population": _FLAG,
    },
    "network": {"roads": _TEXT, "season": _TEXT, "profile": _TEXT},
    # Their keys are those of `socaccess.settings.Settings`, which checks them itself.
    "settings": {},
    # And, besides these two, those of `socaccess.study.transit.Visit`.
    "transit": {"feed": _FILES, "mode": _TEXT},
    "outputs": {"folder": _TEXT, "lang": _LANGUAGE, "excel": _FLAG, "formats": _TEXTS,
                "show_small_counts": _FLAG},
    "attribution": dict.fromkeys(LANGUAGES, _TEXTS),
    "caveats": dict.fromkeys(LANGUAGES, _TEXTS),
}  # fmt: skip
"""The keys of every section and what they hold."""

_SOURCE_KEYS = ("file", "layer", "crs", "persons")
_FORMATS = ("geoparquet", "geojson")
_SEASONS = ("summer", "winter", "thaw")


def find_problems(given: Mapping[str, Any], where: str) -> list[Problem]:
    """Return everything that is wrong with the keys and values of a project file."""
    problems = _check_keys(given, {**_TOP, **dict.fromkeys(SECTIONS, _SECTION)}, where, "")
    for section, keys in SECTIONS.items():
        table = given.get(section)
        if section == "transit" and isinstance(table, dict):
            table = {name: value for name, value in table.items() if name in keys}
        if isinstance(table, dict) and section != "settings":
            problems += _check_keys(table, keys, where, f"{section}.")
    inputs = given.get("inputs")
    inputs = inputs if isinstance(inputs, dict) else {}
    if "inputs" not in given or isinstance(given["inputs"], dict):
        absent = [name for name in ("municipalities", "facilities") if name not in inputs]
        if not {"settlements", "population"} & set(inputs):
            absent += ["settlements", "population"]
        if absent:
            problems.append(Problem("study.inputs_missing", where, names=absent))
    problems += _check_choices(given, where)
    return problems


def _check_keys(
    table: Mapping[str, Any], known: Mapping[str, str], where: str, prefix: str
) -> list[Problem]:
    problems = []
    for key, value in table.items():
        if key not in known:
            near, name = suggest_names(key, list(known), most=1), prefix + key
            if near:
                problems.append(Problem("study.unknown_key_near", where, key=name, near=near[0]))
            else:
                problems.append(Problem("study.unknown_key", where, key=name, known=list(known)))
        elif not _fits(value, known[key]):
            wanted = Message(known[key])
            problems.append(Problem("study.wrong_kind", where, key=prefix + key, wanted=wanted,
                                    value=str(value)))  # fmt: skip
        elif known[key] in (_FILE, _FILES):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    unknown = [name for name in item if name not in _SOURCE_KEYS]
                    if unknown:
                        problems.append(Problem("study.unknown_source_keys", where, unknown,
                                                key=prefix + key, known=_SOURCE_KEYS))  # fmt: skip
    return problems


def _check_choices(given: Mapping[str, Any], where: str) -> list[Problem]:
    """Return values that are none of those there are."""
    asked: list[tuple[str, Any, Sequence[str]]] = [
        ("network.season", _get(given, "network", "season"), _SEASONS),
        ("outputs.formats", _get(given, "outputs", "formats"), _FORMATS),
        ("outputs.lang", _get(given, "outputs", "lang"), LANGUAGES),
        ("title", list(given["title"]) if isinstance(given.get("title"), dict) else None,
         LANGUAGES),
    ]  # fmt: skip
    problems = []
    for key, value, known in asked:
        values = value if isinstance(value, list) else [value]
        wrong = [name for name in values if isinstance(name, str) and name not in known]
        if wrong:
            problems.append(Problem("study.unknown_values", where, wrong, key=key, known=known))
    return problems


def _get(given: Mapping[str, Any], section: str, key: str) -> Any:
    table = given.get(section)
    return table.get(key) if isinstance(table, dict) else None


def _fits(value: Any, wanted: str) -> bool:
    from pydantic import ValidationError

    try:
        _build_kinds()[wanted].validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@cache
def _build_kinds() -> dict[str, TypeAdapter[Any]]:
    """Return what checks each kind of value."""
    from pydantic import Field, TypeAdapter, create_model

    fields: dict[str, Any] = dict.fromkeys(_SOURCE_KEYS, (str, None)) | {"file": (str, ...)}
    file: Any = str | create_model("File", **fields)
    one_or_more: Any = Annotated[list[str], Field(min_length=1)]
    kinds: dict[str, Any] = {
        _TEXT: str,
        _FLAG: bool,
        _TEXTS: list[str],
        _FILE: file,
        _FILES: file | Annotated[list[file], Field(min_length=1)],
        _TITLE: str | dict[str, str],
        _SECTION: dict[str, Any],
        _LANGUAGE: str | one_or_more,
    }
    return {name: TypeAdapter(kind) for name, kind in kinds.items()}
