"""Where texts, letters, link marks and colour bars stand around a picture, so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from viewer.core.picture import LinkMark, NamedBar, Picture
from viewer.core.planes import ScaleBar
from viewer.core.words import tr

EDGE = 8.0
BIG = 1.35
"""Size of the patient letters, times that of the texts."""

_GAP = 6.0
_BAR_HIGH = 8.0
_BAR_WIDE = 190.0
_SHARE = 0.45
"""Part of the view's width that a colour bar may take."""
_CHAIN = 18.0
PARTS = " · "
"""Between the parts of a line; a line that is too long is broken there."""


@dataclass(frozen=True, slots=True)
class TextBox:
    """A line of text and the room that it takes."""

    box: QRectF
    text: str
    kind: str = "corner"
    """``corner``, ``letter``, ``note`` or ``scale``."""


@dataclass(frozen=True, slots=True)
class ChainBox:
    """A chain, whole or broken, with a word."""

    box: QRectF
    mark: LinkMark


@dataclass(frozen=True, slots=True)
class BarBox:
    """A colour bar with its words.

    Parameters
    ----------
    box : QRectF
        All of it.
    bar : QRectF
        The colours.
    lines : tuple of str
        The title above the colours, and the words below their numbers as far as they fit.
    """

    box: QRectF
    bar: QRectF
    named: NamedBar
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that stands around one picture in one view."""

    texts: tuple[TextBox, ...]
    chains: tuple[ChainBox, ...]
    bars: tuple[BarBox, ...]
    scale_line: QRectF
    """The scale bar's own line; empty where there is none."""


def big_font(font: QFont) -> QFont:
    """Return the font of the patient letters."""
    big = QFont(font)
    if font.pointSizeF() > 0:
        big.setPointSizeF(font.pointSizeF() * BIG)
    else:
        big.setPixelSize(round(font.pixelSize() * BIG))
    big.setBold(True)
    return big


def surroundings(
    picture: Picture, size: QSizeF, font: QFont, zoom: str = "", scale: ScaleBar | None = None
) -> Surroundings:
    """Return where everything stands in a view of ``size``.

    Parameters
    ----------
    picture : Picture
        What is shown.
    size : QSizeF
        Of the view.
    font : QFont
        Of the texts.
    zoom : str
        A last line of the lower right corner.
    scale : ScaleBar, optional
        The scale bar, if there is one.
    """
    metrics, big = QFontMetricsF(font), QFontMetricsF(big_font(font))
    line, wide, width, height = metrics.height(), metrics.horizontalAdvance, size.width(), size.height()
    room = width / 2 - 3 * EDGE
    found: list[TextBox] = []
    texts = picture.texts
    top_left, top_right = _broken(texts.top_left, room, metrics), _broken(texts.top_right, room, metrics)
    lower_left = _broken(texts.bottom_left, room, metrics)
    lower_right = _broken((*texts.bottom_right, zoom) if zoom else texts.bottom_right, room, metrics)
    for lines, right, bottom in (
        (top_left, False, False),
        (top_right, True, False),
        (lower_left, False, True),
        (lower_right, True, True),
    ):
        top = height - EDGE - len(lines) * line if bottom else EDGE
        for number, words in enumerate(lines):
            text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
            x = width - EDGE - wide(text) if right else EDGE
            found.append(TextBox(QRectF(x, top + number * line, wide(text), line), text))
    letters = picture.letters
    tall = big.height()
    for text, x, y in (
        (letters.left, EDGE, (height - tall) / 2),
        (letters.right, width - EDGE - big.horizontalAdvance(letters.right), (height - tall) / 2),
        (letters.top, (width - big.horizontalAdvance(letters.top)) / 2, EDGE),
        (letters.bottom, (width - big.horizontalAdvance(letters.bottom)) / 2, height - EDGE - tall),
    ):
        if text:
            found.append(TextBox(QRectF(x, y, big.horizontalAdvance(text), tall), text, "letter"))
    # Above the lower corners' texts, whatever their number of lines.
    low = height - EDGE - max(len(lower_left), len(lower_right), 1) * line - _GAP
    scale_line = QRectF()
    if scale is not None:
        low -= line
        whole = scale.pixels + 8 + wide(scale.text)
        scale_line = QRectF((width - whole) / 2, low + line / 2 - 4, scale.pixels, 8)
        found.append(TextBox(QRectF(scale_line.right() + 8, low, wide(scale.text), line), scale.text, "scale"))
    if picture.note:
        low -= line
        text = metrics.elidedText(picture.note, Qt.TextElideMode.ElideMiddle, width - 2 * EDGE)
        found.append(TextBox(QRectF((width - wide(text)) / 2, low, wide(text), line), text, "note"))
    chains = _chains(picture.links, EDGE + len(top_left) * line + 2, width / 2 - EDGE, metrics)
    upper = (EDGE + len(top_right) * line + (_GAP if top_right else 0), (height - tall) / 2 - _GAP)
    lower = ((height + tall) / 2 + _GAP, low - _GAP)
    bars, more = _bars(picture.bars, width, (upper, lower), metrics)
    if more:
        bars, more = _bars(picture.bars, width, (upper, (lower[0], lower[1] - line)), metrics)
        text = tr("%n more", "colour bars", more)
        found.append(TextBox(QRectF(width - EDGE - wide(text), lower[1] - line, wide(text), line), text))
    return Surroundings(tuple(found), tuple(chains), tuple(bars), scale_line)


