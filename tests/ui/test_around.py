"""Texts, letters, link marks and colour bars around a picture: nothing lies on anything else, in any view."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF
from pytestqt.qtbot import QtBot

from viewer.core.overlay import OverlayStyle, colour_bar
from viewer.core.picture import LinkMark, NamedBar, Picture
from viewer.core.planes import CornerTexts, EdgeLetters, ScaleBar
from viewer.ui.around import Surroundings, surroundings
from xai.imaging.geometry import VolumeGeometry

CAPTIONS = ("evidence for affected", "scale: whole series", "body only")
TITLES = ("HiResCAM", "Grad-CAM++", "Signed hierarchical occlusion")
TEXTS = CornerTexts(
    top_left=("12: T1 SE axial lower legs, right and left", "MR · axial · leg"),
    top_right=("PHANTOM^P002", "PHANTOM-P002", "born 19700101", "20000101"),
    bottom_left=("11/16", "S 32.5 mm", "thickness 8 mm · spacing 13 mm"),
    bottom_right=("TR 480 ms · TE 11 ms", "W 569 L 286"),
)
LINKS = (LinkMark("slices", True), LinkMark("zoom", False), LinkMark("window", False))


def picture(bars: int, identity: bool = False, note: str = "", linked: bool = False) -> Picture:
    texts = TEXTS if identity else CornerTexts(TEXTS.top_left, (), TEXTS.bottom_left, TEXTS.bottom_right)
    named = tuple(NamedBar(title, CAPTIONS, colour_bar(OverlayStyle(), 0.0, 0.0799)) for title in TITLES[:bars])
    return Picture(
        np.zeros((4, 4), np.uint32),
        VolumeGeometry.unknown((1, 4, 4)),
        EdgeLetters("R", "L", "A", "P"),
        texts,
        named,
        note,
        links=LINKS if linked else (),
    )


def boxes(around: Surroundings) -> list[tuple[str, QRectF]]:
    found = [(text.text, text.box) for text in around.texts]
    found += [(chain.mark.name, chain.box) for chain in around.chains]
    found += [(bar.named.title, bar.box) for bar in around.bars]
    if not around.scale_line.isEmpty():
        found.append(("scale line", around.scale_line))
    return found


@pytest.mark.parametrize("points", [9.0, 12.0])
@pytest.mark.parametrize("size", [(345, 335), (345, 676), (690, 676), (900, 900), (1800, 1900)])
@pytest.mark.parametrize("bars", [0, 1, 2, 3])
@pytest.mark.parametrize("identity", [False, True])
def test_nothing_lies_on_anything_else(
    qtbot: QtBot, size: tuple[int, int], bars: int, identity: bool, points: float
) -> None:
    font = QFont()
    font.setPointSizeF(points)
    view = QSizeF(*size)
    around = surroundings(
        picture(bars, identity, "HiResCAM: computing", linked=not bars), view, font, "zoom 107 %", ScaleBar(50, 70.0)
    )
    found = boxes(around)
    for (one, first), (other, second) in combinations(found, 2):
        assert not first.adjusted(0.5, 0.5, -0.5, -0.5).intersects(second), (one, other)
    room = QRectF(0, 0, *size)
    for name, box in found:
        assert room.contains(box), name


def test_every_bar_of_three_is_there_in_a_quarter_of_a_small_window(qtbot: QtBot) -> None:
    font = QFont()
    font.setPointSizeF(9)
    around = surroundings(picture(3), QSizeF(345, 335), font, "zoom 107 %", ScaleBar(50, 70.0))
    assert [bar.named.title for bar in around.bars] == list(TITLES)
    assert [bar.box.top() for bar in around.bars] == sorted(bar.box.top() for bar in around.bars)
    one = surroundings(picture(1), QSizeF(345, 335), font, "zoom 107 %", ScaleBar(50, 70.0)).bars[0]
    assert one.lines == ("HiResCAM", *CAPTIONS)


def test_bars_that_do_not_fit_are_counted(qtbot: QtBot) -> None:
    font = QFont()
    font.setPointSizeF(12)
    around = surroundings(picture(3, identity=True), QSizeF(240, 240), font)
    assert len(around.bars) < 3
    assert f"{3 - len(around.bars)} more" in [text.text for text in around.texts]


def test_a_line_that_is_too_long_is_broken_between_its_parts(qtbot: QtBot) -> None:
    font = QFont()
    font.setPointSizeF(9)
    small = [text.text for text in surroundings(picture(0), QSizeF(345, 335), font).texts]
    large = [text.text for text in surroundings(picture(0), QSizeF(900, 900), font).texts]
    assert "thickness 8 mm · spacing 13 mm" in large
    assert {"thickness 8 mm", "spacing 13 mm"} <= set(small)
    assert QFontMetricsF(font).horizontalAdvance("thickness 8 mm · spacing 13 mm") > 345 / 2 - 24
