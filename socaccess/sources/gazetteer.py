"""A gazetteer of one's own settlements: from a name or an address to a place, with how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.sources.boundaries import load_crosswalk
from socaccess.sources.place_names import Part, fold_name, list_parts, stem_name, strip_kind
from socaccess.sources.settlements import load_settlements

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Area", "Gazetteer", "Match", "Name"]

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


@dataclass(frozen=True)
class Name:
    """A name of a settlement: its row, the kind of what is called so, and how it is compared."""

    position: int
    kind: str
    folded: str
    stem: str


@dataclass(frozen=True)
class Area:
    """A municipality by one of its names; `members` are the rows of its settlements."""

    municipality_id: str
    name: str
    kind: str
    members: frozenset[int]
    folded: str
    stem: str
    vintage: int


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Names of settlements and of the areas they lie in, old and new.

    Parameters
    ----------
    settlements
        `settlement_id`, `name`, `kind`, `municipality_id`, points with CRS.
    names
        Names of the settlements; one may have several.
    areas
        Names of municipalities, now and before.
    municipality_names
        Name of every municipality by id.
    """

    settlements: gpd.GeoDataFrame
    names: tuple[Name, ...]
    areas: tuple[Area, ...]
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
        if aliases is not None:
            position = {name: i for i, name in enumerate(settlements["settlement_id"])}
            names += tuple(
                _make_name(position[key], str(name), "")
                for key, name in zip(aliases["settlement_id"], aliases["name"], strict=True)
                if key in position
            )
        areas: list[Area] = []
        known: dict[str, str] = {}
        if municipalities is not None:
            known = dict(
                zip(municipalities["municipality_id"], municipalities["name"], strict=True)
            )
            areas = _name_areas(settlements, "municipality_id", known)
        return cls(settlements, names, tuple(areas), known)

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
        inside = frozenset().union(*(area.members for area, _ in areas)) if areas else None
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
            found = [self._tell_area(area, score) for area, score in areas] or found
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

    def _tell_area(self, area: Area, score: float) -> Match:
        name = str(self.municipality_names.get(area.municipality_id, area.name))
        score = round(_NO_AREA * score, 2)
        return Match(None, area.name, area.municipality_id, name, "municipality", score)

    def _find_areas(
        self, parts: Sequence[Part], municipality: str | None
    ) -> list[tuple[Area, float]]:
        """Return the municipalities a text names, with a score; none where it names none."""
        known = [area for area in self.areas if area.municipality_id == municipality]
        if municipality and known:
            return [(known[0], 1.0)]
        asked = list_parts(municipality) if municipality else []
        named = [part for part in parts if part.kind in ("municipality", "")]
        for part in [*asked, *named]:
            fits = self._compare_areas(part, strict=part not in asked)
            if fits:
                return fits
        return []

    def _compare_areas(self, part: Part, *, strict: bool) -> list[tuple[Area, float]]:
        folded = fold_name(part.name)
        alike = self._areas_by_stem.get(stem_name(part.name), [])
        exact = [area for area in alike if area.folded == folded]
        cities = [area for area in alike if area.kind == "city"]
        if part.kind == "municipality":
            fits = [area for area in alike if area.kind != "city"] or alike
        elif part.kind in ("town", "city"):
            fits = cities
        elif strict:
            # A bare word names a municipality only where that is its very name.
            fits = exact
        else:
            fits = [area for area in exact if area.kind == "city"] or alike
        # The newest that carries the name goes before what was called so earlier.
        newest = max((area.vintage for area in fits), default=0)
        return [
            (area, 1.0 if area.folded == folded else _STEM)
            for area in fits
            if area.vintage == newest
        ]

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
        same = self._names_by_stem.get(stem)
        if same:
            return [
                (name.position, 1.0 if name.folded == folded else _STEM, name.kind) for name in same
            ]
        if len(stem) < _SHORT:
            return []
        stems = list(self._names_by_stem)
        like = process.cdist([stem], stems, scorer=fuzz.ratio)[0] / 100
        words = set(stem.split())
        found = []
        for known, ratio in zip(stems, like.tolist(), strict=True):
            score = ratio * _MISSPELT if ratio >= _LIKE else 0.0
            if words < set(known.split()):
                score = max(score, _PART_OF_NAME)
            if score:
                found += [(name.position, score, name.kind) for name in self._names_by_stem[known]]
        return found

    @cached_property
    def _names_by_stem(self) -> dict[str, list[Name]]:
        found: dict[str, list[Name]] = {}
        for name in self.names:
            found.setdefault(name.stem, []).append(name)
        return found

    @cached_property
    def _areas_by_stem(self) -> dict[str, list[Area]]:
        found: dict[str, list[Area]] = {}
        for area in self.areas:
            found.setdefault(area.stem, []).append(area)
        return found


def _fit_kind(asked: str, found: str) -> float:
    if asked in _OWN_KINDS and found not in ("parish", ""):
        return 1.0
    if asked == found or not found:
        return 1.0
    return _KIND_FITS.get((asked, found), 0.8)


def _make_name(position: int, name: str, kind: str) -> Name:
    plain = strip_kind(name)
    return Name(position, kind, fold_name(plain), stem_name(plain))


def _name_settlements(settlements: gpd.GeoDataFrame) -> tuple[Name, ...]:
    kinds = settlements.get("kind", pd.Series("", index=settlements.index)).fillna("").tolist()
    called = settlements["name"].astype(str).tolist()
    names = [
        _make_name(i, name, kind) for i, (name, kind) in enumerate(zip(called, kinds, strict=True))
    ]
    if "centre" not in settlements:
        return tuple(names)
    # A parish is found by the name of its centre too: that is a village, not the parish. A
    # centre that is a town has a row of its own.
    homes = settlements["municipality_id"].tolist()
    own = set(zip(homes, called, strict=True))
    names += [
        _make_name(i, centre, "village")
        for i, centre in enumerate(settlements["centre"])
        if isinstance(centre, str) and kinds[i] == "parish" and (homes[i], centre) not in own
    ]
    return tuple(names)


def _name_areas(
    settlements: gpd.GeoDataFrame, column: str, names: dict[str, str], vintage: int = 0
) -> list[Area]:
    """Return municipalities by name; old ones lead to those their settlements are in today."""
    areas = []
    for key, name in names.items():
        members = np.flatnonzero((settlements[column] == key).to_numpy())
        today = settlements["municipality_id"].iloc[members].unique()
        ids = [key] if column == "municipality_id" else sorted(today)
        plain = strip_kind(str(name))
        kind = "county" if plain != name else "city"
        areas += [
            Area(str(home), str(name), kind, frozenset(members.tolist()), fold_name(plain),
                 stem_name(plain), vintage)
            for home in ids
        ]  # fmt: skip
    return areas


@cache
def _read_embedded() -> Gazetteer:
    settlements = load_settlements().reset_index(drop=True)
    crosswalk = load_crosswalk()
    areas: list[Area] = []
    today: dict[str, str] = {}
    for vintage in (2025, 2021, 2009):
        pairs = crosswalk[[f"municipality_id_{vintage}", f"name_{vintage}"]].drop_duplicates()
        names = dict(zip(pairs.iloc[:, 0], pairs.iloc[:, 1], strict=True))
        today = today or names
        column = "municipality_id" if vintage == 2025 else f"municipality_id_{vintage}"
        areas += _name_areas(settlements, column, names, vintage)
    return Gazetteer(settlements, _name_settlements(settlements), tuple(areas), today)
