"""Fixtures shared by all tests."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

REAL_DATA = Path(os.environ.get("OVERREAD_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture
def real_data() -> Path:
    """The folder of real series; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real data at {REAL_DATA}; set OVERREAD_TEST_DATA")
    return REAL_DATA


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """Fail a test that leaves a thread, a process or a widget behind."""
    from PySide6.QtCore import QCoreApplication, QEvent

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
