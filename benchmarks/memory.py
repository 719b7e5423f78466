"""The most memory a measured process has held."""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")


def read_peak_mb() -> float:
    """Return the most memory this process has held, in MB of 2^20 bytes."""
    if STATUS.exists():  # getrusage there includes the process this one was started from
        line = next(row for row in STATUS.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
