"""One picture: paints pixels, letters, texts, scale and colour bars; turns mouse movements into intents."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFont,
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

from viewer.core.beside import Place
from viewer.core.crosses import Cross
from viewer.core.mouse import DEFAULT_PROFILE
from viewer.core.picture import Picture
from viewer.core.planes import scale_bar, zoom_text
from viewer.ui.around import Surroundings, surroundings
from viewer.ui.mouse_drag import Drag
from viewer.ui.painting import paint_around, paint_cross

# Pictures are black in either look.
from viewer.ui.theme import dark as theme

SWIPE_REACH = 8
"""Pixels from the swipe line within which a press takes hold of it."""
WHEEL_STEP = 120
"""Eighths of a degree of one wheel notch; finer wheels are added up."""


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
    """Pixels to the right and down since the button went down."""
    dragFinished = Signal()
    panRequested = Signal(float, float)
    """Picture pixels (columns, rows)."""
    zoomRequested = Signal(float, float, float)
    """Factor, and the point that stays where it is: picture pixels (right, down) from the middle of the view."""
    opacityRequested = Signal(int)
    layoutRequested = Signal()
    focused = Signal()
    """It has got the keyboard."""
    menuRequested = Signal(QPoint)
    """Where on the screen a menu of common commands should open."""
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
        self.setMinimumSize(140, 140)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._picture: Picture | None = None
        self._image = QImage()
        self._empty_text = ""
        self._place = Place()
        self._cross: Cross | None = None
        self._drag = Drag()
        self.profile = DEFAULT_PROFILE
        self._wheel = 0
        self._mouse: QPointF | None = None
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

    def show_place(self, place: Place) -> None:
        """Zoom and shift the picture."""
        if place != self._place:
            self._place = place
            self.update()

    def show_cross(self, cross: Cross | None) -> None:
        """Mark a place in the picture, or none."""
        if cross != self._cross:
            self._cross = cross
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
        wide, high = self._place.extent or (columns * column_mm, rows * row_mm)
        fit = min(self.width() / wide, self.height() / high)
        return fit * self._place.zoom * column_mm, fit * self._place.zoom * row_mm

    @property
    def zoom_percent(self) -> float:
        """Screen pixels per picture pixel, across, times 100."""
        return 100 * self._scale()[0] * self.devicePixelRatioF()

    def _target(self) -> QRectF:
        across, down = self._scale()
        rows, columns = self._picture.pixels.shape if self._picture is not None else (1, 1)
        width, height = columns * across, rows * down
        x = (self.width() - width) / 2 + self._place.pan[0] * across
        y = (self.height() - height) / 2 + self._place.pan[1] * down
        return QRectF(x, y, width, height)

    def picture_position(self, point: QPointF) -> tuple[float, float]:
        """Return the picture position (column, row; pixel centres at whole numbers) under a point of the view."""
        target, (across, down) = self._target(), self._scale()
        return (point.x() - target.x()) / across - 0.5, (point.y() - target.y()) / down - 0.5

    def _from_middle(self, point: QPointF) -> tuple[float, float]:
        across, down = self._scale()
        return (point.x() - self.width() / 2) / across, (point.y() - self.height() / 2) / down

    def pointer_place(self) -> tuple[float, float] | None:
        """Return the picture position (column, row) under the pointer; None while it is elsewhere."""
        return None if self._mouse is None or self._picture is None else self.picture_position(self._mouse)

    def view_position(self, column: float, row: float) -> QPointF:
        """Return the point of the view over a picture position; the inverse of `picture_position`."""
        target, (across, down) = self._target(), self._scale()
        return QPointF(target.x() + (column + 0.5) * across, target.y() + (row + 0.5) * down)

    # Painting -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint everything; the picture's own pixels are scaled by Qt."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setFont(QFont(self.font()))
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
            if self._cross is not None:
                at = self.view_position(*self._cross.position)
                paint_cross(painter, self._cross, at, self.width(), self.height())
            paint_around(painter, self.around(self._picture))
        if self.hasFocus():
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def around(self, picture: Picture) -> Surroundings:
        """Return where texts and colour bars stand around ``picture`` in this view."""
        across, _ = self._scale()
        bar = scale_bar(picture.geometry, picture.spacing[1] / across, self.width())
        return surroundings(picture, QSizeF(self.size()), self.font(), zoom_text(self.zoom_percent), bar)

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

    # Mouse ----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag; the profile says what each button does."""
        if self._drag.button == Qt.MouseButton.NoButton:
            swipes = event.button() == Qt.MouseButton.LeftButton and self._near_swipe(event.position())
            self._drag = Drag.begin(event, self.profile, swipes)
            self.dragStarted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag, or say where the pointer is."""
        drag = self._drag
        delta = drag.move(event, self.profile)
        if self._picture is None:
            return
        across, down = self._scale()
        if drag.swipes:
            self.swipeRequested.emit(event.position().x() / max(self.width(), 1))
        match drag.action:
            case "window":
                self.windowDragged.emit(drag.travel.x(), drag.travel.y())
            case "pan":
                self.panRequested.emit(delta.x() / across, delta.y() / down)
            case "zoom":
                self.zoomRequested.emit(float(np.exp(-delta.y() / 150)), 0.0, 0.0)
            case "scroll":
                self.sliceRequested.emit(drag.slices())
        self._mouse = event.position()
        near = self._drag.swipes or self._near_swipe(event.position())
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.CrossCursor)
        self.pointed.emit(*self.picture_position(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        if event.button() == self._drag.button:
            action, self._drag = self._drag.action, Drag()
            self.dragFinished.emit()
            if action == "menu":
                self.menuRequested.emit(event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu by its key too; the mouse's way depends on the profile."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menuRequested.emit(self.mapToGlobal(self.rect().center()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask to see this picture alone, or all again."""
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
        self._mouse = None
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.focused.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard went elsewhere."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say that the zoom in per cent is another one."""
        self.resized.emit()
