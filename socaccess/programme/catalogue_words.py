"""Words of a catalogue as codes, and the numbers of it that rest on nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import Problem
from socaccess.i18n import fold
from socaccess.schemas import Column, TableForm, check_table, suggest_names
from socaccess.sources.plain_tables import read_given
from socaccess.sources.services import load_service_types, load_target_groups

__all__ = ["BASES", "find_unfounded", "list_groups", "name_words"]

BASES = ("law", "plan", "observed", "proposal")
"""What a number may rest on, from the firmest; all but a proposal need a source."""

# Classes of the law as the embedded catalogue words them, and what planners write.
_CLASS_WORDS = {
    "sociala aprupe": "social_care",
    "sociala rehabilitacija": "social_rehabilitation",
    "sociala aprupe un rehabilitacija": "social_care_and_rehabilitation",
    "sociala aprupe un sociala rehabilitacija": "social_care_and_rehabilitation",
    "profesionala rehabilitacija": "vocational_rehabilitation",
    "socialais darbs": "social_work",
    "ilgstosa sociala aprupe": "long_term_care",
}
# Groups the regional programmes of 2010-2017 name that no embedded service is for.
_MORE_GROUPS = (
    (
        "ex_prisoners",
        "No ieslodzījuma vietām atbrīvotās personas",
        "People released from prison",
    ),
)


def list_groups(path: str | Path | None = None) -> pd.DataFrame:
    """Return the target groups known, with a region's own where a table of them is given."""
    known = load_target_groups()[["target_group", "name_lv", "name_en"]]
    more = pd.DataFrame(_MORE_GROUPS, columns=known.columns)
    groups = pd.concat([known, more], ignore_index=True).astype(object)
    if path is None:
        return groups
    frame, names = read_given(path)
    form = TableForm(
        "target_groups",
        tuple(Column(name, required=True, unique=name == "target_group") for name in known.columns),
    )
    own = check_table(frame, form, where=Path(path).name, row_names=names)[list(known.columns)]
    kept = groups[~groups["target_group"].isin(own["target_group"])]
    return pd.concat([kept, own.astype(object)], ignore_index=True)


def name_words(
    frame: pd.DataFrame, groups: pd.DataFrame, where: str, names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return classes and groups as codes, and those nobody knows."""
    embedded = load_service_types()["legal_class"]
    classes = {word: word for word in {*embedded, *_CLASS_WORDS.values()}}
    words = {"legal_class": {**_CLASS_WORDS, **classes}}
    words["target_group"] = {
        fold(str(row[column])): str(row["target_group"])
        for row in groups.to_dict("records")
        for column in ("target_group", "name_lv", "name_en")
    }
    problems = []
    for column, codes in words.items():
        if column not in frame:
            continue
        named = frame[column].map(
            lambda word, codes=codes: (
                None if word is None or pd.isna(word) else codes.get(fold(str(word)), str(word))
            )
        )
        bad = named.notna() & ~named.isin(set(codes.values()))
        if bad.any():
            first = str(named[bad].iloc[0])
            near = suggest_names(first, sorted(set(codes.values())), most=1)
            problems.append(
                Problem(
                    "value is not known",
                    f"{where}, column {column!r}",
                    tuple(f"{names[i]}: {named.iloc[i]}" for i in np.flatnonzero(bad)),
                    f"{first} -> {near[0]}?"
                    if near
                    else f"use {', '.join(sorted(classes))}"
                    if column == "legal_class"
                    else "add the group to the table of target groups",
                )
            )
        frame = frame.assign(**{column: named})
    return frame, problems


def find_unfounded(
    frame: pd.DataFrame, norms: Sequence[str], where: str, names: list[str]
) -> list[Problem]:
    """Return the numbers that do not say what they rest on, or name no source."""
    problems = []
    empty = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    for norm in norms:
        if norm not in frame:
            continue
        stated = frame[norm].notna() & (frame[norm].astype(str).str.strip() != "")
        basis = frame.get(f"{norm}_basis", empty)
        source = frame.get(f"{norm}_source", empty)
        bare = stated & basis.isna()
        if bare.any():
            problems.append(
                Problem(
                    "number does not say what it rests on",
                    f"{where}, column {norm + '_basis'!r}",
                    tuple(names[i] for i in np.flatnonzero(bare)),
                    f"write {', '.join(BASES)}",
                )
            )
        unsourced = stated & basis.notna() & (basis != "proposal") & source.isna()
        if unsourced.any():
            problems.append(
                Problem(
                    "number is no proposal but names no source",
                    f"{where}, column {norm + '_source'!r}",
                    tuple(names[i] for i in np.flatnonzero(unsourced)),
                    "name the act, plan or page, or call it a proposal",
                )
            )
    return problems
