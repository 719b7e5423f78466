"""The figures of `plan budget`, `plan cooperation`, `plan eraf` and `site`, asked from Python.

Each part ends in the command that prints the same. Open it as a notebook (`# %%` begins a
cell) or run it: `python notebooks/plan.py`.
"""

import socaccess as sa

# %% One study, run once; what leaves it hides counts of fewer than five people.
study = sa.Study.load("latgale", lang="en")
result = study.run(sites=False)

# %% What the plan costs, and who pays when ESF money ends.
# socaccess plan budget latgale --years 2026-2027 --share esf=0.85 --share municipality=0.15
#     --esf-ends 2027
paid = {"esf": "0.85", "municipality": "0.15"}
budget = sa.planning.budget(result, [2026, 2027], shares=paid, esf_ends=2027)
print(budget.by_payer, budget.total, sep="\n")

# %% Who is served where, and what a joint site is worth to two neighbours.
# socaccess plan cooperation latgale --service dac_grt --partner "Ludzas novads"
#     --partner "Rēzeknes novads" --yearly-cost 60000
partners = ["Ludzas novads", "Rēzeknes novads"]
shared = sa.planning.cooperation(result, "dac_grt", partners=partners, yearly_cost=60000)
print(shared.balance, shared.joint, sep="\n")

# %% Whether an object conforms to the plan, before an application for ERAF money.
# socaccess plan eraf "Krāslavas novads" --service dac_grt --settlement Krāslava --places 8
object_check = sa.planning.eraf(
    result, "Krāslavas novads", "dac_grt", settlement="Krāslava", places=8
)
print(object_check.answer, object_check.effect, sep="\n")

# %% Where three new sites should go, with the proof that no three others reach more.
# socaccess site latgale --service dac_grt --sites 3
plan = result.suggest("dac_grt", sites=3)
sites = study.run(answer=("dac_grt", plan)).tables["sites"]
print(plan.status, plan.objective, sites[["rank", "name", "gain_persons"]], sep="\n")
