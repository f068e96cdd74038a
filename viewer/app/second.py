"""The series beside the first: its slices as they arrive, and how it lies to the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.app.series_reading import SliceRead, outwards
from viewer.app.tasks import Emit, Task, TaskRunner, Work
from viewer.core.beside import Relation, SecondContext, relate
from viewer.core.resolving import ViewContext
from viewer.core.window import Preset, auto_window, presets, sample_values, value_span
from viewer.core.words import tr
from xai.errors import ImagingError
from xai.imaging.series import Series
from xai.progress import Progress


def second_reading(series: Series, start: int) -> Work:
    """Return the work of reading ``series`` from slice ``start`` outwards: emits a `SliceRead` per slice."""

    def work(progress: Progress, emit: Emit) -> None:
        for done, k in enumerate(outwards(len(series), start)):
            progress(done, len(series))
            try:
                emit(SliceRead(k, series.read_slice(k)))
            except ImagingError as error:
                emit(SliceRead(k, np.full(series.geometry.shape[1:], np.nan, np.float32), str(error)))

    return work


class SecondSeries(QObject):
    """Keeps the series that is shown beside the first one; read by the same threads as that, one after the other."""

    changed = Signal()
    """Another series, or all of it is there."""
    sliceArrived = Signal(int)
    message = Signal(str, bool)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._task: Task | None = None
        self._first: Series | None = None
        self.index = -1
        """Its number in the catalogue; -1 for none."""
        self.series: Series | None = None
        self.relation: Relation | None = None
        self._forget()

    def _forget(self) -> None:
        self.slices: list[NDArray[np.float32] | None] = [None] * (len(self.series) if self.series is not None else 0)
        self.failures: dict[int, str] = {}
        self.presets: tuple[Preset, ...] = ()
        self.span = 1.0
        self._auto = ViewContext().auto_window

    def stand_beside(self, first: Series | None) -> None:
        """Say which series is the first one now."""
        self._first = first
        self._relate()

    def _relate(self) -> None:
        first, second = self._first, self.series
        self.relation = None
        if first is not None and second is not None:
            self.relation = relate(first.geometry, second.geometry, first.info, second.info)

    def choose(self, index: int, series: Series, first_slice: int) -> None:
        """Show ``series``, number ``index`` of the catalogue, beside slice ``first_slice`` of the first."""
        self.close()
        self.index, self.series = index, series
        self._forget()
        self._relate()
        start = self.relation.slice_for(first_slice) if self.relation is not None else len(series) // 2
        task = self._runner.run(
            second_reading(series, start), title=tr("Reading the second series"), slot="second series", priority=1
        )
        self._task = task
        task.arrived.connect(self._arrived)
        task.succeeded.connect(self._read)
        task.failed.connect(lambda why: self.message.emit(why, True))
        self.changed.emit()

    def close(self) -> None:
        """Show no second series."""
        if self._task is not None and not self._task.is_over:
            self._task.cancel()
        self._task = None
        had_one = self.series is not None
        self.index, self.series, self.relation = -1, None, None
        self._forget()
        if had_one:
            self.changed.emit()

    def _arrived(self, read: SliceRead) -> None:
        is_first = all(one is None for one in self.slices)
        self.slices[read.index] = read.values
        if read.failure:
            self.failures[read.index] = read.failure
            self.message.emit(read.failure, True)
        if is_first:
            self._look_at_values([read.values])
        self.sliceArrived.emit(read.index)

    def _read(self) -> None:
        self._look_at_values([values for values in self.slices if values is not None])
        self.changed.emit()

    def _look_at_values(self, slices: Sequence[NDArray[np.float32]]) -> None:
        if self.series is not None:
            samples = sample_values(slices)
            self._auto = auto_window(samples)
            self.presets = presets(samples, self.series.info)
            self.span = value_span(samples)

    def context(self) -> SecondContext | None:
        """Return what `resolve` needs to know of it; None when there is no second series."""
        if self.series is None or self.relation is None:
            return None
        return SecondContext(len(self.series), self._auto, self.relation)
