"""The tables: one checked form each, for what ships with the project and what users bring.

A form is a list of columns. `check_table` converts what can be converted, gathers
everything that is wrong and raises it in one `InputError`; rows are named the way
their owner knows them, by line of the file or by id.
"""

from socaccess.schemas.checking import check_table
from socaccess.schemas.forms import (
    CANDIDATES,
    FACILITIES,
    FORMS,
    LATVIA_BOUNDS,
    MUNICIPALITIES,
    NEED,
    PEOPLE,
    SERVICE_TYPES,
    SETTLEMENTS,
    Column,
    TableForm,
)
from socaccess.schemas.names import RowNames, pick_rows, suggest_message, suggest_names
from socaccess.schemas.numbers import read_numbers

__all__ = [
    "CANDIDATES",
    "FACILITIES",
    "FORMS",
    "LATVIA_BOUNDS",
    "MUNICIPALITIES",
    "NEED",
    "PEOPLE",
    "SERVICE_TYPES",
    "SETTLEMENTS",
    "Column",
    "RowNames",
    "TableForm",
    "check_table",
    "pick_rows",
    "read_numbers",
    "suggest_message",
    "suggest_names",
]
