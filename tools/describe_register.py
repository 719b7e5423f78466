"""Write the table of `docs/register.md`: what the register's rows are in the catalogue.

python tools/describe_register.py            write it into the page
python tools/describe_register.py --check    exit 1 where the page is not current
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from _datapackage import read_csv

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data" / "services"
PAGE = ROOT / "docs" / "register.md"
START, END = "<!-- table: tools/describe_register.py -->", "<!-- end of table -->"
AGES = {"adults": "adults", "children": "children", "all_ages": "all ages"}

Row = Mapping[str, str]


def describe_rules() -> str:
    """Return the rules as a Markdown table, and the rows that are none of our services."""
    register = read_csv(DATA / "register.csv")
    rows = Counter(row["rule"] for row in register)
    mapped = sum(bool(row["services"]) for row in register)
    lines = [
        "| term of the register | of | gives | rows |",
        "|---|---|---|---:|",
        *(
            f"| {rule['term'].replace('_', ' ')} | {describe_conditions(rule)} | "
            f"{describe_services(rule)} | {rows[rule['rule']]} |"
            for rule in read_csv(DATA / "register_rules.csv")
        ),
        "",
        f"{mapped} of {len(register):,} rows are mapped; the others:",
        "",
        "| rows | reason |",
        "|---:|---|",
        *describe_reasons(register),
    ]
    return "\n".join(lines)


def describe_conditions(rule: Row) -> str:
    """Return what a rule asks for, in words."""
    parts = [AGES[each] for each in rule["ages"].split()]
    if rule["form"]:
        parts.append(rule["form"].replace(" ", " or ").replace("_", " "))
    for key, words in (
        ("has_all", "groups {}"),
        ("has_any", "a group of {}"),
        ("only", "no group but {}"),
        ("has_none", "not {}"),
    ):
        if rule[key]:
            parts.append(words.format(_list_groups(rule[key])))
    if rule["name_has"]:
        parts.append(f"name with {_list_words(rule['name_has'])}")
    if rule["name_lacks"]:
        parts.append(f"name without {_list_words(rule['name_lacks'])}")
    if rule["clients_at_most"]:
        parts.append(f"at most {rule['clients_at_most']} clients")
    if rule["municipality"]:
        parts.append(f"in {rule['municipality']}")
    return "; ".join(parts) or "any other"


def _list_groups(cell: str) -> str:
    return ", ".join(each.replace("_", " ") for each in cell.split())


def _list_words(pattern: str) -> str:
    """Return the alternatives of a pattern as code; a bar would end the cell."""
    return " or ".join(f"`{each}`" for each in pattern.split("|"))


def describe_services(rule: Row) -> str:
    """Return the services a rule gives, or why none."""
    if rule["reason"]:
        return f"none ({rule['reason'].replace('_', ' ')})"
    return ", ".join(
        f"`{service}`" + (" (likely)" if certainty == "likely" else "")
        for service, certainty in (pair.split(":") for pair in rule["services"].split())
    )


def describe_reasons(register: Sequence[Row]) -> list[str]:
    """Return one line per reason, the most rows first."""
    names = {row["reason"]: row["name_en"] for row in read_csv(DATA / "register_reasons.csv")}
    count = Counter(row["reason_unmapped"] for row in register if row["reason_unmapped"])
    return [f"| {number} | {names[reason]} |" for reason, number in count.most_common()]


def main() -> int:
    """Write the table, or say whether the page has it; return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(START)
    tail = rest.split(END)[1]
    current = f"{head}{START}\n\n{describe_rules()}\n\n{END}{tail}"
    if "--check" in sys.argv[1:]:
        print(f"{PAGE.name}: {'current' if current == page else 'not current'}")
        return int(current != page)
    PAGE.write_text(current, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
