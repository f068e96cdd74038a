from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QCoreApplication, QThread
from pytestqt.qtbot import QtBot

from viewer.app.pacing import paced
from viewer.app.tasks import Emit, Job, Task, TaskRunner
from xai.errors import ImagingError
from xai.progress import Cancelled, Progress


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    assert runner.shutdown()


class Heard:
    """Everything a job says, in order, and whether the main thread heard it."""

    def __init__(self, job: Job) -> None:
        self.words: list[tuple[object, ...]] = []
        self.elsewhere = False
        job.progressed.connect(lambda done, total: self._hear("progressed", done, total))
        job.arrived.connect(lambda part: self._hear("arrived", part))
        job.succeeded.connect(lambda result: self._hear("succeeded", result))
        job.failed.connect(lambda sentence: self._hear("failed", sentence))
        job.finished.connect(lambda: self._hear("finished"))

    def _hear(self, *word: object) -> None:
        application = QCoreApplication.instance()
        self.elsewhere |= application is None or QThread.currentThread() != application.thread()
        self.words.append(word)

    @property
    def is_over(self) -> bool:
        return ("finished",) in self.words


class Gate:
    """Work that says when it runs and goes on when it is let."""

    def __init__(self) -> None:
        self.runs = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, progress: Progress, emit: Emit) -> str:
        self.runs.set()
        while not self.may_go_on.wait(0.001):
            progress(0, 1)
        return "went on"


class DeafGate(Gate):
    """The same, but it does not look whether it was cancelled until it is let go on."""

    def __call__(self, progress: Progress, emit: Emit) -> str:
        self.runs.set()
        self.may_go_on.wait(30)
        emit("too late")
        return "too late"


def test_result_comes_after_progress_and_parts(qtbot: QtBot, runner: TaskRunner) -> None:
    def read(progress: Progress, emit: Emit) -> str:
        progress(0, 2)
        emit("slice 0")
        emit("slice 1")
        progress(2, 2)
        return "volume"

    task = runner.run(read)
    heard = Heard(task)
    with qtbot.waitSignals(
        [task.progressed, task.arrived, task.arrived, task.progressed, task.succeeded, task.finished], order="strict"
    ):
        pass
    assert heard.words == [
        ("progressed", 0, 2),
        ("arrived", "slice 0"),
        ("arrived", "slice 1"),
        ("progressed", 2, 2),
        ("succeeded", "volume"),
        ("finished",),
    ]
    assert not heard.elsewhere
    assert not runner.is_busy


def test_work_runs_beside_the_main_thread(qtbot: QtBot, runner: TaskRunner) -> None:
    task = runner.run(lambda progress, emit: threading.get_ident())
    with qtbot.waitSignal(task.succeeded) as signal:
        pass
    assert signal.args[0] != threading.get_ident()


def test_none_is_a_result(qtbot: QtBot, runner: TaskRunner) -> None:
    heard = Heard(runner.run(lambda progress, emit: None))
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("succeeded", None), ("finished",)]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ImagingError("The file a.dcm is no picture."), "The file a.dcm is no picture."),
        (MemoryError(), "Reading the series failed: there is not enough memory."),
        (
            FileNotFoundError(2, "No such file or directory", "a.dcm"),
            "Reading the series failed: No such file or directory: a.dcm.",
        ),
        (OSError(28, "No space left on device"), "Reading the series failed: No space left on device."),
        (ValueError("Smith^John is no number"), "Reading the series failed unexpectedly (ValueError)."),
        (SystemExit(3), "Reading the series failed unexpectedly (SystemExit)."),
    ],
)
def test_failure_is_a_sentence(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture, error: BaseException, sentence: str
) -> None:
    def fail(progress: Progress, emit: Emit) -> None:
        raise error

    heard = Heard(runner.run(fail, title="Reading the series"))
    with caplog.at_level(logging.ERROR):
        qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("failed", sentence), ("finished",)]
    was_foreseen = "unexpectedly" not in sentence
    assert (caplog.text == "") is was_foreseen
    assert was_foreseen or "in fail" in caplog.text, "the log says where"
    assert "Smith" not in caplog.text, "an unforeseen error's text may quote a header"


def test_cancelled_work_ends_and_says_nothing_more(qtbot: QtBot, runner: TaskRunner) -> None:
    gate = Gate()
    task = runner.run(gate)
    assert gate.runs.wait(10)
    heard = Heard(task)
    task.cancel()
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("finished",)]
    assert not gate.may_go_on.is_set(), "progress raised Cancelled"


