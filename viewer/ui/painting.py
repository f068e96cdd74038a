"""Paints what stands around a picture, where `surroundings` has put it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from viewer.core.crosses import Cross
from viewer.core.overlay import ColourBar
from viewer.ui.around import BarBox, ChainBox, Surroundings, big_font
from viewer.ui.theme import dark as theme

EDGE_OF_TEXT = (0, 0, 0, 210)
GROUND_OF_TEXT = (0, 0, 0, 110)


def paint_around(painter: QPainter, around: Surroundings) -> None:
    """Paint texts, letters, link marks, scale bar and colour bars."""
    plain = painter.font()
    for box in around.bars:
        _paint_bar_box(painter, box)
    ascent = QFontMetricsF(plain).ascent()
    for text in around.texts:
        if text.kind == "letter":
            painter.setFont(big_font(plain))
            up = QFontMetricsF(painter.font()).ascent()
            paint_text(painter, text.box.x(), text.box.y() + up, text.text, theme.WARNING)
            painter.setFont(plain)
        else:
            colour = theme.WARNING if text.kind == "note" else theme.TEXT
            paint_text(painter, text.box.x(), text.box.y() + ascent, text.text, colour)
    for chain in around.chains:
        _paint_chain(painter, chain)
    if not around.scale_line.isEmpty():
        _paint_scale(painter, around.scale_line)


def paint_text(painter: QPainter, x: float, baseline: float, text: str, colour: QColor) -> None:
    """Paint light letters with a dark edge on a darkened ground, which keeps them readable on bright fat."""
    metrics = QFontMetricsF(painter.font())
    ground = QRectF(x - 2, baseline - metrics.ascent(), metrics.horizontalAdvance(text) + 4, metrics.height())
    painter.fillRect(ground, QColor(*GROUND_OF_TEXT))
    painter.setPen(QColor(*EDGE_OF_TEXT))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
        painter.drawText(QPointF(x + dx, baseline + dy), text)
    painter.setPen(colour)
    painter.drawText(QPointF(x, baseline), text)


def paint_cross(painter: QPainter, cross: Cross, at: QPointF, width: float, height: float) -> None:
    """Paint a crosshair with a gap around its place; dashed where the place lies in another plane."""
    pen = QPen(theme.ACCENT, 1.4 if not cross.in_plane else 1.0)
    if not cross.in_plane:
        pen.setDashPattern([5, 5])
    painter.setPen(pen)
    for start, end in (
        (QPointF(at.x() - 10, at.y()), QPointF(0, at.y())),
        (QPointF(at.x() + 10, at.y()), QPointF(width, at.y())),
        (QPointF(at.x(), at.y() - 10), QPointF(at.x(), 0)),
        (QPointF(at.x(), at.y() + 10), QPointF(at.x(), height)),
    ):
        painter.drawLine(start, end)


def _paint_chain(painter: QPainter, chain: ChainBox) -> None:
    """Paint two links of a chain, drawn apart and struck through where nothing is linked."""
    metrics, box, linked = QFontMetricsF(painter.font()), chain.box, chain.mark.linked
    colour = theme.ACCENT if linked else theme.MUTED
    middle, apart = box.center().y(), 0.0 if linked else 2.0
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(*EDGE_OF_TEXT), 3.4), QPen(colour, 1.4)):
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(box.x() + 1, middle - 2.5, 7 - apart, 5), 2.5, 2.5)
        painter.drawRoundedRect(QRectF(box.x() + 6 + apart, middle - 2.5, 7 - apart, 5), 2.5, 2.5)
        if not linked:
            painter.drawLine(QPointF(box.x() + 4, middle + 5), QPointF(box.x() + 10, middle - 5))
    painter.restore()
    right = box.right() - metrics.horizontalAdvance(chain.mark.name)
    paint_text(painter, right, box.y() + metrics.ascent(), chain.mark.name, colour)


def _paint_scale(painter: QPainter, line: QRectF) -> None:
    y = line.center().y()
    for colour, thickness in ((QColor(*EDGE_OF_TEXT), 4.0), (theme.TEXT, 1.6)):
        painter.setPen(QPen(colour, thickness))
        painter.drawLine(QPointF(line.left(), y), QPointF(line.right(), y))
        for end in (line.left(), line.right()):
            painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))


def _paint_bar_box(painter: QPainter, box: BarBox) -> None:
    metrics = QFontMetricsF(painter.font())
    for number, text in enumerate(box.lines):
        y = box.box.y() if number == 0 else box.bar.bottom() + 2 + number * metrics.height()
        paint_text(painter, box.box.x(), y + metrics.ascent(), text, theme.TEXT)
    _paint_colours(painter, box.named.bar, box.bar)
    _paint_numbers(painter, box, metrics)


def _paint_numbers(painter: QPainter, box: BarBox, metrics: QFontMetricsF) -> None:
    """Write the numbers below a bar: both ends, then those between for which there is room."""
    ticks = box.named.bar.ticks
    taken: list[tuple[float, float]] = []
    for tick in sorted(ticks, key=lambda tick: min(tick.place, 1 - tick.place)):
        width = metrics.horizontalAdvance(tick.text)
        middle = box.bar.x() + tick.place * box.bar.width()
        x = min(max(middle - width / 2, box.bar.x()), box.bar.right() - width)
        if all(x + width + 6 <= start or x >= end + 6 for start, end in taken):
            taken.append((x, x + width))
            paint_text(painter, x, box.bar.bottom() + 2 + metrics.ascent(), tick.text, theme.TEXT)
            painter.drawLine(QPointF(middle, box.bar.bottom()), QPointF(middle, box.bar.bottom() + 3))


def _paint_colours(painter: QPainter, bar: ColourBar, box: QRectF) -> None:
    colours = np.zeros((len(bar.colours), 4), np.uint8)
    colours[:, :3] = bar.colours[:, ::-1]
    # What is not painted on the picture is not painted here either.
    colours[bar.alpha == 0, :3] = 24
    painter.drawImage(box, QImage(colours.data, len(colours), 1, 4 * len(colours), QImage.Format.Format_RGB32))
    painter.setPen(QPen(theme.MUTED, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)
    if bar.line is not None:
        # The outline's colour where the outline runs: at the threshold, or at the lowest value.
        painter.setPen(QPen(QColor(*bar.line), 3))
        for place in bar.cuts or (0.0,):
            x = box.left() + place * box.width()
            painter.drawLine(QPointF(x, box.top() - 2), QPointF(x, box.bottom() + 3))
