"""What the model says of the open series: the current slice is asked for first, then its neighbours, then the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

import xai
from viewer.app.engine import BundleInfo, Engine, EngineRequest
from xai.explanation import Explanation, Prediction, SliceAnalysis
from xai.imaging.resample import CellGrid, SliceMapping, map_to_slice
from xai.imaging.series import Series
from xai.registry import EXPLAINERS

METHODS = ("gradcam", "gradcampp", "hirescam")
"""What is computed for every slice without being asked: methods that cost about one pass."""
SECONDS_PER_REQUEST = 0.25
"""A request is made about this long, so that scrolling away or stopping takes effect at once."""
MOST_SLICES_PER_REQUEST = 16
ATTEMPTS = 2
"""How often a slice is sent to the engine before its failure is shown."""


@dataclass(slots=True)
class MethodResults:
    """Maps of one method for one choice of target, as they come in."""

    maps: NDArray[np.float32] | None = None
    cells: CellGrid = field(default_factory=CellGrid)
    parameters: Mapping[str, object] = field(default_factory=dict)
    passes: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class TargetResults:
    """All that was computed for one choice of target."""

    computed: NDArray[np.bool_]
    targets: NDArray[np.int64]
    states: dict[str, list[str]]
    methods: dict[str, MethodResults]

    @classmethod
    def empty(cls, slices: int) -> TargetResults:
        """Return results for a series of which nothing is computed."""
        return cls(
            np.zeros(slices, bool),
            np.full(slices, -1, np.int64),
            {key: [""] * slices for key in METHODS},
            {key: MethodResults() for key in METHODS},
        )


class Explaining(QObject):
    """Keeps predictions and maps of the open series and fills them through the engine."""

    modelChanged = Signal()
    resultsChanged = Signal()
    """Predictions or maps of some slices arrived."""
    progressed = Signal(int, int)
    """Slices done and slices there are; equal when there is nothing left to do."""
    message = Signal(str, bool)
    """A sentence for the user, and whether it tells of a failure."""

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.model: BundleInfo | None = None
        self.model_path: Path | None = None
        self.series: Series | None = None
        self.target = "affected"
        self._focus = 0
        self._stopped = False
        self._slices: dict[int, NDArray[np.float32]] = {}
        self._results: dict[str, TargetResults] = {}
        self._logits: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._probabilities: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._attempts: dict[int, int] = {}
        self._request: EngineRequest | None = None
        self._loading: EngineRequest | None = None
        self._clock = QElapsedTimer()
        self._batch = 1
        self._notes: list[str] = []
        # Slices arrive in bursts; the next request is put together once the event loop is free.
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)

    def open_model(self, path: Path) -> None:
        """Load the bundle in folder ``path`` in the engine; the old one stays when it fails."""
        if self._loading is not None:
            self._loading.cancel()
        self._loading = self._engine.load_bundle(path)
        self._loading.succeeded.connect(lambda info: self._loaded(path, info))
        self._loading.failed.connect(self._load_failed)

    def _loaded(self, path: Path, info: BundleInfo) -> None:
        self._loading = None
        self.model, self.model_path = info, path
        self._start_over()
        self.modelChanged.emit()

    def _load_failed(self, why: str) -> None:
        self._loading = None
        self.message.emit(why, True)
        self.modelChanged.emit()

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded."""
        return self._loading is not None

    def open_series(self, series: Series | None) -> None:
        """Turn to another series; what was computed of the last one is dropped."""
        self.series = series
        self._slices = {}
        self._focus = 0
        self._start_over()

    def _start_over(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None
        slices = len(self.series) if self.series is not None else 0
        classes = len(self.classes)
        self._results = {}
        self._logits = np.full((slices, classes), np.nan, np.float32)
        self._probabilities = np.full((slices, classes), np.nan, np.float32)
        self._attempts = {}
        self._notes = []
        self._stopped = False
        self._batch = 1
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the model's classes; empty without a model."""
        return tuple(self.model.manifest.classes) if self.model is not None else ()

    @property
    def refusal(self) -> str:
        """Why the open series is not given to the model; empty when it is."""
        return self.series.kept_from_model if self.series is not None else ""

    @property
    def mismatches(self) -> tuple[str, ...]:
        """How the open series differs from what the model was trained on."""
        if self.model is None or self.series is None:
            return ()
        return self.model.manifest.mismatches(self.series.info, self.series.geometry)

    def slice_arrived(self, k: int, values: NDArray[np.float32]) -> None:
        """Take slice ``k`` (H, W) as soon as it is read."""
        self._slices[k] = values
        self._next.start()

    def focus(self, k: int) -> None:
        """Say which slice is on screen: work goes on from there."""
        self._focus = k

    def set_target(self, target: str) -> None:
        """Explain ``"affected"``, ``"predicted"`` or ``"healthy"``; what was computed for another target stays."""
        if target != self.target:
            self.target = target
            self._stopped = False
            self._attempts = {}
            self.resultsChanged.emit()
            self._report()
            self._next.start()

    def stop(self) -> None:
        """Stop computing; what is there stays."""
        self._stopped = True
        if self._request is not None:
            self._request.cancel()
            self._request = None
        self._report()

    def resume(self) -> None:
        """Go on after a stop or a failure."""
        self._stopped = False
        self._attempts = {}
        self._report()
        self._next.start()

    @property
    def is_stopped(self) -> bool:
        """Whether the user stopped the work before its end."""
        return self._stopped and bool(self._todo())

    def _current(self) -> TargetResults:
        if self.target not in self._results:
            self._results[self.target] = TargetResults.empty(len(self.series) if self.series is not None else 0)
        return self._results[self.target]

    def _todo(self) -> list[int]:
        if self.model is None or self.series is None or self.refusal:
            return []
        computed = self._current().computed
        return [k for k in self._slices if not computed[k] and self._attempts.get(k, 0) < ATTEMPTS]

    def _target_index(self) -> int | None:
        return {"healthy": 0, "affected": 1}.get(self.target)

    def _ask(self) -> None:
        if self._request is not None or self._stopped or self.series is None:
            return
        todo = sorted(self._todo(), key=lambda k: (abs(k - self._focus), k))[: self._batch]
        if not todo:
            return
        self._clock.start()
        slices = [(k, self._slices[k]) for k in todo]
        request = self._engine.analyse(slices, self.series.geometry, METHODS, self._target_index())
        self._request = request
        target = self.target
        request.succeeded.connect(lambda analysis: self._take(request, target, analysis))
        request.failed.connect(lambda why: self._failed(request, todo, why))

    def _take(self, request: EngineRequest, target: str, analysis: SliceAnalysis) -> None:
        if request is not self._request:
            return
        self._request = None
        seconds = max(self._clock.elapsed() / 1000, 1e-3)
        wanted = SECONDS_PER_REQUEST * len(analysis.indices) / seconds
        # Grow gently: the first request also pays for warming up.
        self._batch = int(np.clip(wanted, 1, min(MOST_SLICES_PER_REQUEST, 2 * self._batch)))
        where = list(analysis.indices)
        self._logits[where] = analysis.logits
        self._probabilities[where] = analysis.probabilities
        results = self._results.setdefault(target, TargetResults.empty(len(self._logits)))
        results.computed[where] = True
        results.targets[where] = analysis.targets
        for key, maps in analysis.maps.items():
            method = results.methods[key]
            if method.maps is None:
                method.maps = np.full((len(self._logits), *maps.values.shape[1:]), np.nan, np.float32)
            method.maps[where] = maps.values
            method.cells, method.parameters = maps.cells, maps.parameters
            method.passes, method.seconds = maps.passes, method.seconds + maps.seconds
            for k, state in zip(where, maps.states, strict=True):
                results.states[key][k] = state
        for note in analysis.notes:
            if note not in self._notes:
                self._notes.append(note)
                self.message.emit(note, False)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _failed(self, request: EngineRequest, slices: list[int], why: str) -> None:
        if request is not self._request:
            return
        self._request = None
        self._batch = 1
        for k in slices:
            self._attempts[k] = self._attempts.get(k, 0) + 1
            if self._attempts[k] >= ATTEMPTS:
                for states in self._current().states.values():
                    states[k] = f"failed: {why}"
        self.message.emit(why, True)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _report(self) -> None:
        total = len(self._slices) if self.model is not None and self.series is not None and not self.refusal else 0
        done = total if self._stopped else total - len(self._todo())
        self.progressed.emit(done, total)

    # What the window shows ------------------------------------------------------------------------------------------

    def probability(self, class_index: int) -> NDArray[np.float32]:
        """Return the probability of a class for every slice (D,); NaN where there is none yet."""
        if class_index >= self._probabilities.shape[1]:
            return np.full(len(self._probabilities), np.nan, np.float32)
        return self._probabilities[:, class_index].copy()

    def is_computed(self, k: int) -> bool:
        """Whether slice ``k`` has its maps for the current target."""
        return bool(self._current().computed[k])

    def has_map(self, key: str, k: int) -> bool:
        """Whether method ``key`` has a map of slice ``k`` that can be shown."""
        results = self._current()
        there = results.methods[key].maps is not None and k < len(results.computed) and bool(results.computed[k])
        return there and not results.states[key][k]

    def map_values(self, key: str, k: int) -> NDArray[np.float32] | None:
        """Return the map of slice ``k`` on the slice's pixels (H, W); None where there is none to show."""
        method = self._current().methods[key]
        if method.maps is None or not self.has_map(key, k):
            return None
        return map_to_slice(method.maps[k], method.cells, self._mapping())

    def map_sha256(self, key: str, k: int) -> str:
        """Return the hash of the map of slice ``k`` as computed: names what was rated."""
        maps = self._current().methods[key].maps
        return "" if maps is None else hashlib.sha256(np.ascontiguousarray(maps[k], "<f4").tobytes()).hexdigest()

    def series_maps(self, key: str) -> NDArray[np.float32] | None:
        """Return the maps of all slices on the network's cells (D, h, w), NaN where missing or not fit to be shown."""
        results = self._current()
        maps = results.methods[key].maps
        if maps is None:
            return None
        shown = maps.copy()
        shown[[k for k, state in enumerate(results.states[key]) if state]] = np.nan
        return shown

    def series_targets(self) -> NDArray[np.int64]:
        """Return the class explained in each slice (D,); -1 where not computed."""
        return self._current().targets

    def state(self, key: str, k: int) -> str:
        """Return in words how the map of slice ``k`` stands: ``"ready"``, ``"computing"``, ``"failed: …"`` ..."""
        if self.model is None:
            return "loading the model" if self.is_loading else "no model"
        if self.series is None:
            return "no series"
        if self.refusal:
            return "not for this series"
        results = self._current()
        if results.states[key][k]:
            return results.states[key][k]
        if results.computed[k]:
            return "ready"
        if k not in self._slices:
            return "slice not read yet"
        return "stopped" if self._stopped else "computing"

    def counts(self) -> tuple[int, int]:
        """Return how many slices have their maps for this target, and how many slices there are."""
        return int(self._current().computed.sum()), len(self._logits)

    def cost(self, key: str) -> MethodResults:
        """Return how a method's maps were made for the current target, and what they cost so far."""
        return self._current().methods[key]

    def describe(self, key: str) -> str:
        """Return what produced a method's maps, for its tooltip and the feedback: reference, layer, passes."""
        entry, method = EXPLAINERS[key], self._current().methods[key]
        layer = method.parameters.get("layer", "")
        return f"{entry.title} ({entry.reference}){f', layer {layer}' if layer else ''}"

    def _mapping(self) -> SliceMapping:
        if self.series is None or self.model is None:
            raise RuntimeError("there is no series or no model to map between")
        return SliceMapping.fit(self.series.geometry, self.model.manifest.preprocess.size)

    def prediction(self) -> Prediction:
        """Return the predictions so far."""
        missing = np.isnan(self._probabilities).any(axis=1)
        filled = np.where(np.isnan(self._probabilities), -1, self._probabilities)
        target = filled.argmax(axis=1) if filled.size else np.zeros(len(filled), np.int64)
        return Prediction(
            self._logits.copy(), self._probabilities.copy(), np.where(missing, -1, target).astype(np.int64)
        )

    def explanations(self, volume_sha256: str) -> dict[str, Explanation]:
        """Return what was computed for the current target as values that can be written to disk."""
        results, series, model = self._current(), self.series, self.model
        if series is None or model is None:
            return {}
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {
            key: Explanation(
                method=key,
                parameters=method.parameters,
                target=results.targets.copy(),
                prediction=self.prediction(),
                bundle_sha256=model.sha256,
                volume_sha256=volume_sha256,
                code_version=xai.__version__,
                created=created,
                computed=results.computed.copy(),
                states=tuple(results.states[key]),
                maps=method.maps.copy(),
                cells=method.cells,
                mapping=self._mapping(),
                geometry=series.geometry,
                classes=self.classes,
                notes=(*self.mismatches, *self._notes),
            )
            for key, method in results.methods.items()
            if method.maps is not None
        }
