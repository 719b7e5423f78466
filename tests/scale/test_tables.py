"""Partitioned tables: the same bytes however the work was done, and never done twice."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from socaccess.coverage import judge_settlements, summarise_coverage
from socaccess.errors import InputError, OutputError
from socaccess.files import write_aside
from socaccess.scale import (
    _parts,
    open_table,
    read_siting_travel,
    read_travel_times,
    summarise_table,
    write_coverage,
    write_nearest,
    write_travel_times,
)
from socaccess.siting import SitingProblem, suggest_sites
from socaccess.travel import nearest, travel_times
from tests.ground.test_files import refuse_from

LIMITS = {"day": 4.0, "home": 6.0, "unknown": 10.0}


def hash_folder(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def write_all(streets, houses, centres, folder: Path, client=None, size=40) -> dict[str, str]:
    """Write all three kinds and return the hashes of every file."""
    asked = {"partition_size": size, "client": client}
    write_travel_times(streets, houses, centres, folder / "times", cutoff_min=9, **asked)
    write_nearest(streets, houses, centres, folder / "nearest", k=2, **asked)
    write_coverage(streets, houses, centres, LIMITS, folder / "coverage",
                   travellers={"home": "provider"}, persons={"day": "adults"}, **asked)  # fmt: skip
    return {
        f"{kind}/{name}": digest
        for kind in ("times", "nearest", "coverage")
        for name, digest in hash_folder(folder / kind).items()
    }


@pytest.fixture(scope="module")
def written(streets, houses, centres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    return folder, write_all(streets, houses, centres, folder)


def test_two_workers_write_the_same_bytes(written, streets, houses, centres, client, tmp_path):
    assert write_all(streets, houses, centres, tmp_path, client) == written[1]
    assert len(written[1]) == 3 * (8 + 1) + 1


def test_a_worker_killed_midway_changes_no_byte(
    written, streets, houses, centres, client, tmp_path
):
    killed = []

    def kill_one(done, total):
        if done >= 2 and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    write_travel_times(
        streets, houses, centres, tmp_path / "times",
        cutoff_min=9, partition_size=40, client=client, progress=kill_one,
    )  # fmt: skip
    assert killed
    expected = {name: digest for name, digest in written[1].items() if name.startswith("times/")}
    assert {f"times/{n}": d for n, d in hash_folder(tmp_path / "times").items()} == expected


def test_stopped_work_goes_on_where_it_was(
    written, streets, houses, centres, tmp_path, monkeypatch
):
    asked = {"cutoff_min": 9, "partition_size": 40}

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_travel_times(streets, houses, centres, tmp_path, **asked, progress=stop)
    with pytest.raises(InputError, match="not finished"):
        open_table(tmp_path)
    # What a crash leaves behind: a file half written, half a line, and one partition damaged.
    with write_aside(tmp_path / "x"):
        (aside,) = tmp_path.glob(".writing-*")
    half = aside / "dead" / "new" / "part-000004.parquet"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"file": "part-0000')
    damaged = tmp_path / "part-000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    made = []
    calculate = _parts.measure_times

    def count(*args, **options):
        made.append(1)
        return calculate(*args, **options)

    monkeypatch.setattr(_parts, "measure_times", count)
    write_travel_times(streets, houses, centres, tmp_path, **asked)
    assert len(made) == 8 - 2
    expected = {name: digest for name, digest in written[1].items() if name.startswith("times/")}
    assert {f"times/{name}": digest for name, digest in hash_folder(tmp_path).items()} == expected
    write_travel_times(streets, houses, centres, tmp_path, **asked)
    assert len(made) == 8 - 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_killed_again_and_again_it_ends_with_the_same_bytes(
    written, streets, houses, centres, tmp_path
):
    """A process that is gone at any step of writing leaves what the next one goes on from."""
    expected = {name: digest for name, digest in written[1].items() if name.startswith("times/")}
    kills = int(os.environ.get("SOCACCESS_KILLS", "24"))
    draw, killed, halves = random.Random(5), 0, 0

    def write() -> None:
        write_travel_times(streets, houses, centres, tmp_path / "times",
                           cutoff_min=9, partition_size=40)  # fmt: skip

    while killed < kills:
        child = os.fork()
        if child == 0:
            kill_at(draw.randrange(1, 120))
            try:
                write()
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        draw.random()
        killed += os.WIFSIGNALED(status)
        names = {path.name for path in (tmp_path / "times").glob("*")}
        halves += bool(names) and "manifest.json" not in names
        if not os.WIFSIGNALED(status) or killed == kills:
            write()
            found = {f"times/{name}": digest for name, digest in
                     hash_folder(tmp_path / "times").items()}  # fmt: skip
            assert found == expected
            shutil.rmtree(tmp_path / "times")
    assert halves > kills / 10, "the writers were not killed at work"


@pytest.mark.parametrize("step", [1, 10, 40])
def test_a_full_disk_is_said_and_the_work_goes_on_later(
    written, streets, houses, centres, tmp_path, monkeypatch, step
):
    asked = {"cutoff_min": 9, "partition_size": 40}
    refused = refuse_from(step, lasting=True)
    with monkeypatch.context() as patch:
        for name in ("open", "write", "fsync", "link", "rename", "replace", "mkdir"):
            patch.setattr(os, name, refused.wrap(name))
        with pytest.raises(OutputError):
            write_travel_times(streets, houses, centres, tmp_path / "times", **asked)
    assert refused.happened
    write_travel_times(streets, houses, centres, tmp_path / "times", **asked)
    expected = {name: digest for name, digest in written[1].items() if name.startswith("times/")}
    assert {f"times/{n}": d for n, d in hash_folder(tmp_path / "times").items()} == expected


def kill_at(step: int) -> None:
    """End this process for good, at once, when it asks the system for the so many'th change."""
    left = step

    def wrap(real):
        def act(*args, **options):
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **options)

        return act

    for name in ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir", "rmdir"):
        setattr(os, name, wrap(getattr(os, name)))


