"""A line over the panels that says one thing and offers what can be done about it; it blocks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from viewer.core.words import tr
from viewer.ui import theme


class NoticeBar(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName(tr("Notice"))
        self.buttons: tuple[QPushButton, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self._row.setSpacing(theme.MARGIN)
        self._row.addWidget(self.words, 1)
        self.hide()

    def offer(self, words: str, choices: Sequence[tuple[str, str, Callable[[], None]]]) -> None:
        """Say ``words`` and offer buttons of (text, tooltip, function); each of them closes the bar."""
        self.dismiss()
        self.words.setText(words)
        self.setAccessibleDescription(words)
        made = []
        for text, tip, run in choices:
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self.dismiss)
            button.clicked.connect(lambda _=False, run=run: run())
            self._row.addWidget(button)
            made.append(button)
        self.buttons = tuple(made)
        self.show()

    def dismiss(self) -> None:
        """Take the bar away."""
        self.hide()
        for button in self.buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = ()
