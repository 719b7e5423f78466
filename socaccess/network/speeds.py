"""How fast a car moves: profiles by class, surface, place and season.

The figures stand in `profiles/latvia.toml`; a planner's own profile is a TOML file of
the same form holding only what differs.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems

__all__ = ["SEASONS", "SURFACES", "Season", "SpeedProfile", "group_surface", "load_profile"]

Season = Literal["summer", "winter", "thaw"]

SEASONS: Final[tuple[str, ...]] = ("summer", "winter", "thaw")
"""Seasons a profile knows."""

SURFACES: Final[tuple[str, ...]] = ("paved", "cobbles", "gravel", "earth")
"""Groups of surfaces a profile tells apart."""

_SURFACE_GROUPS = {
    "paved": "paved asphalt concrete concrete:lanes concrete:plates chipseal paving_stones metal "
    "wood paving_stones:lanes bricks brick rubber interlock",
    "cobbles": "sett cobblestone unhewn_cobblestone cobblestone:flattened stone rock grass_paver",
    "gravel": "gravel fine_gravel compacted unpaved pebblestone crushed_limestone",
    "earth": "ground dirt earth sand mud grass clay woodchips snow ice soil salt",
}
_SURFACE_OF = {
    value: group for group, values in _SURFACE_GROUPS.items() for value in values.split()
}

# Smallest and largest figure a section may hold.
_RANGES = {
    "factor": (0.05, 1.5),
    "delay_s": (0.0, 3600.0),
    "kph": (1.0, 200.0),
    "share": (0.1, 1.5),
    "boarding_s": (0.0, 86400.0),
    "cell_m": (50.0, 5000.0),
    "km_per_km2": (0.01, 100.0),
    "signals_apart_m": (0.0, 500.0),
}
_SLOWEST_KPH = 1.0


@dataclass(frozen=True)
class SpeedProfile:
    """A checked set of speeds, delays and rules.

    Parameters
    ----------
    name
        Its name, kept in the provenance of a network.
    values
        All figures, in the form of the TOML file.

    Examples
    --------
    >>> profile = load_profile()
    >>> profile.drive_kph("tertiary", surface="gravel", urban=False, season="thaw")
    40.0
    >>> profile.drive_kph("primary", surface="paved", urban=False, season="summer", posted_kph=70)
    66.5
    """

    name: str
    values: Mapping[str, Any]

    def assume_surface(self, road_class: str, *, urban: bool) -> str:
        """Return the surface group of a road whose surface nobody wrote down."""
        assumed = self.values["assumed_surface"].get(road_class, "paved")
        return "paved" if urban and assumed != "earth" else str(assumed)

    def drive_kph(
        self,
        road_class: str,
        *,
        surface: str,
        urban: bool,
        season: str,
        posted_kph: float | None = None,
        smoothness: str | None = None,
        tracktype: str | None = None,
        destination_only: bool = False,
    ) -> float:
        """Return the speed a car drives at, km/h, at least 1.

        Parameters
        ----------
        road_class
            Value of `highway`; one the profile does not know counts as `other`.
        surface
            One of `SURFACES`.
        urban
            Whether the road lies in a built-up area.
        season
            One of `SEASONS`.
        posted_kph
            Posted limit, if any.
        smoothness, tracktype
            Values of these tags; unknown ones change nothing.
        destination_only
            Whether only those who have business there may drive.
        """
        values = self.values
        section = values["urban_kph" if urban else "rural_kph"]
        speed = float(section.get(road_class, section["other"]))
        if posted_kph is not None:
            place = "urban" if urban else "rural"
            posted = posted_kph * values["posted"][f"{place}_share"]
            general = values["posted"][f"{place}_general_kph"]
            if posted_kph < general:
                speed = min(speed, posted)
            elif posted_kph > general and road_class in values["posted"]["through"]:
                speed = max(speed, posted)
        speed *= values[season]["factor"][surface]
        ceilings = [values[season]["ceiling_kph"][surface]]
        ceilings.append(values["smoothness_ceiling_kph"].get(smoothness, speed))
        ceilings.append(values["tracktype_ceiling_kph"].get(tracktype, speed))
        if destination_only:
            ceilings.append(values["access"]["destination_kph"])
        return max(_SLOWEST_KPH, float(min(speed, *ceilings)))

    @property
    def private_is_open(self) -> bool:
        """Whether private roads are driven, at the speed of destination-only roads."""
        return bool(self.values["access"]["private"] == "open")

    def to_dict(self) -> dict[str, Any]:
        """Return name and figures as plain values."""
        return copy.deepcopy({"name": self.name, **self.values})


def group_surface(value: str | None) -> str | None:
    """Return the group of a `surface` tag, or None when it says nothing known.

    Of several values the slowest group counts.

    Examples
    --------
    >>> group_surface("asphalt"), group_surface("compacted;sand"), group_surface("lava")
    ('paved', 'earth', None)
    """
    if not value:
        return None
    groups = [
        group
        for word in value.lower().split(";")
        if (group := _SURFACE_OF.get(word.strip())) is not None
    ]
    return max(groups, key=SURFACES.index) if groups else None


def check_season(season: str) -> str:
    """Return `season` if it is one.

    Raises
    ------
    UnknownNameError
        Otherwise.
    """
    if season not in SEASONS:
        raise UnknownNameError("network.no_such_season", season=season, known=list(SEASONS))
    return season


def load_profile(
    profile: SpeedProfile | Mapping[str, Any] | str | Path | None = None,
) -> SpeedProfile:
    """Return a speed profile.

    Parameters
    ----------
    profile
        None for the built-in `latvia`; the path of a TOML file, or a mapping of the
        same form: what it leaves out keeps the built-in figure. A profile comes
        back as it is.

    Raises
    ------
    InputError
        Naming every unknown section, unknown name and impossible figure at once.

    Examples
    --------
    >>> load_profile({"name": "slow", "rural_kph": {"primary": 60}}).values["rural_kph"]["primary"]
    60
    >>> load_profile({"rural_kph": {"primary": -5}})
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: profile, rural_kph.primary: -5 is not between 1 and 200
    """
    if isinstance(profile, SpeedProfile):
        return profile
    built_in = copy.deepcopy(_read_built_in())
    if profile is None:
        return SpeedProfile(built_in.pop("name"), built_in)
    if isinstance(profile, Mapping):
        given, where = dict(profile), "profile"
    else:
        path = Path(profile)
        where = path.name
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise InputError("network.profile_unreadable", where=where) from None
    problems: list[Problem] = []
    name = given.pop("name", "own")
    if not isinstance(name, str):
        problems.append(Problem("network.profile_name", where, name=name))
    built_in.pop("name")
    _merge(built_in, given, (), where, problems)
    raise_problems(problems)
    return SpeedProfile(name, built_in)


@cache
def _read_built_in() -> dict[str, Any]:
    file = resources.files("socaccess.network") / "profiles" / "latvia.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


# Classes of roads and values of tags a user may add; elsewhere every name is known.
_OPEN_SECTIONS = ("smoothness_ceiling_kph", "tracktype_ceiling_kph")


def _merge(
    base: dict[str, Any],
    given: Mapping[str, Any],
    trail: tuple[str, ...],
    where: str,
    problems: list[Problem],
) -> None:
    """Put `given` over `base`, gathering what does not fit."""
    unknown = []
    for name, value in given.items():
        here = (*trail, name)
        spot = f"{where}, {'.'.join(here)}"
        if trail == ("assumed_surface",):
            _check_surface(value, name, spot, problems)
        elif name not in base and not (trail and trail[-1] in _OPEN_SECTIONS):
            unknown.append(name)
            continue
        elif isinstance(base.get(name), dict):
            if isinstance(value, Mapping):
                _merge(base[name], value, here, where, problems)
            else:
                problems.append(Problem("network.section_expected", spot))
            continue
        elif name == "through":
            _check_classes(value, spot, problems)
        elif name == "private":
            if value not in ("closed", "open"):
                problems.append(Problem("network.neither_closed_nor_open", spot, value=value))
        else:
            _check_number(value, here, spot, problems)
        base[name] = value
    if unknown:
        code = "network.unknown_name" if trail else "network.unknown_name_at_top"
        section = {"section": ".".join(trail)} if trail else {}
        problems.append(Problem(code, where, unknown, known=sorted(base), **section))


def _check_number(value: Any, trail: tuple[str, ...], spot: str, problems: list[Problem]) -> None:
    kind = next(
        (
            ending
            for part in reversed(trail)
            for ending in _RANGES
            if part == ending or part.endswith(f"_{ending}")
        ),
        "kph",
    )
    low, high = _RANGES[kind]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number:
        problems.append(Problem("network.not_a_number", spot, value=repr(value)))
    elif not low <= value <= high:
        problems.append(Problem("network.not_between", spot, value=value, low=low, high=high))


def _check_surface(value: Any, name: str, spot: str, problems: list[Problem]) -> None:
    if value not in SURFACES:
        problems.append(Problem("network.not_one_of", spot, value=value, known=list(SURFACES)))
    if name not in _read_built_in()["rural_kph"]:
        problems.append(Problem("network.no_such_class", spot))


def _check_classes(value: Any, spot: str, problems: list[Problem]) -> None:
    known = _read_built_in()["rural_kph"]
    if not isinstance(value, list) or any(item not in known for item in value):
        problems.append(Problem("network.not_a_list_of_classes", spot, known=list(known)))
