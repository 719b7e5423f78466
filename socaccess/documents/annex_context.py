"""What every section of an annex needs: the release, the words, and measures of services."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.content import DASH, Cell, Inline, Number, Phrase, Range, Share, Strong
from socaccess.coverage import find_quantiles, list_zone_ends
from socaccess.documents.figures import MapSheet
from socaccess.documents.sheets import name_groups, name_services
from socaccess.documents.tables import list_tables
from socaccess.i18n import Texts, sort_key
from socaccess.study.findings import Gap, rank_gaps, short_name
from socaccess.study.proposals import Proposal, list_proposals
from socaccess.travel.minutes import to_limit_ms, to_minutes

if TYPE_CHECKING:
    from socaccess.study import StudyResult
    from socaccess.study.release import Release

__all__ = ["QUANTILES", "AnnexContext", "grade_share", "say_count", "show_count", "show_range"]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_GRADES = ((0.9, "full", "●"), (0.5, "most", "◕"), (0.1, "few", "◔"), (-1.0, "none", "○"))


def grade_share(share: float | None, *, strong: bool = False) -> Cell:
    """Return a share with the sign and the fill of its class; three signs for one fact."""
    if share is None or share != share:
        return Cell(None, "unknown")
    tone, sign = next((tone, sign) for least, tone, sign in _GRADES if share >= least)
    text: Inline = (f"{sign}\u00a0", Share(share))
    return Cell(Strong(text) if strong else text, tone)


def show_count(value: object) -> Inline:
    """Return a count of persons, or the mark in its place."""
    return Number(float(value)) if isinstance(value, int | float) else str(value or DASH)


def say_count(value: object) -> Inline:
    """Return a count of persons inside a sentence, where a mark is in words."""
    if isinstance(value, str) and value:
        keys = {"<": "annex.below", ">": "annex.above", "≥": "annex.withheld"}
        return Phrase(keys.get(value[0], "annex.untold"), number=value[1:])
    return show_count(value)


def show_range(low: Any, high: Any) -> Inline:
    """Return from a low to a high count of persons, either of which may be a mark."""
    if isinstance(low, int) and isinstance(high, int):
        return Range(min(low, high), max(low, high))
    if isinstance(high, int):
        return Phrase("annex.up_to", high=high)
    return high if isinstance(high, str) else DASH


@dataclass(frozen=True, eq=False)
class AnnexContext:
    """What an annex is about.

    Parameters
    ----------
    released
        The result as it may leave.
    texts
        The language.
    municipality_id
        The annex is about this municipality; about the whole study by default.
    """

    released: Release
    texts: Texts
    municipality_id: str | None = None

    @property
    def result(self) -> StudyResult:
        """The result as it may leave."""
        return self.released.result

    @cached_property
    def headline(self) -> dict[str, dict[str, Any]]:
        """The rows of the headline by service."""
        return {row["service"]: row for row in self.released.headline["services"]}

    @cached_property
    def services(self) -> list[str]:
        """The services a plan promises, by target group and name; all where none does."""
        promised = [name for name, row in self.headline.items() if row["promised"]]
        if self.result.study.targets is not None:
            groups = set(self.result.study.targets["target_group"])
            in_plan = [name for name in promised if self.released.group_of[name] in groups]
            promised = in_plan or promised
        chosen = promised or list(self.headline)
        return sorted(chosen, key=lambda name: (self.released.group_of[name],
                                                sort_key(self.names[name])))  # fmt: skip

    @cached_property
    def others(self) -> list[str]:
        """The assessed services besides, by name."""
        rest = set(self.headline) - set(self.services)
        return sorted(rest, key=lambda name: sort_key(self.names[name]))

    @cached_property
    def known(self) -> list[str]:
        """Those of the services that somebody counts."""
        return [name for name in self.services if self.headline[name]["supply_known"]]

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The services of each target group."""
        found: dict[str, list[str]] = {}
        for name in self.services:
            found.setdefault(self.released.group_of[name], []).append(name)
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """Full names of services."""
        return name_services(self.released, self.texts.lang)

    @cached_property
    def group_names(self) -> dict[str, str]:
        """Names of target groups."""
        return name_groups(self.released, self.texts.lang)

    def short(self, service: str) -> str:
        """Return the short name of a service, with a capital."""
        name = short_name(self.texts, "service", service, self.names[service])
        return name[:1].upper() + name[1:]

    def label(self, service: str) -> str:
        """Return the short name of a service with its group and a capital."""
        name = self.low(service)
        return name[:1].upper() + name[1:]

    def low(self, service: str) -> str:
        """Return the short name of a service inside a sentence, with its group."""
        name = short_name(self.texts, "service", service, self.names[service])
        group = self.released.group_of[service]
        shown = short_name(self.texts, "group", group, self.group_names.get(group, group))
        return f"{name[:1].lower()}{name[1:]} ({shown})"

    @cached_property
    def limits(self) -> dict[str, float]:
        """The limit of every service in minutes."""
        return self.result.study.limits_min()

    @cached_property
    def zone_ends(self) -> dict[str, tuple[float, float, float]]:
        """Where the zones of a map end, in minutes."""
        types = self.result.service_types
        outer = types.get("outer_limit_min", pd.Series(np.nan, index=types.index))
        pairs = zip(types["service"], outer.astype(float), strict=True)
        return {
            name: list_zone_ends(self.limits[name], end)
            for name, end in pairs
            if name in self.limits
        }

    @cached_property
    def municipalities(self) -> list[tuple[str, str]]:
        """Ids and names of the municipalities from north to south, as on the map."""
        frame = self.result.municipalities
        north = -frame.geometry.representative_point().y.to_numpy()
        order = np.argsort(north, kind="stable")
        ids, names = frame["municipality_id"].to_numpy(), frame["name"].to_numpy()
        return [(str(ids[at]), str(names[at])) for at in order]

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables as released."""
        return list_tables(self.released)

    @cached_property
    def _coverage(self) -> dict[tuple[str, str, str], dict[Any, Any]]:
        table = self.tables["coverage"]
        table = table[table["scope"] == "any"]
        keys = zip(table["municipality_id"], table["service"], table["scenario"], strict=True)
        return dict(zip(keys, table.to_dict("records"), strict=True))

    def measure(self, service: str, municipality_id: str | None = None,
                scenario: str = "now") -> dict[str, Any]:  # fmt: skip
        """Return what is released of a service in a scenario: shares, persons, minutes."""
        if municipality_id is not None:
            return self._coverage[municipality_id, service, scenario]
        row = self.headline[service]
        ends = ("covered", "covered_low", "covered_high", "covered_share", "covered_share_low",
                "covered_share_high")  # fmt: skip
        return {"persons": row["persons"], **{name: row[name][scenario] for name in ends}}

    def share(self, service: str, municipality_id: str | None = None,
              scenario: str = "now") -> float | None:  # fmt: skip
        """Return the share within the limit, None where nobody counts the service."""
        value = self.measure(service, municipality_id, scenario)["covered_share"]
        return None if value is None or value != value else float(value)

    def outside(self, service: str, municipality_id: str | None = None, end: str = "") -> Any:
        """Return the persons outside the limit, a mark where they may not be shown.

        With `end` "_low" or "_high" those outside if the share were its bound.
        """
        if municipality_id is None:
            found = next(
                row for row in self.result.summary["services"] if row["service"] == service
            )
            persons, covered = found["persons"], found[f"covered{end}"]["now"]
        else:
            found = self._estimates[municipality_id, service]
            persons, covered = found["persons"], found[f"covered{end}"]
        if persons is None or covered is None or persons != persons or covered != covered:
            return None
        group = self.released.group_of[service]
        return self.released.show_part(group, float(persons) - float(covered), float(persons))

    @cached_property
    def _estimates(self) -> dict[tuple[str, str], dict[Any, Any]]:
        """Coverage as the release calculates it: its persons know only what may be shown."""
        table = self.result.coverage
        table = table[(table["scope"] == "any") & (table["scenario"] == "now")]
        keys = zip(table["municipality_id"], table["service"], strict=True)
        return dict(zip(keys, table.to_dict("records"), strict=True))

    @cached_property
    def gaps(self) -> list[Gap]:
        """The gaps of the study, the most persons first."""
        return rank_gaps(self.released, self.known)

    @cached_property
    def proposals(self) -> list[Proposal]:
        """The suggested sites, the most persons first."""
        return list_proposals(self.released, self.known)

    @cached_property
    def has_planned(self) -> bool:
        """Whether any planned facility changes a share."""
        return any(
            (self.share(name, None, "planned") or 0) - (self.share(name) or 0) >= 0.005
            for name in self.known
        )

    @cached_property
    def sheet(self) -> MapSheet:
        """The ground of all maps."""
        return MapSheet(self.result)

    @cached_property
    def home(self) -> np.ndarray:
        """Municipality of every point where people live."""
        settlements = self.result.study.settlements["municipality_id"].to_numpy(dtype=object)
        return settlements[self.result.times.home]

    @cached_property
    def population(self) -> np.ndarray:
        """Inhabitants of every point."""
        settlements = self.result.study.settlements["population"].to_numpy(dtype=float)
        return np.nan_to_num(settlements[self.result.times.home]) * self.result.times.share

    def travel_ms(self, service: str, scenario: str = "now") -> np.ndarray:
        """Return milliseconds from every point to the nearest facility."""
        times = self.result.times
        return times.travel_ms[times.row(service, scenario)]

    def zones(self, service: str) -> np.ndarray:
        """Return the zone (0-3) of every point: half the limit, limit, outer limit, beyond."""
        ends = [to_limit_ms(end) for end in self.zone_ends[service]]
        return np.searchsorted(ends, self.travel_ms(service), side="left")

    @cached_property
    def counts_within(self) -> np.ndarray:
        """How many of the known services each point has within the limit."""
        counts = np.zeros(len(self.home), dtype=int)
        for name in self.known:
            counts += self.travel_ms(name) <= to_limit_ms(self.limits[name])
        return counts

    @cached_property
    def mean_within(self) -> dict[str, float]:
        """How many of the known services an inhabitant has within the limit, on average."""
        weight, found = self.population, {}
        for key, _ in self.municipalities:
            here = self.home == key
            total = weight[here].sum()
            found[key] = float((weight * self.counts_within)[here].sum() / total) if total else 0.0
        return found

    def quantiles(self, service: str) -> dict[str, tuple[float | None, ...]]:
        """Return minutes of the inhabitants of every municipality at `QUANTILES`."""
        keys = [key for key, _ in self.municipalities]
        position = {key: at for at, key in enumerate(keys)}
        code = np.array([position[key] for key in self.home])
        minutes = to_minutes(self.travel_ms(service))
        found = find_quantiles(code, len(keys), minutes, self.population, QUANTILES)
        return {
            key: tuple(None if values[at] != values[at] else float(values[at]) for values in found)
            for at, key in enumerate(keys)
        }

    def shorten(self, name: str) -> str:
        """Return the name of a municipality or settlement for a narrow column."""
        for word in ("novads", "pagasts"):
            if name.endswith(f" {word}"):
                short = self.texts(f"annex.short_{word}")
                return f"{name.removesuffix(f' {word}')}\u00a0{short}"
        return name

    def is_likely(self, service: str) -> bool:
        """Return whether no source names the service itself: its facilities are likely ones."""
        return service in self.result.study.guessed

    def mark(self, service: str) -> Inline:
        """Return the name of a service, marked where every row of it is only likely."""
        return f"{self.short(service)}\u00a0¹" if self.is_likely(service) else self.short(service)
