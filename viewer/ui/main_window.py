"""The window: panels around the pictures; what they ask for goes to the control, what changes comes back drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from viewer.app.control import Control
from viewer.app.engine import EngineInfo
from viewer.app.explaining import Explaining
from viewer.app.method_words import method_texts
from viewer.app.reading import Reading
from viewer.app.session import LABELS, Session
from viewer.app.tasks import TaskRunner
from viewer.ui import pages
from viewer.ui.dialogs import show_page
from viewer.ui.explanation_desk import ExplanationDesk
from viewer.ui.files import Files
from viewer.ui.menus import build_menus
from viewer.ui.screen import Screen
from viewer.ui.workbench import Workbench

BLINK_MS = 500
HINT = "Open a folder (Ctrl+O), or drop files here.\nF1 lists all keys."


class MainWindow(QMainWindow):
    """Puts the panels together. ``closing`` comes once, when the user closes it."""

    closing = Signal()
    refreshed = Signal()
    """Everything on screen is up to date with the session."""

    def __init__(
        self, session: Session, explaining: Explaining, reading: Reading, runner: TaskRunner, hint: str = ""
    ) -> None:
        super().__init__()
        self._session, self._explaining, self._reading = session, explaining, reading
        self.control = Control(session, explaining)
        self.files = Files(self, session, explaining, reading, runner)
        self.setAcceptDrops(True)
        bench = Workbench(method_texts(session, explaining))
        self.bench, self.views, self.series_panel, self.strip = bench, bench.views, bench.series_panel, bench.strip
        self.counter, self.readout, self.task_bar = bench.counter, bench.readout, bench.task_bar
        self.prediction, self.overlays, self.form = bench.prediction, bench.overlays, bench.form
        self.setCentralWidget(bench)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(bench.task_bar, 1)
        self.resize(1440, 900)
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(lambda: self.control.peek(not session.state.peek))
        self.desk = ExplanationDesk(bench, session, explaining, reading, self.control, explaining.engine)
        self._content = Screen(bench, session, explaining, reading, hint or HINT, self.desk)
        self.actions_by_id = build_menus(self, self._bindings())
        self._connect()
        session.offer_methods(tuple(explaining.catalogue))
        self._show_title()
        self.views[0].setFocus()
        self.refresh()

    def refresh(self) -> None:
        """Show the session, the model's results and the answers as they are now."""
        self._content.refresh()

    def _show_title(self) -> None:
        series = self._session.series
        name = f"{series.info.description or 'series'} – " if series is not None else ""
        self.setWindowTitle(f"{name}Overread – research use only, not a medical device")

    # Wiring ---------------------------------------------------------------------------------------------------------

    def _bindings(self) -> dict[str, Callable[[], None]]:
        own: dict[str, Callable[[], None]] = {
            "file.open-folder": self.files.open_folder,
            "file.open-files": self.files.open_files,
            "file.open-model": self.files.open_model,
            "file.export-ratings": self._export_ratings,
            "file.export-maps": self.files.export_maps,
            "file.quit": self._quit,
            "view.full-screen": self._toggle_full_screen,
            "overlay.peek": lambda: self.control.peek(not self._session.state.peek),
            "overlay.blink": self._toggle_blink,
            "rate.next": partial(self.form.step, 1),
            "rate.previous": partial(self.form.step, -1),
            "rate.reader": partial(self.form.reader.setFocus, Qt.FocusReason.ShortcutFocusReason),
            "help.keys": partial(self._show_page, "Keys and mouse", pages.keys_page),
            "help.problems": partial(self._show_page, "What was found on loading", self._problems_page),
            "help.about": partial(self._show_page, "About Overread", pages.about_page),
        }
        for number in range(6):
            own[f"rate.{number}"] = partial(self.form.answer_current, number)
        return own | dict(self.control.bindings()) | self.desk.bindings()

    def _connect(self) -> None:
        session, explaining, reading, control = self._session, self._explaining, self._reading, self.control
        for view in self.views:
            view.sliceRequested.connect(control.scrolled)
            view.dragStarted.connect(control.drag_started)
            view.windowDragged.connect(control.window_dragged)
            view.dragFinished.connect(session.end_merge)
            view.panRequested.connect(control.panned)
            view.zoomRequested.connect(control.zoomed)
            view.opacityRequested.connect(control.opacity_stepped)
            view.layoutRequested.connect(self.actions_by_id["view.maximise"].trigger)
            view.swipeRequested.connect(control.swiped)
        self.series_panel.chosen.connect(session.select)
        self.strip.valueChanged.connect(control.show_slice)
        self.overlays.toggled.connect(control.overlay_ticked)
        self.overlays.styleChanged.connect(control.styled)
        self.overlays.chosen.connect(control.overlay_chosen)
        self.overlays.targetChanged.connect(control.targeted)
        self.overlays.labelsToggled.connect(partial(control.overlay_ticked, LABELS))
        self.form.answered.connect(reading.answer)
        self.form.readerChanged.connect(reading.set_reader)
        self.form.exportRequested.connect(self._export_ratings)
        self.task_bar.cancelRequested.connect(self.actions_by_id["work.cancel"].trigger)
        session.seriesChanged.connect(self._show_title)
        self._content.refreshed.connect(self._show_actions)
        self._content.refreshed.connect(self.refreshed)
        session.progressed.connect(self.task_bar.show_progress)
        explaining.progressed.connect(partial(self.task_bar.show_progress, "Predicting and explaining"))
        for message in (session.message, explaining.message, reading.message, self.files.message, self.desk.message):
            message.connect(self.task_bar.show_message)
        reading.readerChanged.connect(self.form.reader.setText)

    def show_hint_for(self, demo: bool) -> None:
        """Say where the demo's pictures come from."""
        if demo:
            self.task_bar.show_message(
                "Demo: synthetic phantom legs, not patients, and a model trained on such phantoms."
            )

    def show_engine(self, info: EngineInfo) -> None:
        """Say where the engine computes."""
        self.task_bar.device.setText(f"Computing on {info.device.upper()}")

    # Actions --------------------------------------------------------------------------------------------------------

    def _show_actions(self) -> None:
        session, state = self._session, self._session.state
        active = state.style(state.active) if state.active else None
        for command, checked in (
            ("view.invert", state.invert),
            ("view.swipe", state.swipe is not None),
            ("view.crosshair", state.crosshair),
            ("view.identity", state.identity_hidden),
            ("view.full-screen", self.isFullScreen()),
            ("overlay.toggle", state.overlays_on and bool(state.shown)),
            ("overlay.outline", active is not None and active.outline),
            ("overlay.blink", self._blink.isActive()),
            ("overlay.whatif", self.desk.is_painting),
        ):
            self.actions_by_id[command].setChecked(checked)
        self.actions_by_id["edit.undo"].setEnabled(session.can_undo)
        self.actions_by_id["edit.redo"].setEnabled(session.can_redo)

    # Dialogs --------------------------------------------------------------------------------------------------------

    def _export_ratings(self) -> None:
        self.form.commit()
        self.files.export_ratings()

    def _show_page(self, title: str, page: Callable[[], str]) -> None:
        show_page(self, title, page())

    def _problems_page(self) -> str:
        return pages.problems_page(self._session.catalog, self._session.series, self._session.problems)

    # Keys, focus, closing -------------------------------------------------------------------------------------------

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _toggle_blink(self) -> None:
        if self._blink.isActive():
            self._blink.stop()
            self.control.peek(False)
        else:
            self._blink.start()
        self._show_actions()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hide the overlays while Space is held; a control that has the focus has taken its own Space already."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self.control.peek(True)
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Show the overlays again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.control.peek(False)
            return
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """End a peek when the window loses the keyboard: its release would go elsewhere."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.control.peek(False)
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.files.open_paths(paths)

    def _quit(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hand over a comment that is being typed, then close."""
        self.form.commit()
        self._blink.stop()
        self.closing.emit()
        super().closeEvent(event)
        QApplication.quit()
