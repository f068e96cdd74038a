"""Joins an open training run to the window: list of cases, strip, prediction panel, commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from viewer.app.control import Control
from viewer.app.display import PredictionText
from viewer.app.reveal import Reveal
from viewer.app.run_review import RunReview
from viewer.app.run_words import case_texts, corner_lines, run_prediction, run_summary, slice_marks, with_corner
from viewer.app.session import Session
from viewer.core.case_order import ORDER_WORDS
from viewer.core.load_report import SEVERE
from viewer.core.picture import Picture
from viewer.core.resolving import ResolvedView
from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui.menus import command_tip
from viewer.ui.series_panel import SeriesEntry, series_entries
from viewer.ui.workbench import Workbench

CLOSED_IN_RUN = ("file.add-folder", "file.add-files", "file.rescan")


class RunDesk(QObject):
    """Shows what a run says, and turns what the reader does with it into changes of `RunReview`.

    Parameters
    ----------
    bench : Workbench
        The panels.
    session, review, reveal, control
        What they show and act on.
    """

    refreshWanted = Signal()

    def __init__(self, bench: Workbench, session: Session, review: RunReview, reveal: Reveal, control: Control) -> None:
        super().__init__(bench)
        self._bench, self._session, self._review = bench, session, review
        self._reveal, self._control = reveal, control
        bench.series_panel.orderChosen.connect(self._sort)
        review.changed.connect(self._follow)

    @property
    def shows_labels(self) -> bool:
        """Whether labels are on screen."""
        return self._review.shows_labels

    def bindings(self) -> dict[str, Callable[[], None]]:
        """Return the function of each of its commands, by id."""
        return {
            "run.next-misread": partial(self._to_misread, 1),
            "run.previous-misread": partial(self._to_misread, -1),
            "run.labels": self._review.toggle_labels,
            "run.sort": self._review.next_order,
        }

    def reasons(self) -> dict[str, str]:
        """Return why its commands cannot run now, and those that cannot run while a run is open."""
        review = self._review
        no_run = "" if review.run is not None else tr("Open a training run first (Ctrl+T).")
        reasons = {
            "run.next-misread": review.why_no_misread(1),
            "run.previous-misread": review.why_no_misread(-1),
            "run.labels": no_run or (tr("Hidden while you read first.") if self._reveal.is_on else ""),
            "run.sort": no_run or ("" if len(review.orders) > 1 else tr("Hidden while you read first.")),
        }
        if review.run is not None:
            reasons |= dict.fromkeys(CLOSED_IN_RUN, tr("A training run is open; close it first (Ctrl+W)."))
        return reasons

    def _sort(self, number: int) -> None:
        if number < len(self._review.orders):
            self._review.sort(self._review.orders[number])

    def _to_misread(self, by: int) -> None:
        place = self._review.misread_from_here(by)
        if place is not None:
            self._session.select(place[0])
            self._control.show_slice(place[1])
            self._review.tell_place(place)

    def _follow(self) -> None:
        self.show_list()
        self.refreshWanted.emit()

    # What is shown --------------------------------------------------------------------------------------------------

    def show_list(self) -> None:
        """Fill the list: the cases of the run, or else the series that are open."""
        session, review, panel = self._session, self._review, self._bench.series_panel
        orders = [tr(ORDER_WORDS[order]) for order in review.orders] if review.run is not None else []
        chosen = review.orders.index(review.order) if review.order in review.orders else 0
        panel.show_orders(run_summary(review), orders, chosen, command_tip("run.sort"))
        panel.show_entries(self._entries())
        panel.show_chosen(session.index)
        session.thumbnails.tell(session.catalog.series)

    def _entries(self) -> Sequence[SeriesEntry]:
        review = self._review
        if review.run is None:
            return series_entries(self._session.catalog.series)
        entries = []
        for text, one in zip(case_texts(review), review.series, strict=True):
            # That tiles have no millimetres is said on every picture; other problems name files, and files may be
            # named for their class.
            problems = [problem for problem in one.series.problems if problem.code != "geometry-unknown"]
            shown = problems if review.shows_labels else []
            entries.append(
                SeriesEntry(
                    "",
                    text.title,
                    text.details,
                    tuple(said(problem.message) for problem in shown),
                    any(problem.code in SEVERE for problem in shown),
                    text.misread,
                    text.aside,
                )
            )
        return entries

    def show_marks(self) -> None:
        """Mark the strip."""
        self._bench.strip.show_marks(slice_marks(self._review))

    def prediction(self) -> PredictionText | None:
        """Return the prediction panel's words; None without a run, or where no answer may be seen."""
        if self._review.run is None or not self._reveal.shows_prediction:
            return None
        return run_prediction(self._review, self._session.state.slice_index)

    def with_answers(self, pictures: Sequence[Picture | None], view: ResolvedView) -> list[Picture | None]:
        """Return the pictures of the open series with the answer in their corner."""
        lines = corner_lines(self._review, view.slice_index, self._reveal.shows_prediction)
        panes = [*view.panes, *([None] * (len(pictures) - len(view.panes)))]
        return [
            picture if pane is not None and pane.beside else with_corner(self._review, picture, lines)
            for picture, pane in zip(pictures, panes, strict=True)
        ]
