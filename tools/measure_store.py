"""Measure what many forms cost a store: processor seconds, bytes and files.

    python tools/measure_store.py                  # 420 forms of 60 rows, one revision each
    python tools/measure_store.py --all            # receipts and counts of persons as well

Each step is what taking a form does to the store: the answers of the earlier forms of the same
municipality are looked at, and the new form's answers are written.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from socaccess.rounds import Store  # noqa: E402
from socaccess.rounds.drafts import read_rows  # noqa: E402
from socaccess.rounds.layouts import ANSWERS, PERSONS, RECEIPTS  # noqa: E402

EVENT = {"at": "2022-02-01T10:00:00", "who": "Anna"}


def list_answers(form: int, rows: int) -> pd.DataFrame:
    """Return the answers of one form."""
    receipt = f"{form:016x}"
    return pd.DataFrame(
        {
            "answer_id": [f"{receipt}:P{row}:recipients" for row in range(rows)],
            "receipt_id": receipt, "round_id": f"round-{form // 42}",
            "municipality_id": f"{form % 42:07d}", "row": [f"P{row}" for row in range(rows)],
            "item": "adults_grt/dac_grt day care centre", "column": "recipients", "issued": "12",
            "said": "14", "stood": "12", "remark": None, "said_by": "Anna", "said_at": EVENT["at"],
            "decision": "accepted", "decided_by": "Anna", "decided_at": EVENT["at"],
        }
    )  # fmt: skip


def take(store: Store, form: int, answers: pd.DataFrame, everything: bool) -> None:
    """Write one form into the store."""
    rows = len(answers)
    receipt, municipality = answers["receipt_id"][0], answers["municipality_id"][0]
    mine = {f"{earlier:016x}" for earlier in range(form % 42, form, 42)}
    read_rows(store, ANSWERS, only=("receipt_id", mine))
    if not everything:
        store.commit(parts={ANSWERS: answers}, **EVENT, action="take", note=f"form {form}")
        return
    store.read("receipts")
    persons = pd.DataFrame(
        {"municipality_id": municipality, "target_group": "adults_grt",
         "service": [f"s{row}" for row in range(rows)], "recipients": form,
         "as_of": "2021-12-31", "source": answers["round_id"][0]}
    )  # fmt: skip
    row = {"receipt_id": [receipt], "document": [receipt * 4], "file": ["form.xlsx"],
           "round_id": [answers["round_id"][0]], "municipality_id": [municipality],
           "taken_at": [EVENT["at"]], "taken_by": ["Anna"], "usable": [True],
           "faulty_rows": [0], "findings": [""]}  # fmt: skip
    parts = {ANSWERS: answers, RECEIPTS: pd.DataFrame(row), PERSONS: persons}
    store.commit(parts=parts, **EVENT, action="take", note=f"form {form}")


def main() -> None:
    """Take the forms and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forms", type=int, default=420)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--all", action="store_true", help="receipts and counts of persons too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(f"{folder}/store", **EVENT)
        empty = {layout: pd.DataFrame() for layout in (ANSWERS, RECEIPTS, PERSONS)}
        store.commit(empty, **EVENT, action="start")
        forms = [list_answers(form, chosen.rows) for form in range(chosen.forms)]
        begin = time.process_time()
        for form, answers in enumerate(forms):
            take(store, form, answers, chosen.all)
        spent = time.process_time() - begin
        sizes = [path.stat().st_size for path in store.path.rglob("*") if path.is_file()]
        begin = time.process_time()
        whole = Store.open(store.path).verify()["whole"].all()
        verified = time.process_time() - begin
    print(f"{chosen.forms} forms of {chosen.rows} rows: {spent:.1f} CPU s, "
          f"{sum(sizes) / 1e6:.1f} MB in {len(sizes)} files; verify {verified:.1f} CPU s, "
          f"{'whole' if whole else 'not whole'}")  # fmt: skip


if __name__ == "__main__":
    main()
