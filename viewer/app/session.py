"""What is open: the catalogue, the current series as its slices arrive, the state of the view with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.app.opening import Opened, catalog_reading, changes_sentence, keep_unchanged
from viewer.app.second import SecondSeries
from viewer.app.series_reading import SliceRead, label_reading, series_reading
from viewer.app.tasks import Task, TaskRunner, Work
from viewer.app.thumbnails import Thumbnails
from viewer.core import view_state
from viewer.core.bodies import Bodies
from viewer.core.overlay import LabelStyle, OverlayStyle
from viewer.core.resolving import ViewContext
from viewer.core.timeline import Step, Timeline
from viewer.core.undoing import step_of, taken_back
from viewer.core.view_state import Style, ViewState
from viewer.core.window import Preset, auto_window, presets, sample_values, value_span
from xai.errors import ImagingError
from xai.imaging.catalog import Catalog, read_identity
from xai.imaging.series import Identity, Series
from xai.imaging.volume import Problem, Volume

DEFAULT_METHOD = "hirescam"
LABELS = "labels"
"""Key of the label map's overlay."""


@dataclass(slots=True, eq=False)
class ViewStep:
    """A change of the view, as a `Step` that can be taken back; the slice stays where it is."""

    session: Session
    before: ViewState
    after: ViewState

    @property
    def is_possible(self) -> bool:
        """The view can always be changed back."""
        return True

    def undo(self) -> None:
        """Show the view as it was."""
        self.session.show_again(self.before)

    def redo(self) -> None:
        """Show it changed."""
        self.session.show_again(self.after)


