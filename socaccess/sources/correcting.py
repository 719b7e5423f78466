"""A table as it could be: what can be put right is, and every finding is told by cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import Problem
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.sources.cleaning import REASONS, Change
from socaccess.sources.placing import PAIRS, PLACED_COLUMNS, find_swapped, read_numbers, swap_axes
from socaccess.sources.tables import Inspection, inspect_rows

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.sources.reference import Reference

__all__ = ["Correction", "Finding", "correct_table", "list_findings", "name_changes"]

_ALIKE = 85.0
"""A misspelt word is taken for a known one from this likeness on (0-100, inclusive)."""

_CLEAR = 5.0
"""By how much the nearest known word must be more alike than the next one (inclusive)."""


@dataclass(frozen=True)
class Finding:
    """One finding about one cell, row or table.

    Parameters
    ----------
    row
        Position of the row from 0; None of the whole table.
    row_name
        How the user knows the row; empty of the whole table.
    column
        The column by our name; empty where the finding is not about one.
    heading
        What the user calls the column.
    value
        What stands there, as text.
    problem
        What is wrong; of a change, why.
    kind
        `fault` (must be put right), `open` (for the user to decide) or `change` (was read
        as something else: `after`).
    after
        The new value of a change.
    """

    row: int | None
    row_name: object
    column: str
    heading: str
    value: str
    problem: Problem
    kind: str
    after: str = ""


@dataclass(frozen=True, eq=False)
class Correction:
    """A corrected table.

    Parameters
    ----------
    rows
        The rows under our column names, corrected; points as `lon` and `lat`, in degrees,
        where they were placed or turned, or come from a layer.
    geometry
        Their geometry, where they have any.
    changes
        Every cell that was changed.
    left
        What is still wrong with them.
    """

    rows: pd.DataFrame
    geometry: gpd.GeoSeries | None
    changes: tuple[Change, ...]
    left: Inspection


def list_findings(found: Inspection) -> list[Finding]:
    """Return the findings of an inspection cell by cell, in the order of the rows."""
    position = {str(name): row for row, name in enumerate(found.row_names)}
    findings = []
    for kind, problems in (("fault", found.problems), ("open", found.notes)):
        for problem in problems:
            column = problem.column or ""
            heading = str(found.headings.get(column, column))
            if not problem.rows:
                findings.append(Finding(None, "", column, heading, "", problem, kind))
            for told in problem.rows:
                values = told.values if isinstance(told, Message) else {}
                name, value = values.get("row", told), str(values.get("value", ""))
                row = position.get(str(name))
                if row is not None and not value and column in found.rows:
                    value = _show(found.rows[column].iloc[row])
                findings.append(Finding(row, name, column, heading, value, problem, kind))
    findings += [
        Finding(
            change.row,
            found.row_names[change.row],
            change.column,
            str(found.headings.get(change.column, change.column)),
            _show(change.before),
            Problem(REASONS[change.why]),
            "change",
            _show(change.after),
        )
        for change in found.changes
    ]
    return sorted(findings, key=lambda item: -1 if item.row is None else item.row)


def correct_table(found: Inspection, reference: Reference, *, crs: str | None = None) -> Correction:
    """Return the rows of a table with everything put right that can be.

    Put right are words for codes, dates for years, decimal commas, spaces, swapped axes,
    places found by a gazetteer, and misspelt statuses, services and municipalities where
    one known word is clearly the nearest. Nothing is left out, nothing is invented.

    Parameters
    ----------
    found
        The inspection of the table.
    reference
        What it was inspected against.
    crs
        System of `x` and `y`.
    """
    changes = [*found.changes, *_respell(found, reference), *_find_numbers(found)]
    rows = pd.DataFrame(found.rows.drop(columns=["geometry"], errors="ignore")).astype(object)
    if "placing" in found.cleaned:
        for name in PLACED_COLUMNS:
            rows[name] = found.cleaned[name].to_numpy(dtype=object)
    for change in changes:
        if change.why == "place":
            continue
        if change.column not in rows:
            rows[change.column] = None
        rows.iloc[change.row, rows.columns.get_loc(change.column)] = change.after
    geometry, turned = _turn(found, reference, crs)
    changes += turned
    is_layer = "geometry" in found.rows
    points = geometry is not None and found.form.geometry == "point"
    if geometry is not None and points and (turned or is_layer or "placing" in rows):
        there = ~(geometry.isna() | geometry.is_empty)
        degrees = geometry.where(there).to_crs(crs_.EXCHANGE)
        rows["lon"], rows["lat"] = degrees.x.round(6), degrees.y.round(6)
    again = rows
    if geometry is not None and not points:
        import geopandas as gpd

        again = gpd.GeoDataFrame(rows, geometry=geometry)
    left = inspect_rows(
        again, found.row_names, found.file, found.form, crs=crs, reference=reference
    )
    return Correction(rows, geometry, tuple(changes), left)


def _respell(found: Inspection, reference: Reference) -> list[Change]:
    """Return misspelt words that are clearly one known word."""
    allowed: dict[str, dict[str, str]] = {
        column.name: {word: word for word in column.allowed}
        for column in found.form.columns
        if column.allowed
    }
    if found.form.name in ("facilities", "need"):
        allowed["service"] = reference.service_codes
    names = (
        {}
        if reference.municipalities is None
        else {fold(str(name)): str(name) for name in reference.municipalities["name"]}
    )
    changes = []
    for finding in list_findings(found):
        if finding.row is None or finding.kind != "fault":
            continue
        column = finding.column
        if column in ("municipality", "municipality_id"):
            meant = _find_nearest(found.rows[column].iloc[finding.row], names)
            if meant:
                meant = reference.find_municipality(meant)
                column = "municipality_id"
        elif column in allowed:
            meant = _find_nearest(found.rows[column].iloc[finding.row], allowed[column])
        else:
            continue
        if meant:
            before = found.rows[finding.column].iloc[finding.row]
            changes.append(Change(finding.row, column, before, meant, "spelling"))
    return changes


def _find_nearest(word: Any, known: dict[str, str]) -> str:
    from rapidfuzz import fuzz, process

    near = process.extract(fold(str(word)), list(known), scorer=fuzz.ratio, limit=None)
    by_meaning: dict[str, float] = {}
    for text, likeness, _ in near:
        by_meaning[known[text]] = max(likeness, by_meaning.get(known[text], 0.0))
    best = sorted(by_meaning.items(), key=lambda item: (-item[1], item[0]))
    if not best or best[0][1] < _ALIKE:
        return ""
    return best[0][0] if len(best) == 1 or best[0][1] - best[1][1] >= _CLEAR else ""


def _find_numbers(found: Inspection) -> list[Change]:
    """Return numbers written with comma or spaces, and texts with spaces around them."""
    kinds = {column.name: column.kind for column in found.form.columns}
    kinds |= {"lon": "number", "lat": "number", "x": "number", "y": "number"}
    changed = {(change.row, change.column) for change in found.changes}
    changes = []
    for column in found.rows.columns:
        if column == "geometry":
            continue
        for row, value in enumerate(found.rows[column]):
            if not isinstance(value, str) or (row, column) in changed:
                continue
            plain = " ".join(value.split())
            if kinds.get(column) in ("number", "integer"):
                number = pd.to_numeric(plain.replace(" ", "").replace(",", "."), errors="coerce")
                if np.isfinite(number) and str(value) != _show(float(number)):
                    try:
                        float(value)
                    except ValueError:
                        whole = float(number).is_integer()
                        after = int(number) if whole else float(number)
                        changes.append(Change(row, column, value, after, "number"))
            elif plain != value:
                changes.append(Change(row, column, value, plain, "spaces"))
    return changes


def _turn(
    found: Inspection, reference: Reference, crs: str | None
) -> tuple[gpd.GeoSeries | None, list[Change]]:
    """Return the geometry with swapped points turned, and which those are."""
    import geopandas as gpd

    if not isinstance(found.cleaned, gpd.GeoDataFrame):
        return None, []
    geometry = found.cleaned.geometry
    points = _read_points(found, crs)
    if reference.bounds is None or points is None:
        return geometry, []
    # As they were given: a system of metres bends what lies far outside it.
    swapped = np.flatnonzero(find_swapped(points.to_frame("geometry"), reference.bounds))
    if not len(swapped):
        return geometry, []
    moved = np.asarray(geometry.to_crs(crs_.EXCHANGE).array).copy()
    moved[swapped] = np.asarray(swap_axes(points).to_crs(crs_.EXCHANGE).array)[swapped]
    changes = [
        Change(int(row), name, None, round(float(getattr(moved[row], axis)), 6), "axes")
        for row in swapped
        for name, axis in (("lon", "x"), ("lat", "y"))
    ]
    return gpd.GeoSeries(moved, index=geometry.index, crs=crs_.EXCHANGE), changes


def _read_points(found: Inspection, crs: str | None) -> gpd.GeoSeries | None:
    """Return the points as the file gives them, in its own system; None where it has none."""
    import geopandas as gpd

    rows = found.rows
    if found.form.geometry != "point":
        return None
    if isinstance(rows, gpd.GeoDataFrame):
        points = rows.geometry if rows.crs is not None else rows.geometry.set_crs(crs)
        return points if (points.dropna().geom_type == "Point").all() else None
    pair = next((pair for pair in PAIRS if set(pair) <= set(rows.columns)), None)
    system = crs_.EXCHANGE if pair == PAIRS[0] else crs
    if pair is None or system is None:
        return None
    x, y = (read_numbers(rows[name], "", name, found.row_names)[0] for name in pair)
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), index=rows.index, crs=system)
    return points.where(np.isfinite(x) & np.isfinite(y))


def _show(value: Any) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    if missing:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def name_changes(changes: Iterable[Change], row_names: Sequence[object]) -> list[Problem]:
    """Return changes as findings of one line per kind, column and pair of values."""
    groups: dict[tuple[str, str, str, str], list[object]] = {}
    for change in changes:
        key = (change.why, change.column, _show(change.before), _show(change.after))
        groups.setdefault(key, []).append(row_names[change.row])
    return [
        Problem("sources.read_as", rows=rows, column=column, before=before, after=after,
                why=Message(REASONS[why]))
        for (why, column, before, after), rows in groups.items()
    ]  # fmt: skip
