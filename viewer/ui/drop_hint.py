"""Files and folders dropped onto the window, and what is said over it while they are dragged."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QWidget

from viewer.core.words import tr
from viewer.ui import theme

FRAME = 14
"""Distance of the dashed frame from the window's edge, in pixels."""


def dropped_paths(data: QMimeData) -> list[Path]:
    """Return the local files and folders in ``data``."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


class DropHint(QWidget):
    """Covers ``window`` while files are dragged over it, so that a drop means the same everywhere.

    What is dropped is always taken as a copy: a file manager deletes what was moved, and Shift means "move" to many.
    """

    dropped = Signal(object, bool)
    """The paths, and whether they are added to what is open (Shift)."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._count = 0
        self._adds = False
        self._can_add = False
        self._is_over = False
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Drop files or folders"))
        self.hide()
        self._leave = QTimer(self, singleShot=True, interval=0)
        self._leave.timeout.connect(self._hide_unless_over)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def guard_fields(self) -> None:
        """Keep text fields from taking a dropped file as its path: it may name the patient."""
        for field in (*self._window.findChildren(QLineEdit), *self._window.findChildren(QAbstractScrollArea)):
            target = field.viewport() if isinstance(field, QAbstractScrollArea) else field
            if target.acceptDrops():
                target.installEventFilter(self)

    def allow_adding(self, allow: bool) -> None:
        """Say whether something is open that can be added to."""
        self._can_add = allow

    @property
    def words(self) -> tuple[str, str]:
        """What is said now: what a drop does, and what Shift would do."""
        if self._adds:
            return tr("Drop to add to what is open"), tr("Without Shift: open instead of what is open")
        count = self._count
        what = tr("Drop to open it") if count == 1 else tr("Drop to open {count} items").format(count=count)
        return what, tr("With Shift: add to what is open") if self._can_add else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is dragged into the window; the rest of the drag goes on over the hint itself."""
        match event.type():
            case QEvent.Type.DragEnter if isinstance(event, QDragEnterEvent):
                return self._enter(event)
            case QEvent.Type.DragMove if isinstance(event, QDragMoveEvent):
                return self._move(event)
            case QEvent.Type.DragLeave if self._count:
                # Over the hint the window is told that the drag has left it, too.
                self._leave.start()
                return True
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                return self._drop(event)
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Go on with the drag."""
        self._is_over = self._enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Follow Shift."""
        self._move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """End without a drop."""
        self._end()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over what was dropped."""
        self._drop(event)

    def _enter(self, event: QDragEnterEvent) -> bool:
        paths = dropped_paths(event.mimeData())
        if not paths:
            event.ignore()
            return False
        self._count = len(paths)
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        return self._move(event)

    def _move(self, event: QDropEvent) -> bool:
        if not self._count:
            return False
        adds = self._can_add and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if adds != self._adds:
            self._adds = adds
            self.update()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        return True

    def _drop(self, event: QDropEvent) -> bool:
        paths = dropped_paths(event.mimeData())
        self._count = len(paths)
        taken = self._move(event)
        adds = self._adds
        self._end()
        if taken:
            self.dropped.emit(paths, adds)
        return taken

    def _hide_unless_over(self) -> None:
        if not self._is_over:
            self._end()

    def _end(self) -> None:
        self._count, self._adds, self._is_over = 0, False, False
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Darken the window and say what a drop would do."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.BACKGROUND)
        ground.setAlpha(215)
        painter.fillRect(self.rect(), ground)
        frame = QRectF(self.rect()).adjusted(FRAME, FRAME, -FRAME, -FRAME)
        painter.setPen(QPen(theme.ACCENT, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, 10, 10)
        what, other = self.words
        font = self.font()
        font.setPointSizeF(font.pointSizeF() + 6)
        painter.setFont(font)
        painter.setPen(theme.TEXT)
        middle = self.rect().center().y()
        height = painter.fontMetrics().height()
        painter.drawText(QRectF(0, middle - height, self.width(), height), Qt.AlignmentFlag.AlignCenter, what)
        painter.setFont(self.font())
        painter.setPen(theme.MUTED)
        painter.drawText(QRectF(0, middle + 4, self.width(), height), Qt.AlignmentFlag.AlignCenter, other)
