"""Roads: the embedded main roads as two tables."""

from __future__ import annotations

import pandas as pd

from socaccess.sources.embedded import read_embedded

__all__ = ["load_main_roads"]


def load_main_roads() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables: nodes and edges.

    Nodes have `node_id`, `lon`, `lat`; edges `edge_id`, `from_id`, `to_id`, `length_km`.

    Main roads of Latvia with a margin across the border; lengths follow the road,
    shapes are straight between nodes, and nothing is known of class or one-way.
    """
    return read_embedded("roads", "nodes.csv"), read_embedded("roads", "edges.csv")
