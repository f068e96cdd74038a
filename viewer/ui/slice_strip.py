"""The slice slider and, under it, the model's probability for every slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from viewer.app.run_words import SliceMark
from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui import theme
from xai.imaging.volume import Gap

HANDLE = 12
"""Height of the part with the handle, in pixels."""
BARS = 30
"""Height of the part with the bars."""
MARKS = 15
"""Height of the part under the bars with the labels and the misread slices of a training run."""
CROSS = 7.0
"""Breadth of the mark of a misread slice, whatever the breadth of its cell."""
SIDE = 8
GAP_CELLS = 4
"""A hole in the stack is as wide as the slices that are missing, but never wider than so many."""
GAP_PIXELS = 7.0
"""The least width of a hole: it must be seen among hundreds of slices."""
GAP_PART = 0.4
"""All holes together take no more than this part of the strip."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the slices stand.

    Parameters
    ----------
    lefts : array (D,)
        Left edge of each slice's cell, in the widget's pixels.
    width : float
        Of a cell.
    holes : tuple of (Gap, float, float)
        Left and right edge of each hole.
    """

    lefts: NDArray[np.float64]
    width: float
    holes: tuple[tuple[Gap, float, float], ...]


def lay_out(count: int, gaps: Sequence[Gap], width: float) -> Cells:
    """Return the cells of ``count`` slices with holes between them, over ``width`` pixels."""
    if not count:
        return Cells(np.empty(0), width, ())
    cells = np.array([min(gap.missing, GAP_CELLS) for gap in gaps], float)
    widths = np.maximum(cells * width / (count + cells.sum()), GAP_PIXELS)
    widths *= min(1.0, GAP_PART * width / widths.sum()) if len(gaps) else 1.0
    cell = (width - widths.sum()) / count
    before = np.zeros(count)
    for gap, hole in zip(gaps, widths, strict=True):
        before[gap.after + 1 :] += hole
    lefts = SIDE + np.arange(count) * cell + before
    ends = [float(lefts[gap.after]) + cell for gap in gaps]
    holes = tuple((gap, end, end + float(hole)) for gap, end, hole in zip(gaps, ends, widths, strict=True))
    return Cells(lefts, float(cell), holes)


class SliceStrip(QAbstractSlider):
    """A slider over the slices with a bar per slice: its height is the probability of the affected class.

    A slice not read yet is hatched, one that cannot be read is crossed, one not predicted yet has a dot. Where slices
    are missing the strip is broken by a marked hole. In a training run a line under the bars is full where slices are
    labelled affected and thin where they are labelled healthy; a cross marks those that are misread.
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
        self._failed: Mapping[int, str] = {}
        self._gaps: tuple[Gap, ...] = ()
        self._spacing: float | None = None
        self._class_name = "affected"
        self._marked: frozenset[int] = frozenset()
        self._hidden = ""
        self._marks: tuple[SliceMark, ...] = ()
        self.show_hidden("")

    def sizeHint(self) -> QSize:
        """Return the height of slider and bars."""
        return QSize(300, HANDLE + BARS + 4 + (MARKS if self._has_labels else 0))

    @property
    def _has_labels(self) -> bool:
        return any(mark.label is not None for mark in self._marks)

    def show_marks(self, marks: Sequence[SliceMark]) -> None:
        """Mark what a training run says of each slice beside its answer; nothing for none."""
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self.updateGeometry()
            self.update()

    def set_slices(self, count: int, gaps: Sequence[Gap] = (), spacing_mm: float | None = None) -> None:
        """Start over with ``count`` slices of which nothing is known but where others are missing between them."""
        self._gaps, self._spacing = tuple(gaps), spacing_mm
        self.setAccessibleDescription("; ".join(self.describe_gap(gap) for gap in gaps))
        self._probabilities = np.full(count, np.nan, np.float32)
        self._read = np.zeros(count, bool)
        self._failed = {}
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

    def show_reading(self, read: NDArray[np.bool_], failed: Mapping[int, str]) -> None:
        """Show which slices are there (D,) and which cannot be read, with the sentence that says why."""
        self._read, self._failed = read, failed
        self.update()

    def place_of(self, k: float) -> float:
        """Return the horizontal place of slice ``k`` in the widget's pixels."""
        cells = self.cells()
        if not len(cells.lefts):
            return float(SIDE)
        return float(cells.lefts[int(np.clip(k, 0, len(cells.lefts) - 1))]) + cells.width / 2

    def cells(self) -> Cells:
        """Return where slices and holes stand now."""
        return lay_out(len(self._read), self._gaps, max(self.width() - 2 * SIDE, 1))

    def _slice_at(self, x: float) -> int:
        cells = self.cells()
        # In a hole the nearer of its two sides counts.
        nearest = np.abs(cells.lefts + cells.width / 2 - x).argmin() if len(cells.lefts) else 0
        return int(np.clip(nearest, self.minimum(), self.maximum()))

    def words_at(self, x: float) -> str:
        """Return what is said of a horizontal place: of the slice there, or of the hole."""
        for gap, left, right in self.cells().holes:
            if left <= x < right:
                return self.describe_gap(gap)
        return self.describe(self._slice_at(x))

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
        cells = self.cells()
        cell = cells.width
        gap = 1.0 if cell > 4 else 0.0
        painter.fillRect(QRectF(SIDE, HANDLE + 1, self.width() - 2 * SIDE, BARS), theme.BACKGROUND)
        for _, left, right in cells.holes:
            self._paint_hole(painter, left, right)
        for k in range(count):
            box = QRectF(cells.lefts[k] + gap / 2, HANDLE + 1, max(cell - gap, 0.5), BARS)
            if k in self._failed:
                painter.fillRect(box, _faint(theme.FAILURE, 90))
                painter.setPen(QPen(theme.FAILURE, 1))
                painter.drawLine(box.topLeft(), box.bottomRight())
                painter.drawLine(box.bottomLeft(), box.topRight())
            elif not self._read[k]:
                painter.fillRect(box, QBrush(theme.LINE, Qt.BrushStyle.BDiagPattern))
            elif self._hidden:
                continue
            elif not self._is_in_table(k):
                painter.fillRect(QRectF(box.center().x() - 2, base - 4, 4, 1.5), theme.MUTED)
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
            painter.setPen(QPen(_faint(theme.TEXT, 70), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(SIDE, base - BARS / 2), QPointF(self.width() - SIDE, base - BARS / 2))
        if self._has_labels:
            for k, mark in enumerate(self._marks[:count]):
                self._paint_mark(painter, QRectF(cells.lefts[k] + gap / 2, base + 4, max(cell - gap, 0.5), MARKS), mark)
        self._paint_handle(painter, base, cell)

    def _is_in_table(self, k: int) -> bool:
        return k >= len(self._marks) or self._marks[k].is_in_table

    @staticmethod
    def _paint_mark(painter: QPainter, box: QRectF, mark: SliceMark) -> None:
        """Draw the label as a line, full or thin, and a cross under it where it is misread."""
        if mark.label is not None:
            height, colour = (3.0, theme.AFFECTED) if mark.label else (1.0, theme.HEALTHY)
            painter.fillRect(QRectF(box.left(), box.top() + (3.0 - height) / 2, box.width(), height), colour)
        if mark.is_misread:
            x, y, half = box.center().x(), box.top() + 4.5 + CROSS / 2, CROSS / 2
            painter.setPen(QPen(theme.TEXT, 1.6))
            painter.drawLine(QPointF(x - half, y - half), QPointF(x + half, y + half))
            painter.drawLine(QPointF(x - half, y + half), QPointF(x + half, y - half))

    @staticmethod
    def _paint_hole(painter: QPainter, left: float, right: float) -> None:
        """Break track and bars: nothing is known of what lies here."""
        hole = QRectF(left, 0, right - left, HANDLE + 1 + BARS)
        painter.fillRect(hole, theme.PANEL)
        inner = hole.adjusted(1, HANDLE + 1, -1, 0)
        # Grey: filled with a colour it would look like a slice that is called affected.
        painter.fillRect(inner, QBrush(theme.MUTED, Qt.BrushStyle.FDiagPattern))
        for x in (round(left), round(right) - 2):
            painter.fillRect(QRectF(x, inner.top(), 2, inner.height()), theme.WARNING)

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
            QToolTip.showText(event.globalPosition().toPoint(), self.words_at(event.position().x()), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        self.setSliderDown(False)

    def describe(self, k: int) -> str:
        """Return what is known of slice ``k`` in words."""
        if k in self._failed:
            what = tr("could not be read") + (f"\n{said(self._failed[k])}" if self._failed[k] else "")
        elif not self._read[k]:
            what = tr("not read yet")
        elif self._hidden:
            what = self._hidden
        elif np.isnan(self._probabilities[k]):
            what = tr("no prediction")
        else:
            what = f"{tr(self._class_name)} {self._probabilities[k]:.2f}"
        told = self._marks[k].words if k < len(self._marks) and self._read[k] else ""
        if told:
            what = f"{what}, {told}" if self._is_in_table(k) else told
        return tr("Slice {k} of {count}: {what}").format(k=k + 1, count=len(self._read), what=what)

    def describe_gap(self, gap: Gap) -> str:
        """Return what is known of a hole in words."""
        before, after = gap.after + 1, gap.after + 2
        if gap.missing == 1:
            words = tr("1 slice is missing between slices {before} and {after}").format(before=before, after=after)
        else:
            words = tr("{count} slices are missing between slices {before} and {after}")
            words = words.format(count=gap.missing, before=before, after=after)
        if self._spacing is not None:
            far = tr("they lie {mm} mm apart").format(mm=f"{(gap.missing + 1) * self._spacing:.1f}")
            words = f"{words}; {far}"
        return words

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Repaint when the value changes."""
        self.update()


def _faint(colour: QColor, alpha: int) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)
