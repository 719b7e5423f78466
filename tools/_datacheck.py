"""Reads a data folder back and compares it with its `datapackage.json`."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

DESCRIPTOR = "datapackage.json"


def weigh(path: Path) -> dict[str, object]:
    """Return the size and the hash of a file as a descriptor states them."""
    content = path.read_bytes()
    return {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file as dictionaries of text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def find_problems(folder: Path) -> list[str]:
    """Return what is wrong with a data folder, one sentence each; empty when all is well.

    Bytes and hashes are compared, files that the descriptor does not list are refused, and so are
    columns without a description, values of another type, blank or repeated keys and values that
    a foreign key does not find.
    """
    told = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    listed = {each["path"] for each in told["resources"]} | {DESCRIPTOR}
    present = {
        each.relative_to(folder).as_posix() for each in sorted(folder.rglob("*")) if each.is_file()
    }
    problems = [f"{folder.name}/{each} is not listed" for each in sorted(present - listed)]
    problems += [f"{folder.name}/{each} is missing" for each in sorted(listed - present)]
    tables: dict[str, list[dict[str, str]]] = {}
    for resource in told["resources"]:
        if resource["path"] not in present:
            continue
        path = folder / resource["path"]
        where = f"{folder.name}/{resource['path']}"
        weight = weigh(path)
        problems += [f"{where}: {key} differ" for key in weight if weight[key] != resource[key]]
        rows = _rows_as_text(path)
        tables[resource["name"]] = rows
        problems += _find_row_problems(where, rows, resource["schema"])
    for resource in told["resources"]:
        problems += _find_key_problems(resource, tables)
    return problems


def _rows_as_text(path: Path) -> list[dict[str, str]]:
    if path.suffix != ".geojson":
        return read_csv(path)
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [
        {name: _as_text(value) for name, value in each["properties"].items()} for each in features
    ]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find_row_problems(
    where: str, rows: list[dict[str, str]], schema: dict[str, object]
) -> list[str]:
    fields: list[dict[str, object]] = schema["fields"]  # type: ignore[assignment]
    names = [str(each["name"]) for each in fields]
    if not rows:
        return [f"{where}: no rows"]
    if any(list(row) != names for row in rows):
        return [f"{where}: columns are {list(rows[0])}, the schema says {names}"]
    problems = []
    for each in fields:
        name, kind = str(each["name"]), str(each["type"])
        limits: dict[str, object] = each.get("constraints", {})  # type: ignore[assignment]
        values = [row[name] for row in rows]
        filled = [value for value in values if value != ""]
        bad = [value for value in filled if not _fits(kind, value)]
        if limits.get("required") and len(filled) < len(values):
            problems.append(f"{where}: {name} is blank in {len(values) - len(filled)} rows")
        if limits.get("unique") and len(set(filled)) < len(filled):
            problems.append(f"{where}: {name} repeats")
        if "enum" in limits:
            bad += [value for value in filled if value not in limits["enum"]]  # type: ignore[operator]
        if bad:
            problems.append(f"{where}: {name} has values that are no {kind} allowed: {bad[:5]}")
        elif kind in ("integer", "number"):
            low = float(limits.get("minimum", -math.inf))  # type: ignore[arg-type]
            high = float(limits.get("maximum", math.inf))  # type: ignore[arg-type]
            out = [value for value in filled if not low <= float(value) <= high]
            if out:
                problems.append(f"{where}: {name} outside {low} to {high}: {out[:5]}")
    key: list[str] = schema.get("primaryKey", [])  # type: ignore[assignment]
    if key:
        keys = [tuple(row[name] for name in key) for row in rows]
        if len(set(keys)) < len(keys) or any("" in each for each in keys):
            problems.append(f"{where}: the key {key} repeats or is blank")
    return problems


def _find_key_problems(
    resource: dict[str, object], tables: dict[str, list[dict[str, str]]]
) -> list[str]:
    problems = []
    schema: dict[str, object] = resource["schema"]  # type: ignore[assignment]
    keys: list[dict[str, object]] = schema.get("foreignKeys", [])  # type: ignore[assignment]
    for key in keys:
        columns: list[str] = key["fields"]  # type: ignore[assignment]
        reference: dict[str, object] = key["reference"]  # type: ignore[assignment]
        other = str(reference["resource"]) or str(resource["name"])
        others: list[str] = reference["fields"]  # type: ignore[assignment]
        known = {tuple(row[name] for name in others) for row in tables.get(other, [])}
        asked = {tuple(row[name] for name in columns) for row in tables[str(resource["name"])]}
        lost = sorted(each for each in asked - known if any(each))
        if lost:
            problems.append(f"{resource['name']}: {columns} not found in {other}: {lost[:5]}")
    return problems


def _is_whole(value: str) -> bool:
    return value.lstrip("-").isascii() and value.lstrip("-").isdigit()


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_CHECKS: dict[str, Callable[[str], bool]] = {
    "string": lambda value: value == value.strip(),
    "integer": _is_whole,
    "number": _is_number,
    "boolean": lambda value: value in ("true", "false"),
    "date": _is_date,
    "year": lambda value: _is_whole(value) and len(value) == 4,
}


def _fits(kind: str, value: str) -> bool:
    return _CHECKS[kind](value)
