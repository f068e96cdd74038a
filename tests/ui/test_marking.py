"""Marks in the picture: where the reader points is what the answer names in the stored slice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from viewer.core.marks import mark_of
from viewer.core.ratings import RatingStore
from viewer.ui import theme
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.slice_view import SliceView

SPOT = (11, 38)
SPOTS = (2, 5)
STORAGE = {
    "as shown": [[0, 1], [1, 1], [2, 1]],
    "columns reversed": [[0, -1], [1, 1], [2, 1]],
    "rows reversed, slices too": [[0, 1], [1, -1], [2, -1]],
    "turned": [[1, 1], [0, -1], [2, 1]],
}


@pytest.fixture
def opened(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> Callable[..., tuple[Workplace, Hands]]:
    def make(storage: str = "as shown") -> tuple[Workplace, Hands]:
        image = nibabel.load(series_file).as_reoriented(np.array(STORAGE[storage]))
        folder = tmp_path / "stored"
        folder.mkdir()
        nibabel.save(image, folder / "spots.nii")
        place = make_workplace()
        place.window.resize(1300, 800)
        place.start([folder])
        qtbot.waitUntil(lambda: place.session.volume is not None and place.reading.is_open, timeout=60_000)
        assert place.session.volume is not None
        bright = place.session.volume.array.max(axis=(1, 2))
        place.window.control.show_slice(int(np.argmax(bright)))
        place.window.show_full_form(True)
        place.window.refresh()
        place.window.activateWindow()
        qtbot.waitUntil(lambda: place.window.isActiveWindow(), timeout=60_000)
        return place, Hands(place.window, tmp_path)

    return make


def shown_spot(place: Workplace) -> tuple[int, int]:
    """Where the spot's middle is in the picture: the middle of the brightest pixels."""
    picture = place.window.views[0].picture
    assert picture is not None
    grey = picture.pixels & 0xFF
    rows, columns = np.nonzero(grey == grey.max())
    return round(float(rows.mean())), round(float(columns.mean()))


def drag(view: SliceView, start: QPointF, end: QPointF) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start.toPoint())
    QTest.mouseMove(view, ((start + end) / 2).toPoint())
    QTest.mouseMove(view, end.toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end.toPoint())


def saved_mark(place: Workplace, qtbot: QtBot, tmp_path: Path) -> str:
    qtbot.waitUntil(lambda: place.reading.unsaved == 0)
    place.window.refresh()
    store = RatingStore(tmp_path / "answers.sqlite")
    texts = [answer.value_text for answer in store.answers() if answer.item_id == "where"]
    store.close()
    return texts[0] if texts else ""


@pytest.mark.parametrize("storage", STORAGE)
def test_a_box_around_the_spot_names_the_stored_pixels(
    opened: Callable[..., tuple[Workplace, Hands]], storage: str, qtbot: QtBot, tmp_path: Path
) -> None:
    place, hands = opened(storage)
    view, session = place.window.views[0], place.session
    row, column = shown_spot(place)
    assert abs(row - SPOT[0]) <= 1  # the display is the same however it is stored
    assert abs(column - SPOT[1]) <= 1
    hands.press("Ctrl+Shift+M")
    assert place.window.bench.marking.is_active
    drag(view, view.view_position(column - 3, row - 2), view.view_position(column + 3, row + 2))
    assert not place.window.bench.marking.is_active
    assert session.state.window is None, "the drag set no window"
    text = saved_mark(place, qtbot, tmp_path)
    assert json.loads(text)["type"] == "Polygon"
    mark = mark_of(text)
    assert mark is not None
    left, top, right, bottom = (round(value) for value in mark.box)
    assert sorted((right - left, bottom - top)) == [4, 6]
    assert session.volume is not None
    pixels = session.volume.array[session.state.slice_index].copy()
    assert np.count_nonzero(pixels[top : bottom + 1, left : right + 1] == 2000) == 9
    pixels[top : bottom + 1, left : right + 1] = 0
    assert pixels.max() < 2000
    # It is drawn around the spot, where it was dragged.
    image = view.grab().toImage()
    blue = theme.ACCENT.rgb()
    found = [
        (x, y)
        for x in range(view.width())
        for y in range(20, view.height() - 20)
        if image.pixel(x, y) == blue and 10 < x < view.width() - 10
    ]
    xs, ys = zip(*found, strict=True)
    corner, opposite = view.view_position(column - 3, row - 2), view.view_position(column + 3, row + 2)
    assert abs(min(xs) - corner.x()) <= 3
    assert abs(max(xs) - opposite.x()) <= 3
    assert abs(max(ys) - opposite.y()) <= 3


