"""The folder of the user where files are kept that can be had again: downloads, hierarchies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["CACHE_VARIABLE", "find_cache_folder"]

CACHE_VARIABLE: Final = "SOCACCESS_CACHE"
"""Environment variable that names the folder; empty means that nothing is kept."""


def find_cache_folder() -> Path | None:
    """Return the folder, whether it is there or not; None if nothing is to be kept.

    `SOCACCESS_CACHE` names it; else it is the system's own place for such files, for example
    `~/.cache/socaccess`.

    Examples
    --------
    >>> from unittest import mock
    >>> with mock.patch.dict("os.environ", SOCACCESS_CACHE="mine"):
    ...     print(find_cache_folder())
    mine
    >>> with mock.patch.dict("os.environ", SOCACCESS_CACHE=""):
    ...     print(find_cache_folder())
    None
    """
    told = os.environ.get(CACHE_VARIABLE)
    if told is not None:
        return Path(told.strip()).expanduser() if told.strip() else None
    import platformdirs

    return platformdirs.user_cache_path("socaccess", appauthor=False)
