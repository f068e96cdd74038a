"""Window, session, engine and store of answers, joined; another look or language makes a new window over the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from viewer.app.engine import Engine, EngineInfo
from viewer.app.engine_worker import TORCH_HANDLERS
from viewer.app.explaining import Explaining
from viewer.app.exposure import ExposureLog
from viewer.app.preferences import Preferences
from viewer.app.reading import Reading
from viewer.app.recents import Recents
from viewer.app.restore import MOST_ATTEMPTS, KeptPlace, PlaceKeeper, Restorer
from viewer.app.reveal import Reveal
from viewer.app.run_review import RunReview
from viewer.app.session import Session
from viewer.app.settings import Settings
from viewer.app.tasks import TaskRunner
from viewer.core.mouse import MOUSE_PROFILES
from viewer.core.overlay import OverlayStyle
from viewer.core.view_state import laid_out
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.language import speak_language
from viewer.ui.main_window import MainWindow
from viewer.ui.preferences import PreferencesDialog
from xai.registry import EXPLAINERS, ExplainerEntry

SAVING_SECONDS = 10
"""How long closing waits for answers that are being written."""
RETRY_MS = 5000
"""What could not be saved, for a full disk say, is tried again this often."""
LOOK = ("theme", "language", "scale")
"""Preferences that need a new window."""


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
    place : Path, optional
        File in which the reader's place is kept while the window is open; without one it is not kept.
    catalogue : mapping
        The explanation methods that are offered.
    """

    windowReplaced = Signal()
    """Another window shows what the one before it did."""

    def __init__(
        self,
        answers: Path,
        settings: Settings,
        handlers: str = TORCH_HANDLERS,
        place: Path | None = None,
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
        self.review = RunReview(self.session, self.explaining, self.reveal, self)
        self.exposure = ExposureLog(self.reading, self)
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self._save_again)
        self.settings = settings
        self.recents = Recents(settings.store, self)
        self.preferences = settings.preferences
        self.keeper = PlaceKeeper(place, self._place, self)
        self.dialog: PreferencesDialog | None = None
        self._engine_info: EngineInfo | None = None
        self._offered = self.keeper.found
        self.reading.set_reader(settings.reader_id)
        self.window = self._make_window()
        self.window.look_like(settings.window, settings.panels, settings.hidden_panels)
        self._take_defaults()
        self.reading.readerChanged.connect(self._remember_reader)
        self.engine.ready.connect(self._engine_ready)
        for sentence in (self.engine.crashed, self.engine.stopped):
            sentence.connect(lambda text: self.window.task_bar.show_message(text, True))
        self.keeper.message.connect(lambda text, failure: self.window.task_bar.show_message(text, failure))
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed, Qt.ConnectionType.QueuedConnection)
        if settings.problem:
            self.window.task_bar.show_message(settings.problem, True)

    def _make_window(self) -> MainWindow:
        window = MainWindow(
            *(self.session, self.explaining, self.reading, self.reveal, self.review, self.exports),
            recents=self.recents,
        )
        window.show_full_form(self.settings.full_form)
        window.fullFormChanged.connect(self._remember_form)
        window.seen.connect(self.exposure.see)
        window.set_mouse_profile(MOUSE_PROFILES[self.preferences.mouse])
        window.can_reopen = self._offered is not None
        window.preferencesRequested.connect(self.show_preferences)
        window.reopenRequested.connect(self.reopen)
        return window

    def _take_defaults(self) -> None:
        """Begin with the layout and the display of maps that were used last; which maps are shown begins anew."""
        state, earlier = self.session.state, self.settings.overlays
        overlays = tuple(
            (key, replace(earlier[key], visible=style.visible))
            if key in earlier and isinstance(style, OverlayStyle)
            else (key, style)
            for key, style in state.overlays
        )
        layout = self.settings.layout or state.layout
        self.session.restore(laid_out(replace(state, overlays=overlays), layout))

    def _save_again(self) -> None:
        if self.reading.unsaved and not self.answers.is_busy:
            self.reading.save_again()

    def start(self, paths: Sequence[Path] = (), bundle: Path | None = None, usual_bundle: Path | None = None) -> None:
        """Show the window; then start the engine and open what was asked for.

        After a crash the window opens where it was: at once when nothing else is asked for and it does not crash again
        there, else when the reader says so.

        Parameters
        ----------
        paths : sequence of Path
            Files and folders.
        bundle : Path, optional
            The model that was asked for.
        usual_bundle : Path, optional
            The model if none was asked for, now or before the crash.
        """
        self.window.show()
        self.window.windowHandle().installEventFilter(self.exposure)
        self.reading.open()
        self._retry.start()
        self.engine.start()
        place = self._offered
        wanted = {str(path.absolute()) for path in paths}
        at_once = place is not None and place.attempts < MOST_ATTEMPTS and wanted in (set(), set(place.paths))
        before = Path(place.model) if place is not None and at_once and place.model else None
        model = bundle or (before if before is not None and before.is_dir() else None) or usual_bundle
        if model is not None:
            self.explaining.open_model(model)
        if at_once:
            self.reopen()
        elif paths:
            self.window.files.open_paths(paths)
        if place is not None and not at_once:
            self.window.notice.offer(
                tr("The last window ended without being closed."),
                [
                    (
                        tr("Open where you were"),
                        tr("The series, slice and display of then (Ctrl+Shift+T)"),
                        self.reopen,
                    ),
                    (tr("No"), tr("Go on with what is here"), self._nothing),
                ],
            )
        self.keeper.start()

    # Where the reader is --------------------------------------------------------------------------------------------

    def reopen(self) -> None:
        """Open where the last window was when it ended."""
        place = self._offered
        if place is None:
            return
        self.keeper.try_again(place)
        restorer = Restorer(place, self.session, self.explaining, self)
        restorer.arrived.connect(self._arrived)
        model = Path(place.model) if place.model else None
        if model is not None and model.is_dir() and self.explaining.model is None and not self.explaining.is_loading:
            self.review.use_model(model)
        self.window.restoreGeometry(QByteArray.fromBase64(place.geometry.encode("ascii", "replace")))
        self.session.volumeReady.connect(self.keeper.settled, Qt.ConnectionType.SingleShotConnection)
        restorer.start(self.window.files.open_paths)

    def _arrived(self) -> None:
        place, form = self._offered, self.window.form
        if place is None:
            return
        self._offered, self.window.can_reopen = None, False
        self.window.refresh()
        if place.question in form.cards:
            form.mark(place.question)
        if isinstance(place.drafts, dict):
            form.restore_drafts({str(key): str(text) for key, text in place.drafts.items()})
        self.window.notice.offer(
            tr("The last window ended without being closed; this is where you were. Every saved answer is there."),
            [
                (tr("Go on"), tr("Keep what is open"), self._nothing),
                (tr("Start empty"), tr("Close all series (Ctrl+W)"), self.session.close_all),
            ],
        )

    def _nothing(self) -> None:
        self.window.views[0].setFocus()

    def _place(self) -> KeptPlace:
        session, form = self.session, self.window.form
        series, model = session.series, self.review.usual_model
        return KeptPlace(
            paths=tuple(str(path) for path in session.paths),
            series_uid=series.uid if series is not None else "",
            series_number=max(session.index, 0),
            state=session.state,
            model=str(model.absolute()) if model is not None else "",
            question=form.current,
            drafts=form.drafts(),
            geometry=bytes(self.window.saveGeometry().toBase64().data()).decode("ascii"),
        )

    # Preferences ----------------------------------------------------------------------------------------------------

    def show_preferences(self, focus: str = "theme") -> None:
        """Open the preferences over the window, the keyboard on one of their rows."""
        if self.dialog is None:
            self.dialog = PreferencesDialog(self.preferences, self.window)
            self.dialog.changed.connect(self.apply, Qt.ConnectionType.QueuedConnection)
            self.dialog.forgetRequested.connect(self.settings.forget_model)
            self.dialog.forgetRequested.connect(self.recents.clear)
            self.dialog.finished.connect(self._preferences_closed)
            self.dialog.open()
        self.dialog.boxes[focus].setFocus()

    def _preferences_closed(self) -> None:
        self.dialog = None
        self.window.activateWindow()

    def apply(self, preferences: Preferences) -> None:
        """Put preferences into force and keep them."""
        before, self.preferences = self.preferences, preferences
        self.settings.preferences = preferences
        self.settings.save()
        changed = [name for name in LOOK if getattr(before, name) != getattr(preferences, name)]
        if changed:
            self._make_anew(preferences.scale == before.scale, changed[0])
        self.window.set_mouse_profile(MOUSE_PROFILES[preferences.mouse])

    def _system_changed(self) -> None:
        if self.preferences.theme == "system" and not self.is_closed and theme.follows_other_scheme():
            self._make_anew(True, "theme")

    def _make_anew(self, same_scale: bool, focus: str) -> None:
        """Dress the application again and put a new window in the place of this one."""
        app, old = QApplication.instance(), self.window
        assert isinstance(app, QApplication)
        theme.apply_theme(app, self.preferences.theme, self.preferences.scale)
        speak_language(app, self.preferences.language)
        drafts = old.form.drafts()
        dialog, self.dialog = self.dialog, None
        new = self.window = self._make_window()
        # Widths of panels are those of their letters.
        panels = old.bench.saveState() if same_scale else QByteArray()
        is_plain = not old.windowState() & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen)
        new.look_like(QByteArray() if is_plain else old.saveGeometry(), panels, old.bench.hidden_panels())
        if is_plain:
            # As it is, and not as it would fit into what Qt takes for the screen.
            new.setGeometry(old.geometry())
        if self._engine_info is not None:
            new.show_engine(self._engine_info)
        new.show()
        new.windowHandle().installEventFilter(self.exposure)
        if new.form.current != old.form.current:
            new.form.mark(old.form.current)
        if drafts is not None:
            new.form.restore_drafts(drafts)
        if dialog is not None:
            dialog.finished.disconnect(self._preferences_closed)
            dialog.close()
        old.retire()
        new.activateWindow()
        if dialog is not None:
            self.show_preferences(focus)
        self.windowReplaced.emit()

    def _engine_ready(self, info: EngineInfo) -> None:
        self._engine_info = info
        self.window.show_engine(info)

    def remember_model(self) -> None:
        """Open the same model next time."""
        if self.explaining.model_path is not None and self.review.run is None:
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

    def _remember_look(self) -> None:
        settings, window, state = self.settings, self.window, self.session.state
        settings.window, settings.panels = window.saveGeometry(), window.bench.saveState()
        settings.hidden_panels = window.bench.hidden_panels()
        settings.layout = state.layout
        settings.overlays = {key: style for key, style in state.overlays if isinstance(style, OverlayStyle)}
        settings.save()

    def close(self) -> None:
        """Write what waits to be saved, end threads and process; closing twice does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        self._remember_look()
        self._retry.stop()
        self._save_again()
        self.exposure.close()
        self.reading.close()
        if self.answers.is_busy:
            loop, tick = QEventLoop(), QTimer(interval=10)
            tick.timeout.connect(lambda: None if self.answers.is_busy else loop.quit())
            QTimer.singleShot(SAVING_SECONDS * 1000, loop.quit)
            tick.start()
            loop.exec()
        self.keeper.forget()
        self.engine.shutdown()
        for runner in (self.files, self.exports, self.answers):
            runner.shutdown()
        self.window.deleteLater()
