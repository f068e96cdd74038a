from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.app import engine as engine_module
from viewer.app.engine import CRASHED, CRASHED_IDLE, GAVE_UP, SHUT_DOWN, Engine, EngineInfo, EngineRequest
from viewer.app.tasks import Job
from xai.imaging.geometry import VolumeGeometry

GEOMETRY = VolumeGeometry.unknown((3, 4, 4))
SLICES = [(k, np.full((4, 4), k, np.float32)) for k in range(3)]
SUMS = ((0, 1, 2), [0.0, 16.0, 32.0], None)
LONG = 60_000

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Outcome:
    """What a request came to."""

    def __init__(self, job: Job) -> None:
        self.words: list[object] = []
        self.progress: list[tuple[int, int]] = []
        job.progressed.connect(lambda done, total: self.progress.append((done, total)))
        job.succeeded.connect(self.words.append)
        job.failed.connect(self.words.append)
        job.finished.connect(lambda: self.words.append("finished"))

    @property
    def is_over(self) -> bool:
        return "finished" in self.words


def ask(engine: Engine, method: str = "", target: int | None = None) -> Outcome:
    return Outcome(engine.analyse(SLICES, GEOMETRY, [method], target))


def wait(qtbot: QtBot, *outcomes: Outcome) -> None:
    qtbot.waitUntil(lambda: all(outcome.is_over for outcome in outcomes), timeout=LONG)


def wait_for_progress(qtbot: QtBot, request: EngineRequest) -> None:
    with qtbot.waitSignal(request.progressed, timeout=LONG):
        pass


def pid_of(qtbot: QtBot, engine: Engine) -> int:
    qtbot.waitUntil(lambda: engine.info is not None, timeout=LONG)
    assert engine.info is not None
    return engine.info.pid


# A healthy engine -----------------------------------------------------------------------------------------------------


def test_engine_starts_and_answers(qtbot: QtBot, engine: Engine) -> None:
    with qtbot.waitSignal(engine.ready, timeout=LONG) as signal_:
        assert engine.info is None
    assert signal_.args == [engine.info]
    assert isinstance(engine.info, EngineInfo)
    assert engine.info.pid != os.getpid()
    outcome = ask(engine)
    wait(qtbot, outcome)
    assert outcome.words == [SUMS, "finished"]
    assert not engine.is_busy


def test_requests_before_ready_wait(qtbot: QtBot, engine: Engine) -> None:
    outcomes = [ask(engine, target=target) for target in (0, 1)]
    assert engine.info is None
    wait(qtbot, *outcomes)
    assert [outcome.words[0] for outcome in outcomes] == [(*SUMS[:2], 0), (*SUMS[:2], 1)], "class 0 is a class"


def test_signals_come_in_order(qtbot: QtBot, engine: Engine) -> None:
    request = engine.analyse(SLICES, GEOMETRY, ["steps"])
    outcome = Outcome(request)
    with qtbot.waitSignals(
        [request.progressed, request.progressed, request.succeeded, request.finished], order="strict", timeout=LONG
    ):
        pass
    assert outcome.progress[0] == (0, 5)
    assert outcome.progress[-1] == (5, 5)


def test_higher_priority_is_sent_first(qtbot: QtBot, engine: Engine) -> None:
    order: list[str] = []
    for name, priority in (("a", 0), ("b", 0), ("current slice", 1)):
        request = engine.analyse(SLICES, GEOMETRY, priority=priority)
        request.finished.connect(lambda name=name: order.append(name))
    qtbot.waitUntil(lambda: len(order) == 3, timeout=LONG)
    assert order == ["current slice", "a", "b"]


