"""Two series side by side: a mark at one patient position, on grids of different spacing, offset and order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from viewer.core.beside import to_patient
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.slice_view import SliceView

MARK = np.array([14.0, -9.0, 30.0])
"""LPS millimetres of a bright ball in both series."""
REACH = 4.0


def write(
    path: Path,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    first: tuple[float, float, float],
    level: int,
) -> None:
    """Write axial slices as NIfTI: indices (left-right, front-back, slice) from ``first`` (LPS) on."""
    lps = np.diag([*spacing, 1.0])
    lps[:3, 3] = first
    places = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1) @ lps[:3, :3].T + lps[:3, 3]
    values = np.where((places[..., 0] / 60) ** 2 + (places[..., 1] / 45) ** 2 < 1, level, 2)
    values = np.where(np.linalg.norm(places - MARK, axis=-1) < REACH, 6 * level, values).astype(np.int16)
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
    image = nibabel.Nifti1Image(values, ras)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


@pytest.fixture(params=["same-order", "backwards"])
def two(
    request: pytest.FixtureRequest,
    make_workplace: Callable[..., Workplace],
    tmp_path: Path,
    qtbot: QtBot,
) -> Workplace:
    """The window with a coarse series, and a finer one that begins elsewhere and may run the other way."""
    folder = tmp_path / "two"
    folder.mkdir()
    write(folder / "a.nii", (70, 50, 9), (2.0, 2.0, 6.0), (-69.0, -50.0, 6.0), 300)
    step, start = (2.0, -5.0) if request.param == "same-order" else (-2.0, 67.0)
    write(folder / "b.nii", (90, 80, 37), (1.5, 1.25, step), (-66.0, -48.0, start), 40)
    place = make_workplace()
    place.start([folder], tmp_path / "model")
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == len(place.session.slices), timeout=60_000)
    place.window.activateWindow()
    qtbot.waitUntil(place.window.isActiveWindow, timeout=60_000)
    QTest.keySequence(place.window.views[0], "Ctrl+Shift+PgDown")
    qtbot.waitUntil(lambda: all(one is not None for one in place.session.second.slices), timeout=60_000)
    place.window.refresh()
    return place


@pytest.fixture
def hands(two: Workplace, tmp_path: Path) -> Hands:
    return Hands(two.window, tmp_path)


def brightest(view: SliceView) -> tuple[int, tuple[float, float]]:
    """The brightest grey of what is shown, and the middle (column, row) of those pixels."""
    assert view.picture is not None
    grey = (view.picture.pixels & 0xFF).astype(int)
    rows, columns = np.nonzero(grey == grey.max())
    return int(grey.max()), (float(columns.mean()), float(rows.mean()))


def mark_in(place: Workplace, number: int) -> NDArray[np.float64]:
    """Where a pane shows the mark, in LPS millimetres."""
    window, session = place.window, place.session
    shown = window.control.second.shown
    assert shown is not None
    series = session.second.series if number else session.series
    assert series is not None
    _, at = brightest(window.views[number])
    return to_patient(series.geometry, shown.slice_index if number else session.state.slice_index, at)


def scroll_to_mark(place: Workplace, hands: Hands, number: int) -> None:
    """Turn the wheel over one pane until the mark's slice is there."""
    view, slices = place.window.views[number], len(place.session.slices)
    second = place.session.second.series
    assert second is not None
    hands.wheel(view, 60)
    for _ in range(max(slices, len(second))):
        place.window.refresh()
        if abs(mark_in(place, number) - MARK).max() < 2.1:
            return
        hands.wheel(view, -1)
    raise AssertionError("the mark was never on show")


@pytest.mark.parametrize("number", [0, 1])
def test_scrolling_one_series_to_the_mark_shows_it_in_the_other(two: Workplace, hands: Hands, number: int) -> None:
    assert [view.isVisible() for view in two.window.views] == [True, True, False, False]
    scroll_to_mark(two, hands, number)
    for pane in (0, 1):
        assert mark_in(two, pane) == pytest.approx(MARK, abs=3.1)
    picture = two.window.views[1].picture
    assert picture is not None
    assert "slices by position" in picture.texts.top_left[-1]
    assert [mark.linked for mark in picture.links] == [True, True, False]


