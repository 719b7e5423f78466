"""`socaccess network`: from a drawn extract to routes and tables, as a person types it."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from socaccess.cli.network import app
from socaccess.errors import InputError, NetworkFileError
from socaccess.i18n import Texts
from socaccess.network import RoadNetwork

from .drawing import Drawing, road

# A road of 40 km along the 57th parallel with a village at each end and one in the middle.
NODES = {1: (21_000, 57_000), 2: (21_330, 57_000), 3: (21_660, 57_000)}
WAYS = {
    10: ([1, 2], road(surface="asphalt", maxspeed="LV:rural")),
    11: ([2, 3], road(surface="asphalt", maxspeed="LV:rural")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    nodes = {name: (east - 3000, north) for name, (east, north) in NODES.items()}
    Drawing(nodes, WAYS).write(folder / "drawn.osm.pbf")
    pd.DataFrame(
        {"settlement_id": ["a", "b"], "lon": ["21,0", "21,33"], "lat": ["57,0", "57,0"]}
    ).to_csv(folder / "settlements.csv", sep=";", index=False)
    return folder


def call(*words):
    answer = CliRunner().invoke(app, [str(word) for word in words])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    assert answer.exit_code == 0, answer.output
    return answer


@pytest.fixture(scope="module")
def network(folder):
    file = folder / "drawn.network"
    told = call("build", folder / "drawn.osm.pbf", "--out", file, "--hierarchy", "--lang", "en")
    assert "3 nodes, 2 edges, 40 km of road (EPSG:3059)." in told.stdout
    assert f"wrote {file}.hierarchy" in told.stderr
    return file


def test_info_tells_where_it_comes_from(network):
    told = json.loads(call("info", network, "--json").stdout)
    assert (told["nodes"], told["edges"], told["season"]) == (3, 2, "summer")
    assert told["source"]["file"] == "drawn.osm.pbf"


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_info_has_words_for_everything_that_is_counted(network, lang):
    shown = call("info", network, "--lang", lang).stdout
    assert "© OpenStreetMap contributors, ODbL 1.0" in shown
    assert "ceļi un prāmji datnē" in shown or "roads and ferries in the file" in shown
    counted = [*RoadNetwork.load(network).provenance["counts"]]
    notes = "access_not_understood private_open private_closed ferries_not_for_cars"
    notes += " closed_by_access impassable winter_only reversible"
    notes += " surface_not_read maxspeed_not_read oneway_not_read duration_not_read"
    counted += [f"ways_{note}" for note in notes.split()]
    assert len(counted) > 20
    for name in counted:
        assert Texts(lang)(f"network.count_{name}")


def test_route_between_coordinates_and_files(network, folder):
    trips = call(
        "route", network, "--from", folder / "settlements.csv", "--to", "21.66,57.0",
        "--out", folder / "ways.geojson", "--json",
    )  # fmt: skip
    told = json.loads(trips.stdout)
    assert [(row["from_id"], row["to_id"]) for row in told] == [
        ("a", "21.66,57.0"),
        ("b", "21.66,57.0"),
    ]
    # 0.66 and 0.33 degrees of longitude at 57 degrees north; 70 km/h.
    assert [row["length_km"] for row in told] == pytest.approx([40.11, 20.06], abs=0.05)
    assert [row["travel_min"] for row in told] == pytest.approx(
        [row["length_km"] / 70 * 60 for row in told], rel=0.01
    )
    drawn = gpd.read_file(folder / "ways.geojson")
    assert drawn.crs.to_epsg() == 4326
    assert drawn.geometry[0].coords[0] == pytest.approx((21.0, 57.0), abs=1e-6)
    assert drawn.geometry[0].coords[-1] == pytest.approx((21.66, 57.0), abs=1e-6)
    assert "OpenStreetMap" in json.loads((folder / "ways.geojson").read_text())["attribution"]
    # A layer that was written is one to read.
    places = drawn[["from_id"]].rename(columns={"from_id": "id"})
    points = gpd.GeoDataFrame(
        places, geometry=gpd.points_from_xy([21.0, 21.33], [57.0, 57.0]), crs=4326
    )
    points.to_file(folder / "points.gpkg")
    shown = call(
        "route", network, "--from", folder / "points.gpkg", "--to", "21.66,57",
        "--out", folder / "ways.gpkg", "--lang", "lv",
    )  # fmt: skip
    assert "Galamērķis" in shown.stdout and "34,4" in shown.stdout
    again = gpd.read_file(folder / "ways.gpkg")
    assert again["length_km"].tolist() == pytest.approx([row["length_km"] for row in told])
    assert again.crs.to_epsg() == 3059


def test_times_within_a_limit(network, folder):
    shown = call(
        "times", network, "--from", folder / "settlements.csv", "--to", "21.66,57",
        "--cutoff", "20", "--lengths", "--out", folder / "times.parquet", "--lang", "en",
    )  # fmt: skip
    assert "1 pair of 2 within reach." in shown.stdout
    table = pq.read_table(folder / "times.parquet")
    assert table.to_pandas()["from_id"].tolist() == ["b"]
    assert table.schema.metadata[b"licence"] == b"ODbL 1.0"


def test_what_is_far_is_told(network):
    swapped = call("route", network, "--from", "57.0,21.0", "--to", "21.66,57", "--lang", "en")
    assert "57.0,21.0 lies" in swapped.stderr and "longitude (east) comes first" in swapped.stderr


@pytest.mark.parametrize(
    ("begin", "complaint"),
    [
        ("21.66", "is neither a file nor lon,lat; write it such as 24.11,56.95"),
        ("21,157", "is no longitude and latitude"),
        ("{folder}/empty.csv", "columns found: id, name; give points, or columns lon and lat"),
        ("{folder}/holes.csv", "no coordinates .*line 3; 1 in all"),
    ],
)
def test_places_that_are_none(network, folder, begin, complaint):
    (folder / "empty.csv").write_text("id;name\n1;a\n")
    (folder / "holes.csv").write_text("id;lon;lat\n1;21;57\n2;21;\n")
    with pytest.raises(InputError, match=complaint):
        call("route", network, "--from", begin.format(folder=folder), "--to", "21.66,57")


def test_files_that_are_none(network, folder):
    with pytest.raises(NetworkFileError, match="is not a network file; make one with"):
        call("info", folder / "drawn.osm.pbf")
    with pytest.raises(InputError, match=r"use \.gpkg, \.geojson"):
        call("route", network, "--from", "21,57", "--to", "21,57", "--out", folder / "x.shp")


def test_an_island_and_a_network_elsewhere_are_told_in_one_line_each(folder):
    #  the road of above, and 40 km north of its middle a road of its own without a ferry
    nodes = {name: (east - 3000, north) for name, (east, north) in NODES.items()}
    nodes |= {8: (18_330, 57_360), 9: (18_340, 57_360)}
    Drawing(nodes, {**WAYS, 12: ([8, 9], road())}).write(folder / "island.osm.pbf")
    file = folder / "island.network"
    call("build", folder / "island.osm.pbf", "--out", file)
    shown = call("info", file, "--lang", "lv").stdout
    assert "Ceļi veido 2 daļas, kuras nekas nesavieno: 3 mezgli, pēc tam 2." in shown
    shown = call(
        "route", file, "--from", "21.335,57.36", "--to", "21.0,57.0", "--lang", "lv"
    )  # fmt: skip
    told = " ".join(shown.stderr.split())
    assert "1 vieta ir pie ceļu daļas ar 2 mezgliem, kuru nekas nesavieno ar pārējām." in told
    # Roads that reach none of the places asked: each is named with its distance.
    shown = call(
        "route", file, "--from", "24.1,56.95", "--to", "24.2,56.95", "--lang", "lv", "--json"
    )  # fmt: skip
    assert shown.stderr.count("No tik tālas vietas nekas nav sasniedzams.") == 2
    assert json.loads(shown.stdout)[0]["travel_min"] is None
