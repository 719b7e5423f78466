"""Damaged files: every reader answers or refuses in our own words, and soon."""

from __future__ import annotations

import resource
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools._readers import READERS
from tools.fuzz import SEEDS, WORDS, read_bytes, watch

INPUTS = {
    "csv": 80, "places": 100, "workbook": 30, "geojson": 50, "geopackage": 20, "kml": 30,
    "shapefile": 40, "geoparquet": 30, "network": 300, "hierarchy": 120, "osm_xml": 50,
    "osm_pbf": 60, "osm_points": 40, "settings": 300, "profile": 60, "project": 50,
    "form": 25, "store": 200, "partitions": 200, "classifier": 50, "statistics": 50,
}  # fmt: skip
"""Damaged inputs of each reader in a run of the tests; `tools/fuzz.py` takes as many as one has
time for."""

DAMAGE = st.tuples(
    st.sampled_from(("flip", "cut", "double", "put", "over")),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.sampled_from(WORDS), st.binary(min_size=1, max_size=8)),
)


def damage(data: bytes, damages: list[tuple[str, float, bytes]]) -> bytes:
    changed = bytearray(data)
    for kind, place, word in damages:
        at = int(place * len(changed))
        if kind == "flip" and changed:
            changed[at] ^= word[0] or 1
        elif kind == "cut":
            del changed[at : at + 1 + word[0]]
        elif kind == "double":
            changed[at:at] = changed[at : at + 1 + word[0]]
        elif kind == "put":
            changed[at:at] = word
        elif kind == "over":
            changed[at : at + len(word)] = word
    return bytes(changed)


@pytest.mark.parametrize("name", READERS)
def test_damaged_input_meets_our_own_errors_only(name, tmp_path):
    reader = READERS[name]
    valid = reader.make()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(
        max_examples=INPUTS[name],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(DAMAGE, min_size=1, max_size=5))
    def check(damages):
        with watch(10):
            read_bytes(reader, damage(valid, damages), tmp_path)

    check()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < 1_000_000


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*-*")), ids=lambda path: path.name)
def test_what_once_broke_a_reader_no_longer_does(path, tmp_path):
    with watch(10):
        read_bytes(READERS[path.name.split("-")[0]], path.read_bytes(), tmp_path)


def test_every_reader_takes_its_valid_file(tmp_path):
    for name, reader in READERS.items():
        if name in ("partitions", "project", "shapefile", "statistics", "classifier"):
            continue  # one file of several, or of another layout: refused, which is told elsewhere
        path = tmp_path / f"input{reader.suffix}"
        path.write_bytes(reader.make())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.read(path)
