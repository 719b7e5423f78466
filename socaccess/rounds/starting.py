"""A store filled from a study: what is known before the first round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError
from socaccess.i18n import LANGUAGES
from socaccess.rounds import layouts
from socaccess.rounds.form_sheets import ALL_SERVICES
from socaccess.rounds.store import Store
from socaccess.sources.services import load_plan_figures, load_target_groups
from socaccess.study import Study
from socaccess.study.capacity import CAPACITY_BASES

__all__ = ["list_published_persons", "start_store"]

OTHER = "other"
"""Service of a facility that fits no service type."""

_OTHER_NAMES = {"lv": "Cits pakalpojums", "en": "Other service"}
_INDICATORS = {"assessed": "assessed", "unique_recipients": "recipients"}
_VINTAGES = {"plan": 2009, "today": 2025}


def start_store(
    path: str | Path,
    study: Study,
    *,
    at: str,
    who: str,
    persons: pd.DataFrame | None = None,
) -> Store:
    """Return a new store that knows what a study knows.

    Parameters
    ----------
    path
        The folder; made if absent.
    study
        Whose municipalities, settlements, services and facilities; of the facilities
        those that lie in its municipalities. `places` are taken over where they are a
        capacity.
    at, who
        When (ISO 8601) and by whom.
    persons
        What was published before: `municipality_id`, `target_group`, `service` (`all` for
        every person once), `assessed`, `recipients`, `as_of`, `source`. Nothing by default;
        see `list_published_persons`.

    Raises
    ------
    InputError
        If the folder holds something already.
    """
    tables = {
        layouts.ABOUT: _list_about(study),
        layouts.MUNICIPALITIES: _list_municipalities(study),
        layouts.SETTLEMENTS: _list_settlements(study),
        layouts.SERVICES: _list_services(study),
        layouts.FACILITIES: _list_facilities(study),
        layouts.PERSONS: pd.DataFrame(columns=list(layouts.PERSONS.columns))
        if persons is None
        else persons,
        **{
            layout: pd.DataFrame(columns=list(layout.columns))
            for layout in (
                layouts.STANCES,
                layouts.PROVISION,
                layouts.CLIENTS,
                layouts.ROUNDS,
                layouts.ISSUED,
                layouts.RECEIPTS,
                layouts.ANSWERS,
            )
        },
    }
    for layout, frame in tables.items():
        layout.fit(frame)  # what does not fit is said before a folder is made
    store = _open_unstarted(Path(path)) or Store.create(path, at=at, who=who)
    store.commit(tables, at=at, who=who, action="start", note=study.name)
    return store


def _open_unstarted(path: Path) -> Store | None:
    """Return a store whose start was interrupted after its creation, if there is one."""
    try:
        store = Store.open(path)
    except InputError:
        return None
    return store if not store.list_tables() else None


def list_published_persons(study: Study, *, until_year: int) -> pd.DataFrame:
    """Return the persons assessed and served that were published, by municipality.

    Parameters
    ----------
    study
        An embedded region in the view of the plan; figures of other municipalities are
        left out.
    until_year
        The last year that counts (inclusive); of several figures the newest is taken.

    Returns
    -------
    pandas.DataFrame
        Rows for `start_store`, each with the page it is from. Few municipalities have any.
    """
    figures = load_plan_figures()
    types = study.service_types
    assert types is not None
    groups = set(types.loc[types["service"].isin(study.promised or ()), "target_group"])
    known = figures[
        figures["municipality_id"].isin(study.municipalities["municipality_id"])
        & figures["indicator"].isin(list(_INDICATORS))
        & figures["target_group"].isin(groups)
        & (figures["service_source"] == "all")
        & (figures["year"].fillna(until_year + 1).astype(int) <= until_year)
    ].sort_values(["year", "figure_id"])
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for figure in known.to_dict("records"):
        row = rows.setdefault(
            (figure["municipality_id"], figure["target_group"]),
            {
                "municipality_id": figure["municipality_id"],
                "target_group": figure["target_group"],
                "service": ALL_SERVICES,
            },
        )
        row[_INDICATORS[figure["indicator"]]] = int(float(figure["value"]))
        row["as_of"], row["source"] = str(figure["year"]), figure["source"]
    return pd.DataFrame(list(rows.values()), columns=list(layouts.PERSONS.columns), dtype=object)


def _list_about(study: Study) -> pd.DataFrame:
    items = {
        "region": study.name,
        "view": study.view,
        "vintage": str(_VINTAGES.get(study.view, 2025)),
        **{f"title_{lang}": study.title[lang] for lang in LANGUAGES},
    }
    return pd.DataFrame(list(items.items()), columns=["item", "value"])


def _list_municipalities(study: Study) -> pd.DataFrame:
    table = study.municipalities
    partner = table["di_partner"] == "yes" if "di_partner" in table else np.ones(len(table), bool)
    return pd.DataFrame(
        {
            "municipality_id": table["municipality_id"],
            "name": table["name"],
            "population": table["population"].astype(float) if "population" in table else None,
            "partner": partner,
        }
    )


def _list_settlements(study: Study) -> pd.DataFrame:
    degrees = study.settlements.to_crs(crs_.EXCHANGE).geometry
    table = study.settlements[["settlement_id", "name", "kind", "municipality_id"]]
    return pd.DataFrame(table).assign(lon=degrees.x.round(5), lat=degrees.y.round(5))


def _list_services(study: Study) -> pd.DataFrame:
    types = study.service_types
    assert types is not None
    groups = load_target_groups().set_index("target_group")
    rows = [
        {
            "service": row["service"],
            "target_group": row["target_group"],
            "name_lv": row["name_lv"],
            "name_en": row["name_en"],
            "promised": row["service"] in (study.promised or ()),
        }
        for row in types.to_dict("records")
    ]
    if OTHER not in set(types["service"]):
        rows.append(
            {
                "service": OTHER,
                "target_group": "general",
                **{f"name_{lang}": name for lang, name in _OTHER_NAMES.items()},
                "promised": False,
            }
        )
    for row in rows:
        group = row["target_group"]
        for lang in LANGUAGES:
            row[f"group_{lang}"] = groups[f"name_{lang}"].get(group, group)
    return pd.DataFrame(rows)


def _list_facilities(study: Study) -> pd.DataFrame:
    own = study.facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    table = study.facilities[own].reset_index(drop=True)
    degrees = table.geometry.to_crs(crs_.EXCHANGE)
    frame = pd.DataFrame(index=table.index)
    for name, kind in layouts.FACILITIES.columns.items():
        frame[name] = table[name].astype(object) if name in table else None
        if kind == "text":
            frame[name] = frame[name].where(frame[name].notna(), None)
    if "places_basis" in table:
        capacity = table["places_basis"].isin(CAPACITY_BASES)
        frame["places"] = frame["places"].where(capacity, None)
        frame["places_basis"] = frame["places_basis"].where(capacity, None)
    known = frame["settlement_id"].isin(study.settlements["settlement_id"])
    frame["settlement_id"] = frame["settlement_id"].where(known, None)
    frame["lon"], frame["lat"] = degrees.x.round(5), degrees.y.round(5)
    # Notes of the sources are for those who compile them, not for the municipality's form.
    frame["note"] = None
    return frame
