from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from socaccess.maps.shares import NO_ROUTE, NO_SUPPLY, as_percent, share_within, tenths
from socaccess.study.colours import BANDS, CLASSES, DARK, LIGHT, STATUS, class_of


def test_tenths_keep_an_inclusive_limit_true() -> None:
    minutes = np.array([30.0, 29.999999999, 30.0000000001, 30.001, 0.0])
    assert tenths(minutes).tolist() == [300, 300, 300, 301, 0]


@given(st.floats(0, 500), st.sampled_from([15.0, 30.0, 45.0, 60.0]))
def test_what_is_shown_is_within_the_limit_just_when_the_time_is(
    minutes: float, limit: float
) -> None:
    shown = tenths(np.array([minutes]))[0]
    if abs(minutes - limit) > 1e-6:
        assert (shown <= limit * 10) == (minutes <= limit)


def test_without_minutes_no_route_is_not_no_supply() -> None:
    minutes = np.array([np.nan, np.nan])
    assert tenths(minutes, np.array([True, False])).tolist() == [NO_ROUTE, NO_SUPPLY]


@given(st.floats(0, 1))
def test_all_and_none_are_said_only_when_they_are_true(share: float) -> None:
    percent = as_percent(np.array([share]))[0]
    assert (percent == 100) == (share >= 1 - 1e-12)
    assert (percent == 0) == (share <= 1e-12)
    assert abs(percent - share * 100) <= 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50), st.integers(-1, 3)), max_size=30))
def test_share_equals_counting_by_hand(rows: list[tuple[bool, int, int]]) -> None:
    covered = np.array([row[0] for row in rows], dtype=bool)
    weight = np.array([row[1] for row in rows], dtype=float)
    home = np.array([row[2] for row in rows], dtype=int)
    share = share_within(covered, weight, home, 4)
    for group in range(5):
        of = [r for r in rows if (r[2] == group if group < 4 else r[2] >= 0)]
        total = sum(r[1] for r in of)
        if total == 0:
            assert np.isnan(share[group])
        else:
            assert np.isclose(share[group], sum(r[1] for r in of if r[0]) / total)


def test_classes_cover_every_percent_once() -> None:
    for percent in range(101):
        assert sum(c.lowest <= percent <= c.highest for c in CLASSES) == 1
        assert class_of(percent) in CLASSES
    assert class_of(-1) not in CLASSES


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_states_differ_by_three_to_one_and_texts_by_more() -> None:
    fills = [STATUS[name] for name in ("covered", "gap", "unreachable")]
    for i, one in enumerate(fills):
        for other in fills[i + 1 :]:
            assert _contrast(one, other) >= 3
    for theme in (LIGHT, DARK):
        for ground in ("paper", "tint"):
            for ink in ("ink", "muted", "accent"):
                assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        assert _contrast(theme["accent"], theme["accent-ink"]) >= 4.5
        assert _contrast(theme["warn"], theme["warn-ink"]) >= 4.5
        assert _contrast(theme["facility"], theme["halo"]) >= 3
        assert _contrast(theme["border"], theme["paper"]) >= 3


def test_lower_classes_carry_a_pattern_each_its_own() -> None:
    patterns = [c.pattern for c in CLASSES if c.pattern]
    assert len(patterns) == len(set(patterns)) == 3


def test_a_grey_print_keeps_the_order_of_classes_and_bands() -> None:
    for colours in ([c.light for c in CLASSES], [light for light, _ in BANDS]):
        lightness = [_luminance(colour) for colour in colours]
        assert lightness == sorted(lightness)
