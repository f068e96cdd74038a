"""The window's side of the engine process: requests out, answers in, a new process when one dies.

One request of each lane is in the engine at a time; the others wait here. So whatever happens to the process costs the
requests that it was working on and no other.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
from bisect import insort_right
from collections.abc import Callable, Iterator, Mapping, Sequence
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

from viewer.app.engine_messages import (
    LANES,
    URGENT,
    Analyse,
    BundleInfo,
    Cancel,
    Describe,
    Done,
    EngineInfo,
    Explain,
    Failed,
    LoadBundle,
    Partial,
    Reply,
    Reported,
    Request,
    ScoreMap,
    StartFailed,
    WasCancelled,
    What,
)
from viewer.app.engine_worker import TORCH_HANDLERS, serve
from viewer.app.method_settings import Parameters
from viewer.app.tasks import Channel, Job
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid

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
    """Something asked of the engine. ``succeeded`` brings what the message says; partial maps have ``arrived``."""

    def __init__(
        self, number: int, what: What, owner: QObject, withdraw: Callable[[Job], None], priority: int = 0
    ) -> None:
        super().__init__("The request", owner, withdraw, priority)
        self.number = number
        self.lane = LANES[type(what)]
        self.what: What | None = what
        """Dropped when it is over: the slices are large."""

    def _let_go(self) -> None:
        super()._let_go()
        self.what = None


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
        self._current: dict[int, EngineRequest] = {}
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
        return bool(self._current or self._waiting)

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
        parameters: Mapping[str, Parameters] | None = None,
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
        parameters : mapping, optional
            Settings by method; those not named keep their defaults.
        priority : int
            Higher is sent earlier.
        """
        indices = tuple(index for index, _ in slices)
        arrays = tuple(values for _, values in slices)
        told = {key: dict(values) for key, values in (parameters or {}).items() if values}
        return self._ask(Analyse(None, indices, arrays, geometry, tuple(methods), target, told), priority)

    def explain(
        self,
        slices: Sequence[tuple[int, NDArray[np.float32]]],
        geometry: VolumeGeometry,
        method: str,
        parameters: Parameters | None = None,
        target: int | None = None,
        *,
        priority: int = 0,
    ) -> EngineRequest:
        """Explain slices by one costly method; maps ``arrived`` as they sharpen, and `analyse` goes on meanwhile.

        ``parameters`` are the method's settings as plain values; for the others see `analyse`.
        """
        indices = tuple(index for index, _ in slices)
        arrays = tuple(values for _, values in slices)
        return self._ask(Explain(None, indices, arrays, geometry, method, dict(parameters or {}), target), priority)

    def score(
        self,
        values: NDArray[np.float32],
        geometry: VolumeGeometry,
        maps: NDArray[np.float32],
        cells: CellGrid,
        target: int,
    ) -> EngineRequest:
        """Measure the faithfulness of a map (h, w) of a slice (H, W); ``succeeded`` brings a `MapScores`."""
        return self._ask(ScoreMap(None, values, geometry, maps, cells, target), 0)

    def describe(self, methods: Mapping[str, Parameters]) -> EngineRequest:
        """Ask for the settings of methods and what they would cost; ``succeeded`` brings a `MethodSheet` by key."""
        return self._ask(Describe(dict(methods)), 0)

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Cancel everything and end the process, at once: it holds nothing worth saving. Whether all has ended."""
        self._refusal = SHUT_DOWN
        have_ended = True
        for request in (*self._waiting, *self._current.values()):
            request.is_cancelled = True
        if self._process is not None and self._channel is not None:
            self._process.kill()
            have_ended = self._channel.close(timeout)
        self._forget_process()
        self._settle_all()
        return have_ended

    # Requests -------------------------------------------------------------------------------------------------------

    def _ask(self, what: What, priority: int) -> EngineRequest:
        request = EngineRequest(next(self._numbers), what, self, self._withdraw, priority)
        if self._refusal:
            request.settle_later(self._refusal)
            return request
        insort_right(self._waiting, request, key=lambda waiting: -waiting.priority)
        self._send_next()
        return request

    def _send_next(self) -> None:
        if self._channel is None or self._info is None or self._is_ending:
            return
        for request in tuple(self._waiting):
            if request.lane not in self._current and (request.lane == URGENT or not self._is_loading):
                self._waiting.remove(request)
                self._current[request.lane] = request
                what = request.what
                assert what is not None
                if not isinstance(what, LoadBundle):
                    what = replace(what, bundle=self._bundle)
                self._channel.send(Request(request.number, what))

    @property
    def _is_loading(self) -> bool:
        # What is asked of a bundle that is about to be loaded must not be sent with the old one.
        return any(isinstance(request.what, LoadBundle) for request in (*self._waiting, *self._current.values()))

    def _withdraw(self, request: Job) -> None:
        if request in self._current.values() and self._channel is not None:
            assert isinstance(request, EngineRequest)
            self._channel.send(Cancel(request.number))
            if not self._cancel_deadline.isActive():
                self._cancel_deadline.start()
        elif isinstance(request, EngineRequest) and request in self._waiting:
            self._waiting.remove(request)
            request.settle_later()

    def _conclude(self, request: EngineRequest, result: object, sentence: str = "") -> None:
        del self._current[request.lane]
        if not any(other.is_cancelled for other in self._current.values()):
            self._cancel_deadline.stop()
        self._crashes = 0
        if isinstance(result, BundleInfo) and not request.is_cancelled:
            self._bundle = result
            self.bundleLoaded.emit(result)
        request.settle(result, sentence)
        self._send_next()

    def _find(self, number: int) -> EngineRequest | None:
        return next((request for request in self._current.values() if request.number == number), None)

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
        if isinstance(reply, EngineInfo):
            self._info = reply
            self.ready.emit(reply)
            self._send_next()
            return
        if isinstance(reply, StartFailed):
            self._crashes = CRASH_LIMIT
            self._refusal = reply.sentence
            return
        current = self._find(reply.id)
        if current is None:
            return
        match reply:
            case Reported(_, done, total):
                current.report(done, total)
            case Partial(_, part):
                current.arrive(part)
            case Done(_, result):
                self._conclude(current, result)
            case Failed(_, sentence, trace):
                if trace:
                    log.error("%s\n%s", sentence, trace)
                self._conclude(current, None, sentence)
            case WasCancelled():
                current.is_cancelled = True
                self._conclude(current, None)

    def _refused(self, message: object, sentence: str) -> None:
        if isinstance(message, Request) and (current := self._find(message.id)) is not None:
            self._conclude(current, None, sentence)

    def _process_ended(self) -> None:
        channel, lost, was_meant = self._channel, list(self._current.values()), self._is_ending
        if channel is None:
            return
        channel.close()
        self._forget_process()
        self._current = {}
        self._crashes += not was_meant
        if was_meant:
            # It was ended for one that did not hear its cancel; the others are innocent.
            self._waiting[:0] = [request for request in lost if not request.is_cancelled]
            lost = [request for request in lost if request.is_cancelled]
        if self._crashes >= CRASH_LIMIT:
            self._give_up(self._refusal or GAVE_UP)
        else:
            self._spawn()
        sentence = self._refusal or (CRASHED if lost else CRASHED_IDLE)
        for request in lost:
            request.settle(sentence=sentence)
        if not (was_meant or self._refusal):
            self.crashed.emit(sentence)

    def _give_up(self, sentence: str) -> None:
        self._refusal = sentence
        self._settle_all(sentence)
        self.stopped.emit(sentence)

    def _settle_all(self, sentence: str = "") -> None:
        requests = [*self._current.values(), *self._waiting]
        self._current = {}
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
