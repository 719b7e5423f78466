"""Roads: the embedded main roads as two tables."""

from __future__ import annotations

import pandas as pd

from socaccess.sources.embedded import read_embedded

__all__ = ["load_main_roads"]


def load_main_roads() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables: nodes and edges, one connected graph.

    Nodes have `node_id`, `settlement_id` (the settlement a state-road node stands for, where it
    does), `lon`, `lat`; edges `edge_id`, `from_id`, `to_id`, `length_km`, `source` (osm, state,
    joint), `road_class`, `road` and `beside`.

    State and main roads of Latvia with a margin across the border; lengths follow the road,
    shapes are straight between nodes, and nothing is known of one-way.
    """
    return read_embedded("roads", "nodes.csv"), read_embedded("roads", "edges.csv")
