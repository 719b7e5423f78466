"""Roads for destinations only, closed to all who merely pass through.

A legal drive leaves such roads at most once, at its beginning, and enters them at most once, at
its end. So a zone of them (what hangs together) that one could drive through is there twice: the
way out of it, whose nodes lead to the open roads, and the way in, to whose nodes the open roads
lead. A place in the zone lies on both, as on any copy of a stretch: trips begin on the way out,
end on the way in, and those that stay in the zone use either. A zone with one door needs no copy;
one as large as the open roads themselves stays as it is: it is the network.

Open roads that one reaches only over such roads (a yard behind a street for residents) count with
them: else nobody could ever get there.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from socaccess.network._osm_chains import Edges
from socaccess.network._osm_turns import Splits

__all__ = ["separate_zones"]


def separate_zones(
    edges: Edges,
    splits: Splits,
    node_count: int,
    destination_only: np.ndarray,
    counts: Counter[str],
) -> None:
    """Give each zone one could drive through a way out and a way in, in `edges` and `splits`.

    Parameters
    ----------
    edges, splits
        Roads and the copies turn restrictions left; changed in place, and added to.
    node_count
        How many nodes there are without those of `splits`.
    destination_only
        Which edges are for destinations only, shape (edges,).
    counts
        Gets `zones_separated` and `edges_copied_for_zones`.
    """
    counts["zones_separated"] = counts["edges_copied_for_zones"] = 0
    if not destination_only.any():
        return
    original = len(edges.start)
    source = np.concatenate([np.arange(original), np.array(splits.source, np.int64)])
    start = np.concatenate([edges.start, np.array(splits.start, np.int64)])
    end = np.concatenate([edges.end, np.array(splits.end, np.int64)])
    forward = np.concatenate([edges.forward, np.array(splits.forward, bool)])
    backward = np.concatenate([edges.backward, np.array(splits.backward, bool)])
    total = node_count + len(splits.node_origin)

    def find_main(chosen: np.ndarray) -> np.ndarray:
        """Return which nodes are where everywhere is reached from everywhere."""
        ahead, back = chosen & forward, chosen & backward
        tails = np.concatenate([start[ahead], end[back]])
        heads = np.concatenate([end[ahead], start[back]])
        label = _label_parts(tails, heads, total, connection="strong")
        return np.asarray(label == np.bincount(label).argmax())

    main, limited = find_main(np.ones(len(source), bool)), destination_only[source]
    within, core = main[start] & main[end], find_main(~limited)
    behind = (within & ~(core[start] & core[end]))[:original]
    limited = within & (destination_only | behind)[source]

    # Zones hang together by their nodes; a door is a node that open roads touch too.
    zone = _label_parts(start[limited], end[limited], total, connection="weak")
    touched, open_ = np.zeros(total, bool), np.zeros(total, bool)
    touched[start[limited]] = touched[end[limited]] = True
    open_[start[~limited]] = open_[end[~limited]] = True
    doors = np.bincount(zone[touched & open_], minlength=total)
    passed = (doors[zone] > 1) & (np.bincount(zone[touched], minlength=total)[zone] < core.sum())
    limited &= passed[start]
    touched &= passed
    if not limited.any():
        return

    def add_nodes(nodes: np.ndarray) -> np.ndarray:
        """Return, for each node, its new copy; itself where it gets none."""
        copy = np.arange(total)
        copy[nodes] = node_count + len(splits.node_origin) + np.arange(len(nodes))
        before = np.array(splits.node_origin, np.int64)
        beyond = nodes >= node_count
        origin = nodes.copy()
        origin[beyond] = before[nodes[beyond] - node_count]
        splits.node_origin.extend(origin.tolist())
        return copy

    door = np.flatnonzero(touched & open_)
    way_out = add_nodes(door)
    way_in = add_nodes(np.flatnonzero(touched))
    any_edge = np.full(total, -1)
    any_edge[end[limited]] = any_edge[start[limited]] = source[limited]
    chosen = np.flatnonzero(limited)
    own, copied = chosen[chosen < original], chosen[chosen >= original] - original
    edges.start[own], edges.end[own] = way_out[edges.start[own]], way_out[edges.end[own]]
    was_connector = np.concatenate([np.zeros(original, bool), np.array(splits.connector, bool)])
    for copy in copied.tolist():
        splits.start[copy] = int(way_out[splits.start[copy]])
        splits.end[copy] = int(way_out[splits.end[copy]])
    splits.source.extend(source[chosen].tolist() + any_edge[door].tolist() * 2)
    splits.start.extend(way_in[start[chosen]].tolist() + way_out[door].tolist() + door.tolist())
    splits.end.extend(way_in[end[chosen]].tolist() + door.tolist() + way_in[door].tolist())
    splits.forward.extend(forward[chosen].tolist() + [True] * (2 * len(door)))
    splits.backward.extend(backward[chosen].tolist() + [False] * (2 * len(door)))
    splits.connector.extend(was_connector[chosen].tolist() + [True] * (2 * len(door)))
    counts["zones_separated"] = len(np.unique(zone[touched]))
    counts["edges_copied_for_zones"] = len(chosen)


def _label_parts(
    tails: np.ndarray, heads: np.ndarray, node_count: int, *, connection: str
) -> np.ndarray:
    """Return the number of the part each node is in, shape (nodes,)."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    matrix = csr_matrix((np.ones(len(tails), np.int8), (tails, heads)), (node_count, node_count))
    return np.asarray(connected_components(matrix, directed=True, connection=connection)[1])
