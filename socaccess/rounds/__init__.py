"""Rounds of forms with the municipalities: what was asked, answered and decided, in one store.

The names below are all that code outside needs; `docs/rounds.md` shows the way of a round.
"""

from socaccess.rounds.checking import FormCheck, check_form
from socaccess.rounds.consultation import (
    ANSWERS,
    SPEAKERS,
    approve,
    erase,
    find_open,
    keep_statements,
    list_approvals,
    list_statements,
    read_statements,
    summarise_statements,
)
from socaccess.rounds.decisions import ALL_ROWS, DECISIONS, read_review, write_review
from socaccess.rounds.hiding import hide_report
from socaccess.rounds.layers import export_layers
from socaccess.rounds.monitoring import (
    ProgressReport,
    find_round,
    list_answers,
    report_progress,
    summarise_round,
)
from socaccess.rounds.participation import (
    check_days,
    keep_events,
    list_events,
    mark_statements,
    read_events,
)
from socaccess.rounds.progress_book import write_report
from socaccess.rounds.reminders import compose_state, write_reminders
from socaccess.rounds.rounds import (
    OpenedRound,
    TakenForm,
    check_round,
    decide_forms,
    decide_rows,
    open_round,
    take_form,
    take_forms,
)
from socaccess.rounds.snapshots import (
    FACILITY_CHANGES,
    MOVED_M,
    Snapshot,
    SnapshotChanges,
    compare_snapshots,
    hide_changes,
    keep_snapshot,
    list_snapshots,
    make_snapshot,
    read_snapshot,
    update_study,
)
from socaccess.rounds.starting import list_published_persons, start_store
from socaccess.rounds.statement_form import write_statement_form
from socaccess.rounds.store import Store, StoreError
from socaccess.rounds.undoing import undo
from socaccess.rounds.workbook import FAULT, FORM, NOTE, WATCH, Finding, FormError

__all__ = [
    "ALL_ROWS",
    "ANSWERS",
    "DECISIONS",
    "FACILITY_CHANGES",
    "FAULT",
    "FORM",
    "MOVED_M",
    "NOTE",
    "SPEAKERS",
    "WATCH",
    "Finding",
    "FormCheck",
    "FormError",
    "OpenedRound",
    "ProgressReport",
    "Snapshot",
    "SnapshotChanges",
    "Store",
    "StoreError",
    "TakenForm",
    "approve",
    "check_days",
    "check_form",
    "check_round",
    "compare_snapshots",
    "compose_state",
    "decide_forms",
    "decide_rows",
    "erase",
    "export_layers",
    "find_open",
    "find_round",
    "hide_changes",
    "hide_report",
    "keep_events",
    "keep_snapshot",
    "keep_statements",
    "list_answers",
    "list_approvals",
    "list_events",
    "list_published_persons",
    "list_snapshots",
    "list_statements",
    "make_snapshot",
    "mark_statements",
    "open_round",
    "read_events",
    "read_review",
    "read_snapshot",
    "read_statements",
    "report_progress",
    "start_store",
    "summarise_round",
    "summarise_statements",
    "take_form",
    "take_forms",
    "undo",
    "update_study",
    "write_reminders",
    "write_report",
    "write_review",
    "write_statement_form",
]
