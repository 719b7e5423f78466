"""73,000 rural dwellings to all facilities, on the roads of a whole country."""

from __future__ import annotations

import pytest

from benchmarks.scale import measure_dwellings, run_alone


@pytest.mark.shared
@pytest.mark.slow
def test_a_country_of_dwellings_fits_in_memory(shared):
    places = shared / "data" / "osm" / "latvia_places_2019.parquet"
    if not places.exists():
        pytest.skip("the file of places is absent")
    measured = run_alone(measure_dwellings, "", str(places))
    assert measured["origins"] > 73_000 and measured["destinations"] > 300
    assert measured["peak_gb"] < 1.5
    assert measured["reached_share"] > 0.99
