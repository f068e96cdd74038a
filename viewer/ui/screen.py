"""Brings the panels up to date with what is open, what the model says of it, and what was answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from viewer.app.display import on_screen, pictures, prediction_text, readout, resolved_view
from viewer.app.explaining import Explaining
from viewer.app.reading import CASE_ITEMS, MAP_ITEMS, NOT_JUDGED, Reading
from viewer.app.session import LABELS, Session
from viewer.core.overlay import OverlayStyle
from viewer.ui import pages
from viewer.ui.explanation_desk import ExplanationDesk
from viewer.ui.rating_form import Given, Section
from viewer.ui.workbench import Workbench


class Screen(QObject):
    """Fills a `Workbench`; many things change at once (a slice arrives, a map too), so it does so once for all.

    Parameters
    ----------
    bench : Workbench
        What is filled.
    session, explaining, reading
        Where it comes from.
    hint : str
        Shown in the picture's place while nothing is open.
    desk : ExplanationDesk
        Fills the overlay panel.
    """

    refreshed = Signal()
    """Everything on screen is up to date with the session."""

    def __init__(
        self,
        bench: Workbench,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        hint: str,
        desk: ExplanationDesk,
    ) -> None:
        super().__init__(bench)
        self._bench, self._hint, self._desk = bench, hint, desk
        self._session, self._explaining, self._reading = session, explaining, reading
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        bench.form.build(self._sections())
        bench.form.reader.setText(reading.reader_id)
        session.catalogChanged.connect(self._show_catalog)
        session.seriesChanged.connect(self._show_series)
        session.sliceArrived.connect(self._slice_arrived)
        session.thumbnailReady.connect(bench.series_panel.show_thumbnail)
        for source in (session.viewChanged, explaining.resultsChanged, explaining.modelChanged, reading.answersChanged):
            source.connect(self.refresh_soon)
        desk.refreshWanted.connect(self.refresh_soon)
        for view in bench.views:
            view.pointed.connect(self._pointed)
            view.resized.connect(self.refresh_soon)
            view.left.connect(lambda: bench.readout.setText(""))

    def refresh_soon(self) -> None:
        """Refresh once the event loop is free."""
        self._soon.start()

    def refresh(self) -> None:
        """Show the session, the model's results and the answers as they are now."""
        session, explaining, reading = self._session, self._explaining, self._reading
        view = resolved_view(session, explaining)
        drawn = pictures(session, explaining, view, self._bench.views[0].zoom_percent)
        self._bench.grid.show_count(len(view.panes))
        for number, slice_view in enumerate(self._bench.views[: len(view.panes)]):
            slice_view.show_place(view.zoom, view.pan)
            slice_view.show_picture(drawn[number] if drawn else None, self._empty_text())
            if not view.crosshair:
                slice_view.show_cross(None)
        if self._bench.strip.value() != view.slice_index:
            self._bench.strip.setValue(view.slice_index)
        count = len(session.slices)
        self._bench.counter.setText(f"{view.slice_index + 1} / {count}" if count else "")
        if explaining.classes:
            self._bench.strip.show_probabilities(explaining.probability(1), explaining.classes[1])
        self._bench.prediction.show_text(prediction_text(session, explaining))
        self._show_overlays()
        screen = on_screen(session, explaining, view)
        if screen != reading.screen:
            # What is being typed belongs to what was on screen until now.
            self._bench.form.commit()
            reading.show(screen)
        self._show_answers()
        self.refreshed.emit()

    def _empty_text(self) -> str:
        return "Reading…" if self._session.series is not None else self._hint

    def _show_overlays(self) -> None:
        state = self._session.state
        styles = {key: style for key, style in state.overlays if isinstance(style, OverlayStyle)}
        shown = {key: style if state.overlays_on else replace(style, visible=False) for key, style in styles.items()}
        self._desk.show(shown)
        series = self._session.series
        name = series.label_maps[0].name if series is not None and series.label_maps else ""
        self._bench.overlays.show_labels(name, state.overlays_on and state.style(LABELS).visible)

    def _show_answers(self) -> None:
        self._bench.form.show_sections(self._sections())
        answers: dict[str, Given] = {}
        for item in (*CASE_ITEMS, *MAP_ITEMS):
            answer, saved = self._reading.given(item)
            if answer is not None:
                code = answer.value_label if answer.answered else NOT_JUDGED
                answers[item.id] = Given(code, answer.value_text, saved)
        screen = self._reading.screen
        self._bench.form.show_answers(
            answers, (screen.volume_sha256, screen.slice_index, screen.map_id, screen.target_class)
        )

    def _show_catalog(self) -> None:
        series = self._session.catalog.series
        studies = list(dict.fromkeys(one.info.study_uid for one in series))
        numbers = [studies.index(one.info.study_uid) + 1 if len(studies) > 1 else None for one in series]
        self._bench.series_panel.show_entries([pages.series_entry(*both) for both in zip(series, numbers, strict=True)])
        problems = self._session.catalog.problems
        if problems:
            more = f" and {len(problems) - 1} more (F2)" if len(problems) > 1 else ""
            self._bench.task_bar.show_message(problems[0].message + more, True)

    def _show_series(self) -> None:
        session = self._session
        self._bench.form.commit()
        self._bench.series_panel.show_chosen(session.index)
        self._bench.strip.set_slices(len(session.slices))
        self._explaining.open_series(session.series)
        self._explaining.focus(session.state.slice_index)
        if session.problems:
            self._bench.task_bar.show_message(session.problems[0].message)
        elif session.series is not None:
            self._bench.task_bar.show_message("")
        self.refresh_soon()

    def _slice_arrived(self, k: int, values: object) -> None:
        session = self._session
        read = np.array([one is not None for one in session.slices])
        self._bench.strip.show_reading(read, frozenset(session.failures))
        if k not in session.failures and isinstance(values, np.ndarray):
            self._explaining.slice_arrived(k, values)
        if k == session.state.slice_index:
            self.refresh()

    def _pointed(self, column: float, row: float) -> None:
        session = self._session
        self._bench.readout.setText(readout(session, self._explaining, column, row))
        if session.state.crosshair:
            for view in self._bench.views:
                view.show_cross((column, row))

    def _sections(self) -> list[Section]:
        screen = self._reading.screen
        about_map = f"This map: {screen.map_title}, slice {screen.slice_index}" if screen.map_id else "This map"
        return [
            Section("This case", CASE_ITEMS, self._reading.closed_why(CASE_ITEMS[0])),
            Section(about_map, MAP_ITEMS, self._reading.closed_why(MAP_ITEMS[0])),
        ]