class Session(QObject):
    """Keeps the open series and the view; says what changed."""

    catalogChanged = Signal()
    seriesChanged = Signal()
    sliceArrived = Signal(int, object)
    """Slice number and its values (H, W); NaN when it could not be read."""
    volumeReady = Signal()
    viewChanged = Signal()
    pathsOpened = Signal(object)
    """The paths that the user asked for and in which series were found."""
    progressed = Signal(str, int, int)
    message = Signal(str, bool)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._scan: Task | None = None
        self._read: Task | None = None
        self.opened = Opened()
        """The paths that are open and what was found in them."""
        self.thumbnails = Thumbnails(runner, self)
        self.index = -1
        self.slices: list[NDArray[np.float32] | None] = []
        self.failures: dict[int, str] = {}
        self.volume: Volume | None = None
        self.labels: NDArray[np.float32] | None = None
        self.bodies = Bodies()
        self.state = ViewState()
        self.presets: tuple[Preset, ...] = ()
        self.span = 1.0
        self._auto = ViewContext().auto_window
        self._styles: dict[str, Style] = {}
        self.timeline = Timeline()
        self._identities: dict[str, Identity] = {}
        self.second = SecondSeries(runner, self)
        self.second.changed.connect(self.viewChanged)
        self.second.message.connect(self.message)

    # Opening --------------------------------------------------------------------------------------------------------

    @property
    def series(self) -> Series | None:
        """The open series."""
        return self.catalog.series[self.index] if 0 <= self.index < len(self.catalog.series) else None

    def open(self, paths: Sequence[Path]) -> None:
        """Look for series in files and folders; what is open stays until something is found."""
        self._look(paths, (), keep=False)

    def add(self, paths: Sequence[Path]) -> None:
        """Look for series in files and folders beside those that are open; the open series stays."""
        self._look(paths, self.opened.paths, keep=bool(self.opened.paths))

    def rescan(self) -> None:
        """Look through everything that is open again; series, slice and overlays stay where the files are the same."""
        if self.opened.paths:
            self._look((), self.opened.paths, keep=True)

    def _look(self, asked: Sequence[Path], before: Sequence[Path], keep: bool) -> None:
        task = self.look_through(catalog_reading(tuple(asked), tuple(before)))
        task.succeeded.connect(self._found_more if keep else self.take)

    def look_through(self, work: Work) -> Task:
        """Start the work of finding what is to be opened, in the place of any that has not ended."""
        # The title may reach the log, and a path may hold a name.
        self._scan = self._runner.run(work, title="Looking through the files", slot="scan", priority=2)
        self._scan.progressed.connect(lambda done, total: self.progressed.emit("Looking through files", done, total))
        self._scan.failed.connect(lambda why: self.message.emit(why, True))
        self._scan.finished.connect(lambda: self.progressed.emit("Looking through files", 0, 0))
        return self._scan

    def close_all(self) -> None:
        """Close what is open."""
        self._runner.cancel_all()
        self.take(Opened())

    def take(self, opened: Opened) -> None:
        """Show what was found instead of what is open."""
        self._take_catalog(opened, -1)
        if opened.catalog.series:
            self.select(0)
        else:
            self.slices, self.failures, self.volume, self.labels, self.presets = [], {}, None, None, ()
            self.timeline.clear()
            self.seriesChanged.emit()
            self.viewChanged.emit()
        # Behind the first picture of the series that opens.
        self.thumbnails.make(self.catalog.series)
        self.pathsOpened.emit(opened.asked)

    def _found_more(self, found: Opened) -> None:
        now, k = self.series, self.state.slice_index
        opened, changes = keep_unchanged(self.opened, found)
        uids = [series.uid for series in opened.catalog.series]
        number = uids.index(now.uid) if now is not None and now.uid in uids else -1
        # What could not be read before is tried again, though its files look the same.
        is_same = number >= 0 and opened.catalog.series[number] is now and not self.failures
        self._take_catalog(opened, number if is_same else -1)
        if number >= 0 and not is_same:
            series = opened.catalog.series[number]
            self._turn_to(number, replace(self.state, slice_index=min(k, len(series) - 1), peek=False))
        elif number < 0:
            self.select(0)
        self.thumbnails.make(self.catalog.series)
        self.message.emit(changes_sentence(changes, bool(opened.asked)), False)
        self.pathsOpened.emit(opened.asked)

    def _take_catalog(self, opened: Opened, index: int) -> None:
        # The second series goes by its number in the catalogue.
        self.second.close()
        self.opened, self.index = opened, index
        self._identities = {}
        self.catalogChanged.emit()

    @property
    def paths(self) -> tuple[Path, ...]:
        """What was opened."""
        return self.opened.paths

    @property
    def catalog(self) -> Catalog:
        """All series that were found."""
        return self.opened.catalog

    def reorder(self, order: Sequence[int]) -> None:
        """List the series of the catalogue in another order, by their numbers until now; those that are open stay."""
        series = tuple(self.catalog.series[number] for number in order)
        places = {before: now for now, before in enumerate(order)}
        self.opened = replace(self.opened, catalog=replace(self.catalog, series=series))
        self.index, self.second.index = places.get(self.index, -1), places.get(self.second.index, -1)
        self.catalogChanged.emit()
        self.thumbnails.make(series)
        self.viewChanged.emit()

    def select(self, index: int) -> None:
        """Open a series of the catalogue: middle slice first, fitted and windowed; overlay settings stay."""
        if index == self.index or not 0 <= index < len(self.catalog.series):
            return
        middle = len(self.catalog.series[index]) // 2
        state = view_state.fitted(self.state)
        beside = replace(state.beside, slice_index=-1)
        self._turn_to(index, replace(state, slice_index=middle, window=None, invert=False, peek=False, beside=beside))

    def _turn_to(self, index: int, state: ViewState) -> None:
        before, self.index = self.index, index
        series = self.catalog.series[index]
        self.slices = [None] * len(series)
        self.failures = {}
        self.volume = None
        self.labels = None
        self.bodies = Bodies()
        self.timeline.clear()
        self.presets = ()
        self.state = state
        self.second.stand_beside(series)
        change_places = self.second.index == index
        if change_places:
            self.second.close()
        self.seriesChanged.emit()
        # Whoever heard it may have chosen another one.
        if self.series is not series:
            return
        self._start_reading(series)
        if change_places and before >= 0:
            # One series twice would compare nothing.
            self.second.choose(before, self.catalog.series[before], self.state.slice_index)

    def _start_reading(self, series: Series) -> None:
        work = series_reading(series, self.state.slice_index)
        task = self._runner.run(work, title="Reading the series", slot="series", priority=1)
        self._read = task
        task.progressed.connect(lambda done, total: self.progressed.emit("Reading slices", done, total))
        task.arrived.connect(self._slice_read)
        task.succeeded.connect(self._volume_read)
        task.failed.connect(lambda why: self.message.emit(why, True))
        task.finished.connect(lambda: self.progressed.emit("Reading slices", 0, 0))
        if series.label_maps:
            labels = self._runner.run(
                label_reading(series.label_maps[0], len(series)), title="Reading the label map", slot="labels"
            )
            labels.succeeded.connect(self._labels_read)
            labels.failed.connect(lambda why: self.message.emit(why, True))

    def _slice_read(self, read: SliceRead) -> None:
        first = not any(values is not None for values in self.slices)
        self.slices[read.index] = read.values
        if read.failure:
            self.failures[read.index] = read.failure
            self.message.emit(read.failure, True)
        if first:
            self._look_at_values([read.values])
        if self.series is not None and not read.failure:
            self.thumbnails.offer(self.series, read.values)
        self.sliceArrived.emit(read.index, read.values)

    def _volume_read(self, volume: Volume) -> None:
        self.volume = volume
        self._look_at_values(list(volume.array))
        self.volumeReady.emit()
        self.viewChanged.emit()

    def _labels_read(self, labels: NDArray[np.float32]) -> None:
        self.labels = labels
        self.viewChanged.emit()

    def _look_at_values(self, slices: Sequence[NDArray[np.float32]]) -> None:
        series = self.series
        if series is not None:
            samples = sample_values(slices)
            self._auto = auto_window(samples)
            self.presets = presets(samples, series.info)
            self.span = value_span(samples)

    def stop(self) -> None:
        """Stop looking and reading; what is there stays."""
        for task in (self._scan, self._read):
            if task is not None and not task.is_over:
                task.cancel()

    def read_rest(self) -> None:
        """Read the series again from the start if it was stopped."""
        if self.series is not None and self.volume is None:
            self._start_reading(self.series)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is odd about the open series, as far as it is read."""
        if self.volume is not None:
            return self.volume.problems
        return self.series.problems if self.series is not None else ()

    def identity(self) -> Identity | None:
        """Return who was examined, read now; None when the file does not say."""
        series = self.series
        if series is None or series.identity_file is None:
            return None
        if series.uid not in self._identities:
            try:
                self._identities[series.uid] = read_identity(series)
            except ImagingError as error:
                self.message.emit(str(error), True)
                return None
        return self._identities[series.uid]

    # The view -------------------------------------------------------------------------------------------------------

    def context(self, predicted: tuple[int, ...] = (), with_maps: tuple[str, ...] | None = None) -> ViewContext:
        """Return what `viewer.core.resolving.resolve` needs to know of the open series."""
        return ViewContext(len(self.slices), self._auto, predicted, self.second.context(), with_maps)

    def offer_methods(self, keys: Sequence[str]) -> None:
        """Offer overlays for these methods; one is chosen, none is shown until the reader asks."""
        overlays: list[tuple[str, Style]] = [(key, OverlayStyle(visible=key == DEFAULT_METHOD)) for key in keys]
        overlays.append((LABELS, LabelStyle(visible=False)))
        state = view_state.with_overlays(self.state, overlays)
        self.state = replace(state, overlays_on=False, active=DEFAULT_METHOD if DEFAULT_METHOD in keys else keys[0])
        self.viewChanged.emit()

    def change(self, state: ViewState, merge: str = "") -> None:
        """Show ``state``. Slices are not undone; changes of one ``merge`` name (a drag) are one step of undo."""
        if state == self.state:
            return
        old = self.state
        self.state = state
        if step_of(state) != step_of(old):
            last = self.timeline.last_of(merge)
            if isinstance(last, ViewStep):
                last.after = state
            else:
                self.timeline.push(ViewStep(self, replace(old, peek=False), state), merge)
        self.viewChanged.emit()

    def did(self, step: Step) -> None:
        """Take something else that was done (an answer) into the order of what can be taken back."""
        self.timeline.push(step)
        self.viewChanged.emit()

    def restore(self, state: ViewState) -> None:
        """Show ``state`` as the beginning: there is nothing to take back."""
        self.state = state
        self.timeline.clear()
        self.viewChanged.emit()

    def end_merge(self) -> None:
        """End a drag: the next change is a step of its own."""
        self.timeline.end_merge()

    def undo(self) -> None:
        """Take back the last change of the view, or the last answer; the slice stays."""
        self.timeline.undo()
        self.viewChanged.emit()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.timeline.redo()
        self.viewChanged.emit()

    def show_again(self, state: ViewState) -> None:
        """Show ``state`` on the slices that are shown now."""
        self.state = taken_back(state, self.state)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return self.timeline.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return self.timeline.can_redo
