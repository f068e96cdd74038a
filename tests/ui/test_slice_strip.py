"""What the strip under the slider draws: holes where slices are missing, slices that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from viewer.ui import theme
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.slice_strip import BARS, GAP_PART, HANDLE, SIDE, SliceStrip, lay_out
from xai.imaging.volume import Gap

KEPT = [0, 1, 2, 5, 6, 7]
"""Of eight slices 6 mm apart the fourth and the fifth are missing."""


@pytest.fixture
def place(
    make_workplace: Callable[..., Workplace], write_dicom: Callable[..., Path], tmp_path: Path, qtbot: QtBot
) -> Workplace:
    place = make_workplace()
    place.start([write_dicom(tmp_path / "holes", keep=KEPT)])
    qtbot.waitUntil(lambda: place.session.volume is not None, timeout=60_000)
    place.window.refresh()
    return place


def marked_columns(strip: SliceStrip) -> list[int]:
    """Return the columns of the strip, in widget pixels, in which the colour of a hole's edge is drawn."""
    image: QImage = strip.grab().toImage()
    row = HANDLE + 6
    return [x for x in range(strip.width()) if is_near(image.pixelColor(x, row), theme.WARNING)]


def is_near(colour: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(colour.getRgb()[:3], other.getRgb()[:3], strict=True)) < 25  # type: ignore


def test_a_missing_slice_is_a_hole_at_its_place(place: Workplace) -> None:
    strip = place.window.strip
    columns = marked_columns(strip)
    third, fourth = strip.place_of(2), strip.place_of(3)
    assert columns
    assert third < min(columns) <= max(columns) < fourth
    # The heights of the slices are 0 6 12 | 30 36 42 mm: along the strip the hole is as long as two slices.
    step = strip.place_of(1) - strip.place_of(0)
    assert fourth - third == pytest.approx(3 * step, rel=0.01)
    assert np.allclose([strip.place_of(k + 1) - strip.place_of(k) for k in (0, 1, 3, 4)], step)
    assert min(columns) == pytest.approx(third + step / 2, abs=3)
    assert max(columns) == pytest.approx(fourth - step / 2, abs=3)


def test_a_hole_is_told_in_words(place: Workplace) -> None:
    strip = place.window.strip
    middle = (strip.place_of(2) + strip.place_of(3)) / 2
    words = "2 slices are missing between slices 3 and 4; they lie 18.0 mm apart"
    assert strip.words_at(middle) == strip.accessibleDescription() == words
    assert strip.words_at(strip.place_of(3)) == "Slice 4 of 6: no prediction"


def test_a_click_into_a_hole_goes_to_its_nearer_side(place: Workplace, tmp_path: Path) -> None:
    strip, hands = place.window.strip, Hands(place.window, tmp_path)
    left, right = strip.place_of(2), strip.place_of(3)
    for x, expected in ((left + 0.4 * (right - left), 2), (left + 0.6 * (right - left), 3)):
        hands.click(strip, QPoint(round(x), strip.height() - 8))
        assert place.session.state.slice_index == expected


def test_a_whole_series_has_no_hole(workplace: Workplace) -> None:
    assert marked_columns(workplace.window.strip) == []
    assert workplace.window.strip.accessibleDescription() == ""


def test_slices_that_are_not_there_are_drawn_and_told(qtbot: QtBot) -> None:
    strip = SliceStrip()
    qtbot.addWidget(strip)
    strip.resize(400 + 2 * SIDE, strip.sizeHint().height())
    strip.set_slices(4)
    strip.show_reading(np.array([True, True, False, True]), {1: "IM2.dcm is damaged."})
    strip.show_probabilities(np.array([0.9, np.nan, np.nan, np.nan], np.float32), "affected")
    strip.setValue(3)
    assert strip.describe(1) == "Slice 2 of 4: could not be read\nIM2.dcm is damaged."
    assert strip.describe(2) == "Slice 3 of 4: not read yet"
    image = strip.grab().toImage()

    def has(k: int, colour: QColor) -> bool:
        left = SIDE + 100 * k
        # The dashed line in the middle is left out.
        rows = [y for y in range(HANDLE + 3, HANDLE + BARS - 2) if abs(y - HANDLE - BARS // 2) > 3]
        return any(is_near(image.pixelColor(x, y), colour) for x in range(left + 4, left + 96) for y in rows)

    assert [has(k, theme.FAILURE) for k in range(4)] == [False, True, False, False]
    assert [has(k, theme.AFFECTED) for k in range(4)] == [True, False, False, False]
    hatched = [
        len({image.pixelColor(x, HANDLE + 6).rgb() for x in range(SIDE + 100 * k + 4, SIDE + 100 * k + 96)}) > 1
        for k in (0, 2)
    ]
    assert hatched == [False, True], "a slice that is not read yet is hatched visibly"


@given(
    st.integers(1, 400),
    st.lists(st.tuples(st.integers(0, 398), st.integers(1, 64)), max_size=12, unique_by=lambda gap: gap[0]),
    st.integers(60, 3000),
)
def test_slices_and_holes_fill_the_strip_in_order(count: int, holes: list[tuple[int, int]], width: int) -> None:
    gaps = [Gap(after, missing) for after, missing in sorted(holes) if after < count - 1]
    cells = lay_out(count, gaps, width)
    assert (np.diff(cells.lefts) >= cells.width - 1e-6).all()
    assert cells.width > 0
    ends = [(gap.after, left, right) for gap, left, right in cells.holes]
    for after, left, right in ends:
        assert left == pytest.approx(cells.lefts[after] + cells.width)
        assert right == pytest.approx(cells.lefts[after + 1])
        assert right > left
    assert cells.lefts[0] == SIDE
    assert cells.lefts[-1] + cells.width == pytest.approx(SIDE + width)
    assert sum(right - left for _, left, right in ends) <= GAP_PART * width + 1e-6