def test_what_was_on_its_way_when_cancelled_is_dropped(qtbot: QtBot, runner: TaskRunner) -> None:
    def work(progress: Progress, emit: Emit) -> str:
        emit("part")
        return "result"

    task = runner.run(work)
    heard = Heard(task)
    # The worker has everything handed over once it waits for the next order; nothing was delivered on this thread yet.
    runner._orders.put(None)
    runner._threads.pop().join()
    task.cancel()
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("finished",)]


def test_result_that_comes_in_spite_of_a_cancel_is_dropped(qtbot: QtBot, runner: TaskRunner) -> None:
    gate = DeafGate()
    task = runner.run(gate)
    assert gate.runs.wait(10)
    heard = Heard(task)
    task.cancel()
    gate.may_go_on.set()
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("finished",)]


def test_cancelling_what_waits_keeps_it_from_running(qtbot: QtBot, runner: TaskRunner) -> None:
    gate, ran = Gate(), []
    first = runner.run(gate)
    waiting = runner.run(lambda progress, emit: ran.append("it ran"))
    heard = Heard(waiting)
    waiting.cancel()
    assert heard.words == [], "signals come from the event loop, not from inside the call"
    qtbot.waitUntil(lambda: heard.is_over)
    with qtbot.waitSignal(first.succeeded):
        gate.may_go_on.set()
    assert heard.words == [("finished",)]
    assert ran == []


def test_work_that_cancels_itself_finishes_quietly(qtbot: QtBot, runner: TaskRunner) -> None:
    def work(progress: Progress, emit: Emit) -> None:
        raise Cancelled

    heard = Heard(runner.run(work))
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("finished",)]


def test_new_task_of_a_slot_supersedes_the_old(qtbot: QtBot, runner: TaskRunner) -> None:
    gate = Gate()
    running = Heard(runner.run(gate, slot="series"))
    assert gate.runs.wait(10)
    waiting = Heard(runner.run(lambda progress, emit: "waiting", slot="series"))
    other = Heard(runner.run(lambda progress, emit: "other", slot="thumbnails"))
    newest = Heard(runner.run(lambda progress, emit: "newest", slot="series"))
    qtbot.waitUntil(lambda: newest.is_over and other.is_over)
    assert running.words == waiting.words == [("finished",)]
    assert newest.words == [("succeeded", "newest"), ("finished",)]
    assert other.words == [("succeeded", "other"), ("finished",)]


def test_tasks_without_a_slot_do_not_supersede_each_other(qtbot: QtBot, runner: TaskRunner) -> None:
    heard = [Heard(runner.run(lambda progress, emit, k=k: k)) for k in range(3)]  # type: ignore[misc]
    qtbot.waitUntil(lambda: heard[-1].is_over)
    assert [h.words[0] for h in heard] == [("succeeded", 0), ("succeeded", 1), ("succeeded", 2)]


def test_higher_priority_first_and_equals_in_order(qtbot: QtBot, runner: TaskRunner) -> None:
    gate, order = Gate(), list[str]()
    runner.run(gate)
    for name, priority in (("a", 0), ("b", 0), ("urgent", 5), ("later", -1), ("c", 0), ("urgent too", 5)):
        last = runner.run(lambda progress, emit, name=name: order.append(name), priority=priority)  # type: ignore[misc]
    gate.may_go_on.set()
    del last
    qtbot.waitUntil(lambda: not runner.is_busy)
    assert order == ["urgent", "urgent too", "a", "b", "c", "later"]


def test_workers_run_side_by_side(qtbot: QtBot) -> None:
    runner = TaskRunner(workers=2)
    meet = threading.Barrier(2, timeout=10)
    heard = [Heard(runner.run(lambda progress, emit: meet.wait() >= 0)) for _ in range(2)]
    qtbot.waitUntil(lambda: all(h.is_over for h in heard))
    assert [h.words[0] for h in heard] == [("succeeded", True)] * 2
    assert runner.shutdown()


def test_one_worker_never_runs_two_at_once(qtbot: QtBot, runner: TaskRunner) -> None:
    inside, most = [0], [0]

    def work(progress: Progress, emit: Emit) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        progress(0, 1)
        inside[0] -= 1

    for _ in range(50):
        runner.run(work)
    qtbot.waitUntil(lambda: not runner.is_busy)
    assert most == [1]


