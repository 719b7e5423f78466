"""Nobody can recover a hidden count from everything a run wrote.

Two attacks. The first reads the files back and does with them all that arithmetic can
(linear programming). The second is stronger than any attack: if needs in which hidden
counts stand at either end of their range give the very same bytes, there is nothing in
the files that could tell them apart.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from socaccess.maps import explore, save_map
from socaccess.outputs import FILES, write_outputs
from socaccess.privacy import SMALL
from socaccess.study import StudyResult
from socaccess.study.notebook import show_result
from socaccess.study.release import Release, release
from tests.documents.attack import Attack, attack_tree, imagine_counts
from tests.documents.conftest import study_with
from tests.documents.leaked import Said, read_back, read_map

BELOW = 5


@pytest.fixture(scope="module")
def written(counted: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("counted")
    write_outputs(counted, folder, lang="lv", formats=["geojson", "geoparquet"])
    return folder


def build_attack(said: list[Said], ids: list[str], group: str, *, slack: float) -> Attack:
    attack = Attack(list(ids))
    seen: set[tuple[frozenset[str], str]] = set()
    for one in said:
        if one.group != group or (one.settlements, one.text) in seen or not one.settlements:
            continue
        seen.add((one.settlements, one.text))
        names: list[object] = sorted(one.settlements)
        if one.text.startswith("<"):
            attack.know(names, 0, BELOW)
        elif one.text.startswith("≥"):
            attack.know(names, BELOW, np.inf)
        elif one.text != "…":
            count = float(one.text.replace("\xa0", "").replace(",", "."))
            unsure = slack + one.slack
            attack.know(names, max(count - unsure, 0), count + unsure)
    return attack


def check_nothing_is_narrowed(
    said: list[Said], result: StudyResult, *, slack: float, every: int = 1
) -> int:
    ids = result.study.settlements["settlement_id"].tolist()
    checked = 0
    for group in sorted({one.group for one in said}):
        attack = build_attack(said, ids, group, slack=slack)
        hidden = {one.settlements for one in said if one.group == group and one.text == f"<{BELOW}"}
        for where in sorted(hidden, key=sorted)[::every]:
            low, high, *_ = attack.narrow(sorted(where))
            assert low <= 1e-6 and high >= BELOW - 1e-6, (group, sorted(where), low, high)
            checked += 1
    return checked


def test_arithmetic_over_all_files_narrows_nothing(counted: StudyResult, written: Path) -> None:
    said = read_back(written, counted)
    files = {one.file.split()[0] for one in said}
    assert files == {"coverage.csv", "gaps.csv", "study.json", "tables.xlsx", "layers.gpkg",
                     "annex.docx"}  # fmt: skip
    assert check_nothing_is_narrowed(said, counted, slack=0.0) > 60


def test_what_is_said_is_true(counted: StudyResult, written: Path, counts: pd.DataFrame) -> None:
    said = read_back(written, counted)
    for one in said:
        truth = counts.loc[sorted(one.settlements), one.group].sum() if one.settlements else 0
        if one.text.startswith("<"):
            assert truth < BELOW, one
        elif one.text.startswith("≥"):
            assert truth >= BELOW, one
        elif one.text != "…":
            assert float(one.text.replace("\xa0", "")) == pytest.approx(truth, abs=one.slack), one


def test_the_attack_works_on_files_that_hide_only_the_small(
    counted: StudyResult, counts: pd.DataFrame
) -> None:
    """The same arithmetic on tables with the small counts cut out, and nothing else, finds them."""
    said = []
    homes = counted.study.settlements.set_index("settlement_id")["municipality_id"]
    for group in counts:
        for code, value in counts[group].items():
            text = f"<{BELOW}" if value < BELOW else str(value)
            said.append(Said(str(group), frozenset([str(code)]), text, "naive"))
        for _, part in counts[group].groupby(homes):
            total = int(part.sum())
            text = f"<{BELOW}" if total < BELOW else str(total)
            said.append(Said(str(group), frozenset(part.index), text, "naive"))
    with pytest.raises(AssertionError):
        check_nothing_is_narrowed(said, counted, slack=0.0)


def move_hidden_counts(counts: pd.DataFrame, released: Release, high: bool) -> pd.DataFrame:
    """Return another need that shows the same: hidden counts at one end of their range.

    In each municipality every other small count goes to 0 and the ones between to the most
    that is small, as far as a need that shows the very same allows.
    """
    study = released.result.study
    homes = study.settlements["municipality_id"]
    order = {code: i for i, code in enumerate(study.municipalities["municipality_id"])}
    group = homes.map(order).to_numpy()
    moved = counts.copy()
    chance = np.random.default_rng(3)
    for name in counts:
        persons = counts[name].reindex(study.settlements["settlement_id"]).to_numpy(dtype=float)
        found = released.protections[str(name)]
        attack = attack_tree(persons, group, len(order), found, BELOW, most=BELOW - 1)
        fixed: dict[object, int] = {}
        small = np.flatnonzero(found.members == SMALL)
        for number, cell in enumerate(small[: 2 * len(small) // 3]):
            value = BELOW - 1 if (number % 2 == 0) == high else 0
            if imagine_counts(attack, {**fixed, int(cell): value}, 60, chance) is not None:
                fixed[int(cell)] = value
        assert len(fixed) >= 10
        for _ in range(60):
            other = imagine_counts(attack, fixed, 60, chance)
            assert other is not None
            if looks_same(other, released, str(name), group, len(order)):
                break
        else:
            pytest.fail(f"no other need of {name} shows the same")
        moved[name] = pd.Series(other, index=study.settlements["settlement_id"]).astype(int)
    return moved


def looks_same(
    persons: np.ndarray, released: Release, name: str, group: np.ndarray, groups: int
) -> bool:
    from socaccess.privacy import protect

    found = released.protections[name]
    again = protect(
        persons,
        group,
        groups,
        inhabitants=released.result.study.settlements["population"].to_numpy(dtype=float),
        below=BELOW,
    )
    return (
        np.array_equal(again.members, found.members)
        and np.array_equal(again.groups, found.groups)
        and again.total == found.total
    )


def test_everything_is_the_same_to_the_byte(
    counted: StudyResult, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time() + 86_400 * 400
    monkeypatch.setattr(time, "time", lambda: now)
    again = write_outputs(counted, tmp_path, lang="lv", formats=["geojson", "geoparquet"])
    assert {path.name for path in again} == {path.name for path in written.iterdir()}
    for path in again:
        assert path.read_bytes() == (written / path.name).read_bytes(), path.name


@pytest.mark.parametrize("high", [True, False])
def test_other_hidden_counts_give_the_same_bytes(
    counted: StudyResult, counts: pd.DataFrame, written: Path, tmp_path: Path, high: bool
) -> None:
    """Every file, the map and the documents too: what is the same cannot tell."""
    moved = move_hidden_counts(counts, release(counted), high)
    assert int((moved != counts).to_numpy().sum()) >= 20
    other = study_with(moved).run()
    write_outputs(other, tmp_path, lang="lv", formats=["geojson", "geoparquet"])
    # What is called by itself or shown in a notebook leaves too.
    save_map(other, tmp_path / "map-alone.html")
    assert (tmp_path / "map-alone.html").read_bytes() == (written / "map.html").read_bytes()
    assert show_result(other.released) == show_result(counted.released)
    assert draw_folium(other) == draw_folium(counted)
    names = sorted(path.name for path in written.iterdir())
    assert {*FILES} < {*names}
    for name in names:
        assert (written / name).read_bytes() == (tmp_path / name).read_bytes(), name


def draw_folium(result: StudyResult) -> str:
    """Return the page of `explore` without the random names folium gives its elements."""
    page = explore(result, "dac_grt").get_root().render()
    return re.sub(r"[0-9a-f]{32}", "", page)


def test_embedded_study_with_its_map(latgale: StudyResult, tmp_path: Path) -> None:
    write_outputs(latgale, tmp_path)
    said = [*read_back(tmp_path, latgale), *read_map(tmp_path / "map.html", latgale)]
    # Estimates are shown as whole persons, so each may be off by a half.
    # Of the adults and the children with disabilities; where institutions are is public.
    assert check_nothing_is_narrowed(said, latgale, slack=0.5, every=4) > 65
