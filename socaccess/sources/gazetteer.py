"""A gazetteer of one's own settlements: from a name or an address to a place, with how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.sources._place_names import Part, fold_name, list_parts, stem_name, strip_kind
from socaccess.sources.boundaries import load_crosswalk
from socaccess.sources.settlements import load_settlements

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Gazetteer", "Match"]

TIE = 0.03
"""Places whose confidence differs by no more than this (inclusive) cannot be told apart."""

_LIKE = 0.84
"""Names less alike than this (0-1, Levenshtein ratio of the stems) are not the same."""

_SHORT = 4
"""Stems of fewer letters are not compared by likeness: they are like too many."""

_HARDLY = 0.6
"""A settlement found with less confidence is hardly the one meant."""

# How much of the confidence is left where something speaks against a place.
_STEM, _MISSPELT = 0.98, 0.95
_PART_OF_NAME = 0.92
_NO_AREA, _OTHER_AREA = 0.9, 0.5
_NUMBERED = 0.95
# Asked kind, kind of the place found. What is not listed contradicts: 0.8.
_KIND_FITS = {("", "parish"): 0.94, ("village", "parish"): 0.94, ("parish", "parish"): 1.0,
              ("town", "town"): 1.0, ("town", "city"): 1.0, ("city", "city"): 1.0}  # fmt: skip
_OWN_KINDS = ("", "village")


@dataclass(frozen=True)
class Match:
    """A place a text may mean.

    Parameters
    ----------
    settlement_id
        The settlement; None where only the municipality is known.
    name, municipality_id, municipality
        Its name, and that of its municipality.
    precision
        `settlement`, `parish` (the centre of one) or `municipality`.
    confidence
        From 0 to 1 (inclusive): a ranking, not a probability. 1 is a name as it stands,
        of the kind asked for, in the municipality named.
    """

    settlement_id: str | None
    name: str
    municipality_id: str
    municipality: str
    precision: str
    confidence: float

    def __str__(self) -> str:
        where = f"{self.name}, {self.municipality}" if self.settlement_id else self.municipality
        return f"{self.settlement_id or self.municipality_id}: {where}"


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Names of settlements and of the areas they lie in, old and new.

    Parameters
    ----------
    settlements
        `settlement_id`, `name`, `kind`, `municipality_id`, points with CRS.
    names
        Names of the settlements: `position` (row of `settlements`), `name`, `kind`.
    areas
        Names of municipalities, now and before: `municipality_id`, `name`, `kind`,
        `members` (set of positions).
    municipality_names
        Name of every municipality by id.
    """

    settlements: gpd.GeoDataFrame
    names: pd.DataFrame
    areas: pd.DataFrame
    municipality_names: dict[str, str]

    @classmethod
    def embedded(cls) -> Gazetteer:
        """Return that of Latvia: towns, parishes with their centres, neighbourhoods of Riga.

        Municipalities are known by their names of 2009, 2021 and 2025.

        Examples
        --------
        >>> [match] = Gazetteer.embedded().find("Draudzības iela 3, Ludzā")
        >>> match.settlement_id, match.precision, match.confidence
        ('0680201', 'settlement', 0.9)
        """
        return _read_embedded()

    @classmethod
    def from_tables(
        cls,
        settlements: gpd.GeoDataFrame,
        municipalities: pd.DataFrame | None = None,
        aliases: pd.DataFrame | None = None,
    ) -> Gazetteer:
        """Return the gazetteer of anyone's settlements.

        Parameters
        ----------
        settlements
            Settlements in our form.
        municipalities
            `municipality_id` and `name`; without it, texts are placed by settlement alone.
        aliases
            Further names: `settlement_id`, `name`.
        """
        settlements = settlements.reset_index(drop=True)
        names = _name_settlements(settlements)
        if aliases is not None and len(aliases):
            position = {name: i for i, name in enumerate(settlements["settlement_id"])}
            more = aliases[aliases["settlement_id"].isin(position)]
            rows = more["settlement_id"].map(position)
            names = pd.concat([names, _tabulate(rows, more["name"], "")], ignore_index=True)
        areas = pd.DataFrame(columns=["municipality_id", "name", "kind", "members"])
        known: dict[str, str] = {}
        if municipalities is not None:
            known = dict(
                zip(municipalities["municipality_id"], municipalities["name"], strict=True)
            )
            areas = _name_areas(settlements, "municipality_id", known, known)
        return cls(settlements, names, areas, known)

    def find(self, *texts: str | None, municipality: str | None = None) -> list[Match]:
        """Return the places a text may mean, the surest first; none when nothing resembles it.

        Parameters
        ----------
        texts
            Names or addresses, the most telling first; what follows adds to it.
        municipality
            The municipality, by name or id, where it is given apart.
        """
        parts = [part for text in texts if text for part in list_parts(str(text))]
        areas = self._find_areas(parts, municipality)
        confidence: dict[int, tuple[float, str]] = {}
        inside = frozenset().union(*areas["members"]) if len(areas) else None
        parishes = self._find_parishes(parts)
        for part in parts:
            if part.kind == "municipality":
                continue
            for position, name_score, kind in self._compare(part):
                score = name_score * _fit_kind(part.kind, kind)
                score *= _NUMBERED if part.numbered else 1.0
                if inside is None and not parishes:
                    score *= _NO_AREA
                if inside is not None and position not in inside:
                    score *= _OTHER_AREA
                if parishes and position not in parishes:
                    score *= _OTHER_AREA
                best = confidence.get(position, (0.0, ""))
                if score > best[0]:
                    precise = "parish" if kind == "parish" else "settlement"
                    confidence[position] = (score, precise)
        found = [self._tell(i, score, precise) for i, (score, precise) in confidence.items()]
        # A municipality that is named outright goes before a settlement that hardly fits.
        if not found or max(match.confidence for match in found) < _HARDLY:
            found = [self._tell_area(row) for _, row in areas.iterrows()] or found
        return sorted(found, key=lambda m: (-m.confidence, m.settlement_id or m.municipality_id))

    def _tell(self, position: int, score: float, precision: str) -> Match:
        row = self.settlements.iloc[position]
        home = str(row["municipality_id"])
        return Match(
            str(row["settlement_id"]),
            str(row["name"]),
            home,
            str(self.municipality_names.get(home, home)),
            precision,
            round(float(score), 2),
        )

    def _tell_area(self, row: pd.Series) -> Match:
        home = str(row["municipality_id"])
        name = str(self.municipality_names.get(home, row["name"]))
        score = round(_NO_AREA * float(row["score"]), 2)
        return Match(None, str(row["name"]), home, name, "municipality", score)

    def _find_areas(self, parts: Sequence[Part], municipality: str | None) -> pd.DataFrame:
        """Return the municipalities a text names, with `score`; all of them if it may be any."""
        if municipality and (self.areas["municipality_id"] == municipality).any():
            return self.areas[self.areas["municipality_id"] == municipality].head(1).assign(score=1)
        asked = list_parts(municipality) if municipality else []
        named = [part for part in parts if part.kind in ("municipality", "")]
        for part in [*asked, *named]:
            fits = self._compare_areas(part, strict=part not in asked)
            if len(fits):
                return fits
        return self.areas.head(0).assign(score=1.0)

    def _compare_areas(self, part: Part, *, strict: bool) -> pd.DataFrame:
        exact = self.areas["folded"] == fold_name(part.name) if len(self.areas) else None
        if exact is None:
            return self.areas.head(0)
        stem = self.areas["stem"] == stem_name(part.name)
        kind = self.areas["kind"].to_numpy()
        if part.kind == "municipality":
            fits = stem & (kind != "city")
            fits = fits if fits.any() else stem
        elif part.kind in ("town", "city"):
            fits = stem & (kind == "city")
        else:
            # A bare word names a municipality only where that is its very name.
            fits = exact if strict else exact | stem
            if not strict and (exact & (kind == "city")).any():
                fits = exact & (kind == "city")
        found = self.areas[fits].copy()
        # The newest that carries the name goes before what was called so earlier.
        found = found[found["vintage"] == found["vintage"].max()] if len(found) else found
        return found.assign(score=np.where(exact[found.index], 1.0, _STEM))

    def _find_parishes(self, parts: Sequence[Part]) -> set[int]:
        asked = [part for part in parts if part.kind == "parish"]
        return {
            position
            for part in asked
            for position, score, kind in self._compare(part)
            if kind == "parish" and score >= _STEM
        }

    def _compare(self, part: Part) -> list[tuple[int, float, str]]:
        """Return positions of settlements with a name like that of a part, score and kind."""
        from rapidfuzz import fuzz, process

        folded, stem = fold_name(part.name), stem_name(part.name)
        if len(stem) < 2:
            return []
        table = self.names
        same = table["stem"].to_numpy() == stem
        if not same.any():
            if len(stem) < _SHORT:
                return []
            like = process.cdist([stem], table["stem"].tolist(), scorer=fuzz.ratio)[0] / 100
            score = np.where(like >= _LIKE, like * _MISSPELT, 0.0)
            words = set(stem.split())
            within = np.array([words < set(name.split()) for name in table["stem"]], dtype=bool)
            score = np.maximum(score, np.where(within, _PART_OF_NAME, 0.0))
            close = np.flatnonzero(score)
            scores = score[close]
        else:
            close = np.flatnonzero(same)
            exact = table["folded"].to_numpy()[close] == folded
            scores = np.where(exact, 1.0, _STEM)
        rows = table.iloc[close]
        return list(zip(rows["position"], scores.astype(float), rows["kind"], strict=True))


