"""Work done beside this process, on another core, where a process can be copied at no risk."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import Any, Generic, Self, TypeVar

__all__ = ["Beside", "can_fork", "map_beside"]

_WITH_THREADS = ("typst", "polars", "distributed")
"""Libraries whose own threads do not come along into a copy, which then waits for them forever."""

S = TypeVar("S")
T = TypeVar("T")


def can_fork() -> bool:
    """Return whether a copy of this process can go on by itself, on a core of its own.

    Only Linux copies a process cheaply, and what other threads hold at that moment stays held in
    the copy: only threads that draw a progress bar are taken to hold nothing of ours, and
    once a library with threads of its own was used, nothing is copied any more.
    """
    if any(name in sys.modules for name in _WITH_THREADS):
        return False
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return False
    here = threading.current_thread()
    others = (one for one in threading.enumerate() if one is not here)
    return here is threading.main_thread() and all(
        type(one).__module__.startswith("rich.") for one in others
    )


class Beside(Generic[T]):
    """A function at work on another core as long as the `with` lasts.

    Without a core to spare it is called when its result is asked for.

    Parameters
    ----------
    work
        A function of no arguments whose result can be pickled. It sees everything as it is
        when the `with` is entered; what it changes, files apart, stays unseen here. One that
        yields several results goes on while the first ones are taken.

    Examples
    --------
    >>> with Beside(lambda: sum(range(4))) as adding:
    ...     adding.result()
    6
    >>> with Beside(lambda: (2 * number for number in (1, 2))) as doubling:
    ...     doubling.result(), doubling.result()
    (2, 4)
    """

    def __init__(self, work: Callable[[], T | Iterator[T]]) -> None:
        self._work = work
        self._process: Any = None
        self._taken = 0
        self._here: Iterator[T] | None = None

    def __enter__(self) -> Self:
        if can_fork():
            context = get_context("fork")
            self._answer, sending = context.Pipe(duplex=False)
            _widen(sending)
            self._process = context.Process(target=_send, args=(self._work, sending), daemon=True)
            with warnings.catch_warnings():
                # Python warns of threads from 3.12 on; `can_fork` has looked at them.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._process.start()
            sending.close()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._answer.close()

    def result(self) -> T:
        """Return what the function returns, or yields next, or raise what it raises; waits for it.

        Each result can be had once.
        """
        if self._process is None or self._here is not None:
            return self._work_here()
        try:
            return self.wait()
        except EOFError:
            # The copy was ended from outside, for want of memory perhaps.
            return self._work_here()

    def wait(self) -> T:
        """Return what the copy sends next; `EOFError` if it has ended without."""
        failed, answer = self._answer.recv()
        if failed:
            raise answer
        self._taken += 1
        return answer

    def _work_here(self) -> T:
        if self._here is None:
            self._here = itertools.islice(_list_results(self._work), self._taken, None)
        return next(self._here)


def map_beside(
    work: Callable[[S], T],
    items: Sequence[S],
    progress: Callable[[int, int], None] | None = None,
) -> list[T]:
    """Return what a function returns for each item, worked out on two cores.

    Parameters
    ----------
    work
        A function of one item, as in `Beside`; what it returns can be pickled.
    items
        Items. Each core takes the next one as soon as it has done one.
    progress
        Called as `progress(done, total)`, as far as this process knows.

    Returns
    -------
    list
        The results, in the order of the items.

    Examples
    --------
    >>> map_beside(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    tell = progress or (lambda *_: None)
    results: dict[int, T] = {}

    def do_here(at: int) -> None:
        results[at] = work(items[at])
        tell(len(results), len(items))

    if 1 < len(items) <= _MOST_ITEMS and can_fork():
        with (
            _hand_out(len(items)) as next_number,
            Beside(lambda: [(at, work(items[at])) for at in iter(next_number, None)]) as others,
        ):
            for at in iter(next_number, None):
                do_here(at)
            with contextlib.suppress(EOFError):  # ended: what it had taken is done below
                if theirs := dict(others.wait()):
                    results.update(theirs)
                    tell(len(results), len(items))
    for at in range(len(items)):
        if at not in results:
            do_here(at)
    return [results[at] for at in range(len(items))]


_NUMBER = struct.Struct("<I")
_MOST_ITEMS = 65_536 // _NUMBER.size
"""Numbers that a pipe holds."""


@contextlib.contextmanager
def _hand_out(count: int) -> Iterator[Callable[[], int | None]]:
    """Give a function that returns each of `count` numbers once, whichever process asks."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(map(_NUMBER.pack, range(count))))
    os.close(writing)

    def take() -> int | None:
        found = os.read(reading, _NUMBER.size)
        return int(_NUMBER.unpack(found)[0]) if found else None

    try:
        yield take
    finally:
        os.close(reading)


def _list_results(work: Callable[[], T | Iterator[T]]) -> Iterator[T]:
    """Yield what a function yields, or returns."""
    answer = work()
    if isinstance(answer, Iterator):
        yield from answer
    else:
        yield answer


def _send(work: Callable[[], Any], sending: Any) -> None:
    """Send what a function returns, yields or raises; nobody may be there to take it any more."""
    try:
        for answer in _list_results(work):
            _send_one((False, answer), sending)
    except BaseException as error:
        _send_one((True, error), sending)


def _widen(pipe: Any) -> None:
    """Let a pipe hold a megabyte: what is sent before it is asked for does not wait."""
    import fcntl

    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)


def _send_one(answer: tuple[bool, Any], sending: Any) -> None:
    try:
        sending.send(answer)
    except OSError:
        pass
    except Exception as error:
        sending.send((True, RuntimeError(str(error))))
