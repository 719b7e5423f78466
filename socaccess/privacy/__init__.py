"""Small counts of people are not shown in anything that leaves, and cannot be worked out.

`protect` decides for a whole tree of counts, `hide_small` for a single table.
"""

from socaccess.privacy.hiding import find_small, hide_pairs, hide_small, mark_above, show_small
from socaccess.privacy.protection import (
    SHOWN,
    SMALL,
    UNTOLD,
    WITHHELD,
    Protection,
    mark_small,
    mark_untold,
    mark_withheld,
    protect,
    show_count,
    show_counts,
)
from socaccess.privacy.screening import find_personal, mask_personal

__all__ = [
    "SHOWN",
    "SMALL",
    "UNTOLD",
    "WITHHELD",
    "Protection",
    "find_personal",
    "find_small",
    "hide_pairs",
    "hide_small",
    "mark_above",
    "mark_small",
    "mark_untold",
    "mark_withheld",
    "mask_personal",
    "protect",
    "show_count",
    "show_counts",
    "show_small",
]