def _fit_kind(asked: str, found: str) -> float:
    if asked in _OWN_KINDS and found not in ("parish", ""):
        return 1.0
    if asked == found or not found:
        return 1.0
    return _KIND_FITS.get((asked, found), 0.8)


def _tabulate(position: pd.Series, names: pd.Series, kind: pd.Series | str) -> pd.DataFrame:
    table = pd.DataFrame({"position": list(position), "name": list(names.astype(str))})
    table["kind"] = kind if isinstance(kind, str) else list(kind)
    plain = table["name"].map(strip_kind)
    return table.assign(folded=plain.map(fold_name), stem=plain.map(stem_name))


def _name_settlements(settlements: gpd.GeoDataFrame) -> pd.DataFrame:
    position = pd.Series(range(len(settlements)))
    kinds = settlements.get("kind", "")
    names = _tabulate(position, settlements["name"], kinds)
    if "centre" not in settlements:
        return names
    # A parish is found by the name of its centre too: that is a village, not the parish. A
    # centre that is a town has a row of its own.
    own = set(zip(settlements["municipality_id"], settlements["name"], strict=True))
    keys = zip(settlements["municipality_id"], settlements["centre"], strict=True)
    centre = (settlements["centre"].notna() & settlements["kind"].eq("parish")).to_numpy()
    centre = centre & np.array([key not in own for key in keys], dtype=bool)
    villages = _tabulate(position[centre], settlements["centre"][centre], "village")
    return pd.concat([names, villages], ignore_index=True)