def test_a_task_started_by_the_end_of_another_runs(qtbot: QtBot, runner: TaskRunner) -> None:
    results: list[object] = []

    def go_on(result: object) -> None:
        results.append(result)
        if len(results) < 5:
            runner.run(lambda progress, emit: len(results)).succeeded.connect(go_on)

    runner.run(lambda progress, emit: 0).succeeded.connect(go_on)
    qtbot.waitUntil(lambda: len(results) == 5)
    assert results == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("workers", [1, 3])
def test_many_tasks_half_cancelled_and_shut_down_midway(qtbot: QtBot, workers: int) -> None:
    runner = TaskRunner(workers=workers)
    enough = threading.Event()
    ran: list[int] = []

    def work(k: int, progress: Progress, emit: Emit) -> int:
        progress(0, 1)
        emit(k)
        ran.append(k)
        if len(ran) == 40:
            enough.set()
        while len(ran) >= 40:  # so that the shutdown comes midway
            progress(0, 1)
        return k

    tasks: list[Task] = []
    heard: list[Heard] = []
    for k in range(200):
        task = runner.run(lambda progress, emit, k=k: work(k, progress, emit))  # type: ignore[misc]
        tasks.append(task)
        heard.append(Heard(task))
    for task in tasks[::2]:
        task.cancel()
    qtbot.waitUntil(enough.is_set)
    assert runner.shutdown()
    qtbot.waitUntil(lambda: all(h.is_over for h in heard))
    assert not runner.is_busy
    for k, h in enumerate(heard):
        assert h.words.count(("finished",)) == 1
        assert h.words[-1] == ("finished",), "nothing after the end"
        if k % 2 == 0:
            assert h.words == [("finished",)]
    assert sum(("succeeded", k) in h.words for k, h in enumerate(heard)) <= len(ran) < 60


def test_shutdown_leaves_stuck_work_behind(qtbot: QtBot) -> None:
    runner, gate = TaskRunner(), DeafGate()
    heard = Heard(runner.run(gate))
    assert gate.runs.wait(10)
    thread = runner._threads[0]
    assert not runner.shutdown(timeout=0.01)
    assert heard.words == [("finished",)]
    gate.may_go_on.set()
    thread.join(10)
    qtbot.waitUntil(lambda: not thread.is_alive())
    assert heard.words == [("finished",)]


def test_after_shutdown_nothing_runs(qtbot: QtBot, runner: TaskRunner) -> None:
    assert runner.shutdown()
    heard = Heard(runner.run(lambda progress, emit: 1))
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("finished",)]


def test_shutdown_from_inside_a_slot(qtbot: QtBot, runner: TaskRunner) -> None:
    task = runner.run(lambda progress, emit: 1)
    heard = Heard(task)
    task.succeeded.connect(lambda: runner.shutdown())
    qtbot.waitUntil(lambda: heard.is_over)
    assert heard.words == [("succeeded", 1), ("finished",)]


def test_a_finished_task_deletes_itself_and_may_still_be_cancelled(qtbot: QtBot, runner: TaskRunner) -> None:
    task = runner.run(lambda progress, emit: 1)
    with qtbot.waitSignal(task.destroyed):
        pass
    task.cancel()
    assert task.is_over
    assert not task.is_cancelled
    assert runner.findChildren(Task) == []


def test_a_task_that_waits_for_its_deletion_does_not_keep_the_runner(qtbot: QtBot) -> None:
    runner, gate = TaskRunner(), Gate()
    runner.run(gate)
    assert runner.shutdown()
    reference = weakref.ref(runner)
    del runner
    assert reference() is None, "else the task's destruction would destroy the runner, and that the task once more"


def test_reports_are_few_but_first_and_last_always_come() -> None:
    reports: list[tuple[int, int]] = []
    progress = paced(lambda done, total: reports.append((done, total)), interval=3600)
    for done in range(1001):
        progress(done, 1000)
    assert reports == [(0, 1000), (1000, 1000)]


def test_reports_come_again_after_the_interval() -> None:
    reports: list[int] = []
    progress = paced(lambda done, total: reports.append(done), interval=0)
    for done in range(5):
        progress(done, 5)
    assert all(b == a + 1 for a, b in pairwise(reports))
    assert len(reports) == 5
