"""The record of a study: what went in, with which parameters, and the headline that came out."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["tell_record", "write_record"]

LIBRARIES = ("socaccess", "numpy", "scipy", "pandas", "geopandas", "shapely", "pyproj", "highspy")


def tell_record(result: StudyResult, *, allow_small_counts: bool = False) -> dict[str, Any]:
    """Return the record as plain values; the same study gives the same record, whenever it runs."""
    study = result.study
    network = study.network
    assert network is not None
    plans = json.loads(result.plans.to_json(orient="records", double_precision=10))
    record = {
        "study": study.name,
        "view": study.view,
        "title": study.title,
        "headline": result.summary,
        "siting": plans,
        "not_located": result.not_located.to_dict("records"),
        "parameters": study.settings.to_dict(),
        "limits_min": study.limit_of(),
        "network": {
            "nodes": network.node_count,
            "edges": network.edge_count,
            "fingerprint": network.graph.fingerprint,
            **dict(network.provenance),
        },
        "inputs": study.inputs,
        "versions": {name: _find_version(name) for name in LIBRARIES},
        "attribution": study.attribution,
    }
    below = 0 if allow_small_counts else study.settings.suppress_below
    return _make_plain(_hide_small(record, below))


def write_record(result: StudyResult, path: Path, *, allow_small_counts: bool = False) -> None:
    """Write the record as JSON, keys in a fixed order."""
    record = tell_record(result, allow_small_counts=allow_small_counts)
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _hide_small(record: dict[str, Any], below: int) -> dict[str, Any]:
    """Return the record with small counts of persons of a whole region taken out too."""
    headline = dict(record["headline"])
    for key in ("services", "groups"):
        rows = []
        for row in headline[key]:
            covered = dict(row["covered"])
            whole = row["persons"]
            if whole is not None:
                for scenario, count in covered.items():
                    if count is not None and (0 < count < below or 0 < whole - count < below):
                        covered[scenario] = f"<{below}" if count < below else f">{whole - below:g}"
            rows.append({**row, "covered": covered})
        headline[key] = rows
    return {**record, "headline": headline}


def _find_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _make_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _make_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_make_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
