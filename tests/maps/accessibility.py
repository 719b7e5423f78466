"""What axe finds wrong in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"


def add_axe(page: Any) -> None:
    """Give a page the script of axe; its policy must have been set aside."""
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))


def find_violations(page: Any) -> list[str]:
    """Return the broken rules, each with what is broken, as the page is now.

    All rules are asked; only what nobody reads is left out: the parts that pass, and a selector
    for each part of the page.
    """
    found = page.evaluate(
        "axe.run({ resultTypes: ['violations'], selectors: false }).then((r) => r.violations)"
    )
    return [
        f"{v['id']}: {[(n['html'], n.get('failureSummary')) for n in v['nodes'][:3]]}"
        for v in found
    ]
