"""Parts of work, one after another here or side by side on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any, TypeVar

from socaccess.errors import ClusterError, InputError

__all__ = ["cut_parts", "run_partitions"]

Common = TypeVar("Common")
Part = TypeVar("Part")
Result = TypeVar("Result")

AHEAD = 2
"""Parts sent ahead for each thread of the cluster: enough to keep it busy, few enough to hold."""
ATTEMPTS = 3
"""How often everything that a part needs may be lost before the cluster is given up."""


def cut_parts(count: int, size: int) -> list[slice]:
    """Return the parts of `count` origins, each of `size` but the last.

    Examples
    --------
    >>> cut_parts(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    if size < 1:
        raise InputError("partitions.size_too_small", size=size)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def run_partitions(
    work: Callable[[Common, Part], Result],
    common: Common,
    parts: Iterable[tuple[int, Part]],
    *,
    client: Any = None,
) -> Iterator[tuple[int, Result]]:
    """Yield the number and the result of `work(common, part)` for every part.

    Parameters
    ----------
    work
        A function of a module (the workers import it) whose answer depends on its arguments only.
    common
        What every part needs; with a client it is sent to each worker once.
    parts
        Number and content of each part; they are taken as they are needed, so that a
        generator never holds more than a few.
    client
        A `distributed.Client`; None works here, part after part.

    Yields
    ------
    tuple
        Number and result, in the order in which parts are done.

    Raises
    ------
    ClusterError
        If the workers die again and again, with nothing done in between. A part whose worker
        died is done by another.
        What `work` raises goes on to the caller.

    Examples
    --------
    >>> dict(run_partitions(lambda factor, part: factor * part, 2, [(0, 10), (1, 11)]))
    {0: 20, 1: 22}
    """
    if client is None:
        for number, part in parts:
            yield number, work(common, part)
        return
    yield from _Crew(client, work, common).do(iter(parts))


class _Crew:
    """A cluster at work on parts, a few at a time."""

    def __init__(self, client: Any, work: Callable[..., Any], common: object) -> None:
        self._client, self._work, self._common = client, work, common
        self._losses = 0
        self._sent: Any = None
        self._sendings = 0

    def do(self, parts: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """Yield number and result of every part as it is done."""
        import distributed

        self._send_common()
        done = distributed.as_completed()
        open_parts: dict[Any, tuple[int, Any, int]] = {}
        try:
            while True:
                room = max(AHEAD * self._count_threads() - len(open_parts), int(not open_parts))
                for number, part in islice(parts, room):
                    self._submit(number, part, done, open_parts)
                if not open_parts:
                    return
                future = next(done)
                number, part, sending = open_parts.pop(future)
                try:
                    result = future.result()
                except (CancelledError, distributed.KilledWorker) as error:
                    # One death takes along all that was open, and may be noticed late: what
                    # still waited for what was sent before is only asked for again.
                    if sending == self._sendings:
                        self._recover(error)
                    self._submit(number, part, done, open_parts)
                    continue
                self._losses = 0
                future.release()
                yield number, result
        except (distributed.comm.CommClosedError, TimeoutError):
            raise ClusterError("partitions.cluster_gone") from None
        finally:
            self._client.cancel([future for future in open_parts if not future.cancelled()])

    def _submit(self, number: int, part: Any, done: Any, open_parts: dict[Any, Any]) -> None:
        future = self._client.submit(self._work, self._sent, part, pure=False)
        open_parts[future] = (number, part, self._sendings)
        done.add(future)

    def _send_common(self) -> None:
        try:
            self._sent = self._client.scatter(self._common, broadcast=True, hash=False)
            self._sendings += 1
        except TimeoutError:
            raise ClusterError("partitions.no_worker") from None

    def _recover(self, error: BaseException) -> None:
        """Send what is common once more: every worker that held it has died."""
        self._losses += 1
        if self._losses > ATTEMPTS:
            raise ClusterError("partitions.workers_died") from error
        self._send_common()

    def _count_threads(self) -> int:
        return max(sum(self._client.nthreads().values()), 1)
