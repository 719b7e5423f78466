"""Lets numba be imported although a folder of tests is called `coverage`.

pytest puts the folder `tests` on the path, numba looks for the package `coverage`, and a folder of
that name beside it passes for a package without contents.
"""

from __future__ import annotations

import sys

if "numba" not in sys.modules and "coverage" not in sys.modules:
    sys.modules["coverage"] = None  # type: ignore[assignment]
    import numba  # noqa: F401

    del sys.modules["coverage"]
