"""The review by hand: mouse and keys on the real window with a model that points at a planted spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextBrowser
from pytestqt.qtbot import QtBot

from viewer.app.commands import COMMANDS
from viewer.app.explaining import METHODS
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands

SPOT = (11, 38)
SPOTS = (2, 5)


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path) -> Hands:
    return Hands(workplace.window, tmp_path)


def shown(workplace: Workplace, number: int = 0) -> NDArray[np.uint32]:
    picture = workplace.window.views[number].picture
    assert picture is not None
    return picture.pixels


def reddest(pixels: NDArray[np.uint32]) -> tuple[int, int]:
    """Return where red exceeds blue the most: the middle of a warm overlay."""
    red, blue = (pixels >> 16 & 0xFF).astype(int), (pixels & 0xFF).astype(int)
    row, column = np.unravel_index(np.argmax(red - blue), pixels.shape)
    return int(row), int(column)


def test_the_middle_slice_comes_first_and_the_keyboard_is_on_the_picture(
    make_workplace: Callable[..., Workplace], series_file: Path, qtbot: QtBot
) -> None:
    place = make_workplace()
    arrived: list[int] = []
    place.session.sliceArrived.connect(lambda k, _: arrived.append(k))
    place.start([series_file.parent])
    qtbot.waitUntil(lambda: place.session.volume is not None)
    assert arrived[0] == 4 == place.session.state.slice_index
    assert place.window.focusWidget() is place.window.views[0]
    assert place.window.prediction.verdict.text() == "No model"


def test_the_patients_left_is_at_the_right_edge(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    workplace.window.refresh()
    picture = workplace.window.views[0].picture
    assert picture is not None
    letters = picture.letters
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("R", "L", "A", "P")
    row, column = np.unravel_index(np.argmax(picture.pixels & 0xFF), picture.pixels.shape)
    assert abs(row - SPOT[0]) <= 1
    assert abs(column - SPOT[1]) <= 1


def test_keys_go_through_the_slices(workplace: Workplace, hands: Hands) -> None:
    def index() -> int:
        return workplace.session.state.slice_index

    for key, expected in (("Home", 0), ("Down", 1), ("Down", 2), ("Up", 1), ("End", 7), ("Down", 7), ("PgUp", 0)):
        hands.press(key)
        assert index() == expected, key
    hands.press("PgDown")
    assert index() == 7
    hands.wheel(workplace.window.views[0], 1)
    assert index() == 6
    assert workplace.window.counter.text() == "7 / 8"


def test_every_slice_has_its_probability_on_the_strip(workplace: Workplace) -> None:
    affected = workplace.explaining.probability(1) > 0.5
    assert np.flatnonzero(affected).tolist() == list(SPOTS)
    assert workplace.window.strip.describe(2) == "Slice 3 of 8: affected 0.90"
    workplace.window.control.show_slice(2)
    workplace.window.refresh()
    assert workplace.window.prediction.verdict.text() == "Affected"
    assert workplace.window.prediction.number.text() == "affected 0.90"
    assert workplace.window.prediction.series.text() == "2 of 8 slices called affected"


def test_the_overlay_lies_on_the_spot(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[1])
    workplace.window.refresh()
    clean = shown(workplace).copy()
    hands.press("V")
    workplace.window.refresh()
    row, column = reddest(shown(workplace))
    # A cell is 32 of 224 network pixels wide: 7 picture pixels; the nearest one is at most half of that away.
    assert abs(row - SPOT[0]) <= 4
    assert abs(column - SPOT[1]) <= 4
    assert not np.array_equal(clean, shown(workplace))
    picture = workplace.window.views[0].picture
    assert picture is not None
    assert picture.bars[0].captions == ("evidence for affected", "scale: this slice")
    hands.press("V")
    workplace.window.refresh()
    assert np.array_equal(clean, shown(workplace))


def test_a_map_without_support_is_said_in_words_and_not_painted(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(0)
    workplace.window.refresh()
    clean = shown(workplace).copy()
    hands.press("V")
    workplace.window.refresh()
    picture = workplace.window.views[0].picture
    assert picture is not None
    assert picture.note == "HiResCAM: nothing supports this class"
    assert np.array_equal(clean, picture.pixels)


def test_healthy_is_class_0_and_not_nothing(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    hands.press("T")
    hands.press("T")
    assert workplace.session.state.target == "healthy"
    qtbot.waitUntil(lambda: workplace.explaining.counts()[0] == 8)
    assert set(workplace.explaining.series_targets()) == {0}
    hands.press("T")
    assert set(workplace.explaining.series_targets()) == {1}


def test_space_hides_overlays_only_while_it_is_held(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    workplace.window.refresh()
    clean = shown(workplace).copy()
    hands.press("V")
    hands.hold(Qt.Key.Key_Space)
    workplace.window.refresh()
    assert np.array_equal(clean, shown(workplace))
    repeat = QKeyEvent(
        QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", autorep=True, count=1
    )
    QApplication.sendEvent(workplace.window.views[0], repeat)
    assert workplace.session.state.peek
    hands.let_go(Qt.Key.Key_Space)
    workplace.window.refresh()
    assert not np.array_equal(clean, shown(workplace))
    hands.hold(Qt.Key.Key_Space)
    QApplication.sendEvent(workplace.window, QEvent(QEvent.Type.WindowDeactivate))
    workplace.window.control.peek(False)


def test_brackets_show_one_method_after_the_other(workplace: Workplace, hands: Hands) -> None:
    hands.press("V")
    seen = []
    for _ in METHODS:
        hands.press("]")
        assert workplace.session.state.shown == {workplace.session.state.active}
        seen.append(workplace.session.state.active)
    assert set(seen) == set(METHODS)
    hands.press("[")
    assert workplace.session.state.active == seen[-2]


def test_clean_and_overlay_side_by_side(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    hands.press("V")
    hands.press("L")
    workplace.window.refresh()
    assert workplace.window.views[1].isVisible()
    assert not np.array_equal(shown(workplace, 0), shown(workplace, 1))
    row, column = reddest(shown(workplace, 1))
    assert abs(row - SPOT[0]) <= 4
    assert abs(column - SPOT[1]) <= 4
    seen = []
    for _ in range(2):
        hands.double_click(workplace.window.views[0])
        seen.append([view.isVisible() for view in workplace.window.views[:2]])
    assert seen == [[True, False], [True, True]]


def test_left_drag_windows_and_undo_takes_it_back(workplace: Workplace, hands: Hands) -> None:
    auto = workplace.session.context().auto_window
    hands.drag(workplace.window.views[0], Qt.MouseButton.LeftButton, 80, 40)
    window = workplace.session.state.window
    assert window is not None
    assert window.width > auto.width
    assert window.centre > auto.centre
    hands.drag(workplace.window.views[0], Qt.MouseButton.RightButton, 0, -50)
    assert workplace.session.state.zoom > 1
    hands.press("Ctrl+Z")
    assert workplace.session.state.zoom == 1
    assert workplace.session.state.window == window
    hands.press("Ctrl+Z")
    assert workplace.session.state.window is None
    hands.press("Ctrl+Y")
    assert workplace.session.state.window == window
    hands.press("0")
    assert workplace.session.state.window is None


def test_the_window_stays_while_scrolling(workplace: Workplace, hands: Hands) -> None:
    hands.press("3")
    window = workplace.session.state.window
    for key in ("Home", "End", "PgUp"):
        hands.press(key)
        assert workplace.session.state.window == window


def test_zoom_keeps_what_is_under_the_pointer(workplace: Workplace, hands: Hands) -> None:
    view = workplace.window.views[0]
    at = view.view_position(SPOT[1], SPOT[0])
    workplace.window.control.zoomed(2.0, *view._from_middle(at))
    workplace.window.refresh()
    moved = view.view_position(SPOT[1], SPOT[0])
    assert abs(moved.x() - at.x()) < 0.5
    assert abs(moved.y() - at.y()) < 0.5


def test_the_readout_names_value_place_and_map(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    hands.press("V")
    workplace.window.refresh()
    view = workplace.window.views[0]
    qtbot.mouseMove(view, QPoint(3, 3))
    qtbot.mouseMove(view, view.view_position(SPOT[1], SPOT[0]).toPoint())
    text = workplace.window.readout.text()
    assert "value 2000" in text
    assert "L 76.0 P 22.0 S 12.0 mm" in text
    assert "HiResCAM" in text


def test_no_shortcut_stands_for_two_commands() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    for key in keys:
        assert not QKeySequence.fromString(key).isEmpty(), key


def test_a_comment_takes_letters_and_digits_for_itself(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    hands.press("V")
    workplace.window.refresh()
    field = workplace.window.form.cards["comment"].field
    assert field is not None
    hands.click(field)
    field.setFocus()
    before = workplace.session.state
    hands.type("v1 0 ] i o")
    assert field.toPlainText() == "v1 0 ] i o"
    assert workplace.session.state == before
    hands.click(workplace.window.views[0])
    workplace.window.views[0].setFocus()
    qtbot.waitUntil(lambda: workplace.reading.unsaved == 0)


def test_three_methods_beside_the_clean_picture(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    hands.press("V")
    hands.press("L")
    hands.press("L")
    workplace.window.refresh()
    assert all(view.isVisible() for view in workplace.window.views)
    titles = [[bar.title for bar in view.picture.bars] for view in workplace.window.views if view.picture is not None]
    assert titles == [[], ["Grad-CAM"], ["Grad-CAM++"], ["HiResCAM"]]
    sizes = {(view.width(), view.height()) for view in workplace.window.views}
    assert max(width for width, _ in sizes) - min(width for width, _ in sizes) <= 2


def test_the_swipe_line_parts_clean_from_overlay(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    workplace.window.refresh()
    view = workplace.window.views[0]

    def colourful(image: QImage, left: int, right: int) -> int:
        pixels = [image.pixelColor(x, y) for x in range(left, right, 3) for y in range(150, view.height() - 150, 3)]
        return sum(pixel.red() - pixel.blue() > 40 for pixel in pixels)

    hands.press("V")
    hands.press("S")
    workplace.window.refresh()
    middle = view.view_position(*reversed(SPOT)).x()
    workplace.window.control.swiped((middle + 60) / view.width())
    workplace.window.refresh()
    image = view.grab().toImage()
    assert colourful(image, 60, int(middle + 50)) == 0
    # The line is dragged to the left of the spot by the mouse, without touching the window.
    at = QPoint(round(middle + 60), 80)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view, at - QPoint(120, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at - QPoint(120, 0))
    workplace.window.refresh()
    assert workplace.session.state.window is None
    assert colourful(view.grab().toImage(), int(middle - 50), int(middle + 50)) > 20


def test_the_card_says_what_made_the_map(workplace: Workplace, hands: Hands) -> None:
    workplace.window.control.show_slice(SPOTS[0])
    hands.press("V")
    hands.press("F3")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    page = dialog.findChild(QTextBrowser)
    assert isinstance(page, QTextBrowser)
    text = page.toPlainText()
    volume = workplace.session.volume
    assert volume is not None
    for word in ("HiResCAM", "arXiv:2011.08891", "layer4", "affected", "b" * 64, volume.sha256, "not a medical device"):
        assert word in text
    hands.press("Escape", dialog)
