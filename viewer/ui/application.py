"""Puts the application together: theme, engine, session, window; and takes it apart again."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from viewer.app.engine import Engine
from viewer.app.engine_worker import TORCH_HANDLERS
from viewer.app.explaining import Explaining
from viewer.app.exposure import ExposureLog
from viewer.app.reading import Reading
from viewer.app.recents import Recents
from viewer.app.reveal import Reveal
from viewer.app.session import Session
from viewer.app.settings import Settings
from viewer.app.tasks import TaskRunner
from viewer.assets import find_asset
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import apply_theme
from xai.registry import EXPLAINERS, ExplainerEntry

SAVING_SECONDS = 10
"""How long closing waits for answers that are being written."""


def answers_file() -> Path:
    """Return where answers are kept: the user's data folder, never beside the pictures."""
    return platformdirs.user_data_path("overread", appauthor=False) / "ratings.sqlite"


def settings_file() -> Path:
    """Return where settings are kept."""
    return platformdirs.user_config_path("overread", appauthor=False) / "settings.ini"


def make_application() -> QApplication:
    """Return the application with Overread's look; an existing one is dressed again."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("overread")
    app.setApplicationDisplayName("Overread")
    app.setWindowIcon(QIcon(str(find_asset("icons/overread.svg"))))
    apply_theme(app)
    return app


class Workplace(QObject):
    """Window, session, engine and store of answers, joined.

    Parameters
    ----------
    answers : Path
        File of the store of answers.
    settings : Settings
        What is remembered from the last time.
    handlers : str
        What the engine process can do, see `Engine`.
    catalogue : mapping
        The explanation methods that are offered.
    """

    def __init__(
        self,
        answers: Path,
        settings: Settings,
        handlers: str = TORCH_HANDLERS,
        catalogue: Mapping[str, ExplainerEntry] = EXPLAINERS,
    ) -> None:
        super().__init__()
        self.is_closed = False
        self.engine = Engine(self, handlers=handlers)
        # One reads pictures (a reader is used by one thread at a time), one keeps the answers, one writes maps.
        self.files = TaskRunner(self, name="files")
        self.answers = TaskRunner(self, name="answers")
        self.exports = TaskRunner(self, name="exports")
        self.session = Session(self.files, self)
        self.explaining = Explaining(self.engine, self, catalogue)
        self.reading = Reading(answers, self.answers, self)
        # What may not be seen yet is shown from one that knows of no model.
        blank = Explaining(self.engine, self, catalogue)
        self.reveal = Reveal(self.session, self.explaining, self.reading, blank, self)
        self.exposure = ExposureLog(self.reading, self)
        self.settings = settings
        self.reading.set_reader(settings.reader_id)
        self.recents = Recents(settings.store, self)
        self.window = MainWindow(
            self.session, self.explaining, self.reading, self.reveal, self.exports, recents=self.recents
        )
        self.window.restoreGeometry(settings.window)
        self.window.show_full_form(settings.full_form)
        self.window.fullFormChanged.connect(self._remember_form)
        self.window.seen.connect(self.exposure.see)
        self.reading.readerChanged.connect(self._remember_reader)
        self.engine.ready.connect(self.window.show_engine)
        for sentence in (self.engine.crashed, self.engine.stopped):
            sentence.connect(lambda text: self.window.task_bar.show_message(text, True))

    def start(self, paths: Sequence[Path] = (), bundle: Path | None = None) -> None:
        """Show the window; then start the engine and open what was asked for."""
        self.window.show()
        self.window.windowHandle().installEventFilter(self.exposure)
        self.reading.open()
        self.engine.start()
        if bundle is not None:
            self.explaining.open_model(bundle)
        if paths:
            self.window.files.open_paths(paths)

    def remember_model(self) -> None:
        """Open the same model next time."""
        if self.explaining.model_path is not None:
            self.settings.model = self.explaining.model_path.absolute()

    def remember_mode(self) -> None:
        """Read first if that was chosen the last time, and remember the choice from now on."""
        self.reveal.set_on(self.settings.read_first)
        self.reveal.modeChanged.connect(self._remember_mode)

    def _remember_mode(self, on: bool) -> None:
        self.settings.read_first = on

    def _remember_form(self, full: bool) -> None:
        self.settings.full_form = full

    def _remember_reader(self, reader_id: str) -> None:
        self.settings.reader_id = reader_id

    def close(self) -> None:
        """Write what waits to be saved, end threads and process; closing twice does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        self.settings.window = self.window.saveGeometry()
        self.settings.save()
        self.exposure.close()
        self.reading.close()
        if self.answers.is_busy:
            loop, tick = QEventLoop(), QTimer(interval=10)
            tick.timeout.connect(lambda: None if self.answers.is_busy else loop.quit())
            QTimer.singleShot(SAVING_SECONDS * 1000, loop.quit)
            tick.start()
            loop.exec()
        self.engine.shutdown()
        for runner in (self.files, self.exports, self.answers):
            runner.shutdown()
        self.window.deleteLater()


def run(paths: list[Path], bundle: Path | None, demo: bool) -> int:
    """Open the window on ``paths`` with the classifier in ``bundle`` and return the exit code when it is closed."""
    app = make_application()
    settings = Settings(settings_file())
    workplace = Workplace(answers_file(), settings)
    workplace.window.show_hint_for(demo)
    # The demo's model is of no use for anything else, so it is not remembered.
    if not demo:
        workplace.remember_mode()
        workplace.explaining.modelChanged.connect(workplace.remember_model)
    workplace.start(paths, bundle or settings.model)
    code = app.exec()
    workplace.close()
    return code
