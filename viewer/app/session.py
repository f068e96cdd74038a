"""What is open: the catalogue, the current series as its slices arrive, the state of the view with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.app.tasks import Emit, Task, TaskRunner, Work
from viewer.core import view_state
from viewer.core.overlay import LabelStyle, OverlayStyle
from viewer.core.render import render
from viewer.core.view_state import Style, ViewContext, ViewState
from viewer.core.window import Preset, auto_window, presets, sample_values, value_span
from xai.errors import ImagingError
from xai.imaging.catalog import Catalog, read_identity, scan
from xai.imaging.series import Identity, LabelMap, Series
from xai.imaging.volume import Problem, Volume
from xai.progress import Progress

UNDO_DEPTH = 200
DEFAULT_METHOD = "hirescam"
LABELS = "labels"
"""Key of the label map's overlay."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceRead:
    """One slice as it was read, or why it could not be."""

    index: int
    values: NDArray[np.float32]
    failure: str = ""


def from_the_middle(count: int) -> list[int]:
    """Return slice numbers from the middle outwards: the first picture is the one that is shown."""
    middle = count // 2
    return sorted(range(count), key=lambda k: (abs(k - middle), k))


def series_reading(series: Series) -> Work:
    """Return the work of reading ``series``: emits a `SliceRead` per slice, results in the `Volume` with its hash."""

    def work(progress: Progress, emit: Emit) -> Volume:
        array = np.full(series.geometry.shape, np.nan, np.float32)
        problems = list(series.problems)
        for done, k in enumerate(from_the_middle(len(series))):
            progress(done, len(series))
            failure = ""
            try:
                array[k] = series.read_slice(k)
            except ImagingError as error:
                failure = str(error)
                problems.append(Problem("undecodable", failure))
            emit(SliceRead(k, array[k], failure))
        volume = Volume(array, series.geometry, series.info, tuple(problems))
        # Hashing a long series takes a moment: here, not where it is asked for.
        _ = volume.sha256
        return volume

    return work


def label_reading(labels: LabelMap, slices: int) -> Work:
    """Return the work of reading a label map: results in its slices (D, H, W)."""

    def work(progress: Progress, emit: Emit) -> NDArray[np.float32]:
        read = []
        for k in range(slices):
            progress(k, slices)
            read.append(labels.reader.read_slice(k))
        return np.stack(read)

    return work


def thumbnail_reading(series: Series) -> Work:
    """Return the work of making a series' small picture: its middle slice as pixels (h, w)."""

    def work(progress: Progress, emit: Emit) -> NDArray[np.uint32]:
        values = series.read_slice(len(series) // 2)
        step = max(1, min(values.shape) // 128)
        values = np.ascontiguousarray(values[::step, ::step])
        return render(values, series.geometry.display, auto_window(sample_values([values])))

    return work


class Session(QObject):
    """Keeps the open series and the view; says what changed."""

    catalogChanged = Signal()
    seriesChanged = Signal()
    sliceArrived = Signal(int, object)
    """Slice number and its values (H, W); NaN when it could not be read."""
    volumeReady = Signal()
    viewChanged = Signal()
    thumbnailReady = Signal(int, object)
    progressed = Signal(str, int, int)
    message = Signal(str, bool)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._scan: Task | None = None
        self._read: Task | None = None
        self.catalog = Catalog((), ())
        self.index = -1
        self.slices: list[NDArray[np.float32] | None] = []
        self.failures: dict[int, str] = {}
        self.volume: Volume | None = None
        self.labels: NDArray[np.float32] | None = None
        self.state = ViewState()
        self.presets: tuple[Preset, ...] = ()
        self.span = 1.0
        self._auto = ViewContext().auto_window
        self._styles: dict[str, Style] = {}
        self._undo: list[ViewState] = []
        self._redo: list[ViewState] = []
        self._merging = ""
        self._identities: dict[str, Identity] = {}

    # Opening --------------------------------------------------------------------------------------------------------

    @property
    def series(self) -> Series | None:
        """The open series."""
        return self.catalog.series[self.index] if 0 <= self.index < len(self.catalog.series) else None

    def open(self, paths: Sequence[Path]) -> None:
        """Look for series in files and folders; what is open stays until something is found."""

        def work(progress: Progress, emit: Emit) -> Catalog:
            return scan(paths, progress)

        names = ", ".join(path.name or str(path) for path in paths)
        self._scan = self._runner.run(work, title=f"Opening {names}", slot="scan", priority=2)
        self._scan.progressed.connect(lambda done, total: self.progressed.emit("Looking through files", done, total))
        self._scan.failed.connect(lambda why: self.message.emit(why, True))
        self._scan.finished.connect(lambda: self.progressed.emit("Looking through files", 0, 0))
        self._scan.succeeded.connect(self._found)

    def _found(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.index = -1
        self._identities = {}
        self.catalogChanged.emit()
        for number, series in enumerate(catalog.series):
            task = self._runner.run(thumbnail_reading(series), title="Reading a thumbnail", slot=f"thumbnail {number}")
            task.succeeded.connect(lambda pixels, number=number: self.thumbnailReady.emit(number, pixels))
        if catalog.series:
            self.select(0)
        else:
            self.seriesChanged.emit()

    def select(self, index: int) -> None:
        """Open a series of the catalogue: middle slice first, fitted and windowed; overlay settings stay."""
        if index == self.index or not 0 <= index < len(self.catalog.series):
            return
        self.index = index
        series = self.catalog.series[index]
        self.slices = [None] * len(series)
        self.failures = {}
        self.volume = None
        self.labels = None
        self._undo, self._redo, self._merging = [], [], ""
        self.presets = ()
        self.state = replace(
            view_state.fitted(self.state), slice_index=len(series) // 2, window=None, invert=False, peek=False
        )
        self.seriesChanged.emit()
        self._start_reading(series)

    def _start_reading(self, series: Series) -> None:
        task = self._runner.run(series_reading(series), title="Reading the series", slot="series", priority=1)
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
        """Return what `viewer.core.view_state.resolve` needs to know of the open series."""
        return ViewContext(len(self.slices), self._auto, predicted, with_maps)

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
        if replace(state, slice_index=0, peek=False) != replace(old, slice_index=0, peek=False):
            if not merge or merge != self._merging:
                self._undo = [*self._undo[-UNDO_DEPTH + 1 :], replace(old, peek=False)]
            self._redo = []
            self._merging = merge
        self.viewChanged.emit()

    def end_merge(self) -> None:
        """End a drag: the next change is a step of its own."""
        self._merging = ""

    def undo(self) -> None:
        """Take back the last change of the view; the slice stays."""
        self._restore(self._undo, self._redo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._restore(self._redo, self._undo)

    def _restore(self, source: list[ViewState], other: list[ViewState]) -> None:
        if source:
            other.append(self.state)
            self.state = replace(source.pop(), slice_index=self.state.slice_index, peek=False)
            self._merging = ""
            self.viewChanged.emit()

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._redo)
