"""What every section of an annex needs: the release, the words, the numbers as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.documents.analysis import list_counted, rank_municipalities
from socaccess.documents.record import tell_record
from socaccess.documents.sheets import name_groups, name_services
from socaccess.documents.tables import list_tables
from socaccess.i18n import Texts, sort_key

if TYPE_CHECKING:
    from socaccess.study import StudyResult
    from socaccess.study.release import Release

__all__ = ["DASH", "SCENARIOS", "Ground"]

SCENARIOS = ("now", "planned", "suggested")
DASH = "–"
COVERAGE_KEYS = ("municipality_id", "service", "scenario", "scope")


@dataclass(frozen=True, eq=False)
class Ground:
    """What an annex tells of.

    Parameters
    ----------
    released
        The result as it may leave.
    texts
        The language.
    municipality_id
        Tell of this municipality; of the whole study by default.
    """

    released: Release
    texts: Texts
    municipality_id: str | None = None

    @property
    def result(self) -> StudyResult:
        """The result as it may leave."""
        return self.released.result

    @cached_property
    def services(self) -> list[str]:
        """The counted services, by target group and name."""
        counted = list_counted(self.result)
        return sorted(
            counted, key=lambda code: (self.released.group_of[code], sort_key(self.names[code]))
        )

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of services."""
        return name_services(self.released, self.texts.lang)

    @cached_property
    def groups(self) -> dict[str, str]:
        """Names of target groups."""
        return name_groups(self.released, self.texts.lang)

    @cached_property
    def record(self) -> dict[str, Any]:
        """The headline as it may leave."""
        headline: dict[str, Any] = tell_record(self.released)["headline"]
        return headline

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables as they leave."""
        return list_tables(self.released)

    @cached_property
    def coverage(self) -> dict[tuple[str, ...], dict[Any, Any]]:
        """Coverage of what the annex tells of, by municipality, service, scenario and scope."""
        table = self.tables["coverage"]
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        keys = zip(*(table[name] for name in COVERAGE_KEYS), strict=True)
        return dict(zip(keys, table.to_dict("records"), strict=True))

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """Municipalities, worst first."""
        return rank_municipalities(self.result, self.services)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Settlements beyond the limit of a counted service."""
        table = self.tables["gaps"]
        table = table[table["service"].isin(self.services)]
        if self.municipality_id is not None:
            table = table[table["municipality_id"] == self.municipality_id]
        return table

    @property
    def area(self) -> str:
        """Whom the annex tells of."""
        if self.municipality_id is None:
            return str(self.result.study.title[self.texts.lang])
        names = self.result.municipalities.set_index("municipality_id")["name"]
        return str(names[self.municipality_id])

    def count(self, value: Any) -> str:
        """Return a count as text: a number, a mark, or a dash."""
        if value is None or value is pd.NA or value != value:
            return DASH
        return value if isinstance(value, str) else self.texts.number(float(value))

    def minutes(self, value: Any) -> str:
        """Return minutes as text."""
        return DASH if value is None or pd.isna(value) else self.texts.number(float(value))

    def share(self, value: Any) -> str:
        """Return a share as text, 0 and 100 % only where they are exact."""
        if value is None or pd.isna(value):
            return DASH
        exact = float(value)
        if 0 < exact < 1:
            exact = min(max(exact, 0.01), 0.99)
        return self.percent(exact)

    def percent(self, value: float, decimals: int = 0) -> str:
        """Return per cents that no line breaks apart."""
        return self.texts.share(value, decimals=decimals).replace(" ", "\u00a0")

    def count_persons(self, service: str) -> int | str | None:
        """Return the persons in need of a service as they leave."""
        if self.municipality_id is not None:
            value = self.coverage[(self.municipality_id, service, "now", "any")]["persons"]
            return None if value is None or value != value else value
        row = next(row for row in self.record["services"] if row["service"] == service)
        persons: int | str | None = row["persons"]
        return persons
