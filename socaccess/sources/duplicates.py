"""Facilities that may stand in several sources: proposed, never merged without a decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem
from socaccess.sources.place_names import fold_name

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["DECISIONS", "find_duplicates", "merge_duplicates"]

DECISIONS = {"same": True, "tas pats": True, "viens": True, "yes": True, "ja": True,
             "different": False, "cits": False, "dazadi": False, "no": False,
             "ne": False}  # fmt: skip
"""What a user may write in the column `decision`, without diacritics; empty is undecided."""

# How much of the score the name has, the rest has the place.
_NAME = 0.7
# A word in more names than this share, and than two, tells no facility from another.
_COMMON = 0.02
_SAME_SETTLEMENT = 0.6
_CENTRES = frozenset(("settlement", "parish", "municipality", "none"))

_COLUMNS = ["facility_id", "duplicate_id", "name", "duplicate_name", "service", "source",
            "duplicate_source", "distance_m", "name_likeness", "score", "reason",
            "decision"]  # fmt: skip


def find_duplicates(
    facilities: gpd.GeoDataFrame,
    *,
    within_m: float = 300.0,
    likeness: float = 0.75,
) -> pd.DataFrame:
    """Return pairs of facilities that may be one and the same.

    Two rows are compared when they offer the same service (or one of them `other`) and
    stand within `within_m` of each other (inclusive); where only the centre of a
    settlement is known of one of them, when they are in the same settlement.

    Parameters
    ----------
    facilities
        Facilities in our form, of any number of sources in one table.
    within_m
        Straight-line distance in metres.
    likeness
        Names less alike than this (0-1, inclusive) are no pair. The measure is the
        larger of rapidfuzz's token sort ratio and 0.95 of its token set ratio where the
        names share a word that is not common in the table, else the mean of the former
        and of the likeness of their uncommon words; on names without diacritics, case
        and signs.

    Returns
    -------
    pandas.DataFrame
        One row per pair, the likeliest first: `facility_id` and `duplicate_id` (the later
        row of the table), names, `service`, sources, `distance_m` (missing where only a
        settlement is known), `name_likeness`, `score` (0-1: 0.7 name, 0.3 place),
        `reason` (`place` or `settlement`), and an empty `decision` for the user.

    Examples
    --------
    >>> import geopandas as gpd
    >>> two = gpd.GeoDataFrame(
    ...     {"facility_id": ["a", "b"], "service": "dac", "location_precision": "address",
    ...      "name": ["Dienas centrs Saule", "DIENAS CENTRS „SAULE”"]},
    ...     geometry=gpd.points_from_xy([500000, 500040], [300000, 300030]), crs="EPSG:3059")
    >>> find_duplicates(two)[["facility_id", "duplicate_id", "distance_m", "score"]].values.tolist()
    [['a', 'b', 50.0, 0.95]]
    """
    if within_m <= 0 or not 0 < likeness <= 1:
        raise InputError("sources.duplicate_options", within_m=within_m, likeness=likeness)
    frame = crs_.to_metric(facilities, "facilities").reset_index(drop=True)
    there = ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    precise = there & ~_text(frame, "location_precision").isin(_CENTRES).to_numpy()
    xy = np.full((len(frame), 2), np.nan)
    xy[there] = np.column_stack([frame.geometry[there].x, frame.geometry[there].y])
    pairs = _list_near(xy, precise, within_m) | _list_same_settlement(frame, xy, there, precise)
    names = [_plain_name(str(name)) for name in frame["name"]]
    common = _find_common_words(names)
    rows = [
        row
        for i, j in sorted(pairs)
        if (row := _compare(frame, i, j, xy, precise, within_m, (names[i], names[j]), common))
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table = table[table["name_likeness"] >= likeness]
    return table.sort_values(
        ["score", "facility_id", "duplicate_id"], ascending=[False, True, True], ignore_index=True
    )


def merge_duplicates(
    facilities: gpd.GeoDataFrame, decided: pd.DataFrame, *, where: str = "duplicates"
) -> gpd.GeoDataFrame:
    """Return the facilities with those pairs made one that a user decided are the same.

    The first row stays and takes from the others what it does not say itself; its
    `merged_from` names them. Pairs without a decision stay apart.

    Parameters
    ----------
    facilities
        The table the pairs were found in.
    decided
        `facility_id`, `duplicate_id` and `decision` (`same`, `different`, empty).
    where
        Name of the table of decisions in errors.

    Raises
    ------
    InputError
        If a decision is not understood, contradicts others, or names a facility that
        does not exist.
    """
    known = {str(name): i for i, name in enumerate(facilities["facility_id"])}
    rows = [
        (str(row.facility_id), str(row.duplicate_id), fold_name(str(row.decision)))
        for row in decided.fillna("").itertuples()
        if str(row.decision).strip()
    ]
    problems = []
    wrong = [f"{a} - {b}: {word}" for a, b, word in rows if word not in DECISIONS]
    if wrong:
        problems.append(Problem("sources.decision_unknown", where, wrong))
    absent = [name for a, b, _ in rows for name in (a, b) if name not in known]
    if absent:
        problems.append(Problem("sources.no_facility", where, absent))
    if problems:
        raise InputError(problems)
    first = _join_groups(known, ((a, b) for a, b, word in rows if DECISIONS[word]))
    torn = [f"{a} - {b}" for a, b, word in rows if not DECISIONS[word] and first[a] == first[b]]
    if torn:
        raise InputError("sources.decisions_contradict", where=where, rows=torn)
    merged = facilities.reset_index(drop=True).copy()
    merged["merged_from"] = None
    gone = []
    for name, i in known.items():
        keeper = known[first[name]]
        if keeper == i:
            continue
        gone.append(i)
        for column in merged.columns:
            if _is_blank(merged.loc[keeper, column]):
                merged.loc[keeper, column] = merged.loc[i, column]
        said = merged.loc[keeper, "merged_from"]
        merged.loc[keeper, "merged_from"] = f"{said}; {name}" if said else name
    return merged.drop(index=gone).reset_index(drop=True)


def _list_near(xy: np.ndarray, precise: np.ndarray, within_m: float) -> set[tuple[int, int]]:
    from scipy.spatial import cKDTree

    rows = np.flatnonzero(precise)
    if len(rows) < 2:
        return set()
    return {(int(rows[i]), int(rows[j])) for i, j in cKDTree(xy[rows]).query_pairs(within_m)}


def _list_same_settlement(
    frame: pd.DataFrame, xy: np.ndarray, there: np.ndarray, precise: np.ndarray
) -> set[tuple[int, int]]:
    """Return pairs in one settlement of which at least one has no point of its own."""
    keys = [
        f"id {key}" if key else (f"{fold_name(name)} {home}" if name else "")
        for key, name, home in zip(_text(frame, "settlement_id"), _text(frame, "settlement"),
                                   _text(frame, "municipality_id"), strict=True)
    ]  # fmt: skip
    groups: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        # Without a name of the settlement, its centre stands for it.
        if not key and there[i] and not precise[i]:
            key = f"at {xy[i, 0]:.0f} {xy[i, 1]:.0f}"
        if key:
            groups.setdefault(key, []).append(i)
    return {
        (i, j)
        for members in groups.values()
        for at, i in enumerate(members)
        for j in members[at + 1 :]
        if not (precise[i] and precise[j])
    }


def _compare(
    frame: pd.DataFrame,
    i: int,
    j: int,
    xy: np.ndarray,
    precise: np.ndarray,
    within_m: float,
    names: tuple[str, str],
    common: set[str],
) -> tuple[object, ...] | None:
    one, two = frame.iloc[i], frame.iloc[j]
    services = {str(one["service"]), str(two["service"])}
    # One building may house several services: those are no duplicates.
    if len(services - {"other"}) > 1 or (len(services) > 1 and _is_one_site(one, two)):
        return None
    alike = _measure_likeness(names, common)
    both = bool(precise[i] and precise[j])
    distance = float(np.hypot(*(xy[i] - xy[j]))) if both else np.nan
    near = 1 - distance / within_m if both else _SAME_SETTLEMENT
    return (
        one["facility_id"], two["facility_id"], one["name"], two["name"],
        next(iter(services - {"other"}), "other"), one.get("source"), two.get("source"),
        round(distance, 1), round(alike, 3), round(_NAME * alike + (1 - _NAME) * near, 3),
        "place" if both else "settlement", "",
    )  # fmt: skip


def _is_one_site(one: pd.Series, two: pd.Series) -> bool:
    site = one.get("site_id")
    return not _is_blank(site) and site == two.get("site_id")


def _measure_likeness(names: tuple[str, str], common: set[str]) -> float:
    from rapidfuzz import fuzz

    words = [set(name.split()) for name in names]
    alike = fuzz.token_sort_ratio(*names)
    if words[0] & words[1] - common:
        return max(alike, 0.95 * fuzz.token_set_ratio(*names)) / 100
    own = [" ".join(sorted(part - common)) for part in words]
    # Where only common words are shared, those that are not must be alike too.
    return (alike + fuzz.ratio(*own)) / 200 if all(own) else alike / 100


def _find_common_words(names: list[str]) -> set[str]:
    count = Counter(word for name in names for word in set(name.split()))
    return {word for word, n in count.items() if n > max(2, _COMMON * len(names))}


def _plain_name(name: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in fold_name(name)).split())


def _join_groups(known: dict[str, int], same: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for every facility the first of those it is the same as."""
    first = {name: name for name in known}

    def find(name: str) -> str:
        while first[name] != name:
            name = first[name]
        return name

    for a, b in same:
        early, late = sorted((find(a), find(b)), key=known.__getitem__)
        first[late] = early
    return {name: find(name) for name in known}


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series("", index=frame.index)
    return frame[column].astype(object).where(frame[column].notna(), "").astype(str).str.strip()


def _is_blank(value: object) -> bool:
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    return missing or (isinstance(value, str) and not value.strip())
