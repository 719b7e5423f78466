"""Everything a programme says, calculated once: the tables all of its pages are views of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError
from socaccess.programme.amounts import CENT, split_amount, to_amount, to_fraction
from socaccess.programme.budget import Budget, plan_budget
from socaccess.programme.contradictions import list_contradictions
from socaccess.programme.cooperation import Flows, find_flows
from socaccess.programme.costs import (
    WEEKS_PER_YEAR,
    ServiceCost,
    TransportCost,
    list_costs,
    measure_transport,
    share_elsewhere,
)
from socaccess.programme.forecast import Assumptions, Forecast, forecast_clients
from socaccess.programme.goals import check_goals
from socaccess.programme.known_counts import RATES, choose_rates, count_registered
from socaccess.programme.measures import MEASURES, price_measures, propose_measures
from socaccess.programme.models import ModelInputs, MunicipalityModel, model_municipalities
from socaccess.programme.objects import OBJECTS, PlanObjects, list_objects
from socaccess.programme.plan_file import PlanFile
from socaccess.programme.prices import load_prices, locate_prices
from socaccess.programme.reorganisation import Reorganisation, plan_reorganisation
from socaccess.programme.take_up import ALL, observe_take_up, summarise_take_up
from socaccess.sources.plain_tables import fill_columns
from socaccess.study import StudyResult

__all__ = ["HOME", "REGISTER_YEAR", "Compilation", "compile_programme", "price_year"]

REGISTER_YEAR = 2026
"""The year of the state register that ships (10 October 2026)."""

HOME = "group_home"
"""The service people who leave an institution move to."""


@dataclass(frozen=True, eq=False)
class Compilation:
    """A programme as calculated; every page, sheet and table is a view of it.

    Parameters
    ----------
    plan
        Its file.
    result
        The region's result as it may leave.
    below
        Counts of persons under this are hidden; 0 hides nothing.
    on
        The day whose consolidated text it is; None for everything known.
    provision
        What providers said of their facilities: `facility_id`, `clients`; None where none did.
    kept
        What was made from this programme, by name: several pages and tables say the same.
    """

    plan: PlanFile
    result: StudyResult
    below: int
    on: dt.date | None = None
    provision: pd.DataFrame | None = None
    kept: dict[str, Any] = field(default_factory=dict, init=False)

    @property
    def years(self) -> list[int]:
        """Every year from the first to the last of the programme."""
        named = self.plan.programme.years
        return list(range(min(named), max(named) + 1))

    @cached_property
    def rates(self) -> pd.DataFrame:
        """Clients per person in need by service: given, registered or observed.

        Registered clients are those of the register's year: the people of the base year have
        changed by then, so their rate is taken of those of that year.
        """
        table = choose_rates(self.result.study, self.plan.given.get("take_up"))
        passed = REGISTER_YEAR - self.plan.programme.base_year
        if "population" in self.plan.given or passed <= 0:
            return table
        registered = table["basis"] == "registered"
        for name, change in vars(self.plan.change).items():
            grown = table[name].astype(float) / (1 + change) ** passed
            table[name] = table[name].astype(float).where(~registered, grown)
        return table

    @cached_property
    def forecast(self) -> Forecast:
        """Clients by municipality, service, year and variant."""
        given = self.plan.given.get("population")
        return forecast_clients(
            self.result.study,
            self.years,
            Assumptions(
                base_year=self.plan.programme.base_year,
                change_per_year=vars(self.plan.change),
                population=given,
                take_up=self.rates[RATES],
                basis="given" if given is not None else "proposal",
            ),
        )

    @cached_property
    def registered(self) -> pd.DataFrame:
        """What operates, by service."""
        return count_registered(self.result.study).set_index("service")

    @cached_property
    def goals(self) -> pd.DataFrame:
        """Goals with what is reached, every published alternative with its own outcome."""
        reached = self.plan.given.get("reached")
        table = check_goals([self.result.study.name], reached=reached, on=self.on)
        return list_alternatives(table)

    @cached_property
    def objects(self) -> pd.DataFrame:
        """The plan's objects as they stood on the day."""
        plan = self.plan_objects
        return plan.objects if self.on is None else plan.as_of(self.on)

    @cached_property
    def plan_objects(self) -> PlanObjects:
        """The plan's objects with every amendment."""
        if "objects" in self.plan.given:
            listed = PlanObjects.of(self.plan.given["objects"])
        elif "funding_programme" in self.result.study.facilities:
            listed = list_objects(self.result.study)
        else:
            listed = PlanObjects.of(pd.DataFrame(columns=[c.name for c in OBJECTS.columns]))
        amendments = self.plan.given.get("amendments")
        return listed if amendments is None or not len(amendments) else listed.amend(amendments)

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Measures with what they may cost."""
        given = self.plan.given.get("measures")
        if given is None:
            given = propose_measures(self.result, self.objects, self.years, self.min_clients)
        return price_measures(fill_columns(given, MEASURES))

    @property
    def min_clients(self) -> dict[str, float]:
        """By service, the fewest clients at which it is viable, as the catalogue has them."""
        least = self.plan.catalogue.services.set_index("service")["min_clients"].dropna()
        return {str(service): float(value) for service, value in least.items()}

    @cached_property
    def models(self) -> list[MunicipalityModel]:
        """The model of every municipality."""
        backed: dict[str, list[str]] = {}
        table = self.plan.given.get("backed")
        if table is not None:
            said = table[table["stance"].isin(["priority", "backs"])]
            for row in said.sort_values(["stance", "rank"], ascending=[False, True]).itertuples():
                backed.setdefault(str(row.municipality_id), []).append(str(row.service))
        shares = self.rates[self.rates["service"] != ALL]
        least = self.min_clients
        inputs = ModelInputs(
            backed=backed or None,
            min_clients={k: v for k, v in least.items() if k in self.promised} or None,
            take_up=dict(zip(shares["service"], shares["middle"].clip(lower=1e-9), strict=True)),
        )
        inputs = replace(inputs, take_up={k: v for k, v in (inputs.take_up or {}).items()
                                          if k in self.promised})  # fmt: skip
        return model_municipalities(self.result, inputs)

    @cached_property
    def reorganisations(self) -> list[Reorganisation]:
        """The plan of every institution that people leave by the table of movers."""
        given = self.plan.given
        movers, staff = given.get("movers"), given.get("staff")
        if movers is None:
            return []
        costs = {cost.service: cost for cost in self.costs[0]}
        occupancy = given.get("occupancy")
        return [
            plan_reorganisation(
                self.result,
                identity,
                movers,
                service=HOME,
                staff=None if staff is None else staff[staff["institution_id"] == identity],
                occupancy=occupancy if occupancy is not None and len(occupancy) else None,
                cost=costs.get(HOME),
                on=self.on,
                below=self.below,
            )
            for identity in dict.fromkeys(movers["institution_id"])
        ]

    @cached_property
    def promised(self) -> list[str]:
        """Services the plan promises that count as supply and have a limit."""
        types = self.result.service_types.set_index("service")
        return [s for s in self.result.study.promised or ()
                if types["counts_as_supply"][s] and types["limit_min"].notna()[s]]  # fmt: skip

    @cached_property
    def flows(self) -> dict[str, Flows]:
        """Who would be served where, of every known service people travel to."""
        types = self.result.service_types.set_index("service")
        return {
            service: find_flows(self.result, service, use_places=False)
            for service in self.promised
            if types["supply_known"][service] and types["traveller"][service] == "client"
        }

    @cached_property
    def costs(self) -> tuple[list[ServiceCost], tuple[str, ...]]:
        """Price, units and shares of every service with a price, and those without."""
        types = self.result.study.service_types
        assert types is not None
        return list_costs(
            self.prices,
            types,
            self.plan.money.running,
            hours_per_visit=self.plan.money.hours_per_visit,
            services=self.promised,
            index=self.plan.money.price_index,
            flows=self.flows,
        )

    @cached_property
    def elsewhere(self) -> dict[tuple[str, str], float]:
        """The share of each municipality's clients that others serve, by service."""
        found: dict[tuple[str, str], float] = {}
        for flows in self.flows.values():
            found |= share_elsewhere(flows)
        return found

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Prices of the file, or what ships, with the municipality of each that names one."""
        prices = self.plan.given.get("prices")
        return locate_prices(load_prices() if prices is None else prices, self.result.study.view)

    @cached_property
    def budget(self) -> Budget:
        """The budget by year, municipality, service, kind and payer, prices indexed."""
        money = self.plan.money
        costs, _ = self.costs
        elsewhere = self.elsewhere
        clients = self.forecast.clients
        clients = clients[(clients["variant"] == "middle") & clients["service"].isin(self.promised)]
        capital = self._spread_capital()
        found, missing = [], set[str]()
        for year in self.years:
            here = plan_budget(
                clients[clients["year"] == year],
                [self.raise_cost(cost, year) for cost in costs],
                elsewhere=elsewhere,
                transport=self._list_transport(year),
                capital=capital[capital["year"] == year],
                capital_shares=money.capital,
            )
            found.append(here.lines)
            missing |= set(here.missing)
        whole = Budget(pd.concat(found, ignore_index=True), tuple(sorted(missing)))
        if money.esf_ends:
            whole, _ = whole.shift_payer("esf", from_year=money.esf_ends, to=money.takes_over)
        return whole

    def _spread_capital(self) -> pd.DataFrame:
        """Return what measures cost, in equal parts over their years."""
        columns = ["year", "municipality_id", "service", "amount"]
        rows = []
        for row in self.measures[self.measures["cost_middle"].notna()].to_dict("records"):
            years = range(int(row["year_from"]), int(row["year_to"]) + 1)
            cost = to_amount(row["cost_middle"])
            parts = split_amount(cost, dict.fromkeys(map(str, years), 1))
            rows += [(int(year), row["municipality_id"], row["service"], part)
                     for year, part in parts.items()]  # fmt: skip
        table = pd.DataFrame(rows, columns=columns)
        sums: dict[tuple[Any, ...], Decimal] = {}
        for year, home, service, part in table.itertuples(index=False):
            sums[year, home, service] = sums.get((year, home, service), Decimal(0)) + part
        return pd.DataFrame([(*key, amount) for key, amount in sums.items()], columns=columns)

    def index_of(self, cost: ServiceCost, year: int) -> Fraction:
        """Return by how much a price has risen by a year, since the year it was stated."""
        stated = price_year(cost)
        if stated is None:
            return Fraction(1)
        return (1 + to_fraction(self.plan.money.price_index)) ** max(year - stated, 0)

    def raise_cost(self, cost: ServiceCost, year: int) -> ServiceCost:
        """Return the cost at the prices of a year."""
        factor = self.index_of(cost, year)

        def raise_price(price: object) -> Decimal | None:
            if price is None:
                return None
            exact = to_fraction(price) * factor
            return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(CENT)

        return replace(
            cost,
            unit_price=raise_price(cost.unit_price),
            unit_price_other=raise_price(cost.unit_price_other),
            own_prices={key: raise_price(price) for key, price in cost.own_prices.items()},
            other_prices={key: raise_price(price) for key, price in cost.other_prices.items()},
        )

    def _list_transport(self, year: int) -> list[TransportCost]:
        money, types = self.plan.money, self.result.study.service_types
        if not money.eur_per_km or types is None:
            return []
        rows = types.set_index("service").to_dict("index")
        per_km = money.eur_per_km * (1 + money.price_index) ** (year - self.years[0])
        return [
            TransportCost(cost.service, per_km, self._km_of(cost.service), money.transport)
            for cost in self.costs[0]
            if rows[cost.service]["traveller"] == "client"
            and rows[cost.service]["form"] != "residence"
        ]

    def _km_of(self, service: str) -> dict[str, float]:
        types = self.result.study.service_types
        assert types is not None
        visits = float(types.set_index("service")["visits_per_week"][service])
        return measure_transport(self.result, service, trips_per_year=visits * WEEKS_PER_YEAR)

    @cached_property
    def outlook(self) -> pd.DataFrame:
        """The region's clients of each service in the last year, beside what is known.

        `target_group`, `service`, `low`, `middle`, `high`, `basis`, `observations`,
        `registered` (clients planned for today; NaN where none are for it alone),
        `facilities`, `observed` (what shares
        observed elsewhere would say), `needed` (persons in need).
        """
        sums = self.forecast.sum_region()
        last = sums[sums["year"] == self.years[-1]]
        wide = last.pivot_table(index=["target_group", "service"], columns="variant",
                                values="clients", aggfunc="first", sort=False)  # fmt: skip
        table = wide.reset_index().rename_axis(columns=None)
        rates = self.rates.set_index(["target_group", "service"])
        observed = summarise_take_up(observe_take_up(), own=self.result.study.name)
        shares = observed.set_index(["target_group", "service"])["middle"]
        need = self.result.study.need
        assert need is not None
        persons = need.groupby("target_group")["persons"].sum()
        keys = list(zip(table["target_group"], table["service"], strict=True))
        return table.assign(
            basis=[rates["basis"][key] for key in keys],
            observations=[rates["observations"][key] for key in keys],
            needed=[persons[group] for group, _ in keys],
            registered=[self._count_alone(service) for _, service in keys],
            facilities=[self.registered["facilities"].get(service, np.nan) for _, service in keys],
            observed=[shares.get(key, np.nan) * persons[key[0]] for key in keys],
        )

    def _count_alone(self, service: str) -> float:
        """Return registered clients; NaN where all are planned for several services together."""
        if service not in self.registered.index:
            return float("nan")
        row = self.registered.loc[service]
        return float(row["clients"]) if row["clients"] > 0 else float("nan")

    @cached_property
    def contradictions(self) -> pd.DataFrame:
        """Where two sources, or a forecast and what operates, do not agree."""
        return list_contradictions(
            self.result, self.outlook, self.goals, self.provision, below=self.below
        )

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """Every assumption, where it is from, and where it enters.

        `what`, `of`, `variant`, `value`, `unit`, `basis`, `source`, `enters`.
        """
        rows: list[tuple[Any, ...]] = []
        told = self.forecast.assumptions
        for row in told.astype(object).where(told.notna(), None).to_dict("records"):
            of = row["service"] if row["service"] not in (None, ALL) else row["target_group"]
            unit = {"base_year": "year", "change_per_year": "share", "take_up": "share"}
            rows.append((row["what"], of, row["variant"], row["value"], unit.get(row["what"], ""),
                         row["basis"], row["source"], "forecast"))  # fmt: skip
        for norm in self.plan.catalogue.list_norms().to_dict("records"):
            if norm["service"] in self.promised:
                enters = "access" if "limit" in norm["norm"] else "budget"
                rows.append((norm["norm"], norm["service"], None, norm["value"],
                             "min" if "limit" in norm["norm"] else "", norm["basis"],
                             norm["source"], enters))  # fmt: skip
        for cost in self.costs[0]:
            for variant, price in (
                ("low", cost.low), ("middle", cost.unit_price), ("high", cost.high)
            ):  # fmt: skip
                if variant == "middle" or price != cost.unit_price:
                    rows.append(("unit_price", cost.service, variant, float(to_fraction(price)),
                                 "EUR", cost.basis, cost.source, "budget"))  # fmt: skip
            rows.append(("units_per_client", cost.service, None,
                         float(to_fraction(cost.units_per_client)), "", "proposal", None,
                         "budget"))  # fmt: skip
        money = self.plan.money
        named = {"price_index": "share", "hours_per_visit": "h", "eur_per_km": "EUR",
                 **({"esf_ends": "year"} if money.esf_ends else {})}  # fmt: skip
        rows += [(name, None, None, float(getattr(money, name)), unit, "proposal", self.plan.name,
                  "budget") for name, unit in named.items()]  # fmt: skip
        for kind in ("running", "transport", "capital"):
            rows += [(f"share_{kind}", payer, None, share, "share", "proposal", self.plan.name,
                      "budget") for payer, share in getattr(money, kind).items()]  # fmt: skip
        columns = ["what", "of", "variant", "value", "unit", "basis", "source", "enters"]
        return pd.DataFrame(rows, columns=columns).astype(object)


def price_year(cost: ServiceCost) -> int | None:
    """Return the year a price was stated in, None where nobody said."""
    day = cost.basis.rpartition(", ")[2]
    return int(day[:4]) if day[:4].isdigit() else None


def list_alternatives(goals: pd.DataFrame) -> pd.DataFrame:
    """Return goals with a row for each other figure published for one, each with its outcome.

    Columns beside those of `check_goals`: `alternative` (whether another figure than the
    one chosen), `alternative_to`, `chosen_goal`.
    """
    rows: list[dict[str, Any]] = []
    for row in goals.to_dict("records"):
        rows.append({**row, "alternative": False, "alternative_to": None, "chosen_goal": None})
        seen = {row["goal"]}
        for part in str(row["alternatives"] or "").split(";"):
            figure, mark, value = part.strip().partition("=")
            if not mark or float(value) in seen:
                continue
            goal = float(value)
            seen.add(goal)
            known = bool(np.isfinite(row["persons"]))
            status = row["status"] if not known or row["status"] == "no_target" else (
                "reached" if row["persons"] >= goal else "not_reached"
            )  # fmt: skip
            rows.append(
                {
                    **row,
                    "goal": goal,
                    "goal_source": figure,
                    "share": row["persons"] / goal,
                    "missing": max(goal - row["persons"], 0.0) if known else np.nan,
                    "status": status,
                    "alternative": True,
                    "alternative_to": row["goal_source"],
                    "chosen_goal": row["goal"],
                }
            )
    table = pd.DataFrame(rows)
    # A column of whole numbers with a gap would become one of fractions.
    return table.assign(year=pd.Series([row["year"] for row in rows], dtype=object))


def compile_programme(
    plan: PlanFile,
    result: StudyResult,
    *,
    below: int,
    on: dt.date | None = None,
    provision: pd.DataFrame | None = None,
) -> Compilation:
    """Return a programme calculated from its file and its region's result.

    Parameters
    ----------
    plan
        The file.
    result
        The region's result as it may leave.
    below
        Counts of persons under this are hidden.
    on
        The day whose consolidated text is wanted.
    provision
        What providers said of their facilities in a round.

    Raises
    ------
    InputError
        If the study knows nobody in need: every chapter begins with them.
    """
    if result.study.need is None or not len(result.study.need):
        raise InputError("programme.no_need")
    return Compilation(plan, result, below, on, provision)
