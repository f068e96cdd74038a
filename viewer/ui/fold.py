"""A heading that opens and closes what stands under it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.ui import theme

CLOSED, OPEN = "▸", "▾"


class FoldHeading(QPushButton):
    """The heading itself: Space, Enter or the mouse turn it; Right opens, Left closes."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Right, close with Left, as in a tree."""
        wanted = {Qt.Key.Key_Right: True, Qt.Key.Key_Left: False}.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
        elif wanted != self.isChecked():
            self.click()


class Fold(QWidget):
    """A heading with a word at its right, and a body that it opens and closes."""

    turned = Signal(bool)
    """The reader opened or closed it."""

    def __init__(self, title: str, is_open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.heading = FoldHeading()
        self.heading.setProperty("role", "fold")
        self.heading.setCheckable(True)
        self.heading.setChecked(is_open)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.summary = theme.muted(wrap=False)
        self.body = QWidget()
        self.content = QVBoxLayout(self.body)
        self.content.setContentsMargins(0, 0, 0, 2)
        self.content.setSpacing(3)
        self.body.setVisible(is_open)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 4, 0)
        head.addWidget(self.heading, 1)
        head.addWidget(self.summary)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.body)
        self.show_title(title)
        self.heading.clicked.connect(self._clicked)

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return self.heading.isChecked()

    def open(self, is_open: bool = True) -> None:
        """Open or close it, without a signal."""
        if is_open != self.is_open:
            self.heading.setChecked(is_open)
            self._show()

    def show_title(self, title: str) -> None:
        """Give the heading its words."""
        if title != self._title:
            self._title = title
            self.heading.setAccessibleName(title)
            self._show()

    def _clicked(self) -> None:
        self._show()
        self.turned.emit(self.is_open)

    def _show(self) -> None:
        self.heading.setText(f"{OPEN if self.is_open else CLOSED}  {self._title}")
        self.body.setVisible(self.is_open)
