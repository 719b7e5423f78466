"""Access and closing as annex, workbook and map tell them: made once per release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from socaccess.planning.closures import rank_facilities
from socaccess.planning.equity import fairness
from socaccess.planning.measures import share_places
from socaccess.planning.service_access import AccessContext

if TYPE_CHECKING:
    from socaccess.study.release import Release

__all__ = ["keep_access", "list_access", "list_fairness", "rank_closing", "shorten_facility"]

NAME = 64
"""Letters of a facility's name that fit a row."""


def keep_access(released: Release) -> dict[str, pd.DataFrame]:
    """Calculate what the files of a run show of access; return what is kept with the release."""
    list_access(released)
    list_fairness(released)
    return {name: released.kept[name] for name in ("access", "closing", "fairness")}


def list_access(released: Release) -> pd.DataFrame:
    """Return places per 100 persons (`2sfca`) by service and municipality.

    Of services of which places are known and the need is counted: `service`,
    `municipality_id`, `municipality`, `persons`, `per_100`, `access_note`.
    """
    return _measure(released)["access"]


def rank_closing(released: Release) -> pd.DataFrame:
    """Return the facilities of the region, the hardest to replace first.

    Of services whose need is counted; columns as in `socaccess.planning.closing`.
    """
    return _measure(released)["closing"]


def _measure(released: Release) -> dict[str, pd.DataFrame]:
    """Return what is kept, with `access` and `closing`: both ask the same of each service."""
    if "closing" not in released.kept:
        context = AccessContext.open(released)
        asked = [one for one in context.ask_all() if one.weighted_by == "need"]
        shared = share_places(context, asked)
        released.kept["access"] = shared.rename(columns={"note": "access_note"})
        released.kept["closing"] = rank_facilities(context, asked)
    return released.kept


def list_fairness(released: Release) -> pd.DataFrame:
    """Return, by service with suggested sites, minutes and their inequality now and then.

    One row per service: `mean`, `worst_decile` and `gini`, each `_now` and `_suggested`; the
    largest gain of the worst tenth first.
    """
    if "fairness" not in released.kept:
        asked = released.result.sites["service"].unique().tolist()
        rows = [fairness(released, name).indices for name in asked]
        table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
        if len(table):
            table = table.pivot_table(
                index="service", columns="scenario", values=["mean", "worst_decile", "gini"]
            )
            table.columns = [f"{name}_{scenario}" for name, scenario in table.columns]
            gain = table["worst_decile_now"] - table["worst_decile_suggested"]
            table = table.assign(gain=gain).sort_values(
                ["gain", "mean_now"], ascending=False, kind="stable"
            )
            table = table.reset_index()
        released.kept["fairness"] = table
    return released.kept["fairness"]


def shorten_facility(name: str) -> str:
    """Return a facility's name; of one too long for a row the first and the last words.

    Examples
    --------
    >>> shorten_facility("Centrs")
    'Centrs'
    >>> shorten_facility("Daugavpils valstspilsētas pašvaldības " + 3 * "Sociālais dienests ")
    'Daugavpils valstspilsētas … dienests Sociālais dienests'
    """
    if len(name) <= NAME:
        return name
    head, tail = name[: NAME // 2].rsplit(" ", 1)[0], name[-NAME // 2 :].partition(" ")[2]
    return f"{head.rstrip(' ,')} … {tail.strip()}"
