"""The state register's services in the terms of the catalogue, by a table edited as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from socaccess.sources.embedded import read_embedded

__all__ = [
    "CERTAINTIES",
    "RegisterRules",
    "describe_mapping",
    "load_register_rules",
    "map_register",
    "normalise_term",
]

CERTAINTIES = ("sure", "likely")
UNKNOWN_TERM = "unknown_term"

_AGES = {
    "adults_men": "adults",
    "adults_women": "adults",
    "children_with_parents": "children",
}
_FREE_TEXT = re.compile(r"^(cits|citi):\s*")


@dataclass(frozen=True)
class RegisterRules:
    """How rows of the register become services of the catalogue.

    Parameters
    ----------
    terms
        One row per wording of the register: `register_term` (as `normalise_term`
        gives it) and `term`.
    rules
        One row per rule, in order; the first that fits a row decides. Blank cells
        ask for nothing. `services` holds `service:certainty` pairs, separated by
        spaces; a rule without services has a `reason`.
    """

    terms: pd.DataFrame
    rules: pd.DataFrame


def load_register_rules() -> RegisterRules:
    """Return the tables that ship with the project."""
    return RegisterRules(
        read_embedded("services", "register_terms.csv"),
        read_embedded("services", "register_rules.csv"),
    )


def normalise_term(text: str) -> str:
    """Return the register's name of a service without its varying capitals, dots and prefix.

    >>> normalise_term("Citi: Ģimenes asistents.")
    'ģimenes asistents'
    """
    return _FREE_TEXT.sub("", text.strip().lower().rstrip(".")).strip()


def describe_mapping(register: pd.DataFrame) -> pd.DataFrame:
    """Return a register with what each row is in the catalogue.

    `services` holds pairs such as `dac_grt:sure`, separated by spaces; where a row is no
    service of the catalogue, `reason_unmapped` says why.

    Examples
    --------
    >>> row = {"register_id": "1", "name": "Dienas aprūpes centrs", "form": "without_accommodation",
    ...        "register_service": "Dienas aprūpes centrs", "planned_clients": 20,
    ...        "clients": "adults", "client_groups": "grt", "municipality_now": "Balvu novads"}
    >>> describe_mapping(pd.DataFrame([row]))["services"].tolist()
    ['dac_grt:sure']
    """
    mapped = map_register(register)
    known = mapped[mapped["service"].notna()]
    pairs = (known["service"] + ":" + known["mapping"]).groupby(known["register_id"]).agg(" ".join)
    reasons = mapped.drop_duplicates("register_id").set_index("register_id")["reason"]
    reasons = reasons[~reasons.index.isin(pairs.index)]
    ids = register["register_id"]
    return register.assign(services=ids.map(pairs), reason_unmapped=ids.map(reasons))


def map_register(register: pd.DataFrame, rules: RegisterRules | None = None) -> pd.DataFrame:
    """Return which services of the catalogue each row of the register gives.

    Parameters
    ----------
    register
        One row per registered service, with `register_id`, `name`,
        `register_service`, `form`, `planned_clients`, `clients` (ages),
        `client_groups` (separated by `;`) and `municipality_now`.
    rules
        The tables to go by; those that ship with the project by default.

    Returns
    -------
    pandas.DataFrame
        One row per service of a row, and one per row without any: `register_id`,
        `term`, `rule`, `service`, `mapping` (`sure`: stated by term and groups,
        `likely`: inferred) and `reason`, why it has no service. No row is dropped.

    Examples
    --------
    >>> row = {"register_id": "1", "name": "Dienas aprūpes centrs", "form": "without_accommodation",
    ...        "register_service": "Dienas aprūpes centrs", "planned_clients": 20,
    ...        "clients": "adults", "client_groups": "grt", "municipality_now": "Balvu novads"}
    >>> mapped = map_register(pd.DataFrame([row]))
    >>> mapped[["service", "mapping"]].to_numpy().tolist()
    [['dac_grt', 'sure']]
    """
    rules = rules or load_register_rules()
    terms = dict(zip(rules.terms["register_term"], rules.terms["term"], strict=True))
    by_term: dict[str, list[Mapping[str, str]]] = {}
    table = rules.rules.astype(object).where(rules.rules.notna(), "")
    for rule in table.to_dict("records"):
        by_term.setdefault(rule["term"], []).append({str(k): str(v) for k, v in rule.items()})
    found = []
    for row in register.to_dict("records"):
        term = terms.get(normalise_term(str(row["register_service"])), "")
        rule = next((each for each in by_term.get(term, []) if _fits(each, row)), None)
        entry = {"register_id": row["register_id"], "term": term or None}
        if rule is None:
            found.append(entry | {"rule": None, "service": None, "reason": UNKNOWN_TERM})
            continue
        entry["rule"] = rule["rule"]
        for pair in rule["services"].split():
            service, mapping = pair.split(":")
            found.append(entry | {"service": service, "mapping": mapping})
        if not rule["services"]:
            found.append(entry | {"service": None, "reason": rule["reason"]})
    columns = ["register_id", "term", "rule", "service", "mapping", "reason"]
    mapped = pd.DataFrame(found, columns=columns, dtype=object)
    return mapped.where(mapped.notna(), None)


def _fits(rule: Mapping[str, str], row: Mapping[str, object]) -> bool:
    ages = str(row["clients"] or "")
    groups = {each for each in str(row["client_groups"] or "").split(";") if each}
    name = str(row["name"]).lower()
    wanted = {key: set(rule[key].split()) for key in ("has_all", "has_any", "only", "has_none")}
    clients = pd.to_numeric(row["planned_clients"], errors="coerce")
    return (
        (not rule["ages"] or _AGES.get(ages, ages) in rule["ages"].split())
        and (not rule["form"] or row["form"] in rule["form"].split())
        and wanted["has_all"] <= groups
        and (not wanted["has_any"] or bool(wanted["has_any"] & groups))
        and (not wanted["only"] or (bool(groups) and groups <= wanted["only"]))
        and not wanted["has_none"] & groups
        and (not rule["name_has"] or bool(re.search(rule["name_has"], name)))
        and (not rule["name_lacks"] or not re.search(rule["name_lacks"], name))
        and (
            not rule["clients_at_most"]
            or (pd.notna(clients) and clients <= float(rule["clients_at_most"]))
        )
        and (not rule["municipality"] or row["municipality_now"] == rule["municipality"])
    )
