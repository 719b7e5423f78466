"""What rounds have left for a programme: positions, prices, and the record it prints."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import pandas as pd

from socaccess.programme.plan_file import BACKED, PlanFile
from socaccess.programme.prices import PRICES, load_prices
from socaccess.rounds import (
    Store,
    check_days,
    list_approvals,
    list_events,
    list_statements,
    mark_statements,
    summarise_round,
)
from socaccess.sources.plain_tables import fill_columns

__all__ = ["RoundRecord", "record_round", "take_answers"]


@dataclass(frozen=True, eq=False)
class RoundRecord:
    """What a store of rounds holds for the pages of a programme; no names.

    Parameters
    ----------
    statements
        What was said in the consultation and answered, with `late` and `anonymous`.
    approvals
        Who approved which revision.
    events, breaches
        Consultation periods, meetings and consents; and where their days break the rules.
    stances
        What municipalities say of services: position, order, partners, project, year, amount,
        persons who need it and who wait.
    clients
        Clients of providers by the municipality they are from: `facility_id`, `name`, `service`,
        `municipality_id` (where it stands), `home_id`, `clients`.
    provision
        Clients, waiting and price of each facility whose provider said so.
    answered, issued
        Which municipalities have answered in the last round, and how many were asked.
    """

    statements: pd.DataFrame = field(default_factory=pd.DataFrame)
    approvals: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    breaches: pd.DataFrame = field(default_factory=pd.DataFrame)
    stances: pd.DataFrame = field(default_factory=pd.DataFrame)
    clients: pd.DataFrame = field(default_factory=pd.DataFrame)
    provision: pd.DataFrame = field(default_factory=pd.DataFrame)
    answered: tuple[str, ...] = ()
    issued: int = 0


def record_round(store: Store, *, on: dt.date | None = None) -> RoundRecord:
    """Return what a store holds, as far as it was known on a day."""
    statements, approvals, events = (
        list_statements(store),
        list_approvals(store),
        list_events(store),
    )
    provision, clients, stances = (
        _read(store, name) for name in ("provision", "clients", "stances")
    )
    if on is not None:
        day = on.isoformat()
        statements = statements[statements["received"].astype(str).str[:10] <= day]
        approvals = approvals[approvals["date"].astype(str).str[:10] <= day]
        events = events[events["start"].astype(str).str[:10] <= day]
        provision, clients, stances = (
            table[table["as_of"].astype(str).str[:10] <= day] if len(table) else table
            for table in (provision, clients, stances)
        )
    facilities = store.read("facilities").set_index("facility_id")
    provision, clients = (
        table.assign(**{name: table["facility_id"].map(facilities[name])
                        for name in ("name", "service")})
        if len(table) else table
        for table in (provision, clients)
    )  # fmt: skip
    answered: tuple[str, ...] = ()
    issued = 0
    if len(store.read("rounds")):
        status = summarise_round(store)
        status = status[~status["municipality_id"].str.contains("/")]
        issued = len(status)
        answered = tuple(status.loc[status["received"].notna(), "municipality_id"])
    last = str(store.manifest["at"])[:10] if on is None else on.isoformat()
    return RoundRecord(
        mark_statements(statements, events), approvals, events, check_days(events, on=last),
        stances, clients, provision, answered, issued,
    )  # fmt: skip


def take_answers(plan: PlanFile, record: RoundRecord) -> PlanFile:
    """Return a programme's file with what the round says in place of what its tables said.

    A municipality's position on a service replaces its row of `backed`; a provider's price is
    added to the prices, as of the year it names, with its facility as the source.
    """
    given = dict(plan.given)
    if len(record.stances):
        said = record.stances[record.stances["stance"].notna()]
        rows = said.reindex(columns=["municipality_id", "service", "stance", "rank", "partners",
                                     "year", "amount", "source"])  # fmt: skip
        old = given.get("backed", pd.DataFrame(columns=[c.name for c in BACKED.columns]))
        keys = set(zip(rows["municipality_id"], rows["service"], strict=True))
        stays = [key not in keys for key in zip(old["municipality_id"], old["service"],
                                                strict=True)]  # fmt: skip
        given["backed"] = pd.concat([old[stays].astype(object), rows.astype(object)],
                                    ignore_index=True)  # fmt: skip
    if len(record.provision):
        priced = record.provision.dropna(subset=["price", "unit"])
        year = priced["price_year"].astype("Int64").astype(str)
        day = (
            priced["as_of"].astype(str).str[:10].where(priced["price_year"].isna(), year + "-01-01")
        )
        rows = fill_columns(
            pd.DataFrame(
                {
                    "price_id": priced["facility_id"],
                    "item": priced["name"],
                    "service": priced["service"],
                    "client_of": "not_stated",
                    "value": priced["price"].astype(float),
                    "unit": priced["unit"],
                    "stated_on": [dt.date.fromisoformat(text) for text in day],
                    "municipality_id": priced["municipality_id"],
                    "facility_id": priced["facility_id"],
                    "source": priced["source"],
                }
            ),
            PRICES,
        )
        old = given.get("prices", load_prices())
        stays = ~old["price_id"].isin(rows["price_id"])
        given["prices"] = pd.concat(
            [old[stays].astype(object), rows[[c.name for c in PRICES.columns]].astype(object)],
            ignore_index=True,
        )
    return replace(plan, given=given)


def _read(store: Store, name: str) -> pd.DataFrame:
    return store.read(name) if name in store.list_tables() else pd.DataFrame()