def test_engine_process_has_no_qt_and_stands_back(qtbot: QtBot, engine: Engine) -> None:
    modules, environment, writable = ask(engine, "modules"), ask(engine, "environment"), ask(engine, "writable")
    wait(qtbot, modules, environment, writable)
    assert isinstance(modules.words[0], set)
    assert "numpy" in modules.words[0]
    assert not modules.words[0] & {"PySide6", "shiboken6", "pytest", "torch"}
    niceness, ignores_interrupt = pair(environment.words[0])
    assert sys.platform == "win32" or niceness >= min(19, os.nice(0) + 5)
    assert ignores_interrupt
    assert writable.words[0] == [True, True, True], "torch warns of arrays that it may not write"


def pair(value: object) -> tuple[int, bool]:
    assert isinstance(value, tuple)
    return int(value[0]), bool(value[1])


# Bundles --------------------------------------------------------------------------------------------------------------


def test_bundle_is_loaded_and_goes_with_requests(qtbot: QtBot, engine: Engine) -> None:
    with qtbot.waitSignal(engine.bundleLoaded, timeout=LONG) as signal_:
        loading = Outcome(engine.load_bundle("models/a"))
    assert signal_.args == [engine.bundle]
    assert engine.bundle is not None
    assert engine.bundle.manifest.name == "a"
    outcome = ask(engine, "bundle")
    wait(qtbot, loading, outcome)
    assert loading.words == [engine.bundle, "finished"]
    assert outcome.words[0] == (engine.bundle, ["a"])


def test_bundle_that_cannot_be_loaded_leaves_the_old_one(qtbot: QtBot, engine: Engine) -> None:
    good, bad, outcome = Outcome(engine.load_bundle("a")), Outcome(engine.load_bundle("broken")), ask(engine, "bundle")
    wait(qtbot, good, bad, outcome)
    assert bad.words == ["The bundle broken is broken.", "finished"]
    assert engine.bundle is not None
    assert outcome.words[0] == (engine.bundle, ["a"])


def test_bundle_whose_loading_was_cancelled_does_not_replace_the_old(qtbot: QtBot, engine: Engine) -> None:
    wait(qtbot, Outcome(engine.load_bundle("a")))
    request = engine.load_bundle("b")
    outcome, after = Outcome(request), ask(engine, "bundle")
    request.cancel()
    wait(qtbot, outcome, after)
    assert outcome.words == ["finished"]
    assert engine.bundle is not None
    assert engine.bundle.manifest.name == "a"
    assert after.words[0] == (engine.bundle, ["a", "b"])


def test_bundle_survives_a_crash(qtbot: QtBot, engine: Engine) -> None:
    loading, crash, outcome = Outcome(engine.load_bundle("a")), ask(engine, "crash"), ask(engine, "bundle")
    wait(qtbot, loading, crash, outcome)
    assert outcome.words[0] == (engine.bundle, []), "the new process is told which bundle to load"


# Cancelling -----------------------------------------------------------------------------------------------------------


def test_cancelled_request_ends_and_the_process_stays(qtbot: QtBot, engine: Engine) -> None:
    pid = pid_of(qtbot, engine)
    request = engine.analyse(SLICES, GEOMETRY, ["until-cancelled"])
    outcome, behind = Outcome(request), ask(engine)
    wait_for_progress(qtbot, request)
    outcome.progress.clear()
    request.cancel()
    wait(qtbot, outcome, behind)
    assert outcome.words == ["finished"]
    assert outcome.progress == []
    assert behind.words == [SUMS, "finished"]
    assert pid_of(qtbot, engine) == pid


def test_cancelled_while_waiting_is_never_sent(qtbot: QtBot, engine: Engine) -> None:
    pid = pid_of(qtbot, engine)
    request = engine.analyse(SLICES, GEOMETRY, ["steps"])
    waiting = engine.analyse(SLICES, GEOMETRY, ["crash"])
    first, second = Outcome(request), Outcome(waiting)
    waiting.cancel()
    assert second.words == []
    wait(qtbot, first, second)
    assert second.words == ["finished"]
    assert pid_of(qtbot, engine) == pid


