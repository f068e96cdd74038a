"""The log of what was on screen: counted by a clock moved by hand, written beside answers, never in their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QObject
from pytestqt.qtbot import QtBot

from viewer.app.exposure import ExposureLog
from viewer.app.reading import Reading
from viewer.app.tasks import TaskRunner
from viewer.core.active_clock import ActiveClock
from viewer.core.on_screen import OnScreen
from viewer.core.overlay import OverlayStyle
from viewer.core.ratings import RatingStore
from viewer.core.view_state import Pane, ResolvedView
from viewer.core.window import Window

SCREEN = OnScreen("1f3a09c4" + "0" * 56, "S2", 4, map_id="gradcam", target_class="affected")
VIEW = ResolvedView(3, Window(1, 2), False, 1.0, (0.0, 0.0), (Pane(),), "", 1, False, True)
WITH_MAP = replace(VIEW, panes=(Pane(), Pane((("gradcam", OverlayStyle(opacity=0.7)),))))


class Desk(QObject):
    """A reading with its log, and a clock that is moved by hand."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.now = 0.0
        self.path = path
        self.runner = TaskRunner(self)
        self.reading = Reading(path, self.runner, self)
        self.reading.clock = ActiveClock(lambda: self.now)
        self.log = ExposureLog(self.reading, self)

    def see(self, screen: OnScreen, view: ResolvedView) -> None:
        self.reading.show(screen)
        self.log.see(screen, view)

    def written(self, qtbot: QtBot) -> list[tuple[str, str, Mapping[str, object]]]:
        qtbot.waitUntil(lambda: not self.runner.is_busy)
        store = RatingStore(self.path)
        found = [
            (str(event["action"]), str(event["stage"]), cast("Mapping[str, object]", event["new"]))
            for event in store.history()
        ]
        store.close()
        return found


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "ratings.sqlite")
    made.reading.open()
    qtbot.waitUntil(lambda: made.reading.is_open)
    yield made
    made.log.close()
    made.reading.close()
    qtbot.waitUntil(lambda: not made.runner.is_busy)
    made.runner.shutdown()


def test_what_was_seen_is_written_in_bits(desk: Desk, qtbot: QtBot) -> None:
    desk.see(SCREEN, VIEW)
    desk.now += 2
    desk.see(SCREEN, WITH_MAP)
    desk.now += 3
    desk.see(replace(SCREEN, slice_index=5), replace(WITH_MAP, slice_index=4, window=Window(5, 6)))
    desk.now += 1
    assert desk.written(qtbot) == [], "nothing is written for a frame"
    desk.log.flush()
    desk.log.flush()
    ((action, stage, new),) = desk.written(qtbot)
    assert (action, stage) == ("show", "S2")
    assert (new["active_ms"], new["map_ms"]) == (6000, 4000)
    assert new["slices"] == {"4": 5000, "5": 1000}
    assert (new["map_toggles"], new["window_changes"]) == (1, 1)
    (shown,) = cast("list[Mapping[str, object]]", new["maps"])
    assert (shown["map_id"], shown["opacity_mean"], shown["active_ms"]) == ("gradcam", 0.7, 4000)


def test_another_stage_or_case_is_counted_apart(desk: Desk, qtbot: QtBot) -> None:
    desk.see(replace(SCREEN, stage="S0"), VIEW)
    desk.now += 2
    desk.see(replace(SCREEN, stage="S1"), VIEW)
    desk.now += 1
    desk.see(OnScreen(), VIEW)
    desk.now += 30
    desk.see(SCREEN, VIEW)
    desk.now += 4
    desk.log.close()
    assert [(stage, new["active_ms"]) for _, stage, new in desk.written(qtbot)] == [
        ("S0", 2000),
        ("S1", 1000),
        ("S2", 4000),
    ]


def test_idle_minutes_count_neither_for_the_screen_nor_for_an_answer(desk: Desk, qtbot: QtBot) -> None:
    desk.see(SCREEN, VIEW)
    desk.now += 5
    desk.log.eventFilter(desk, QEvent(QEvent.Type.MouseMove))
    desk.now += 59
    desk.log.look()
    assert desk.written(qtbot) == [], "not idle yet"
    desk.now += 541
    desk.log.look()
    desk.log.look()
    desk.log.eventFilter(desk, QEvent(QEvent.Type.Paint))
    desk.log.eventFilter(desk, QEvent(QEvent.Type.KeyPress))
    assert len(desk.written(qtbot)) == 3
    desk.now += 10
    desk.reading.answer("dx", "affected")
    desk.log.flush()
    qtbot.waitUntil(lambda: desk.reading.unsaved == 0)
    found = desk.written(qtbot)
    assert [(action, new.get("active_ms")) for action, _, new in found] == [
        ("show", 65_000),
        ("idle", None),
        ("resume", None),
        ("answer", None),
        ("show", 10_000),
    ]
    assert found[2][2] == {"idle_ms": 540_000}
    assert found[3][2]["response_ms"] == 75_000


def test_an_answer_overtakes_the_log(desk: Desk, qtbot: QtBot) -> None:
    desk.see(SCREEN, VIEW)
    desk.now += 5
    # The first one is being written; of those that wait, the answer goes first.
    for _ in range(3):
        desk.log.flush()
        desk.now += 1
    desk.reading.answer("dx", "affected")
    actions = [action for action, _, _ in desk.written(qtbot)]
    assert actions.index("answer") <= 1
    assert actions.count("show") == 3


def test_a_lock_knows_the_time_of_its_stage(desk: Desk, qtbot: QtBot) -> None:
    desk.reading.staged = True
    desk.see(replace(SCREEN, stage="S0"), VIEW)
    desk.now += 3
    for item, code in (("dx", "affected"), ("conf", "sure")):
        desk.reading.answer(item, code)
    desk.log.flush()
    desk.now += 4
    with qtbot.waitSignal(desk.reading.locked):
        desk.reading.lock()
    found = desk.written(qtbot)
    assert found[-1] == ("lock", "S0", {"active_ms": 7000, "prediction_was_seen": False})
    desk.reading.answer("dx", "healthy")
    assert desk.reading.unsaved == 0


def test_an_answer_given_before_the_store_is_there_is_saved_once_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "late.sqlite")
    desk.see(SCREEN, VIEW)
    desk.reading.answer("dx", "affected")
    assert desk.reading.unsaved == 1
    desk.reading.open()
    qtbot.waitUntil(lambda: desk.reading.is_open and desk.reading.unsaved == 0)
    assert [(action, new["value_label"]) for action, _, new in desk.written(qtbot)] == [("answer", "affected")]
    desk.reading.close()
    qtbot.waitUntil(lambda: not desk.runner.is_busy)
    desk.runner.shutdown()
