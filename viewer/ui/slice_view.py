"""One picture: paints pixels, letters, texts, scale and colour bars; turns mouse movements into intents."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.overlay import ColourBar
from viewer.core.picture import Picture
from viewer.core.planes import scale_bar
from viewer.ui import theme

SWIPE_REACH = 8
"""Pixels from the swipe line within which a press takes hold of it."""
WHEEL_STEP = 120
"""Eighths of a degree of one wheel notch; finer wheels are added up."""


@dataclass(slots=True)
class _Drag:
    button: Qt.MouseButton = Qt.MouseButton.NoButton
    start: QPointF = field(default_factory=QPointF)
    last: QPointF = field(default_factory=QPointF)
    swipes: bool = False


class ViewMode(QObject):
    """Something else than windowing that mouse and keys do to a view for a while, such as a brush.

    While it is set it filters the view's events.
    """

    def paint(self, view: SliceView, painter: QPainter) -> None:
        """Paint over the picture."""


class SliceView(QWidget):
    """Shows a `Picture`; knows nothing of files, models or the session."""

    sliceRequested = Signal(int)
    """Slices to go on by."""
    swipeRequested = Signal(float)
    """Where the line between clean and overlay should be, as a share of the width."""
    dragStarted = Signal()
    windowDragged = Signal(float, float)
    """Pixels to the right and down since the left button went down."""
    dragFinished = Signal()
    panRequested = Signal(float, float)
    """Picture pixels (columns, rows)."""
    zoomRequested = Signal(float, float, float)
    """Factor, and the point that stays where it is: picture pixels (right, down) from the middle of the view."""
    opacityRequested = Signal(int)
    layoutRequested = Signal()
    pointed = Signal(float, float)
    """The pointer's picture position (column, row)."""
    left = Signal()
    resized = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._picture: Picture | None = None
        self._image = QImage()
        self._empty_text = ""
        self._zoom = 1.0
        self._pan = (0.0, 0.0)
        self._cross: tuple[float, float] | None = None
        self._drag = _Drag()
        self._wheel = 0
        self._mode: ViewMode | None = None

    def set_mode(self, mode: ViewMode | None) -> None:
        """Give mouse and keys to ``mode`` first; None takes them back."""
        if self._mode is not None:
            self.removeEventFilter(self._mode)
        self._mode = mode
        if mode is not None:
            self.installEventFilter(mode)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a square that suits most series."""
        return QSize(640, 640)

    # What is shown --------------------------------------------------------------------------------------------------

    def show_picture(self, picture: Picture | None, empty_text: str = "") -> None:
        """Show ``picture``, or ``empty_text`` in its place."""
        self._picture, self._empty_text = picture, empty_text
        if picture is None:
            self._image = QImage()
        else:
            height, width = picture.pixels.shape
            # The image shares the array's memory; `_picture` keeps it alive as long as the image.
            self._image = QImage(picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self.update()

    def show_place(self, zoom: float, pan: tuple[float, float]) -> None:
        """Zoom (1 fits the picture into the view) and shift by picture pixels (right, down)."""
        if (zoom, pan) != (self._zoom, self._pan):
            self._zoom, self._pan = zoom, pan
            self.update()

    def show_cross(self, position: tuple[float, float] | None) -> None:
        """Mark a picture position (column, row), or none."""
        if position != self._cross:
            self._cross = position
            self.update()

    @property
    def picture(self) -> Picture | None:
        """What is shown now."""
        return self._picture

    # Picture pixels and view pixels ---------------------------------------------------------------------------------

    def _scale(self) -> tuple[float, float]:
        """View pixels per picture column and per picture row."""
        if self._picture is None:
            return 1.0, 1.0
        rows, columns = self._picture.pixels.shape
        row_mm, column_mm = self._picture.spacing
        fit = min(self.width() / (columns * column_mm), self.height() / (rows * row_mm))
        return fit * self._zoom * column_mm, fit * self._zoom * row_mm

    @property
    def zoom_percent(self) -> float:
        """Screen pixels per picture pixel, across, times 100."""
        return 100 * self._scale()[0] * self.devicePixelRatioF()

    def _target(self) -> QRectF:
        across, down = self._scale()
        rows, columns = self._picture.pixels.shape if self._picture is not None else (1, 1)
        width, height = columns * across, rows * down
        x = (self.width() - width) / 2 + self._pan[0] * across
        y = (self.height() - height) / 2 + self._pan[1] * down
        return QRectF(x, y, width, height)

    def picture_position(self, point: QPointF) -> tuple[float, float]:
        """Return the picture position (column, row; pixel centres at whole numbers) under a point of the view."""
        target, (across, down) = self._target(), self._scale()
        return (point.x() - target.x()) / across - 0.5, (point.y() - target.y()) / down - 0.5

    def _from_middle(self, point: QPointF) -> tuple[float, float]:
        across, down = self._scale()
        return (point.x() - self.width() / 2) / across, (point.y() - self.height() / 2) / down

    def view_position(self, column: float, row: float) -> QPointF:
        """Return the point of the view over a picture position; the inverse of `picture_position`."""
        target, (across, down) = self._target(), self._scale()
        return QPointF(target.x() + (column + 0.5) * across, target.y() + (row + 0.5) * down)

    # Painting -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint everything; the picture's own pixels are scaled by Qt."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        font = QFont(self.font())
        painter.setFont(font)
        if self._picture is None:
            painter.setPen(theme.MUTED)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._empty_text)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._target(), self._image)
            self._paint_swipe(painter, self._picture)
            if self._mode is not None:
                self._mode.paint(self, painter)
            self._paint_cross(painter)
            self._paint_texts(painter, self._picture)
            self._paint_scale_bar(painter, self._picture)
            self._paint_colour_bars(painter, self._picture)
        if self.hasFocus():
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_swipe(self, painter: QPainter, picture: Picture) -> None:
        if picture.clean is None or picture.swipe is None:
            return
        x = self.width() * picture.swipe
        height, width = picture.clean.shape
        clean = QImage(picture.clean.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        painter.save()
        painter.setClipRect(QRectF(0, 0, x, self.height()))
        painter.drawImage(self._target(), clean)
        painter.restore()
        painter.setPen(QPen(theme.ACCENT, 1.5))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        middle = self.height() / 2
        painter.setBrush(theme.ACCENT)
        for side in (-1, 1):
            tip = QPointF(x + side * 11, middle)
            painter.drawPolygon(QPolygonF([tip, QPointF(x + side * 4, middle - 6), QPointF(x + side * 4, middle + 6)]))

    def _near_swipe(self, point: QPointF) -> bool:
        picture = self._picture
        line = picture.swipe if picture is not None and picture.clean is not None else None
        return line is not None and abs(point.x() - line * self.width()) <= SWIPE_REACH

    def _paint_cross(self, painter: QPainter) -> None:
        if self._cross is None:
            return
        at = self.view_position(*self._cross)
        painter.setPen(QPen(theme.ACCENT, 1))
        for start, end in (
            (QPointF(0, at.y()), QPointF(at.x() - 10, at.y())),
            (QPointF(at.x() + 10, at.y()), QPointF(self.width(), at.y())),
            (QPointF(at.x(), 0), QPointF(at.x(), at.y() - 10)),
            (QPointF(at.x(), at.y() + 10), QPointF(at.x(), self.height())),
        ):
            painter.drawLine(start, end)

    def _text(self, painter: QPainter, x: float, baseline: float, text: str, colour: QColor = theme.TEXT) -> None:
        # A dark edge keeps light letters readable on bright fat.
        painter.setPen(QColor(0, 0, 0, 210))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
            painter.drawText(QPointF(x + dx, baseline + dy), text)
        painter.setPen(colour)
        painter.drawText(QPointF(x, baseline), text)

    def _paint_texts(self, painter: QPainter, picture: Picture) -> None:
        metrics = QFontMetricsF(painter.font())
        line, edge = metrics.height(), 8.0
        room = self.width() / 2 - 3 * edge
        for lines, right, bottom in (
            (picture.texts.top_left, False, False),
            (picture.texts.top_right, True, False),
            (picture.texts.bottom_left, False, True),
            (picture.texts.bottom_right, True, True),
        ):
            first = (
                self.height() - edge - metrics.descent() - (len(lines) - 1) * line
                if bottom
                else edge + metrics.ascent()
            )
            for number, words in enumerate(lines):
                text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
                x = self.width() - edge - metrics.horizontalAdvance(text) if right else edge
                self._text(painter, x, first + number * line, text)
        painter.save()
        font = QFont(painter.font())
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        letters, colour = picture.letters, theme.WARNING
        middle, low = self.height() / 2 + metrics.ascent() / 2, self.height() - edge - metrics.descent()
        wide = metrics.horizontalAdvance
        self._text(painter, edge, middle, letters.left, colour)
        self._text(painter, self.width() - edge - wide(letters.right), middle, letters.right, colour)
        self._text(painter, (self.width() - wide(letters.top)) / 2, edge + metrics.ascent(), letters.top, colour)
        self._text(painter, (self.width() - wide(letters.bottom)) / 2, low, letters.bottom, colour)
        painter.restore()
        if picture.note:
            metrics = QFontMetricsF(painter.font())
            x = (self.width() - metrics.horizontalAdvance(picture.note)) / 2
            self._text(painter, max(x, edge), self.height() - 5.2 * line, picture.note, theme.WARNING)

    def _paint_scale_bar(self, painter: QPainter, picture: Picture) -> None:
        across, _ = self._scale()
        bar = scale_bar(picture.geometry, picture.spacing[1] / across, self.width())
        if bar is None:
            return
        width = bar.pixels
        line = QFontMetricsF(painter.font()).height()
        x, y = (self.width() - width) / 2, self.height() - 4 * line - 8
        for colour, thickness in ((QColor(0, 0, 0, 210), 4.0), (theme.TEXT, 1.6)):
            painter.setPen(QPen(colour, thickness))
            painter.drawLine(QPointF(x, y), QPointF(x + width, y))
            for end in (x, x + width):
                painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))
        self._text(painter, x + width + 8, y + 4, bar.text)

    def _paint_colour_bars(self, painter: QPainter, picture: Picture) -> None:
        metrics = QFontMetricsF(painter.font())
        line, wide = metrics.height(), metrics.horizontalAdvance
        height = min(180.0, self.height() * 0.3)
        words = 1 + max((len(named.captions) for named in picture.bars), default=0)
        right, top = self.width() - 8.0, self.height() / 2 - line - (height + words * line) - 12
        for named in picture.bars:
            texts = (named.title, *named.captions)
            block = max(wide(text) for text in texts)
            x = right - max((wide(tick.text) for tick in named.bar.ticks), default=0.0) - 7 - 12
            for number, text in enumerate(texts):
                self._text(painter, right - wide(text), top + number * line + metrics.ascent(), text)
            self._paint_bar(painter, named.bar, QRectF(x, top + words * line + 6, 12, height))
            right -= block + 18

    def _paint_bar(self, painter: QPainter, bar: ColourBar, box: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        colours = np.zeros((len(bar.colours), 4), np.uint8)
        colours[:, :3] = bar.colours[:, ::-1]
        # What is not painted on the picture is not painted here either.
        colours[bar.alpha == 0, :3] = 24
        strip = np.ascontiguousarray(colours[::-1])
        painter.drawImage(box, QImage(strip.data, 1, len(strip), 4, QImage.Format.Format_RGB32))
        painter.setPen(QPen(theme.MUTED, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        for tick in bar.ticks:
            y = box.bottom() - tick.place * box.height()
            painter.setPen(QPen(theme.TEXT, 1))
            painter.drawLine(QPointF(box.right(), y), QPointF(box.right() + 4, y))
            self._text(painter, box.right() + 7, y + metrics.ascent() / 2 - 1, tick.text)

    # Mouse ----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag: left windows, middle pans, right zooms."""
        if self._drag.button == Qt.MouseButton.NoButton:
            swipes = event.button() == Qt.MouseButton.LeftButton and self._near_swipe(event.position())
            self._drag = _Drag(event.button(), event.position(), event.position(), swipes)
            self.dragStarted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag, or say where the pointer is."""
        delta, whole = event.position() - self._drag.last, event.position() - self._drag.start
        self._drag.last = event.position()
        if self._picture is None:
            return
        across, down = self._scale()
        if self._drag.swipes:
            self.swipeRequested.emit(event.position().x() / max(self.width(), 1))
        elif self._drag.button == Qt.MouseButton.LeftButton:
            self.windowDragged.emit(whole.x(), whole.y())
        elif self._drag.button == Qt.MouseButton.MiddleButton:
            self.panRequested.emit(delta.x() / across, delta.y() / down)
        elif self._drag.button == Qt.MouseButton.RightButton:
            self.zoomRequested.emit(float(np.exp(-delta.y() / 150)), 0.0, 0.0)
        near = self._drag.swipes or self._near_swipe(event.position())
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.CrossCursor)
        self.pointed.emit(*self.picture_position(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        if event.button() == self._drag.button:
            self._drag = _Drag()
            self.dragFinished.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the other layout."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.layoutRequested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll slices; with Ctrl zoom, with Shift change the opacity. Fine wheels are added up to whole notches."""
        # Alt or Shift may turn a wheel sideways on some platforms.
        delta = event.angleDelta()
        self._wheel += delta.y() or delta.x()
        steps = int(self._wheel / WHEEL_STEP)
        if not steps:
            event.accept()
            return
        self._wheel -= steps * WHEEL_STEP
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self.zoomRequested.emit(1.15**steps, *self._from_middle(event.position()))
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.opacityRequested.emit(steps)
        else:
            self.sliceRequested.emit(-steps)
        event.accept()

    def leaveEvent(self, event: object) -> None:
        """Say that the pointer is gone."""
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard went elsewhere."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say that the zoom in per cent is another one."""
        self.resized.emit()
