"""The window: panels around the pictures; what they ask for goes to the control, what changes comes back drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from viewer.app.control import Control
from viewer.app.display import (
    explanation_card,
    method_texts,
    on_screen,
    pictures,
    prediction_text,
    readout,
    resolved_view,
)
from viewer.app.engine import EngineInfo
from viewer.app.explaining import METHODS, Explaining
from viewer.app.reading import CASE_ITEMS, MAP_ITEMS, NOT_JUDGED, Reading
from viewer.app.session import LABELS, Session
from viewer.app.tasks import TaskRunner
from viewer.core.overlay import OverlayStyle
from viewer.ui import pages, theme
from viewer.ui.dialogs import show_page
from viewer.ui.files import Files
from viewer.ui.menus import build_menus
from viewer.ui.overlay_panel import OverlayPanel
from viewer.ui.prediction_panel import PredictionPanel
from viewer.ui.rating_form import Given, RatingForm, Section
from viewer.ui.series_panel import SeriesPanel
from viewer.ui.slice_strip import SliceStrip
from viewer.ui.slice_view import SliceView
from viewer.ui.task_bar import TaskBar
from viewer.ui.view_grid import ViewGrid

BLINK_MS = 500


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
        self._hint = hint or "Open a folder (Ctrl+O), or drop files here.\nF1 lists all keys."
        self.control = Control(session, explaining)
        self.files = Files(self, session, explaining, reading, runner)
        self.setAcceptDrops(True)
        self.series_panel = SeriesPanel()
        self.views = tuple(SliceView(f"Picture {number}") for number in range(1, 5))
        self.grid = ViewGrid(self.views)
        self.strip = SliceStrip()
        self.counter = QLabel()
        self.readout = theme.muted(wrap=False)
        self.prediction = PredictionPanel()
        self.overlays = OverlayPanel(method_texts(session, explaining))
        self.form = RatingForm()
        self.task_bar = TaskBar()
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(lambda: self.control.peek(not session.state.peek))
        # Many things change at once (a slice arrives, a map too): what is shown is brought up to date once.
        self._update = QTimer(self, singleShot=True, interval=0)
        self._update.timeout.connect(self.refresh)
        self._build()
        self.actions_by_id = build_menus(self, self._bindings())
        self._connect()
        session.offer_methods(METHODS)
        self.form.build(self._sections())
        self.form.reader.setText(reading.reader_id)
        self._show_title()
        self.views[0].setFocus()
        self.refresh()

    # Layout ---------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        slider = QHBoxLayout()
        slider.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 0)
        self.counter.setFont(theme.mono_font(self.counter))
        self.counter.setMinimumWidth(self.counter.fontMetrics().horizontalAdvance("000 / 000"))
        self.counter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        slider.addWidget(self.strip, 1)
        slider.addWidget(self.counter)
        values = QHBoxLayout()
        values.setContentsMargins(theme.MARGIN + 8, 0, theme.MARGIN, 4)
        self.readout.setFont(theme.mono_font(self.readout, -1))
        self.readout.setAccessibleName("Values under the pointer")
        values.addWidget(self.readout, 1)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.grid, 1)
        column.addLayout(slider)
        column.addLayout(values)
        side = QWidget()
        right = QVBoxLayout(side)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.prediction)
        right.addWidget(_line())
        right.addWidget(self.overlays)
        right.addWidget(_line())
        right.addWidget(self.form, 1)
        main = QSplitter(Qt.Orientation.Horizontal)
        main.setChildrenCollapsible(False)
        for panel, stretch in ((self.series_panel, 0), (centre, 1), (side, 0)):
            main.addWidget(panel)
            main.setStretchFactor(main.count() - 1, stretch)
        self.series_panel.setMinimumWidth(180)
        side.setMinimumWidth(350)
        main.setSizes([210, 2000, 372])
        self.setCentralWidget(main)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.task_bar, 1)
        self.resize(1440, 900)

    def _show_title(self) -> None:
        series = self._session.series
        name = f"{series.info.description or 'series'} – " if series is not None else ""
        self.setWindowTitle(f"{name}Overread – research use only, not a medical device")

    def _sections(self) -> list[Section]:
        screen = self._reading.screen
        about_map = f"This map: {screen.map_title}, slice {screen.slice_index}" if screen.map_id else "This map"
        return [
            Section("This case", CASE_ITEMS, self._reading.closed_why(CASE_ITEMS[0])),
            Section(about_map, MAP_ITEMS, self._reading.closed_why(MAP_ITEMS[0])),
        ]

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
            "overlay.card": partial(self._show_page, "Explanation card", self._card_page),
            "help.about": partial(self._show_page, "About Overread", pages.about_page),
        }
        for number in range(6):
            own[f"rate.{number}"] = partial(self.form.answer_current, number)
        return own | dict(self.control.bindings())

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
            view.pointed.connect(self._pointed)
            view.resized.connect(self._update.start)
            view.left.connect(partial(self.readout.setText, ""))
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
        session.catalogChanged.connect(self._show_catalog)
        session.seriesChanged.connect(self._show_series)
        session.sliceArrived.connect(self._slice_arrived)
        session.thumbnailReady.connect(self.series_panel.show_thumbnail)
        session.progressed.connect(self.task_bar.show_progress)
        explaining.progressed.connect(partial(self.task_bar.show_progress, "Predicting and explaining"))
        for source in (session.viewChanged, explaining.resultsChanged, explaining.modelChanged, reading.answersChanged):
            source.connect(self._update.start)
        for message in (session.message, explaining.message, reading.message, self.files.message):
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

    # Bringing the screen up to date ---------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the session, the model's results and the answers as they are now."""
        session, explaining, reading = self._session, self._explaining, self._reading
        view = resolved_view(session, explaining)
        drawn = pictures(session, explaining, view, self.views[0].zoom_percent)
        self.grid.show_count(len(view.panes))
        for number, slice_view in enumerate(self.views[: len(view.panes)]):
            slice_view.show_place(view.zoom, view.pan)
            slice_view.show_picture(drawn[number] if drawn else None, self._empty_text())
            if not view.crosshair:
                slice_view.show_cross(None)
        if self.strip.value() != view.slice_index:
            self.strip.setValue(view.slice_index)
        count = len(session.slices)
        self.counter.setText(f"{view.slice_index + 1} / {count}" if count else "")
        if explaining.classes:
            self.strip.show_probabilities(explaining.probability(1), explaining.classes[1])
        self.prediction.show_text(prediction_text(session, explaining))
        self._show_overlays()
        screen = on_screen(session, explaining, view)
        if screen != reading.screen:
            # What is being typed belongs to what was on screen until now.
            self.form.commit()
            reading.show(screen)
        self._show_answers()
        self._show_actions()
        self.refreshed.emit()

    def _empty_text(self) -> str:
        return "Reading…" if self._session.series is not None else self._hint

    def _show_overlays(self) -> None:
        state = self._session.state
        styles = {key: style for key, style in state.overlays if isinstance(style, OverlayStyle)}
        shown = {key: style if state.overlays_on else replace(style, visible=False) for key, style in styles.items()}
        texts = method_texts(self._session, self._explaining)
        active = state.active if state.active in styles else METHODS[0]
        self.overlays.show_methods(texts, shown, active, state.target)
        series = self._session.series
        name = series.label_maps[0].name if series is not None and series.label_maps else ""
        self.overlays.show_labels(name, state.overlays_on and state.style(LABELS).visible)

    def _show_answers(self) -> None:
        self.form.show_sections(self._sections())
        answers: dict[str, Given] = {}
        for item in (*CASE_ITEMS, *MAP_ITEMS):
            answer, saved = self._reading.given(item)
            if answer is not None:
                code = answer.value_label if answer.answered else NOT_JUDGED
                answers[item.id] = Given(code, answer.value_text, saved)
        screen = self._reading.screen
        self.form.show_answers(answers, (screen.volume_sha256, screen.slice_index, screen.map_id, screen.target_class))

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
        ):
            self.actions_by_id[command].setChecked(checked)
        self.actions_by_id["edit.undo"].setEnabled(session.can_undo)
        self.actions_by_id["edit.redo"].setEnabled(session.can_redo)

    def _show_catalog(self) -> None:
        series = self._session.catalog.series
        studies = list(dict.fromkeys(one.info.study_uid for one in series))
        numbers = [studies.index(one.info.study_uid) + 1 if len(studies) > 1 else None for one in series]
        self.series_panel.show_entries([pages.series_entry(*both) for both in zip(series, numbers, strict=True)])
        problems = self._session.catalog.problems
        if problems:
            more = f" and {len(problems) - 1} more (F2)" if len(problems) > 1 else ""
            self.task_bar.show_message(problems[0].message + more, True)

    def _show_series(self) -> None:
        session = self._session
        self.form.commit()
        self.series_panel.show_chosen(session.index)
        self.strip.set_slices(len(session.slices))
        self._explaining.open_series(session.series)
        self._explaining.focus(session.state.slice_index)
        self._show_title()
        if session.problems:
            self.task_bar.show_message(session.problems[0].message)
        elif session.series is not None:
            self.task_bar.show_message("")
        self._update.start()

    def _slice_arrived(self, k: int, values: object) -> None:
        session = self._session
        read = np.array([one is not None for one in session.slices])
        self.strip.show_reading(read, frozenset(session.failures))
        if k not in session.failures and isinstance(values, np.ndarray):
            self._explaining.slice_arrived(k, values)
        if k == session.state.slice_index:
            self.refresh()

    def _pointed(self, column: float, row: float) -> None:
        session = self._session
        self.readout.setText(readout(session, self._explaining, column, row))
        if session.state.crosshair:
            for view in self.views:
                view.show_cross((column, row))

    # Dialogs --------------------------------------------------------------------------------------------------------

    def _export_ratings(self) -> None:
        self.form.commit()
        self.files.export_ratings()

    def _show_page(self, title: str, page: Callable[[], str]) -> None:
        show_page(self, title, page())

    def _card_page(self) -> str:
        return pages.card_page(explanation_card(self._session, self._explaining))

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


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet(f"background: {theme.LINE.name()};")
    return line
