"""Nothing is cut off and nothing lies over anything else: looks, sizes of letters and of the window, languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.fitting import misfits
from viewer.app.preferences import LANGUAGES, THEMES, Language
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.language import has_language

SIZES = (QSize(1280, 800), QSize(3840, 2160))
SPOKEN = [language for language, _ in LANGUAGES if has_language(language)]


def look_at(window: QWidget) -> list[str]:
    app = QApplication.instance()
    assert app is not None
    # Once for the layouts, once for what measures its width only when it is shown.
    for _ in range(3):
        app.processEvents()
    return misfits(window)


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_is_cut_off(
    workplace: Workplace, qtbot: QtBot, tmp_path: Path, scale: float, language: Language
) -> None:
    for theme, _ in THEMES[:2]:
        workplace.apply(replace(workplace.preferences, theme=theme, scale=scale, language=language))
        window = workplace.window
        hands = Hands(window, tmp_path)
        workplace.session.restore(replace(workplace.session.state, layout="single", overlays_on=True))
        for size in SIZES:
            window.resize(size)
            window.refresh()
            assert window.size() == size
            assert look_at(window) == [], f"{theme} {size}"
        window.notice.offer("The last window ended without being closed.", [("Go on", "Keep it", window.refresh)])
        window.task_bar.show_progress("Predicting and explaining", 3, 200)
        window.resize(SIZES[0])
        workplace.session.restore(replace(workplace.session.state, layout="methods"))
        window.refresh()
        assert look_at(window) == [], f"{theme}, busy"
        for keys in ("Ctrl+,", "F1", "F2", "F3"):
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            hands.press(keys, window)
            dialog = QApplication.activeModalWidget()
            assert dialog is not None, keys
            assert look_at(dialog) == [], f"{theme} {keys}"
            dialog.close()


def test_without_a_model_or_a_series(make_workplace: Callable[..., Workplace], qtbot: QtBot) -> None:
    place = make_workplace()
    place.start()
    for scale in (1.0, 2.0):
        place.apply(replace(place.preferences, scale=scale))
        place.window.resize(SIZES[0])
        assert look_at(place.window) == []


def test_what_is_cut_off_is_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    label = QLabel("a long sentence that needs its room", window)
    label.setGeometry(0, 0, 40, 20)
    wrapped = QLabel("a sentence of several words that takes lines", window)
    wrapped.setWordWrap(True)
    wrapped.setGeometry(0, 60, 80, 14)
    button = QPushButton("Export everything", window)
    button.setGeometry(10, 66, 40, 22)
    outside = QLabel("x", window)
    outside.setGeometry(290, 150, 40, 20)
    window.show()
    found = "\n".join(misfits(window))
    for words in ("pixels of width for text", "14 high and needs", "lies over", "reaches out"):
        assert words in found
