"""The engine process: torch and the classifier bundle live here, apart from the window. Without Qt.

It answers one request after the other. A thread listens meanwhile, so that a cancel is heard during the work, and so
that the process ends at once when the window has gone, however it went.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from pkgutil import resolve_name
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from viewer.app import wire
from viewer.app.pacing import paced
from xai.errors import BundleError, ExplainError, XaiError
from xai.imaging.geometry import VolumeGeometry
from xai.progress import Cancelled, Progress

if TYPE_CHECKING:
    from xai.explanation import SliceAnalysis
    from xai.models.bundle import ClassifierBundle
    from xai.models.manifest import BundleManifest

TORCH_HANDLERS = "viewer.app.engine_worker:TorchHandlers"
CPU_HANDLERS = "viewer.app.engine_worker:CpuHandlers"
NICENESS = 5
"""The window's threads come first."""
ALLOCATION_FAILURES = ("can't allocate memory", "not enough memory", "out of memory")
"""How torch words a plain RuntimeError when memory runs out on the CPU or on MPS."""


# Requests ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadBundle:
    """Load the bundle in folder ``path``; answered with a `BundleInfo`. The old one stays when it fails."""

    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Analyse:
    """Predict and explain some slices; answered with a `SliceAnalysis`."""

    bundle: BundleInfo | None
    """The bundle as the window knows it; a process that was started again loads it first."""
    indices: tuple[int, ...]
    slices: tuple[NDArray[np.float32], ...]
    """(H, W) each, rows and columns as stored."""
    geometry: VolumeGeometry
    methods: tuple[str, ...] = ()
    target: int | None = None
    """Index of the class to explain; None for the predicted class of each slice."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something to do, with a number by which the answers name it."""

    id: int
    what: LoadBundle | Analyse


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the request with this number if it is being worked on."""

    id: int


# Replies -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The engine is up: where it computes and with what."""

    device: str
    torch_version: str
    threads: int
    pid: int


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle that is loaded."""

    path: Path
    manifest: BundleManifest
    sha256: str
    device: str


@dataclass(frozen=True, slots=True)
class StartFailed:
    """The engine cannot work at all; trying again would not help."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Reported:
    """Progress of a request."""

    id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A request's result."""

    id: int
    result: object


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a request has no result, and for the log where that happened (empty for what was foreseen)."""

    id: int
    sentence: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class WasCancelled:
    """A request ended as it was asked to."""

    id: int


Reply = EngineInfo | StartFailed | Reported | Done | Failed | WasCancelled


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


class TorchHandlers:
    """The engine's real work: `xai`, in this process."""

    device: str | None = None
    """None for the fastest there is."""

    def __init__(self) -> None:
        self._bundle: ClassifierBundle | None = None
        self._path: Path | None = None

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

        self._bundle, self._path = load_bundle(path, self.device), path
        return BundleInfo(path, self._bundle.manifest, self._bundle.sha256, self._bundle.device)

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        """Predict and explain slices with the bundle that the request names."""
        from xai.pipeline import analyse_slices

        wanted = request.bundle
        if wanted is None:
            raise ExplainError("No model is loaded, so the slices cannot be analysed.")
        if self._bundle is None or (self._path, self._bundle.sha256) != (wanted.path, wanted.sha256):
            self.load(wanted.path)
        assert self._bundle is not None
        if self._bundle.sha256 != wanted.sha256:
            raise BundleError(f"The bundle {wanted.path} has changed since it was opened; open it again.")
        return analyse_slices(
            self._bundle, request.slices, request.indices, request.geometry, request.methods, request.target, progress
        )


class CpuHandlers(TorchHandlers):
    """The same on the processor alone."""

    device = "cpu"


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, in Python, numpy or torch (told by name: torch need not be imported to ask)."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATION_FAILURES)


# The process ---------------------------------------------------------------------------------------------------------


def serve(connection: Connection, handlers_path: str) -> None:
    """Run the engine until the window has gone; the spawned process' main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which then ends this process
    if sys.platform != "win32":
        os.nice(NICENESS)
    inbox: SimpleQueue[Request] = SimpleQueue()
    cancelled: set[int] = set()
    threading.Thread(target=_listen, args=(connection, inbox, cancelled), name="listener", daemon=True).start()
    try:
        handlers: Handlers = resolve_name(handlers_path)()
        reply: Reply = handlers.start()
    except Exception as error:
        reply = StartFailed(f"The engine cannot start: {type(error).__name__}: {error}")
    _send(connection, reply)
    if isinstance(reply, StartFailed):
        return
    while True:
        request = inbox.get()
        reply = _answer(handlers, request, cancelled, lambda report: _send(connection, report))
        try:
            _send(connection, reply)
        except Exception as error:  # an answer that cannot be packed
            _send(connection, _failure(request, error))
        del request, reply


def _listen(connection: Connection, inbox: SimpleQueue[Request], cancelled: set[int]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = wire.read(connection)
            if isinstance(message, Cancel):
                cancelled.add(message.id)
            else:
                inbox.put(message)
    os._exit(0)  # not sys.exit: the main thread may be deep in a convolution


def _send(connection: Connection, reply: Reply) -> None:
    message = wire.pack(reply)
    try:
        wire.write(connection, message)
    except OSError:
        os._exit(0)


def _answer(handlers: Handlers, request: Request, cancelled: set[int], send: Callable[[Reported], None]) -> Reply:
    report = paced(lambda done, total: send(Reported(request.id, done, total)))

    def progress(done: int, total: int) -> None:
        if request.id in cancelled:
            raise Cancelled
        report(done, total)

    try:
        if isinstance(request.what, LoadBundle):
            return Done(request.id, handlers.load(request.what.path))
        return Done(request.id, handlers.analyse(request.what, progress))
    except Cancelled:
        return WasCancelled(request.id)
    except Exception as error:
        return _failure(request, error)


def _failure(request: Request, error: Exception) -> Failed:
    doing = "Loading the model" if isinstance(request.what, LoadBundle) else "Analysing the slices"
    if isinstance(error, XaiError):
        return Failed(request.id, str(error))
    if is_out_of_memory(error):
        error.__traceback__ = None  # its frames hold what filled the memory
        gc.collect()
        return Failed(request.id, f"{doing} failed: there is not enough memory.")
    kind = type(error).__name__
    trace = "".join(traceback.format_tb(error.__traceback__))
    return Failed(request.id, f"{doing} failed unexpectedly ({kind}).", trace)
