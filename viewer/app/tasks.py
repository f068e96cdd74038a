"""Work beside the window: the only module of the window's process in which threads appear.

A `Job` is how the main thread sees work that runs elsewhere. `TaskRunner` runs plain functions on threads of its own;
`Channel` keeps a pipe to another process from blocking the window. Worker threads never touch a job or a widget: they
hand calls over to the main thread, where whatever comes after a cancel is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from bisect import insort_right
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue

from PySide6.QtCore import QObject, Qt, Signal

from viewer.app import wire
from viewer.app.pacing import paced
from xai.errors import XaiError
from xai.progress import Cancelled, Progress

log = logging.getLogger(__name__)

Emit = Callable[[object], None]
Work = Callable[[Progress, Emit], object]
"""A plain function ``work(progress, emit) -> result``: it calls ``progress(done, total)`` as it goes, which raises
`Cancelled` once it is cancelled, and may ``emit`` partial results."""

SPOKEN_ERRORS: tuple[type[Exception], ...] = (XaiError,)
"""Errors whose text is a sentence for the user."""


def failure_sentence(error: BaseException, title: str) -> str:
    """Say in one sentence why the work called ``title`` failed.

    What nobody foresaw is logged with its traceback. The error's own text is left out of the log: it may quote a
    header, and with it a patient.
    """
    if isinstance(error, SPOKEN_ERRORS):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{title} failed: there is not enough memory."
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{title} failed: {error.strerror}{where}."
    kind = type(error).__name__
    log.error("%s failed unexpectedly (%s)\n%s", title, kind, "".join(traceback.format_tb(error.__traceback__)))
    return f"{title} failed unexpectedly ({kind})."


class Job(QObject):
    """Work in progress, as the main thread sees it.

    Signals come from the event loop on the main thread, never from inside the call that caused them, in this order:
    ``progressed`` and ``arrived`` any number of times, then ``succeeded`` or ``failed``, then ``finished`` once the
    work has really ended. After `cancel` only ``finished`` still comes. The job deletes itself after ``finished``.
    """

    progressed = Signal(int, int)
    arrived = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str)
    finished = Signal()
    _settled = Signal(object, str)

    def __init__(self, title: str, owner: QObject, withdraw: Callable[[Job], None], priority: int = 0) -> None:
        super().__init__(owner)
        self.title = title
        self.priority = priority
        self.is_cancelled = False
        self.is_over = False
        self._withdraw = withdraw
        self._settled.connect(self.settle, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Ask the work to end; nothing more is heard of it but ``finished``."""
        if not (self.is_cancelled or self.is_over):
            self.is_cancelled = True
            self._withdraw(self)

    def report(self, done: int, total: int) -> None:
        """Pass progress on. For the owner of the job, on the main thread."""
        if not (self.is_cancelled or self.is_over):
            self.progressed.emit(done, total)

    def arrive(self, part: object) -> None:
        """Pass a partial result on. For the owner of the job, on the main thread."""
        if not (self.is_cancelled or self.is_over):
            self.arrived.emit(part)

    def settle(self, result: object = None, sentence: str = "") -> None:
        """End the job with its result, or with the sentence that says why there is none. For the owner of the job."""
        if self.is_over:
            return
        self.is_over = True
        self._let_go()
        if not self.is_cancelled:
            if sentence:
                self.failed.emit(sentence)
            else:
                self.succeeded.emit(result)
        self.finished.emit()
        self.deleteLater()

    def _let_go(self) -> None:
        # Were this the last to hold its parent, destroying it would destroy the parent, which would destroy it again.
        self._withdraw = _do_nothing

    def settle_later(self, sentence: str = "") -> None:
        """End the job from the event loop, so that its owner's caller can still connect to it."""
        self._settled.emit(None, sentence)


def _do_nothing(job: Job) -> None:
    pass


class Task(Job):
    """A function running, or waiting to run, on a thread of a `TaskRunner`."""

    def __init__(
        self, work: Work, title: str, slot: str, owner: QObject, withdraw: Callable[[Job], None], priority: int
    ) -> None:
        super().__init__(title, owner, withdraw, priority)
        self.slot = slot
        self._work: Work | None = work

    def _let_go(self) -> None:
        super()._let_go()
        self._work = None

    def run(self, hand_over: Callable[[Callable[[], None]], None]) -> tuple[object, str]:
        """Do the work and return its result or a sentence. On the worker's thread; signals are handed over."""
        report = paced(lambda done, total: hand_over(partial(self.report, done, total)))

        def progress(done: int, total: int) -> None:
            if self.is_cancelled:
                raise Cancelled
            report(done, total)

        def emit(part: object) -> None:
            if self.is_cancelled:
                raise Cancelled
            hand_over(partial(self.arrive, part))

        work, self._work = self._work, None
        try:
            return (None if self.is_cancelled or work is None else work(progress, emit)), ""
        except Cancelled:
            self.is_cancelled = True  # also when the work ended itself that way
            return None, ""
        except BaseException as error:
            return None, failure_sentence(error, self.title)


_left_behind: list[TaskRunner] = []
"""Runners that a stuck thread still refers to: it must not be the one that destroys them."""


