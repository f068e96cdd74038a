"""Keeps reports of progress from flooding the window. Without Qt: the engine process uses it too."""

from __future__ import annotations

import time

from xai.progress import Progress

REPORT_INTERVAL_S = 0.03


def paced(report: Progress, interval: float = REPORT_INTERVAL_S) -> Progress:
    """Return a progress callback that passes on the first report, the last (done = total), and few in between."""
    due = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due or done >= total:
            due = now + interval
            report(done, total)

    return progress
