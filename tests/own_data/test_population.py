"""People of a grid or an address list: to settlements, to origins, and nobody lost."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from socaccess.errors import InputError
from socaccess.sources.population import (
    find_municipalities,
    make_origins,
    read_people,
    spread_population,
)

CRS = "EPSG:3059"

# Two municipalities side by side, ten kilometres each; nothing beyond.
OUTLINES = gpd.GeoDataFrame(
    {"municipality_id": ["west", "east"], "name": ["West", "East"], "population": [40.0, 30.0]},
    geometry=[box(0, 0, 10_000, 10_000), box(10_000, 0, 20_000, 10_000)], crs=CRS,
)  # fmt: skip
PLACES = gpd.GeoDataFrame(
    {"settlement_id": ["a", "b", "c"], "municipality_id": ["west", "west", "east"]},
    geometry=gpd.points_from_xy([1000, 9000, 19_000], [5000, 5000, 5000]), crs=CRS,
)  # fmt: skip


def cells(*rows: tuple[float, float, float]) -> gpd.GeoDataFrame:
    x, y, persons = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"persons": persons}, geometry=gpd.points_from_xy(x, y), crs=CRS)


def test_everybody_goes_to_the_nearest_settlement_of_their_municipality():
    people = cells(
        (500, 500, 10),  # a
        (9500, 5000, 5),  # b
        (5000, 5000, 3),  # as far from a as from b: the first by id
        (10_500, 5000, 7),  # nearer to b, but lives in East
        (25_000, 5000, 4),  # nowhere
    )
    spread = spread_population(people, PLACES, OUTLINES)
    assert spread.settlements["population"].tolist() == [13, 5, 7]
    assert spread.people["settlement_id"].fillna("").tolist() == ["a", "b", "a", "c", ""]
    assert spread.outside["persons"].tolist() == [4]
    assert spread.people["distance_m"].tolist()[1] == 500
    table = spread.differences.set_index("municipality_id")
    assert table.loc["west", ["stated", "counted", "difference"]].tolist() == [40, 18, 22]
    assert table.loc["east", "ratio"] == pytest.approx(30 / 7)
    told = [str(problem) for problem in spread.list_problems("grid")]
    assert "4 people live in no municipality" in told[0]
    assert "West: 40 stated, 18 counted" in told[1]


def test_scaling_brings_the_stated_totals_and_says_so():
    people = cells((500, 500, 10), (9500, 5000, 10), (15_000, 5000, 60))
    spread = spread_population(people, PLACES, OUTLINES, scale=True)
    assert spread.settlements["population"].tolist() == [20, 20, 30]
    assert "scaled" in str(spread.list_problems()[0])
    # What the grid counted is still told.
    assert spread.differences["counted"].tolist() == [20, 60]


def test_a_municipality_without_figure_or_people_stays_as_counted():
    outlines = OUTLINES.assign(population=[np.nan, 30.0])
    spread = spread_population(cells((500, 500, 10)), PLACES, outlines, scale=True)
    assert spread.settlements["population"].tolist() == [10, 0, 0]


def test_people_of_a_municipality_without_settlements_are_told():
    spread = spread_population(cells((500, 500, 10), (15_000, 1, 6)), PLACES[:2], OUTLINES)
    assert spread.outside["persons"].tolist() == [6]
    assert spread.outside["municipality_id"].tolist() == ["east"]


@given(
    st.lists(
        st.tuples(st.floats(-5000, 25_000), st.floats(-5000, 15_000), st.integers(0, 500)),
        min_size=1,
        max_size=40,
    )
)
def test_nobody_is_lost_wherever_they_live(rows):
    people = cells(*rows)
    spread = spread_population(people, PLACES, OUTLINES)
    total = spread.settlements["population"].sum() + spread.outside["persons"].sum()
    assert total == people["persons"].sum()
    # Against a search of its own: the nearest settlement of the same municipality.
    for row in spread.people.dropna(subset=["settlement_id"]).itertuples():
        own = PLACES[PLACES["municipality_id"] == row.municipality_id]
        assert row.distance_m == pytest.approx(own.distance(row.geometry).min())


def test_cells_become_origins_themselves():
    people = cells((500, 500, 10), (25_000, 0, 4), (15_000, 500, 0))
    origins, outside = make_origins(people.assign(cell_id=["c1", "c2", "c3"]), OUTLINES)
    assert origins[["settlement_id", "municipality_id", "population", "kind"]].values.tolist() == [
        ["c1", "west", 10.0, "cell"], ["c3", "east", 0.0, "cell"]]  # fmt: skip
    assert outside["cell_id"].tolist() == ["c2"]


def test_a_point_on_a_border_belongs_to_the_first_by_id():
    point = cells((10_000, 5000, 1))
    assert find_municipalities(point, OUTLINES).tolist() == ["east"]
    assert find_municipalities(point, OUTLINES.iloc[::-1]).tolist() == ["east"]


@pytest.mark.parametrize("kind", ["points.gpkg", "cells.gpkg", "cells.parquet", "plain.parquet",
                                  "addresses.csv"])  # fmt: skip
def test_grids_and_address_lists_of_every_kind(tmp_path, kind):
    path = tmp_path / kind
    if kind.startswith("points"):
        people = cells((500, 500, 10), (1500, 500, 0)).rename(columns={"persons": "OBS_VALUE_T"})
        people.to_file(path)
    elif kind.startswith("cells"):
        shapes = [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)]
        people = gpd.GeoDataFrame({"GRD_ID": ["x", "y"], "T": [10, 0]}, geometry=shapes, crs=CRS)
        people.to_file(path) if kind.endswith("gpkg") else people.to_parquet(path)
    elif kind == "plain.parquet":
        pd.DataFrame({"cell": ["x", "y"], "population": [10, 0], "x_3059": [500, 1500],
                      "y_3059": [500, 500]}).to_parquet(path)  # fmt: skip
    else:
        path.write_text("adrese;x;y\n" + "Iela 1;500;500\n" * 10)
    people = read_people(path, crs=CRS)
    assert people["persons"].sum() == 10
    assert (people.geometry.iloc[0].x, people.geometry.iloc[0].y) == (500, 500)


def test_wrong_counts_and_places_are_told_with_their_rows(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("x,y,persons\n0,0,-1\n1,1,many\n,2,3\n")
    with pytest.raises(InputError) as caught:
        read_people(path, crs=CRS)
    told = str(caught.value)
    assert "line 3: many" in told and "line 4" in told
    path.write_text("x,y,persons\n0,0,-1\n")
    with pytest.raises(InputError, match="no count of people"):
        read_people(path, crs=CRS)
    with pytest.raises(InputError, match="column heads is missing"):
        read_people(path, crs=CRS, persons="heads")


@pytest.mark.shared
def test_the_census_grid_of_latvia_nobody_lost(shared):
    from socaccess.sources.boundaries import load_municipalities
    from socaccess.sources.settlements import load_settlements

    people = read_people(shared / "data" / "population" / "grid_1km_2019.parquet")
    outlines, places = load_municipalities(), load_settlements()
    spread = spread_population(people, places, outlines, scale=True)
    raw = spread_population(people, places, outlines)
    assert raw.settlements["population"].sum() + raw.outside["persons"].sum() == (
        people["persons"].sum())  # fmt: skip
    # The embedded outlines are coarse, yet nearly all cells lie in one of them.
    assert raw.outside["persons"].sum() / people["persons"].sum() < 0.02
    by_home = spread.settlements.groupby("municipality_id")["population"].sum()
    stated = outlines.set_index("municipality_id")["population"]
    assert by_home.to_dict() == pytest.approx(stated.to_dict())
