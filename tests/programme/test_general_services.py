"""General services out of OpenStreetMap files, and what they say of places."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from socaccess.errors import InputError
from socaccess.planning.opening import open_amenities
from socaccess.programme.general_services import (
    Criterion,
    reach_amenities,
    reach_people,
    read_amenities,
    score_sites,
    summarise_reach,
)
from socaccess.programme.institutions import score_buildings, weigh_buildings
from socaccess.programme.obstacles import list_obstacles, summarise_obstacles
from socaccess.sources.amenities import KINDS, classify_tags, read_osm_amenities


def draw(path):
    """A town: two shops, a school with grounds, a clinic of two wings, a stop, a bench."""
    import osmium
    from osmium.osm import mutable

    nodes = [
        (1, 24.10, 56.95, {"shop": "convenience", "name": "Maize"}),
        (2, 24.11, 56.95, {"shop": "hairdresser"}),
        (3, 24.12, 56.95, {"highway": "bus_stop"}),
        (4, 24.13, 56.95, {"amenity": "bench"}),
        (5, 24.14, 56.95, {"amenity": "pharmacy", "shop": "convenience"}),  # tags of two kinds
        (6, 24.15, 56.95, {"office": "employment_agency", "name": "NVA"}),
        *((10 + n, 24.20 + east, 56.90 + north, {})
          for n, (east, north) in enumerate([(0, 0), (0.02, 0), (0.02, 0.01), (0, 0.01)])),
        (20, 24.30, 56.90, {}),
        (21, 24.32, 56.90, {}),
        (22, 24.34, 56.90, {}),
    ]  # fmt: skip
    with osmium.SimpleWriter(str(path)) as writer:
        for name, lon, lat, tags in nodes:
            writer.add_node(mutable.Node(id=name, version=1, location=(lon, lat), tags=tags))
        writer.add_way(mutable.Way(id=1, version=1, nodes=[10, 11, 12, 13, 10],
                                   tags={"amenity": "school", "name": "Skola"}))  # fmt: skip
        writer.add_way(mutable.Way(id=2, version=1, nodes=[20, 21], tags={}))
        writer.add_way(mutable.Way(id=3, version=1, nodes=[98, 99], tags={"amenity": "bank"}))
        writer.add_relation(
            mutable.Relation(id=1, version=1, members=[("w", 2, "outer"), ("n", 22, "")],
                             tags={"amenity": "clinic", "type": "multipolygon"})
        )  # fmt: skip
    return path


def test_an_openstreetmap_file_by_hand(tmp_path):
    found = read_osm_amenities(draw(tmp_path / "town.osm.pbf"))
    assert found.set_index("id")["kind"].to_dict() == {
        "node/1": "shop", "node/3": "transport", "node/5": "pharmacy", "node/6": "employment",
        "way/1": "school", "relation/1": "health_care"}  # fmt: skip
    assert found.attrs["counts"]["not_located"] == 1  # the bank, whose nodes the file lacks
    assert found.attrs["counts"]["shop"] == 1
    assert "OpenStreetMap" in found.attrs["source"]["attribution"]
    assert found.crs.to_epsg() == 3059
    degrees = found.to_crs(4326).set_index("id").geometry
    # An area stands in the middle of its bounds.
    assert degrees["way/1"].x == pytest.approx(24.21, abs=1e-6)
    assert degrees["way/1"].y == pytest.approx(56.905, abs=1e-6)
    assert degrees["relation/1"].x == pytest.approx(24.32, abs=1e-6)
    again = read_amenities(tmp_path / "town.osm.pbf")
    assert again["id"].tolist() == found["id"].tolist()


def test_one_rule_for_files_and_tables():
    """A table of tags and the objects of a file are told apart by the same words."""
    from socaccess.sources.amenities import _TAGS, _find_kind

    rows = [{key: value} for key, values, _ in _TAGS for value in sorted(values)]
    rows += [{"amenity": "pharmacy", "shop": "convenience"}, {"amenity": "bench"}]
    table = classify_tags(pd.DataFrame(rows))
    assert [_find_kind(row) for row in rows] == table.astype(object).where(
        table.notna(), None
    ).tolist()
    assert set(table.dropna()) <= set(KINDS)


def test_a_broken_file_is_our_error(tmp_path):
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"not a map")
    with pytest.raises(InputError, match=r"town.osm.pbf"):
        read_amenities(path)


REACH = pd.DataFrame(
    {
        "settlement_id": ["a", "a", "b", "b", "z", "z"],
        "kind": ["shop", "transport"] * 3,
        "nearest_id": "n",
        "travel_min": [10.0, 1.0, 10.1, 1.0, np.nan, np.nan],
        "straight_m": [0.0, 500.0, 0.0, 500.5, np.nan, np.nan],
        "known": True,
    }
)
CRITERIA = [Criterion("shop", 10), Criterion("transport", 500, "m"), Criterion("bank", 5)]


def test_limits_are_inclusive_and_counted_in_inhabitants():
    summary = summarise_reach(REACH, pd.Series({"a": 60, "b": 30, "z": 10}), CRITERIA)
    rows = summary.set_index("kind")
    assert rows.loc["shop", ["places_near", "population_near", "share"]].tolist() == [1, 60, 0.6]
    assert rows.loc["transport", "population_near"] == 60
    assert not rows.loc["bank", "known"]
    assert np.isnan(rows.loc["bank", "share"])
    places = summarise_reach(REACH, criteria=CRITERIA).set_index("kind")
    assert places.loc["shop", "share"] == pytest.approx(1 / 3)


def test_the_edge_of_the_data_is_no_distance():
    """15 min reach 27.5 km at most: nearer to the edge than that nobody is told to be far."""
    reach = pd.DataFrame(
        {
            "settlement_id": ["a", "b", "c"],
            "kind": "shop",
            "travel_min": [5.0, 20.0, 20.0],
            "straight_m": 1000.0,
            "edge_m": [0.0, 27_000.0, 28_000.0],
            "known": True,
        }
    )
    rule = [Criterion("shop", 15)]
    (row,) = summarise_reach(reach, pd.Series({"a": 60, "b": 30, "c": 20}), rule).to_dict("records")
    assert (row["population_near"], row["population_unknown"], row["share"]) == (60, 30, 0.75)
    scores = score_sites(reach, rule).set_index("settlement_id")
    assert scores["score"].fillna(-1).to_dict() == {"a": 1.0, "b": -1.0, "c": 0.0}


def test_people_count_where_they_live():
    """Three in ten of a settlement live beyond the limit: 0.7, and it is met by most."""
    reach = pd.DataFrame(
        {
            "settlement_id": ["a", "a"],
            "share": [0.7, 0.3],
            "kind": "shop",
            "travel_min": [5.0, 20.0],
            "straight_m": 0.0,
            "known": True,
        }
    )
    rule = [Criterion("shop", 10)]
    (row,) = score_sites(reach, rule).to_dict("records")
    assert row["score"] == pytest.approx(0.7) and row["met"] == "shop"
    (row,) = summarise_reach(reach, pd.Series({"a": 200}), rule).to_dict("records")
    assert (row["places"], row["population_near"]) == (1, pytest.approx(140))


def test_from_people_and_from_a_timetable(world, tmp_path):
    """A settlement's people are its points; a stop without a bus is no stop."""
    study = world.study
    points = study.people[~study.people.geometry.is_empty].geometry
    shop = gpd.GeoDataFrame(
        {"id": ["s"], "name": ["V"], "kind": ["shop"]}, geometry=[points.iloc[0]], crs="EPSG:3059"
    )
    reach = reach_people(study, shop)
    shares = reach[reach["kind"] == "shop"].groupby("settlement_id")["share"].sum()
    assert shares.to_numpy() == pytest.approx(1.0)
    for name, text in {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
        "A,A,https://a.example,Europe/Riga\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        "1,Aa,56.9,24.1\n2,Bb,56.9,24.2\n3,Cc,56.9,24.3\n",
        "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,A,7,3\n",
        "trips.txt": "route_id,service_id,trip_id\nr,d,t\n",
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nd,1,1,1,1,1,0,0,20260101,20261231\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t,08:00:00,08:00:00,1,1\nt,08:20:00,08:20:00,2,2\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    both = open_amenities(pd.concat([shop, shop.assign(kind="transport", id="t")]), tmp_path)
    # Nobody boards where the only trip ends, and no trip calls at the third.
    assert both["id"].tolist() == ["s", "stop/1"]


def test_buildings_with_what_stands_around(world):
    weighed = weigh_buildings(world, ["dac"])
    assert len(weighed)
    point = world.study.facilities.set_index("facility_id").geometry["I1"]
    amenities = gpd.GeoDataFrame(
        {"id": ["s"], "name": ["Veikals"], "kind": ["shop"]}, geometry=[point], crs="EPSG:3059"
    )
    scored = score_buildings(world.study, weighed, amenities, CRITERIA[:1])
    assert scored.set_index("facility_id").loc["I1", "score"] == 1.0
    assert len(scored) == len(weighed)


def test_obstacles_by_hand(world):
    """Day centres at B only, limit 20: a and b are West's, c is near it, d, e and z are not."""
    found = list_obstacles(world)
    rows = found[found["service"] == "dac"].set_index("settlement_id")["obstacle"].to_dict()
    minutes = world.settlement_coverage.query("service == 'dac' and scenario == 'now'")
    minutes = minutes.set_index("settlement_id")["travel_min"]
    expected = {}
    for home in "cdez":
        if np.isnan(minutes[home]):
            expected[home] = "not_located"
        else:
            expected[home] = "too_far" if minutes[home] > 20 else "only_elsewhere"
    assert rows == expected
    assert expected["z"] == "not_located"
    assert "too_far" in expected.values()
    far = found[found["obstacle"] == "too_far"]
    assert (far["over_min"] == far["travel_min"] - far["limit_min"]).all()
    assert found.loc[found["obstacle"] != "too_far", "over_min"].isna().all()
    # Where a stop is known but none is near, even a centre within the limit is not reached by bus.
    stops = REACH.assign(kind="transport", straight_m=[0.0, 0.0, 9000.0, 9000.0, 1.0, 1.0])
    stops = stops.drop_duplicates("settlement_id")
    with_stops = list_obstacles(world, stops)
    assert with_stops.query("obstacle == 'no_stop'")["settlement_id"].unique().tolist() == ["b"]
    unknown = list_obstacles(world, stops.assign(known=False))
    assert len(unknown) == len(found)
    summary = summarise_obstacles(found).set_index(["service", "obstacle"])
    assert summary.loc[("dac", "not_located"), "population"] == 50


@pytest.mark.shared
def test_against_a_plain_loop_over_a_real_file(shared):
    """Counted again with pyosmium alone, object by object."""
    import osmium

    from socaccess.sources.amenities import _find_kind

    path = shared / "data" / "osm" / "liechtenstein.osm.pbf"
    found = read_osm_amenities(path)
    counted: Counter = Counter()
    tagged = osmium.filter.EmptyTagFilter()
    for item in osmium.FileProcessor(str(path)).with_filter(tagged):
        kind = _find_kind(dict(item.tags))
        if kind:
            counted[kind] += 1
    told = {k: v for k, v in found.attrs["counts"].items() if k in KINDS}
    assert sum(told.values()) + found.attrs["counts"]["not_located"] == sum(counted.values())
    assert all(told[kind] <= counted[kind] for kind in told)
    assert sum(told.values()) > 0.99 * sum(counted.values())
    assert found.geometry.is_valid.all()


@pytest.mark.shared
def test_latvia_of_2019(shared, tmp_path):
    """The services of 2019 around Kurzeme's settlements, beside distances in a straight line."""
    from socaccess.study import Study

    table = pd.read_parquet(shared / "data" / "osm" / "latvia_general_services_2019.parquet")
    tags = {tag: table["value"].where(table["tag"] == tag) for tag in ("amenity", "shop")}
    layer = gpd.GeoDataFrame(
        {"name": table["name"], **tags}, geometry=gpd.points_from_xy(table["lon"], table["lat"]),
        crs=4326,
    )  # fmt: skip
    layer.to_file(tmp_path / "services.gpkg")
    read = read_amenities(tmp_path / "services.gpkg")
    kinds = read["kind"].value_counts().to_dict()
    assert kinds["shop"] == (table["tag"] == "shop").sum()
    assert kinds["pharmacy"] == (table["value"] == "pharmacy").sum()
    assert "dentist" not in set(read["kind"])
    study = Study.load("kurzeme", view="plan")
    homes = study.settlements[["settlement_id", "name", "geometry"]]
    reach = reach_amenities(study.network, homes, read).set_index(["settlement_id", "kind"])
    shops = read[read["kind"] == "shop"].geometry
    for home in homes.itertuples():
        row = reach.loc[(home.settlement_id, "shop")]
        assert row["straight_m"] == pytest.approx(
            shapely.distance(shops.array, home.geometry).min()
        )
        # No car beats a straight line at 100 km/h.
        assert row["travel_min"] >= row["straight_m"] / 1000 / 100 * 60 - 0.01
    scores = score_sites(reach.reset_index()).set_index("settlement_id")["score"]
    towns = study.settlements.set_index("settlement_id")
    big = towns["population"] > 10_000
    assert scores[big[big].index].min() > scores[big[~big].index].mean()
