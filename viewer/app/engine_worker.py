"""The engine process: torch and the classifier bundle live here, apart from the window. Without Qt.

It works on one request at a time, but whenever long work reports its progress, more urgent requests are answered in
between: scrolling does not wait for an occlusion. A thread listens meanwhile, so that a cancel is heard during the
work, and so that the process ends at once when the window has gone, however it went.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from viewer.app import wire
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
from viewer.app.method_settings import MethodSheet
from viewer.app.pacing import paced
from xai.errors import BundleError, ExplainError, XaiError
from xai.machine import usable_cores
from xai.progress import Cancelled, Progress

if TYPE_CHECKING:
    from viewer.app.map_scores import MapScores
    from xai.explanation import SliceAnalysis
    from xai.models.bundle import ClassifierBundle

__all__ = ["TORCH_HANDLERS", "Analyse", "BundleInfo", "EngineInfo", "Handlers", "TorchHandlers", "serve"]

TORCH_HANDLERS = "viewer.app.engine_worker:TorchHandlers"
CPU_HANDLERS = "viewer.app.engine_worker:CpuHandlers"
NICENESS = 5
"""The window's threads come first."""
PARTIAL_INTERVAL_S = 0.2
"""Partial maps are shown at most this often."""
ALLOCATION_FAILURES = ("can't allocate memory", "not enough memory", "out of memory")
"""How torch words a plain RuntimeError when memory runs out on the CPU or on MPS."""


# The work ------------------------------------------------------------------------------------------------------------


class Handlers(Protocol):
    """What the engine can do. Tests bring their own."""

    def start(self) -> EngineInfo:
        """Import what is slow and say what there is."""
        ...

    def load(self, path: Path) -> BundleInfo:
        """Load a bundle and keep it; keep the old one when that fails."""
        ...

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        """Answer for some slices."""
        ...

    def explain(self, request: Explain, progress: Progress, partial: Callable[[object], None]) -> SliceAnalysis:
        """Explain slices by a costly method. ``progress`` may answer others: nothing shared may be half done."""
        ...

    def score(self, request: ScoreMap, progress: Progress) -> MapScores:
        """Measure a map."""
        ...

    def describe(self, request: Describe) -> Mapping[str, MethodSheet]:
        """Say what methods can be told and what they cost."""
        ...


class TorchHandlers:
    """The engine's real work: `xai`, in this process."""

    device: str | None = None
    """None for the fastest there is."""

    def __init__(self) -> None:
        self._bundle: ClassifierBundle | None = None
        self._path: Path | None = None
        self._copy: ClassifierBundle | None = None

    def start(self) -> EngineInfo:
        """Import torch and leave one core's worth of time to the window."""
        import torch

        import xai.pipeline  # noqa: F401  (imported now, not during the first request)
        from xai.models.bundle import choose_device

        threads = max(1, usable_cores() - 1)
        torch.set_num_threads(threads)
        return EngineInfo(self.device or choose_device(), str(torch.__version__), threads, os.getpid())

    def load(self, path: Path) -> BundleInfo:
        """Load a bundle and keep it."""
        from xai.models.bundle import load_bundle

        self._bundle, self._path, self._copy = load_bundle(path, self.device), path, None
        return BundleInfo(path, self._bundle.manifest, self._bundle.sha256, self._bundle.device)

    def _bundle_of(self, wanted: BundleInfo | None) -> ClassifierBundle:
        if wanted is None:
            raise ExplainError("No model is loaded, so the slices cannot be analysed.")
        if self._bundle is None or (self._path, self._bundle.sha256) != (wanted.path, wanted.sha256):
            self.load(wanted.path)
        assert self._bundle is not None
        if self._bundle.sha256 != wanted.sha256:
            raise BundleError(f"The bundle {wanted.path} has changed since it was opened; open it again.")
        return self._bundle

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        """Predict and explain slices with the bundle that the request names."""
        import torch

        from xai.explainers.base import make_explainer
        from xai.pipeline import analyse_slices

        bundle = self._bundle_of(request.bundle)
        methods = {key: make_explainer(key, **request.parameters.get(key, {})) for key in request.methods}
        # What it interrupts may have switched gradients off.
        with torch.inference_mode(False), torch.enable_grad():
            return analyse_slices(
                bundle, request.slices, request.indices, request.geometry, methods, request.target, progress
            )

    def explain(self, request: Explain, progress: Progress, partial: Callable[[object], None]) -> SliceAnalysis:
        """Explain slices by one method with the settings that the request names."""
        from xai.explainers.base import make_explainer
        from xai.pipeline import analyse_slices

        bundle = self._bundle_of(request.bundle)
        if self._copy is None:
            # A network of its own: the hooks of a method under way must not see the pictures of what interrupts it.
            self._copy = replace(bundle, network=copy.deepcopy(bundle.network))
        explainer = make_explainer(request.method, **request.parameters)
        return analyse_slices(
            self._copy,
            request.slices,
            request.indices,
            request.geometry,
            {request.method: explainer},
            request.target,
            progress,
            partial=partial,
        )

    def score(self, request: ScoreMap, progress: Progress) -> MapScores:
        """Measure deletion and insertion of one map."""
        from viewer.app.map_scores import measure

        return measure(
            self._bundle_of(request.bundle),
            request.values,
            request.geometry,
            request.map,
            request.cells,
            request.target,
            progress,
        )

    def describe(self, request: Describe) -> Mapping[str, MethodSheet]:
        """Return the settings of methods and the passes that they would take."""
        from viewer.app.method_settings import NetworkSize, sheet_of

        size = None
        if request.bundle is not None:
            bundle = self._bundle_of(request.bundle)
            size = NetworkSize(request.bundle.manifest.preprocess.size, _cam_channels(bundle))
        return {key: sheet_of(key, parameters, size) for key, parameters in request.methods.items()}


