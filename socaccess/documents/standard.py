"""Whether a municipality's people have what a plan promises them near enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from socaccess.coverage import find_gaps
from socaccess.documents.tables import list_tables
from socaccess.study.release import Release, release

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["Standard", "check_standard"]

_OF_SCENARIO = ("covered_share", "covered_share_low", "covered_share_high")
_OF_NOW = ("persons", "mean_min", "p90_min", "max_min")


@dataclass(frozen=True, eq=False)
class Standard:
    """The services of the plan, and which of them fail the standard.

    Parameters
    ----------
    result
        The result it was read from.
    services
        One row per service of the plan: `service`, `limit_min`, `supply_known` (whether any
        source counts its facilities), `now` and `planned` (share of people within the limit,
        0-1, each with `_low` and `_high`), `persons`, `mean_min`, `p90_min`, `max_min`, `failed`.
    gaps
        Its settlements of which people live beyond a limit, as in `gaps.csv`: `service`,
        `settlement`, `status`, `covered_share` and `travel_min` among others; where only its own
        facilities count, of the nearest of those, services of which it has none left out.
    """

    result: StudyResult
    services: pd.DataFrame
    gaps: pd.DataFrame

    @property
    def is_met(self) -> bool:
        """Whether no service is known to fail."""
        return not self.services["failed"].any()


def check_standard(
    result: StudyResult | Release,
    municipality_id: str,
    *,
    min_share: float = 1.0,
    own: bool = False,
) -> Standard:
    """Return which services of the plan fewer people than asked have within the limit.

    Parameters
    ----------
    result
        The result of the region it lies in: what is hidden there is hidden here, so that
        every document says the same of the municipality.
    municipality_id
        The municipality.
    min_share
        Share of people who must live within each limit (0-1, inclusive).
    own
        Count the municipality's own facilities only.

    Examples
    --------
    >>> import socaccess as sa
    >>> result = sa.Study.load("latgale").run(sites=False)   # doctest: +SKIP
    >>> check_standard(result, "0037000", min_share=0.9).is_met  # doctest: +SKIP
    False
    """
    released = release(result)
    result, tables = released.result, list_tables(released)
    table = tables["coverage"]
    table = table[
        (table["municipality_id"] == municipality_id)
        & (table["scope"] == ("own" if own else "any"))
    ]
    gaps = _find_own_gaps(result) if own else tables["gaps"]
    shares = {
        scenario: rows.set_index("service")[[*_OF_SCENARIO, *_OF_NOW]]
        for scenario, rows in table.groupby("scenario")
    }
    rows = []
    for known in result.summary["services"]:
        if not known["promised"]:
            continue
        row = {name: known[name] for name in ("service", "limit_min", "supply_known", "known_by")}
        for scenario in ("now", "planned"):
            found = shares[scenario].loc[known["service"]]
            row |= {f"{scenario}{name[13:]}": found[name] for name in _OF_SCENARIO}
        row |= {name: shares["now"].loc[known["service"], name] for name in _OF_NOW}
        # Where no source counts a service, nobody can say that a standard fails.
        row["failed"] = bool(known["supply_known"] and not row["now"] >= min_share)
        rows.append(row)
    columns = ("service", "limit_min", "supply_known", "known_by", "failed")
    return Standard(
        result,
        pd.DataFrame(rows, columns=None if rows else columns),
        gaps[gaps["municipality_id"] == municipality_id],
    )


def _find_own_gaps(result: StudyResult) -> pd.DataFrame:
    """Return the gaps of settlements whose own municipality has a facility, as to those."""
    now = result.settlement_coverage
    now = now[(now["scenario"] == "now") & now["own_travel_min"].notna()]
    own = now.assign(
        settlement=now["name"],
        **{name: now[f"own_{name}"] for name in ("status", "covered_share", "travel_min")},
    )
    return find_gaps(own, result.study.limits_min())
