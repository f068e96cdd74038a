"""Time spent with a reader at the window: a monotonic clock that stands still while nobody touches anything."""

from __future__ import annotations

import time
from collections.abc import Callable

IDLE_SECONDS = 60.0
"""Looking without touching anything still counts as reading for so long."""


class ActiveClock:
    """Counts seconds since it was made, without those that were idle.

    Idle begins ``idle_seconds`` after the last touch and ends with the next one.

    Parameters
    ----------
    now : callable
        Seconds of a clock that no clock change moves.
    idle_seconds : float
        How long without a touch is not idle yet.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, idle_seconds: float = IDLE_SECONDS) -> None:
        self._now = now
        self.idle_seconds = idle_seconds
        self._active = 0.0
        self._touched = now()

    def seconds(self) -> float:
        """Return the active seconds so far."""
        return self._active + min(self._now() - self._touched, self.idle_seconds)

    def touch(self) -> float:
        """Say that the reader does something; return for how many seconds it was idle before, mostly 0."""
        idle = self.idle_for()
        self._active = self.seconds()
        self._touched = self._now()
        return idle

    def idle_for(self) -> float:
        """Return for how many seconds it has been idle; 0 when it is not."""
        return max(self._now() - self._touched - self.idle_seconds, 0.0)

    def until_idle(self) -> float:
        """Return in how many seconds idle begins if nothing is touched; 0 when it has begun."""
        return max(self._touched + self.idle_seconds - self._now(), 0.0)