def test_the_mark_stands_at_the_same_place_and_scale_in_both_views(two: Workplace, hands: Hands) -> None:
    scroll_to_mark(two, hands, 0)
    hands.wheel(two.window.views[1], 3, Qt.KeyboardModifier.ControlModifier)
    hands.drag(two.window.views[1], Qt.MouseButton.MiddleButton, 40, 25)
    hands.drag(two.window.views[0], Qt.MouseButton.RightButton, 0, -40)
    two.window.refresh()
    assert two.session.state.zoom > 1.5
    places = [view.view_position(*brightest(view)[1]) for view in two.window.views[:2]]
    # Half a coarse pixel, at this zoom.
    reach = 1.1 * two.window.views[0]._scale()[0]
    assert abs(places[0].x() - places[1].x()) < reach
    assert abs(places[0].y() - places[1].y()) < reach
    first, second = two.window.views[:2]
    # One of the views may be a pixel wider than the other.
    assert first._scale()[0] / 2.0 == pytest.approx(second._scale()[0] / 1.5, rel=0.01)


def test_zooming_in_either_pane_keeps_the_millimetres_under_the_pointer(two: Workplace, hands: Hands) -> None:
    for number in (0, 1):
        view = two.window.views[number]
        at = QPointF(view.width() * 0.7, view.height() * 0.4)
        before = view.picture_position(at)
        view.zoomRequested.emit(1.7, *view._from_middle(at))
        two.window.refresh()
        assert view.picture_position(at) == pytest.approx(before, abs=1e-6)


def test_the_reader_goes_through_every_thin_slice_beside_one_thick_one(two: Workplace, hands: Hands) -> None:
    hands.wheel(two.window.views[1], 60)
    seen = []
    for _ in range(37):
        shown = two.window.control.second.shown
        assert shown is not None
        seen.append((shown.slice_index, two.session.state.slice_index))
        hands.wheel(two.window.views[1], -1)
    assert [index for index, _ in seen] == list(range(37))
    firsts = [k for _, k in seen]
    assert firsts == sorted(firsts)
    assert set(firsts) == set(range(9))


def test_links_are_broken_and_joined_by_keys(two: Workplace, hands: Hands) -> None:
    window, session = two.window, two.session
    hands.press("Shift+S")
    before = window.control.second.shown
    assert before is not None
    hands.wheel(window.views[0], -2)
    hands.click(window.views[1])
    hands.press("End")
    alone = window.control.second.shown
    assert alone is not None
    assert (before.slice_index, alone.slice_index) != (alone.slice_index, before.slice_index)
    assert alone.slice_index == 36
    k = session.state.slice_index
    assert k < 8
    hands.press("Shift+Z")
    hands.press("+")
    window.refresh()
    assert session.state.zoom == 1
    picture = window.views[1].picture
    assert picture is not None
    assert [mark.linked for mark in picture.links] == [False, False, False]
    assert "not linked" in picture.texts.top_left[-1]
    assert not window.actions_by_id["link.slices"].isChecked()
    hands.press("Shift+S")
    hands.press("Shift+Z")
    window.refresh()
    joined = window.control.second.shown
    assert joined is not None
    relation = session.second.relation
    assert relation is not None
    assert joined.slice_index == relation.slice_for(k)
    assert joined.place.zoom == 1
    assert window.actions_by_id["link.slices"].isChecked()
    hands.press("Ctrl+Z")
    assert not session.state.beside.links.place


def test_each_has_its_window_until_they_are_linked(two: Workplace, hands: Hands) -> None:
    window, session = two.window, two.session
    auto = window.control.second.shown
    assert auto is not None
    assert auto.window != session.context().auto_window
    hands.drag(window.views[1], Qt.MouseButton.LeftButton, 60, 30)
    own = window.control.second.shown
    assert own is not None
    assert own.window.width > auto.window.width
    assert session.state.window is None
    hands.click(window.views[1])
    hands.press("4")
    full = window.control.second.shown
    assert full is not None
    assert full.window.upper == pytest.approx(240)
    hands.press("0")
    hands.press("Shift+W")
    hands.drag(window.views[1], Qt.MouseButton.LeftButton, 60, 30)
    both = window.control.second.shown
    assert both is not None
    assert both.window == session.state.window