def test_another_question_is_not_mixed_in(streets, houses, centres, tmp_path):
    write_travel_times(streets, houses, centres, tmp_path, cutoff_min=9)
    before = hash_folder(tmp_path)
    with pytest.raises(InputError, match=r"another question: cutoff_ms differ"):
        write_travel_times(streets, houses, centres, tmp_path, cutoff_min=10)
    moved = houses.copy()
    moved.loc[0, "geometry"] = moved.geometry[1]
    with pytest.raises(InputError, match=r"origins differ"):
        write_travel_times(streets, moved, centres, tmp_path, cutoff_min=9)
    faster = streets.with_times(streets.forward_ms // 2, streets.backward_ms)
    with pytest.raises(InputError, match=r"network differ"):
        write_travel_times(faster, houses, centres, tmp_path, cutoff_min=9)
    assert hash_folder(tmp_path) == before


def test_times_read_back_are_those_of_memory(written, streets, houses, centres):
    table = open_table(written[0] / "times")
    alone = travel_times(streets, houses, centres, cutoff_min=9)
    pd.testing.assert_frame_equal(read_travel_times(table).to_frame(), alone.to_frame())


def test_nearest_read_back_is_that_of_memory(written, streets, houses, centres):
    parts = list(open_table(written[0] / "nearest").read())
    assert [part.crs for part in parts] == [houses.crs] * 8
    read = pd.concat([pd.DataFrame(part.drop(columns="geometry")) for part in parts])
    alone = nearest(streets, houses, centres, k=2)
    assert read["travel_min"].tolist()[:-4] == alone["travel_min"].tolist()[:-4]
    for name in ("settlement_id", "service", "rank", "facility_id"):
        ours = read[name].astype(object).where(read[name].notna(), None)
        assert ours.tolist() == alone[name].tolist()


def test_coverage_adds_up_to_that_of_memory(written, streets, houses, centres):
    rows = []
    for service, traveller in (("day", "client"), ("home", "provider"), ("unknown", "client")):
        offered = centres[centres["service"] == service]
        if len(offered):
            found = nearest(streets, houses, offered, traveller=traveller)["travel_min"].to_numpy()
        else:
            found = np.full(len(houses), np.nan)
        ms = np.where(np.isnan(found), 2**31 - 1, np.rint(found * 60_000))
        status = judge_settlements(ms, LIMITS[service], has_supply=len(offered) > 0)
        rows.append(
            pd.DataFrame(
                {
                    "municipality_id": houses["municipality_id"],
                    "service": service,
                    "travel_min": found,
                    "status": status,
                    "persons": houses["adults"] if service == "day" else np.nan,
                    "population": houses["population"],
                }
            )
        )
    alone = summarise_coverage(pd.concat(rows, ignore_index=True))
    read = summarise_table(open_table(written[0] / "coverage"))
    pd.testing.assert_frame_equal(read, alone, check_dtype=False)
    assert set(read["share_of"]) == {"need", "population"}


def test_siting_takes_the_written_times(written, streets, houses, centres):
    matrix, clients, sites = read_siting_travel(open_table(written[0] / "times"))
    dense = travel_times(streets, houses, centres, cutoff_min=9).travel_min
    persons = houses["adults"].to_numpy()
    asked = {"persons": persons, "client_ids": clients, "site_ids": sites, "sites": 2}
    answers = [
        suggest_sites(SitingProblem(travel_min=travel, limit_min=5.0, **asked))
        for travel in (matrix, dense)
    ]
    assert answers[0].status == answers[1].status == "optimal"
    assert answers[0].objective == answers[1].objective > 0
    assert list(answers[0].sites["site_id"]) == list(answers[1].sites["site_id"])


def test_a_changed_partition_is_found(written, tmp_path, streets, houses, centres):
    table = write_travel_times(streets, houses, centres, tmp_path, partition_size=100)
    table.verify()
    path = table.partitions[1]
    path.write_bytes(path.read_bytes()[:-4] + b"evil")
    with pytest.raises(InputError, match=r"files are missing or were changed .*part-000001"):
        open_table(tmp_path).verify()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"plan": {}}', '{"format": "x", "plan": {}, "files": [{"file": 1}]}']
)
def test_a_manifest_that_makes_no_sense(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError):
        open_table(tmp_path)


def test_a_manifest_may_not_point_outside_its_folder(written, tmp_path):
    text = (written[0] / "times" / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace("part-000000", "../part-000000"))
    with pytest.raises(InputError, match="manifest"):
        open_table(tmp_path)


def test_everything_wrong_with_the_question(streets, houses, centres, tmp_path):
    doubled = pd.concat([houses, houses.iloc[:1]])
    with pytest.raises(InputError, match="more than once"):
        write_travel_times(streets, doubled, centres, tmp_path)
    with pytest.raises(InputError, match="municipality_id"):
        write_coverage(streets, houses[["settlement_id", "geometry"]], centres, LIMITS, tmp_path)
    with pytest.raises(InputError, match="above 0") as error:
        write_coverage(streets, houses, centres, {"day": 0.0}, tmp_path, persons={"night": "x"})
    assert "night" in str(error.value)
    with pytest.raises(InputError, match="k is 0; give at least 1"):
        write_nearest(streets, houses, centres, tmp_path, k=0)
    assert not list(tmp_path.iterdir())
