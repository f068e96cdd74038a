"""Time without those minutes in which nobody was there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewer.core.active_clock import ActiveClock


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_idle_begins_a_minute_after_the_last_touch() -> None:
    hand = Hand()
    clock = ActiveClock(hand)
    hand.seconds += 59
    assert (clock.seconds(), clock.idle_for(), clock.until_idle()) == (59, 0, 1)
    hand.seconds += 41
    assert (clock.seconds(), clock.idle_for(), clock.until_idle()) == (60, 40, 0)
    assert clock.touch() == 40
    hand.seconds += 5
    assert (clock.seconds(), clock.idle_for()) == (65, 0)
    assert clock.touch() == 0


@given(st.lists(st.floats(0, 300), max_size=20))
def test_active_and_idle_add_up(gaps: list[float]) -> None:
    hand = Hand()
    clock = ActiveClock(hand, idle_seconds=60)
    idle, before = 0.0, 0.0
    for gap in gaps:
        hand.seconds += gap
        idle += clock.touch()
        assert clock.seconds() >= before
        before = clock.seconds()
    assert abs(clock.seconds() + idle - (hand.seconds - 100)) < 1e-6
    assert abs(clock.seconds() - sum(min(gap, 60) for gap in gaps)) < 1e-6
