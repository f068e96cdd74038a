"""Small pictures of all series, one after the other, behind the reading of the one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.app.tasks import Emit, Task, TaskRunner, Work
from viewer.core.render import render
from viewer.core.window import auto_window, sample_values
from xai.imaging.padding import before
from xai.imaging.series import Series
from xai.progress import Progress

SIDE = 128
"""About how many pixels a thumbnail keeps on its shorter side."""


def thumbnail(values: NDArray[np.float32], series: Series) -> NDArray[np.uint32]:
    """Return one slice (H, W) of ``series`` as a small windowed picture (h, w) of ``0xffRRGGBB``, without padding."""
    if series.content is not None:
        top, left = before(series.content, (values.shape[0], values.shape[1]))
        values = values[top : top + series.content[0], left : left + series.content[1]]
    step = max(1, min(values.shape) // SIDE)
    small = np.ascontiguousarray(values[::step, ::step])
    return render(small, series.geometry.display, auto_window(sample_values([small])))


def thumbnail_reading(series: Series) -> Work:
    """Return the work of making a series' small picture: its middle slice as pixels (h, w)."""

    def work(progress: Progress, emit: Emit) -> NDArray[np.uint32]:
        progress(0, 1)
        return thumbnail(series.read_slice(len(series) // 2), series)

    return work


class Thumbnails(QObject):
    """Makes the pictures of a catalogue; those of series that stay are not made twice."""

    ready = Signal(int, object)
    """Number of the series and its pixels (h, w)."""
    failed = Signal(int, str)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._series: tuple[Series, ...] = ()
        self._tasks: dict[Series, Task] = {}
        self._made: dict[Series, NDArray[np.uint32]] = {}

    def make(self, series: Sequence[Series]) -> None:
        """Make the pictures of these series; others are forgotten."""
        for one in self._series:
            self._stop(one)
        self._series = tuple(series)
        self._made = {one: self._made[one] for one in series if one in self._made}
        for number, one in enumerate(series):
            if one in self._made:
                self.ready.emit(number, self._made[one])
                continue
            task = self._runner.run(thumbnail_reading(one), title="Reading a thumbnail")
            task.succeeded.connect(partial(self._take, one))
            task.failed.connect(partial(self._say, one))
            self._tasks[one] = task

    def tell(self, series: Sequence[Series]) -> None:
        """Say again what was made of ``series``, for whoever has come late or lists them in another order."""
        for number, one in enumerate(series):
            if one in self._made:
                self.ready.emit(number, self._made[one])

    def offer(self, series: Series, values: NDArray[np.float32]) -> None:
        """Use a slice (H, W) that was read anyway."""
        if series not in self._made:
            self._stop(series)
            self._take(series, thumbnail(values, series))

    def _stop(self, series: Series) -> None:
        task = self._tasks.pop(series, None)
        if task is not None and not task.is_over:
            task.cancel()

    def _take(self, series: Series, pixels: NDArray[np.uint32]) -> None:
        if series in self._series:
            self._made[series] = pixels
            self.ready.emit(self._series.index(series), pixels)

    def _say(self, series: Series, why: str) -> None:
        if series in self._series and series not in self._made:
            self.failed.emit(self._series.index(series), why)
