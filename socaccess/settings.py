"""The numbers a result rests on, in one frozen place.

Nothing in the calculations reads a global or the environment: settings are
passed in, and every study writes them into its `study.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from socaccess.errors import InputError, Problem, raise_problems

__all__ = ["LinkModel", "Settings"]


@dataclass(frozen=True)
class LinkModel:
    """How time is modelled where no road is known: the one place for these numbers.

    They are modelling choices, not measurements; `docs/roads.md` compares what they
    give with published distances and driving times.

    Parameters
    ----------
    main_kph, regional_kph, road_kph
        Mean speed on state main roads (A), on state regional roads (P), and on the
        other embedded roads, of which no class is known.
    main_winding, regional_winding, road_winding
        How much longer these roads are than the data says, which follows waypoints or
        simplified lines: measured against published lengths of roads and distances
        between towns.
    beside_winding
        The same for a road of OpenStreetMap whose length the table of state roads knows
        better; it is a little long, so that the table's length is the shorter.
    town_kph, town_radius_m
        Mean speed on a main road inside a town, and how far from the town's
        centre that holds, for a town of 10,000 people; the radius grows with
        the square root of the population, up to `town_radius_max_m`.
    street_kph, link_kph
        Speed on the shortest and on the longest modelled ways: streets near
        a centre are slow, a way of several kilometres is mostly open road.
    detour, neighbour_detour
        How much longer a modelled way is than the straight line: to a road, and to a
        neighbouring settlement.
    street_m
        Straight-line distance up to which a modelled way counts as streets within a
        town (inclusive); beyond, it is a link between places.
    link_m
        Straight-line distance up to which a settlement is linked to a road (inclusive).
    road_links, node_links
        To how many roads a settlement is linked, nearest first, and to how many
        nodes, where it is farther from all than `street_m`.
    neighbour_links_m
        Straight-line distance up to which neighbouring settlements are linked
        to each other (inclusive).
    access_kph
        Speed between a point and the nearest road of a full network.
    access_flag_m
        A point farther than this from the network is flagged in the results.
    """

    main_kph: float = 82.0
    regional_kph: float = 80.0
    road_kph: float = 70.0
    main_winding: float = 1.02
    regional_winding: float = 1.035
    road_winding: float = 1.065
    beside_winding: float = 1.12
    town_kph: float = 40.0
    town_radius_m: float = 1200.0
    town_radius_max_m: float = 6000.0
    street_kph: float = 25.0
    link_kph: float = 55.0
    detour: float = 1.3
    neighbour_detour: float = 1.35
    street_m: float = 2500.0
    link_m: float = 15000.0
    road_links: int = 2
    node_links: int = 3
    neighbour_links_m: float = 10000.0
    access_kph: float = 30.0
    access_flag_m: float = 5000.0

    def __post_init__(self) -> None:
        problems = [
            Problem(f"{item.name} must be above 0, got {getattr(self, item.name)!r}", "settings")
            for item in fields(self)
            if not (_is_number(getattr(self, item.name)) and getattr(self, item.name) > 0)
        ]
        for name in ("detour", "neighbour_detour"):
            value = getattr(self, name)
            if _is_number(value) and value < 1:
                problems.append(Problem(f"{name} must be at least 1, got {value}", "settings"))
        for name in ("road_links", "node_links"):
            value = getattr(self, name)
            if _is_number(value) and value % 1:
                problems.append(Problem(f"{name} must be a whole number, got {value}", "settings"))
        raise_problems(problems)


@dataclass(frozen=True)
class Settings:
    """Everything a study can be told besides its data.

    Parameters
    ----------
    links
        The model of what the road data does not hold.
    limits_min
        Limits a user prefers to the catalogue's, by service; inclusive.
    bands_min
        Limits of the sensitivity table, ascending, inclusive.
    suppress_below
        Counts of persons under this are not shown in anything that leaves.
    new_sites
        How many sites a service is suggested when it has gaps.
    site_services
        Services to suggest sites for; empty means those a plan promises.
    solver_seconds
        Time limit of one siting problem.
    time_uncertainty
        How far true times may lie from the calculated ones, as a share (from 0, under 1):
        every share of people is given with what it would be if all times were that much
        longer, and shorter. `docs/roads.md` has what the default rests on.
    partners_only
        Whether sites are suggested for the need of a plan's partners alone; by default
        the need outside the partnership counts too.
    winter_speed_factor
        Speeds in winter as a share of those otherwise (above 0, at most 1), for the
        sensitivity table. An assumption, not a measurement: the default lies between
        what the speed profile assumes for paved (0.92) and for gravel roads (0.80).

    Examples
    --------
    >>> Settings(limits_min={"dac_grt": 20.0}).limits_min["dac_grt"]
    20.0
    """

    links: LinkModel = field(default_factory=LinkModel)
    limits_min: dict[str, float] = field(default_factory=dict)
    bands_min: tuple[float, ...] = (15.0, 30.0, 45.0, 60.0)
    suppress_below: int = 5
    new_sites: int = 3
    site_services: tuple[str, ...] = ()
    solver_seconds: float = 20.0
    winter_speed_factor: float = 0.85
    time_uncertainty: float = 0.15
    partners_only: bool = False

    def __post_init__(self) -> None:
        problems = [
            Problem(f"the limit of {service} must be above 0 minutes, got {limit!r}", "settings")
            for service, limit in self.limits_min.items()
            if not (_is_number(limit) and limit > 0)
        ]
        bands = list(self.bands_min)
        if not all(_is_number(band) and band > 0 for band in bands) or bands != sorted(set(bands)):
            problems.append(
                Problem(f"bands_min must ascend from above 0, got {self.bands_min}", "settings")
            )
        for name in ("suppress_below", "new_sites"):
            value = getattr(self, name)
            if not _is_number(value) or value < 0 or value % 1:
                problems.append(
                    Problem(f"{name} must be a whole number from 0, got {value!r}", "settings")
                )
        if not (_is_number(self.solver_seconds) and self.solver_seconds > 0):
            problems.append(
                Problem(f"solver_seconds must be above 0, got {self.solver_seconds!r}", "settings")
            )
        if not (_is_number(self.time_uncertainty) and 0 <= self.time_uncertainty < 1):
            problems.append(
                Problem(
                    f"time_uncertainty must be from 0 and under 1, got {self.time_uncertainty!r}",
                    "settings",
                )
            )
        if not (_is_number(self.winter_speed_factor) and 0 < self.winter_speed_factor <= 1):
            problems.append(
                Problem(
                    "winter_speed_factor must be above 0 and at most 1, "
                    f"got {self.winter_speed_factor!r}",
                    "settings",
                )
            )
        raise_problems(problems)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for `study.json`."""
        return asdict(self)

    @classmethod
    def from_toml(cls, path: str | Path) -> Settings:
        """Return the settings of a TOML file; what it leaves out keeps its default.

        Raises
        ------
        InputError
            If the file is not TOML, names a setting that does not exist, or holds a
            value that cannot be one.
        """
        import tomllib

        path = Path(path)
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path.name}: settings cannot be read: {error}") from None
        return cls.from_dict(given, where=path.name)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], *, where: str = "settings") -> Settings:
        """Return the settings of plain values, as a TOML file or `to_dict` holds them.

        Raises
        ------
        InputError
            If it names a setting that does not exist, or holds a value that cannot be one.
        """
        given = dict(given)
        known = {item.name for item in fields(cls)}
        known_links = {item.name for item in fields(LinkModel)}
        links = given.pop("links", {})
        wrong = [
            Problem(f"{name} must be {form}", where)
            for name, value, kind, form in (
                ("links", links, dict, "a section"),
                ("limits_min", given.get("limits_min", {}), dict, "a section"),
                ("bands_min", given.get("bands_min", []), list, "a list"),
                ("site_services", given.get("site_services", []), list, "a list"),
            )
            if not isinstance(value, kind)
        ]
        raise_problems(wrong)
        unknown = [name for name in given if name not in known]
        unknown += [f"links.{name}" for name in links if name not in known_links]
        if unknown:
            raise InputError(
                [
                    Problem(
                        "unknown setting",
                        where=where,
                        rows=tuple(unknown),
                        hint=f"known are {', '.join(sorted(known))}",
                    )
                ]
            )
        for name in ("bands_min", "site_services"):
            if name in given:
                given[name] = tuple(given[name])
        return replace(cls(**given), links=LinkModel(**links))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
