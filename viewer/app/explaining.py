"""What the model says of the open series: the current slice is asked for first, then its neighbours, then the rest.

Cheap methods are computed for every slice without being asked; costly ones are `Runs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from viewer.app.chosen_settings import ChosenSettings
from viewer.app.engine import BundleInfo, Engine, EngineRequest
from viewer.app.map_scoring import MapScoring
from viewer.app.results import MethodResults, Results
from viewer.app.runs import ATTEMPTS, Opened, Runs, target_index
from viewer.app.schedule import duration_text, gives_way, in_order, next_batch
from viewer.core.words import tr
from xai.explanation import Explanation, Prediction, SliceAnalysis
from xai.imaging.resample import SliceMapping, map_to_slice
from xai.imaging.series import Series
from xai.registry import EXPLAINERS, ExplainerEntry

METHODS = tuple(key for key, entry in EXPLAINERS.items() if entry.cost == "cheap")
"""Computed for every slice without being asked for."""

MAPS_KEPT = 12
"""Maps on the slice's pixels that are kept."""


@dataclass(slots=True)
class _Asked:
    """The request for cheap maps that is under way."""

    request: EngineRequest
    slices: tuple[int, ...]
    target: str
    clock: QElapsedTimer = field(default_factory=QElapsedTimer)


