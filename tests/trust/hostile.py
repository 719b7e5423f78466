"""A study whose names are all written by somebody who means harm."""

from __future__ import annotations

from typing import Any

from tests.small_worlds import two_municipalities

FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "</script><script>alert(1)</script>"
PATH = "../../x"
TYPESET = '#Test *x* <b> $\\frac{1$ "q" \\input{/etc/passwd} {{ 7*7 }} %s &amp;'
RIGHT_TO_LEFT = "\u202eevil\u202c \u200f"
LONG = "ļoti garš nosaukums " * 500
NAMES = (FORMULA, SCRIPT, PATH, TYPESET, RIGHT_TO_LEFT, LONG)


def hostile_tables() -> dict[str, Any]:
    """Return the tables of a study in which every name, source and title is hostile."""
    tables = two_municipalities()
    tables["municipalities"] = tables["municipalities"].assign(
        name=[SCRIPT, FORMULA], population=[650, 1500], kind="county"
    )
    tables["settlements"] = tables["settlements"].assign(name=list(NAMES))
    tables["facilities"] = tables["facilities"].assign(
        name=[*NAMES, "@SUM(A1)"],
        address="+1-1",
        source="javascript:alert(1)",
        settlement=SCRIPT,
        municipality_name=FORMULA,
    )
    tables["service_types"] = tables["service_types"].assign(
        name_lv=list(NAMES[:5]), name_en=list(NAMES[:5])
    )
    tables["targets"] = tables["targets"].assign(source=SCRIPT, note_lv=TYPESET, note_en=TYPESET)
    tables["name"] = "../../evil"
    tables["title"] = {"lv": SCRIPT, "en": TYPESET}
    tables["attribution"] = {"lv": [SCRIPT], "en": [FORMULA]}
    tables["caveats"] = {"lv": [TYPESET], "en": [SCRIPT]}
    return tables
