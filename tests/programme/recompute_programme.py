"""Recomputes a programme's figures from its tables, knowing nothing of the package.

python recompute_programme.py PLAN_FOLDER BUILT_TABLES: prints how many figures are equal, of how
many; exits 1 and names those that are not. Only the standard library is used.
"""

import csv
import math
import sys
import tomllib
from pathlib import Path


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(plan: Path, out: Path) -> int:
    """Recompute and print; return how many figures differ."""
    toml = tomllib.loads((plan / "programme.toml").read_text(encoding="utf-8"))
    need = {row["target_group"]: float(row["persons"]) for row in read(out, "need")}
    rates = {(r["target_group"], r["service"]): r for r in read(plan, "take_up")}
    change, base = toml["change"], toml["programme"]["base_year"]
    figures: list[tuple[str, float, float]] = []

    # Clients: persons x rate x change; registered ones are of the people of 2026.
    for row in read(out, "forecast"):
        rate = rates.get((row["target_group"], row["service"]))
        if rate is None or row["service"] == "all" or not row["clients"].replace(".", "").isdigit():
            continue
        start = 2026 if rate["basis"] == "registered" else base
        grown = (1 + change[row["variant"]]) ** (int(row["year"]) - start)
        clients = need[row["target_group"]] * float(rate[row["variant"]]) * grown
        figures.append((f"{row['service']} {row['year']} {row['variant']}", clients,
                        float(row["clients"])))  # fmt: skip

    # Goals: each figure published for one, with its own share.
    reached: dict[str, tuple[int, float]] = {}
    for row in read(plan, "reached"):
        year = int(float(row["year"]))
        reached[row["target_group"]] = max(
            reached.get(row["target_group"], (0, 0.0)), (year, float(row["persons"]))
        )
    for row in read(out, "goals"):
        if row["target_group"] in reached and row["share"]:
            share = reached[row["target_group"]][1] / float(row["goal"])
            figures.append((f"goal {row['goal']}", share, float(row["share"])))

    # Capital: what measures cost, in equal parts over their years, by payer.
    cost: dict[int, float] = {}
    for row in read(out, "measures"):
        if row["cost_middle"]:
            years = range(int(float(row["year_from"])), int(float(row["year_to"])) + 1)
            for year in years:
                cost[year] = cost.get(year, 0.0) + float(row["cost_middle"]) / len(years)
    for row in read(out, "budget"):
        if row["kind"] == "capital":
            part = toml["money"]["capital"][row["payer"]] * cost[int(row["year"])]
            figures.append((f"capital {row['year']} {row['payer']}", part, float(row["amount"])))

    # Published to a tenth of a client, a share exactly, money split to cents.
    wrong = [f for f in figures if not math.isclose(f[1], f[2], rel_tol=1e-9, abs_tol=0.0501)
             and not (f[0].startswith("capital")
                      and math.isclose(f[1], f[2], abs_tol=0.5))]  # fmt: skip
    lines = [f"{len(figures) - len(wrong)} {len(figures)}"]
    lines += [f"{name}: {ours} here, {theirs} built" for name, ours, theirs in wrong]
    sys.stdout.write("\n".join(lines) + "\n")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]), Path(sys.argv[2]))))
