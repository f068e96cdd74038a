"""An answer as something that can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.answers import Answer
from viewer.core.on_screen import Place

Revise = Callable[[Place, Answer | None, Answer | None, str], None]
"""Place, wanted answer, answer until now, reason."""


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """An answer given, as a `viewer.core.timeline.Step`: taking it back is one more revision, never a deletion.

    Parameters
    ----------
    before, after : Answer, optional
        None stands for no answer.
    revise : callable
        Puts an answer in the place of another one.
    can_revise : callable
        Whether the answer at a place is still open.
    """

    place: Place
    before: Answer | None
    after: Answer | None
    revise: Revise
    can_revise: Callable[[Place], bool]

    @property
    def is_possible(self) -> bool:
        """Whether the answer is still open."""
        return self.can_revise(self.place)

    def undo(self) -> None:
        """Answer as before."""
        self.revise(self.place, self.before, self.after, "undo")

    def redo(self) -> None:
        """Answer again what was taken back."""
        self.revise(self.place, self.after, self.before, "redo")
