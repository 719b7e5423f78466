"""What an ERAF application costs, beside what projects have cost and who paid for them."""

from __future__ import annotations

from collections.abc import Mapping

from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.eraf_reach import Finding
from socaccess.programme.observed_costs import observe_capital_costs, observe_funding

__all__ = ["judge_cost", "judge_funding"]


def judge_cost(total_eur: object, places: int) -> Finding:
    """Return whether a place costs what places have cost in projects."""
    if total_eur is None:
        return Finding("cost", "unknown", "cost_unknown", {})
    observed = observe_capital_costs()
    per_place = float(to_amount(total_eur)) / places
    values = {
        "per_place": per_place,
        "low": float(observed["eur_per_place"].min()),
        "high": float(observed["eur_per_place"].max()),
        "median": float(observed["eur_per_place"].median()),
        "projects": len(observed),
    }
    inside = values["low"] <= per_place <= values["high"]
    answer = "yes" if inside else "attention"
    return Finding("cost", answer, f"cost_{answer}", values)


def judge_funding(shares: Mapping[str, object]) -> Finding:
    """Return whether ERAF's share is one that projects have had."""
    if not shares:
        return Finding("funding", "unknown", "funding_unknown", {})
    observed = observe_funding()["eraf_share"]
    share = float(to_fraction(shares.get("eraf", 0)))
    values = {"share": share, "low": float(observed.min()), "high": float(observed.max()),
              "projects": len(observed)}  # fmt: skip
    # A share as agreed, 85 %, is told to the cent: a hair above it is no finding.
    inside = round(values["low"], 4) <= round(share, 4) <= round(values["high"], 4)
    answer = "yes" if inside else "attention"
    return Finding("funding", answer, f"funding_{answer}", values)
