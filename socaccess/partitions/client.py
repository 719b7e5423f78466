"""The way to a Dask cluster: one that runs already, or one of processes on this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from socaccess.errors import ClusterError, InputError, MissingDependencyError
from socaccess.messages import Message
from socaccess.version import VERSION

__all__ = ["check_workers", "connect"]

WAIT_S = 30
"""Seconds to wait for a scheduler or a first worker."""


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """Give a `distributed.Client` for as long as it is used.

    Dask's own messages are executable (pickles): give only the address of a cluster whose
    machines and wires you trust. `local` listens on this machine alone.

    Parameters
    ----------
    address
        `local` for a worker process for each core of this machine, `local:4` for four, or the
        address of a scheduler, such as `tcp://10.0.0.5:8786`.

    Yields
    ------
    distributed.Client
        To be given as `client=`.

    Raises
    ------
    MissingDependencyError
        If Dask is not installed.
    InputError
        If the address is none.
    ClusterError
        If there is no scheduler there, or its workers run another version.

    Examples
    --------
    >>> with connect("local:2") as client:   # doctest: +SKIP
    ...     travel_times(network, origins, destinations, client=client)
    """
    try:
        import distributed
    except ImportError:
        raise MissingDependencyError("partitions.needs_dask") from None
    workers = _read_local(address)
    if workers:
        with (
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                # What goes wrong is told by our errors; that a worker is replaced is no news.
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(address, timeout=WAIT_S)
    except (OSError, ValueError, TimeoutError):
        raise ClusterError("partitions.no_scheduler", address=address) from None
    with client:
        check_workers(client)
        yield client


def check_workers(client: Any) -> None:
    """Refuse a cluster without workers, or whose workers would calculate by other rules.

    Raises
    ------
    ClusterError
        Naming the workers.
    """
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
        versions = client.run(_tell_version)
    except (OSError, TimeoutError):
        raise ClusterError("partitions.no_worker") from None
    except ImportError:
        raise ClusterError("partitions.not_installed", version=VERSION) from None
    other = {name: found for name, found in versions.items() if found != VERSION}
    if other:
        rows = [
            Message("partitions.worker_has", worker=name, version=found)
            for name, found in sorted(other.items())
        ]
        raise ClusterError("partitions.other_version", rows=rows, version=VERSION)


def _tell_version() -> str:
    from socaccess.version import VERSION

    return VERSION


def _read_local(address: str) -> int:
    """Return how many worker processes are asked for on this machine, 0 for an address."""
    word, _, count = address.partition(":")
    if word != "local":
        if "://" not in address:
            raise InputError("partitions.no_address", address=address)
        return 0
    if not count:
        return os.cpu_count() or 1
    if not count.isdecimal() or not int(count):
        raise InputError("partitions.no_count", address=address)
    return int(count)