def test_the_crosshair_marks_the_same_patient_position(two: Workplace, hands: Hands, qtbot: QtBot) -> None:
    scroll_to_mark(two, hands, 0)
    window = two.window
    hands.press("X")
    view, other = window.views[0], window.views[1]
    qtbot.mouseMove(view, QPoint(3, 3))
    qtbot.mouseMove(view, view.view_position(*brightest(view)[1]).toPoint())
    cross = other._cross
    assert cross is not None
    assert cross.in_plane
    shown = window.control.second.shown
    series = two.session.second.series
    assert shown is not None
    assert series is not None
    assert to_patient(series.geometry, shown.slice_index, cross.position)[:2] == pytest.approx(MARK[:2], abs=2.1)
    hands.press("Shift+S")
    hands.wheel(other, 5)
    window.refresh()
    assert other._cross is not None
    assert not other._cross.in_plane
    qtbot.mouseMove(other, QPoint(40, 200))
    qtbot.mouseMove(other, QPoint(other.width() // 2, other.height() // 2))
    assert "value" in window.readout.text()
    assert view._cross is not None


def test_any_pane_is_shown_alone_by_a_double_click_and_the_other_comes_back(two: Workplace, hands: Hands) -> None:
    window = two.window
    sizes = [view.picture.pixels.shape for view in window.views[:2] if view.picture is not None]
    assert sizes[0] != sizes[1]
    hands.double_click(window.views[1])
    window.refresh()
    assert [view.isVisible() for view in window.views[:2]] == [True, False]
    picture = window.views[0].picture
    assert picture is not None
    assert picture.pixels.shape == sizes[1]
    shown = window.control.second.shown
    assert shown is not None
    hands.wheel(window.views[0], -1)
    further = window.control.second.shown
    assert further is not None
    assert further.slice_index == shown.slice_index + 1
    assert window.focusWidget() is window.views[0]
    hands.double_click(window.views[0])
    window.refresh()
    assert [view.picture.pixels.shape for view in window.views[:2] if view.picture is not None] == sizes


def test_opening_the_second_series_lets_the_two_change_places(
    two: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    session = two.session
    assert (session.index, session.second.index) == (0, 1)
    hands.press("Ctrl+PgDown")
    assert (session.index, session.second.index) == (1, 0)
    qtbot.waitUntil(lambda: all(one is not None for one in session.second.slices), timeout=60_000)
    two.window.refresh()
    picture = two.window.views[1].picture
    assert picture is not None
    assert picture.pixels.shape == (50, 70)
    session.open([tmp_path / "two" / "a.nii"])
    qtbot.waitUntil(lambda: len(session.catalog.series) == 1, timeout=60_000)
    assert session.second.index == -1


def test_the_list_offers_to_show_a_series_beside_the_first(two: Workplace, hands: Hands, qtbot: QtBot) -> None:
    window, session = two.window, two.session
    session.second.close()
    hands.press("C")  # back to the layout before
    series = window.series_panel.list
    middle = series.visualItemRect(series.item(1)).center()
    QTest.mouseClick(series.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, middle)
    assert (session.index, session.second.index, session.state.layout) == (0, 1, "series")
    session.second.close()
    series.show_current(1)
    by_key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), series.mapToGlobal(QPoint()))
    QApplication.sendEvent(series, by_key)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    menu.close()
    assert (session.index, session.second.index) == (0, 1)
    QTest.mouseClick(
        series.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ControlModifier,
        series.visualItemRect(series.item(0)).center(),
    )
    assert session.second.index == 1
    assert "already" in window.task_bar.message.text()


def test_no_second_series_says_how_to_get_one(two: Workplace, hands: Hands) -> None:
    two.session.second.close()
    two.window.refresh()
    assert two.window.views[1].picture is None
    assert "Ctrl+click" in two.window.views[1]._empty_text
    assert not two.window.actions_by_id["link.slices"].isEnabled()
