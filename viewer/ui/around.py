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
_UPRIGHT_MIN, _UPRIGHT_MAX, _UPRIGHT_WIDE = 64.0, 180.0, 12.0
_FLAT_HIGH = 8.0
_SHARE = 0.45
"""Part of the view's width that colour bars may take."""
_CHAIN = 18.0


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
        The words above (upright) or above and below (flat) the colours, as they fit.
    upright : bool
        Low end at the bottom with numbers beside; else low end at the left with numbers below.
    """

    box: QRectF
    bar: QRectF
    named: NamedBar
    lines: tuple[str, ...]
    upright: bool


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
    lower_right = (*texts.bottom_right, zoom) if zoom else texts.bottom_right
    for lines, right, bottom in (
        (texts.top_left, False, False),
        (texts.top_right, True, False),
        (texts.bottom_left, False, True),
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
    low = height - EDGE - max(len(texts.bottom_left), len(lower_right), 1) * line - _GAP
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
    chains = _chains(picture.links, EDGE + len(texts.top_left) * line + 2, line, metrics)
    upper = (EDGE + len(texts.top_right) * line + _GAP, (height - tall) / 2 - _GAP)
    lower = ((height + tall) / 2 + _GAP, low - _GAP)
    bars, more = _bars(picture.bars, width, (upper, lower), metrics)
    if more:
        text = tr("%n more", "colour bars", more)
        found.append(TextBox(QRectF(width - EDGE - wide(text), lower[1] - line, wide(text), line), text))
    return Surroundings(tuple(found), tuple(chains), tuple(bars), scale_line)


def _chains(marks: Sequence[LinkMark], top: float, line: float, metrics: QFontMetricsF) -> list[ChainBox]:
    chains, x = [], EDGE
    for mark in marks:
        width = _CHAIN + metrics.horizontalAdvance(mark.name)
        chains.append(ChainBox(QRectF(x, top, width, line), mark))
        x += width + 10
    return chains


def _bars(
    bars: Sequence[NamedBar], width: float, zones: tuple[tuple[float, float], ...], metrics: QFontMetricsF
) -> tuple[list[BarBox], int]:
    """Return the bars where they fit, and how many do not: side by side upright, else flat one below the other."""
    upright = _upright(bars, width, zones[0], metrics)
    if upright is not None:
        return upright, 0
    best: list[BarBox] = []
    for captions in (2, 1, 0):
        flat = _flat(bars, width, zones, metrics, captions)
        if len(flat) == len(bars):
            return flat, 0
        best = max(best, flat, key=len)
    return best, len(bars) - len(best)


def _upright(
    bars: Sequence[NamedBar], width: float, zone: tuple[float, float], metrics: QFontMetricsF
) -> list[BarBox] | None:
    line, wide = metrics.height(), metrics.horizontalAdvance
    words = 1 + max((len(named.captions) for named in bars), default=0)
    # Half of a number stands above the bar and half below it.
    room = zone[1] - zone[0] - words * line - line - 4
    if room < _UPRIGHT_MIN:
        return None
    high = min(room, _UPRIGHT_MAX)
    placed, right, bottom = [], width - EDGE, zone[1]
    top = bottom - high - line - 4 - words * line
    for named in bars:
        lines = (named.title, *named.captions)
        numbers = max((wide(tick.text) for tick in named.bar.ticks), default=0.0)
        block = max(*(wide(text) for text in lines), _UPRIGHT_WIDE + 7 + numbers)
        bar = QRectF(right - numbers - 7 - _UPRIGHT_WIDE, top + words * line + line / 2 + 2, _UPRIGHT_WIDE, high)
        placed.append(BarBox(QRectF(right - block, top, block, bottom - top), bar, named, lines, True))
        right -= block + 18
    return placed if width - (right + 18) <= _SHARE * width else None


def _flat(
    bars: Sequence[NamedBar],
    width: float,
    zones: tuple[tuple[float, float], ...],
    metrics: QFontMetricsF,
    captions: int,
) -> list[BarBox]:
    line = metrics.height()
    block = min(190.0, _SHARE * width - EDGE)
    high = (2 + captions) * line + _FLAT_HIGH + 4
    placed: list[BarBox] = []
    left = list(bars)
    # The first of the list is the one that is painted on top; it stands on top here too.
    for top, bottom in zones:
        fitting = min(len(left), max(0, int((bottom - top + _GAP) // (high + _GAP))))
        for number, named in enumerate(left[:fitting]):
            y = top + number * (high + _GAP)
            texts = (named.title, *_captions(named.captions, captions))
            lines = tuple(metrics.elidedText(text, Qt.TextElideMode.ElideRight, block) for text in texts)
            bar = QRectF(width - EDGE - block, y + line + 2, block, _FLAT_HIGH)
            placed.append(BarBox(QRectF(width - EDGE - block, y, block, high), bar, named, lines, False))
        left = left[fitting:]
    return placed


def _captions(captions: Sequence[str], count: int) -> list[str]:
    """Return the captions in at most ``count`` lines; what is too many shares the last one."""
    if count == 0:
        return []
    return [*captions[: count - 1], " · ".join(captions[count - 1 :])]
