"""Snapping against a plain search over every edge, and the embedded network as a whole."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_worlds import CRS, ORIGIN, metres, networks

from socaccess.network import CLOSED, RoadNetwork
from socaccess.study import StudyResult


def measure_plainly(network: RoadNetwork, x: float, y: float) -> np.ndarray:
    """Return the distance from a point to every edge by the projection formula."""
    start = np.stack([network.node_x, network.node_y])[:, network.edge_from]
    span = np.stack([network.node_x, network.node_y])[:, network.edge_to] - start
    away = np.array([[x], [y]]) - start
    along = np.clip((away * span).sum(axis=0) / (span**2).sum(axis=0), 0, 1)
    return np.hypot(*(away - along * span))


def find_main_part(network: RoadNetwork) -> list[set[int]]:
    """Return the largest strongly connected parts, several where equal, by networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(network.node_count))
    for a, b, forward, backward in zip(
        network.edge_from, network.edge_to, network.forward_ms, network.backward_ms, strict=True
    ):
        graph.add_edges_from([(int(a), int(b))] * bool(forward < CLOSED))
        graph.add_edges_from([(int(b), int(a))] * bool(backward < CLOSED))
    parts = list(nx.strongly_connected_components(graph))
    most = max(len(part) for part in parts)
    return [part for part in parts if len(part) == most]


@given(networks(), st.lists(st.tuples(metres, metres), min_size=1, max_size=6))
def test_a_place_goes_to_the_nearest_usable_edge(network, points):
    xy = np.array(points, dtype=float) + ORIGIN
    places = gpd.GeoDataFrame(
        {"id": [f"p{i}" for i in range(len(xy))]}, geometry=gpd.points_from_xy(*xy.T), crs=CRS
    )
    snapped = network.snap(places, id_column="id")
    main = set(np.flatnonzero(network.main_component).tolist())
    assert main in find_main_part(network)
    usable = np.array(
        [a in main and b in main for a, b in zip(network.edge_from, network.edge_to, strict=True)]
    )
    # Roads that nothing joins to the main part are those of a place more than 100 m nearer.
    joined = nx.Graph(zip(network.edge_from.tolist(), network.edge_to.tolist(), strict=True))
    start = next(iter(main))
    with_main = nx.node_connected_component(joined, start) if start in joined else {start}
    own = np.array([int(a) not in with_main for a in network.edge_from])
    if not usable.any() and not own.any():
        assert not snapped.located.any()
        return
    for i, (x, y) in enumerate(xy):
        away = measure_plainly(network, x, y)
        distance = np.where(usable, away, np.inf)
        cut_off = np.where(own, away, np.inf).min() + 100 < distance.min()
        assert snapped.cut_off[i] == cut_off
        if cut_off:
            distance = np.where(own, away, np.inf)
        elif not usable.any():
            continue
        edge = snapped.edge[i]
        assert snapped.located[i] and (own if cut_off else usable)[edge]
        assert abs(snapped.access_m[i] - distance.min()) < 1e-6
        assert distance[edge] - distance.min() < 1e-6
        # The point of the edge it was put on is as far away as is said.
        ends = np.array(
            [
                [network.node_x[end[edge]], network.node_y[end[edge]]]
                for end in (network.edge_from, network.edge_to)
            ]
        )
        on_edge = ends[0] + snapped.along[i] * (ends[1] - ends[0])
        assert abs(np.hypot(*(on_edge - [x, y])) - snapped.access_m[i]) < 0.011
        # 1.3 times the straight line at 30 km/h, to the millisecond.
        assert abs(snapped.access_ms[i] - snapped.access_m[i] * 1.3 / 30 * 3600) <= 0.5001


def test_every_settlement_is_on_the_embedded_network(latgale: StudyResult):
    network = latgale.study.network
    assert network.main_component.all()
    assert latgale.settlements["located"].all()
    assert latgale.settlements["access_m"].max() < 1
    # Roads are known, the ways to them are modelled, and each says which it is.
    frame = network.to_frame()
    modelled = {"street", "link", "neighbour"}
    assert set(frame["road_class"]) == {"main", "regional", "road", "joint", *modelled}
    assert (frame["modelled"] == frame["road_class"].isin(modelled)).all()
    assert frame["edge_id"].is_unique
    kph = frame["length_m"] / 1000 / (frame["forward_min"] / 60)
    timed = frame["forward_min"] > 0.1
    assert kph[timed & frame["road_class"].isin(["main", "regional", "road"])].between(39, 83).all()
    assert kph[timed & frame["modelled"]].between(24, 56).all()
    straight = frame.geometry.length
    for name, detour in {"street": 1.3, "link": 1.3, "neighbour": 1.35}.items():
        ways = frame["road_class"] == name
        length = frame["length_m"][ways]
        np.testing.assert_allclose(length, detour * np.maximum(straight[ways], 30), rtol=1e-6)
