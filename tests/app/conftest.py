"""Nothing may be left behind by a test: no thread, no process, no widget."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    threads = set(threading.enumerate())
    children = set(multiprocessing.active_children())
    widgets = top_level_widgets()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert [t for t in threading.enumerate() if t not in threads] == []
    assert [p for p in multiprocessing.active_children() if p not in children] == []
    assert top_level_widgets() - widgets == set()


def top_level_widgets() -> set[object]:
    if "PySide6.QtWidgets" not in sys.modules:
        return set()
    from PySide6.QtWidgets import QApplication

    return set(QApplication.topLevelWidgets())
