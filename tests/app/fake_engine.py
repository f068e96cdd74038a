"""What a spawned engine does in tests, without torch: the first method of a request says what happens."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from viewer.app.engine_messages import Analyse, BundleInfo, Describe, EngineInfo, Explain, ScoreMap
from xai.errors import BundleError, ExplainError
from xai.progress import Progress


def fake_bundle(path: Path) -> BundleInfo:
    from xai.models.manifest import BundleManifest  # slow to import, and rarely needed here

    manifest = BundleManifest(
        name=path.name,
        version="1",
        network="resnet18",
        classes=("healthy", "affected"),
        weights_sha256="0" * 64,
        cam_layer="layer4",
        cam_centre=0.0,
        cam_stride=32.0,
    )
    return BundleInfo(path, manifest, path.name.ljust(64, "0"), "cpu")


class FakeHandlers:
    def __init__(self) -> None:
        self.loaded: list[str] = []

    def start(self) -> EngineInfo:
        return EngineInfo("cpu", "none", 1, os.getpid())

    def load(self, path: Path) -> BundleInfo:
        if path.name == "crash":
            os._exit(1)
        if path.name == "broken":
            raise BundleError(f"The bundle {path} is broken.")
        self.loaded.append(path.name)
        return fake_bundle(path)

    def analyse(self, request: Analyse, progress: Progress) -> Any:
        method = request.methods[0] if request.methods else ""
        match method:
            case "crash":
                os._exit(1)
            case "steps":
                for step in range(5):
                    progress(step, 5)
                progress(5, 5)
            case "until-cancelled":
                while True:
                    progress(1, 2)
                    threading.Event().wait(0.001)
            case "deaf":
                progress(0, 1)
                threading.Event().wait()
            case "memory":
                raise MemoryError
            case "torch-memory":
                raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")
            case "wrong":
                raise ExplainError("There is no explanation method 'wrong'.")
            case "bug":
                raise ValueError(f"{'htimS'[::-1]}^John is no number")
            case "unpackable":
                return lambda: None
            case "modules":
                return {name.partition(".")[0] for name in sys.modules}
            case "bundle":
                return request.bundle, self.loaded
            case "environment":
                return os.nice(0), signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            case "writable":
                return [values.flags.writeable for values in request.slices]
        return request.indices, [float(np.sum(values, dtype=float)) for values in request.slices], request.target

    def explain(self, request: Explain, progress: Progress, partial: Callable[[object], None]) -> Any:
        match request.method:
            case "until-cancelled":
                while True:
                    progress(1, 2)
                    threading.Event().wait(0.001)
            case "sharpen":
                for step in range(3):
                    progress(step, 3)
                    partial(("sharper", request.parameters))
                return "sharp", request.parameters
            case "bundle":
                return request.bundle.manifest.name if request.bundle is not None else ""
        raise ExplainError(f"There is no explanation method {request.method!r}.")

    def score(self, request: ScoreMap, progress: Progress) -> Any:
        while request.map.max() > 1:
            progress(1, 2)
            threading.Event().wait(0.001)
        return "scored", float(request.values.sum())

    def describe(self, request: Describe) -> Any:
        return dict.fromkeys(request.methods)


class BrokenHandlers(FakeHandlers):
    def start(self) -> EngineInfo:
        raise ImportError("No module named 'torch'")


class CrashingHandlers(FakeHandlers):
    def start(self) -> EngineInfo:
        os._exit(1)