def _cam_channels(bundle: ClassifierBundle) -> int:
    import torch

    from xai.explainers.cam import look_at_layer

    x = torch.zeros(1, 1, bundle.preprocess.settings.size, bundle.preprocess.settings.size, device=bundle.device)
    return look_at_layer(bundle.network, x, None, bundle.manifest.cam_layer).activation.shape[1]


class CpuHandlers(TorchHandlers):
    """The same on the processor alone."""

    device = "cpu"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, in Python, numpy or torch (told by name: torch need not be imported to ask)."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATION_FAILURES)


# The process ---------------------------------------------------------------------------------------------------------


class Inbox:
    """Requests that wait, for the thread that works; another one fills it."""

    def __init__(self) -> None:
        self._lanes: tuple[list[Request], ...] = tuple([] for _ in range(URGENT + 1))
        self._filled = threading.Condition()
        self.cancelled: set[int] = set()

    def put(self, message: Request | Cancel) -> None:
        """Take what the window sent."""
        with self._filled:
            if isinstance(message, Cancel):
                self.cancelled.add(message.id)
            else:
                self._lanes[LANES[type(message.what)]].append(message)
                self._filled.notify()

    def take(self, above: int = -1) -> Request | None:
        """Return the oldest request of the highest lane above ``above``; None when there is none."""
        with self._filled:
            for lane in range(URGENT, above, -1):
                if self._lanes[lane]:
                    return self._lanes[lane].pop(0)
        return None

    def wait(self) -> Request:
        """Return the most urgent request, once there is one."""
        with self._filled:
            self._filled.wait_for(lambda: any(self._lanes))
        request = self.take()
        assert request is not None  # this thread alone takes
        return request


def serve(connection: Connection, handlers_path: str) -> None:
    """Run the engine until the window has gone; the spawned process' main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which then ends this process
    if sys.platform != "win32":
        os.nice(NICENESS)
    inbox = Inbox()
    threading.Thread(target=_listen, args=(connection, inbox), name="listener", daemon=True).start()
    try:
        handlers: Handlers = resolve_name(handlers_path)()
        reply: Reply = handlers.start()
    except Exception as error:
        reply = StartFailed(f"The engine cannot start: {type(error).__name__}: {error}")
    _send(connection, reply)
    if isinstance(reply, StartFailed):
        return
    while True:
        _serve_one(handlers, inbox.wait(), inbox, connection)


def _listen(connection: Connection, inbox: Inbox) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            inbox.put(wire.read(connection))
    os._exit(0)  # not sys.exit: the main thread may be deep in a convolution


def _send(connection: Connection, reply: Reply) -> None:
    message = wire.pack(reply)
    try:
        wire.write(connection, message)
    except OSError:
        os._exit(0)


def _serve_one(handlers: Handlers, request: Request, inbox: Inbox, connection: Connection) -> None:
    lane = LANES[type(request.what)]
    report = paced(lambda done, total: _send(connection, Reported(request.id, done, total)))
    due = 0.0

    def progress(done: int, total: int) -> None:
        while (urgent := inbox.take(lane)) is not None:
            _serve_one(handlers, urgent, inbox, connection)
        if request.id in inbox.cancelled:
            raise Cancelled
        report(done, total)

    def partial(result: object) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + PARTIAL_INTERVAL_S
            _send(connection, Partial(request.id, result))

    reply = _answer(handlers, request, progress, partial)
    try:
        _send(connection, reply)
    except Exception as error:  # an answer that cannot be packed
        _send(connection, _failure(request, error))


def _answer(
    handlers: Handlers, request: Request, progress: Progress, partial: Callable[[object], None]
) -> Done | Failed | WasCancelled:
    try:
        match request.what:
            case LoadBundle(path):
                return Done(request.id, handlers.load(path))
            case Analyse():
                return Done(request.id, handlers.analyse(request.what, progress))
            case Explain():
                return Done(request.id, handlers.explain(request.what, progress, partial))
            case ScoreMap():
                return Done(request.id, handlers.score(request.what, progress))
            case Describe():
                return Done(request.id, handlers.describe(request.what))
    except Cancelled:
        return WasCancelled(request.id)
    except Exception as error:
        return _failure(request, error)


_DOING: Mapping[type[What], str] = {
    LoadBundle: "Loading the model",
    Analyse: "Analysing the slices",
    Explain: "Explaining the slice",
    ScoreMap: "Scoring the map",
    Describe: "Looking at the methods",
}


def _failure(request: Request, error: Exception) -> Failed:
    doing = _DOING[type(request.what)]
    if isinstance(error, XaiError):
        return Failed(request.id, str(error))
    if is_out_of_memory(error):
        error.__traceback__ = None  # its frames hold what filled the memory
        gc.collect()
        return Failed(request.id, f"{doing} failed: there is not enough memory.")
    kind = type(error).__name__
    trace = "".join(traceback.format_tb(error.__traceback__))
    return Failed(request.id, f"{doing} failed unexpectedly ({kind}).", trace)
