"""What is asked: the whole siting problem in the user's ids, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from socaccess.access.decay import Decay
from socaccess.errors import raise_problems
from socaccess.siting.checks import find_problems
from socaccess.siting.options import CATCHMENT_OBJECTIVES, SitingFields

__all__ = ["SitingProblem"]

ID_LISTS = (
    "client_ids",
    "site_ids",
    "existing",
    "required",
    "forbidden",
    "may_close",
    "preferred",
    "agreements",
    "services",
    "phases",
    "scenarios",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingProblem(SitingFields):
    """Clients, sites, what is there already and what a good plan is.

    Every option is off by default. Options combine unless a pair makes no sense; such a pair is
    refused here, by name.

    Parameters
    ----------
    travel_min
        Clients x sites, minutes. Dense: NaN is "no route". Sparse: stored pairs are reachable (a
        stored zero is a travel time of zero), all others are not.
    persons
        Persons in need at each client, at least 0, fractions allowed. A mapping from target group
        to such numbers sites several groups at once. None only with `services`.
    client_ids, site_ids
        Names of rows and columns, unique; every answer speaks of them.
    existing
        Sites that are open already and stay open.
    candidates
        Sites that may open; None means every one that is not there already.
    objective
        `lscp` fewest sites that cover everybody who can be covered (Toregas et al. 1971);
        `mclp` most persons covered (Church, ReVelle 1974); `p_median` first fewest persons
        unserved, then fewest person-minutes (Hakimi 1964; ReVelle, Swain 1970); `p_center` first
        fewest unserved, then least worst time (Hakimi 1964; Minieka 1970); `worst_decile` first
        fewest unserved, then fewest minutes in the mean of the tenth of served persons who are
        farthest away (the conditional value at risk of Rockafellar, Uryasev 2000; measured as
        `sa.access.measure_inequality` does); `lex_minimax` the
        worst time, then the next worst, and so on (Ogryczak 1997); `trade_off` the curve between
        `p_median` and `p_center`; `p_dispersion` the open sites as far as possible from each other
        (Kuby 1987), its objective the minutes between the nearest two. By floating catchment:
        `worst_access` first fewest persons with no places in reach, then most places per 100
        persons for the worst off of the others; `access_standard` most persons who have
        `standard_per_100`; `theil_access` least Theil index of places per person, whoever has
        none counting as 0. `theil_minutes` first fewest unserved, then the least Theil index of
        the minutes of those served. Of the two indices all of `sites` open, as far as they can:
        nothing at all is shared evenly too.
    sites
        How many new sites at most; None where a budget, the phases or `lscp` decide.
    limit_min
        Minutes within which a person counts as covered; the limit itself counts. A mapping gives
        one for each target group.
    cutoff_min
        Minutes beyond which nobody is served at all, itself still served; None: no such limit.
    required, forbidden
        Candidates that must, or must not, be among the new sites.
    may_close
        Existing sites that may close (they count as open in the comparison "before").
    fade_min
        Partial coverage (Berman, Krass, Drezner 2003): a person beyond `limit_min` counts as a
        share that falls straight to 0 at `fade_min`. For `mclp`.
    cover_times
        How many open sites within the limit a person needs to count as covered, for `mclp` (backup
        coverage, Hogan, ReVelle 1986) and `lscp`, where whoever has fewer near gets all of them.
    busy_share
        Share of the time a site is busy: a person with k open sites within the limit counts as
        `1 - busy_share ** k`, from 0 up to but not 1. For `mclp` (MEXCLP, Daskin 1983).
    tolerance
        Share of the best coverage that may be given up for less travel: of all plans that cover
        at least `1 - tolerance` of the most, first fewest persons unserved, then fewest
        person-minutes, which are the objective then. For `mclp`.
    preferred
        Sites to prefer where it costs nothing: of plans within `tolerance`, in coverage and again
        in travel, the one with most of these among its new sites.
    relocations
        How many of `may_close` may close at most, each with one new site more than `sites`.
    between_min
        Sites x sites, minutes between them, for `p_dispersion`; of both ways the shorter counts,
        NaN is "no route".
    assignment
        Who goes where under capacity or a budget for places: `shared` splits the persons of a
        client between sites, `single` keeps each client whole, `nearest` sends each client whole
        to the nearest open site (of equally near ones the first in `site_ids`) or leaves it
        unserved.
    places
        Places today at existing (and required) sites, one number or by site; sites left out have
        no limit. For places per person they are unknown, left out, and the plan says so.
    max_places
        Most places a new site may have, one number or by site; for places per person those it
        has.
    max_growth
        Places an existing site may add, one number or by site.
    min_clients
        Least persons at every new site (and every site that may close and stays) when everyone
        whom it reaches goes to the nearest open site, however far and whatever its places; of
        equally near ones to the one that stands first in `site_ids`.
    budget
        Most that may be spent, euro. Opening, places and `running_years` of running count; the
        running cost of a closed site is saved.
    opening_cost, cost_per_place, running_cost
        Euro for a new site, for each place built, and a year for each new (or closed) site.
        `opening_cost` and `running_cost` may be given by site.
    running_years
        Years of running cost that the budget must carry.
    client_municipality, site_municipality
        Municipality of every client and of every site.
    floor_share
        Least covered share of persons in every municipality, one number or by municipality.
    min_sites_per_municipality, max_sites_per_municipality
        Bounds on open sites (existing ones count), one number or by municipality. Where more
        stay than the upper bound allows, it means that none is added.
    cooperation
        Whose residents a site serves: `everyone`'s, its `own` municipality's only, or those of
        municipalities with `agreements`.
    agreements
        Groups of municipalities that serve each other.
    group_weights
        How much a person of each target group counts in the objective.
    services
        Several services, each with its own need, that may share a roof; `opening_cost` is then
        paid once a roof, and `sites` counts roofs that are new.
    phases
        Years in which sites open; their weighted objectives are added up and solved together.
    scenarios
        States of the world the plan must serve.
    robust
        `worst`: best in the worst scenario; `expected`: best on average; `regret`: least worst
        distance from what would be best in each scenario (Serra, Marianov 1998).
    resolution_min
        For `lex_minimax`: times are told apart in steps this long; 0 tells all apart.
    curve_points
        For `trade_off`: most points of the curve.
    catchment
        For places per person: `2sfca` (the default without a decay), `e2sfca` (with one) or
        `m2sfca`, as in `socaccess.access.floating_catchment`. Those in which the persons who
        fall to a site depend on which others are open are no sum over sites.
    decay
        How a site counts less the longer the way to it: what `socaccess.access.read_decay`
        takes (`gaussian:20`), or a `Decay`; `limit_min` still ends it.
    standard_per_100
        Places per 100 persons that `access_standard` asks for, itself enough.

    Raises
    ------
    InputError
        With every finding about the input at once.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> problem.objective
    'mclp'
    """

    def __post_init__(self) -> None:
        for name in ID_LISTS:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("candidates", "client_municipality", "site_municipality"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "travel_min", as_matrix(self.travel_min))
        if isinstance(self.decay, Decay):
            object.__setattr__(self, "decay", str(self.decay))
        if self.catchment is None and self.objective in CATCHMENT_OBJECTIVES:
            way = "2sfca" if self.decay is None else "e2sfca"
            object.__setattr__(self, "catchment", way)
        if self.between_min is not None:
            object.__setattr__(self, "between_min", as_numbers(self.between_min))
        if isinstance(self.persons, Mapping):
            groups = {str(name): as_numbers(values) for name, values in self.persons.items()}
            object.__setattr__(self, "persons", groups)
        elif self.persons is not None:
            object.__setattr__(self, "persons", as_numbers(self.persons))
        raise_problems(find_problems(self))


def as_numbers(values: object) -> np.ndarray:
    """Return `values` as floats, or as they are when they are no numbers (the checks tell)."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return np.asarray(values, dtype=object)


def as_matrix(values: object) -> np.ndarray | sp.sparray | sp.spmatrix:
    """Return `values` as floats, sparse ones as they are."""
    return values if sp.issparse(values) else as_numbers(values)
