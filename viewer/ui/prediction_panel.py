"""What the model says of the slice on screen, which model it is, and how far the series is from what it knows."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from viewer.app.display import PredictionText
from viewer.core.words import tr
from viewer.ui import theme


class ProbabilityBar(QWidget):
    """A bar from 0 to 1 with the threshold marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: float | None = None
        self.setFixedHeight(10)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Probability"))

    def sizeHint(self) -> QSize:
        """Return a thin bar's size."""
        return QSize(160, 10)

    def show_value(self, value: float | None) -> None:
        """Show a probability, or none."""
        self._value = value
        self.setAccessibleDescription("" if value is None else f"{value:.2f}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and the mark at one half."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.BACKGROUND)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        if self._value is not None:
            painter.setBrush(theme.AFFECTED if self._value >= 0.5 else theme.HEALTHY)
            painter.drawRoundedRect(QRectF(0, 0, max(self.width() * self._value, 3), self.height()), 3, 3)
        painter.setPen(theme.TEXT)
        painter.drawLine(self.width() // 2, 0, self.width() // 2, self.height())


class PredictionPanel(QWidget):
    """Shows a `PredictionText`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verdict = QLabel()
        font = self.verdict.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.verdict.setFont(font)
        self.verdict.setAccessibleName(tr("Model's answer for this slice"))
        self.number = QLabel()
        self.number.setFont(font)
        self.number.setAccessibleName(tr("Probability"))
        self.calibrated = theme.muted()
        self.calibrated.setWordWrap(False)
        self.calibrated.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        self.calibrated.setContentsMargins(0, 0, theme.GAP, 2)  # on the number's line
        self.bar = ProbabilityBar()
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setAccessibleName(tr("Label of this slice"))
        self.source = QLabel()
        self.source.setWordWrap(True)
        self.source.setAccessibleName(tr("Whose answer it is"))
        self.series = theme.muted()
        self.model = theme.muted()
        self.mismatch = theme.muted()
        self.mismatch.setProperty("role", "warning")
        self.mismatch.setAccessibleName(tr("How this series differs from what the model was trained on"))
        line = QHBoxLayout()
        line.addWidget(self.verdict, 1)
        line.addWidget(self.calibrated)
        line.addWidget(self.number)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.MARGIN, theme.GAP)
        column.setSpacing(3)
        self.heading = theme.heading("")
        column.addWidget(self.heading)
        column.addLayout(line)
        column.addWidget(self.bar)
        for label in (self.label, self.source, self.series, self.model, self.mismatch):
            column.addWidget(label)

    def show_text(self, text: PredictionText) -> None:
        """Show ``text``."""
        self.heading.setText(text.heading or tr("Model on this slice"))
        self.verdict.setText(text.verdict.capitalize() if text.verdict else text.state)
        colour = theme.MUTED
        if text.verdict and text.probability is not None:
            colour = theme.AFFECTED_TEXT if text.probability >= 0.5 else theme.TEXT
        palette = self.verdict.palette()
        palette.setColor(self.verdict.foregroundRole(), colour)
        self.verdict.setPalette(palette)
        self.number.setText(text.probability_text)
        self.bar.show_value(text.probability)
        for label, words in ((self.label, text.label), (self.source, text.source)):
            label.setText(words)
            label.setVisible(bool(words))
        font = self.label.font()
        if font.bold() != text.is_misread:
            font.setBold(text.is_misread)
            self.label.setFont(font)
        palette = self.label.palette()
        palette.setColor(self.label.foregroundRole(), theme.WARNING if text.is_misread else theme.TEXT)
        self.label.setPalette(palette)
        self.calibrated.setText(text.calibration)
        self.calibrated.setVisible(bool(text.calibration))
        for widget in (self.calibrated, self.number, self.bar):
            widget.setToolTip(text.calibrated_on)
        self.series.setText(text.series)
        self.model.setText(text.model)
        self.model.setToolTip(text.trained_on)
        self.mismatch.setText("\n".join(f"⚠ {sentence}" for sentence in text.mismatches))
        self.mismatch.setVisible(bool(text.mismatches))
