"""Choosing the series that is shown beside the first from the list: Ctrl+click, or its context menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu

from viewer.core.words import tr

Index = QModelIndex | QPersistentModelIndex


class SeriesMenu(QObject):
    """Watches a list of series; ``besideChosen`` is the wish to show one beside the first.

    Parameters
    ----------
    view : QAbstractItemView
        The list.
    number_of : callable
        Returns a row's number in the catalogue, -1 for a row that is no series.
    """

    opened = Signal(int)
    besideChosen = Signal(int)

    def __init__(self, view: QAbstractItemView, number_of: Callable[[Index], int]) -> None:
        super().__init__(view)
        self._view, self._number_of = view, number_of
        view.viewport().installEventFilter(self)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Ctrl+click and the wish for a menu, by mouse or by key."""
        viewport = self._view.viewport()
        if isinstance(event, QMouseEvent) and watched is viewport:
            return self._clicked(event)
        if isinstance(event, QContextMenuEvent):
            by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
            if by_mouse and watched is not viewport:
                return False
            index = self._view.indexAt(event.pos()) if by_mouse else self._view.currentIndex()
            at = event.globalPos() if by_mouse else viewport.mapToGlobal(self._view.visualRect(index).center())
            return self._show_menu(index, at)
        return False

    def _clicked(self, event: QMouseEvent) -> bool:
        kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.type() not in kinds or event.button() != Qt.MouseButton.LeftButton or not control:
            return False
        number = self._number(self._view.indexAt(event.position().toPoint()))
        if event.type() == QEvent.Type.MouseButtonPress and number >= 0:
            self.besideChosen.emit(number)
        return True

    def _number(self, index: Index) -> int:
        return self._number_of(index) if index.isValid() else -1

    def _show_menu(self, index: Index, at: QPoint) -> bool:
        number = self._number(index)
        if number < 0:
            return False
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open")).triggered.connect(lambda: self.opened.emit(number))
        menu.addAction(tr("Show beside the first series")).triggered.connect(lambda: self.besideChosen.emit(number))
        menu.popup(at)
        return True
