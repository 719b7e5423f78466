"""Sweeps: one row per case, each what the question alone would have answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from socaccess.errors import InputError
from socaccess.network import CLOSED
from socaccess.scale import season_network, slow_down, sweep
from socaccess.siting import suggest_sites
from socaccess.study import Study
from socaccess.study.release import release
from tests.small_worlds import two_municipalities

ASKED = {"services": ["dac", "shop"], "limits_min": [10, 20], "sites": 1}


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(**two_municipalities())


@pytest.fixture(scope="module")
def table(study) -> pd.DataFrame:
    return sweep(study, **ASKED)


def test_every_case_has_its_row(table):
    keys = ["season", "service", "limit_min", "objective"]
    assert len(table) == 2 * 2 * 2 * 2 and not table.duplicated(keys).any()
    assert table[keys].iloc[0].tolist() == ["normal", "dac", 10.0, "mclp"]
    assert set(table["status"]) == {"optimal"}


def test_a_row_is_the_answer_to_its_own_question(study, table):
    result = release(study.run(sites=False)).result
    for row in table[table["season"] == "normal"].itertuples():
        problem = result.pose_siting(
            row.service, sites=1, objective=row.objective, limit_min=row.limit_min
        )
        plan = suggest_sites(problem)
        assert row.value == plan.objective
        assert row.site_ids == ";".join(sorted(plan.sites["site_id"]))


def test_shares_worked_out_by_hand(study):
    # Persons at A..E: 10, 4, 3, 2, 5; the day centre is at B, ten minutes from A and C.
    row = sweep(study, services=["dac"], seasons=["normal"], limits_min=[10], objectives=["mclp"],
                sites=1, allow_small_counts=True).iloc[0]  # fmt: skip
    assert row["share_now"] == pytest.approx(17 / 25)
    # One more site at D, or at E, adds D and E: the road from D to E takes ten minutes.
    assert row["share_after"] == pytest.approx(24 / 25)
    assert row["site_ids"] in ("d", "e")


def test_wider_limits_never_cover_fewer(table):
    for _, group in table.groupby(["season", "service", "objective"]):
        assert group.sort_values("limit_min")["share_now"].is_monotonic_increasing
    now = table.pivot_table(index=["service", "limit_min", "objective"], columns="season",
                            values="mean_min_now")  # fmt: skip
    assert (now["winter"] > now["normal"]).all()


def test_workers_give_the_same_table(study, table, client):
    pd.testing.assert_frame_equal(sweep(study, **ASKED, client=client), table)


def test_the_catalogues_limits_are_used_where_none_is_given(study):
    table = sweep(study, services=["dac"], seasons=["normal"], objectives=["mclp"], sites=1)
    assert table["limit_min"].tolist() == [20.0]


def test_a_network_for_each_season(study):
    slow = slow_down(study.network, 0.5)
    table = sweep(study, services=["dac"], objectives=["mclp"], sites=1,
                  seasons={"dry": study.network, "thaw": slow})  # fmt: skip
    dry, thaw = table["mean_min_now"]
    assert thaw == pytest.approx(2 * dry)


def test_slow_roads_keep_what_is_closed(study):
    winter = season_network(study, "winter")
    closed = study.network.backward_ms >= CLOSED
    assert closed.any() and (winter.backward_ms[closed] == CLOSED).all()
    expected = np.rint(study.network.forward_ms / study.settings.winter_speed_factor)
    assert np.array_equal(winter.forward_ms, expected.astype(np.uint32))


def test_everything_wrong_is_told(study):
    with pytest.raises(InputError) as error:
        sweep(study, services=["dac", "disco"], limits_min=[-1], objectives=["trade_off"], sites=0)
    for word in ("disco", "-1", "trade_off", "at least 1"):
        assert word in str(error.value)
    with pytest.raises(InputError, match="monsoon"):
        sweep(study, services=["dac"], seasons=["monsoon"])
