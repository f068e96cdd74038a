"""What can be taken back and done again: changes of the view and answers, in one order."""

from __future__ import annotations

from typing import Protocol

DEPTH = 200


class Step(Protocol):
    """Something that was done."""

    @property
    def is_possible(self) -> bool:
        """Whether it can be taken back or done again; a locked answer cannot."""

    def undo(self) -> None:
        """Take it back."""

    def redo(self) -> None:
        """Do it again."""


class Timeline:
    """Steps that were done, and those that were taken back.

    Steps that have become impossible are passed over.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._merging = ""

    def push(self, step: Step, merge: str = "") -> None:
        """Add a step; what had been taken back can no longer be done again."""
        self._done = [*self._done[-self._depth + 1 :], step]
        self._undone = []
        self._merging = merge

    def last_of(self, merge: str) -> Step | None:
        """Return the last step if it was pushed under the same name ``merge`` and nothing came since, else None."""
        if not merge or merge != self._merging or not self._done:
            return None
        return self._done[-1]

    def end_merge(self) -> None:
        """Let the next step be one of its own."""
        self._merging = ""

    def undo(self) -> None:
        """Take the last possible step back."""
        step = self._taken(self._done)
        if step is not None:
            self._undone.append(step)
            step.undo()

    def redo(self) -> None:
        """Do again what was last taken back."""
        step = self._taken(self._undone)
        if step is not None:
            self._done.append(step)
            step.redo()

    def _taken(self, steps: list[Step]) -> Step | None:
        self._merging = ""
        while steps:
            step = steps.pop()
            if step.is_possible:
                return step
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._done, self._undone, self._merging = [], [], ""

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return any(step.is_possible for step in reversed(self._done))

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return any(step.is_possible for step in reversed(self._undone))