class Explaining(QObject):
    """Keeps predictions and maps of the open series and fills them through the engine.

    Parameters
    ----------
    engine : Engine
        Computes.
    catalogue : mapping
        The methods there are, `xai.registry.EXPLAINERS`.
    """

    modelChanged = Signal()
    resultsChanged = Signal()
    """Predictions or maps of some slices arrived, or stand differently."""
    progressed = Signal(int, int)
    """Slices done and slices there are; equal when there is nothing left to do."""
    message = Signal(str, bool)
    """A sentence for the user, and whether it tells of a failure."""

    def __init__(
        self, engine: Engine, parent: QObject | None = None, catalogue: Mapping[str, ExplainerEntry] = EXPLAINERS
    ) -> None:
        super().__init__(parent)
        self.engine = engine
        self.catalogue = catalogue
        self.cheap = tuple(key for key, entry in catalogue.items() if entry.cost == "cheap")
        self.model: BundleInfo | None = None
        self.model_path: Path | None = None
        self._opened = Opened(results=Results(keys=catalogue))
        self._stopped = False
        self._attempts: dict[int, int] = {}
        self._asked: _Asked | None = None
        self._loading: EngineRequest | None = None
        self._batch = 1
        self._spread: dict[tuple[str, int], NDArray[np.float32]] = {}
        self.resultsChanged.connect(self._spread.clear)
        self.chosen = ChosenSettings(engine, tuple(catalogue), self)
        self.runs = Runs(engine, self._opened, catalogue, self.chosen, self)
        self.scoring = MapScoring(engine, self._opened, self)
        # Slices arrive in bursts; the next request is put together once the event loop is free.
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)
        self.chosen.changed.connect(self._settings_changed)
        self.runs.changed.connect(self.resultsChanged)
        self.runs.message.connect(self.message)

    def open_model(self, path: Path) -> None:
        """Load the bundle in folder ``path`` in the engine; the old one stays when it fails."""
        if self._loading is not None:
            self._loading.cancel()
        self._loading = self.engine.load_bundle(path)
        self._loading.succeeded.connect(lambda info: self._loaded(path, info))
        self._loading.failed.connect(self._load_failed)

    def _loaded(self, path: Path, info: BundleInfo) -> None:
        self._loading = None
        self.model, self.model_path = info, path
        self._start_over()
        self.chosen.look_up()
        self.modelChanged.emit()

    def _load_failed(self, why: str) -> None:
        self._loading = None
        self.message.emit(why, True)
        self.modelChanged.emit()

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded."""
        return self._loading is not None

    @property
    def series(self) -> Series | None:
        """The open series."""
        return self._opened.series

    @property
    def target(self) -> str:
        """The choice of class to explain: "affected", "predicted" or "healthy"."""
        return self._opened.target

    def open_series(self, series: Series | None) -> None:
        """Turn to another series; what was computed of the last one is dropped."""
        self._opened.series = series
        self._opened.slices = {}
        self._opened.focus = self._opened.direction = 0
        self._start_over()

    def _start_over(self) -> None:
        self._cancel()
        self.runs.drop()
        slices = len(self.series) if self.series is not None else 0
        self._opened.results = Results(slices, len(self.classes), self.catalogue)
        self.scoring.start_over()
        self._attempts = {}
        self._stopped = False
        self._batch = 1
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _cancel(self) -> None:
        if self._asked is not None:
            self._asked.request.cancel()
            self._asked = None

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
        self._opened.slices[k] = values
        self._next.start()

    def focus(self, k: int) -> None:
        """Say which slice is on screen: work goes on from there, in the direction of scrolling."""
        opened = self._opened
        if k != opened.focus:
            opened.direction = 1 if k > opened.focus else -1
        opened.focus = k
        if self._asked is not None and gives_way(self._asked.slices, k, self._todo()):
            self._cancel()
            self._next.start()
        self.runs.refocus()

    def set_target(self, target: str) -> None:
        """Explain ``"affected"``, ``"predicted"`` or ``"healthy"``; what was computed for another target stays."""
        if target != self.target:
            self._opened.target = target
            self._stopped = False
            self._attempts = {}
            self.resultsChanged.emit()
            self._report()
            self._next.start()

    def _settings_changed(self, key: str) -> None:
        if key in self.cheap:
            self._opened.results.forget(key)
            self._cancel()
            self._report()
            self._next.start()
        self.resultsChanged.emit()

    def stop(self) -> None:
        """Stop computing; what is there stays."""
        self._stopped = True
        self._cancel()
        self.runs.stop()
        self.scoring.stop()
        self._report()

    def resume(self) -> None:
        """Go on after a stop or a failure."""
        self._stopped = False
        self._attempts = {}
        self.runs.resume()
        self._report()
        self._next.start()

    @property
    def is_stopped(self) -> bool:
        """Whether the user stopped the work before its end."""
        return self._stopped and bool(self._todo())

    def run(self, key: str, whole: bool = False) -> None:
        """Compute a costly method for the slice on screen, or for the whole series."""
        if why := self.closed_why(key):
            self.message.emit(why, False)
            return
        self.runs.start(key, range(len(self._opened.results.logits)) if whole else [self._opened.focus])

    def closed_why(self, key: str) -> str:
        """Say why a method cannot be run now; empty when it can."""
        if self.model is None:
            return tr("There is no model to explain: open one (Ctrl+M).")
        if self.series is None:
            return tr("There is no series to explain: open one (Ctrl+O).")
        if self.refusal:
            return self.refusal
        if key in self.cheap:
            return tr("{method} is computed for every slice by itself.").format(method=self.catalogue[key].title)
        return ""

    def _current(self) -> Results:
        return self._opened.results

    def _method(self, key: str) -> MethodResults:
        return self._current().of(self.target).methods[key]

    def _computed(self) -> NDArray[np.bool_]:
        """Return which slices are predicted and have all cheap maps."""
        done = np.array(np.isfinite(self._current().probabilities).all(axis=1))
        for key in self.cheap:
            done &= self._method(key).computed
        return done

    def _todo(self) -> list[int]:
        if self.model is None or self.series is None or self.refusal:
            return []
        computed = self._computed()
        return [k for k in self._opened.slices if not computed[k] and self._attempts.get(k, 0) < ATTEMPTS]

    def _ask(self) -> None:
        opened = self._opened
        if self._asked is not None or self._stopped or opened.series is None:
            return
        todo = tuple(in_order(self._todo(), opened.focus, opened.direction)[: self._batch])
        if not todo:
            return
        slices = [(k, opened.slices[k]) for k in todo]
        missing = [key for key in self.cheap if not self._method(key).computed[list(todo)].all()]
        parameters = {key: self.chosen.values(key) for key in missing}
        request = self.engine.analyse(
            slices, opened.series.geometry, missing, target_index(self.target), parameters=parameters, priority=1
        )
        asked = _Asked(request, todo, self.target)
        asked.clock.start()
        self._asked = asked
        request.succeeded.connect(lambda analysis: self._take(asked, analysis))
        request.failed.connect(lambda why: self._failed(asked, why))

    def _take(self, asked: _Asked, analysis: SliceAnalysis) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        self._batch = next_batch(self._batch, len(asked.slices), asked.clock.elapsed() / 1000)
        self.runs.speed.measured(len(asked.slices), sum(maps.seconds for maps in analysis.maps.values()), rough=True)
        for note in self._current().take(asked.target, analysis):
            self.message.emit(note, False)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _failed(self, asked: _Asked, why: str) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        self._batch = 1
        methods = self._current().of(asked.target).methods
        for k in asked.slices:
            self._attempts[k] = self._attempts.get(k, 0) + 1
            if self._attempts[k] >= ATTEMPTS:
                for key in self.cheap:
                    methods[key].states[k] = tr("failed: {why}").format(why=why)
        self.message.emit(why, True)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _report(self) -> None:
        is_given = self.model is not None and self.series is not None and not self.refusal
        total = len(self._opened.slices) if is_given else 0
        done = total if self._stopped else total - len(self._todo())
        self.progressed.emit(done, total)

    # What the window shows ------------------------------------------------------------------------------------------

    def probability(self, class_index: int) -> NDArray[np.float32]:
        """Return the probability of a class for every slice (D,); NaN where there is none yet."""
        probabilities = self._current().probabilities
        if class_index >= probabilities.shape[1]:
            return np.full(len(probabilities), np.nan, np.float32)
        return probabilities[:, class_index].copy()

    def prediction(self) -> Prediction:
        """Return the predictions so far."""
        return self._current().prediction()

    def is_computed(self, k: int) -> bool:
        """Whether slice ``k`` has its cheap maps for the current target."""
        return bool(self._computed()[k])

    def has_map(self, key: str, k: int) -> bool:
        """Whether method ``key`` has a finished map of slice ``k`` that can be shown."""
        method = self._method(key)
        return k < len(method.computed) and bool(method.computed[k]) and method.shown(k) is not None

    def map_values_there(self, key: str, k: int) -> bool:
        """Whether there is a map of slice ``k`` that can be shown, sharp or not yet."""
        method = self._method(key)
        return k < len(method.computed) and method.shown(k) is not None

    def has_any(self, key: str) -> bool:
        """Whether method ``key`` is computed by itself, or has a map of some slice: stepping through methods stops."""
        method = self._method(key)
        return key in self.cheap or bool(method.computed.any() or method.partial.any())

    def map_values(self, key: str, k: int) -> NDArray[np.float32] | None:
        """Return the map of slice ``k`` on the slice's pixels (H, W), sharp or not yet; None where there is none."""
        method = self._method(key)
        values = method.shown(k) if k < len(method.computed) else None
        if values is None:
            return None
        # Panels and pictures ask for the same map.
        if (key, k) not in self._spread:
            if len(self._spread) >= MAPS_KEPT:
                self._spread.clear()
            self._spread[key, k] = map_to_slice(values, method.cells, self._mapping())
        return self._spread[key, k]

    def map_sha256(self, key: str, k: int) -> str:
        """Return the hash of the map of slice ``k`` as computed: names what was rated."""
        return self._method(key).sha256(k)

    def series_maps(self, key: str) -> NDArray[np.float32] | None:
        """Return the maps of all slices on the network's cells (D, h, w), NaN where missing or not fit to be shown."""
        return self._method(key).all_shown()

    def series_targets(self) -> NDArray[np.int64]:
        """Return the class explained in each slice (D,); -1 where not computed."""
        return self._current().of(self.target).targets

    def state(self, key: str, k: int) -> str:
        """Return in words how the map of slice ``k`` stands: ``"ready"``, ``"computing"``, ``"failed: …"`` ..."""
        if self.model is None:
            return tr("loading the model") if self.is_loading else tr("no model")
        if self.series is None:
            return tr("no series")
        if self.refusal:
            return tr("not for this series")
        method = self._method(key)
        if k >= len(method.computed):
            return tr("slice not read yet")
        if method.states[k]:
            return tr(method.states[k])
        if method.computed[k]:
            return tr("ready") if method.asked == self.chosen.values(key) else tr("ready, other settings")
        if k not in self._opened.slices:
            return tr("slice not read yet")
        if key in self.cheap:
            return tr("stopped") if self._stopped else tr("computing")
        return self.runs.state(key, k) or self.offer(key)

    def offer(self, key: str, slices: int = 1) -> str:
        """Return in words what running a costly method would take: ``"about 40 s on this CPU – press Run"``."""
        seconds = self.runs.expected(key, slices)
        if seconds is None or self.model is None:
            return tr("press Run")
        device = tr("this CPU") if self.model.device == "cpu" else self.model.device.upper()
        return tr("{time} on {device} – press Run").format(time=duration_text(seconds), device=device)

    def counts(self) -> tuple[int, int]:
        """Return how many slices have their cheap maps for this target, and how many slices there are."""
        return int(self._computed().sum()), len(self._current().logits)

    def results_of(self, key: str) -> MethodResults:
        """Return a method's maps for the current target, how they were made and what they cost."""
        return self._method(key)

    def describe(self, key: str) -> str:
        """Return what produces a method's maps, for its tooltip and the feedback: reference, layer."""
        entry, layer = self.catalogue[key], self._method(key).parameters.get("layer", "")
        where = tr(", layer {layer}").format(layer=layer) if layer else ""
        return f"{entry.title} ({entry.reference}){where}"

    def _mapping(self) -> SliceMapping:
        if self.series is None or self.model is None:
            raise RuntimeError("there is no series or no model to map between")
        return SliceMapping.fit(self.series.geometry, self.model.manifest.preprocess.size)

    def explanations(self, volume_sha256: str) -> dict[str, Explanation]:
        """Return what was computed for the current target as values that can be written to disk."""
        if self.series is None or self.model is None:
            return {}
        return self._current().explanations(
            self.target,
            bundle_sha256=self.model.sha256,
            volume_sha256=volume_sha256,
            mapping=self._mapping(),
            geometry=self.series.geometry,
            classes=self.classes,
            notes=self.mismatches,
        )
