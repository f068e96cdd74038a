"""Puts the application together: theme, engine, session, window; and takes it apart again."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from viewer.app.engine_worker import CPU_HANDLERS, TORCH_HANDLERS
from viewer.app.preferences import Preferences
from viewer.app.settings import Settings
from viewer.assets import find_asset
from viewer.ui.language import speak_language
from viewer.ui.theme import apply_theme
from viewer.ui.workplace import Workplace

__all__ = ["Workplace", "answers_file", "make_application", "place_file", "run", "settings_file"]


def answers_file() -> Path:
    """Return where answers are kept: the user's data folder, never beside the pictures."""
    return platformdirs.user_data_path("overread", appauthor=False) / "ratings.sqlite"


def settings_file() -> Path:
    """Return where settings are kept."""
    return platformdirs.user_config_path("overread", appauthor=False) / "settings.ini"


def place_file(demo: bool = False) -> Path:
    """Return where the place is kept while the window is open; the demo has its own."""
    return platformdirs.user_state_path("overread", appauthor=False) / ("place-demo.json" if demo else "place.json")


def make_application(preferences: Preferences | None = None) -> QApplication:
    """Return the application with Overread's look; an existing one is dressed again."""
    preferences = preferences or Preferences()
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("overread")
    app.setApplicationDisplayName("Overread")
    app.setWindowIcon(QIcon(str(find_asset("icons/overread.svg"))))
    apply_theme(app, preferences.theme, preferences.scale)
    speak_language(app, preferences.language)
    return app


def run(paths: list[Path], bundle: Path | None, demo: bool) -> int:
    """Open the window on ``paths`` with the classifier in ``bundle`` and return the exit code when it is closed."""
    settings = Settings(settings_file())
    preferences = settings.preferences
    app = make_application(preferences)
    handlers = CPU_HANDLERS if preferences.device == "cpu" else TORCH_HANDLERS
    workplace = Workplace(answers_file(), settings, handlers, place_file(demo))
    workplace.window.show_hint_for(demo)
    # The demo's model is of no use for anything else, so it is not remembered.
    if not demo:
        workplace.remember_mode()
        workplace.explaining.modelChanged.connect(workplace.remember_model)
    workplace.start(paths, bundle, settings.model)
    code = app.exec()
    workplace.close()
    return code
