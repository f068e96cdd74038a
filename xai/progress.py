"""How a long job reports and is cancelled: it calls ``progress(done, total)``; cancelling is that call raising."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]


class Cancelled(Exception):
    """Raised by a progress callback to end the job that called it; not an error."""


def ignore(done: int, total: int) -> None:
    """Take a report and do nothing with it."""
