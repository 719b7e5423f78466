"""Write the embedded network as it is built from `data/`; to be run when data or model change.

python tools/build_main_roads.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from socaccess.network.built_roads import BUILT, save_built_roads  # noqa: E402
from socaccess.network.main_roads import build_main_roads  # noqa: E402
from socaccess.settings import LinkModel  # noqa: E402


def main() -> None:
    """Build it and write it."""
    roads = build_main_roads(LinkModel())
    save_built_roads(roads, LinkModel())
    print(f"{BUILT.name}: {len(roads.node_x)} nodes, {len(roads.length_m)} edges")


if __name__ == "__main__":
    main()