def _chains(marks: Sequence[LinkMark], top: float, end: float, metrics: QFontMetricsF) -> list[ChainBox]:
    """Place the marks from the left edge on, in as many lines as it takes to stay before ``end``."""
    chains, x, line = [], EDGE, metrics.height()
    for mark in marks:
        width = _CHAIN + metrics.horizontalAdvance(mark.name)
        if x > EDGE and x + width > end:
            x, top = EDGE, top + line
        chains.append(ChainBox(QRectF(x, top, width, line), mark))
        x += width + 10
    return chains


def _broken(lines: Sequence[str], room: float, metrics: QFontMetricsF) -> list[str]:
    """Return ``lines`` with those that are too long broken where they are made of parts."""
    broken: list[str] = []
    for text in lines:
        parts = text.split(PARTS) if metrics.horizontalAdvance(text) > room else [text]
        line = parts[0]
        for part in parts[1:]:
            if metrics.horizontalAdvance(line + PARTS + part) <= room:
                line += PARTS + part
            else:
                broken.append(line)
                line = part
        broken.append(line)
    return broken


def _bars(
    bars: Sequence[NamedBar], width: float, zones: tuple[tuple[float, float], ...], metrics: QFontMetricsF
) -> tuple[list[BarBox], int]:
    """Return the bars one below the other, with as many of their words as fit, and how many bars do not fit at all."""
    best: list[BarBox] = []
    for captions in range(max((len(named.captions) for named in bars), default=0), -1, -1):
        placed = _placed(bars, width, zones, metrics, captions)
        if len(placed) == len(bars):
            return placed, 0
        best = max(best, placed, key=len)
    return best, len(bars) - len(best)


def _placed(
    bars: Sequence[NamedBar],
    width: float,
    zones: tuple[tuple[float, float], ...],
    metrics: QFontMetricsF,
    captions: int,
) -> list[BarBox]:
    line = metrics.height()
    block = min(_BAR_WIDE, _SHARE * width - EDGE)
    placed: list[BarBox] = []
    left = list(bars)
    # The first of the list is the one that is painted on top; it stands on top here too.
    for top, bottom in zones:
        y = top
        while left:
            texts = (left[0].title, *_captions(left[0].captions, captions))
            high = (1 + len(texts)) * line + _BAR_HIGH + 4
            if y + high > bottom:
                break
            lines = tuple(metrics.elidedText(text, Qt.TextElideMode.ElideRight, block) for text in texts)
            bar = QRectF(width - EDGE - block, y + line + 2, block, _BAR_HIGH)
            placed.append(BarBox(QRectF(width - EDGE - block, y, block, high), bar, left.pop(0), lines))
            y += high + _GAP
    return placed


def _captions(captions: Sequence[str], count: int) -> list[str]:
    """Return the captions in at most ``count`` lines; those that are too many share the last one."""
    if count == 0:
        return []
    return [*captions[: count - 1], PARTS.join(captions[count - 1 :])]
