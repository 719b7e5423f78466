"""The numbers a result rests on, in one frozen place.

Nothing in the calculations reads a global or the environment: settings are
passed in, and every study writes them into its `study.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.validation import find_faults, is_default

__all__ = ["LinkModel", "Settings"]


_ABOVE_0 = {"gt": 0}


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
        A point farther than this from the network is flagged in the results, and not reached
        on a full network; the embedded roads are joined from up to `link_m`.
    """

    main_kph: float = field(default=82.0, metadata=_ABOVE_0)
    regional_kph: float = field(default=80.0, metadata=_ABOVE_0)
    road_kph: float = field(default=70.0, metadata=_ABOVE_0)
    main_winding: float = field(default=1.02, metadata=_ABOVE_0)
    regional_winding: float = field(default=1.035, metadata=_ABOVE_0)
    road_winding: float = field(default=1.065, metadata=_ABOVE_0)
    beside_winding: float = field(default=1.12, metadata=_ABOVE_0)
    town_kph: float = field(default=40.0, metadata=_ABOVE_0)
    town_radius_m: float = field(default=1200.0, metadata=_ABOVE_0)
    town_radius_max_m: float = field(default=6000.0, metadata=_ABOVE_0)
    street_kph: float = field(default=25.0, metadata=_ABOVE_0)
    link_kph: float = field(default=55.0, metadata=_ABOVE_0)
    detour: float = field(default=1.3, metadata={"ge": 1.0})
    neighbour_detour: float = field(default=1.35, metadata={"ge": 1.0})
    street_m: float = field(default=2500.0, metadata=_ABOVE_0)
    link_m: float = field(default=15000.0, metadata=_ABOVE_0)
    road_links: int = field(default=2, metadata=_ABOVE_0)
    node_links: int = field(default=3, metadata=_ABOVE_0)
    neighbour_links_m: float = field(default=10000.0, metadata=_ABOVE_0)
    access_kph: float = field(default=30.0, metadata=_ABOVE_0)
    access_flag_m: float = field(default=5000.0, metadata=_ABOVE_0)

    def __post_init__(self) -> None:
        if not is_default(self):
            raise_problems(find_faults(LinkModel, vars(self), "settings"))


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
        How many sites a service is suggested at most; fewer where a further one would bring
        fewer persons than a facility needs.
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
    limits_min: dict[str, float] = field(default_factory=dict, metadata={"each": _ABOVE_0})
    bands_min: tuple[float, ...] = field(
        default=(15.0, 30.0, 45.0, 60.0), metadata={"each": _ABOVE_0}
    )
    suppress_below: int = field(default=5, metadata={"ge": 0})
    new_sites: int = field(default=5, metadata={"ge": 0})
    site_services: tuple[str, ...] = ()
    solver_seconds: float = field(default=20.0, metadata=_ABOVE_0)
    winter_speed_factor: float = field(default=0.85, metadata={"gt": 0, "le": 1})
    time_uncertainty: float = field(default=0.15, metadata={"ge": 0, "lt": 1})
    partners_only: bool = False

    def __post_init__(self) -> None:
        if is_default(self):
            return
        problems = find_faults(Settings, vars(self), "settings")
        if not problems and list(self.bands_min) != sorted(set(self.bands_min)):
            problems = [Problem("settings.bands_not_ascending", "settings", value=self.bands_min)]
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
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise InputError("settings.unreadable", where=path.name) from None
        return cls.from_dict(given, where=path.name)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], *, where: str = "settings") -> Settings:
        """Return the settings of plain values, as a TOML file or `to_dict` holds them.

        Raises
        ------
        InputError
            If it names a setting that does not exist, or holds a value that cannot be one.
        """
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        links = given.pop("links", {})
        problems = find_faults(cls, given, where)
        if isinstance(links, Mapping):
            problems += find_faults(LinkModel, links, where, "links")
        else:
            problems.append(Problem("validation.not_a_section", where, name="links", value=links))
        raise_problems(problems)
        return cls(links=LinkModel(**links), **given)
