"""The what-if brush on the picture, and the bar under it: effect, size, fill, undo, reset, attach."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSlider, QWidget

from viewer.app.what_if import WhatIf
from viewer.core.what_if import FILLS, Point
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.slice_view import SliceView, ViewMode
from xai.imaging.geometry import VolumeGeometry

SIZES = (1, 60)
"""Smallest and largest brush: radius in pixels of the picture's rows."""
FIRST_SIZE = 6
STEP = 3
"""Picture pixels that an arrow key moves the brush; with Shift one."""

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Brush(ViewMode):
    """What mouse and keys do to a view while the brush is out; a mode of `SliceView`.

    The mouse paints with its left button. The keyboard does, too: arrows move the brush, Enter puts it down. Slices
    change by wheel, PgUp and PgDn; the middle button still pans.

    Parameters
    ----------
    what_if : WhatIf
        Is told.
    """

    left = Signal()
    """Esc was pressed."""
    resized = Signal(int)

    def __init__(self, what_if: WhatIf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._what_if = what_if
        self.radius = FIRST_SIZE
        self._at: tuple[float, float] | None = None
        """(column, row) in the picture as shown."""
        self._is_down = False

    # Mouse and keys -------------------------------------------------------------------------------------------------

    def eventFilter(self, view: QObject, event: QEvent) -> bool:
        """Take an event of a view, or leave it to the view."""
        return isinstance(view, SliceView) and self._handle(view, event)

    def _handle(self, view: SliceView, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QMouseEvent):
            return self._mouse(view, event, kind)
        if isinstance(event, QWheelEvent) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.resize(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            action = self._action(view, event)
            if action is None:
                return False
            event.accept()  # an overridden shortcut comes again as a key
            if kind == QEvent.Type.KeyPress:
                action()
                view.update()
            return True
        if kind == QEvent.Type.Leave and not self._is_down:
            self._at = None
            view.update()
        return False

    def _mouse(self, view: SliceView, event: QMouseEvent, kind: QEvent.Type) -> bool:
        is_left = event.button() == Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseButtonDblClick:
            return is_left  # two quick dabs are no change of layout
        if kind == QEvent.Type.MouseButtonPress and is_left:
            self._at = view.picture_position(event.position())
            self._is_down = True
            self._begin(view)
            view.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        if kind == QEvent.Type.MouseButtonRelease and is_left and self._is_down:
            self._is_down = False
            return True
        if kind == QEvent.Type.MouseMove:
            self._at = view.picture_position(event.position())
            if self._is_down:
                self._what_if.go_on(_stored(view, self._at))
            view.update()
            return self._is_down
        return False

    def _action(self, view: SliceView, event: QKeyEvent) -> Callable[[], None] | None:
        key = Qt.Key(event.key())
        is_plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if key == Qt.Key.Key_Z and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            return self._what_if.undo
        if not is_plain:
            return None
        if key in ARROWS:
            step = 1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
            return lambda: self._move(view, ARROWS[key][0] * step, ARROWS[key][1] * step)
        return {
            Qt.Key.Key_Escape: self.left.emit,
            Qt.Key.Key_Backspace: self._what_if.reset,
            Qt.Key.Key_BracketLeft: lambda: self.resize(-1),
            Qt.Key.Key_BracketRight: lambda: self.resize(1),
            Qt.Key.Key_Return: lambda: self._begin(view),
            Qt.Key.Key_Enter: lambda: self._begin(view),
        }.get(key)

    def _move(self, view: SliceView, right: int, down: int) -> None:
        picture = view.picture
        if picture is None:
            return
        rows, columns = picture.pixels.shape
        column, row = self._at or (columns / 2, rows / 2)
        self._at = (min(max(column + right, 0), columns - 1), min(max(row + down, 0), rows - 1))

    def _begin(self, view: SliceView) -> None:
        if view.picture is None:
            return
        if self._at is None:
            self._move(view, 0, 0)
        if self._at is not None:
            height, width = view.picture.spacing
            # The stored picture may be turned: spacing goes with its own rows and columns.
            spacing = (height, width) if _keeps_axes(view.picture.geometry) else (width, height)
            self._what_if.begin(_stored(view, self._at), self.radius * height, spacing)

    def resize(self, steps: int) -> None:
        """Make the brush larger or smaller."""
        self.set_radius(self.radius + steps * max(1, self.radius // 6))

    def set_radius(self, radius: int) -> None:
        """Give the brush a radius in picture pixels."""
        self.radius = min(max(radius, SIZES[0]), SIZES[1])
        self.resized.emit(self.radius)

    # Painting -------------------------------------------------------------------------------------------------------

    def paint(self, view: SliceView, painter: QPainter) -> None:
        """Draw what is painted as an outline, and the brush."""
        picture = view.picture
        if picture is None:
            return
        geometry = picture.geometry
        shape = (geometry.shape[1], geometry.shape[2])
        path = QPainterPath()
        for ring in self._what_if.outline:
            shown = geometry.display.to_shown(np.asarray(ring, float), shape)
            points = [view.view_position(float(column), float(row)) for row, column in shown]
            path.moveTo(points[0])
            for point in points[1:]:
                path.lineTo(point)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # Dark under light: seen on fat and on air.
        for colour, width in ((QColor(0, 0, 0, 190), 3.2), (theme.WARNING, 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawPath(path)
        if self._at is not None:
            middle = view.view_position(*self._at)
            edge = view.view_position(self._at[0], self._at[1] + self.radius)
            reach = math.hypot(edge.x() - middle.x(), edge.y() - middle.y())
            for colour, width in ((QColor(0, 0, 0, 190), 3.2), (theme.TEXT, 1.2)):
                painter.setPen(QPen(colour, width))
                painter.drawEllipse(QPointF(middle), reach, reach)


def _keeps_axes(geometry: VolumeGeometry) -> bool:
    """Whether the rows of the picture are rows of the file."""
    return geometry.display.shown_shape((1, 2)) == (1, 2)


def _stored(view: SliceView, at: tuple[float, float]) -> Point:
    assert view.picture is not None
    geometry = view.picture.geometry
    row, column = geometry.display.to_stored(np.array([at[1], at[0]]), (geometry.shape[1], geometry.shape[2]))
    return float(row), float(column)


class WhatIfBar(QWidget):
    """One line under the picture while the brush is out."""

    sizeChanged = Signal(int)
    fillChanged = Signal(str)
    undoRequested = Signal()
    resetRequested = Signal()
    attachRequested = Signal()
    leaveRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.effect = theme.ElidedLabel()
        words = tr("log-odds {before:.2f} → {after:.2f}").format(before=-10.0, after=-10.0)
        self.effect.setMinimumWidth(self.effect.fontMetrics().horizontalAdvance(words) + theme.px(24))
        font = self.effect.font()
        font.setBold(True)
        self.effect.setFont(font)
        self.effect.setAccessibleName(tr("Effect on the model's answer"))
        self.brush_size = QSlider(Qt.Orientation.Horizontal)
        self.brush_size.setRange(*SIZES)
        self.brush_size.setValue(FIRST_SIZE)
        self.brush_size.setFixedWidth(84)
        self.brush_size.setAccessibleName(tr("Size of the brush"))
        self.brush_size.setToolTip(tr("Size of the brush (Ctrl+wheel, or [ and ])"))
        self.fill = QComboBox()
        self.fill.setAccessibleName(tr("What painted tissue becomes"))
        self.fill.setToolTip(
            tr("Painted tissue becomes the mean of what is around it, or of the whole body; air stays air")
        )
        for key, title in FILLS:
            self.fill.addItem(tr(title), key)
        self.undo = QPushButton(tr("Undo"))
        self.reset = QPushButton(tr("Reset"))
        self.attach = QPushButton(tr("Attach"))
        self.leave = QPushButton(tr("Done"))
        self.leave.setToolTip(tr("Put the brush away; what is painted stays with its slice (Esc or W)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 2)
        row.setSpacing(theme.GAP)
        row.addWidget(self.effect, 1)
        row.addWidget(theme.muted(tr("Brush"), wrap=False))
        row.addWidget(self.brush_size)
        row.addWidget(theme.muted(tr("fills with"), wrap=False))
        rest: tuple[QWidget, ...] = (self.fill, self.undo, self.reset, self.attach, self.leave)
        for widget in rest:
            row.addWidget(widget)
        for widget in (self.brush_size, *rest):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.brush_size.valueChanged.connect(self.sizeChanged)
        self.fill.activated.connect(lambda i: self.fillChanged.emit(self.fill.itemData(i)))
        self.undo.clicked.connect(self.undoRequested)
        self.reset.clicked.connect(self.resetRequested)
        self.attach.clicked.connect(self.attachRequested)
        self.leave.clicked.connect(self.leaveRequested)
        self.setVisible(False)

    def show_size(self, radius: int) -> None:
        """Show the brush's size."""
        with QSignalBlocker(self.brush_size):
            self.brush_size.setValue(radius)

    def show_effect(self, words: str, is_painted: bool, why_not_attached: str) -> None:
        """Show what became of the model's answer and what can be done."""
        self.effect.show_words(words)
        for button, tip in (
            (self.undo, tr("Take back the last stroke (Ctrl+Z)")),
            (self.reset, tr("Take everything off this slice (Backspace)")),
        ):
            button.setEnabled(is_painted)
            button.setToolTip(tip if is_painted else tr("Nothing is painted on this slice."))
        self.attach.setEnabled(not why_not_attached)
        self.attach.setToolTip(why_not_attached or tr("Put region and effect into the feedback (Ctrl+Shift+W)"))