def test_the_mark_follows_zoom_and_leaves_with_its_slice(
    opened: Callable[..., tuple[Workplace, Hands]], qtbot: QtBot, tmp_path: Path
) -> None:
    place, hands = opened()
    window, view = place.window, place.window.views[0]
    hands.click(window.form.cards["where"].buttons["mark"])
    hands.click(view, view.view_position(38, 11).toPoint())
    assert json.loads(saved_mark(place, qtbot, tmp_path)) == {
        "type": "Point",
        "coordinates": pytest.approx([38, 11], abs=0.1),
    }
    layer = window.bench.marking.layers[0]
    before = view.grab().toImage()
    assert layer.isVisible()
    hands.press("+")
    window.refresh()
    assert view.grab().toImage() != before
    assert window.form.cards["where"].status.text().startswith("✓ column 38, row 11")
    hands.press("Down")
    window.refresh()
    assert not layer.isVisible()
    hands.press("Up")
    window.refresh()
    assert layer.isVisible()
    hands.click(window.form.cards["where"].buttons["remove"])
    assert saved_mark(place, qtbot, tmp_path) == ""
    assert not layer.isVisible()


def test_arrows_and_enter_do_for_the_mouse(
    opened: Callable[..., tuple[Workplace, Hands]], qtbot: QtBot, tmp_path: Path
) -> None:
    place, hands = opened("columns reversed")
    view, before = place.window.views[0], place.session.state
    hands.press("Ctrl+Shift+M")
    start = place.window.bench.marking.layers[0].cursor_at
    assert start is not None
    for key in ("Right", "Shift+Right", "Up", "Return", "Right", "Right", "Down", "Return"):
        hands.press(key, view)
    mark = mark_of(saved_mark(place, qtbot, tmp_path))
    assert mark is not None
    # The stored columns run the other way.
    left, right = 49 - (start[0] + 13), 49 - (start[0] + 11)
    assert mark.box == (left, start[1] - 1, right, start[1])
    assert place.session.state == before, "no key of these went to the slices"
    hands.press("Down", view)
    assert place.session.state.slice_index == before.slice_index + 1


def test_escape_leaves_without_a_mark_and_stops_nothing_else(
    opened: Callable[..., tuple[Workplace, Hands]], qtbot: QtBot, tmp_path: Path
) -> None:
    place, hands = opened()
    view, marking = place.window.views[0], place.window.bench.marking
    stopped: list[str] = []
    place.window.actions_by_id["work.cancel"].triggered.connect(lambda _: stopped.append("stopped"))
    hands.press("Ctrl+Shift+M")
    hands.press("Return", view)
    hands.press("Escape", view)
    assert not marking.is_active
    assert stopped == []
    assert saved_mark(place, qtbot, tmp_path) == ""
    assert not marking.layers[0].isVisible()
    hands.press("Escape", view)
    assert stopped == ["stopped"]
    # Elsewhere the keys are the window's again, and going there ends marking.
    hands.press("Ctrl+Shift+M")
    place.window.form.reader.setFocus()
    assert not marking.is_active


def test_zoom_pan_and_wheel_go_on_while_marking(opened: Callable[..., tuple[Workplace, Hands]], qtbot: QtBot) -> None:
    place, hands = opened()
    view, session = place.window.views[0], place.session
    hands.press("Ctrl+Shift+M")
    hands.drag(view, Qt.MouseButton.RightButton, 0, -40)
    assert session.state.zoom > 1
    before = session.state.slice_index
    hands.wheel(view, -1)
    assert session.state.slice_index == before + 1
    assert place.window.bench.marking.is_active
    QTest.mouseMove(view, QPoint(5, 5))
