"""The record of a study: what went in, with which parameters, and the headline that came out."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.documents.tables import warn_of_small_counts
from socaccess.encoding import encode_json, to_plain
from socaccess.i18n import LANGUAGES, Texts
from socaccess.study.proposals import list_proposals
from socaccess.study.release import Release, release
from socaccess.study.without_car import open_without_car
from socaccess.version import VERSION

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["build_record", "write_record"]

LIBRARIES = ("numpy", "scipy", "pandas", "geopandas", "shapely", "pyproj", "highspy")


def build_record(
    result: StudyResult | Release, *, allow_small_counts: bool = False
) -> dict[str, Any]:
    """Return the record as plain values; the same study gives the same record, whenever it runs."""
    released = release(result, allow_small_counts=allow_small_counts)
    result = released.result
    study = result.study
    network = study.network
    warning = {lang: warn_of_small_counts(released, Texts(lang)) for lang in LANGUAGES}
    record = {
        **({"warning": warning} if released.warns else {}),
        "study": study.name,
        "view": study.view,
        "title": study.title,
        "headline": {**released.headline, **_describe_travel(released)},
        "build": [asdict(proposal) for proposal in list_proposals(released)],
        "left_out": _show_left_out(released),
        "siting": _show_plans(released),
        "not_located": result.not_located.to_dict("records"),
        "parameters": study.settings.to_dict(),
        "limits_min": study.limits_min(),
        "network": {
            "nodes": network.node_count,
            "edges": network.edge_count,
            "fingerprint": network.graph.fingerprint,
            **dict(network.provenance),
        },
        "inputs": study.inputs,
        "versions": {
            "socaccess": VERSION,
            **{name: _find_version(name) for name in LIBRARIES},
        },
        "attribution": study.attribution,
    }
    plain: dict[str, Any] = to_plain(record)
    return plain


def write_record(
    result: StudyResult | Release, path: Path, *, allow_small_counts: bool = False
) -> None:
    """Write the record as JSON, keys in a fixed order."""
    record = build_record(result, allow_small_counts=allow_small_counts)
    path.write_text(encode_json(record, indent=1) + "\n", encoding="utf-8")


def _describe_travel(released: Release) -> dict[str, Any]:
    """Return who gets there without a car, where that is asked."""
    without = open_without_car(released)
    return {} if without is None else {"without_car": without.summarise()}


def _show_plans(released: Release) -> list[dict[str, Any]]:
    """Return the certificates; sums of persons are rounded, so that they tell no single one."""
    rows: list[dict[str, Any]] = json.loads(
        released.result.plans.to_json(orient="records", double_precision=10)
    )
    if released.is_lifted:
        return rows
    for row in rows:
        for name in ("value", "bound"):
            value = row[name]
            if value is not None and row["weighted_by"] == "need":
                row[name] = round(value) if row["objective"] == "mclp" else float(f"{value:.3g}")
    return rows


def _show_left_out(released: Release) -> list[dict[str, Any]]:
    """Return why no further site of each service is suggested."""
    rows: list[dict[str, Any]] = released.result.left_out.to_dict("records")
    for row in rows:
        for end in ("", "_low", "_high"):
            group, name = released.group_of[row["service"]], f"gain_persons{end}"
            row[name] = released.show_part(group, row[name])
    return rows


def _find_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