def test_request_that_does_not_hear_its_cancel_is_ended(qtbot: QtBot, make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(cancel_grace=0.05)
    crashes: list[str] = []
    engine.crashed.connect(crashes.append)
    pid = pid_of(qtbot, engine)
    request = engine.analyse(SLICES, GEOMETRY, ["deaf"])
    outcome, behind = Outcome(request), ask(engine)
    wait_for_progress(qtbot, request)
    request.cancel()
    wait(qtbot, outcome, behind)
    assert outcome.words == ["finished"]
    assert behind.words == [SUMS, "finished"]
    assert pid_of(qtbot, engine) != pid
    assert crashes == [], "it was meant"


def test_cancels_that_end_processes_do_not_use_up_the_engine(qtbot: QtBot, make_engine: Callable[..., Engine]) -> None:
    engine = make_engine(cancel_grace=0.0)
    for _ in range(engine_module.CRASH_LIMIT + 1):
        request = engine.analyse(SLICES, GEOMETRY, ["deaf"])
        outcome = Outcome(request)
        wait_for_progress(qtbot, request)
        request.cancel()
        wait(qtbot, outcome)
    last = ask(engine)
    wait(qtbot, last)
    assert last.words == [SUMS, "finished"]


# Failures and crashes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("wrong", "There is no explanation method 'wrong'."),
        ("memory", "Analysing the slices failed: there is not enough memory."),
        ("torch-memory", "Analysing the slices failed: there is not enough memory."),
        ("bug", "Analysing the slices failed unexpectedly (ValueError)."),
    ],
)
def test_failure_is_a_sentence_and_the_process_stays(
    qtbot: QtBot, engine: Engine, caplog: pytest.LogCaptureFixture, method: str, sentence: str
) -> None:
    pid = pid_of(qtbot, engine)
    outcome, behind = ask(engine, method), ask(engine)
    with caplog.at_level(logging.ERROR):
        wait(qtbot, outcome, behind)
    assert outcome.words == [sentence, "finished"]
    assert behind.words == [SUMS, "finished"]
    assert pid_of(qtbot, engine) == pid
    assert ("fake_engine.py" in caplog.text) is (method == "bug"), "the log says where"
    assert "Smith" not in caplog.text


def test_answer_that_cannot_be_packed_is_a_failure(qtbot: QtBot, engine: Engine) -> None:
    outcome, behind = ask(engine, "unpackable"), ask(engine)
    wait(qtbot, outcome, behind)
    assert str(outcome.words[0]).startswith("Analysing the slices failed unexpectedly (")
    assert behind.words == [SUMS, "finished"]


def test_request_that_cannot_be_packed_is_a_failure(qtbot: QtBot, engine: Engine) -> None:
    values = np.array([lambda: None], dtype=object)
    outcome, behind = Outcome(engine.analyse([(0, values)], GEOMETRY)), ask(engine)
    wait(qtbot, outcome, behind)
    assert str(outcome.words[0]).startswith("Sending a request to the engine failed")
    assert behind.words == [SUMS, "finished"]


def test_crash_costs_one_request(qtbot: QtBot, engine: Engine) -> None:
    pid = pid_of(qtbot, engine)
    outcomes = [ask(engine, method) for method in ("", "crash", "", "steps")]
    with qtbot.waitSignals([engine.crashed, engine.ready], timeout=LONG):
        pass
    wait(qtbot, *outcomes)
    assert [outcome.words[0] for outcome in outcomes] == [SUMS, CRASHED, SUMS, SUMS]
    assert all(outcome.words.count("finished") == 1 for outcome in outcomes)
    assert pid_of(qtbot, engine) != pid


@posix_only
def test_engine_killed_from_outside(qtbot: QtBot, engine: Engine) -> None:
    pid = pid_of(qtbot, engine)
    request = engine.analyse(SLICES, GEOMETRY, ["deaf"])
    outcome, behind = Outcome(request), ask(engine)
    wait_for_progress(qtbot, request)
    os.kill(pid, signal.SIGKILL)
    wait(qtbot, outcome, behind)
    assert outcome.words == [CRASHED, "finished"]
    assert behind.words == [SUMS, "finished"]


