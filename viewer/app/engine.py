"""The window's side of the engine process: requests out, answers in, a new process when one dies.

One request is in the engine at a time; the others wait here. So whatever happens to the process costs the request that
it was working on and no other.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
from bisect import insort_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from viewer.app.engine_worker import (
    TORCH_HANDLERS,
    Analyse,
    BundleInfo,
    Cancel,
    Done,
    EngineInfo,
    Failed,
    LoadBundle,
    Reply,
    Reported,
    Request,
    StartFailed,
    WasCancelled,
    serve,
)
from viewer.app.tasks import Channel, Job
from xai.imaging.geometry import VolumeGeometry

__all__ = ["BundleInfo", "Engine", "EngineInfo", "EngineRequest"]

log = logging.getLogger(__name__)

CANCEL_GRACE_S = 3.0
"""A request that has not ended this long after its cancel is ended with its process."""
CRASH_LIMIT = 3
"""This many crashes without an answer in between, and the engine is not started again."""

CRASHED = "The engine stopped while computing (out of memory or a crash); it was started again."
CRASHED_IDLE = "The engine stopped (out of memory or a crash); it was started again."
GAVE_UP = f"The engine stopped {CRASH_LIMIT} times in a row (out of memory or a crash); it is not started again."
SHUT_DOWN = "The engine is shut down."


class EngineRequest(Job):
    """Something asked of the engine. ``succeeded`` brings a `BundleInfo` or a `SliceAnalysis`; nothing ``arrived``."""

    def __init__(
        self,
        number: int,
        what: LoadBundle | Analyse,
        owner: QObject,
        withdraw: Callable[[Job], None],
        priority: int = 0,
    ) -> None:
        super().__init__("The request", owner, withdraw, priority)
        self.number = number
        self.what: LoadBundle | Analyse | None = what
        """Dropped once it is sent: the slices are large."""


class Engine(QObject):
    """The process that holds torch and the classifier bundle.

    Parameters
    ----------
    handlers : str
        ``"module:Class"`` of what the process can do (`viewer.app.engine_worker.Handlers`).
    cancel_grace : float
        Seconds that a cancelled request has to end.
    """

    ready = Signal(object)
    """An `EngineInfo`, whenever a process is up."""
    bundleLoaded = Signal(object)
    """A `BundleInfo`, when a bundle was asked for and is loaded."""
    crashed = Signal(str)
    """The process died and another one was started; a sentence."""
    stopped = Signal(str)
    """The engine gave up, and what is asked of it fails until `start` is called again; a sentence."""

    def __init__(
        self, parent: QObject | None = None, *, handlers: str = TORCH_HANDLERS, cancel_grace: float = CANCEL_GRACE_S
    ) -> None:
        super().__init__(parent)
        self._handlers = handlers
        self._numbers = count(1)
        self._process: BaseProcess | None = None
        self._channel: Channel | None = None
        self._info: EngineInfo | None = None
        self._bundle: BundleInfo | None = None
        self._waiting: list[EngineRequest] = []
        self._current: EngineRequest | None = None
        self._crashes = 0
        self._is_ending = False
        self._refusal = ""
        self._cancel_deadline = QTimer(self, singleShot=True, interval=round(1000 * cancel_grace))
        self._cancel_deadline.timeout.connect(self._end_process)

    @property
    def info(self) -> EngineInfo | None:
        """What the engine said of itself; None while it starts or when it is stopped."""
        return self._info

    @property
    def bundle(self) -> BundleInfo | None:
        """The bundle that slices are analysed with."""
        return self._bundle

    @property
    def is_busy(self) -> bool:
        """Whether a request waits or is worked on; one that was cancelled counts until it has ended."""
        return self._current is not None or bool(self._waiting)

    def start(self) -> None:
        """Start the process, unless it runs; returns at once, and requests wait until it is ready."""
        if self._process is None:
            self._crashes = 0
            self._refusal = ""
            self._spawn()

    def load_bundle(self, path: str | Path) -> EngineRequest:
        """Load the bundle in folder ``path``; the old one stays when that fails."""
        return self._ask(LoadBundle(Path(path)), 0)

    def analyse(
        self,
        slices: Sequence[tuple[int, NDArray[np.float32]]],
        geometry: VolumeGeometry,
        methods: Sequence[str] = (),
        target: int | None = None,
        *,
        priority: int = 0,
    ) -> EngineRequest:
        """Predict and explain slices with the bundle that is loaded when their turn comes.

        Parameters
        ----------
        slices : sequence of (index, array (H, W) float32)
            Not copied: the arrays must not change any more.
        geometry : VolumeGeometry
            That of the whole series.
        methods : sequence of str
            Keys of `xai.registry.EXPLAINERS`; none for the prediction alone.
        target : int, optional
            Index of the class to explain; without it the predicted class of each slice.
        priority : int
            Higher is sent earlier.
        """
        indices = tuple(index for index, _ in slices)
        arrays = tuple(values for _, values in slices)
        return self._ask(Analyse(None, indices, arrays, geometry, tuple(methods), target), priority)

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Cancel everything and end the process, at once: it holds nothing worth saving. Whether all has ended."""
        self._refusal = SHUT_DOWN
        have_ended = True
        for request in (*self._waiting, self._current):
            if request is not None:
                request.is_cancelled = True
        if self._process is not None and self._channel is not None:
            self._process.kill()
            have_ended = self._channel.close(timeout)
        self._forget_process()
        self._settle_all()
        return have_ended

    # Requests -------------------------------------------------------------------------------------------------------

    def _ask(self, what: LoadBundle | Analyse, priority: int) -> EngineRequest:
        request = EngineRequest(next(self._numbers), what, self, self._withdraw, priority)
        if self._refusal:
            request.settle_later(self._refusal)
            return request
        insort_right(self._waiting, request, key=lambda waiting: -waiting.priority)
        self._send_next()
        return request

    def _send_next(self) -> None:
        if (
            self._channel is None
            or self._info is None
            or self._is_ending
            or self._current is not None
            or not self._waiting
        ):
            return
        request = self._waiting.pop(0)
        self._current = request
        what, request.what = request.what, None
        assert what is not None
        if isinstance(what, Analyse):
            what = replace(what, bundle=self._bundle)
        self._channel.send(Request(request.number, what))

    def _withdraw(self, request: Job) -> None:
        if request is self._current and self._channel is not None:
            self._channel.send(Cancel(self._current.number))
            self._cancel_deadline.start()
        elif isinstance(request, EngineRequest) and request in self._waiting:
            self._waiting.remove(request)
            request.settle_later()

    def _conclude(self, result: object, sentence: str = "") -> None:
        request, self._current = self._current, None
        self._cancel_deadline.stop()
        self._crashes = 0
        if request is None:
            return
        if isinstance(result, BundleInfo) and not request.is_cancelled:
            self._bundle = result
            self.bundleLoaded.emit(result)
        request.settle(result, sentence)
        self._send_next()

    # The process ----------------------------------------------------------------------------------------------------

    def _spawn(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self._handlers), name="overread-engine", daemon=True)
        try:
            with _main_module_hidden():
                process.start()
        except OSError as error:
            ours.close()
            self._give_up(f"The engine cannot be started: {error.strerror or error}.")
            return
        finally:
            theirs.close()
        self._process = process
        self._channel = Channel(ours, partial(_await_end, process), self)
        self._channel.received.connect(self._receive)
        self._channel.refused.connect(self._refused)
        self._channel.closed.connect(self._process_ended)

    def _end_process(self) -> None:
        if self._process is not None:
            self._is_ending = True
            self._process.kill()

    def _forget_process(self) -> None:
        if self._channel is not None:
            self._channel.blockSignals(True)  # what it read last may still be on its way
        self._cancel_deadline.stop()
        self._process = self._channel = self._info = None
        self._is_ending = False

    def _receive(self, reply: Reply) -> None:
        if self._channel is None:
            return
        current = self._current
        match reply:
            case EngineInfo():
                self._info = reply
                self.ready.emit(reply)
                self._send_next()
            case StartFailed(sentence):
                self._crashes = CRASH_LIMIT
                self._refusal = sentence
            case Reported(number, done, total) if current is not None and number == current.number:
                current.report(done, total)
            case Done(number, result) if current is not None and number == current.number:
                self._conclude(result)
            case Failed(number, sentence, trace) if current is not None and number == current.number:
                if trace:
                    log.error("%s\n%s", sentence, trace)
                self._conclude(None, sentence)
            case WasCancelled(number) if current is not None and number == current.number:
                current.is_cancelled = True
                self._conclude(None)

    def _refused(self, message: object, sentence: str) -> None:
        if isinstance(message, Request) and self._current is not None and message.id == self._current.number:
            self._conclude(None, sentence)

    def _process_ended(self) -> None:
        channel, current, was_meant = self._channel, self._current, self._is_ending
        if channel is None:
            return
        channel.close()
        self._forget_process()
        self._current = None
        self._crashes += not was_meant
        if self._crashes >= CRASH_LIMIT:
            self._give_up(self._refusal or GAVE_UP)
        else:
            self._spawn()
        sentence = self._refusal or (CRASHED_IDLE if current is None else CRASHED)
        if current is not None:
            current.settle(sentence=sentence)
        if not (was_meant or self._refusal):
            self.crashed.emit(sentence)

    def _give_up(self, sentence: str) -> None:
        self._refusal = sentence
        self._settle_all(sentence)
        self.stopped.emit(sentence)

    def _settle_all(self, sentence: str = "") -> None:
        requests = [request for request in (self._current, *self._waiting) if request is not None]
        self._current = None
        self._waiting.clear()
        for request in requests:
            request.settle(sentence=sentence)


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    """Keep a spawned process from importing the window's main module again: it needs nothing of it, least of all Qt."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _await_end(process: BaseProcess) -> None:
    process.join(1.0)
    process.kill()  # one that closed its pipe but lives on; nothing to those that ended
    process.join()
