"""PySide6 6.12.0 under Python 3.11 drops a reference of True or None with every call; the window would die of it."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, QTimer, Signal


class Source(QObject):
    told = Signal(int)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True and None live for ever from Python 3.12 on")
def test_signals_and_timers_keep_the_references_of_true_and_none() -> None:
    source, timer = Source(), QTimer()
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(1000):
        source.told.emit(1)
        timer.stop()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert abs(after[0] - before[0]) < 500
    assert abs(after[1] - before[1]) < 500
