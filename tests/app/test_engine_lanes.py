"""What is urgent is answered while a costly method runs, with partial maps, cancels and crashes in between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pytestqt.qtbot import QtBot

from viewer.app.engine import CRASHED, Engine, EngineRequest
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid

GEOMETRY = VolumeGeometry.unknown((3, 4, 4))
SLICES = [(k, np.full((4, 4), k, np.float32)) for k in range(3)]
SUMS = ((0, 1, 2), [0.0, 16.0, 32.0], None)
LONG = 60_000


class Heard:
    """What came of a request, in order."""

    def __init__(self, request: EngineRequest) -> None:
        self.words: list[object] = []
        self.parts: list[object] = []
        request.arrived.connect(self.parts.append)
        request.succeeded.connect(self.words.append)
        request.failed.connect(self.words.append)
        request.finished.connect(lambda: self.words.append("finished"))


def explain(engine: Engine, method: str, **parameters: int) -> tuple[EngineRequest, Heard]:
    request = engine.explain(SLICES, GEOMETRY, method, parameters)
    return request, Heard(request)


def over(qtbot: QtBot, *heard: Heard) -> None:
    qtbot.waitUntil(lambda: all("finished" in one.words for one in heard), timeout=LONG)


def test_urgent_requests_are_answered_while_long_work_goes_on(qtbot: QtBot, engine: Engine) -> None:
    request, long = explain(engine, "until-cancelled")
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass
    urgent = [Heard(engine.analyse(SLICES, GEOMETRY)) for _ in range(3)]
    score = Heard(engine.score(SLICES[1][1], GEOMETRY, np.ones((2, 2), np.float32), CellGrid(), 1))
    over(qtbot, *urgent, score)
    assert [one.words[0] for one in urgent] == [SUMS] * 3
    assert score.words[0] == ("scored", 16.0)
    assert long.words == []
    request.cancel()
    over(qtbot, long)
    assert long.words == ["finished"]


def test_what_is_urgent_interrupts_a_score_and_a_score_interrupts_long_work(qtbot: QtBot, engine: Engine) -> None:
    order: list[str] = []
    request, _ = explain(engine, "until-cancelled")
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass
    score = engine.score(SLICES[0][1], GEOMETRY, np.full((2, 2), 2, np.float32), CellGrid(), 1)
    with qtbot.waitSignal(score.progressed, timeout=LONG):
        pass
    urgent = engine.analyse(SLICES, GEOMETRY)
    urgent.finished.connect(lambda: order.append("urgent"))
    score.finished.connect(lambda: order.append("score"))
    qtbot.waitUntil(lambda: order == ["urgent"], timeout=LONG)
    score.cancel()
    request.cancel()
    qtbot.waitUntil(lambda: order == ["urgent", "score"] and not engine.is_busy, timeout=LONG)


def test_partial_results_come_before_the_last_one_with_plain_parameters(qtbot: QtBot, engine: Engine) -> None:
    _, heard = explain(engine, "sharpen", passes=7)
    over(qtbot, heard)
    assert heard.parts[0] == ("sharper", {"passes": 7}), "the first is not held back"
    assert heard.words == [("sharp", {"passes": 7}), "finished"]


def test_two_long_requests_run_one_after_the_other(qtbot: QtBot, engine: Engine) -> None:
    first, one = explain(engine, "until-cancelled")
    second, two = explain(engine, "until-cancelled")
    with qtbot.waitSignal(first.progressed, timeout=LONG):
        pass
    assert not two.parts
    first.cancel()
    with qtbot.waitSignal(second.progressed, timeout=LONG):
        pass
    second.cancel()
    over(qtbot, one, two)


def test_long_work_waits_for_the_bundle_that_is_being_loaded(qtbot: QtBot, engine: Engine) -> None:
    over(qtbot, Heard(engine.load_bundle("a")))
    loading = Heard(engine.load_bundle("b"))
    _, heard = explain(engine, "bundle")
    over(qtbot, loading, heard)
    assert heard.words[0] == "b"


def test_a_crash_costs_the_long_and_the_urgent_request(qtbot: QtBot, engine: Engine) -> None:
    request, long = explain(engine, "until-cancelled")
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass
    crash, behind = Heard(engine.analyse(SLICES, GEOMETRY, ["crash"])), Heard(engine.analyse(SLICES, GEOMETRY))
    over(qtbot, long, crash, behind)
    assert long.words == [CRASHED, "finished"]
    assert crash.words == [CRASHED, "finished"]
    assert behind.words == [SUMS, "finished"]


def test_a_process_ended_for_a_deaf_request_takes_no_other_with_it(
    qtbot: QtBot, make_engine: Callable[..., Engine]
) -> None:
    engine = make_engine(cancel_grace=0.05)
    request, long = explain(engine, "until-cancelled")
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass
    deaf = engine.analyse(SLICES, GEOMETRY, ["deaf"])
    silent = Heard(deaf)
    with qtbot.waitSignal(deaf.progressed, timeout=LONG):
        pass
    deaf.cancel()
    over(qtbot, silent)
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass
    assert long.words == [], "it was begun again in the new process"
    request.cancel()
    over(qtbot, long)
