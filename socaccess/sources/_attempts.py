"""Asking again: only when a server is busy or a connection broke, and not before it says."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from email.utils import parsedate_to_datetime
from typing import Any

from socaccess.sources._download_error import DownloadError
from socaccess.sources._transport import (
    CutOffError,
    Limits,
    Reply,
    name_host,
    open_address,
    took_too_long,
)

__all__ = ["refuse_status", "try_often"]

BUSY = (429, 500, 502, 503, 504)


def try_often(
    address: str,
    hosts: Collection[str],
    limits: Limits,
    deadline: float,
    make_headers: Callable[[], dict[str, str]],
    take: Callable[[Reply], Any],
) -> Any:
    """Return what `take` makes of an answer; ask again after a pause while that can help."""
    host = name_host(address)
    for attempt in range(1, limits.tries + 1):
        # Spread a little, so that many who failed together do not return together.
        pause = limits.pause_s * 2 ** (attempt - 1) * random.uniform(1.0, 1.25)  # noqa: S311
        try:
            with open_address(
                address, hosts, limits=limits, deadline=deadline, headers=make_headers()
            ) as reply:
                if reply.status not in BUSY:
                    return take(reply)
                pause = max(pause, _read_retry_after(reply.headers.get("retry-after", "")))
                failure = DownloadError("busy", {"host": host, "status": reply.status})
                if pause > limits.longest_pause_s:
                    values = {"host": host, "minutes": int(pause // 60) + 1}
                    raise DownloadError("later", values)
        except CutOffError:
            failure = DownloadError("cut_off", {"host": host})
        if attempt == limits.tries:
            break
        if time.monotonic() + pause > deadline:
            raise took_too_long(host, limits.total_s)
        time.sleep(pause)
    raise failure


def refuse_status(reply: Reply) -> None:
    if reply.status != 200:
        values = {"host": name_host(reply.address), "status": reply.status}
        raise DownloadError("status", values)


def _read_retry_after(text: str) -> float:
    """Return the seconds of a `Retry-After`: a number, or a date."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0
