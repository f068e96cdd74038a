"""One order for all that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from viewer.core.timeline import Timeline


@dataclass
class Write:
    """Puts a number on a pile; taken back, it goes."""

    pile: list[int]
    number: int
    locked: set[int] = field(default_factory=set)

    @property
    def is_possible(self) -> bool:
        return self.number not in self.locked

    def undo(self) -> None:
        assert self.pile.pop() == self.number

    def redo(self) -> None:
        self.pile.append(self.number)


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=60))
def test_undo_and_redo_walk_one_order(deeds: list[str]) -> None:
    timeline, pile = Timeline(), []
    past: list[list[int]] = [[]]
    future: list[list[int]] = []
    for number, deed in enumerate(deeds):
        if deed == "do":
            pile.append(number)
            timeline.push(Write(pile, number))
            past, future = [*past, list(pile)], []
        elif deed == "undo":
            timeline.undo()
            if len(past) > 1:
                future.append(past.pop())
        else:
            timeline.redo()
            if future:
                past.append(future.pop())
        assert pile == past[-1]
        assert timeline.can_undo == (len(past) > 1)
        assert timeline.can_redo == bool(future)


def test_a_step_that_became_impossible_is_passed_over() -> None:
    timeline, pile, locked = Timeline(), [1], {2}
    timeline.push(Write(pile, 1, locked))
    timeline.push(Write([], 2, locked))
    timeline.undo()
    assert pile == []
    assert not timeline.can_undo
    timeline.redo()
    assert pile == [1]


def test_steps_of_one_drag_can_be_told_from_the_next() -> None:
    timeline = Timeline(depth=3)
    step = Write([], 1)
    timeline.push(step, "window")
    assert timeline.last_of("window") is step
    assert timeline.last_of("zoom") is None
    assert timeline.last_of("") is None
    timeline.push(Write([], 2))
    assert timeline.last_of("window") is None
    timeline.push(step, "window")
    timeline.end_merge()
    assert timeline.last_of("window") is None
