"""How long work is run: in chunks, on threads, telling how far it is, stoppable between chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["Progress", "Ticker", "cut_evenly", "run_chunks"]

Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` after each chunk of work, from the thread that asked."""

Chunk = TypeVar("Chunk")


class Ticker:
    """Adds up what is done and passes it on to `progress`, if there is one."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, done: int) -> None:
        self._done += done
        if self._progress is not None:
            self._progress(self._done, self._total)


def run_chunks(
    work: Callable[[Chunk], int],
    chunks: Sequence[Chunk],
    threads: int,
    tick: Callable[[int], None],
) -> None:
    """Call `work` with every chunk on `threads` threads; it returns how much it has done.

    An error or an interrupt (Ctrl-C, or an exception from the progress callback) stops the chunks
    that have not begun, waits for those under way and goes on to the caller.
    """
    if threads <= 1 or len(chunks) <= 1:
        for chunk in chunks:
            tick(work(chunk))
        return
    with ThreadPoolExecutor(min(threads, len(chunks))) as pool:
        waiting: set[Future[int]] = {pool.submit(work, chunk) for chunk in chunks}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    tick(future.result())
        except BaseException:
            for future in waiting:
                future.cancel()
            raise


def cut_evenly(count: int, step: int) -> list[slice]:
    """Return slices of `step` that cover 0 to `count`.

    Examples
    --------
    >>> cut_evenly(5, 3)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