def _name_areas(
    settlements: gpd.GeoDataFrame,
    column: str,
    names: dict[str, str],
    heirs: dict[str, str],
    vintage: int = 0,
) -> pd.DataFrame:
    """Return municipalities by name; `heirs` are today's, found by where their settlements are."""
    rows = []
    for key, name in names.items():
        members = np.flatnonzero((settlements[column] == key).to_numpy())
        today = settlements["municipality_id"].iloc[members].unique()
        ids = [key] if key in heirs and column == "municipality_id" else sorted(today)
        plain = strip_kind(name)
        kind = "county" if plain != name else "city"
        rows += [(home, name, kind, frozenset(members.tolist()), fold_name(plain),
                  stem_name(plain), vintage) for home in ids]  # fmt: skip
    columns = ["municipality_id", "name", "kind", "members", "folded", "stem", "vintage"]
    return pd.DataFrame(rows, columns=columns)


@cache
def _read_embedded() -> Gazetteer:
    settlements = load_settlements().reset_index(drop=True)
    crosswalk = load_crosswalk()
    tables = []
    today: dict[str, str] = {}
    for vintage in (2025, 2021, 2009):
        pairs = crosswalk[[f"municipality_id_{vintage}", f"name_{vintage}"]].drop_duplicates()
        names = dict(zip(pairs.iloc[:, 0], pairs.iloc[:, 1], strict=True))
        today = today or names
        column = "municipality_id" if vintage == 2025 else f"municipality_id_{vintage}"
        tables.append(_name_areas(settlements, column, names, today, vintage))
    areas = pd.concat(tables, ignore_index=True)
    return Gazetteer(settlements, _name_settlements(settlements), areas, today)
