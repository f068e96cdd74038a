from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.app.schedule import MOST_SLICES_PER_REQUEST, Speed, duration_text, gives_way, in_order, next_batch


def test_the_slice_on_screen_comes_first_then_those_ahead() -> None:
    assert in_order(range(10), 5) == [5, 4, 6, 3, 7, 2, 8, 1, 9, 0]
    assert in_order(range(10), 5, 1)[:5] == [5, 6, 7, 4, 8]
    assert in_order(range(10), 5, -1)[:5] == [5, 4, 3, 6, 2]


@given(st.sets(st.integers(0, 50)), st.integers(0, 50), st.sampled_from([-1, 0, 1]))
def test_nothing_is_forgotten_and_nearer_on_the_same_side_comes_first(
    todo: set[int], focus: int, direction: int
) -> None:
    order = in_order(todo, focus, direction)
    assert sorted(order) == sorted(todo)
    for side in ([k for k in order if k > focus], [k for k in order if k < focus]):
        assert side == sorted(side, key=lambda k: abs(k - focus))


def test_work_far_away_gives_way_only_to_a_slice_that_waits() -> None:
    assert gives_way([1, 2], 20, [20, 21])
    assert not gives_way([1, 2], 20, [21]), "the slice on screen is done"
    assert not gives_way([18, 2], 20, [20]), "some of it is near"
    assert not gives_way([20], 20, [20]), "it is the slice on screen"


def test_batches_grow_gently_and_shrink_at_once() -> None:
    assert next_batch(1, 1, 1e-4) == 2
    assert next_batch(8, 8, 0.01) == MOST_SLICES_PER_REQUEST
    assert next_batch(16, 16, 8.0) == 1


def test_speed_is_measured_and_a_rough_guess_yields() -> None:
    speed = Speed()
    assert speed.seconds(100) is None
    speed.measured(1, 0.5, rough=True)
    assert speed.seconds(100) == pytest.approx(50)
    speed.measured(100, 1.0)
    assert speed.seconds(100) == pytest.approx(1)
    speed.measured(1, 0.5, rough=True)
    assert speed.seconds(100) == pytest.approx(1), "a guess changes no measurement"
    speed.measured(300, 1.0)
    assert speed.seconds(200) == pytest.approx(1)
    assert speed.seconds(None) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.3, "under 1 s"), (4.4, "about 4 s"), (41, "about 40 s"), (100, "about 2 min"), (3600, "about 60 min")],
)
def test_times_are_said_roughly(seconds: float, words: str) -> None:
    assert duration_text(seconds) == words
