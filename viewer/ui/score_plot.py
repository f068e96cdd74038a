"""A small plot of how the model's answer changes while pixels are hidden, and shown, in a map's order."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.app.map_scores import MapScores
from viewer.core.words import tr
from viewer.ui import theme

HEIGHT = 118


class ScorePlot(QWidget):
    """Deletion and insertion curves with their areas; empty while nothing is measured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: MapScores | None = None
        self._class_name = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Deletion and insertion curves"))
        self.setToolTip(
            tr(
                "How the probability of the explained class changes while the body's pixels are hidden (deletion) "
                "or shown (insertion), those that the map puts highest first. The faster deletion falls and insertion "
                "rises, the more of what the model looks at the map has found."
            )
        )

    def sizeHint(self) -> QSize:
        """Return a small plot's size."""
        return QSize(300, HEIGHT)

    def show_scores(self, scores: MapScores | None, class_name: str) -> None:
        """Show curves, or none."""
        if scores is not self._scores or class_name != self._class_name:
            self._scores, self._class_name = scores, class_name
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, curves and their names."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() - 1.5))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        left = metrics.horizontalAdvance("0.5") + 6
        box = QRectF(left, 6, self.width() - left - 6, self.height() - metrics.height() - 12)
        for value in (0.0, 0.5, 1.0):
            y = box.bottom() - value * box.height()
            painter.setPen(QPen(theme.LINE, 1))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(theme.MUTED)
            painter.drawText(QPointF(0, y + metrics.ascent() / 2 - 1), f"{value:g}")
        below = QRectF(box.left(), box.bottom() + 2, box.width(), metrics.height() + 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, tr("share of the body, highest first"))
        if self._scores is None:
            return
        x = box.left()
        for curve, colour, name in (
            (self._scores.insertion, theme.ACCENT, tr("insertion")),
            (self._scores.deletion, theme.AFFECTED, tr("deletion")),
        ):
            steps = len(curve) - 1
            places = np.linspace(box.left(), box.right(), steps + 1)
            heights = box.bottom() - box.height() * np.clip(curve.astype(float), 0, 1)
            painter.setPen(QPen(colour, 1.8))
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(places, heights, strict=True)]))
            painter.drawText(QPointF(x, box.bottom() + 2 + metrics.ascent()), name)
            x += metrics.horizontalAdvance(name) + 10
