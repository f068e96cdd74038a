"""Brings the panels up to date with what is open, what the model says of it, and what was answered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from viewer.app.display import pictures, prediction_text, readout
from viewer.app.explaining import Explaining
from viewer.app.reading import NOT_JUDGED, Reading
from viewer.app.reasons import no_maps_why
from viewer.app.reveal import Reveal
from viewer.app.second_display import second_readout
from viewer.app.session import LABELS, Session
from viewer.core.beside import Place, place_of
from viewer.core.crosses import crosses
from viewer.core.items import CASE_FORM, MAP_FORM, SLICE_FORM, WHERE, Item
from viewer.core.overlay import OverlayStyle
from viewer.core.ratings import Answer
from viewer.core.resolving import ResolvedView
from viewer.core.revisions import answer_words
from viewer.core.said import said
from viewer.core.stages import asked
from viewer.core.words import tr
from viewer.ui.explanation_desk import ExplanationDesk
from viewer.ui.marking import ShownMark
from viewer.ui.menus import allow
from viewer.ui.rating_form import Given, Section
from viewer.ui.run_desk import RunDesk
from viewer.ui.stage_bar import StageText
from viewer.ui.workbench import Workbench
from xai.imaging.series import Series
from xai.imaging.volume import Gap

READ_AGAIN_MS = 40
"""After a change of the picture its value under the pointer is read again; not while slices fly past."""


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
    run_desk : RunDesk
        Fills the list, and says what a training run says.
    """

    refreshed = Signal()
    """Everything on screen is up to date with the session."""
    seen = Signal(object, object)
    """What an answer given now is about (`OnScreen`), and what the views draw (`ResolvedView`)."""

    def __init__(
        self,
        bench: Workbench,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        reveal: Reveal,
        hint: str,
        desk: ExplanationDesk,
        run_desk: RunDesk,
    ) -> None:
        super().__init__(bench)
        self._bench, self._hint, self._desk, self._run_desk = bench, hint, desk, run_desk
        self._session, self._explaining, self._reading = session, explaining, reading
        self._reveal = reveal
        self.full = False
        """Whether everything is asked, or the short form."""
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        bench.form.build([Section("", items) for items in (CASE_FORM, SLICE_FORM, MAP_FORM)])
        bench.form.reader.setText(reading.reader_id)
        session.catalogChanged.connect(self._show_catalog)
        session.seriesChanged.connect(self._show_series)
        session.sliceArrived.connect(self._slice_arrived)
        session.thumbnails.ready.connect(bench.series_panel.show_thumbnail)
        session.thumbnails.failed.connect(bench.series_panel.show_no_thumbnail)
        for source in (session.viewChanged, explaining.resultsChanged, explaining.modelChanged, reading.answersChanged):
            source.connect(self.refresh_soon)
        desk.refreshWanted.connect(self.refresh_soon)
        run_desk.refreshWanted.connect(self.refresh_soon)
        reveal.changed.connect(self.refresh_soon)
        reveal.changed.connect(self._forget_what_was_told)
        self._read_again = QTimer(self, singleShot=True, interval=READ_AGAIN_MS)
        self._read_again.timeout.connect(self._read_out)
        session.second.sliceArrived.connect(self._second_arrived)
        self._view: ResolvedView | None = None
        self._pointer: tuple[int, float, float] | None = None
        for number, view in enumerate(bench.views):
            view.pointed.connect(partial(self._pointed, number))
            view.resized.connect(self.refresh_soon)
            view.left.connect(lambda: bench.readout.setText(""))
        self._show_what_is_open()

    def _show_what_is_open(self) -> None:
        """Show a session that was open before this window was."""
        session = self._session
        if session.catalog.series:
            self._run_desk.show_list()
            self._bench.strip.set_slices(len(session.slices))
            self._show_reading()

    def _forget_what_was_told(self) -> None:
        """Take away what was read off a map or said of the model, now that it may not be seen."""
        if not self._reveal.shows_maps:
            self._bench.readout.clear()
        if not self._reveal.shows_prediction:
            self._bench.task_bar.clear_message()

    def _read_out(self) -> None:
        """Read the values under the pointer anew: the picture below it has changed."""
        for number, view in enumerate(self._bench.views):
            place = view.pointer_place()
            if place is not None and view.isVisible():
                self._pointed(number, *place)

    def refresh_soon(self) -> None:
        """Refresh once the event loop is free."""
        self._soon.start()

    def refresh(self) -> None:
        """Show the session, the model's results and the answers as they are now."""
        session, reading, reveal = self._session, self._reading, self._reveal
        predictions = reveal.predictions
        view = reveal.view()
        self._view = view
        drawn = self._run_desk.with_answers(pictures(session, reveal.maps, view), view)
        self._bench.grid.show_count(len(view.panes))
        for slice_view, pane, picture in zip(self._bench.views, view.panes, drawn, strict=False):
            place = picture.place if picture is not None and picture.place is not None else Place(view.zoom, view.pan)
            shown = session.second.series if pane.beside else session.series
            slice_view.show_place(place if shown is None else place_of(shown, place))
            slice_view.show_picture(picture, self._second_text() if pane.beside else self._empty_text())
        self._show_crosses()
        if self._bench.strip.value() != view.slice_index:
            self._bench.strip.setValue(view.slice_index)
        count = len(session.slices)
        self._bench.counter.setText(f"{view.slice_index + 1} / {count}" if count else "")
        self._bench.show_results(reveal.shows_prediction, reveal.shows_maps)
        self._bench.strip.show_hidden("" if reveal.shows_prediction else tr("the prediction comes after your reading"))
        if predictions.classes:
            self._bench.strip.show_probabilities(predictions.probability(1), predictions.classes[1])
        self._run_desk.show_marks()
        self._bench.prediction.show_text(self._run_desk.prediction() or prediction_text(session, predictions))
        self._show_overlays()
        screen = reveal.screen(view)
        if screen != reading.screen:
            # What is being typed belongs to what was on screen until now.
            self._bench.form.commit()
        reading.show(screen, sum(asked(reveal.stage, self.full), ()))
        self._show_answers()
        self._read_again.start()
        self.refreshed.emit()
        self.seen.emit(screen, view)

    def _second_text(self) -> str:
        if self._session.second.series is not None:
            return tr("Reading…")
        return tr("No second series.\nCtrl+click one in the list, or press Ctrl+Shift+PgDown.")

    def _second_arrived(self, k: int) -> None:
        shown = self._view.beside if self._view is not None else None
        if shown is None or shown.slice_index == k:
            self.refresh_soon()

    def _empty_text(self) -> str:
        return tr("Reading…") if self._session.series is not None else self._hint

    def _show_overlays(self) -> None:
        state = self._reveal.state
        styles = {key: style for key, style in state.overlays if isinstance(style, OverlayStyle)}
        shown = {key: style if state.overlays_on else replace(style, visible=False) for key, style in styles.items()}
        self._desk.show(shown)
        series = self._session.series
        why_not = no_maps_why(self._session, self._explaining)
        panel = self._bench.overlays
        for control in (*panel.rows.values(), panel.target, panel.colormap, panel.scale, panel.threshold):
            allow(control, why_not)
        name = series.label_maps[0].name if series is not None and series.label_maps else ""
        self._bench.overlays.show_labels(name, state.overlays_on and state.style(LABELS).visible)

    def _show_answers(self) -> None:
        reading, reveal, form = self._reading, self._reveal, self._bench.form
        sections = self._sections()
        form.show_sections(sections)
        form.show_answers({item.id: self._given(item) for section in sections for item in section.items})
        is_staged = reveal.stage is not None
        locked = reading.locked_stages(reading.screen.case_id)
        form.stages.show_text(StageText(locked, reading.lock_why(), reading.was_seen) if is_staged else None)
        screen, marking = reading.screen, self._bench.marking
        marks = [ShownMark(answer.value_text, stage, True) for stage, answer in reading.earlier(WHERE)]
        mark, _ = reading.given(WHERE)
        if mark is not None and mark.value_text:
            marks.append(ShownMark(mark.value_text, tr("your mark")))
        marking.show_marks(marks, (screen.volume_sha256, screen.slice_index))
        if marking.is_active and not form.can_mark:
            marking.stop()

    def _given(self, item: Item) -> Given:
        reading = self._reading
        answer, saved = reading.given(item)
        earlier = [f"{stage}: {_words(item, before)}" for stage, before in reading.earlier(item)]
        words = tr("before, locked – {answers}").format(answers=", ".join(earlier)) if earlier else ""
        if answer is None:
            return Given(earlier=words, saved=saved)
        code = answer.value_label if answer.answered else NOT_JUDGED
        stage = answer.about.stage
        locked = stage if stage in reading.locked_stages(answer.about.case_id) else ""
        return Given(code, answer.value_text, saved, answer.revisions, words, locked)

    def _show_catalog(self) -> None:
        self._run_desk.show_list()
        problems = self._session.catalog.problems
        if problems:
            more = tr(" and {count} more (F2)").format(count=len(problems) - 1) if len(problems) > 1 else ""
            self._bench.task_bar.show_message(said(problems[0].message) + more, True)

    def _show_series(self) -> None:
        session = self._session
        self._bench.form.commit()
        self._bench.series_panel.show_chosen(session.index)
        self._bench.strip.set_slices(len(session.slices), *_gaps(session.series))
        self._explaining.open_series(session.series)
        self._explaining.focus(session.state.slice_index)
        if session.problems:
            self._bench.task_bar.show_message(session.problems[0].message)
        elif session.series is not None:
            self._bench.task_bar.show_message("")
        self.refresh_soon()

    def _slice_arrived(self, k: int, values: object) -> None:
        session = self._session
        self._show_reading()
        if k not in session.failures and isinstance(values, np.ndarray):
            self._explaining.slice_arrived(k, values)
        if k == session.state.slice_index:
            self.refresh()

    def _show_reading(self) -> None:
        session = self._session
        read = np.array([one is not None for one in session.slices], bool)
        self._bench.strip.show_reading(read, dict(session.failures))

    def _pointed(self, number: int, column: float, row: float) -> None:
        view = self._view
        if view is None or number >= len(view.panes):
            return
        if view.panes[number].beside:
            self._bench.readout.setText(second_readout(self._session, view, column, row))
        else:
            self._bench.readout.setText(readout(self._session, self._reveal.maps, column, row))
        self._pointer = (number, column, row)
        self._show_crosses()

    def _show_crosses(self) -> None:
        if self._view is not None:
            marks = crosses(self._view, self._session.second.relation, self._pointer)
            for view, mark in zip(self._bench.views, marks, strict=False):
                view.show_cross(mark)

    def _sections(self) -> list[Section]:
        reading, screen = self._reading, self._reading.screen
        titles = tr("This case"), tr("This slice"), tr("This map")
        if screen.volume_sha256:
            titles = titles[0], tr("This slice: {k}").format(k=screen.slice_index), titles[2]
        if screen.map_id:
            about = tr("This map: {title}, slice {k}").format(title=screen.map_title, k=screen.slice_index)
            titles = *titles[:2], about
        sections = []
        for title, items in zip(titles, asked(self._reveal.stage, self.full), strict=True):
            closed = reading.closed_why(items[0]) if items else ""
            sections.append(Section(title, items, closed, {item.id: reading.place_key(item) for item in items}))
        return sections


def _gaps(series: Series | None) -> tuple[tuple[Gap, ...], float | None]:
    """Return where slices are missing and the usual distance between slices in millimetres."""
    if series is None:
        return (), None
    return series.gaps, series.geometry.spacing[0] if series.geometry.known else None


def _words(item: Item, answer: Answer) -> str:
    return answer_words(item, answer.answered, answer.value_label, answer.value_text)