@posix_only
def test_idle_engine_killed_from_outside_is_started_again(qtbot: QtBot, engine: Engine) -> None:
    pid = pid_of(qtbot, engine)
    crashes: list[str] = []
    engine.crashed.connect(crashes.append)
    with qtbot.waitSignal(engine.ready, timeout=LONG):
        os.kill(pid, signal.SIGKILL)
    assert crashes == [CRASHED_IDLE]
    outcome = ask(engine)
    wait(qtbot, outcome)
    assert outcome.words == [SUMS, "finished"]


def test_engine_gives_up_after_crashes_in_a_row(qtbot: QtBot, engine: Engine) -> None:
    outcomes = [ask(engine, "crash") for _ in range(engine_module.CRASH_LIMIT)] + [ask(engine), ask(engine)]
    with qtbot.waitSignal(engine.stopped, timeout=LONG) as signal_:
        pass
    wait(qtbot, *outcomes)
    assert signal_.args == [GAVE_UP]
    assert [outcome.words[0] for outcome in outcomes] == [CRASHED, CRASHED, GAVE_UP, GAVE_UP, GAVE_UP]
    late = ask(engine)
    assert late.words == []
    wait(qtbot, late)
    assert late.words == [GAVE_UP, "finished"]
    engine.start()
    again = ask(engine)
    wait(qtbot, again)
    assert again.words == [SUMS, "finished"], "started again on request"


def test_answers_between_crashes_keep_the_engine_going(qtbot: QtBot, engine: Engine) -> None:
    outcomes = [ask(engine, method) for method in ("crash", "crash", "", "crash", "crash", "")]
    wait(qtbot, *outcomes)
    assert [outcome.words[0] for outcome in outcomes] == [CRASHED, CRASHED, SUMS, CRASHED, CRASHED, SUMS]


def test_engine_that_cannot_start_says_why(qtbot: QtBot, make_engine: Callable[..., Engine]) -> None:
    engine = make_engine("BrokenHandlers")
    outcome = ask(engine)
    with qtbot.waitSignal(engine.stopped, timeout=LONG) as signal_:
        pass
    wait(qtbot, outcome)
    assert outcome.words == ["The engine cannot start: ImportError: No module named 'torch'", "finished"]
    assert signal_.args == outcome.words[:1]


def test_engine_that_dies_while_starting_is_given_up(qtbot: QtBot, make_engine: Callable[..., Engine]) -> None:
    engine = make_engine("CrashingHandlers")
    outcome = ask(engine)
    with qtbot.waitSignal(engine.stopped, timeout=LONG):
        pass
    wait(qtbot, outcome)
    assert outcome.words == [GAVE_UP, "finished"]


# The end --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["", "until-cancelled", "deaf"])
def test_shutdown_ends_everything(qtbot: QtBot, engine: Engine, method: str) -> None:
    pid_of(qtbot, engine)
    request = engine.analyse(SLICES, GEOMETRY, [method])
    running, waiting = Outcome(request), ask(engine)
    if method:
        wait_for_progress(qtbot, request)
    assert multiprocessing.active_children()
    assert engine.shutdown()
    assert multiprocessing.active_children() == []
    assert running.words == waiting.words == ["finished"]
    late = ask(engine)
    wait(qtbot, late)
    assert late.words == [SHUT_DOWN, "finished"]
    qtbot.waitUntil(lambda: not engine.findChildren(EngineRequest))


def test_shutdown_before_ready(make_engine: Callable[..., Engine]) -> None:
    assert make_engine().shutdown()


def test_shutdown_without_start(qtbot: QtBot) -> None:
    engine = Engine()
    outcome = ask(engine)
    assert engine.shutdown()
    assert outcome.words == ["finished"]
