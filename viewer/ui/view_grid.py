"""The pictures of a layout, side by side or two by two."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from viewer.ui.slice_view import SliceView

GAP = 3


class ViewGrid(QWidget):
    """Shows the first one, two or four of its views.

    Parameters
    ----------
    views : sequence of SliceView
        Four.
    """

    def __init__(self, views: Sequence[SliceView], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views = tuple(views)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        for number, view in enumerate(self._views):
            self._grid.addWidget(view, number // 2, number % 2)
        self.show_count(1)

    def show_count(self, count: int) -> None:
        """Show the first ``count`` views."""
        had_keyboard = any(view.hasFocus() for view in self._views[count:])
        for number, view in enumerate(self._views):
            # Hidden ones take no room in a grid, so two views share the whole height.
            view.setVisible(number < count)
        if had_keyboard:
            self._views[0].setFocus()
