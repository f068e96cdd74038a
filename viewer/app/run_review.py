"""A training run that is open: its cases, what was said of them out of fold, and the model that may explain each.

While a run is open, no answer of a model is shown for its slices but the one that the run recorded, given by a model
that had not seen the patient; maps are computed by that very model, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from viewer.app.explained import GivenAnswers
from viewer.app.explaining import Explaining
from viewer.app.reveal import Reveal
from viewer.app.run_reading import RunRead, run_reading
from viewer.app.session import Session
from viewer.core.case_order import CaseOrder, Place, in_order, misread_places, orders, step
from viewer.core.words import tr

if TYPE_CHECKING:
    from xai.train.opened import Answer, Case, OpenedRun
    from xai.train.opened_series import CaseSeries

TOLERANCE = 0.05
"""A fold's model that is asked again may be off by so much: it may have answered in half precision before."""


class RunReview(QObject):
    """Opens a run into the session and keeps its cases; without a run it does nothing.

    Parameters
    ----------
    session : Session
        Shows the cases as its series.
    explaining : Explaining
        Is given the answers of the run, and the model of the fold that each case was tested in.
    reveal : Reveal
        Says what may be seen.
    """

    changed = Signal()
    """A run was opened or left, its cases stand in another order, or its labels are shown or hidden."""
    message = Signal(str, bool)

    def __init__(self, session: Session, explaining: Explaining, reveal: Reveal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._explaining, self._reveal = session, explaining, reveal
        self.run: OpenedRun | None = None
        self.series: tuple[CaseSeries, ...] = ()
        """In the order of the list."""
        self.labels_wanted = True
        self.order: CaseOrder = "table"
        self._by_uid: dict[str, CaseSeries] = {}
        self._misread: list[Place] = []
        self._bundle: Path | None = None
        self._usual_model: Path | None = None
        session.catalogChanged.connect(self._catalog_changed)
        session.seriesChanged.connect(self._series_changed)
        explaining.modelChanged.connect(self._model_changed)
        reveal.modeChanged.connect(self._follow_reveal)

    # Opening and leaving --------------------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Open the run in ``folder``; what is open stays until the run is read."""
        task = self._session.look_through(run_reading(folder))
        task.succeeded.connect(self._take)

    def _take(self, read: RunRead) -> None:
        if self.run is None:
            self._usual_model = self._explaining.wanted_path
        self.run = read.run
        self._by_uid = {one.series.uid: one for one in read.series}
        self.labels_wanted = True
        self.order = self.orders[0]
        self._put_in_order(read.series)
        shown = tuple(one.series for one in self.series)
        self._session.take(replace(read.opened, catalog=replace(read.opened.catalog, series=shown)))
        self.changed.emit()
        run = read.run
        words = tr("Training run “{name}”: {misread} of {slices} slices misread out of fold.")
        if not self.shows_labels:
            words = tr("Training run “{name}”: labels are hidden.")
        self.message.emit(words.format(name=run.folder.name, misread=run.misread, slices=run.slices), False)

    def use_model(self, path: Path) -> None:
        """Load another model. It may have learned from the run's pictures, so the run is closed before."""
        if self.run is not None:
            self._usual_model = None
            self._session.close_all()
            self.message.emit(
                tr("The training run is closed: another model may have learned from its pictures."), False
            )
        self._explaining.open_model(path)

    @property
    def usual_model(self) -> Path | None:
        """The model that was chosen for everything but a run."""
        return self._usual_model if self.run is not None else self._explaining.model_path

    def _catalog_changed(self) -> None:
        shown = self._session.catalog.series
        if self.run is not None and not (shown and all(one.uid in self._by_uid for one in shown)):
            self._leave()

    def _leave(self) -> None:
        usual, self._usual_model = self._usual_model, None
        self.run, self.series, self._by_uid, self._misread, self._bundle = None, (), {}, [], None
        # A fold's model must answer for nothing else, not even until the usual one is loaded.
        self._explaining.give(None)
        self._explaining.close_model()
        if usual is not None:
            self._explaining.open_model(usual)
        self.changed.emit()

    # What is on screen ----------------------------------------------------------------------------------------------

    @property
    def here(self) -> CaseSeries | None:
        """The open series; None without a run."""
        series = self._session.series
        return self._by_uid.get(series.uid) if series is not None else None

    @property
    def case(self) -> Case | None:
        """The patient whose series is open; None without a run."""
        return self.case_of(self.here) if self.here is not None else None

    def case_of(self, series: CaseSeries) -> Case:
        """Return the patient of a series of this run."""
        assert self.run is not None
        return self.run.cases[series.case]

    def answer(self, k: int) -> Answer | None:
        """Return what the run says of slice ``k`` of the open series; None where the table does not name it."""
        here = self.here
        return here.answers[k] if here is not None and k < len(here.answers) else None

    @property
    def has_maps(self) -> bool:
        """Whether the run kept the model that had not seen the open case."""
        return self._bundle is not None

    @property
    def why_no_maps(self) -> str:
        """Why no model may explain the open case; empty where one may, or is being loaded."""
        return "" if self._explaining.is_loading else self._explaining.withheld[1]

    def differs_now(self, k: int) -> bool:
        """Whether the fold's model, asked now, answers otherwise than the run recorded: maps explain what it says now.

        It does where the pictures or the table's masks were prepared otherwise, or where it is another model.
        """
        answer, now = self.answer(k), self._explaining.own_prediction().probabilities
        if answer is None or self._explaining.refusal or k >= len(now) or np.isnan(now[k]).any():
            return False
        return min(abs(float(now[k, 1]) - p) for p in (answer.uncalibrated, answer.probability)) > TOLERANCE

    # Labels and order -----------------------------------------------------------------------------------------------

    @property
    def shows_labels(self) -> bool:
        """Whether labels, and what follows from them, may be seen; never while the reader reads first."""
        return self.run is not None and self.labels_wanted and not self._reveal.is_on

    @property
    def shows_answers(self) -> bool:
        """Whether the answers about all cases may be seen at once; reading first reveals one case at a time."""
        return self.run is not None and not self._reveal.is_on

    def toggle_labels(self) -> None:
        """Show the labels or hide them."""
        self.labels_wanted = not self.labels_wanted
        self._follow_reveal()
        self.message.emit(tr("Labels are shown.") if self.labels_wanted else tr("Labels are hidden."), False)

    @property
    def orders(self) -> tuple[CaseOrder, ...]:
        """The orders on offer."""
        return orders(self.shows_labels, self.shows_answers)

    def sort(self, order: CaseOrder) -> None:
        """List the cases in another order; the one that is open stays open."""
        if self.run is None or order not in self.orders:
            return
        self.order = order
        self._put_in_order(self.series)
        places = {one.uid: number for number, one in enumerate(self._session.catalog.series)}
        self._session.reorder([places[one.series.uid] for one in self.series])
        self.changed.emit()

    def next_order(self) -> None:
        """Go on to the next order."""
        now = self.orders.index(self.order) if self.order in self.orders else -1
        self.sort(self.orders[(now + 1) % len(self.orders)])

    def _put_in_order(self, series: Sequence[CaseSeries]) -> None:
        assert self.run is not None
        self.series = tuple(in_order(self.run, series, self.order))
        self._misread = misread_places(self.series)

    def _follow_reveal(self, _on: bool = False) -> None:
        # The order alone could tell what may not be seen.
        if self.run is not None and self.order not in self.orders:
            self.sort(self.orders[0])
        self.changed.emit()

    # Misread slices -------------------------------------------------------------------------------------------------

    def why_no_misread(self, by: int) -> str:
        """Why there is no misread slice to go to; empty when there is one."""
        if self.run is None:
            return tr("Open a training run first (Ctrl+T).")
        if not self.shows_labels:
            return tr("Hidden while you read first.") if self._reveal.is_on else tr("Labels are hidden (Shift+L).")
        if self._to(by) is None:
            return tr("There is no misread slice after this one.") if by > 0 else tr("There is none before this one.")
        return ""

    def _to(self, by: int) -> Place | None:
        return step(self._misread, (self._session.index, self._session.state.slice_index), by)

    def misread_from_here(self, by: int) -> Place | None:
        """Return the next (1) or previous (-1) misread slice, in this case or another; None where there is none."""
        return None if self.why_no_misread(by) else self._to(by)

    def tell_place(self, place: Place) -> None:
        """Say which of the misread slices this is."""
        words = tr("Misread slice {number} of {count}.")
        number = self._misread.index(place) + 1
        self.message.emit(words.format(number=number, count=len(self._misread)), False)

    # The model ------------------------------------------------------------------------------------------------------

    def _series_changed(self) -> None:
        here, run = self.here, self.run
        if here is None or run is None:
            return
        case = run.cases[here.case]
        self._explaining.give(_given(run, case, here))
        self._bundle = run.bundle_of(case.fold)
        if self._bundle is None:
            self._explaining.withhold(
                tr("no fold model kept"),
                tr(
                    "No maps: the run did not keep the model of fold {fold}, and the final model has seen this "
                    "patient. Train with --keep-folds to see maps here."
                ).format(fold=case.fold),
            )
        elif self._explaining.model_path == self._bundle and not self._explaining.is_loading:
            self._explaining.withhold("", "")
        else:
            words = tr("The model of fold {fold} is being loaded.").format(fold=case.fold)
            self._explaining.withhold(tr("loading the model"), words)
            self._explaining.open_model(self._bundle)

    def _model_changed(self) -> None:
        case = self.case
        if case is None or self._bundle is None or self._explaining.is_loading:
            return
        if self._explaining.model_path == self._bundle:
            self._explaining.withhold("", "")
        else:
            self._explaining.withhold(
                tr("no fold model"),
                tr("No maps: the model of fold {fold} cannot be loaded, and no other may explain this case.").format(
                    fold=case.fold
                ),
            )


def _given(run: OpenedRun, case: Case, here: CaseSeries) -> GivenAnswers:
    probabilities = np.full((len(here.answers), len(run.classes)), np.nan, np.float32)
    predictions = np.full(len(here.answers), -1, np.int64)
    for k, answer in enumerate(here.answers):
        if answer is not None:
            probabilities[k] = 1 - answer.probability, answer.probability
            predictions[k] = answer.prediction
    return GivenAnswers(probabilities, predictions, run.classes, f"out-of-fold {run.folder.name} fold {case.fold}")
