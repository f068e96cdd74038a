"""The what-if brush: mouse and keys paint, the model answers, everything can be taken back, the finding is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from viewer.core.ratings import RatingStore
from viewer.core.what_if import Stroke, painted
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands

SPOT, SPOTS = (11, 38), (2, 5)
LONG = 60_000


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path, qtbot: QtBot) -> Hands:
    """Hands with the brush out, on a slice whose spot the model calls affected."""
    workplace.window.control.show_slice(SPOTS[0])
    workplace.window.refresh()
    hands = Hands(workplace.window, tmp_path)
    hands.press("W")
    return hands


def dab(workplace: Workplace, row: float, column: float, number: int = 0) -> None:
    view = workplace.window.views[number]
    at = view.view_position(column, row).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(view, at + QPoint(2, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(2, 0))


def answered(workplace: Workplace, qtbot: QtBot) -> tuple[float, float]:
    what_if = workplace.window.desk.what_if
    qtbot.waitUntil(lambda: not what_if.is_asking, timeout=LONG)
    return what_if.effect


def test_painting_over_the_spot_changes_the_answer_and_undo_brings_it_back(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    window, what_if = workplace.window, workplace.window.desk.what_if
    state = workplace.session.state
    dab(workplace, *SPOT)
    assert answered(workplace, qtbot) == pytest.approx((0.9, 0.1))
    assert window.bench.what_if.effect.words == "affected 0.90 → 0.10"
    assert window.desk.what_if.log_odds == pytest.approx((np.log(9), -np.log(9)), abs=1e-5)
    assert workplace.session.state == state, "the left button windows nothing while it paints"
    changed, values = what_if.changed_slice(), workplace.session.slices[SPOTS[0]]
    assert changed is not None
    assert values is not None
    assert values.max() == 2000, "the slice itself stays as it is"
    assert changed.max() < 1000
    assert workplace.explaining.probability(1)[SPOTS[0]] == pytest.approx(0.9)
    hands.press("Ctrl+Z")
    assert not what_if.is_painted
    assert np.isnan(what_if.effect[1])
    assert "Paint over tissue" in window.bench.what_if.effect.words


def test_keys_paint_too(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    # The brush begins in the middle of the picture, (20, 25); the spot lies 9 rows up and 13 columns right.
    for _ in range(3):
        hands.press("Up")
    for _ in range(4):
        hands.press("Right")
    hands.press("Shift+Right")
    assert workplace.session.state.slice_index == SPOTS[0], "arrows move the brush, not the stack"
    hands.press("]")
    hands.press("[")
    hands.press("Return")
    assert answered(workplace, qtbot) == pytest.approx((0.9, 0.1))
    hands.press("Backspace")
    assert not workplace.window.desk.what_if.is_painted
    hands.press("PgDown")
    assert workplace.session.state.slice_index != SPOTS[0]


def test_the_painted_region_is_where_the_pointer_was(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    workplace.window.desk.brush.set_radius(3)
    dab(workplace, *SPOT)
    answered(workplace, qtbot)
    found = workplace.window.desk.what_if.finding("v")
    assert found is not None
    polygons = found.region["coordinates"]
    assert isinstance(polygons, list)
    assert len(polygons) == 1
    ring = np.array(polygons[0][0])
    series = workplace.session.series
    assert series is not None
    shape = (series.geometry.shape[1], series.geometry.shape[2])
    stored = series.geometry.display.to_stored(np.array(SPOT, float), shape)
    assert np.allclose(ring.mean(axis=0)[::-1], stored, atol=1.5)
    body = painted(shape, [Stroke(((float(stored[0]), float(stored[1])),), 3 * 2.0, (2.0, 2.0))])
    assert found.pixels == pytest.approx(body.sum(), abs=8)


def test_ctrl_wheel_sizes_the_brush_and_the_plain_wheel_scrolls(workplace: Workplace, hands: Hands) -> None:
    brush, view = workplace.window.desk.brush, workplace.window.views[0]
    before, zoom = brush.radius, workplace.session.state.zoom
    hands.wheel(view, 2, Qt.KeyboardModifier.ControlModifier)
    assert brush.radius == before + 2
    assert workplace.session.state.zoom == zoom
    assert workplace.window.bench.what_if.brush_size.value() == brush.radius
    hands.wheel(view, -1)
    assert workplace.session.state.slice_index == SPOTS[0] + 1


def test_each_slice_keeps_its_own_strokes(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    what_if = workplace.window.desk.what_if
    dab(workplace, *SPOT)
    answered(workplace, qtbot)
    outline = what_if.outline
    workplace.window.control.show_slice(SPOTS[1])
    workplace.window.refresh()
    assert not what_if.is_painted
    assert what_if.outline == ()
    workplace.window.control.show_slice(SPOTS[0])
    workplace.window.refresh()
    assert what_if.outline == outline
    assert answered(workplace, qtbot) == pytest.approx((0.9, 0.1))


def test_painting_air_changes_nothing_and_says_so(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    workplace.window.desk.brush.set_radius(1)
    dab(workplace, 2, 2)
    answered(workplace, qtbot)
    assert workplace.window.bench.what_if.effect.words == "Only air is painted: nothing changes."


def test_escape_puts_the_brush_away_and_the_mouse_windows_again(workplace: Workplace, hands: Hands) -> None:
    hands.press("Escape")
    assert not workplace.window.desk.is_painting
    assert workplace.window.focusWidget() is workplace.window.views[0]
    hands.drag(workplace.window.views[0], Qt.MouseButton.LeftButton, 40, 20)
    assert workplace.session.state.window is not None
    assert not workplace.window.desk.what_if.is_painted


def test_the_finding_goes_into_the_feedback(workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path) -> None:
    bar = workplace.window.bench.what_if
    assert not bar.attach.isEnabled()
    assert bar.attach.toolTip() == "Nothing is painted on this slice."
    qtbot.waitUntil(lambda: workplace.reading.is_open, timeout=LONG)
    dab(workplace, *SPOT)
    answered(workplace, qtbot)
    assert bar.attach.isEnabled()
    hands.press("Ctrl+Shift+W")
    assert workplace.window.task_bar.message.text() == "Attached to the feedback: slice 3, affected 0.90 → 0.10."
    workplace.window.close()
    workplace.close()
    store = RatingStore(tmp_path / "answers.sqlite")
    try:
        (event,) = [event for event in store.history() if event["action"] == "what_if"]
    finally:
        store.close()
    new = event["new"]
    assert isinstance(new, dict)
    assert (new["slice_index"], new["fill"], new["class_name"]) == (3, "local-mean", "affected")
    assert new["region"]["type"] == "MultiPolygon"
    assert (new["before"], new["after"]) == pytest.approx((0.9, 0.1))


def test_reading_first_puts_the_brush_away(workplace: Workplace, hands: Hands) -> None:
    workplace.window.actions_by_id["rate.read-first"].trigger()
    assert not workplace.window.desk.is_painting
    workplace.window.refresh()
    assert not workplace.window.actions_by_id["overlay.whatif"].isEnabled()
