"""Takes forms in child processes that are killed (SIGKILL) at a random moment; tells what is left.

Run as `killed_writer.py STORE AT KILLS FORM...` by `test_kill.py`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import openpyxl

from socaccess import files, rounds
from socaccess.rounds import Store


def take(folder: Path, form: str, at: str) -> None:
    rounds.take_form(Store.open(folder), form, at=at, who="Anna", accept=["all"])


def run_child(work) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def list_contents(store: Store) -> dict[str, str]:
    """Return what each table says, whatever salts were drawn."""
    receipts = store.read("receipts") if "receipts" in store.list_tables() else None
    contents = {}
    for name in store.list_tables():
        text = store.read(name).to_csv(index=False)
        for row in receipts.itertuples() if receipts is not None else ():
            text = text.replace(row.document, row.file).replace(row.receipt_id, row.file)
        contents[name] = files.hash_bytes("\n".join(sorted(text.splitlines())).encode())
    return contents


def main() -> None:
    folder, at, kills, forms = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    openpyxl.Workbook()  # loaded once, before the children are forked
    # How long one form takes here, so that the kills fall inside.
    began = time.monotonic()
    rounds.check_form(Store.open(folder), forms[0], at=at)
    usual = (time.monotonic() - began) * 2
    draw = random.Random(7)
    told = {"killed": 0, "broken": [], "contents": []}
    for form in forms:
        before = Store.open(folder).revision
        for _ in range(max(kills // len(forms), 1)):
            child = run_child(lambda form=form: take(folder, form, at))
            time.sleep(draw.uniform(0.2, 1.1) * usual)
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            told["killed"] += os.WIFSIGNALED(status)
            store = Store.open(folder)
            if not store.verify()["whole"].all():
                told["broken"].append(form)
            told["contents"].append(list_contents(store))
        if Store.open(folder).revision == before:
            os.waitpid(run_child(lambda form=form: take(folder, form, at)), 0)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
