"""Tables made block by block against the dense one, as frame, matrix, Parquet and NumPy files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import five_node_road, place
from test_against_networkx import networks, places
from test_routes import PLACES

from socaccess.errors import InputError, OutputError
from socaccess.travel import travel_blocks, travel_times

PAIR_MB = 260.1 / 1e6  # with lengths; a hair more than it takes


@given(
    networks(), places("o"), places("d"), st.booleans(), st.sampled_from([None, 1.0, 4.0]),
    st.integers(1, 3),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_blocks_equal_the_dense_table(network, origins, destinations, lengths, cutoff, rows):
    dense = travel_times(network, origins, destinations, lengths=lengths, cutoff_min=cutoff)
    blocks = travel_blocks(
        network, origins, destinations, lengths=lengths, cutoff_min=cutoff,
        memory_mb=PAIR_MB * len(destinations) * rows,
    )  # fmt: skip
    made = list(blocks)
    assert len(made) >= len(origins) / (2 * rows)
    np.testing.assert_array_equal(np.concatenate([b.travel_ms for b in made]), dense.travel_ms)
    expected = dense.to_frame().dropna(subset="travel_min").reset_index(drop=True)
    for made_sparse in (dense.to_sparse().to_frame(), blocks.to_frame()):
        # Of an empty column pandas cannot tell that it holds texts.
        pd.testing.assert_frame_equal(made_sparse, expected, check_dtype=len(expected) > 0)
    sparse = blocks.to_sparse()
    assert len(sparse) == len(expected)
    matrix = sparse.to_matrix()
    assert matrix.shape == dense.travel_ms.shape
    np.testing.assert_array_equal(matrix.toarray(), np.nan_to_num(dense.travel_min), strict=True)
    assert matrix.nnz == np.isfinite(dense.travel_min).sum()


def ask(**options):
    network = five_node_road()
    everyone = place("id", PLACES)
    return travel_blocks(network, everyone, everyone, **options)


def test_the_cutoff_is_inclusive():
    # P to Q takes 376.8 s.
    for limit, there in ((6.28, True), (6.2799, False)):
        found = ask(cutoff_min=limit).to_frame()
        assert ((found["from_id"] == "P") & (found["to_id"] == "Q")).any() == there
        assert found["travel_min"].max() <= limit


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_parquet_holds_the_pairs_in_blocks(tmp_path, rows):
    blocks = ask(lengths=True, cutoff_min=12, memory_mb=rows * 5 * PAIR_MB)
    count = blocks.to_parquet(tmp_path / "times.parquet")
    written = pq.ParquetFile(tmp_path / "times.parquet")
    # T is nowhere: a block of its own would be empty, and is left out.
    assert written.num_row_groups == {1: 4, 2: 2, 5: 1}[rows]
    assert written.schema_arrow.metadata[b"cutoff_min"] == b"12.0"
    pd.testing.assert_frame_equal(written.read().to_pandas(), blocks.to_frame())
    assert count == written.metadata.num_rows == len(blocks.to_sparse())
    again = tmp_path / "again.parquet"
    blocks.to_parquet(again)
    assert again.read_bytes() == (tmp_path / "times.parquet").read_bytes()
    assert blocks.to_parquet(again, every_pair=True) == 25
    everything = pd.read_parquet(again)
    assert everything["travel_min"].notna().sum() == count
    assert everything["length_km"].isna().sum() == 25 - count


def test_numpy_files_are_mapped(tmp_path):
    dense = travel_times(five_node_road(), place("id", PLACES), place("id", PLACES), lengths=True)
    table = ask(lengths=True, memory_mb=5 * PAIR_MB).to_npy(tmp_path / "times.npy")
    for name, file in (
        ("travel_ms", "times.npy"),
        ("length_m", "times.length_m.npy"),
        ("modelled_share", "times.modelled_share.npy"),
        ("street_share", "times.street_share.npy"),
    ):
        assert isinstance(getattr(table, name), np.memmap)
        np.testing.assert_array_equal(getattr(table, name), getattr(dense, name))
        np.testing.assert_array_equal(np.load(tmp_path / file), getattr(dense, name))
    assert not table.travel_ms.flags.writeable


def test_what_is_interrupted_leaves_nothing_behind(tmp_path):
    def stop(done: int, total: int) -> None:
        assert (done, total) == (1, 5)
        raise KeyboardInterrupt

    for write in ("to_parquet", "to_npy"):
        with pytest.raises(KeyboardInterrupt):
            getattr(ask(memory_mb=5 * PAIR_MB / 1.5, progress=stop), write)(tmp_path / "x")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="could not be written"):
        ask().to_parquet(tmp_path / "absent" / "x.parquet")


def test_progress_counts_origins():
    seen = []
    ask(memory_mb=5 * 140 / 1e6 * 2, progress=lambda *told: seen.append(told)).to_sparse()
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_nobody_and_nowhere():
    network = five_node_road()
    everyone, nobody = place("id", PLACES), place("id", {})
    assert travel_blocks(network, nobody, everyone, lengths=True).to_frame().columns.tolist() == [
        "from_id", "to_id", "travel_min", "length_km", "modelled_share", "street_share",
    ]  # fmt: skip
    assert len(travel_blocks(network, everyone, nobody).to_sparse()) == 0
    with pytest.raises(InputError, match="too little for 5 destinations; give at least 1"):
        ask(memory_mb=0.0001)


def test_memory_does_not_grow_with_the_table(tmp_path):
    import tracemalloc

    network = five_node_road()
    rng = np.random.default_rng(5)
    from small_worlds import at

    many = place("id", {f"p{i}": at(*xy) for i, xy in enumerate(rng.random((1500, 2)) * 4)})
    snapped = network.snap(many, id_column="id")
    blocks = travel_blocks(network, snapped, snapped, memory_mb=10, engine="scipy")
    assert blocks.block_rows < 50
    tracemalloc.start()
    blocks.to_parquet(tmp_path / "times.parquet")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The dense table alone would be 9 MB, its long form over 70.
    assert peak < 10e6
