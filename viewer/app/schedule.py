"""What is computed next, how much at a time, and how long it takes. Plain functions without Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from viewer.core.words import tr

SECONDS_PER_REQUEST = 0.25
"""A request is made about this long, so that scrolling away or stopping takes effect at once."""
MOST_SLICES_PER_REQUEST = 16
BEHIND = 2.5
"""A slice behind the reader counts as so many times farther away than one ahead."""
FAR = 4
"""Work for slices all of which are at least this far away gives way to the slice on screen."""


def in_order(slices: Iterable[int], focus: int, direction: int = 0) -> list[int]:
    """Return slices in the order in which the reader will want them.

    Parameters
    ----------
    slices : iterable of int
        What is to be done.
    focus : int
        The slice on screen; it comes first.
    direction : int
        1 when the reader scrolls towards higher numbers, -1 towards lower ones, 0 when neither.
    """

    def distance(k: int) -> tuple[float, int]:
        away = k - focus
        return abs(away) * (BEHIND if away * direction < 0 else 1.0), k

    return sorted(slices, key=distance)


def gives_way(running: Collection[int], focus: int, wanted: Collection[int]) -> bool:
    """Whether work for the slices ``running`` should stop because the slice on screen waits for the same."""
    return focus in wanted and focus not in running and all(abs(k - focus) >= FAR for k in running)


def next_batch(batch: int, slices: int, seconds: float) -> int:
    """Return how many slices the next request should have after one of ``slices`` took ``seconds``.

    It grows gently: the first request also pays for warming up.
    """
    wanted = SECONDS_PER_REQUEST * slices / max(seconds, 1e-3)
    return int(np.clip(wanted, 1, min(MOST_SLICES_PER_REQUEST, 2 * batch)))


@dataclass(slots=True)
class Speed:
    """Passes per second of this engine, as measured; later measurements count more."""

    passes_per_second: float = 0.0
    _is_rough: bool = True

    def measured(self, passes: float, seconds: float, rough: bool = False) -> None:
        """Take a measurement. A rough one (a first pass with its warming up) yields to any other."""
        if passes <= 0 or seconds <= 0 or (rough and not self._is_rough):
            return
        rate = passes / seconds
        if self.passes_per_second and self._is_rough == rough:
            rate = 0.5 * rate + 0.5 * self.passes_per_second
        self.passes_per_second, self._is_rough = rate, rough

    def seconds(self, passes: float | None) -> float | None:
        """Return how long so many passes take; None when that is not known."""
        if passes is None or not self.passes_per_second:
            return None
        return passes / self.passes_per_second


def duration_text(seconds: float) -> str:
    """Return a rough time in words: ``"under 1 s"``, ``"about 40 s"``, ``"about 3 min"``."""
    if seconds < 1:
        return tr("under 1 s")
    if seconds < 10:
        return tr("about {n} s").format(n=round(seconds))
    if seconds < 90:
        return tr("about {n} s").format(n=5 * round(seconds / 5))
    return tr("about {n} min").format(n=round(seconds / 60))
