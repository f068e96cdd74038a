"""What the model said of the open series and how work on it stands: what the window shows. Asks for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.app.chosen_settings import ChosenSettings
from viewer.app.engine import BundleInfo, Engine, EngineRequest
from viewer.app.results import MethodResults, Results
from viewer.app.runs import Opened, Runs
from viewer.app.schedule import duration_text
from viewer.core.said import said
from viewer.core.words import tr
from xai.explanation import Explanation, Prediction
from xai.imaging.resample import SliceMapping, map_to_slice
from xai.imaging.series import Series
from xai.registry import ExplainerEntry

MAPS_KEPT = 12
"""Maps on the slice's pixels that are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenAnswers:
    """Answers that stand in the place of the model's: nothing that is computed replaces them.

    Parameters
    ----------
    probabilities : array (D, C) float32
        NaN for slices without an answer.
    predictions : array (D,) of int
        Class of each slice; -1 where there is none.
    classes : tuple of str
        Their names.
    source : str
        Who gave them, for answers about them.
    """

    probabilities: NDArray[np.float32]
    predictions: NDArray[np.int64]
    classes: tuple[str, ...]
    source: str


class Explained(QObject):
    """Predictions and maps of the open series, in values and words.

    Parameters
    ----------
    engine : Engine
        Computes.
    catalogue : mapping
        The methods there are, `xai.registry.EXPLAINERS`.
    """

    resultsChanged = Signal()
    """Predictions or maps of some slices arrived, or stand differently."""

    def __init__(self, engine: Engine, parent: QObject | None, catalogue: Mapping[str, ExplainerEntry]) -> None:
        super().__init__(parent)
        self.engine = engine
        self.catalogue = catalogue
        self.cheap = tuple(key for key, entry in catalogue.items() if entry.cost == "cheap")
        self.model: BundleInfo | None = None
        self.given: GivenAnswers | None = None
        """What stands in the place of the model's predictions of the open series."""
        self.withheld = ("", "")
        """Why no model may be run on the open series, in a few words and in a sentence; empty when one may."""
        self._loading: EngineRequest | None = None
        self._stopped = False
        self._opened = Opened(results=Results(keys=catalogue))
        self._spread: dict[tuple[str, int], NDArray[np.float32]] = {}
        self.resultsChanged.connect(self._spread.clear)
        self.chosen = ChosenSettings(engine, tuple(catalogue), self)
        self.runs = Runs(engine, self._opened, catalogue, self.chosen, self)
        self.runs.changed.connect(self.resultsChanged)

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

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the model's classes; empty without a model."""
        if self.given is not None:
            return self.given.classes
        return tuple(self.model.manifest.classes) if self.model is not None else ()

    @property
    def refusal(self) -> str:
        """Why the open series is not given to the model; empty when it is."""
        return self.withheld[1] or (self.series.kept_from_model if self.series is not None else "")

    @property
    def mismatches(self) -> tuple[str, ...]:
        """How the open series differs from what the model was trained on."""
        if self.model is None or self.series is None:
            return ()
        return self.model.manifest.mismatches(self.series.info, self.series.geometry)

    def closed_why(self, key: str) -> str:
        """Say why a method cannot be run now; empty when it can."""
        if self.withheld[1]:
            return self.withheld[1]
        if self.model is None:
            return tr("There is no model to explain: open one (Ctrl+M).")
        if self.series is None:
            return tr("There is no series to explain: open one (Ctrl+O).")
        if self.refusal:
            return said(self.refusal)
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

    # What the window shows ------------------------------------------------------------------------------------------

    def probability(self, class_index: int) -> NDArray[np.float32]:
        """Return the probability of a class for every slice (D,); NaN where there is none (yet)."""
        probabilities = self.given.probabilities if self.given is not None else self._current().probabilities
        if class_index >= probabilities.shape[1]:
            return np.full(len(probabilities), np.nan, np.float32)
        return probabilities[:, class_index].copy()

    def prediction(self) -> Prediction:
        """Return the predictions so far, or those that stand in their place."""
        own = self._current().prediction()
        if self.given is None:
            return own
        return Prediction(own.logits, self.given.probabilities.copy(), self.given.predictions.copy())

    def own_prediction(self) -> Prediction:
        """Return what the loaded model itself says so far: to be compared with what it says of a changed slice."""
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
        if self.withheld[0]:
            return self.withheld[0]
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
            return said(method.states[k])
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
        calibration = self.model.manifest.calibration
        calibrated = () if calibration is None else (calibration.sentence,)
        return self._current().explanations(
            self.target,
            bundle_sha256=self.model.sha256,
            volume_sha256=volume_sha256,
            mapping=self._mapping(),
            geometry=self.series.geometry,
            classes=self.classes,
            notes=(*calibrated, *self.mismatches),
        )
