"""Small random problems, some with many options at once."""

from __future__ import annotations

import numpy as np

OPTIONS = (
    "may_close",
    "capacity",
    "growth",
    "min_clients",
    "budget",
    "floor",
    "min_municipality",
    "max_municipality",
    "cooperation",
    "required_forbidden",
    "groups",
    "fade",
    "cutoff",
    "single",
    "nearest",
    "backup",
    "busy",
    "tolerance",
    "relocations",
)


def make_fields(seed: int, objective: str, options: tuple[str, ...] = ()) -> dict:
    """The fields of a problem of up to five clients and five sites."""
    rng = np.random.default_rng(seed)
    n, m = (int(value) for value in rng.integers(2, 6, 2))
    minutes = np.round(rng.uniform(0, 60, (n, m)))
    minutes[rng.random((n, m)) < rng.choice([0.0, 0.3])] = np.nan
    ids = [f"s{number}" for number in range(m)]
    existing = ids[: min(int(rng.integers(0, 3)), m - 1)]
    fields = {
        "travel_min": minutes,
        "persons": rng.integers(0, 9, n).astype(float),
        "client_ids": [f"c{number}" for number in range(n)],
        "site_ids": ids,
        "existing": existing,
        "objective": objective,
        "limit_min": 25.0,
    }
    if objective != "lscp":
        fields["sites"] = int(rng.integers(0, 4))
    for option in options:
        SETTERS[option](fields, rng)
    return fields


def _municipalities(fields, rng, *names):
    for name in names:
        if name not in fields:
            ids = "client_ids" if name.startswith("client") else "site_ids"
            fields[name] = [str(value) for value in rng.choice(["x", "y"], len(fields[ids]))]


def _may_close(fields, rng):
    fields["may_close"] = fields["existing"][:1]


def _capacity(fields, rng):
    fields["places"], fields["max_places"] = (float(value) for value in rng.integers(2, 12, 2))


def _growth(fields, rng):
    fields["places"] = {name: float(rng.integers(1, 6)) for name in fields["existing"]}
    fields["max_growth"] = float(rng.integers(1, 6))


def _min_clients(fields, rng):
    fields["min_clients"] = float(rng.integers(1, 10))


def _budget(fields, rng):
    fields["budget"] = float(rng.integers(5, 30))
    fields["opening_cost"] = {name: float(rng.integers(3, 12)) for name in fields["site_ids"]}
    fields["running_cost"], fields["running_years"] = 1.0, 2.0
    if rng.random() < 0.5:
        fields["cost_per_place"] = float(rng.integers(1, 3))
    if rng.random() < 0.5:
        fields.pop("sites", None)


def _floor(fields, rng):
    _municipalities(fields, rng, "client_municipality")
    fields["floor_share"] = float(rng.choice([0.3, 0.6, 0.9]))


def _min_municipality(fields, rng):
    _municipalities(fields, rng, "site_municipality")
    fields["min_sites_per_municipality"] = 1


def _max_municipality(fields, rng):
    _municipalities(fields, rng, "site_municipality")
    fields["max_sites_per_municipality"] = 1


def _cooperation(fields, rng):
    _municipalities(fields, rng, "client_municipality", "site_municipality")
    fields["cooperation"] = str(rng.choice(["own", "agreements"]))
    known = {*fields["client_municipality"], *fields["site_municipality"]}
    if fields["cooperation"] == "agreements" and len(known) == 2 and rng.random() < 0.7:
        fields["agreements"] = [["x", "y"]]


def _required_forbidden(fields, rng):
    rest = [name for name in fields["site_ids"] if name not in fields["existing"]]
    fields["required"] = [name for name in rest if rng.random() < 0.2]
    fields["forbidden"] = [
        name for name in rest if name not in fields["required"] and rng.random() < 0.2
    ]


def _groups(fields, rng):
    more = rng.integers(0, 9, len(fields["client_ids"])).astype(float)
    fields["persons"] = {"adults": fields["persons"], "children": more}
    fields["limit_min"] = {"adults": 20.0, "children": 35.0}
    fields["group_weights"] = {"adults": 1.0, "children": 2.0}


def _fade(fields, rng):
    fields["fade_min"] = 45.0


def _cutoff(fields, rng):
    fields["cutoff_min"] = 40.0


def _single(fields, rng):
    fields.setdefault("max_places", float(rng.integers(2, 12)))
    fields["assignment"] = "single"


def _nearest(fields, rng):
    fields.setdefault("max_places", float(rng.integers(2, 12)))
    fields["assignment"] = "nearest"


def _backup(fields, rng):
    fields["cover_times"] = 2


def _busy(fields, rng):
    fields["busy_share"] = float(rng.choice([0.0, 0.2, 0.5]))


def _tolerance(fields, rng):
    fields["tolerance"] = float(rng.choice([0.0, 0.1, 0.4]))


def _relocations(fields, rng):
    fields["may_close"] = list(fields["existing"])
    if fields["existing"]:
        fields["relocations"] = 1


SETTERS = {name: globals()[f"_{name}"] for name in OPTIONS}
