"""One visual language: a dark palette for a dark reading room, one accent colour, one type scale."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QWidget

from viewer.assets import find_asset

BACKGROUND = QColor("#141619")
PANEL = QColor("#1b1e22")
RAISED = QColor("#272b31")
LINE = QColor("#343a42")
TEXT = QColor("#e4e7eb")
MUTED = QColor("#a0a8b2")
DISABLED = QColor("#6b737d")
ACCENT = QColor("#4fa3d9")
AFFECTED = QColor("#f0a23c")
"""Orange against blue stays apart for every kind of colour vision."""
HEALTHY = QColor("#5f93b8")
WARNING = QColor("#f2c14e")
FAILURE = QColor("#ff8a80")

GAP = 6
MARGIN = 10


def apply_theme(app: QApplication) -> None:
    """Give the application its dark look; nothing else in the project sets colours of ordinary controls."""
    app.setStyle("Fusion")
    app.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, PANEL),
        (roles.WindowText, TEXT),
        (roles.Base, BACKGROUND),
        (roles.AlternateBase, PANEL),
        (roles.Text, TEXT),
        (roles.PlaceholderText, MUTED),
        (roles.Button, RAISED),
        (roles.ButtonText, TEXT),
        (roles.BrightText, FAILURE),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, QColor("#0b0d0f")),
        (roles.Link, ACCENT),
        (roles.Mid, LINE),
        (roles.Dark, BACKGROUND),
        (roles.Light, RAISED.lighter(120)),
        (roles.Accent, ACCENT),
    ):
        palette.setColor(role, colour)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, DISABLED)
    app.setPalette(palette)
    style = find_asset("style.qss").read_text(encoding="utf-8")
    app.setStyleSheet(style.replace("@icons@", find_asset("icons").as_posix()))


def mono_font(widget: QWidget, delta: float = 0.0) -> QFont:
    """Return a fixed-width font at the widget's size, for numbers that change in place."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(7.0, widget.font().pointSizeF() + delta))
    return font


class ElidedLabel(QLabel):
    """A line that ends in "…" where it does not fit; the whole of it stands in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_words(self, words: str) -> None:
        """Show ``words``, as much of them as fits."""
        if words != self._words:
            self._words = words
            self.setToolTip(words)
            self.setAccessibleDescription(words)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the words anew."""
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width()))


def heading(text: str) -> QLabel:
    """Return a panel's heading."""
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def muted(text: str = "", wrap: bool = True) -> QLabel:
    """Return a label for secondary text."""
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(wrap)
    return label
