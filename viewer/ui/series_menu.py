"""Choosing the series that is shown beside the first from the list: Ctrl+click, or its context menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu

from viewer.core.words import tr

if TYPE_CHECKING:
    _View = QAbstractItemView
else:
    _View = object

Index = QModelIndex | QPersistentModelIndex


class SeriesMenu(QObject):
    """Says what was chosen for a series of the list.

    Parameters
    ----------
    view : QAbstractItemView
        The list.
    """

    opened = Signal(int)
    besideChosen = Signal(int)

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def show(self, number: int, at: QPoint) -> None:
        """Show the menu of series ``number`` at a place of the screen."""
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open")).triggered.connect(lambda: self.opened.emit(number))
        menu.addAction(tr("Show beside the first series")).triggered.connect(lambda: self.besideChosen.emit(number))
        menu.popup(at)


class ChoosesBeside(_View):
    """Gives a list of series, whose class it stands before, the Ctrl+click and the context menu; needs ``menu``."""

    menu: SeriesMenu

    def number_at(self, index: Index) -> int:
        """Return the number of the series in a row; -1 where the row is none. For lists of series alone."""
        return index.row()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a Ctrl+click as the wish to see this series beside the first."""
        index = self.indexAt(event.position().toPoint())
        if not _with_control(event):
            super().mousePressEvent(event)
        elif index.isValid() and self.number_at(index) >= 0:
            self.menu.besideChosen.emit(self.number_at(index))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Leave the series that is open alone after a Ctrl+click."""
        if not _with_control(event):
            super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the series under the pointer, or of the current one when it was asked for by key."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid() and self.number_at(index) >= 0:
            beside = self.viewport().mapToGlobal(self.visualRect(index).center())
            self.menu.show(self.number_at(index), event.globalPos() if by_mouse else beside)


def _with_control(event: QMouseEvent) -> bool:
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return control and event.button() == Qt.MouseButton.LeftButton
