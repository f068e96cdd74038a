"""A drag on a picture: which button began it, what it does, how far it went."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from viewer.core.mouse import MouseAction, MouseProfile

SCROLL_PIXELS = 8
"""Of drag that go one slice on."""
_BUTTONS = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}


def _held(event: QMouseEvent) -> tuple[bool, bool]:
    held = event.modifiers()
    return bool(held & Qt.KeyboardModifier.ControlModifier), bool(held & Qt.KeyboardModifier.ShiftModifier)


@dataclass(slots=True)
class Drag:
    """From press to release; without a button there is none."""

    button: Qt.MouseButton = Qt.MouseButton.NoButton
    last: QPointF = field(default_factory=QPointF)
    swipes: bool = False
    action: MouseAction | None = None
    travel: QPointF = field(default_factory=QPointF)
    """Pixels since the press, those of an accelerated drag counted more."""
    scrolled: int = 0
    """Slices gone on since the press."""

    @classmethod
    def begin(cls, event: QMouseEvent, profile: MouseProfile, swipes: bool) -> Drag:
        """Return the drag that this press begins; ``swipes`` when it took hold of the swipe line."""
        action = None if swipes else profile.action(_BUTTONS.get(event.button(), ""), *_held(event))
        return cls(event.button(), event.position(), swipes, action)

    def move(self, event: QMouseEvent, profile: MouseProfile) -> QPointF:
        """Follow the pointer and return how far it went since the last event."""
        delta = event.position() - self.last
        self.last = event.position()
        self.travel += delta * profile.speed(*_held(event))
        return delta

    def slices(self) -> int:
        """Return how many slices to go on by now."""
        steps = round(self.travel.y() / SCROLL_PIXELS) - self.scrolled
        self.scrolled += steps
        return steps