class TaskRunner(QObject):
    """Runs functions on its own threads, in order of priority and then of arrival.

    All scheduling happens on the main thread, so there are no locks.

    Parameters
    ----------
    workers : int
        How many functions run at once.
    """

    _handed_over = Signal(object)

    def __init__(self, parent: QObject | None = None, *, workers: int = 1, name: str = "tasks") -> None:
        super().__init__(parent)
        self._name = name
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._orders: SimpleQueue[Task | None] = SimpleQueue()
        self._waiting: list[Task] = []
        self._running: list[Task] = []
        self._is_closed = False
        self._handed_over.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a task waits or runs; one that was cancelled counts until it has ended."""
        return bool(self._waiting or self._running)

    def run(self, work: Work, *, title: str = "The task", slot: str = "", priority: int = 0) -> Task:
        """Run ``work(progress, emit)`` as soon as a thread is free.

        Parameters
        ----------
        work : callable
            See `Work`.
        title : str
            Begins the sentence of a failure: "Reading the series".
        slot : str
            A task of the same slot, waiting or running, is cancelled first.
        priority : int
            Higher runs earlier.
        """
        for old in (*self._waiting, *self._running):
            if slot and old.slot == slot:
                old.cancel()
        task = Task(work, title, slot, self, self._withdraw, priority)
        if self._is_closed:
            task.is_cancelled = True
            task.settle_later()
            return task
        insort_right(self._waiting, task, key=lambda waiting: -waiting.priority)
        self._dispatch()
        return task

    def cancel_all(self) -> None:
        """Cancel what waits and what runs."""
        for task in (*self._waiting, *self._running):
            task.cancel()

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Cancel everything and wait for the threads, at most ``timeout`` seconds; whether all have ended.

        A thread that is stuck in a read of a dead network share is left behind: it is a daemon and no longer heard.
        """
        self.cancel_all()
        self._is_closed = True
        for _ in self._threads:
            self._orders.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        have_ended = not any(thread.is_alive() for thread in self._threads)
        if not have_ended:
            _left_behind.append(self)
        self._threads.clear()
        for task in (*self._waiting, *self._running):
            task.settle()
        self._waiting.clear()
        self._running.clear()
        return have_ended

    def _dispatch(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            task = self._waiting.pop(0)
            self._running.append(task)
            self._orders.put(task)
            if len(self._threads) < len(self._running):
                thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while (task := self._orders.get()) is not None:
            result, sentence = task.run(self._hand_over)
            self._hand_over(partial(self._conclude, task, result, sentence))
            del task, result  # the wait for the next order must not keep them alive

    def _hand_over(self, call: Callable[[], None]) -> None:
        # After a shutdown that could not wait any longer the main thread may be gone.
        if not self._is_closed:
            self._handed_over.emit(call)

    def _call(self, call: Callable[[], None]) -> None:
        call()

    def _conclude(self, task: Task, result: object, sentence: str) -> None:
        if task in self._running:
            self._running.remove(task)
            self._dispatch()
            task.settle(result, sentence)

    def _withdraw(self, task: Job) -> None:
        if isinstance(task, Task) and task in self._waiting:
            self._waiting.remove(task)
            task.settle_later()


class Channel(QObject):
    """A pipe to another process that never makes the main thread wait.

    One thread writes, one reads. ``received`` brings each message and ``closed`` the end, both on the main thread;
    ``refused`` names a message that could not be sent and why.

    Parameters
    ----------
    wait_for_peer : callable
        Called by the reading thread when the pipe has ended, before ``closed``: waits until the process has gone.
    """

    received = Signal(object)
    refused = Signal(object, str)
    closed = Signal()
    _read = Signal(object)
    _unsent = Signal(object, str)
    _ended = Signal()

    def __init__(self, connection: Connection, wait_for_peer: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._connection = connection
        self._wait_for_peer = wait_for_peer
        self._outbox: SimpleQueue[object] = SimpleQueue()
        self._is_closed = False
        # The threads emit the private signals; queued, they become the public ones on the main thread.
        self._read.connect(self.received, Qt.ConnectionType.QueuedConnection)
        self._unsent.connect(self.refused, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self.closed, Qt.ConnectionType.QueuedConnection)
        self._threads = [
            threading.Thread(target=self._write_all, name="channel-writer", daemon=True),
            threading.Thread(target=self._read_all, name="channel-reader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: object) -> None:
        """Queue ``message`` and return at once."""
        self._outbox.put(message)

    def close(self, timeout: float = 2.0) -> bool:
        """End both threads; call it when the process has ended or been killed. Whether they ended in time."""
        self._is_closed = True
        self._outbox.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        have_ended = not any(thread.is_alive() for thread in self._threads)
        if have_ended:
            self._connection.close()
        self.deleteLater()
        return have_ended

    def _write_all(self) -> None:
        while (message := self._outbox.get()) is not None:
            try:
                wire.write(self._connection, wire.pack(message))
            except OSError:
                return  # the process is gone; the reader tells
            except Exception as error:
                if not self._is_closed:
                    self._unsent.emit(message, failure_sentence(error, "Sending a request to the engine"))
            del message

    def _read_all(self) -> None:
        try:
            while True:
                message = wire.read(self._connection)
                if not self._is_closed:
                    self._read.emit(message)
        except (EOFError, OSError):
            pass
        except Exception as error:
            failure_sentence(error, "Reading an answer of the engine")
        self._wait_for_peer()
        if not self._is_closed:
            self._ended.emit()
