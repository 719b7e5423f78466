"""Roads drawn by hand; what each drive takes is worked out in the comment above it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from socaccess.errors import InputError, UnknownNameError
from socaccess.network import snap_points
from socaccess.network.edits import close_roads, set_speed
from socaccess.network.osm_roads import read_osm_network
from socaccess.sources.osm import read_road_elements
from socaccess.travel import isochrones, routes, travel_times

from .drawing import EAST_MS, NORTH_MS, PLAIN, Drawing, drive_ms, road

# A crossing C (1) with arms of one unit: west 2, east 3, north 4, south 5.
#
#              4
#              |  14
#      2 --12--1--13-- 3
#              |  15
#              5
CROSS_NODES = {1: (0, 0), 2: (-1, 0), 3: (1, 0), 4: (0, 1), 5: (0, -1)}


def cross(**arms: dict[str, str]) -> Drawing:
    tags = {name: arms.get(name, {}) for name in ("west", "east", "north", "south")}
    return Drawing(
        dict(CROSS_NODES),
        {
            12: ([2, 1], road(**tags["west"])),
            13: ([1, 3], road(**tags["east"])),
            14: ([1, 4], road(**tags["north"])),
            15: ([1, 5], road(**tags["south"])),
        },
    )


@pytest.fixture
def read(tmp_path):
    def read_drawing(drawing: Drawing, **options):
        options.setdefault("profile", PLAIN)
        return read_osm_network(drawing.write(tmp_path / "drawn.osm.pbf"), **options)

    return read_drawing


def test_plain_crossing(read):
    network = read(cross())
    assert (network.node_count, network.edge_count) == (5, 4)
    assert network.length_m == pytest.approx([111.3195, 111.3195, 110.5743, 110.5743], abs=1e-3)
    assert drive_ms(network, 2, 3) == 2 * EAST_MS
    assert drive_ms(network, 2, 4) == EAST_MS + NORTH_MS
    assert network.edge_id.tolist() == [12, 13, 14, 15]
    assert network.crs == "EPSG:32631"


def test_banned_left_turn(read):
    drawing = cross()
    drawing.ban(100, "no_left_turn", 12, 1, 14)
    network = read(drawing)
    # West to north: right to 5, round there, then straight over the crossing. (Straight on to
    # 3, round and right is longer: 3 east and 1 north.)
    assert drive_ms(network, 2, 4) == EAST_MS + 3 * NORTH_MS
    # Nothing else changes: not the other turns of this road, not the other roads into 14,
    # and not the way back.
    assert drive_ms(network, 2, 3) == 2 * EAST_MS
    assert drive_ms(network, 2, 5) == EAST_MS + NORTH_MS
    assert drive_ms(network, 3, 4) == EAST_MS + NORTH_MS
    assert drive_ms(network, 5, 4) == 2 * NORTH_MS
    assert drive_ms(network, 4, 2) == EAST_MS + NORTH_MS
    assert network.provenance["counts"]["restrictions_applied"] == 1


def test_only_straight_on(read):
    drawing = cross()
    drawing.ban(100, "only_straight_on", 12, 1, 13)
    network = read(drawing)
    # Left and right both go round at 3.
    assert drive_ms(network, 2, 3) == 2 * EAST_MS
    assert drive_ms(network, 2, 4) == 3 * EAST_MS + NORTH_MS
    assert drive_ms(network, 2, 5) == 3 * EAST_MS + NORTH_MS
    assert drive_ms(network, 5, 2) == EAST_MS + NORTH_MS


@pytest.mark.parametrize("excepted", ["motorcar", "bicycle;motor_vehicle", "vehicle"])
def test_restriction_that_excepts_cars(read, excepted):
    drawing = cross()
    drawing.ban(100, "no_left_turn", 12, 1, 14, **{"except": excepted})
    network = read(drawing)
    assert drive_ms(network, 2, 4) == EAST_MS + NORTH_MS
    assert network.provenance["counts"]["restrictions_except_cars"] == 1


def test_restriction_excepting_buses_still_holds(read):
    drawing = cross()
    drawing.ban(100, "no_left_turn", 12, 1, 14, **{"except": "psv"})
    assert drive_ms(read(drawing), 2, 4) == EAST_MS + 3 * NORTH_MS


def test_copies_are_found_behind_their_originals(read):
    drawing = cross()
    assert read(drawing).stretch.tolist() == [0, 1, 2, 3]
    drawing.ban(100, "no_left_turn", 12, 1, 14)
    network = read(drawing)
    # From the port of 12 lead copies of 13 (edge 1) and 15 (edge 3); into it the connector.
    first = network.stretch
    copies = {int(edge) for edge in first[4:]} - set(range(4, network.edge_count))
    assert copies == {1, 3}
    connector = network.length_m == 0
    assert connector.sum() == 1
    assert network.edge_id[connector].tolist() == [12]
    assert network.forward_ms[connector].tolist() == [0]
    # Originals stay open both ways.
    closed = 2**31 - 1
    assert (network.forward_ms[:4] < closed).all() and (network.backward_ms[:4] < closed).all()


def test_places_on_a_copied_stretch_are_reached_by_its_copies(read):
    drawing = cross()
    drawing.ban(100, "no_left_turn", 12, 1, 14)
    network = read(drawing)
    across = {name: node for node, name in enumerate(network.node_id)}

    def place(name, *ends):
        # Halfway between two nodes; half of a unit is rounded to whole milliseconds.
        x = network.node_x[[across[end] for end in ends]].mean()
        y = network.node_y[[across[end] for end in ends]].mean()
        points = gpd.points_from_xy([x], [y])
        return gpd.GeoDataFrame({"id": [name]}, geometry=points, crs=network.crs)

    def drive(start, end):
        return int(travel_times(network, start, end).travel_ms[0, 0])

    west, south, east = place("w", 2, 2), place("s", 1, 5), place("e", 1, 3)
    # Turning right and going straight on are allowed: no way round by the far end.
    assert drive(west, south) == pytest.approx(EAST_MS + NORTH_MS / 2, abs=2)
    assert drive(west, east) == pytest.approx(1.5 * EAST_MS, abs=2)
    # Both on copied stretches, and two on one.
    assert drive(east, south) == pytest.approx((EAST_MS + NORTH_MS) / 2, abs=2)
    assert drive(place("a", 1, 1), south) == pytest.approx(NORTH_MS / 2, abs=2)


def test_no_evasion_where_a_road_changes_its_way(read):
    # The arm to the east changes its way id at 6, a tenth of a unit behind the crossing.
    # Turning round there would cost 2 x 0.1 units; the ban must send one to 3.
    drawing = cross()
    del drawing.ways[15]
    drawing.nodes[6] = (0.1, 0)
    drawing.ways[13] = ([1, 6], road())
    drawing.ways[16] = ([6, 3], road())
    drawing.ban(100, "no_left_turn", 12, 1, 14)
    network = read(drawing)
    # Rounded once more, at the change of ways: 1113 + 10019 = 11132.
    assert drive_ms(network, 2, 4) == 3 * EAST_MS + NORTH_MS
    assert drive_ms(network, 2, 3) == 2 * EAST_MS


def test_no_u_turn(read):
    # From the west nobody may turn left into 14; and at 3 the road meets two stubs, 7 and 8,
    # with a ban on turning round. So one goes on to a stub and turns there.
    drawing = cross()
    del drawing.ways[15]
    drawing.nodes |= {7: (2, 0), 8: (1, 2)}
    drawing.ways |= {17: ([3, 7], road()), 18: ([3, 8], road())}
    drawing.ban(100, "no_left_turn", 12, 1, 14)
    free = read(drawing)
    assert drive_ms(free, 2, 4) == 3 * EAST_MS + NORTH_MS
    drawing.ban(101, "no_u_turn", 13, 3, 13)
    network = read(drawing)
    assert drive_ms(network, 2, 4) == 3 * EAST_MS + 2 * EAST_MS + NORTH_MS
    # Both directions of 13 are still there for everybody else.
    assert drive_ms(network, 2, 7) == 3 * EAST_MS
    assert drive_ms(network, 7, 2) == 3 * EAST_MS


# A short road between two crossings:
#
#         7     8
#         |     |
#   1 --- 2 --- 3 --- 4
#         |     |
#         5     6
LADDER_NODES = {
    1: (-1, 0), 2: (0, 0), 3: (1, 0), 4: (2, 0),
    5: (0, -1), 6: (1, -1), 7: (0, 1), 8: (1, 1),
}  # fmt: skip


def ladder(*stubs: int) -> Drawing:
    ends = {5: 2, 6: 3, 7: 2, 8: 3}
    ways = {10 * ends[stub] + stub: ([ends[stub], stub], road()) for stub in stubs}
    ways |= {12: ([1, 2], road()), 23: ([2, 3], road()), 34: ([3, 4], road())}
    used = {1, 2, 3, 4, *stubs}
    return Drawing({name: xy for name, xy in LADDER_NODES.items() if name in used}, ways)


def ban_over(drawing: Drawing, rule: str, ways: list[int], **tags: str) -> None:
    start, *between, end = ways
    drawing.relations[100] = (
        [("w", start, "from"), *(("w", way, "via") for way in between), ("w", end, "to")],
        {"type": "restriction", "restriction": rule, **tags},
    )


def test_banned_turn_over_a_way(read):
    drawing = ladder(5, 6, 7, 8)
    assert drive_ms(read(drawing), 1, 8) == 2 * EAST_MS + NORTH_MS
    ban_over(drawing, "no_left_turn", [12, 23, 38])
    network = read(drawing)
    # From 1 to 8: down to 6 at the second crossing, round there and up. (Straight on to 4 and
    # back is 4 east and 1 north, 150 ms longer.)
    assert drive_ms(network, 1, 8) == 2 * EAST_MS + 3 * NORTH_MS
    # Everybody else may turn, and whoever comes from 1 may go everywhere else.
    assert drive_ms(network, 5, 8) == EAST_MS + 2 * NORTH_MS
    assert drive_ms(network, 7, 8) == EAST_MS + 2 * NORTH_MS
    assert drive_ms(network, 2, 8) == EAST_MS + NORTH_MS
    assert drive_ms(network, 1, 4) == 3 * EAST_MS
    assert drive_ms(network, 1, 6) == 2 * EAST_MS + NORTH_MS
    assert drive_ms(network, 1, 7) == EAST_MS + NORTH_MS
    assert drive_ms(network, 8, 1) == 2 * EAST_MS + NORTH_MS
    counts = network.provenance["counts"]
    assert (counts["restrictions_applied"], counts["restrictions_over_ways"]) == (1, 1)


def test_only_straight_on_over_a_way(read):
    # Way 12 runs straight on into 23 where no other road meets them.
    drawing = ladder(6, 8)
    ban_over(drawing, "only_straight_on", [12, 23, 34])
    network = read(drawing)
    # To 6 and 8 alike: on to 4, round there, back, and off.
    assert drive_ms(network, 1, 4) == 3 * EAST_MS
    assert drive_ms(network, 1, 8) == 4 * EAST_MS + NORTH_MS
    assert drive_ms(network, 1, 6) == 4 * EAST_MS + NORTH_MS
    assert drive_ms(network, 6, 8) == 2 * NORTH_MS
    assert drive_ms(network, 4, 8) == EAST_MS + NORTH_MS
    # With a road off at 2 nobody is made to take the way in between: 1-2-7-2-3-8.
    drawing = ladder(6, 7, 8)
    ban_over(drawing, "only_straight_on", [12, 23, 34])
    assert drive_ms(read(drawing), 1, 8) == 2 * EAST_MS + 3 * NORTH_MS


def test_nobody_turns_round_on_the_way_in_between(read):
    # The way in between is a tenth of a unit: there and back twice would be next to nothing.
    drawing = ladder(8)
    drawing.nodes |= {3: (0.1, 0), 4: (1.1, 0), 8: (0.1, 1)}
    ban_over(drawing, "no_left_turn", [12, 23, 38])
    assert drive_ms(read(drawing), 1, 8) == EAST_MS + 1113 + 2 * EAST_MS + NORTH_MS


def test_banned_turn_over_two_ways(read):
    # The same road, a unit longer; off at 3 lies 8, off at 4 lies 9.
    drawing = ladder(8)
    drawing.nodes |= {9: (2, 1), 10: (3, 0)}
    drawing.ways |= {49: ([4, 9], road()), 40: ([4, 10], road())}
    ban_over(drawing, "no_left_turn", [12, 34, 23, 49])  # named in any order
    network = read(drawing)
    # Up to 8 and down again breaks the drive: 3 east, 3 north. (On to 10 and back: 5 and 1.)
    assert drive_ms(network, 1, 9) == 3 * EAST_MS + 3 * NORTH_MS
    assert drive_ms(network, 8, 9) == EAST_MS + 2 * NORTH_MS
    assert drive_ms(network, 1, 10) == 4 * EAST_MS
    assert drive_ms(network, 1, 8) == 2 * EAST_MS + NORTH_MS
    assert network.provenance["counts"]["restrictions_over_ways"] == 1


def test_no_u_turn_between_two_carriageways(read):
    #   4 <-54-- 5 <-65-- 6
    #            |25      |36
    #   1 --12-> 2 --23-> 3
    drawing = Drawing(
        {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1)},
        {
            12: ([1, 2], road(oneway="yes")),
            23: ([2, 3], road(oneway="yes")),
            65: ([6, 5], road(oneway="yes")),
            54: ([5, 4], road(oneway="yes")),
            25: ([2, 5], road()),
            36: ([3, 6], road()),
        },
    )
    assert drive_ms(read(drawing), 1, 4) == 2 * EAST_MS + NORTH_MS
    ban_over(drawing, "no_u_turn", [12, 25, 54])
    assert drive_ms(read(drawing), 1, 4) == 4 * EAST_MS + NORTH_MS
    for excepted in ("motorcar", "bicycle; vehicle"):
        ban_over(drawing, "no_u_turn", [12, 25, 54], **{"except": excepted})
        assert drive_ms(read(drawing), 1, 4) == 2 * EAST_MS + NORTH_MS
    ban_over(drawing, "no_u_turn", [12, 25, 54], **{"except": "psv"})
    assert drive_ms(read(drawing), 1, 4) == 4 * EAST_MS + NORTH_MS


def test_a_route_goes_round_the_ban(read):
    drawing = ladder(6, 8)
    ban_over(drawing, "no_left_turn", [12, 23, 38])
    network = read(drawing)
    ends = [
        gpd.GeoDataFrame({"id": [str(name)]}, geometry=[_at(network, name)], crs=network.crs)
        for name in (1, 8)
    ]
    way = routes(network, *ends)
    assert way["travel_min"].item() * 60_000 == pytest.approx(2 * EAST_MS + 3 * NORTH_MS)
    assert way["length_km"].item() * 1000 == pytest.approx(2 * 111.3195 + 3 * 110.5743, abs=1e-2)
    passed = [_at(network, name) for name in (1, 2, 3, 6, 3, 8)]
    assert shapely.equals_exact(way.geometry.item(), shapely.LineString(passed), tolerance=1e-6)


@pytest.mark.parametrize("named", ["by way", "by line"])
def test_edits_change_the_copies_too(read, named):
    drawing = ladder(6, 8)
    ban_over(drawing, "no_left_turn", [12, 23, 38])
    network = read(drawing)
    straight = shapely.LineString([_at(network, 3), _at(network, 4)])
    road_on = {"ways": [34]} if named == "by way" else {"line": straight, "tolerance_m": 1}
    # From 1 one drives over copies of 23 and of 34: those are slowed and closed alike.
    slower = set_speed(network, 18, **road_on)
    assert drive_ms(slower, 1, 4) == pytest.approx(4 * EAST_MS, abs=1)
    assert drive_ms(slower, 6, 4) == pytest.approx(NORTH_MS + 2 * EAST_MS, abs=1)
    closed = close_roads(network, **road_on)
    assert drive_ms(closed, 1, 4) is None
    assert drive_ms(closed, 1, 6) == 2 * EAST_MS + NORTH_MS


def test_places_on_the_way_in_between(read):
    drawing = ladder(5, 6, 7, 8)
    ban_over(drawing, "no_left_turn", [12, 23, 38])
    network = read(drawing)
    across = {name: node for node, name in enumerate(network.node_id)}

    def between(name, *ends):
        nodes = [across[end] for end in ends]
        points = gpd.points_from_xy([network.node_x[nodes].mean()], [network.node_y[nodes].mean()])
        return gpd.GeoDataFrame({"id": [name]}, geometry=points, crs=network.crs)

    def drive(start, end):
        return int(travel_times(network, start, end).travel_ms[0, 0])

    middle = between("m", 2, 3)
    # Reached from 1 over the copy, and left for 8 by whoever starts there.
    assert drive(between("w", 1, 2), middle) == pytest.approx(EAST_MS, abs=3)
    assert drive(middle, between("n", 3, 8)) == pytest.approx((EAST_MS + NORTH_MS) / 2, abs=3)
    assert drive(between("w", 1, 2), between("n", 3, 8)) == pytest.approx(
        1.5 * EAST_MS + 2.5 * NORTH_MS, abs=3
    )


def test_restrictions_that_cannot_be_used_are_counted(read):
    drawing = cross()
    drawing.ban(100, "no_left_turn", 12, 1, 999)  # a way that is not there
    drawing.relations[101] = (  # over a way
        [("w", 12, "from"), ("w", 13, "via"), ("w", 14, "to")],
        {"type": "restriction", "restriction": "no_u_turn"},
    )
    drawing.relations[102] = ([("w", 12, "from")], {"type": "restriction", "restriction": "no_x"})
    drawing.ban(103, "no_left_turn @ (Mo-Fr 07:00-09:00)", 12, 1, 14)
    drawing.relations[104] = (
        [("w", 12, "from"), ("n", 1, "via"), ("w", 14, "to")],
        {"type": "restriction", "restriction:hgv": "no_left_turn"},
    )
    network = read(drawing)
    counts = network.provenance["counts"]
    # The missing way, and three roads of which the middle one ends elsewhere.
    assert counts["restrictions_not_placed"] == 2
    assert counts["restrictions_over_ways"] == 0
    assert counts["restrictions_broken"] == 1
    assert counts["restrictions_conditional"] == 1
    assert counts["restrictions_other_vehicles"] == 1
    assert drive_ms(network, 2, 4) == EAST_MS + NORTH_MS


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ({"oneway": "yes"}, True, False),
        ({"oneway": "true"}, True, False),
        ({"oneway": "1"}, True, False),
        ({"oneway": "-1"}, False, True),
        ({"oneway": "reverse"}, False, True),
        ({"oneway": "alternating"}, True, True),
        ({"oneway": "no"}, True, True),
        ({"oneway": "yes", "oneway:motorcar": "no"}, True, True),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"motor_vehicle:backward": "no"}, True, False),
        ({"access": "no", "motor_vehicle": "destination"}, True, True),
    ],
)
def test_directions(read, tags, along, against):
    network = read(Drawing({1: (0, 0), 2: (1, 0)}, {7: ([1, 2], road(**tags))}))
    assert (drive_ms(network, 1, 2) is not None) is along
    assert (drive_ms(network, 2, 1) is not None) is against


@pytest.mark.parametrize(
    "tags",
    [
        {"oneway": "reversible"},
        {"access": "no"},
        {"motor_vehicle": "agricultural;forestry"},
        {"access": "private"},
        {"smoothness": "impassable"},
        {"ice_road": "yes"},
        {"highway": "footway"},
        {"highway": "construction"},
        {"highway": "pedestrian", "area": "yes", "motor_vehicle": "yes"},
    ],
)
def test_closed_roads(read, tags):
    drawing = cross()
    drawing.ways[13] = ([1, 3], road(**tags))
    network = read(drawing)
    assert 13 not in network.edge_id
    assert drive_ms(network, 2, 4) == EAST_MS + NORTH_MS


def test_destination_roads_are_slow_and_private_ones_open_on_demand(read):
    drawing = cross(east={"access": "destination"}, west={"access": "private"})
    network = read(drawing, profile={**PLAIN, "access": {"destination_kph": 18, "private": "open"}})
    # 18 km/h is half of 36, on both: 111.3195 x 3600 / 18 = 22263.9.
    assert drive_ms(network, 2, 3) == 2 * 22264


def test_oneway_loop(read):
    # A ring 1-2-3-4 driven counter-clockwise as drawn, reached at 1 from 5; the ring is a
    # roundabout without any oneway tag.
    #
    #   4 - 3
    #   |   |
    #   1 - 2        5 west of 1
    drawing = Drawing(
        {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (-1, 0), 6: (2, 1), 7: (0, 2)},
        {
            10: ([1, 2, 3, 4, 1], road(junction="roundabout")),
            11: ([5, 1], road()),
            12: ([3, 6], road()),
            13: ([4, 7], road()),
        },
    )
    network = read(drawing)
    # In at 1, over 2 to 3, out to 6: one unit west-east, ring east and north, one east.
    assert drive_ms(network, 5, 6) == 3 * EAST_MS + NORTH_MS
    # In at 4 from 7, down to 1, out to 5: the ring runs 4 -> 1.
    assert drive_ms(network, 7, 5) == 2 * NORTH_MS + EAST_MS
    # In at 1, all but the last side to 4: ring east, north, west.
    assert drive_ms(network, 5, 7) == 3 * EAST_MS + 2 * NORTH_MS
    # Node 2 is where nothing is decided: it is gone, its length stays.
    assert 2 not in network.node_id
    ring = network.edge_id == 10
    assert network.length_m[ring].sum() == pytest.approx(2 * (111.3195 + 110.5743), abs=1e-3)


def test_ferry_takes_its_duration_and_the_wait(read):
    # Quays 2 and 5; the crossing is drawn over 3 and 4 in three unequal parts, 20 minutes
    # in all, 5 minutes to board on either side.
    drawing = Drawing(
        {1: (0, 0), 2: (1, 0), 3: (1.5, 0), 4: (3, 0), 5: (4, 0), 6: (5, 0)},
        {
            10: ([1, 2], road()),
            11: ([2, 3, 4, 5], {"route": "ferry", "motor_vehicle": "yes", "duration": "00:20"}),
            12: ([5, 6], road()),
        },
    )
    network = read(drawing, profile={**PLAIN, "ferry": {"boarding_s": 300}})
    assert drive_ms(network, 1, 6) == 2 * EAST_MS + 20 * 60_000 + 5 * 60_000
    assert drive_ms(network, 6, 1) == drive_ms(network, 1, 6)
    assert network.class_names[network.road_class[network.edge_id == 11][0]] == "ferry"
    # Without the tag that cars may board, nobody does.
    del drawing.ways[11][1]["motor_vehicle"]
    network = read(drawing)
    assert drive_ms(network, 1, 6) is None
    assert network.provenance["counts"]["ways_ferries_not_for_cars"] == 1


def test_nobody_boards_a_ferry_on_its_way(read):
    # Quays 2 and 3, two units of water between them; 1 and 4 ashore. The ferry takes 60 s and
    # nobody waits.
    drawing = Drawing(
        {1: (0, 0), 2: (1, 0), 3: (3, 0), 4: (4, 0)},
        {
            10: ([1, 2], road()),
            11: ([2, 3], {"route": "ferry", "motorcar": "yes", "duration": "00:01:00"}),
            12: ([3, 4], road()),
        },
    )
    network = read(drawing)
    across = {name: node for node, name in enumerate(network.node_id)}
    x = {name: float(network.node_x[node]) for name, node in across.items()}
    y = float(network.node_y[across[1]])
    boat = gpd.GeoDataFrame(
        {"id": ["boat"]}, geometry=gpd.points_from_xy([x[2] * 0.6 + x[3] * 0.4], [y]),
        crs=network.crs,
    )  # fmt: skip
    snapped = snap_points(network, boat, id_column="id")
    assert network.edge_id[snapped.edge].tolist() == [10]
    assert snapped.access_m == pytest.approx(0.4 * (x[3] - x[2]))
    # From 1 all of 4 is reached in 11.1 + 60 + 11.1 s; who is on the water belongs to its shore.
    quay = gpd.GeoDataFrame(
        {"id": ["quay"]}, geometry=gpd.points_from_xy([x[1]], [y]), crs=network.crs
    )
    (area,) = isochrones(network, quay, minutes=[1.5], cell_m=2).geometry
    assert area.intersects(shapely.Point(x[4], y)) and area.intersects(shapely.Point(x[1], y))
    # 11.1 s of road and 44.5 x 1.3 m of water at 30 km/h: 18 s.
    assert travel_times(network, boat, quay).travel_min.item() < 0.5
    assert area.intersects(boat.geometry.item())


def test_gravel_road_by_season(read):
    # Ten units east, 1113.195 m, class tertiary (70 km/h), gravel, outside built-up areas:
    # summer 70 x 0.9 = 63, but at most 62 km/h: 1113.195 x 3600 / 62 = 64637.1 ms
    # winter 70 x 0.8 = 56, at most 52:          1113.195 x 3600 / 52 = 77067.3 ms
    # thaw   70 x 0.6 = 42, at most 40:          1113.195 x 3600 / 40 = 100187.5 ms
    drawing = Drawing({1: (0, 0), 2: (10, 0)}, {10: ([1, 2], road(surface="gravel"))})
    for season, expected in (("summer", 64637), ("winter", 77067), ("thaw", 100188)):
        network = read(drawing, profile=None, season=season)
        assert drive_ms(network, 1, 2) == expected
        assert network.class_names == ("tertiary gravel",)
        assert network.provenance["season"] == season
    # The same road paved is not slowed by the thaw beyond 2 %: 1113.195 x 3600 / (70 x 0.98).
    drawing.ways[10][1]["surface"] = "asphalt"
    assert drive_ms(read(drawing, profile=None, season="thaw"), 1, 2) == 58418
    with pytest.raises(UnknownNameError, match="'spring' is not known"):
        read(drawing, season="spring")


def _at(network, name):
    node = network.node_id.tolist().index(name)
    return shapely.Point(network.node_x[node], network.node_y[node])


def test_island_stays_and_is_not_the_main_part(read):
    drawing = cross()
    drawing.nodes |= {20: (50, 50), 21: (51, 50)}
    drawing.ways[30] = ([20, 21], road())
    network = read(drawing)
    assert drive_ms(network, 20, 21) == EAST_MS
    assert drive_ms(network, 2, 20) is None
    on_island = np.isin(network.node_id, [20, 21])
    assert network.main_component.tolist() == (~on_island).tolist()
    # Whoever lives on the island stays there; its land is never reached from elsewhere.
    native = gpd.GeoDataFrame({"id": ["native"]}, geometry=[_at(network, 20)], crs=network.crs)
    snapped = snap_points(network, native, id_column="id")
    assert snapped.located.all() and snapped.access_m[0] == 0
    assert snapped.cut_off.tolist() == [True]
    centre = gpd.GeoDataFrame({"id": ["centre"]}, geometry=[_at(network, 1)], crs=network.crs)
    assert np.isnan(travel_times(network, native, centre).travel_min).all()
    assert travel_times(network, native, native).travel_min.tolist() == [[0]]
    (area,) = isochrones(network, centre, minutes=[1000]).geometry
    assert area.intersects(_at(network, 3)) and not area.intersects(_at(network, 20))
    (area,) = isochrones(network, native, minutes=[5]).geometry
    assert area.intersects(_at(network, 21)) and not area.intersects(_at(network, 3))


def test_chain_over_changing_surface_sums_exactly(read):
    # One way, three stretches of nodes 1-2-3-4; the bend at 2 and 3 goes, length and time stay.
    drawing = Drawing({1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (2, 1)}, {10: ([1, 2, 3, 4], road())})
    network = read(drawing)
    assert (network.node_count, network.edge_count) == (2, 1)
    assert network.forward_ms.tolist() == [2 * EAST_MS + NORTH_MS]
    assert network.length_m == pytest.approx([2 * 111.3195 + 110.5743], abs=1e-3)
    assert np.diff(network.shape_start).tolist() == [2]
    # Drawn length differs only by the scale of the map projection.
    assert network.lines[0].length == pytest.approx(network.length_m[0], rel=5e-4)
    straight = read(drawing, keep_shapes=False)
    assert straight.shape_start is None
    assert straight.forward_ms.tolist() == network.forward_ms.tolist()


def test_barriers(read):
    for tags, passes in (
        ({"barrier": "bollard"}, False),
        ({"barrier": "block"}, False),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "locked": "yes"}, False),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "lift_gate", "motor_vehicle": "no"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, True),
        ({"barrier": "cattle_grid"}, True),
        ({"barrier": "lift_gate,lights"}, True),
        ({"barrier": "kissing_gate;gate"}, True),
        ({"barrier": "kissing_gate;stile"}, False),
    ):
        drawing = Drawing({1: (0, 0), 2: (1, 0), 3: (2, 0)}, {10: ([1, 2, 3], road())}, {2: tags})
        network = read(drawing)
        assert drive_ms(network, 1, 3) == (2 * EAST_MS if passes else None), tags
        # Up to the barrier one may drive either way.
        assert network.length_m.sum() == pytest.approx(2 * 111.3195, abs=1e-3)


def test_delays(read):
    # A secondary road 2-1-3 and a tertiary one 4-1-5; signals nowhere: from the tertiary one
    # gives way (4 s), on the secondary one drives through.
    drawing = cross(west={"highway": "secondary"}, east={"highway": "secondary"})
    profile = {**PLAIN, "delay_s": {**PLAIN["delay_s"], "minor_road": 4, "signals": 12}}
    network = read(drawing, profile=profile)
    assert drive_ms(network, 2, 3) == 2 * EAST_MS
    assert drive_ms(network, 4, 5) == 2 * NORTH_MS + 4000
    assert drive_ms(network, 2, 4) == EAST_MS + NORTH_MS
    # With signals everybody waits 12 s, nobody gives way.
    drawing.node_tags[1] = {"highway": "traffic_signals"}
    network = read(drawing, profile=profile)
    assert drive_ms(network, 2, 3) == 2 * EAST_MS + 12_000
    assert drive_ms(network, 4, 5) == 2 * NORTH_MS + 12_000
    # Signals at a stop line count only for those who come that way.
    drawing.node_tags = {6: {"highway": "traffic_signals", "traffic_signals:direction": "forward"}}
    drawing.nodes[6] = (-0.5, 0)
    drawing.ways[12] = ([2, 6, 1], {"highway": "secondary"})
    network = read(drawing, profile=profile)
    assert drive_ms(network, 2, 3) == 2 * EAST_MS + 12_000
    assert drive_ms(network, 3, 2) == 2 * EAST_MS


def test_two_signals_of_one_junction_delay_once(read):
    # 20 m apart: 0.18 units.
    drawing = Drawing(
        {1: (0, 0), 2: (1, 0), 3: (1.18, 0), 4: (2, 0)},
        {10: ([1, 2, 3, 4], road())},
        {2: {"highway": "traffic_signals"}, 3: {"highway": "traffic_signals"}},
    )
    profile = {**PLAIN, "delay_s": {**PLAIN["delay_s"], "signals": 12}}
    assert drive_ms(read(drawing, profile=profile), 1, 4) == pytest.approx(
        2 * EAST_MS + 12_000, abs=2
    )


def test_faults_are_counted_and_never_fatal(read):
    drawing = cross()
    drawing.ways[13] = ([1, 77, 3, 8], road())  # 77 is not in the file
    drawing.nodes[8] = (2, 0)
    drawing.ways[40] = ([1], road())
    drawing.ways[41] = ([], road())
    drawing.ways[42] = ([4, 4, 4], road())
    network = read(drawing)
    counts = network.provenance["counts"]
    assert counts["nodes_missing"] == 1
    assert counts["ways_with_missing_nodes"] == 1
    assert counts["ways_too_short"] == 2
    # The way falls in two: before the gap nothing is left, behind it 3-8 is.
    assert drive_ms(network, 3, 8) == EAST_MS
    assert drive_ms(network, 1, 3) is None


def test_duplicate_ids_the_last_counts(tmp_path):
    import osmium
    from osmium.osm import mutable

    path = tmp_path / "double.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(mutable.Node(id=1, location=(3.0, 0.0)))
        writer.add_node(mutable.Node(id=2, location=(3.5, 0.5)))
        writer.add_node(mutable.Node(id=2, version=2, location=(3.001, 0.0)))
        writer.add_node(mutable.Node(id=3, location=(3.002, 0.0)))
        writer.add_way(mutable.Way(id=10, nodes=[1, 2, 3], tags={"highway": "track"}))
        writer.add_way(mutable.Way(id=10, version=2, nodes=[1, 2], tags={"highway": "tertiary"}))
    network = read_osm_network(path, profile=PLAIN)
    assert network.provenance["counts"]["nodes_duplicate"] == 1
    assert network.provenance["counts"]["ways_duplicate"] == 1
    assert network.edge_count == 1
    assert drive_ms(network, 1, 2) == EAST_MS


def test_unsorted_file(tmp_path):
    import osmium
    from osmium.osm import mutable

    path = tmp_path / "unsorted.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_way(mutable.Way(id=10, nodes=[1, 2, 3], tags={"highway": "tertiary"}))
        writer.add_node(mutable.Node(id=3, location=(3.002, 0.0)))
        writer.add_node(mutable.Node(id=1, location=(3.0, 0.0)))
        writer.add_node(mutable.Node(id=2, location=(3.5, 0.5)))
        writer.add_node(mutable.Node(id=2, version=2, location=(3.001, 0.0)))
    network = read_osm_network(path, profile=PLAIN)
    assert drive_ms(network, 1, 3) == 2 * EAST_MS
    assert network.provenance["counts"]["nodes_duplicate"] == 1


def test_history_is_refused(tmp_path):
    import osmium
    from osmium.osm import mutable

    header = osmium.io.Header()
    header.has_multiple_object_versions = True
    path = tmp_path / "history.osh.pbf"
    with osmium.SimpleWriter(str(path), header=header) as writer:
        writer.add_node(mutable.Node(id=1, version=1, location=(3.0, 0.0)))
    with pytest.raises(InputError, match="holds every version of its objects"):
        read_osm_network(path)


def test_negative_ids_of_unsaved_drawings(read):
    drawing = Drawing({-1: (0, 0), -2: (1, 0)}, {-7: ([-1, -2], road())})
    network = read(drawing)
    assert drive_ms(network, -1, -2) == EAST_MS
    assert network.edge_id.tolist() == [-7]


def test_files_that_cannot_be_read(tmp_path, read):
    with pytest.raises(InputError, match="no such file"):
        read_osm_network(tmp_path / "absent.osm.pbf")
    other = tmp_path / "roads.csv"
    other.write_text("a,b\n")
    with pytest.raises(InputError, match="not an OpenStreetMap extract"):
        read_osm_network(other)
    rubbish = tmp_path / "rubbish.osm.pbf"
    rubbish.write_bytes(b"\x00\x01\x02" * 100)
    with pytest.raises(InputError, match=r"rubbish\.osm\.pbf: cannot be read to its end"):
        read_osm_network(rubbish)
    whole = cross().write(tmp_path / "whole.osm.pbf")
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cut\.osm\.pbf: cannot be read to its end"):
        read_osm_network(cut)
    with pytest.raises(InputError, match="holds no road for cars"):
        read(Drawing({1: (0, 0), 2: (1, 0)}, {7: ([1, 2], {"highway": "footway"})}))


@pytest.mark.parametrize("suffix", [".osm.pbf", ".osm"])
def test_texts_with_signs_that_separate(tmp_path, suffix):
    odd = "A, b=c @ d %41% Ē \U0001f600\tx"
    drawing = cross(west={"surface": odd, odd: odd, "name": odd, "note": "x,highway=track"})
    drawing.ways[70] = ([1, 3], {odd: "highway=tertiary", "name": "highway=tertiary"})
    drawing.node_tags[2] = {"barrier": odd, odd: "gate"}
    drawing.ban(90, "no_u_turn", 12, 1, 12, note=odd)
    drawing.relations[90][0].append(("w", 13, odd))
    elements = read_road_elements(drawing.write(tmp_path / f"odd{suffix}"))
    assert elements.way_id.tolist() == [12, 13, 14, 15]
    assert elements.tag_sets == ({**road(), "surface": odd}, road())
    assert list(elements.node_tags.values()) == [{"barrier": odd}]
    assert [(rule.from_ways, rule.to_ways) for rule in elements.restrictions] == [((12,), (12,))]


@pytest.mark.parametrize("text", [b"\xff\xfe\xfd\xfc", b"ab\xc3(", b"abc\xe2"])
def test_text_that_is_none(tmp_path, text):
    import osmium
    from osmium.osm import mutable

    path = tmp_path / "text.osm.pbf"
    file = osmium.io.File(str(path), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(file) as writer:
        writer.add_way(mutable.Way(id=1, nodes=[1], tags={"highway": "road", "name": "QQQQ"}))
    path.write_bytes(path.read_bytes().replace(b"QQQQ", text))
    with pytest.raises(InputError, match="cannot be read to its end"):
        read_osm_network(path)


def test_progress_and_interruption(read):
    seen = []
    read(cross(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step, 5) for step in range(6)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(cross(), progress=stop)


def test_built_up_area_by_density_and_by_tag(read):
    # Five parallel streets of 500 m, 50 m apart, crossed by nothing; a tertiary road runs
    # through them and one lies 20 km off. 2.5 km of street in 0.5625 km2 is dense.
    nodes, ways = {}, {}
    for row in range(5):
        nodes |= {10 + row: (0, row * 0.45), 20 + row: (4.5, row * 0.45)}
        ways[100 + row] = ([10 + row, 20 + row], {"highway": "residential"})
    nodes |= {1: (2, -1), 2: (2, 3), 3: (200, 0), 4: (204, 0), 5: (200, 5), 6: (204, 5)}
    ways |= {
        1: ([1, 2], road(surface="asphalt")),
        2: ([3, 4], road(surface="asphalt")),
        3: ([5, 6], road(surface="asphalt", **{"source:maxspeed": "LV:urban"})),
    }
    network = read(Drawing(nodes, ways))
    names = np.array(network.class_names)[network.road_class]
    told = {int(way): str(name) for way, name in zip(network.edge_id, names, strict=True)}
    assert told[1] == "tertiary urban"
    assert told[2] == "tertiary"
    assert told[3] == "tertiary urban"
