"""The slice slider and, under it, the model's probability for every slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from viewer.core.words import tr
from viewer.ui import theme

HANDLE = 12
"""Height of the part with the handle, in pixels."""
BARS = 30
"""Height of the part with the bars."""
SIDE = 8


class SliceStrip(QAbstractSlider):
    """A slider over the slices with a bar per slice: its height is the probability of the affected class.

    A slice not read yet is hatched, one that cannot be read is crossed, one not predicted yet has a dot.
    Keyboard, wheel and the accessible value are `QAbstractSlider`'s own.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setPageStep(10)
        self._probabilities: NDArray[np.float32] = np.empty(0, np.float32)
        self._read: NDArray[np.bool_] = np.empty(0, bool)
        self._failed: frozenset[int] = frozenset()
        self._class_name = "affected"
        self._marked: frozenset[int] = frozenset()
        self._hidden = ""
        self.show_hidden("")

    def sizeHint(self) -> QSize:
        """Return the height of slider and bars."""
        return QSize(300, HANDLE + BARS + 4)

    def set_slices(self, count: int) -> None:
        """Start over with ``count`` slices of which nothing is known."""
        self._probabilities = np.full(count, np.nan, np.float32)
        self._read = np.zeros(count, bool)
        self._failed = frozenset()
        self.setRange(0, max(count - 1, 0))
        self.update()

    def show_probabilities(self, probabilities: NDArray[np.float32], class_name: str) -> None:
        """Show the probability of ``class_name`` for every slice (D,); NaN where there is none."""
        self._probabilities, self._class_name = probabilities, class_name
        self.update()

    def show_hidden(self, why: str) -> None:
        """Show no probabilities, for the reason ``why``; an empty reason allows them again."""
        self._hidden = why
        self.setAccessibleName(tr("Slice") if why else tr("Slice, with the model's probability under it"))
        if why:
            self._probabilities, self._class_name = np.full(len(self._read), np.nan, np.float32), ""
            self.update()

    def show_reading(self, read: NDArray[np.bool_], failed: frozenset[int]) -> None:
        """Show which slices are there and which cannot be read."""
        self._read, self._failed = read, failed
        self.update()

    def place_of(self, k: float) -> float:
        """Return the horizontal place of slice ``k`` in the widget's pixels."""
        width = self.width() - 2 * SIDE
        return SIDE + (k + 0.5) * width / max(len(self._read), 1)

    def _slice_at(self, x: float) -> int:
        width = max(self.width() - 2 * SIDE, 1)
        return int(np.clip((x - SIDE) * len(self._read) // width, self.minimum(), self.maximum()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw track, handle and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        count = len(self._read)
        base = HANDLE + BARS + 1.0
        track = QRectF(SIDE, HANDLE / 2 - 1.5, self.width() - 2 * SIDE, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.LINE)
        painter.drawRoundedRect(track, 1.5, 1.5)
        if not count:
            return
        cell = (self.width() - 2 * SIDE) / count
        gap = 1.0 if cell > 4 else 0.0
        painter.fillRect(QRectF(SIDE, HANDLE + 1, self.width() - 2 * SIDE, BARS), theme.BACKGROUND)
        for k in range(count):
            box = QRectF(SIDE + k * cell + gap / 2, HANDLE + 1, max(cell - gap, 0.5), BARS)
            if k in self._failed:
                painter.fillRect(box, QColor(90, 40, 40))
                painter.setPen(QPen(theme.FAILURE, 1))
                painter.drawLine(box.topLeft(), box.bottomRight())
                painter.drawLine(box.bottomLeft(), box.topRight())
            elif not self._read[k]:
                painter.fillRect(box, Qt.GlobalColor.transparent)
                painter.fillRect(box, Qt.BrushStyle.BDiagPattern)
            elif self._hidden:
                continue
            elif np.isnan(self._probabilities[k]):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.LINE)
                painter.drawEllipse(QPointF(box.center().x(), base - 4), 1.5, 1.5)
            else:
                p = float(self._probabilities[k])
                height = max(p * BARS, 1.5)
                colour = theme.AFFECTED if p >= 0.5 else theme.HEALTHY
                painter.fillRect(QRectF(box.left(), base - height, box.width(), height), colour)
        if not self._hidden:
            painter.setPen(QPen(QColor(255, 255, 255, 70), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(SIDE, base - BARS / 2), QPointF(self.width() - SIDE, base - BARS / 2))
        self._paint_handle(painter, base, cell)

    def _paint_handle(self, painter: QPainter, base: float, cell: float) -> None:
        x = self.place_of(self.sliderPosition())
        painter.setPen(QPen(theme.TEXT, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(x - max(cell, 3) / 2, HANDLE + 1, max(cell, 3), base - HANDLE - 1))
        focused = self.hasFocus()
        painter.setBrush(theme.ACCENT if focused else theme.TEXT)
        painter.setPen(QPen(theme.BACKGROUND, 1))
        half = HANDLE / 2
        handle = [QPointF(x - half, 0.5), QPointF(x + half, 0.5), QPointF(x + half, half), QPointF(x, HANDLE + 0.5)]
        painter.drawPolygon(QPolygonF([*handle, QPointF(x - half, half)]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the slice under the pointer and start dragging."""
        if event.button() == Qt.MouseButton.LeftButton and len(self._read):
            self.setSliderDown(True)
            self.setSliderPosition(self._slice_at(event.position().x()))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell the slice under the pointer."""
        k = self._slice_at(event.position().x())
        if self.isSliderDown():
            self.setSliderPosition(k)
            self.update()
        if len(self._read):
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(k), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        self.setSliderDown(False)

    def describe(self, k: int) -> str:
        """Return what is known of slice ``k`` in words."""
        words = f"Slice {k + 1} of {len(self._read)}: "
        if k in self._failed:
            return words + "could not be read"
        if not self._read[k]:
            return words + "not read yet"
        if self._hidden:
            return words + self._hidden
        if np.isnan(self._probabilities[k]):
            return words + "no prediction"
        return words + f"{self._class_name} {self._probabilities[k]:.2f}"

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Repaint when the value changes."""
        self.update()
