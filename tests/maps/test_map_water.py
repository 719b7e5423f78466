"""Lakes and the sea stand where they are, and stay off the towns."""

from __future__ import annotations

import pytest
import shapely

from socaccess import crs
from socaccess.sources.embedded import load_water
from socaccess.sources.settlements import load_settlements

# Longitude and latitude of a point well inside each.
LAKES = {
    "Lubāns": (26.876, 56.77),
    "Rāzna": (27.45, 56.32),
    "Burtnieks": (25.24, 57.74),
    "Usma": (22.126, 57.178),
    "Engure": (23.112, 57.247),
    "Liepāja": (21.053, 56.468),
    "Babīte": (23.765, 56.9245),
    "Ķīšezers": (24.165, 57.029),
}


@pytest.mark.parametrize("name", LAKES)
def test_every_large_lake_is_there(name: str) -> None:
    water = load_water(crs.EXCHANGE)
    here = water[water.contains(shapely.Point(LAKES[name]))]
    assert here["kind"].tolist() == ["inland"]


def test_the_sea_is_the_sea() -> None:
    water = load_water(crs.EXCHANGE)
    sea = water[water["kind"] == "sea"].union_all()
    assert sea.contains(shapely.Point(23.5, 57.5))  # the Gulf of Riga
    assert sea.contains(shapely.Point(20.5, 57.0))
    assert not sea.contains(shapely.Point(24.1, 56.95))  # Riga


def test_nearly_nobody_lives_in_water() -> None:
    places = load_settlements()
    water = load_water(places.crs).union_all().buffer(-300)  # shores are coarse
    assert places.geometry.dropna().within(water).sum() <= 2


def test_a_frame_cuts_and_leaves_nothing_elsewhere() -> None:
    whole = load_water()
    west, south, east, north = frame = (680_000.0, 250_000.0, 700_000.0, 300_000.0)
    cut = load_water(frame_m=frame)
    assert 0 < len(cut) < len(whole)
    bounds = cut.total_bounds
    assert bounds[0] >= west and bounds[1] >= south
    assert bounds[2] <= east and bounds[3] <= north
    assert len(load_water(frame_m=(0.0, 0.0, 1.0, 1.0))) == 0
